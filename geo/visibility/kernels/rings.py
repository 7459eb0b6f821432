"""Rings of cells around an observer, seen from the eye. What the exact and the fast viewshed have in common.

Seen from the eye a point has the *steepness* ``(height - curvature drop - eye) / u`` [m per cell], u its distance along
the cone's axis: of two points on one ray the nearer hides the farther exactly when it is the steeper.
"""

from __future__ import annotations

import numpy as np

from geo.arrays import Float32s, Int32s
from geo.visibility.kernels.compilation import inlined_leaf, kernel
from geo.visibility.kernels.sight_line import Cone

# Height of the eye, of the ground under it, of a target above its ground, and curvature drop at one cell [m].
Eye = tuple[float, float, float, float]
# Range in cells, and the smallest and largest slope dv/du of interest.
Bounds = tuple[float, float, float]

# Rings whose heights are read at once.
BLOCK = 8
# Arrays across a ring have this many more places at each end.
PAD = 12
# So many cells beyond what is in view are read too.
ROUND = 10
LOW = np.float32(-1e30)
# Beyond this [m] from the datum, or infinite, a height is none; made-up ground may be higher than the earth's.
FARTHEST_M = np.float32(30_000.0)
# What raster files most often hold where they have no height, [m]; deeper than any sea that a border crosses.
HABITUAL_VOID_M = np.float32(-9999.0)


@inlined_leaf
def extent(ring: int, first_u: float, view: Bounds, eye_v: float, width: int) -> tuple[float, float, float, int, int]:
    """u of a ring, and the first and last minor index within the range, the angles and the map."""
    reach, slope_low, slope_high = view
    u = first_u + ring
    span = np.sqrt(max(reach * reach * (1.0 + 1e-12) - u * u, 0.0))
    low_v, high_v = max(-span, slope_low * u), min(span, slope_high * u)
    first = max(int(np.ceil(eye_v + low_v - 1e-9)), 0)
    last = min(int(np.floor(eye_v + high_v + 1e-9)), width - 1)
    return u, low_v, high_v, first, last


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

    ``flags`` (ring, 2) tells whether there are voids on a ring, and whether there are heights that no ground has.
    """
    origin, along, across, lowest, _, eye_fraction, first_u = cone
    eye_m, _, _, curvature = eye
    start = origin + ring * along + (lowest + first) * across
    length = last + 1 - first
    if across != 1:  # a ring is a column: read several rings at once, row by row
        for i in range(length):
            for r in range(count):
                steep[r, PAD + first + i] = z[np.uint64(start + i * across + r * along)]
    first_v = np.float32(first - (eye_fraction - lowest))
    for r in range(count):
        u = first_u + ring + r
        # the eye's height and the earth's fall along the axis as two numbers, so that nothing is lost
        base, inverse, void, wrong = eye_m + curvature * u * u, np.float32(1.0 / u), np.int32(0), np.int32(0)
        whole, fall = np.float32(base), np.float32(curvature)
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


@inlined_leaf
def next_block(
    z: Float32s,
    cone: Cone,
    ring: int,
    rings: int,
    view: Bounds,
    eye: Eye,
    width: int,
    steep: Float32s,
    flags: Int32s,
) -> None:
    """Steepness of the next block of rings, ROUND cells wider on each side than the widest of them reaches."""
    reach, slope_low, slope_high = view
    eye_v, u = cone[5] - cone[3], cone[6] + ring
    count = min(BLOCK, rings - ring)
    far_u = u + count - 1.0
    span = np.sqrt(max(reach * reach * (1.0 + 1e-12) - u * u, 0.0))
    first = int(np.ceil(eye_v + max(-span, min(slope_low * u, slope_low * far_u)) - 1e-9))
    last = int(np.floor(eye_v + min(span, max(slope_high * u, slope_high * far_u)) + 1e-9))
    steepness(z, cone, ring, count, max(first - ROUND, 0), min(last + ROUND, width - 1), eye, steep, flags)
