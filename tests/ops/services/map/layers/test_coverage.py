"""Coverage as layers of the live map: clear where nobody detects, hatched where unknown, true to the health."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from ops.drawing.coverage_classes import probability_steps
from ops.drawing.coverage_paint import UNKNOWN, Covered
from ops.sector.open_sector import OpenSector
from ops.services.map.layers.coverage import CoverageLayers
from ops.services.map.tiles import COMPUTING, Layer, Tiles
from tests.patience import PATIENT_S

OK = dict.fromkeys(("radar-mid", "camera-west", "ground-1"), "ok")
NAMES = ["coverage", "coverage-camera", "coverage-ground_sensor", "coverage-radar"]


def until(true: Callable[[], bool], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found  # a second look may find it otherwise


def alpha_at(tiles: Tiles, layer: str, ground: OpenSector, east_m: float, north_m: float, zoom: int = 14) -> int:
    """Opacity of a layer's pixel at a place of the frame."""
    lon, lat = ground.frame.to_lonlat(east_m, north_m)
    across = (lon + 180.0) / 360.0 * 2**zoom
    down = (1.0 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2.0 * 2**zoom
    body = tiles.tile(layer, zoom, int(across), int(down))[0].body
    picture = np.asarray(Image.open(io.BytesIO(body)).convert("RGBA"))
    return int(picture[int(down % 1.0 * 256), int(across % 1.0 * 256), 3])


@pytest.fixture
def layers(hill_ground: OpenSector) -> tuple[CoverageLayers, Tiles]:
    tiles = Tiles()
    layers = CoverageLayers(hill_ground, tiles.put, terrain_digest="t")
    layers.start()
    return layers, tiles


def test_before_anything_is_computed_nothing_is_shown_as_covered(hill_ground: OpenSector):
    shown: list[Layer] = []
    layers = CoverageLayers(hill_ground, shown.append, terrain_digest="t")
    layers._show_unknown(COMPUTING)
    assert [layer.id for layer in shown] == NAMES
    assert {layer.revision for layer in shown} == {COMPUTING}
    assert not layers.ready


def test_the_layers_follow_the_sensors_health(layers, hill_ground: OpenSector):
    layers, tiles = layers
    layers.take_health(OK)
    assert until(lambda: layers.ready)
    working = tiles.revisions()
    assert list(working) == NAMES
    radar = hill_ground.layout["radar-mid"]
    beside = (radar.easting + 500.0, radar.northing - 300.0)  # south, away from the camera and the ground sensor
    assert alpha_at(tiles, "coverage", hill_ground, *beside) > 0
    assert alpha_at(tiles, "coverage-radar", hill_ground, *beside) > 0
    assert alpha_at(tiles, "coverage-ground_sensor", hill_ground, *beside) == 0

    layers.take_health(OK | {"radar-mid": "offline"})
    assert until(lambda: layers.ready)
    silent = tiles.revisions()
    assert {name for name in NAMES if silent[name] != working[name]} == {"coverage", "coverage-radar"}
    assert alpha_at(tiles, "coverage", hill_ground, *beside) == 0

    layers.take_health(OK)
    assert until(lambda: layers.ready)
    assert tiles.revisions() == working  # the same picture has the same name


def test_sensors_of_which_nothing_was_heard_cover_nothing(layers, hill_ground: OpenSector):
    layers, tiles = layers
    layers.take_health({})
    assert until(lambda: layers.ready)
    radar = hill_ground.layout["radar-mid"]
    assert alpha_at(tiles, "coverage", hill_ground, radar.easting + 500.0, radar.northing) == 0


@pytest.mark.parametrize("palette", ["day", "night"])
def test_classes_have_their_colours_and_the_unknown_is_hatched(palette):
    style = Covered(probability_steps(None))
    pixels = {n: style.paint(np.full((16, 16), n, np.float32), 10.0, palette) for n in (0, 1, 5, UNKNOWN)}
    assert (pixels[0][3] == 0).all()
    assert (pixels[1][3] > 0).all()
    assert (pixels[1][:3] != pixels[5][:3]).any()
    assert 0 < (pixels[UNKNOWN][3] > 0).mean() < 1
    off = style.paint(np.full((16, 16), np.nan, np.float32), 10.0, palette)
    assert (off[3] == 0).all()
    labels = [entry["label"] for entry in style.legend(palette)]
    assert labels[:5] == ["0 to 0.25", "0.25 to 0.5", "0.5 to 0.75", "0.75 to 0.9", "0.9 to 1"]
    assert len(set(labels)) == len(labels)
