"""Silence where traffic is expected: learned by segment and hour, told after a whole watched hour that is too quiet."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from shapely.geometry import LineString

from fusion.alerts import AlertState, picture_of, raise_alerts
from fusion.alerts.expected_traffic import HOUR_NS, Learned, Traffic, hour_is_over, judged, noted
from fusion.models.settings import TrackerSettings
from fusion.models.tracker_model import tracker_model
from fusion.situation.correlate import Correlator
from fusion.situation.current_coverage import current_coverage_of
from fusion.tracker import Tracker
from geo.border import Border
from geo.frame import LocalFrame
from geo.message import Message
from sensors.layout import Layout, place

MIDNIGHT_NS = 1_772_323_200 * 1_000_000_000
LIMITS = {"least_hours": 5.0, "least_probability": 1e-3}


def hours(counts: list[int], *, start_ns: int = MIDNIGHT_NS, unsound=(), watched=(3,), traffic: Traffic | None = None):
    """The memory and verdicts after so many tracks came near segment 3 in each of successive days' first hours."""
    traffic, verdicts = traffic or Traffic(), []
    for day, count in enumerate(counts):
        begin = start_ns + 24 * day * HOUR_NS
        if traffic.hour_ns:
            traffic, _ = judged(traffic, (), begin - HOUR_NS, **LIMITS)  # the day passes
            traffic, _ = judged(traffic, (), begin, **LIMITS)
        else:
            traffic, _ = judged(noted(traffic, (), (), begin - HOUR_NS), (), begin, **LIMITS)
        traffic = noted(traffic, [(f"T{day}-{i}", 3) for i in range(count)], unsound, begin + 5)
        assert not hour_is_over(traffic, begin + HOUR_NS - 1)
        assert hour_is_over(traffic, begin + HOUR_NS)
        traffic, new = judged(traffic, watched, begin + HOUR_NS, **LIMITS)
        verdicts += new
    return traffic, verdicts


def test_an_hour_without_anybody_is_too_quiet_only_when_many_are_usual() -> None:
    """e^−8 = 3.4e-4 is below 1e-3; e^−6 = 2.5e-3 is not."""
    _, busy = hours([8, 8, 8, 8, 8, 0])
    assert [verdict.below_baseline for verdict in busy] == [False] * 5 + [True]
    assert busy[-1].expected == pytest.approx(8.0)
    _, calm = hours([6, 6, 6, 6, 6, 0])
    assert not any(verdict.below_baseline for verdict in calm)


def test_it_takes_several_days_and_one_track_is_not_silence() -> None:
    assert not any(verdict.below_baseline for verdict in hours([50, 50, 50, 50, 0])[1])
    assert not any(verdict.below_baseline for verdict in hours([50, 50, 50, 50, 50, 1])[1])


def test_quiet_that_has_become_the_rule_is_no_longer_told() -> None:
    _, verdicts = hours([8] * 5 + [0] * 6)
    told = [verdict.below_baseline for verdict in verdicts]
    assert told[5]
    assert not told[-1]


def test_what_nobody_watched_is_neither_judged_nor_learned() -> None:
    traffic, _ = hours([8] * 5)
    after, verdicts = hours([0], start_ns=MIDNIGHT_NS + 5 * 24 * HOUR_NS, watched=(), traffic=traffic)
    assert verdicts == []
    assert after.learned == traffic.learned == {"3|00": Learned(5, 40)}


