"""Simulated patrols: the same for the same seed, on the own side, and no faster than their means."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString

from geo.border import Border
from geo.frame import LocalFrame
from sensors.simulate.patrols import BEHIND_M, POSITION_SD_M, PatrolReports, simulate_patrols
from sensors.simulate.routes import VEHICLE_FLAT_MPS

FRAME = LocalFrame.around(10.0, 45.0)
BORDER = Border(FRAME, LineString([(-3000.0, 0.0), (3000.0, 0.0)]), 500.0, "left")  # home is in the north
BASES = {"Cove base": (-500.0, 1500.0), "Fork base": (800.0, 1800.0)}
UNITS = ("p1", "p2", "p3")
HOUR_S = 3600.0


def hills() -> xr.Dataset:
    easting, northing = np.arange(-3500.0, 3501.0, 40.0), np.arange(3000.0, -1001.0, -40.0)
    height = 20.0 * np.sin(easting / 700.0)[None, :] * np.cos(northing / 500.0)[:, None]
    return xr.Dataset(
        {"elevation": (("northing", "easting"), height.astype(np.float32), {"units": "m"})},
        coords={"northing": northing, "easting": easting},
        attrs={"crs": FRAME.wkt, "datum": "unknown", "cell_m": 40.0},
    )


@pytest.fixture(scope="module")
def patrols() -> list[PatrolReports]:
    return simulate_patrols(hills(), BORDER, BASES, units=UNITS, seed=3, duration_s=HOUR_S)


def test_the_same_seed_gives_the_same_patrols_and_another_seed_others(patrols: list[PatrolReports]) -> None:
    again = simulate_patrols(hills(), BORDER, BASES, units=UNITS, seed=3, duration_s=HOUR_S)
    other = simulate_patrols(hills(), BORDER, BASES, units=UNITS, seed=4, duration_s=HOUR_S)
    for one, same, different in zip(patrols, again, other, strict=True):
        np.testing.assert_array_equal(one.place, same.place)
        assert not np.array_equal(one.place, different.place)


def test_they_start_at_their_bases_and_patrol_on_the_own_side(patrols: list[PatrolReports]) -> None:
    assert [one.plan.unit for one in patrols] == list(UNITS)
    for one in patrols:
        base = np.array(BASES[one.plan.base])
        waiting = one.time_s < one.plan.leaves_s
        assert (np.hypot(*(one.place[waiting] - base).T) < 6 * POSITION_SD_M).all()
        assert np.hypot(*(one.place[0] - base)) < 6 * POSITION_SD_M + 10.0 * VEHICLE_FLAT_MPS
        assert (one.place[:, 1] > BEHIND_M[0] - 6 * POSITION_SD_M).all(), "north is the own side"
        assert (np.ptp(one.place, axis=0) > 100.0).any(), "it moves"


def test_none_is_faster_than_its_means(patrols: list[PatrolReports]) -> None:
    for one in patrols:
        metres = np.hypot(*np.diff(one.place, axis=0).T) - 8 * POSITION_SD_M
        limit = 2.0 if one.plan.walks else VEHICLE_FLAT_MPS
        assert (metres / np.diff(one.time_s) <= limit).all()
        assert np.diff(one.time_s) == pytest.approx(one.plan.report_s)


def test_without_bases_there_are_no_patrols() -> None:
    assert simulate_patrols(hills(), BORDER, {}, units=UNITS, seed=3, duration_s=60.0) == []
