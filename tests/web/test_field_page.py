"""The page of a field unit, on a phone of 360 × 640: it works without a network, loses no answer, and hides no age."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.web.conftest import SHOWN_MS, Visit, until
from tests.web.field_server import LAT, LON, UNIT, FieldServer, field_server, incident
from playwright.sync_api import Page, expect

from ops.services.api.static_pages import BUILT

SMALL = {"width": 360, "height": 640}
FIRST_LOAD_BYTES = 150_000
LEAST_TARGET_PX = 48


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with field_server() as server:
        yield server


@pytest.fixture
def phone(visit: Callable[..., Visit], server: FieldServer) -> Callable[..., Visit]:
    """Opens the page on a phone, enrolled unless ``code`` is empty."""

    def open_phone(code: str = "open-sesame", **options: Any) -> Visit:
        here = visit(
            server.address,
            file=f"field{'#enrol=' + code if code else ''}",
            viewport=SMALL,
            has_touch=True,
            geolocation={"latitude": LAT - 0.01, "longitude": LON - 0.01, "accuracy": 12},
            permissions=["geolocation"],
            **options,
        )
        if code:
            here.page.wait_for_selector("html[data-link=live]")
        return here

    return open_phone


def card(here: Visit, number: int) -> Any:
    return here.page.locator(f'[data-incident="I{number:04d}"]')


def kept(here: Visit) -> None:
    """Wait until the service worker holds the page."""
    here.page.wait_for_selector("html[data-kept=yes]")


def test_a_code_enrols_the_phone_once_and_leaves_the_address(server: FieldServer, phone) -> None:
    here = phone()
    expect(here.part("unit")).to_have_text(UNIT)
    assert here.page.url == f"{server.address}field"
    assert here.page.evaluate("history.length") <= 2
    expect(here.part("incident")).to_have_count(2)
    other = phone(code="")
    other.witness.outage = True
    other.part("enrol-code").fill("open-sesame")
    other.part("enrol-send").tap()
    expect(other.part("enrol-problem")).to_contain_text("wrong, used or expired")
    other.witness.faults = [fault for fault in other.witness.faults if "403" not in fault]


def test_what_was_answered_without_a_network_arrives_once_and_in_order(server: FieldServer, phone) -> None:
    here = phone()
    kept(here)
    here.witness.outage = True
    here.page.context.set_offline(True)
    here.page.reload()  # from the phone alone
    expect(here.part("incident")).to_have_count(2)
    here.part("answer-received").first.tap()
    here.part("answer-en_route").first.tap()
    expect(card(here, 1).get_by_test_id("given")).to_contain_text("not sent")
    card(here, 2).get_by_test_id("card-head").tap()
    card(here, 2).get_by_test_id("answer-received").tap()
    expect(here.part("link")).to_contain_text("3 answers wait")
    here.part("sharing").tap()
    expect(here.part("sharing")).to_contain_text("Position shared")
    here.page.context.set_geolocation({"latitude": LAT - 0.008, "longitude": LON - 0.008, "accuracy": 10})
    expect(here.part("sharing")).to_contain_text("2 to send")
    here.page.reload()
    expect(here.part("link")).to_contain_text("3 answers wait")
    assert server.replies == []
    here.page.context.set_offline(False)
    expect(card(here, 2).get_by_test_id("given")).to_contain_text("done")
    assert [(one["incident"], one["action"]) for one in server.replies] == [
        ("I0001", "received"), ("I0001", "en_route"), ("I0002", "received"),
    ]  # fmt: skip
    assert sorted(one["at"] for one in server.replies) == [one["at"] for one in server.replies]
    assert until(lambda: len(server.positions) >= 2)
    here.page.wait_for_selector("html[data-link=live]")


def test_an_answer_whose_receipt_was_lost_is_not_given_twice(server: FieldServer, phone) -> None:
    here = phone()
    here.witness.outage = True
    server.loses_answers = True
    here.part("answer-received").first.tap()
    assert until(lambda: len(server.repeated) >= 1)
    server.loses_answers = False
    expect(card(here, 1).get_by_test_id("given")).to_contain_text("done")
    assert len(server.replies) == 1


def test_what_another_unit_holds_is_said_with_the_answer(server: FieldServer, phone) -> None:
    server.held["I0001"] = "patrol-3"
    here = phone()
    here.part("answer-en_route").first.tap()
    expect(card(here, 1).locator(".refusal")).to_contain_text("patrol-3 holds this incident.")
    expect(card(here, 1).get_by_test_id("answer-en_route")).to_have_attribute("aria-pressed", "false")
