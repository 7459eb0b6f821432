"""Exact viewshed, ring by ring around one observer (numba kernel).

Four cones of rings surround the observer (north, east, south, west); see ``geo.visibility.kernels.sight_line`` and
``geo.visibility.kernels.rings``. A target above its sector's roof is visible, one below its floor is hidden; see
``geo.visibility.kernels.sector_bounds``. Others are compared exactly, along their own ray, with the few blocks of rings
whose roof reaches them; see ``geo.visibility.kernels.ring_states``. So every cell gets the answer of
``geo.visibility.kernels.sight_line.walk``; the bounds only save the walk.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from geo.arrays import Float32s, UInt8s
from geo.visibility.kernels.ring_bounds import LANES, Bands, Kinks, fill_voids, reach_over, ring_bands
from geo.visibility.kernels.ring_heights import ring_heights
from geo.visibility.kernels.ring_states import Ring, ring_states
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
from geo.visibility.kernels.sector_bounds import (
    FINE_RINGS,
    GROUP,
    LIFT_M,
    NEVER,
    ROUNDING,
    Bounds,
    SectorEnvelope,
    Sectors,
    close_block,
    mark_voids,
    near_roofs,
    so_far,
    widen,
)

# Cells before the first and after the last in view of which a sector in view may need the bounds.
BEFORE, AFTER = 4, 8


@njit(cache=True, error_model="numpy", nogil=True)
def sweep_exact(
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
    """Exact states of one cone into the flat window ``out``, or, when ``needed`` has cells, least heights into that.

    ``z`` is the flat map of a ``shape`` (rows, columns), ``place`` the observer's fractional row and column, ``side``
    that of ``cone_of``, ``window`` the first row, first column and width of ``out`` on the map. ``heights`` are the
    fields of ``Eye`` and ``limits`` those of ``ViewLimits``, as plain tuples: numba takes six times as long over the
    type of a named one on every call from Python.

    Returns whether some height is implausible, see ``geo.visibility.kernels.undeclared_voids``.
    """
    eye, view = Eye(*heights), ViewLimits(*limits)
    cone, rings, width, eye_v = cone_in_reach(shape, place, side, view.reach)
    out_steps = steps_in_window(cone, shape[1], window)
    if rings <= 0:
        return False
    half = max(min(rings, FINE_RINGS), rings // 2) + 2
    table = np.empty((rings // BLOCK + 1, 2 * half, 4), np.float32)
    rows, floor_kept = np.full((12, 2 * half), LOW), np.full((3, 2 * half), LOW)
    bounds = Bounds(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7])
    envelope = SectorEnvelope(rows[8], rows[9], rows[10], rows[11])
    edges, met_on = np.full((2, 2 * half + 1), LOW), np.full(2 * half // GROUP + 3, -1, np.int32)
    likely, void_from = np.zeros(2 * half, np.int32), np.full(2 * half, NEVER)
    sectors = Sectors(bounds, edges, met_on, likely, void_from)
    wide = width + 2 * PAD + LANES
    steep_rings, flags = np.full((2 * BLOCK, wide), LOW), np.zeros((2 * BLOCK, 2), np.int32)
    row = np.zeros((10, wide), np.float32)
    kink, kink_before, above_one, filled, filled_before = row[0], row[1], row[2], row[3], row[4]
    bands = Bands(row[5], row[6], row[7], row[8], row[9])
    near_roofs(z, cone, rings, eye, half, sectors)
    any_void, any_wrong = void_from[0] == 0, False
    for ring in range(rings):
        now = ring % (2 * BLOCK)
        if ring % BLOCK == 0:
            next_block(z, cone, ring, rings, view, eye, width, steep_rings[now : now + BLOCK], flags[now : now + BLOCK])
        any_wrong |= flags[now, 1] != 0
        steep, before = steep_rings[now], steep_rings[now - 1]
        u, low_v, high_v, first, last = extent(ring, cone.first_u, view, eye_v, width)
        steep[:PAD] = steep[PAD]  # the surface continues beyond the edge of the map, where edges of sectors may be
        steep[PAD + width :] = steep[PAD + width - 1]
        # sectors with rays inside the range, the angles and the map
        first_k = max(int((max(low_v, -eye_v) / u + 1.0) * half) - 1, 0)
        last_k = min(int((min(high_v, width - 1 - eye_v) / u + 1.0) * half) + 1, 2 * half - 1)
        known, known_before = steep, before
        if ring > 0 and (flags[now, 0] != 0 or flags[now - 1, 0] != 0):
            any_void = True
            if ring >= 2:
                mark_voids(first_k, last_k, half, ring, (u, eye_v), before, steep, void_from)
            fill_voids(steep, filled)
            fill_voids(before, filled_before)
            known, known_before = filled, filled_before
        cells = (max(first - BEFORE, -BEFORE), min(last + AFTER, width + AFTER))
        lift_m = 2.0 * eye.drop + LIFT_M * (1.0 + eye.target_m) + ROUNDING * eye.drop * u * u
        lift = np.float32(lift_m / max(u - 1.0, 0.5))
        kinks = Kinks(kink, kink_before, above_one)
        ring_bands(known, known_before, cells, (u, eye_v, u / half), lift, kinks, bands)
        ring_of = Ring(ring, half, first, last, any_void)
        if len(needed) > 0:
            ring_heights(
                z, cone, eye, Ring(ring, half, first, last, any_void), steep, sectors, table, needed, out_steps
            )
        else:
            so_far(first_k, last_k, bounds, envelope)
            ring_of = Ring(ring, half, first, last, any_void)
            ring_states(z, cone, eye, ring_of, steep, bands, sectors, envelope, table, out, out_steps)
        if ring >= 2:
            reach_over(cells, above_one, bands)
            if any_void:
                floor_kept[:] = rows[5:8]
            widen(first_k, last_k, half, ring, (u, eye_v), known, bands, sectors)
            if any_void:  # behind a void nothing is certainly hidden
                for k in range(first_k, last_k + 1):
                    if void_from[k] <= ring:
                        rows[5:8, k] = floor_kept[:, k]
        kink, kink_before = kink_before, kink
        if (ring + 1) % BLOCK == 0:
            close_block(ring // BLOCK, sectors, table[ring // BLOCK])
    return any_wrong
