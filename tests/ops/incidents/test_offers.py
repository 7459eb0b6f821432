"""Duty and escalation: who is asked when no one has taken an incident, or a unit does not answer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.incidents.actions import IncidentAction, Refused
from ops.incidents.incident import Incident, Transition
from ops.incidents.life_cycle import act
from ops.incidents.offers import FieldedUnit, asked_next
from ops.incidents.settings import IncidentSettings
from tests.ops.incidents.making import SECOND, SETTINGS, START_NS, Shift, alert, at, incident

NEAR, FAR, WALKER = (
    FieldedUnit("patrol-1", 200.0, 200.0),
    FieldedUnit("patrol-2", 5_000.0, 200.0),
    FieldedUnit("patrol-3", 900.0, 200.0, walks=True),
)
UNITS = (FAR, WALKER, NEAR)
KNOWN = {unit.name for unit in UNITS}
WAIT_S = SETTINGS.answer_s


def later(shift: Shift, seconds: float, units: Any = UNITS) -> Incident:
    """The shift's incident at a later time."""
    shift.book.pass_time(shift.alerts, START_NS + round(seconds * SECOND), shift.settings, units, KNOWN)
    (one,) = shift.book.incidents.values()
    return one


def shift_with(priority: str = "high", settings: IncidentSettings = SETTINGS) -> Shift:
    shift = Shift(replace(settings, escalate_high_s=100_000.0, escalate_distress_s=100_000.0))
    shift.raise_(alert("crossing", "T1", priority=priority))
    return shift


def done(shift: Shift, seconds: float, **action: Any) -> str:
    """The result of an action on the shift's incident."""
    (identity,) = shift.book.incidents
    by_centre = action.pop("by_centre", False)
    stated = IncidentAction(f"a{seconds}", by_centre=by_centre, **action)
    outcome, _ = shift.book.act(identity, stated, START_NS + round(seconds * SECOND), shift.settings)
    assert outcome is not None
    return outcome.result


def test_what_no_one_has_taken_is_offered_to_the_nearest_unit_then_the_next_then_the_supervisor() -> None:
    shift = shift_with()
    asked = []
    for step in range(5):
        one = later(shift, 1.0 + step * WAIT_S)
        asked.append((one.offered_unit, one.escalation))
    # the walker is nearer than patrol-2 but slower: 900 m at 1.2 m/s against 4,900 m at 9 m/s
    assert asked == [("patrol-1", 0), ("patrol-2", 0), ("patrol-3", 0), ("", 1), ("", 1)]
    assert later(shift, 1.0 + 9 * WAIT_S).revision == one.revision, "no one is left: nothing changes any more"


def test_an_answer_in_time_ends_the_asking() -> None:
    shift = shift_with()
    assert later(shift, 1.0).offered_unit == "patrol-1"
    assert done(shift, 30.0, action="en_route", by="Sgt. Meyer", sender="patrol-1") == "done"
    one = later(shift, 10 * WAIT_S)
    assert (one.state, one.unit, one.owner, one.offered_unit, one.escalation) == (
        "en_route", "patrol-1", "Sgt. Meyer", "", 0,
    )  # fmt: skip


def test_a_unit_that_does_not_answer_an_assignment_is_followed_and_the_next_may_take_it() -> None:
    shift = shift_with()
    later(shift, 1.0)
    done(shift, 10.0, action="acknowledge", by="Ana", by_centre=True)
    done(shift, 11.0, action="assign", by="Ana", by_centre=True, unit="patrol-1")
    assert later(shift, 12.0).offered_unit == ""
    assert later(shift, 11.0 + WAIT_S - 1.0).offered_unit == "", "not yet"
    one = later(shift, 11.0 + WAIT_S)
    assert (one.offered_unit, one.unit, one.attention) == ("patrol-2", "patrol-1", True)
    assert done(shift, 300.0, action="acknowledge", by="Cpl. Roth", sender="patrol-3") == "refused", "not asked"
    assert done(shift, 301.0, action="acknowledge", by="Cpl. Lang", sender="patrol-2") == "done"
    (one,) = shift.book.incidents.values()
    assert (one.unit, one.owner, one.state, one.attention) == ("patrol-2", "Ana", "assigned", False)
    assert [step.sender for step in one.transitions][-1] == "patrol-2"


def test_a_late_answer_of_the_assigned_unit_ends_the_offer() -> None:
    shift = shift_with()
    done(shift, 10.0, action="acknowledge", by="Ana", by_centre=True)
    done(shift, 11.0, action="assign", by="Ana", by_centre=True, unit="patrol-1")
    assert later(shift, 11.0 + WAIT_S).offered_unit == "patrol-2"
    assert done(shift, 250.0, action="received", by="Sgt. Meyer", sender="patrol-1") == "done"
    assert later(shift, 5 * WAIT_S).offered_unit == ""


def test_the_unit_that_answers_an_offer_is_assigned_also_if_no_one_owns_it_yet() -> None:
    shift = shift_with()
    assert later(shift, 1.0).offered_unit == "patrol-1"
    assert done(shift, 30.0, action="acknowledge", by="Sgt. Meyer", sender="patrol-1") == "done"
    one = later(shift, 5 * WAIT_S)
    assert (one.state, one.unit, one.owner, one.attention, one.offered_unit) == (
        "assigned", "patrol-1", "Sgt. Meyer", False, "",
    )  # fmt: skip
    assert one.received_at == at(30.0)


