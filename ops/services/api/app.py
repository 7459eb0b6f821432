"""The operations API: the live picture, alerts and operator actions as JSON, and a stream of events, on 127.0.0.1.

It reads the fusion store and never writes to it: an operator's action is sent through ``act`` to the journal, and
appears as a new revision of its alert once fusion has applied it. The store therefore has one writer and events have
one order. Privacy at present: a request that states its purpose in the header ``Purpose`` is written to the access log
before it is answered, and so is every action. A purpose is not mandatory yet and there are no accounts (see
``ops.services.api.guard``).
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException

from geo.errors import BadInput
from ops.services.api.access_log import Access, AccessLog, AuditError
from ops.services.api.event_stream import EventStream, Hub, StreamSettings, picture
from ops.services.api.guard import Guard, GuardSettings
from ops.services.api.map_routes import Ask, GroundRoutes, Session, add_no_ground
from ops.services.api.operator_actions import OperatorAction
from ops.services.api.plan_routes import PlanRoutes
from ops.services.api.prometheus import metrics_text
from ops.services.api.static_pages import BUILT, add_pages
from ops.store.reader import Live, Reader, StoreError
from ops.store.rows import rfc3339, time_ns, to_json
from sensors.timestamps import utc_datetime

Action = Literal["acknowledge", "clear", "reject"]
AlertStatus = Literal["active", "acknowledged", "cleared", "rejected"]
Limit = Annotated[int, Query(ge=1, le=5000)]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500, pattern=r"^[^\x00-\x1f]+$")
]

ALLOWED_FROM: Final[dict[Action, tuple[AlertStatus, ...]]] = {
    "acknowledge": ("active",),
    "clear": ("active", "acknowledged"),
    "reject": ("active", "acknowledged"),
}
_SENTENCES = {  # replacements for Starlette's own messages
    (404, "Not Found"): "There is nothing at this address.",
    (405, "Method Not Allowed"): "This address does not take this method.",
}
_PURPOSE = re.compile(r"[ -~]{3,200}")


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Settings of the API. ``border``: GeoJSON in lon/lat. ``stale_after_s``: age at which a picture counts as stale.

    ``demo``: movements are simulated, and the page must say so. ``clock_rate``: seconds of ``now_ns`` per second of
    wall time. ``pages``: folder of the built front end. ``ground`` and ``layout``: the sector and its sensors as in
    ops.sector.geojson, if they are available before the map process is ready.
    """

    sector: str
    border: Mapping[str, Any] | None = None
    operator: str = "operator"
    stale_after_s: float = 5.0
    demo: bool = False
    clock_rate: float = 1.0
    ground: Mapping[str, Any] | None = None
    layout: Mapping[str, Any] | None = None
    pages: Path = BUILT
    guard: GuardSettings = field(default_factory=GuardSettings)
    stream: StreamSettings = field(default_factory=StreamSettings)


class Rejection(BaseModel):
    """Body of a rejection: the reason, 3 to 500 characters on one line."""

    model_config = ConfigDict(extra="forbid")
    reason: Reason


