"""Laws of the clock that does not jump: it goes on evenly, follows corrections, takes a step that is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.journal.events import ClockJump
from ops.services.ingest.steady_clock import SteadyClock

S = 10**9
START_NS = 1_800_000_000 * S


@dataclass
class Machine:
    """A machine whose clock can be set, and that knows how much time has really passed."""

    passed_ns: int = 0
    set_by_ns: int = 0

    def clock(self) -> SteadyClock:
        return SteadyClock(self.wall_ns, monotonic_ns=lambda: self.passed_ns)

    def wall_ns(self) -> int:
        return START_NS + self.passed_ns + self.set_by_ns

    def true_ns(self) -> int:
        return START_NS + self.passed_ns


@pytest.mark.parametrize("jump_s", [3600, -3600, 86_400, -86_400, 1, -1])
def test_a_jump_that_no_sender_shares_is_told_once_and_held_off(jump_s: int) -> None:
    machine = Machine()
    clock = machine.clock()
    assert clock.check() is None
    machine.set_by_ns = jump_s * S
    assert clock.check() == ClockJump(float(jump_s), False)
    for _ in range(100):
        machine.passed_ns += S
        clock.witness("r1", machine.true_ns(), clock.now_ns())
        assert clock.check() is None
        assert clock.now_ns() == machine.true_ns()
    machine.set_by_ns = 0
    assert clock.check() == ClockJump(float(-jump_s), False), "that it was set back is told, too"
    assert clock.now_ns() == machine.true_ns()


@pytest.mark.parametrize("wrong_s", [3600, -3600, 86_400, -86_400])
def test_a_clock_that_was_wrong_and_is_set_right_is_believed_with_the_senders(wrong_s: int) -> None:
    machine = Machine(set_by_ns=wrong_s * S)
    clock = machine.clock()
    senders = ("r1", "r2", "r3", "r4", "r5")
    for name in senders:
        clock.witness(name, machine.true_ns(), clock.now_ns())
    machine.set_by_ns = 0
    assert clock.check() == ClockJump(float(-wrong_s), False)
    for name in senders[:2]:
        clock.witness(name, machine.true_ns(), clock.now_ns())
        assert clock.check() is None, "two of five are not enough"
    clock.witness("r3", machine.true_ns(), clock.now_ns())
    assert clock.check() == ClockJump(float(-wrong_s), True)
    assert clock.now_ns() == machine.true_ns()
    assert clock.check() is None


def test_one_sender_with_a_wrong_clock_does_not_move_ours() -> None:
    machine = Machine()
    clock = machine.clock()
    for name in ("r1", "r2", "bad"):
        clock.witness(name, machine.true_ns(), clock.now_ns())
    machine.set_by_ns = 3600 * S
    clock.check()
    clock.witness("bad", machine.true_ns() + 3600 * S, clock.now_ns())
    for name in ("r1", "r2"):
        clock.witness(name, machine.true_ns(), clock.now_ns())
    assert clock.check() is None
    assert clock.now_ns() == machine.true_ns()


def test_where_nobody_says_what_time_it_is_the_machine_is_believed_after_a_while() -> None:
    """A machine that slept for an hour, and senders that say no time of sending: they must not be refused for ever."""
    machine = Machine()
    clock = machine.clock()
    machine.set_by_ns = 3600 * S
    assert clock.check() == ClockJump(3600.0, False)
    machine.passed_ns += 30 * S
    assert clock.check() is None
    machine.passed_ns += S
    assert clock.check() == ClockJump(3600.0, True)
    assert clock.now_ns() == machine.wall_ns()


@pytest.mark.parametrize("right", [True, False])
def test_when_most_have_gone_the_one_who_is_left_is_asked(right: bool) -> None:
    machine = Machine(set_by_ns=-3600 * S if right else 0)
    clock = machine.clock()
    for name in ("r1", "r2", "r3", "r4"):
        clock.witness(name, machine.true_ns(), clock.now_ns())
    machine.set_by_ns += 3600 * S
    assert clock.check() == ClockJump(3600.0, False)
    for _ in range(40):
        machine.passed_ns += S
        clock.witness("r1", machine.true_ns(), clock.now_ns())
        clock.check()
    assert clock.now_ns() == machine.true_ns()


@given(st.lists(st.integers(-400_000_000, 400_000_000), min_size=1, max_size=20))
def test_ordinary_corrections_are_followed(corrections: list[int]) -> None:
    machine = Machine()
    clock = machine.clock()
    for correction in corrections:
        machine.passed_ns += S
        machine.set_by_ns += correction
        assert clock.check() is None
        assert clock.now_ns() == machine.wall_ns()


@pytest.mark.parametrize("which", range(2, 12))
def test_a_process_that_stands_still_between_two_readings_is_no_jump(which: int) -> None:
    """Of all readings of either clock from the start on, before one of them two seconds pass."""
    machine, readings = Machine(), [0]

    def read(clock: Callable[[], int]) -> int:
        readings[0] += 1
        machine.passed_ns += 2 * S if readings[0] == which else 1000
        return clock()

    clock = SteadyClock(lambda: read(machine.wall_ns), monotonic_ns=lambda: read(lambda: machine.passed_ns))
    for _ in range(3):
        assert clock.check() is None
    assert abs(clock.now_ns() - machine.wall_ns()) < S // 100


def test_at_ten_times_the_rate_ten_seconds_pass_in_one() -> None:
    machine = Machine()
    clock = SteadyClock(lambda: START_NS + 10 * machine.passed_ns, rate=10.0, monotonic_ns=lambda: machine.passed_ns)
    machine.passed_ns = 3 * S
    assert clock.now_ns() == START_NS + 30 * S
    assert clock.check() is None
