"""The rights of field units' devices: every route × every kind of device, and what an attacker tries."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.accounts.rights import ROWS
from ops.field.devices import CODE_S, DEVICE_S, DeviceStore, EnrolmentRefused

BODIES: dict[str, Any] = {
    "/v1/field/replies": {"replies": []},
    "/v1/field/positions": {"positions": []},
    "/v1/field/enrol": {"code": "none", "device": "Phone"},
}


def address(path: str) -> str:
    return re.sub(r"\{\w+\}", "1", path.replace("{unit}", "patrol-1").replace("{layer}", "hillshade"))


def cookie_of(client: httpx.Client) -> dict[str, str]:
    """The cookie of a device, to be sent by hand to every address, as a browser does not."""
    (name,) = (name for name in client.cookies if "unit" in name)
    return {"Cookie": f"{name}={client.cookies[name]}"}


def status_of(client: httpx.Client, method: str, path: str, headers: dict[str, str]) -> int:
    with client.stream(method, address(path), json=BODIES.get(path), headers=headers) as answer:
        return answer.status_code


def test_a_device_may_use_the_addresses_of_its_unit_and_no_other(room: Any) -> None:
    """Generated from the table of rights, so that a new route cannot be forgotten."""
    seen = set()
    with room.phone() as phone, room.client() as bare:
        own = cookie_of(phone)
        for row in ROWS:
            status = status_of(bare, row.method, row.path, own)
            if row.right == "field":
                assert status in (200, 202, 404), (row, status)  # 404: this server has no map
            elif row.right == "open":
                assert status not in (401,), (row, status)
            else:
                assert status == 403, (row, status)
            seen.add(row.right)
    assert {"field", "open", "own", "picture", "act", "units", "audit"} <= seen


@pytest.mark.parametrize("kind", ["none", "forged", "revoked", "expired", "another server's", "a session's", "twice"])
def test_without_a_device_that_may_be_used_every_address_of_units_answers_401(
    room: Any, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with room.phone() as phone, room.client() as bare:
        own = cookie_of(phone)["Cookie"]
        name = own.partition("=")[0]
        if kind == "revoked":
            room.devices.revoke("patrol-1", room.devices.devices("patrol-1")[0].id)
        elif kind == "expired":
            now_s = room.devices.now_s() + DEVICE_S + 1.0
            monkeypatch.setattr(room.devices, "now_s", lambda: now_s)
        elif kind == "another server's":
            other = DeviceStore(tmp_path / "elsewhere.db")
            own = f"{name}={other.enrol(other.new_code('patrol-1').code, 'Phone')[1]}"
            other.close()
        header = {
            "none": {}, "forged": {"Cookie": f"{name}={'A' * 43}"},
            "a session's": {"Cookie": own.replace("-unit-", "-session-")}, "twice": {"Cookie": f"{own}; {own}x"},
        }.get(kind, {"Cookie": own})  # fmt: skip
        for row in ROWS:
            if row.right == "field":
                assert status_of(bare, row.method, row.path, header) == 401, (row, kind)


def test_people_and_programs_do_not_act_as_a_unit(room: Any) -> None:
    with room.client() as client:
        for role in ("operator", "supervisor", "admin"):
            assert client.get("/v1/field/state", headers=room.token(role)).status_code == 401
        for role in ("viewer", "operator", "planner", "analyst", "auditor"):
            refused = client.post("/v1/units/patrol-1/enrolments", headers=room.token(role))
            assert refused.status_code == 403, role


def test_a_person_with_a_login_keeps_her_rights_in_a_browser_that_is_also_a_device(room: Any) -> None:
    with room.phone() as phone:
        both = {**room.token("operator"), **cookie_of(phone)}
        assert phone.get("/v1/incidents", headers=both).status_code == 200
        assert phone.get("/v1/incidents", headers=cookie_of(phone)).status_code == 403


def test_a_device_sees_and_answers_as_its_own_unit_only(room: Any) -> None:
    """Nothing in a request names the unit: it is that of the cookie."""
    with room.phone("patrol-2", "Phone 2") as phone:
        assert phone.get("/v1/field/state?unit=patrol-1").json()["unit"] == "patrol-2"
        given = {"action_id": "answer-0001", "action": "acknowledge", "incident": "I2", "at": "2026-03-20T10:00:00Z"}
        assert not phone.post("/v1/field/replies", json={"replies": [given | {"unit": "patrol-1"}]}).json()["results"][
            0
        ]["accepted"]
        assert phone.post("/v1/field/replies", json={"replies": [given]}).json()["results"][0]["accepted"]
    assert [(one.unit, one.by) for one in room.journal.replies] == [("patrol-2", "Phone 2")]


def test_two_phones_of_one_unit_have_each_its_cookie_and_one_is_revoked_alone(room: Any) -> None:
    with room.phone("patrol-1", "Phone A") as one, room.phone("patrol-1", "Phone B") as two:
        assert cookie_of(one) != cookie_of(two)
        lost = next(device for device in room.devices.devices("patrol-1") if device.name == "Phone A")
        room.devices.revoke("patrol-1", lost.id)
        assert (one.get("/v1/field/state").status_code, two.get("/v1/field/state").status_code) == (401, 200)


def test_a_code_enrols_one_device_even_if_two_send_it_at_once(room: Any) -> None:
    code = room.devices.new_code("patrol-1").code

    def enrol(number: int) -> int:
        with room.client() as client:
            return client.post("/v1/field/enrol", json={"code": code, "device": f"Phone {number}"}).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(enrol, range(4)))
    assert statuses == [200, 403, 403, 403]
    assert len(room.devices.devices("patrol-1")) == 1


def test_wrong_used_expired_and_replaced_codes_get_the_same_answer(room: Any) -> None:
    used, expired, replaced = (room.devices.new_code(unit).code for unit in ("patrol-1", "patrol-2", "patrol-3"))
    room.devices.new_code("patrol-3")
    answers = []
    with room.client() as client:

        def enrol(code: str) -> httpx.Response:
            return client.post("/v1/field/enrol", json={"code": code, "device": "Phone"})

        assert enrol(used.lower().replace("-", " ")).status_code == 200, "as typed from a sheet of paper"
        answers = [enrol(code) for code in (used, replaced, "0000-0000-0000")]
        now_s = room.devices.now_s() + CODE_S + 1.0
        room.devices.now_s = lambda: now_s
        answers.append(enrol(expired))
    assert {(one.status_code, one.json()["detail"]) for one in answers} == {
        (403, "The code is wrong, has been used, or has expired; ask for a new one.")
    }


def test_guessing_codes_is_delayed_and_the_delay_ends(tmp_path: Path) -> None:
    now = [1_000_000.0]
    store = DeviceStore(tmp_path / "field.db", now_s=lambda: now[0])
    code = store.new_code("patrol-1").code
    refusals = []
    for _ in range(40):
        with pytest.raises(EnrolmentRefused) as refused:
            store.enrol("0000-0000-0000", "x", "192.0.2.7")
        refusals.append("Too many" in str(refused.value))
    assert sum(not one for one in refusals) <= 5, "after five wrong codes in a second, none is tried"
    with pytest.raises(EnrolmentRefused, match="Too many"):
        store.enrol(code, "x", "192.0.2.7")
    assert store.enrol(code, "x", "198.51.100.1")[0].unit == "patrol-1", "another address is not locked out"
    now[0] += 301.0
    other = store.new_code("patrol-2").code
    assert store.enrol(other, "x", "192.0.2.7")[0].unit == "patrol-2"
    store.close()


def test_guessing_from_many_addresses_is_delayed_too(tmp_path: Path) -> None:
    store = DeviceStore(tmp_path / "field.db", now_s=lambda: 1_000_000.0)
    tried = 0
    for number in range(400):
        with pytest.raises(EnrolmentRefused) as refused:
            store.enrol("0000-0000-0000", "x", f"192.0.{number // 250}.{number % 250}")
        tried += "Too many" not in str(refused.value)
    assert tried <= 100
    store.close()


def test_a_change_from_another_origin_is_refused(room: Any) -> None:
    with room.phone() as phone:
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = phone.post("/v1/field/positions", json={"positions": []}, headers=headers)
            assert answer.status_code == 403


def test_the_devices_hold_after_a_restart_of_the_server(tmp_path: Path, open_room: Callable[..., Any]) -> None:
    with open_room(tmp_path / "first") as room, room.phone() as phone:
        cookie = cookie_of(phone)["Cookie"].partition("=")[2]
        folder = room.folder
    store = DeviceStore(folder / "field.db")
    assert store.device_of(cookie).unit == "patrol-1"
    store.close()
