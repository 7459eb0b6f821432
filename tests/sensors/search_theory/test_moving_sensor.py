"""Sensors on the move: the union of their posts, the phase that is unknown, and what unpredictability is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from geo.paths.crossings import crossings
from sensors.crossing.watched_belt import WatchedBelt, watched_by
from sensors.errors import TimetableError
from sensors.layout import Layout, place
from sensors.search_theory.by_segment import segments_in_time
from sensors.search_theory.met_in_time import meeting
from sensors.search_theory.moving_sensor import MovingSensor, RatesInTime, mean_rate_by_range, moving_sensor
from sensors.search_theory.time_expanded import MovesInTime, PathInTime, search_in_time
from sensors.search_theory.timetable import Timetable
from sensors.search_theory.unpredictability import unpredictability
from tests.sensors.crossing.test_detection import BORDER, FRAME, SHAPE, level
from tests.sensors.search_theory.test_time_expanded import corridor

ROUTE = [(20.0, 45.0), (170.0, 45.0)]
RADAR = place(FRAME, 0.0, 0.0, id="p", kind="radar", max_range_m=30.0, period_s=3.0, detection_probability=0.3)
EYES = place(FRAME, 0.0, 0.0, id="e", kind="human", max_range_m=40.0, detection_probability=0.5)


def bare(*fixed: object) -> WatchedBelt:
    return watched_by(Layout("fixed", FRAME, tuple(fixed)), level(), BORDER, belt_m=40.0)  # type: ignore[arg-type]


def on_route(watched: WatchedBelt, step_m: float, sensor: object = RADAR, **case: float) -> MovingSensor:
    table = Timetable.along(ROUTE, 1.5, stay_s=10.0, rest_s=case.pop("rest_s", 30.0))
    return moving_sensor(sensor, table, level(), watched, step_m=step_m, **case)  # type: ignore[arg-type]


def test_a_sensor_carried_along_a_line_is_the_union_of_its_posts_as_steps_go_to_zero() -> None:
    """Its mean rate beside that of 150 fixed sensors, one for each metre; the difference falls with the step."""
    watched = bare()
    table = Timetable.along(ROUTE, 1.5)
    moments = (np.arange(150) + 0.5) / 150 * table.period_s / 2.0
    posts = [
        place(FRAME, *at, id=f"{n}", kind="radar", max_range_m=30.0, period_s=3.0, detection_probability=0.3)
        for n, at in enumerate(table.places_at(moments))
    ]
    union = bare(*posts).per_s.ravel() / 150
    errors = [
        np.abs(moving_sensor(RADAR, table, level(), watched, step_m=step).mean_rate - union).mean()
        for step in (60.0, 15.0, 3.0)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.05 * union.mean()


def test_rates_in_time_add_up_to_the_mean_rate() -> None:
    watched = bare()
    sensor = on_route(watched, 10.0, phase_s=17.0)
    steps = 60
    rates = RatesInTime([sensor], watched.belt.inside.size, steps, sensor.posts.period_s / steps)
    mean = np.mean([rates(step) for step in range(steps)], axis=0)
    assert mean == pytest.approx(sensor.mean_rate, abs=1e-12)


def test_meeting_is_what_the_search_adds_up() -> None:
    """The hazard of the found path at its own phase is that of the search, fixed sensors included."""
    watched = bare(place(FRAME, 100.0, 20.0, id="f", kind="radar", max_range_m=50.0, period_s=3.0))
    moves = MovesInTime.over(watched, step_s=3.0)
    sensor = on_route(watched, 10.0)
    found = search_in_time(moves, RatesInTime([sensor], len(moves.goal), 200, 3.0), 200)
    for step in (0, 31, 77):
        met = meeting(found.path(step), moves, [sensor], np.array([3.0 * step]), limited=False)
        assert met.hazard.sum() + met.fixed_hazard == pytest.approx(found.hazard[step], abs=1e-7)


def test_departures_in_whole_steps_are_as_any_others() -> None:
    """One occupancy for all departures beside one for each; a second of difference changes nothing but that second."""
    watched = bare()
    moves = MovesInTime.over(watched, step_s=3.0)
    sensor = on_route(watched, 10.0, phase_s=4.0)
    path = search_in_time(moves, lambda _: np.zeros(len(moves.goal)), 60).path(0)
    whole = 3.0 * np.arange(20)
    one = meeting(path, moves, [sensor], whole).hazard[0]
    other = [meeting(path, moves, [sensor.at_phase(4.0 + t)], np.array([-1e-5])).hazard[0, 0] for t in whole]
    assert one == pytest.approx(other, abs=1e-4)


def test_mean_rate_by_range_of_one_post_is_its_curve() -> None:
    watched = bare()
    table = Timetable(np.array([0.0, 10.0]), np.array([(100.0, 50.0)] * 2), 10.0)
    sensor = moving_sensor(RADAR, table, level(), watched)
    ranges, rate, look = mean_rate_by_range(sensor, watched.belt)
    assert ranges[-1] == 35.0
    assert rate[-1] == 0.0
    assert rate[1:5] == pytest.approx(-np.log(0.7) / 3.0, rel=0.01)  # constant within its range (no reference range)
    assert look == pytest.approx(0.3)


def test_phase_unknown_is_the_mean_over_simulated_crossings() -> None:
    """Detections drawn second by second, of 4,000 crossers who leave at random times; within four standard errors."""
    watched = bare()
    moves = MovesInTime.over(watched, step_s=2.0)
    sensor = on_route(watched, 5.0)
    path = search_in_time(moves, lambda _: np.ones(len(moves.goal)) * 1e-6, 60).path(0)
    period = sensor.posts.period_s
    departures = (np.arange(300) + 0.5) / 300 * period
    exact = meeting(path, moves, [sensor], departures).unknown_phase
    chance = np.random.default_rng(7)
    dense, detected = sensor.rates.toarray(), 0
    cells = np.repeat(path.cells[:-1], np.diff(path.steps)), np.repeat(path.cells[1:], np.diff(path.steps))
    share = np.concatenate(
        [
            [moves.moves[by].seconds[np.searchsorted(moves.moves[by].source, cell)] / (n * 2.0)] * n
            for by, cell, n in zip(path.moves[:-1], path.cells[:-1], np.diff(path.steps), strict=True)
        ]
    )
    for departure in chance.uniform(0.0, period, 4_000):
        times = (departure + 2.0 * np.arange(len(share)) + 1.0) % period
        visit = np.minimum(np.searchsorted(sensor.posts.end_s, times, "right"), len(sensor.posts.post) - 1)
        on = times < sensor.posts.end_s[-1]
        post = sensor.posts.post[visit]
        rate = (dense[post, cells[0]] + dense[post, cells[1]]) / 2.0 * on
        detected += chance.uniform() < 1.0 - np.exp(-(rate * share).sum() * 2.0)
    assert 0.1 < exact < 0.95
    assert detected / 4_000 == pytest.approx(exact, abs=4.0 * np.sqrt(exact * (1.0 - exact) / 4_000) + 0.005)


def test_phase_unknown_lies_between_the_best_phase_and_looks_spread_evenly() -> None:
    watched = bare()
    moves = MovesInTime.over(watched, step_s=3.0)
    sensors = [on_route(watched, 10.0), on_route(watched, 10.0, phase_s=60.0)]
    found = unpredictability(moves, sensors, longest_s=300.0)
    low, high = found.unknown
    assert found.known <= low <= high <= found.met.upper_bound + 1e-12
    assert found.value[0] <= found.value[1]
    assert high > found.known


def test_a_crosser_who_knows_walks_in_the_rest() -> None:
    """Off duty for longer than a crossing takes: known, the probability is 0; unknown, it is not."""
    watched = bare()
    wide = place(FRAME, 0.0, 0.0, id="w", kind="radar", max_range_m=400.0, period_s=3.0, detection_probability=0.3)
    found = unpredictability(
        MovesInTime.over(watched, step_s=3.0), [on_route(watched, 20.0, wide, rest_s=150.0)], longest_s=300.0
    )
    assert found.known == pytest.approx(0.0, abs=1e-6)
    assert found.unknown[1] > 0.3
    assert found.value[1] > 0.3


def test_one_pass_of_an_observer_finds_at_most_p_infinity() -> None:
    """Probability of a look .5; one pass is limited to it, two passes to 1 − .5²."""
    table = Timetable(np.array([0.0, 100.0]), np.zeros((2, 2)), 200.0)
    eye = sparse.csr_array(np.array([[5.0]]))
    sensor = MovingSensor("e", table, table.posts(10.0), eye, sparse.csr_array(np.array([[0.5]])), True)
    moves = MovesInTime(10.0, (1, 1), np.array([True]), np.array([False]), np.zeros(1), ())

    def staying(steps: int) -> PathInTime:
        return PathInTime(np.zeros(steps + 1, int), np.arange(steps + 1), np.full(steps + 1, -1), 0.0)

    once = meeting(staying(15), moves, [sensor], np.array([0.0]))
    twice = meeting(staying(35), moves, [sensor], np.array([0.0]))
    assert once.probability == pytest.approx([0.5])
    assert twice.probability == pytest.approx([0.75])
    assert meeting(staying(15), moves, [sensor], np.array([0.0]), limited=False).probability > 0.99


def test_an_observer_is_limited_as_a_search_is() -> None:
    sensor = on_route(bare(), 20.0, EYES)
    assert sensor.searches
    assert sensor.looks.max() <= 0.5


def test_routes_off_the_terrain_and_other_periods_are_refused() -> None:
    watched = bare()
    with pytest.raises(TimetableError, match="leaves the terrain"):
        moving_sensor(RADAR, Timetable.along([(0.0, 0.0), (5000.0, 0.0)], 1.0), level(), watched)
    with pytest.raises(TimetableError, match="2 different periods"):
        unpredictability(
            MovesInTime.over(watched, step_s=3.0), [on_route(watched, 50.0), on_route(watched, 50.0, rest_s=31.0)]
        )


def test_segments_lie_between_the_fixed_sensors_and_looks_spread_evenly() -> None:
    watched = bare(place(FRAME, 40.0, 20.0, id="f", kind="radar", max_range_m=60.0, period_s=3.0))
    moves = MovesInTime.over(watched, step_s=3.0)
    sensors = [on_route(watched, 10.0), on_route(watched, 10.0, phase_s=60.0)]
    found = segments_in_time(watched, moves, sensors)
    mean = watched.per_s + sum(s.mean_rate for s in sensors).reshape(watched.per_s.shape)
    evenly = crossings(watched.belt, watched.mobility, weight=mean, toll=watched.per_m).cost
    assert (found.fixed <= found.unknown_phase + 1e-9).all()
    assert (found.best_departure <= found.unknown_phase).all()
    assert (found.unknown_phase <= 1.0 - np.exp(-evenly) + 0.01).all()  # Jensen; 96 phases for the whole period
    assert (found.unknown_phase > found.best_departure).any()
    still = segments_in_time(watched, moves, [blind(watched)])
    assert still.unknown_phase == pytest.approx(still.fixed, abs=1e-9)


def test_a_path_up_a_cliff_is_replaced_by_the_fastest_path() -> None:
    """A wall of 10 m that only the patrol's end of the border leaves open: unseen paths climb it, in hours."""
    wall = np.zeros(SHAPE)
    wall[12, 10:] = 10.0
    ground = level(wall)
    watched = watched_by(Layout("none", FRAME, ()), ground, BORDER, belt_m=40.0)
    table = Timetable.along([(5.0, 30.0), (45.0, 30.0)], 1.5)
    patrol = moving_sensor(RADAR, table, ground, watched, step_m=10.0)
    moves = MovesInTime.over(watched, step_s=4.0)
    paths = crossings(watched.belt, watched.mobility, weight=patrol.mean_rate.reshape(watched.per_s.shape))
    with pytest.raises(TimetableError, match="no move from cell"):
        moves.along(*paths.cells(4))
    found = segments_in_time(watched, moves, [patrol])
    assert np.isfinite(found.unknown_phase).all()
    assert (found.unknown_phase > 0.0).all(), "each passes the patrol"
    wall[:13] = 60.0  # a cliff all along
    closed = watched_by(Layout("none", FRAME, ()), level(wall), BORDER, belt_m=40.0)
    blocked = segments_in_time(closed, MovesInTime.over(closed, step_s=4.0), [blind(closed)])
    assert np.isnan(blocked.unknown_phase).all()


