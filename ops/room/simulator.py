"""The simulator process: sends a simulated scenario in time, through the same spool as a real adapter.

``python -m ops.room.simulator --sector-id ID --folder F --duration SECONDS``; the broker's URL comes from the
environment. Fusion receives nothing else of the scenario.
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
from ops.room.night_file import SCENARIO_START, SimulatedSender, read_night, read_senders
from ops.runtime.child_process import child_main, say
from ops.runtime.clock import ScenarioClock
from sensors.scan import Scan
from sensors.timestamps import nanoseconds

DRAIN_S: Final = 10.0


class Senders:
    """One spool and one connection per sensor."""

    def __init__(
        self, simulated: Sequence[SimulatedSender], sector_id: str, folder: Path, url: BrokerUrl, clock: ScenarioClock
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._stack = ExitStack()
        self._spools: dict[str, Spool] = {}
        self._senders: dict[str, Sender] = {}
        self._sent: dict[tuple[str, int, int], tuple[int, int]] = {}
        for one in simulated:
            spool = self._stack.enter_context(Spool(folder / f"{one.sensor}.db", first_boot=1))
            sender = Sender(
                spool,
                sector=sector_id,
                sensor=one.sensor,
                url=url,
                now_ns=clock.now_ns,
                kind=one.kind,  # type: ignore[arg-type]  # the layout has checked it
                settings=SenderSettings(status_interval_s=one.status_s, identity=identity_of(one.sensor)),
            )
            sender.start()
            self._spools[one.sensor], self._senders[one.sensor] = spool, sender

    def send(self, scan: Scan) -> None:
        """Spool a scan; a repeated scan is sent again under its old key, as by a faulty adapter."""
        sender = self._senders[scan.sensor]
        if scan.key in self._sent:
            sender.repeat(*self._sent[scan.key])
        else:
            self._sent[scan.key] = sender.put(scan)

    @property
    def published(self) -> dict[str, int]:
        """Return the number of unique messages put into each spool."""
        return {sensor: spool.put_total for sensor, spool in self._spools.items()}

    @property
    def problems(self) -> dict[str, str]:
        """Map each sensor that cannot send to the reason."""
        return {sensor: sender.problem for sensor, sender in self._senders.items() if sender.problem}

    def drain(self, timeout_s: float) -> bool:
        """Wait until ingest has acknowledged every spooled message; False on timeout."""
        deadline = time.monotonic() + timeout_s
        return all(sender.drain(max(deadline - time.monotonic(), 0.0)) for sender in self._senders.values())

    def close(self) -> None:
        """Sign off every sensor and close the spools; unacknowledged messages stay in them."""
        for sender in self._senders.values():
            sender.stop()
        self._stack.close()


def publish(scans: Iterable[Scan], senders: Senders, clock: ScenarioClock, stop: threading.Event) -> None:
    """Send each scan at its time, until none is left or ``stop`` is set."""
    for scan in scans:
        due_ns = nanoseconds(scan.received_at)
        while (wait_s := clock.wall_s((due_ns - clock.now_ns()) / 1e9)) > 0:
            if stop.wait(min(wait_s, 0.5)):
                return
        if stop.is_set():
            return
        senders.send(scan)


def run(arguments: argparse.Namespace, stop: threading.Event) -> int:
    """Publish the scenario in time, drain, and report the counts."""
    clock = ScenarioClock.from_arguments(arguments)
    url = BrokerUrl.parse(os.environ.pop(URL_VARIABLE))
    folder: Path = arguments.folder
    senders = Senders(read_senders(folder / "sensors.json"), arguments.sector_id, folder / "spool", url, clock)
    started_ns = clock.now_ns()
    shift = timedelta(microseconds=(started_ns - nanoseconds(SCENARIO_START)) // 1000)
    scans = (
        replace(scan, observed_at=scan.observed_at + shift, received_at=scan.received_at + shift)
        for scan in read_night(folder / "night.jsonl")
    )
    say(started_ns=started_ns, moved_ns=started_ns - nanoseconds(SCENARIO_START))
    deadline = threading.Timer(clock.wall_s(arguments.duration), stop.set)
    deadline.daemon = True
    deadline.start()
    publish(scans, senders, clock, stop)
    stop.wait()  # keep running when the messages run out before the duration ends
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
