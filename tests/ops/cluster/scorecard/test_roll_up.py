"""The roll-up of a nation: hand-worked counts and sums, a plain recomputation, and what is not compared."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.message import Message
from ops.analysis.score.line import ScorecardLine
from ops.cluster.scorecard.roll_up import DefinitionRollUp, roll_up
from ops.cluster.scorecard.sectors import STATES, SectorLine, state_of

DAY = date(2026, 2, 1)
NAN = math.nan
DAY_OF_VALUES = date(2025, 12, 31)
RATE = Message("score-rate", {"rate": "interdiction_effectiveness_rate"})


def line(sector: str, **more: Any) -> SectorLine:
    fixed: dict[str, Any] = {
        "family": "crime_and_governance", "key": "smuggling_cases", "name": "reported cases", "unit": "cases",
        "edition": "", "better": "lower", "method": "[]", "place": sector, "value": 1.0, "day": date(2025, 12, 31),
        "start": None, "state": "met", "direction": "steady", "numerator": NAN, "denominator": NAN,
        "interval": "score-method-reported", "anchor": "r1",
    }  # fmt: skip
    return SectorLine(sector=sector, **(fixed | more))


def rate(sector: str, part: float, whole: float, **more: Any) -> SectorLine:
    fixed = {
        "family": "tactical_tools", "key": "interdiction_effectiveness_rate", "name": RATE, "unit": "1",
        "better": "higher", "method": "rate", "value": part / whole if whole else NAN, "numerator": part,
        "denominator": whole, "interval": "score-method-wilson",
    }  # fmt: skip
    return line(sector, **(fixed | more))


def only(found: list[DefinitionRollUp]) -> DefinitionRollUp:
    (one,) = found
    return one


def test_counts_are_added_up_and_the_rate_is_that_of_the_sums() -> None:
    """81 of 100 in two sectors: the mean of .9 and .6 is no rate of both. Interval: the oracle of metrics.md §1."""
    one = only(roll_up([rate("north", 63, 70), rate("south", 18, 30)], 3))
    assert (one.together.numerator, one.together.denominator, one.together.value) == (81.0, 100.0, 0.81)
    assert (round(one.together.low, 4), round(one.together.high, 4)) == (0.7222, 0.8749)
    assert one.together.value != pytest.approx((0.9 + 0.6) / 2)
    assert (one.lowest.sector, one.lowest.value, one.highest.sector, one.highest.value) == ("south", 0.6, "north", 0.9)
    assert (one.sectors, one.missing, one.states) == (2, 1, {"met": 2})


def test_sections_of_a_sector_are_added_up_where_the_sector_itself_has_no_counts() -> None:
    lines = [rate("north", 8, 10, place="hill"), rate("north", 4, 5, place="river"), rate("south", 8, 10)]
    together = only(roll_up(lines, 2)).together
    assert (together.numerator, together.denominator) == (20.0, 25.0)


def test_a_sector_without_crossings_adds_nothing_and_is_unknown() -> None:
    one = only(roll_up([rate("north", 8, 10), rate("south", 0, 0, state="unknown")], 2))
    assert (one.together.numerator, one.together.denominator) == (8.0, 10.0)
    assert one.states == {"met": 1, "unknown": 1}


@pytest.mark.parametrize(
    ("lines", "alone"),
    [
        ([rate("north", 8, 10), rate("south", 8, NAN)], "incomplete"),
        ([rate("north", 8, 10), rate("south", 8, 10, place="north")], "places"),
        ([rate("north", 8, 10), rate("north", 4, 5, place="hill"), rate("south", 8, 10)], "places"),
        ([rate(name, 150, 500, key="repeated-trials", value=NAN) for name in ("north", "south")], "not-counts"),
        ([rate("north", 8, 10)], "one"),
        ([line("north"), line("south", value=NAN, state="unknown")], "incomplete"),
        ([line("north"), line("south", day=date(2025, 11, 30))], "periods"),
        ([line("north", start=date(2025, 1, 1)), line("south")], "periods"),
        ([line("north"), line("south", place="Freedonia"), line("north", place="Freedonia")], "places"),
        ([line("north"), line("south"), line("south", place="hill")], "places"),
        ([line(name, key="governance_index", edition="A, 0 to 10") for name in ("north", "south")], "not-counts"),
        ([line("north", key="posts_filled", unit="1"), line("south", key="posts_filled", unit="1")], "not-counts"),
        ([line("north", key="own", edition="2"), line("south", key="own", edition="2")], "not-counts"),
    ],
)
def test_what_is_not_added_up_has_its_reason(lines: list[SectorLine], alone: str) -> None:
    one = only(roll_up(lines, 2))
    assert (one.together, one.alone) == (None, alone)


def test_an_index_whose_scale_is_not_stated_has_no_ends_among_sectors() -> None:
    """As in histories of before an index had to state publisher and scale."""
    one = only(roll_up([line(name, key="governance_index", unit="points") for name in ("north", "south")], 2))
    assert (one.lowest, one.highest, one.reasons) == (None, None, ("undefined",))


def test_cases_of_one_period_are_added_up() -> None:
    year = date(2025, 1, 1)
    one = only(roll_up([line("north", value=35.0, start=year), line("south", value=7.0, start=year)], 2))
    assert (one.together.value, one.together.start, one.together.day) == (42.0, year, date(2025, 12, 31))
    assert math.isnan(one.together.low)


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        ({"unit": "tonnes"}, ("unit",)),
        ({"edition": "2nd"}, ("edition",)),
        ({"better": "higher"}, ("direction",)),
        ({"method": "other"}, ("method",)),
        ({"unit": "tonnes", "edition": "2nd"}, ("unit", "edition")),
        ({}, ()),
    ],
)
def test_only_values_of_one_definition_stand_beside_each_other(other: dict[str, str], reasons: tuple[str, ...]) -> None:
    found = roll_up([line("north", value=5.0), line("south", value=9.0, **other)], 2)
    assert {one.reasons for one in found} == {reasons}
    if reasons:
        assert [(one.lowest.sector, one.highest.sector, one.sectors) for one in found] == [
            ("north", "north", 1), ("south", "south", 1),
        ]  # fmt: skip
        assert {one.together for one in found} == {None}
        assert {one.missing for one in found} == {0}
    else:
        assert only(found).together.value == 14.0


def test_a_direction_that_one_sector_states_holds_for_the_others() -> None:
    assert only(roll_up([line("north", better=""), line("south", better="lower")], 2)).reasons == ()


def test_plans_and_undefined_indicators_are_counted_but_have_no_ends() -> None:
    measures = [line(name, key="measures_met", unit="1", method="plan", value=0.5) for name in ("north", "south")]
    own = [line(name, key="own indicator") for name in ("north", "south")]
    for lines, reason in ((measures, "plan"), (own, "undefined")):
        one = only(roll_up(lines, 2))
        assert (one.reasons, one.lowest, one.highest, one.together, one.directions) == ((reason,), None, None, None, {})
        assert one.states == {"met": 2}
    assert only(roll_up(own[:1], 2)).lowest == own[0], "one sector alone is not compared"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["met", "met"], "met"),
        (["met", "open"], "open"),
        (["open", "stale"], "stale"),
        (["stale", "unknown"], "unknown"),
        (["unknown", "not_met", "met"], "not_met"),
    ],
)
def test_a_sector_is_no_better_than_its_places(states: list[str], expected: str) -> None:
    lines = [line("north", place=f"place {number}", state=state) for number, state in enumerate(states)]
    one = only(roll_up(lines, 1))
    assert one.states == {expected: 1}
    assert one.members == ({"sector": "north", "state": expected, "direction": "steady"},)


def test_places_that_differ_have_no_common_trend() -> None:
    lines = [line("north", place="a", direction="better"), line("north", place="b", direction="worse")]
    assert only(roll_up(lines, 1)).directions == {"mixed": 1}


@pytest.mark.parametrize(
    ("value", "target", "day", "low", "expected"),
    [
        (3.0, 4.0, DAY, NAN, "met"),
        (5.0, 4.0, DAY, NAN, "not_met"),
        (5.0, NAN, DAY, NAN, "open"),
        (NAN, 4.0, DAY, NAN, "unknown"),
        (NAN, NAN, DAY, 0.3, "open"),
        (3.0, 4.0, date(2024, 1, 1), NAN, "stale"),
    ],
)
def test_a_value_out_of_date_neither_meets_nor_misses(
    value: float, target: float, day: date, low: float, expected: str
) -> None:
    found = ScorecardLine(
        family="crime_and_governance", name="n", place="p", value=value, unit="1", day=day, source="s", target=target,
        better="lower", low=low,
    )  # fmt: skip
    assert state_of(found, DAY) == expected


LINES = st.lists(
    st.builds(
        line,
        sector=st.sampled_from(["a", "b", "c", "d"]),
        key=st.sampled_from(["smuggling_cases", "firearm_seizures"]),
        place=st.sampled_from(["p", "q", "r"]),
        edition=st.sampled_from(["", "2nd"]),
        value=st.one_of(st.just(NAN), st.integers(0, 5).map(float)),
        state=st.sampled_from(STATES),
        direction=st.sampled_from(["better", "worse", "no_trend"]),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=LINES, turned=st.booleans())
def test_the_roll_up_equals_a_plain_recomputation(lines: list[SectorLine], turned: bool) -> None:
    """Counts, ends and trends, whatever the order of the lines; the order of states is that of the page's limits."""
    found = {(one.key, one.edition): one for one in roll_up(lines[::-1] if turned else lines, 5)}
    assert found.keys() == {(one.key, one.edition) for one in lines}
    for (key, edition), one in found.items():
        own = [each for each in lines if (each.key, each.edition) == (key, edition)]
        sectors = {each.sector for each in own}
        order = ("not_met", "unknown", "stale", "open", "met")
        states = Counter(
            next(state for state in order if any(each.state == state for each in own if each.sector == sector))
            for sector in sectors
        )
        assert one.states == dict(states)
        assert one.sectors == len(sectors)
        assert one.missing == 5 - len({each.sector for each in lines if each.key == key})
        known = [each for each in own if not math.isnan(each.value)]
        if not known:
            assert one.lowest is None
            assert one.highest is None
            continue
        low, high = min(each.value for each in known), max(each.value for each in known)
        assert (one.lowest.value, one.highest.value) == (low, high)
        assert (one.lowest.sector, one.lowest.place) == min(
            (each.sector, each.place) for each in known if each.value == low
        )
        assert (one.highest.sector, one.highest.place) == min(
            (each.sector, each.place) for each in known if each.value == high
        )


