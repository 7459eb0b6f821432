"""Direction finders and cameras without elevation, made here with numpy alone: bearings that have to become tracks.

Sources: design §4a (detections), docs/adapters.md (a direction finder is a ``radio``), docs/files.md (``duty``,
``north_sd_deg``), docs/settings.md (``lifetime_s``, ``observable_s``), decision 0029 (what one, two and three finders
can give, and the limits on contacts).
Finders err by 2° (Gaussian, stated). Emitters walk; in each look they transmit with probability ``duty``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fusion.tracker import Tracker, track
from geo.frame import LocalFrame
from sensors.detections import split
from sensors.layout import Layout, place

FRAME = LocalFrame.around(10.0, 47.0)
START = np.datetime64("2026-03-14T21:00:00", "ns")
SD_DEG = 2.0
Path = Callable[[float], tuple[float, float]]
TWO = ((-1500.0, 0.0), (1500.0, 0.0))
THREE = (*TWO, (0.0, 2500.0))
IN_LINE = ((-2000.0, 0.0), (0.0, 0.0), (2000.0, 0.0))


def walk(easting: float, northing: float, east_mps: float, north_mps: float) -> Path:
    return lambda t: (easting + east_mps * t, northing + north_mps * t)


WALKER = walk(300.0, 1000.0, 1.0, 0.8)
APART = (walk(-900.0, 1800.0, 0.9, 0.2), walk(1100.0, 700.0, 0.6, -0.9))
CROSSING = (walk(-350.0, 1150.0, 1.1, 0.1), walk(350.0, 1250.0, -1.1, 0.0))
"""They pass each other at 100 m after 320 s; bearings cross from each finder."""


def finders(
    sites: Sequence[tuple[float, float]], *, duty: float = 1.0, period_s: float | None = 2.0, kind: str = "radio",
    sd_deg: float = SD_DEG, others: Sequence[Any] = (),
) -> Layout:  # fmt: skip
    keys: dict[str, Any] = {"duty": duty} if kind == "radio" else {}
    made = [
        place(
            FRAME, e, n, id=f"F{i}", kind=kind, max_range_m=5000.0, period_s=period_s, azimuth_sd_deg=sd_deg,
            detection_probability=0.95, **keys,
        )
        for i, (e, n) in enumerate(sites)
    ]  # fmt: skip
    return Layout("finders", FRAME, (*made, *others))


def bearings(
    sites: Sequence[tuple[float, float]], paths: Sequence[Path], *, seed: int, seconds: float, duty: float = 1.0,
    only_detections: bool = False, false: float = 0.0, sd_deg: float = SD_DEG, first: int = 0,
) -> list[tuple[float, str, np.ndarray]]:  # fmt: skip
    """(second, sensor, azimuths) of each scan, in order of time."""
    random, scans = np.random.default_rng(seed), []
    for i, (e, n) in enumerate(sites, first):
        for second in np.arange(random.uniform(0.0, 2.0), seconds, 2.0):
            heard = [
                math.atan2(path(second)[0] - e, path(second)[1] - n) + random.normal(0.0, math.radians(sd_deg))
                for path in paths
                if random.random() < 0.95 * duty
            ]
            heard += list(random.uniform(0.0, math.tau, random.poisson(false)))
            if heard or not only_detections:
                scans.append((float(second), f"F{i}", np.mod(heard, math.tau)))
    return sorted(scans, key=lambda scan: scan[:2])


def dataset(scans: Sequence[tuple[float, str, np.ndarray]], sd_deg: float = SD_DEG) -> xr.Dataset:
    azimuth = np.concatenate([scan[2] for scan in scans])
    counts: dict[str, int] = {}
    for _, sensor, _ in scans:
        counts[sensor] = counts.get(sensor, 0) + 1
    numbers = {sensor: iter(range(1, count + 1)) for sensor, count in counts.items()}
    return xr.Dataset(
        {
            "scan_sensor": ("scan", np.array([scan[1] for scan in scans])),
            "scan_time": ("scan", START + np.array([round(s[0] * 1e9) for s in scans]).astype("timedelta64[ns]")),
            "scan_boot": ("scan", np.ones(len(scans), np.int64)),
            "scan_sequence": ("scan", np.array([next(numbers[scan[1]]) for scan in scans])),
            "scan_index": ("detection", np.repeat(np.arange(len(scans)), [len(scan[2]) for scan in scans])),
            "azimuth": ("detection", azimuth, {"units": "rad"}),
            "azimuth_sd": ("detection", np.full(len(azimuth), math.radians(sd_deg)), {"units": "rad"}),
        }
    )


def confirmed(history: xr.Dataset) -> xr.Dataset:
    return history.isel(estimate=np.flatnonzero(np.isin(history.status.values, ["confirmed", "coasting"])))


def errors(rows: xr.Dataset, paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each row: which path is nearest, the error [m] against it, and the normalised squared error (NEES)."""
    nearest, error, nees = [], [], []
    seconds = (rows.time.values - START) / np.timedelta64(1, "s")
    for second, e, n, cov in zip(seconds, rows.easting.values, rows.northing.values, rows.cov.values, strict=True):
        away = np.array([(e, n) - np.array(path(second)) for path in paths])
        best = int(np.argmin(np.hypot(*away.T)))
        nearest.append(best)
        error.append(math.hypot(*away[best]))
        nees.append(away[best] @ np.linalg.solve(cov[:2, :2], away[best]))
    return np.array(nearest), np.array(error), np.array(nees)


