"""The field page at 1.2 kbit/s in real time, a fifth of the segments lost: what takes longer than a minute arrives too.

``test_night.py`` cannot show this: its links are faster, while the clocks of browser and server are not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.drills.fault_proxy import BOTH, BadRadio
from tests.drills.sizes import IS_LONG
from tests.web.chromium import chromium, launch_options
from tests.web.conftest import until
from tests.web.field_phone import SMALL, hold
from tests.web.field_server import LAT, LON, FieldServer, field_server, incident
from tests.web.patience import patient
from tests.web.phone_radio import PhoneRadio, phone_radio

pytestmark = pytest.mark.timeout(3600)

SLOW = BadRadio(bits_per_s=1_200.0)
LONGEST_S = 1_200.0
POSITIONS = 40
INCIDENTS = 30


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, patient():
        browser = playwright.chromium.launch(executable_path=chromium(), args=launch_options())
        yield browser
        browser.close()


@contextmanager
def phone(browser: Browser, server: FieldServer) -> Iterator[tuple[Page, BrowserContext, PhoneRadio]]:
    """An enrolled phone that carries everything, still on a good link."""
    with phone_radio(server.address) as radio:
        context = browser.new_context(
            viewport=SMALL, has_touch=True, permissions=["geolocation"], geolocation=at(0)
        )  # fmt: skip
        page = context.new_page()
        page.goto(f"{radio.address}field#enrol=open-sesame")
        for state in ("link=live", "kept=yes", "map=complete"):
            page.wait_for_selector(f"html[data-{state}]")
        yield page, context, radio
        context.close()


def at(number: int) -> dict[str, float]:
    """A place 90 m beside the one before."""
    return {"longitude": LON + 0.001 * number, "latitude": LAT - 0.01, "accuracy": 10}


def call(page: Page, _: BrowserContext, server: FieldServer) -> Callable[[], bool]:
    hold(page)
    return lambda: page.get_by_test_id("own-call").get_attribute("data-state") == "arrived"


def positions(page: Page, context: BrowserContext, server: FieldServer) -> Callable[[], bool]:
    """Those of a long silence."""
    page.get_by_test_id("sharing").tap()
    for number in range(1, POSITIONS):
        expect(page.get_by_test_id("sharing")).to_contain_text(f"{number} to send")
        context.set_geolocation(at(number))
    expect(page.get_by_test_id("sharing")).to_contain_text(f"{POSITIONS} to send")
    return lambda: len(server.positions) >= POSITIONS


def incidents(page: Page, _: BrowserContext, server: FieldServer) -> Callable[[], bool]:
    """A list that is longer than the link carries in a minute."""
    server.incidents = [incident(number) for number in range(INCIDENTS)]
    server.changed()
    assert len(json.dumps(server.incidents)) > 60 * SLOW.bits_per_s / 8
    return lambda: page.get_by_test_id("incident").count() == INCIDENTS


@pytest.mark.parametrize("what", [call, *([positions, incidents] if IS_LONG else [])])
def test_what_is_due_after_a_silence_arrives_at_the_least_rate(
    browser: Browser, what: Callable[[Page, BrowserContext, FieldServer], Callable[[], bool]]
) -> None:
    with field_server() as server, phone(browser, server) as (page, context, radio):
        radio.proxy.set(held=BOTH, radio=SLOW)
        arrived = what(page, context, server)
        radio.proxy.set(held=frozenset())
        began_s = time.monotonic()
        assert until(arrived, within_s=LONGEST_S), [radio.proxy.carried(way) for way in ("up", "down")]
        up, down = radio.proxy.carried("up"), radio.proxy.carried("down")
        print(f"{what.__name__}: {time.monotonic() - began_s:.0f} s; {up.bytes} bytes up, {down.bytes} down")
        assert up.lost + down.lost > 0
