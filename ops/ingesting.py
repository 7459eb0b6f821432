"""The ingest process: broker → journal → acknowledgement, and a clock tick a second. ``python -m ops.ingesting``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from geo.errors import BadInput, WatchlineError
from ingest.address import BrokerUrl
from ingest.batch import Batch
from ingest.identity import Identity
from ingest.mqtt import ConnectionSettings
from ingest.plausibility import Plausibility
from ingest.quarantine import Quarantine
from ingest.receive import Guards, Receiver, ReceiverSettings
from ingest.subscriber import Subscriber
from ingest.topics import sensor_filter, sensor_topic, unit_filter
from ingest.trust import ROLE_OF, Trust
from ingest.wire import encode_ack
from ops.broker import URL_VARIABLE
from ops.clock import ScenarioClock
from ops.identity import IDENTITY_VARIABLE, INGEST, identity_of, signatures_of_environment
from ops.journal import Journal
from ops.journaled import learn
from ops.processes import say, stop_when_parent_ends
from ops.replays import ReplayFolder, carry_out
from ops.revocation import Revocations

TICK_NS: Final = 1_000_000_000
MARKS_EVERY_S: Final = 0.05
CHECK_EVERY_S: Final = 1.0
TOLD_ROWS: Final = 200_000
"""A restarted ingest knows what sensors of other standards than our JSON said of themselves in so many newest rows."""


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """What ingest does not find out for itself. ``identities``: the folder whose register it goes by, if any.

    ``layout``: what the sensors' reports are held against; None = nothing is implausible.
    """

    sector: str
    settings: ReceiverSettings = field(default_factory=ReceiverSettings)
    wait_s: float = 10.0
    keepalive_s: int = 10
    identity: Identity = field(default_factory=Identity)
    identities: Path | None = None
    signatures_required: bool = False
    layout: Path | None = None


class Ingest:
    """One sector from a broker into a journal. ``run`` it on one thread until it is asked to stop."""

    def __init__(self, url: BrokerUrl, journal: Journal, clock: ScenarioClock, options: IngestOptions) -> None:
        sector = options.sector
        self._journal, self._clock, self._options = journal, clock, options
        self._subscriber = Subscriber(
            url,
            client_id=f"watchline-{sector}-ingest",
            filters=[
                sensor_filter(sector, "detections"),
                sensor_filter(sector, "status"),
                unit_filter(sector, "position"),
                unit_filter(sector, "reply"),
            ],
            now_ns=clock.now_ns,
            connection=ConnectionSettings(options.keepalive_s, tls=options.identity.tls),
        )
        self._revocations = None
        trust = None
        if options.identities is not None:
            self._revocations = Revocations(options.identities, journal)
            trust = Trust(
                self._revocations.register, required=options.signatures_required, recall_boot=journal.recall_boot
            )
        self._trust = trust
        self._quarantine = Quarantine(pooled=self._stranger)
        self._receiver = Receiver(
            sector,
            commit=journal.commit,
            acknowledge=self._subscriber.acknowledge,
            recall=journal.recall,
            settings=options.settings,
            guards=Guards(trust, self._quarantine, None if options.layout is None else _gate(options.layout)),
        )
        for row in journal.foreign_status(TOLD_ROWS):
            learn(row, self._receiver.told)
        self._replays = ReplayFolder(journal.path)
        self._problem: str | None = None
        self._boot, self._seq = clock.now_ns() // 1_000_000_000, 0

    def run(self, stopping: threading.Event) -> None:
        """Ingest until ``stopping``. JournalError when the disk fails: nothing unwritten was acknowledged."""
        self._subscriber.start(timeout_s=self._options.wait_s)
        say(ready=True)
        next_tick_ns = self._clock.now_ns()
        marks_s = time.monotonic()
        check_s = marks_s - CHECK_EVERY_S
        try:
            while not stopping.is_set():
                self._take()
                now_ns, now_s = self._clock.now_ns(), time.monotonic()
                if not next_tick_ns - TICK_NS <= now_ns < next_tick_ns:  # due, or the clock was set back
                    self._journal.tick(now_ns)
                    next_tick_ns = now_ns + TICK_NS
                if now_s - marks_s >= MARKS_EVERY_S and self._publish_marks():
                    marks_s = now_s
                if now_s - check_s >= CHECK_EVERY_S:
                    check_s = now_s
                    self._check(now_ns)
            self._publish_marks()
        finally:
            self._subscriber.stop()

    def _take(self) -> None:
        deliveries = self._subscriber.collect(wait_s=MARKS_EVERY_S)
        shed = self._subscriber.take_shed()
        if deliveries or shed:
            batch = self._receiver.handle(deliveries, shed)
            self._clear_revoked(batch)

    def _check(self, now_ns: int) -> None:
        """The look around, every second: the link, who was cut off, and which keys are no longer believed."""
        self._subscriber.check()
        for held in self._quarantine.take_events():
            say(
                quarantine={
                    "source": held.source,
                    "proven": held.proven,
                    "until_ns": held.until_ns,
                    "shed": held.shed,
                }
            )
        carry_out(self._replays, self._journal, self._receiver.handle, now_ns)
        problem = self._subscriber.problem
        if self._revocations is not None and self._trust is not None:
            for source in self._revocations.check(now_ns):
                say(revoked=source)
                self._clear(source)
            self._trust.register = self._revocations.register
            problem = problem or self._revocations.problem
        if problem != self._problem:
            self._problem = problem
            say(problem=problem)

    def _stranger(self, name: str) -> bool:
        """Whether this name has no key although it needs one: all strangers have one bucket together."""
        if self._trust is None or not self._options.signatures_required:
            return False
        return not any(self._trust.register.has(role, name) for role in set(ROLE_OF.values()))

    def _clear_revoked(self, batch: Batch) -> None:
        """A revoked sensor's last will, or whatever it may still publish, does not stay on its topic."""
        for dead in batch.dead_letters:
            if dead.code == "key_revoked" and dead.kind == "status":
                self._clear(dead.sensor)

    def _clear(self, sensor: str) -> None:
        for channel in ("status", "ack"):
            self._subscriber.publish(sensor_topic(self._options.sector, sensor, channel), b"", retain=True)

    def _publish_marks(self) -> bool:
        """Tell the senders up to where we have it; False when there is nothing new to tell."""
        marks = self._receiver.take_marks()
        for mark in marks:
            topic, payload = sensor_topic(self._options.sector, mark.sensor, "ack"), encode_ack(mark.boot, mark.seq)
            self._subscriber.publish(topic, payload, said=self._said(topic, payload), retain=True)
        return bool(marks)

    def _said(self, topic: str, payload: bytes) -> list[tuple[str, str]]:
        signer = self._options.identity.signer
        if signer is None:
            return []
        self._seq += 1
        numbers = {"boot": self._boot, "seq": self._seq, "by_boot": self._boot, "sent": self._clock.now_ns()}
        said = [(name, str(value)) for name, value in numbers.items()]
        return signer.sign(topic, "application/json", said, payload)


