"""Routes of incidents under /v1: the queue, one incident, and people's actions with their outcomes.

An action goes through the spool and the broker into the journal, and fusion applies it. The answer says ``accepted``
only once the journal has it; whether it was done or refused is read from the store.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, Protocol

import msgspec
from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from ingest.sending.spool import MessageKey
from ingest.unit_messages import Reply, SectionOrder, StatedAssessment, StatedLook, StatedTracing
from ops.accounts.colleagues import Colleagues
from ops.broker.identities import UNIT
from ops.incidents.goods_codes.check import GoodsCodeFile
from ops.incidents.incident import STATES
from ops.incidents.queue import place_in_queue
from ops.runtime.processes.part_state import without_folders
from ops.services.api.incidents.goods_routes import refuse_codes
from ops.services.api.incidents.models import (
    ActionAnswer,
    ActionRequest,
    AssessmentRequest,
    IncidentKind,
    IncidentList,
    IncidentRecord,
    IncidentState,
    LookRequest,
    OutcomeRecord,
    TargetClass,
)
from ops.services.api.login.routes import person_of
from ops.services.api.observability.tags import tag_of_body
from ops.services.api.recorder import Recorder
from ops.services.api.release import Release
from ops.store.incidents import IncidentReader, IncidentRow
from ops.store.rows import to_json
from sensors.timestamps import utc_datetime

JOURNAL_WAIT_S: Final = 5.0
"""How long an action waits for the journal before the answer says that it is only stored."""
OUTCOME_WAIT_S: Final = 2.0
"""How long an accepted action waits for fusion."""
LOOK_EVERY_S: Final = 0.02
MOST: Final = 1_000
MOST_NAMES: Final = 12
"""Names that the refusal of an unknown one lists."""

PathId = Annotated[str, Path(pattern=r"^[0-9A-Za-z._-]{1,64}$")]


class Actions(Protocol):
    """Sends actions to the journal (``ops.services.api.operator_actions.ActionSender``)."""

    def send_reply(self, reply: Reply | SectionOrder) -> MessageKey:
        """Store a reply or an order and send it until the journal has it; return its number."""

    def journaled(self, key: MessageKey) -> bool:
        """Whether the journal has it."""


class IncidentRoutes:
    """The handlers. ``recorder`` writes to the audit log before an action or a read is answered.

    ``colleagues``: to whom an incident can be handed over; None on a server without accounts, where any name is taken.
    ``goods``: the codes of goods against which records are checked; None: as they are shipped.
    """

    def __init__(
        self,
        reader: IncidentReader,
        actions: Actions | None,
        *,
        operator: str,
        now_ns: Callable[[], int],
        recorder: Recorder,
        release: Release,
        colleagues: Colleagues | None = None,
        goods: GoodsCodeFile | None = None,
    ) -> None:
        self._release, self._colleagues = release, colleagues
        self._goods = goods or GoodsCodeFile(None)
        self._reader, self._actions, self._operator = reader, actions, operator
        self._now_ns, self._recorder = now_ns, recorder
        self._stated: Callable[[dict[str, Any], AssessmentRequest], StatedAssessment] | None = None
        self._look: Callable[[IncidentRow, LookRequest, Request], StatedLook] | None = None

    def assess_with(self, stated: Callable[[dict[str, Any], AssessmentRequest], StatedAssessment]) -> None:
        """Use a function that completes an assessment by the picture that it names (HTTPException for a wrong one)."""
        self._stated = stated

    @property
    def now_ns(self) -> Callable[[], int]:
        """The clock of the journal."""
        return self._now_ns

    def look_with(self, stated: Callable[[IncidentRow, LookRequest, Request], StatedLook]) -> None:
        """Use a function that completes the request for a look (HTTPException where no camera can)."""
        self._look = stated

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        get: Any = {"methods": ["GET"], "response_class": JSONResponse}
        app.add_api_route("/v1/incidents", self.incidents, response_model=IncidentList, **get)
        app.add_api_route("/v1/incidents/{identity}", self.incident, response_model=IncidentRecord, **get)
        app.add_api_route(
            "/v1/incidents/{identity}/actions/{action}", self.outcome, response_model=OutcomeRecord, **get
        )
        app.add_api_route(
            "/v1/incidents/{identity}/actions",
            self.act,
            methods=["POST"],
            status_code=202,
            response_model=ActionAnswer,
            response_class=JSONResponse,
        )

    def incidents(
        self,
        request: Request,
        state: Annotated[list[IncidentState] | None, Query()] = None,
        kind: IncidentKind | None = None,
        section: Annotated[str | None, Query(max_length=200)] = None,
        target: Annotated[TargetClass | None, Query(alias="class")] = None,
        mine: bool = False,
        text: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 200,
    ) -> Response:
        """Incidents in the order of the queue; by default those that are not closed.

        ``class`` is that of the target, ``mine`` selects those that the caller owns, ``text`` is searched in names,
        headlines, notes, people, units, tracks and sensors.
        """
        self._recorder.note(request, "incidents")
        wanted = set(state or STATES[:-1])
        closed = None if len(wanted) > 1 and "closed" in wanted else wanted == {"closed"}
        view = self._release.view(person_of(request))
        last, rows = self._reader.incidents(closed=closed, hidden=partial(view.hidden, "incident"))
        rows = view.incidents(rows)
        person = self._person(request)
        found = [
            one
            for one in map(_published, rows)
            if one["state"] in wanted
            and (kind is None or one["kind"] == kind)
            and (section is None or one["section"] == section)
            and (target is None or one["class_label"] == target)
            and (not mine or one["owner"] == person)
            and (not text or text.casefold() in _searched(one))
        ]
        found.sort(key=_queue_key)
        more, found = len(found) > limit, found[:limit]
        return _answer({"last": view.number(last), "more": more, "incidents": found}, tag_of=(more, found))

    def incident(self, request: Request, identity: PathId) -> Response:
        """One incident; 404 if there is none with this id."""
        self._recorder.note(request, f"incident {identity}")
        return _answer(_published(self.known(identity, request)))

    def outcome(self, request: Request, identity: PathId, action: PathId) -> Response:
        """Return the outcome of an action; 404 while it is not known."""
        self._recorder.note(request, f"incident {identity}")
        body = self._reader.outcome(action)
        view = self._release.view(person_of(request))
        view.refresh()
        if not view.shows("incident", identity):
            body = None
        if body is None or msgspec.json.decode(body)["incident"] != identity:
            raise HTTPException(404, f"Incident {identity} has no outcome of an action {action} yet.")
        return Response(body, media_type="application/json")

    async def act(self, identity: PathId, body: ActionRequest, request: Request) -> Response:
        """Act on an incident. 202: ``accepted`` says whether the journal has the action, ``outcome`` what became of it.

        The same ``id`` sent again is applied once and gets the first outcome; 409 for an ``id`` of another action.
        """
        row = await asyncio.to_thread(self.known, identity, request)
        if body.other:
            await asyncio.to_thread(self._check_other, body.other, request)
        to = await asyncio.to_thread(self._recipient, body.to, identity) if body.to else ""
        assessment = None
        if body.assessment is not None:
            if self._stated is None:
                raise HTTPException(422, "assessment: this server has no pictures.")
            incident = msgspec.json.decode(row.body)
            assessment = await asyncio.to_thread(self._stated, incident, body.assessment)
        look = None
        if body.look is not None:
            if self._look is None:
                raise HTTPException(422, "look: this server turns no cameras.")
            look = await asyncio.to_thread(self._look, row, body.look, request)
        if body.tracing is not None:
            incident = msgspec.json.decode(row.body)
            await asyncio.to_thread(refuse_codes, self._goods, body.tracing, incident, request)
        subject = " ".join(f"incident {identity}: {body.action} {body.disposition}".split())
        if body.tracing is not None:  # what was found is in the record; the log states who let it leave
            subject += f", goods {'released' if body.tracing.released else 'not released'}"
        return await self.send(
            request, row, identity, subject, action=body.action, action_id=body.id,
            reason=body.reason, expected_revision=body.expected_revision, assigned_unit=body.unit, to=to,
            disposition=body.disposition, other=body.other, note=body.note, attachment=body.attachment,
            tracing=None if body.tracing is None else StatedTracing(**body.tracing.model_dump()),
            assessment=assessment, look=look,
        )  # fmt: skip

    async def send(
        self, request: Request, row: IncidentRow, identity: str, subject: str, *, action_id: str, **fields: Any
    ) -> Response:
        """Send an action on an incident to the journal, once; ``fields`` are those of ``Reply``."""
        own = (identity, fields["action"], self._person(request))
        known = await asyncio.to_thread(self._reader.outcome, action_id)
        if known is not None:
            return _acted(action_id, True, _own(known, own))
        if self._actions is None:
            raise HTTPException(503, "This server takes no actions.")
        await asyncio.to_thread(self._recorder.note, request, subject, operation="alteration")
        reply = Reply(
            unit=UNIT, boot=1, seq=1, observed_at=utc_datetime(self._now_ns()),
            alert=msgspec.json.decode(row.body)["lead"], by=self._person(request), incident=identity,
            action_id=action_id, **fields,
        )  # fmt: skip
        try:
            key = await asyncio.to_thread(self._actions.send_reply, reply)
        except Exception as error:
            raise HTTPException(
                503, f"The action could not be stored ({without_folders(str(error))}); try again."
            ) from error
        accepted = await until(lambda: self._actions is not None and self._actions.journaled(key), JOURNAL_WAIT_S)
        outcome = None
        if accepted:
            outcome = await until(lambda: self._reader.outcome(action_id), OUTCOME_WAIT_S)
        return _acted(action_id, bool(accepted), None if outcome is None else _own(outcome, own))

    def known(self, identity: str, request: Request) -> IncidentRow:
        """The incident, as the person of the request may see it; 404 where there is none."""
        row = self._reader.incident(identity)
        found = [] if row is None else self._release.view(person_of(request)).incidents([row])
        if not found:
            raise HTTPException(404, f"There is no incident {identity!r}.")
        return found[0]

    def _check_other(self, identity: str, request: Request) -> None:
        """Refuse a reference to an incident that the person may not see, as if it did not exist."""
        view = self._release.view(person_of(request))
        view.refresh()
        if not view.everything:
            self.known(identity, request)

    def _recipient(self, text: str, identity: str) -> str:
        """The name of the person to whom an incident is handed over; 422 for one who could not act on it."""
        if self._colleagues is None:
            return text
        receives = partial(self._release.receives, "incident", identity)
        name = self._colleagues.named(text, receives)
        if name is None:
            known = ", ".join(self._colleagues.names(receives)[:MOST_NAMES])
            raise HTTPException(422, f"No person {text[:64]!r} can act on incidents here; expected one of: {known}.")
        return name

    def _person(self, request: Request) -> str:
        """The person whom the accounts recognised, else the operator of the settings."""
        person = getattr(request.state, "person", None)
        return self._operator if person is None else str(person.name)


async def until(look: Callable[[], Any], seconds: float) -> Any:
    """Result of ``look`` as soon as it is true; None after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        found = await asyncio.to_thread(look)
        if found:
            return found
        if time.monotonic() >= deadline:
            return None
        await asyncio.sleep(LOOK_EVERY_S)


