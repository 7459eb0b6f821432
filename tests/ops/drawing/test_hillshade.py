"""Shaded relief: where the light comes from, and what stays neutral."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from geo.arrays import Bools
from geo.frame import LocalFrame
from ops.drawing import map_images
from ops.drawing.colours import rgba
from ops.drawing.hillshade import LIGHT_ON_THE_LEVEL, shade


def test_light_comes_from_the_north_west_and_the_level_is_neutral():
    level = np.zeros((9, 9), np.float32)
    assert shade(level, 30.0)[4, 4] == pytest.approx(LIGHT_ON_THE_LEVEL)
    row, column = np.mgrid[0:9, 0:9].astype(np.float32)
    facing_north_west, facing_south_east = shade(10 * (row + column), 30.0), shade(-10 * (row + column), 30.0)
    assert facing_north_west[4, 4] > LIGHT_ON_THE_LEVEL > facing_south_east[4, 4]


def test_the_light_does_not_depend_on_the_height_of_the_ground_or_on_the_cell_size_alone():
    row, column = np.mgrid[0:9, 0:9].astype(np.float32)
    slope = 3 * row - 2 * column
    np.testing.assert_allclose(shade(slope + 4000, 30.0), shade(slope, 30.0), atol=1e-4)
    np.testing.assert_allclose(shade(2 * slope, 60.0), shade(slope, 30.0), atol=1e-6)


def test_beside_a_void_there_is_no_light_and_elsewhere_none_is_lost():
    ground = np.zeros((7, 7), np.float32)
    ground[3, 3] = np.nan
    light = shade(ground, 30.0)
    assert np.isnan(light[3, 2])
    assert np.isnan(light[2, 3])
    assert np.isfinite(light[0]).all()


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_voids_have_no_light_and_are_transparent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single voids too, whose slope follows from their neighbours: no light, and no cast of NaN to a colour."""
    elevation = np.random.default_rng(0).normal(100.0, 5.0, (60, 60)).astype(np.float32)
    elevation[5:55:7, 5:55:7] = np.nan
    assert np.isnan(shade(elevation, 30.0)[np.isnan(elevation)]).all()
    axis = 30.0 * np.arange(60)
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), elevation)},
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": LocalFrame.around(1.5, 42.5).wkt},
    )
    monkeypatch.setattr(map_images, "FINE_UP_TO_CELLS", 0)
    picture, _ = map_images.hillshade_png(terrain)
    assert picture.startswith("data:image/webp;base64,")


def test_classes_are_painted_in_their_colours_and_elsewhere_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each class in its colour, −1 cross-hatched, and NaN transparent as what lies off the map."""
    monkeypatch.setattr(map_images, "FINE_UP_TO_CELLS", 0)
    axis = 30.0 * np.arange(80)
    values = np.zeros((80, 80), np.float32)
    values[:, 20:40], values[:, 40:60], values[:40, 60:], values[40:, 60:] = 1.0, 2.0, -1.0, np.nan
    crs = LocalFrame.around(1.5, 42.5).wkt
    classes = xr.DataArray(values, dims=("northing", "easting"), coords={"northing": axis[::-1], "easting": axis})
    colours = [(0, 0, 0, 0), (10, 200, 30, 180), (250, 40, 60, 180)]
    uri, _ = map_images.painted_png(classes, crs, colours)
    picture = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGBA")
    pixels = np.asarray(picture)
    rows, columns = pixels.shape[:2]
    across, down = columns // 8, rows // 4
    assert tuple(pixels[2 * down, 3 * across]) == colours[1]
    assert tuple(pixels[2 * down, 5 * across]) == colours[2]
    assert pixels[2 * down, across, 3] == 0
    assert pixels[3 * down, 7 * across, 3] == 0
    stripes = pixels[down - 4 : down + 4, 7 * across - 4 : 7 * across + 4]
    line, gap = rgba("unknown-hatch-line"), rgba("unknown-hatch-gap")
    assert {tuple(map(int, pixel)) for pixel in stripes.reshape(-1, 4)} == {line, gap}
    assert 0.35 < (stripes == line).all(axis=2).mean() < 0.55, "two of eight lines each way: 1 − (6/8)² of the pixels"
    uri, _ = map_images.painted_png(classes, crs, colours, dead=2)
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGBA"))
    dead = pixels[2 * down - 4 : 2 * down + 4, 5 * across - 4 : 5 * across + 4].reshape(-1, 4)
    assert {tuple(map(int, pixel)) for pixel in dead} == {rgba("dead-hatch"), rgba("dead-hatch-gap")}
    assert tuple(pixels[2 * down, 3 * across]) == colours[1], "the other classes keep theirs"


def test_dead_and_unknown_ground_have_the_textures_of_the_live_map() -> None:
    """Falling lines over a veil, and falling and rising lines: on tiles and in reports alike."""
    dead, unknown = (texture(np.ones((16, 16), bool)) for texture in (map_images.hatched, map_images.cross_hatched))
    line = (dead == rgba("dead-hatch")).all(axis=2)
    crossed = (unknown == rgba("unknown-hatch-line")).all(axis=2)[1:-1, 1:-1]  # without the outline

    def whole_lines(mask: Bools) -> tuple[bool, bool]:
        """Whether there is a falling, and a rising, diagonal of lines from side to side."""
        return tuple(any(one.diagonal(k).all() for k in range(-6, 7)) for one in (mask, mask[::-1]))  # type: ignore[return-value]

    assert whole_lines(line) == (True, False)
    assert whole_lines(crossed) == (True, True)
    assert not crossed.all()
    single = np.zeros((9, 9), bool)
    single[4, 4] = True
    assert tuple(map_images.cross_hatched(single)[4, 4]) == rgba("unknown-hatch-line"), "a single cell is seen"
