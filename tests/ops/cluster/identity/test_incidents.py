"""Incidents across edges: which continues which, and the one national list; worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from geo.message import Message
from ops.cluster.identity.incidents import (
    SectorIncident,
    TrackOfIncident,
    continuations,
    national_list,
    sector_incidents,
)
from ops.cluster.identity.nation_store import Continued
from ops.incidents.incident import BY_SYSTEM, PRIORITIES, STATES, Incident, NamedTrack
from ops.store.incidents import IncidentRow
from ops.store.rows import to_json

T0 = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
IDENTITIES = {
    ("west", "W1"): "Na",
    ("mid", "M1"): "Na",
    ("east", "E1"): "Na",
    ("west", "W2"): "Nb",
    ("mid", "M2"): "Nc",
}


def identity_of(key: tuple[str, str], _: int) -> str | None:
    return IDENTITIES.get(key)


def incident(identity: str, minute: float, *tracks: str, **more) -> SectorIncident:
    values = {"name": identity, "kind": "movement", "state": "open", "priority": "medium", "attention": True} | more
    return SectorIncident(
        id=identity, opened_at=T0 + timedelta(minutes=minute), tracks=tuple(map(TrackOfIncident, tracks)), **values
    )


def test_an_incident_continues_the_latest_earlier_one_with_its_target():
    incidents = {
        "west": [incident("Iw", 0, "W1"), incident("Ix", 1, "W2")],
        "mid": [incident("Im", 5, "M1", "M2")],
        "east": [incident("Ie", 9, "E1")],
    }
    assert continuations(incidents, identity_of) == [
        Continued("east", "Ie", "mid", "Im", "Na"),
        Continued("mid", "Im", "west", "Iw", "Na"),
    ]


def test_incidents_of_one_sector_and_of_undecided_tracks_continue_none():
    incidents = {"west": [incident("Iw", 0, "W1"), incident("Iv", 3, "W1")], "mid": [incident("Im", 5, "M9")]}
    assert continuations(incidents, identity_of) == []


def test_the_target_of_an_incident_is_the_one_that_its_track_followed_when_it_was_opened():
    """W1 follows Na, and from minute 6 on Nb, of which the neighbour has an incident too."""
    later_ns = int((T0 + timedelta(minutes=6)).timestamp()) * 10**9

    def followed(key: tuple[str, str], at_ns: int) -> str | None:
        return {"W1": "Nb" if at_ns >= later_ns else "Na", "M1": "Na", "M2": "Nb"}[key[1]]

    of_both = [incident("Ia", 1, "M1"), incident("Ib", 2, "M2")]
    for minute, before, national in ((5, "Ia", "Na"), (7, "Ib", "Nb")):
        found = continuations({"mid": of_both, "west": [incident("Iw", minute, "W1")]}, followed)
        assert found == [Continued("west", "Iw", "mid", before, national)]


def test_incidents_that_were_opened_as_those_of_two_targets_state_it():
    """The west's Nb turned out to be the target of Na; Ix and Im were opened before, Iw and Ie on Na itself."""

    def target_of(key: tuple[str, str], _: int) -> str | None:
        return "Na" if IDENTITIES[key] == "Nb" else IDENTITIES[key]

    incidents = {"west": [incident("Ix", 1, "W2")], "mid": [incident("Im", 5, "M1")], "east": [incident("Ie", 9, "E1")]}
    assert continuations(incidents, identity_of, target_of) == [
        Continued("east", "Ie", "mid", "Im", "Na"),
        Continued("mid", "Im", "west", "Ix", "Na", apart=True),
    ]


def test_an_incident_that_was_merged_is_not_continued():
    merged = incident("Iw", 0, "W1", state="closed", merged_into="Iv", attention=False)
    assert continuations({"west": [merged], "mid": [incident("Im", 5, "M1")]}, identity_of) == []


@given(
    minutes=st.lists(st.tuples(st.sampled_from(["west", "mid", "east"]), st.integers(0, 3)), max_size=8),
)
def test_each_names_one_that_was_opened_before_it_in_another_sector(minutes):
    incidents: dict[str, list[SectorIncident]] = {}
    names = {"west": "W1", "mid": "M1", "east": "E1"}
    for number, (sector, minute) in enumerate(minutes):
        incidents.setdefault(sector, []).append(incident(f"I{number}", minute, names[sector]))
    known = {(sector, one.id): one for sector, each in incidents.items() for one in each}
    found = continuations(incidents, identity_of)
    for one in found:
        assert one.sector != one.before_sector
        before = known[one.before_sector, one.before_incident]
        assert (before.opened_at, one.before_sector) <= (known[one.sector, one.incident].opened_at, one.sector)
    listed = national_list(incidents, found)
    assert sorted(key for one in listed for key in one.incidents) == sorted(known)