def test_what_the_system_closes_is_offered_to_no_one_and_is_offered_from_the_start_when_it_is_opened_again() -> None:
    """Every unit had been asked; the event goes on after the system has closed it, so they are asked once more."""
    for asked in (1, 3, 4):
        shift = shift_with()
        for step in range(asked):
            later(shift, 1.0 + step * WAIT_S)
        over_s = 2.0 + asked * WAIT_S
        (first,) = shift.alerts.values()
        shift.clear(first, over_s)
        closed = later(shift, over_s + SETTINGS.settled_s + 1.0)
        assert (closed.state, closed.offered_unit, closed.offered_at, closed.asked) == ("closed", "", None, ())
        again_s = over_s + SETTINGS.settled_s + 10.0
        shift.raise_(alert("loitering", "T1", again_s, priority="high"))
        one = later(shift, again_s + 1.0)
        assert (one.state, one.offered_unit, one.asked, one.escalation) == ("open", "patrol-1", (), 0), asked


def test_what_is_merged_into_another_incident_is_offered_to_no_one() -> None:
    steps = (Transition(at(0.0), "open", "system", "open"),)
    offered = incident(
        priority="high", kind="movement", offered_unit="patrol-1", offered_at=at(0.0), asked=("patrol-2",),
        transitions=steps,
    )  # fmt: skip
    other = incident(id="I2", transitions=steps)
    merged, _ = act(offered, IncidentAction("a", "merge", "Ana", other="I2"), at=at(1.0), undo_s=10.0, other=other)
    assert (merged.state, merged.offered_unit, merged.offered_at, merged.asked) == ("closed", "", None, ())


def test_an_assignment_to_a_base_is_not_followed() -> None:
    shift = shift_with()
    done(shift, 10.0, action="acknowledge", by="Ana", by_centre=True)
    done(shift, 11.0, action="assign", by="Ana", by_centre=True, unit="Fork base")
    assert later(shift, 50 * WAIT_S).offered_unit == ""


def test_a_call_for_help_is_offered_to_another_unit_than_the_one_that_calls() -> None:
    shift = Shift(SETTINGS)
    shift.raise_(alert("distress", "patrol-1"))
    assert later(shift, 1.0).offered_unit == "patrol-2"


@pytest.mark.parametrize("priority", ["medium", "low"])
def test_what_can_wait_is_offered_to_no_one_unasked(priority: str) -> None:
    assert later(shift_with(priority), 1.0).offered_unit == ""


def test_without_units_nothing_is_offered_and_the_supervisor_is_asked_as_before() -> None:
    shift = Shift(SETTINGS)
    shift.raise_(alert("crossing", "T1", priority="high"))
    one = later(shift, SETTINGS.escalate_high_s + 1.0, ())
    assert (one.offered_unit, one.escalation) == ("", 1)


def test_a_unit_whose_position_the_sector_cannot_place_comes_after_those_that_it_can() -> None:
    """A device without a fix often states 0, 0, which may be beyond the projection."""
    lost = FieldedUnit("patrol-0", math.nan, math.nan)
    for units in ((lost, FAR, NEAR), (FAR, NEAR, lost), (FAR, lost, NEAR)):
        assert later(shift_with(), 1.0, units).offered_unit == "patrol-1"
    nowhere = incident(id="I2", priority="high", kind="movement", easting=math.nan, northing=math.nan)
    for units in ((FAR, NEAR), (NEAR, FAR)):
        asked = asked_next(nowhere, units, (), KNOWN, at(2.0), SETTINGS)
        assert asked is not None
        assert asked.offered_unit == "patrol-1", "by name where none is nearer"


def test_a_unit_that_works_on_something_comes_last() -> None:
    shift = shift_with()
    first = later(shift, 1.0)
    other = asked_next(
        incident(id="I2", priority="high", kind="movement"), UNITS, {first.offered_unit}, KNOWN, at(2.0), SETTINGS
    )
    assert other is not None
    assert other.offered_unit == "patrol-2"


def test_a_unit_to_which_nothing_is_offered_does_not_take_over_what_another_owns() -> None:
    steps = (Transition(at(0.0), "assigned", "Ana", "assign", owner="Ana", unit="patrol-1"),)
    owned = incident(
        priority="high", kind="movement", state="assigned", owner="Ana", unit="patrol-1", transitions=steps
    )
    for action in ("acknowledge", "en_route", "on_scene"):
        with pytest.raises(Refused):
            act(owned, IncidentAction("a", action, "Roth", "patrol-9", by_centre=False), at=at(1.0), undo_s=10.0)


@given(st.lists(st.floats(0.0, 2_000.0), max_size=12), st.integers(0, 3))
def test_every_unit_is_asked_at_most_once_whenever_time_passes(pauses: list[float], count: int) -> None:
    shift = shift_with()
    seconds, asked = 1.0, [later(shift, 1.0, UNITS[:count]).offered_unit]
    for pause in pauses:
        seconds += pause
        one = later(shift, seconds, UNITS[:count])
        if one.offered_unit != asked[-1]:
            asked.append(one.offered_unit)
    named = [name for name in asked if name]
    assert len(named) == len(set(named)) <= count
    assert len(asked) == 1 or asked[0], "an offer is never made after none was"
