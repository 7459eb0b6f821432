"""The national page in a real browser: what a national duty officer reads and does, by keyboard too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect

from ops.cluster.identity.nation_store import Continued, NationStore
from ops.cluster.identity.separation import separate
from tests.ops.cluster.page.nation import COVERAGE, NationServer, Sectors, incident, nation_server
from tests.web.conftest import DESKTOP, PHONE, until
from tests.web.patience import DRAWN
from tests.web.test_languages import CLIPPED
from tests.web.visits import LOST_REQUESTS

NAMES = ["west", "mid", "east", "lake"]


class OneCentre:
    """Leads to the page's own server, in place of a sector's, whose process another test starts."""

    port = 0

    def open(self, name: str) -> int:
        assert name == "west"
        return self.port


@pytest.fixture
def sectors(tmp_path: Path) -> Iterator[Sectors]:
    with ExitStack() as stack:
        made = Sectors(tmp_path, stack, now_ns=time.time_ns())
        made.show("west", incident("Alpha", 5, "distress"), incident("Bravo", 9, "medium", attention=False))
        made.show("mid", incident("Charlie", 5), age_s=3600.0)
        made.show("east", working=4, lost=0, coverage=COVERAGE | {"now": 52})
        yield made


@pytest.fixture
def server(sectors: Sectors) -> Iterator[NationServer]:
    centre = OneCentre()
    with nation_server(sectors, NAMES, local=True, centres=centre) as opened:
        centre.port = int(opened.address.rpartition(":")[2])
        yield opened


@pytest.fixture
def visit(launch: Callable[..., Browser], server: NationServer) -> Iterator[Callable[..., Page]]:
    """Open the page; afterwards its console is clean."""
    browser, faults = launch("--disable-3d-apis"), list[str]()

    def enter(language: str = "en", *, outage: bool = False, **options: Any) -> Page:
        page = browser.new_context(**({"viewport": DESKTOP, "locale": "en-GB"} | options)).new_page()

        def hear(said: ConsoleMessage) -> None:
            is_expected = outage and LOST_REQUESTS.search(said.text)
            if said.type in ("error", "warning") and not is_expected:
                faults.append(said.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{server.address}/?language={language}")
        expect(page.locator("html")).to_have_attribute("data-stream", "open")
        expect(page.locator("#rows tr")).to_have_count(len(NAMES))
        return page

    yield enter
    browser.close()
    assert faults == []


def row(page: Page, name: str) -> Any:
    return page.locator(f'#rows tr[data-key="{name}"]')


def test_a_silent_sector_is_never_quiet_and_distress_stands_first(visit: Callable[..., Page], sectors: Sectors) -> None:
    page = visit()
    expect(row(page, "mid")).to_have_attribute("data-state", "silent")
    expect(row(page, "mid")).to_contain_text("No data since")
    expect(row(page, "mid").locator(".coverage")).to_contain_text("not known now")
    expect(row(page, "lake")).to_contain_text("No data yet")
    expect(row(page, "east").locator(".coverage .figure")).to_have_text("87%")  # 52 of 60
    expect(page.locator('[data-testid="total-coverage"] b')).to_have_text("77%")  # 40 + 52 of 120, in two sectors
    expect(page.locator('[data-testid="total-current"] b')).to_have_text("2 of 4")
    expect(page.locator("#incident-list li")).to_have_count(3)
    expect(page.locator("#incident-list li").first).to_contain_text("Alpha")
    expect(page.locator('#map .cluster[data-rank="distress"] .count')).to_have_text("1")
    expect(page.locator('#map .area[data-sector="mid"]')).to_have_attribute("data-state", "silent")
    sectors.show("east", incident("Delta", 0, "distress"), working=4, lost=0)
    expect(page.locator("#incident-list li")).to_have_count(4)
    expect(page.locator("#announce")).to_have_text("Distress in Sector East.")


def test_a_page_that_opens_while_the_server_starts_asks_again(visit: Callable[..., Page]) -> None:
    page, asked = visit(outage=True), list[Route]()
    page.route("**/v1/nation/sectors", lambda route: asked.append(route))
    page.reload()
    assert until(lambda: asked or page.wait_for_timeout(50))
    asked[0].fulfill(status=503, json={"error": "Not yet ready."})
    expect(page.get_by_test_id("problem")).to_contain_text("Not yet ready.")
    expect(page.locator("html")).to_have_attribute("data-stream", "lost")
    assert until(lambda: len(asked) >= 2 or page.wait_for_timeout(50)), "it asks again"
    asked[1].continue_()
    expect(page.locator("html")).to_have_attribute("data-stream", "open")
    expect(page.locator("#rows tr")).to_have_count(len(NAMES))
    expect(page.get_by_test_id("problem")).to_be_hidden()


def test_the_keyboard_goes_from_sector_to_sector_and_into_one(visit: Callable[..., Page], server: NationServer) -> None:
    page = visit()
    row(page, "west").locator("a").focus()
    page.keyboard.press("ArrowDown")
    expect(row(page, "mid").locator("a")).to_be_focused()
    expect(page.locator('#map .area[data-sector="mid"]')).to_have_attribute("data-chosen", "true")
    page.keyboard.press("End")
    expect(row(page, "lake").locator("a")).to_be_focused()
    page.keyboard.press("Home")
    expect(row(page, "west").locator("a")).to_be_focused()
    with page.expect_request("**/sectors/west") as asked:
        page.keyboard.press("Enter")
    followed = asked.value.response()
    assert followed is not None
    assert (followed.status, followed.headers["location"]) == (303, f"{server.address}/")


def test_a_click_on_the_map_leads_into_a_sector_and_a_drag_does_not(visit: Callable[..., Page]) -> None:
    page, asked = visit(), list[str]()
    page.on("request", lambda request: asked.append(request.url) if "/sectors/west" in request.url else None)
    page.evaluate(DRAWN)  # what is above the map has its height, and the map is drawn in what is left
    area = page.locator('#map .area[data-sector="west"] .outline')
    box = area.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.mouse.up()
    page.get_by_test_id("zoom-all").click()
    with page.expect_request("**/sectors/west"):
        page.mouse.click(x, y)
    assert len(asked) == 1


@pytest.fixture
def joined(sectors: Sectors) -> Sectors:
    """Echo in the east continues Bravo, which is acknowledged in the west, and Foxtrot in the middle continues Echo."""
    sectors.show("east", incident("Echo", 4, "medium"))
    sectors.show("mid", incident("Foxtrot", 2, "medium"), age_s=3600.0)
    with NationStore(sectors.folder) as store:
        found = [("east", "Echo", "west", "Bravo"), ("mid", "Foxtrot", "east", "Echo")]
        store.commit(continued=[Continued(*one, "N1") for one in found])
    return sectors


def names(page: Page) -> Any:
    return page.locator("#incident-list .what")


def test_a_wrong_join_is_separated_after_a_question_and_states_who_did_it(
    visit: Callable[..., Page], joined: Sectors
) -> None:
    page, other = visit(), visit("fr")
    expect(names(page)).to_have_text(["Name Alpha", "Name Charlie", "Name Foxtrot"])  # unacknowledged ones first
    entry = page.locator("#incident-list li", has_text="Name Foxtrot").first
    expect(entry).to_contain_text("continues Name Bravo and Name Echo")
    entry.get_by_test_id("separate").click()
    dialog = page.get_by_test_id("join-dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    entry.get_by_test_id("separate").press("Enter")
    dialog.get_by_test_id("join-which").select_option(label="Name Echo (Sector East), Name Bravo (Sector West)")
    dialog.get_by_test_id("join-send").press("Enter")
    expect(dialog).to_be_hidden()
    expect(names(page)).to_have_text(["Name Alpha", "Name Charlie", "Name Foxtrot", "Name Bravo"])
    expect(entry).to_contain_text("continues Name Echo")
    expect(entry).to_have_attribute("data-attention", "true")  # no longer acknowledged with Bravo
    stated = "Name Echo (Sector East), Name Bravo (Sector West): separated by operator, "
    for name in ("Name Foxtrot", "Name Bravo"):
        expect(page.locator("#incident-list li", has_text=name).first).to_contain_text(stated)
    again = other.locator("#incident-list > li", has=other.get_by_text("Name Bravo", exact=True))
    expect(again).to_contain_text("séparés par operator")
    again.get_by_test_id("rejoin").click()
    other.get_by_test_id("join-send").click()
    expect(names(page)).to_have_text(["Name Alpha", "Name Charlie", "Name Foxtrot"])


@pytest.mark.parametrize(("language", "options"), [("en", {}), ("fr", {"viewport": PHONE}), ("ar-XB", {})])
def test_what_is_said_of_separating_fits_and_is_accessible(
    visit: Callable[..., Page], joined: Sectors, language: str, options: dict[str, Any]
) -> None:
    assert separate(joined.folder, ("east", "Echo"), "Mary of the national duty office in the capital", joined.now_ns)
    page = visit(language, **options)
    expect(page.get_by_test_id("rejoin")).to_have_count(2)
    page.evaluate(DRAWN)
    assert page.evaluate(CLIPPED) == []
    assert Axe().run(page).response["violations"] == []
    for button, count in (("separate", 1), ("rejoin", 2)):
        shown = page.locator(f'[data-testid="{button}"]:visible')
        expect(shown).to_have_count(count)
        shown.first.click()
        expect(page.get_by_test_id("join-dialog")).to_be_visible()
        page.evaluate(DRAWN)
        assert page.evaluate(CLIPPED) == []
        assert Axe().run(page).response["violations"] == []
        page.get_by_test_id("join-cancel").click()
    assert page.evaluate("() => document.documentElement.dataset.missing ?? '0'") == "0"


@pytest.mark.parametrize(
    ("language", "options"),
    [("en", {}), ("fr", {"color_scheme": "dark"}), ("fr", {"viewport": PHONE}), ("ar-XB", {})],
)
def test_it_fits_is_complete_and_accessible(visit: Callable[..., Page], language: str, options: dict[str, Any]) -> None:
    page = visit(language, **options)
    expect(page.locator("#incident-list li")).to_have_count(3)
    page.locator(".formula summary").click()
    expect(page.locator(".formula p").first).to_be_visible()
    page.evaluate(DRAWN)
    assert page.evaluate("() => document.documentElement.dataset.missing ?? '0'") == "0"
    assert page.evaluate(CLIPPED) == []
    assert Axe().run(page).response["violations"] == []
    sizes = "() => [...document.querySelectorAll('body *')].map((node) => parseFloat(getComputedStyle(node).fontSize))"
    assert min(page.evaluate(sizes)) >= 12
