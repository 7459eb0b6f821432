from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString, MultiLineString

from geo.border import Border
from geo.border.belt import belt_of
from geo.errors import BorderError
from geo.frame import LocalFrame
from geo.terrain import frame_of, open_terrain

FRAME = LocalFrame.around(1.5, 42.5)
SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "terrain"
PYRENEES = SHARED / "srtm3_n42e001_pyrenees_ES-AD-FR.tif"
CELL_M = 10.0


def level(rows: int = 60, columns: int = 80) -> xr.Dataset:
    """Level ground on cells of 10 m, the lower left centre at (5, 5)."""
    return xr.Dataset(
        {"elevation": (("northing", "easting"), np.zeros((rows, columns)), {"units": "m"})},
        coords={
            "northing": 5.0 + CELL_M * np.arange(rows)[::-1],
            "easting": 5.0 + CELL_M * np.arange(columns),
        },
    )


def border(*parts: list[tuple[float, float]], home_side: str = "left") -> Border:
    line = LineString(parts[0]) if len(parts) == 1 else MultiLineString(list(parts))
    return Border(FRAME, line, segment_length_m=100.0, home_side=home_side)


STRAIGHT = border([(0.0, 300.0), (800.0, 300.0)])


@pytest.mark.parametrize("home_side", ["left", "right"])
def test_the_belt_of_a_straight_line(home_side: str) -> None:
    """By hand: 200 m to each side of a line between two rows are 20 rows, the edges the outermost of them."""
    belt = belt_of(border([(0.0, 300.0), (800.0, 300.0)], home_side=home_side), level(), belt_m=200.0)
    assert belt.inside.sum() == 40 * 80
    northing = np.broadcast_to(belt.northing[:, None], belt.inside.shape)
    home, away = (495.0, 105.0) if home_side == "left" else (105.0, 495.0)
    assert (northing[belt.inner] == home).all()
    assert belt.inner.sum() == 80
    assert (northing[belt.outer] == away).all()
    assert belt.outer.sum() == 80
    assert not belt.narrow.any()


def test_beyond_the_ends_of_the_line_is_no_belt() -> None:
    """The line ends inside the terrain: neither its ends' half circles nor any edge reach beyond them."""
    belt = belt_of(border([(200.0, 300.0), (600.0, 300.0)]), level(), belt_m=100.0)
    easting = np.broadcast_to(belt.easting, belt.inside.shape)
    assert (easting[belt.inside] > 200.0).all()
    assert (easting[belt.inside] < 600.0).all()
    assert belt.inner.sum() == belt.outer.sum() == 40


def test_an_enclave_narrower_than_the_belt_ends_in_its_middle() -> None:
    """A square of home ground, 200 m wide, in a belt of 150 m: its deepest cells are what a crosser makes for."""
    ring = [(300.0, 200.0), (500.0, 200.0), (500.0, 400.0), (300.0, 400.0), (300.0, 200.0)]
    belt = belt_of(border(ring), level(), belt_m=150.0)
    rows, columns = np.nonzero(belt.inner)
    places = np.column_stack([belt.easting[columns], belt.northing[rows]])
    assert np.abs(places - (400.0, 300.0)).max() <= 2 * CELL_M
    assert belt.narrow.sum() == 20 * 20
    assert (belt.offset[belt.outer] < -130.0).all()


def test_between_lines_that_face_each_other_is_a_seam_and_no_crossing() -> None:
    """Two lines with home on both outer sides: halfway the side changes though nothing is crossed there."""
    facing = border([(0.0, 400.0), (800.0, 400.0)], [(800.0, 200.0), (0.0, 200.0)])
    belt = belt_of(facing, level(), belt_m=150.0)
    home = belt.inside & (belt.offset >= 0.0)
    away = belt.inside & (belt.offset < 0.0)
    assert not (home[:-1] & away[1:] & (belt.northing[:-1, None] - 5.0 == 300.0)).any()
    back_to_back = border([(0.0, 400.0), (800.0, 400.0)], [(0.0, 200.0), (800.0, 200.0)])
    seam = belt_of(back_to_back, level(), belt_m=150.0)
    middle = np.abs(seam.northing - 300.0) < CELL_M
    assert not seam.inside[middle].any()


