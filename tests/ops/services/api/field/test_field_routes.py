"""Field units at a real server: enrolment, the unit's list, answers and positions."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from geo.message import Message
from ops.services.api.field.models import (
    MOST_CALLS,
    MOST_POSITIONS,
    Enrolment,
    FieldPositionResults,
    FieldReplyResults,
    FieldState,
)
from ops.services.api.field.reach import order_key, reach_message
from sensors.interdiction.unit_reach import unit_order
from tests.ops.incidents.making import at
from tests.ops.services.api.field.conftest import one as stored
from tests.patience import PATIENT_S

AT = at(0).isoformat()


def reply(number: int, **more: Any) -> dict[str, Any]:
    return {
        "action_id": f"answer-{number:04d}", "action": "acknowledge", "incident": "I2", "alert": "", "by": "Sgt. Meyer",
        "at": AT, "expected_revision": 0,
    } | more  # fmt: skip


def sent(phone: Any, *replies: Any, **more: Any) -> list[dict[str, Any]]:
    answer = phone.post("/v1/field/replies", json={"replies": list(replies), **more})
    assert answer.status_code == 202, answer.text
    return [one.model_dump() for one in FieldReplyResults.model_validate(answer.json()).results]


def state_of(phone: Any) -> FieldState:
    answer = phone.get("/v1/field/state")
    assert answer.status_code == 200, answer.text
    return FieldState.model_validate_json(answer.content)


def test_a_supervisor_enrols_a_device_which_then_sees_its_list(room: Any) -> None:
    with room.client() as client:
        made = client.post("/v1/units/patrol-1/enrolments", headers=room.token("supervisor"))
        assert made.status_code == 201, made.text
        enrolment = Enrolment.model_validate(made.json())
        assert enrolment.url == f"{room.address}/field#enrol={enrolment.code}"
        assert enrolment.qr_svg.startswith("<svg")
        entered = client.post("/v1/field/enrol", json={"code": enrolment.code, "device": "Phone 7"})
        assert entered.json()["unit"] == "patrol-1"
        cookie = entered.headers["set-cookie"].lower()
        for part in ("httponly", "samesite=strict", "path=/v1/field", "max-age=31536000"):
            assert part in cookie
        body = state_of(client)
        assert (body.unit, body.sector, body.duty, body.sections) == ("patrol-1", "hills", "patrol", ["West"])
        assert [one.id for one in body.incidents] == ["I3", "I5", "I2", "I1"]
        assert [one.unit for one in body.units] == ["patrol-2"]
        assert body.position is not None
        state = client.get("/v1/field/state")
        room.clock[0] += 5 * 10**9
        again = client.get("/v1/field/state", headers={"If-None-Match": state.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), "the time alone makes no new list"


def test_a_device_whose_page_lost_its_data_is_known_by_its_cookie_until_it_is_revoked(room: Any) -> None:
    login = "/v1/field/certificate"
    with room.phone() as phone, room.client() as other:
        (device,) = room.devices.devices("patrol-1")
        assert phone.get(login).json() == {"unit": "patrol-1", "device": device.id, "problem": None}
        assert other.get(login).json() == {"unit": None, "device": None, "problem": None}
        room.devices.revoke("patrol-1", device.id)
        assert phone.get(login).json() == {"unit": None, "device": None, "problem": None}


def test_an_answer_is_published_as_the_unit_once_and_its_outcome_is_in_the_state(room: Any) -> None:
    with room.phone() as phone:
        first = sent(phone, reply(1, expected_revision=0))
        assert first == [{"action_id": "answer-0001", "accepted": True, "problem": None}]
        assert sent(phone, reply(1)) == first
        assert len(room.journal.replies) == 1
        published = room.journal.replies[0]
        assert (published.unit, published.by, published.incident, published.action_id) == (
            "patrol-1", "Sgt. Meyer", "I2", "answer-0001",
        )  # fmt: skip
        assert [one.outcome for one in state_of(phone).outcomes] == ["waiting"]
        room.journal.answer(published)
        assert [(one.outcome, one.sentence) for one in state_of(phone).outcomes] == [("done", "")]


def test_two_units_claim_and_both_answers_are_kept_the_second_learns_why(room: Any) -> None:
    with room.phone("patrol-1") as one, room.phone("patrol-2") as two:
        sent(one, reply(1))
        sent(two, reply(2, by="Cpl. Roth"))
        first, second = room.journal.replies
        room.journal.answer(first)
        room.journal.answer(second, Message("incident-refused-taken", {"owner": "Sgt. Meyer", "at": AT}))
        assert [each.outcome for each in state_of(one).outcomes] == ["done"]
        refused = state_of(two).outcomes
        assert [(each.outcome, "Already claimed by Sgt. Meyer" in each.sentence) for each in refused] == [
            ("refused", True)
        ]


def test_answers_that_arrive_out_of_order_are_put_into_the_order_in_which_they_were_given(room: Any) -> None:
    later = (at(0) + timedelta(seconds=40)).isoformat()
    with room.phone() as phone:
        results = sent(phone, reply(2, action="on_scene", at=later), reply(1, action="en_route"))
        assert [one["action_id"] for one in results] == ["answer-0002", "answer-0001"]
    assert [one.action for one in room.journal.replies] == ["en_route", "on_scene"]


def test_a_wrong_clock_of_the_device_does_not_matter_and_is_said(room: Any) -> None:
    """The phone is two hours ahead; the answer was given ten minutes before it was sent."""
    ahead = at(7200)
    with room.phone() as phone:
        sent(phone, reply(1, at=(ahead - timedelta(minutes=10)).isoformat()), sent_at=ahead.isoformat())
        published = room.journal.replies[0]
        assert published.observed_at == at(-600)
        room.journal.answer(published)
        sentence = state_of(phone).outcomes[0].sentence
        assert "10 min" in sentence, sentence
        assert "2 h" in sentence and "ahead" in sentence, sentence  # noqa: PT018


@pytest.mark.parametrize(("on_the_way_s", "is_wrong"), [(150, False), (300, True)])
def test_minutes_on_the_way_are_not_called_a_wrong_clock(room: Any, on_the_way_s: int, is_wrong: bool) -> None:
    with room.phone() as phone:
        sent(phone, reply(1, at=at(-on_the_way_s).isoformat()), sent_at=at(-on_the_way_s).isoformat())
        room.journal.answer(room.journal.replies[0])
        assert ("behind" in state_of(phone).outcomes[0].sentence) == is_wrong


def test_without_the_time_of_sending_a_time_in_the_future_counts_as_now(room: Any) -> None:
    with room.phone() as phone:
        sent(phone, reply(1, at=at(3600).isoformat()))
    assert room.journal.replies[0].observed_at == at(0), "ingest refuses what is later than its receipt"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"incident": "I9"}, "Unknown incident"),
        ({"incident": "I6"}, "closed"),
        ({"incident": "I4"}, "Unknown incident"),
        ({"action": "assign"}, "action"),
        ({"action": "mark"}, "action"),
        ({"note": "a\nb"}, "note"),
        ({"at": "yesterday"}, "at"),
        ({"unit": "patrol-2"}, "unit"),
        ({"disposition": "restored", "assigned_unit": "x"}, "assigned_unit"),
    ],
)
def test_an_answer_that_may_not_be_given_is_refused_with_a_reason_and_the_others_are_taken(
    room: Any, wrong: dict[str, Any], says: str
) -> None:
    with room.phone() as phone:
        refused, taken = sent(phone, reply(1) | wrong, reply(2))
    assert (refused["accepted"], taken["accepted"]) == (False, True)
    assert says in refused["problem"], refused
    assert [one.action_id for one in room.journal.replies] == ["answer-0002"]


def test_a_note_that_waited_on_a_phone_until_the_incident_was_closed_is_taken(room: Any) -> None:
    room.store.commit(
        20, stamp_ns=1, incident_revisions=[stored("I4", kind="equipment", state="closed", name="Lima 2")]
    )
    late = [reply(1, action="note", note="two more went north"), reply(2, action="attach", attachment="IMG_7")]
    with room.phone() as phone:
        taken = sent(phone, *(answer | {"incident": "I6"} for answer in late))
        assert [each["accepted"] for each in taken] == [True, True]
        others = sent(
            phone, reply(3, action="en_route", incident="I6"), reply(4, action="note", incident="I4", note="x")
        )
        assert ["Unknown incident" in each["problem"] for each in others] == [True, True], "I4 was never its own"
    assert [(each.incident, each.note, each.attachment) for each in room.journal.replies] == [
        ("I6", "two more went north", ""), ("I6", "", "IMG_7"),
    ]  # fmt: skip


def test_the_identifier_of_another_units_answer_is_refused(room: Any) -> None:
    with room.phone("patrol-1") as one, room.phone("patrol-2") as two:
        sent(one, reply(1))
        stolen = sent(two, reply(1, action="note", note="forged"))
        assert (stolen[0]["accepted"], "identifier" in stolen[0]["problem"]) == (False, True)
        assert state_of(two).outcomes == []
    assert len(room.journal.replies) == 1


def test_an_answer_that_cannot_be_stored_is_sent_again_and_counts_then(room: Any) -> None:
    with room.phone() as phone:
        room.journal.broken = True
        answer = phone.post("/v1/field/replies", json={"replies": [reply(1)]})
        assert (answer.status_code, "send it again" in answer.json()["detail"]) == (503, True)
        room.journal.broken = False
        assert sent(phone, reply(1))[0]["accepted"]
    assert len(room.journal.replies) == 1


def positions(phone: Any, *given: Any, **more: Any) -> list[dict[str, Any]]:
    answer = phone.post("/v1/field/positions", json={"positions": list(given), **more})
    assert answer.status_code == 202, answer.text
    return [one.model_dump() for one in FieldPositionResults.model_validate(answer.json()).results]


HERE = {"at": AT, "lon": -84.2, "lat": 36.6}


def test_a_position_is_published_as_the_unit(room: Any) -> None:
    with room.phone() as phone:
        assert positions(phone, HERE | {"position_sd_m": 6.0, "duty": "patrol", "moves": "foot"})[0]["accepted"]
    (published,) = room.journal.positions
    assert (published.unit, published.lon, published.duty, published.moves) == ("patrol-1", -84.2, "patrol", "foot")


@pytest.mark.parametrize(
    "wrong",
    [{"lat": 91.0}, {"lon": "west"}, {"at": "now"}, {"unit": "patrol-2"}, {"position_sd_m": -1}, {"duty": "lazy"}],
)
def test_a_forged_or_unreadable_position_is_refused_and_the_others_are_taken(room: Any, wrong: dict[str, Any]) -> None:
    with room.phone() as phone:
        refused, taken = positions(phone, HERE | wrong, HERE)
    assert (refused["accepted"], taken["accepted"]) == (False, True)
    assert refused["problem"]
    assert {one.unit for one in room.journal.positions} == {"patrol-1"}


@pytest.mark.parametrize("wrong", [{"at": "now"}, {"unit": "patrol-2"}, {"duty": "lazy"}, {"note": "a\u2028b" * 200}])
def test_a_call_for_help_is_heard_whatever_else_is_wrong(room: Any, wrong: dict[str, Any]) -> None:
    with room.phone() as phone:
        results = positions(phone, "nonsense", HERE | {"distress": True} | wrong, sent_at="never")
    assert [one["accepted"] for one in results] == [False, True]
    (published,) = room.journal.positions
    assert (published.unit, published.distress, published.lat) == ("patrol-1", True, 36.6)


def test_a_call_for_help_without_a_position_is_heard_too(room: Any) -> None:
    with room.phone() as phone:
        assert positions(phone, {"distress": True, "note": "two injured"})[0]["accepted"]
        many = [HERE] * 250 + [{"distress": True, "lat": None}]
        results = positions(phone, *many)
    assert [one["accepted"] for one in results] == [True] * 200 + [False] * 50 + [True]
    assert room.journal.calls == [("patrol-1", "two injured"), ("patrol-1", "")]


def test_of_many_calls_in_one_request_the_newest_are_stored_and_all_are_heard(room: Any) -> None:
    with room.phone() as phone:
        results = positions(phone, *[{"distress": 1, "note": "old"}] * 2_000, {"distress": 1, "note": "two injured"})
    assert all(one["accepted"] for one in results)
    assert len(room.journal.calls) == MOST_POSITIONS + MOST_CALLS
    assert room.journal.calls[-1] == ("patrol-1", "two injured")


def test_a_device_whose_calls_are_slow_to_store_delays_neither_others_nor_their_calls(
    room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many requests of one device as there are threads for everyone."""
    stored, take = threading.Event(), room.journal.send_call
    arrived, seen = threading.Semaphore(0), room.devices.seen

    def slow(unit: str, observed_at: Any, note: str) -> Any:
        if unit == "patrol-1":
            assert stored.wait(PATIENT_S)
        return take(unit, observed_at, note)

    def counted(device: Any) -> None:
        seen(device)
        arrived.release()

    monkeypatch.setattr(room.journal, "send_call", slow)
    monkeypatch.setattr(room.devices, "seen", counted)
    with room.phone() as hostile, room.phone("patrol-2", "Phone 2") as other, ThreadPoolExecutor(40) as threads:
        flood = [threads.submit(positions, hostile, {"distress": 1}) for _ in range(40)]
        try:
            assert all(arrived.acquire(timeout=PATIENT_S) for _ in flood)
            assert state_of(other).unit == "patrol-2"
            assert positions(other, {"distress": 1, "note": "fire"})[0]["accepted"]
            assert room.journal.calls == [("patrol-2", "fire")]
        finally:
            stored.set()
        assert all(one.result()[0]["accepted"] for one in flood)


