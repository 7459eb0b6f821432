"""The API process: serves pages, map, streams and operator actions, apart from the process that supervises the room.

The supervisor passes the listening socket, so that the port stays the same after a restart, and reports over stdin what
fusion knows of the sector, which parts of the room work, and whether the map process is needed.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geo.message import Message
from ingest.errors import IdentityError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_bundle import REGISTER
from ingest.security.key_register import record_of
from ops.audit.files import FOLDER
from ops.audit.log import AuditLog
from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import FIELD, IDENTITY_VARIABLE, UNIT, IdentityFolder, identity_of
from ops.export.warnings.issuer import FeedSignature, issuer_of
from ops.field.certificates import UnitCertificates
from ops.field.devices import FILE, DeviceStore
from ops.field.refusals import RefusalBook
from ops.incidents.goods_codes.check import GoodsCodeFile
from ops.runtime.clock import ScenarioClock
from ops.runtime.processes.child_process import child_main, say
from ops.runtime.processes.part_state import stated
from ops.sector.settings import Settings, load_settings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.audit.collection import CollectionRecord
from ops.services.api.cooperation.desk import ExchangeFiles
from ops.services.api.forces.refusal_routes import RefusalAudit
from ops.services.api.login.gate import LoginsOf
from ops.services.api.login.opening import open_logins
from ops.services.api.operator_actions import ActionSender
from ops.services.api.plan_routes import PlanRoutes
from ops.services.api.serving.server import serving
from ops.services.api.serving.tls import Tls
from ops.services.api.warnings.routes import CapService
from ops.services.map.supervisor import MapProcess
from ops.store.incidents import IncidentReader
from ops.store.reader import Reader

if TYPE_CHECKING:
    from ops.services.cue.desk import CueDesk

logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.2
SIMULATED_RULE: Final = ("distress", "high", "medium")
"""Priorities for which simulated cameras turn by themselves, unless the settings state others."""
OPEN_FILES: Final = 1024
"""Enough for the connections (``connections.MOST_CONNECTIONS``): the stores take fewer than 30, however many threads
read (``ops.store.connections``)."""


class ToldByRoom:
    """What the room reports to this process: ``known`` (border, ground and layout), ``parts``, and ``map`` (a bool)."""

    def __init__(self) -> None:
        self.parts: Mapping[str, Message | None] = {}
        self.map_wanted: bool | None = None
        self.known: Mapping[str, Any] | None = None

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take one message."""
        if "parts" in message:
            self.parts = {
                name: None if state is None else Message(state["id"], state["parameters"])
                for name, state in message["parts"].items()
            }
        self.map_wanted = message.get("map", self.map_wanted)
        self.known = message.get("known", self.known)


