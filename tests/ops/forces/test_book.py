"""Own forces: positions go forward in time, decisions are compared with what the person saw, posture is counted."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.border.sections import IMPACT_LEVELS
from ingest.unit_messages import ImpactLevel, Position, SectionOrder
from ops.forces.book import MOST_DECISIONS, MOST_UNITS, ForceBook, ForcesError
from ops.forces.posture import posture_of, runs, sections_of
from ops.forces.settings import ForceSettings, ForceSettingsError
from sensors.timestamps import utc_datetime

SECOND = 10**9
T0 = 1_800_000_000 * SECOND


def position(unit: str = "patrol-1", at_ns: int = T0, **more: object) -> Position:
    return Position(unit, 1, 1, utc_datetime(at_ns), -84.2, 36.5, **more)  # type: ignore[arg-type]


def order(identity: str, level: str = "high", after: str = "", section: str = "West") -> SectionOrder:
    return SectionOrder("operator", 1, 1, utc_datetime(T0), identity, section, level, "Ana", "more crossings", after)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 600)), min_size=1, max_size=20))
def test_the_position_is_the_newest_that_was_received_and_never_from_the_future(times: list[tuple[int, int]]) -> None:
    """Whatever the order of arrival and however wrong the unit's clock: observed ≤ received, and never going back."""
    book, newest = ForceBook(), 0
    received_ns = T0
    for observed, waited in times:
        received_ns += waited * SECOND
        book.take_position(position(at_ns=T0 + observed * SECOND), received_ns)
        newest = max(newest, min(T0 + observed * SECOND, received_ns))
        known = book.units["patrol-1"]
        assert known.observed_ns == newest
        assert known.observed_ns <= received_ns


def test_what_a_unit_does_not_state_again_is_kept() -> None:
    book = ForceBook()
    book.take_position(position(duty="patrol", moves="foot", base="Fork base"), T0)
    book.take_position(position(at_ns=T0 + SECOND), T0 + SECOND)
    unit = book.units["patrol-1"]
    assert (unit.duty, unit.moves, unit.base) == ("patrol", "foot", "Fork base")


def test_distress_lasts_from_the_first_call_until_a_position_without_it() -> None:
    book = ForceBook()
    for second, distress in ((0, True), (5, True), (9, False)):
        book.take_position(position(at_ns=T0 + second * SECOND, distress=distress), T0 + second * SECOND)
        expected = T0 if distress else None
        assert book.units["patrol-1"].distress_ns == expected


def test_invented_names_cannot_fill_the_memory() -> None:
    book = ForceBook()
    for number in range(MOST_UNITS):
        book.take_position(position(f"u{number}"), T0)
    with pytest.raises(ForcesError, match="at most 500"):
        book.take_position(position("one-more"), T0)
    book.take_position(position("u7", at_ns=T0 + SECOND), T0 + SECOND)
    assert len(book.units) == MOST_UNITS


def test_a_unit_in_distress_is_not_forgotten() -> None:
    book, settings = ForceBook(), ForceSettings(forget_s=100.0)
    book.take_position(position("calls", distress=True), T0)
    book.take_position(position("silent"), T0)
    book.forget(T0 + 99 * SECOND, settings)
    assert set(book.units) == {"calls", "silent"}
    book.forget(T0 + 101 * SECOND, settings)
    assert set(book.units) == {"calls"}


def test_of_two_decisions_on_the_same_state_the_first_applies_and_a_repeated_one_applies_once() -> None:
    book = ForceBook()
    assert book.decide(order("d1", "high"), T0)
    assert not book.decide(order("d2", "critical"), T0 + SECOND), "made before d1 was seen"
    assert not book.decide(order("d1", "high"), T0 + 2 * SECOND)
    assert book.decide(order("d3", "low", after="d1"), T0 + 3 * SECOND)
    assert [(one.id, one.level, one.by, one.at_ns) for one in book.decisions["West"]] == [
        ("d1", "high", "Ana", T0),
        ("d3", "low", "Ana", T0 + 3 * SECOND),
    ]
    assert (book.level_of("West", "medium"), book.level_of("East", "medium")) == ("low", "medium")


