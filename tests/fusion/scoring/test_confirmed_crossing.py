"""A crossing and the track that it becomes: against P_detect on the same way, and against what is certain."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
import xarray as xr
from scipy.stats import binomtest
from shapely.geometry import LineString

from fusion.scoring.confirmed_crossing import ConfirmationSettings, ConfirmedCrossing, Share, confirmed_crossing
from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.coverage import coverage
from sensors.crossing.detection import Crossing
from sensors.gaps import fastest_crossing
from sensors.layout import AnySensor, Layout, place
from tests.geo.mobility.constant_speed import at_speed

FRAME = LocalFrame.around(1.5, 42.5)
CELL_M = 10.0
MANY = 2 if os.environ.get("WATCHLINE_DRILL") == "long" else 1
"""How many times as often crossings are walked in the drill; intervals are those of the runs that were made."""
BORDER = Border(FRAME, LineString([(0.0, 400.0), (800.0, 400.0)]), segment_length_m=100.0)


def ground(elevation: np.ndarray | float = 0.0) -> xr.Dataset:
    return xr.Dataset(
        {"elevation": (("northing", "easting"), np.broadcast_to(elevation, (81, 81)).copy(), {"units": "m"})},
        coords={"northing": CELL_M * np.arange(81.0)[::-1], "easting": CELL_M * np.arange(81.0)},
        attrs={"crs": FRAME.wkt},
    )


def radar(name: str = "radar", easting: float = 400.0, **changes: object) -> AnySensor:
    values = {"max_range_m": 350.0, "mast_height_m": 10.0, "period_s": 3.0, "range_sd_m": 3.0, "azimuth_sd_deg": 0.3}
    told = {"radial_velocity_sd_mps": 0.3, "detection_probability": 0.9, "false_alarms_per_scan": 0.01}
    return place(FRAME, easting, 700.0, id=name, kind="radar", **(values | told | changes))


def crossed(
    *sensors: AnySensor, conditions: str = "day", terrain: xr.Dataset | None = None, belt_m: float = 100.0
) -> tuple[Crossing, Layout, xr.Dataset, xr.Dataset]:
    """The fastest crossing at the middle of level ground, with layout, coverage and ground."""
    under = ground() if terrain is None else terrain
    layout = Layout("test", FRAME, sensors)
    seen = coverage(layout, under, BORDER, conditions=conditions)
    way = fastest_crossing(seen, under, BORDER, belt_m=belt_m, mobility=at_speed(ground(), 1.4), segment=4)
    return way, layout, seen, under


def walked(*sensors: AnySensor, runs: int = 60 * MANY, outages: bool = False, **case: object) -> ConfirmedCrossing:
    way, layout, seen, under = crossed(*sensors, **case)  # type: ignore[arg-type]
    settings = ConfirmationSettings(runs=runs, outages=outages)
    return confirmed_crossing(way, layout, seen, under, seed=2, settings=settings)


def test_wilson_by_the_oracles() -> None:
    """81 of 100 gives .7222 to .8749, 0 of 10 gives 0 to .2775."""
    many, none = Share.of(81, 100, 0.95), Share.of(0, 10, 0.95)
    assert (many.value, many.low, many.high) == (0.81, pytest.approx(0.7222, abs=5e-5), pytest.approx(0.8749, abs=5e-5))
    assert (none.low, none.high) == (pytest.approx(0.0, abs=1e-12), pytest.approx(0.2775, abs=5e-5))


@pytest.mark.parametrize("count", [0, 1, 7, 39, 40])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_wilson_is_scipys_to_the_bit(count: int, confidence: float) -> None:
    share, interval = Share.of(count, 40, confidence), binomtest(count, 40).proportion_ci(confidence, "wilson")
    assert (share.low, share.high) == (interval.low, interval.high)


def test_what_is_detected_in_the_runs_is_what_the_crossing_says_and_fewer_are_confirmed() -> None:
    """A weak radar over a short way: the share of runs with a plot lies in P_detect's bracket, to within the runs."""
    way, layout, seen, under = crossed(radar(detection_probability=0.06))
    settings = ConfirmationSettings(runs=100 * MANY)
    found = confirmed_crossing(way, layout, seen, under, seed=3, settings=settings)
    assert 0.3 < way.p_detect < 0.9
    assert found.detected.low <= way.p_detect
    assert way.p_detect_low <= found.detected.high
    assert 0 < found.confirmed.count < found.detected.count
    assert found.sensors == ("radar",)
    assert not found.at_least


