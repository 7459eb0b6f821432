"""Mobile items at an unknown phase: hand-worked cases, brute force second by second, and laws."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.paths.along_path import Along
from geo.paths.crossings import crossings
from sensors.coverage.model import task_of
from sensors.crossing.detection import detection_along
from sensors.crossing.watched_belt import WatchedBelt, watched_by
from sensors.errors import TimetableError
from sensors.layout import AnySensor, Layout, place
from sensors.planning.mobile.post_rates import PostViews, posts_of
from sensors.planning.mobile.schedule import Schedule
from sensors.planning.mobile.time_at_posts import TimeAtPosts
from sensors.planning.mobile.unknown_phase import MobileRates, limited_passes
from sensors.search_theory.timetable import Timetable
from tests.sensors.crossing.test_detection import BORDER, FRAME, level

RADAR = place(FRAME, 0.0, 0.0, id="r", kind="radar", max_range_m=30.0, period_s=3.0, detection_probability=0.3)
EYES = place(FRAME, 0.0, 0.0, id="e", kind="human", max_range_m=40.0, detection_probability=0.5)
ROUTE = [(20.0, 45.0), (170.0, 45.0)]
ROUND = Timetable.along(ROUTE, 1.5, stay_s=10.0, rest_s=30.0)


@pytest.fixture(scope="module")
def bare() -> WatchedBelt:
    return watched_by(Layout("none", FRAME, ()), level(), BORDER, belt_m=40.0)


@pytest.fixture(scope="module")
def along(bare: WatchedBelt) -> Along:
    ways = crossings(bare.belt, bare.mobility)
    return Along.over_paths(bare.on_belt, [ways.cells(n) for n in range(len(ways.cost)) if np.isfinite(ways.cost[n])])


def rated(bare: WatchedBelt, schedule: Schedule) -> MobileRates:
    return PostViews(level(), bare.belt, task_of()).of(schedule)


def hazards(bare: WatchedBelt, along: Along, schedule: Schedule) -> np.ndarray:
    return rated(bare, schedule).hazards(along, np.ones(len(along.cells)))[:, 0]


def legs_of(table: Timetable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Moments, places and watching of a whole period, its time off duty included."""
    times = np.append(table.times_s, table.period_s)
    return times, np.vstack([table.places, table.places[-1:]]), np.append(table.watching, False)


def shifted(table: Timetable, seconds: float) -> Timetable:
    """The same movement there and back, begun later in its period by ``seconds``."""
    times, places, watching = legs_of(table)
    cut = int(np.searchsorted(times, seconds, side="right")) - 1
    middle = places[cut] + (places[cut + 1] - places[cut]) * (seconds - times[cut]) / (times[cut + 1] - times[cut])
    moments = np.concatenate(
        [[0.0], times[cut + 1 :] - seconds, times[1 : cut + 1] + table.period_s - seconds, [times[-1]]]
    )
    return Timetable(
        moments,
        np.vstack([middle, places[cut + 1 :], places[1 : cut + 1], middle]),
        table.period_s,
        np.concatenate([watching[cut:], watching[: cut + 1]]),
    )


def rotated(rates: MobileRates, seconds: float) -> MobileRates:
    """The same rates with all visits earlier by ``seconds`` of the period; a visit over its end is cut in two."""
    clocks = []
    for clock in rates.clocks[0]:
        start = np.mod(clock.start_s - seconds, clock.period_s)
        end = start + clock.length_s
        over = end > clock.period_s
        post = np.append(clock.post, clock.post[over])
        begins = np.append(start, np.zeros(over.sum()))
        ends = np.append(np.minimum(end, clock.period_s), end[over] - clock.period_s)
        clocks.append(TimeAtPosts.of(post, begins, ends, len(rates.places), clock.period_s))
    return replace(rates, clocks=(tuple(clocks),))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.floats(0.1, 20.0), st.floats(0.0, 9.0), st.integers(0, 3)), min_size=1, max_size=8),
    st.floats(0.0, 60.0),
    st.floats(0.0, 300.0),
)
def test_time_at_posts_is_the_sum_over_visits(
    visits: list[tuple[float, float, int]], rest: float, until: float
) -> None:
    """Beside a sum of overlaps of every visit of every round with the time asked about."""
    start, end, now = [], [], 0.0
    for length, gap, _ in visits:
        start.append(now + gap)
        now += gap + length
        end.append(now)
    post, period = np.array([p for *_, p in visits]), now + rest
    clock = TimeAtPosts.of(post, np.array(start), np.array(end), 4, period)
    expected = np.zeros(4)
    for number in range(math.ceil(until / period) + 1):
        for p, low, high in zip(post, start, end, strict=True):
            expected[p] += max(min(high + number * period, until) - min(low + number * period, until), 0.0)
    assert clock.until(np.array(until)) == pytest.approx(expected, abs=1e-9)
    some = np.array([2, 0])
    assert clock.only(some).until(np.array([until]))[0] == pytest.approx(expected[some], abs=1e-9)


