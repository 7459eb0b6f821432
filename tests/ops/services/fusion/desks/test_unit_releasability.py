"""A unit neither acts on nor learns of what its marking forbids, and no reason for a refusal names another incident."""

from __future__ import annotations

from typing import Any

import pytest

from geo.message import Message
from ops.broker.identities import UNIT
from ops.incidents.actions import IncidentAction, Refused
from ops.incidents.life_cycle import act
from ops.releasability.book import MarkingBook
from ops.releasability.settings import ReleasabilitySettings
from ops.services.fusion.desks.markings import MarkingDesk
from ops.words import LANGUAGES, MessageCatalogue
from tests.ops.incidents.making import at, incident
from tests.ops.services.fusion.desks.test_refused_replies import Desk, refused

SETTINGS = ReleasabilitySettings(levels=("internal", "secret"), units={"patrol-1": "internal", "patrol-2": "secret"})


def restricted(desk: Desk, marking: str) -> str:
    """Mark the movement alert and its incident; return the id of the incident."""
    marks = MarkingBook(effective={"alert": {desk.lead.id: marking}, "incident": {desk.incident: marking}})
    desk.desk._marking = MarkingDesk(marks, SETTINGS, section_of=lambda _: None)
    return desk.incident


ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("acknowledge", {}),
    ("received", {}),
    ("en_route", {}),
    ("on_scene", {}),
    ("note", {"note": "seen"}),
    ("close", {"disposition": "no_threat"}),
    ("attach", {"attachment": "photo-1.jpg"}),
]


@pytest.mark.parametrize(("action", "more"), ANSWERS)
def test_an_answer_to_an_incident_that_the_unit_may_not_have_is_that_to_an_unknown_one(
    action: str, more: dict[str, Any]
) -> None:
    desk = Desk()
    hidden = restricted(desk, "secret")
    before = desk.desk.book.incidents[hidden]
    found = refused(desk.reply(action, desk.lead, "patrol-1", incident=hidden, **more))
    unknown = refused(desk.reply(action, desk.lead, "patrol-1", incident="I0", **more))
    assert found[3] == Message("incident-refused-no-incident", {"incident": hidden})
    assert unknown[3] == Message("incident-refused-no-incident", {"incident": "I0"})
    assert desk.desk.book.incidents[hidden] == before
    (done,) = desk.reply("note", desk.lead, "patrol-2", incident=hidden, note="seen", action_id="of-2")
    assert done.result == "done", "a unit that may have it acts on it"


@pytest.mark.parametrize(
    ("action", "more"), [("acknowledge", {}), ("reject", {"reason": "goats"}), ("note", {"note": "x"})]
)
def test_an_answer_to_an_alert_that_the_unit_may_not_have_changes_nothing(action: str, more: dict[str, Any]) -> None:
    desk = Desk()
    restricted(desk, "secret")
    state = desk.state
    found = refused(desk.reply(action, desk.lead, "patrol-1", action_id="mine-1", **more))
    assert found[3] == Message("incident-refused-no-alert", {"alert": desk.lead.id})
    assert desk.state is state
    assert desk.reply("acknowledge", desk.lead, "patrol-1", action_id="mine-1") == [], "refused once, for good"


def hiding_the_incident_only() -> Desk:
    """A desk where patrol-1 may have the movement alert, but not its incident."""
    desk = Desk()
    marks = MarkingBook(effective={"incident": {desk.incident: "secret"}})
    desk.desk._marking = MarkingDesk(marks, SETTINGS, section_of=lambda _: None)
    return desk


