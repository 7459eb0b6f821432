"""Rings of cells around an observer, as the exact and the fast viewshed share them (numba kernels).

As seen from the eye, a point has the *steepness* ``(height - curvature drop - eye) / u`` [m per cell], u its distance
along the axis of the cone: of two points on one ray the nearer hides the farther exactly when it is the steeper.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geo.arrays import Float32s, Int32s
from geo.visibility.kernels.compilation import inlined_kernel, kernel
from geo.visibility.kernels.sight_line import Cone, cone_of


class Eye(NamedTuple):
    """Heights of the eye, of the ground under it and of a target above its ground; curvature drop at one cell [m]."""

    eye_m: float
    ground_m: float
    target_m: float
    drop: float


class ViewLimits(NamedTuple):
    """Range in cells, and the smallest and largest slope dv/du of interest."""

    reach: float
    low: float
    high: float


class WindowSteps(NamedTuple):
    """Flat index in the window of ring 0 at minor index 0, and the flat steps there from ring to ring and along one."""

    origin: int
    along: int
    across: int


class Extent(NamedTuple):
    """A ring's u, and its lowest and highest v and first and last minor index in range, in view and on the map."""

    u: float
    low_v: float
    high_v: float
    first: int
    last: int


# Rings whose heights are read at once.
BLOCK = 8
# Arrays across a ring have this many more positions at each end.
PAD = 12
# This many cells beyond those in view are read too.
ROUND = 10
LOW = np.float32(-1e30)
# Heights beyond this [m] from the datum, or infinite, are invalid; synthetic terrain may be higher than the Earth's.
FARTHEST_M = np.float32(30_000.0)
# The value that raster files most often use for voids [m]; deeper than any sea that a border crosses.
HABITUAL_VOID_M = np.float32(-9999.0)


@kernel
def cone_in_reach(
    shape: tuple[int, int], place: tuple[float, float], side: int, reach: float
) -> tuple[Cone, int, int, float]:
    """The cone of one side without what no ray within ``reach`` cells comes near, and its count of rings.

    Then its width in cells, and the observer's minor index counted from the cone's first cell.
    """
    cone, rings = cone_of(shape[0], shape[1], place[0], place[1], side)
    wide = int(reach) + 8
    lowest, highest = max(cone.lowest, -wide), min(cone.highest, wide)
    in_range = int(np.floor(reach * (1.0 + 1e-12) - cone.first_u)) + 1
    near = Cone(cone.origin, cone.along, cone.across, lowest, highest, cone.eye_v, cone.first_u)
    return near, min(rings, in_range), highest - lowest + 1, cone.eye_v - lowest


@kernel
def steps_in_window(cone: Cone, columns: int, window: tuple[int, int, int]) -> WindowSteps:
    """A cone's origin and steps in a window of the map: its first row, first column and width."""
    row0, column0, width = window
    row, column = cone.origin // columns, cone.origin % columns
    along = cone.along if abs(cone.along) == 1 else (width if cone.along > 0 else -width)
    across = cone.across if abs(cone.across) == 1 else (width if cone.across > 0 else -width)
    return WindowSteps((row - row0) * width + column - column0, along, across)


@inlined_kernel
def extent(ring: int, first_u: float, view: ViewLimits, eye_v: float, width: int) -> Extent:
    """The part of a ring that is in range, in view and on the map."""
    u = first_u + ring
    span = np.sqrt(max(view.reach * view.reach * (1.0 + 1e-12) - u * u, 0.0))
    low_v, high_v = max(-span, view.low * u), min(span, view.high * u)
    first = max(int(np.ceil(eye_v + low_v - 1e-9)), 0)
    last = min(int(np.floor(eye_v + high_v + 1e-9)), width - 1)
    return Extent(u, low_v, high_v, first, last)


@kernel
def steepness(
    z: Float32s,
    cone: Cone,
    ring: int,
    count: int,
    first: int,
    last: int,
    eye: Eye,
    steep: Float32s,
    flags: Int32s,
) -> None:
    """Steepness of the cells first..last of ``count`` rings into ``steep``, LOW on voids.

    ``flags`` (ring, 2): whether a ring has voids, and whether it has implausible heights.
    """
    along, across = cone.along, cone.across
    start = cone.origin + ring * along + (cone.lowest + first) * across
    length = last + 1 - first
    if across != 1:  # a ring is a column: read several rings at once, row by row
        for i in range(length):
            for r in range(count):
                steep[r, PAD + first + i] = z[np.uint64(start + i * across + r * along)]
    first_v = np.float32(first - (cone.eye_v - cone.lowest))
    for r in range(count):
        u = cone.first_u + ring + r
        # the eye's height and the earth's fall along the axis as two numbers, so that nothing is lost
        base, inverse, void, wrong = eye.eye_m + eye.drop * u * u, np.float32(1.0 / u), np.int32(0), np.int32(0)
        whole, fall = np.float32(base), np.float32(eye.drop)
        rest = np.float32(base - whole)
        into = steep[r, PAD + first : PAD + first + length]
        heights = z[start + r * along : start + r * along + length] if across == 1 else into
        for i in range(length):
            v = first_v + np.float32(i)
            height = heights[i]
            m = (height - whole - (rest + fall * v * v)) * inverse
            known = m == m
            void |= np.int32(not known)
            wrong |= np.int32(abs(height) > FARTHEST_M or height == HABITUAL_VOID_M)
            into[i] = m if known else LOW
        flags[r, 0], flags[r, 1] = void, wrong


@inlined_kernel
def next_block(
    z: Float32s,
    cone: Cone,
    ring: int,
    rings: int,
    view: ViewLimits,
    eye: Eye,
    width: int,
    steep: Float32s,
    flags: Int32s,
) -> None:
    """Steepness of the next block of rings, ROUND cells wider on each side than the widest of them reaches."""
    eye_v, u = cone.eye_v - cone.lowest, cone.first_u + ring
    count = min(BLOCK, rings - ring)
    far_u = u + count - 1.0
    span = np.sqrt(max(view.reach * view.reach * (1.0 + 1e-12) - u * u, 0.0))
    first = int(np.ceil(eye_v + max(-span, min(view.low * u, view.low * far_u)) - 1e-9))
    last = int(np.floor(eye_v + min(span, max(view.high * u, view.high * far_u)) + 1e-9))
    steepness(z, cone, ring, count, max(first - ROUND, 0), min(last + ROUND, width - 1), eye, steep, flags)
