"""The sector at a glance, the search box, widths of panels, and the header of a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ops.words import MessageCatalogue
from sensors.timestamps import SECOND_NS
from tests.web.conftest import PHONE, until
from tests.web.test_languages import CLIPPED

pytestmark = pytest.mark.chain

HEADER_PX = 48
ICONS = """() => {
  const data = document.querySelector("#map").map.getStyle().sources;
  const features = ["sensors", "sensor-crowd"].flatMap((name) => data[name].data.features ?? []);
  return features.map(({ properties }) => properties.icon).filter((icon) => icon !== undefined).sort().join();
}"""
"""The icons of all sensors on the map."""
LOST = """() => document.querySelector("#map").map.getStyle().sources["views"].data.features
  .filter(({ properties }) => properties.lost).map(({ properties }) => properties.id)"""

CHOSEN = """() => [
  document.querySelector("[data-testid=go-to-input]").getAttribute("aria-activedescendant"),
  document.querySelector("[data-testid=go-to-found][aria-selected=true]").id,
]"""
"""Of the search box, in one step of the page: what a screen reader is told, and what is shown as chosen."""

BORDER = """() => {
  const { map } = document.querySelector("#map");
  const layers = map.getStyle().layers.filter(({ source }) => source === "border-runs").map(({ id }) => id);
  return map.queryRenderedFeatures({ layers }).map(({ layer }) => layer.id);
}"""
"""What is drawn of the states of the border."""


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
    wanted = {"border-alert-medium", "border-alert-edge", "border-dead", "border-dead-edge"}
    assert until(lambda: set(here.page.evaluate(BORDER)) == wanted), here.page.evaluate(BORDER)
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
    said, shown = here.page.evaluate(CHOSEN)
    assert said == shown, "what a screen reader says is what is shown as chosen"
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


def test_a_muted_sensor_is_muted_on_the_map_in_the_lists_and_in_its_details_in_both_languages(
    calm: Any, visit: Callable[..., Any]
) -> None:
    online = list(calm.sensors)
    until_ns = 1_772_411_400 * SECOND_NS  # 2026-03-02 00:30 UTC
    mute = {"since_ns": until_ns - 3600 * SECOND_NS, "until_ns": until_ns, "ended_ns": None, "reason": "<b>mast</b>",
            "asked_role": "supervisor", "decided_role": "admin", "emergency": False, "request": "0f1e2d"}  # fmt: skip
    calm.sensors = [{**online[0], "state": "muted", "mute": mute}, *online[1:]]
    try:
        here, french = visit(calm.address), visit(calm.address, file="?language=fr")
        for one in (here, french):
            one.live()
        name = online[0]["sensor"]
        line = f"1 of 4 sensors muted (hatched): {name} muted until 00:30 UTC"
        expect(here.part("coverage-sensors")).to_have_text(line)
        expect(french.part("coverage-sensors")).to_contain_text(f"{name} en sourdine jusqu’à 00:30 UTC")
        expect(here.part("overview-sensors")).to_contain_text("muted until 00:30 UTC")
        here.page.wait_for_function(f"() => ({ICONS})() === 'sensor/radar/muted" + ",sensor/radar/ok" * 3 + "'")
        here.page.wait_for_function(f"name => ({LOST})().includes(name)", arg=name)  # its field of view is hatched
        here.part("overview-sensors").get_by_role("button", name=name).press("Enter")
        details = here.part("panel-details")
        for text in (
            "Muted until 00:30 UTC",
            "2026-03-02 00:30",
            "supervisor (request), administrator (confirmation)",
            "<b>mast</b>",
            "0f1e2d",
        ):
            expect(details).to_contain_text(text)
        expect(details).not_to_contain_text("offline")
        assert here.page.evaluate(CLIPPED) == []
        assert Axe().run(here.page).response["violations"] == []
        here.screen("muted")
        french.part("overview-sensors").get_by_role("button", name=name).press("Enter")
        expect(french.part("panel-details")).to_contain_text("superviseur (demande), administrateur (confirmation)")
        assert french.page.evaluate(CLIPPED) == []
        ended = {**mute, "ended_ns": until_ns - SECOND_NS}
        calm.sensors = [{**online[0], "state": "offline", "mute": ended}, *online[1:]]
        expect(here.part("coverage-sensors")).to_contain_text(f"{name} mute ended 00:29 UTC, no data since")
        calm.sensors = online
        expect(here.part("coverage-sensors")).to_have_text("All 4 sensors online")
        here.page.wait_for_function(f"name => !({LOST})().includes(name)", arg=name)
        expect(here.part("panel-details")).not_to_contain_text("administrator")
    finally:
        calm.sensors = online


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


BACKGROUND = "node => getComputedStyle(node).backgroundColor"


def test_a_contrast_theme_shows_what_is_chosen_and_keeps_the_colours_of_legends(
    calm: Any, visit: Callable[..., Any]
) -> None:
    here = visit(calm.address, forced_colors="active")
    here.live()
    switch = here.page.locator(".switch")
    chosen, other = (switch.locator(f"[aria-pressed={on}]").first.evaluate(BACKGROUND) for on in ("true", "false"))
    assert chosen != other
    here.part("tab-layers").click()
    tabs = {name: here.part(f"tab-{name}").evaluate(BACKGROUND) for name in ("layers", "tracks")}
    assert tabs["layers"] != tabs["tracks"]
    swatches = here.page.locator("#panel-layers .swatch:visible")
    expect(swatches.first).to_be_visible()
    assert len(set(swatches.evaluate_all(f"nodes => nodes.map({BACKGROUND})"))) > 1
    here.part("tab-sensors").click()
    row = here.page.locator("#panel-sensors .row").first
    row.click()
    here.part("tab-sensors").click()
    here.part("tab-sensors").focus()
    assert row.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    here.screen("contrast-theme")
    marks = """priorities => priorities.map((priority) => {
      const mark = document.createElement("span");
      mark.dataset.priority = priority;
      const row = document.createElement("div");
      row.className = "replay-marks";
      row.append(mark);
      document.body.append(row);
      return getComputedStyle(mark).backgroundColor;
    })"""
    assert len(set(here.page.evaluate(marks, ["distress", "high", "low"]))) == 3


def test_a_phone_held_sideways_has_its_tabs_in_view(calm: Any, visit: Callable[..., Any]) -> None:
    here = visit(calm.address, viewport={"width": 740, "height": 360}, has_touch=True, is_mobile=True)
    here.live()
    expect(here.part("tab-sensors")).to_be_in_viewport(ratio=1)
    assert here.page.locator(".map-area").bounding_box()["height"] >= 120
    here.screen("phone-sideways")


@pytest.mark.parametrize(("width", "height"), [(360, 640), (320, 256)])
def test_the_banners_of_an_outage_leave_tabs_and_panel_within_reach(
    calm: Any, visit: Callable[..., Any], width: int, height: int
) -> None:
    """All four, in French, on a small phone and on a desktop at 400%."""
    words = MessageCatalogue.of("fr")
    banners = [
        words.say("page-banner-starting", parts="fusion"),
        words.say("page-banner-disk"),
        words.say("page-banner-clock", ahead="yes", by=3600),
        words.say("page-banner-parts", parts="relief et angles morts", why=words.say("page-net-unreachable")),
    ]
    here = visit(calm.address, file="?language=fr", viewport={"width": width, "height": height})
    here.live()
    here.part("tab-sensors").evaluate("node => node.click()")
    here.page.evaluate(
        """texts => document.querySelector("#banners").append(...texts.map((text) =>
          Object.assign(document.createElement("p"), { className: "banner", textContent: text })))""",
        banners,
    )
    here.page.mouse.move(width / 2, 10)
    here.page.mouse.wheel(0, 2000)
    expect(here.part("tab-sensors")).to_be_in_viewport(ratio=1)
    panel = here.part("panel-sensors").bounding_box()
    assert panel["height"] >= 80
    assert panel["y"] > -1
    assert panel["y"] + panel["height"] <= height + 1
    here.screen(f"banners-{width}")