def test_a_time_step_that_would_close_the_wading_of_a_river_is_refused() -> None:
    watched = bare()
    pace = watched.mobility.pace.copy()
    pace[10] += 120.0  # about 10 min for a cell
    slow = replace(watched, mobility=replace(watched.mobility, pace=pace))
    with pytest.raises(TimetableError, match="more than 250 time steps"):
        MovesInTime.over(slow, step_s=1.0)
    assert len(MovesInTime.over(slow, step_s=4.0).moves[0].source) == len(
        MovesInTime.over(slow, step_s=9.0).moves[0].source
    )


def blind(watched: WatchedBelt) -> MovingSensor:
    far = place(FRAME, 0.0, 0.0, id="b", kind="radar", max_range_m=1.0, period_s=3.0, detection_probability=1e-9)
    return on_route(watched, 50.0, far)


def test_the_value_of_unpredictability_by_hand() -> None:
    """Three cells; the middle is seen at .2/s for 10 s of every 40 s, and is half of two moves of 10 s.

    Of four departures two meet one half: H = 1, so the probability is (1 − 1/e)/2; who knows the times meets nothing.
    """
    table = Timetable(np.array([0.0, 10.0]), np.zeros((2, 2)), 40.0)
    seen = sparse.csr_array(np.array([[0.0, 0.2, 0.0]]))
    sensor = MovingSensor("p", table, table.posts(10.0), seen, seen, False)
    found = unpredictability(corridor(3, 10.0, 10.0), [sensor], longest_s=120.0)
    by_hand = (1.0 - np.exp(-1.0)) / 2.0
    assert found.known == pytest.approx(0.0, abs=1e-8)
    assert found.unknown == pytest.approx((0.0, by_hand), abs=1e-8)
    assert found.value == pytest.approx((0.0, by_hand), abs=1e-8)
    assert np.sort(found.met.hazard[0]) == pytest.approx([0.0, 0.0, 1.0, 1.0])
    two = unpredictability(corridor(3, 10.0, 10.0), [sensor, sensor.at_phase(20.0)], longest_s=120.0)
    # two, half a period apart: whatever the departure, one half of the crossing is seen
    assert two.unknown[1] == pytest.approx(1.0 - np.exp(-1.0))
