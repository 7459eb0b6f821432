"""The operations API: the live picture, alerts and operator actions as JSON, and a stream of events, on 127.0.0.1.

It reads the fusion store and never writes to it: an operator's action is sent through ``act`` to the journal, and
appears as a new revision of its alert once fusion has applied it. The store therefore has one writer and events have
one order. Every read of personal data and every action is written to the audit log before it is answered, with the
purpose in the header ``Purpose`` or the default of the person's role (``ops.services.api.recorder``). The person
who makes a request and her rights are determined before any route (``ops.services.api.login.gate``).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import FastAPI, Header, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException

from geo.message import Message
from ops.accounts.accounts import Accounts
from ops.accounts.colleagues import Colleagues
from ops.accounts.oidc import Provider
from ops.accounts.person import Person, local_person
from ops.accounts.rights import has, reads_logs
from ops.audit.log import AuditLog
from ops.broker.identities import UNIT
from ops.drawing.typeface.page_font import BUILT
from ops.export.warnings.cap import CapIssuer
from ops.field.certificates import UnitCertificates
from ops.field.devices import DeviceStore
from ops.field.refusals import RefusalBook
from ops.incidents.goods_codes.check import GoodsCodeFile
from ops.releasability.decision import UNMARKED
from ops.releasability.settings import ReleasabilitySettings
from ops.runtime.output import say_in_english
from ops.runtime.part_state import code_of, without_log
from ops.sector.setting_tables.reports import ReportSettings
from ops.services.api.approvals.muted import muted_sensors
from ops.services.api.approvals.routes import add_two_person_rule
from ops.services.api.audit.routes import AuditRoutes
from ops.services.api.compression import Compression
from ops.services.api.confidential.routes import ConfidentialRoutes
from ops.services.api.cooperation.desk import ExchangeFiles
from ops.services.api.cooperation.eurosur_routes import EurosurRoutes
from ops.services.api.cooperation.partner_routes import PartnerRoutes
from ops.services.api.drill.routes import DrillRoutes
from ops.services.api.event_stream import EventStream, Hub, StreamSettings, picture
from ops.services.api.field.enrolment_routes import EnrolmentRoutes
from ops.services.api.field.map_routes import FieldMapRoutes
from ops.services.api.field.reach import Reach
from ops.services.api.field.routes import FieldRoutes, UnitSender
from ops.services.api.forces.refusal_routes import RefusalRoutes
from ops.services.api.forces.routes import ForcesRoutes
from ops.services.api.guard import Guard, GuardSettings
from ops.services.api.history.routes import HistoryRoutes
from ops.services.api.incidents.goods_routes import GoodsCodeRoutes
from ops.services.api.incidents.look_routes import LookRoutes
from ops.services.api.incidents.marking_routes import MarkingRoutes
from ops.services.api.incidents.picture_routes import PictureRoutes
from ops.services.api.incidents.pictures import IncidentPictures
from ops.services.api.incidents.routes import Actions, IncidentRoutes
from ops.services.api.login.gate import LoginGate
from ops.services.api.login.oidc_routes import OidcRoutes
from ops.services.api.login.problem_pages import ProblemPages
from ops.services.api.login.routes import LocalRoutes, LoginRoutes, person_of
from ops.services.api.map_routes import Ask, GroundRoutes, ServedSector, add_no_ground
from ops.services.api.observability.exposition import exposition, families_of
from ops.services.api.observability.faults import PartFaults
from ops.services.api.observability.openapi import describe
from ops.services.api.observability.probes import ProbeRoutes
from ops.services.api.observability.readiness import Readiness
from ops.services.api.observability.reference import ReferenceRoutes
from ops.services.api.observability.tags import EntityTags
from ops.services.api.ogc.routes import OgcRoutes
from ops.services.api.ogc.sources import Sources
from ops.services.api.operator_actions import OperatorAction
from ops.services.api.plan_routes import PlanRoutes
from ops.services.api.problems import answer_errors
from ops.services.api.recorder import Recorder
from ops.services.api.release import Release
from ops.services.api.reports.export_routes import ExportedGround, ExportRoutes
from ops.services.api.reports.handover_routes import HandoverRoutes, ReportedSector
from ops.services.api.schemas.alerts import AcceptedAction, AlertRecord, Alerts
from ops.services.api.schemas.geojson import BorderLines, GeoJson
from ops.services.api.schemas.picture import Bearings, HealthAnswer, LiveTracks, MessageCounts, Sensors
from ops.services.api.scorecard.routes import ScorecardRoutes, sector_records
from ops.services.api.static_pages import add_pages
from ops.services.api.warnings.routes import CapService, WarningRoutes
from ops.store.connections import ReadConnections, StoreError
from ops.store.incidents import IncidentReader
from ops.store.moment_reader import MomentReader
from ops.store.reader import Live, Reader
from ops.store.rows import rfc3339, time_ns, to_json
from sensors.timestamps import utc_datetime

if TYPE_CHECKING:
    from ops.services.cue.desk import CueDesk

Action = Literal["acknowledge", "clear", "reject"]
AlertStatus = Literal["active", "acknowledged", "cleared", "rejected"]
Limit = Annotated[int, Query(ge=1, le=5000)]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500, pattern=r"^[^\x00-\x1f]+$")
]

MOST_READS: Final = 4
"""Connections to the store for all routes. The event stream and the markings have one each."""
ALLOWED_FROM: Final[dict[Action, tuple[AlertStatus, ...]]] = {
    "acknowledge": ("active",),
    "clear": ("active", "acknowledged"),
    "reject": ("active", "acknowledged"),
}


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Settings of the API. ``border``: GeoJSON in lon/lat. ``stale_after_s``: age at which a picture counts as stale.
    ``operator``: name of the local person, where there are no accounts.

    ``demo``: movements are simulated, and the page must say so. ``clock_rate``: seconds of ``now_ns`` per second of
    wall time. ``pages``: folder of the built front end. ``ground`` and ``layout``: the sector and its sensors as in
    ops.sector.geojson, if they are available before the map process is ready; else ``title`` and ``time_zone`` name
    the sector in reports. ``releasability``: markings of records. ``language``: of what the sector publishes. ``cap``:
    the issuer of CAP documents and their signature; None: as for a sector without settings of its own, not signed.
    ``sector_file``: the sector file, whose records the scorecard evaluates; None: those of the store only.
    ``exchange``: agreements with partners and the key of packages. ``goods``: the codes of goods.
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
    releasability: ReleasabilitySettings = field(default_factory=ReleasabilitySettings)
    reports: ReportSettings = field(default_factory=ReportSettings)
    title: str = ""
    time_zone: str = "UTC"
    language: str = "en"
    cap: CapService | None = None
    sector_file: str | None = None
    exchange: ExchangeFiles = field(default_factory=ExchangeFiles)
    goods: GoodsCodeFile = field(default_factory=lambda: GoodsCodeFile(None))

    @property
    def cap_service(self) -> CapService:
        """The issuer of CAP documents and their signature."""
        sector = self.reported_sector
        return self.cap or CapService(CapIssuer(sector.name, sector.title, exercise=self.demo, language=self.language))

    @property
    def reported_sector(self) -> ReportedSector:
        """The sector as reports name it."""
        ground = self.ground or {}
        title = ground.get("title") or self.title or self.sector
        return ReportedSector(self.sector, title, ground.get("time_zone") or self.time_zone, self.reports, self.goods)


class Rejection(BaseModel):
    """Body of a rejection: the reason, 3 to 500 characters on one line."""

    model_config = ConfigDict(extra="forbid")
    reason: Reason


def create_app(
    store: Path,
    settings: ApiSettings,
    *,
    act: Callable[[OperatorAction], None],
    now_ns: Callable[[], int],
    access_log: AuditLog | None = None,
    ground: Ask | None = None,
    plan: PlanRoutes | None = None,
    parts: Callable[[], Mapping[str, Message | None]] = dict,
    accounts: Accounts | None = None,
    provider: Provider | None = None,
    actions: Actions | None = None,
    devices: DeviceStore | None = None,
    units: UnitSender | None = None,
    refusals: RefusalBook | None = None,
    certificates: UnitCertificates | None = None,
    cue: CueDesk | None = None,
) -> FastAPI:
    """Create the application, to be bound to 127.0.0.1 (``ops.services.api.serving.server``). While the store does not
    exist, requests are answered with status 503.

    ``ground`` queries the map process (``ops.services.map.supervisor``); without it there is no map, and the map routes
    return 404. ``plan`` handles the planner's page; the caller closes it.

    ``act`` takes an operator's action and returns once it is on disk; an exception means that it was not taken.
    ``actions`` sends actions on incidents to the journal; without it they are answered with status 503.
    ``parts`` states why each process of the room does not work, None for one that does.
    ``now_ns``: UTC nanoseconds since 1970. ``accounts`` None: everyone is the local person ``settings.operator``.
    ``provider``: an identity provider that people may log in with. ``devices``: those of field units; None: the server
    serves none. ``units`` sends what they answer to the journal, ``refusals`` counts what of it is refused.
    ``certificates``: client certificates of units as logins. ``cue`` turns cameras; None: there are none to turn.
    """
    reads = ReadConnections(store, MOST_READS)
    reader = Reader(reads)
    still_in = (lambda _: True) if accounts is None else accounts.still_in
    release = Release(store, settings.releasability)
    routes = _Routes(reads, settings, act, now_ns, access_log, parts, still_in, release)
    session = ServedSector(settings.demo, now_ns, settings.clock_rate, settings.ground, settings.layout)
    on_the_ground = (
        None if ground is None else GroundRoutes(ground, session, routes.hub, release, sector=settings.sector)
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(routes.hub.run())]
        if on_the_ground is not None:
            tasks.append(asyncio.create_task(on_the_ground.watch()))
        yield
        routes.hub.stop()
        await asyncio.gather(*tasks)
        for part in (reads, routes.hub, release):
            part.close()

    app = FastAPI(
        title="Watchline operations", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.hub = routes.hub
    describe(app)
    local = local_person(settings.operator)
    app.add_middleware(EntityTags)
    app.add_middleware(Compression)
    app.add_middleware(
        LoginGate, accounts=accounts, local=local, sector=settings.sector, closed=release.refuses, devices=devices,
        certificates=certificates,
        limit_of=lambda unit: settings.releasability.units.get(unit, UNMARKED),
    )  # fmt: skip
    app.add_middleware(PartFaults)
    app.add_middleware(ProblemPages, sector=settings.reported_sector.title)
    app.add_middleware(Guard, settings=settings.guard)
    routes.add_to(app)
    incidents = IncidentRoutes(
        IncidentReader(reads), actions, operator=settings.operator, now_ns=now_ns, recorder=routes.recorder,
        release=release, colleagues=None if accounts is None else Colleagues(accounts.store, settings.sector),
        goods=settings.goods,
    )  # fmt: skip
    incidents.add_to(app)
    GoodsCodeRoutes(settings.goods, now_ns).add_to(app)
    if access_log is not None:
        zone = settings.reported_sector.time_zone
        AuditRoutes(access_log, routes.recorder, sector=settings.sector, time_zone=zone).add_to(app)
    MarkingRoutes(incidents, release, sector=settings.sector).add_to(app)
    LookRoutes(incidents, cue, recorder=routes.recorder, release=release).add_to(app)
    PictureRoutes(
        incidents, IncidentPictures(store.parent, IncidentReader(reads)), IncidentReader(reads), sector=settings.sector,
        recorder=routes.recorder, language=settings.language,
    ).add_to(app)  # fmt: skip
    forces = ForcesRoutes(
        IncidentReader(reads), ground, actions, operator=settings.operator, now_ns=now_ns,
        recorder=routes.recorder,
    )  # fmt: skip
    forces.add_to(app)
    add_two_person_rule(
        app, forces, reader, accounts, folder=store.parent, sector=settings.sector, now_ns=now_ns,
        recorder=routes.recorder, takes_actions=actions is not None,
    )  # fmt: skip
    RefusalRoutes(refusals, language=settings.language, recorder=routes.recorder).add_to(app)
    _add_field(app, reads, settings, ground, routes, release, (devices, certificates), (units, refusals), now_ns=now_ns)
    HistoryRoutes(
        MomentReader(reads), recorder=routes.recorder, frame=lambda: _frame(settings, on_the_ground),
        release=release,
    ).add_to(app)  # fmt: skip
    WarningRoutes(
        MomentReader(reads), IncidentReader(reads), settings.cap_service, recorder=routes.recorder, release=release
    ).add_to(app)
    _add_reports(app, reads, settings, on_the_ground, now_ns=now_ns, recorder=routes.recorder, release=release)
    if on_the_ground is None:
        add_no_ground(app)
    else:
        on_the_ground.add_to(app)
    features = Sources(IncidentReader(reads), ground, settings.layout)
    OgcRoutes(features, routes.recorder, sector=settings.sector, view=settings.ground, release=release).add_to(app)
    if plan is not None:
        plan.add_to(app)
    ProbeRoutes(Readiness(reader, parts, now_ns, settings.stale_after_s, store.parent), sector=settings.sector).add_to(
        app
    )
    ReferenceRoutes(app).add_to(app)
    ConfidentialRoutes(store.parent, settings.reported_sector.title).add_to(app)
    DrillRoutes(store.parent, settings.reported_sector.title, routes.recorder).add_to(app)
    _add_logins(app, settings.reported_sector, accounts, provider)  # after the others: routes are tried in their order
    add_pages(app, title=settings.reported_sector.title, folder=settings.pages)
    answer_errors(app)
    return app


def _frame(settings: ApiSettings, ground: GroundRoutes | None) -> Mapping[str, Any] | None:
    """The sector's frame as in ops.sector.geojson; None while it is not known."""
    known = (settings.ground or {}).get("frame")
    return known if known is not None or ground is None else ground.frame


