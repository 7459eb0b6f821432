"""Names on the map as MapLibre placed them: those of alerts and units are all there, and no name lies on another."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.screens.rooms import PRIORITIES, forces_near, full_night, many_sensors, sensors_of_the_layout
from tests.web.conftest import LAT, LON, World, until, world_in

pytestmark = pytest.mark.chain

TRACKS, ALERTS, UNITS = 200, len(PRIORITIES), 8
NEAR_ZOOM = 12.7
"""At which tracks without an alert have names, too, and all tracks are in view."""
SINGLE_ZOOM = 13.1
"""At which no sensor is in a cluster."""
MOST_TOGETHER = 0.01
"""Of all names that MapLibre places."""

NAMED_HELP = re.compile(r"patrol-\d, \d+ min|West base, \d+ min")

PLACED = """([step]) => {
  const map = document.querySelector("#map").map;
  const named = ({ type, layout }) => type === "symbol" && layout?.["text-field"] !== undefined;
  const texts = map.getStyle().layers.filter((one) => named(one) && one.layout["icon-image"] === undefined);
  const layers = texts.map(({ id }) => id);
  const name = ({ layer, properties }) => `${layer.id} ${JSON.stringify(properties)}`;
  const at = (place) => [...new Set(map.queryRenderedFeatures(place, { layers }).map(name))];
  const together = new Set();
  const look = (left, top, wide, high) => {
    if (at([[left, top], [left + wide, top + high]]).length < 2) return;
    if (wide > step) for (const x of [left, left + wide / 2]) look(x, top, wide / 2, high);
    else if (high > step) for (const y of [top, top + high / 2]) look(left, y, wide, high / 2);
    else {
      const found = at([left + wide / 2, top + high / 2]);
      if (found.length > 1) for (const one of found) together.add(one);
    }
  };
  const { clientWidth, clientHeight } = map.getContainer();
  look(0, 0, clientWidth, clientHeight);
  const covered = map.queryRenderedFeatures({ layers: ["marks", "units"] }).filter(({ geometry }) => {
    const { x, y } = map.project(geometry.coordinates);
    return at([[x - 6, y - 6], [x + 6, y + 6]]).length > 0;
  });
  return { shown: at(undefined), together: [...together], covered: covered.map(name) };
}"""
"""Every text in view; those that share a point, sought in halves of halves of the map down to a few pixels; and symbols
of alerts and units with a text on their middle."""
NAMED = """() => document.querySelector("#map").map
  .queryRenderedFeatures({ layers: ["mark-labels", "unit-labels", "sensor-labels"] })
  .map(({ layer, properties }) => `${layer.id} ${properties.id}`)"""


@dataclass(frozen=True)
class Placement:
    shown: list[str]
    together: list[str]
    covered: list[str]

    def of(self, layer: str) -> list[str]:
        return [name for name in self.shown if name.startswith(f"{layer} ")]


def placement(page: Page, step_px: int = 4) -> Placement:
    return Placement(**page.evaluate(PLACED, [step_px]))


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """200 tracks on five kilometres, 12 of them with alerts, and eight units among them."""
    with world_in(tmp_path_factory.mktemp("labels")) as world:
        full_night(world)
        world.tracks = [track | nearer(track, 0.25) for track in world.tracks]
        station(world)
        world.start()
        yield world


def station(world: World) -> None:
    """The units are among the tracks, as of now."""
    forces = forces_near(UNITS)
    world.commit(forces=forces | {"units": [unit | nearer(unit, 0.25) for unit in forces["units"]]})


def keep_apart(found: Placement) -> None:
    urgent = [name for name in found.together if name.startswith(("mark-labels", "unit-labels"))]
    assert urgent == []
    others = [name for name in found.shown if not name.startswith(("mark-labels", "unit-labels"))]
    assert len(found.together) <= MOST_TOGETHER * len(others)
    assert found.covered == [], "a name hides the symbol of an alert or a unit"


def nearer(thing: dict[str, Any], share: float) -> dict[str, float]:
    """Its place, moved towards the middle of the sector."""
    return {"lon": LON + share * (thing["lon"] - LON), "lat": LAT + share * (thing["lat"] - LAT)}


@pytest.mark.parametrize("view", ["", f"?at={LAT},{LON},{NEAR_ZOOM}"], ids=["sector", "near"])
def test_no_name_of_an_alert_or_a_unit_is_hidden_and_names_do_not_lie_on_each_other(
    night: World, visit: Callable[..., Any], view: str
) -> None:
    here = visit(night.address, file=view)
    here.live()
    expect(here.page.locator("#map")).to_have_attribute("data-tracks", str(TRACKS))
    expect(here.page.locator("#map")).to_have_attribute("data-units", str(UNITS))
    wanted = {f"mark-labels A{n:04d}" for n in range(ALERTS)} | {f"unit-labels patrol-{n + 1}" for n in range(UNITS)}
    assert until(lambda: wanted <= set(here.page.evaluate(NAMED))), wanted - set(here.page.evaluate(NAMED))
    if view:
        assert until(lambda: placement(here.page).of("track-names")), "names of tracks are among what is measured"
    here.screen(f"labels-{'near' if view else 'sector'}")
    keep_apart(placement(here.page))
    if view:
        here.page.evaluate(
            "document.querySelector('#map').map.setLayoutProperty('track-names', 'text-allow-overlap', true)"
        )
        assert until(lambda: placement(here.page).together), "names that lie on each other are seen by the measure"


NEAREST = """() => {
  const row = document.querySelector("[data-testid=incident] [data-testid=incident-help]")?.textContent ?? "";
  const first = document.querySelectorAll("[data-testid=overview-urgent] .overview-row");
  const rows = [...first].map((one) => one.textContent);
  const layers = ["unit-labels", "base-labels", "help-time"];
  const labels = document.querySelector("#map").map.queryRenderedFeatures({ layers });
  const named = labels.filter(({ properties }) => properties.nearest).map(({ properties }) => properties.label);
  return [row, rows.find((one) => one.startsWith("Nearest help")) ?? "", [...new Set(named)].join()];
}"""
"""Who is there first: in the first row of the queue, in the first group of the right panel, and on the map."""


def test_ten_seconds_of_the_first_screen_tell_what_is_urgent_where_who_is_nearest_and_what_is_not_covered(
    night: World, visit: Callable[..., Any]
) -> None:
    station(night)
    here = visit(night.address)
    here.live()
    found: list[str] = []

    def agree() -> bool:
        row, panel, label = found[:] = here.page.evaluate(NEAREST)
        words = row.removeprefix("Nearest help: ")
        return NAMED_HELP.fullmatch(words) is not None and panel == f"Nearest help{words}" and label.startswith(words)

    assert until(agree), found
    expect(here.part("incident").first).to_contain_text("Alpha 17")
    first = here.part("overview").locator("section").first
    for words in ("Alpha 17", "High", "Approaching, person", "km 14.2", "radar-valley (offline)", "% dead ground"):
        expect(first).to_contain_text(words)
    lines = 'document.querySelector("#map").map.queryRenderedFeatures({ layers: ["help-near"] }).length'
    assert until(lambda: here.page.evaluate(lines) > 0), "the line to the incident is drawn"


@pytest.mark.parametrize("view", ["", f"?at={LAT},{LON},{SINGLE_ZOOM}"], ids=["sector", "near"])
def test_names_keep_apart_among_400_sensors_and_each_offline_sensor_has_its_name(
    night: World, visit: Callable[..., Any], view: str
) -> None:
    before = night.sensors
    night.sensors = [*sensors_of_the_layout(night), *(many_sensors(night, n, 400) for n in range(8, 400))]
    lost = {f"sensor-labels {one['sensor']}" for one in night.sensors if one["state"] != "ok"}
    try:
        here = visit(night.address, file=view)
        here.live()
        expect(here.part("coverage-sensors")).to_contain_text(f"{len(lost)} of 400")
        units = {f"unit-labels patrol-{n + 1}" for n in range(UNITS)}
        wanted = units if view else lost | units | {f"mark-labels A{n:04d}" for n in range(ALERTS)}
        assert until(lambda: wanted <= set(here.page.evaluate(NAMED))), wanted - set(here.page.evaluate(NAMED))
        if view:
            gathering = "sensor-labels ground_sensor-"
            assert until(lambda: any(name.startswith(gathering) for name in here.page.evaluate(NAMED)))
        here.screen(f"labels-400-{'near' if view else 'sector'}")
        keep_apart(placement(here.page))
    finally:
        night.sensors = before


BELOW = """(list) => {
  const { left, right, top, bottom } = list.getBoundingClientRect();
  return [left, bottom, right, top + list.scrollHeight].map((edge) => edge / window.innerWidth);
}"""
"""Left, top, right and bottom of what a list would cover if it did not scroll, in widths of the window."""


def test_the_map_is_seen_below_a_list_that_scrolls(night: World, visit: Callable[..., Any]) -> None:
    here = visit(night.address)
    here.live()
    expect(here.page.locator("#map")).to_have_attribute("data-tracks", str(TRACKS))
    here.page.keyboard.press("/")
    here.page.keyboard.type("T0")
    found = here.part("go-to-list")
    expect(here.part("go-to-found")).to_have_count(12)

    def contrast() -> float:
        picture = Image.open(io.BytesIO(here.page.screenshot())).convert("L")
        left, top, right, bottom = (edge * picture.width for edge in found.evaluate(BELOW))
        assert bottom - top > 20, "the list scrolls"
        return float(np.asarray(picture.crop((int(left) + 2, int(top) + 2, int(right) - 2, int(bottom) - 2))).std())

    assert until(lambda: contrast() > 5.0), "relief, not one grey"
