"""Viewsheds, ring by ring around one observer. Numba kernels, no labels.

Around the observer lie four cones (north, east, south, west) of rings; see ``geo.sightlines``. Seen from the eye, a
point has the *steepness* ``m = (height - curvature drop - eye) / u``: a target is hidden exactly when something nearer
on its own ray is steeper. Within a narrow sector of rays the kernel keeps two bounds as it goes outwards:

* ``floor``: every ray of the sector has met at least this steepness, so what lies lower is hidden;
* ``roof``: no ray of the sector has met more, so what lies higher is visible. It is kept per block of rings, so that
  a target between the two is compared, exactly and along its own ray, only with the few blocks that reach it.

So the answer of every cell is that of ``geo.sightlines.walk``; the bounds only save the walk. Both carry a margin
above all rounding (``MARGIN``, relative, and ``LIFT_M``, in height).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from geo.sightlines import HIDDEN, UNKNOWN, VISIBLE, step_state, step_steepest, walk

BLOCK = 8
MARGIN = np.float32(4e-7)
LIFT_M = 1e-6
LOW = np.float32(-1e30)
HIGH = np.float32(1e30)
NEVER = np.int32(2**30)


@njit(cache=True)
def _ring_steepness(z, start, across, first, last, eye_v, u, eye_m, curvature, steep):
    """Steepness of the cells first..last of one ring into ``steep``, LOW on voids; tells whether there were any."""
    voids = 0
    inverse = 1.0 / u
    for b in range(first, last + 1):
        v = b - eye_v
        m = np.float32((np.float64(z[start + b * across]) - eye_m - curvature * (u * u + v * v)) * inverse)
        known = m == m
        voids += 0 if known else 1
        steep[b] = m if known else LOW
    return voids > 0


@njit(cache=True)
def _ring_patches(steep, first, last, lift, before, top, low, patch):
    """The steeper and the lower of each two neighbours on a ring, and the steepest corner of the cell behind them."""
    for b in range(first, last):
        x, y = steep[b], steep[b + 1]
        high = max(x, y)
        low[b] = min(x, y)
        top[b] = high
        high = max(high, before[b])
        patch[b] = high + (abs(high) * MARGIN + lift)


@njit(cache=True)
def _widen(first_k, last_k, sectors, u, eye_v, most, patch, low_pair, lift, ring, void_from, roof, floor):
    """Take the step that ends at ring ``u`` into the sectors' bounds."""
    width = 2.0 / sectors
    inner = u - 1.0
    for k in range(first_k, last_k + 1):
        left = k * width - 1.0
        right = left + width
        a, b = eye_v + left * u, eye_v + right * u
        c, d = eye_v + left * inner, eye_v + right * inner
        lowest = min(max(np.int32(min(a, c)), 0), most)
        highest = min(max(np.int32(max(b, d)), 0), most)
        middle = min(lowest + 1, highest)
        high = max(patch[lowest], patch[middle], patch[highest])
        roof[k] = max(roof[k], high)
        low = min(low_pair[min(max(np.int32(a), 0), most)], low_pair[min(max(np.int32(b), 0), most)])
        low = (
            low - (abs(low) * MARGIN + lift) if void_from[k] > ring else LOW
        )  # behind a void nothing hides for certain
        floor[k] = max(floor[k], low)


@njit(cache=True)
def _mark_voids(first_k, last_k, sectors, ring, u, eye_v, most, low_before, low, void_from):
    """Note the first step in which a ray of each sector may meet a void."""
    width = 2.0 / sectors
    for k in range(first_k, last_k + 1):
        left = k * width - 1.0
        right = left + width
        lowest = min(max(int(eye_v + min(left * u, left * (u - 1.0))), 0), most)
        highest = min(max(int(eye_v + max(right * u, right * (u - 1.0))), 0), most)
        for b in range(lowest, highest + 1):
            if min(low_before[b], low[b]) <= LOW and void_from[k] > ring:
                void_from[k] = ring


