"""The ingest process: broker → journal → acknowledgement, and one clock tick per second.

``python -m ops.services.ingest.process``
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import msgspec

from geo.errors import WatchlineError
from ingest.envelope import Delivery, counter
from ingest.errors import IdentityError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.connection import ConnectionSettings
from ingest.mqtt.subscriber import Subscriber
from ingest.receiving.batch import Batch
from ingest.receiving.plausibility import Plausibility
from ingest.receiving.quarantine import Quarantine, QuarantineRecord, bucket_owner
from ingest.receiving.receiver import Guards, Receiver, ReceiverSettings
from ingest.receiving.subscriptions import Subscriptions
from ingest.security.authentication import ROLE_OF, Authenticator
from ingest.security.key_register import Identity, TlsFiles
from ingest.topics import sensor_topic, unit_filter
from ingest.wire import encode_ack
from ops.audit.day_keys import DayKeys
from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import (
    IDENTITY_VARIABLE,
    INGEST,
    INGEST_UNITS,
    identity_of,
    sensor_names,
    signatures_of_environment,
)
from ops.journal.decode_row import learn
from ops.journal.events import CLOCK, DISK, QUARANTINE, ClockJump, CutOff, DiskState
from ops.journal.reader import JournalBusy, JournalFull
from ops.journal.resubmission import ReplayFolder, carry_out
from ops.journal.stores.protocol import WritableJournal
from ops.journal.writer import Journal
from ops.postgres.address import STORE_VARIABLE
from ops.runtime.clock import ScenarioClock
from ops.runtime.processes.child_process import say, sign_of_life, stop_when_parent_ends
from ops.services.ingest.disk_reserve import DiskSettings, DiskWatch
from ops.services.ingest.intake import Intake
from ops.services.ingest.mute_events import MuteEvents
from ops.services.ingest.revocations import Revocations
from ops.services.ingest.steady_clock import SteadyClock
from sensors.timestamps import SECOND_NS

MARKS_EVERY_S: Final = 0.05
CHECK_EVERY_S: Final = 1.0
LOOK_EVERY_S: Final = 0.5
"""Interval between checks of the disk and the host clock."""
TOLD_ROWS: Final = 200_000
"""Number of newest rows from which a restarted ingest restores the decoding context of sensors that use another
standard than Watchline's JSON."""


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """Options of the ingest process. ``identities``: the folder with the key register, if any.

    ``units_tls``: the certificate of the connection for units' messages, different from that for sensors' messages.
    ``layout``: the layout for plausibility checks of sensors' reports; None disables the checks.
    """

    sector: str
    settings: ReceiverSettings = field(default_factory=ReceiverSettings)
    wait_s: float = 10.0
    keepalive_s: int = 10
    identity: Identity = field(default_factory=Identity)
    units_tls: TlsFiles | None = None
    identities: Path | None = None
    signatures_required: bool = False
    layout: Path | None = None
    disk: DiskSettings = field(default_factory=DiskSettings)


