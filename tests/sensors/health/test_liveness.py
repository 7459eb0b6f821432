"""Who is silent: the rule 2 × status_interval_s + 1 s, its exceptions, and one event each way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.frame import LocalFrame
from sensors.health.liveness import SensorStatus, health
from sensors.layout import Layout, place

NOW = datetime(2025, 6, 1, 2, 0, tzinfo=UTC)
FRAME = LocalFrame.around(-84.2, 36.6)
LAYOUT = Layout(
    "test",
    FRAME,
    tuple(place(FRAME, 0, 0, id=name, kind="radar", max_range_m=100, status_interval_s=5) for name in ("a", "b")),
)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(("silence_s", "state"), [(0.0, "ok"), (11.0, "ok"), (11.001, "offline"), (-3.0, "ok")])
def test_silent_after_twice_the_interval_and_a_second(silence_s: float, state: str) -> None:
    found = health({}, {"a": ago(silence_s), "b": NOW}, NOW, LAYOUT)
    assert found["a"].state == state
    assert found["a"].since == ago(silence_s)
    assert found["b"].state == "ok"


@given(st.floats(0.0, 60.0), st.floats(0.0, 60.0))
def test_silence_does_not_end_by_waiting(silence_s: float, more_s: float) -> None:
    before = health({}, {"a": ago(silence_s)}, NOW, LAYOUT)["a"].state
    after = health({}, {"a": ago(silence_s)}, NOW + timedelta(seconds=more_s), LAYOUT)["a"].state
    assert (before, after) != ("offline", "ok")


def test_a_heartbeat_counts_as_a_word() -> None:
    assert health({"a": SensorStatus("a", ago(1))}, {"a": ago(100)}, NOW, LAYOUT)["a"].state == "ok"


def test_one_never_heard_is_silent_once_we_have_listened_long_enough() -> None:
    assert health({}, {}, NOW, LAYOUT)["a"].state == "offline"
    assert health({}, {}, NOW, LAYOUT, watching_since=ago(5))["a"].state == "ok"
    assert health({}, {}, NOW, LAYOUT, watching_since=ago(12))["a"].state == "offline"


def test_the_last_will_means_silent_at_once_until_it_is_heard_again() -> None:
    farewell = SensorStatus("a", ago(1), "offline")
    assert health({"a": farewell}, {"a": ago(2)}, NOW, LAYOUT)["a"].state == "offline"
    assert health({"a": farewell}, {"a": ago(0.5)}, NOW, LAYOUT)["a"].state == "ok"


def test_planned_maintenance_is_not_silence_until_it_overruns() -> None:
    planned = SensorStatus("a", ago(600), "maintenance", until=NOW + timedelta(seconds=1))
    assert health({"a": planned}, {"a": ago(600)}, NOW, LAYOUT)["a"].state == "maintenance"
    assert health({"a": planned}, {"a": ago(600)}, NOW + timedelta(seconds=2), LAYOUT)["a"].state == "offline"
    open_end = SensorStatus("a", ago(600), "maintenance")
    assert health({"a": open_end}, {}, NOW, LAYOUT)["a"].state == "maintenance"


def test_a_strangers_word_is_passed_over() -> None:
    assert set(health({"x": SensorStatus("x", NOW)}, {"y": NOW}, NOW, LAYOUT)) == {"a", "b"}


@pytest.mark.parametrize(
    ("declared_s", "quiet_s", "state"),
    [
        (1.0, 2.9, "ok"),
        (1.0, 3.1, "offline"),
        (30.0, 60.9, "ok"),
        (30.0, 61.1, "offline"),
        (86_400.0, 121.1, "offline"),
    ],
)
def test_the_interval_that_a_sensor_declares_counts_up_to_a_minute(
    declared_s: float, quiet_s: float, state: str
) -> None:
    """One Hertz: missed after three seconds, whatever the layout says; no sensor talks itself out of being missed."""
    found = health({}, {"a": ago(quiet_s), "b": NOW}, NOW, LAYOUT, declared_s={"a": declared_s})
    assert (found["a"].state, found["b"].state) == (state, "ok")
