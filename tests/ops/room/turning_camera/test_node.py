"""The simulated camera as a SAPIENT node: how it turns, what it answers, and that the gateway understands all of it."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.standards.sapient.decode import read
from ingest.standards.sapient.outgoing import Order, task
from ops.room.turning_camera.messages import SimulatedNode, node_id_of
from ops.room.turning_camera.motion import SETTLE_S, Turn
from ops.room.turning_camera.process import TurningCamera
from ops.room.turning_camera.still import Shot as StillProcess
from ops.room.turning_camera.still import ShownStill, StillFailed

START_NS = 1_774_000_000 * 10**9
OWN = "7d0f5bbd-2f84-4c2a-9f0e-0d6a3a1c5e21"
FIRST, OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"
SEEN = ShownStill("a.jpg", 91.0, -4.0, 0.05, {"person": 0.75, "animal": 0.25})


def test_a_turn_worked_by_hand() -> None:
    """350° → 20° is 30° clockwise: 1.5 s at 20°/s; −5° → −25° tilts 20° in 1 s."""
    turn = Turn(350.0, -5.0, 20.0, -25.0, begins_s=100.0, rate_dps=20.0)
    assert turn.steady_s == 100.0 + 1.5 + SETTLE_S
    assert turn.at(99.0) == (350.0, -5.0)
    assert turn.at(100.5) == (0.0, -15.0)
    assert turn.at(101.25) == pytest.approx((15.0, -25.0))
    assert turn.at(200.0) == (20.0, -25.0)
    back = turn.towards(350.0, None, 100.5)
    assert (back.azimuth_deg, back.elevation_deg, back.to_elevation_deg) == (0.0, -15.0, -15.0)
    assert back.steady_s == 100.5 + 0.5 + SETTLE_S


@given(st.floats(0, 359.9), st.floats(0, 359.9), st.floats(0, 30), st.floats(0, 30))
def test_it_never_turns_faster_than_its_rate_and_arrives(begin: float, end: float, first: float, later: float) -> None:
    turn = Turn(begin, 0.0, end, 0.0, rate_dps=20.0)
    first, later = sorted((first, later))
    here, there = turn.at(first)[0], turn.at(later)[0]
    assert abs((there - here + 180.0) % 360.0 - 180.0) <= 20.0 * (later - first) + 1e-6
    assert abs((turn.at(turn.steady_s)[0] - end + 180.0) % 360.0 - 180.0) < 1e-6


class Shot:
    """A still that is ready at once, or fails."""

    def __init__(self, shown: ShownStill | None) -> None:
        self.shown, self.taken, self.closed = shown, list[tuple[float, int]](), False

    def take(self, azimuth_deg: float, at_ns: int) -> ShownStill:
        self.taken.append((azimuth_deg, at_ns))
        if self.shown is None:
            raise StillFailed("no still")
        return self.shown

    def close(self) -> None:
        self.closed = True


class Wire:
    """A connection to the gateway: what the camera says, checked as the gateway checks it, and what it is told."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.orders: asyncio.Queue[bytes] = asyncio.Queue()

    def send(self, message: Any) -> bool:
        message.timestamp.FromNanoseconds(START_NS)
        packet = read(message.SerializeToString())
        assert packet.faults == ()
        self.said.append(packet.message)
        return True

    async def packets(self) -> AsyncIterator[bytes]:
        while True:
            yield await self.orders.get()

    def of(self, content: str) -> list[Any]:
        return [getattr(one, content) for one in self.said if one.WhichOneof("content") == content]

    @property
    def answers(self) -> list[tuple[str, str]]:
        return [(one.task_id, one.TaskStatus.Name(one.task_status)[12:]) for one in self.of("task_ack")]


class Stage:
    """A camera on a wire, and its clock."""

    def __init__(self, *shots: Shot) -> None:
        self.now_s, self.shots, self.wire = 0.0, list(shots), Wire()
        self.prepared: list[str] = []
        node = SimulatedNode("ptz-1", -84.2, 36.5, 10.0)
        self.camera = TurningCamera(node, 0.0, self._prepare, lambda: START_NS + round(self.now_s * 1e9))

    def _prepare(self, camera: str) -> Shot:
        self.prepared.append(camera)
        return self.shots[len(self.prepared) - 1]

    async def order(self, name: str, order: Order) -> None:
        answered = len(self.wire.answers)
        message = task(OWN, self.camera.node.node_id, name, order)
        message.timestamp.FromNanoseconds(START_NS)
        self.wire.orders.put_nowait(message.SerializeToString())
        while len(self.wire.answers) == answered:
            await asyncio.sleep(0)

    async def until_answered(self, count: int) -> None:
        while len(self.wire.answers) < count:
            self.camera.tick()
            await asyncio.sleep(0.001)


def run(play: Any) -> None:
    async def all_of_it() -> None:
        stage, scene = play
        serving = asyncio.create_task(stage.camera.serve(stage.wire))
        await asyncio.sleep(0)
        try:
            await scene(stage)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(all_of_it())


