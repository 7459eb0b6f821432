"""Until the server has answered, the page says so: no queue is called empty, nothing is counted as zero, no map of the
world is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.chain

ANSWERS = "**/{api,v1}/{alerts,incidents,sector,border}*"


def test_nothing_is_called_empty_before_the_server_has_answered(calm: Any, visit: Callable[..., Any]) -> None:
    here = visit(calm.address)
    here.live()
    expect(here.part("incidents-note")).to_contain_text("No open incidents")
    expect(here.part("waiting").locator("[data-priority=medium]")).to_contain_text("1")
    expect(here.page.locator("#map-area")).to_have_attribute("data-placed", "true")
    here.witness.outage = True
    here.page.route(ANSWERS, lambda route: route.abort())
    here.page.reload()
    here.page.wait_for_selector("#map[data-state=ready]")
    expect(here.part("incidents-note")).to_contain_text("Incidents could not be loaded.")
    expect(here.part("alerts-note")).to_contain_text("Alerts could not be loaded.")
    for priority in ("distress", "high", "medium", "low"):
        expect(here.part("waiting").locator(f"[data-priority={priority}]")).to_contain_text("–")
    expect(here.page.locator("#map-area")).to_have_attribute("data-placed", "false")
    expect(here.part("map-problem")).to_have_text("Loading the map…")
    expect(here.part("at-mgrs")).to_be_hidden()
    assert Axe().run(here.page).response["violations"] == []
    here.screen("loading")
    here.page.unroute_all()
    expect(here.page.locator("#map-area")).to_have_attribute("data-placed", "true")
    expect(here.part("map-problem")).to_be_hidden()
    expect(here.part("at-mgrs")).to_be_visible()
    expect(here.part("incidents-note")).to_contain_text("No open incidents")


def test_ground_that_is_missing_is_named_with_its_reason_once(calm: Any, visit: Callable[..., Any]) -> None:
    here = visit(calm.address)
    here.live()
    expect(here.part("banner-parts")).to_be_hidden()
    here.witness.outage = True
    here.page.route("**/api/{layers,segments}*", lambda route: route.abort())
    here.page.reload()
    here.live()
    expect(here.part("banner-parts")).to_have_text(
        "Not shown: coverage by border segment, ground and dead ground. The server cannot be reached."
    )
    expect(here.page.locator("#map")).to_have_attribute("data-tracks", "2")
    here.page.unroute_all()
    expect(here.part("banner-parts")).to_be_hidden()