def heard_by(sites: Sequence[tuple[float, float]], paths: Sequence[Path], seeds: range, **how: Any) -> list[xr.Dataset]:
    duty, only = how.get("duty", 1.0), how.get("only_detections", False)
    layout = finders(sites, duty=duty, period_s=None if only else 2.0)
    return [confirmed(track(dataset(bearings(sites, paths, seed=seed, **how)), layout)) for seed in seeds]


# One emitter


@pytest.mark.parametrize(
    ("sites", "duty", "seconds", "only_detections"),
    [
        (THREE, 1.0, 120.0, False), (THREE, 1.0, 120.0, True), (THREE, 0.3, 240.0, False), (THREE, 0.3, 240.0, True),
        (THREE, 0.05, 700.0, True), (TWO, 1.0, 120.0, False), (TWO, 0.3, 240.0, True), (TWO, 0.05, 900.0, True),
        (IN_LINE, 1.0, 120.0, True), (IN_LINE, 0.3, 240.0, False),
    ],
)  # fmt: skip
def test_one_emitter_is_one_track_with_an_honest_error(sites: Any, duty: float, seconds: float, only_detections: bool):
    runs = heard_by(sites, [WALKER], range(6), seconds=seconds, duty=duty, only_detections=only_detections)
    assert [len(set(rows.track.values)) for rows in runs] == [1] * 6
    _, error, nees = zip(*(errors(rows, [WALKER]) for rows in runs), strict=True)
    assert np.concatenate(nees).max() < 40.0
    # 2 in the mean for two axes; errors of one run are correlated, so six runs are worth some dozens
    assert 0.7 < np.concatenate(nees).mean() < 3.2
    # a bearing alone is off by 2° of 2 km, 70 m
    assert np.sqrt(np.mean(np.concatenate(error) ** 2)) < (45.0 if duty > 0.1 else 130.0)


@pytest.mark.parametrize("duty", [1.0, 0.05])
@pytest.mark.parametrize("only_detections", [False, True])
def test_one_finder_gives_no_position_and_says_so(duty: float, only_detections: bool):
    site = THREE[:1]
    layout = finders(site, duty=duty, period_s=None if only_detections else 2.0)
    scans = bearings(site, [WALKER], seed=1, seconds=300.0, duty=duty, only_detections=only_detections)
    tracker = Tracker(layout)
    for scan in split(dataset(scans), layout):
        tracker.advance(scan)
    assert tracker.take_history(final=True).sizes["estimate"] == 0
    assert tracker.bearings_unplaced == sum(len(scan[2]) for scan in scans) > 4
    contacts = tracker.bearings()
    assert set(contacts.sensor.values) == {"F0"}
    assert (contacts.crossings == 0).all()
    truth = math.atan2(WALKER(scans[-1][0])[0] - site[0][0], WALKER(scans[-1][0])[1] - site[0][1])
    newest = contacts.isel(contact=int(np.argmax(contacts.updated_at.values)))
    assert abs(float(newest.azimuth) - truth) < 4.0 * float(newest.azimuth_sd) + math.radians(3.0)


