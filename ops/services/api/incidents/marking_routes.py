"""Routes of releasability: the markings that a person may see, and a supervisor's decision on an incident."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import FastAPI, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException

from ops.accounts.rights import has
from ops.services.api.incidents.models import ActionAnswer
from ops.services.api.incidents.routes import IncidentRoutes
from ops.services.api.login.routes import person_of
from ops.services.api.release import Release

MarkingReason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=3, max_length=400, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
    ),
]


class MarkingList(BaseModel):
    """The markings that the person may see, the least restrictive first; ``change``: whether she may change them.

    ``units``: the most restrictive marking that each unit receives; empty for people from whom something is hidden.
    """

    markings: list[str]
    change: bool
    units: dict[str, str] = {}


class MarkingRequest(BaseModel):
    """A decision of a supervisor: the marking, empty for none, and the reason."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{8,64}$")]
    marking: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{0,64}$")]
    reason: MarkingReason = Field(description="why it is raised or lowered")


class MarkingRoutes:
    """The handlers. Decisions go the way of all actions on incidents, through the journal."""

    def __init__(self, incidents: IncidentRoutes, release: Release, *, sector: str) -> None:
        self._incidents, self._release, self._sector = incidents, release, sector

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/v1/markings", self.markings, methods=["GET"], response_model=MarkingList)
        app.add_api_route(
            "/v1/incidents/{identity}/marking",
            self.mark,
            methods=["POST"],
            status_code=202,
            response_model=ActionAnswer,
            response_class=JSONResponse,
        )

    def markings(self, request: Request) -> MarkingList:
        """The markings of this installation that the person may see."""
        person = person_of(request)
        within = self._release.markings.within(person.releasability)
        units = dict(self._release.settings.units) if self._release.view(person).everything else {}
        return MarkingList(markings=list(within), change=has(person, "mark", self._sector), units=units)

    async def mark(
        self,
        identity: Annotated[str, Path(pattern=r"^[0-9A-Za-z._-]{1,64}$")],
        body: MarkingRequest,
        request: Request,
    ) -> Response:
        """Raise or lower the marking of an incident, of its alerts and of its tracks. Answered as other actions."""
        within = self._release.markings.within(person_of(request).releasability)
        if body.marking and body.marking not in within:
            raise HTTPException(422, f"marking: expected one of {', '.join(within)}, or an empty text for none.")
        if not self._release.settings.levels:
            raise HTTPException(409, "The settings of this installation name no markings.")
        row = await asyncio.to_thread(self._incidents.known, identity, request)
        return await self._incidents.send(
            request, row, identity, f"incident {identity}: mark {body.marking or 'none'}", action="mark",
            action_id=body.id, reason=body.reason, marking=body.marking,
        )  # fmt: skip
