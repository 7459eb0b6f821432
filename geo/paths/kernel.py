"""Compiled least-cost search over a raster: label correcting in buckets.

The search is exact: the cost of a cell is the least over all paths, whatever the width of the buckets (delta-stepping
without its split into light and heavy steps: Meyer and Sanders 2003, doi:10.1016/S0196-6774(03)00076-2). A step that
passes between cells is cut where it crosses their rows or columns, and each piece is charged, so that a knight's move
cannot jump over a cell.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from geo.arrays import Floats, Int32s, Ints, UInt8s


class Moves(NamedTuple):
    """The moves from a cell on a raster, in the order of ``pairs_of``.

    ``steps`` (move,) in flat cells and the number of ``pieces`` (move,) of each; ``knots`` (move, 4) are the two flat
    cells around each inner knot, or those beside a diagonal, of which one must be open; ``shares`` (move, 2) the weight
    of the second at each knot; ``lengths`` (move,) that of a piece in cells.
    """

    steps: Int32s
    pieces: Int32s
    knots: Int32s
    shares: Floats
    lengths: Floats


class PathGraph(NamedTuple):
    """The moves over a ground, with the ``runs`` (move,) of their pieces in metres, and the speed ``law`` (4,)."""

    steps: Int32s
    pieces: Int32s
    knots: Int32s
    shares: Floats
    runs: Floats
    law: Floats


class Queue(NamedTuple):
    """Work arrays of a search: the first and last cell of each bucket, each cell's neighbours in its list, a heap."""

    first: Int32s
    last: Int32s
    after: Int32s
    before: Int32s
    heap: Int32s


# Columns of the ground of a search, one row a cell: height [m], pace (times the law's seconds; infinite where there is
# no way), cost of a second and of a metre there, steepest gradient that is felt (roads are graded; infinite off them).
HEIGHT, PACE, WEIGHT, TOLL, FELT, COLUMNS = 0, 1, 2, 3, 4, 5
# Of a speed law: metres per second at its easiest gradient, decline per unit of gradient, that gradient, the limit.
PEAK, DECLINE, EASIEST, LIMIT = 0, 1, 2, 3

NEIGHBOURS = {8: 1, 16: 2, 32: 3}
"""Number of neighbours of a cell, and the distance of the farthest of them in cells."""
BUCKETS = 1 << 15
# Without numba's reference counts, which the helpers' array arguments would otherwise pay at each of their many calls
# (3 to 6 times the whole search); so nothing here may allocate or return an array.
COMPILED: Any = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
FREE, HEAPED, WORKED = -2, -3, -4  # in ``before``: in no bucket, in the heap, already processed (lists: from −1)
PATIENCE = 64  # cells of a bucket that may be processed again before it is sorted
ROUNDING = 1e-12
NOWHERE = 255  # in ``arrival``: not reached by a move


def pairs_of(neighbours: int) -> list[tuple[int, int]]:
    """Rows and columns of the moves to 8, 16 or 32 neighbours, the nearest first."""
    reach = NEIGHBOURS[neighbours]
    pairs = [(r, c) for r in range(-reach, reach + 1) for c in range(-reach, reach + 1) if math.gcd(r, c) == 1]
    return sorted(pairs, key=lambda pair: max(map(abs, pair)))


def moves_of(neighbours: int, width: int) -> Moves:
    """The moves to 8, 16 or 32 neighbours on a raster ``width`` cells wide."""
    pairs = pairs_of(neighbours)
    steps, pieces = np.zeros(len(pairs), np.int32), np.zeros(len(pairs), np.int32)
    knots, shares, lengths = np.zeros((len(pairs), 4), np.int32), np.zeros((len(pairs), 2)), np.zeros(len(pairs))
    for m, (row, column) in enumerate(pairs):
        long = max(abs(row), abs(column))
        steps[m], pieces[m], lengths[m] = row * width + column, long, math.hypot(row, column) / long
        if long == 1:
            knots[m, :2] = row * width, column
        for k in range(1, long):
            along = (row * k / long, column * k / long)
            low = [math.floor(place) for place in along]
            high = [math.ceil(place) for place in along]
            knots[m, 2 * k - 2], knots[m, 2 * k - 1] = low[0] * width + low[1], high[0] * width + high[1]
            shares[m, k - 1] = max(place - floor for place, floor in zip(along, low, strict=True))
    return Moves(steps, pieces, knots, shares, lengths)