CONTINUED = [Continued("mid", "Im", "west", "Iw", "Na")]


def test_one_event_is_one_entry_and_shows_where_it_goes_on():
    [one] = national_list({"west": [incident("Iw", 0)], "mid": [incident("Im", 5)]}, CONTINUED)
    assert (one.incidents, one.current, one.opened_at) == ((("west", "Iw"), ("mid", "Im")), ("mid", "Im"), T0)
    assert one.attention


@pytest.mark.parametrize(
    ("first", "second", "attention"),
    [
        ({"attention": False, "state": "acknowledged"}, {}, False),
        ({"attention": False, "state": "closed", "closed_by": "person"}, {}, False),
        ({"attention": False, "state": "acknowledged"}, {"priority": "high"}, True),  # it became more urgent
        ({"attention": False, "state": "acknowledged"}, {"priority": "low"}, False),
        ({"attention": False, "state": "closed", "closed_by": "system"}, {}, True),  # no one has seen it
        ({}, {"attention": False, "state": "acknowledged"}, False),
    ],
)
def test_what_was_acknowledged_in_one_sector_is_no_second_alarm_in_the_next(first, second, attention):
    [one] = national_list({"west": [incident("Iw", 0, **first)], "mid": [incident("Im", 5, **second)]}, CONTINUED)
    assert one.attention is attention
    assert one.priority == ("high" if second.get("priority") == "high" else "medium")  # of those that are open


@pytest.mark.parametrize("acknowledged", ["", "Iw", "Im"])
def test_incidents_that_were_opened_as_those_of_two_targets_are_one_event_when_none_asks_for_attention(acknowledged):
    """Each may be of a target of its own, so the acknowledgement of one silences no other."""
    seen = {"state": "acknowledged", "attention": False}
    west, mid = (incident(name, 0, **(seen if name == acknowledged else {})) for name in ("Iw", "Im"))
    apart = [CONTINUED[0]._replace(apart=True)]
    listed = national_list({"west": [west], "mid": [mid]}, apart)
    assert {one.current[1]: one.attention for one in listed} == {name: name != acknowledged for name in ("Iw", "Im")}
    [one] = national_list({"west": [replace(west, **seen)], "mid": [replace(mid, **seen)]}, apart)
    assert (sorted(one.incidents), one.attention) == ([("mid", "Im"), ("west", "Iw")], False)


def test_an_incident_that_was_merged_is_of_the_event_of_the_other_which_asks_until_it_is_acknowledged():
    """Also round about: Im continues Iw, Iw was merged into Ix, and Ix continues Im."""
    merged = incident("Iw", 0, state="closed", closed_by="person", merged_into="Ix", attention=False)
    incidents = {"west": [merged, incident("Ix", 7)], "mid": [incident("Im", 5)]}
    for more in ([], [Continued("west", "Ix", "mid", "Im", "Na")]):
        [one] = national_list(incidents, [*CONTINUED, *more])
        assert (one.incidents, one.current) == ((("west", "Iw"), ("mid", "Im"), ("west", "Ix")), ("west", "Ix"))
        assert one.attention
    incidents["west"][1] = replace(incidents["west"][1], state="acknowledged", attention=False)
    [one] = national_list(incidents, CONTINUED)
    assert not one.attention


def test_incidents_that_were_merged_into_one_that_is_not_known_are_not_joined_by_it():
    """Whoever may not see that one does not learn from the list that they are of one event."""
    merged = [incident(name, 0, state="closed", merged_into="hidden", attention=False) for name in ("Iw", "Iv")]
    continued = [*CONTINUED, Continued("mid", "In", "west", "Iv", "Nb")]
    listed = national_list({"west": merged, "mid": [incident("Im", 5), incident("In", 6)]}, continued)
    assert [one.incidents for one in listed] == [(("west", "Iw"), ("mid", "Im")), (("west", "Iv"), ("mid", "In"))]


