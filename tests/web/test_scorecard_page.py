"""Scorecard and action plan in a real browser: by keyboard, by day and night, on large and small screens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from ops.drawing.typeface.page_font import BUILT
from tests.ops.services.api.scorecard.served import Served, served
from tests.web.conftest import PHONE, SCREENS, contexts_of

LARGE, SMALL = {"width": 1920, "height": 1080}, {"width": 800, "height": 600}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("scorecard"), demo=True, pages=BUILT) as running:
        yield running


@pytest.fixture
def opened(blind: Browser, server: Served) -> Iterator[Callable[..., Page]]:
    """Opens an address of the server; afterwards the console is clean."""
    faults, opened = list[str](), ExitStack()
    open_context = opened.enter_context(contexts_of(blind))

    def open_page(path: str, **options: Any) -> Page:
        page = open_context(**({"viewport": LARGE, "locale": "en-GB"} | options)).new_page()
        page.on(
            "console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None
        )
        page.goto(server.address + path)
        return page

    with opened:
        yield open_page
    assert faults == []


def tab_to(page: Page, what: str) -> None:
    """Go to the first control that a selector matches with the Tab key alone."""
    for _ in range(200):
        if page.evaluate("what => document.activeElement.matches(what)", what):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{what} cannot be reached with the Tab key")


def test_records_places_and_the_plan_are_reached_by_keyboard(opened: Callable[..., Page]) -> None:
    page = opened("/scorecard")
    expect(page.get_by_role("heading", level=2)).to_have_count(5)
    tab_to(page, "details summary")
    page.keyboard.press("Enter")
    expect(page.locator("details[open]").first).to_contain_text("SHA-256")
    page = opened("/scorecard")
    tab_to(page, "select[name=place]")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("select[name=place]").input_value()
    assert chosen
    tab_to(page, ".choice button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/scorecard?*place=*")
    expect(page.get_by_role("heading", level=1)).to_contain_text(chosen)
    tab_to(page, ".menu a[href^='/action-plan?']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/action-plan?*")
    tab_to(page, "tbody a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/scorecard?*#r*")
    row = page.locator("tr:target")
    expect(row).to_have_count(1)


@pytest.mark.parametrize("path", ["/scorecard", "/action-plan"])
@pytest.mark.parametrize(
    ("language", "scheme", "viewport", "name"),
    [
        ("en", "light", LARGE, "day"),
        ("fr", "dark", LARGE, "night"),
        ("fr", "light", SMALL, "small"),
        ("en", "dark", SMALL, "small-night"),
        ("en", "light", PHONE, "phone"),
        ("ar-XB", "light", SMALL, "right-to-left"),
    ],
)
def test_the_page_is_accessible_and_fits(
    opened: Callable[..., Page], path: str, language: str, scheme: str, viewport: dict[str, int], name: str
) -> None:
    page = opened(f"{path}?language={language}", color_scheme=scheme, viewport=viewport)
    assert page.locator("html").get_attribute("lang") == language
    for details in page.locator("details").all():
        details.evaluate("node => { node.open = true; }")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{Path(path).name}-{name}.png", full_page=True)


def test_day_and_night_have_their_own_colours(opened: Callable[..., Page]) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    day, night = (opened("/scorecard", color_scheme=one).evaluate(background) for one in ("light", "dark"))
    assert day != night
