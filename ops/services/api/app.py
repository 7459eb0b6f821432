"""The operations API: the live picture, alerts and operator actions as JSON, and a stream of events, on 127.0.0.1.

It reads the fusion store and never writes to it: an operator's action is sent through ``act`` to the journal, and
appears as a new revision of its alert once fusion has applied it. The store therefore has one writer and events have
one order. Every read of personal data and every action is written to the audit log before it is answered, with the
purpose in the header ``Purpose`` or the default of the person's role (``ops.services.api.recorder``). The person
who makes a request and her rights are determined before any route (``ops.services.api.login.gate``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI

from geo.message import Message
from ops.accounts.accounts import Accounts
from ops.accounts.colleagues import Colleagues
from ops.accounts.oidc import Provider
from ops.accounts.person import local_person
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
from ops.sector.setting_tables.reports import ReportSettings
from ops.services.api.approvals.routes import add_two_person_rule
from ops.services.api.audit.routes import AuditRoutes
from ops.services.api.compression import Compression
from ops.services.api.confidential.routes import ConfidentialRoutes
from ops.services.api.cooperation.desk import ExchangeFiles
from ops.services.api.cooperation.eurosur_routes import EurosurRoutes
from ops.services.api.cooperation.partner_routes import PartnerRoutes
from ops.services.api.drill.routes import DrillRoutes
from ops.services.api.event_stream import Hub, StreamSettings
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
from ops.services.api.live.routes import LiveRoutes
from ops.services.api.login.gate import LoginGate
from ops.services.api.login.oidc_routes import OidcRoutes
from ops.services.api.login.problem_pages import ProblemPages
from ops.services.api.login.routes import LocalRoutes, LoginRoutes
from ops.services.api.map_routes import Ask, GroundRoutes, ServedSector, add_no_ground
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
from ops.services.api.scorecard.routes import ScorecardRoutes, sector_records
from ops.services.api.static_pages import add_pages
from ops.services.api.warnings.routes import CapService, WarningRoutes
from ops.store.connections import ReadConnections
from ops.store.incidents import IncidentReader
from ops.store.moment_reader import MomentReader
from ops.store.reader import Reader

if TYPE_CHECKING:
    from ops.services.cue.desk import CueDesk

MOST_READS: Final = 4
"""Connections to the store for all routes. The event stream and the markings have one each."""


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
    recorder = Recorder(access_log, now_ns, sector=settings.sector, operator=settings.operator)
    own_reader = Reader(reads.path)  # so that it does not wait
    hub = Hub(own_reader, settings.stream, now_ns=now_ns, parts=parts, still_in=still_in, release=release)
    session = ServedSector(settings.demo, now_ns, settings.clock_rate, settings.ground, settings.layout)
    on_the_ground = None if ground is None else GroundRoutes(ground, session, hub, release, sector=settings.sector)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(hub.run())]
        if on_the_ground is not None:
            tasks.append(asyncio.create_task(on_the_ground.watch()))
        yield
        hub.stop()
        await asyncio.gather(*tasks)
        for part in (reads, hub, release):
            part.close()

    app = FastAPI(
        title="Watchline operations", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.hub = hub
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
    LiveRoutes(
        reads, hub, recorder=recorder, release=release, act=act, now_ns=now_ns, parts=parts, sector=settings.sector,
        border=settings.border, stale_after_s=settings.stale_after_s,
    ).add_to(app)  # fmt: skip
    incidents = IncidentRoutes(
        IncidentReader(reads), actions, operator=settings.operator, now_ns=now_ns, recorder=recorder,
        release=release, colleagues=None if accounts is None else Colleagues(accounts.store, settings.sector),
        goods=settings.goods,
    )  # fmt: skip
    incidents.add_to(app)
    GoodsCodeRoutes(settings.goods, now_ns).add_to(app)
    if access_log is not None:
        zone = settings.reported_sector.time_zone
        AuditRoutes(access_log, recorder, sector=settings.sector, time_zone=zone).add_to(app)
    MarkingRoutes(incidents, release, sector=settings.sector).add_to(app)
    LookRoutes(incidents, cue, recorder=recorder, release=release).add_to(app)
    PictureRoutes(
        incidents, IncidentPictures(store.parent, IncidentReader(reads)), IncidentReader(reads), sector=settings.sector,
        recorder=recorder, language=settings.language,
    ).add_to(app)  # fmt: skip
    forces = ForcesRoutes(
        IncidentReader(reads), ground, actions, operator=settings.operator, now_ns=now_ns,
        recorder=recorder,
    )  # fmt: skip
    forces.add_to(app)
    add_two_person_rule(
        app, forces, reader, accounts, folder=store.parent, sector=settings.sector, now_ns=now_ns,
        recorder=recorder, takes_actions=actions is not None,
    )  # fmt: skip
    RefusalRoutes(refusals, language=settings.language, recorder=recorder).add_to(app)
    _add_field(
        app, reads, settings, ground, hub, recorder, release, (devices, certificates), (units, refusals), now_ns=now_ns
    )
    HistoryRoutes(
        MomentReader(reads), recorder=recorder, frame=lambda: _frame(settings, on_the_ground),
        release=release,
    ).add_to(app)  # fmt: skip
    WarningRoutes(
        MomentReader(reads), IncidentReader(reads), settings.cap_service, recorder=recorder, release=release
    ).add_to(app)
    _add_reports(app, reads, settings, on_the_ground, now_ns=now_ns, recorder=recorder, release=release)
    if on_the_ground is None:
        add_no_ground(app)
    else:
        on_the_ground.add_to(app)
    features = Sources(IncidentReader(reads), ground, settings.layout)
    OgcRoutes(features, recorder, sector=settings.sector, view=settings.ground, release=release).add_to(app)
    if plan is not None:
        plan.add_to(app)
    ProbeRoutes(Readiness(reader, parts, now_ns, settings.stale_after_s, store.parent), sector=settings.sector).add_to(
        app
    )
    ReferenceRoutes(app).add_to(app)
    ConfidentialRoutes(store.parent, settings.reported_sector.title).add_to(app)
    DrillRoutes(store.parent, settings.reported_sector.title, recorder).add_to(app)
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
        reads.path, records, simulated=settings.demo, now_ns=now_ns, recorder=recorder, release=release,
        marking=sector.settings.marking,
    ).add_to(app)  # fmt: skip
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
    hub: Hub,
    recorder: Recorder,
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
    EnrolmentRoutes(devices, certificates, recorder, centre=UNIT).add_to(app)
    FieldRoutes(
        reader, devices, units, sector=(settings.sector, sector.title), language=settings.language, now_ns=now_ns,
        recorder=recorder, release=release, reach=Reach(ground, settings.language),
        stopped=lambda: hub.stopped, keeps_time=not settings.demo, certificates=certificates,
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
