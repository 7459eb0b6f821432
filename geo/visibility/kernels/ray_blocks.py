"""Eight steps of a sight line at once, compared with bounds consistent with the exact step (numba kernels).

``geo.visibility.kernels.sight_line`` follows a ray step by step. Here STRIDE steps are compared in vector registers
without a branch; only the few doubtful ones are then followed exactly.

Between the two rings of a step, the surface along a ray consists of one or two pieces of bilinear surface. Above the
chord from ring to ring it rises by no more than a quarter of the slope times the sum of two differences: of the
gradients across at the ray's two ring crossings, and of those on the two sides of a cell crossed (its twist); and by a
quarter of the curvature drop over a cell.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geo.arrays import Float32s
from geo.visibility.kernels.compilation import inlined_kernel, kernel
from geo.visibility.kernels.sight_line import HIDDEN, SNAP, Cone, Ray, blocking_step, step_state, step_steepest

# Steps evaluated together.
STRIDE = 8
# Clearance beyond its bound that a step must have [m]: far above all rounding, and above the effect of SNAP on a cliff.
SPARE_M = 1e-4


class Step(NamedTuple):
    """Height of the surface where a step begins and ends, and how far it rises above the chord.

    ``known`` says whether all this is known: a ray through a cell centre may touch cells on either side.
    """

    start_m: float
    end_m: float
    rise: float
    known: bool


@inlined_kernel
def _within(cone: Cone, slope: float, first: int) -> bool:
    """Whether the steps from ``first`` on, and the cells beside them, lie on the map."""
    near = cone.eye_v + slope * (cone.first_u + first - 1.0)
    far = cone.eye_v + slope * (cone.first_u + first + STRIDE - 1.0)
    return min(near, far) >= cone.lowest + 1.5 and max(near, far) <= cone.highest - 2.5


@inlined_kernel
def _surface(z: Float32s, cone: Cone, slope: float, ring: int) -> Step:
    """The surface along a ray between rings ``ring - 1`` and ``ring``, ring >= 2, without the earth's curvature."""
    across, eye_v = cone.across, cone.eye_v
    rising = slope > 0.0
    # from a crossing's near corner to the far corner of the next cell, and back to that of the cell before
    beyond = 2 * across if rising else -across
    behind = across - beyond
    u = cone.first_u + ring
    v0, v1 = eye_v + slope * (u - 1.0) + SNAP, eye_v + slope * u + SNAP
    at0, at1 = np.floor(v0), np.floor(v1)
    share0, share1 = v0 - at0, v1 - at1
    k1 = cone.origin + ring * cone.along
    k0 = k1 - cone.along + int(at0 * across)
    k1 += int(at1 * across)
    p, q = np.float64(z[np.uint64(k0)]), np.float64(z[np.uint64(k1)])
    dp = np.float64(z[np.uint64(k0 + across)]) - p
    dq = np.float64(z[np.uint64(k1 + across)]) - q
    next_p = np.float64(z[np.uint64(k0 + beyond)]) - p
    last_q = np.float64(z[np.uint64(k1 + behind)]) - q
    next_dp = next_p - dp if rising else -next_p
    last_dq = -last_q if rising else last_q - dq
    twist = max(abs(dp - last_dq), abs(next_dp - dq)) if at0 != at1 else 0.0
    rise = 0.25 * abs(slope) * (abs(dp - dq) + twist)
    return Step(p + share0 * dp, q + share1 * dq, rise, min(share0, share1) >= 2.0 * SNAP)


@kernel
def stride_blocks(z: Float32s, cone: Cone, ray: Ray, first: int) -> bool:
    """Whether one of the steps first..first + STRIDE - 1 blocks the ray; exact; first >= 2, no voids."""
    slope, eye_m, drop = ray.slope, ray.eye_m, ray.drop
    if not _within(cone, slope, first):
        return blocking_step(z, cone, ray, first + STRIDE - 1, first) >= 0
    incline, spare = (ray.top_m - eye_m) / ray.end_u - drop * ray.end_u, 0.25 * drop + SPARE_M
    hidden, doubtful = 0, 0
    for i in range(STRIDE):
        surface = _surface(z, cone, slope, first + i)
        u1 = cone.first_u + (first + i)
        u0 = u1 - 1.0
        clear0 = eye_m + u0 * (incline + drop * u0) - surface.start_m
        clear1 = eye_m + u1 * (incline + drop * u1) - surface.end_m
        least = min(clear0, clear1)
        hidden |= int(surface.known and least < -SPARE_M) << i
        doubtful |= int(not (surface.known and least > surface.rise + spare)) << i
    step = first
    while hidden == 0 and doubtful != 0:
        if doubtful & 1 and step_state(z, cone, ray, step) == HIDDEN:
            hidden = 1
        doubtful >>= 1
        step += 1
    return hidden != 0


@kernel
def stride_steepest(z: Float32s, cone: Cone, ray: Ray, first: int, best: float, at: int) -> tuple[float, int]:
    """Of ``best``, met on step ``at``, and the steps first..first + STRIDE - 1 the steepest; first >= 2, no voids."""
    slope, eye_m, drop = ray.slope, ray.eye_m, ray.drop
    spare = 0.25 * drop + SPARE_M
    steeper = 2**STRIDE - 1
    if _within(cone, slope, first):
        steeper = 0
        for i in range(STRIDE):
            surface = _surface(z, cone, slope, first + i)
            u1 = cone.first_u + (first + i)
            u0 = u1 - 1.0
            # of a point at height h: h - eye - drop u² - best u, in metres
            clear0 = eye_m + u0 * (best + drop * u0) - surface.start_m
            clear1 = eye_m + u1 * (best + drop * u1) - surface.end_m
            steeper |= int(not (surface.known and min(clear0, clear1) > surface.rise + spare)) << i
    step = first
    while steeper != 0:
        if steeper & 1:
            met = step_steepest(z, cone, ray, step)
            if met > best:
                best, at = met, step
        steeper >>= 1
        step += 1
    return best, at
