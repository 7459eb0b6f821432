"""The life cycle of an incident: by hand, and by Hypothesis against a model that only counts who may do what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fusion.alerts import alert as alert_state
from ops.incidents.actions import IncidentAction, Refused
from ops.incidents.incident import CHOSEN, PRIORITIES, STATES, Incident
from ops.incidents.life_cycle import act, close_by_system
from tests.ops.incidents.making import at, incident

UNDO_S = 10.0


def after(one: Incident, action: str, by: str = "Ana", seconds: float = 1.0, **more: Any) -> Incident:
    changed = act(one, IncidentAction(f"{action}-{seconds}", action, by, **more), at=at(seconds), undo_s=UNDO_S)
    return changed[0] if changed else one


def refusal(one: Incident, action: str, by: str = "Ana", seconds: float = 1.0, **more: Any) -> tuple[str, dict]:
    with pytest.raises(Refused) as refused:
        after(one, action, by, seconds, **more)
    return refused.value.message.id, dict(refused.value.message.parameters)


def test_an_incident_worked_from_claim_to_disposition_keeps_the_time_of_each_step() -> None:
    one = incident()
    one = after(one, "acknowledge", seconds=5, expected_revision=0)
    one = after(one, "assign", seconds=9, unit="patrol-1", expected_revision=1)
    one = after(one, "received", "Sgt. Meyer", 12, sender="patrol-1")
    one = after(one, "en_route", "Sgt. Meyer", 20, sender="patrol-1")
    one = after(one, "on_scene", "Sgt. Meyer", 300, sender="patrol-1")
    one = after(one, "close", seconds=400, disposition="apprehended", expected_revision=one.revision)
    assert [(step.state, step.by, step.at) for step in one.transitions] == [
        ("open", "system", at(0)),
        ("acknowledged", "Ana", at(5)),
        ("assigned", "Ana", at(9)),
        ("en_route", "Sgt. Meyer", at(20)),
        ("on_scene", "Sgt. Meyer", at(300)),
        ("closed", "Ana", at(400)),
    ]
    assert (one.owner, one.unit, one.received_at, one.disposition, one.closed_by) == (
        "Ana", "patrol-1", at(12), "apprehended", "person"
    )  # fmt: skip


def test_the_second_of_two_claims_reads_who_has_it_and_since_when() -> None:
    claimed = after(incident(), "acknowledge", "Ana", 5, expected_revision=0)
    assert refusal(claimed, "acknowledge", "Ben", 6, expected_revision=0) == (
        "incident-refused-taken", {"owner": "Ana", "at": at(5).isoformat()},
    )  # fmt: skip
    assert after(claimed, "acknowledge", "Ana", 7, expected_revision=0) is claimed, "it is hers: no failure"


def test_what_was_added_since_does_not_contradict_a_decision() -> None:
    claimed = after(incident(), "acknowledge", seconds=1, expected_revision=0)
    noted = after(claimed, "note", "Ben", 2, text="two dogs")
    assigned = after(noted, "assign", seconds=3, unit="patrol-1", expected_revision=claimed.revision)
    assert assigned.state == "assigned"
    assert refusal(assigned, "close", seconds=4, disposition="no_threat", expected_revision=noted.revision)[0] == (
        "incident-refused-changed"
    )
    moving = after(assigned, "en_route", "Meyer", 5, sender="patrol-1")
    assert after(moving, "close", seconds=6, disposition="lost", expected_revision=assigned.revision).is_closed


@pytest.mark.parametrize(
    ("disposition", "reason", "why"),
    [
        ("", "", "incident-refused-no-disposition"),
        ("unresolved", "", "incident-refused-no-disposition"),
        ("merged", "", "incident-refused-no-disposition"),
        ("nuisance", " ", "incident-refused-no-reason"),
        ("restored", "", "incident-refused-restored"),
    ],
)
def test_nothing_is_closed_without_a_disposition_that_fits(disposition: str, reason: str, why: str) -> None:
    assert refusal(incident(), "close", disposition=disposition, reason=reason)[0] == why


def test_equipment_is_closed_as_restored() -> None:
    assert after(incident(kind="equipment"), "close", disposition="restored").disposition == "restored"


def test_its_person_may_undo_within_ten_seconds_and_nobody_else() -> None:
    claimed = after(incident(), "acknowledge", seconds=1)
    closed = after(claimed, "close", seconds=20, disposition="nuisance", reason="deer on camera")
    assert refusal(closed, "undo", "Ben", 25)[0] == "incident-refused-undo"
    assert refusal(closed, "undo", "Ana", 30.001)[0] == "incident-refused-undo"
    undone = after(closed, "undo", "Ana", 30)
    assert (undone.state, undone.owner, undone.disposition, undone.reason, undone.closed_by, undone.unsettled) == (
        "acknowledged", "Ana", "", "", "", False
    )  # fmt: skip
    assert refusal(undone, "undo", "Ana", 31)[0] == "incident-refused-undo", "once"


def test_undoing_keeps_the_attention_that_a_new_alert_asked_for() -> None:
    claimed = replace(after(incident(), "acknowledge", seconds=1), attention=True, attention_since=at(2))
    assigned = replace(after(claimed, "assign", seconds=3, unit="p1"), attention=True, attention_since=at(4))
    assert after(assigned, "undo", seconds=5).attention


def test_handing_over_asks_the_new_owner_for_an_acknowledgement() -> None:
    claimed = after(incident(), "acknowledge", seconds=1)
    handed = after(claimed, "hand_over", seconds=2, to="Ben")
    assert (handed.owner, handed.attention) == ("Ben", True)
    assert not after(handed, "acknowledge", "Ben", 3).attention
    assert refusal(handed, "assign", "Ana", 3, unit="patrol-1")[0] == "incident-refused-taken"


def test_an_incident_is_taken_over_only_with_a_reason() -> None:
    claimed = after(incident(), "acknowledge", seconds=1)
    assert refusal(claimed, "hand_over", "Ben", 2, to="Ben")[0] == "incident-refused-taken"
    assert refusal(claimed, "hand_over", "Ben", 2, to="Cem", reason="she left")[0] == "incident-refused-taken"
    taken = after(claimed, "hand_over", "Ben", 2, to="Ben", reason="she left the desk")
    assert (taken.owner, taken.attention, taken.transitions[-1].reason) == ("Ben", False, "she left the desk")


def test_a_closed_incident_is_reopened_with_a_reason_and_an_unresolved_one_too() -> None:
    closed = after(incident(), "close", seconds=1, disposition="no_threat")
    assert refusal(closed, "reopen", seconds=100)[0] == "incident-refused-no-reason"
    again = after(closed, "reopen", "Ben", 100, reason="seen again")
    assert (again.state, again.owner, again.disposition) == ("acknowledged", "Ben", "")
    by_system = close_by_system(incident(), "unresolved", at=at(600))
    assert after(by_system, "reopen", seconds=700, reason="missed").state == "acknowledged"


def test_merging_moves_all_and_closes_the_source_as_merged() -> None:
    other = incident(id="I2", name="Kilo 3", alerts=("A2",))
    one = after(incident(), "acknowledge", seconds=1)
    source, target = act(one, IncidentAction("m", "merge", "Ana", other="I2"), at=at(2), undo_s=UNDO_S, other=other)
    assert (source.state, source.disposition, source.merged_into) == ("closed", "merged", "I2")
    assert target.alerts == ("A2", *one.alerts)
    assert source.id in target.links
    assert refusal(source, "reopen", reason="why")[0] == "incident-refused-merged"


def test_linking_is_mutual_and_linking_again_changes_nothing() -> None:
    other = incident(id="I2")
    one, two = act(incident(), IncidentAction("l", "link", "Ana", other="I2"), at=at(1), undo_s=UNDO_S, other=other)
    assert (one.links, two.links) == (("I2",), (incident().id,))
    assert act(one, IncidentAction("l2", "link", "Ana", other="I2"), at=at(2), undo_s=UNDO_S, other=two) == ()


def test_only_the_assigned_unit_confirms_receipt() -> None:
    assigned = after(after(incident(), "acknowledge"), "assign", seconds=2, unit="patrol-1")
    assert refusal(assigned, "received", "X", 3, sender="patrol-2")[0] == "incident-refused-other-unit"
    assert refusal(assigned, "en_route", "X", 3, sender="patrol-2")[0] == "incident-refused-taken"
    assert after(assigned, "close", "Meyer", 3, sender="patrol-1", disposition="turn_back").disposition == "turn_back"
    received = after(assigned, "received", "Meyer", 3, sender="patrol-1")
    assert after(received, "received", "Meyer", 4, sender="patrol-1") is received, "a repetition is no revision"


def test_no_person_passes_for_the_system() -> None:
    assert refusal(incident(), "close", "system", disposition="lost")[0] == "incident-refused-no-name"


def test_notes_have_a_limit_and_are_possible_after_closing() -> None:
    closed = after(incident(), "close", disposition="lost")
    for number in range(200):
        closed = after(closed, "note", "Ben", 2 + number, text=f"note {number}")
    assert refusal(closed, "note", "Ben", 300, text="one more")[0] == "incident-refused-full"
    assert after(closed, "attach", "Ben", 301, attachment="https://files/1.jpg").notes[-1].attachment


PEOPLE = st.sampled_from(["Ana", "Ben", "Cem"])
UNITS = st.sampled_from(["patrol-1", "patrol-2"])


class LifeCycle(RuleBasedStateMachine):
    """Actions in any order, by anyone, on any known revision, against a model of owner and rank of the state."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.seconds = incident(), 0.0
        self.owner, self.state = "", "open"
        self.history: list[tuple[Incident, str, str]] = [(self.one, "", "open")]
        self.before: tuple[str, str, str, float] | None = None  # person, owner, state, until when it may be undone

    def attempt(self, action: str, by: str, **more: Any) -> bool:
        self.seconds += 1.0
        revision = self.one.revision
        try:
            self.one = after(self.one, action, by, self.seconds, **more)
        except Refused:
            return False
        assert self.one.revision - revision in (0, 1)
        return True

    def expect(self, allowed: bool, done: bool, by: str, owner: str, state: str) -> None:
        assert done == allowed
        if not done:
            return
        if (owner, state) != (self.owner, self.state) or self.one.undoable is not None:
            self.before = (by, self.owner, self.state, self.seconds + UNDO_S)
        self.owner, self.state = owner, state

    @rule(by=PEOPLE)
    def acknowledge(self, by: str) -> None:
        unchanged = self.owner == by and not self.one.attention and self.state != "closed"
        allowed = self.state != "closed" and self.owner in ("", by)
        done = self.attempt("acknowledge", by)
        assert done == allowed
        if done and not unchanged:
            state = "acknowledged" if self.state == "open" else self.state
            self.expect(True, True, by, by, state)

    @rule(by=PEOPLE, unit=UNITS)
    def assign(self, by: str, unit: str) -> None:
        allowed = self.state in STATES[1:-1] and self.owner == by
        self.expect(allowed, self.attempt("assign", by, unit=unit), by, self.owner, "assigned")

    @rule(by=PEOPLE)
    def en_route(self, by: str) -> None:
        allowed = self.state == "assigned" and self.owner == by
        self.expect(allowed, self.attempt("en_route", by), by, self.owner, "en_route")

    @rule(by=PEOPLE)
    def on_scene(self, by: str) -> None:
        allowed = self.state in ("assigned", "en_route") and self.owner == by
        self.expect(allowed, self.attempt("on_scene", by), by, self.owner, "on_scene")

    @rule(by=PEOPLE, disposition=st.sampled_from([*CHOSEN, "", "unresolved"]), reason=st.sampled_from(["", "fox"]))
    def close(self, by: str, disposition: str, reason: str) -> None:
        fits = disposition in CHOSEN and disposition != "restored" and (disposition != "nuisance" or bool(reason))
        allowed = self.state != "closed" and self.owner in ("", by) and fits
        done = self.attempt("close", by, disposition=disposition, reason=reason)
        self.expect(allowed, done, by, self.owner or by, "closed")

    @rule(by=PEOPLE, to=PEOPLE, reason=st.sampled_from(["", "end of shift"]))
    def hand_over(self, by: str, to: str, reason: str) -> None:
        allowed = self.state in STATES[1:-1] and (self.owner == by or (to == by and bool(reason)))
        self.expect(allowed, self.attempt("hand_over", by, to=to, reason=reason), by, to, self.state)

    @rule(by=PEOPLE, reason=st.sampled_from(["", "seen again"]))
    def reopen(self, by: str, reason: str) -> None:
        allowed = self.state == "closed" and bool(reason)
        self.expect(allowed, self.attempt("reopen", by, reason=reason), by, by, "acknowledged")

    @rule(by=PEOPLE)
    def undo(self, by: str) -> None:
        last = self.before
        allowed = last is not None and last[0] == by and self.seconds + 1.0 <= last[3]
        assert self.attempt("undo", by) == allowed
        if allowed and last is not None:
            self.owner, self.state, self.before = last[1], last[2], None

    @rule(by=PEOPLE)
    def note(self, by: str) -> None:
        assert self.attempt("note", by, text="heard an engine")

    @rule(seconds=st.floats(1.0, 30.0))
    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    @precondition(lambda self: self.one.revision > self.one.decided_revision or self.one.decided_revision > 0)
    @rule(by=PEOPLE, data=st.data())
    def act_on_what_was_seen_earlier(self, by: str, data: st.DataObject) -> None:
        """A decision on a revision before the latest decision is refused, whatever it is."""
        if self.one.decided_revision == 0:
            return
        seen = data.draw(st.integers(0, self.one.decided_revision - 1))
        known = self.one
        done = self.attempt("close", by, disposition="lost", expected_revision=seen)
        assert not done
        assert self.one is known

    @invariant()
    def the_record_agrees_with_the_model(self) -> None:
        assert (self.one.state, self.one.owner) == (self.state, self.owner)
        assert self.one.is_closed == bool(self.one.disposition)
        assert self.one.transitions[-1].state == self.one.state
        assert self.one.decided_revision <= self.one.revision
        assert all(one.at <= two.at for one, two in zip(self.one.transitions, self.one.transitions[1:], strict=False))


