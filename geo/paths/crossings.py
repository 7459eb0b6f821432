"""Least-cost crossings of a border, from one edge of its belt to the other, overall and through each segment."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geo.arrays import Bools, Floats, Ints
from geo.border.belt import Belt
from geo.errors import BadInput
from geo.mobility.speed_surface import Mobility
from geo.paths import kernel
from geo.paths.search import Spread, Steps

INWARD, OUTWARD = "inward", "outward"
NEAR_CELLS = 2.0  # a segment that no step crosses takes the steps this close to its middle


@dataclass(frozen=True, slots=True, eq=False)
class Crossings:
    """Cheapest crossing through every segment of a belt, in one direction.

    ``cost`` (segment,) is the least sum over a path of time [s] times weight and length [m] times toll, over all paths
    from edge to edge that cross the line inside the segment; infinite where no crossing is possible, NaN where the
    ground that decides is unknown. ``here`` and ``there`` (segment, row and column) are the cells of the step over the
    line, −1 without one. Where ``open_ended`` (segment,), the cheapest path starts or ends where the belt of a part of
    a border continues: its cost is then a lower bound, and its cells are a part of a path.
    """

    belt: Belt
    direction: str
    cost: Floats
    here: Ints
    there: Ints
    before: Spread
    after: Spread
    open_ended: Bools

    @property
    def cheapest(self) -> int:
        """Segment whose crossing costs least; −1 where no segment can be crossed."""
        known = np.where(np.isfinite(self.cost), self.cost, np.inf)
        return int(np.argmin(known)) if np.isfinite(known).any() else -1

    def cells(self, segment: int) -> tuple[Ints, Ints]:
        """Rows and columns, in the belt's window, of the path through a segment; empty where there is none."""
        if not math.isfinite(self.cost[segment]):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        first = self.before.path(*(int(i) for i in self.here[segment]))
        then = self.after.path(*(int(i) for i in self.there[segment]))
        return np.concatenate([first[0], then[0]]), np.concatenate([first[1], then[1]])

    def places(self, segment: int) -> Floats:
        """Easting and northing (place, 2) [m] of the path through a segment, edge to edge, at cell centres."""
        rows, columns = self.cells(segment)
        return np.column_stack([self.belt.easting[columns], self.belt.northing[rows]])


def crossings(
    belt: Belt,
    mobility: Mobility,
    *,
    weight: npt.ArrayLike | None = None,
    toll: npt.ArrayLike | None = None,
    direction: str = INWARD,
    neighbours: int = 16,
    onward_per_s: float | None = None,
) -> Crossings:
    """Cheapest crossing of every segment, ``inward`` (towards the own side) or ``outward``.

    ``mobility`` is on the cells of the belt's terrain; ``weight`` and ``toll`` (row, column), on those of the belt's
    window, are the cost of a second and of a metre, by default 1 and 0. One search from the edge where the crossing
    starts and one back from where it ends give the cost through every step over the line. A path may leave the belt of
    a segment, but not the belt. The straight line of a step decides in which segment it crosses; a segment between two
    such points takes the nearest within a step. Raises BadInput for another direction, and as ``geo.paths.search``.
    """
    if direction not in (INWARD, OUTWARD):
        raise BadInput(f"direction {direction!r}", where="crossings", expected="'inward' or 'outward'")
    within = mobility.within(belt.rows, belt.columns, belt.inside)
    steps = Steps.over(within, weight=weight, toll=toll, neighbours=neighbours)
    del within, weight, toll
    start, goal = (belt.outer, belt.inner) if direction == INWARD else (belt.inner, belt.outer)
    with ThreadPoolExecutor(2) as pool:
        forth = pool.submit(lambda: steps.spread(first_labels(belt, mobility, start, onward_per_s)))
        back = pool.submit(lambda: steps.spread(first_labels(belt, mobility, goal, onward_per_s), backward=True))
        before, after = forth.result(), back.result()
    over = _steps_over_the_line(belt, steps, direction, before.cost, after.cost)
    best = _best_by_segment(belt, over)
    crossed = best >= 0
    cost, here, there = np.full(len(best), np.inf), np.full((len(best), 2), -1), np.full((len(best), 2), -1)
    step = best[crossed]
    cost[crossed], here[crossed], there[crossed] = over.cost[step], over.here[step], over.there[step]
    cost[~np.isfinite(cost) & _unknown(belt, mobility)] = np.nan
    closed = np.zeros(len(cost), bool)
    answer = Crossings(belt, direction, cost, here, there, before, after, closed)
    return answer if onward_per_s is None else replace(answer, open_ended=_open_ended(answer, start, goal))


def crossings_of_the_whole(
    belt: Belt, mobility: Mobility, own_segments: Ints, *, least_per_s: float, slack: float, **case: Any
) -> tuple[Crossings, Bools]:
    """``crossings`` of a part of a border, and whether through its ``own_segments`` the whole has none cheaper.

    Cheaper means by more than ``slack``; ``least_per_s`` is what a second costs at least anywhere. ``case`` are the
    other keywords of ``crossings``. Where the whole border may have a cheaper path and the part has none, the cost is
    NaN.
    """
    if not belt.onward.any():
        return crossings(belt, mobility, **case), np.ones(len(own_segments), bool)
    bound = crossings(belt, mobility, onward_per_s=least_per_s, **case)
    doubtful = bound.open_ended[own_segments]
    if not doubtful.any():
        return bound, ~doubtful
    least = bound.cost[own_segments]
    del bound
    cheapest = crossings(belt, mobility, **case)
    proved = ~doubtful | (cheapest.cost[own_segments] <= least + slack)
    # there may be a path outside the part
    cheapest.cost[own_segments[~proved & np.isinf(cheapest.cost[own_segments])]] = np.nan
    return cheapest, proved


