"""Fast viewshed: each ring interpolates its horizon from the ring before (numba kernels).

XDraw (Franklin, Ray and Mehta, Geometric algorithms for siting of air defense missile batteries, 1994), also the method
of GDAL. It errs where the interpolated horizon differs from that of the ray, mostly at the edges of shadows.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from geo.arrays import Float32s, UInt8s
from geo.visibility.kernels.compilation import inlined_kernel, kernel
from geo.visibility.kernels.rings import (
    BLOCK,
    LOW,
    PAD,
    Eye,
    ViewLimits,
    cone_in_reach,
    extent,
    next_block,
    steps_in_window,
)
from geo.visibility.kernels.sight_line import HIDDEN, SNAP, UNKNOWN, VISIBLE, Cone

BINS_PER_CELL = 8  # directions distinguished behind voids, on the last ring


@inlined_kernel
def _carry(before: Float32s, begin: int, middle: int, end: int, eye_v: float, u: float, horizon: Float32s) -> None:
    """The horizon before a ring's places begin..end, each between its own and the next one towards the axis."""
    inverse = 1.0 / u
    here, inward, into = before[begin:middle], before[begin + 1 : middle + 1], horizon[begin:middle]
    for i in range(len(into)):
        share = np.float32(min((PAD + eye_v - begin - i) * inverse, 1.0))
        into[i] = here[i] + share * (inward[i] - here[i])
    here, inward, into = before[middle:end], before[middle - 1 : end - 1], horizon[middle:end]
    for i in range(len(into)):
        share = np.float32(min((middle + i - PAD - eye_v) * inverse, 1.0))
        into[i] = here[i] + share * (inward[i] - here[i])


@kernel
def _shade(void_b: int, u: float, eye_v: float, shadow: UInt8s) -> None:
    """Mark the directions whose rays cross a cell that has a corner at a void, minor index ``void_b`` on ring u.

    ``shadow`` has equal bins of slope from −1 to 1; a bin counts where its middle does.
    """
    half = len(shadow) // 2
    low, high, inner = void_b - 1 - eye_v, void_b + 1 - eye_v, max(u - 1.0, 1e-9)
    lowest = low / (u + 1.0 if low > 0.0 else inner)
    highest = high / (inner if high > 0.0 else u + 1.0)
    first = int(np.ceil((max(lowest, -1.0) + 1.0) * half - 0.5))
    last = int(np.floor((min(highest, 1.0) + 1.0) * half - 0.5))
    for k in range(max(first, 0), min(last, 2 * half - 1) + 1):
        shadow[k] = 1


@kernel
def _shade_beside_eye(z: Float32s, cone: Cone, shadow: UInt8s) -> None:
    """Take in the voids on the grid line at or before the observer: rays to the first ring may pass beside them."""
    for b in range(max(cone.lowest, -2), min(cone.highest, 3) + 1):
        here = z[cone.origin - cone.along + b * cone.across]
        if here != here:
            _shade(b, 0.0, cone.eye_v, shadow)


@kernel
def _find_unknown(
    begin: int, end: int, eye_v: float, u: float, steep: Float32s, shadow: UInt8s, unknown: UInt8s
) -> None:
    """Mark positions of a ring that are void, or have a void behind them or at a corner of the last cell on the
    path."""
    half = len(shadow) // 2
    for b in range(begin, end):
        across = b - PAD - eye_v
        place = (across / u + 1.0) * half
        below, above = max(int(place - SNAP * half), 0), min(int(place + SNAP * half), 2 * half - 1)
        behind = shadow[min(below, 2 * half - 1)] > 0 and shadow[max(above, 0)] > 0
        if across != 0.0:
            inward = b - 1 if across > 0.0 else b + 1
            behind |= begin <= inward < end and steep[inward] <= LOW
        unknown[b] = behind or steep[b] <= LOW
    for b in range(begin, end):
        if steep[b] <= LOW:
            _shade(b - PAD, u, eye_v, shadow)


@njit(cache=True, error_model="numpy", nogil=True)
def sweep_fast(
    z: Float32s,
    shape: tuple[int, int],
    place: tuple[float, float],
    side: int,
    heights: tuple[float, float, float, float],
    limits: tuple[float, float, float],
    out: UInt8s,
    needed: Float32s,
    window: tuple[int, int, int],
) -> bool:
    """Approximate states of one cone into ``out``, or least heights into ``needed``; see
    ``geo.visibility.kernels.exact_sweep.sweep_exact``.
    """
    eye, view = Eye(*heights), ViewLimits(*limits)
    cone, rings, width, eye_v = cone_in_reach(shape, place, side, view.reach)
    out_steps = steps_in_window(cone, shape[1], window)
    out_across = out_steps.across
    steep_rings = np.full((BLOCK, width + 2 * PAD), LOW, np.float32)
    flags = np.zeros((BLOCK, 2), np.int32)
    horizon, horizon_before = np.full((2, width + 2 * PAD), LOW, np.float32)
    unknown = np.zeros(width + 2 * PAD, np.uint8)
    shadow = np.zeros(2 * BINS_PER_CELL * max(rings, 1), np.uint8)
    _shade_beside_eye(z, cone, shadow)
    any_void, any_wrong = bool(shadow.any()), False
    for ring in range(rings):
        if ring % BLOCK == 0:
            next_block(z, cone, ring, rings, view, eye, width, steep_rings, flags)
        steep = steep_rings[ring % BLOCK]
        any_wrong |= flags[ring % BLOCK, 1] != 0
        any_void |= flags[ring % BLOCK, 0] != 0
        u, _, _, first, last = extent(ring, cone.first_u, view, eye_v, width)
        begin, end = PAD + max(first - 2, 0), PAD + min(last + 2, width - 1) + 1
        middle = min(max(PAD + int(np.floor(eye_v)) + 1, begin), end)
        _carry(horizon_before, begin, middle, end, eye_v, u, horizon)
        if any_void:
            _find_unknown(begin, end, eye_v, u, steep, shadow, unknown)
        rise = np.float32(eye.target_m / u)
        to = out_steps.origin + ring * out_steps.along + (cone.lowest - PAD) * out_across
        if len(needed) > 0:
            for b in range(PAD + first, PAD + last + 1):
                least = max((horizon[b] - steep[b]) * np.float32(u), np.float32(0.0))
                needed[to + b * out_across] = np.nan if steep[b] <= LOW or unknown[b] == 1 else least
        else:
            for b in range(PAD + first, PAD + last + 1):
                out[to + b * out_across] = VISIBLE if steep[b] + rise >= horizon[b] else HIDDEN
        if any_void and len(needed) == 0:
            for b in range(PAD + first, PAD + last + 1):
                if steep[b] <= LOW or (unknown[b] == 1 and steep[b] + rise >= horizon[b]):
                    out[to + b * out_across] = UNKNOWN
        for b in range(begin, end):
            if unknown[b] == 0:  # behind a void the horizon stays what it was before
                horizon[b] = max(horizon[b], steep[b])
        horizon, horizon_before = horizon_before, horizon
    return any_wrong
