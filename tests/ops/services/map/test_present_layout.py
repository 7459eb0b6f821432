"""The map's layers follow mobile sensors: those of a layout whose post is there, at most once per interval."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ops.sector.open_sector import OpenSector
from ops.services.map.layers.coverage import CoverageLayers, coverage_overlay
from ops.services.map.layers.viewsheds import Overlays
from ops.services.map.present_layout import FOLLOW_S, POSITION_UNKNOWN, Following, PresentLayout, present_states
from ops.services.map.tiles import Tiles
from sensors.layout import Layout
from sensors.mobile.viewpoint import Viewpoint, carried_layout
from tests.patience import PATIENT_S

OK = dict.fromkeys(("radar-mid", "camera-west", "ground-1"), "ok")
CARRIED = "radar-mid"


def until(true: Callable[[], bool], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def there(ground: OpenSector, east_m: float, **more) -> Viewpoint:
    post = ground.layout[CARRIED]
    return Viewpoint(post.easting + east_m, post.northing, post.mast_height_m, **more)


def moved(ground: OpenSector, east_m: float) -> OpenSector:
    return replace(ground, layout=carried_layout(ground.layout, {CARRIED: there(ground, east_m)}))


def test_positions_are_taken_over_once_per_interval(hill_ground: OpenSector) -> None:
    now = [100.0]
    following = Following(hill_ground.layout, now_s=lambda: now[0])
    assert following({}).layout is hill_ground.layout
    first = following({CARRIED: there(hill_ground, 100.0, moving=True)})
    assert first.layout[CARRIED].easting == hill_ground.layout[CARRIED].easting + 100.0
    assert first.moving == {CARRIED}
    assert following({CARRIED: there(hill_ground, 200.0)}) is first
    now[0] += FOLLOW_S
    second = following({CARRIED: there(hill_ground, 200.0)})
    assert second.layout[CARRIED].easting == hill_ground.layout[CARRIED].easting + 200.0
    assert not second.moving
    now[0] += FOLLOW_S
    assert following({CARRIED: None, "stranger": there(hill_ground, 0.0)}) is second


def test_a_sensor_whose_position_is_not_known_does_not_count(hill_ground: OpenSector) -> None:
    states = present_states(OK, {CARRIED: None, "stranger": None})
    assert states == OK | {CARRIED: POSITION_UNKNOWN}
    assert present_states(OK, {CARRIED: there(hill_ground, 0.0)}) is OK


@pytest.mark.parametrize("east_m", [-700.0, 350.0])
def test_coverage_is_that_of_a_layout_whose_post_is_there(hill_ground: OpenSector, east_m: float) -> None:
    present = PresentLayout(moved(hill_ground, east_m).layout)
    followed = coverage_overlay(hill_ground, OK, coverage_overlay(hill_ground, OK), present=present)
    expected = coverage_overlay(moved(hill_ground, east_m), OK)
    assert followed.rasters.keys() == expected.rasters.keys()
    for kind, raster in expected.rasters.items():
        np.testing.assert_array_equal(followed.rasters[kind], raster)
    assert not np.array_equal(followed.rasters["radar"], coverage_overlay(hill_ground, OK).rasters["radar"])
    fast = coverage_overlay(hill_ground, OK, followed, present=PresentLayout(present.layout, frozenset({CARRIED})))
    differ = (fast.rasters["radar"] > 0.0) != (expected.rasters["radar"] > 0.0)
    assert differ.mean() < 0.02
    assert fast.rasters["camera"] is followed.rasters["camera"]


def test_the_layers_are_those_of_a_layout_whose_post_is_there(hill_ground: OpenSector) -> None:
    pictures = []
    for ground, present in (
        (hill_ground, PresentLayout(moved(hill_ground, 350.0).layout)),
        (moved(hill_ground, 350.0), None),
    ):
        tiles = Tiles()
        overlays = Overlays(ground, tiles.put, terrain_digest="t")
        coverage = CoverageLayers(ground, tiles.put, terrain_digest="t")
        for layers in (overlays, coverage):
            layers.start()
            layers.take_health(OK, present)
        assert until(lambda layers=(overlays, coverage): all(one.ready for one in layers))
        pictures.append((tiles.revisions(), overlays.dead_ground_fraction))
    assert pictures[0] == pictures[1]


def test_a_sensor_that_leaves_the_terrain_sees_nothing_and_comes_back(hill_ground: OpenSector) -> None:
    tiles = Tiles()
    overlays = Overlays(hill_ground, tiles.put, terrain_digest="t")
    overlays.start()
    overlays.take_health(OK)
    assert until(lambda: overlays.ready)
    before = tiles.revisions()
    overlays.take_health(OK, PresentLayout(moved(hill_ground, 90_000.0).layout))
    assert until(lambda: overlays.ready and "off the terrain" in overlays.problems.get(CARRIED, ""))
    assert tiles.revisions()["visible-radar"] != before["visible-radar"]
    overlays.take_health(OK, PresentLayout(Layout("l", hill_ground.frame, hill_ground.layout.sensors)))
    assert until(lambda: overlays.ready and not overlays.problems)
    assert tiles.revisions() == before
