"""Outcomes of answers from TAK: the unit's own only, and nothing of an incident that it may no longer have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingest.unit_messages import Reply
from ops.services.feeds.cot.event import CotEvent
from tests.ops.services.feeds.cot.rig import Rig, chat, incident
from tests.ops.services.feeds.cot.test_refused_events import lines, receive, rig

__all__ = ["lines", "rig"]
TAKEN = "Already claimed by Sgt. Secret at 22:04."


def answered(rig: Rig, text: str = "ack Bravo 17") -> Reply:
    """An answer to an incident that is on its way to the journal."""
    body = incident()
    rig.store.bodies[body["id"]] = body
    receive(rig, chat(text))
    (reply,) = rig.units.sent
    assert isinstance(reply, Reply)
    return reply


def outcome(rig: Rig, reply: Reply, **changes: Any) -> None:
    body = {"id": reply.action_id, "incident": reply.incident, "unit": reply.unit, "result": "refused"}
    rig.store.outcomes[reply.action_id] = json.dumps(body | {"sentence": TAKEN} | changes).encode()


def told(rig: Rig, lines: list[str]) -> list[str]:
    """The lines about outcomes."""
    rig.wait_until(lambda: lines, "a line")
    return list(lines)


def test_a_device_reads_the_outcome_of_its_answer_once(rig: Rig, lines: list[str]) -> None:
    reply = answered(rig)
    outcome(rig, reply)
    assert told(rig, lines) == [TAKEN]
    rig.feed._tell_outcomes()
    assert lines == [TAKEN]


@pytest.mark.parametrize("may", [set(), {"tak"}, {"patrol-1"}])
def test_of_an_incident_that_was_marked_since_nothing_is_told(rig: Rig, lines: list[str], may: set[str]) -> None:
    """Neither where the unit may no longer have it, nor where the server over which it answers may not."""
    reply = answered(rig)
    rig.store.marked, rig.store.may = {reply.incident}, may
    outcome(rig, reply)
    assert told(rig, lines) == ["Unknown incident, or it is closed."]


@pytest.mark.parametrize("changes", [{"unit": "patrol-2"}, {"unit": ""}, {"incident": "I9"}])
def test_the_outcome_of_another_sender_under_the_same_id_is_not_told(
    rig: Rig, lines: list[str], changes: dict[str, str]
) -> None:
    outcome(rig, answered(rig), **changes)
    assert told(rig, lines) == ["The identifier of the answer was used for another answer."]


def test_an_answer_that_was_done_is_told_by_the_name_of_the_incident(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[CotEvent] = []
    monkeypatch.setattr(rig.feed._servers["tak"].link, "post", posted.extend)
    outcome(rig, answered(rig), result="done", sentence="")
    rig.wait_until(lambda: posted, "a line")
    assert posted[0].remarks().startswith("Bravo 17: recorded, ")
