"""Calibration finds what the sensors do, not what the layout says of them; by hand, and on simulated nights."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.scoring.calibration import CalibrationSettings, calibrate, design_effect
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.detections import split
from sensors.layout import Layout, place
from sensors.scan_columns import ScanColumns
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario
from sensors.statistics.statistic import wilson

FRAME = LocalFrame.around(10.0, 45.0)
START = datetime(2026, 9, 21, 21, 0, tzinfo=UTC)
SECONDS = 300.0


def layout(**probability: float) -> Layout:
    """Two radars that see the same ground, and a third thing that sends events only."""
    radars = [
        place(
            FRAME, east, 0.0, id=name, kind="radar", max_range_m=6000.0, period_s=3.0, range_sd_m=4.0,
            azimuth_sd_deg=0.3, detection_probability=probability.get(name, 0.9), false_alarms_per_scan=0.2,
            mast_height_m=0.0,
        )
        for name, east in (("A", -800.0), ("B", 800.0))
    ]  # fmt: skip
    ground = place(FRAME, 0.0, 500.0, id="G", kind="ground_sensor", max_range_m=30.0)
    return Layout("pair", FRAME, (*radars, ground))


@cache
def night(seed: int, true_a: float) -> tuple[ScanColumns, ...]:
    """What radars report of whom A detects with probability ``true_a`` a look, B with 0.9."""
    rng = np.random.default_rng(seed)
    movers = tuple(
        Mover.straight(f"M{i}", tuple(rng.uniform(-2000, 2000, 2)), tuple(rng.uniform(-1.5, 1.5, 2)), SECONDS)
        for i in range(12)
    )
    detections, _ = simulate(layout(A=true_a), Scenario(movers, START, SECONDS), None, seed=seed)
    scans = [replace(scan, received_ns=scan.observed_ns) for scan in split(detections)]
    return tuple(sorted(scans, key=lambda scan: (scan.observed_ns, scan.sensor, scan.boot, scan.sequence)))


def row(found: xr.Dataset, sensor: str) -> dict[str, object]:
    place = found["sensor"].to_numpy().tolist().index(sensor)
    return {str(name): found[name].to_numpy()[place].item() for name in found.data_vars}


def test_a_true_layout_is_confirmed() -> None:
    found = calibrate(night(3, 0.9), layout())
    for sensor in ("A", "B"):
        cell = row(found, sensor)
        assert cell["verdict"] == "as predicted"
        assert cell["predicted"] == pytest.approx(0.9, abs=0.02)
        assert 500 < int(str(cell["trials"])) <= 12 * 100
    assert found.attrs["not_polled"] == ["G"]


@pytest.mark.parametrize(("true_a", "verdict"), [(0.6, "worse"), (0.75, "worse")])
def test_a_sensor_that_sees_less_than_its_layout_says_is_found_and_the_other_is_not_blamed(
    true_a: float, verdict: str
) -> None:
    """The layout says 0.9 of both; 12 tracks × 100 looks give a deviation of about 0.014 for 0.6."""
    found = calibrate(night(3, true_a), layout())
    a, b = row(found, "A"), row(found, "B")
    assert (a["verdict"], b["verdict"]) == (verdict, "as predicted")
    assert a["observed"] == pytest.approx(true_a, abs=0.06)
    assert float(str(a["low"])) <= true_a <= float(str(a["high"]))


def test_a_sensor_that_sees_more_than_its_layout_says_is_found_too() -> None:
    assert row(calibrate(night(3, 0.9), layout(A=0.6)), "A")["verdict"] == "better"


def test_nobody_is_judged_by_its_own_word() -> None:
    alone = [scan for scan in night(3, 0.9) if scan.sensor == "A"]
    found = calibrate(alone, layout())
    assert found.sizes.get("cell", 0) == 0
    assert found.attrs["unsupported"]["A"] > 500


def test_classes_of_ground_are_told_apart() -> None:
    """Level ground west of the middle, a slope of 10° east of it; then the land cover's own names."""
    axis = np.arange(-4000.0, 4001.0, 100.0)
    rise = np.maximum(axis, 0.0) * np.tan(np.radians(10.0))
    elevation = np.broadcast_to(rise, (81, 81)).astype(np.float32)
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), elevation.copy(), {"units": "m"})},
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": FRAME.wkt, "datum": "none", "cell_m": 100.0},
    )
    seen = xr.Dataset({"probability": (("sensor", "northing", "easting"), np.full((3, 81, 81), 0.9, np.float32))},
                      coords={"northing": terrain["northing"], "easting": terrain["easting"],
                              "sensor": list(layout().ids)})  # fmt: skip
    found = calibrate(night(3, 0.9), layout(), terrain=terrain, coverage=seen)
    grounds = found["ground"].to_numpy()
    assert {"level", "sloping"} <= set(grounds.tolist()) <= {"level", "sloping", "unknown ground"}
    codes = np.where(axis < 0, 10, 30).astype(np.uint8)
    terrain["land_cover"] = (("northing", "easting"), np.broadcast_to(codes, (81, 81)).copy())
    named = calibrate(night(3, 0.9), layout(), terrain=terrain, coverage=seen)
    assert {"tree cover", "grassland"} <= set(named["ground"].to_numpy().tolist())
    assert int(named["trials"].sum()) == int(found["trials"].sum())


def test_a_design_effect_by_hand() -> None:
    """Clusters of 2 that agree: k − n p = ±1, C = 2, so (1 + 1)·2/(4·¼) = 4; where that was predicted, 1."""
    track, half = np.array([7, 7, 9, 9]), np.full(4, 0.5)
    assert design_effect(np.array([1.0, 1.0, 0.0, 0.0]), track, half) == pytest.approx(4.0)
    assert design_effect(np.array([1.0, 1.0, 0.0, 0.0]), track, np.array([1.0, 1.0, 0.0, 0.0])) == 1.0
    assert design_effect(np.array([1.0, 0.0, 1.0, 0.0]), track, half) == 1.0
    assert design_effect(np.ones(12), np.repeat([1, 2, 3], 4), np.full(12, 0.9)) == 4.0


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=60))
def test_an_interval_of_clusters_is_never_narrower_than_wilsons_own(trials: list[tuple[bool, int]]) -> None:
    hits, cluster = np.array([float(hit) for hit, _ in trials]), np.array([name for _, name in trials])
    effect = design_effect(hits, cluster, np.full(len(hits), 0.7))
    assert effect >= 1.0
    n, k = len(hits), float(hits.sum())
    low, high = wilson(k / n * n / effect, n / effect)
    plain_low, plain_high = wilson(k, n)
    assert high - low >= plain_high - plain_low - 1e-12
    assert low <= k / n <= high


@pytest.mark.parametrize("change", [{"support_s": 0.0}, {"level": 1.0}, {"least": 0.0}, {"support_s": float("nan")}])
def test_settings_that_make_no_sense(change: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        CalibrationSettings(**change)
