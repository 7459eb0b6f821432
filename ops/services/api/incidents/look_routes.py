"""Routes of looks: which cameras can be turned to an incident now. A look itself is an action on the incident."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ingest.unit_messages import StatedLook
from ops.services.api.incidents.models import LookChoice, LookOptions, LookRequest
from ops.services.api.incidents.routes import IncidentRoutes, PathId
from ops.services.api.login.routes import person_of
from ops.services.api.recorder import Recorder
from ops.services.api.release import Release
from ops.store.incidents import IncidentRow

if TYPE_CHECKING:
    from ops.services.cue.desk import CueDesk
    from sensors.cueing import LookOption as Option


class LookRoutes:
    """The handlers. ``desk`` None: no camera of this installation can be turned."""

    def __init__(
        self, incidents: IncidentRoutes, desk: CueDesk | None, *, recorder: Recorder, release: Release
    ) -> None:
        self._incidents, self._desk, self._recorder, self._release = incidents, desk, recorder, release
        incidents.look_with(self.stated)

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        get: Any = {"methods": ["GET"], "response_class": JSONResponse}
        app.add_api_route("/v1/incidents/{identity}/looks", self.options, response_model=LookOptions, **get)

    async def options(self, identity: PathId, request: Request) -> LookOptions:
        """The cameras that can look at an incident now, the soonest first; empty where none can."""
        self._recorder.note(request, f"cameras for incident {identity}")
        row = await asyncio.to_thread(self._incidents.known, identity, request)
        found = await asyncio.to_thread(self._shown, row, request)
        return LookOptions(
            options=[
                LookChoice(
                    camera=one.camera, azimuth_deg=one.azimuth_deg, slew_s=one.slew_s, range_m=one.range_m,
                    in_view=one.in_view, elevation_deg=one.elevation_deg,
                )
                for one in found
            ]
        )  # fmt: skip

    def _shown(self, row: IncidentRow, request: Request) -> list[Option]:
        """The options, without the cameras that are hidden from the person."""
        view = self._release.view(person_of(request))
        return [] if self._desk is None else [one for one in self._desk.options(row) if view.shows_sensor(one.camera)]

    def stated(self, row: IncidentRow, body: LookRequest, request: Request) -> StatedLook:
        """The request for a look of the camera, or of the soonest one. HTTPException 422 where it cannot look."""
        from ops.services.cue.desk import requested  # here, so that the server starts without geodesy

        found = self._shown(row, request)
        chosen = next((one for one in found if body.camera in ("", one.camera)), None)
        if chosen is None:
            which = f"{body.camera} cannot" if body.camera else "no camera can"
            raise HTTPException(422, f"look.camera: {which} look at this incident now.")
        return requested(chosen, self._incidents.now_ns())
