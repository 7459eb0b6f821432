"""A phone of a patrol in a running room: what is answered without a network reaches the operations centre once each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ops.field.devices import FILE, DeviceStore
from ops.store.reader import Reader
from tests.ops.conftest import lonlat
from tests.web.conftest import Visit, until
from tests.web.field_phone import SMALL, hold, on_disk
from tests.web.phone_radio import PhoneRadio, phone_radio
from tests.web.shift_room import CALLING, ShiftRoom, shift_room
from tests.web.test_own_forces import type_login

pytestmark = [pytest.mark.chain, pytest.mark.broker]

Phone = Callable[[], Visit]


@pytest.fixture(scope="module")
def shift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShiftRoom]:
    with shift_room(tmp_path_factory.mktemp("field")) as room:
        assert until(lambda: len(open_incidents(room)) >= 3)
        room.report()
        yield room


@pytest.fixture
def devices(shift: ShiftRoom) -> Iterator[DeviceStore]:
    with closing(DeviceStore(shift.room.options.folder / FILE)) as devices:
        yield devices


@pytest.fixture
def radio(shift: ShiftRoom) -> Iterator[PhoneRadio]:
    with phone_radio(shift.address) as radio:
        yield radio


@pytest.fixture
def phone(radio: PhoneRadio, devices: DeviceStore, visit: Callable[..., Visit]) -> Phone:
    """Enrols a phone of the unit that only the tests report for."""

    def open_phone() -> Visit:
        here = visit(
            radio.address,
            file=f"field#enrol={devices.new_code(CALLING).code}",
            viewport=SMALL,
            has_touch=True,
            permissions=["geolocation"],
            geolocation=place(4300, 2500),
        )
        here.witness.outage = True
        here.page.wait_for_selector("html[data-link=live]")
        here.page.wait_for_selector("html[data-kept=yes]")
        here.page.wait_for_selector("[data-testid=incident]")
        here.page.wait_for_selector("html[data-map=complete]")
        return here

    return open_phone


def place(easting: float, northing: float) -> dict[str, Any]:
    lon, lat = lonlat(easting, northing)
    return {"longitude": lon, "latitude": lat, "accuracy": 10}


def open_incidents(shift: ShiftRoom) -> list[dict[str, Any]]:
    return [one for one in shift.incidents().values() if one["state"] != "closed"]


def steps(shift: ShiftRoom, incident: str) -> list[str]:
    """What the unit did to an incident, in order."""
    found = next(one for one in shift.incidents().values() if one["id"] == incident)
    return [one["action"] for one in found["transitions"] if one["sender"] == CALLING]


def own_unit(shift: ShiftRoom) -> dict[str, Any]:
    units = json.loads(Reader(shift.room.store_path).live("forces").body)["units"]
    return next(one for one in units if one["unit"] == CALLING)


def test_three_answers_and_a_move_without_a_network_reach_the_centre_once_and_in_order(
    shift: ShiftRoom, radio: PhoneRadio, phone: Phone
) -> None:
    here = phone()
    here.part("sharing").tap()
    assert until(lambda: abs(own_unit(shift)["lat"] - place(4300, 2500)["latitude"]) < 1e-5)
    expect(here.part("sharing")).not_to_contain_text("to send")  # the phone knows that the position has arrived
    radio.cut(here.page)
    first, second = here.part("incident").evaluate_all("cards => cards.map(card => card.dataset.incident)")[:2]
    one, other = (here.page.locator(f'[data-incident="{name}"]') for name in (first, second))
    one.get_by_test_id("answer-en_route").tap()
    one.get_by_test_id("answer-on_scene").tap()
    other.get_by_test_id("card-head").tap()
    other.get_by_test_id("answer-en_route").tap()
    here.page.context.set_geolocation(place(4200, 2600))
    expect(here.part("sharing")).to_contain_text("1 to send")
    expect(here.part("link")).to_contain_text("3 answers wait")
    on_disk(here.page)
    here.page.reload()
    expect(here.part("link")).to_contain_text("3 answers wait")
    assert [steps(shift, name) for name in (first, second)] == [[], []]
    radio.restore(here.page)
    expect(here.part("link")).to_have_text("Connected")
    assert until(lambda: len(steps(shift, first) + steps(shift, second)) >= 3), shift.incidents()
    assert steps(shift, first) == ["en_route", "on_scene"]
    assert steps(shift, second) == ["en_route"]
    here.part("tab-phone").tap()
    expect(here.page.locator("#sent-answers [data-state=done]")).to_have_count(3)
    assert until(lambda: abs(own_unit(shift)["lat"] - place(4200, 2600)["latitude"]) < 1e-5)
    assert [len(steps(shift, name)) for name in (first, second)] == [2, 1]


def test_a_call_for_help_reaches_the_centre_and_the_phone_says_so(shift: ShiftRoom, phone: Phone) -> None:
    here = phone()
    hold(here.page)
    expect(here.part("own-call")).to_contain_text("RECEIVED by the operations centre")
    assert until(lambda: [one for one in open_incidents(shift) if one["calling_unit"] == CALLING])
    expect(here.part("call")).to_have_count(0)  # the own call is not shown as one of others


def revoke_all(devices: DeviceStore) -> None:
    for device in devices.devices(CALLING):
        if device.revoked_s is None:
            devices.revoke(CALLING, device.id)


def test_a_device_that_the_centre_revokes_keeps_nothing(
    shift: ShiftRoom, devices: DeviceStore, radio: PhoneRadio, phone: Phone
) -> None:
    here = phone()
    here.witness.expected.add("401")
    radio.cut(here.page)  # or the phone may learn of the revocation before the answer is given
    revoke_all(devices)
    here.part("answer-received").first.tap()
    expect(here.part("link")).to_contain_text("1 answer waits")
    radio.restore(here.page)
    expect(here.part("revoked")).to_contain_text("Access withdrawn")
    expect(here.part("revoked-answers").locator("li")).to_have_count(1)


def test_a_supervisor_enrols_and_revokes_a_device_in_the_units_details(
    shift: ShiftRoom, devices: DeviceStore, visit: Callable[..., Visit]
) -> None:
    revoke_all(devices)  # of other tests
    shift.set_password("sofia", shift.add("sofia", "Sofia Lind", "supervisor"))
    desk = visit(shift.address)
    type_login(desk.page, "sofia")
    desk.live()
    desk.part("tab-forces").click()
    desk.page.locator(f"[data-testid=unit-row][data-unit='{CALLING}']").click()
    desk.part("details-devices").click()
    expect(desk.part("devices-note")).to_contain_text("No device of this unit is in use.")
    desk.part("devices-enrol").click()
    expect(desk.part("devices-expiry")).to_contain_text("Expires in")
    desk.page.wait_for_function("() => document.querySelector('#devices-qr').naturalWidth > 100")
    desk.screen("devices-dialog")
    found = Axe().run(desk.page)
    assert found.response["violations"] == [], found.generate_report()
    code = desk.part("devices-typed").inner_text()
    here = visit(shift.address, file=f"field#enrol={code}", viewport=SMALL, has_touch=True)
    here.witness.outage = True
    here.witness.expected.add("/v1/field/")
    here.page.wait_for_selector("html[data-link=live]")
    here.page.wait_for_selector("html[data-map=complete]")
    expect(desk.part("devices-note")).to_contain_text("1 device in use.")
    revoke = desk.part("device-revoke").first
    revoke.click()
    expect(revoke).to_have_text("Revoke now")
    revoke.click()
    expect(desk.part("devices-note")).to_contain_text("No device of this unit is in use.")
    here.page.evaluate("dispatchEvent(new Event('online'))")
    expect(here.part("revoked")).to_contain_text("Access withdrawn")