def _add_reports(
    app: FastAPI,
    reads: ReadConnections,
    settings: ApiSettings,
    ground: GroundRoutes | None,
    *,
    now_ns: Callable[[], int],
    recorder: Recorder,
    release: Release,
) -> None:
    def exported() -> ExportedGround:
        return ExportedGround((_frame(settings, ground) or {}).get("wkt", ""), settings.border)

    sector = settings.reported_sector
    HandoverRoutes(reads, sector, now_ns=now_ns, recorder=recorder, release=release).add_to(app)
    records = sector_records(settings.sector_file, sector.name, sector.title)
    ScorecardRoutes(
        reads.path, records, simulated=settings.demo, now_ns=now_ns, recorder=recorder, release=release
    ).add_to(app)
    ExportRoutes(reads.path, sector, exported, now_ns=now_ns, recorder=recorder, release=release).add_to(app)
    PartnerRoutes(
        reads.path.parent, settings.exchange, sector=sector.name, title=sector.title, sector_file=settings.sector_file,
        now_ns=now_ns, recorder=recorder,
    ).add_to(app)  # fmt: skip
    EurosurRoutes(reads.path.parent, title=sector.title, now_ns=now_ns, recorder=recorder, release=release).add_to(app)


def _add_field(
    app: FastAPI,
    reads: ReadConnections,
    settings: ApiSettings,
    ground: Ask | None,
    routes: _Routes,
    release: Release,
    logins: tuple[DeviceStore | None, UnitCertificates | None],
    inbound: tuple[UnitSender | None, RefusalBook | None],
    *,
    now_ns: Callable[[], int],
) -> None:
    """Field units: enrolment of devices, and what these may do. ``inbound``: what takes their messages, and what counts
    those that are refused."""
    reader, sector = IncidentReader(reads), settings.reported_sector
    devices, certificates = logins
    units, refusals = inbound
    EnrolmentRoutes(devices, certificates, routes.recorder, centre=UNIT).add_to(app)
    FieldRoutes(
        reader, devices, units, sector=(settings.sector, sector.title), language=settings.language, now_ns=now_ns,
        recorder=routes.recorder, release=release, reach=Reach(ground, settings.language),
        stopped=lambda: routes.hub.stopped, keeps_time=not settings.demo, certificates=certificates,
        refusals=refusals,
    ).add_to(app)  # fmt: skip
    FieldMapRoutes(reader, ground, settings.ground, settings.border).add_to(app)