@njit(**COMPILED)
def _seconds(rise: float, run: float, pace: float, felt: float, law: Floats) -> float:
    """Seconds of one piece; infinite where it is steeper than the law allows; an unknown rise counts as the easiest."""
    if math.isnan(rise):
        return float(run * pace / law[PEAK])
    gradient = min(max(rise / run, -felt), felt)
    if abs(gradient) > law[LIMIT]:
        return np.inf
    slowness = run * pace / law[PEAK]
    if law[DECLINE] == 0.0:
        return float(slowness)
    return float(slowness * np.exp(law[DECLINE] * abs(gradient - law[EASIEST])))


@njit(**COMPILED)
def step_cost(
    ground: Floats,
    here: int,
    move: int,
    graph: PathGraph,
    sign: float,
) -> float:
    """Cost of a move from a cell, or with ``sign`` −1 of the reverse move; infinite or NaN if it is impossible.

    Σ over pieces of ½(w_i + w_j) · ½(p_i + p_j) · run · slowness(gradient) + ½(u_i + u_j) · run, with the cost of a
    second w and of a metre u at the ends of the piece.
    """
    knots, shares, law = graph.knots, graph.shares, graph.law
    there = here + graph.steps[move]
    if not ground[there, PACE] < np.inf:
        return np.inf
    run, count = graph.runs[move], graph.pieces[move]
    height, pace, felt = ground[here, HEIGHT], ground[here, PACE], ground[here, FELT]
    weight, toll = ground[here, WEIGHT], ground[here, TOLL]
    if count == 1:  # a diagonal does not pass between closed cells; a straight step has one of its ends beside it
        beside, other = ground[here + knots[move, 0], PACE], ground[here + knots[move, 1], PACE]
        if not (beside < np.inf or other < np.inf):
            return np.inf
    cost = 0.0
    for k in range(count - 1):
        left, right = here + knots[move, 2 * k], here + knots[move, 2 * k + 1]
        if not (ground[left, PACE] < np.inf and ground[right, PACE] < np.inf):
            return np.inf
        share = shares[move, k]
        rest = 1.0 - share
        next_height = rest * ground[left, HEIGHT] + share * ground[right, HEIGHT]
        next_pace = rest * ground[left, PACE] + share * ground[right, PACE]
        next_weight = rest * ground[left, WEIGHT] + share * ground[right, WEIGHT]
        next_toll = rest * ground[left, TOLL] + share * ground[right, TOLL]
        next_felt = max(ground[left, FELT], ground[right, FELT])
        seconds = _seconds(sign * (next_height - height), run, 0.5 * (pace + next_pace), max(felt, next_felt), law)
        cost += 0.5 * (weight + next_weight) * seconds + 0.5 * (toll + next_toll) * run
        height, pace, weight, toll, felt = next_height, next_pace, next_weight, next_toll, next_felt
    rise, slowest = sign * (ground[there, HEIGHT] - height), max(felt, ground[there, FELT])
    seconds = _seconds(rise, run, 0.5 * (pace + ground[there, PACE]), slowest, law)
    return float(cost + 0.5 * (weight + ground[there, WEIGHT]) * seconds + 0.5 * (toll + ground[there, TOLL]) * run)


def queue_of(cells: int) -> Queue:
    """Empty buckets: the first and last cell of each, the cells after and before each cell, and room for a heap."""
    ends = [np.full(BUCKETS + 1, -1, np.int32) for _ in range(2)]
    following, preceding = np.empty(cells, np.int32), np.full(cells, FREE, np.int32)
    return Queue(ends[0], ends[1], following, preceding, np.empty(cells, np.int32))


@njit(**COMPILED)
def lay_out(
    ground: Floats, frame: int, height: Floats, pace: Floats, weight: Floats, toll: Floats, felt: Floats
) -> None:
    """Fill ``ground`` (row, column, COLUMNS) from rasters of its inside; closed in a frame, and where one is unknown.

    ``weight``, ``toll`` and ``felt`` are rasters too, or a single value for all cells.
    """
    rows, columns = height.shape
    for row in range(-frame, rows + frame):
        for column in range(-frame, columns + frame):
            cell = ground[row + frame, column + frame]
            cell[HEIGHT], cell[WEIGHT], cell[TOLL], cell[FELT], cell[PACE] = 0.0, 0.0, 0.0, 0.0, np.inf
            if not (0 <= row < rows and 0 <= column < columns):
                continue
            w = weight[min(row, weight.shape[0] - 1), min(column, weight.shape[1] - 1)]
            u = toll[min(row, toll.shape[0] - 1), min(column, toll.shape[1] - 1)]
            z = height[row, column]
            if np.isfinite(z) and np.isfinite(w) and np.isfinite(u) and np.isfinite(pace[row, column]):
                cell[HEIGHT], cell[WEIGHT], cell[TOLL], cell[PACE] = z, w, u, pace[row, column]
                cell[FELT] = felt[min(row, felt.shape[0] - 1), min(column, felt.shape[1] - 1)]