TestLifeCycle = LifeCycle.TestCase
TestLifeCycle.settings = hypothesis_settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_priorities_are_those_of_alerts():
    """They are written twice, so that the API does not load the alert rules."""
    assert PRIORITIES == alert_state.PRIORITIES


FROM_PATROL = {"sender": "patrol-1", "by_centre": False}


@pytest.mark.parametrize("action", ["close", "assign", "hand_over", "acknowledge", "undo"])
def test_a_unit_that_states_the_owners_name_is_not_the_owner(action: str) -> None:
    """A unit's key proves the unit, not the name in its message: what Ana claimed at the centre stays hers."""
    claimed = after(incident(), "acknowledge", seconds=5, sender="ops-centre")
    parts = {"unit": "patrol-2", "to": "Ben", "disposition": "lost"}
    code, _ = refusal(claimed, action, seconds=6, **parts, **FROM_PATROL)
    assert code == ("incident-refused-undo" if action == "undo" else "incident-refused-taken")
    assert after(claimed, action, seconds=6, sender="ops-centre", **parts).owner == {
        "hand_over": "Ben",
        "undo": "",
    }.get(action, "Ana")


def test_who_claims_from_a_unit_acts_from_that_unit_and_each_step_names_it() -> None:
    claimed = after(incident(), "acknowledge", "Sgt. Meyer", 5, **FROM_PATROL)
    refusal(claimed, "close", "Sgt. Meyer", 6, disposition="lost", sender="patrol-2", by_centre=False)
    closed = after(claimed, "close", "Sgt. Meyer", 7, disposition="lost", **FROM_PATROL)
    assert [(step.state, step.sender) for step in closed.transitions] == [
        ("open", ""), ("acknowledged", "patrol-1"), ("closed", "patrol-1"),
    ]  # fmt: skip
