"""The tracker's laws: order, duplicates, permutation, restoring, translation; and that it tracks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.filter.track_bank import TENTATIVE
from fusion.models.motion import Mode, unpack
from fusion.models.settings import TrackerSettings
from fusion.tracker import Tracker, track
from geo.arrays import Floats
from geo.errors import BadInput
from geo.frame import LocalFrame
from sensors.detections import from_columns
from sensors.errors import UnknownSensor
from sensors.layout import Layout, place
from sensors.scan_columns import ARRAYS, ScanColumns, with_deviations
from tests.drills.sizes import sized

START_NS = 1_790_000_000 * 10**9
FRAME = LocalFrame.around(10.0, 45.0)


def radars(*spots: tuple[float, float], **values: float) -> Layout:
    figures = {
        "max_range_m": 5000.0, "period_s": 3.0, "range_sd_m": 4.0, "azimuth_sd_deg": 0.4, "mast_height_m": 0.0,
        "detection_probability": 0.9, "false_alarms_per_scan": 5.0,
    }  # fmt: skip
    found = (place(FRAME, e, n, id=f"R{i}", kind="radar", **{**figures, **values}) for i, (e, n) in enumerate(spots))
    return Layout("test", FRAME, tuple(found))


def scan(sensor: str, sequence: int, when_s: float, *, kind: str = "radar", **columns: Floats) -> ScanColumns:
    n = len(next(iter(columns.values()))) if columns else 0
    tails = {"cov": (2, 2), "class_probability": (5,)}
    arrays = {name: np.full((n, *tails.get(name, ())), np.nan) for name in ARRAYS}
    arrays.update({name: np.asarray(values, float) for name, values in columns.items()})
    when_ns = START_NS + round(when_s * 1e9)
    return ScanColumns(sensor, kind, 1, sequence, when_ns, when_ns, **arrays)


def polar(sensor: str, sequence: int, when_s: float, azimuth: Floats, slant: Floats) -> ScanColumns:
    sd = np.ones(len(azimuth))
    return scan(
        sensor, sequence, when_s, azimuth=azimuth, range_=slant, azimuth_sd=np.radians(0.4) * sd, range_sd=4.0 * sd
    )


def traffic(layout: Layout, *, targets: int, scans: int, seed: int, clutter: float = 5.0) -> list[ScanColumns]:
    """Straight walkers and drivers seen by every radar in turn."""
    rng = np.random.default_rng(seed)
    origin = rng.uniform(-2500.0, 2500.0, (targets, 2))
    heading = rng.uniform(0.0, 2.0 * np.pi, targets)
    speed = np.where(rng.random(targets) < 0.3, 10.0, 1.4)
    velocity = speed[:, None] * np.stack([np.sin(heading), np.cos(heading)], axis=1)
    result = []
    for k in range(scans):
        for i, radar in enumerate(layout):
            when = 3.0 * k + i * 3.0 / len(layout)
            d = origin + velocity * when - np.array([radar.easting, radar.northing])
            hit = rng.random(targets) < 0.9
            false = rng.poisson(clutter)
            azimuth = np.arctan2(d[hit, 0], d[hit, 1]) + rng.normal(0.0, np.radians(0.4), hit.sum())
            slant = np.hypot(d[hit, 0], d[hit, 1]) + rng.normal(0.0, 4.0, hit.sum())
            azimuth = np.concatenate([azimuth, rng.uniform(0.0, 2 * np.pi, false)]) % (2 * np.pi)
            slant = np.concatenate([slant, 5000.0 * np.sqrt(rng.random(false))])
            result.append(polar(radar.id, k, when, azimuth, slant))
    return result


def history(scans: list[ScanColumns], layout: Layout, settings: TrackerSettings | None = None) -> xr.Dataset:
    tracker = Tracker(layout, settings)
    for item in scans:
        tracker.advance(item)
    return tracker.take_history(final=True)


TWO = radars((-1000.0, 0.0), (1000.0, 0.0))
NIGHT = traffic(TWO, targets=12, scans=30, seed=1)


@cache
def in_order() -> xr.Dataset:
    """The tracks of NIGHT, its scans taken in their order."""
    return history(NIGHT, TWO)


# --- laws -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**31))
@settings(max_examples=sized(4, 8), deadline=None)
def test_late_scans_within_the_horizon_give_the_in_order_answer_to_the_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrival = np.array([item.observed_ns for item in NIGHT]) + rng.uniform(0.0, 50e9, len(NIGHT)) * (
        rng.random(len(NIGHT)) < 0.3
    )
    tracker = Tracker(TWO)
    blocks = []
    for number in np.argsort(arrival, kind="stable"):
        tracker.advance(NIGHT[number])
        blocks.append(tracker.take_history())
    blocks.append(tracker.take_history(final=True))
    assert tracker.late_ignored == 0
    xr.testing.assert_identical(xr.concat(blocks, "estimate", data_vars="minimal"), in_order())


@given(st.integers(0, 2**31))
@settings(max_examples=sized(3, 5), deadline=None)
def test_the_order_of_plots_in_a_scan_changes_no_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = []
    for item in NIGHT:
        order = rng.permutation(len(item))
        shuffled.append(replace(item, **{name: getattr(item, name)[order] for name in ARRAYS}))
    xr.testing.assert_identical(history(shuffled, TWO), in_order())


def test_a_duplicate_scan_changes_nothing() -> None:
    tracker = Tracker(TWO)
    for item in NIGHT:
        assert tracker.advance(item)
        assert tracker.advance(item) == ()
    assert tracker.duplicates_ignored == len(NIGHT)
    xr.testing.assert_identical(tracker.take_history(final=True), in_order())


def test_a_scan_beyond_the_horizon_is_ignored_and_counted() -> None:
    tracker = Tracker(TWO)
    for item in NIGHT[1:]:
        tracker.advance(item)
    before = tracker.tracks()
    assert tracker.advance(NIGHT[0]) == ()
    assert tracker.late_ignored == 1
    xr.testing.assert_identical(tracker.tracks(), before)


@pytest.mark.parametrize("stop", [1, 17, 45])
def test_restoring_a_snapshot_and_going_on_equals_not_stopping(stop: int) -> None:
    late = NIGHT[stop - 1]
    scans = [item for item in NIGHT if item is not late]
    scans.insert(stop + 8, late)  # late data reach back beyond the snapshot
    first = Tracker(TWO)
    for item in scans[:stop]:
        first.advance(item)
    second = Tracker.restore(TWO, None, first.snapshot())
    for item in scans[stop:]:
        assert first.advance(item) == second.advance(item)
    xr.testing.assert_identical(first.take_history(final=True), second.take_history(final=True))
    xr.testing.assert_identical(first.tracks(), second.tracks())
    xr.testing.assert_identical(history(NIGHT, TWO), in_order())


def test_a_snapshot_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="snapshot"):
        Tracker.restore(TWO, None, b"nothing")
    with pytest.raises(BadInput, match=r"another layout: it has 2 sensors, this one 1; .* replay the journal"):
        Tracker.restore(radars((0.0, 0.0)), None, Tracker(TWO).snapshot())
    defaults = TrackerSettings()
    with pytest.raises(BadInput, match="another layout or motion model"):
        Tracker.restore(TWO, replace(defaults, modes=defaults.modes[:1]), Tracker(TWO).snapshot())


def test_asking_does_not_change_the_answer() -> None:
    tracker = Tracker(TWO)
    for item in NIGHT:
        tracker.advance(item)
        tracker.tracks()
        tracker.snapshot()
    xr.testing.assert_identical(tracker.take_history(final=True), in_order())


def test_step_takes_the_dataset_that_advance_takes_as_columns() -> None:
    tracker = Tracker(TWO)
    for item in NIGHT:
        tracker.step(from_columns([item]))
    xr.testing.assert_identical(tracker.take_history(final=True), in_order())
    whole = track(from_columns(NIGHT[::-1]), TWO)
    xr.testing.assert_identical(whole.isel(estimate=slice(0, in_order().sizes["estimate"])), in_order())


@pytest.mark.parametrize("classes", [["person", "vehicle"], ["vehicle", "person"]])
def test_a_subset_of_classes_in_any_order_gives_the_answer_of_all_classes_to_the_bit(classes: list[str]) -> None:
    layout = radars((0.0, 0.0))
    reported = []
    for one in traffic(layout, targets=8, scans=20, seed=3):
        label = np.tile([0.8, 0.0, 0.2, 0.0, 0.0], (len(one), 1))
        reported.append(replace(one, class_probability=label))
    whole = from_columns(reported)
    xr.testing.assert_identical(track(whole.sel({"class": classes}), layout), track(whole, layout))


def test_terrain_and_coverage_are_read_by_coordinate_never_by_position() -> None:
    layout = radars((-500.0, 0.0), (900.0, 0.0), max_range_m=1500.0)
    terrain, coverage = coverage_with_a_shadow(layout)
    detections = from_columns(traffic(layout, targets=8, scans=20, seed=4))
    expected = track(detections, layout, terrain=terrain, coverage=coverage)
    for moved in ({"northing": slice(None, None, -1)}, {"easting": slice(None, None, -1)}):
        again = track(detections, layout, terrain=terrain.isel(moved), coverage=coverage.isel(moved))
        xr.testing.assert_identical(again, expected)
    again = track(detections, layout, terrain=terrain.transpose(), coverage=coverage.isel(sensor=[1, 0]).transpose())
    xr.testing.assert_identical(again, expected)
    with pytest.raises(BadInput, match="does not contain 'R1'"):
        track(detections, layout, terrain=terrain, coverage=coverage.isel(sensor=[0]))


def test_moving_the_whole_scene_moves_the_tracks() -> None:
    shift = np.array([300.0, -700.0])
    moved = radars((-1000.0 + shift[0], shift[1]), (1000.0 + shift[0], shift[1]))
    there = history(NIGHT, moved)
    assert there.sizes == in_order().sizes
    assert np.array_equal(there.track, in_order().track)
    assert there.easting.values - shift[0] == pytest.approx(in_order().easting.values, abs=1e-5)
    assert there.northing.values - shift[1] == pytest.approx(in_order().northing.values, abs=1e-5)


def test_turning_the_whole_scene_by_a_quarter_turns_the_tracks() -> None:
    turned_layout = radars((0.0, 1000.0), (0.0, -1000.0))  # (e, n) becomes (n, −e)
    turned = [replace(item, azimuth=(item.azimuth + 0.5 * np.pi) % (2.0 * np.pi)) for item in NIGHT]
    there, here = Tracker(turned_layout), Tracker(TWO)
    for one, other in zip(turned, NIGHT, strict=True):
        there.advance(one)
        here.advance(other)
    # at the edge of range the five points of a spread tell more or less of it: tracks well inside are compared
    a, b = (tracker.timeline.bank.tracks for tracker in (there, here))
    inner, its = (np.flatnonzero((each.status > 0) & (np.hypot(*each.centre[:, :2].T) < 3500.0)) for each in (a, b))
    assert len(inner) == len(its) >= 10
    c = a.centre[inner]
    back = np.stack([-c[:, 1], c[:, 0], -c[:, 3], c[:, 2]], axis=1)  # names differ: the order of plots does
    its = its[((back[:, None, :2] - b.centre[None, its, :2]) ** 2).sum(axis=2).argmin(axis=1)]
    assert len(set(its.tolist())) == len(its)
    assert back == pytest.approx(b.centre[its], abs=1e-6)
    assert a.existence[inner] == pytest.approx(b.existence[its], rel=1e-6)
    turned_cov, cov = unpack(a.spread[inner]), unpack(b.spread[its])
    assert turned_cov[:, 1, 1] == pytest.approx(cov[:, 0, 0], rel=1e-6)
    assert turned_cov[:, 0, 1] == pytest.approx(-cov[:, 0, 1], rel=1e-6, abs=1e-6)


# --- history --------------------------------------------------------------------------------------------------------


def test_history_has_a_row_for_each_live_track_at_each_scan_and_ends_closed() -> None:
    ended = in_order().track.values[in_order().status.values == "closed"]
    assert len(ended) > 50
    assert len(ended) == len(set(ended.tolist()))
    for name in set(ended.tolist()):
        rows = in_order().isel(estimate=np.flatnonzero(in_order().track.values == name))
        assert rows.status.values[-1] == "closed"
        assert (np.diff(rows.time.values) >= np.timedelta64(0)).all()
    longest = max((in_order().track.values == name).sum() for name in set(in_order().track.values.tolist()))
    assert longest == 60  # a target in view of both radars all the time has a row at every scan


def test_history_without_a_border_has_no_segment() -> None:
    assert (in_order().segment.values == -1).all()
    assert np.isnan(in_order().offset_m.values).all()


def test_history_locates_tracks_along_a_border() -> None:
    class Line:
        def locate(self, easting: Floats, northing: Floats) -> tuple[Floats, Floats, Floats]:
            return (np.asarray(easting) // 500.0).astype(np.int32), np.asarray(easting), -np.asarray(northing)

    tracker = Tracker(TWO, border=Line())
    for item in NIGHT[:10]:
        tracker.advance(item)
    rows = tracker.take_history(final=True)
    assert rows.offset_m.values == pytest.approx(-rows.northing.values)
    assert rows.segment.dtype == np.int32
    assert tracker.tracks().offset_m.values == pytest.approx(-tracker.tracks().northing.values)


# --- it tracks ------------------------------------------------------------------------------------------------------


def test_every_target_is_confirmed_within_a_few_scans_and_followed() -> None:
    shown = in_order().isel(estimate=np.flatnonzero(np.isin(in_order().status.values, ["confirmed", "coasting"])))
    early = shown.isel(estimate=np.flatnonzero(shown.time.values <= shown.time.values.min() + np.timedelta64(12, "s")))
    assert len(set(early.track.values.tolist())) >= 10
    assert 12 <= len(set(shown.track.values.tolist())) <= 14


def test_clutter_alone_confirms_nothing_in_three_hours() -> None:
    # none in 3.0 hours shows at most one an hour at 95 %
    layout = radars((0.0, 0.0), false_alarms_per_scan=10.0)
    rng = np.random.default_rng(7)
    tracker = Tracker(layout)
    confirmed = 0
    for k in range(3600):
        false = rng.poisson(10.0)
        item = polar("R0", k, 3.0 * k, rng.uniform(0.0, 2 * np.pi, false), 5000.0 * np.sqrt(rng.random(false)))
        confirmed += sum(event.kind == "confirmed" for event in tracker.advance(item))
    assert confirmed == 0


def coverage_with_a_shadow(layout: Layout, until_m: float = 1025.0) -> tuple[xr.Dataset, xr.Dataset]:
    """Flat ground, and coverage in which a band north of the first radar is hidden, from 875 m."""
    axis = np.arange(-5000.0, 5001.0, 50.0)
    coords = {"northing": axis[::-1], "easting": axis}
    flat = np.zeros((len(axis), len(axis)), np.float32)
    seen = np.full((len(layout), *flat.shape), 0.9, np.float32)
    seen[0, (coords["northing"] >= 900.0) & (coords["northing"] <= until_m - 25.0)] = 0.0
    terrain = xr.Dataset(
        {"elevation": (("northing", "easting"), flat)}, coords=coords, attrs={"crs": FRAME.wkt, "cell_m": 50.0}
    )
    look = {"probability": (("sensor", "northing", "easting"), seen)}
    return terrain, xr.Dataset(look, coords={"sensor": list(layout.ids), **coords})


def test_track_takes_look_probabilities_as_the_tracker_does() -> None:
    terrain, coverage = coverage_with_a_shadow(radars((0.0, 0.0)))
    coverage = coverage.isel(sensor=[0, 0]).assign_coords(sensor=list(TWO.ids))
    tracker = Tracker(TWO, terrain=terrain, coverage=coverage)
    for item in NIGHT:
        tracker.advance(item)
    expected = tracker.take_history(final=True)
    whole = track(from_columns(NIGHT), TWO, terrain=terrain, coverage=coverage)
    xr.testing.assert_identical(whole.isel(estimate=slice(0, expected.sizes["estimate"])), expected)
    assert not expected.equals(in_order()), "the shadow is of consequence"


@pytest.mark.parametrize("comes_out", [True, False])
def test_a_track_behind_a_ridge_coasts_and_keeps_its_identity(comes_out: bool) -> None:
    layout = radars((0.0, 0.0))
    terrain, coverage = coverage_with_a_shadow(layout)
    tracker = Tracker(layout, terrain=terrain, coverage=coverage)
    rng = np.random.default_rng(2)
    statuses, names = [], set()
    for k in range(260):
        north = 700.0 + 1.4 * 3.0 * k
        hidden = 875.0 < north < 1025.0 or (north > 875.0 and not comes_out)
        d = np.array([100.0, north])
        azimuth = np.full(0 if hidden else 1, np.arctan2(*d) + rng.normal(0.0, np.radians(0.4)))
        tracker.advance(polar("R0", k, 3.0 * k, azimuth, np.hypot(*d) + rng.normal(0.0, 4.0, len(azimuth))))
        now = tracker.tracks()
        shown = now.isel(estimate=np.flatnonzero(now.status.values != "tentative"))
        names |= set(shown.track.values.tolist())
        statuses.append(shown.status.values.tolist())
        if hidden and 60 < k < 70:
            assert shown.status.values.tolist() == ["coasting"]
            assert shown.existence.values[0] > 0.7
    assert len(names) == 1
    assert statuses[-1] == (["confirmed"] if comes_out else [])  # not deleted for being unseen, not kept for ever


@pytest.mark.parametrize(("speed_mps", "hidden_s"), [(10.0, 60.0), (1.4, 200.0)])
def test_who_goes_on_behind_a_ridge_comes_out_under_the_same_name(speed_mps: float, hidden_s: float) -> None:
    layout, kept = radars((0.0, 0.0)), 0
    terrain, coverage = coverage_with_a_shadow(layout, 875.0 + speed_mps * hidden_s)
    for seed in range(6):
        tracker, rng, names = Tracker(layout, terrain=terrain, coverage=coverage), np.random.default_rng(seed), []
        place, heading = np.array([100.0, 875.0 - 40.0 * speed_mps]), 0.0
        looks = int((hidden_s + 80.0) / 3.0)
        for k in range(looks):
            heading += rng.normal(0.0, 0.02 if speed_mps > 5.0 else 0.01)
            place = place + 3.0 * speed_mps * np.array([np.sin(heading), np.cos(heading)])
            hidden = 875.0 < place[1] < 875.0 + speed_mps * hidden_s
            azimuth = np.full(0 if hidden else 1, np.arctan2(*place) + rng.normal(0.0, np.radians(0.4)))
            tracker.advance(polar("R0", k, 3.0 * k, azimuth, np.hypot(*place) + rng.normal(0.0, 4.0, len(azimuth))))
            if k in (12, looks - 1):
                now = tracker.tracks()
                names.append(now["track"].values[now["status"].values == "confirmed"].tolist())
        kept += names[0] == names[1] != []
    assert kept >= 5  # a way that bends as a road does; without memory beyond 120 m none of the vehicles


def test_false_plots_from_hidden_ground_do_not_pile_up() -> None:
    layout = radars((0.0, 0.0))
    terrain, coverage = coverage_with_a_shadow(layout)
    coverage = coverage.where(coverage["northing"] < 900.0, 0.0)  # everything in the north is hidden
    tracker = Tracker(layout, terrain=terrain, coverage=coverage)
    rng = np.random.default_rng(8)
    for k in range(100):  # two false plots a scan from where nothing is ever seen
        azimuth, slant = rng.uniform(-0.6, 0.6, 2), rng.uniform(2000.0, 4500.0, 2)
        tracker.advance(polar("R0", k, 3.0 * k, azimuth, slant))
        bank = tracker.timeline.bank
        unseen = (START_NS + 3_000_000_000 * k - bank.tracks.updated_ns) * 1e-9
        assert (unseen[bank.tracks.existence < 0.1] <= 30.001).all()
    assert 2 <= len(bank) <= 30  # 120 with the 180 s that a confirmed track may coast
    assert (bank.tracks.status == TENTATIVE).all()


def test_crossing_targets_keep_two_tracks() -> None:
    layout = radars((0.0, 0.0))
    rng = np.random.default_rng(4)
    tracker = Tracker(layout)
    for k in range(80):
        along = -170.0 + 1.4 * 3.0 * k
        d = np.array([[along, 1000.0], [-along, 1005.0]])
        azimuth = np.arctan2(d[:, 0], d[:, 1]) + rng.normal(0.0, np.radians(0.4), 2)
        tracker.advance(polar("R0", k, 3.0 * k, azimuth, np.hypot(*d.T) + rng.normal(0.0, 4.0, 2)))
    now = tracker.tracks()
    shown = now.isel(estimate=np.flatnonzero(now.status.values == "confirmed"))
    assert sorted(np.round(shown.easting.values / 166.0)) == [-1.0, 1.0]


def test_radial_velocity_sharpens_the_speed() -> None:
    layout = radars((0.0, 0.0), radial_velocity_sd_mps=0.2)
    spreads = []
    for radial in (np.nan, 1.4):
        tracker = Tracker(layout)
        for k in range(4):
            one = np.ones(1)
            slant = np.array([1000.0 + 1.4 * 3.0 * k])
            item = polar("R0", k, 3.0 * k, 0.0 * one, slant)
            tracker.advance(replace(item, radial_velocity=radial * one, radial_velocity_sd=0.2 * one))
        spreads.append(tracker.tracks().cov.values[0, 3, 3])
    assert spreads[1] < 0.5 * spreads[0]


def test_camera_labels_decide_the_class() -> None:
    camera = place(
        FRAME, 0.0, 0.0, id="C", kind="camera", max_range_m=3000.0, period_s=1.0, azimuth_sd_deg=0.1,
        elevation_sd_deg=0.1, false_alarms_per_scan=0.1,
    )  # fmt: skip
    layout = Layout("both", FRAME, (*radars((0.0, 0.0)).sensors, camera))
    tracker = Tracker(layout)
    one = np.ones(1)
    for k in range(6):
        tracker.advance(polar("R0", k, 3.0 * k, 0.5 * one, 1000.0 * one))
    before = tracker.tracks().class_probability.sel({"class": "animal"}).values[0]
    for k in range(3):
        label = np.array([[0.1, 0.1, 0.1, 0.6, 0.1]])
        bearing = scan(
            "C", k, 19.0 + k, kind="camera", azimuth=0.5 * one, azimuth_sd=0.002 * one, class_probability=label
        )
        events = tracker.advance(bearing)
    assert [event.kind for event in events] == ["updated"]
    after = tracker.tracks()
    assert after.class_probability.sel({"class": "animal"}).values[0] > 0.9 > before
    assert after.class_probability.sum("class").values == pytest.approx(1.0)
    assert after.sensors.values.tolist() == ["R0,C"]


def ground_sensors() -> Layout:
    at = ((0.0, 0.0), (0.0, 60.0), (0.0, 120.0))
    return Layout(
        "ground",
        FRAME,
        tuple(
            place(FRAME, e, n, id=f"G{i}", kind="ground_sensor", max_range_m=30.0, false_alarms_per_scan=0.003)
            for i, (e, n) in enumerate(at)
        ),
    )


def trigger(number: int, sequence: int, when_s: float) -> ScanColumns:
    return scan(f"G{number}", sequence, when_s, kind="ground_sensor", azimuth=np.array([np.nan]))


def test_triggers_of_two_sensors_confirm_a_track_but_those_of_one_do_not() -> None:
    starts = TrackerSettings(trigger_births=True)
    windy, passed = Tracker(ground_sensors(), starts), Tracker(ground_sensors(), starts)
    for k in range(20):
        windy.advance(trigger(0, k, 10.0 * k))
    assert set(windy.tracks().status.values.tolist()) == {"tentative"}
    for k in range(3):  # somebody walks past all three at 1.4 m/s
        passed.advance(trigger(k, 0, 43.0 * k))
    assert "confirmed" in passed.tracks().status.values.tolist()
    silent = Tracker(ground_sensors())
    silent.advance(trigger(0, 0, 0.0))
    assert silent.tracks().sizes["estimate"] == 0


# --- consistency ----------------------------------------------------------------------------------------------------

LINEAR = TrackerSettings(
    modes=(Mode("walk", 0, 0, 1.0, 60.0, 1.0, 60.0),),
    vehicle_probability=0.0,
    coast_sd_m=1e5,
    gate_probability=1.0 - 1e-12,
)


def ou(dt: float, sd: float, tau: float) -> tuple[Floats, Floats]:
    """Transition and noise (4, 4) of the linear model, by numerical integration."""
    s = np.linspace(0.0, dt, 4001)
    decay, moved = np.exp(-s / tau), tau * (1.0 - np.exp(-s / tau))
    q = 2.0 * sd**2 / tau * np.array([np.trapezoid(f, s) for f in (moved**2, moved * decay, decay**2)])
    F = np.kron(np.array([[1.0, moved[-1]], [0.0, decay[-1]]]), np.eye(2))
    return F, np.kron(np.array([[q[0], q[1]], [q[1], q[2]]]), np.eye(2))


def reports(sensor: str, k: int, when_s: float, where: Floats, sd: float) -> ScanColumns:
    cov = np.broadcast_to(np.eye(2) * sd**2, (len(where), 2, 2))
    return scan(sensor, k, when_s, easting=where[:, 0], northing=where[:, 1], cov=cov)


def test_one_target_in_the_linear_case_is_the_kalman_filter() -> None:
    layout = radars((0.0, 0.0), detection_probability=1.0, false_alarms_per_scan=0.0)
    tracker = Tracker(layout, replace(LINEAR, least_false_alarms=1e-9))
    F, Q = ou(3.0, 1.0, 60.0)
    H, R = np.eye(2, 4), 25.01 * np.eye(2)  # the tracker adds 0.1 m of its own
    rng = np.random.default_rng(0)
    x, P = np.zeros(4), np.zeros((4, 4))
    for k in range(40):
        z = np.array([[100.0 + 3.0 * k, 200.0]]) + rng.normal(0.0, 5.0, 2)
        tracker.advance(reports("R0", k, 3.0 * k, z, 5.0))
        if k == 0:
            x, P = np.array([*z[0], 0.0, 0.0]), np.diag([25.01, 25.01, 1.0, 1.0])
        else:
            x, P = F @ x, F @ P @ F.T + Q
            K = P @ H.T @ np.linalg.inv(H @ P @ H.T + R)
            x, P = x + K @ (z[0] - H @ x), P - K @ H @ P
        bank = tracker.timeline.bank
        assert len(bank) == 1
        assert bank.tracks.centre[0] == pytest.approx(x, rel=1e-6, abs=1e-6)
        assert unpack(bank.tracks.spread)[0] == pytest.approx(P, rel=1e-6, abs=1e-6)


def test_errors_are_as_large_as_the_covariance_says() -> None:
    # 200 targets a kilometre apart are 200 runs: mean NEES of 4 states lies in [3.618, 4.401] at about 95 % of scans
    layout = radars((0.0, 0.0), max_range_m=20_000.0, detection_probability=1.0, false_alarms_per_scan=0.0)
    tracker = Tracker(layout, replace(LINEAR, least_false_alarms=1e-9))
    F, Q = ou(3.0, 1.0, 60.0)
    rng = np.random.default_rng(5)
    side = np.arange(20) * 1000.0 - 9500.0
    x = np.zeros((200, 4))
    x[:, 0], x[:, 1] = np.repeat(side, 10), np.tile(side[::2], 20)
    x[:, 2:] = rng.normal(0.0, 1.0, (200, 2))
    inside = 0
    for k in range(60):
        if k:
            x = x @ F.T + rng.multivariate_normal(np.zeros(4), Q, 200)
        tracker.advance(reports("R0", k, 3.0 * k, x[:, :2] + rng.normal(0.0, np.sqrt(25.01), (200, 2)), 5.0))
        bank = tracker.timeline.bank
        assert len(bank) == 200
        nearest = ((x[:, None, :2] - bank.tracks.centre[None, :, :2]) ** 2).sum(axis=2).argmin(axis=1)
        error = x - bank.tracks.centre[nearest]
        nees = np.einsum("ti,tij,tj->t", error, np.linalg.inv(unpack(bank.tracks.spread[nearest])), error).mean()
        inside += 3.618 <= nees <= 4.401
    assert inside >= 0.85 * 60


def test_an_unknown_sensor_is_named() -> None:
    with pytest.raises(UnknownSensor, match="'R9'"):
        Tracker(TWO).advance(scan("R9", 0, 0.0))


def test_every_track_of_a_whole_history_ends_closed_and_no_other_row_changes() -> None:
    scans = traffic(TWO, targets=5, scans=12, seed=4)
    tracker = Tracker(TWO)
    for one in scans:
        tracker.advance(one)
    open_ended = tracker.take_history(final=True)
    whole = track(from_columns(scans), TWO)
    kept = whole.isel(estimate=slice(0, open_ended.sizes["estimate"]))
    xr.testing.assert_identical(kept, open_ended)
    last = {name: str(status) for name, status in zip(whole["track"].values, whole["status"].values, strict=True)}
    assert set(last.values()) == {"closed"}


def test_a_scan_received_later_than_the_horizon_after_it_was_observed_is_ignored() -> None:
    scans = traffic(TWO, targets=3, scans=4, seed=5)
    late = replace(scans[-1], received_ns=scans[-1].observed_ns + 61_000_000_000)
    tracker = Tracker(TWO)
    for one in (*scans[:-1], late):
        tracker.advance(one)
    assert tracker.late_ignored == 1


def test_deviations_that_a_dataset_leaves_out_are_the_layouts() -> None:
    scans = traffic(TWO, targets=3, scans=10, seed=6)
    full = from_columns([with_deviations(bare(one), TWO) for one in scans])
    missing = from_columns([bare(one) for one in scans])
    assert np.isnan(missing["range_sd"].values).all()
    xr.testing.assert_identical(track(missing, TWO), track(full, TWO))
    assert track(missing, TWO).sizes["estimate"] > 0


def bare(one: ScanColumns) -> ScanColumns:
    """The scan without its deviations."""
    nothing = np.full(len(one), np.nan)
    return replace(one, azimuth_sd=nothing, range_sd=nothing)


def test_a_snapshot_before_the_first_scan_restores() -> None:
    first = Tracker(TWO)
    second = Tracker.restore(TWO, None, first.snapshot())
    scans = traffic(TWO, targets=2, scans=5, seed=7)
    for one in scans:
        assert first.advance(one) == second.advance(one)
    xr.testing.assert_identical(first.tracks(), second.tracks())