def test_two_finders_on_one_line_with_the_emitter_give_no_position():
    on_the_line = walk(0.0, 5.0, 0.3, 0.0)
    for rows in heard_by(TWO, [on_the_line], range(4), seconds=200.0):
        assert rows.sizes["estimate"] == 0


@pytest.mark.xfail(
    strict=True, reason="open fault, stated in decision 0029: a survey's error is taken as noise, which averages out"
)
def test_a_finder_that_is_turned_by_its_stated_error_makes_no_overconfident_track():
    """F0 reads 1.5° too much, exactly one standard deviation of its ``north_sd_deg``. With covariance P + s² u uᵀ an
    error of e + s u, e of covariance P, has an expected normalised square of exactly 2; 4.0 is found in ten runs (5.5
    without the key). 1.5° are 52 m at 2 km."""
    layout = finders(THREE)
    turned = replace(layout, sensors=(replace(layout.sensors[0], north_sd_deg=1.5), *layout.sensors[1:]))
    nees = []
    for seed in range(10):
        scans = [
            (second, name, np.mod(azimuths + math.radians(1.5), math.tau) if name == "F0" else azimuths)
            for second, name, azimuths in bearings(THREE, [WALKER], seed=seed, seconds=120.0)
        ]
        nees.append(errors(confirmed(track(dataset(scans), turned)), [WALKER])[2])
    assert np.concatenate(nees).mean() < 3.2  # as above


@pytest.mark.parametrize("seed", range(3))
def test_an_emitter_that_seldom_transmits_is_not_lost_by_twenty_empty_looks(seed: int):
    """A miss at p = .95·.05 makes r (1 − p)/(1 − r p) of an existence r, and a target stays 1,800 s in the mean
    (``lifetime_s``): .9 becomes .76 in twenty looks, while a duty of 1 would leave 1e-25. Misses may count a little
    less, because a target may be undetectable for another reason (``observable_s``)."""
    layout, path = finders(THREE, duty=0.05), walk(300.0, 1000.0, 0.3, 0.2)
    heard = bearings(THREE, [path], seed=seed, seconds=900.0, duty=0.05)
    silent = [(901.0 + 0.7 * k, f"F{k % 3}", np.zeros(0)) for k in range(21)]
    rows = confirmed(track(dataset(heard + silent), layout))
    rows = rows.isel(estimate=np.flatnonzero(rows.time.values >= START + np.timedelta64(901, "s")))
    assert len(set(rows.track.values)) == 1
    assert rows.sizes["estimate"] == 21
    wanted = float(rows.existence[0])
    for found in rows.existence.values[1:]:
        wanted *= math.exp(-0.7 / 1800.0)
        wanted *= (1.0 - 0.0475) / (1.0 - 0.0475 * wanted)
        assert wanted - 0.001 < found < wanted + 0.01


# Several emitters: k² crossings


@pytest.mark.parametrize(
    ("duty", "seconds", "only_detections"),
    [(1.0, 200.0, False), (1.0, 200.0, True), (0.3, 300.0, True), (0.05, 900.0, True)],
)
def test_three_finders_tell_two_emitters_from_their_ghosts(duty: float, seconds: float, only_detections: bool):
    """One bearing is 70 m across at 2 km. At a duty of 5 % a finder hears an emitter once in 42 s, 40 m of his walk."""
    for rows in heard_by(THREE, APART, range(5), seconds=seconds, duty=duty, only_detections=only_detections):
        nearest, error, nees = errors(rows, APART)
        assert set(nearest) == {0, 1}
        assert np.sqrt(np.mean(error**2)) < (60.0 if duty > 0.1 else 150.0)
        assert (nees > 25.0).mean() < 0.02
        assert 0.5 < nees.mean() < 4.0