@pytest.mark.parametrize("sensor", [RADAR, EYES])
def test_one_that_stays_is_a_fixed_sensor(bare: WatchedBelt, along: Along, sensor: AnySensor) -> None:
    """On paths as in cells; the search of an observer once, the looks of a radar all."""
    here = (100.0, 45.0)
    schedule = Schedule.of(sensor, Timetable([0.0, 600.0], [here, here], 600.0))
    fixed = watched_by(
        Layout("one", FRAME, (replace(sensor, easting=here[0], northing=here[1]),)), level(), BORDER, belt_m=40.0
    )
    expected = detection_along(fixed, along).hazard[:, 0]
    assert expected.max() > 0.1
    assert hazards(bare, along, schedule) == pytest.approx(expected, abs=1e-9)
    cells, chance = rated(bare, schedule).in_cells(600.0)
    still = -np.expm1(-fixed.sensors[0].rate * sensor.exposure_s(600.0, task_of().situation))
    assert cells.tolist() == fixed.sensors[0].cells.tolist()
    assert chance == pytest.approx(still, abs=1e-9)


def test_phases_are_integrated_as_second_by_second(bare: WatchedBelt, along: Along) -> None:
    """One path against a sum over every second of every phase of a rate looked up by hand."""
    schedule = Schedule.of(RADAR, ROUND, post_m=10.0)
    rates = rated(bare, schedule)
    way = int(np.argmax(hazards(bare, along, schedule)))
    pieces = np.flatnonzero(along.path == way)
    ends = np.append(0.0, np.cumsum(along.seconds[pieces]))
    posts, missed, step = ROUND.posts(10.0), [], 0.25
    moments = np.arange(step / 2.0, ends[-1], step)
    dense = rates.rates.toarray()[:, along.cells]
    at = np.stack([along.mean(along.between(row))[pieces] for row in dense])  # (post, piece)
    piece = np.searchsorted(ends, moments, side="right") - 1
    order = [int(np.flatnonzero((rates.places == p).all(axis=1))[0]) for p in posts.places]
    for phase in rates.phases_s:
        now = np.mod(phase + moments, ROUND.period_s)
        hazard = 0.0
        for visit, start, end in zip(posts.post, posts.start_s, posts.end_s, strict=True):
            hazard += at[order[visit], piece[(now >= start) & (now < end)]].sum() * step
        missed.append(math.exp(-hazard))
    assert hazards(bare, along, schedule)[way] == pytest.approx(-math.log(np.mean(missed)), rel=0.01)


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 47))
def test_the_phase_of_the_timetable_does_not_matter(bare: WatchedBelt, along: Along, part: int) -> None:
    """Phases are uniform: all visits earlier by any number of the equal parts of the period, nothing changes."""
    rates, every = rated(bare, Schedule.of(EYES, ROUND)), np.ones(len(along.cells))
    later = rotated(rates, part / len(rates.phases_s) * ROUND.period_s)
    assert later.hazards(along, every)[:, 0] == pytest.approx(rates.hazards(along, every)[:, 0], abs=1e-9)
    assert later.in_cells(45.0)[1] == pytest.approx(rates.in_cells(45.0)[1], abs=1e-9)


@settings(deadline=None, max_examples=15)
@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.sampled_from([RADAR, EYES]))
def test_more_patrols_never_lower_the_probability(
    bare: WatchedBelt, along: Along, first: float, second: float, sensor: AnySensor
) -> None:
    """A second unit at any phase to the first; and never more than two that know nothing of each other's misses."""
    one = shifted(ROUND, first * ROUND.period_s)
    two = shifted(ROUND, second * ROUND.period_s)
    alone, both = (hazards(bare, along, Schedule.of(sensor, *tables)) for tables in ((one,), (one, two)))
    assert (both >= alone - 1e-12).all()
    cells, chance = rated(bare, Schedule.of(sensor, one, two)).in_cells(60.0)
    few, less = rated(bare, Schedule.of(sensor, one)).in_cells(60.0)
    assert (chance[np.searchsorted(cells, few)] >= less - 1e-12).all()


