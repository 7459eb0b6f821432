"""Rules about places: loitering, appearing inside, dead ground ahead, groups, lost coverage, and distress calls."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from shapely.geometry import LineString

from fusion.alerts import (
    Alert,
    AlertSettings,
    AlertSettingsError,
    AlertState,
    DistressCall,
    TrackPicture,
    act_on,
    distress,
    raise_alerts,
    rank,
)
from fusion.alerts.messages import cleared
from fusion.models.settings import TrackerSettings
from fusion.models.tracker_model import tracker_model
from fusion.situation.correlate import Correlator
from fusion.situation.current_coverage import CurrentCoverage, current_coverage_of
from geo.border import Border
from geo.frame import LocalFrame
from geo.message import Message
from sensors.layout import Layout, place
from sensors.timestamps import utc_datetime

NS = 1_000_000_000
START_NS = 1_772_323_200 * NS
FRAME = LocalFrame.around(10.0, 45.0)
BORDER = Border(FRAME, LineString([(-5000.0, 0.0), (5000.0, 0.0)]), 500.0, "left")
CORRELATOR = Correlator(BORDER)
PERSON = (0.9, 0.04, 0.02, 0.03, 0.01)


def picture(names, places, rates=None, *, second, status="confirmed", sd=3.0) -> TrackPicture:
    """Tracks at ``places`` (n, 2); home is in the north, so the offset is the northing."""
    n = len(names)
    where = np.asarray(places, np.float64).reshape(n, 2)
    rate = np.zeros((n, 2)) if rates is None else np.asarray(rates, np.float64).reshape(n, 2)
    ground = CORRELATOR.of_arrays(where[:, 0], where[:, 1], rate[:, 0], rate[:, 1])
    return TrackPicture(
        track=tuple(names),
        status=np.broadcast_to(np.asarray(status), n).copy(),
        easting=where[:, 0],
        northing=where[:, 1],
        easting_rate=rate[:, 0],
        northing_rate=rate[:, 1],
        cov=np.tile(np.diag([sd**2, sd**2, 0.04, 0.04]), (n, 1, 1)),
        existence=np.full(n, 0.999),
        class_probability=np.tile(PERSON, (n, 1)),
        updated_ns=np.full(n, START_NS + round(second * NS)),
        evidence=((("R", 1, 1),),) * n,
        segment=np.asarray(ground.segment, np.int64),
        chainage_m=ground.chainage_m,
        offset_m=ground.offset_m,
        home=np.column_stack([ground.home_easting, ground.home_northing]),
    )


def radar(name: str, east: float, north: float, **more):
    values = {
        "kind": "radar", "max_range_m": 2000.0, "period_s": 3.0, "range_sd_m": 4.0, "azimuth_sd_deg": 0.4,
        "detection_probability": 0.9, "mast_height_m": 0.0,
    }  # fmt: skip
    return place(FRAME, east, north, id=name, **{**values, **more})


def watching(*sensors) -> CurrentCoverage:
    return current_coverage_of(tracker_model(Layout("l", FRAME, tuple(sensors)), TrackerSettings(), None), BORDER)


class Silent:
    def __init__(self, since_ns: int, state: str = "offline") -> None:
        self.state, self.since_ns = state, since_ns


def judge(state: AlertState, shown: TrackPicture, second: float, **more):
    return raise_alerts(state, shown, now_ns=START_NS + round(second * NS), **more)


def told(steps, **more) -> tuple[AlertState, list]:
    """Every alert revision of a run of (second, picture)."""
    state, news = AlertState(), []
    for second, shown in steps:
        state, new = judge(state, shown, second, **more)
        news.extend(new)
        again, none = judge(state, shown, second, **more)
        assert none == ()
        assert again == state
    return state, news


def of(news, rule: str) -> list:
    return [alert for alert in news if alert.rule == rule]


# ---- loitering ---------------------------------------------------------------------------------------------------


def test_who_stays_near_the_line_loiters_once_and_is_cleared_when_moving_on() -> None:
    jitter = np.random.default_rng(1).normal(0.0, 3.0, (400, 2))
    steps = [(3.0 * k, picture(["T1"], [[0.0, -200.0] + jitter[k]], second=3.0 * k)) for k in range(300)]
    steps += [(900.0 + 3.0 * k, picture(["T1"], [[0.0, -200.0 - 4.0 * k]], second=900.0 + 3.0 * k)) for k in range(40)]
    _, news = told(steps)
    loiter = of(news, "loitering")
    assert {a.id for a in loiter} == {loiter[0].id}
    first = loiter[0]
    assert first.status == "active"
    assert first.priority == "low"
    assert first.message.parameters["duration_s"] == pytest.approx(600.0, abs=4.0)
    assert (first.raised_at.timestamp() - START_NS / NS) == pytest.approx(600.0, abs=4.0)
    assert loiter[-1].status == "cleared"
    stated = [(a.message.parameters["duration_s"], (a.observed_at - first.observed_at).total_seconds()) for a in loiter]
    assert len(stated) > 2
    for duration_s, later_s in stated:  # each revision states the time since it stopped, not since 1970
        assert duration_s == pytest.approx(600.0 + later_s, abs=4.0)


def test_who_walks_on_or_stays_far_away_does_not_loiter() -> None:
    walk = [(3.0 * k, picture(["T1"], [[-1500.0 + 3.0 * k, -200.0]], second=3.0 * k)) for k in range(400)]
    far = [(3.0 * k, picture(["T1"], [[0.0, -900.0]], second=3.0 * k)) for k in range(400)]
    assert not of(told(walk)[1], "loitering")
    assert not of(told(far)[1], "loitering")


# ---- appeared inside ---------------------------------------------------------------------------------------------


def appear(at, *, before=(), sensors=(), second=300.0, rate=(0.0, 1.3), looks=1):
    """A run that settles, with tracks ``before``, and then shows T9 at ``at`` and ``looks`` times in all, each 6 s."""
    names = [f"B{i}" for i in range(len(before))]
    steps = [(t, picture(names, before, second=t, status="coasting")) for t in (0.0, 150.0, second - 1.0)]
    status = ["coasting"] * len(before) + ["confirmed"]
    rates = np.array([(0.0, 0.0)] * len(before) + [rate])
    for t in 6.0 * np.arange(looks):
        places = [*before, (at[0] + rate[0] * t, at[1] + rate[1] * t)]
        steps.append((second + t, picture([*names, "T9"], places, rates, second=second + t, status=status)))
    return of(told(steps, coverage=watching(*sensors))[1], "track_initiated_inside")


def test_a_track_from_nowhere_inside_watched_ground_is_told() -> None:
    (alert,) = appear((0.0, 400.0), sensors=[radar("R", 0.0, 0.0)])
    assert alert.priority == "medium"
    assert alert.message == Message("alert-track-initiated-inside", {"track": "T9", "offset_m": 400.0})
    assert Message("alert-detail-check-gap", {"segment": alert.segment}) in alert.details


@pytest.mark.parametrize("rate", [(0.0, -1.3), (1.3, 0.0), (0.0, -0.3)])
def test_who_appears_inside_and_goes_out_or_along_the_line_is_no_gap(rate) -> None:
    """At -0.3 m/s one look unclear (its speed is known to 0.2 m/s); the way of a minute can."""
    assert not appear((0.0, 400.0), sensors=[radar("R", 0.0, 0.0)], rate=rate, looks=30)


@pytest.mark.parametrize("rate", [(0.0, 0.0), (0.0, 0.3)])
def test_who_appears_inside_and_may_go_in_is_told_after_a_minute(rate) -> None:
    assert not appear((0.0, 400.0), sensors=[radar("R", 0.0, 0.0)], rate=rate, looks=10)
    assert len(appear((0.0, 400.0), sensors=[radar("R", 0.0, 0.0)], rate=rate, looks=12)) == 1


def test_a_track_at_the_edge_of_what_is_watched_may_have_walked_in() -> None:
    assert not appear((0.0, 1430.0), sensors=[radar("R", 0.0, 0.0, max_range_m=1500.0)])


def test_a_track_beyond_the_border_or_just_inside_is_no_gap() -> None:
    assert not appear((0.0, -400.0), sensors=[radar("R", 0.0, 0.0)])
    assert not appear((0.0, 60.0), sensors=[radar("R", 0.0, 0.0)])


def test_a_track_beside_one_that_coasts_is_taken_for_it() -> None:
    assert not appear((0.0, 400.0), before=[(100.0, 400.0)], sensors=[radar("R", 0.0, 0.0)])


def test_nothing_appears_from_nowhere_while_watching_has_only_begun() -> None:
    assert not appear((0.0, 400.0), sensors=[radar("R", 0.0, 0.0)], second=100.0)


def test_a_silent_sensor_watches_nothing() -> None:
    look = watching(radar("R", 0.0, 0.0))
    steps = [(t, picture([], np.empty((0, 2)), second=t)) for t in (0.0, 200.0)]
    steps.append((300.0, picture(["T9"], [(0.0, 400.0)], second=300.0)))
    _, news = told(steps, coverage=look, health={"R": Silent(START_NS)})
    assert not of(news, "track_initiated_inside")


def test_a_track_initiated_inside_on_which_nobody_acts_is_cleared_and_forgotten() -> None:
    """Its rule never ends it, and an open alert keeps its incident open."""
    settings = AlertSettings(stale_s=500.0, keep_s=100.0)
    steps = [(t, picture([], np.empty((0, 2)), second=t)) for t in (0.0, 200.0)]
    steps.append((300.0, picture(["T9"], [(0.0, 400.0)], [(0.0, 1.3)], second=300.0)))
    steps += [(t, picture([], np.empty((0, 2)), second=t)) for t in (799.0, 800.0, 901.0)]
    state, news = told(steps, coverage=watching(radar("R", 0.0, 0.0)), settings=settings)
    inside = of(news, "track_initiated_inside")
    assert [(alert.status, alert.reason_message) for alert in inside] == [
        ("active", None), ("cleared", cleared("no_action"))
    ]  # fmt: skip
    assert inside[-1].updated_at == utc_datetime(START_NS + 800 * NS)
    assert state.alerts == {}


# ---- dead ground -------------------------------------------------------------------------------------------------


def into_the_dark(reach_m: float):
    look = watching(radar("R", 0.0, -400.0, max_range_m=reach_m))
    steps = [(3.0 * k, picture(["T1"], [[0.0, -600.0 + 4.2 * k]], [[0.0, 1.4]], second=3.0 * k)) for k in range(90)]
    return of(told(steps, coverage=look)[1], "entering_dead_ground")


def test_who_heads_into_ground_that_nobody_sees_is_told_once() -> None:
    alerts = into_the_dark(200.0)  # sees as far as 200 m short of the line
    assert len({a.id for a in alerts}) == 1
    first = alerts[0]
    assert first.status == "active"
    offset = first.offset_m
    assert -200.0 - 1.4 * 65.0 < offset < -200.0  # the edge is at most dead_ground_ahead_s and a step away
    assert first.message.id == "alert-entering-dead-ground"
    assert 0.0 < first.message.parameters["dead_ground_in_s"] <= 60.0
    assert first.details[0].id == "alert-detail-expect-track-loss"


def test_who_is_seen_all_the_way_to_the_line_is_not_told_of() -> None:
    assert not into_the_dark(500.0)


def past_dead_ground(way, *, seconds: int):
    """A track along ``way`` (time → place and rate). Dead ground begins 215 m short of the border; east of 205 m all is
    in view."""
    look = watching(radar("R", 100.0, -500.0, max_range_m=300.0), radar("E", 1500.0, -100.0, max_range_m=1300.0))
    steps = []
    for second in np.arange(0.0, seconds, 3.0):
        at, rate = way(second)
        steps.append((second, picture(["T1"], [at], [rate], second=second)))
    return told(steps, coverage=look)[1]


def turning_aside(second: float):
    """Inbound at 1.4 m/s to the edge of dead ground; after 15 s aside by 30 degrees, along ground in full view."""
    turn = np.radians(30.0)
    rate = np.array([0.0, 1.4]) if second < 15.0 else 1.4 * np.array([np.sin(turn), np.cos(turn)])
    start = np.array([195.0, -265.0]) + min(second, 15.0) * np.array([0.0, 1.4])
    return start + max(second - 15.0, 0.0) * rate, rate


def test_who_turns_from_dead_ground_and_heads_on_in_full_view_is_an_approach() -> None:
    """The alert of dead ground ends within some looks, and the approach becomes urgent as it nears the border."""
    news = past_dead_ground(turning_aside, seconds=200)
    dead, approach = of(news, "entering_dead_ground"), of(news, "approaching")
    assert [dead[0].status, dead[-1].status] == ["active", "cleared"]
    assert len({alert.id for alert in dead}) == 1
    (raised,) = [alert for alert in approach if alert.revision == 0]
    assert 15.0 < (raised.raised_at - utc_datetime(START_NS)).total_seconds() <= 33.0
    assert [raised.priority, approach[-1].priority] == ["low", "medium"]


def turning_back(second: float):
    """Inbound, and away in a vehicle."""
    if second < 15.0:
        return (0.0, -265.0 + 1.4 * second), (0.0, 1.4)
    return (0.0, -244.0 - 14.0 * (second - 15.0)), (0.0, -14.0)


@pytest.mark.parametrize("beside", [0.0, 6000.0])
def test_dead_ground_ahead_of_who_has_left_is_cleared_wherever_the_track_is(beside: float) -> None:
    """More than ``pattern_band_m`` from the border, or beyond its end, no look of the track is evaluated."""

    def away(second: float):
        (east, north), rate = turning_back(second)
        return ((east + beside, -260.0), (0.0, 1.4)) if beside and second >= 15.0 else ((east, north), rate)

    dead = of(past_dead_ground(away, seconds=400), "entering_dead_ground")
    assert dead[-1].status == "cleared"
    assert (dead[-1].updated_at - dead[0].raised_at).total_seconds() == pytest.approx(312.0, abs=16.0)


def test_dead_ground_stays_announced_while_the_track_is_at_its_edge() -> None:
    """Ground that is hardly covered is no proof that no dead ground follows."""
    look = watching(radar("R", 0.0, -400.0, max_range_m=200.0))
    places = [-600.0 + 4.2 * k for k in range(95)]  # 95 looks: to the edge and into the dead ground
    steps = [(3.0 * k, picture(["T1"], [[0.0, at]], [[0.0, 1.4]], second=3.0 * k)) for k, at in enumerate(places)]
    news = told(steps, coverage=look)[1]
    dead = of(news, "entering_dead_ground")
    assert {alert.status for alert in dead} == {"active"}
    assert dead[-1].message.parameters["dead_ground_in_s"] < dead[0].message.parameters["dead_ground_in_s"]


def test_a_state_of_before_distress_devices_in_which_a_call_waits_is_read() -> None:
    """A unit in distress repeats its call, so that one nearly always waits when the version changes."""
    state = AlertState(held_calls={"A1": DistressCall("patrol-1", 1, None, None, "")})
    older = state.to_json().replace(b'"device":"",', b"")
    assert b"device" not in older
    assert AlertState.from_json(older) == state


def test_a_state_of_before_the_counting_of_clear_looks_is_read() -> None:
    state, _ = told([(0.0, picture(["T1"], [[0.0, -600.0]], [[0.0, 1.4]], second=0.0))])
    older = state.to_json().replace(b'"clear_looks":0,', b"")
    assert b"clear_looks" not in older
    assert AlertState.from_json(older) == state


# ---- groups ------------------------------------------------------------------------------------------------------


def together(count: int, apart: float, seconds: int, drift=0.0):
    def places(t: float):
        return [(i * apart + drift * t * (-1 if i < count / 2 else 1), -300.0) for i in range(count)]

    names = [f"T{i}" for i in range(count)]
    return told([(3.0 * k, picture(names, places(3.0 * k), second=3.0 * k)) for k in range(seconds // 3)])


def test_three_together_for_a_minute_are_one_group() -> None:
    _, news = together(3, 20.0, 240)
    grouping = of(news, "group_formed")
    assert len({a.id for a in grouping}) == 1
    assert grouping[0].message.parameters["count"] == 3
    assert (grouping[0].raised_at.timestamp() - START_NS / NS) == pytest.approx(60.0, abs=4.0)


def test_two_or_far_apart_are_no_group() -> None:
    assert not of(together(2, 20.0, 240)[1], "group_formed")
    assert not of(together(4, 80.0, 240)[1], "group_formed")


def test_a_group_that_splits_is_said_to() -> None:
    _, news = together(6, 20.0, 400, drift=0.3)
    grouping = of(news, "group_formed")
    assert len({a.id for a in grouping}) == 1
    assert grouping[-1].details[0].id == "alert-detail-split"
    assert grouping[-1].details[0].parameters["count"] == 2


def test_a_group_that_goes_apart_is_cleared() -> None:
    names = ["T0", "T1", "T2"]
    steps = [(3.0 * k, picture(names, [(20.0 * i, -300.0) for i in range(3)], second=3.0 * k)) for k in range(40)]
    steps += [
        (120.0 + 3.0 * k, picture(names, [(500.0 * i, -300.0) for i in range(3)], second=120.0 + 3.0 * k))
        for k in range(40)
    ]
    assert of(told(steps)[1], "group_formed")[-1].status == "cleared"


# ---- coverage lost -----------------------------------------------------------------------------------------------


def outage(sensors, silent):
    look = watching(*sensors)
    nobody = picture([], np.empty((0, 2)), second=0.0)
    state, _ = judge(AlertState(), nobody, 0.0, coverage=look)
    health = {s.id: Silent(START_NS, "offline" if s.id in silent else "ok") for s in sensors}
    state, news = judge(state, nobody, 60.0, coverage=look, health=health)
    return look, state, news


def test_segments_that_only_the_silent_sensor_watched_are_named() -> None:
    west, east = radar("W", -3000.0, 0.0), radar("E", 3000.0, 0.0)
    look, state, news = outage([west, east], {"W"})
    (lost,) = of(news, "coverage_lost")
    assert look.lost("W", ["W"]).tolist() == list(range(8))  # 2 km each way of −3 km: segments 0 to 7
    assert lost.message.parameters["segments"] == tuple(range(8))
    assert lost.priority == "high"  # 8 of 20 segments
    assert lost.sensor == "W"
    ok = {s: Silent(START_NS, "ok") for s in "WE"}
    state, soon = judge(state, picture([], np.empty((0, 2)), second=0.0), 20.0, coverage=look, health=ok)
    assert not soon
    state, news = judge(state, picture([], np.empty((0, 2)), second=0.0), 110.0, coverage=look, health=ok)
    assert [a.status for a in of(news, "coverage_lost")] == ["cleared"]


@pytest.mark.parametrize("state_back", ["maintenance", "degraded"])
def test_lost_coverage_stays_open_while_the_sensor_is_back_and_does_not_detect(state_back: str) -> None:
    """Of segments that met no requirement before: they have no coverage gap to be closed."""
    look, state, news = outage([radar("W", -3000.0, 0.0)], {"W"})
    assert [a.coverage_gaps for a in of(news, "coverage_lost")] == [()]
    nobody = picture([], np.empty((0, 2)), second=0.0)
    told = []
    for second, now in ((70.0, state_back), (110.0, state_back), (300.0, state_back), (310.0, "ok"), (350.0, "ok")):
        state, news = judge(state, nobody, second, coverage=look, health={"W": Silent(START_NS, now)})
        told += [(second, a.status) for a in of(news, "coverage_lost")]
    assert told == [(310.0, "cleared")]


def test_a_sensor_whose_segments_another_watches_loses_nothing() -> None:
    _, _, news = outage([radar("A", 0.0, 0.0), radar("B", 0.0, 10.0, max_range_m=2500.0)], {"A"})
    assert of(news, "sensor_offline")
    assert not of(news, "coverage_lost")


# ---- distress ----------------------------------------------------------------------------------------------------

CALL = DistressCall(
    "patrol-3", START_NS, 100.0, 50.0, "45.00000, 10.00000", "two children in the river", 10, 5100.0, 50.0
)


def test_distress_ranks_before_everything_and_moves_with_its_unit() -> None:
    state, (first,) = distress(AlertState(), CALL, now_ns=START_NS)
    assert (first.priority, first.rule, first.unit) == ("distress", "distress", "patrol-3")
    assert first.message == Message("alert-distress-at-segment", {"unit": "patrol-3", "segment": 10})
    assert first.details[0] == Message("alert-detail-note", {"note": "two children in the river"})
    state, (second,) = distress(state, replace(CALL, easting=200.0), now_ns=START_NS + 10 * NS)
    assert second.id == first.id
    assert second.easting == 200.0
    high = replace(first, id="x", priority="high", raised_at=first.raised_at.replace(year=2020))
    assert sorted([high, second], key=rank)[0] is second


def test_only_a_person_ends_distress_and_the_next_call_is_another_alert() -> None:
    state, (first,) = distress(AlertState(), CALL, now_ns=START_NS)
    days = START_NS + 5 * 86_400 * NS
    state, news = raise_alerts(state, picture([], np.empty((0, 2)), second=0.0), now_ns=days)
    assert state.alerts[first.id].status == "active"
    assert not news
    state, _ = act_on(state, first.id, "clear", by="op", at=first.raised_at)
    _, (second,) = distress(state, CALL, now_ns=days)
    assert second.id != first.id


def called_often(calls: int, seconds: int, *, through_json: bool = False) -> tuple[AlertState, list[tuple[int, Alert]]]:
    """A unit that calls so often in so many seconds, moving 1 m with each call, judged every second."""
    state, stated = AlertState(), []
    nobody = picture([], np.empty((0, 2)), second=0.0)
    for second in range(seconds + 20):
        for call in range(calls * second // seconds, calls * (second + 1) // seconds if second < seconds else 0):
            at = START_NS + call * seconds * NS // calls
            state, news = distress(state, replace(CALL, easting=float(call), observed_ns=at), now_ns=at)
            stated += [(at, alert) for alert in news]
        if through_json:
            state = AlertState.from_json(state.to_json())
        at = START_NS + (second + 1) * NS
        state, news = raise_alerts(state, nobody, now_ns=at)
        stated += [(at, alert) for alert in news]
    return state, stated


def test_a_unit_that_calls_all_the_time_does_not_fill_the_radios() -> None:
    """The first call at once, then one revision in ten seconds, and the last position is stated."""
    calls, seconds = 980, 60
    state, stated = called_often(calls, seconds)
    assert stated[0][0] == START_NS
    times = [at for at, _ in stated]
    assert min(later - sooner for sooner, later in pairwise(times)) >= 10 * NS
    assert 6 <= len(stated) <= 1 + (seconds + 20) // 10
    assert stated[-1][1].easting == calls - 1
    assert [alert.revision for _, alert in stated] == list(range(len(stated)))
    assert state.held_calls == {}


def test_held_calls_survive_a_restart_to_the_bit() -> None:
    whole, stated = called_often(300, 30)
    again, restated = called_often(300, 30, through_json=True)
    assert restated == stated
    assert again.to_json() == whole.to_json()


def test_no_call_waits_for_another_unit_or_for_a_closed_incident() -> None:
    state, (first,) = distress(AlertState(), CALL, now_ns=START_NS)
    state, waits = distress(state, replace(CALL, easting=101.0), now_ns=START_NS + NS)
    assert waits == ()
    state, (other,) = distress(state, replace(CALL, unit="patrol-4"), now_ns=START_NS + NS)
    assert (other.unit, other.revision) == ("patrol-4", 0)
    state, _ = act_on(state, first.id, "clear", by="op", at=utc_datetime(START_NS + 2 * NS))
    state, (again,) = distress(state, CALL, now_ns=START_NS + 2 * NS)
    assert (again.id != first.id, again.revision) == (True, 0)
    state, news = raise_alerts(state, picture([], np.empty((0, 2)), second=0.0), now_ns=START_NS + 60 * NS)
    assert [alert.id for alert in news] == [], "the later call has an alert"


@pytest.mark.parametrize("after_s", [2, 60])
def test_a_call_that_waited_when_its_alert_was_ended_has_an_alert_of_its_own(after_s: int) -> None:
    """Who ended the alert has not seen this call."""
    nobody = picture([], np.empty((0, 2)), second=0.0)
    state, (first,) = distress(AlertState(), CALL, now_ns=START_NS)
    state, waits = distress(state, replace(CALL, note="shot", easting=101.0), now_ns=START_NS + NS)
    assert waits == ()
    state, _ = act_on(state, first.id, "clear", by="op", at=utc_datetime(START_NS + 2 * NS))
    state = AlertState.from_json(state.to_json())
    state, (own,) = raise_alerts(state, nobody, now_ns=START_NS + after_s * NS)
    assert (own.rule, own.unit, own.easting, own.revision) == ("distress", CALL.unit, 101.0, 0)
    assert own.id != first.id
    assert "shot" in str(own)
    state, news = raise_alerts(state, nobody, now_ns=START_NS + 120 * NS)
    assert (news, state.held_calls) == ((), {})
    state, (later,) = distress(state, replace(CALL, easting=102.0), now_ns=START_NS + 130 * NS)
    assert (later.id, later.revision) == (own.id, 1)


# ---- all of them -------------------------------------------------------------------------------------------------


def test_the_memory_survives_json() -> None:
    state, _ = together(4, 20.0, 120)
    assert AlertState.from_json(state.to_json()) == state


@pytest.mark.parametrize("name", ["loiter_s", "group_size", "inside_m", "dead_ground_ahead_s"])
def test_settings_are_checked(name: str) -> None:
    with pytest.raises(AlertSettingsError, match=name):
        AlertSettings(**{name: -1.0})


# ---- faults ------------------------------------------------------------------------------------------------------


def test_a_fault_is_told_once_each_way() -> None:
    nobody = picture([], np.empty((0, 2)), second=0.0)
    faults = {"R": {"obscured": Message("sensor-obscured")}}
    state, (raised,) = judge(AlertState(), nobody, 0.0, faults=faults)
    assert raised.priority == "medium"
    assert raised.message == Message("alert-sensor-fault", {"sensor": "R", "fault": "obscured"})
    assert raised.details == (Message("sensor-obscured"),)
    state, news = judge(state, nobody, 10.0, faults=faults)
    assert news == ()
    state, (over,) = judge(state, nobody, 20.0, faults={})
    assert (over.id, over.status) == (raised.id, "cleared")
    _, again = judge(state, nobody, 30.0, faults={"R": {"obscured": Message("x"), "low_power": Message("y")}})
    assert [(alert.priority, alert.id != raised.id) for alert in again] == [("medium", True), ("low", True)]