def test_who_is_seen_at_every_look_is_confirmed_soon() -> None:
    way, layout, seen, under = crossed(radar(detection_probability=1.0))
    found = confirmed_crossing(way, layout, seen, under, seed=1, settings=ConfirmationSettings(runs=20 * MANY))
    assert found.confirmed.value == found.detected.value == 1.0
    assert found.confirmed_s.max() < way.time_s
    north = np.interp(found.confirmed_s, way.times_s, way.places[:, 1])
    assert (np.hypot(north - 700.0, 0.0) <= 351.0).all()  # the way runs north along the radar's easting, or beside it


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    way, layout, seen, under = crossed(radar(detection_probability=0.1))
    runs = ConfirmationSettings(runs=15 * MANY)
    first, again, other = (confirmed_crossing(way, layout, seen, under, seed=s, settings=runs) for s in (1, 1, 2))
    assert np.array_equal(first.confirmed_s, again.confirmed_s, equal_nan=True)
    assert not np.array_equal(first.confirmed_s, other.confirmed_s, equal_nan=True)


def test_rain_takes_detections_away() -> None:
    dry, wet = (
        walked(radar(detection_probability=0.3, reference_range_m=300.0), conditions=weather, runs=60)
        for weather in ("day", "rain_mm_h=100")
    )
    assert wet.detected.count <= dry.detected.count
    assert wet.confirmed.count < dry.confirmed.count


def test_a_camera_finds_no_more_than_its_search_allows() -> None:
    camera = place(
        FRAME, 400.0, 700.0, id="camera", kind="camera", max_range_m=350.0, mast_height_m=10.0, period_s=1.0,
        azimuth_sd_deg=0.1, elevation_sd_deg=0.1, detection_probability=0.3,
    )  # fmt: skip
    way, *_ = crossed(camera)
    found = walked(camera)
    assert way.p_detect == pytest.approx(0.3)
    assert found.detected.low <= 0.3 <= found.detected.high


def test_outages_last_for_the_whole_way() -> None:
    found = walked(radar(detection_probability=0.9, availability=0.5), outages=True)
    assert found.detected.low <= 0.5 <= found.detected.high


def test_unseen_is_exactly_nothing_and_unknown_is_unknown() -> None:
    far = radar(easting=40.0, max_range_m=30.0)
    assert walked(far).confirmed == Share(0.0, 0, 0, 0.0, 0.0)
    holes = np.zeros((81, 81))
    holes[20:22] = np.nan  # between the radar and the line
    below = radar(max_range_m=790.0, mast_height_m=1.0)
    way, layout, seen, under = crossed(below, terrain=ground(holes), belt_m=150.0)
    assert way.unknown_m > 0.0
    found = confirmed_crossing(way, layout, seen, under, seed=1, settings=ConfirmationSettings(runs=2))
    assert found.at_least
    assert math.isnan(found.confirmed.value)


@pytest.mark.parametrize("change", [{"runs": 0}, {"runs": 2.5}, {"near_m": 0.0}, {"confidence": 1.0}])
def test_settings_that_cannot_be_are_refused(change: dict) -> None:
    with pytest.raises(BadInput, match=next(iter(change))):
        ConfirmationSettings(**change)


def test_a_ground_sensor_feels_as_often_as_the_crossing_says() -> None:
    """Where somebody passes within its circle, in cells whose centre lies outside it too."""
    felt = place(FRAME, 408.0, 404.0, id="felt", kind="ground_sensor", max_range_m=40.0, detection_probability=0.6)
    way, *_ = crossed(felt)
    assert way.places[0, 0] == 400.0
    found = walked(felt, runs=100 * MANY)
    assert found.detected.low <= way.p_detect <= found.detected.high
    assert found.confirmed.count == 0  # triggers of one sensor alone confirm nothing


@pytest.mark.parametrize("seed", [-1, 1.5, "one", None])
def test_a_seed_that_is_none_is_refused(seed: object) -> None:
    way, layout, seen, under = crossed(radar())
    with pytest.raises(BadInput, match="seed"):
        confirmed_crossing(way, layout, seen, under, seed=seed)


def test_another_layout_is_refused() -> None:
    way, _, seen, under = crossed(radar())
    other = Layout("other", FRAME, (radar("another"),))
    with pytest.raises(BadInput, match="no sensor 'radar'"):
        confirmed_crossing(way, other, seen, under, seed=1)
