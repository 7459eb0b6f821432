"""The simulator process: sends a rehearsed night in its time, through the spool that a real adapter uses.

``python -m ops.room.simulator --sector-id ID --folder F --duration SECONDS``; the broker's URL comes in the
environment. Everything that fusion learns of the scenario it learns from these messages.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from ingest.mqtt.broker_url import BrokerUrl
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool
from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import identity_of
from ops.room.night_file import SCENARIO_START, SimulatedSender, read_night, read_posts
from ops.runtime.child_process import child_main, say
from ops.runtime.clock import ScenarioClock
from sensors.scan import Scan
from sensors.timestamps import nanoseconds

DRAIN_S: Final = 10.0


class Senders:
    """One spool and one connection for each sensor."""

    def __init__(
        self, posts: Sequence[SimulatedSender], sector_id: str, folder: Path, url: BrokerUrl, clock: ScenarioClock
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._stack = ExitStack()
        self._spools: dict[str, Spool] = {}
        self._senders: dict[str, Sender] = {}
        self._sent: dict[tuple[str, int, int], tuple[int, int]] = {}
        for post in posts:
            spool = self._stack.enter_context(Spool(folder / f"{post.sensor}.db"))
            sender = Sender(
                spool,
                sector=sector_id,
                sensor=post.sensor,
                url=url,
                now_ns=clock.now_ns,
                kind=post.kind,  # type: ignore[arg-type]  # the layout has checked it
                settings=SenderSettings(status_interval_s=post.status_s, identity=identity_of(post.sensor)),
            )
            sender.start()
            self._spools[post.sensor], self._senders[post.sensor] = spool, sender

    def send(self, scan: Scan) -> None:
        """Spool a scan; one that was sent before goes out again under its old key, as a faulty adapter's would."""
        sender = self._senders[scan.sensor]
        if scan.key in self._sent:
            sender.repeat(*self._sent[scan.key])
        else:
            self._sent[scan.key] = sender.put(scan)

    @property
    def published(self) -> dict[str, int]:
        """Unique messages put into each spool."""
        return {sensor: spool.put_total for sensor, spool in self._spools.items()}

    @property
    def problems(self) -> dict[str, str]:
        """Why a sensor cannot send, for those that cannot."""
        return {sensor: sender.problem for sensor, sender in self._senders.items() if sender.problem}

    def drain(self, timeout_s: float) -> bool:
        """Wait until everything put has been acknowledged by ingest; False when it was not in time."""
        deadline = time.monotonic() + timeout_s
        return all(sender.drain(max(deadline - time.monotonic(), 0.0)) for sender in self._senders.values())

    def close(self) -> None:
        """Say goodbye for every sensor and close the spools; what was not acknowledged stays in them."""
        for sender in self._senders.values():
            sender.stop()
        self._stack.close()


def publish(scans: Iterable[Scan], senders: Senders, clock: ScenarioClock, stop: threading.Event) -> None:
    """Send each scan when its time has come, until none is left or ``stop``."""
    for scan in scans:
        due_ns = nanoseconds(scan.received_at)
        while (wait_s := clock.wall_s((due_ns - clock.now_ns()) / 1e9)) > 0:
            if stop.wait(min(wait_s, 0.5)):
                return
        if stop.is_set():
            return
        senders.send(scan)


def run(arguments: argparse.Namespace, stop: threading.Event) -> int:
    """Publish the night in its time, drain, and say what was published."""
    clock = ScenarioClock.from_arguments(arguments)
    url = BrokerUrl.parse(os.environ.pop(URL_VARIABLE))
    folder: Path = arguments.folder
    senders = Senders(read_posts(folder / "sensors.json"), arguments.sector_id, folder / "spool", url, clock)
    started_ns = clock.now_ns()
    by = timedelta(microseconds=(started_ns - nanoseconds(SCENARIO_START)) // 1000)
    scans = (
        replace(scan, observed_at=scan.observed_at + by, received_at=scan.received_at + by)
        for scan in read_night(folder / "night.jsonl")
    )
    say(started_ns=started_ns, moved_ns=started_ns - nanoseconds(SCENARIO_START))
    deadline = threading.Timer(clock.wall_s(arguments.duration), stop.set)
    deadline.daemon = True
    deadline.start()
    publish(scans, senders, clock, stop)
    stop.wait()  # a night that has run out of messages is still a night
    say(ended_ns=clock.now_ns())
    drained = senders.drain(DRAIN_S)
    say(published=senders.published, drained=drained, problems=senders.problems)
    senders.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.room.simulator", description="Send a rehearsed night.")
    parser.add_argument("--sector-id", required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where the night is and the spools go")
    parser.add_argument("--duration", type=float, required=True, help="scenario seconds")
    ScenarioClock.add_arguments(parser)
    return parser


def main() -> int:
    """Entry point of the process."""
    return child_main(run, _parser().parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