@pytest.mark.parametrize(
    ("line", "belt_m", "words"),
    [
        (STRAIGHT, 0.0, "belt_m"),
        (STRAIGHT, float("nan"), "belt_m"),
        (border([(0.0, 5_000.0), (800.0, 5_000.0)]), 100.0, "outside the terrain"),
        (border([(90_000.0, 0.0), (90_000.0, 500.0)]), 100.0, "outside the terrain"),
        (border([(0.0, 620.0), (800.0, 620.0)]), 100.0, "outside the terrain"),
        (border([(203.0, 303.0), (204.0, 304.0)]), 100.0, "no cell centre is beside the line"),
        (STRAIGHT, 2_000.0, "home side is nowhere on the terrain"),
        (border([(0.0, 450.0), (800.0, 450.0)], home_side="right"), 200.0, "away side is nowhere on the terrain"),
    ],
)
def test_a_belt_that_cannot_be_is_refused(line: Border, belt_m: float, words: str) -> None:
    with pytest.raises(BorderError, match=words):
        belt_of(line, level(), belt_m=belt_m)


@pytest.mark.skipif(not PYRENEES.exists(), reason="the shared Pyrenees tile is not here")
def test_every_cell_of_a_real_belt_is_as_near_as_it_says() -> None:
    terrain = open_terrain(PYRENEES)
    countries = {"adm0_left": ["Spain", "Andorra", "France"], "adm0_right": ["Spain", "Andorra", "France"]}
    lines = SHARED / "ne_10m_admin_0_boundary_lines_land.shp"
    real = Border.from_file(lines, frame_of(terrain), where=countries, clip=terrain)
    belt = belt_of(real, terrain, belt_m=3_000.0)
    assert (np.abs(belt.offset[belt.inside]) <= 3_000.0).all()
    assert (belt.offset[belt.inner & ~belt.narrow] > 3_000.0 - 2.0 * belt.cell_m).all()
    assert (belt.offset[belt.outer & ~belt.narrow] < -3_000.0 + 2.0 * belt.cell_m).all()
    segments = np.unique(belt.segment[belt.inside])
    assert np.array_equal(segments, np.arange(real.segments))


def test_the_area_of_a_belt_is_that_on_the_ground() -> None:
    """In UTM 31N the ground at its central meridian is larger than its map by 1/0.9996 squared."""
    frame = LocalFrame.from_epsg(32631)
    east, north = 500_000.0, 4_700_000.0
    terrain = level().assign_coords(northing=level().northing + north, easting=level().easting + east)
    line = LineString([(east, north + 300.0), (east + 800.0, north + 300.0)])
    belt = belt_of(Border(frame, line, segment_length_m=100.0), terrain, belt_m=200.0)
    assert belt.area_m2 == pytest.approx(800.0 * 400.0 / 0.9996**2, rel=1e-7)
    assert belt_of(STRAIGHT, level(), belt_m=200.0).area_m2 == pytest.approx(800.0 * 400.0, rel=1e-7)


def test_rasters_of_other_cells_are_refused() -> None:
    belt = belt_of(STRAIGHT, level(), belt_m=60.0)
    heights = level()["elevation"]
    assert belt.of(heights).shape == belt.inside.shape
    with pytest.raises(BorderError, match="different eastings"):
        belt.of(heights.assign_coords(easting=heights["easting"] + 5.0))
    with pytest.raises(BorderError, match="different northings"):
        belt.of(heights[5:])
    with pytest.raises(BorderError, match="an array is not a raster"):
        belt.of(heights.to_numpy())


def test_a_belt_narrower_than_a_cell_says_so() -> None:
    line = border([(0.0, 302.0), (800.0, 302.0)])
    with pytest.raises(BorderError, match="narrower than a cell"):
        belt_of(line, level(), belt_m=4.0)