def run(arguments: argparse.Namespace, stop: threading.Event, told: ToldByRoom) -> int:
    """Serve until ``stop``."""
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, most_files), most_files))
    clock, folder = ScenarioClock.from_arguments(arguments), arguments.folder
    url = BrokerUrl.parse(os.environ.pop(URL_VARIABLE))
    while told.known is None:
        if stop.wait(0.05):
            return 0
    known = told.known
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket(fileno=arguments.listen_fd))
        actions = ActionSender(url, arguments.sector_id, folder, now_ns=clock.now_ns, identity=identity_of(UNIT))
        stack.enter_context(actions)
        units = ActionSender(
            url, arguments.sector_id, folder, now_ns=clock.now_ns, identity=identity_of(FIELD), part=FIELD
        )
        stack.enter_context(units)
        devices = DeviceStore(folder / FILE)
        stack.callback(devices.close)
        log = folder / "logs" / "map.log"
        ground = stack.enter_context(MapProcess(sector=arguments.sector, layout=arguments.layout, log=log))
        chosen = load_settings(arguments.settings)
        book = RefusalBook(folder, chosen.units)
        stack.callback(book.close)
        access_log = AuditLog(folder / FOLDER, witness=_witness(chosen, arguments))
        stack.callback(access_log.close)
        _register(access_log)
        plan = PlanRoutes(arguments.sector, folder / "logs" / "plan.log")
        stack.callback(plan.close)
        tls = Tls.from_arguments(arguments)
        certificates = None
        if chosen.unit_certificates and tls is not None:
            names = set(chosen.units) - {UNIT}
            certificates = UnitCertificates(Path(chosen.unit_certificates), names, devices)
            tls = replace(tls, clients=certificates.authority)
        elif chosen.unit_certificates:
            logger.warning("Units do not log in by certificate: the server has no TLS.")
        logins = open_logins(
            arguments.accounts or folder, arguments.settings, tls, local=arguments.operator is not None
        )
        stack.callback(logins.close)
        goods = GoodsCodeFile.named(chosen.goods.codes)
        settings = ApiSettings(
            sector=arguments.sector_id,
            operator=arguments.operator or "",
            guard=logins.guard,
            border=known["border"],
            ground=known["ground"],
            layout=known["layout"],
            stale_after_s=5.0 * clock.rate,
            demo=arguments.demo,
            clock_rate=clock.rate,
            releasability=chosen.releasability,
            reports=chosen.reports,
            language=known["language"],
            cap=_cap(chosen, arguments, known),
            sector_file=arguments.sector,
            exchange=_exchange(chosen, arguments),
            goods=goods,
        )
        cue = _cue(chosen, arguments, known["layout"], actions, clock, stop, stack)
        app = create_app(
            folder / "store.db",
            settings,
            act=actions.send,
            actions=actions,
            now_ns=clock.now_ns,
            access_log=access_log,
            ground=ground,
            plan=plan,
            parts=lambda: {
                **told.parts,
                "map": ground.state,
                "audit log": stated(access_log.problem),
                "refused messages": stated(book.problem),
                "goods codes": stated(goods.checked()),
            },
            accounts=logins.accounts,
            provider=logins.provider,
            devices=devices,
            units=units,
            refusals=book,
            certificates=certificates,
            cue=cue,
        )
        requests = Counter[str]()
        if arguments.login_port is not None:
            app.add_middleware(LoginsOf, port=arguments.login_port, requested=partial(requests.update, ("requests",)))
        stack.enter_context(serving(app, listening, tls))
        say(ready=True, streams=0)
        collected = CollectionRecord(
            access_log, stack.enter_context(closing(Reader(folder / "store.db"))), clock.now_ns
        )
        refused = RefusalAudit(access_log, book, clock.now_ns, time.monotonic)
        _follow(told, ground, stop, collected, refused, lambda: {"streams": app.state.hub.clients, **requests})
    return 0


def _cue(
    chosen: Settings,
    arguments: argparse.Namespace,
    layout: Mapping[str, Any],
    actions: ActionSender,
    clock: ScenarioClock,
    stop: threading.Event,
    stack: ExitStack,
) -> CueDesk | None:
    """Start the desk of cueing; None where no camera can be turned."""
    folder: Path = arguments.folder
    settings = chosen.cue
    simulated = not settings.cameras and bool(arguments.turn)
    if simulated:
        answer_s = min(settings.answer_s * max(clock.rate, 1.0), 86_400.0)  # stills are rendered in real time
        settings = replace(
            settings, cameras=tuple(arguments.turn), automatic=settings.automatic or SIMULATED_RULE, answer_s=answer_s
        )  # fmt: skip
    if not settings.cameras:
        return None
    from ops.services.cue.desk import CURRENT_S, CueDesk
    from ops.services.cue.drivers import CameraDriver, CameraDrivers, SapientDriver
    from ops.services.cue.ground import CameraGrounds
    from ops.services.cue.survey_process import surveyed

    reader = IncidentReader(folder / "store.db")
    stack.callback(reader.close)
    if not simulated:  # a simulation has surveyed its ground
        stack.enter_context(surveyed(folder, arguments.sector, arguments.layout, settings.cameras))
    drivers: list[CameraDriver] = []
    if settings.onvif:
        try:
            from ops.services.cue.onvif.driver import OnvifDriver
        except ImportError as error:  # the rest works without it
            logger.warning("Cameras of [cue.onvif] do not turn: %s; pip install 'watchline[onvif]'", error)
        else:
            onvif = OnvifDriver(settings, chosen.media, now_ns=clock.now_ns)
            stack.callback(onvif.close)
            drivers.append(onvif)
    desk = CueDesk(
        settings, layout, reader, CameraDrivers([*drivers, SapientDriver(folder)]), actions,
        now_ns=clock.now_ns, current_s=CURRENT_S * clock.rate, sight=CameraGrounds(folder).sight,
    )  # fmt: skip
    thread = threading.Thread(target=desk.run, args=(stop,), name="cue", daemon=True)
    thread.start()
    stack.callback(thread.join, 5.0)
    return desk