def test_looks_spread_evenly_find_more(bare: WatchedBelt, along: Along) -> None:
    """Jensen's inequality: the effective hazard is below the mean hazard, that of the mean rates."""
    rates = rated(bare, Schedule.of(RADAR, ROUND))
    mean = rates.mean_rate("m")
    spread = along.over_time(mean.raster(mean.rate, bare.belt.inside.size))
    effective = rates.hazards(along, np.ones(len(along.cells)))[:, 0]
    assert (effective <= spread + 1e-9).all()
    assert (effective < 0.9 * spread).any()


def test_plans_drawn_by_lot_are_mixed_by_their_probabilities(bare: WatchedBelt, along: Along) -> None:
    """Two plans at .5 and .3, nobody for the rest: P = .5 P₁ + .3 P₂ on every path and in every cell."""
    west, east = (Timetable.along([(x, 45.0), (x + 60.0, 45.0)], 1.0, rest_s=20.0) for x in (20.0, 110.0))
    mixed = Schedule(RADAR, ((west,), (east,)), np.array([0.5, 0.3]))
    found, of_west, of_east = (
        -np.expm1(-hazards(bare, along, each)) for each in (mixed, Schedule.of(RADAR, west), Schedule.of(RADAR, east))
    )
    assert found == pytest.approx(0.5 * of_west + 0.3 * of_east, abs=1e-12)
    size = bare.belt.inside.size
    cells = [np.zeros(size) for _ in range(3)]
    for into, each in zip(cells, (mixed, Schedule.of(RADAR, west), Schedule.of(RADAR, east)), strict=True):
        at, chance = rated(bare, each).in_cells(30.0)
        into[at] = chance
    assert cells[0] == pytest.approx(0.5 * cells[1] + 0.3 * cells[2], abs=1e-12)


def test_weather_that_keeps_it_off_duty_counts_for_whole_crossings(bare: WatchedBelt, along: Along) -> None:
    whole, half = (-np.expm1(-hazards(bare, along, Schedule.of(RADAR, ROUND, on_duty=share))) for share in (1.0, 0.5))
    assert half == pytest.approx(0.5 * whole, abs=1e-12)


def test_parts_of_a_crossing_add_up(bare: WatchedBelt, along: Along) -> None:
    """Detected until the end of the last part is detected on the whole path, and no part takes anything back."""
    task = np.minimum((np.arange(len(along.path)) - np.searchsorted(along.path, along.path)) // 3, 2)
    rates = rated(bare, Schedule.of(EYES, ROUND))
    every = np.ones(len(along.cells))
    parts = rates.hazards(along, every, task, 3)
    assert parts[:, -1] == pytest.approx(rates.hazards(along, every)[:, 0], abs=1e-12)
    assert (np.diff(parts, axis=1) >= -1e-12).all()


def test_a_pass_counts_once_and_a_later_pass_again() -> None:
    """P∞ = .5: two passes of hazard 2 each are limited to ln 2 each; one of hazard .1 is not."""
    hazard = np.array([[1.0, 1.0, 0.0, 2.0, 0.0, 0.1]])
    limited = limited_passes(hazard, np.where(hazard > 0.0, 0.5, 0.0))
    assert limited.sum() == pytest.approx(2.0 * math.log(2.0) + 0.1)
    assert limited[0, 0] == pytest.approx(limited[0, 1])


def test_tours_share_their_posts() -> None:
    out, back = Timetable.along(ROUTE, 1.5), Timetable.along(ROUTE[::-1], 1.5)
    places, clocks = posts_of(Schedule.of(RADAR, out, back, post_m=25.0))
    assert len(places) == 6
    assert [clock.seconds.tolist() for clock in clocks[0]] == [[pytest.approx(200.0 / 6)] * 6] * 2


@pytest.mark.parametrize(
    ("plans", "chance", "told"),
    [
        (((),), [1.0], "0 different periods"),
        (((ROUND,), (Timetable.along(ROUTE, 1.0),)), [0.5, 0.5], "2 different periods"),
        (((ROUND,),), [1.2], "probabilities of 1 plans sum to 1.2"),
        (((ROUND,),), [-0.1], "probabilities of 1 plans sum to -0.1"),
        (((ROUND,),), [0.5, 0.5], "probabilities of 1 plans sum to 1"),
    ],
)
def test_impossible_schedules_are_refused(
    plans: tuple[tuple[Timetable, ...], ...], chance: list[float], told: str
) -> None:
    with pytest.raises(TimetableError, match=told.replace(".", r"\.")):
        Schedule(RADAR, plans, np.array(chance))


def test_what_feels_steps_does_not_move() -> None:
    line = place(FRAME, 0.0, 0.0, id="g", kind="ground_sensor", max_range_m=50.0)
    with pytest.raises(TimetableError, match="a ground_sensor that moves"):
        Schedule.of(line, ROUND)