@pytest.mark.parametrize("duty", [1.0, 0.3])
@pytest.mark.parametrize("only_detections", [False, True])
def test_two_finders_confirm_no_ghost_of_two_emitters(duty: float, only_detections: bool):
    """The four crossings explain the bearings equally well: none is confirmed, and each direction is shown."""
    layout = finders(TWO, duty=duty, period_s=None if only_detections else 2.0)
    for seed in range(4):
        scans = bearings(TWO, APART, seed=seed, seconds=200.0, duty=duty, only_detections=only_detections)
        tracker = Tracker(layout)
        tracker.step(dataset(scans))
        assert tracker.bearings().sizes["contact"] >= 4
        assert (tracker.bearings().crossings > 1).any()
        assert confirmed(tracker.take_history(final=True)).sizes["estimate"] == 0


def test_two_finders_follow_a_second_emitter_that_comes_later():
    early = bearings(TWO, APART[:1], seed=3, seconds=40.0)
    later = [scan for scan in bearings(TWO, APART, seed=4, seconds=160.0) if scan[0] >= 40.0]
    rows = confirmed(track(dataset(early + later), finders(TWO)))
    nearest, _, nees = errors(rows, APART)
    assert set(nearest) == {0, 1}
    assert len(set(rows.track.values)) == 2
    assert nees.mean() < 4.0


def test_emitters_that_pass_each_other_stay_two_tracks():
    for rows in heard_by(THREE, CROSSING, range(4), seconds=600.0):
        last = rows.isel(estimate=np.flatnonzero(rows.time.values > START + np.timedelta64(560, "s")))
        nearest, _, nees = errors(last, CROSSING)
        assert set(nearest) == {0, 1}
        assert len(set(last.track.values)) == 2
        assert nees.mean() < 4.5


def test_false_bearings_alone_confirm_nothing():
    layout = Layout("f", FRAME, tuple(_with_false(sensor) for sensor in finders(THREE, duty=0.3)))
    for seed in range(4):
        scans = bearings(THREE, [], seed=seed, seconds=300.0, false=0.2)
        assert confirmed(track(dataset(scans), layout)).sizes["estimate"] == 0


def _with_false(sensor: Any) -> Any:
    return replace(sensor, false_alarms_per_scan=0.2)


# With other sensors


def test_two_cameras_without_elevation_find_a_walker():
    layout = finders(TWO, kind="camera", sd_deg=0.2)
    for seed in range(3):
        scans = bearings(TWO, [WALKER], seed=seed, seconds=60.0, sd_deg=0.2)
        rows = confirmed(track(dataset(scans, 0.2), layout))
        _, error, nees = errors(rows, [WALKER])
        assert len(set(rows.track.values)) == 1
        assert error[-20:].mean() < 12.0
        assert nees.mean() < 4.0


def test_a_finder_and_a_camera_without_elevation_find_a_walker():
    camera = finders(TWO[1:], kind="camera", sd_deg=0.2).sensors[0]
    finder = finders(TWO[:1]).sensors[0]
    layout = Layout("mixed", FRAME, (finder, place(FRAME, *TWO[1], **_keys(camera))))
    for seed in range(3):
        wide = bearings(TWO[:1], [WALKER], seed=seed, seconds=90.0)
        sharp = bearings(TWO[1:], [WALKER], seed=seed + 9, seconds=90.0, sd_deg=0.2, first=1)
        scans = sorted(wide + sharp, key=lambda scan: scan[:2])
        made = dataset(scans)
        sd = np.where(np.array([s[1] for s in scans])[made.scan_index.values] == "F1", 0.2, SD_DEG)
        made["azimuth_sd"] = ("detection", np.radians(sd), {"units": "rad"})
        rows = confirmed(track(made, layout))
        assert len(set(rows.track.values)) == 1
        assert errors(rows, [WALKER])[2].mean() < 4.0


def _keys(camera: Any) -> dict[str, Any]:
    names = ("kind", "max_range_m", "period_s", "azimuth_sd_deg", "detection_probability")
    return {"id": "F1"} | {name: getattr(camera, name) for name in names}


