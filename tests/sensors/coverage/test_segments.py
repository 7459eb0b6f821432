"""Coverage along a border: counted by hand, stated with what is unknown, and the same however the ground is cut."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString

from geo.border import Border, Zone
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.coverage import coverage, coverage_rasters
from sensors.coverage.segments import over_segments, whole_belt
from sensors.layout import Layout, place

FRAME = LocalFrame.around(-84.2, 36.6)
CELL = 50.0
ROWS, COLUMNS = 41, 61
BORDER = Border(FRAME, LineString([(-1_250.0, 0.0), (1_250.0, 0.0)]), segment_length_m=500.0, home_side="right")
COUNTED = ("cells", "covered", "undecided", "known", "dead", "dead_unknown")


def ground(elevation: np.ndarray | None = None) -> xr.Dataset:
    z = np.full((ROWS, COLUMNS), 100.0) if elevation is None else elevation
    return xr.Dataset(
        {"elevation": (("northing", "easting"), z.astype(np.float32), {"units": "m"})},
        coords={
            "northing": ("northing", CELL * ((ROWS - 1) / 2 - np.arange(ROWS)), {"units": "m"}),
            "easting": ("easting", CELL * (np.arange(COLUMNS) - (COLUMNS - 1) / 2), {"units": "m"}),
        },
        attrs={"crs": FRAME.wkt, "datum": "test", "cell_m": CELL},
    )


def layout(*sensors: dict) -> Layout:
    placed = tuple(
        place(FRAME, s.pop("easting", 0.0), s.pop("northing", 0.0), **({"kind": "radar", "max_range_m": 600.0} | s))
        for s in map(dict, sensors)
    )
    return Layout("test", FRAME, placed)


NORTH = {"id": "north", "easting": -700.0, "northing": 300.0}
WEAK = {"id": "weak", "easting": 800.0, "northing": -200.0, "detection_probability": 0.05, "period_s": 10.0}


def void_column() -> xr.Dataset:
    elevation = np.full((ROWS, COLUMNS), 100.0)
    elevation[:, 20] = np.nan
    return ground(elevation)


def test_shares_and_means_are_those_counted_by_hand():
    rasters = coverage_rasters(layout(NORTH, WEAK), ground(), BORDER, dwell_s=60.0)
    found = over_segments(rasters, BORDER, belt_m=400.0, required_probability=0.9)
    chance = rasters["expected_probability"].to_numpy()
    northing, easting = np.meshgrid(rasters["northing"], rasters["easting"], indexing="ij")
    for segment in range(BORDER.segments):
        west = -1_250.0 + 500.0 * segment
        along = (
            (easting >= west) & (easting < west + 500.0) if segment < 4 else (easting >= west) & (easting <= 1_250.0)
        )
        for belt, side in (
            ("home", (northing <= 0.0) & (northing >= -400.0)),
            ("away", (northing > 0.0) & (northing <= 400.0)),
            ("both", np.abs(northing) <= 400.0),
        ):
            inside, told = along & side, found.sel(segment=segment, belt=belt)
            assert int(told["cells_count"]) == inside.sum()
            assert float(told["covered_fraction"]) == pytest.approx((chance[inside] >= 0.9).mean(), abs=1e-12)
            assert float(told["mean_probability"]) == pytest.approx(chance[inside].mean(), abs=1e-9)
            assert float(told["least_probability"]) == chance[inside].min()
            dead = (rasters["dead_ground"].to_numpy()[inside] == 1).mean()
            assert float(told["dead_ground_fraction"]) == pytest.approx(dead, abs=1e-12)
            assert float(told["area_m2"]) == pytest.approx(inside.sum() * CELL**2, rel=1e-12)
    assert float(found["covered_fraction"].max()) > 0.5 > float(found["covered_fraction"].min())


def test_the_whole_belt_is_the_sum_of_its_segments():
    rasters = coverage_rasters(layout(NORTH, WEAK), void_column(), BORDER, dwell_s=60.0)
    segments = over_segments(rasters, BORDER, belt_m=400.0)
    whole = whole_belt(segments)
    cells = segments["cells_count"]
    for name in ("covered_fraction_low", "covered_fraction_high", "unknown_fraction"):
        weighted = (segments[name] * cells).sum("segment") / cells.sum("segment")
        np.testing.assert_allclose(whole[name], weighted, atol=1e-12)
    np.testing.assert_array_equal(whole["least_probability"], segments["least_probability"].min("segment"))
    np.testing.assert_allclose(whole["area_m2"], segments["area_m2"].sum("segment"))


def test_what_is_unknown_is_stated_apart_and_bounds_the_share():
    reaching = {"id": "r", "easting": -1_200.0, "max_range_m": 2_000.0}
    known = over_segments(coverage_rasters(layout(reaching), ground(), BORDER), BORDER, belt_m=300.0)
    voids = over_segments(coverage_rasters(layout(reaching), void_column(), BORDER), BORDER, belt_m=300.0)
    assert (known["unknown_fraction"] == 0.0).all()
    assert float(voids["unknown_fraction"].max()) == 1.0
    assert np.isnan(voids["covered_fraction"].sel(segment=3, belt="both"))
    assert (voids["covered_fraction_low"] <= known["covered_fraction"]).all()
    assert (known["covered_fraction"] <= voids["covered_fraction_high"]).all()
    assert np.isnan(voids["dead_ground_fraction"].sel(segment=3, belt="both"))
    assert np.isnan(voids["mean_probability"].sel(segment=3, belt="both"))


def test_a_cell_that_is_covered_anyway_is_not_unknown():
    behind = {"id": "behind", "easting": 700.0, "max_range_m": 700.0}
    reaching = {"id": "r", "easting": -1_200.0, "max_range_m": 2_000.0}
    found = over_segments(coverage_rasters(layout(reaching, behind), void_column(), BORDER), BORDER, belt_m=200.0)
    told = found.sel(segment=3, belt="both")
    assert float(told["unknown_fraction"]) == 0.0
    assert float(told["covered_fraction"]) == 1.0


@pytest.mark.parametrize("terrain", [ground(), void_column()], ids=["known", "voids"])
def test_cutting_the_ground_changes_nothing_to_the_bit(terrain):
    sensors = layout(NORTH, WEAK | {"availability": 0.7})
    whole = over_segments(coverage_rasters(sensors, terrain, BORDER), BORDER, belt_m=400.0)
    for block_cells in (9, 25, 1_000):
        lazy = coverage(sensors, terrain, BORDER, block_cells=block_cells)
        xr.testing.assert_equal(over_segments(lazy, BORDER, belt_m=400.0), whole)
    without = coverage(sensors, terrain, None, block_cells=25)
    xr.testing.assert_equal(over_segments(without, BORDER, belt_m=400.0), whole)


def test_a_higher_requirement_never_covers_more():
    rasters = coverage_rasters(layout(NORTH, WEAK), ground(), BORDER, dwell_s=60.0)
    shares = [
        over_segments(rasters, BORDER, belt_m=400.0, required_probability=p)["covered_fraction"]
        for p in (0.1, 0.5, 0.9, 1.0)
    ]
    for easier, harder in itertools.pairwise(shares):
        assert (harder <= easier).all()


def test_a_segment_whose_belt_holds_no_cell_is_unknown_not_covered():
    beyond = Border(FRAME, LineString([(-5_000.0, 0.0), (1_250.0, 0.0)]), segment_length_m=500.0)
    found = over_segments(coverage_rasters(layout(NORTH), ground(), beyond), beyond, belt_m=200.0)
    assert int(found["cells_count"].sel(segment=0, belt="both")) == 0
    for name in (
        "covered_fraction",
        "covered_fraction_low",
        "covered_fraction_high",
        "dead_ground_fraction",
        "least_probability",
    ):
        assert np.isnan(found[name].sel(segment=0, belt="both")), name


def test_of_a_zone_the_ground_between_its_edges_counts_as_home():
    inner, outer = (LineString([(-1_250.0, n), (1_250.0, n)]) for n in (-225.0, 225.0))
    zone = Zone.from_lines(inner, outer, FRAME, segment_length_m=500.0)
    found = over_segments(coverage_rasters(layout(NORTH), ground(), zone), zone, belt_m=200.0)
    rows, columns = 10, 9 + 4 + 4  # cells of 50 m: nine rows between the edges, four more on either side
    inland = found.isel(segment=slice(1, -1))["cells_count"]
    assert (inland.sel(belt="both") == rows * columns).all()
    assert (inland.sel(belt="home") == rows * (9 + 4)).all()


def test_it_says_what_it_is_of():
    found = over_segments(coverage_rasters(layout(NORTH), ground(), BORDER), BORDER, belt_m=400.0)
    assert (found.attrs["belt_m"], found.attrs["required_probability"]) == (400.0, 0.9)
    assert found.attrs["target"] == "person"
    assert "no sampling error" in found.attrs["sampling"]
    assert {f"{name}_count" for name in COUNTED} <= set(found.data_vars)


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({"belt_m": 0.0}, "belt_m"),
        ({"belt_m": -5.0}, "belt_m"),
        ({"belt_m": float("nan")}, "belt_m"),
        ({"belt_m": 400.0, "required_probability": 0.0}, "required_probability"),
        ({"belt_m": 400.0, "required_probability": 1.1}, "required_probability"),
        ({"belt_m": 400.0, "required_probability": float("nan")}, "required_probability"),
    ],
)
def test_bad_arguments_are_one_sentence(keys, word):
    rasters = coverage_rasters(layout(NORTH), ground(), BORDER)
    with pytest.raises(BadInput, match=word):
        over_segments(rasters, BORDER, **keys)


def test_a_belt_without_cells_is_refused():
    elsewhere = Border(FRAME, LineString([(50_000.0, 0.0), (51_000.0, 0.0)]))
    with pytest.raises(BadInput, match="no cell of the terrain"):
        over_segments(coverage_rasters(layout(NORTH), ground(), elsewhere), elsewhere, belt_m=100.0)
