"""Simulator, tracker and coverage see the same ground: ridges, trees and what each kind of sensor makes of them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import xarray as xr

from fusion.models.sensor_views import probability
from fusion.tracker import Tracker
from geo.frame import LocalFrame
from sensors.coverage import coverage
from sensors.layout import Layout, place
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

FRAME = LocalFrame.around(10.0, 45.0)
START = datetime(2026, 9, 21, 21, 0, tzinfo=UTC)
LAYOUT = Layout(
    "wood",
    FRAME,
    (
        place(
            FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=1500.0, period_s=1.0, range_sd_m=4.0, azimuth_sd_deg=0.4,
            mast_height_m=5.0, detection_probability=0.9,
        ),
        place(FRAME, 300.0, 900.0, id="G", kind="ground_sensor", max_range_m=60.0),
    ),
)  # fmt: skip


def wood(height_m: float) -> xr.Dataset:
    """Level ground with a wood from 400 to 500 m north of the radar, in the east half only."""
    axis = np.arange(-1600.0, 1601.0, 20.0)
    northing, easting = axis[::-1, None], axis[None, :]
    trees = np.where((northing >= 400.0) & (northing <= 500.0) & (easting >= 0.0), height_m, 0.0)
    dims = ("northing", "easting")
    return xr.Dataset(
        {
            "elevation": (dims, np.zeros(trees.shape, np.float32), {"units": "m"}),
            "canopy_height": (dims, trees.astype(np.float32), {"units": "m"}),
        },
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": FRAME.crs.to_wkt(), "datum": "none"},
    )


@pytest.mark.parametrize("height_m", [0.0, 15.0])
def test_simulator_tracker_and_coverage_agree_behind_a_wood(height_m: float) -> None:
    terrain = wood(height_m)
    # on a column of cells well within each half, behind the wood and beside it
    seconds = np.array([0.0, 200.0])
    behind = Mover("E", "person", seconds, np.array([300.0, 500.0]), np.array([900.0, 900.0]))
    beside = Mover("W", "person", seconds, np.array([-500.0, -300.0]), np.array([900.0, 900.0]))
    detections, _ = simulate(LAYOUT, Scenario((behind, beside), START, 200.0), terrain, seed=1)
    radar = detections.isel(detection=np.flatnonzero(detections["sensor_id"].values == "R"))
    east = int((np.sin(radar["azimuth"].values) > 0.1).sum())
    west = int((np.sin(radar["azimuth"].values) < -0.1).sum())
    tracker = Tracker(LAYOUT, terrain=terrain)
    seen = [probability(tracker.model.sensor("R").view, e, 900.0) for e in (400.0, -400.0)]
    layer = coverage(LAYOUT, terrain, None, conditions="day")["look_probability"].sel(sensor="R")
    covered = [float(layer.sel(easting=e, northing=900.0)) for e in (400.0, -400.0)]
    assert seen == pytest.approx(covered, abs=1e-6)
    assert west > 150
    if height_m:
        assert (east, seen[0]) == (0, 0.0)
    else:
        assert east > 150
        assert seen[0] == pytest.approx(0.9)


def test_a_ground_sensor_feels_through_trees() -> None:
    tracker = Tracker(LAYOUT, terrain=wood(15.0))
    assert probability(tracker.model.sensor("G").view, 300.0, 900.0) > 0.5
