"""The sector at a glance, the search box, widths of panels, and the header of a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.web.conftest import PHONE, until
from tests.web.test_languages import CLIPPED

pytestmark = pytest.mark.chain

HEADER_PX = 48


def test_with_nothing_selected_the_sector_is_seen_at_a_glance_and_rows_lead_to_their_place(
    calm: Any, visit: Callable[..., Any]
) -> None:
    here = visit(calm.address)
    here.live()
    for group in ("events", "sensors", "coverage", "forces", "load"):
        expect(here.part(f"overview-{group}")).to_be_visible()
    expect(here.part("overview-sensors")).to_contain_text("4 of 4")
    expect(here.part("overview-coverage")).to_contain_text("% dead ground")
    expect(here.part("overview-forces").get_by_text("unknown").first).to_be_visible()
    assert here.page.evaluate(CLIPPED) == []
    assert Axe().run(here.page).response["violations"] == []
    here.screen("overview")
    before = here.part("at-latlon").inner_text()
    row = here.part("overview-coverage").get_by_role("button").first
    row.press("Enter")
    expect(here.part("details-title")).to_contain_text("Segment")
    expect(here.part("at-latlon")).not_to_have_text(before)
    here.page.keyboard.press("Escape")
    expect(here.part("overview")).to_be_visible()


def test_the_search_box_goes_to_coordinates_chainage_and_things_by_keyboard(
    calm: Any, visit: Callable[..., Any]
) -> None:
    here = visit(calm.address)
    here.live()
    press, type_ = here.page.keyboard.press, here.page.keyboard.type
    found = here.part("go-to-found")
    press("/")
    expect(here.part("go-to-input")).to_be_focused()
    type_("radar")
    expect(found).to_have_count(4)
    chosen = here.page.locator("[data-testid=go-to-found][aria-selected=true]")
    first = chosen.inner_text()
    press("ArrowDown")
    expect(chosen).to_have_count(1)
    assert chosen.inner_text() != first
    active = here.part("go-to-input").get_attribute("aria-activedescendant")
    assert active == chosen.get_attribute("id"), "what a screen reader says is what is shown as chosen"
    assert Axe().run(here.page).response["violations"] == []
    here.screen("go-to")
    name = chosen.locator(".name").inner_text()
    press("Enter")
    expect(here.part("details-title")).to_have_text(name)
    expect(found).to_have_count(0)
    press("/")
    type_("no such place")
    expect(here.part("go-to-note")).to_contain_text("Nothing found")
    press("Escape")
    expect(here.part("go-to-input")).to_have_value("")
    type_("km 7.2")
    press("Enter")
    expect(here.part("at-latlon")).to_contain_text("36.5")
    at_chainage = here.part("at-mgrs").inner_text()
    press("/")
    type_("36.59, -84.25")
    press("Enter")
    expect(here.part("at-latlon")).to_have_text("36.59000° N, 84.25000° W")
    assert here.part("at-mgrs").inner_text() != at_chainage


def test_what_is_chosen_in_the_search_box_stays_chosen_when_the_places_arrive(
    calm: Any, visit: Callable[..., Any]
) -> None:
    here = visit(calm.address)
    here.live()
    held: list[Any] = []
    here.page.route("**/api/places", lambda route: held.append(route))
    here.page.keyboard.press("/")
    here.page.keyboard.type("ra")
    chosen = here.page.locator("[data-testid=go-to-found][aria-selected=true] .name")
    expect(chosen).to_have_count(1)
    first = chosen.inner_text()
    here.page.keyboard.press("ArrowDown")
    expect(chosen).not_to_have_text(first)
    second = chosen.inner_text()
    assert until(lambda: held or here.page.wait_for_timeout(50))
    places = [{"name": "Rattle Ridge", "kind": "settlement", "lon": -84.2, "lat": 36.6}]
    held[0].fulfill(json={"places": places})
    expect(here.part("go-to-list")).to_contain_text("Rattle Ridge")
    expect(chosen).to_have_text(second)


def test_panels_are_resized_by_keyboard_and_mouse_and_stay_so(calm: Any, visit: Callable[..., Any]) -> None:
    here = visit(calm.address)
    here.live()

    def widths() -> list[float]:
        return [here.part(name).bounding_box()["width"] for name in ("alerts", "panel-details")]

    left, right = widths()
    here.part("resize-left").press("ArrowRight")
    assert widths() == [left + 16, right]
    handle = here.part("resize-right").bounding_box()
    here.page.mouse.move(handle["x"] + 3, handle["y"] + 200)
    here.page.mouse.down()
    here.page.mouse.move(handle["x"] - 47, handle["y"] + 200)
    here.page.mouse.up()
    assert widths() == [left + 16, right + 50]
    here.part("resize-right").press("End")
    assert here.part("map").bounding_box()["width"] >= 250, "the map keeps its place"
    here.part("resize-right").press("Home")
    narrow = widths()
    here.page.reload()
    here.live()
    assert widths() == narrow
    assert here.page.evaluate(CLIPPED) == []
    here.part("resize-left").dblclick()
    assert widths()[0] == left


@pytest.mark.parametrize("language", ["en", "fr", "en-XA"])
def test_the_header_of_a_phone_is_one_row_whose_menu_opens_by_keyboard(
    calm: Any, visit: Callable[..., Any], language: str
) -> None:
    here = visit(calm.address, file=f"?language={language}", viewport=PHONE)
    here.live()
    assert here.part("strip").bounding_box()["height"] <= HEADER_PX
    expect(here.part("settings-open")).to_be_hidden()
    here.part("strip-menu").press("Enter")
    expect(here.part("settings-open")).to_be_visible()
    expect(here.part("sector-name")).to_be_visible()
    assert here.page.evaluate(CLIPPED) == []
    here.screen(f"phone-menu-{language}")
    here.page.keyboard.press("Escape")
    expect(here.part("settings-open")).to_be_hidden()
    expect(here.part("strip-menu")).to_be_focused()