def first_labels(belt: Belt, mobility: Mobility, edge: Bools, onward_per_s: float | None) -> Floats:
    """Start costs of a search: 0 on an edge, and where the belt continues the least cost of a path to that edge.

    A path to the edge must get as far from the line as the edge is, at best at the highest speed of the law. That holds
    if the whole border is one open line; for others, whose edge may be near elsewhere, only 0 is certain.
    """
    labels = np.where(edge, 0.0, np.inf)
    if onward_per_s is None:
        return labels
    metres = np.zeros(labels.shape)
    if belt.border.plain and not belt.narrow.any():
        away = belt.offset if edge is belt.inner else -belt.offset
        metres = np.maximum(belt.belt_m - 3.0 * belt.cell_m - away, 0.0)
    least = onward_per_s * mobility.least_pace / mobility.law.peak_mps * metres
    return np.where(belt.onward & ~edge, least, labels)


def _open_ended(paths: Crossings, start: Bools, goal: Bools) -> Bools:
    """Segments whose cheapest path does not lead from edge to edge."""
    open_ended = np.zeros(len(paths.cost), bool)
    for segment in np.flatnonzero(np.isfinite(paths.cost)):
        rows, columns = paths.cells(int(segment))
        open_ended[segment] = not (start[rows[0], columns[0]] and goal[rows[-1], columns[-1]])
    return open_ended


@dataclass(frozen=True, slots=True, eq=False)
class _Over:
    """Steps over the line: cells (step, 2), segment, and the cost of the whole path through each."""

    here: Ints
    there: Ints
    segment: Ints
    cost: Floats


def _steps_over_the_line(belt: Belt, steps: Steps, direction: str, before: Floats, after: Floats) -> _Over:
    away = belt.offset < 0.0
    begin, end = (away & belt.inside, ~away & belt.inside)
    if direction == OUTWARD:
        begin, end = end, begin
    begin, end = begin & np.isfinite(before), end & np.isfinite(after)
    heres, theres, costs = [], [], []
    for move, (down, right) in enumerate(kernel.pairs_of(steps.neighbours)):
        rows, columns = np.nonzero(begin & _shifted(end, down, right))
        heres.append(np.column_stack([rows, columns]))
        theres.append(heres[-1] + (down, right))
        step = steps.costs(rows, columns, move)
        costs.append(before[rows, columns] + step + after[rows + down, columns + right])
    here, there, cost = np.concatenate(heres), np.concatenate(theres), np.concatenate(costs)
    usable = np.isfinite(cost)
    here, there, cost = here[usable], there[usable], cost[usable]
    return _Over(here, there, _segments_passed(belt, here, there), cost)


def _shifted(mask: Bools, down: int, right: int) -> Bools:
    """Return the mask shifted so that each cell holds the value ``down`` rows below and ``right`` columns beside it."""
    moved = np.zeros_like(mask)
    rows, columns = mask.shape
    to = (slice(max(0, -down), rows - max(0, down)), slice(max(0, -right), columns - max(0, right)))
    source = (slice(max(0, down), rows - max(0, -down)), slice(max(0, right), columns - max(0, -right)))
    moved[to] = mask[source]
    return moved


def _segments_passed(belt: Belt, here: Ints, there: Ints) -> Ints:
    """Segment in which each step crosses the line, where its offset changes sign."""
    a, b = belt.offset[tuple(here.T)], belt.offset[tuple(there.T)]
    share = a / np.where(a == b, 1.0, a - b)
    place = here + share[:, None] * (there - here)
    easting = np.interp(place[:, 1], np.arange(len(belt.easting)), belt.easting)
    northing = np.interp(place[:, 0], np.arange(len(belt.northing)), belt.northing)
    segment, _, _ = belt.border.between_edges(easting, northing)
    beside = belt.segment[tuple(there.T)]
    return np.where(segment >= 0, segment, beside).astype(np.int64)


def _best_by_segment(belt: Belt, over: _Over) -> Ints:
    """Number of the cheapest step of each segment; −1 without one."""
    best = np.full(belt.border.segments, -1, np.int64)
    order = np.lexsort((over.cost, over.segment))
    segments, first = np.unique(over.segment[order], return_index=True)
    best[segments] = order[first]
    missing = np.flatnonzero(best < 0)
    if len(missing) and len(order):  # segments so short that no step crosses them
        places = (over.here + over.there) / 2.0
        easting, northing = belt.border.point_at(belt.border.segment_spans_m[missing].mean(axis=1))
        column = (easting - belt.easting[0]) / belt.cell_m
        row = (belt.northing[0] - northing) / belt.cell_m
        near = cKDTree(places).query_ball_point(np.column_stack([row, column]), NEAR_CELLS)
        for segment, steps in zip(missing, near, strict=True):
            if steps:
                best[segment] = min(steps, key=lambda step: (over.cost[step], step))
    return best


def _unknown(belt: Belt, mobility: Mobility) -> Bools:
    """Segments in whose belt some cells are unknown, so that an undetected path may exist."""
    segments = belt.border.segments
    void = ~np.isfinite(mobility.elevation[belt.rows, belt.columns]) | belt.at_rim
    cells = np.bincount(belt.segment[belt.inside], minlength=segments)
    unknown = np.bincount(belt.segment[belt.inside & void], minlength=segments)
    doubtful: Bools = (cells == 0) | (unknown > 0)
    return doubtful
