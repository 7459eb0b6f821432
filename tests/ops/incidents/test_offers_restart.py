"""Escalation over restarts: the next unit, then the supervisor, each asked once, wherever the process was ended."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.incidents.book import IncidentBook
from ops.incidents.incident import Incident
from tests.ops.incidents.making import SECOND, START_NS, Shift
from tests.ops.incidents.test_offers import KNOWN, UNITS, WAIT_S, shift_with

STEPS = 6
"""Three units, then the supervisor, then nothing more."""


def restarted(shift: Shift) -> None:
    """Another process, from what the checkpoint keeps."""
    shift.book = msgspec.msgpack.decode(msgspec.msgpack.encode(shift.book), type=IncidentBook)


def passed(shift: Shift, seconds: float) -> list[tuple[int, str, int, bool]]:
    """The revisions that are published when time passes: number, unit asked, escalation, waiting for people."""
    changed = shift.book.pass_time(shift.alerts, START_NS + round(seconds * SECOND), shift.settings, UNITS, KNOWN)
    return [_shown(shift.book.incidents[one]) for one in sorted(changed)]


def _shown(one: Incident) -> tuple[int, str, int, bool]:
    return one.revision, one.offered_unit, one.escalation, one.attention


def told(restarts: set[int]) -> list[Any]:
    """All revisions of a night in which no one answers, with restarts before these steps."""
    shift, found = shift_with(), []
    for step in range(STEPS):
        if step in restarts:
            restarted(shift)
        found += passed(shift, 1.0 + step * WAIT_S)
        if step in restarts:
            restarted(shift)
            found += passed(shift, 1.0 + step * WAIT_S)  # the same moment again: the process was ended after it
    return found


@pytest.mark.parametrize("step", range(STEPS))
def test_a_restart_at_any_step_loses_no_unit_and_asks_none_twice(step: int) -> None:
    expected = told(set())
    assert [(unit, escalation) for _, unit, escalation, _ in expected] == [
        ("patrol-1", 0), ("patrol-2", 0), ("patrol-3", 0), ("", 1),
    ]  # fmt: skip
    assert told({step}) == expected


@settings(deadline=None)
@given(st.sets(st.integers(0, STEPS - 1)))
def test_any_number_of_restarts_changes_nothing(restarts: set[int]) -> None:
    assert told(restarts) == told(set())


@given(st.floats(0.0, 20 * WAIT_S))
@settings(deadline=None)
def test_after_a_stop_of_any_length_the_next_unit_is_asked_and_none_is_left_out(stop_s: float) -> None:
    """While the process is down no time passes for units: the one that was asked last may have answered meanwhile."""
    shift = shift_with()
    asked = [unit for _, unit, _, _ in passed(shift, 1.0)]
    restarted(shift)
    at_s = 1.0 + stop_s
    for _ in range(STEPS):
        asked += [unit for _, unit, _, _ in passed(shift, at_s)]
        at_s += WAIT_S
    assert asked == ["patrol-1", "patrol-2", "patrol-3", ""]
