"""An operations room on one machine: broker, feeds, fusion, ingest and API as processes, started in this order."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from geo.errors import WatchlineError
from geo.message import Message
from ingest.mqtt.broker_url import BrokerUrl
from ingest.security.key_register import Identity
from ops.accounts.stores.place import keep_accounts_in_file, keep_accounts_in_store
from ops.audit.stores.place import keep_audit_in_files, keep_audit_in_store
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker
from ops.broker.identities import (
    IDENTITY_VARIABLE,
    SIGNATURES_VARIABLE,
    UNIT,
    IdentityFolder,
    Name,
    Signatures,
    sensor_names,
)
from ops.broker.reachable import wait_until_reachable
from ops.governance.demonstration import MARK
from ops.journal.stores.place import keep_in_file, keep_in_store, read_journal
from ops.postgres.address import STORE_VARIABLE
from ops.postgres.note import note_path
from ops.room.supervision import Supervision
from ops.runtime.clock import ScenarioClock
from ops.runtime.files.lock import lock_file
from ops.runtime.output import write_private
from ops.runtime.processes.child_process import Child, proportional_set_size_mb
from ops.sector.sector_file import load_sector
from ops.sector.settings import account_settings, load_settings
from ops.services.api.serving.endpoint import Endpoint
from ops.services.feeds.ledger import mark_deliveries
from ops.store.connections import StoreError
from ops.store.engines.place import keep_fusion_in_file, keep_fusion_in_store
from ops.store.reader import Reader

if TYPE_CHECKING:
    from ops.runtime.processes.spare_process import SpareProcesses
    from ops.services.api.serving.tls import Tls

RoomPart = TypeVar("RoomPart")

START_TIMEOUT_S: Final = 300.0
"""Time in which a part must be ready; on a busy or slow machine it may take minutes."""
REASON_S: Final = 60.0
"""Ingest, which waits for its broker ``START_TIMEOUT_S``, has this time besides to start and to say why it failed."""
BROKER_ANSWERS_S: Final = 10.0
"""Time in which an external broker must be there before anything is started."""
_OWN_FILES: Final = (
    "journal.db", "store.db", "actions.db", "field.db", "field-spool.db", "truth.npz", "night.jsonl", "night.started",
    "sensors.json", "positions.jsonl", "feeds.db", "cot.db", "cot-spool.db", "refusals.db", "refusals.db.damaged",
    "store.latency.npy", "broker.url", "media.db", "stills.jsonl", "sapient.db",
)  # fmt: skip
_CHILDREN: Final = (
    "api", "broker", "cameras", "feeds", "fusion", "ingest", "map", "media", "sapient", "simulate_night", "simulator",
)  # fmt: skip
DEMO_MARK: Final = MARK
BROKER_URL: Final = "broker.url"
"""File with the address and password of an embedded broker, for adapters and field units on this machine."""
DEMO_OPERATOR: Final = "Demo operator"
"""Name of the person that everyone on this computer is in a demonstration."""


class RoomError(WatchlineError):
    """A room that cannot be opened."""


@dataclass(frozen=True, slots=True)
class SapientEndpoints:
    """HOST:PORT of a SAPIENT middleware to connect to, and of a listener for SAPIENT nodes; either may be None."""

    dial: str | None = None
    listen: str | None = None


@dataclass(frozen=True, slots=True)
class RoomOptions:
    """Sector, data folder, broker, keys and web server of a room. ``broker`` None: an embedded one.
    ``local_operator``: name of the one local person; None: people log in with accounts, in ``accounts.db``.

    ``fresh`` first removes an earlier demonstration from the folder. ``identity`` is the folder of keys; with an
    embedded broker, None creates one in ``folder``. ``signatures`` None means required with an embedded broker, which
    has no topic rights, and optional with another broker; a source with a registered key must then use it. ``sapient``
    None: no SAPIENT fusion node. ``encrypted``: personal data in journal and store are encrypted under a key for each
    day, so that they can be erased. ``simulated_units``: units of a demonstration, which get keys too. ``fence``:
    number of the lease under which the room's processes write (``ops.runtime.files.fence``). ``overload_s``: fusion
    thins a backlog of more seconds. ``store``: address of a store in PostgreSQL for journal and fusion store; None:
    files. ``layers``: positions are also kept there as points, unencrypted (``ops.postgres.layers``).
    ``drop``: folder of simulated pictures, in place of that of the settings. ``turning``: simulated cameras that turn,
    where the settings name none.
    """

    sector: str
    sector_id: str
    layout: str
    folder: Path
    broker: BrokerUrl | None = None
    settings: Path | None = None
    endpoint: Endpoint = field(default_factory=Endpoint)
    local_operator: str | None = None
    clock: ScenarioClock = field(default_factory=ScenarioClock.live)
    fresh: bool = False
    identity: Path | None = None
    signatures: Signatures | None = None
    sapient: SapientEndpoints | None = None
    encrypted: bool = False
    simulated_units: tuple[str, ...] = ()
    fence: int | None = None
    overload_s: float | None = None
    store: str | None = None
    layers: bool = False
    drop: Path | None = None
    turning: tuple[str, ...] = ()

    @property
    def writing(self) -> list[str]:
        """Arguments of the two processes that write journal and store."""
        return [
            *(["--encrypted"] if self.encrypted else []),
            *([] if self.fence is None else [f"--fence={self.fence}"]),
        ]


class Room:
    """Opens on entry and closes on exit: senders first, then ingest, then fusion, then the feeds, then the
    broker.

    Every process may be killed and restarted; everything it had acknowledged or published is kept.
    """

    def __init__(self, options: RoomOptions, *, spares: SpareProcesses | None = None) -> None:
        """``spares``: processes that were started ahead for the parts of this room."""
        self.options, self._spares = options, spares
        self.journal_path = options.folder / "journal.db"
        self.store_path = options.folder / "store.db"
        self.reader = Reader(self.store_path)
        self.ingest: Child
        self.feeds: Child
        self.fusion: Child
        self.api: Child
        self.sapient: Child | None = None
        self.media: Child | None = None
        self.children: list[Child] = []
        self._supervision = Supervision()
        self._told_parts: dict[str, Message | None] = {}
        self.address: str | None = None
        self.tls: Tls | None = None
        self.identity = options.identity
        self.signatures: Signatures = options.signatures or ("required" if options.broker is None else "optional")
        self._broker: EmbeddedBroker | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def url(self) -> BrokerUrl:
        """Return the broker's address, with its credentials."""
        if self.options.broker is not None:
            return self.options.broker
        assert self._broker is not None
        return self._broker.url

    def _open(self) -> None:
        options = self.options
        options.folder.mkdir(parents=True, exist_ok=True)
        self._stack.enter_context(locked(options.folder))
        self._check_broker_and_port()
        if options.fresh:
            clear(options.folder, options.sector_id)
        if options.store is None:
            keep_in_file(self.journal_path)
            keep_fusion_in_file(self.store_path)
            keep_audit_in_files(options.folder)
            keep_accounts_in_file(options.folder)
        else:
            keep_in_store(self.journal_path, options.store, options.sector_id, fence=options.fence)
            keep_fusion_in_store(
                self.store_path, options.store, options.sector_id, layers=options.layers, fence=options.fence
            )
            keep_audit_in_store(options.folder, options.store, options.sector_id)
            keep_accounts_in_store(options.folder, options.store, options.sector_id)
            self._check_store()
        if options.broker is None:
            if self.signatures != "required":
                raise RoomError(
                    f"{options.sector}: signatures = 'optional' with the embedded broker, which has no topic rights:"
                    " any client can publish under any name; expected 'required', or a broker with an ACL (--broker)."
                )
            self._broker = self._stack.enter_context(
                EmbeddedBroker(folder=options.folder / "logs", sector=options.sector_id)
            )
            write_private(options.folder / BROKER_URL, f"{self._broker.url.text}\n".encode())
            self._prepare_identity()
            self._supervision.add(self._broker.child, ends_silent=True)
        self._stack.callback(self.reader.close)
        # what was delivered after the end of fusion
        self._stack.callback(mark_deliveries, self.store_path, fence=options.fence)
        sector = load_sector(options.sector)
        self.feeds = self.start(
            "feeds",
            "ops.services.feeds.process",
            f"--time-zone={load_sector(options.sector).time_zone}",
            f"--store={self.store_path}",
            f"--sector-id={options.sector_id}",
            f"--title={sector.title or sector.name}",
            *(["--demo"] if options.fresh else []),
            *([] if sector.language is None else [f"--language={sector.language}"]),
            *options.clock.arguments(),
            *([] if options.settings is None else [f"--settings={options.settings}"]),
            timeout_s=10.0,
        )
        self._supervision.add(self.feeds, ends_silent=True)
        self.fusion = self.start(
            "fusion",
            "ops.services.fusion.process",
            f"--journal={self.journal_path}",
            f"--store={self.store_path}",
            f"--sector={options.sector}",
            f"--sector-id={options.sector_id}",
            f"--layout={options.layout}",
            *options.writing,
            *([] if options.overload_s is None else [f"--overload-s={options.overload_s}"]),
            *options.clock.arguments(),
            *([] if options.settings is None else [f"--settings={options.settings}"]),
            timeout_s=10.0,
        )
        self._supervision.add(self.fusion)

    def _check_broker_and_port(self) -> None:
        """Raise BrokerError or BadInput before any process is started, rather than when all of them are ready."""
        if self.options.broker is not None:
            wait_until_reachable(self.options.broker, timeout_s=BROKER_ANSWERS_S)
        self.options.endpoint.check()

    def _check_store(self) -> None:
        """Raise RoomError if fusion has taken more rows than the journal has: it would leave out the next ones."""
        with read_journal(self.journal_path, self.options.store) as journal:
            last = journal.last_id()
        if self.cursor() > last:
            raise RoomError(
                f"{self.store_path}: goes up to journal row {self.cursor()}, but the journal in PostgreSQL has {last};"
                " expected the journal from which it was computed, or no store."
            )

    def _prepare_identity(self) -> None:
        """Create a key for every sensor and unit of this room without one."""
        options = self.options
        self.identity = options.identity or options.folder / "identity"
        prepare_identity(self.identity, Path(options.layout), options.settings, options.simulated_units)

    def identity_of(self, name: str) -> Identity:
        """Return the identity that signs under that name; empty where the room has no keys."""
        if self.identity is None or not IdentityFolder(self.identity).bundle(name).is_dir():
            return Identity()
        return IdentityFolder(self.identity).identity(name)

    def listen(self) -> None:
        """Start ingest; return when it listens and fusion reads. ChildFailed, with the end of its log, on failure.

        Separate from opening, because the journal's time begins here: from now on a sensor without data is offline.
        """
        self.ingest = self.start(
            "ingest",
            "ops.services.ingest.process",
            f"--sector={self.options.sector_id}",
            f"--journal={self.journal_path}",
            f"--layout={self.options.layout}",
            f"--wait-s={START_TIMEOUT_S}",
            *self.options.writing,
            *([] if self.options.store is None else ["--in-store"]),
            *self.options.clock.arguments(),
            timeout_s=10.0,
        )
        self._supervision.add(self.ingest)
        self.ingest.wait_for("ready", timeout_s=START_TIMEOUT_S + REASON_S)
        self.fusion.wait_for("ready", timeout_s=START_TIMEOUT_S)
        self.feeds.tell(
            border=self.fusion.wait_for("border", timeout_s=START_TIMEOUT_S),
            areas=self.fusion.wait_for("sector", timeout_s=START_TIMEOUT_S)["areas"],
        )
        if self.options.sapient is not None:
            self.open_sapient(self.options.sapient)
        if self.options.drop is not None or load_settings(self.options.settings).media.fetches:
            self._open_media()

    def open_sapient(self, endpoints: SapientEndpoints) -> None:
        """Start the SAPIENT fusion node; return when it connects or listens."""
        options = self.options
        self.sapient = self.start(
            "sapient",
            "ops.services.sapient.process",
            f"--sector-id={options.sector_id}",
            f"--layout={options.layout}",
            f"--folder={options.folder}",
            f"--store={self.store_path}",
            *([] if options.settings is None else [f"--settings={options.settings}"]),
            *([] if endpoints.dial is None else [f"--dial={endpoints.dial}"]),
            *([] if endpoints.listen is None else [f"--listen={endpoints.listen}"]),
            *options.clock.arguments(),
            timeout_s=10.0,
        )
        self._supervision.add(self.sapient)
        self.sapient.wait_for("ready", timeout_s=START_TIMEOUT_S)

    def _open_media(self) -> None:
        """Start the process that fetches the pictures to which sensors refer."""
        options = self.options
        self.media = self.start(
            "media",
            "ops.services.media.process",
            f"--folder={options.folder}",
            *([] if options.settings is None else [f"--settings={options.settings}"]),
            *([] if options.drop is None else [f"--drop={options.drop}"]),
            *(["--encrypted"] if options.encrypted else []),
            *options.clock.arguments(),
            timeout_s=10.0,
        )
        self._supervision.add(self.media)

    def start(self, name: str, module: str, *arguments: str, timeout_s: float, pass_fds: Sequence[int] = ()) -> Child:
        """Start a process of this room; it is stopped, within ``timeout_s``, when the room closes."""
        child = Child(
            name,
            module,
            arguments,
            log=self.options.folder / "logs" / f"{name}.log",
            secrets={
                URL_VARIABLE: self.url.text,
                IDENTITY_VARIABLE: "" if self.identity is None else str(self.identity),
                SIGNATURES_VARIABLE: self.signatures,
                **({} if self.options.store is None else {STORE_VARIABLE: self.options.store}),
            },
            pass_fds=pass_fds,
            spares=self._spares,
        )
        self.children.append(child)
        self._stack.callback(child.stop, timeout_s=timeout_s)
        return child

    def supervise(self, part: Child, *, wanted: bool = True) -> None:
        """Restart this process, too, whenever it ends; or no longer, because its end is expected."""
        if wanted:
            self._supervision.add(part)
        else:
            self._supervision.remove(part)

    def enter(self, part: AbstractContextManager[RoomPart]) -> RoomPart:
        """Enter a part that belongs to the room and closes with it."""
        return self._stack.enter_context(part)

    def serve(self) -> str:
        """Serve the API until the room closes; return its address. The room must be ready.

        The room keeps the listening socket, so the address stays when the API's process is started again.
        """
        options = self.options
        self.tls = options.endpoint.prepared_tls(
            options.folder / "tls", account_settings(load_settings(options.settings)).hosts
        )
        listening = options.endpoint.listen()
        self._stack.enter_context(listening)
        known = {
            "border": self.fusion.wait_for("border", timeout_s=START_TIMEOUT_S),
            "ground": self.fusion.wait_for("sector", timeout_s=START_TIMEOUT_S),
            "layout": self.fusion.wait_for("layout", timeout_s=START_TIMEOUT_S),
            "language": self.fusion.wait_for("language", timeout_s=START_TIMEOUT_S),
        }
        self.api = self.start(
            "api",
            "ops.services.api.process",
            f"--listen-fd={listening.fileno()}",
            f"--folder={options.folder}",
            f"--sector={options.sector}",
            f"--sector-id={options.sector_id}",
            f"--layout={options.layout}",
            *(["--demo"] if options.fresh else []),
            *([] if options.settings is None else [f"--settings={options.settings}"]),
            *([] if options.local_operator is None else [f"--operator={options.local_operator}"]),
            *(f"--turn={name}" for name in options.turning),
            *([] if self.tls is None else self.tls.arguments()),
            *options.clock.arguments(),
            timeout_s=10.0,
            pass_fds=[listening.fileno()],
        )
        self.api.tell(known=known, parts=_plain(self.parts()))
        self._supervision.add(self.api)
        self.api.wait_for("ready", timeout_s=START_TIMEOUT_S)
        self.address = options.endpoint.address(listening)
        return self.address

    def show_map(self, wanted: bool) -> None:
        """Start the map process now, in expectation of requests, or end it for good."""
        self.api.tell(map=wanted)

    def parts(self) -> dict[str, Message | None]:
        """Return why each process does not work, by name; None for one that does."""
        parts = dict(self._supervision.parts())
        parts.pop("api", None)  # if it did not answer, this would not be read
        return parts

    def restart_ended(self) -> list[Message]:
        """Restart processes that have ended; return a message for each, and for each new or resolved problem.

        To be called about every second (``ops.room.supervision``).
        """
        messages = self._supervision.look()
        parts = self.parts()
        if parts != self._told_parts and self.address is not None:
            self._told_parts = parts
            self.api.tell(parts=_plain(parts))
        return messages

    def failed(self) -> Message | None:
        """Return why a process does not work; None while all do."""
        return next((problem for problem in self._supervision.parts().values() if problem), None)

    def ended(self) -> Message | None:
        """Return why a process does not run; None while all do, whatever they report."""
        return self._supervision.ended

    def given_up(self) -> Message | None:
        """Return which process is not started again, and why; None while there is none."""
        return self._supervision.given_up

    def drain(self, timeout_s: float) -> bool:
        """Wait until fusion has processed everything that ingest journaled, and restart what ends meanwhile; False on
        timeout."""
        deadline = time.monotonic() + timeout_s
        journal = read_journal(self.journal_path, self.options.store)
        try:
            target = journal.last_id()
            while time.monotonic() < deadline:
                if self.cursor() >= target:
                    return True
                self.restart_ended()
                time.sleep(0.02)
        finally:
            journal.close()
        return False

    def settle(self, timeout_s: float) -> bool:
        """Wait, once ingest has stopped, until fusion has processed its journal and every alert has been delivered;
        False on timeout, or if fusion or the feeds have ended. An alert that is delivered later stays in the count of
        those that are not, because fusion keeps that count."""
        deadline = time.monotonic() + timeout_s
        journal = read_journal(self.journal_path, self.options.store)
        try:
            target = journal.last_id()
        finally:
            journal.close()
        while self.fusion.alive and self.feeds.alive and time.monotonic() < deadline:
            with suppress(StoreError):
                progress = self.reader.progress()
                if progress.cursor >= target and progress.outbox_waiting == 0:
                    return True
            time.sleep(0.02)
        return False

    def cursor(self) -> int:
        """Return the journal row up to which the store is complete."""
        try:
            return self.reader.progress().cursor
        except StoreError:
            return 0

    def memory_mb(self) -> float:
        """Return the memory of all processes of this room, including this process, in megabytes of PSS."""
        return proportional_set_size_mb([os.getpid()])