def _published(row: IncidentRow) -> dict[str, Any]:
    """The incident as stored, with the time that is left by its lead alert."""
    incident: dict[str, Any] = msgspec.json.decode(row.body)
    expected = None if row.lead is None or incident["state"] == "closed" else _expected(msgspec.json.decode(row.lead))
    incident["expected_at"] = None if expected is None else expected.isoformat().replace("+00:00", "Z")
    return incident


def _expected(lead: dict[str, Any]) -> datetime | None:
    """When the target may be out of reach, else when it may cross; None for an alert that is over or without either."""
    if lead.get("status") not in ("active", "acknowledged"):
        return None
    estimate = lead.get("response_estimate")
    left_s = lead.get("time_to_border_s") if estimate is None else estimate["time_left_s"]
    if left_s is None:
        return None
    return datetime.fromisoformat(lead["observed_at"]) + timedelta(seconds=left_s)


def _queue_key(incident: dict[str, Any]) -> Any:
    expected = incident["expected_at"]
    return place_in_queue(
        state=incident["state"],
        attention=incident["attention"],
        priority=incident["priority"],
        expected_at=None if expected is None else datetime.fromisoformat(expected),
        opened_at=datetime.fromisoformat(incident["opened_at"]),
        identity=incident["id"],
    )


def _searched(incident: dict[str, Any]) -> str:
    """The text in which a search looks, without case."""
    parts = [incident[name] for name in ("name", "sentence", "owner", "unit", "calling_unit", "reason", "id")]
    parts += [incident["section"] or "", *incident["sensors"]]
    parts += [part for track in incident["tracks"] for part in (track["track"], track["name"])]
    parts += [note["text"] for note in incident["notes"]]
    return "\n".join(parts).casefold()


def _answer(value: Any, tag_of: Any = None) -> Response:
    """JSON, with an entity tag of ``tag_of`` in place of one of the whole body."""
    headers = None if tag_of is None else {"ETag": tag_of_body(to_json(tag_of, where="incidents"))}
    return Response(to_json(value, where="incidents"), media_type="application/json", headers=headers)


def _own(outcome: bytes, own: tuple[str, str, str]) -> bytes:
    """The outcome, if it is that of this incident, action and person at the operations centre: the same id may belong
    to another action, and what a unit states as a name proves nothing."""
    found = msgspec.json.decode(outcome)
    if (found["incident"], found["action"], found["by"], found["unit"]) != (*own, ""):
        raise HTTPException(409, f"The action id {found['id']} was used for another action; choose a new one.")
    return outcome


def _acted(action: str, accepted: bool, outcome: bytes | None) -> Response:
    known = b"null" if outcome is None else outcome
    body = b'{"action":"%s","accepted":%s,"outcome":%s}' % (action.encode(), b"true" if accepted else b"false", known)
    return Response(body, 202, media_type="application/json")
