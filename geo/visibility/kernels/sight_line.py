"""Exact sight line: where a ray between two points first meets the bilinear surface (numba kernels).

A ray is followed in the frame of its *cone*: ``u`` along its major axis (east, north, west or south, whichever is
within 45° of it), ``v`` across, both in cells. Ring A is the grid line ``u = first_u + A``; between two rings the ray
crosses at most one other grid line, so it crosses each cell in one or two pieces. Along a piece the surface minus the
line of sight, Earth curvature included, is a quadratic: with values ``-a`` and ``-b`` at its ends and bulge ``q`` it is
``-(1-s)a - s b + q s(1-s)``, which rises above zero for some s in (0, 1) exactly when ``sqrt(a) + sqrt(b) < sqrt(q)``.
That is the whole predicate; it is monotone in both heights, in floating point too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from geo.arrays import Float32s, Floats, UInt8s
from geo.visibility.kernels.compilation import inlined_kernel, kernel


class Cone(NamedTuple):
    """A quarter of the map as seen from an observer, in cells; see ``cone_of``.

    ``origin`` is the flat index of ring 0 on the grid line at or before the observer, which is minor index 0; ``along``
    and ``across`` are the flat steps from ring to ring and along a ring; ``lowest`` and ``highest`` the first and last
    minor index on the map; ``eye_v`` the observer's minor index, in [0, 1); ``first_u`` the distance u of ring 0, in
    (0, 1]. Only ``origin`` depends on where on the map the observer stands, so a window of the map gives the same
    answer to the bit.
    """

    origin: int
    along: int
    across: int
    lowest: int
    highest: int
    eye_v: float
    first_u: float


class Ray(NamedTuple):
    """A line of sight: slope dv/du, u of its target, and heights [m].

    ``top_m`` is the height of the target's top, ``drop`` the curvature drop per cell² along the ray.
    """

    slope: float
    end_u: float
    eye_m: float
    top_m: float
    drop: float
    eye_ground_m: float
    end_ground_m: float


class Point(NamedTuple):
    """A point of a ray: the cell centre at or below it across the ray, the fraction beyond, the surface height [m]."""

    u: float
    cell: int
    fraction: float
    height_m: float


class Middle(NamedTuple):
    """Surface met by a ray between the two ends of a step: one piece of surface, or two with a point between them.

    Along a piece the height is its chord's minus ``bend * (u - u_start) * (u_end - u)``; NaN by a void.
    """

    two_pieces: bool
    u: float
    height_m: float
    first_bend: float
    last_bend: float


EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth [m] (IUGG), by which lines of sight drop with distance."""
HIDDEN, VISIBLE, UNKNOWN = 0, 1, 255
"""States of a viewshed cell: HIDDEN (not visible), visible, or unknown: the line of sight crosses a void first."""

# A line may touch the ground: it is blocked by what rises more than this above it [m]. Rounding stays far below.
TOUCH_M = 1e-9
# A crossing this close to a cell centre [cells] is at the centre.
SNAP = 1e-9


@inlined_kernel
def _crossing(v: float, highest: int) -> tuple[int, float]:
    """Where a ring is crossed: the cell centre at or below ``v`` and the fraction beyond it."""
    at = int(np.floor(v + SNAP))
    fraction = v - at
    if fraction < SNAP or at >= highest:
        return at, 0.0
    return at, fraction


@inlined_kernel
def _height(z: Float32s, index: int, step: int, fraction: float) -> float:
    """Surface height on a grid line between two cell centres; a void beside an exact centre does not count."""
    low = np.float64(z[index])
    if fraction == 0.0:
        return low
    return low + fraction * (np.float64(z[index + step]) - low)


@inlined_kernel
def _twist(z: Float32s, index: int, along: int, across: int) -> float:
    """The cell's term in u·v, which bends its surface along a ray."""
    return float(z[index]) + float(z[index + along + across]) - float(z[index + along]) - float(z[index + across])


@inlined_kernel
def _on_ring(z: Float32s, cone: Cone, slope: float, ring: int) -> Point:
    """Where a ray crosses a ring."""
    u = cone.first_u + ring
    cell, fraction = _crossing(cone.eye_v + slope * u, cone.highest)
    index = cone.origin + ring * cone.along + cell * cone.across
    return Point(u, cell, fraction, _height(z, index, cone.across, fraction))


@inlined_kernel
def _inner_end(z: Float32s, cone: Cone, ray: Ray, ring: int) -> Point:
    """Where the step to ``ring`` begins: on the ring before, or under the eye."""
    if cone.first_u + ring - 1.0 > 0.0:
        return _on_ring(z, cone, ray.slope, ring - 1)
    cell, fraction = _crossing(cone.eye_v, cone.highest)
    return Point(0.0, cell, fraction, ray.eye_ground_m)


@inlined_kernel
def _outer_end(z: Float32s, cone: Cone, ray: Ray, ring: int) -> Point:
    """Where the step to ``ring`` ends: there, or at the target."""
    if cone.first_u + ring < ray.end_u:
        return _on_ring(z, cone, ray.slope, ring)
    cell, fraction = _crossing(cone.eye_v + ray.slope * ray.end_u, cone.highest)
    return Point(ray.end_u, cell, fraction, ray.end_ground_m)


