"""Every distress call from TAK is passed on, and its device reads that it arrived only when it has."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from ingest.errors import SpoolError
from ingest.unit_messages import Position
from ops.sector.setting_tables.cot import CotServer
from ops.services.feeds.cot import answers
from ops.services.feeds.cot.answers import TakDevice
from ops.services.feeds.cot.calls import (
    CALL_EVERY_S,
    LEAST_APART_S,
    WARN_AFTER_S,
    WARN_EVERY_S,
    DeviceCall,
    DistressCalls,
)
from ops.services.feeds.cot.event import CotEvent
from tests.ops.services.feeds.cot.rig import PlainStore, Rig, emergency
from tests.ops.services.feeds.cot.test_refused_events import lines, receive, rig

__all__ = ["lines", "rig"]
ANN, BOB = TakDevice("ANN", "Ann", "patrol-1"), TakDevice("BOB", "Bob", "patrol-1")
NO_FIX: dict[str, Any] = {"lat": 0.0, "lon": 0.0, "ce": 9_999_999.0}
REACHED = "Your distress call reached the operations centre."
NOT_STORED = "Your distress call could not be recorded. Use the radio."
NOT_YET = "Your distress call is recorded and has not yet reached the operations centre. Use the radio."


def call(device: TakDevice = ANN, **place: Any) -> DeviceCall:
    event: CotEvent = emergency(device.uid, **place)
    position = answers.distress_of(event, device.unit, event.time + timedelta(seconds=1))
    return DeviceCall("tak", device, answers.call_note(event), position)


@pytest.fixture
def two_devices(rig: Rig) -> Rig:
    both = {"ANN": "patrol-1", "BOB": "patrol-1"}
    rig.feed.devices._servers["tak"] = CotServer("tak", "tcp://127.0.0.1:9", units=both)
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
    rig.store.show_call()
    rig.store.cursor = rig.units.journaled = 7


def test_a_device_reads_that_its_call_arrived_when_fusion_has_applied_it(rig: Rig, lines: list[str]) -> None:
    receive(rig, emergency())
    rig.feed.devices.tell_calls()
    assert lines == [], "it is in the spool only"
    show(rig)
    rig.store.cursor = 6
    rig.feed.devices.tell_calls()
    assert lines == [], "what the operations centre shows is an earlier call"
    show(rig)
    rig.wait_until(lambda: lines, "the line")
    rig.feed.devices.tell_calls()
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
    store.show_call()
    assert [one.message for one in calls.take(WARN_EVERY_S + WARN_AFTER_S)] == ["tak-distress-heard"]
    assert calls.take(WARN_EVERY_S + WARN_AFTER_S) == []


def test_a_call_is_a_repetition_only_with_the_same_text_and_position() -> None:
    calls = DistressCalls(lambda *_: None, PlainStore())  # type: ignore[arg-type]
    first = call()
    assert not calls.is_repetition(first, 0.0)
    calls.sent(first, (1, 1), 0.0)
    assert calls.is_repetition(call(lat=36.57001), CALL_EVERY_S - 0.1), "within the errors"
    assert not calls.is_repetition(call(), CALL_EVERY_S)
    assert not calls.is_repetition(call(lat=36.58), LEAST_APART_S)
    assert calls.is_repetition(call(lat=36.58), LEAST_APART_S - 0.1)
    assert not calls.is_repetition(call(BOB), 1.0)
    assert not calls.is_repetition(first._replace(note="In contact"), 1.0)
    calls.sent(call(**NO_FIX), (1, 2), 20.0)
    assert not calls.is_repetition(first, 20.1), "its first position"


def test_a_device_that_states_no_error_calls_once_where_it_stands() -> None:
    """Its position is never the same twice; each one was passed on."""
    calls, passed = DistressCalls(lambda *_: None, PlainStore()), list[float]()  # type: ignore[arg-type]
    for number in range(100):
        now_s, one = 0.1 * number, call(ce=9_999_999.0, lat=36.57 + 1e-6 * number)
        if not calls.is_repetition(one, now_s):
            calls.sent(one, (1, number), now_s)
            passed.append(now_s)
    assert passed == [0.0]
    assert not calls.is_repetition(call(ce=9_999_999.0, lat=36.5715), LEAST_APART_S), "it has moved by 167 m"


def heard(calls: DistressCalls, now_s: float) -> list[str]:
    return [one.message for one in calls.take(now_s)]


def test_a_call_arrives_also_where_fusion_is_always_behind_the_journal() -> None:
    """Other rows follow the call at once, so that fusion never reaches the end of the journal."""
    store, last = PlainStore(), [1000]
    store.show_call()
    calls = DistressCalls(lambda *_: last[0], store)  # type: ignore[arg-type]
    calls.sent(call(), (1, 1), 0.0)
    read = list[str]()
    for tick in range(1, 5):
        store.cursor, last[0] = last[0] - 20, last[0] + 25
        read += heard(calls, 0.5 * tick)
    assert read == ["tak-distress-heard"]


def test_calls_that_come_faster_than_they_arrive_are_answered() -> None:
    """TAK repeats a call every 10 s; each takes 12 s here. The line is sent over the server of the newest."""
    store, sent_s = PlainStore(), dict[tuple[int, int], float]()
    store.show_call()
    calls = DistressCalls(lambda _, key: 0 if now_s - sent_s[key] >= 12.0 else None, store)  # type: ignore[arg-type]
    lines = list[tuple[float, str, str]]()
    for tick in range(60):
        now_s = 0.5 * tick
        if now_s % 10.0 == 0.0:
            key = 1, tick
            sent_s[key] = now_s
            calls.sent(call()._replace(server=f"tak-{now_s:.0f}"), key, now_s)
        lines += [(now_s, one.message, one.waiting.call.server) for one in calls.take(now_s)]
    assert lines == [(10.0, "tak-distress-waiting", "tak-10"), (12.0, "tak-distress-heard", "tak-10")]


def test_the_newest_call_arrives_where_a_full_spool_has_dropped_the_first() -> None:
    store = PlainStore()
    store.show_call()
    calls = DistressCalls(lambda _, key: 0 if key == (1, 2) else None, store)  # type: ignore[arg-type]
    calls.sent(call(), (1, 1), 0.0)
    assert heard(calls, 1.0) == []
    calls.sent(call(lat=36.7), (1, 2), 2.0)
    assert heard(calls, 3.0) == ["tak-distress-heard"]


def test_a_call_that_a_merge_has_put_into_another_incident_has_arrived() -> None:
    store = PlainStore()
    calls = DistressCalls(lambda *_: 0, store)  # type: ignore[arg-type]
    calls.sent(call(), (1, 1), 0.0)
    store.show_call("patrol-2")
    assert heard(calls, 1.0) == [], "the call of another unit"
    store.show_call("patrol-2", kind="movement", alerts=["A0000000000000011", "A2"])
    store.callers["A2"] = "patrol-1"
    assert heard(calls, 2.0) == ["tak-distress-heard"]


def test_a_call_that_has_arrived_stays_so_when_its_incident_is_closed_before_the_line_is_sent() -> None:
    store = PlainStore()
    store.show_call()
    calls = DistressCalls(lambda *_: 0, store)  # type: ignore[arg-type]
    calls.sent(call(), (1, 1), 0.0)
    (line,) = calls.take(1.0)
    calls.put_back(line)
    store.bodies.clear()
    (line,) = calls.take(WARN_AFTER_S)
    assert line.message == "tak-distress-heard"
    calls.put_back(line)
    calls.sent(call(), (1, 2), 20.0)
    assert heard(calls, 21.0) == [], "a later call has not arrived because an earlier one has"
    assert heard(calls, 20.0 + WARN_AFTER_S) == ["tak-distress-waiting"]


def test_a_warning_that_is_returned_after_the_call_arrived_is_not_sent_again() -> None:
    store = PlainStore()
    calls = DistressCalls(lambda *_: 0, store)  # type: ignore[arg-type]
    calls.sent(call(), (1, 1), 0.0)
    (warning,) = calls.take(WARN_AFTER_S)
    store.show_call()
    assert heard(calls, WARN_AFTER_S + 1.0) == ["tak-distress-heard"]
    calls.put_back(warning)
    assert heard(calls, WARN_AFTER_S + 2.0) == []


@pytest.mark.parametrize("place", [{}, NO_FIX])
def test_a_call_that_cannot_be_stored_is_answered_with_the_radio(
    two_devices: Rig, lines: list[str], monkeypatch: pytest.MonkeyPatch, place: dict[str, Any]
) -> None:
    def full(*_: object) -> NoReturn:
        raise SpoolError("the disk is full", where="cot.db", expected="room on the disk")

    with monkeypatch.context() as changed:
        changed.setattr(two_devices.units, "send", full)
        changed.setattr(two_devices.units, "call", full)
        for device in ("ANN", "ANN", "BOB"):
            receive(two_devices, emergency(device, **place))
        assert lines == [NOT_STORED] * 2, "one for each device"
        two_devices.feed.devices._calls._failed_s["ANN"] -= CALL_EVERY_S
        receive(two_devices, emergency("ANN", **place))
    assert lines == [NOT_STORED] * 3
    receive(two_devices, emergency("ANN", **place))
    assert len(two_devices.units.sent) + len(two_devices.units.calls) == 1, (
        "it is no repetition of a call that was lost"
    )


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
    rig.wait_until(lambda: not rig.feed.devices._calls._waiting, "the line")
    assert {one.remarks() for one in sent} == {REACHED}
