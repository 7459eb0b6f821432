"""Bearings without a position on the live map: lines with an honest error, which hide no track and can be reached."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.web.conftest import LAT, LON, PHONE, ROOT, World, world_in

pytestmark = pytest.mark.chain

FINDERS = ("df-west", "df-middle", "df-east")


@pytest.fixture(scope="module")
def finders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with two tracks and three direction finders, of which two have bearings of different ages."""
    with world_in(tmp_path_factory.mktemp("finders")) as world:
        layout = json.loads((ROOT / "data/samples/cumberland/layout_hightech.geojson").read_text())["features"]
        world.sensors = [world.sensor(name, number, kind="radio") for number, name in enumerate(FINDERS)]
        for feature in layout:  # all others work, so that no hatching hides the bearings
            lon, lat, *_ = feature["geometry"]["coordinates"]
            known = feature["properties"]
            world.sensors.append(world.sensor(known["id"], kind=known["kind"], lon=lon, lat=lat))
        world.start()
        yield world


@pytest.fixture
def heard(finders: World) -> Iterator[World]:
    old_ns = time.time_ns() - 200 * 1_000_000_000
    finders.bearings = [
        finders.bearing("df-west", 0, lifetime_s=100_000.0),
        finders.bearing("df-middle", 1, updated_ns=old_ns, lifetime_s=100_000.0, crossings=2, azimuth_sd_deg=4.0),
    ]
    yield finders
    finders.bearings = []


def shown(here: Any, count: int) -> None:
    expect(here.page.locator("#map")).to_have_attribute("data-bearings", str(count))


def panel_text(here: Any) -> str:
    return str(here.part("panel-details").inner_text())


def test_bearings_are_listed_selected_by_keyboard_and_say_that_the_range_is_unknown(
    heard: World, visit: Callable[..., Any]
) -> None:
    here = visit(heard.address)
    here.live()
    shown(here, 2)
    press = here.page.keyboard.press
    press("t")
    rows = here.part("bearing-row")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("df-west, 020° true")
    expect(rows.first).to_contain_text("±3.9° (95%)")
    expect(rows.nth(1)).to_contain_text("df-middle, 035° true")
    expect(here.part("bearings-note")).to_contain_text("2 directions without a known range")
    rows.first.focus()
    press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    press("Enter")
    expect(here.part("details-title")).to_have_text("df-middle, 035° true")
    expect(here.part("details-lead")).to_contain_text("anywhere along this line")
    text = panel_text(here)
    assert "035.0° true, ±7.8° (95%)" in text
    assert re.search(r"unknown, up to 6(\.0)? km", text), text
    assert "2 crossings with other sensors’ bearings, not confirmed" in text
    here.part("details-sensor").click()
    expect(here.part("details-title")).to_have_text("df-middle")


def test_a_bearing_is_selected_on_the_map_after_the_track_on_it(heard: World, visit: Callable[..., Any]) -> None:
    """A track 900 m from the finder is on its bearing, due east: there, Enter selects the track, then the bearing."""
    place = {"lon": LON - 0.02, "lat": LAT + 0.02}
    heard.bearings = [heard.bearing("df-west", 0, **place, azimuth_deg=90.0, lifetime_s=100_000.0)]
    before, heard.tracks = heard.tracks, [heard.track(9, lon=LON - 0.01, lat=LAT + 0.02)]
    try:
        here = visit(heard.address)
        here.live()
        shown(here, 1)
        press = here.page.keyboard.press
        press("t")
        here.page.locator("[data-testid=track-row][data-track=T0009]").click()
        expect(here.part("details-title")).to_contain_text("T0009")
        here.at_rest()
        press("Escape")
        expect(here.part("overview")).to_be_visible()
        press("m")
        here.enter_at_middle(["tracks", "track-singles"], ["bearing-lines"])
        expect(here.part("details-title")).to_contain_text("T0009")
        press("Enter")
        expect(here.part("details-title")).to_have_text("df-west, 090° true")
    finally:
        heard.tracks = before


def test_bearings_end_are_switched_off_and_stay_so(heard: World, visit: Callable[..., Any]) -> None:
    here = visit(heard.address)
    here.live()
    shown(here, 2)
    here.page.keyboard.press("t")
    here.part("bearing-row").first.click()
    expect(here.part("details-title")).to_have_text("df-west, 020° true")
    heard.bearings = heard.bearings[1:]
    shown(here, 1)
    expect(here.part("details-empty")).to_contain_text("no longer in the picture")
    here.page.keyboard.press("y")
    box = here.part("layer-bearings")
    expect(box).to_be_checked()
    box.uncheck()
    here.page.reload()
    here.live()
    here.page.keyboard.press("y")
    expect(here.part("layer-bearings")).not_to_be_checked()


def test_an_old_bearing_leaves_the_page_though_no_new_picture_comes(heard: World, visit: Callable[..., Any]) -> None:
    """The store is as it was, only time passes: what has outlived its lifetime is not shown as current."""
    heard.bearings = [heard.bearing("df-west", 0, lifetime_s=20.0)]
    here = visit(heard.address)
    here.live()
    shown(here, 0)
    here.page.keyboard.press("t")
    expect(here.part("bearing-row")).to_have_count(0)
    expect(here.part("bearings-note")).to_be_hidden()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_bearings_are_accessible_in_each_palette_language_and_size(
    heard: World, visit: Callable[..., Any], language: str, size: str
) -> None:
    options = {"viewport": PHONE} if size == "phone" else {}
    here = visit(heard.address, file=f"?language={language}", color_scheme="light", **options)
    here.live()
    shown(here, 2)
    here.screen(f"bearings-{size}-light-{language}")
    here.part("tab-tracks").click()
    here.part("bearing-row").nth(1).click()
    name, plural = {
        "en": ("Bearing without position", "Bearings without position, 95% error"),
        "fr": ("Relèvement sans position", "Relèvements sans position, erreur à 95\u00a0%"),
    }[language]
    faults: list[str] = []
    for scheme, panel in itertools.product(("light", "dark"), ("tracks", "details", "layers")):
        here.wear(scheme)
        here.part(f"tab-{panel}").click()
        if panel == "details":
            expect(here.part("panel-details")).to_contain_text(name)
        if panel == "layers":
            expect(here.part("panel-layers")).to_contain_text(plural)
        here.told()
        found = Axe().run(here.page).response["violations"]
        faults += [f"{scheme}, {panel}: {one['id']}" for one in found if one["impact"] in ("serious", "critical")]
        here.screen(f"bearings-{size}-{scheme}-{language}-{panel}")
        assert here.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert faults == []