def test_definitions_of_an_indicator_are_rows_beside_each_other() -> None:
    found = roll_up([line("a"), line("a", key="firearm_seizures"), line("b", edition="2nd")], 2)
    assert [(one.key, one.edition) for one in found] == [
        ("smuggling_cases", ""), ("smuggling_cases", "2nd"), ("firearm_seizures", ""),
    ]  # fmt: skip


def test_sectors_without_any_crossing_have_no_rate_together() -> None:
    one = only(roll_up([rate("a", 0, 0, state="unknown"), rate("b", 0, 0, state="unknown")], 2))
    assert (one.together.denominator, math.isnan(one.together.value), one.together.day) == (0.0, True, DAY_OF_VALUES)
    assert math.isnan(one.together.low)


def test_the_days_are_those_of_known_values() -> None:
    old = date(2020, 1, 1)
    one = only(roll_up([line("a"), line("b", value=NAN, state="unknown", day=old)], 2))
    assert (one.first_day, one.last_day) == (date(2025, 12, 31), date(2025, 12, 31))
    assert only(roll_up([line("b", value=NAN, state="unknown", day=old)], 2)).first_day is None


def test_one_sector_rolls_up_to_itself_and_none_to_nothing() -> None:
    alone = rate("north", 8, 10)
    one = only(roll_up([alone], 1))
    assert (one.lowest, one.highest, one.reasons) == (alone, alone, ())
    assert roll_up([], 4) == []
    assert only(roll_up([replace(alone, value=math.inf)], 1)).lowest is None
