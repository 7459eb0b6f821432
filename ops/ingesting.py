"""The ingest process: broker → journal → acknowledgement, and a clock tick a second. ``python -m ops.ingesting``."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from geo.errors import WatchlineError
from ingest.address import BrokerUrl
from ingest.receive import Receiver, ReceiverSettings
from ingest.subscriber import Subscriber
from ingest.topics import sensor_filter, sensor_topic, unit_filter
from ingest.wire import encode_ack
from ops.broker import URL_VARIABLE
from ops.clock import ScenarioClock
from ops.journal import Journal
from ops.processes import say, stop_when_parent_ends

TICK_NS: Final = 1_000_000_000
MARKS_EVERY_S: Final = 0.05
CHECK_EVERY_S: Final = 1.0


def run(
    url: BrokerUrl,
    *,
    sector: str,
    journal: Journal,
    clock: ScenarioClock,
    stopping: threading.Event,
    settings: ReceiverSettings,
    wait_s: float = 10.0,
) -> None:
    """Ingest one sector until ``stopping``. JournalError when the disk fails: nothing unwritten was acknowledged."""
    subscriber = Subscriber(
        url,
        client_id=f"watchline-{sector}-ingest",
        filters=[
            sensor_filter(sector, "detections"),
            sensor_filter(sector, "status"),
            unit_filter(sector, "position"),
            unit_filter(sector, "reply"),
        ],
        now_ns=clock.now_ns,
    )
    receiver = Receiver(
        sector, commit=journal.commit, acknowledge=subscriber.acknowledge, recall=journal.recall, settings=settings
    )
    subscriber.start(timeout_s=wait_s)
    say(ready=True)
    next_tick_ns = clock.now_ns()
    marks_s = check_s = time.monotonic()
    problem = None
    try:
        while not stopping.is_set():
            deliveries = subscriber.collect(wait_s=MARKS_EVERY_S)
            shed = subscriber.take_shed()
            if deliveries or shed:
                receiver.handle(deliveries, shed)
            now_ns, now_s = clock.now_ns(), time.monotonic()
            if not next_tick_ns - TICK_NS <= now_ns < next_tick_ns:  # due, or the clock was set back
                journal.tick(now_ns)
                next_tick_ns = now_ns + TICK_NS
            if now_s - marks_s >= MARKS_EVERY_S:
                marks_s = now_s
                _publish_marks(receiver, subscriber, sector)
            if now_s - check_s >= CHECK_EVERY_S:
                check_s = now_s
                subscriber.check()
                if subscriber.problem != problem:
                    problem = subscriber.problem
                    say(problem=problem)
        _publish_marks(receiver, subscriber, sector)
    finally:
        subscriber.stop()


def _publish_marks(receiver: Receiver, subscriber: Subscriber, sector: str) -> None:
    for mark in receiver.take_marks():
        topic = sensor_topic(sector, mark.sensor, "ack")
        subscriber.publish(topic, encode_ack(mark.boot, mark.seq), retain=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line. Exit code 0 when asked to stop, 1 with one sentence on stderr when it could not go on."""
    parser = argparse.ArgumentParser(prog="python -m ops.ingesting", description=__doc__)
    parser.add_argument("--broker", help=f"mqtt://user:password@host:port; better in the variable {URL_VARIABLE}")
    parser.add_argument("--sector", required=True, help="name of the sector in the topics")
    parser.add_argument("--journal", required=True, type=Path, help="SQLite file; created when missing")
    parser.add_argument("--future-s", type=float, default=0.5, help="refuse what is dated further ahead (default 0.5)")
    parser.add_argument("--late-s", type=float, default=86_400.0, help="refuse what is older (default a day)")
    parser.add_argument("--wait-s", type=float, default=10.0, help="how long a broker may take to answer at the start")
    ScenarioClock.add_arguments(parser)
    options = parser.parse_args(arguments)
    stopping = threading.Event()
    stop_when_parent_ends(stopping.set)
    try:
        url = BrokerUrl.parse(options.broker or os.environ.get(URL_VARIABLE, ""))
        journal = Journal(options.journal)
        try:
            run(
                url,
                sector=options.sector,
                journal=journal,
                clock=ScenarioClock.from_arguments(options),
                stopping=stopping,
                settings=ReceiverSettings(options.future_s, options.late_s),
                wait_s=options.wait_s,
            )
        finally:
            journal.close()
    except WatchlineError as error:
        print(error, file=sys.stderr, flush=True)
        say(problem=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