class Ingest:
    """Ingest of one sector from a broker into a journal. ``run`` runs on one thread until it is asked to stop."""

    def __init__(
        self, url: BrokerUrl, journal: WritableJournal, path: Path, clock: ScenarioClock, options: IngestOptions
    ) -> None:
        """Prepare ingest. ``path``: of the journal, or, if it is in PostgreSQL, of what ingest keeps beside it."""
        sector = options.sector
        self._journal, self._options = journal, options
        self._clock = SteadyClock(clock.now_ns, clock.rate)
        self._disk = DiskWatch(path.parent, options.disk)
        self._wake = threading.Condition()
        self._layout_names = None if options.layout is None else frozenset(sensor_names(options.layout))
        self._trust: Authenticator | None = None
        self._subscriptions = Subscriptions(sector, self._known_sensors(), is_stranger=self._is_stranger)
        self._subscriber = self._subscribe(url, "ingest", self._subscriptions.filters, options.identity.tls)
        self._units = self._subscribe(
            url, "ingest-units", [unit_filter(sector, channel) for channel in ("position", "reply")], options.units_tls
        )
        self._revocations = None
        if options.identities is not None:
            self._revocations = Revocations(options.identities, journal)
            self._trust = Authenticator(
                self._revocations.register, required=options.signatures_required, recall_boot=journal.recall_boot
            )
            self._subscriptions.know(self._revocations.register.names("sensor"))
        self._quarantine = Quarantine(pooled=self._is_stranger)
        self._mutes = MuteEvents(path.parent, journal)
        self._quarantine.muted = self._mutes.in_force
        journal.is_known = lambda name: not self._is_stranger(name)
        plausible = None if options.layout is None else _plausibility(options.layout)
        self._receiver = Receiver(
            sector,
            commit=journal.commit,
            acknowledge=self._subscriber.acknowledge,
            recall=journal.recall,
            settings=options.settings,
            guards=Guards(self._trust, self._quarantine, plausible, None if plausible is None else plausible.status),
        )
        for row in journal.foreign_status(TOLD_ROWS):
            learn(row, self._receiver.sensor_contexts)
        self._sensor_intake = Intake(self._subscriber, self._receiver, self._correct_times)
        self._unit_intake = Intake(self._units, self._receiver, self._correct_times)
        self._replays = ReplayFolder(path)
        self._problem: str | None = None
        self._in_file = isinstance(journal, Journal)
        self._store_full: str | None = None
        """The refusal of a store on another machine whose disk is full, until it accepts a tick again."""
        self._store_busy: str | None = None
        """The lock that stopped the last write, until a tick is written again."""
        disk_state = journal.last_of_kind(DISK).get("")  # possibly from a process that was killed on a full disk
        self._recorded_full = disk_state is not None and msgspec.json.decode(disk_state, type=DiskState).full
        self._jumps: list[ClockJump] = []
        self._quarantined: list[QuarantineRecord] = []
        self._boot, self._seq = clock.now_ns() // SECOND_NS, 0

    def _known_sensors(self) -> list[str]:
        """Sensors of the layout, and those with a key that have journaled messages."""
        heard = [name for name, count in self._journal.counts().items() if name and count.journaled]
        return [name for name in heard if not self._is_stranger(name)] + sorted(self._layout_names or ())

    def _subscribe(self, url: BrokerUrl, name: str, filters: Sequence[str], tls: TlsFiles | None) -> Subscriber:
        return Subscriber(
            url,
            client_id=f"watchline-{self._options.sector}-{name}",
            filters=filters,
            now_ns=self._clock.stamp_ns,
            connection=ConnectionSettings(self._options.keepalive_s, tls=tls, yields=True),
            wake=self._wake,
        )

    def run(self, stopping: threading.Event) -> None:
        """Ingest until ``stopping``. JournalError if the disk fails; only written messages have been acknowledged."""
        self._units.start(timeout_s=self._options.wait_s)  # first: calls for help do not wait behind a backlog of scans
        try:
            self._subscriber.start(timeout_s=self._options.wait_s)
            self._subscriber.listen(self._subscriptions.filters, instead_of=self._subscriptions.names())
            say(ready=True)
            self._run(stopping)
        finally:
            self._subscriber.stop()
            self._units.stop()
            self._disk.release()

    def _run(self, stopping: threading.Event) -> None:
        next_tick_ns = self._clock.now_ns()
        marks_s = time.monotonic()
        check_s = look_s = marks_s - CHECK_EVERY_S
        while not stopping.is_set():
            now_s = time.monotonic()
            if now_s - look_s >= LOOK_EVERY_S:
                look_s = now_s
                sign_of_life()
                self._check_machine()
            try:
                self._take()
                now_ns, now_s = self._clock.now_ns(), time.monotonic()
                if not next_tick_ns - SECOND_NS <= now_ns < next_tick_ns:  # due, or the clock was set back
                    self._journal.tick(now_ns)
                    self._store_full = self._store_busy = None
                    next_tick_ns = now_ns + SECOND_NS
                if now_s - marks_s >= MARKS_EVERY_S and self._publish_marks():
                    marks_s = now_s
                if now_s - check_s >= CHECK_EVERY_S:
                    check_s = now_s
                    self._check(now_ns)
            except JournalFull as error:
                self._disk.fill()
                self._store_full = None if self._in_file else f"DISK_FULL: {error}"
                self._say_problem()
                stopping.wait(MARKS_EVERY_S)
            except JournalBusy as error:  # the same messages are written next
                self._store_busy = str(error)
                self._say_problem()
                stopping.wait(MARKS_EVERY_S)
        self._publish_marks()

    def _take(self) -> None:
        """Take units' messages first; sensors' messages wait unacknowledged while the disk is full."""
        self._unit_intake.take(wait_s=0.0)
        if self._disk.full:
            with self._wake:
                self._wake.wait(MARKS_EVERY_S)
            return
        batch = self._sensor_intake.take(wait_s=MARKS_EVERY_S)
        if batch is not None:
            self._clear_revoked(batch)
            if self._subscriptions.note(batch, self._quarantine.held):
                self._subscriber.listen(self._subscriptions.filters)

    def _correct_times(self, deliveries: list[Delivery]) -> list[Delivery]:
        """Deliveries with receipt times corrected for a step of the host clock, determined from the senders' times."""
        if not deliveries:
            return deliveries
        clock = self._clock
        self._note_jump(clock.check())
        for delivery in deliveries if clock.jump_ns else deliveries[-1:]:
            sent_ns = counter(dict(delivery.user_properties).get("sent"), largest=2**63 - 1)
            if sent_ns is not None:
                clock.witness(delivery.topic.rpartition("/")[0], sent_ns, delivery.received_ns + clock.moved_ns)
        if clock.jump_ns:
            self._note_jump(clock.check())
        if not clock.moved_ns:
            return deliveries
        return [replace(delivery, received_ns=delivery.received_ns + clock.moved_ns) for delivery in deliveries]

    def _note_jump(self, jump: ClockJump | None) -> None:
        if jump is not None:
            self._jumps.append(jump)

    def _check_machine(self) -> None:
        """Check the disk and the host clock, twice per second, and journal changes."""
        if self._store_full is None:
            self._disk.check()
        self._note_jump(self._clock.check())
        now_ns = self._clock.now_ns()
        try:
            while self._jumps:
                self._journal.append(CLOCK, "", now_ns, msgspec.json.encode(self._jumps[0]))
                del self._jumps[0]
            if self._disk.full != self._recorded_full:
                body = msgspec.json.encode(DiskState(self._disk.full, self._disk.free_bytes))
                self._journal.append(DISK, "", now_ns, body)
                self._recorded_full = self._disk.full
        except JournalFull:
            self._disk.fill()
        except JournalBusy as error:  # the changes are journaled at the next look
            self._store_busy = str(error)
        self._say_problem()

    def _check(self, now_ns: int) -> None:
        """Check the connection, quarantine and revoked keys, every second."""
        self._subscriber.check()
        self._units.check()
        self._quarantine.muted = self._mutes.check(now_ns)
        self._quarantine.release(now_ns)
        if self._subscriptions.update(self._quarantine.held, any_held=self._quarantine.holds):
            self._subscriber.listen(self._subscriptions.filters)
        self._quarantined += self._quarantine.take_events()
        while self._quarantined:
            held = self._quarantined[0]
            event = CutOff(held.proven, held.until_ns, held.shed)
            self._journal.append(QUARANTINE, held.source, now_ns, msgspec.json.encode(event))
            del self._quarantined[0]
            say(quarantine={"source": held.source, **msgspec.to_builtins(event)})
        if not self._disk.full:
            carry_out(self._replays, self._journal, self._receiver.handle, now_ns)
        if self._revocations is not None and self._trust is not None:
            for source in self._revocations.check(now_ns):
                say(revoked=source)
                self._clear(source)
            if self._trust.register is not self._revocations.register:
                self._trust.register = self._revocations.register
                self._subscriptions.know(self._trust.register.names("sensor"))
        self._say_problem()

    def _say_problem(self) -> None:
        """Report the most severe problem as one sentence, when it has changed."""
        problem = self._store_busy or self._subscriber.problem or self._units.problem
        if self._disk.full:
            problem = f"DISK_FULL: {self._disk.free_bytes / 1e6:.1f} MB left; sensors' messages wait at their senders"
            problem = self._problem if (self._problem or "").startswith("DISK_FULL") else self._store_full or problem
        elif problem is None and self._revocations is not None:
            problem = self._revocations.problem
        if problem != self._problem:
            self._problem = problem
            say(problem=problem)

    def _is_stranger(self, source: str) -> bool:
        """Whether anyone can use this name: it has no key, and either needs one or is not a sensor of the layout.

        All such names share one limit. Without a layout no sensor is a stranger. A unit is one only where signatures
        are required, because it is in no layout and may call for help.
        """
        name, is_unit = bucket_owner(source)
        if self._trust is not None and any(self._trust.register.has(role, name) for role in set(ROLE_OF.values())):
            return False
        if self._trust is not None and self._options.signatures_required:
            return True
        return not is_unit and self._layout_names is not None and name not in self._layout_names

    def _clear_revoked(self, batch: Batch) -> None:
        """Remove retained messages of revoked sensors, such as their last will, from their topics."""
        for dead in batch.dead_letters:
            if dead.code == "key_revoked" and dead.kind == "status":
                self._clear(dead.sensor)

    def _clear(self, sensor: str) -> None:
        for channel in ("status", "ack"):
            topic = sensor_topic(self._options.sector, sensor, channel)
            self._receiver.removals[topic] += channel == "status"
            self._subscriber.publish(topic, b"", retain=True)

    def _publish_marks(self) -> bool:
        """Publish high-water marks to the senders, with what was refused for its numbers; False when there are none."""
        refused = self._journal.take_refused()
        marks: dict[tuple[str, int], int] = {}
        for mark in self._receiver.take_marks():
            conflict = refused.get((mark.sensor, mark.boot)) == "conflict"  # then the mark is of other messages
            marks[mark.sensor, mark.boot] = min(mark.seq, mark.newest) if conflict else mark.seq
        for sensor in {sensor for (sensor, _), code in refused.items() if code == "rollback"}:
            boot, seq = self._journal.highest_boot(sensor)  # informs a sender with a new spool
            marks.setdefault((sensor, boot), seq)
        for (sensor, boot), seq in marks.items():
            conflict = refused.get((sensor, boot)) == "conflict"
            topic, payload = sensor_topic(self._options.sector, sensor, "ack"), encode_ack(boot, seq, conflict=conflict)
            properties = self._signed_properties(topic, payload)
            self._subscriber.publish(topic, payload, user_properties=properties, retain=True)
        return bool(marks)

    def _signed_properties(self, topic: str, payload: bytes) -> list[tuple[str, str]]:
        """The properties of an acknowledgement: when it is sent, and with a key its numbers and the signature."""
        signer, sent = self._options.identity.signer, self._clock.now_ns()
        if signer is None:
            return [("sent", str(sent))]
        self._seq += 1
        numbers = {"boot": self._boot, "seq": self._seq, "by_boot": self._boot, "sent": sent}
        user_properties = [(name, str(value)) for name, value in numbers.items()]
        return signer.sign(topic, "application/json", user_properties, payload)


