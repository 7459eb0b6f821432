"""What operators reject is learned by sensor, hour and weather, and never holds back what must not be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from fusion.alerts import AlertSettings, AlertState, act_on
from fusion.alerts.alert import RULES
from fusion.alerts.ledger import Ledger
from fusion.alerts.nuisance import HOLDABLE, Nuisance, NuisanceCount, is_nuisance, key, may_hold, share_at_least, taught
from fusion.situation.context import AlertContext
from fusion.situation.facts import Sighting
from sensors.timestamps import utc_datetime

NS = 1_000_000_000
START_NS = 1_772_323_200 * NS  # midnight
SURE = {"least_share": 0.7, "least_judged": 8.0}


def sighting(
    track: str, *, direction: int = 1, left_s: float | None = 200.0, sensors=("R",), segment: int = 3
) -> Sighting:
    return Sighting(
        track, START_NS, 0.0, -200.0, 0.0, 1.0, -200.0, segment, 1700.0, direction, left_s, 0.99,
        (0.9, 0.04, 0.02, 0.03, 0.01), tuple((sensor, 1, 1) for sensor in sensors),
    )  # fmt: skip


def ledger(state: AlertState, *, second: float = 0.0, weather: str = "", context=None) -> Ledger:
    return Ledger(
        AlertSettings(), START_NS + round(second * NS), dict(state.alerts), weather=weather, context=context,
        tallies=dict(state.nuisance.tallies), held_ns=dict(state.nuisance.held_ns),
    )  # fmt: skip


def after(state: AlertState, book: Ledger) -> AlertState:
    return replace(state, alerts=book.alerts, nuisance=book.nuisance())


def rejected(
    count: int, *, rule: str = "approaching", action: str = "reject", weather: str = "", sensors=("R",)
) -> AlertState:
    """The state after people judged so many alerts of one kind."""
    state = AlertState()
    for number in range(count):
        book = ledger(state, weather=weather)
        book.raise_(f"A{number}", rule, sighting(f"T{number}", sensors=sensors))
        state = after(state, book)
        if f"A{number}" in state.alerts:
            more = {"reason": "a deer"} if action == "reject" else {}
            state, _ = act_on(state, f"A{number}", action, by="B", at=utc_datetime(START_NS), **more)
    return state


def is_raised(state: AlertState, rule: str = "approaching", **more) -> bool:
    where = {name: more.pop(name) for name in ("second", "weather", "context") if name in more}
    book = ledger(state, **where)
    book.raise_("new", rule, sighting("T-new", **more))
    return "new" in book.alerts


def test_what_is_rejected_again_and_again_is_held_back_and_counted() -> None:
    state = rejected(12)
    assert not is_raised(state)
    book = ledger(state)
    book.raise_("new", "approaching", sighting("T-new"))
    assert (
        book.tallies[key("approaching", "R", 0, "")].held
        == state.nuisance.tallies[key("approaching", "R", 0, "")].held + 1
    )
    assert book.revisions() == ()


def test_a_few_rejections_are_not_enough_and_one_that_was_real_counts() -> None:
    assert is_raised(rejected(5))
    state = rejected(9)
    names = [key("approaching", "R", 0, "")]
    tallies = dict(state.nuisance.tallies)
    assert is_nuisance(tallies, names, **SURE)
    assert not is_nuisance(taught(tallies, names, rejected=False), names, **SURE)


def test_it_is_learned_by_sensor_hour_and_weather() -> None:
    state = rejected(12, weather="fog")
    assert not is_raised(state, weather="fog")
    assert is_raised(state, weather="day")
    assert is_raised(state, weather="fog", second=3600.0)
    assert is_raised(state, weather="fog", sensors=("R", "C"))  # the other sensor has a clean record
    assert is_raised(state, rule="loitering", weather="fog")


def test_what_a_person_clears_teaches_that_it_was_real() -> None:
    state = rejected(12, action="clear")
    assert state.nuisance.tallies[key("approaching", "R", 0, "")] == NuisanceCount(12, 0, 0)
    assert is_raised(state)


def test_every_fifth_is_shown_all_the_same() -> None:
    state, shown = rejected(12), []
    start = state.nuisance.tallies[key("approaching", "R", 0, "")].held
    for number in range(10):
        book = ledger(state)
        book.raise_(f"N{number}", "approaching", sighting(f"N{number}"))
        shown.append(f"N{number}" in book.alerts)
        state = after(state, book)
    assert sum(shown) == 2
    assert all(shown[i] == ((start + i + 1) % 5 == 0) for i in range(10))


@given(
    rule=st.sampled_from(RULES), priority=st.sampled_from(["distress", "high", "medium", "low"]),
    impact=st.sampled_from([None, "low", "medium", "high", "critical"]),
)  # fmt: skip
def test_crossings_distress_sensors_urgent_and_serious_sections_are_never_held_back(rule, priority, impact) -> None:
    held = may_hold(rule, priority, impact)
    assert held == (
        rule in {"approaching", "entering_dead_ground", "loitering"}
        and priority == "low"
        and impact not in ("high", "critical")
    )
    assert not HOLDABLE & {
        "distress",
        "crossing",
        "track_initiated_inside",
        "coverage_lost",
        "sensor_offline",
        "sensor_fault",
    }


def test_a_crossing_is_raised_whatever_was_rejected() -> None:
    state = rejected(40, rule="crossing")
    assert all(alert.status == "rejected" for alert in state.alerts.values())
    assert len(state.alerts) == 40
    assert is_raised(state, rule="crossing")
    assert is_raised(rejected(40), context=AlertContext(impact=(None, None, None, "high")))


def test_one_held_back_that_becomes_urgent_is_raised_then() -> None:
    state = rejected(12)
    book = ledger(state)
    book.raise_("new", "approaching", sighting("T"))
    assert "new" not in book.alerts
    state = after(state, book)
    book = ledger(state, second=30.0)
    book.follow("new", "approaching", sighting("T", left_s=150.0))
    assert "new" not in book.alerts
    book.follow("new", "approaching", sighting("T", left_s=20.0))
    assert book.alerts["new"].priority == "medium"
    assert "new" not in book.held_ns


def test_what_is_held_is_in_the_state_and_forgotten_in_time() -> None:
    state = rejected(12)
    book = ledger(state)
    book.raise_("new", "approaching", sighting("T"))
    state = after(state, book)
    assert AlertState.from_json(state.to_json()) == state
    assert "new" in state.nuisance.held_ns
    book = ledger(state, second=timedelta(hours=2).total_seconds())
    book.forget()
    assert "new" not in book.nuisance().held_ns
    assert book.nuisance().tallies == state.nuisance.tallies


@pytest.mark.parametrize(("part", "whole"), [(0, 10), (81, 100), (9, 9), (12, 15), (1, 1)])
def test_the_lower_end_is_wilsons(part: int, whole: int) -> None:
    """metrics: 81/100 gives .7222; the rest against scipy."""
    assert share_at_least(part, whole) == pytest.approx(
        binomtest(part, whole).proportion_ci(method="wilson").low, abs=1e-4
    )
    assert share_at_least(81, 100) == pytest.approx(0.7222, abs=1e-4)
    assert share_at_least(0, 0) == 0.0


def test_nothing_is_nuisance_without_any_sensor() -> None:
    assert not is_nuisance({}, [], **SURE)
    assert Nuisance() == Nuisance({}, {})