SEPARATED = [CONTINUED[0]._replace(separated_by="Mary", separated_ns=7)]
SEEN = {"state": "acknowledged", "attention": False}


@pytest.mark.parametrize("acknowledged", ["", "Iw", "Im"])
def test_what_was_separated_is_two_events_that_ask_for_attention_as_their_sectors_state(acknowledged):
    west, mid = (incident(name, 0, **(SEEN if name == acknowledged else {})) for name in ("Iw", "Im"))
    listed = national_list({"west": [west], "mid": [mid]}, SEPARATED)
    assert {one.incidents: one.attention for one in listed} == {
        (("west", "Iw"),): acknowledged != "Iw",
        (("mid", "Im"),): acknowledged != "Im",
    }


def test_what_was_separated_is_not_joined_through_others():
    """In continues Im, and Ie the one from which that was separated; Iv, which was merged into Iw, does so, too."""
    incidents = {
        "west": [incident("Iw", 0), incident("Iv", 1, state="closed", merged_into="Iw", attention=False)],
        "mid": [incident("Im", 5)],
        "east": [incident("Ie", 7, state="closed", merged_into="In", attention=False), incident("In", 9)],
    }
    more = [Continued("east", "Ie", "west", "Iv", "Na"), Continued("east", "In", "mid", "Im", "Nb")]
    listed = national_list(incidents, [*SEPARATED, *more])
    assert {one.incidents for one in listed} == {
        (("west", "Iw"), ("west", "Iv"), ("east", "Ie"), ("east", "In")),  # Ie was opened before In
        (("mid", "Im"),),
    }


KEYS = st.tuples(st.sampled_from(["west", "mid", "east"]), st.integers(0, 3).map(lambda n: f"I{n}"))


@given(
    opened=st.dictionaries(KEYS, st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans(), st.booleans())),
    found=st.dictionaries(KEYS, st.tuples(KEYS, st.booleans(), st.booleans()), max_size=10),
    shuffled=st.randoms(use_true_random=False),
)
def test_no_event_has_two_incidents_that_were_separated_and_none_is_lost(opened, found, shuffled):
    """Whatever joins the others, in whichever order that is read; merged are incidents of one sector only."""
    incidents: dict[str, list[SectorIncident]] = {}
    for (sector, name), (minute, merged, is_merged, is_seen) in opened.items():
        other = f"I{merged}" if is_merged and f"I{merged}" > name and (sector, f"I{merged}") in opened else ""
        more = {"merged_into": other, "attention": not is_seen}
        incidents.setdefault(sector, []).append(incident(name, minute, **more))
    continued = [
        Continued(*key, *before, "Na", apart, "Mary" if is_separated else "")
        for key, (before, apart, is_separated) in found.items()
        if key[0] != before[0]
    ]
    listed = national_list(incidents, continued)
    assert sorted(key for one in listed for key in one.incidents) == sorted(opened)
    event_of = {key: one.current for one in listed for key in one.incidents}
    for one in continued:
        pair = [(one.sector, one.incident), (one.before_sector, one.before_incident)]
        if one.separated_by and event_of.keys() >= set(pair):
            assert event_of[pair[0]] != event_of[pair[1]]
    shuffled.shuffle(continued)
    assert national_list(incidents, continued) == listed


def test_an_event_that_is_closed_everywhere_is_not_listed_and_the_most_urgent_is_first():
    incidents = {
        "west": [incident("Iw", 0, state="closed"), incident("Id", 9, priority="distress")],
        "mid": [incident("Ih", 1, priority="high", attention=False), incident("Il", 2, priority="low")],
    }
    assert [one.current[1] for one in national_list(incidents, [])] == ["Id", "Il", "Ih"]


def test_what_is_read_are_the_fields_of_an_incident_as_stored():
    stored = Incident(
        "I1", "Bravo 17", "movement", STATES[-1], PRIORITIES[1], 3, 2, Message("x", {}), T0, T0, "A1", ("A1",),
        tracks=(NamedTrack("T1", "Tango 1"),), attention=False, closed_by="system", merged_into="I2",
    )  # fmt: skip
    [found] = sector_incidents([IncidentRow(to_json(msgspec.to_builtins(stored), where="test"), None)])
    assert found == incident(
        "I1", 0, "T1", name="Bravo 17", state="closed", priority="high", attention=False, closed_by="system",
        merged_into="I2",
    )  # fmt: skip
    assert BY_SYSTEM[0] == "unresolved"