@inlined_kernel
def _between(z: Float32s, cone: Cone, slope: float, ring: int, start: Point, stop: Point) -> Middle:
    """Surface met by a ray between the two ends of the step to ``ring``."""
    if slope == 0.0 or (start.fraction == 0.0 and stop.fraction == 0.0 and start.cell == stop.cell):
        return Middle(False, stop.u, stop.height_m, 0.0, 0.0)
    # the cells left and entered: one and the same, or two with a crossing in between
    if slope > 0.0:
        first = start.cell
        last = stop.cell - 1 if stop.fraction == 0.0 else stop.cell
        line = last
    else:
        first = start.cell - 1 if start.fraction == 0.0 else start.cell
        last = stop.cell
        line = first
    along, across = cone.along, cone.across
    behind = cone.origin + (ring - 1) * along
    bend = slope * _twist(z, behind + last * across, along, across)
    if first == last:
        return Middle(False, stop.u, stop.height_m, bend, bend)
    cross_u = (line - cone.eye_v) / slope
    cross_m = _height(z, behind + line * across, along, cross_u - (cone.first_u + ring - 1.0))
    return Middle(True, cross_u, cross_m, slope * _twist(z, behind + first * across, along, across), bend)


@inlined_kernel
def _below(ray: Ray, u: float, ground: float) -> float:
    """How far the surface lies below the line of sight at ``u``, with the touch allowed; below zero it blocks."""
    part = min(u * (1.0 / ray.end_u), 1.0)
    return TOUCH_M - (ground + ray.drop * u * (ray.end_u - u) - (ray.eye_m * (1.0 - part) + ray.top_m * part))


@inlined_kernel
def _piece_state(a: float, b: float, q: float) -> int:
    """State of a piece whose ends lie a >= 0 and b below the line, its bulge between them being q."""
    if a != a or b != b or q != q:
        return UNKNOWN
    rest = q - a - b
    if b < 0.0 or (rest > 0.0 and rest * rest > 4.0 * a * b):
        return HIDDEN
    return VISIBLE


@inlined_kernel
def _step(z: Float32s, cone: Cone, ray: Ray, ring: int, start: Point, stop: Point, a: float, b: float) -> int:
    """State of the step between two ends that lie a and b below the line."""
    if a < 0.0:
        return HIDDEN
    middle = _between(z, cone, ray.slope, ring, start, stop)
    start_u = start.u
    if middle.two_pieces:
        below = _below(ray, middle.u, middle.height_m)
        first_bulge = (middle.u - start_u) * (middle.u - start_u) * (ray.drop - middle.first_bend)
        state = _piece_state(a, below, first_bulge)
        if state != VISIBLE:
            return state
        a, start_u = below, middle.u
    return _piece_state(a, b, (stop.u - start_u) * (stop.u - start_u) * (ray.drop - middle.last_bend))


@kernel
def step_state(z: Float32s, cone: Cone, ray: Ray, ring: int) -> int:
    """State of the ray between rings ``ring - 1`` and ``ring``: HIDDEN when blocked there, UNKNOWN, else VISIBLE.

    It is blocked by what rises above the line, bulges between two crossings included; see the module.
    """
    start, stop = _inner_end(z, cone, ray, ring), _outer_end(z, cone, ray, ring)
    return _step(
        z, cone, ray, ring, start, stop, _below(ray, start.u, start.height_m), _below(ray, stop.u, stop.height_m)
    )


@kernel
def blocking_step(z: Float32s, cone: Cone, ray: Ray, last: int, first: int) -> int:
    """The step that blocks a ray, searched from ``last`` down to ``first``, or -1. Voids do not block here."""
    stop = _outer_end(z, cone, ray, last)
    b = _below(ray, stop.u, stop.height_m)
    for ring in range(last, first - 1, -1):
        start = _inner_end(z, cone, ray, ring)
        a = _below(ray, start.u, start.height_m)
        if _step(z, cone, ray, ring, start, stop, a, b) == HIDDEN:
            return ring
        stop, b = start, a
    return -1


@inlined_kernel
def _steepest(u0: float, h0: float, u1: float, h1: float, q: float) -> float:
    """Largest h / u on a piece where h runs from h0 to h1 with bulge q and u from u0 to u1; NaN when any is."""
    if not (h0 == h0 and h1 == h1 and q == q):
        return np.nan
    best = max(h0 / u0, h1 / u1) if u0 > 0.0 else h1 / u1
    length = u1 - u0
    if length <= 0.0:
        return best
    # h = a u² + b u + d
    a = -q / (length * length)
    b = (h1 - h0) / length - a * (u0 + u1)
    d = h0 - u0 * (a * u0 + b)
    if u0 == 0.0 and h0 == 0.0:
        return max(best, b)
    if a < 0.0 and d < 0.0:
        u = np.sqrt(d / a)
        if u0 < u < u1:
            best = max(best, a * u + b + d / u)
    return best


