"""The simulator process: sends a simulated scenario in time, through the same spool as a real adapter.

``python -m ops.room.simulator --sector-id ID --folder F --duration SECONDS``; the broker's URL comes from the
environment. Fusion receives nothing else of the scenario. A simulator that is restarted continues the scenario: the
scans that were due in between are not sent, as after an outage of the sensors.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.publisher import Publisher
from ingest.sending.sender import Sender, SenderSettings
from ingest.sending.spool import Spool
from ingest.topics import unit_topic
from ingest.unit_messages import Position, encode_unit
from ingest.wire import WireMedia, WirePose
from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import identity_of
from ops.governance.demonstration import START_FILE
from ops.room.night_file import (
    SCENARIO_START,
    SimulatedSender,
    StatedState,
    read_night,
    read_poses,
    read_positions,
    read_senders,
    read_states,
    read_stills,
)
from ops.runtime.clock import ScenarioClock
from ops.runtime.output import atomic_write
from ops.runtime.processes.child_process import child_main, say
from sensors.scan import Scan
from sensors.timestamps import SECOND_NS, nanoseconds

STALLED_S: Final = 60.0
"""How long the end waits for the next acknowledgement: a busy machine only takes longer for all of them."""
DRAIN_S: Final = 300.0
"""How long the end waits for all acknowledgements."""
LOOK_EVERY_S: Final = 0.05
STARTED: Final = START_FILE
"""File with the start of the scenario [UTC ns]; a demonstration removes that of an earlier one."""


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

    def send(self, scan: Scan, media: Sequence[WireMedia] = ()) -> None:
        """Spool a scan with its pictures; a repeated scan is sent again under its old key, as by a faulty adapter."""
        sender = self._senders[scan.sensor]
        if scan.key in self._sent:
            sender.repeat(*self._sent[scan.key])
        else:
            self._sent[scan.key] = sender.put(scan, media)

    def report(self, states: Iterable[StatedState], clock: ScenarioClock, stop: threading.Event) -> None:
        """Report each state of a sensor at its time, until none is left or ``stop`` is set."""
        for one in states:
            if not _wait_until(one.at_ns, clock, stop):
                return
            self._senders[one.sensor].set_state(one.state, one.note)

    def state(self, stated: Iterable[tuple[str, WirePose]], clock: ScenarioClock, stop: threading.Event) -> None:
        """State each pose of a mobile sensor at its time, until none is left or ``stop`` is set."""
        for sensor, pose in stated:
            assert pose.observed_at is not None
            if not _wait_until(nanoseconds(pose.observed_at), clock, stop):
                return
            self._senders[sensor].set_pose(pose)

    @property
    def published(self) -> dict[str, int]:
        """Return the number of unique messages put into each spool."""
        return {sensor: spool.put_total for sensor, spool in self._spools.items()}

    @property
    def problems(self) -> dict[str, str]:
        """Map each sensor that cannot send to the reason."""
        return {sensor: sender.problem for sensor, sender in self._senders.items() if sender.problem}

    def drain(self, *, stalled_s: float, within_s: float, now_s: Callable[[], float] = time.monotonic) -> bool:
        """Wait until ingest has acknowledged every spooled message.

        False when it has acknowledged none for ``stalled_s``, or not all within ``within_s``.
        """
        began_s = moved_s = now_s()
        waiting = self._waiting()
        while waiting:
            time.sleep(LOOK_EVERY_S)
            left, here_s = self._waiting(), now_s()
            if left < waiting:
                moved_s = here_s
            elif here_s - moved_s >= stalled_s:
                return False
            if here_s - began_s >= within_s:
                return left == 0
            waiting = left
        return True

    def _waiting(self) -> int:
        return sum(spool.waiting for spool in self._spools.values())

    def close(self) -> None:
        """Sign off every sensor and close the spools; unacknowledged messages stay in them."""
        for sender in self._senders.values():
            sender.stop()
        self._stack.close()


class Units:
    """One connection per unit. A report that the broker does not take is not repeated: the next one replaces it."""

    def __init__(self, sector_id: str, url: BrokerUrl, clock: ScenarioClock) -> None:
        self._sector_id, self._url, self._clock = sector_id, url, clock
        self._boot, self._seq = clock.now_ns() // SECOND_NS, count(1)
        self._publishers: dict[str, Publisher] = {}

    def send(self, position: Position) -> None:
        """Publish a position under the next number of this start."""
        name = position.unit
        if name not in self._publishers:
            publisher = Publisher(
                self._url,
                client_id=f"watchline-{self._sector_id}-{name}",
                now_ns=self._clock.now_ns,
                identity=identity_of(name),
                boot=self._boot,
            )
            publisher.start(timeout_s=None)
            self._publishers[name] = publisher
        key = self._boot, next(self._seq)
        numbered = msgspec.structs.replace(position, boot=key[0], seq=key[1])
        self._publishers[name](unit_topic(self._sector_id, name, "position"), encode_unit(numbered), key=key)

    def report(self, positions: Iterable[Position], stop: threading.Event) -> None:
        """Send each position at its time, until none is left or ``stop`` is set."""
        for position in positions:
            if not _wait_until(nanoseconds(position.observed_at), self._clock, stop):
                return
            self.send(position)

    def close(self) -> None:
        """Disconnect every unit."""
        for publisher in self._publishers.values():
            publisher.stop()


def _wait_until(due_ns: int, clock: ScenarioClock, stop: threading.Event) -> bool:
    """Wait for a scenario time; False if ``stop`` is set first."""
    while (wait_s := clock.wall_s((due_ns - clock.now_ns()) / 1e9)) > 0:
        if stop.wait(min(wait_s, 0.5)):
            return False
    return not stop.is_set()


def publish(
    scans: Iterable[Scan],
    senders: Senders,
    clock: ScenarioClock,
    stop: threading.Event,
    stills: Mapping[tuple[str, int, int], WireMedia] | None = None,
) -> None:
    """Send each scan at its time, with its picture where it has one, until none is left or ``stop`` is set."""
    for scan in scans:
        if not _wait_until(nanoseconds(scan.received_at), clock, stop):
            return
        picture = (stills or {}).get(scan.key)
        senders.send(scan, () if picture is None else (picture,))


def run(arguments: argparse.Namespace, stop: threading.Event) -> int:
    """Publish the scenario in time, drain, and report the counts."""
    clock = ScenarioClock.from_arguments(arguments)
    url = BrokerUrl.parse(os.environ.pop(URL_VARIABLE))
    folder: Path = arguments.folder
    senders = Senders(read_senders(folder / "sensors.json"), arguments.sector_id, folder / "spool", url, clock)
    resumed_ns = clock.now_ns()
    started_ns = _start_of(folder / STARTED, resumed_ns)
    end_ns = started_ns + round(arguments.duration * 1e9)
    shift = timedelta(microseconds=(started_ns - nanoseconds(SCENARIO_START)) // 1000)
    scans = (
        replace(scan, observed_at=scan.observed_at + shift, received_at=scan.received_at + shift)
        for scan in read_night(folder / "night.jsonl")
    )
    due = (scan for scan in scans if resumed_ns <= nanoseconds(scan.received_at) < end_ns)
    units = Units(arguments.sector_id, url, clock)
    reports = (
        msgspec.structs.replace(position, observed_at=position.observed_at + shift)
        for position in read_positions(folder / "positions.jsonl")
    )
    coming = (one for one in reports if resumed_ns <= nanoseconds(one.observed_at) < end_ns)
    reporting = threading.Thread(target=units.report, args=(coming, stop), name="units", daemon=True)
    stated = (
        (sensor, msgspec.structs.replace(pose, observed_at=pose.observed_at + shift))
        for sensor, pose in read_poses(folder / "poses.jsonl")
        if pose.observed_at is not None and resumed_ns <= nanoseconds(pose.observed_at + shift) < end_ns
    )
    moved_ns = started_ns - nanoseconds(SCENARIO_START)
    reported = states_from(read_states(folder / "states.jsonl"), moved_ns, resumed_ns)
    changing = threading.Thread(target=senders.report, args=(reported, clock, stop), name="states", daemon=True)
    stating = threading.Thread(target=senders.state, args=(stated, clock, stop), name="poses", daemon=True)
    say(started_ns=started_ns, moved_ns=moved_ns, ready=True)
    changing.start()
    stating.start()
    reporting.start()
    publish(due, senders, clock, stop, read_stills(folder))
    stop.wait(max(clock.wall_s((end_ns - clock.now_ns()) / 1e9), 0.0))
    say(ended_ns=clock.now_ns())
    drained = senders.drain(stalled_s=arguments.stalled, within_s=max(DRAIN_S, arguments.stalled))
    say(published=senders.published, drained=drained, problems=senders.problems)
    stating.join(1.0)
    changing.join(1.0)
    senders.close()
    reporting.join(1.0)
    units.close()
    stop.wait()  # an end without a request is a failure, after which the room restarts this process
    return 0


def states_from(states: Iterable[StatedState], shift_ns: int, resumed_ns: int) -> list[StatedState]:
    """The states in the time of this start; of those that were due before it, the last of each sensor."""
    moved = [msgspec.structs.replace(one, at_ns=one.at_ns + shift_ns) for one in states]
    before = {one.sensor: one for one in moved if one.at_ns <= resumed_ns}
    return [*before.values(), *(one for one in moved if one.at_ns > resumed_ns)]


def _start_of(file: Path, now_ns: int) -> int:
    """Return the start of the scenario: that of an earlier simulator of the same demonstration, else now."""
    if file.is_file():
        return int(file.read_text(encoding="ascii"))
    with atomic_write(file) as partial:
        partial.write_text(f"{now_ns}\n", encoding="ascii")
    return now_ns


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.room.simulator", description="Send a simulated scenario.")
    parser.add_argument("--sector-id", required=True)
    parser.add_argument("--folder", type=Path, required=True, help="folder of the scenario and the spools")
    parser.add_argument("--duration", type=float, required=True, help="scenario seconds")
    parser.add_argument("--stalled", type=float, default=STALLED_S, help="seconds to wait for a next acknowledgement")
    ScenarioClock.add_arguments(parser)
    return parser


def main() -> int:
    """Entry point of the process."""
    return child_main(run, _parser().parse_args())


if __name__ == "__main__":
    raise SystemExit(main())