def _exchange(settings: Settings, arguments: argparse.Namespace) -> ExchangeFiles:
    """The files of the exchange with partners. A demonstration shares nothing: its records are not real."""
    stated = settings.exchange
    if arguments.demo or not stated.agreements:
        return ExchangeFiles()
    identity = Path(stated.identity) if stated.identity else None
    return ExchangeFiles(Path(stated.agreements), identity, arguments.settings, arguments.layout)


def _cap(settings: Settings, arguments: argparse.Namespace, known: Mapping[str, Any]) -> CapService:
    """The issuer of CAP documents and their signature."""
    title, language = str(known["ground"].get("title") or ""), known["language"]
    issuer = issuer_of(settings.feeds.cap, arguments.sector_id, title=title, exercise=arguments.demo, language=language)
    return CapService(issuer, FeedSignature())


def _witness(settings: Settings, arguments: argparse.Namespace) -> Path | None:
    """The folder of the witness copy; in the centre of a cluster, whose sectors share settings, the sector's own."""
    if not settings.audit.witness:
        return None
    return Path(settings.audit.witness, *([] if arguments.login_port is None else [arguments.sector_id]))


def _register(log: AuditLog) -> None:
    """Enter the public key of the audit log into the register of keys, so that it is known apart from the log."""
    folder = os.environ.get(IDENTITY_VARIABLE)
    if not folder or not (Path(folder) / REGISTER).exists():
        return
    identities = IdentityFolder(Path(folder))
    record = record_of("audit", "audit-log", log.signer.public, valid_from=datetime.now(UTC), valid_until=None)
    if record.public not in {known.public for known in identities.register().records}:
        try:
            identities.add(record)
        except IdentityError as error:
            logger.warning("The key of the audit log is not in the register: %s", error)


def _follow(
    told: ToldByRoom,
    ground: MapProcess,
    stop: threading.Event,
    collected: CollectionRecord,
    refused: RefusalAudit,
    uses: Callable[[], dict[str, int]],
) -> None:
    """Start and end the map process as the room requires, record what is collected and refused, and report how many
    streams are open, and in the centre of a cluster how many requests there were, until ``stop``."""
    wanted: bool | None = None
    reported = {"streams": 0}
    while not stop.wait(LOOK_EVERY_S):
        if (now := uses()) != reported:
            reported = now
            say(**now)
        collected.look()
        refused.look()
        if told.map_wanted != wanted:
            wanted = told.map_wanted
            if wanted:
                ground.start()
            else:
                ground.stop()
    collected.look(ending=True)
    refused.look(ending=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.services.api.process", description=__doc__.splitlines()[0])
    parser.add_argument("--listen-fd", type=int, required=True, help="descriptor of the listening socket")
    parser.add_argument("--folder", type=Path, required=True, help="folder of the journal and the store")
    parser.add_argument("--sector", required=True, help="sector file")
    parser.add_argument("--sector-id", required=True, help="the sector's name in topics")
    parser.add_argument("--layout", required=True, help="layout name or file")
    parser.add_argument("--settings", type=Path, help="settings file")
    parser.add_argument("--operator", help="name of the local person, where there are no accounts")
    parser.add_argument("--accounts", type=Path, help="folder of the accounts, if they are those of another server")
    parser.add_argument("--login-port", type=int, help="port of the server whose logins count here too")
    parser.add_argument("--turn", action="append", metavar="CAMERA", help="a simulated camera that turns")
    Tls.add_arguments(parser)
    parser.add_argument("--demo", action="store_true", help="mark the page as a simulation")
    ScenarioClock.add_arguments(parser)
    return parser


def main() -> int:
    """Entry point of the process."""
    told = ToldByRoom()
    return child_main(lambda arguments, stop: run(arguments, stop, told), _parser().parse_args(), hear=told.hear)


if __name__ == "__main__":
    raise SystemExit(main())
