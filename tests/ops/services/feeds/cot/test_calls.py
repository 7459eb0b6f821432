"""Every distress call from TAK is passed on, and its device reads that it arrived only when it has."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest

from ingest.unit_messages import Position
from ops.sector.setting_tables.cot import CotServer
from ops.services.feeds.cot import answers
from ops.services.feeds.cot.answers import TakDevice
from ops.services.feeds.cot.calls import CALL_EVERY_S, WARN_AFTER_S, WARN_EVERY_S, DeviceCall, DistressCalls
from ops.services.feeds.cot.event import CotEvent
from tests.ops.services.feeds.cot.rig import PlainStore, Rig, emergency, incident
from tests.ops.services.feeds.cot.test_refused_events import lines, receive, rig

__all__ = ["lines", "rig"]
ANN, BOB = TakDevice("ANN", "Ann", "patrol-1"), TakDevice("BOB", "Bob", "patrol-1")
NO_FIX: dict[str, Any] = {"lat": 0.0, "lon": 0.0, "ce": 9_999_999.0}
REACHED = "Your distress call reached the operations centre."
NOT_YET = "Your distress call is recorded and has not yet reached the operations centre. Use the radio."


def call(device: TakDevice = ANN, **place: Any) -> DeviceCall:
    event: CotEvent = emergency(device.uid, **place)
    position = answers.distress_of(event, device.unit, event.time + timedelta(seconds=1))
    return DeviceCall("tak", device, answers.call_note(event), position)


@pytest.fixture
def two_devices(rig: Rig) -> Rig:
    server = rig.feed._servers["tak"]
    server.settings = CotServer("tak", "tcp://127.0.0.1:9", units={"ANN": "patrol-1", "BOB": "patrol-1"})
    return rig


def test_the_calls_of_two_devices_of_one_unit_are_both_passed_on(two_devices: Rig, lines: list[str]) -> None:
    receive(two_devices, emergency("ANN"))
    receive(two_devices, emergency("BOB", lat=36.7))
    receive(two_devices, emergency("ANN"))
    assert [one.lat for one in two_devices.units.sent if isinstance(one, Position)] == [36.57, 36.7], (
        "only the repetition is left out"
    )
    show(two_devices)
    two_devices.wait_until(lambda: len(lines) == 2, "a line for each")
    assert lines == [REACHED] * 2


def test_a_position_that_follows_a_call_without_one_is_passed_on(two_devices: Rig, lines: list[str]) -> None:
    receive(two_devices, emergency("ANN", **NO_FIX))
    receive(two_devices, emergency("ANN", **NO_FIX))
    receive(two_devices, emergency("ANN"))
    receive(two_devices, emergency("ANN", **NO_FIX))
    assert two_devices.units.calls == [("patrol-1", "911 Alert")]
    assert len(two_devices.units.sent) == 1


def show(rig: Rig) -> None:
    """Let the operations centre have all calls."""
    rig.store.bodies["I"] = incident(kind="distress", priority="distress", calling_unit="patrol-1")
    rig.store.cursor = rig.units.journaled = 7


def test_a_device_reads_that_its_call_arrived_when_fusion_has_applied_it(rig: Rig, lines: list[str]) -> None:
    receive(rig, emergency())
    rig.feed._tell_calls()
    assert lines == [], "it is in the spool only"
    show(rig)
    rig.store.cursor = 6
    rig.feed._tell_calls()
    assert lines == [], "what the operations centre shows is an earlier call"
    show(rig)
    rig.wait_until(lambda: lines, "the line")
    rig.feed._tell_calls()
    assert lines == [REACHED]


def test_until_then_it_is_advised_once_to_use_the_radio() -> None:
    store, journaled = PlainStore(), list[int]()
    calls = DistressCalls(lambda *_: journaled[0] if journaled else None, store)  # type: ignore[arg-type]
    calls.sent(call(), (1, 1), 0.0)
    assert calls.take(WARN_AFTER_S - 0.1) == []
    (line,) = calls.take(WARN_AFTER_S)
    assert (line.message, line.waiting.call.device) == ("tak-distress-waiting", ANN)
    calls.put_back(line)
    assert calls.take(WARN_AFTER_S) == [line], "its server did not get it"
    calls.sent(call(), (1, 2), CALL_EVERY_S + 1.0)
    assert calls.take(WARN_EVERY_S - 1.0) == []
    calls.sent(call(), (1, 3), WARN_EVERY_S)
    assert [one.message for one in calls.take(WARN_EVERY_S + WARN_AFTER_S)] == ["tak-distress-waiting"]
    journaled.append(0)
    assert calls.take(WARN_EVERY_S + WARN_AFTER_S) == [], "no alert was raised"
    store.bodies["I"] = incident(kind="distress", calling_unit="patrol-1")
    assert [one.message for one in calls.take(WARN_EVERY_S + WARN_AFTER_S)] == ["tak-distress-heard"]
    assert calls.take(WARN_EVERY_S + WARN_AFTER_S) == []


def test_a_call_is_a_repetition_only_with_the_same_text_and_position() -> None:
    calls = DistressCalls(lambda *_: None, PlainStore())  # type: ignore[arg-type]
    first = call()
    assert not calls.is_repetition(first, 0.0)
    calls.sent(first, (1, 1), 0.0)
    assert calls.is_repetition(call(lat=36.57001), CALL_EVERY_S - 0.1), "within the errors"
    assert not calls.is_repetition(call(), CALL_EVERY_S)
    assert not calls.is_repetition(call(lat=36.58), 1.0)
    assert not calls.is_repetition(call(BOB), 1.0)
    assert not calls.is_repetition(first._replace(note="In contact"), 1.0)


def test_a_line_that_the_server_did_not_get_is_sent_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection of the fixture leads nowhere: every attempt fails, until one does not."""
    sent, failing = list[CotEvent](), [True]

    def send(events: list[CotEvent]) -> Future[None]:
        sent.extend(events)
        done: Future[None] = Future()
        if failing[0]:
            done.set_exception(ConnectionError())
        else:
            done.set_result(None)
        return done

    monkeypatch.setattr(rig.feed._servers["tak"].link, "send", send)
    receive(rig, emergency())
    show(rig)
    rig.wait_until(lambda: len(sent) >= 2, "a second attempt")
    failing[0] = False
    rig.wait_until(lambda: not rig.feed._calls._waiting, "the line")
    assert {one.remarks() for one in sent} == {REACHED}
