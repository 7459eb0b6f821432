"""The patrol game of a plan: the times of its rounds."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString

from geo.border import Border
from geo.frame import LocalFrame
from ops.analysis.plan.patrols import sweeps_of
from sensors.patrols import Shift

FRAME = LocalFrame.around(1.5, 42.5)


def steep_ground() -> xr.Dataset:
    """Ground of 30 m cells that rises by 1 in 2 towards the east: too steep to drive."""
    easting, northing = 15.0 + 30.0 * np.arange(80), 15.0 + 30.0 * np.arange(40)[::-1]
    height = np.broadcast_to(0.5 * easting, (40, 80)).copy()
    return xr.Dataset(
        {"elevation": (("northing", "easting"), height, {"units": "m"})},
        coords={"northing": northing, "easting": easting},
        attrs={"crs": FRAME.wkt},
    )


def test_each_journey_of_a_patrol_takes_the_time_of_its_own_direction() -> None:
    """Uphill takes exp(0.35) times what downhill takes (Tobler, ± 0.5); the base is below, the border goes uphill."""
    border = Border(FRAME, LineString([(885.0, 615.0), (2_085.0, 615.0)]), segment_length_m=300.0)
    base = np.array([[315.0, 615.0]])
    rounds = sweeps_of(border, steep_ground(), base, np.arange(4), Shift())
    ratio = np.exp(0.35)
    assert rounds.out_s / rounds.back_s == pytest.approx(np.full((1, 4), ratio), rel=1e-6)
    assert rounds.hop_s / rounds._along_back_s == pytest.approx(np.full(3, ratio), rel=1e-6)
    up = rounds.out_s[0]
    assert np.diff(up) == pytest.approx(rounds.hop_s, rel=1e-6), "the same search: base to segment, then to the next"


def test_several_bases_have_journeys_of_their_own() -> None:
    border = Border(FRAME, LineString([(300.0, 615.0), (2_100.0, 615.0)]), segment_length_m=300.0)
    low, high = [315.0, 615.0], [2_085.0, 615.0]
    both = sweeps_of(border, steep_ground(), np.array([low, high]), np.arange(6), Shift())
    for number, base in enumerate((low, high)):
        alone = sweeps_of(border, steep_ground(), np.array([base]), np.arange(6), Shift())
        assert (both.out_s[number] == alone.out_s[0]).all()
        assert (both.back_s[number] == alone.back_s[0]).all()
