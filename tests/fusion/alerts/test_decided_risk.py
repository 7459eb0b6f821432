"""A decision on risk raises priorities by one step at most, lowers none, and without it alerts are as before."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.alerts.alert import PRIORITIES, Alert
from fusion.alerts.ledger import Ledger
from fusion.alerts.priority import priority_of
from fusion.alerts.settings import AlertSettings
from fusion.alerts.state import DistressCall
from fusion.situation.context import AlertContext, DecidedRisk
from fusion.situation.facts import Sighting
from geo.border.sections import IMPACT_LEVELS

NOW_NS = 1_774_000_000 * 10**9
TRACK_RULES = ("crossing", "approaching", "entering_dead_ground", "loitering", "track_initiated_inside")
LEVELS = (None, "low", "medium", "high")
"""Levels of risk in order; unknown counts as the least."""


def sighting(direction: int = 1, left_s: float | None = 30.0, animal: float = 0.03, segment: int = 3) -> Sighting:
    shares = (0.96 - animal, 0.01, 0.02, animal, 0.01)
    return Sighting(
        "T1", NOW_NS, 0.0, -200.0, 0.0, 1.0, -200.0, segment, 1700.0, direction, left_s, 0.99, shares, (("R", 1, 1),)
    )


def context(level: str | None, impact: str | None = None) -> AlertContext:
    risk = DecidedRisk((None, "low", "medium", level), "2026-01-15", "Ana")
    return AlertContext(impact=(impact,) * 4, risk=risk)


def raised(rule: str, seen: Sighting, about: AlertContext | None) -> Alert:
    book = Ledger(AlertSettings(), NOW_NS, {}, context=about)
    book.raise_("A1", rule, seen)
    return book.alerts["A1"]


SIGHTINGS = st.builds(
    sighting, st.sampled_from([-1, 0, 1]), st.sampled_from([None, 30.0, 5_000.0]), st.sampled_from([0.03, 0.9])
)
IMPACTS = st.sampled_from([None, *IMPACT_LEVELS])


@given(st.sampled_from(TRACK_RULES), SIGHTINGS, IMPACTS)
def test_a_higher_risk_never_lowers_a_priority_and_raises_it_one_step_at_most(
    rule: str, seen: Sighting, impact: str | None
) -> None:
    def rank(risk: str | None, level: str | None = impact) -> int:
        found = priority_of(rule, seen, animal_probability=0.8, urgent_s=300.0, impact_level=level, risk_level=risk)
        return PRIORITIES.index(found)

    by_risk = [rank(risk) for risk in LEVELS]
    assert by_risk == sorted(by_risk, reverse=True), "a smaller rank is more urgent"
    assert rank("high", None) >= rank(None, None) - 1
    assert rank("high", "high") == rank(None, "high"), "impact and risk together are one step"
    assert min(by_risk) > PRIORITIES.index("distress"), "no movement is ranked with a call for help"


@given(st.sampled_from(TRACK_RULES), SIGHTINGS, IMPACTS, st.sampled_from(["low", "medium", None]))
def test_without_a_high_risk_the_alert_is_the_same(
    rule: str, seen: Sighting, impact: str | None, level: str | None
) -> None:
    about = context(level, impact)
    assert raised(rule, seen, about) == raised(rule, seen, replace(about, risk=None))


def test_a_raised_alert_says_so_with_segment_day_and_person() -> None:
    plain, found = (raised("approaching", sighting(), about) for about in (None, context("high")))
    assert (plain.priority, found.priority) == ("medium", "high")
    (why,) = [one for one in found.why if one.id == "alert-why-risk"]
    assert why.parameters == {"segment": 3, "on": "2026-01-15", "by": "Ana"}
    assert [one for one in found.why if one != why] == list(plain.why)


@pytest.mark.parametrize(("rule", "impact"), [("crossing", None), ("approaching", "high"), ("approaching", "critical")])
def test_where_nothing_was_raised_risk_is_no_reason(rule: str, impact: str | None) -> None:
    found = raised(rule, sighting(), context("high", impact))
    assert found.priority == "high"
    assert "alert-why-risk" not in [one.id for one in found.why]


def test_a_call_for_help_is_the_same_and_first_whatever_the_risk() -> None:
    call = DistressCall(
        "patrol-1", NOW_NS, easting=0.0, northing=-20.0, position="", segment=3, chainage_m=1_700.0, offset_m=-20.0
    )
    found = []
    for about in (None, context("low"), context("high", "critical")):
        book = Ledger(AlertSettings(), NOW_NS, {}, context=about)
        book.raise_distress("D1", call)
        for number, (rule, left_s) in enumerate(itertools.product(TRACK_RULES, (30.0, None))):
            book.raise_(f"A{number}", rule, sighting(left_s=left_s))
        found.append(book.alerts["D1"])
        assert book.revisions()[0].id == "D1"
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("segment", [-1, 4, 10_000])
def test_a_segment_that_was_not_assessed_has_no_risk(segment: int) -> None:
    assert context("high").risk_of(segment) is None
