"""The live picture, its alerts, their actions, health and metrics, as JSON, as a stream of events and as text."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import FastAPI, Header, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException

from geo.message import Message
from ops.accounts.rights import has, reads_logs
from ops.releasability.carried import READ, states_carried
from ops.runtime.output import say_in_english
from ops.runtime.processes.part_state import code_of, without_log
from ops.services.api.approvals.muted import muted_sensors
from ops.services.api.event_stream import EventStream, Hub, picture
from ops.services.api.login.routes import person_of
from ops.services.api.observability.exposition import exposition, families_of
from ops.services.api.operator_actions import OperatorAction
from ops.services.api.recorder import Recorder
from ops.services.api.release import Release
from ops.services.api.schemas.alerts import AcceptedAction, AlertRecord, Alerts
from ops.services.api.schemas.geojson import BorderLines, GeoJson
from ops.services.api.schemas.picture import Bearings, HealthAnswer, LiveTracks, MessageCounts, Sensors
from ops.store.connections import ReadConnections, StoreError
from ops.store.incidents import IncidentReader
from ops.store.reader import Live, Reader
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


class Rejection(BaseModel):
    """Body of a rejection: the reason, 3 to 500 characters on one line."""

    model_config = ConfigDict(extra="forbid")
    reason: Reason


class LiveRoutes:
    """The route handlers. Synchronous ones run in a thread pool, so a read of the store never delays the streams.

    Parameters
    ----------
    reads : ReadConnections
        Connections to the fusion store.
    hub : Hub
        The streams.
    recorder : Recorder
        Writes each read of personal data and each action to the audit log.
    release : Release
        What each person may have.
    act : callable
        Takes an operator's action; returns once it is on disk.
    now_ns : callable
        UTC nanoseconds since 1970.
    parts : callable
        Why each process of the room does not work, None for one that does.
    sector : str
        Identity of the sector.
    border : Mapping, optional
        GeoJSON in lon/lat.
    stale_after_s : float, s
        Age at which a picture counts as stale.
    """

    def __init__(
        self,
        reads: ReadConnections,
        hub: Hub,
        *,
        recorder: Recorder,
        release: Release,
        act: Callable[[OperatorAction], None],
        now_ns: Callable[[], int],
        parts: Callable[[], Mapping[str, Message | None]],
        sector: str,
        border: Mapping[str, Any] | None,
        stale_after_s: float,
    ) -> None:
        self._reader, self._incidents = Reader(reads), IncidentReader(reads)
        self._hub, self._recorder, self._release = hub, recorder, release
        self._act, self._now_ns, self._parts = act, now_ns, parts
        self._sector, self._border, self._stale_after_s = sector, border, stale_after_s

    def add_to(self, app: FastAPI) -> None:
        schemas: tuple[tuple[str, Callable[..., Any], Any, type[Response]], ...] = (
            ("/metrics", self.metrics, str, PlainTextResponse),
            ("/api/tracks", self.tracks, LiveTracks, JSONResponse),
            ("/api/bearings", self.bearings, Bearings, JSONResponse),
            ("/api/sensors", self.sensors, Sensors, JSONResponse),
            ("/api/counts", self.counts, MessageCounts, JSONResponse),
            ("/api/border", self.border, BorderLines, GeoJson),
            ("/api/alerts", self.alerts, Alerts, JSONResponse),
            ("/api/alerts/{identity}", self.alert, AlertRecord, JSONResponse),
        )
        for path, handler, model, kind in schemas:
            app.add_api_route(path, handler, methods=["GET"], response_class=kind, response_model=model)
        health: Any = {503: {"model": HealthAnswer, "description": "The picture is stale, or a part does not work."}}
        app.add_api_route("/api/health", self.health, methods=["GET"], response_model=HealthAnswer, responses=health)
        app.add_api_route(
            "/api/stream", self.stream, methods=["GET"], status_code=200, response_class=EventStream, response_model=str
        )
        for action in (self.acknowledge, self.clear, self.reject):
            path = f"/api/alerts/{{identity}}/{action.__name__}"
            app.add_api_route(path, action, methods=["POST"], status_code=202, response_model=AcceptedAction)

    def tracks(self, request: Request, purpose: Annotated[str | None, Header()] = None) -> Response:
        """Every live track at journal time ``stamp``."""
        self._recorder.note(request, "live tracks", purpose=purpose)
        live, view = self._live("tracks"), self._release.view(person_of(request))
        return _json(picture(live.stamp_ns, view.cursor(live.cursor), "tracks", view.picture("tracks", live.body)))

    def bearings(self, request: Request, purpose: Annotated[str | None, Header()] = None) -> Response:
        """Every current direction, without a range, in which a sensor detects something on no track."""
        self._recorder.note(request, "live bearings", purpose=purpose)
        live, view = self._live("bearings"), self._release.view(person_of(request))
        return _json(picture(live.stamp_ns, view.cursor(live.cursor), "bearings", view.picture("bearings", live.body)))

    def sensors(self, request: Request) -> Response:
        """Every sensor with its health. People who may not have own forces get those that they carry at their posts."""
        live, person = self._live("sensors"), person_of(request)
        own_forces = has(person, "picture", self._sector)
        answer = self._hub.sensors_picture(live, self._release.view(person), own_forces=own_forces)
        if states_carried(json.loads(answer)["sensors"]):
            self._recorder.note(request, READ)
        return _json(answer)

    def counts(self, request: Request) -> Response:
        """Conservation counts per sensor: received = journaled + duplicate + dead_lettered + shed."""
        live, view = self._live("counts"), self._release.view(person_of(request))
        return _json(picture(live.stamp_ns, view.cursor(live.cursor), "counts", view.counts(live.body)))

    def border(self) -> Response:
        """The border as GeoJSON in lon/lat."""
        if self._border is None:
            raise HTTPException(404, "This sector was opened without a border.")
        return Response(to_json(self._border, where="border"), media_type="application/geo+json")

    def health(self, request: Request) -> JSONResponse:
        """Whether the picture is current and every part of the room works; status 503 if not, so that a probe need not
        parse the body. ``parts``: ``ok``, or why the part does not work, in English, for administrators with what its
        log says; ``codes``: the same as one of
        ``ok``, ``ended``, ``given_up``, ``not_started``, ``silent``, ``problem``, ``compiling_kernels``.
        Without a login, ``status`` only."""
        try:
            progress, live, now_ns = self._reader.progress(), self._reader.live("tracks"), self._now_ns()
            seen = self._reader.live("sensors")
        except StoreError:  # whose sentence names a file
            if request.state.person is None:
                return JSONResponse({"status": "down"}, 503)
            raise
        parts = self._parts()
        age_s = None if live is None else (now_ns - live.stamp_ns) / 1e9
        state = "starting" if age_s is None else "stale" if age_s > self._stale_after_s else "ok"
        codes = {name: code_of(part) for name, part in parts.items()}
        failing = set(codes.values()) - {"ok"}
        if failing:
            state = "starting" if failing == {"compiling_kernels"} else "down"
        status = 200 if state == "ok" else 503
        if request.state.person is None:
            return JSONResponse({"status": state}, status)
        view = self._release.view(person_of(request))
        everything, sensors = view.everything, view.picture("sensors", b"[]" if seen is None else seen.body)
        in_full = reads_logs(person_of(request), self._sector)
        said = {name: part if part is None or in_full else without_log(part) for name, part in parts.items()}
        body = {
            "status": state,
            "parts": {name: "ok" if part is None else say_in_english(part) for name, part in said.items()},
            "codes": codes,
            "age_s": age_s,
            "stamp": None if live is None else rfc3339(live.stamp_ns),
            "cursor": progress.cursor if everything else None,
            "last_event": progress.outbox_last if everything else None,
            "alerts_waiting": progress.outbox_waiting if everything else None,
            "stream_clients": self._hub.clients,
            "muted": muted_sensors(sensors),
        }
        return JSONResponse(body, status)

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
        self._recorder.note(request, "alerts", purpose=purpose)
        view = self._release.view(person_of(request))
        last, more, bodies = view.alerts(self._reader, status=status, since_ns=since_ns, limit=limit)
        return _json(b'{"last":%d,"more":%s,"alerts":[%s]}' % (last, b"true" if more else b"false", b",".join(bodies)))

    def alert(self, identity: str, request: Request, purpose: Annotated[str | None, Header()] = None) -> Response:
        """One alert; 404 if there is no alert with this id."""
        self._recorder.note(request, f"alert {identity[:128]}", purpose=purpose)
        return _json(self._known(identity, request)[2])

    def acknowledge(self, identity: str, request: Request) -> JSONResponse:
        """Acknowledge an active alert. 202: the action has been sent; the alert's new revision follows."""
        return self._action("acknowledge", identity, request)

    def clear(self, identity: str, request: Request) -> JSONResponse:
        """Clear an alert that has been handled. 409 where another person owns its incident, unless it is distress."""
        return self._action("clear", identity, request)

    def reject(self, identity: str, body: Rejection, request: Request) -> JSONResponse:
        """Reject an alert as false, with a reason. 409 as for clearing."""
        return self._action("reject", identity, request, body.reason)

    async def stream(
        self,
        request: Request,
        after: Annotated[int | None, Query(ge=0)] = None,
        last_event_id: Annotated[int | None, Header(ge=0)] = None,
        page: Annotated[str | None, Query(pattern="^[0-9a-f]{16}$")] = None,
        purpose: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Events ``alert``, ``incident``, ``tracks``, ``bearings``, ``sensors``, ``forces``, ``heartbeat``, ``reset``;
        alerts and incidents resume after Last-Event-ID.

        ``page``: a random name of the page or browser, which has one stream: a new one replaces its last. Pages always
        get a stream; programs, which send a token or no name, are refused when too many are open.
        """
        person = person_of(request)
        if person is not None and person.session.kind == "program":
            page = None
        if page is None and self._hub.full:
            raise HTTPException(503, "Too many streams are open; close one or try again later.")
        record = self._recorder.of_stream(request, purpose)
        await asyncio.to_thread(record, "opened")
        start = after if last_event_id is None else last_event_id
        return EventStream(self._hub, start, page, record, person=person)

    def metrics(self, accept: Annotated[str, Header()] = "") -> Response:
        """Counts, progress and times of messages in the text format of Prometheus, or as OpenMetrics where the header
        Accept asks for it."""
        families = families_of(
            self._reader.progress(),
            self._reader.live("counts"),
            self._hub.clients,
            self._parts(),
            revisions=self._reader.revisions(),
            incidents=self._incidents.counts(),
            latency=self._reader.live("latency"),
        )
        body, media_type = exposition(families, accept)
        return Response(body, headers={"Content-Type": media_type})

    def _action(self, action: Action, identity: str, request: Request, reason: str = "") -> JSONResponse:
        (status, _, alert), by = self._known(identity, request), person_of(request).name
        if status not in ALLOWED_FROM[action]:
            allowed = " or ".join(ALLOWED_FROM[action])
            raise HTTPException(409, f"Alert {identity} is {status}; to {action} it, it must be {allowed}.")
        ends = action != "acknowledge" and json.loads(alert).get("rule") != "distress"
        if ends and self._incidents.owner_of(identity) not in ("", by):
            owned = f"Another person owns the incident of alert {identity}"
            raise HTTPException(409, f"{owned}; only the owner and the assigned unit can {action} it.")
        self._recorder.note(request, f"alert {identity}", operation="alteration")
        try:
            self._act(OperatorAction(action, identity, by, utc_datetime(self._now_ns()), reason))
        except Exception as error:
            raise HTTPException(503, f"The action could not be sent ({error}); try again.") from error
        return JSONResponse({"accepted": True, "action": secrets.token_hex(8)}, 202)

    def _known(self, identity: str, request: Request) -> tuple[str, int, bytes]:
        alert, view = self._reader.alert(identity), self._release.view(person_of(request))
        view.refresh()
        if alert is None or not view.shows("alert", identity):
            raise HTTPException(404, f"There is no alert {identity[:128]!r}.")
        return *alert[:2], view.stated("alert", identity, alert[2])

    def _live(self, part: str) -> Live:
        live = self._reader.live(part)
        if live is None:
            raise HTTPException(503, f"Fusion has not written any {part} yet.")
        return live


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
