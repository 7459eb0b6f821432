"""The access of a field unit's phone in a browser: a new code in an open page, and a second one during the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Visit, until
from tests.web.field_phone import SMALL, rows_on
from tests.web.field_server import FieldServer, field_server


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with field_server() as server:
        yield server


@pytest.fixture
def phone(server: FieldServer, visit: Callable[..., Visit]) -> Callable[[], Visit]:
    """Opens the page with a code."""
    return lambda: visit(server.address, file="field#enrol=open-sesame", viewport=SMALL, has_touch=True)


def test_a_phone_with_a_new_code_in_the_open_page_loads_its_map_again(
    server: FieldServer, phone: Callable[[], Visit]
) -> None:
    here = phone()
    here.page.wait_for_selector("html[data-map=complete]")
    here.witness.outage = True
    here.witness.expected.add("401")
    tiles = server.tiles
    server.devices.clear()
    server.changed()
    expect(here.part("revoked")).to_contain_text("Access withdrawn")
    expect(here.part("unit")).to_have_text("Watchline")
    assert rows_on(here.page) == 0
    server.codes.add("again")
    here.part("enrol-code").fill("again")
    here.part("enrol-send").tap()
    assert until(lambda: server.tiles == 2 * tiles)
    here.page.wait_for_selector("html[data-map=complete]")
    assert rows_on(here.page) > tiles


def test_a_second_link_during_the_exchange_of_the_first_is_used_and_leaves_the_address(
    server: FieldServer, phone: Callable[[], Visit]
) -> None:
    server.gives_access.clear()
    server.codes.add("second")
    here = phone()
    here.page.wait_for_selector("html[data-stage=unknown]")
    here.page.evaluate("location.hash = 'enrol=second'")
    here.page.wait_for_url(f"{server.address}field")
    server.gives_access.set()
    assert until(lambda: not server.codes)
    here.page.wait_for_selector("html[data-link=live]")