def create_app(
    store: Path | Reader,
    settings: ApiSettings,
    *,
    act: Callable[[OperatorAction], None],
    now_ns: Callable[[], int],
    access_log: AccessLog | None = None,
    ground: Ask | None = None,
    plan: PlanRoutes | None = None,
    parts: Callable[[], Mapping[str, str | None]] = dict,
) -> FastAPI:
    """Create the application, to be bound to 127.0.0.1 (``ops.services.api.server``). While the store does not exist,
    requests are answered with status 503.

    ``ground`` queries the map process (``ops.services.map.supervisor``); without it there is no map, and the map routes
    return 404. ``plan`` handles the planner's page; the caller closes it.

    ``act`` takes an operator's action and returns once it is on disk; an exception means that it was not taken.
    ``parts`` states why each process of the room does not work, None for one that does.
    ``now_ns``: UTC nanoseconds since 1970.
    """
    reader = store if isinstance(store, Reader) else Reader(store)
    routes = _Routes(reader, settings, act, now_ns, access_log, parts)
    session = Session(settings.demo, settings.operator, now_ns, settings.clock_rate, settings.ground, settings.layout)
    on_the_ground = None if ground is None else GroundRoutes(ground, session, routes.hub)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(routes.hub.run())]
        if on_the_ground is not None:
            tasks.append(asyncio.create_task(on_the_ground.watch()))
        yield
        routes.hub.stop()
        await asyncio.gather(*tasks)

    app = FastAPI(
        title="Watchline operations", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.hub = routes.hub
    app.add_middleware(Guard, settings=settings.guard)
    routes.add_to(app)
    if on_the_ground is None:
        add_no_ground(app)
    else:
        on_the_ground.add_to(app)
    if plan is not None:
        plan.add_to(app)
    add_pages(app, title=settings.sector, folder=settings.pages)
    _add_error_answers(app)
    return app


class _Routes:
    """The route handlers. Synchronous ones run in a thread pool, so a read of the store never delays the streams."""

    def __init__(
        self,
        reader: Reader,
        settings: ApiSettings,
        act: Callable[[OperatorAction], None],
        now_ns: Callable[[], int],
        access_log: AccessLog | None,
        parts: Callable[[], Mapping[str, str | None]],
    ) -> None:
        self._reader, self._settings, self._act, self._now_ns, self._log = reader, settings, act, now_ns, access_log
        self._parts = parts
        own_reader = Reader(reader.path)  # so that it does not wait
        self.hub = Hub(own_reader, settings.stream, now_ns=now_ns, parts=parts)

    def add_to(self, app: FastAPI) -> None:
        for path, handler in (
            ("/metrics", self.metrics),
            ("/api/tracks", self.tracks),
            ("/api/sensors", self.sensors),
            ("/api/counts", self.counts),
            ("/api/border", self.border),
            ("/api/health", self.health),
            ("/api/alerts", self.alerts),
            ("/api/alerts/{identity}", self.alert),
            ("/api/stream", self.stream),
        ):
            app.add_api_route(path, handler, methods=["GET"], response_class=Response)
        for action in (self.acknowledge, self.clear, self.reject):
            path = f"/api/alerts/{{identity}}/{action.__name__}"
            app.add_api_route(path, action, methods=["POST"], status_code=202)

    def tracks(self, request: Request, purpose: Annotated[str | None, Header()] = None) -> Response:
        """Every live track at journal time ``stamp``."""
        self._note(request, purpose)
        live = self._live("tracks")
        return _json(picture(live.stamp_ns, live.cursor, "tracks", live.body))

    def sensors(self) -> Response:
        """Every sensor with its health."""
        live = self._live("sensors")
        return _json(self.hub.sensors_picture(live))

    def counts(self) -> Response:
        """Conservation counts per sensor: received = journaled + duplicate + dead_lettered + shed."""
        live = self._live("counts")
        return _json(picture(live.stamp_ns, live.cursor, "counts", live.body))

    def border(self) -> Response:
        """The border as GeoJSON in lon/lat."""
        if self._settings.border is None:
            raise HTTPException(404, "This sector was opened without a border.")
        return Response(to_json(self._settings.border, where="border"), media_type="application/geo+json")

    def health(self) -> JSONResponse:
        """Whether the picture is current and every part of the room works; status 503 if not, so that a probe need not
        parse the body. ``parts``: ``ok``, or why the part does not work."""
        progress, live, now_ns = self._reader.progress(), self._reader.live("tracks"), self._now_ns()
        parts = self._parts()
        age_s = None if live is None else (now_ns - live.stamp_ns) / 1e9
        state = "starting" if age_s is None else "stale" if age_s > self._settings.stale_after_s else "ok"
        state = "down" if any(parts.values()) else state
        body = {
            "status": state,
            "parts": {name: problem or "ok" for name, problem in parts.items()},
            "age_s": age_s,
            "stamp": None if live is None else rfc3339(live.stamp_ns),
            "cursor": progress.cursor,
            "last_event": progress.outbox_last,
            "alerts_waiting": progress.outbox_waiting,
            "stream_clients": self.hub.clients,
        }
        return JSONResponse(body, 200 if state == "ok" else 503)

    def alerts(
        self,
        request: Request,
        status: AlertStatus | None = None,
        since: str | None = None,
        limit: Limit = 1000,
        purpose: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Newest revision of each alert, latest raised first. To continue from there: /api/stream?after={last}."""
        since_ns = None if since is None else time_ns(since, where="since")
        self._note(request, purpose)
        last, more, bodies = self._reader.alerts(status=status, since_ns=since_ns, limit=limit)
        return _json(b'{"last":%d,"more":%s,"alerts":[%s]}' % (last, b"true" if more else b"false", b",".join(bodies)))

    def alert(self, identity: str, request: Request, purpose: Annotated[str | None, Header()] = None) -> Response:
        """One alert; 404 if there is no alert with this id."""
        self._note(request, purpose)
        return _json(self._known(identity)[2])

    def acknowledge(self, identity: str, request: Request) -> JSONResponse:
        """Acknowledge an active alert. 202: the action has been sent; the alert's new revision follows."""
        return self._action("acknowledge", identity, request)

    def clear(self, identity: str, request: Request) -> JSONResponse:
        """Clear an alert that has been handled."""
        return self._action("clear", identity, request)

    def reject(self, identity: str, body: Rejection, request: Request) -> JSONResponse:
        """Reject an alert as false, with a reason."""
        return self._action("reject", identity, request, body.reason)

    async def stream(
        self,
        request: Request,
        after: Annotated[int | None, Query(ge=0)] = None,
        last_event_id: Annotated[int | None, Header(ge=0)] = None,
        page: Annotated[str | None, Query(pattern="^[0-9a-f]{16}$")] = None,
        purpose: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Events ``alert``, ``tracks``, ``sensors``, ``heartbeat``, ``reset``; alerts resume after Last-Event-ID.

        ``page``: a random name of the page or browser, which has one stream: a new one replaces its last. Pages always
        get a stream; programs, without a name, are refused when too many are open.
        """
        if page is None and self.hub.full:
            raise HTTPException(503, "Too many streams are open; close one or try again later.")
        await asyncio.to_thread(self._note, request, purpose)
        return EventStream(self.hub, after if last_event_id is None else last_event_id, page)

    def metrics(self) -> PlainTextResponse:
        """Counts, progress and streams in the Prometheus text format."""
        text = metrics_text(self._reader.progress(), self._reader.live("counts"), self.hub.clients, self._parts())
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    def _action(self, action: Action, identity: str, request: Request, reason: str = "") -> JSONResponse:
        status, _, _ = self._known(identity)
        if status not in ALLOWED_FROM[action]:
            allowed = " or ".join(ALLOWED_FROM[action])
            raise HTTPException(409, f"Alert {identity} is {status}; to {action} it, it must be {allowed}.")
        self._keep(request, purpose=reason or action)
        try:
            self._act(OperatorAction(action, identity, self._settings.operator, utc_datetime(self._now_ns()), reason))
        except Exception as error:
            raise HTTPException(503, f"The action could not be sent ({error}); try again.") from error
        return JSONResponse({"accepted": True, "action": secrets.token_hex(8)}, 202)

    def _known(self, identity: str) -> tuple[str, int, bytes]:
        alert = self._reader.alert(identity)
        if alert is None:
            raise HTTPException(404, f"There is no alert {identity[:128]!r}.")
        return alert

    def _live(self, part: str) -> Live:
        live = self._reader.live(part)
        if live is None:
            raise HTTPException(503, f"Fusion has not written any {part} yet.")
        return live

    def _note(self, request: Request, purpose: str | None) -> None:
        """Log a read that states its purpose; if it cannot be logged, nothing is served."""
        if purpose is None:
            return
        if not _PURPOSE.fullmatch(purpose):
            raise HTTPException(422, "The header Purpose takes 3 to 200 printable ASCII characters.")
        if self._log is None:
            raise HTTPException(503, "This server keeps no access log, so a read with a purpose cannot be answered.")
        self._keep(request, purpose=purpose)

    def _keep(self, request: Request, *, purpose: str) -> None:
        if self._log is None:
            return
        request_line = f"{request.method} {request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        self._log.add(Access(self._now_ns(), self._settings.operator, request_line[:1000], purpose))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _add_error_answers(app: FastAPI) -> None:
    """Answer every error with one sentence under ``error``."""

    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        sentence = _SENTENCES.get((error.status_code, error.detail), str(error.detail))
        return JSONResponse({"error": sentence}, error.status_code, error.headers)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return JSONResponse({"error": f"{where}: {first['msg']}."}, 422)

    async def unusable(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 422)

    async def unavailable(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 503)

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(BadInput, unusable)
    app.add_exception_handler(StoreError, unavailable)
    app.add_exception_handler(AuditError, unavailable)