def test_an_hour_that_began_before_us_or_has_a_hole_is_not_judged() -> None:
    late = noted(Traffic(), [("T", 3)], (), MIDNIGHT_NS + HOUR_NS // 2)
    after, verdicts = judged(late, (3,), MIDNIGHT_NS + HOUR_NS, **LIMITS)
    assert verdicts == ()
    assert after.whole
    jumped, _ = judged(after, (3,), MIDNIGHT_NS + 3 * HOUR_NS, **LIMITS)
    assert not jumped.whole


def test_a_track_counts_once_however_long_it_stays_and_hours_of_the_day_are_apart() -> None:
    traffic = noted(noted(Traffic(), [("T", 3)], (), MIDNIGHT_NS), [("T", 3), ("U", 3)], (), MIDNIGHT_NS + 9)
    assert traffic.seen == {"3": ("T", "U")}
    other, verdicts = hours([8] * 6, start_ns=MIDNIGHT_NS + 7 * HOUR_NS)
    assert set(other.learned) == {"3|07"}
    assert not any(verdict.below_baseline for verdict in verdicts)


# ---- the alert -----------------------------------------------------------------------------------------------------

FRAME = LocalFrame.around(10.0, 45.0)
BORDER = Border(FRAME, LineString([(-1000.0, 0.0), (1000.0, 0.0)]), 500.0, "left")
LAYOUT = Layout(
    "l",
    FRAME,
    (
        place(
            FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=3000.0, period_s=3.0, range_sd_m=4.0, azimuth_sd_deg=0.4
        ),
    ),
)


@cache
def watching() -> Any:
    return current_coverage_of(tracker_model(LAYOUT, TrackerSettings(), None), BORDER)


@cache
def empty() -> Any:
    return picture_of(Tracker(LAYOUT, border=BORDER).tracks(), Correlator(BORDER))


class Ok:
    state, since_ns = "ok", MIDNIGHT_NS


class Silent:
    state, since_ns = "offline", MIDNIGHT_NS


def learned_state() -> AlertState:
    learned = {
        f"{segment}|{hour:02d}": Learned(10, 100 if segment == 1 else 0) for segment in range(4) for hour in range(24)
    }
    return AlertState(traffic=Traffic(hour_ns=MIDNIGHT_NS, whole=True, learned=learned))


def test_the_alert_is_raised_once_at_low_priority_with_what_was_expected() -> None:
    state, told = learned_state(), []
    for minute in range(181):
        now = MIDNIGHT_NS + minute * 60_000_000_000
        state, news = raise_alerts(state, empty(), now_ns=now, health={"R": Ok}, coverage=watching())
        told += [alert for alert in news if alert.rule == "activity_below_baseline"]
        state = AlertState.from_json(state.to_json())
    (alert,) = told
    assert (alert.segment, alert.priority, alert.status) == (1, "low", "active")
    assert alert.message == Message("alert-activity-below-baseline", {"segment": 1, "expected": 10.0})


def test_a_segment_whose_sensor_was_silent_for_part_of_the_hour_is_not_called_quiet() -> None:
    state, told = learned_state(), []
    for minute in range(70):
        now = MIDNIGHT_NS + minute * 60_000_000_000
        health = {"R": Silent if minute == 20 else Ok}
        state, news = raise_alerts(state, empty(), now_ns=now, health=health, coverage=watching())
        told += [alert.rule for alert in news]
    assert "activity_below_baseline" not in told
    assert "sensor_offline" in told


@pytest.mark.parametrize(("stop", "start"), [(5, 250), (10, 55), (58, 62)])
def test_an_hour_in_which_the_room_was_stopped_is_neither_judged_nor_learned(stop: int, start: int) -> None:
    state, told = learned_state(), []
    minutes = [*range(stop + 1), *range(start, 60 * (start // 60 + 1) + 1)]
    for minute in minutes:
        now = MIDNIGHT_NS + minute * 60_000_000_000
        state, news = raise_alerts(state, empty(), now_ns=now, health={"R": Ok}, coverage=watching())
        told += [alert.rule for alert in news]
        state = AlertState.from_json(state.to_json())
    assert told == []
    assert state.traffic.learned == learned_state().traffic.learned
    assert state.traffic.whole


def test_a_segment_that_a_moving_sensor_reaches_late_in_the_hour_is_neither_judged_nor_learned() -> None:
    away = replace(watching(), segments={"R": np.array([True, False, False, False])})
    here = replace(watching(), segments={"R": np.array([True, True, False, False])})
    state, told = learned_state(), []
    for minute in range(61):
        now, coverage = MIDNIGHT_NS + minute * 60_000_000_000, away if minute < 59 else here
        state, news = raise_alerts(state, empty(), now_ns=now, health={"R": Ok}, coverage=coverage)
        told += [alert.rule for alert in news]
    assert told == []
    assert state.traffic.learned["1|00"] == Learned(10, 100)
    assert state.traffic.learned["0|00"] == Learned(11, 0)


def test_a_state_of_before_pauses_were_noted_is_read() -> None:
    state = learned_state()
    old = msgspec.json.decode(state.to_json())
    del old["traffic"]["newest_ns"], old["traffic"]["uncovered"]
    assert AlertState.from_json(msgspec.json.encode(old, order="sorted")) == state
