"""Routes of pictures and clips: those of an incident, one file, and how cameras' reports compare with what people saw.

Only people who act on incidents receive a picture as it was taken; for everyone else its object is blurred. A clip
cannot be blurred, because it is not decoded here, so that no other person receives it. Each
consultation is in the audit log before it is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import FastAPI, Path, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from geo.message import Message
from ingest.unit_messages import StatedAssessment
from ops.accounts.rights import has
from ops.incidents.assessments import reported_and_shown
from ops.services.api.incidents.byte_range import ranged
from ops.services.api.incidents.models import (
    AssessmentCounts,
    AssessmentRequest,
    CameraAssessments,
    PictureBox,
    PictureList,
    PictureRecord,
)
from ops.services.api.incidents.pictures import BookError, IncidentPictures
from ops.services.api.incidents.routes import IncidentRoutes, PathId
from ops.services.api.login.routes import person_of
from ops.services.api.recorder import Recorder
from ops.services.media.blur import blurred
from ops.services.media.book import STORED, Picture
from ops.services.media.clips import CLIPS
from ops.services.media.vault import VaultError
from ops.store.incidents import IncidentReader
from sensors.timestamps import utc_datetime

if TYPE_CHECKING:
    from ops.words import MessageCatalogue

_BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
_CLIPS: Final = {"video/mp4": _BYTES, "video/webm": _BYTES}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "the picture or clip", "content": {"image/jpeg": _BYTES, "image/png": _BYTES} | _CLIPS},
    206: {"description": "the part of a clip that Range asks for", "content": _CLIPS},
}
CLIP_NOT_GIVEN: Final = "clip"
"""Code of the sentence ``picture-problem`` for a clip that is not given to a person."""
PictureId = Annotated[int, Path(ge=1, le=2**53)]


class PictureRoutes:
    """The handlers. ``language`` of the sentences about pictures that are not shown."""

    def __init__(
        self,
        incidents: IncidentRoutes,
        pictures: IncidentPictures,
        reader: IncidentReader,
        *,
        sector: str,
        recorder: Recorder,
        language: str,
    ) -> None:
        self._incidents, self._pictures, self._reader = incidents, pictures, reader
        self._sector, self._recorder, self._language = sector, recorder, language
        incidents.assess_with(self.stated)

    @property
    def _words(self) -> MessageCatalogue:
        from ops.words import MessageCatalogue  # Babel is slow to import

        return MessageCatalogue.of(self._language)

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        get: Any = {"methods": ["GET"], "response_class": JSONResponse}
        app.add_api_route("/v1/incidents/{identity}/pictures", self.pictures, response_model=PictureList, **get)
        app.add_api_route(
            "/v1/incidents/{identity}/pictures/{picture}", self.picture, methods=["GET"], response_class=Response,
            responses=ANSWERS,
        )  # fmt: skip
        app.add_api_route("/v1/assessments", self.assessments, response_model=AssessmentCounts, **get)

    def pictures(self, identity: PathId, request: Request) -> PictureList:
        """The pictures that cameras took of an incident's tracks, the newest first; files are fetched separately."""
        self._recorder.note(request, f"pictures of incident {identity}")
        incident = self._incident(identity, request)
        assessed = {one["picture"]: one for one in incident.get("assessments", ())}
        sharp = self._is_sharp(request)
        return PictureList(pictures=[self._record(one, assessed.get(one.sha256), sharp) for one in self._of(incident)])

    async def picture(self, identity: PathId, picture: PictureId, request: Request) -> Response:
        """The file of a picture or clip, of a clip also a range.

        People who do not act on incidents get a picture as JPEG with its object blurred, and no clip.
        """
        return await asyncio.to_thread(self._file, identity, picture, request)

    def assessments(self, request: Request) -> AssessmentCounts:
        """Assessed pictures of the incidents that are kept, by camera: what people saw by what the camera reported."""
        self._recorder.note(request, "assessments of pictures")
        rows = self._reader.incidents()[1]
        counts = reported_and_shown(msgspec.json.decode(row.body) for row in rows)
        return AssessmentCounts(
            cameras=[CameraAssessments(sensor=name, counts=found) for name, found in counts.items()]
        )

    def stated(self, incident: Mapping[str, Any], body: AssessmentRequest) -> StatedAssessment:
        """The assessment with the camera of the picture, its report, and the one track that it shows.

        HTTPException 422 for another picture.
        """
        stored = (one for one in self._of(incident) if one.state == STORED)
        found = next((one for one in stored if one.sha256 == body.picture), None)
        if found is None:
            raise HTTPException(422, "assessment.picture: expected the SHA-256 of a stored picture of this incident.")
        reported: Any = found.reported
        try:
            track = self._pictures.track_of(found)
        except BookError as error:
            raise _unreadable(error) from error
        return StatedAssessment(body.picture, found.sensor, body.shown, reported, track)

    def _file(self, identity: str, number: int, request: Request) -> Response:
        incident = self._incident(identity, request)
        found = next((one for one in self._of(incident) if one.id == number), None)
        if found is None or found.state != STORED:
            raise HTTPException(404, f"Incident {identity} has no stored picture {number}.")
        sharp = self._is_sharp(request)
        if found.media_type in CLIPS and not sharp:
            self._recorder.note(request, f"clip {number} of incident {identity}: not given")
            raise HTTPException(403, "A clip cannot be blurred: it is given only to people who may act on incidents.")
        self._recorder.note(request, f"picture {number} of incident {identity}{'' if sharp else ', blurred'}")
        try:
            data = self._pictures.file(found)
        except VaultError as error:
            raise HTTPException(503, str(error)) from error
        if data is None:
            raise HTTPException(404, f"Picture {number} is erased.")
        if found.media_type in CLIPS:
            return ranged(data, found.media_type, request.headers.get("range"))
        if sharp:
            return Response(data, media_type=found.media_type)
        return Response(blurred(data, found.box), media_type="image/jpeg")

    def _incident(self, identity: str, request: Request) -> dict[str, Any]:
        incident: dict[str, Any] = msgspec.json.decode(self._incidents.known(identity, request).body)
        return incident

    def _of(self, incident: Mapping[str, Any]) -> list[Picture]:
        try:
            return self._pictures.of(incident)
        except BookError as error:
            raise _unreadable(error) from error

    def _is_sharp(self, request: Request) -> bool:
        return has(person_of(request), "act", self._sector)

    def _record(self, one: Picture, assessed: Mapping[str, Any] | None, sharp: bool) -> PictureRecord:
        box = one.box
        problem = one.problem or ("waiting" if one.state != STORED else "")
        if not problem and one.media_type in CLIPS and not sharp:
            problem = CLIP_NOT_GIVEN
        media_type: Any = one.media_type
        state: Any = one.state
        return PictureRecord(
            id=one.id,
            sensor=one.sensor,
            observed_at=utc_datetime(one.observed_ns),
            picture=one.sha256,
            type=media_type,
            size=one.size,
            azimuth_deg=one.azimuth_deg,
            range_m=one.range_m,
            reported=one.reported,
            box=None if box is None else PictureBox(left=box[0], top=box[1], width=box[2], height=box[3]),
            state=state,
            problem=problem,
            sentence=self._words.say(Message("picture-problem", {"problem": problem})) if problem else "",
            width=one.width,
            height=one.height,
            shown="" if assessed is None else assessed["shown"],
            by="" if assessed is None else str(assessed["by"]),
            sharp=sharp,
        )


def _unreadable(error: BookError) -> HTTPException:
    return HTTPException(503, f"The pictures cannot be read ({error}).")
