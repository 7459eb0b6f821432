"""Every reply that is refused has an outcome with the reason and the unit, whether or not the reply has an id."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from fusion.alerts import Alert, AlertState
from geo.errors import BadInput
from geo.message import Message
from ingest.unit_messages import Reply
from ops.broker.identities import UNIT
from ops.incidents.book import ActionOutcome, IncidentBook
from ops.incidents.settings import IncidentSettings
from ops.releasability.book import MarkingBook
from ops.releasability.settings import ReleasabilitySettings
from ops.services.fusion.desks.incidents import IncidentDesk
from ops.services.fusion.desks.markings import MarkingDesk
from sensors.timestamps import utc_datetime
from tests.ops.incidents.making import START_NS, alert

NOW_NS = START_NS + 60 * 10**9


class Desk:
    """A desk of incidents with a movement alert ``lead`` and a distress call ``call``, and what replies come to."""

    def __init__(self) -> None:
        self.lead, self.call = alert("crossing", "T1"), alert("distress", unit="patrol-9", priority="distress")
        marking = MarkingDesk(MarkingBook(), ReleasabilitySettings(), section_of=lambda _: None)
        self.desk = IncidentDesk(IncidentBook(), IncidentSettings(), marking)
        both = (self.lead, self.call)
        self.state = AlertState(alerts={one.id: one for one in both})
        self.desk.take_alerts(self.state, both, START_NS)
        self.desk.seal()
        self.desk.take_news()
        self.seq = 0

    def reply(self, action: Any, target: Alert | str, unit: str = "patrol-1", **more: Any) -> list[ActionOutcome]:
        """The outcomes of a reply."""
        self.seq += 1
        name = target if isinstance(target, str) else target.id
        sent = Reply(unit, 7, self.seq, utc_datetime(NOW_NS), action, name, **{"by": "Meyer", **more})
        with suppress(BadInput):
            self.state, _ = self.desk.take_reply(self.state, sent, NOW_NS)
        self.desk.seal()
        return self.desk.take_news()[1]

    @property
    def incident(self) -> str:
        return self.desk.book.of_alert[self.lead.id]


def refused(outcomes: list[ActionOutcome]) -> tuple[str, str, str, Message]:
    (one,) = outcomes
    assert one.result == "refused"
    assert one.message is not None
    return one.id, one.unit, one.incident, one.message


def test_the_reason_for_refusing_an_answer_to_an_alert_is_kept_under_its_numbers() -> None:
    desk = Desk()
    assert desk.reply("acknowledge", desk.lead) == [], "applied, and without an id nothing more is kept"
    again = {"alert": desk.lead.id, "status": "acknowledged"}
    assert refused(desk.reply("acknowledge", desk.lead, "patrol-2")) == (
        "patrol-2.7.2", "patrol-2", desk.incident, Message("incident-refused-alert", again),
    )  # fmt: skip
    assert refused(desk.reply("reject", desk.lead))[3] == Message("incident-refused-no-reason")
    unknown = Message("incident-refused-no-alert", {"alert": "A0"})
    assert refused(desk.reply("clear", "A0")) == ("patrol-1.7.4", "patrol-1", "", unknown)


def test_only_the_centre_ends_a_distress_call_and_the_unit_reads_it() -> None:
    desk = Desk()
    outcomes = desk.reply("clear", desk.call, action_id="mine-1")
    assert refused(outcomes)[0] == "mine-1"
    assert refused(outcomes)[3] == Message("incident-refused-centre")
    assert desk.state.alerts[desk.call.id].is_open


def test_an_answer_to_anothers_incident_is_refused_with_its_reason_also_without_an_id() -> None:
    desk = Desk()
    about: dict[str, Any] = {"unit": UNIT, "incident": desk.incident}
    given = desk.reply("acknowledge", desk.lead, action_id="a-1", **about)
    given += desk.reply("assign", desk.lead, action_id="a-2", assigned_unit="patrol-2", **about)
    assert [one.result for one in given] == ["done", "done"]
    found = refused(desk.reply("received", desk.lead, incident=desk.incident))
    other = Message("incident-refused-other-unit", {"unit": "patrol-2"})
    assert found == ("patrol-1.7.3", "patrol-1", desk.incident, other)


def test_an_answer_to_an_alert_with_an_id_is_applied_once_and_its_outcome_is_done() -> None:
    desk = Desk()
    (done,) = desk.reply("acknowledge", desk.lead, action_id="mine-1")
    assert (done.id, done.result, done.unit, done.incident) == ("mine-1", "done", "patrol-1", desk.incident)
    before = desk.state
    assert desk.reply("acknowledge", desk.lead, action_id="mine-1") == [], "sent again under other numbers"
    assert desk.state is before


USED = Message("incident-refused-id")


def test_the_id_of_an_action_that_another_sent_is_refused_with_its_reason() -> None:
    desk = Desk()
    (done,) = desk.reply("acknowledge", desk.lead, action_id="mine-1")
    assert done.result == "done"
    found = refused(desk.reply("acknowledge", desk.call, "patrol-2", action_id="mine-1"))
    assert found == ("patrol-2.7.2", "patrol-2", "", USED), "the first outcome of mine-1 remains"
    assert desk.state.alerts[desk.call.id].status == "active"
    found = refused(desk.reply("received", desk.lead, "patrol-2", action_id="mine-1", incident=desk.incident))
    assert found == ("patrol-2.7.3", "patrol-2", desk.incident, USED)
    assert desk.reply("acknowledge", desk.lead, action_id="mine-1") == [], "sent again by its sender"


def test_the_id_of_a_refused_action_is_its_senders_too() -> None:
    desk = Desk()
    assert refused(desk.reply("clear", "A0", action_id="mine-1"))[0] == "mine-1"
    assert refused(desk.reply("acknowledge", desk.lead, "patrol-2", action_id="mine-1"))[3] == USED


def test_a_unit_cannot_take_the_place_of_the_outcome_of_another_units_reply() -> None:
    desk = Desk()
    found = refused(desk.reply("acknowledge", desk.lead, action_id="patrol-2.7.2"))
    assert found == ("patrol-1.7.1", "patrol-1", "", USED)
    assert desk.state.alerts[desk.lead.id].status == "active"
    assert refused(desk.reply("clear", "A0", "patrol-2"))[0] == "patrol-2.7.2"
    (done,) = desk.reply("acknowledge", desk.lead, action_id="patrol-1.7.99")
    assert done.result == "done", "its own numbers are its own"


@pytest.mark.parametrize("unit", ["patrol-1", UNIT])
def test_a_marking_is_decided_by_the_centre_and_must_be_one_of_the_settings(unit: str) -> None:
    desk = Desk()
    found = desk.reply("mark", desk.lead, unit, incident=desk.incident, marking="secret", reason="why", action_id="m-1")
    assert refused(found)[1] == ("" if unit == UNIT else unit)


ENDINGS: list[tuple[Any, dict[str, Any], str]] = [
    ("reject", {"reason": "a deer"}, "rejected"),
    ("clear", {}, "cleared"),
]


@pytest.mark.parametrize(("action", "more", "status"), ENDINGS)
def test_only_those_who_may_close_an_incident_end_its_alerts(action: Any, more: dict[str, Any], status: str) -> None:
    desk = Desk()
    about: dict[str, Any] = {"unit": UNIT, "incident": desk.incident, "by": "Ana"}
    desk.reply("acknowledge", desk.lead, action_id="a-1", **about)
    for number, (unit, name) in enumerate(((UNIT, "Ben"), ("patrol-9", "Meyer"), ("patrol-9", "Ana"))):
        of_other = refused(desk.reply(action, desk.lead, unit, by=name, action_id=f"b-{number}", **more))
        assert of_other[3].id == "incident-refused-taken"
        assert desk.state.alerts[desk.lead.id].status == "acknowledged"
        assert desk.reply(action, desk.lead, unit, by=name, action_id=f"b-{number}", **more) == [], "refused once"
    desk.reply("assign", desk.lead, action_id="a-2", assigned_unit="patrol-2", **about)
    (done,) = desk.reply(action, desk.lead, "patrol-2", action_id="c-1", **more)
    assert (done.result, desk.state.alerts[desk.lead.id].status) == ("done", status), "the unit that was sent"


@pytest.mark.parametrize("owner", ["", "Ana"])
@pytest.mark.parametrize(("action", "more", "status"), ENDINGS)
def test_the_owner_ends_an_alert_and_anyone_that_of_an_incident_without_one(
    action: Any, more: dict[str, Any], status: str, owner: str
) -> None:
    desk = Desk()
    if owner:
        desk.reply("acknowledge", desk.lead, UNIT, incident=desk.incident, by=owner)
    (done,) = desk.reply(action, desk.lead, UNIT, by=owner or "Ben", action_id="a-1", **more)
    assert (done.result, desk.state.alerts[desk.lead.id].status) == ("done", status)


@pytest.mark.parametrize(("action", "more", "status"), ENDINGS)
def test_everyone_at_the_centre_ends_a_distress_call_also_of_anothers_incident(
    action: Any, more: dict[str, Any], status: str
) -> None:
    desk = Desk()
    desk.reply("acknowledge", desk.call, UNIT, incident=desk.desk.book.of_alert[desk.call.id], by="Ana")
    (done,) = desk.reply(action, desk.call, UNIT, by="Ben", action_id="b-1", **more)
    assert (done.result, desk.state.alerts[desk.call.id].status) == ("done", status)
