from __future__ import annotations

import argparse
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.runtime.clock import ScenarioClock


def test_live_is_the_wall_clock() -> None:
    before = time.time_ns()
    assert before <= ScenarioClock.live().now_ns() <= time.time_ns()


def test_a_scenario_runs_from_its_origin_at_its_rate() -> None:
    clock = ScenarioClock(wall0_ns=1_000, origin_ns=50_000, rate=4.0, read_wall_ns=lambda: 1_250)
    assert clock.now_ns() == 51_000
    assert clock.wall_s(8.0) == 2.0


def test_hours_at_rate_one_are_exact_to_the_nanosecond() -> None:
    clock = ScenarioClock(wall0_ns=10**18, origin_ns=2 * 10**18 + 1, read_wall_ns=lambda: 10**18 + 3 * 10**17 + 7)
    assert clock.now_ns() == 2 * 10**18 + 3 * 10**17 + 8


@given(st.integers(0, 2**62), st.integers(0, 2**62), st.floats(0.01, 1000))
def test_another_process_gets_the_same_clock(wall0: int, origin: int, rate: float) -> None:
    parser = argparse.ArgumentParser()
    ScenarioClock.add_arguments(parser)
    clock = ScenarioClock(wall0, origin, rate)
    assert ScenarioClock.from_arguments(parser.parse_args(clock.arguments())) == clock
    assert ScenarioClock.from_arguments(parser.parse_args([])) == ScenarioClock.live()


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "fast"])
def test_a_clock_does_not_stand_still_or_run_backwards(rate: str) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    ScenarioClock.add_arguments(parser)
    with pytest.raises(argparse.ArgumentError):
        parser.parse_args([f"--clock-rate={rate}"])