@njit(cache=True)
def _near_bound(z, cone, rings, eye_m):
    """Steepness from which a target clears steps 0 and 1 whatever its ray, HIGH when the ground reaches the eye.

    And whether there is a void so near.
    """
    origin, along, across, lowest, highest, _, first_u = cone
    most = -np.inf
    void = False
    for ring in range(-1, min(rings, 2)):
        for b in range(max(lowest, -3), min(highest, 4) + 1):
            height = np.float64(z[origin + ring * along + b * across])
            void |= height != height
            if height > most:
                most = height
    if most < eye_m - LIFT_M:
        return np.float32((most - eye_m + LIFT_M) / (first_u + 1.0)) * (np.float32(1.0) - MARGIN), void
    return HIGH, void


@njit(cache=True)
def _blocker(z, cone, ray, ring, steep, row, roof, roof_before, table, near, guess):
    """Step that blocks the ray to a target on ``ring``, or -1; exact, the likeliest step first. No voids."""
    block = ring // BLOCK
    clear = steep >= roof and steep >= roof_before and steep >= near
    if not clear and 0 <= guess < ring and step_state(z, cone, ray, guess) == HIDDEN:
        return guess
    if step_state(z, cone, ray, ring) == HIDDEN:
        return ring
    if clear:
        return -1
    if not steep >= roof:
        for step in range(ring - 1, max(block * BLOCK, 2) - 1, -1):
            if step_state(z, cone, ray, step) == HIDDEN:
                return step
    for earlier in range(block - 1, -1, -1):
        if steep >= table[row + 2 * earlier + 1]:
            break
        if not steep >= table[row + 2 * earlier]:
            for step in range(earlier * BLOCK + BLOCK - 1, max(earlier * BLOCK, 2) - 1, -1):
                if step_state(z, cone, ray, step) == HIDDEN:
                    return step
    if not steep >= near:
        for step in range(min(ring - 1, 1), -1, -1):
            if step_state(z, cone, ray, step) == HIDDEN:
                return step
    return -1


@njit(cache=True)
def _state_past_voids(z, cone, ray, ring, steep, row, table, near, void_from):
    """State of a ray that may meet a void from step ``void_from`` on: in the ray's order, skipping what it clears."""
    step = 2 if steep >= near and void_from >= 2 else 0
    while step < ring:
        block = step // BLOCK
        end = min((block + 1) * BLOCK, ring)
        if not (end == (block + 1) * BLOCK and end <= void_from and steep >= table[row + 2 * block]):
            state = walk(z, cone, ray, step, end - 1)
            if state != VISIBLE:
                return state
        step = end
    return step_state(z, cone, ray, ring)