@njit(**COMPILED)
def begin(ground: Floats, frame: int, start: Floats, labels: Floats) -> None:
    """Fill ``labels`` (row, column) with those of the inside that are open and have one, infinite elsewhere."""
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            labels[row, column] = np.inf
    for row in range(start.shape[0]):
        for column in range(start.shape[1]):
            if start[row, column] < np.inf and ground[row + frame, column + frame, PACE] < np.inf:
                labels[row + frame, column + frame] = start[row, column]


@njit(**COMPILED)
def _at_least(ground: Floats, here: int, there: int, count: int, run: float) -> float:
    """Lower bound of a step's cost, times the law's peak: on the easiest gradient, and of several pieces half the
    first.

    Most steps improve nothing, and this bound excludes many of them without their gradients.
    """
    weight, pace = ground[here, WEIGHT], ground[here, PACE]
    if count == 1:
        weight, pace = weight + ground[there, WEIGHT], pace + ground[there, PACE]
    return float(0.25 * weight * pace * run)


@njit(**COMPILED)
def step_costs(
    ground: Floats,
    cells: Ints,
    move: int,
    graph: PathGraph,
    costs: Floats,
) -> None:
    """Fill ``costs`` (cell,) with those of one move from each of ``cells``."""
    for i in range(len(cells)):
        costs[i] = step_cost(ground, cells[i], move, graph, 1.0)


@njit(**COMPILED)
def usual_cost(
    ground: Floats,
    graph: PathGraph,
    stride: int,
) -> float:
    """Geometric mean cost of the straight steps that cost anything, at every ``stride``-th cell; 1 without any."""
    total, count = 0.0, 0
    for here in range(0, len(ground), stride):
        if not ground[here, PACE] < np.inf:
            continue
        for move in range(len(graph.steps)):
            if graph.runs[move] > graph.runs[0]:
                continue
            cost = step_cost(ground, here, move, graph, 1.0)
            if 0.0 < cost < np.inf:
                total += np.log(cost)
                count += 1
    return float(np.exp(total / count)) if count else 1.0


@njit(**COMPILED)
def _bucket(label: float, base: float, per_cost: float) -> int:
    """The bucket of a label; BUCKETS is the one for all labels beyond them."""
    place = (label - base) * per_cost
    return int(place) if place < BUCKETS else BUCKETS


@njit(**COMPILED)
def _enter(cell: int, bucket: int, first: Int32s, last: Int32s, after: Int32s, before: Int32s) -> None:
    """Put a cell at the end of a bucket."""
    tail = last[bucket]
    after[cell], before[cell], last[bucket] = -1, tail, cell
    if tail >= 0:
        after[tail] = cell
    else:
        first[bucket] = cell


@njit(**COMPILED)
def _leave(cell: int, bucket: int, first: Int32s, last: Int32s, after: Int32s, before: Int32s) -> None:
    """Take a cell out of its bucket."""
    previous, following = before[cell], after[cell]
    if previous >= 0:
        after[previous] = following
    else:
        first[bucket] = following
    if following >= 0:
        before[following] = previous
    else:
        last[bucket] = previous
    before[cell] = FREE


@njit(**COMPILED)
def _rise(place: int, heap: Int32s, spot: Int32s, labels: Floats) -> None:
    """Move the cell at a position of the heap (four children per node) up to its place; ``spot`` holds the positions of
    cells."""
    cell = heap[place]
    while place > 0:
        above = (place - 1) >> 2
        if labels[heap[above]] <= labels[cell]:
            break
        heap[place] = heap[above]
        spot[heap[place]] = place
        place = above
    heap[place] = cell
    spot[cell] = place


@njit(**COMPILED)
def _sink(size: int, heap: Int32s, spot: Int32s, labels: Floats) -> None:
    """Put the cell at position ``size`` on top of the heap that ends there, and move it down to its place."""
    cell, place = heap[size], 0
    while 4 * place + 1 < size:
        best = 4 * place + 1
        for below in range(best + 1, min(best + 4, size)):
            if labels[heap[below]] < labels[heap[best]]:
                best = below
        if labels[heap[best]] >= labels[cell]:
            break
        heap[place] = heap[best]
        spot[heap[place]] = place
        place = best
    heap[place] = cell
    spot[cell] = place