@pytest.mark.parametrize("action_id", ["", "mine-1"])
@pytest.mark.parametrize(("action", "more"), ANSWERS[1:])
def test_an_alert_does_not_open_the_way_to_its_hidden_incident(
    action: str, more: dict[str, Any], action_id: str
) -> None:
    desk = hiding_the_incident_only()
    before, state = desk.desk.book.incidents[desk.incident], desk.state
    found = refused(desk.reply(action, desk.lead, "patrol-1", action_id=action_id, **more))
    unknown = refused(desk.reply(action, "A0", "patrol-1", **more))
    assert found[2:] == ("", Message("incident-refused-no-alert", {"alert": desk.lead.id}))
    assert unknown[2:] == ("", Message("incident-refused-no-alert", {"alert": "A0"}))
    assert desk.desk.book.incidents[desk.incident] == before
    assert desk.state is state
    (done,) = desk.reply(action, desk.lead, "patrol-2", action_id="of-2", **more)
    assert done.incident == desk.incident, "a unit that may have it needs to name only the alert"


@pytest.mark.parametrize(
    ("action", "more", "status"),
    [
        ("acknowledge", {}, "acknowledged"),
        ("reject", {"reason": "goats"}, "rejected"),
        ("clear", {"disposition": "no_threat"}, "cleared"),
    ],
)
def test_a_unit_handles_an_alert_that_it_may_have_and_leaves_its_hidden_incident_to_others(
    action: str, more: dict[str, Any], status: str
) -> None:
    desk = hiding_the_incident_only()
    before = desk.desk.book.incidents[desk.incident]
    (done,) = desk.reply(action, desk.lead, "patrol-1", action_id="mine-1", **more)
    assert (done.result, done.incident, done.revision) == ("done", "", -1)
    assert desk.state.alerts[desk.lead.id].status == status
    after = desk.desk.book.incidents[desk.incident]
    assert (after.state, after.owner, after.attention) == (before.state, before.owner, before.attention)
    assert after.transitions == before.transitions
    again = refused(desk.reply("reject", desk.lead, "patrol-1", action_id="mine-2"))
    assert again[2] == "", "nor does a refusal name it"


def test_the_operations_centre_acts_on_everything_and_a_unit_on_what_its_limit_allows() -> None:
    desk = Desk()
    hidden = restricted(desk, "secret")
    (done,) = desk.reply("acknowledge", desk.lead, UNIT, incident=hidden, action_id="centre-1")
    assert done.result == "done"
    desk = Desk()
    visible = restricted(desk, "internal")
    (done,) = desk.reply("acknowledge", desk.lead, "patrol-1", incident=visible, action_id="mine-1")
    assert done.result == "done"


def test_a_unit_links_nothing_to_an_incident_that_it_may_not_have() -> None:
    desk = Desk()
    hidden = restricted(desk, "secret")
    own = desk.desk.book.of_alert[desk.call.id]
    for action in ("link", "merge"):
        found = refused(desk.reply(action, desk.call, "patrol-1", incident=own, other=hidden))
        unknown = refused(desk.reply(action, desk.call, "patrol-1", incident=own, other="I0"))
        assert found[3] == unknown[3]
    assert desk.desk.book.incidents[own].links == ()


def test_no_reason_names_the_other_incident_or_who_has_it() -> None:
    """A reason is read by everyone who sees the one incident, and need not see the other."""
    other = incident(id="Iother", name="Kilo 3", alerts=("A2",))
    merge = IncidentAction("m", "merge", "Ana", other=other.id)
    source, target = act(incident(), merge, at=at(2), undo_s=10.0, other=other)
    claimed = act(other, IncidentAction("c", "acknowledge", "Secret Owner"), at=at(1), undo_s=10.0)[0]
    closed = act(other, IncidentAction("c", "close", "Ana", disposition="no_threat"), at=at(1), undo_s=10.0)[0]
    tried = [
        (source, IncidentAction("r", "reopen", "Ana", reason="why"), target),
        (incident(), merge, claimed),
        (incident(), merge, closed),
    ]
    for one, action, beside in tried:
        with pytest.raises(Refused) as caught:
            act(one, action, at=at(3), undo_s=10.0, other=beside)
        for language in LANGUAGES:
            said = MessageCatalogue.of(language).say(caught.value.message)
            shown = f"{said} {caught.value.message.as_dict()}"
            assert not any(name in shown for name in (other.id, "Kilo 3", "Secret Owner")), shown