@njit(cache=True)
def _steepest_met(z, cone, ray, ring, row, roof, table, near, void_from, guess):
    """Steepest point on the ray to a target on ``ring``, itself included, and its step; exact, NaN past a void."""
    best, at = step_steepest(z, cone, ray, ring), ring
    if 0 <= guess < ring:
        m = step_steepest(z, cone, ray, guess)
        if m > best:
            best, at = m, guess
    for block in range(ring // BLOCK, -1, -1):
        own = block == ring // BLOCK
        if best >= (roof if own else table[row + 2 * block]) and min(block * BLOCK + BLOCK, ring) <= void_from:
            if not own and best >= table[row + 2 * block + 1] and best >= near and block * BLOCK + BLOCK <= void_from:
                return best, at
            if block > 0 or best >= near:
                continue
        for step in range(min(block * BLOCK + BLOCK, ring) - 1, block * BLOCK - 1, -1):
            m = step_steepest(z, cone, ray, step)
            if m != m:
                return m, -1
            if m > best:
                best, at = m, step
    return best, at


@njit(cache=True, nogil=True)
def sweep_exact(z, cone, rings, eye, view, out, needed, out_cone):
    """Exact states of one cone into the flat window ``out``, or, when ``needed`` has cells, least heights into that.

    ``eye`` = (height of the eye, of the ground under it, of a target above its ground, curvature drop at one cell); ``view`` = (range in
    cells, smallest and largest slope dv/du of interest). ``out_cone`` = flat index in ``out`` of ring 0 at minor index
    0 and its steps along and across.
    """
    origin, along, across, lowest, highest, eye_fraction, first_u = cone
    eye_m, eye_ground, above_target, curvature = eye
    reach, slope_low, slope_high = view
    out_origin, out_along, out_across = out_cone
    rings = min(rings, int(np.floor(reach * (1.0 + 1e-12) - first_u)) + 1)
    if rings <= 0:
        return
    # the kernel's own minor index counts from the edge of the map
    width, eye_v = highest - lowest + 1, eye_fraction - lowest
    half = int(np.ceil(first_u + rings)) + 1
    sectors, blocks = 2 * half, rings // BLOCK + 1
    table = np.empty(sectors * blocks * 2, np.float32)
    roof = np.full(sectors, LOW, np.float32)
    roof_before = np.full(sectors, LOW, np.float32)
    floor = np.full(sectors, LOW, np.float32)
    steep = np.full(width, LOW, np.float32)
    top, top_before, low, low_before, patch = np.full((5, width), LOW, np.float32)
    void_from = np.full(sectors, NEVER, np.int32)
    heights = len(needed) > 0
    near, void_before = _near_bound(z, cone, rings, eye_m)
    if void_before:
        void_from[:] = 0
    any_void = void_before
    reach2 = reach * reach * (1.0 + 1e-12)
    for ring in range(rings):
        u = first_u + ring
        inverse = 1.0 / u
        span = np.sqrt(max(reach2 - u * u, 0.0))
        low_v, high_v = max(-span, slope_low * u), min(span, slope_high * u)
        first = max(int(np.ceil(eye_v + low_v - 1e-9)), 0)
        last = min(int(np.floor(eye_v + high_v + 1e-9)), width - 1)
        start = origin + ring * along + lowest * across
        edge_low, edge_high = max(first - 2, 0), min(last + 2, width - 1)
        void = _ring_steepness(z, start, across, edge_low, edge_high, eye_v, u, eye_m, curvature, steep)
        lift = np.float32((curvature + LIFT_M) / max(u - 1.0, 0.5))
        _ring_patches(steep, edge_low, edge_high, lift, top_before, top, low, patch)
        # sectors with rays inside the range, the angles and the map
        first_k = max(int((max(low_v, -eye_v) * inverse + 1.0) * half) - 1, 0)
        last_k = min(int((min(high_v, width - 1 - eye_v) * inverse + 1.0) * half) + 1, sectors - 1)
        if (void or void_before) and ring >= 2:
            any_void = True
            _mark_voids(first_k, last_k, sectors, ring, u, eye_v, width - 2, low_before, low, void_from)
        void_before = void

        guess = -1
        for b in range(first, last + 1):
            v = b - eye_v
            k = min(max(int((v * inverse + 1.0) * half), 0), sectors - 1)
            m = steep[b] + np.float32(above_target * inverse)
            if m < floor[k] and steep[b] > LOW and not heights:
                continue
            slope = v / u
            if across == 1 and abs(slope) == 1.0:  # the cones beside this one have the diagonals
                continue
            ground = np.float64(z[start + b * across])
            ray = (slope, u, eye_m, ground + above_target, curvature * (1.0 + slope * slope), eye_ground, ground)
            row = k * blocks * 2
            at = out_origin + ring * out_along + (b + lowest) * out_across
            if heights:
                most, guess = _steepest_met(
                    z, cone, ray, ring, row, roof[k], table, near, void_from[k] if any_void else NEVER, guess
                )
                needed[at] = max(eye_m + most * u + ray[4] * u * u - ground, 0.0)
                continue
            if any_void and (void_from[k] <= ring or steep[b] <= LOW):
                out[at] = UNKNOWN
                if steep[b] > LOW:
                    out[at] = _state_past_voids(z, cone, ray, ring, m, row, table, near, void_from[k])
                continue
            blocker = _blocker(z, cone, ray, ring, m, row, roof[k], roof_before[k], table, near, guess)
            if blocker < 0:
                out[at] = VISIBLE
            else:
                guess = blocker

        if ring >= 2:
            _widen(first_k, last_k, sectors, u, eye_v, width - 2, patch, low, lift, ring, void_from, roof, floor)
        top, top_before = top_before, top
        low, low_before = low_before, low
        if (ring + 1) % BLOCK == 0:
            _close_block(ring // BLOCK, blocks, roof, roof_before, table)


@njit(cache=True)
def _close_block(block, blocks, roof, roof_before, table):
    """Store each sector's roof over one block of rings and over all so far, and begin the next block."""
    for k in range(len(roof)):
        roof_before[k] = max(roof_before[k], roof[k])
        table[(k * blocks + block) * 2] = roof[k]
        table[(k * blocks + block) * 2 + 1] = roof_before[k]
        roof[k] = LOW


@njit(cache=True, nogil=True)
def sweep_fast(z, cone, rings, eye, view, out, out_cone):
    """Approximate states of one cone: the horizon of each ring is taken, interpolated, from the ring before.

    XDraw (Franklin, Ray & Mehta 1994). Arguments as ``sweep_exact``. A void hides nothing and makes unknown what lies
    behind it, as far as the horizon carries it.
    """
    origin, along, across, lowest, highest, eye_fraction, first_u = cone
    eye_m, _, above_target, curvature = eye
    reach, slope_low, slope_high = view
    out_origin, out_along, out_across = out_cone
    rings = min(rings, int(np.floor(reach * (1.0 + 1e-12) - first_u)) + 1)
    width, eye_v = highest - lowest + 1, eye_fraction - lowest
    steep = np.full(width, LOW, np.float32)
    horizon, horizon_before = np.full((2, width), LOW, np.float32)
    reach2 = reach * reach * (1.0 + 1e-12)
    for ring in range(rings):
        u = first_u + ring
        inverse = 1.0 / u
        span = np.sqrt(max(reach2 - u * u, 0.0))
        low_v, high_v = max(-span, slope_low * u), min(span, slope_high * u)
        first = max(int(np.ceil(eye_v + low_v - 1e-9)), 0)
        last = min(int(np.floor(eye_v + high_v + 1e-9)), width - 1)
        start = origin + ring * along + lowest * across
        edge_low, edge_high = max(first - 2, 0), min(last + 2, width - 1)
        _ring_steepness(z, start, across, edge_low, edge_high, eye_v, u, eye_m, curvature, steep)
        middle = min(max(int(np.floor(eye_v)), edge_low - 1), edge_high)
        for b in range(edge_low, middle + 1):
            share = np.float32(min((eye_v - b) * inverse, 1.0))
            inward = min(b + 1, width - 1)
            horizon[b] = horizon_before[b] + share * (horizon_before[inward] - horizon_before[b])
        for b in range(middle + 1, edge_high + 1):
            share = np.float32(min((b - eye_v) * inverse, 1.0))
            horizon[b] = horizon_before[b] + share * (horizon_before[max(b - 1, 0)] - horizon_before[b])
        rise = np.float32(above_target * inverse)
        to = out_origin + ring * out_along + lowest * out_across
        for b in range(first, last + 1):
            out[to + b * out_across] = VISIBLE if steep[b] + rise >= horizon[b] else HIDDEN
        for b in range(edge_low, edge_high + 1):
            horizon[b] = max(horizon[b], steep[b])
        horizon, horizon_before = horizon_before, horizon


@njit(cache=True)
def keep_view(states, z, columns, place, eye, limits):
    """Set to 0, in place, the cells of a window nearer than the least range or outside the angles.

    ``place`` = (row, column of the observer, first row, first column of the window); ``eye`` = (eye height, target
    height, curvature drop at one cell, cell); ``limits`` = (least range in cells, start azimuth, width, lowest and
    highest rise over run). The observer's own place has every azimuth.
    """
    row, column, row0, column0 = place
    eye_m, above_target, curvature, cell_m = eye
    least, azimuth, width, low, high = limits
    for i in range(states.shape[0]):
        south = i + row0 - row
        for j in range(states.shape[1]):
            if states[i, j] == HIDDEN:
                continue
            east = j + column0 - column
            square = south * south + east * east
            inside = square >= least * least * (1.0 - 1e-12)
            if square > 0.0:
                turn = (np.arctan2(east, -south) - azimuth) % (2.0 * np.pi)
                inside &= turn <= width + 1e-12 or turn >= 2.0 * np.pi - 1e-12
            rise = np.float64(z[(i + row0) * columns + j + column0]) + above_target - eye_m - curvature * square
            run = np.sqrt(square) * cell_m
            if rise == rise and (rise < low * run or rise > high * run):
                inside = False
            if not inside:
                states[i, j] = HIDDEN
