"""Figures of incidents: counted by hand, with Wilson's interval, and times of the life cycle."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ops.analysis.night_report.incidents import incident_sentences
from ops.incidents.outcomes import incident_figures, plain_figures, seconds_until
from sensors.statistics.outcome_rates import BORDER_EFFECTIVENESS, INTERDICTION_EFFECTIVENESS
from tests.ops.incidents.making import at


def closed(disposition: str, acknowledged_s: float, closed_s: float, **more: Any) -> dict[str, Any]:
    steps = [
        {"at": at(0).isoformat(), "state": "open", "by": "system"},
        {"at": at(acknowledged_s).isoformat(), "state": "acknowledged", "by": "Ana"},
        {"at": at(closed_s).isoformat(), "state": "closed", "by": more.pop("by", "Ana")},
    ]
    base = {"kind": "movement", "state": "closed", "disposition": disposition, "closed_by": "person"}
    return base | {"opened_at": at(0).isoformat(), "transitions": steps} | more


SHIFT = [
    *(closed("apprehended", 10, 600) for _ in range(6)),
    closed("turn_back", 20, 700),
    *(closed("got_away", 30, 800) for _ in range(3)),
    closed("nuisance", 100, 200),
    closed("restored", 5, 50, kind="equipment"),
    closed("unresolved", 40, 5000, by="system", closed_by="system"),
]


def test_rates_of_a_shift_by_hand() -> None:
    """7 of 10; Wilson's 95% interval of 7/10 is 0.397 to 0.892 (Wilson 1927)."""
    figures = incident_figures(SHIFT)
    rate = figures.rates[INTERDICTION_EFFECTIVENESS]
    assert (rate.numerator, rate.denominator) == (7, 10)
    assert (rate.low, rate.high) == pytest.approx((0.397, 0.892), abs=1e-3)
    assert math.isnan(figures.rates[BORDER_EFFECTIVENESS].value), "undetected crossings are not known"


def test_counts_and_times_of_people_not_of_the_system() -> None:
    figures = incident_figures(SHIFT)
    assert figures.count == 13
    assert figures.by_disposition["unresolved"] == figures.closed_by_system == 1
    assert (figures.acknowledgement.count, figures.acknowledgement.median_s) == (13, 10.0)
    assert (figures.disposition.count, figures.disposition.median_s) == (12, 600.0)
    plain = plain_figures(figures)
    assert plain["rates"][BORDER_EFFECTIVENESS]["value"] is None
    assert plain["by_kind"]["equipment"] == 1


def step(seconds: float, state: str, action: str, by: str = "Ana") -> dict[str, str]:
    return {"at": at(seconds).isoformat(), "state": state, "by": by, "action": action}


def test_steps_that_were_undone_and_closings_that_were_reopened_do_not_count() -> None:
    """Closed by a slip at 20 s, undone at 25 s; closed at 60 s, reopened at 90 s, closed again at 7,200 s."""
    opened, slip = step(0, "open", "open", "system"), [step(20, "closed", "close"), step(25, "open", "undo")]
    untouched = closed("", 0, 0, state="open", closed_by="", transitions=[opened, *slip])
    assert (seconds_until(untouched, "acknowledged"), seconds_until(untouched, "closed")) == (None, None)
    again = [opened, *slip, step(60, "closed", "close"), step(90, "acknowledged", "reopen")]
    reopened = untouched | {"state": "acknowledged", "transitions": again}
    assert (seconds_until(reopened, "acknowledged"), seconds_until(reopened, "closed")) == (60.0, None)
    kept = closed("lost", 0, 0, transitions=[*again, step(95, "closed", "undo")])
    assert seconds_until(kept, "closed") == 60.0, "the reopening was undone"
    twice = closed("lost", 0, 0, transitions=[*again, step(7200, "closed", "close")])
    assert seconds_until(twice, "closed") == 7200.0
    by_system = closed("unresolved", 0, 0, transitions=[*again, step(7200, "closed", "close", "system")])
    assert seconds_until(by_system, "closed") is None


def test_times_of_merged_incidents_are_those_of_the_event() -> None:
    """Two incidents, the first of which was merged into the second at 3,020 s; its own claim at 20 s counts."""
    merged = closed("merged", 0, 0, id="a", merged_into="b", transitions=[step(3020, "closed", "merge")])
    kept = closed("apprehended", 0, 0, id="b", opened_at=at(3000).isoformat())
    kept |= {"transitions": [step(3010, "acknowledged", "acknowledge"), step(3400, "closed", "close")]}
    figures = incident_figures([merged, kept])
    assert (figures.count, figures.acknowledgement.count, figures.disposition.count) == (2, 1, 1)
    assert (figures.acknowledgement.median_s, figures.disposition.median_s) == (3010.0, 3400.0)
    claimed = merged | {"transitions": [step(20, "acknowledged", "acknowledge"), *merged["transitions"]]}
    assert incident_figures([kept, claimed]).acknowledgement.median_s == 20.0
    assert incident_figures([kept]).acknowledgement.median_s == 10.0


def test_the_report_states_both_rates_and_what_is_not_known() -> None:
    said = " ".join(incident_sentences(incident_figures(SHIFT)))
    assert "13 incidents; 0 not closed, 1 closed by the system" in said
    assert "7 of 10, 70% (95% interval 40% to 89%)" in said
    assert "Unlawful border crossing effectiveness rate: not known" in said
    assert "apprehended 6" in said
    empty = " ".join(incident_sentences(incident_figures([])))
    assert "No incidents" in empty
    assert "not known; no incident was closed" in empty
    assert incident_sentences(None) == []
