"""Fixed cameras beside moving sensors: along one crossing each detects with at most its P∞, as in ``challenge``."""

from __future__ import annotations

import numpy as np
import pytest

from geo.paths.along_path import Along
from geo.paths.crossings import crossings
from sensors.crossing.detection import detection_along
from sensors.crossing.segments import over_segments
from sensors.crossing.watched_belt import WatchedBelt, watched_by
from sensors.layout import Layout, place
from sensors.search_theory.by_segment import segments_in_time
from sensors.search_theory.met_in_time import meeting
from sensors.search_theory.time_expanded import MovesInTime, PathInTime, search_in_time
from sensors.search_theory.unpredictability import unpredictability
from tests.sensors.crossing.test_detection import BORDER, FRAME, level
from tests.sensors.search_theory.test_moving_sensor import blind, on_route


def one_camera(search_s: float = 1.0) -> WatchedBelt:
    """A camera that detects with at most 0.5, on level ground; the longer its search, the less it reaches of that."""
    camera = place(
        FRAME, 100.0, 50.0, id="c", kind="camera", max_range_m=400.0, detection_probability=0.5, search_s=search_s
    )
    return watched_by(Layout("one", FRAME, (camera,)), level(), BORDER, belt_m=40.0)


def test_fixed_sensors_of_the_segments_are_those_of_crossings_without_patrols() -> None:
    watched = one_camera()
    alone = crossings(watched.belt, watched.mobility, weight=watched.per_s, toll=watched.per_m)
    assert (alone.cost > 2.0).all(), "searches without end would find everyone"
    found = segments_in_time(watched, MovesInTime.over(watched, step_s=3.0), [blind(watched)])
    assert found.fixed == pytest.approx(over_segments(watched, alone)["detection_probability"].to_numpy())
    assert found.fixed == pytest.approx(0.5)
    assert found.unknown_phase == pytest.approx(found.fixed)
    assert found.best_departure == pytest.approx(found.fixed)


def test_a_patrol_adds_to_a_limited_camera() -> None:
    watched = one_camera()
    moves, patrol = MovesInTime.over(watched, step_s=3.0), on_route(watched, 10.0)
    found = unpredictability(moves, [patrol], longest_s=300.0)
    assert 0.5 - 1e-9 <= found.known <= found.unknown[0] <= found.unknown[1] <= found.met.upper_bound + 1e-12
    assert found.met.fixed_hazard == pytest.approx(-np.log(0.5))
    best = int(np.argmin(found.by_departure))
    met = meeting(found.crossings.path(best), moves, [patrol], np.array([3.0 * best]), limited=False)
    assert met.probability[0] == pytest.approx(found.known, abs=1e-7)
    none = unpredictability(moves, [blind(watched)], longest_s=300.0)
    assert (none.known, none.met.unknown_phase) == pytest.approx((0.5, 0.5))


def test_the_hazard_of_a_path_is_that_of_the_crossing_in_space() -> None:
    """A camera of little effect, below its limit, and one far above it."""
    for search_s in (1.0, 60.0, 3_000.0):
        watched = one_camera(search_s)
        moves = MovesInTime.over(watched, step_s=3.0)
        space = crossings(watched.belt, watched.mobility, weight=watched.per_s, toll=watched.per_m)
        for segment in range(len(space.cost)):
            cells = space.cells(segment)
            detection = detection_along(watched, Along.over_paths(watched.on_belt, [cells]))
            assert moves.along(*cells).fixed_hazard == pytest.approx(detection.hazard.sum(), abs=1e-9)


def test_a_wait_in_view_counts_to_the_limit_and_no_further() -> None:
    watched = one_camera(3_000.0)
    moves = MovesInTime.over(watched, step_s=3.0)
    path = search_in_time(moves, lambda _: np.zeros(len(moves.goal)), 120).path(0)
    rate = float(moves.waiting[path.cells[0]])
    short, endless = waiting(path, 10), waiting(path, 100_000)
    assert moves.beyond_limits([path, short]) == pytest.approx([0.0, 0.0])
    assert rate > 0.0
    summed = path.fixed_hazard + rate * 300_000.0
    assert summed - moves.beyond_limits([endless])[0] == pytest.approx(-np.log(0.5))


def waiting(path: PathInTime, steps: int) -> PathInTime:
    """The same crossing after a wait of some steps at its first cell."""
    return PathInTime(
        np.append(path.cells[0], path.cells),
        np.append(path.steps[0], path.steps + steps),
        np.append(-1, path.moves),
        path.fixed_hazard,
    )