def prepare_identity(folder: Path, layout: Path, settings: Path | None, units: Iterable[str] = ()) -> None:
    """Create a key in ``folder`` for each sensor of a layout and each unit, of the settings or named, without one."""
    named = {UNIT, *load_settings(settings).units, *units}
    sensors = [Name("sensor", name) for name in sensor_names(layout)]
    IdentityFolder(folder).prepare([*sensors, *(Name("unit", unit) for unit in sorted(named))])


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock the folder; RoomError while another process has it open. The kernel releases the lock at process end."""
    lock = lock_file(folder / "room.lock")
    if lock is None:
        raise RoomError(f"{folder}: in use by another watchline; expected another folder.")
    try:
        yield
    finally:
        os.close(lock)


def clear(folder: Path, sector: str) -> None:
    """Prepare ``folder`` for a demonstration of a sector: remove only the files of an earlier demonstration.

    Raises RoomError for a folder with such files from another source: data of an installation are never removed.
    """
    mark = folder / DEMO_MARK
    own = [path for name in _OWN_FILES for path in folder.glob(f"{name}*")]
    if (own or note_path(folder / "journal.db").exists()) and not mark.exists():
        raise RoomError(f"{folder}: holds data that `watchline demo` did not write; expected another folder (--out).")
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text(f"{sector}\n", encoding="utf-8")
    patterns = [f"{name}*" for name in _OWN_FILES] + [
        "spool/*.db*",
        "media/*/*/*",
        "stills/*",
        "cue/*",
        *(f"logs/{name}.log" for name in _CHILDREN),
    ]
    for pattern in patterns:
        for path in folder.glob(pattern):
            path.unlink()


def _plain(parts: Mapping[str, Message | None]) -> dict[str, dict[str, Any] | None]:
    """Return the states of the parts as plain values for the API process."""
    return {name: None if state is None else state.as_dict() for name, state in parts.items()}
