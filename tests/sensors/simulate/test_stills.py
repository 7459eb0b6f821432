"""Simulated stills: the target stands in its box, around it are ground and sky, and a false alarm shows only these."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import xarray as xr

from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.scan import Plot, Scan
from sensors.simulate.stills import HEIGHT, WIDTH, Still, stills
from tests.sensors.simulate.test_scenarios import FRAME, START, hills

TERRAIN = hills()
CAMERA = place(
    FRAME, 0.0, 0.0, id="cam-1", kind="camera", max_range_m=3000.0, mast_height_m=12.0, azimuth_sd_deg=0.2,
    field_of_view_deg=360.0,
)  # fmt: skip
LAYOUT = Layout("one", FRAME, (CAMERA,))


def scan(number: int, azimuth_deg: float, seconds: float = 0.0, kind: str = "camera") -> Scan:
    moment = START + timedelta(seconds=seconds)
    return Scan("cam-1", 1, number, number, moment, moment, kind, (Plot(azimuth_deg=azimuth_deg),))


def truth(azimuth_deg: float, range_m: float, target: str = "person", seconds: int = 0) -> xr.Dataset:
    """One mover in one second."""
    angle = math.radians(azimuth_deg)
    return xr.Dataset(
        {
            "time": ("estimate", np.array([START.replace(tzinfo=None) + timedelta(seconds=seconds)], "datetime64[ns]")),
            "easting": ("estimate", [range_m * math.sin(angle)]),
            "northing": ("estimate", [range_m * math.cos(angle)]),
            "class": ("estimate", [target]),
        }
    )


def still(azimuth_deg: float, known: xr.Dataset, **more: Any) -> Still:
    (one,) = stills([scan(1, azimuth_deg)], known, LAYOUT, TERRAIN, seed=4, **more)
    return one


def inside(one: Still) -> np.ndarray:
    left, top, width, height = one.box
    rows = slice(int(top * HEIGHT), int((top + height) * HEIGHT) + 1)
    return one.grey[rows, int(left * WIDTH) : int((left + width) * WIDTH) + 1]


@pytest.mark.parametrize("target", ["person", "group", "vehicle", "animal"])
def test_a_warm_target_is_the_brightest_and_lies_in_its_box(target: str) -> None:
    one = still(40.0, truth(40.0, 600.0, target))
    assert one.grey.shape == (HEIGHT, WIDTH)
    left, top, width, height = one.box
    assert 0.0 <= left < left + width <= 1.0
    assert 0.0 <= top < top + height <= 1.0
    row, column = np.unravel_index(np.argmax(one.grey), one.grey.shape)
    assert left * WIDTH - 1 <= column <= (left + width) * WIDTH + 1
    assert top * HEIGHT - 1 <= row <= (top + height) * HEIGHT + 1
    assert inside(one).max() > 200


def test_nearer_targets_are_larger() -> None:
    def warm(range_m: float) -> int:
        return int((still(40.0, truth(40.0, range_m)).grey > 180).sum())

    assert warm(200.0) > warm(600.0) > 0


def test_haze_takes_the_contrast_of_a_far_target() -> None:
    clear, haze = (inside(still(40.0, truth(40.0, 1500.0), extinction_per_m=k)).max() for k in (1e-5, 2e-3))
    assert int(clear) > int(haze) + 50


def test_of_a_false_alarm_only_ground_is_shown() -> None:
    one = still(40.0, truth(220.0, 600.0))
    assert inside(one).max() < 170


def test_a_camera_takes_one_still_per_interval_up_to_the_limit_and_the_same_seed_gives_the_same() -> None:
    scans = [scan(n, 40.0, seconds=5.0 * n) for n in range(40)] + [scan(99, 40.0, 999.0, kind="radar")]
    known = truth(40.0, 600.0)

    def made(**more: Any) -> list[Still]:
        return list(stills(scans, known, LAYOUT, TERRAIN, seed=4, every_s=20.0, **more))

    first, again = made(), made()
    assert [one.scan[2] for one in first] == list(range(0, 40, 4))
    assert all(np.array_equal(one.grey, other.grey) for one, other in zip(first, again, strict=True))
    assert len(made(most=3)) == 3


def test_a_camera_at_the_edge_of_the_terrain_has_a_picture_too() -> None:
    edge = place(
        LocalFrame.around(-84.2, 36.6), 2_990.0, 0.0, id="cam-1", kind="camera", max_range_m=3000.0, azimuth_sd_deg=0.2
    )
    (one,) = stills([scan(1, 90.0)], truth(90.0, 600.0), Layout("edge", FRAME, (edge,)), TERRAIN, seed=1)
    assert np.isfinite(one.grey).all()


def test_a_camera_on_the_way_takes_its_picture_from_where_it_is() -> None:
    """After 50 s at 10 m/s it is 500 m east of its post, from where the target stands to the north."""
    lonlats = [[float(part) for part in FRAME.to_lonlat(east, 0.0)] for east in (0.0, 800.0)]
    carried = place(
        FRAME, 0.0, 0.0, id="cam-1", kind="camera", max_range_m=3000.0, mast_height_m=12.0, azimuth_sd_deg=0.2,
        mobile=True, route=lonlats, route_speed_mps=10.0,
    )  # fmt: skip
    target = truth(math.degrees(math.atan2(500.0, 400.0)), math.hypot(500.0, 400.0), seconds=50)
    known = xr.concat([truth(90.0, 1.0), target], "estimate")
    (there,) = stills([scan(1, 0.0, 50.0)], known, Layout("one", FRAME, (carried,)), TERRAIN, seed=4)
    (post,) = stills([scan(1, 0.0, 50.0)], known, LAYOUT, TERRAIN, seed=4)
    assert inside(there).max() > 200
    assert inside(post).max() < 200