def test_a_finder_beside_a_radar_adds_to_its_track():
    radar = place(
        FRAME, 0.0, -500.0, id="R", kind="radar", max_range_m=4000.0, period_s=2.0, range_sd_m=5.0, azimuth_sd_deg=0.5
    )
    random, scans = np.random.default_rng(5), bearings(TWO[:1], [WALKER], seed=5, seconds=100.0)
    plain = dataset(scans)
    times, plots = np.arange(0.3, 100.0, 2.0), []
    for second in times:
        e, n = WALKER(second)[0], WALKER(second)[1] + 500.0
        plots.append((math.atan2(e, n) + random.normal(0, math.radians(0.5)), math.hypot(e, n) + random.normal(0, 5.0)))
    both = dataset(sorted(scans + [(float(t), "R", np.array([p[0]])) for t, p in zip(times, plots, strict=True)]))
    of_radar = both.scan_sensor.values[both.scan_index.values] == "R"
    reach = np.full(both.sizes["detection"], np.nan)
    reach[of_radar] = [p[1] for p in plots]
    both["range"] = ("detection", reach, {"units": "m"})
    both["range_sd"] = ("detection", np.where(of_radar, 5.0, np.nan), {"units": "m"})
    both["azimuth_sd"] = ("detection", np.radians(np.where(of_radar, 0.5, SD_DEG)), {"units": "rad"})
    tracker = Tracker(finders(TWO[:1], others=(radar,)))
    tracker.step(both)
    history = tracker.take_history(final=True)
    assert len(set(confirmed(history).track.values)) == 1
    assert tracker.bearings_unplaced < 0.1 * plain.sizes["detection"]
    assert tracker.bearings().sizes["contact"] <= 1


# Laws of the tracker


@pytest.fixture(scope="module")
def two_heard() -> tuple[Layout, list[Any]]:
    layout = finders(THREE, duty=0.3)
    return layout, list(split(dataset(bearings(THREE, APART, seed=2, seconds=150.0, duty=0.3, false=0.1)), layout))


def equal(one: xr.Dataset, other: xr.Dataset) -> bool:
    return all(
        np.array_equal(one[name].values, other[name].values, equal_nan=True) for name in ("easting", "cov")
    ) and (one["track"].values.tolist() == other["track"].values.tolist())


def test_late_bearings_give_the_answer_of_bearings_in_order(two_heard: tuple[Layout, list[Any]]):
    layout, scans = two_heard
    in_order, late = Tracker(layout), Tracker(layout)
    for scan in scans:
        in_order.advance(scan)
    random = np.random.default_rng(6)
    for i in np.argsort(np.arange(len(scans)) + 12.0 * random.random(len(scans))):
        late.advance(scans[i])
    assert in_order.bearings().equals(late.bearings())
    assert equal(in_order.take_history(final=True), late.take_history(final=True))


def test_a_restored_tracker_goes_on_to_the_bit(two_heard: tuple[Layout, list[Any]]):
    layout, scans = two_heard
    whole, half = Tracker(layout), Tracker(layout)
    for scan in scans:
        whole.advance(scan)
    stop = 12  # contacts, and no track yet
    for scan in scans[:stop]:
        half.advance(scan)
    assert half.bearings().sizes["contact"] > 2
    again = Tracker.restore(layout, None, half.snapshot())
    for scan in scans[stop:]:
        again.advance(scan)
    assert whole.bearings().equals(again.bearings())
    assert whole.bearings_unplaced == again.bearings_unplaced
    assert equal(whole.take_history(final=True), again.take_history(final=True))


def test_a_crowd_of_bearings_stays_within_the_cap():
    random = np.random.default_rng(8)
    layout = finders([(400.0 * i, 0.0) for i in range(9)])
    scans = [(0.2 * k, f"F{k % 9}", random.uniform(0.0, math.tau, 15)) for k in range(270)]
    tracker = Tracker(layout)
    tracker.step(dataset(scans))
    contacts = tracker.bearings()
    assert 0 < contacts.sizes["contact"] <= 64  # decision 0029
    assert np.unique(contacts.sensor.values, return_counts=True)[1].max() <= 12
    assert confirmed(tracker.take_history(final=True)).sizes["estimate"] == 0
