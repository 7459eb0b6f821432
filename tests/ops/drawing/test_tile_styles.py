"""Colours of the map's layers: lightness carries the order, and unknown ground looks unlike the rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import distance_transform_edt

from ops.drawing.tile_styles import (
    FEATHER_PX,
    SEEN,
    UNKNOWN,
    UNSEEN,
    VOID_FEATHER_PX,
    Elevation,
    Hillshade,
    Unseen,
    feathered,
    look_of_relief,
)  # fmt: skip
from ops.services.map.tiles import over

TILE_PX = 256
LEAST_CONTRAST = {"day": 1.4, "night": 1.7}
"""Of the lit side of a gentle hill to its shaded side, as WCAG 2.2 reckons contrast: more on a dark screen."""


@pytest.mark.parametrize("palette", ["day", "night"])
def test_the_higher_the_lighter_so_that_no_hue_is_needed(palette):
    heights = np.linspace(0, 1000, 101, dtype=np.float32)[None]
    painted = Elevation(0, 1000).paint(heights, 10.0, palette).astype(float)[:, 0]
    lightness = 0.2126 * painted[0] + 0.7152 * painted[1] + 0.0722 * painted[2]  # Rec. 709 luma
    assert (np.diff(lightness) >= -0.5).all()
    assert lightness[-1] - lightness[0] > 40


def brightness(pixels):
    """Relative luminance of opaque pixels (WCAG 2.2)."""
    shares = pixels[:3].astype(float) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return np.tensordot([0.2126, 0.7152, 0.0722], linear, axes=1)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0], ids=["low", "middle", "high"])
@pytest.mark.parametrize("palette", ["day", "night"])
def test_slopes_of_ten_degrees_are_told_apart_in_the_light_and_in_the_shade(palette, share):
    """A ridge from south-west to north-east: the light comes mostly from the north-west."""
    row, column = np.mgrid[0:41, 0:41]
    slope = np.tan(np.radians(10.0)) * 10.0 / np.sqrt(2.0)
    ridge = (400.0 - slope * np.abs(row + column - 40.0)).astype(np.float32)
    tint = Elevation(0, 1000).paint(np.full(ridge.shape, 1000 * share, np.float32), 10.0, palette)
    seen = brightness(over(tint, Hillshade().paint(ridge, 10.0, palette)))
    lit, shaded = seen[10, 10], seen[30, 30]
    assert (lit + 0.05) / (shaded + 0.05) > LEAST_CONTRAST[palette]


def test_tiles_that_are_kept_are_of_one_look(monkeypatch):
    before = look_of_relief()
    assert before == look_of_relief()
    monkeypatch.setattr("ops.drawing.tile_styles.FEATHER_PX", FEATHER_PX + 1)
    assert look_of_relief() != before


@pytest.mark.parametrize("palette", ["day", "night"])
def test_seen_ground_is_clear_unseen_veiled_and_unknown_hatched(palette):
    values = np.full((3, 16, 16), [[[SEEN]], [[UNSEEN]], [[UNKNOWN]]], np.float32)
    seen, unseen, unknown = (Unseen().paint(part, 10.0, palette)[3] for part in values)
    assert (seen == 0).all()
    assert (unseen > 60).all()
    assert (unknown == 0).any()
    assert (unknown > 60).any()
    off = Unseen().paint(np.full((16, 16), np.nan, np.float32), 10.0, palette)
    assert (off[3] == 0).all()
    tiled = Unseen().paint(np.full((TILE_PX, 2 * TILE_PX), UNSEEN, np.float32), 10.0, palette)
    assert (tiled[:, :, :TILE_PX] == tiled[:, :, TILE_PX:]).all()  # the hatching runs on from tile to tile


def test_the_edge_of_dead_ground_runs_between_the_centres_of_cells_and_no_cell_changes_its_state():
    cell_px = 9
    cells = np.where(np.random.default_rng(5).random((12, 12)) < 0.5, UNSEEN, SEEN).astype(np.float32)
    values = np.kron(cells, np.ones((cell_px, cell_px), np.float32))
    alpha = Unseen(raster_cell_m=90.0).paint(values, 10.0, "day")[3].astype(float)
    sharp = Unseen().paint(values, 10.0, "day")[3]
    centres = slice(cell_px // 2, None, cell_px)
    assert ((alpha[centres, centres] > 60) == (cells == UNSEEN)).all(), "each cell as it is known at its centre"
    assert ((alpha[centres, centres] == 0) == (cells == SEEN)).all()
    assert set(np.unique(sharp)) < set(np.unique(alpha)), "between them the tint rises by degrees"
    assert (alpha[values == SEEN] > 0).any()
    unknown = Unseen(raster_cell_m=90.0).paint(np.where(values == UNSEEN, UNKNOWN, values), 10.0, "day")[3]
    assert (unknown[centres, centres][cells == SEEN] == 0).all(), "unknown ground never becomes dead ground"


def test_a_void_of_one_cell_stays_small_and_a_large_one_fades_as_the_edge_of_the_terrain_does():
    known = np.ones((160, 160), bool)
    known[40, 40] = False
    known[90:130, 90:130] = False
    opacity = feathered(known)
    assert opacity[40, 40] == 0.0
    assert opacity[40, 40 + VOID_FEATHER_PX] == 1.0
    beside = opacity[110, 130 : 130 + FEATHER_PX + 1]
    assert 0.0 < beside[0] < 0.05
    assert (np.diff(beside) > 0).sum() >= FEATHER_PX - 2
    assert beside[-1] == 1.0


@settings(max_examples=40, deadline=None)
@given(arrays(bool, (60, 70), elements=st.booleans(), fill=st.just(True)), st.integers(0, 40), st.integers(0, 40))
def test_the_terrain_fades_the_same_way_in_all_directions_and_never_beyond_the_width(known, wide, high):
    known = known.copy()
    known[:high, :wide] = False
    opacity = feathered(known)
    assert (opacity[~known] == 0.0).all()
    assert (opacity[known] > 0.0).all()
    away = distance_transform_edt(known) if not known.all() else np.full(known.shape, np.inf)
    assert (opacity[away >= FEATHER_PX] == 1.0).all()
    for turned in (np.flipud, np.fliplr):
        assert np.allclose(turned(feathered(turned(known))), opacity)
