"""Eight steps of a sight line at once, compared with bounds that the exact step never contradicts. Numba kernels.

``geo.sightlines`` follows a ray step by step. Here STRIDE steps are compared in the processor's wide registers, without
a branch; only the few in doubt are then followed exactly.

Between the two rings of a step the surface along a ray consists of one or two pieces of bilinear surface. Above the
chord from ring to ring it rises by no more than a quarter of the slope times the sum of two differences: of the
gradients across where the ray leaves the one ring and meets the other, and of those on the two sides of a cell crossed
(its twist); and by a quarter of the earth's fall over a cell.
"""

from __future__ import annotations

import numpy as np

from geo.leaf import inlined_leaf, leaf
from geo.sightlines import HIDDEN, SNAP, TOUCH_M, Cone, Heights, Ray, step_state, step_steepest

# Steps looked at together.
STRIDE = 8
# What a step must clear beyond its bound [m]: far above all rounding.
SPARE_M = 1e-6
# Height of the surface where a step begins and ends, how far it rises above the chord, and whether all this is known:
# at a cell centre the neighbours may be off the map.
Step = tuple[float, float, float, bool]


@inlined_leaf
def _surface(z: Heights, cone: Cone, slope: float, ring: int) -> Step:
    """The surface along a ray between rings ``ring - 1`` and ``ring``, ring >= 2, without the earth's curvature."""
    origin, along, across, _, _, eye_v, first_u = cone
    most = len(z) - 1
    rising = slope > 0.0
    # from a crossing's near corner to the far corner of the next cell, and back to that of the cell before
    beyond = 2 * across if rising else -across
    behind = across - beyond
    u = first_u + ring
    v0, v1 = eye_v + slope * (u - 1.0), eye_v + slope * u
    at0, at1 = np.floor(v0 + SNAP), np.floor(v1 + SNAP)
    share0, share1 = v0 - at0, v1 - at1
    k0 = origin + (ring - 1) * along + int(at0) * across
    k1 = origin + ring * along + int(at1) * across
    p, q = np.float64(z[np.uint64(k0)]), np.float64(z[np.uint64(k1)])
    dp = np.float64(z[np.uint64(min(k0 + across, most))]) - p
    dq = np.float64(z[np.uint64(min(k1 + across, most))]) - q
    next_p = np.float64(z[np.uint64(min(max(k0 + beyond, 0), most))]) - p
    last_q = np.float64(z[np.uint64(min(max(k1 + behind, 0), most))]) - q
    next_dp = next_p - dp if rising else -next_p
    last_dq = -last_q if rising else last_q - dq
    twist = max(abs(dp - last_dq), abs(next_dp - dq)) if at0 != at1 else 0.0
    rise = 0.25 * abs(slope) * (abs(dp - dq) + twist)
    return p + share0 * dp, q + share1 * dq, rise, share0 >= SNAP and share1 >= SNAP


@leaf
def stride_blocks(z: Heights, cone: Cone, ray: Ray, first: int) -> bool:
    """Whether one of the steps first..first + STRIDE - 1 blocks the ray; exact; first >= 2, no voids."""
    slope, end_u, eye_m, top_m, drop, _, _ = ray
    inverse, spare = 1.0 / end_u, 0.25 * drop + SPARE_M
    hidden, doubtful = 0, 0
    for i in range(STRIDE):
        ground0, ground1, rise, known = _surface(z, cone, slope, first + i)
        u1 = cone[6] + (first + i)
        u0 = u1 - 1.0
        part0, part1 = u0 * inverse, min(u1 * inverse, 1.0)
        a = TOUCH_M - (ground0 + drop * u0 * (end_u - u0) - (eye_m * (1.0 - part0) + top_m * part0))
        b = TOUCH_M - (ground1 + drop * u1 * (end_u - u1) - (eye_m * (1.0 - part1) + top_m * part1))
        hidden |= int(known and min(a, b) < -SPARE_M) << i
        doubtful |= int(not (known and min(a, b) > rise + spare)) << i
    step = first
    while hidden == 0 and doubtful != 0:
        if doubtful & 1 and step_state(z, cone, ray, step) == HIDDEN:
            hidden = 1
        doubtful >>= 1
        step += 1
    return hidden != 0


@leaf
def stride_steepest(z: Heights, cone: Cone, ray: Ray, first: int, best: float, at: int) -> tuple[float, int]:
    """Of ``best``, met on step ``at``, and the steps first..first + STRIDE - 1 the steepest; first >= 2, no voids."""
    slope, _, eye_m, _, drop, _, _ = ray
    spare = 0.25 * drop + SPARE_M
    steeper = 0
    for i in range(STRIDE):
        ground0, ground1, rise, known = _surface(z, cone, slope, first + i)
        u1 = cone[6] + (first + i)
        u0 = u1 - 1.0
        a, b = (ground0 - eye_m) / u0 - drop * u0, (ground1 - eye_m) / u1 - drop * u1
        steeper |= int(not (known and max(a, b) + (rise + spare) / u0 <= best)) << i
    step = first
    while steeper != 0:
        if steeper & 1:
            met = step_steepest(z, cone, ray, step)
            if met > best:
                best, at = met, step
        steeper >>= 1
        step += 1
    return best, at
