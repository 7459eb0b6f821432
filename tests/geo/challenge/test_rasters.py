"""The challenge cell by cell: its rasters say what the measures by segment say, and who crosses matters."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString

from geo.border import Border
from geo.challenge import ChallengeSettings, challenge, challenge_by_stretches, challenge_rasters
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.paths.response_times import response_time

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 30.0
SIZE = 61
YARD = ChallengeSettings(openness_radius_m=120.0, sites=2, sight_m=1_500.0, mast_m=5.0)
LINE = LineString([(0.0, 941.3), (640.0, 870.7), (1_100.0, 1_013.9), (1_830.0, 906.1)])
BASES = [(915.0, 1_500.0)]


def terrain(seed: int = 1) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    elevation = rng.normal(0.0, 2.0, (SIZE, SIZE)).cumsum(axis=0).cumsum(axis=1) / 8.0
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation, {"units": "m"})},
        coords={"northing": 15.0 + CELL_M * np.arange(SIZE)[::-1], "easting": 15.0 + CELL_M * np.arange(SIZE)},
        attrs={"crs": FRAME.wkt},
    )


BORDER = Border(FRAME, LINE, segment_length_m=250.0)


def test_means_of_the_rasters_are_the_measures() -> None:
    """The segments' figures, worked out anew from the rasters by plain averages."""
    ground = terrain()
    response = response_time(ground, BASES)
    found = challenge(ground, BORDER, belt_m=240.0, settings=YARD, bases=BASES).sel(belt="both")
    cells = challenge_rasters(ground, BORDER, belt_m=240.0, settings=YARD, response=response)
    for segment in range(BORDER.segments):
        own = cells["segment"].to_numpy() == segment
        assert int(found["cells"][segment]) == own.sum()
        for name in ("ruggedness", "vector_ruggedness", "slope", "positive_openness", "dead_ground_1.7m"):
            assert float(found[name][segment]) == pytest.approx(np.nanmean(cells[name].to_numpy()[own])), name
        median = np.median(cells["response_time"].to_numpy()[own])
        assert float(found["response_time"][segment]) == pytest.approx(median)
    through = cells["crossing_time"].to_numpy()
    assert float(np.nanmin(through)) == pytest.approx(float(found["crossing_time"].min()))
    outside = cells["segment"].to_numpy() < 0
    assert np.isnan(cells["ruggedness"].to_numpy()[outside]).all()
    assert {cells[name].attrs["units"] for name in cells.data_vars} == {"m", "1", "rad", "s"}


def test_a_response_at_hand_is_the_same_as_its_bases_also_in_stretches() -> None:
    ground = terrain(2)
    whole = challenge(ground, BORDER, belt_m=240.0, settings=YARD, bases=BASES)
    response = response_time(ground, BASES)
    given = challenge(ground, BORDER, belt_m=240.0, settings=YARD, response=response)
    xr.testing.assert_identical(whole, given)
    pieces = challenge_by_stretches(ground, BORDER, belt_m=240.0, length_m=600.0, settings=YARD, response=response)
    assert pieces["response_time"].to_numpy() == pytest.approx(whole["response_time"].to_numpy())
    assert pieces["response_difficulty"].to_numpy() == pytest.approx(whole["response_difficulty"].to_numpy())


def test_a_vehicle_is_faster_on_level_ground_and_stopped_by_what_is_steep() -> None:
    level = terrain()
    level["elevation"] = level["elevation"] * 0.0
    driven = ChallengeSettings(openness_radius_m=120.0, sites=2, sight_m=1_500.0, mast_m=5.0, mover="vehicle")
    by_foot = challenge(level, BORDER, belt_m=240.0, settings=YARD)["crossing_time"]
    by_wheel = challenge(level, BORDER, belt_m=240.0, settings=driven)["crossing_time"]
    assert (by_wheel < by_foot).all()
    wall = level.copy(deep=True)
    wall["elevation"][32] = 200.0
    stopped = challenge(wall, BORDER, belt_m=240.0, settings=driven)
    assert np.isinf(stopped["crossing_time"][1:-1]).all()
    assert stopped["crossing_time"][[0, -1]].isnull().all(), "the terrain ends there, so nobody knows"
    assert stopped["crossing_ease"][1:-1].to_numpy() == pytest.approx(0.5), "all alike: nobody drives anywhere"
    with pytest.raises(BadInput, match="mover"):
        ChallengeSettings(mover="drone")