@njit(**COMPILED)
def search(
    ground: Floats,
    labels: Floats,
    arrival: UInt8s,
    graph: PathGraph,
    sign: float,
    limit: float,
    width: float,
    queue: Queue,
) -> None:
    """Lower ``labels`` (cell,) in place to the least cost from any cell that has one, and record the move by which it
    arrives.

    ``sign`` is 1 for costs from the labels or −1 for costs towards them, ``limit`` the highest label that counts,
    ``width`` that of the first buckets, ``queue`` is from ``queue_of``. The ground must be framed by closed cells as
    wide as the longest move. If a bucket is so wide that its cells are processed repeatedly, the rest of it is
    processed in the order of labels, by a heap.
    """
    steps, pieces, runs = graph.steps, graph.pieces, graph.runs
    first, last, after, before, heap = queue
    base, per_cost, least = np.inf, 1.0 / width, (1.0 - ROUNDING) / graph.law[PEAK]
    for cell in range(len(labels)):
        base = min(base, labels[cell])
    for cell in range(len(labels)):
        if labels[cell] < np.inf:
            _enter(cell, _bucket(labels[cell], base, per_cost), first, last, after, before)
    while base < np.inf:
        for bucket in range(BUCKETS):
            worked, repeated, size, heaped = 0, 0, 0, False
            while size > 0 or first[bucket] >= 0:
                if heaped:
                    here, size = heap[0], size - 1
                    if size > 0:
                        _sink(size, heap, after, labels)
                else:
                    here = first[bucket]
                    _leave(here, bucket, first, last, after, before)
                    if repeated > PATIENCE + worked // 4:
                        heap[size], before[here] = here, HEAPED
                        _rise(size, heap, after, labels)
                        size, heaped = size + 1, first[bucket] < 0
                        continue
                label, before[here], worked = labels[here], WORKED, worked + 1
                for move in range(len(steps)):
                    there = here + steps[move]
                    slack = labels[there] - label
                    if not (slack > 0.0 and ground[there, PACE] < np.inf):
                        continue
                    if slack <= _at_least(ground, here, there, pieces[move], runs[move]) * least:
                        continue
                    reached = label + step_cost(ground, here, move, graph, sign)
                    if not (reached < labels[there] and reached <= limit):
                        continue
                    state, target = before[there], _bucket(reached, base, per_cost)
                    if state > FREE:
                        _leave(there, _bucket(labels[there], base, per_cost), first, last, after, before)
                    labels[there], arrival[there] = reached, move
                    if state == HEAPED:
                        _rise(after[there], heap, after, labels)
                    elif heaped and target == bucket:
                        heap[size], before[there] = there, HEAPED
                        _rise(size, heap, after, labels)
                        size += 1
                    else:
                        repeated += state == WORKED
                        _enter(there, target, first, last, after, before)
        # All buckets are empty: restart at the least label beyond them, with buckets twice as wide.
        waiting, base, per_cost = first[BUCKETS], np.inf, 0.5 * per_cost
        first[BUCKETS], last[BUCKETS] = -1, -1
        cell = waiting
        while cell >= 0:
            base = min(base, labels[cell])
            cell = after[cell]
        while waiting >= 0:
            cell, waiting = waiting, after[waiting]
            _enter(cell, _bucket(labels[cell], base, per_cost), first, last, after, before)


@njit(cache=True, nogil=True, error_model="numpy")
def trace(cell: int, arrival: UInt8s, steps: Int32s) -> Int32s:
    """Flat cells from ``cell`` back to the start of the search, both included."""
    path = [np.int32(cell)]
    while arrival[cell] != NOWHERE:
        cell -= steps[arrival[cell]]
        path.append(np.int32(cell))
    return np.array(path)


def compile_kernels() -> None:
    """Compile the kernels, or load them from the disk: one search over a few cells, and one path traced."""
    ground = np.zeros((25, COLUMNS))
    graph = PathGraph(*moves_of(8, 5), np.array([1.0, 0.0, 0.0, np.inf]))
    ones, cells = np.ones((3, 3)), np.empty((5, 5))
    lay_out(ground.reshape(5, 5, COLUMNS), 1, ones, ones, ones[:1, :1].copy(), ones[:1, :1].copy(), ones[:1, :1].copy())
    begin(ground.reshape(5, 5, COLUMNS), 1, ones, cells)
    labels, arrival = np.full(25, np.inf), np.full(25, NOWHERE, np.uint8)
    labels[11] = 0.0
    width = usual_cost(ground, graph, 1)
    search(ground, labels, arrival, graph, 1.0, np.inf, width, queue_of(25))
    step_costs(ground, np.array([11]), 0, graph, np.empty(1))
    trace(13, arrival, graph.steps)