def test_the_newest_decisions_are_kept() -> None:
    book = ForceBook()
    for number in range(MOST_DECISIONS + 5):
        assert book.decide(order(f"d{number}", after=f"d{number - 1}" if number else ""), T0)
    assert [book.decisions["West"][at].id for at in (0, -1)] == ["d5", f"d{MOST_DECISIONS + 4}"]


def test_the_book_survives_the_checkpoint_to_the_bit() -> None:
    book = ForceBook()
    book.take_position(position(position_sd_m=12.0, note="ridge", distress=True), T0)
    book.decide(order("d1"), T0)
    encoded = msgspec.msgpack.encode(book)
    assert msgspec.msgpack.encode(msgspec.msgpack.decode(encoded, type=ForceBook)) == encoded


def test_impact_levels_are_those_of_the_border() -> None:
    assert ImpactLevel.__args__ == IMPACT_LEVELS  # type: ignore[attr-defined]


def section(response: float = 600.0):
    (found,) = sections_of(("West", "West"), ("high", "high"), ((300.0, "Fork"), (response, "Cove")))
    return found


def test_a_section_answers_as_fast_as_its_slowest_segment() -> None:
    found = section()
    assert (found.segments, found.response_s, found.base) == ((0, 1), 600.0, "Cove")
    unreached = section(float("inf"))
    assert (unreached.response_s, unreached.response_known) == (None, True)
    (unknown,) = sections_of(("West",), (None,), (None,))
    assert (unknown.response_s, unknown.response_known) == (None, False)


@pytest.mark.parametrize(
    ("ages_s", "response", "met"),
    [([10, 20], 1_200.0, True), ([10], 1_200.0, False), ([10, 601], 1_200.0, False), ([10, 20], 1_201.0, False)],
    ids=["both", "a unit too few", "one position not current", "the base too slow"],
)
def test_high_impact_requires_two_current_units_and_a_base_within_20_min(
    ages_s: list[int], response: float, met: bool
) -> None:
    book, now_ns = ForceBook(), T0 + 1_000 * SECOND
    for number, age_s in enumerate(ages_s):
        book.take_position(position(f"u{number}", at_ns=now_ns - age_s * SECOND), now_ns)
    where = dict.fromkeys(book.units, "West")
    found = posture_of(section(response), book, where, now_ns, ForceSettings())
    assert (found.met, found.required_units, found.required_response_s) == (met, 2, 1_200.0)
    assert len(found.units) + len(found.not_current) == len(ages_s)
    assert set(found.not_current) == {f"u{number}" for number, age in enumerate(ages_s) if age > 600}


def test_off_duty_units_and_units_elsewhere_are_not_fielded_and_without_a_level_nothing_is_required() -> None:
    book = ForceBook()
    book.take_position(position("off", duty="off_duty"), T0)
    book.take_position(position("far"), T0)
    found = posture_of(section(), book, {"off": "West", "far": "East"}, T0, ForceSettings())
    assert (found.units, found.not_current, found.met) == ((), (), False)
    (unset,) = sections_of(("West",), (None,), ())
    assert posture_of(unset, book, {}, T0, ForceSettings()).met is None


@given(st.sets(st.integers(0, 40)))
def test_runs_hold_the_same_numbers(numbers: set[int]) -> None:
    found = runs(sorted(numbers))
    assert [n for first, last in found for n in range(first, last + 1)] == sorted(numbers)
    assert all(b[0] > a[1] + 1 for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("values", "words"),
    [({"stale_s": 0.0}, "above 0"), ({"units_low": -1}, "from 0"), ({"stale_s": 60.0}, "at least fading_s")],
)
def test_settings_out_of_range_are_refused(values: dict[str, float], words: str) -> None:
    with pytest.raises(ForceSettingsError, match=words):
        ForceSettings(**values)  # type: ignore[arg-type]