def _add_logins(app: FastAPI, sector: ReportedSector, accounts: Accounts | None, provider: Provider | None) -> None:
    if accounts is None:
        LocalRoutes(sector.name).add_to(app)
        return
    label = None if provider is None else provider.label
    logins = LoginRoutes(accounts, sector.name, title=sector.title, provider=label)
    logins.add_to(app)
    if provider is not None:
        OidcRoutes(accounts, provider, logins).add_to(app)


class _Routes:
    """The route handlers. Synchronous ones run in a thread pool, so a read of the store never delays the streams."""

    def __init__(
        self,
        reads: ReadConnections,
        settings: ApiSettings,
        act: Callable[[OperatorAction], None],
        now_ns: Callable[[], int],
        access_log: AuditLog | None,
        parts: Callable[[], Mapping[str, Message | None]],
        still_in: Callable[[Person], bool],
        release: Release,
    ) -> None:
        self._release = release
        self._reader, self._settings, self._act, self._now_ns = Reader(reads), settings, act, now_ns
        self.recorder = Recorder(access_log, now_ns, sector=settings.sector, operator=settings.operator)
        self._parts = parts
        self._incidents = IncidentReader(reads)
        own_reader = Reader(reads.path)  # so that it does not wait
        self.hub = Hub(own_reader, settings.stream, now_ns=now_ns, parts=parts, still_in=still_in, release=release)

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
        self.recorder.note(request, "live tracks", purpose=purpose)
        live, view = self._live("tracks"), self._release.view(person_of(request))
        return _json(picture(live.stamp_ns, view.cursor(live.cursor), "tracks", view.picture("tracks", live.body)))

    def bearings(self, request: Request, purpose: Annotated[str | None, Header()] = None) -> Response:
        """Every current direction, without a range, in which a sensor detects something on no track."""
        self.recorder.note(request, "live bearings", purpose=purpose)
        live, view = self._live("bearings"), self._release.view(person_of(request))
        return _json(picture(live.stamp_ns, view.cursor(live.cursor), "bearings", view.picture("bearings", live.body)))

    def sensors(self, request: Request) -> Response:
        """Every sensor with its health. People who may not have own forces get those that they carry at their posts."""
        live, person = self._live("sensors"), person_of(request)
        own_forces = has(person, "picture", self._settings.sector)
        return _json(self.hub.sensors_picture(live, self._release.view(person), own_forces=own_forces))

    def counts(self, request: Request) -> Response:
        """Conservation counts per sensor: received = journaled + duplicate + dead_lettered + shed."""
        live, view = self._live("counts"), self._release.view(person_of(request))
        return _json(picture(live.stamp_ns, view.cursor(live.cursor), "counts", view.counts(live.body)))

    def border(self) -> Response:
        """The border as GeoJSON in lon/lat."""
        if self._settings.border is None:
            raise HTTPException(404, "This sector was opened without a border.")
        return Response(to_json(self._settings.border, where="border"), media_type="application/geo+json")

    def health(self, request: Request) -> JSONResponse:
        """Whether the picture is current and every part of the room works; status 503 if not, so that a probe need not
        parse the body. ``parts``: ``ok``, or why the part does not work, in English, for administrators with what its
        log says; ``codes``: the same as one of
        ``ok``, ``ended``, ``given_up``, ``not_started``, ``problem``, ``compiling_kernels``.
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
        state = "starting" if age_s is None else "stale" if age_s > self._settings.stale_after_s else "ok"
        codes = {name: code_of(part) for name, part in parts.items()}
        failing = set(codes.values()) - {"ok"}
        if failing:
            state = "starting" if failing == {"compiling_kernels"} else "down"
        status = 200 if state == "ok" else 503
        if request.state.person is None:
            return JSONResponse({"status": state}, status)
        view = self._release.view(person_of(request))
        everything, sensors = view.everything, view.picture("sensors", b"[]" if seen is None else seen.body)
        in_full = reads_logs(person_of(request), self._settings.sector)
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
            "stream_clients": self.hub.clients,
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
        self.recorder.note(request, "alerts", purpose=purpose)
        view = self._release.view(person_of(request))
        last, more, bodies = view.alerts(self._reader, status=status, since_ns=since_ns, limit=limit)
        return _json(b'{"last":%d,"more":%s,"alerts":[%s]}' % (last, b"true" if more else b"false", b",".join(bodies)))

    def alert(self, identity: str, request: Request, purpose: Annotated[str | None, Header()] = None) -> Response:
        """One alert; 404 if there is no alert with this id."""
        self.recorder.note(request, f"alert {identity[:128]}", purpose=purpose)
        return _json(self._known(identity, request)[2])

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
        """Events ``alert``, ``incident``, ``tracks``, ``bearings``, ``sensors``, ``forces``, ``heartbeat``, ``reset``;
        alerts and incidents resume after Last-Event-ID.

        ``page``: a random name of the page or browser, which has one stream: a new one replaces its last. Pages always
        get a stream; programs, without a name, are refused when too many are open.
        """
        if page is None and self.hub.full:
            raise HTTPException(503, "Too many streams are open; close one or try again later.")
        record = self.recorder.of_stream(request, purpose)
        await asyncio.to_thread(record, "opened")
        start = after if last_event_id is None else last_event_id
        return EventStream(self.hub, start, page, record, person=person_of(request))

    def metrics(self, accept: Annotated[str, Header()] = "") -> Response:
        """Counts, progress and times of messages in the text format of Prometheus, or as OpenMetrics where the header
        Accept asks for it."""
        families = families_of(
            self._reader.progress(),
            self._reader.live("counts"),
            self.hub.clients,
            self._parts(),
            revisions=self._reader.revisions(),
            incidents=self._incidents.counts(),
            latency=self._reader.live("latency"),
        )
        body, media_type = exposition(families, accept)
        return Response(body, headers={"Content-Type": media_type})

    def _action(self, action: Action, identity: str, request: Request, reason: str = "") -> JSONResponse:
        status, _, _ = self._known(identity, request)
        if status not in ALLOWED_FROM[action]:
            allowed = " or ".join(ALLOWED_FROM[action])
            raise HTTPException(409, f"Alert {identity} is {status}; to {action} it, it must be {allowed}.")
        self.recorder.note(request, f"alert {identity}", operation="alteration")
        try:
            by = person_of(request).name
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
