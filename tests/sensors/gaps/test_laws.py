"""Laws of crossings on hills: turned and shifted ground, a line read backwards, another home, more sensors."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from shapely import affinity
from shapely.geometry import LineString

from geo.border import Border
from geo.frame import LocalFrame
from sensors.crossing.watched_belt import WatchedBelt
from sensors.gaps import segment_detection, watch_belt

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M, SIDE = 10.0, 61
BELT_M = 150.0
LINE = LineString([(3.0, 262.0), (180.0, 347.0), (333.0, 291.0), (597.0, 318.0)])
PLACES = CELL_M * np.arange(SIDE)


def hills(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    waves = rng.uniform(0.004, 0.03, (6, 2))
    phases, heights = rng.uniform(0.0, 6.3, 6), rng.uniform(2.0, 14.0, 6)
    east, north = np.meshgrid(PLACES, PLACES[::-1])
    parts = zip(waves, phases, heights, strict=True)
    return sum(h * np.sin(a * east + b * north + p) for (a, b), p, h in parts)


def rates(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.0, 0.004, (3, SIDE, SIDE))


def found(
    elevation: np.ndarray, rate: np.ndarray, line: LineString, *, home: str = "left", shift: float = 0.0, **case: object
) -> xr.Dataset:
    return segment_detection(*asked(elevation, rate, line, home, shift), belt_m=BELT_M, **case)


def asked(
    elevation: np.ndarray, rate: np.ndarray, line: LineString, home: str = "left", shift: float = 0.0
) -> tuple[xr.Dataset, xr.Dataset, Border]:
    """Coverage by radar, camera and ground sensor, the ground, and the border, ``shift`` [m] to the north-east."""
    places = {"northing": PLACES[::-1] + shift, "easting": PLACES + shift}
    ground = xr.Dataset({"elevation": (("northing", "easting"), elevation)}, coords=places, attrs={"crs": FRAME.wkt})
    dims = ("sensor", "northing", "easting")
    kinds = ["radar", "camera", "ground_sensor"][: len(rate)]
    seen = xr.Dataset(
        {"rate": (dims, rate), "look_probability": (dims, -np.expm1(-300.0 * rate))},
        coords={"sensor": [f"s{i}" for i in range(len(rate))], "kind": ("sensor", kinds), **places},
        attrs={"target": "person", "assumptions": json.dumps([])},
    )
    return seen, ground, Border(FRAME, affinity.translate(line, shift, shift), segment_length_m=80.0, home_side=home)


def same(a: xr.Dataset, b: xr.Dataset) -> None:
    assert np.array_equal(a["state"], b["state"])
    for name in ("detection_probability", "detection_probability_low", "hazard", "seconds", "metres"):
        assert np.allclose(a[name], b[name], rtol=1e-9, atol=1e-12, equal_nan=True), name


@pytest.mark.parametrize("direction", ["inward", "outward"])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_quarter_turn_changes_nothing(turns: int, direction: str) -> None:
    middle = (PLACES[-1] / 2.0, PLACES[-1] / 2.0)
    whole = found(hills(1), rates(2), LINE, direction=direction)
    turned = found(
        np.rot90(hills(1), turns),
        np.rot90(rates(2), turns, axes=(1, 2)),
        affinity.rotate(LINE, 90.0 * turns, origin=middle),
        direction=direction,
    )
    same(whole, turned)


@pytest.mark.parametrize("cells", [1, -7, 40_000])
def test_a_shift_by_whole_cells_changes_nothing(cells: int) -> None:
    same(found(hills(3), rates(4), LINE), found(hills(3), rates(4), LINE, shift=CELL_M * cells))


def test_outward_is_inward_for_who_lives_on_the_other_side() -> None:
    """And on hills the two directions are not the same."""
    left = found(hills(5), rates(6), LINE, home="left", direction="outward")
    right = found(hills(5), rates(6), LINE, home="right", direction="inward")
    same(left, right)
    back = found(hills(5), rates(6), LINE, home="left", direction="inward")
    assert not np.allclose(left["seconds"], back["seconds"])


def test_a_line_read_backwards_has_the_same_least_crossing() -> None:
    """Its segments begin at the other end, so that only the least of all is compared."""
    a = found(hills(7), rates(8), LINE)
    b = found(hills(7), rates(8), LINE.reverse(), home="right")
    assert float(a["hazard"].min()) == pytest.approx(float(b["hazard"].min()), rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_a_sensor_more_never_lowers_the_detection_of_any_segment(seed: int) -> None:
    every = rates(seed)
    few, more = (least_of(watch_belt(*asked(hills(9), every[:n], LINE), belt_m=BELT_M)) for n in (2, 3))
    assert (more >= few - 1e-12).all()


def least_of(seen: WatchedBelt) -> np.ndarray:
    from sensors.crossing.segments import least_ways

    return least_ways(seen).cost


def test_lazy_coverage_and_terrain_in_any_blocks_give_the_same_bits() -> None:
    seen, ground, border = asked(hills(1), rates(2), LINE)
    now = segment_detection(seen, ground, border, belt_m=BELT_M)
    for blocks in (7, 20, 61):
        lazily = segment_detection(seen.chunk(blocks), ground.chunk(blocks), border, belt_m=BELT_M)
        xr.testing.assert_identical(now, lazily)
