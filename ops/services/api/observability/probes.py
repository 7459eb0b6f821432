"""Probes of a supervisor: ``/healthz`` (the process answers) and ``/readyz`` (every part of the system works)."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from ops.accounts.rights import reads_logs
from ops.services.api.observability.readiness import Readiness
from ops.services.api.problems import MEDIA_TYPE, Problem, problem


class Liveness(BaseModel):
    """The process answers."""

    alive: bool


class PartState(BaseModel):
    """A part of the system. ``sentence``: why it does not work; null without a login, empty for a part that works."""

    part: str
    ready: bool
    sentence: str | None


class ReadinessAnswer(BaseModel):
    """Whether every part works."""

    ready: bool
    parts: list[PartState]


class NotReady(Problem):
    """A problem that names every part."""

    ready: bool
    parts: list[PartState]


NOT_READY: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": NotReady, "description": "A part does not work: the answer says which."}
}


class ProbeRoutes:
    """The handlers, which need no login."""

    def __init__(self, readiness: Readiness, *, sector: str) -> None:
        self._readiness, self._sector = readiness, sector

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/healthz", self.alive, methods=["GET"], response_model=Liveness)
        app.add_api_route(
            "/readyz", self.ready, methods=["GET"], response_model=ReadinessAnswer, responses=NOT_READY,
            response_class=JSONResponse,
        )  # fmt: skip

    async def alive(self) -> Liveness:
        """Whether the process of the web server answers. It reads nothing, so it works when everything else fails."""
        return Liveness(alive=True)

    def ready(self, request: Request) -> JSONResponse:
        """Whether every part works: broker, ingest, fusion, feeds, map, disk and others; status 503 if one does not,
        with one sentence for each, for administrators with what its log says; without a login only which parts."""
        person = request.state.person
        shown = person is not None
        found = self._readiness.look(in_full=shown and reads_logs(person, self._sector))
        parts = [
            PartState(part=name, ready=not sentence, sentence=sentence if shown else None)
            for name, sentence in sorted(found.items())
        ]
        failing = [part.part for part in parts if not part.ready]
        body: dict[str, Any] = {"ready": not failing, "parts": [part.model_dump() for part in parts]}
        if not failing:
            return JSONResponse(body)
        sentence = f"Not ready: {', '.join(failing)}."
        return JSONResponse(problem(503, sentence, request.url.path) | body, 503, media_type=MEDIA_TYPE)
