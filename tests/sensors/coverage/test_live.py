"""Coverage kept up to date equals coverage computed anew, to the bit, and leaves untouched what did not change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.coverage import coverage_rasters
from sensors.coverage.live import LiveCoverage
from sensors.layout import Layout, place

FRAME = LocalFrame.around(-84.2, 36.6)
CELL, SIZE = 50.0, 51


def hills() -> xr.Dataset:
    chance = np.random.default_rng(3)
    z = 100.0 + 25.0 * chance.random((SIZE, SIZE))
    z[30, 10:14] = np.nan
    centres = CELL * (np.arange(SIZE) - (SIZE - 1) / 2)
    return xr.Dataset(
        {"elevation": (("northing", "easting"), z.astype(np.float32), {"units": "m"})},
        coords={
            "northing": ("northing", centres[::-1], {"units": "m"}),
            "easting": ("easting", centres, {"units": "m"}),
        },
        attrs={"crs": FRAME.wkt, "datum": "test", "cell_m": CELL},
    )


TERRAIN = hills()


def sensor(name: str, kind: str, easting: float, northing: float, **keys):
    return place(FRAME, easting, northing, id=name, kind=kind, **({"max_range_m": 700.0} | keys))


POOL = (
    sensor("radar-a", "radar", -600.0, 200.0, reference_range_m=400.0),
    sensor("radar-b", "radar", 300.0, -100.0, detection_probability=0.2),
    sensor("camera-a", "camera", -580.0, 210.0, field_of_view_deg=90.0, azimuth_deg=200.0),
    sensor("ground-a", "ground_sensor", 500.0, 500.0, max_range_m=130.0),
    sensor("camera-b", "camera", 800.0, 700.0),
)
ALL = [s.id for s in POOL]


def layout(*sensors) -> Layout:
    return Layout("live", FRAME, tuple(sensors))


def same(a: LiveCoverage, b: LiveCoverage) -> None:
    assert set(a.rasters) == set(b.rasters)
    for kind, raster in a.rasters.items():
        np.testing.assert_array_equal(raster, b.rasters[kind], err_msg=str(kind))


def test_it_is_the_coverage_of_the_working_sensors():
    live = LiveCoverage.begin(layout(*POOL), TERRAIN, ["radar-b", "camera-b"], conditions="night", dwell_s=30.0)
    alone = coverage_rasters(layout(POOL[1], POOL[4]), TERRAIN, None, conditions="night", dwell_s=30.0)
    np.testing.assert_allclose(live.raster(), alone["combined_probability"], atol=2e-7, equal_nan=True)
    radars = coverage_rasters(layout(POOL[1]), TERRAIN, None, conditions="night", dwell_s=30.0)
    np.testing.assert_allclose(live.raster("radar"), radars["combined_probability"], atol=2e-7)
    assert (live.raster("ground_sensor") == 0.0).all()
    assert live.raster().dtype == np.float32
    assert set(live.rasters) == {None, "radar", "camera", "ground_sensor"}


@given(st.lists(st.tuples(st.permutations(range(5)), st.integers(0, 5), st.sets(st.sampled_from(ALL))), max_size=4))
@settings(max_examples=25, deadline=None)
def test_any_history_of_changes_equals_a_new_beginning(changes):
    live = LiveCoverage.begin(layout(*POOL), TERRAIN, ALL)
    for order, count, working in changes:
        now = layout(*(POOL[i] for i in order[:count]))
        live = live.updated(now, working)
        same(live, LiveCoverage.begin(now, TERRAIN, working))


def test_a_moved_or_changed_sensor_is_computed_anew():
    live = LiveCoverage.begin(layout(*POOL), TERRAIN, ALL)
    for change in ({"mast_height_m": 30.0}, {"max_range_m": 300.0}, {"azimuth_deg": 90.0, "field_of_view_deg": 40.0}):
        changed = (replace(POOL[0], **change), *POOL[1:])
        after = live.updated(layout(*changed), ALL)
        same(after, LiveCoverage.begin(layout(*changed), TERRAIN, ALL))
        assert not np.array_equal(after.rasters[None], live.rasters[None], equal_nan=True)


def test_a_silent_sensor_is_a_gap_and_the_picture_before_stays():
    live = LiveCoverage.begin(layout(*POOL), TERRAIN, ALL)
    before = live.rasters[None].copy()
    silent = live.updated(layout(*POOL), [s for s in ALL if s != "radar-a"])
    np.testing.assert_array_equal(live.rasters[None], before)
    assert np.nansum(silent.rasters[None]) < np.nansum(before)
    assert silent.rasters["camera"] is live.rasters["camera"]  # nothing of it changed, nothing of it was done again


def test_what_cannot_be_computed_is_told_and_the_others_go_on():
    off = sensor("off", "radar", 90_000.0, 0.0)
    on_void = sensor("void", "camera", float(TERRAIN["easting"][11]), float(TERRAIN["northing"][30]))
    live = LiveCoverage.begin(layout(POOL[1], off, on_void), TERRAIN, ["radar-b", "off", "void"])
    assert set(live.problems) == {"off", "void"}
    assert "off the terrain" in live.problems["off"]
    assert "void" in live.problems["void"]
    np.testing.assert_array_equal(
        live.rasters[None], LiveCoverage.begin(layout(POOL[1]), TERRAIN, ["radar-b"]).rasters[None]
    )


def test_nobody_working_covers_nothing_and_unknown_ids_are_passed_over():
    live = LiveCoverage.begin(layout(*POOL), TERRAIN, ["somebody else"])
    assert all((raster == 0.0).all() for raster in live.rasters.values())
    with pytest.raises(BadInput, match="dwell_s"):
        LiveCoverage.begin(layout(*POOL), TERRAIN, ALL, dwell_s=0.0)
    with pytest.raises(BadInput, match="ghost"):
        LiveCoverage.begin(layout(*POOL), TERRAIN, ALL, target="ghost")
