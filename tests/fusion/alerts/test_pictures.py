"""What people saw on pictures counts once for the alerts of a track, until a person decides on the alert itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.alerts import AlertState, act_on
from fusion.alerts.nuisance import NuisanceCount, key
from fusion.alerts.pictures import is_rejected, take_pictures
from sensors.timestamps import utc_datetime
from tests.fusion.alerts.test_nuisance import NS, START_NS, after, is_raised, ledger, sighting

HERE = key("approaching", "R", 0, "")
shown = st.lists(st.sampled_from(["person", "vehicle", "animal", "nothing", "unclear"]), max_size=4)


def raised(count: int = 1, state: AlertState | None = None, rule: str = "approaching") -> AlertState:
    state = state or AlertState()
    for number in range(count):
        book = ledger(state)
        book.raise_(f"A{number}", rule, sighting(f"T{number}"))
        state = after(state, book)
    return state


def count(state: AlertState) -> tuple[int, int]:
    found = state.nuisance.tallies.get(HERE, NuisanceCount())
    return found.judged, found.rejected


def decided(state: AlertState, action: str) -> AlertState:
    reason = {"reason": "a deer"} if action == "reject" else {}
    return act_on(state, "A0", action, by="Ana", at=utc_datetime(START_NS), **reason)[0]


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([], None),
        (["unclear"], None),
        (["nothing"], True),
        (["animal", "unclear"], True),
        (["person"], False),
        (["animal", "vehicle", "nothing"], False),
    ],
)
def test_a_person_or_vehicle_on_any_picture_makes_it_real(statements: list[str], verdict: bool | None) -> None:
    assert {is_rejected(one) for one in permutations(statements)} == {verdict}


def test_animals_on_pictures_hold_back_alerts_as_rejections_do() -> None:
    state = raised(12)
    assert is_raised(state)
    for number in range(12):
        state = take_pictures(state, f"T{number}", ["animal"])
    assert count(state) == (12, 12)
    assert not is_raised(state)


def test_an_alert_counts_once_however_many_pictures_there_are_and_a_correction_replaces_it() -> None:
    state = take_pictures(raised(), "T0", ["animal"])
    assert count(take_pictures(state, "T0", ["animal", "nothing", "animal"])) == (1, 1)
    assert count(take_pictures(state, "T0", ["animal", "person"])) == (1, 0)
    assert count(take_pictures(state, "T0", ["unclear"])) == (0, 0)
    assert take_pictures(state, "T0", ["animal"]) is state
    assert take_pictures(state, "T9", ["animal"]) is state


@pytest.mark.parametrize(("action", "expected"), [("reject", (1, 1)), ("clear", (1, 0))])
def test_a_decision_on_the_alert_replaces_what_pictures_said(action: str, expected: tuple[int, int]) -> None:
    for statement in ("animal", "person"):
        state = decided(take_pictures(raised(), "T0", [statement]), action)
        assert count(state) == expected
        assert count(take_pictures(state, "T0", ["animal", "vehicle"])) == expected


def test_an_alert_that_cleared_by_itself_counts_by_its_pictures_also_if_it_was_acknowledged() -> None:
    for state in (raised(), decided(raised(), "acknowledge")):
        book = ledger(state)
        book.clear("A0", "no_action")
        assert count(take_pictures(after(state, book), "T0", ["nothing"])) == (1, 1)


def test_the_count_is_taken_back_under_the_sensors_under_which_it_was_made() -> None:
    state = take_pictures(raised(), "T0", ["animal"])
    later = replace(state.alerts["A0"], evidence=(("S", 1, 1),))
    state = replace(state, alerts=state.alerts | {"A0": later})
    state = take_pictures(state, "T0", ["person"])
    assert count(state) == (0, 0)
    assert state.nuisance.tallies[key("approaching", "S", 0, "")] == NuisanceCount(1, 0)


def test_what_is_remembered_of_an_alert_goes_with_it_and_the_count_stays() -> None:
    state = take_pictures(raised(), "T0", ["animal"])
    book = ledger(state, second=1.0)
    book.by_picture = dict(state.nuisance.by_picture)
    book.clear("A0", "no_action")
    book.now_ns = START_NS + round((book.settings.keep_s + 2.0) * NS)
    book.forget()
    assert book.nuisance().by_picture == {}
    assert book.nuisance().tallies[HERE] == NuisanceCount(1, 1)


@given(st.lists(shown, max_size=5))
def test_only_the_last_statements_count_and_the_state_survives_its_json(told: list[list[str]]) -> None:
    state = raised()
    for one in told:
        state = take_pictures(state, "T0", one)
    last = None if not told else is_rejected(told[-1])
    assert count(state) == (0 if last is None else 1, 1 if last else 0)
    assert AlertState.from_json(state.to_json()) == state


def test_a_state_of_before_there_were_pictures_is_read_as_one_without() -> None:
    state = decided(raised(), "reject")
    older = state.to_json().replace(b'"by_picture":{},', b"")
    assert b"by_picture" not in older
    assert AlertState.from_json(older) == state
