"""Outcomes of answers from TAK: the unit's own only, and nothing of an incident that it may no longer have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from ingest.unit_messages import Reply
from ops.sector.setting_tables.cot import CotServer
from ops.services.feeds.cot import answers
from ops.services.feeds.cot.answers import TakDevice
from ops.services.feeds.cot.event import CotEvent
from ops.services.feeds.cot.link import NotConnected
from ops.services.feeds.cot.memory import CotMemory, CotMemoryError
from ops.services.feeds.cot.outcomes import AGAIN_S, LATER_EVERY_S, MOST_OF_UNIT, AnswerOutcomes, PendingAnswer
from ops.store.connections import StoreError
from ops.words import MessageCatalogue
from tests.ops.services.feeds.cot.rig import Rig, chat, incident
from tests.ops.services.feeds.cot.test_refused_events import answered as sending
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
    rig.feed.devices.tell_outcomes()
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

    def send(events: list[CotEvent]) -> Future[None]:
        posted.extend(events)
        return sending(None)

    monkeypatch.setattr(rig.feed._servers["tak"].link, "send", send)
    outcome(rig, answered(rig), result="done", sentence="")
    rig.wait_until(lambda: posted, "a line")
    assert posted[0].remarks().startswith("Bravo 17: recorded, ")


def test_an_outcome_that_the_server_did_not_get_is_sent_again_until_it_has_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[str] = []

    def send(events: list[CotEvent]) -> Future[None]:
        posted.extend(one.uid for one in events)
        return sending(NotConnected("tak: the connection ended") if len(posted) < 3 else None)

    monkeypatch.setattr(rig.feed._servers["tak"].link, "send", send)
    outcome(rig, answered(rig))
    rig.wait_until(lambda: len(posted) >= 3, "the third attempt")
    assert len(set(posted)) == 1, "a device shows it once"
    rig.feed.devices.tell_outcomes()
    assert len(posted) == 3


PATROL = CotServer("tak", "tcp://127.0.0.1:9", units={"ANDROID-1": "patrol-1"})


@pytest.mark.parametrize(
    ("server", "known"),
    [
        (PATROL, True),
        (CotServer("tak", "tcp://127.0.0.1:9", units={"ANDROID-1": "patrol-2"}), False),
        (CotServer("other", "tcp://127.0.0.1:9", units={"ANDROID-1": "patrol-1"}), False),
    ],
    ids=["as before", "the device is another unit's", "another server"],
)
def test_an_outcome_that_comes_after_a_restart_is_told_where_the_settings_still_know_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: CotServer, known: bool
) -> None:
    before = Rig(tmp_path, PATROL)
    reply = answered(before)
    before.feed.close()
    after = Rig(tmp_path, server)
    try:
        assert [identity for identity, _, _ in after.memory.expected()] == [reply.action_id] * known
        sent: list[str] = []

        def send(events: list[CotEvent]) -> Future[None]:
            sent.extend(one.remarks() for one in events)
            return sending(None)

        for one in after.feed._servers.values():
            monkeypatch.setattr(one.link, "send", send)
        outcome(after, reply)
        after.wait_until(lambda: not after.memory.expected(), "its device has it")
        assert sent == [TAKEN] * known
    finally:
        after.feed.close()


def test_an_outcome_that_was_told_is_not_waited_for_after_a_restart(rig: Rig, lines: list[str]) -> None:
    outcome(rig, answered(rig))
    assert told(rig, lines) == [TAKEN]
    rig.wait_until(lambda: not rig.memory.expected(), "it is forgotten")


def test_a_disk_that_is_full_costs_no_outcome_without_a_restart(
    rig: Rig, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise CotMemoryError("the disk is full", where="cot.db", expected="room")

    for name in ("expect", "settle"):
        monkeypatch.setattr(rig.memory, name, full)
    outcome(rig, answered(rig))
    assert told(rig, lines) == [TAKEN]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[CotMemory]:
    memory = CotMemory(tmp_path)
    yield memory
    memory.close()


def waiting_for(
    memory: CotMemory, stored: dict[str, bytes], may_have: Callable[[PendingAnswer], bool] = lambda _: True
) -> AnswerOutcomes:
    return AnswerOutcomes(stored.get, may_have, MessageCatalogue.of(), memory)


def pending(number: int, unit: str = "patrol-1") -> PendingAnswer:
    return PendingAnswer("tak", TakDevice("ANDROID-1", "Sgt. Meyer", unit), f"I{number}", "Bravo 17", "claim")


def stored_outcome(number: int) -> bytes:
    return json.dumps({"incident": f"I{number}", "unit": "patrol-1", "sentence": TAKEN}).encode()


def test_an_outcome_that_takes_hours_is_told_and_one_after_a_day_is_not(memory: CotMemory) -> None:
    """As after a night without a broker: the answer waited in the spool."""
    stored: dict[str, bytes] = {}
    outcomes = waiting_for(memory, stored)
    for number in (1, 2):
        outcomes.expect(f"a{number}", pending(number), 0.0)
    assert outcomes.take(8 * 3600.0) == []
    stored["a1"] = stored_outcome(1)
    assert [line.text for line in outcomes.take(8 * 3600.0 + LATER_EVERY_S)] == [TAKEN]
    stored["a2"] = stored_outcome(2)
    assert outcomes.take(86_400.0) == []
    assert [identity for identity, _, _ in memory.expected()] == ["a1"], "whose line is on its way"


def test_so_many_answers_of_a_unit_wait_for_their_outcome_and_its_oldest_leaves_first(memory: CotMemory) -> None:
    """Whatever one device sends during an outage, the answers of other units wait on."""
    numbers = range(MOST_OF_UNIT + 2)
    outcomes = waiting_for(memory, {f"a{number}": stored_outcome(number) for number in numbers} | {"other": b"{}"})
    outcomes.expect("other", pending(1, "patrol-2"), 0.0)
    for number in numbers:
        outcomes.expect(f"a{number}", pending(number), float(number))
    left = [f"a{number}" for number in numbers[2:]]
    outcomes._read = lambda one: None if one == "other" else stored_outcome(int(one[1:]))
    assert [line.action_id for line in outcomes.take(1_000.0)] == left
    assert list(outcomes._waiting) == ["other"]
    assert len(memory.expected()) == MOST_OF_UNIT + 1


def test_an_outcome_that_is_late_is_looked_for_less_often_and_a_line_is_not_sent_again_at_once(
    memory: CotMemory,
) -> None:
    asked: list[str] = []
    stored: dict[str, bytes] = {}

    def read(action: str) -> bytes | None:
        asked.append(action)
        return stored.get(action)

    outcomes = AnswerOutcomes(read, lambda _: True, MessageCatalogue.of(), memory)
    outcomes.expect("a1", pending(1), 0.0)
    for second in range(100):
        assert outcomes.take(float(second)) == []
    assert len(asked) == 100
    asked.clear()
    for second in range(200, 300):
        assert outcomes.take(float(second)) == []
    assert len(asked) == 100 / LATER_EVERY_S
    stored["a1"] = stored_outcome(1)
    (line,) = outcomes.take(400.0)
    outcomes.put_back(line)
    assert outcomes.take(400.5) == []
    assert [again.text for again in outcomes.take(400.0 + AGAIN_S)] == [TAKEN]


def test_an_answer_that_could_not_be_sent_has_no_outcome(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(rig.units, "send", full)
    body = incident()
    rig.store.bodies[body["id"]] = body
    with pytest.raises(OSError, match="full"):
        rig.feed.devices._answer(
            "tak", TakDevice("ANDROID-1", "Sgt. Meyer", "patrol-1"), answers.answer_of(chat("ack Bravo 17"))
        )
    assert rig.feed.devices._outcomes._waiting == {}
    assert rig.memory.expected() == []


def test_an_outcome_waits_while_the_store_does_not_say_whether_the_unit_may_have_it(memory: CotMemory) -> None:
    failing = [True]

    def may_have(_: PendingAnswer) -> bool:
        if failing[0]:
            raise StoreError("the store is busy")
        return True

    outcomes = waiting_for(memory, {"a1": stored_outcome(1)}, may_have)
    outcomes.expect("a1", pending(1), 0.0)
    assert outcomes.take(1.0) == []
    failing[0] = False
    assert [line.text for line in outcomes.take(2.0)] == [TAKEN]
