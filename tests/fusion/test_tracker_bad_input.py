"""Whatever a sensor sends: no crash, no NaN, covariances positive definite, other tracks undisturbed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.filter.track_bank import track_name
from fusion.models.motion import unpack
from fusion.models.settings import SettingsError, TrackerSettings
from fusion.track_management.lifecycle import track_id
from fusion.tracker import Tracker
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.scan_columns import ARRAYS, ScanColumns
from tests.drills.sizes import sized

FRAME = LocalFrame.around(10.0, 45.0)
LAYOUT = Layout(
    "rough",
    FRAME,
    (
        place(FRAME, 0.0, 0.0, id="R", kind="radar", max_range_m=5000.0, period_s=3.0, false_alarms_per_scan=2.0),
        place(FRAME, 500.0, 0.0, id="C", kind="camera", max_range_m=3000.0, period_s=1.0, field_of_view_deg=90.0),
        place(FRAME, 0.0, 500.0, id="G", kind="ground_sensor", max_range_m=30.0),
    ),
)
START_NS = 1_790_000_000 * 10**9
KINDS = {"R": "radar", "C": "camera", "G": "ground_sensor"}
odd = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1.0, 1e-300, 1e300])


def scan(sensor: str, sequence: int, when_s: float, columns: dict[str, npt.NDArray[np.float64]]) -> ScanColumns:
    n = len(columns["azimuth"])
    tails = {"cov": (2, 2), "class_probability": (5,)}
    arrays = {name: np.full((n, *tails.get(name, ())), np.nan) for name in ARRAYS} | columns
    when = START_NS + round(when_s * 1e9)
    return ScanColumns(sensor, KINDS[sensor], 1, sequence, when, when, **arrays)


def radar_scan(sequence: int, azimuth: npt.ArrayLike, slant: npt.ArrayLike) -> ScanColumns:
    azimuth, slant = np.atleast_1d(azimuth).astype(float), np.atleast_1d(slant).astype(float)
    sds = {"azimuth_sd": np.full(len(azimuth), 0.007), "range_sd": np.full(len(azimuth), 4.0)}
    return scan("R", sequence, 3.0 * sequence, {"azimuth": azimuth, "range_": slant, **sds})


def assert_sound(tracker: Tracker) -> None:
    bank = tracker.timeline.bank
    for values in (
        bank.tracks.mean,
        bank.tracks.cov,
        bank.tracks.mode,
        bank.tracks.centre,
        bank.tracks.existence,
        bank.tracks.label,
        bank.intensity,
    ):
        assert np.isfinite(values).all()
    if len(bank):
        assert np.linalg.eigvalsh(unpack(bank.tracks.cov)).min() > 0.0
        assert bank.tracks.mode.sum(axis=1) == pytest.approx(np.ones(len(bank)))
        assert ((bank.tracks.existence > 0.0) & (bank.tracks.existence < 1.0)).all()
    assert (bank.intensity >= 0.0).all()


@given(st.integers(0, 2**31), st.lists(st.tuples(st.sampled_from(ARRAYS), odd), max_size=4))
@settings(max_examples=25, deadline=None)
def test_long_runs_of_rough_input_stay_sound(seed: int, damage: list[tuple[str, float]]) -> None:
    rng = np.random.default_rng(seed)
    tracker = Tracker(LAYOUT)
    for k in range(60):
        sensor = str(rng.choice(list(KINDS)))
        n = int(rng.integers(0, 6))
        columns = {
            "azimuth": rng.uniform(-7.0, 7.0, n),
            "azimuth_sd": np.exp(rng.normal(-5.0, 2.0, n)),
            "elevation_angle": np.where(rng.random(n) < 0.5, rng.normal(-0.02, 0.02, n), np.nan),
            "elevation_angle_sd": np.full(n, 0.002),
            "range_": np.where(rng.random(n) < 0.7, rng.uniform(0.0, 6000.0, n), np.nan),
            "range_sd": np.exp(rng.normal(1.0, 2.0, n)),
            "radial_velocity": np.where(rng.random(n) < 0.5, rng.normal(0.0, 10.0, n), np.nan),
            "radial_velocity_sd": np.full(n, 0.3),
            "class_probability": rng.dirichlet(np.full(5, 0.1), n),
        }
        item = scan(sensor, k, float(rng.uniform(0.0, 300.0)), columns)
        for name, value in damage:
            if n and rng.random() < 0.5:
                hurt = getattr(item, name).copy()
                hurt[int(rng.integers(0, n))] = value
                item = replace(item, **{name: hurt})
        tracker.advance(item)
    assert_sound(tracker)
    tracker.take_history(final=True)


@pytest.mark.parametrize("slant", [0.0, 1e-9, 0.5])
def test_zero_range_is_a_place_like_any_other(slant: float) -> None:
    tracker = Tracker(LAYOUT)
    for k in range(10):
        tracker.advance(radar_scan(k, 1.0, slant))
    assert_sound(tracker)
    assert np.hypot(*tracker.timeline.bank.tracks.centre[0, :2]) < 5.0


def test_a_track_across_north_is_one_track() -> None:
    tracker = Tracker(LAYOUT)
    for k in range(40):
        tracker.advance(radar_scan(k, np.arctan2(-84.0 + 4.2 * k, 1000.0) % (2.0 * np.pi), 1000.0))
    assert tracker.tracks().status.values.tolist() == ["confirmed"]


def test_coincident_plots_leave_one_confirmed_track() -> None:
    tracker = Tracker(LAYOUT)
    for k in range(20):
        tracker.advance(radar_scan(k, [1.0] * 5 if k == 10 else 1.0, [800.0] * 5 if k == 10 else 800.0))
    assert_sound(tracker)
    assert (tracker.tracks().status.values == "confirmed").sum() == 1


def test_a_flood_starts_no_tracks_and_disturbs_none() -> None:
    rng = np.random.default_rng(3)
    tracker = Tracker(LAYOUT)
    confirmed = 0
    for k in range(30):
        flood = 300 if k >= 15 else 2  # 150 times what the layout says
        azimuth = np.concatenate([[0.5], rng.uniform(0.0, 2.0 * np.pi, flood)])
        slant = np.concatenate([[1500.0 + 4.2 * k], 5000.0 * np.sqrt(rng.random(flood))])
        confirmed += sum(event.kind == "confirmed" for event in tracker.advance(radar_scan(k, azimuth, slant)))
    assert_sound(tracker)
    now = tracker.tracks()
    shown = now.isel(estimate=np.flatnonzero(now.status.values == "confirmed"))
    assert confirmed <= 2
    assert np.hypot(shown.easting, shown.northing).values[0] == pytest.approx(1500.0 + 4.2 * 29, abs=25.0)


def in_one_spot(k: int, rng: np.random.Generator, count: int, spread_m: float) -> tuple[np.ndarray, np.ndarray]:
    """A walker far away, and ``count`` plots about one place from the tenth scan on: azimuth, range."""
    place = rng.normal([1200.0, 1200.0], spread_m, (count if k >= 10 else 0, 2))
    place = np.vstack([[[-1000.0 + 4.2 * k, 900.0]], place])
    return np.arctan2(place[:, 0], place[:, 1]) % (2.0 * np.pi), np.hypot(*place.T)


@pytest.mark.parametrize(("count", "spread_m", "most"), [(50, 60.0, 30), (200, 20.0, 20), (200, 200.0, 20)])
def test_a_burst_in_one_spot_shows_as_a_crowd_at_most_and_is_counted(count: int, spread_m: float, most: int) -> None:
    rng, tracker = np.random.default_rng(5), Tracker(LAYOUT)
    scans = sized(25, 40)
    for k in range(scans):
        tracker.advance(radar_scan(k, *in_one_spot(k, rng, count, spread_m)))
    assert_sound(tracker)
    assert tracker.plots_flooded > 0.5 * (scans - 10) * count
    now = tracker.tracks()
    shown = now.isel(estimate=np.flatnonzero(now.status.values != "tentative"))
    away = np.hypot(shown.easting - (-1000.0 + 4.2 * (scans - 1)), shown.northing - 900.0).values
    assert (away < 20.0).sum() == 1
    assert (away > 20.0).sum() <= most  # before floods were looked for in each spot: as many as plots in a scan


def test_a_crowd_that_is_suddenly_there_is_seen() -> None:
    rng, tracker = np.random.default_rng(6), Tracker(LAYOUT)
    crowd = rng.normal([1200.0, 1200.0], 30.0, (30, 2))
    for k in range(25):
        now = crowd + 3.0 * k * np.array([1.0, -1.0])
        noise = rng.normal(0.0, [0.007, 4.0], (30, 2))
        seen = rng.random(30) < 0.9
        azimuth, slant = np.arctan2(now[:, 0], now[:, 1]) + noise[:, 0], np.hypot(*now.T) + noise[:, 1]
        tracker.advance(radar_scan(k, azimuth[seen], slant[seen]))
    assert (tracker.tracks().status.values == "confirmed").sum() >= 5


def test_rows_without_a_measurement_are_dropped_and_counted() -> None:
    tracker = Tracker(LAYOUT)
    tracker.advance(radar_scan(0, [np.nan, 1.0, 1.0, 1.0], [100.0, np.inf, -5.0, 700.0]))
    assert tracker.rows_dropped == 3
    assert tracker.tracks().sizes["estimate"] == 1


def test_time_going_backwards_is_late_data() -> None:
    tracker = Tracker(LAYOUT)
    for k in (5, 4, 3, 2, 1, 0):
        tracker.advance(radar_scan(k, 1.0, 900.0))
    in_order = Tracker(LAYOUT)
    for k in range(6):
        in_order.advance(radar_scan(k, 1.0, 900.0))
    assert np.array_equal(tracker.timeline.bank.tracks.mean, in_order.timeline.bank.tracks.mean)


@pytest.mark.parametrize(
    "values", [{"modes": ()}, {"confirm_existence": 1.0}, {"lifetime_s": float("nan")}, {"horizon_s": -1.0}]
)
def test_settings_that_cannot_be_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="TrackerSettings"):
        TrackerSettings(**values)  # type: ignore[arg-type]


def test_two_plots_of_one_hash_found_two_tracks() -> None:
    """The numbers are such a pair for this radar: who holds a sensor's key can choose them. Two live tracks of one name
    would be no picture."""
    tracker = Tracker(LAYOUT)
    for sequence, when_s, azimuth in ((242608, 0.0, 0.2), (643753, 3.0, 1.7)):
        columns = {"azimuth": azimuth, "azimuth_sd": 0.007, "range_": 1000.0, "range_sd": 4.0}
        tracker.advance(scan("R", sequence, when_s, {name: np.array([value]) for name, value in columns.items()}))
    names = tracker.tracks().track.values.tolist()
    assert len(names) == len(set(names)) == 2
    assert track_id("R", 1, 242608, 0) == track_id("R", 1, 643753, 0)
    assert names[0] == track_name(track_id("R", 1, 242608, 0)), "the first one keeps its name"


@pytest.mark.parametrize("sensor", ["R", "C"])
def test_a_deviation_whose_square_is_zero_divides_nothing(sensor: str) -> None:
    tracker = Tracker(LAYOUT)
    for k, when_s in enumerate((0.0, 0.0, 3.0, 6.0, 9.0, 12.0)):
        columns = {"azimuth": 0.1, "azimuth_sd": 1e-170, "range_": 1000.0 if sensor == "R" else np.nan}
        columns["range_sd"] = 1e-170 if sensor == "R" else np.nan
        tracker.advance(scan(sensor, k, when_s, {name: np.array([value]) for name, value in columns.items()}))
    assert_sound(tracker)
    assert len(tracker.timeline.entries) == 6
