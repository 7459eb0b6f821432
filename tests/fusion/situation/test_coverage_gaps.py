"""Which segments a sensor's loss opens: equal to searching anew, and told as one alert with cause, before and after."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import LineString

from fusion.alerts import AlertState, act_on, picture_of, raise_alerts
from fusion.alerts.messages import cleared as reason
from fusion.models.settings import TrackerSettings
from fusion.models.tracker_model import tracker_model
from fusion.situation.carried_rates import CarriedRates
from fusion.situation.context import AlertContext
from fusion.situation.correlate import Correlator
from fusion.situation.coverage_gaps import DetectionLookup, StoredPaths, detection_lookup_of
from fusion.situation.current_coverage import current_coverage_of
from fusion.situation.facts import CoverageGap
from fusion.tracker import Tracker
from geo.border import Border
from geo.frame import LocalFrame
from geo.message import Message
from sensors.coverage import coverage
from sensors.crossing.segments import least_ways, over_segments
from sensors.gaps import watch_belt
from sensors.layout import Layout, place
from sensors.mobile.viewpoint import Viewpoint

NS = 1_000_000_000
START_NS = 1_772_323_200 * NS
FRAME = LocalFrame.around(10.0, 45.0)
BORDER = Border(FRAME, LineString([(-2900.0, 0.0), (2900.0, 0.0)]), 500.0, "left")
CELL_M = 50.0


def ground() -> xr.Dataset:
    easting, northing = np.arange(-3000.0, 3001.0, CELL_M), np.arange(1500.0, -1501.0, -CELL_M)
    shape = (len(northing), len(easting))
    return xr.Dataset(
        {"elevation": (("northing", "easting"), np.zeros(shape, np.float32), {"units": "m"})},
        coords={"northing": northing, "easting": easting},
        attrs={"crs": FRAME.wkt, "datum": "unknown", "cell_m": CELL_M},
    )


def radar(name: str, east: float, reach: float):
    return place(
        FRAME, east, 100.0, id=name, kind="radar", max_range_m=reach, period_s=3.0, range_sd_m=4.0, azimuth_sd_deg=0.4,
        detection_probability=0.9, mast_height_m=10.0,
    )  # fmt: skip


LAYOUT = Layout(
    "l", FRAME, (radar("west", -1500.0, 1400.0), radar("mid", -400.0, 900.0), radar("east", 1800.0, 1200.0))
)


@pytest.mark.parametrize(("length_m", "segment_m"), [(5820.0, 500.0), (300.0, 20.0), (510.0, 500.0)])
def test_a_segment_shorter_than_the_distance_of_the_samples_is_covered_like_any_other(
    length_m: float, segment_m: float
) -> None:
    """Such as the remainder at the end of a border, and every segment of 20 m."""
    border = Border(FRAME, LineString([(0.0, 0.0), (length_m, 0.0)]), segment_m, "left")
    watching = tracker_model(Layout("l", FRAME, (radar("near", length_m / 2.0, 4000.0),)), TrackerSettings(), None)
    assert current_coverage_of(watching, border).segments["near"].all()


@pytest.fixture(scope="module")
def seen():
    terrain = ground()
    return watch_belt(coverage(LAYOUT, terrain, BORDER), terrain, BORDER, belt_m=1000.0)


@pytest.fixture(scope="module")
def lookup(seen):
    return detection_lookup_of(seen)


def exact(seen, gone) -> np.ndarray:
    left = seen.only({sensor.name for sensor in seen.sensors} - set(gone))
    return over_segments(left, least_ways(left))["detection_probability"].to_numpy()


@pytest.mark.parametrize("gone", [(), ("west",), ("mid",), ("east",), ("west", "mid", "east")])
def test_with_all_none_or_one_lost_it_equals_searching_anew(seen, lookup, gone) -> None:
    np.testing.assert_allclose(lookup.probability(gone), exact(seen, gone), atol=1e-9)


def test_with_more_lost_it_is_never_below_and_losing_more_never_raises_it(seen, lookup) -> None:
    names = lookup.sensors
    for count in (2,):
        for gone in combinations(names, count):
            assert (lookup.probability(gone) >= exact(seen, gone) - 1e-9).all()
            for one in gone:
                assert (lookup.probability(gone) <= lookup.probability([one]) + 1e-12).all()


def test_strangers_do_not_count(lookup) -> None:
    np.testing.assert_array_equal(lookup.probability(["nobody"]), lookup.probability([]))


def test_where_the_sight_of_the_rest_is_unknown_a_loss_leaves_it_unknown() -> None:
    """Expected detections by ``a`` of 3 along the one path; whether ``b`` sees it is unknown, but ``c`` does not."""
    hazard, dark = np.array([[[3.0, 0.0, 0.0]]]), np.array([[[False, True, False]]])
    paths = StoredPaths(None, (), hazard, dark, np.array([[False]]))
    lookup = DetectionLookup(("a", "b", "c"), paths.crossable(hazard), dark)
    assert lookup.probability([]) == pytest.approx(1.0 - np.exp(-3.0))
    assert np.isnan(lookup.probability(["a"])).all()
    assert lookup.newly_below([], "a", 0.5).tolist() == []
    assert lookup.newly_below(["b"], "a", 0.5).tolist() == [0], "the sensor that might see it does not work either"


# ---- the alert -----------------------------------------------------------------------------------------------------


class State:
    def __init__(self, state: str, since_ns: int = START_NS) -> None:
        self.state, self.since_ns = state, since_ns


EMPTY = picture_of(Tracker(LAYOUT, terrain=None, border=BORDER).tracks(), Correlator(BORDER))


def run(lookup, steps):
    """Revisions of lost coverage of (second, {sensor: state}, faults) steps; the rest is ok."""
    state, told = AlertState(), []
    for second, states, faults in steps:
        now = START_NS + round(second * NS)
        health = {name: State(states.get(name, "ok"), now) for name in lookup.sensors}
        state, news = raise_alerts(
            state, EMPTY, now_ns=now, health=health, faults=faults, context=AlertContext(detection=lookup)
        )
        told += [alert for alert in news if alert.rule == "coverage_lost"]
        state = AlertState.from_json(state.to_json())
    return told


def test_a_silent_sensor_opens_its_segments_with_cause_before_and_after(lookup) -> None:
    told = run(lookup, [(0, {}, {}), (10, {"west": "offline"}, {}), (20, {"west": "offline"}, {})])
    (alert,) = told
    before, after = lookup.probability([]), lookup.probability(["west"])
    expected = np.flatnonzero((before >= 0.8) & (after < 0.8))
    assert len(expected)
    assert [one.segment for one in alert.coverage_gaps] == expected.tolist()
    for one in alert.coverage_gaps:
        assert one.before == pytest.approx(before[one.segment], abs=1e-4)
        assert one.after == pytest.approx(after[one.segment], abs=1e-4)
    assert (alert.sensor, alert.cause) == ("west", "offline")
    assert alert.message.id.startswith("alert-coverage-gap")
    figures = alert.message.parameters
    assert (figures["count"], figures["total"], figures["cause"]) == (len(expected), BORDER.segments, "offline")


@pytest.mark.parametrize("fault", ["obscured", "frozen_data"])
def test_a_sensor_that_is_heard_and_blind_opens_them_too(lookup, fault) -> None:
    blind = {"east": {fault: Message("sensor-obscured")}}
    told = run(lookup, [(0, {}, {}), (10, {"east": "degraded"}, blind), (11, {"east": "degraded"}, blind)])
    (alert,) = told
    assert (alert.sensor, alert.cause, alert.status) == ("east", fault, "active")
    assert alert.message.parameters["cause"] == fault
    cleared = run(lookup, [(0, {}, {}), (10, {"east": "degraded"}, blind), (60, {}, {})])[-1]
    assert (cleared.id, cleared.status, cleared.reason_message) == (alert.id, "cleared", reason("fault_over"))


def test_a_fault_that_does_not_blind_and_planned_maintenance_open_nothing(lookup) -> None:
    assert not run(lookup, [(0, {}, {}), (10, {}, {"east": {"low_power": Message("sensor-low-power")}})])
    assert not run(lookup, [(0, {}, {}), (10, {"east": "maintenance"}, {}), (90, {"east": "maintenance"}, {})])


def test_who_is_lost_while_another_is_in_maintenance_opens_what_that_one_would_have_held(lookup) -> None:
    both = lookup.probability(["west", "mid"])
    alone = lookup.probability(["mid"])
    tipped = np.flatnonzero((lookup.probability(["west"]) >= 0.8) & (both < 0.8))
    told = run(lookup, [(0, {"west": "maintenance"}, {}), (9, {"west": "maintenance", "mid": "offline"}, {})])
    assert [one.segment for alert in told for one in alert.coverage_gaps] == tipped.tolist()
    assert (alone >= both).all()


def test_sensors_lost_together_are_told_once_a_segment(lookup) -> None:
    gone = {"west": "offline", "mid": "offline"}
    told = run(lookup, [(0, {}, {}), (10, gone, {}), (11, gone, {})])
    segments = [one.segment for alert in told for one in alert.coverage_gaps]
    expected = np.flatnonzero((lookup.probability([]) >= 0.8) & (lookup.probability(["west", "mid"]) < 0.8))
    assert sorted(segments) == expected.tolist()
    assert len(set(segments)) == len(segments)


def test_it_is_cleared_when_the_sensor_reports_again_and_not_before(lookup) -> None:
    steps = [(0, {}, {}), (10, {"west": "offline"}, {})] + [(20 + 5 * k, {}, {}) for k in range(12)]
    told = run(lookup, steps)
    assert [alert.status for alert in told] == ["active", "cleared"]
    assert told[1].reason_message == reason("sensor_reports")
    assert (told[1].updated_at - told[0].raised_at).total_seconds() >= 30.0


def test_a_gap_in_a_segment_that_the_border_no_longer_has_does_not_keep_it_open(lookup) -> None:
    beyond = CoverageGap(lookup.hazard.shape[1] + 4, 0.9, 0.1)
    assert AlertContext(detection=lookup).meets_again((beyond,), ("west",), 0.8)


def test_a_person_may_reject_it_and_it_stays_rejected(lookup) -> None:
    now = START_NS + 10 * NS
    health = {"west": State("offline", now)}
    state, news = raise_alerts(AlertState(), EMPTY, now_ns=now, health=health, context=AlertContext(detection=lookup))
    (lost,) = [alert for alert in news if alert.rule == "coverage_lost"]
    state, _ = act_on(state, lost.id, "reject", by="A", reason="known", at=lost.raised_at)
    again, news = raise_alerts(state, EMPTY, now_ns=now + NS, health=health, context=AlertContext(detection=lookup))
    assert not news
    assert again.alerts[lost.id].status == "rejected"


def test_who_is_blind_and_then_silent_is_one_loss_and_a_second_outage_keeps_what_is_open(lookup) -> None:
    blind = {"west": {"obscured": Message("sensor-obscured")}}
    steps = [
        (0, {}, {}),
        (10, {"west": "degraded"}, blind),
        (20, {"west": "offline"}, blind),
        (30, {"west": "offline"}, {}),
    ]
    told = run(lookup, steps)
    assert [alert.status for alert in told] == ["active"]
    back = [(40 + 10 * k, {}, {}) for k in range(5)]
    assert [alert.status for alert in run(lookup, steps + back)] == ["active", "cleared"]


def test_in_a_section_of_high_impact_it_is_high(lookup) -> None:
    now = START_NS + 10 * NS
    levels = ("high",) * lookup.hazard.shape[1]
    for impact, expected in (((), "medium"), (levels, "high")):
        context = AlertContext(detection=lookup, impact=impact)
        _, news = raise_alerts(
            AlertState(), EMPTY, now_ns=now, health={"mid": State("offline", now), "west": State("maintenance", now)},
            context=context,
        )  # fmt: skip
        found = [alert for alert in news if alert.rule == "coverage_lost"]
        assert all(alert.priority in (expected, "high") for alert in found)
        if impact:
            assert {alert.impact_level for alert in found} <= {"high"}


# ---- sensors that move ---------------------------------------------------------------------------------------------


def carried_lookup(seen):
    return detection_lookup_of(seen, rate_at=CarriedRates(LAYOUT, ground(), seen.belt))


def there(east: float, **more) -> Viewpoint:
    return Viewpoint(east, 100.0, 10.0, **more)


def test_at_its_post_a_mobile_sensor_counts_as_a_fixed_one_to_the_bit(seen, lookup) -> None:
    carried = carried_lookup(seen)
    at_post = carried.at({"mid": there(-400.0)})
    for gone in ([], ["west"], ["mid"], ["west", "mid"]):
        np.testing.assert_array_equal(carried.probability(gone), lookup.probability(gone))
        np.testing.assert_array_equal(at_post.probability(gone), lookup.probability(gone))
    assert carried.at({"stranger": there(0.0)}) is carried
    assert lookup.at({"mid": there(0.0)}) is lookup  # its paths are not kept


@pytest.mark.parametrize("moving", [False, True])
def test_away_from_it_the_result_is_an_upper_bound_and_exact_without_it(seen, lookup, moving) -> None:
    moved = carried_lookup(seen).at({"mid": there(600.0, moving=moving)})
    sensors = tuple(radar("mid", 600.0, 900.0) if one.id == "mid" else one for one in LAYOUT)
    terrain = ground()
    other = watch_belt(coverage(Layout("l", FRAME, sensors), terrain, BORDER), terrain, BORDER, belt_m=1000.0)
    assert (moved.probability([]) >= exact(other, ()) - 1e-6).all()
    np.testing.assert_array_equal(moved.probability(["mid"]), lookup.probability(["mid"]))
    assert (moved.probability([]) >= moved.probability(["mid"]) - 1e-12).all()
    assert not np.array_equal(moved.probability([]), lookup.probability([]))


def test_losing_it_opens_the_segments_that_it_covered_from_where_it_stood(seen) -> None:
    moved = carried_lookup(seen).at({"mid": there(600.0)})
    told = run(moved, [(0, {}, {}), (10, {"mid": "offline"}, {})])
    before, after = moved.probability([]), moved.probability(["mid"])
    expected = np.flatnonzero((before >= 0.8) & (after < 0.8))
    assert len(expected)
    assert [one.segment for alert in told for one in alert.coverage_gaps] == expected.tolist()
    assert set(expected) != set(np.flatnonzero(carried_lookup(seen).probability([]) >= 0.8))


def test_off_the_terrain_it_sees_nothing(seen, lookup) -> None:
    gone = carried_lookup(seen).at({"mid": Viewpoint(90_000.0, 0.0, 10.0)})
    np.testing.assert_array_equal(gone.probability([]), gone.probability(["mid"]))