def _gate(layout: Path) -> Plausibility:
    """The gate of a layout file's sensors. LayoutError when the file cannot be used."""
    from geo.frame import LocalFrame
    from sensors.layout import Layout, LayoutError

    try:
        lon, lat = json.loads(layout.read_bytes())["features"][0]["geometry"]["coordinates"][:2]
        frame = LocalFrame.around(float(lon), float(lat))  # any will do: nothing is measured in it
    except (OSError, ValueError, KeyError, TypeError, IndexError, BadInput):
        raise LayoutError("cannot be read", where=layout.name, expected="a layout with sensors") from None
    return Plausibility.of(Layout.from_file(layout, frame).sensors)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line. Exit code 0 when asked to stop, 1 with one sentence on stderr when it could not go on."""
    parser = argparse.ArgumentParser(prog="python -m ops.ingesting", description=__doc__)
    parser.add_argument("--broker", help=f"mqtt://user:password@host:port; better in the variable {URL_VARIABLE}")
    parser.add_argument("--sector", required=True, help="name of the sector in the topics")
    parser.add_argument("--journal", required=True, type=Path, help="SQLite file; created when missing")
    parser.add_argument("--layout", type=Path, help="flag reports that cannot be true of these sensors")
    parser.add_argument("--future-s", type=float, default=0.5, help="refuse what is dated further ahead (default 0.5)")
    parser.add_argument("--late-s", type=float, default=86_400.0, help="refuse what is older (default a day)")
    parser.add_argument("--wait-s", type=float, default=10.0, help="how long a broker may take to answer at the start")
    parser.add_argument("--keepalive-s", type=int, default=10, help="a dead broker is noticed in 1.5 times this")
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
    folder = os.environ.get(IDENTITY_VARIABLE)
    ingest_options = IngestOptions(
        options.sector,
        ReceiverSettings(options.future_s, options.late_s),
        options.wait_s,
        options.keepalive_s,
        identity_of(INGEST),
        Path(folder) if folder else None,
        signatures_of_environment() == "required",
        options.layout,
    )
    journal = Journal(options.journal)
    try:
        Ingest(url, journal, ScenarioClock.from_arguments(options), ingest_options).run(stopping)
    finally:
        journal.close()


if __name__ == "__main__":
    sys.exit(main())