def test_a_look_is_accepted_turned_to_and_answered_with_what_is_seen() -> None:
    shot = Shot(SEEN)

    async def scene(stage: Stage) -> None:
        await stage.order(FIRST, Order(look_at=(90.0, -4.0)))
        stage.now_s = 2.0
        stage.camera.tick()
        assert shot.taken == []
        stage.now_s = 5.1
        await stage.until_answered(2)

    stage = Stage(shot)
    run((stage, scene))
    assert stage.wire.answers == [(FIRST, "ACCEPTED"), (FIRST, "COMPLETED")]
    assert shot.taken == [(90.0, START_NS + 5_100_000_000)]
    (found,) = stage.wire.of("detection_report")
    assert (found.task_id, found.associated_file[0].url) == (FIRST, "drop:a.jpg")
    assert found.range_bearing.azimuth == pytest.approx(91.0)
    assert {one.type: round(one.confidence, 2) for one in found.classification} == {"Human": 0.75, "Animal": 0.25}
    views = [one.field_of_view.range_bearing for one in stage.wire.of("status_report")]
    assert [(round(view.azimuth, 1), round(view.elevation, 1)) for view in views][-2:] == [(40.0, -4.0), (90.0, -4.0)]


def test_where_nothing_is_seen_the_still_comes_with_the_answer() -> None:
    async def scene(stage: Stage) -> None:
        await stage.order(FIRST, Order(look_at=(0.0, None)))
        stage.now_s = 9.0
        await stage.until_answered(2)

    stage = Stage(Shot(ShownStill("b.jpg", 0.0, 0.0, 0.05, {})))
    run((stage, scene))
    assert stage.wire.of("detection_report") == []
    assert stage.wire.of("task_ack")[-1].associated_file.url == "drop:b.jpg"
    assert stage.wire.answers[-1] == (FIRST, "COMPLETED")


def test_a_still_that_fails_fails_the_task() -> None:
    async def scene(stage: Stage) -> None:
        await stage.order(FIRST, Order(look_at=(0.0, None)))
        stage.now_s = 9.0
        await stage.until_answered(2)

    stage = Stage(Shot(None))
    run((stage, scene))
    assert stage.wire.answers == [(FIRST, "ACCEPTED"), (FIRST, "FAILED")]


def test_a_newer_task_replaces_the_one_under_way_and_others_are_refused() -> None:
    first, second = Shot(SEEN), Shot(SEEN)

    async def scene(stage: Stage) -> None:
        await stage.order(FIRST, Order(look_at=(90.0, None)))
        await stage.order(OTHER, Order(look_at=(350.0, None)))
        while len(stage.wire.answers) < 3:
            await asyncio.sleep(0)
        await stage.order("01ARZ3NDEKTSV4RRFFQ69G5FAX", Order(mode="Night"))
        stage.now_s = 9.0
        await stage.until_answered(5)

    stage = Stage(first, second)
    run((stage, scene))
    assert stage.wire.answers == [
        (FIRST, "ACCEPTED"), (FIRST, "FAILED"), (OTHER, "ACCEPTED"), ("01ARZ3NDEKTSV4RRFFQ69G5FAX", "REJECTED"),
        (OTHER, "COMPLETED"),
    ]  # fmt: skip
    assert (first.closed, first.taken) == (True, [])


class SlowShot(Shot):
    """A still that takes until it is given up."""

    def __init__(self) -> None:
        super().__init__(None)
        self.over = threading.Event()

    def take(self, azimuth_deg: float, at_ns: int) -> ShownStill:
        self.taken.append((azimuth_deg, at_ns))
        self.over.wait()
        raise StillFailed("given up")

    def close(self) -> None:
        super().close()
        self.over.set()


def test_an_orderly_end_waits_for_no_still() -> None:
    shot = SlowShot()

    async def scene(stage: Stage) -> None:
        await stage.order(FIRST, Order(look_at=(0.0, None)))
        stage.now_s = 9.0
        try:
            while not shot.taken:
                stage.camera.tick()
                await asyncio.sleep(0.001)
            stage.camera.close()
            assert shot.closed
            await stage.until_answered(2)
        finally:
            shot.over.set()

    stage = Stage(shot)
    run((stage, scene))
    assert stage.wire.answers == [(FIRST, "ACCEPTED"), (FIRST, "FAILED")]


def test_a_still_under_way_ends_with_its_process() -> None:
    slow = StillProcess([sys.executable, "-c", "import sys; sys.stdin.read(); import signal; signal.pause()"])
    with ThreadPoolExecutor(1) as pool:
        try:
            taken = pool.submit(slow.take, 0.0, START_NS)
            while not slow._taking:
                time.sleep(0.001)
            slow.close()
            with pytest.raises(StillFailed):
                taken.result()
        finally:
            slow._process.kill()


def test_the_node_id_of_a_camera_is_its_own_and_always_the_same() -> None:
    assert node_id_of("ptz-divide") == "8ca43792-8fff-4501-9c2e-908c57e2ad4d"
    assert node_id_of("ptz-crest") != node_id_of("ptz-divide")
