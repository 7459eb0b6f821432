"""What a unit's device sends and is refused is told to it in the chat, once for each reason, and counted as its own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.decode import EARLIEST
from ingest.errors import MalformedMessage
from ingest.unit_messages import Position
from ops.sector.setting_tables.cot import CotServer
from ops.services.feeds.cot.event import CotEvent
from ops.services.feeds.cot.memory import CotMemory, RefusedEvent
from tests.ops.services.feeds.cot.rig import Rig, chat, device, emergency, incident


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, CotServer("tak", "tcp://127.0.0.1:9", units={"ANDROID-1": "patrol-1"}))
    yield rig
    rig.feed.close()


@pytest.fixture
def lines(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The chat lines that are posted to devices."""
    found: list[str] = []
    link = rig.feed._servers["tak"].link

    def sent(events: Sequence[CotEvent]) -> Future[None]:
        found.extend(one.remarks() for one in events)
        return answered()

    monkeypatch.setattr(link, "post", sent)
    monkeypatch.setattr(link, "send", sent)
    return found


def answered(error: Exception | None = None) -> Future[None]:
    """What has been sent, and whether the server has it."""
    done: Future[None] = Future()
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
    return done


def receive(rig: Rig, event: CotEvent | MalformedMessage) -> None:
    rig.feed.devices.receive("tak", b"<event/>", event)


def test_a_position_that_holds_no_longer_is_told_once_and_counted_each_time(rig: Rig, lines: list[str]) -> None:
    old = datetime.now(UTC) - timedelta(hours=1)
    for _ in range(50):
        receive(rig, device(at=old))
    assert lines == ["Not recorded: The message is too old."]
    assert {(one.unit, one.way, one.channel, one.code) for one in rig.refused} == {
        ("patrol-1", "tak", "position", "expired")
    }
    assert len(rig.refused) == 50
    receive(rig, replace(device(lon=0.0, ce=9_999_999.0), lat=0.0))
    assert lines[1:] == ["Not recorded: The message has no position."], "another reason is told at once"
    assert rig.units.sent == []


def test_a_clock_that_is_ahead_is_told_with_by_how_much(rig: Rig, lines: list[str]) -> None:
    receive(rig, device(at=datetime.now(UTC) + timedelta(hours=50, minutes=30)))
    assert lines == ["Your positions are refused: the clock of your device is 2 d 2 h ahead."]
    assert [one.code for one in rig.refused] == ["future"]


@pytest.mark.parametrize("at", [datetime(1969, 1, 1, tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_a_distress_call_of_a_clock_before_1970_is_passed_on(rig: Rig, lines: list[str], at: datetime) -> None:
    receive(rig, emergency(at=at))
    [call] = rig.units.sent
    assert isinstance(call, Position)
    assert (call.distress, call.observed_at) == (True, EARLIEST)
    assert rig.refused == []


@pytest.mark.parametrize("at", [datetime(1969, 1, 1, tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_and_so_is_one_without_a_position(rig: Rig, lines: list[str], at: datetime) -> None:
    receive(rig, emergency(at=at, lat=0.0, lon=0.0, ce=9_999_999.0))
    assert rig.units.calls == [("patrol-1", "911 Alert")]
    assert rig.units.call_times == [EARLIEST]
    assert rig.refused == []


def test_an_answer_to_another_units_incident_is_told_and_counted(rig: Rig, lines: list[str]) -> None:
    body = incident(unit="patrol-2", state="assigned")
    rig.store.bodies[body["id"]] = body
    for number in range(2):
        receive(rig, chat("on scene Bravo 17", number=number))
    assert lines == ["Not recorded: Bravo 17 is assigned to patrol-2."] * 2, "each line that a person types is answered"
    assert [(one.channel, one.message.id, one.notified) for one in rig.refused] == [
        ("reply", "tak-refused-assigned", True)
    ] * 2
    assert rig.units.sent == []


def test_devices_that_are_no_units_get_no_line_and_no_entry(rig: Rig, lines: list[str]) -> None:
    receive(rig, chat("ack Bravo 17", uid="STRANGER-1"))
    receive(rig, MalformedMessage("not_xml", "event", "no XML", "an event"))
    assert (lines, rig.refused) == ([], [])
    assert rig.memory.counts("tak") == {"not_registered": 1, "not_xml": 1}


DAY_NS = 86_400 * 10**9


def dead_letter(text: str, at_ns: int) -> RefusedEvent:
    return RefusedEvent("tak", "patrol-1", "not_registered", "not listed", at_ns, text.encode())


def test_a_refused_event_is_in_no_file_a_week_later(tmp_path: Path) -> None:
    memory, now_ns = CotMemory(tmp_path), time.time_ns()
    memory.refuse(dead_letter("the call of a stranger", now_ns))
    memory.refuse(dead_letter("the newest", now_ns + 7 * DAY_NS))
    assert len(memory.refused()) == 2
    memory.refuse(dead_letter("later", now_ns + 7 * DAY_NS + 1))
    assert [one.message for one in memory.refused()] == [b"the newest", b"later"]
    assert memory.counts("tak") == {"not_registered": 3}
    found = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"the newest" in found
    assert b"stranger" not in found
    memory.close()


def test_while_the_feed_runs_an_old_refused_event_goes_without_a_new_one(tmp_path: Path) -> None:
    memory, now_ns = CotMemory(tmp_path), time.time_ns()
    for days, text in ((8, "old"), (6, "new")):
        memory.refuse(dead_letter(text, now_ns - days * DAY_NS))
    assert len(memory.refused()) == 2
    memory.close()
    rig = Rig(tmp_path, CotServer("tak", "tcp://127.0.0.1:9"))
    try:
        rig.wait_until(lambda: len(rig.memory.refused()) == 1, "the old event is forgotten")
        assert rig.memory.refused()[0].message == b"new"
    finally:
        rig.feed.close()