def test_a_call_for_help_is_sent_even_if_it_cannot_be_recorded(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    with room.phone() as phone:
        monkeypatch.setattr("ops.audit.log.AuditLog.add", full)
        phone.post("/v1/field/positions", json={"positions": [HERE | {"distress": True}]})
    assert [one.distress for one in room.journal.positions] == [True]


def test_the_stream_says_when_to_read_the_list_again_and_ends_with_a_revocation(room: Any) -> None:
    with room.phone() as phone, phone.stream("GET", "/v1/field/stream") as stream:
        lines = stream.iter_lines()
        first = next(line for line in lines if line.startswith("data:"))
        number = json.loads(first.removeprefix("data:"))["number"]
        assert number == state_of(phone).number
        sent(phone, reply(1))
        room.journal.answer(room.journal.replies[0])
        assert any(line == "event: change" for line in lines), "an outcome is a change"
        (device,) = room.devices.devices("patrol-1")
        room.devices.revoke("patrol-1", device.id)
        for _ in lines:
            pass
        assert phone.get("/v1/field/state").status_code == 401


def event_id(lines: Iterator[str]) -> str:
    return next(line for line in lines if line.startswith("id: ")).removeprefix("id: ")


def events_at_the_first_look(phone: Any, seen: str) -> list[str]:
    """What a stream says to a device that connects again with the id of the event that it has seen."""
    with phone.stream("GET", "/v1/field/stream", headers={"Last-Event-ID": seen}) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry:")
        return [line for line in takewhile(lambda line: line != ": ", lines) if line]


def test_a_device_that_connects_again_gets_an_event_only_if_something_has_changed(
    room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.services.api.field.stream.HEARTBEAT_S", 0.0)  # a comment after each look
    with room.phone() as phone:
        with phone.stream("GET", "/v1/field/stream") as stream:
            seen = event_id(stream.iter_lines())
        assert events_at_the_first_look(phone, seen) == []
        sent(phone, reply(1))
        room.journal.answer(room.journal.replies[0])
        identity, event, _ = events_at_the_first_look(phone, seen)
        assert event == "event: change", "an outcome that came meanwhile, of which the number says nothing"
        assert events_at_the_first_look(phone, identity.removeprefix("id: ")) == []
        for unknown in ("", "7", "1-2-3", "9" * 5000):
            assert "event: change" in events_at_the_first_look(phone, unknown)


def test_enrolment_login_answer_and_revocation_are_in_the_audit_log(room: Any) -> None:
    supervisor = room.token("supervisor")
    with room.client() as client:
        code = client.post("/v1/units/patrol-1/enrolments", headers=supervisor).json()["code"]
        device = client.post("/v1/field/enrol", json={"code": code, "device": "Phone 7"}).json()["device"]
        sent(client, reply(1))
        positions(client, HERE | {"distress": True})
        assert client.get("/v1/units/patrol-1/devices", headers=supervisor).json()[0]["revoked_at"] is None
        revoked = client.post(f"/v1/units/patrol-1/devices/{device}/revoke", headers=supervisor)
        assert revoked.json()["revoked_at"] is not None
        assert client.post("/v1/field/replies", json={"replies": [reply(2)]}).status_code == 401
    room.log.close()
    text = b"".join(path.read_bytes() for path in sorted((room.folder / "audit").glob("*.log"))).decode()
    for subject in (
        "enrolment of a device of unit patrol-1",
        f"device {device} (Phone 7) enrolled for unit patrol-1",
        "incident I2: acknowledge by unit patrol-1",
        "call for help of unit patrol-1",
        f"revocation of device {device} of unit patrol-1",
    ):
        assert subject in text, subject
    assert f"unit patrol-1 [device {device}]" in text


def test_nothing_on_disk_is_a_code_or_a_cookie(room: Any) -> None:
    with room.client() as client:
        code = room.devices.new_code("patrol-1").code
        client.post("/v1/field/enrol", json={"code": code, "device": "Phone 7"})
        (cookie,) = (value for name, value in client.cookies.items() if "unit" in name)
        open_code = room.devices.new_code("patrol-2").code
    for path in Path(room.folder).rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in (code, code.replace("-", ""), open_code.replace("-", ""), cookie):
                assert secret.encode() not in content, path


def test_the_list_of_a_device_is_ordered_as_the_vectorised_order() -> None:
    """The same rule, written once for a list and once for all units. What is not known is not in time."""
    rng = [
        (p, a, t, s)
        for p in ("distress", "high", "low") for a in (0, 1) for t in (0, 1, None) for s in (60.0, 90.0, None)
        if t is not None or s is None
    ]  # fmt: skip
    incidents = [
        {"id": f"I{n:03d}", "priority": p, "assigned": bool(a), "raised_at": AT,
         "reach": None if t is None else {"in_time": bool(t), "travel_s": s}}
        for n, (p, a, t, s) in enumerate(rng)
    ]  # fmt: skip
    listed = [one["id"] for one in sorted(incidents, key=order_key)]
    order = unit_order(
        distress=[p == "distress" for p, *_ in rng], assigned=[a for _, a, *_ in rng],
        in_time=[bool(t) for *_, t, _ in rng],
        rank=[("distress", "high", "medium", "low").index(p) for p, *_ in rng],
        travel_s=[float("nan") if s is None else s for *_, s in rng],
    )  # fmt: skip
    assert listed == [incidents[one]["id"] for one in order]


def test_a_marking_hides_an_incident_from_a_unit_and_its_answers_to_it(tmp_path: Path, open_room: Callable) -> None:
    from ops.releasability.settings import ReleasabilitySettings

    settings = ReleasabilitySettings(levels=("national",), units={"patrol-2": "national"})
    with open_room(tmp_path, releasability=settings) as room:
        room.store.commit(20, stamp_ns=1, markings=[("incident", "I2", "national")])
        with room.phone("patrol-1") as one, room.phone("patrol-2") as two:
            assert "I2" not in {each.id for each in state_of(one).incidents}
            assert "I2" in {each.id for each in state_of(two).incidents}
            assert not sent(one, reply(1))[0]["accepted"]
            assert sent(two, reply(2))[0]["accepted"]


def test_an_outcome_states_nothing_of_an_incident_that_was_marked_since(tmp_path: Path, open_room: Callable) -> None:
    from ops.releasability.settings import ReleasabilitySettings

    settings = ReleasabilitySettings(levels=("national",), units={"patrol-2": "national"})
    taken = Message("incident-refused-taken", {"owner": "Sgt. Meyer", "at": AT})
    with (
        open_room(tmp_path, releasability=settings) as room,
        room.phone("patrol-1") as one,
        room.phone("patrol-2") as two,
    ):
        sent(one, reply(1))
        sent(two, reply(2))
        for answer in room.journal.replies:
            room.journal.answer(answer, taken)
        assert all("Sgt. Meyer" in state_of(each).outcomes[0].sentence for each in (one, two))
        room.store.commit(20, stamp_ns=1, markings=[("incident", "I2", "national")])
        (hidden,) = state_of(one).outcomes
        assert (hidden.outcome, hidden.sentence) == ("refused", "Unknown incident, or it is closed.")
        assert "Sgt. Meyer" in state_of(two).outcomes[0].sentence


def test_the_outcome_of_another_unit_under_the_same_id_is_not_shown(room: Any) -> None:
    with room.phone() as phone:
        sent(phone, reply(1))
        (published,) = room.journal.replies
        elsewhere = msgspec.structs.replace(published, unit="patrol-2")  # by MQTT, and before
        room.journal.answer(elsewhere, Message("incident-refused-taken", {"owner": "Cpl. Roth", "at": AT}))
        (shown,) = state_of(phone).outcomes
        assert (shown.outcome, "Cpl. Roth" in shown.sentence) == ("refused", False)
        assert shown.sentence == "The identifier of the answer was used for another answer."


def test_a_device_file_of_another_version_is_refused(tmp_path: Path) -> None:
    from ops.field.devices import DeviceStore, DeviceStoreError

    path = tmp_path / "field.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9")
    with pytest.raises(DeviceStoreError, match="version 9"):
        DeviceStore(path)


def test_a_target_that_only_unknown_ground_leads_to_is_stated_as_such() -> None:
    reach = {"distance_m": 1234.0, "bearing_deg": 10.0, "travel_s": None, "margin_s": None, "in_time": False}
    assert reach_message(reach | {"travel_known": False}).id == "reach-unknown"
    assert reach_message(reach | {"travel_known": True}).id == "reach-none"