@kernel
def step_steepest(z: Float32s, cone: Cone, ray: Ray, ring: int) -> float:
    """Largest (height - curvature drop - eye) / u on the ray between rings ``ring - 1`` and ``ring``, NaN on voids."""
    start, stop = _inner_end(z, cone, ray, ring), _outer_end(z, cone, ray, ring)
    middle = _between(z, cone, ray.slope, ring, start, stop)
    eye_m, drop = ray.eye_m, ray.drop
    u0, u1, u2 = start.u, middle.u, stop.u
    h0 = start.height_m - eye_m - drop * u0 * u0
    h1 = middle.height_m - eye_m - drop * u1 * u1
    h2 = stop.height_m - eye_m - drop * u2 * u2
    if not middle.two_pieces:
        return _steepest(u0, h0, u2, h2, (u2 - u0) * (u2 - u0) * (drop - middle.last_bend))
    inner = _steepest(u0, h0, u1, h1, (u1 - u0) * (u1 - u0) * (drop - middle.first_bend))
    outer = _steepest(u1, h1, u2, h2, (u2 - u1) * (u2 - u1) * (drop - middle.last_bend))
    return inner if inner != inner or inner > outer else outer


@kernel
def walk(z: Float32s, cone: Cone, ray: Ray, first_ring: int, last_ring: int) -> int:
    """State of the ray from step ``first_ring`` to step ``last_ring``, in its own order: the first that stops it."""
    for ring in range(first_ring, last_ring + 1):
        state = step_state(z, cone, ray, ring)
        if state != VISIBLE:
            return state
    return VISIBLE


@kernel
def cone_of(rows: int, columns: int, row: float, column: float, side: int) -> tuple[Cone, int]:
    """The cone that looks north (side 0), east (1), south (2) or west (3) from an observer, and its count of rings."""
    r, c = int(np.floor(row)), int(np.floor(column))
    if side == 1:
        return Cone(r * columns + c + 1, 1, columns, -r, rows - 1 - r, row - r, c + 1 - column), columns - 1 - c
    if side == 3:
        first = int(np.ceil(column)) - 1
        return Cone(r * columns + first, -1, columns, -r, rows - 1 - r, row - r, column - first), first + 1
    if side == 2:
        return Cone((r + 1) * columns + c, columns, 1, -c, columns - 1 - c, column - c, r + 1 - row), rows - 1 - r
    first = int(np.ceil(row)) - 1
    return Cone(first * columns + c, -columns, 1, -c, columns - 1 - c, column - c, row - first), first + 1


@kernel
def ground_at(z: Float32s, rows: int, columns: int, row: float, column: float) -> float:
    """Bilinear height at a point on the map, NaN where a void has a share in it."""
    r, dr = _crossing(row, rows - 1)
    c, dc = _crossing(column, columns - 1)
    near = _height(z, r * columns + c, 1, dc)
    if dr == 0.0:
        return near
    return near + dr * (_height(z, (r + 1) * columns + c, 1, dc) - near)


@njit(cache=True, error_model="numpy", nogil=True)
def sight_states(
    z: Float32s,
    rows: int,
    columns: int,
    pairs: Floats,
    above_eye: Floats,
    above_target: Floats,
    curvature: float,
    states: UInt8s,
) -> int:
    """State of every pair of ``pairs`` (n, 4): row and column of the observer, then of the target, on the map.

    A target at a NaN place, or on a void, is UNKNOWN. ``curvature`` is the drop at one cell's distance [m]. Returns
    the first pair whose observer is on a void, or -1.
    """
    on_void = -1
    for n in range(pairs.shape[0]):
        row, column, to_row, to_column = pairs[n, 0], pairs[n, 1], pairs[n, 2], pairs[n, 3]
        ground = ground_at(z, rows, columns, row, column)
        if ground != ground and on_void < 0:
            on_void = n
        if not (to_row == to_row and to_column == to_column):
            states[n] = UNKNOWN
            continue
        target_ground = ground_at(z, rows, columns, to_row, to_column)
        if target_ground != target_ground:
            states[n] = UNKNOWN
            continue
        d_row, d_column = to_row - row, to_column - column
        if abs(d_column) >= abs(d_row):
            side = 1 if d_column > 0.0 else 3
            end_u, end_v = abs(d_column), d_row
        else:
            side = 2 if d_row > 0.0 else 0
            end_u, end_v = abs(d_row), d_column
        if end_u == 0.0:
            states[n] = VISIBLE
            continue
        cone, _ = cone_of(rows, columns, row, column, side)
        slope = end_v / end_u
        eye_m, top_m = ground + above_eye[n], target_ground + above_target[n]
        ray = Ray(slope, end_u, eye_m, top_m, curvature * (1.0 + slope * slope), ground, target_ground)
        last = max(int(np.ceil(end_u - cone.first_u - SNAP)), 0)
        states[n] = walk(z, cone, ray, 0, last)
    return on_void
