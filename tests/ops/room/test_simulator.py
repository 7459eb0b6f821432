"""The simulator waits for acknowledgements as long as some come, and not for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ingest.mqtt.broker_url import BrokerUrl
from ingest.wire import WirePose
from ops.room.night_file import (
    SimulatedSender,
    StatedState,
    read_poses,
    read_states,
    write_poses,
    write_states,
)
from ops.room.room import DEMO_MARK, RoomError, clear
from ops.room.simulator import Senders, states_from
from ops.runtime.clock import ScenarioClock
from ops.runtime.processes.reserved_port import ReservedPort
from sensors.mobile import Pose
from sensors.scan import Scan

SCANS = 5


@pytest.fixture
def senders(tmp_path: Path) -> Iterator[Senders]:
    """Of one radar, with five scans in its spool, and no broker: only the test acknowledges."""
    reserved = ReservedPort()
    url = BrokerUrl.parse(f"mqtt://127.0.0.1:{reserved.number}")
    radar = SimulatedSender("radar-mid", "radar", 5.0)
    opened = Senders([radar], "hills", tmp_path, url, ScenarioClock.live())
    for number in range(SCANS):
        now = datetime.now(UTC)
        opened.send(Scan("radar-mid", 0, number, number, now, now, "radar"))
    yield opened
    opened.close()
    reserved.release()


def acknowledging(senders: Senders, scans: int, every_s: float) -> Callable[[], float]:
    """A clock that goes on by ``every_s`` at each look, at which a scan is acknowledged until so many have been."""
    spool, looks = senders._spools["radar-mid"], count()

    def now_s() -> float:
        look = next(looks)
        if 0 < look <= scans:
            spool.settle(1, look)
        return look * every_s

    return now_s


def test_however_long_all_take_it_waits_while_some_are_acknowledged(senders: Senders) -> None:
    """Five acknowledgements, each 9 s after the last: 45 s, which is more than the 10 s for the next one."""
    assert senders.drain(stalled_s=10.0, within_s=120.0, now_s=acknowledging(senders, SCANS, 9.0))


def test_it_ends_when_no_further_one_comes(senders: Senders) -> None:
    """The third comes at 27 s and is seen at the next look, at 36 s; at 46 s it is over, so at the look at 54 s."""
    clock = acknowledging(senders, 3, 9.0)
    assert not senders.drain(stalled_s=10.0, within_s=120.0, now_s=clock)
    assert clock() == 54.0 + 9.0
    assert senders._spools["radar-mid"].waiting == SCANS - 3


def test_it_ends_when_all_take_too_long(senders: Senders) -> None:
    assert not senders.drain(stalled_s=10.0, within_s=30.0, now_s=acknowledging(senders, SCANS, 9.0))


def test_nothing_to_wait_for_is_no_wait(senders: Senders) -> None:
    for number in range(1, SCANS + 1):
        senders._spools["radar-mid"].settle(1, number)
    assert senders.drain(stalled_s=0.0, within_s=0.0, now_s=time.monotonic)


def test_poses_are_stated_at_their_times_until_it_stops(senders: Senders) -> None:
    began = datetime.now(UTC)
    stated = [
        ("radar-mid", WirePose(lon=-84.0 - k / 1000, lat=36.0, observed_at=began - timedelta(seconds=5 - k)))
        for k in range(3)
    ]
    stop = threading.Event()
    senders.state(stated, ScenarioClock.live(), stop)
    assert senders._senders["radar-mid"]._pose == stated[-1][1]
    later = WirePose(lon=-85.0, lat=36.0, observed_at=began + timedelta(hours=1))
    stop.set()
    senders.state([("radar-mid", later)], ScenarioClock.live(), stop)
    assert senders._senders["radar-mid"]._pose == stated[-1][1]


def test_poses_survive_their_file(tmp_path: Path) -> None:
    at = datetime(2026, 3, 14, 21, tzinfo=UTC)
    pose = Pose(sensor="V", boot=1, sequence=1, observed_at=at, received_at=at, lon=8.0, lat=47.0, position_sd_m=2.0,
                heading_deg=41.5, heading_sd_deg=0.3)  # fmt: skip
    write_poses(tmp_path / "poses.jsonl", [pose])
    wire = WirePose(lon=8.0, lat=47.0, position_sd_m=2.0, heading_deg=41.5, heading_sd_deg=0.3, observed_at=at)
    assert list(read_poses(tmp_path / "poses.jsonl")) == [("V", wire)]
    assert list(read_poses(tmp_path / "none.jsonl")) == []


def test_states_are_reported_at_their_times_until_it_stops(senders: Senders) -> None:
    now_ns, stop = ScenarioClock.live().now_ns(), threading.Event()
    sender, told = senders._senders["radar-mid"], list[tuple[str, str]]()

    def report(state: Any, note: str = "") -> None:
        told.append((state, note))
        if len(told) == 2:
            stop.set()

    sender.set_state = report  # type: ignore[method-assign]
    states = [StatedState(now_ns + n, "radar-mid", state) for n, state in enumerate(("ok", "stopped", "ok"))]
    senders.report(states, ScenarioClock.live(), stop)
    assert told == [("ok", ""), ("stopped", "")]


def test_states_survive_their_file_in_the_order_of_time(tmp_path: Path) -> None:
    later, earlier = StatedState(9, "V", "stopped", "landed"), StatedState(3, "V", "ok")
    write_states(tmp_path / "states.jsonl", [later, earlier])
    assert list(read_states(tmp_path / "states.jsonl")) == [earlier, later]
    assert list(read_states(tmp_path / "none.jsonl")) == []


def test_a_simulator_that_starts_again_reports_what_each_sensor_is_in_now() -> None:
    rows = [StatedState(at, name, state) for at, name, state in
            ((0, "A", "ok"), (5, "A", "stopped"), (6, "B", "lost"), (40, "A", "ok"))]  # fmt: skip
    found = states_from(rows, shift_ns=100, resumed_ns=120)
    assert [(one.at_ns, one.sensor, one.state) for one in found] == [
        (105, "A", "stopped"), (106, "B", "lost"), (140, "A", "ok")
    ]  # fmt: skip


def test_a_demonstration_removes_files_of_a_demonstration_only(tmp_path: Path) -> None:
    kept = tmp_path / "store.db.bak"
    kept.write_bytes(b"store")
    with pytest.raises(RoomError, match="holds data that `watchline demo` did not write"):
        clear(tmp_path, "hills")
    assert kept.read_bytes() == b"store"
    kept.rename(tmp_path / "notes.txt")
    clear(tmp_path, "hills")
    (tmp_path / "store.db").touch()
    clear(tmp_path, "hills")
    assert sorted(path.name for path in tmp_path.iterdir()) == [DEMO_MARK, "notes.txt"]
