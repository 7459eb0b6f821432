"""What the map shows below tracks and alerts: font, grid, base map; and clusters, which hide no alert."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.geo.archives import write_archive
from tests.web.conftest import LAT, LON, ROOT, World, until, world_in
from tests.web.patience import SHOWN_MS

pytestmark = pytest.mark.chain

DIGITS = """() => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = '100px "IBM Plex Sans"';
  return [..."0123456789"].map((digit) => pen.measureText(digit).width);
}"""
RELIEF = ("elevation", "hillshade")
CROWD = 1600
"""More than gather into clusters."""


def test_pages_are_set_in_the_shipped_font_whose_figures_have_one_width(calm: World, visit: Callable[..., Any]) -> None:
    here = visit(calm.address)
    here.live()
    here.page.wait_for_function("() => [...document.fonts].every(({ status }) => status === 'loaded')")  # 2 s at most
    loaded = here.page.evaluate("() => [...document.fonts].map(({ family, status }) => [family, status])")
    assert loaded == [["IBM Plex Sans", "loaded"]] * 3  # Latin, extended Latin, Cyrillic: before the map draws letters
    widths = here.page.evaluate(DIGITS)
    assert len({round(width, 3) for width in widths}) == 1
    assert widths[0] != here.page.evaluate(DIGITS.replace("IBM Plex Sans", "serif"))[0]  # the measure tells fonts apart
    family = "() => getComputedStyle(document.body).fontFamily"
    assert here.page.evaluate(family).startswith('"IBM Plex Sans"')
    plan = visit(calm.address, file="plan.html")
    assert plan.page.evaluate(family).startswith('"IBM Plex Sans"')


def test_the_grid_is_switched_for_both_pages(calm: World, visit: Callable[..., Any]) -> None:
    here = visit(calm.address, file="plan.html")
    button = here.part("grid")
    here.page.wait_for_selector("html[data-state=ready]", timeout=SHOWN_MS)
    expect(button).to_have_attribute("aria-pressed", "true")
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "false")
    here.page.goto(calm.address)
    here.live()
    here.page.keyboard.press("y")
    box = here.part("layer-grid")
    expect(box).not_to_be_checked()
    box.check()
    here.page.goto(f"{calm.address}plan.html")
    expect(button).to_have_attribute("aria-pressed", "true")


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """More tracks than are drawn one by one, around the middle of the sector; the first has an alert."""
    with world_in(tmp_path_factory.mktemp("crowd")) as world:
        world.tracks = [
            world.track(n, lon=LON + 0.0001 * (n % 40 - 20), lat=LAT + 0.0001 * (n // 40 - 20)) for n in range(CROWD)
        ]
        world.tracks[1] |= {"lon": LON, "lat": LAT + 0.004}
        world.start()
        yield world


def test_a_cluster_opens_by_keyboard_and_is_announced(crowded: World, visit: Callable[..., Any]) -> None:
    here = visit(crowded.address, file=f"?at={LAT},{LON},9")
    here.live()
    expect(here.page.locator("#map")).to_have_attribute("data-tracks", str(CROWD))
    expect(here.page.locator("#map-note")).to_contain_text("gather in clusters")
    here.enter_at_middle(["marks"], ["track-clusters"])  # the alert comes first
    expect(here.part("panel-details")).to_contain_text("T0001")
    here.page.set_viewport_size({"width": 1270, "height": 780})  # the same place, elsewhere on the screen
    here.enter_at_middle(["track-clusters"])
    opened = f"Cluster of {CROWD - 1:,} tracks opened"  # all but the one with the alert
    expect(here.part("announce-polite")).to_contain_text(opened)


def test_an_alert_is_never_in_a_cluster(crowded: World, visit: Callable[..., Any]) -> None:
    """The place of the alert is among 1,600 tracks at a scale at which all others gather."""
    here = visit(crowded.address, file=f"?at={LAT + 0.004},{LON},9")
    here.live()
    expect(here.page.locator("#map")).to_have_attribute("data-tracks", str(CROWD))
    here.enter_at_middle(["marks"], ["track-clusters"])  # the cluster alone would be opened, and the map move away
    expect(here.part("panel-details")).to_contain_text("T0001")


@pytest.mark.parametrize("leave", ["tool-clear", "tool-measure"])
def test_a_line_of_sight_that_is_no_longer_wanted_is_not_drawn_later(
    calm: World, visit: Callable[..., Any], leave: str
) -> None:
    """The tools share a panel, in which its answer would replace what is shown by then."""
    here = visit(calm.address)
    here.live()
    waiting: list[Route] = []
    here.page.route("**/api/profile*", lambda route: waiting.append(route))
    here.part("tool-sight").press("Enter")
    canvas = here.part("map-canvas")
    canvas.press("Enter")
    canvas.press("ArrowUp")
    here.at_rest()
    canvas.press("Enter")
    assert until(lambda: waiting or here.page.wait_for_timeout(50))
    with here.page.expect_event("requestfailed", lambda request: "/api/profile" in request.url):
        here.part(leave).press("Enter")
    expect(here.part("tool-panel")).to_be_visible()
    expect(here.part("sight-verdict")).to_have_count(0)
    expect(here.part("sight-problem")).to_have_count(0)


def sector_with(folder: Path, archive: bytes) -> str:
    """The sample sector with a base map."""
    shutil.copytree(ROOT / "data/samples/cumberland", folder)
    (folder / "map.pmtiles").write_bytes(archive)
    file = folder / "sector.toml"
    file.write_text(file.read_text().replace('base_map = "base_map.pmtiles"', 'base_map = "map.pmtiles"'))
    return str(folder)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    edges = {"min_lon_e7": -85 * 10**7, "min_lat_e7": 36 * 10**7, "max_lon_e7": -84 * 10**7, "max_lat_e7": 37 * 10**7}
    path = tmp_path_factory.mktemp("archive") / "map.pmtiles"
    return write_archive(path, header=edges, zooms=1, attribution="<b>© Mapping agency</b>").read_bytes()


def test_a_base_map_is_read_in_parts_credited_and_switched(
    archive: bytes, world: World, visit: Callable[..., Any], tmp_path: Path
) -> None:
    world.sector = sector_with(tmp_path / "sector", archive)
    world.start()
    parts: list[int] = []
    here = visit(world.address)
    here.page.on("response", lambda answer: "base-map.pmtiles" in answer.url and parts.append(answer.status))
    here.page.reload()
    here.live()
    assert until(lambda: (here.page.wait_for_timeout(100), len(parts) >= 2)[1])
    assert set(parts) == {206}
    expect(here.page.locator("#map-credit")).to_have_text("© Mapping agency")
    here.page.keyboard.press("y")
    expect(here.part("layer-base-map")).to_be_checked()
    here.part("layer-base-map").uncheck()
    expect(here.page.locator("#map-gaps")).not_to_contain_text("Base map")


def test_a_broken_base_map_is_one_sentence_and_the_rest_works(
    archive: bytes, world: World, visit: Callable[..., Any], tmp_path: Path
) -> None:
    world.sector = sector_with(tmp_path / "sector", archive[:-20])
    world.start()
    here = visit(world.address)
    here.live()
    sentence = "Base map map.pmtiles cannot be shown: the file is damaged, incomplete or not a PMTiles archive."
    expect(here.page.locator("#map-gaps")).to_contain_text(sentence)
    expect(here.page.locator("#map")).to_have_attribute("data-tracks", "2")
    here.page.keyboard.press("y")
    expect(here.part("layer-base-map")).to_be_hidden()
    expect(here.part("layer-areas")).to_be_visible()
    plan = visit(world.address, file="plan.html")
    expect(plan.part("problem")).to_contain_text(sentence)


def test_the_ground_is_drawn_before_what_the_server_is_computing_which_the_page_says(
    calm: World, visit: Callable[..., Any]
) -> None:
    """Relief first; dead ground once it is known and the relief is there, as tiles of its own revision."""
    here = visit(calm.address)
    here.page.goto("about:blank")
    asked: list[str] = []
    known: list[bool] = []

    def layers(route: Route) -> None:
        answer = route.fetch()
        body = [one if known or one["id"] in RELIEF else one | {"revision": "computing"} for one in answer.json()]
        route.fulfill(response=answer, json=body)

    here.page.route("**/api/layers*", layers)
    here.page.on("request", lambda request: asked.append(request.url) if "/api/tiles/" in request.url else None)
    here.page.goto(calm.address)
    here.live()
    gaps = here.page.locator("#map-gaps")
    expect(gaps).to_have_text("Dead ground and coverage are being computed. They are not drawn yet.")
    here.page.wait_for_function("() => document.querySelector('#map').map.getSource('raster-relief-end') !== undefined")
    here.page.wait_for_function("() => document.querySelector('#map').map.areTilesLoaded()")
    assert not any("/visible/" in url for url in asked)
    known.append(True)
    with here.page.expect_request("**/api/tiles/visible/**", timeout=SHOWN_MS):
        here.part("palette").press("Enter")  # other colours have other legends, which the page asks for
    expect(gaps).to_be_hidden()
    assert not any("computing" in url for url in asked)
