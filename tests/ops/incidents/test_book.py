"""Which alerts are one incident, what the system does by itself, and that a saved book goes on as if never stopped."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.message import Message
from ops.incidents.actions import IncidentAction
from ops.incidents.book import IncidentBook
from tests.ops.incidents.making import SECOND, SETTINGS, START_NS, Shift, alert, at


def picture(tracks: dict[str, tuple[float, float]], seconds: float, status: str = "confirmed") -> Any:
    """Live tracks with their positions, each with a fresh plot."""
    return SimpleNamespace(
        track=tuple(tracks),
        status=np.array([status] * len(tracks), dtype=str),
        easting=np.array([place[0] for place in tracks.values()]),
        northing=np.array([place[1] for place in tracks.values()]),
        updated_ns=np.array([START_NS + round(seconds * SECOND)] * len(tracks)),
    )


def act(shift: Shift, action: str, seconds: float, by: str = "Ana", **more: Any) -> Any:
    outcome, _ = shift.book.act(
        shift.incidents[0].id,
        IncidentAction(more.pop("id", f"{action}{seconds}"), action, by, **more),
        START_NS + round(seconds * SECOND),
        shift.settings,
    )
    return outcome


def test_a_crossing_keeps_the_incident_of_its_approach_and_asks_for_attention_again() -> None:
    shift = Shift()
    shift.raise_(approach := alert("approaching"))
    act(shift, "acknowledge", 5)
    assert not shift.only.attention
    shift.raise_(crossing := alert("crossing", seconds=40))
    assert shift.only.alerts == (approach.id, crossing.id)
    assert (shift.only.lead, shift.only.priority, shift.only.message) == (crossing.id, "high", crossing.message)
    assert (shift.only.owner, shift.only.state, shift.only.attention) == ("Ana", "acknowledged", True)


def test_an_alert_of_lower_rank_joins_without_asking_for_attention() -> None:
    shift = Shift()
    shift.raise_(alert("crossing"))
    act(shift, "acknowledge", 5)
    shift.raise_(alert("loitering", seconds=40))
    assert (len(shift.only.alerts), shift.only.attention) == (2, False)


def test_the_track_that_goes_on_where_another_was_lost_keeps_the_incident() -> None:
    """60 s at 3 m/s and 30 m of allowance: up to 210 m."""
    shift = Shift()
    shift.raise_(alert("approaching", "T1"))
    shift.book.follow(picture({"T1": (100.0, 200.0)}, 10), START_NS + 10 * SECOND)
    shift.book.follow(picture({"T2": (130.0, 205.0)}, 30), START_NS + 30 * SECOND)
    shift.raise_(alert("crossing", "T2", 70, easting=160.0, northing=210.0, observed_at=at(70)))
    assert [one.track for one in shift.only.tracks] == ["T1", "T2"]


@pytest.mark.parametrize(
    ("seconds", "easting", "lost"),
    [(70, 320.0, True), (140, 110.0, True), (70, 110.0, False)],
    ids=["too far", "too late", "the other is still there"],
)
def test_another_track_is_another_incident(seconds: float, easting: float, lost: bool) -> None:
    shift = Shift()
    shift.raise_(alert("approaching", "T1"))
    shift.book.follow(picture({"T1": (100.0, 200.0)}, 10), START_NS + 10 * SECOND)
    if lost:
        shift.book.follow(picture({}, 11), START_NS + 11 * SECOND)
    shift.raise_(alert("crossing", "T2", seconds, easting=easting, observed_at=at(seconds)))
    assert len(shift.incidents) == 2


def test_twelve_sensors_that_fall_silent_together_are_one_incident_and_a_later_one_is_another() -> None:
    shift = Shift()
    for number in range(12):
        shift.raise_(alert("sensor_offline", f"s{number:02d}", number * 1.5))
        shift.raise_(alert("coverage_lost", f"s{number:02d}", number * 1.5, priority="medium"))
    assert len(shift.only.sensors) == 12
    assert shift.only.message == Message(
        "incident-outage", {"count": 12, "sensors": tuple(f"s{number:02d}" for number in range(12))}
    )
    shift.raise_(alert("sensor_offline", "late", 200))
    assert len(shift.incidents) == 2


def test_a_muted_sensor_has_no_cause_in_common_with_those_that_fail_at_the_same_time() -> None:
    shift = Shift()
    shift.raise_(alert("sensor_offline", "s1"))
    shift.raise_(alert("sensor_offline", "muted", 1, cause="muted"))
    shift.raise_(alert("coverage_lost", "muted", 1, cause="muted"))
    shift.raise_(alert("sensor_offline", "s2", 2))
    assert [one.sensors for one in shift.incidents] == [("s1", "s2"), ("muted",)]


def test_a_fault_and_the_lost_coverage_of_one_sensor_are_one_incident_and_those_of_another_are_not() -> None:
    shift = Shift()
    shift.raise_(alert("sensor_fault", "s1"))
    shift.raise_(alert("coverage_lost", "s1", 1))
    shift.raise_(alert("sensor_fault", "s2", 2))
    assert [one.sensors for one in shift.incidents] == [("s1",), ("s2",)]


def test_distress_is_an_incident_of_its_own_and_of_first_rank() -> None:
    shift = Shift()
    shift.raise_(alert("crossing"))
    shift.raise_(alert("distress", "patrol-1", 1))
    movement, distress = shift.incidents
    assert (distress.kind, distress.priority, distress.calling_unit) == ("distress", "distress", "patrol-1")
    shift.clear(shift.alerts[distress.lead], 2, by="Ana")
    shift.pass_to(1e6)
    assert not shift.book.incidents[distress.id].is_closed, "only a person closes a distress call"
    assert movement.id != distress.id


def test_a_group_links_the_incidents_of_its_tracks() -> None:
    shift = Shift()
    shift.raise_(alert("approaching", "T1"))
    shift.raise_(alert("approaching", "T2", 1, easting=900.0))
    members = (Message("alert-detail-tracks", {"tracks": ("T1", "T2", "T3"), "others": 0}),)
    shift.raise_(alert("group_formed", "T1", 2, details=members))
    one, two = shift.incidents
    assert (one.links, two.links) == ((two.id,), (one.id,))
    assert [named.track for named in one.tracks] == ["T1", "T2", "T3"]


def test_what_nobody_acts_on_is_closed_by_the_system_and_says_so() -> None:
    shift = Shift()
    shift.raise_(approach := alert())
    shift.clear(approach, 100)
    assert shift.pass_to(100 + SETTINGS.settled_s - 1) <= {shift.only.id}
    assert not shift.only.is_closed
    assert shift.pass_to(100 + SETTINGS.settled_s) == {shift.only.id}
    last = shift.only.transitions[-1]
    assert (last.by, last.disposition, shift.only.closed_by) == ("system", "unresolved", "system")


def test_a_sensor_that_reports_again_is_closed_as_restored() -> None:
    shift = Shift()
    shift.raise_(offline := alert("sensor_offline", "s1"))
    shift.clear(offline, 100, reason_message=Message("alert-cleared", {"reason": "reports"}))
    shift.pass_to(100 + SETTINGS.settled_s)
    assert shift.only.disposition == "restored"


def test_an_acknowledged_outage_is_closed_as_restored_too_when_the_sensor_reports_again() -> None:
    shift = Shift()
    shift.raise_(offline := alert("sensor_offline", "s1"))
    act(shift, "acknowledge", 5)
    shift.clear(offline, 100, by="Ana", reason_message=Message("alert-cleared", {"reason": "reports"}))
    shift.pass_to(100 + SETTINGS.abandoned_s)
    assert shift.only.disposition == "restored"


def test_an_event_that_goes_on_after_the_system_closed_it_is_the_same_incident() -> None:
    shift = Shift()
    shift.raise_(approach := alert())
    shift.clear(approach, 100)
    shift.pass_to(1000)
    shift.raise_(alert("crossing", seconds=1100))
    assert (shift.only.state, shift.only.attention, shift.only.disposition) == ("open", True, "")


def test_an_event_that_goes_on_after_a_person_closed_it_is_another_linked_to_it() -> None:
    shift = Shift()
    shift.raise_(alert())
    act(shift, "close", 5, disposition="turn_back")
    shift.raise_(alert("crossing", seconds=100))
    first, second = shift.incidents
    assert (first.disposition, second.state) == ("turn_back", "open")
    assert second.links == (first.id,)


def test_an_abandoned_incident_stays_with_its_owner_for_a_shift() -> None:
    shift = Shift()
    shift.raise_(approach := alert())
    act(shift, "acknowledge", 5)
    shift.clear(approach, 100)
    shift.pass_to(100 + SETTINGS.abandoned_s - 1)
    assert not shift.only.is_closed
    shift.pass_to(100 + SETTINGS.abandoned_s)
    assert (shift.only.disposition, shift.only.closed_by) == ("unresolved", "system")


def test_without_an_answer_it_goes_to_the_supervisor_in_the_time_of_its_priority() -> None:
    shift = Shift()
    shift.raise_(alert("crossing"))  # high: 120 s
    levels = []
    for seconds in (119, 120, 239, 240, 1000):
        shift.pass_to(seconds)
        levels.append(shift.only.escalation)
    assert levels == [0, 1, 1, 1, 1], "no further role may act"
    act(shift, "acknowledge", 1001)
    shift.pass_to(5000)
    assert (shift.only.escalation, shift.only.attention) == (1, False)


def test_an_action_is_applied_once_and_has_one_outcome() -> None:
    shift = Shift()
    shift.raise_(alert())
    first = act(shift, "note", 1, id="n1", text="lights")
    assert (first.result, first.revision) == ("done", 1)
    assert act(shift, "note", 2, id="n1", text="lights") is None
    assert len(shift.only.notes) == 1
    assert act(shift, "acknowledge", 3, "Ben").result == "done"
    refused = act(shift, "acknowledge", 4, "Ana")
    assert (refused.result, refused.message.parameters["owner"]) == ("refused", "Ben")


def test_alerts_are_acknowledged_at_once_and_closed_when_it_can_no_longer_be_undone() -> None:
    shift = Shift()
    shift.raise_(one := alert())
    act(shift, "acknowledge", 1)
    assert shift.book.steps([shift.only.id], shift.alerts, START_NS) == [(one.id, "acknowledge", "Ana", "")]
    act(shift, "close", 5, disposition="nuisance", reason="a deer")
    assert shift.book.steps((), shift.alerts, START_NS + 15 * SECOND) == []
    revision = shift.only.revision
    late = START_NS + 15 * SECOND + 1000
    assert shift.book.steps((), shift.alerts, late) == [(one.id, "reject", "Ana", "a deer")]
    assert shift.book.steps((), shift.alerts, late) == [], "once"
    assert shift.only.revision == revision


def test_an_undone_claim_makes_active_again_only_what_it_acknowledged() -> None:
    shift = Shift()
    shift.raise_(first := alert())
    act(shift, "acknowledge", 1)
    shift.book.steps([shift.only.id], shift.alerts, START_NS)
    shift.raise_(replace(first, status="acknowledged", by="Ana", revision=1), seconds=2)
    shift.raise_(second := alert("crossing", seconds=30))
    act(shift, "acknowledge", 31)
    assert shift.book.steps([shift.only.id], shift.alerts, START_NS) == [(second.id, "acknowledge", "Ana", "")]
    shift.raise_(replace(second, status="acknowledged", by="Ana", revision=1), seconds=32)
    act(shift, "undo", 33)
    assert shift.book.steps([shift.only.id], shift.alerts, START_NS) == [(second.id, "withdraw", "Ana", "")]
    assert shift.book.steps([shift.only.id], shift.alerts, START_NS) == [], "once"


def test_an_undone_reopening_leaves_no_alert_open() -> None:
    shift = Shift()
    shift.raise_(one := alert())
    act(shift, "close", 5, disposition="nuisance", reason="a deer")
    act(shift, "reopen", 8, reason="two people")
    act(shift, "undo", 9)
    assert (shift.only.state, shift.only.disposition) == ("closed", "nuisance")
    assert shift.book.steps((), shift.alerts, START_NS + 60 * SECOND) == [(one.id, "reject", "Ana", "a deer")]


def test_a_merge_takes_the_rank_of_the_alerts_it_moves() -> None:
    shift = Shift()
    shift.raise_(alert("loitering", "T1"))
    shift.raise_(crossing := alert("crossing", "T2", 1, easting=9000.0))
    low, high = shift.incidents
    now_ns = START_NS + 5 * SECOND
    merge = IncidentAction("m", "merge", "Ana", other=low.id)
    _, changed = shift.book.act(high.id, merge, now_ns, SETTINGS)
    assert shift.book.restate(changed, shift.alerts, now_ns) == {low.id}
    assert (shift.book.incidents[low.id].priority, shift.book.incidents[low.id].lead) == ("high", crossing.id)


def test_a_sensor_that_fails_again_and_again_does_not_make_one_incident_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ops.incidents.gathering.MOST_ALERTS", 3)
    shift = Shift()
    for number in range(7):
        one = replace(alert("sensor_offline", "s1", number * 100.0), id=f"A{number}")
        shift.raise_(one)
        shift.clear(one, number * 100 + 50)
    assert [len(incident.alerts) for incident in shift.incidents] == [3, 3, 1]


def test_a_field_units_acknowledgement_claims_and_its_rejection_closes_as_nuisance() -> None:
    shift = Shift()
    shift.raise_(one := alert())
    rejected = replace(one, status="rejected", by="Meyer", revision=1)
    shift.raise_(rejected, seconds=3)
    reply = IncidentAction("", "reject", "Meyer", sender="patrol-1", reason="a deer")
    shift.book.answer(rejected, reply, shift.alerts, START_NS + 3 * SECOND, SETTINGS)
    assert (shift.only.disposition, shift.only.reason, shift.only.owner) == ("nuisance", "a deer", "Meyer")


def test_a_cleared_alert_without_a_disposition_leaves_the_incident_with_its_person() -> None:
    shift = Shift()
    shift.raise_(one := alert())
    cleared = replace(one, status="cleared", by="Meyer", revision=1)
    shift.raise_(cleared, seconds=3)
    reply = IncidentAction("", "clear", "Meyer", sender="patrol-1")
    shift.book.answer(cleared, reply, shift.alerts, START_NS + 3 * SECOND, SETTINGS)
    assert (shift.only.state, shift.only.owner, shift.only.disposition) == ("acknowledged", "Meyer", "")


def test_old_incidents_are_forgotten_and_their_names_are_free_again() -> None:
    shift = Shift()
    shift.raise_(alert())
    act(shift, "close", 5, disposition="lost")
    shift.pass_to(SETTINGS.keep_s + 10)
    assert shift.incidents == []
    assert shift.book.of_alert == {}
    assert shift.book.applied == {}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("raise"), st.sampled_from(["approaching", "crossing", "loitering"]), st.integers(1, 6)),
        st.tuples(st.just("raise"), st.sampled_from(["sensor_offline", "sensor_fault"]), st.integers(1, 4)),
        st.tuples(st.sampled_from(["acknowledge", "close", "note", "undo"]), st.sampled_from(["Ana", "Ben"]),
                  st.integers(0, 5)),
        st.tuples(st.just("wait"), st.just(""), st.integers(1, 900)),
    ),
    max_size=25,
)  # fmt: skip


def play(steps: list[tuple[str, str, int]], stops: set[int]) -> bytes:
    """The book after the steps; at each of ``stops`` it is saved and restored."""
    shift, seconds = Shift(), 0.0
    for number, (what, subject, value) in enumerate(steps):
        seconds += value if what == "wait" else 1.0
        if number in stops:
            shift.book = msgspec.msgpack.decode(msgspec.msgpack.encode(shift.book), type=IncidentBook)
        if what == "raise":
            one = alert(subject, f"{'s' if subject.startswith('sensor') else 'T'}{value}", seconds)
            if one.id not in shift.alerts:
                shift.raise_(one, seconds=seconds)
        elif what == "wait":
            shift.pass_to(seconds)
        elif shift.incidents:
            chosen = sorted(shift.book.incidents)[value % len(shift.incidents)]
            action = IncidentAction(f"a{number}", what, subject, disposition="lost", text="lights")
            shift.book.act(chosen, action, START_NS + round(seconds * SECOND), SETTINGS)
    return msgspec.msgpack.encode(shift.book)


@given(STEPS, st.sets(st.integers(0, 25)))
def test_a_book_that_was_saved_and_restored_anywhere_goes_on_the_same(steps: Any, stops: set[int]) -> None:
    assert play(steps, stops) == play(steps, set())


@given(STEPS)
def test_every_alert_is_in_one_incident_and_no_two_open_ones_share_a_track_or_name(steps: Any) -> None:
    book = msgspec.msgpack.decode(play(steps, set()), type=IncidentBook)
    for one, incident in book.of_alert.items():
        assert one in book.incidents[incident].alerts
    held = [one for incident in book.incidents.values() for one in incident.alerts]
    assert len(held) == len(set(held))
    names = [incident.name for incident in book.incidents.values()]
    assert len(names) == len(set(names))
    working = [incident for incident in book.incidents.values() if not incident.is_closed]
    tracks = [named.track for incident in working for named in incident.tracks]
    assert len(tracks) == len(set(tracks))
