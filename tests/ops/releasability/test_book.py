"""Markings of combined records: the most restrictive source, decisions of supervisors, and what remains of both."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from ops.releasability.book import MarkingBook, MarkingDecision, in_force
from ops.releasability.decision import EVERYTHING, UNMARKED, Markings

LEVELS = ("restricted", "national", "secret")
MARKINGS = Markings(LEVELS)
ANY = st.sampled_from(("", *LEVELS))


@dataclass
class Gathered:
    id: str
    alerts: tuple[str, ...] = ()
    track_ids: tuple[str, ...] = ()
    sensors: tuple[str, ...] = ()
    marking: MarkingDecision | None = None


@given(ANY, ANY)
def test_a_receiver_has_its_own_level_and_those_below(limit: str, marking: str) -> None:
    order = ["", *LEVELS]
    assert MARKINGS.may_see(limit, marking) is (order.index(marking) <= order.index(limit))
    assert MARKINGS.may_see(EVERYTHING, marking)


@given(ANY)
def test_what_is_unknown_is_the_most_restrictive_marking_and_the_lowest_limit(known: str) -> None:
    assert not MARKINGS.may_see(known, "unheard-of")
    assert MARKINGS.may_see("unheard-of", known) is (known == UNMARKED)
    assert Markings().may_see(UNMARKED, "restricted") is False, "settings without levels do not release a marked store"


@given(st.lists(st.tuples(st.sampled_from("abc"), ANY), max_size=12), st.lists(ANY, max_size=4))
def test_a_combined_record_has_the_most_restrictive_marking_of_its_sources(
    scans: list[tuple[str, str]], sources: list[str]
) -> None:
    book, rank = MarkingBook(), MARKINGS.rank
    for track, marking in scans:
        book.mark_track(track, marking, MARKINGS)
    book.mark_alert("A", sources, MARKINGS)
    changed = book.settle([Gathered("I", ("A",), ("a", "b"))], {}, MARKINGS)
    of_incident = {one: marking for kind, one, marking in changed if kind == "incident"}.get("I", "")
    held = [marking for track, marking in scans if track in "ab"] + sources
    assert rank(of_incident) == max(map(rank, held), default=0)
    assert all(rank(book.of_track(track)) >= rank(marking) for track, marking in scans)
    assert book.settle([Gathered("I", ("A",), ("a", "b"))], {}, MARKINGS) == [], "nothing changed since"


@given(ANY, ANY, ANY)
def test_a_decision_holds_until_a_more_restrictive_source_is_added(decided: str, before: str, after: str) -> None:
    marking = in_force(MarkingDecision(decided, before), after, MARKINGS)
    rank = MARKINGS.rank
    assert rank(marking) == (rank(decided) if rank(after) <= rank(before) else max(rank(decided), rank(after)))


def test_a_decision_applies_to_alerts_and_tracks_and_outlives_the_incident() -> None:
    book = MarkingBook()
    book.mark_track("T", "national", MARKINGS)
    book.mark_alert("A", ["national"], MARKINGS)
    plain = Gathered("I", ("A",), ("T",))
    assert set(book.settle([plain], {}, MARKINGS)) == {
        ("track", "T", "national"), ("alert", "A", "national"), ("incident", "I", "national"),
    }  # fmt: skip
    lowered = Gathered("I", ("A",), ("T",), marking=MarkingDecision("", "national"))
    assert set(book.settle([lowered], {}, MARKINGS)) == {("track", "T", ""), ("alert", "A", ""), ("incident", "I", "")}
    book.keep(["T"], ["A"], [])
    assert book.settle([], {}, MARKINGS) == [], "the incident is forgotten, its alert and track are as decided"
    book.mark_track("T", "secret", MARKINGS)
    assert ("track", "T", "secret") in book.settle([], {}, MARKINGS)


def test_an_incident_of_raised_alerts_is_as_restrictive_as_these() -> None:
    """As after a merge: the decision was made on the other incident."""
    book = MarkingBook()
    book.settle([Gathered("I", ("A",), marking=MarkingDecision("secret", ""))], {}, MARKINGS)
    assert ("incident", "J", "secret") in book.settle([Gathered("J", ("A", "B"))], {}, MARKINGS)


def test_a_sensor_of_an_incident_is_a_source() -> None:
    changed = MarkingBook().settle([Gathered("I", sensors=("r1", "r2"))], {"r2": "restricted"}, MARKINGS)
    assert changed == [("incident", "I", "restricted")]