def _plausibility(layout: Path) -> Plausibility:
    """Plausibility limits for the sensors of a layout file. LayoutError if the file cannot be used."""
    from ops.sector.layouts.file import layout_of
    from sensors.errors import LayoutError

    sensors = layout_of(layout).sensors
    if not sensors:
        raise LayoutError("cannot be read", where=layout.name, expected="a layout with sensors")
    return Plausibility.of(sensors)


def _units_tls(identity: Identity) -> TlsFiles | None:
    """The certificate of the second connection. IdentityError if the first has one but the second does not."""
    if identity.tls is None or identity.tls.certificate is None:
        return identity.tls
    tls = identity_of(INGEST_UNITS).tls
    if tls is None or tls.certificate is None:
        raise IdentityError(
            "has no certificate",
            where=f"identities/{INGEST_UNITS}",
            expected="one: run `watchline broker config` again",
        )
    return tls


def _seconds(text: str) -> int:
    seconds = int(text)
    if not 1 <= seconds <= 65_535:
        raise argparse.ArgumentTypeError("expected 1 to 65535 seconds")
    return seconds


def _megabytes(text: str) -> float:
    megabytes = float(text)
    if not 0 <= megabytes <= 1e6:
        raise argparse.ArgumentTypeError("expected 0 to 1000000 megabytes")
    return megabytes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line. Exit code 0 when asked to stop, 1 with one sentence on stderr after a failure."""
    parser = argparse.ArgumentParser(prog="python -m ops.services.ingest.process", description=__doc__)
    parser.add_argument("--broker", help=f"mqtt://user:password@host:port; better in the variable {URL_VARIABLE}")
    parser.add_argument("--sector", required=True, help="name of the sector in the topics")
    parser.add_argument("--journal", required=True, type=Path, help="SQLite file; created when missing")
    parser.add_argument(
        "--in-store",
        action="store_true",
        help=f"write to the store in PostgreSQL that the variable {STORE_VARIABLE} names, not to the file",
    )
    parser.add_argument("--layout", type=Path, help="flag reports that cannot be true of these sensors")
    parser.add_argument("--future-s", type=float, default=0.5, help="refuse what is dated further ahead (default 0.5)")
    parser.add_argument("--late-s", type=float, default=60.0, help="treat older scans as late (default 60)")
    parser.add_argument("--backfill-s", type=float, default=86_400.0, help="refuse what is older (default a day)")
    parser.add_argument("--reserve-mb", type=_megabytes, default=64.0, help="room on the disk kept back for alerts")
    parser.add_argument("--wait-s", type=float, default=10.0, help="how long a broker may take to answer at the start")
    parser.add_argument("--keepalive-s", type=_seconds, default=10, help="a dead broker is noticed in 1.5 times this")
    parser.add_argument("--encrypted", action="store_true", help="encrypt personal data under a key for each day")
    parser.add_argument("--fence", type=int, help="number of the lease under which to write")
    ScenarioClock.add_arguments(parser)
    options = parser.parse_args(arguments)
    stopping = threading.Event()
    stop_when_parent_ends(stopping.set)
    try:
        url = BrokerUrl.parse(options.broker or os.environ.get(URL_VARIABLE, ""))
        _run(url, options, stopping)
    except WatchlineError as error:
        print(error, file=sys.stderr, flush=True)
        say(problem=str(error))
        return 1
    return 0


def _run(url: BrokerUrl, options: argparse.Namespace, stopping: threading.Event) -> None:
    folder, identity = os.environ.get(IDENTITY_VARIABLE), identity_of(INGEST)
    ingest_options = IngestOptions(
        options.sector,
        ReceiverSettings(options.future_s, late_s=options.late_s, backfill_s=options.backfill_s),
        options.wait_s,
        options.keepalive_s,
        identity,
        _units_tls(identity),
        Path(folder) if folder else None,
        signatures_of_environment() == "required",
        options.layout,
        DiskSettings(round(options.reserve_mb * 1e6)),
    )
    journal = _journal(options)
    try:
        Ingest(url, journal, options.journal, ScenarioClock.from_arguments(options), ingest_options).run(stopping)
    finally:
        journal.close()


def _journal(options: argparse.Namespace) -> WritableJournal:
    """Open the journal for writing: the file, or the sector's in the store that the environment names."""
    if not options.in_store:
        return Journal(options.journal, encrypted=options.encrypted, fence=options.fence)
    from ops.journal.stores.open_store import open_store

    keys = DayKeys.beside(options.journal) if options.encrypted else None
    return open_store(os.environ.get(STORE_VARIABLE, ""), options.sector, keys=keys, fence=options.fence)


if __name__ == "__main__":
    sys.exit(main())
