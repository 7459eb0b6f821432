"""The exact viewshed, ring by ring around one observer. Numba kernels, no labels.

Around the observer lie four cones (north, east, south, west) of rings; see ``geo.sightlines`` and ``geo.rings``. Each
cone is cut into narrow sectors of rays, and on the way outwards each sector keeps two bounds of steepness:

* ``floor``: every ray of the sector has met at least this, so what lies lower is hidden;
* ``roof``: no ray of the sector has met more, so what lies higher is visible. It is kept per block of rings too, so
  that a target between the two is compared, exactly and along its own ray, only with the few blocks that reach it.

So the answer of every cell is that of ``geo.sightlines.walk``; the bounds only save the walk. Both carry a margin
above all rounding: MARGIN of the steepness, and LIFT_M in height.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from geo.rings import BLOCK, LOW, PAD, Bounds, Counts, Eye, States, extent, next_block
from geo.sightlines import (
    HIDDEN,
    UNKNOWN,
    VISIBLE,
    Cone,
    Heights,
    Ray,
    blocking_step,
    step_state,
    step_steepest,
    walk,
)

# Of the sectors: the roof of this block of rings, of all blocks before, the floor, the first step with a void.
Sectors = tuple[Heights, Heights, Heights, Counts]

MARGIN = np.float32(4e-7)
LIFT_M = 1e-6
NEVER = np.int32(2**30)
# Places across a ring as fixed-point numbers, and how far a sector reaches beyond its edges [cells].
PLACE_BITS = 36
PLACE_ONE = 2.0**36
OVERLAP = 1e-6
# Rays of a cone on which the first two steps are walked.
NEAR_RAYS = 128
# Up to so many rings a sector is one cell wide at the last; beyond, up to two.
FINE_RINGS = 256


@njit(cache=True, error_model="numpy")
def _patches(
    steep: Heights, first: int, last: int, lift: np.float32, before: Heights, top: Heights, low: Heights, patch: Heights
) -> None:
    """Of each two neighbours on a ring the steeper and the lower, and the steepest corner of the cell behind them."""
    begin, end = PAD + first, PAD + last
    left, right, top_before = steep[begin:end], steep[begin + 1 : end + 1], before[begin:end]
    top_now, low_now, patch_now = top[begin:end], low[begin:end], patch[begin:end]
    for b in range(len(left)):
        lower = min(left[b], right[b])
        top_now[b] = max(left[b], right[b])
        low_now[b] = lower - (abs(lower) * MARGIN + lift)
    for b in range(len(left)):
        high = max(top_now[b], top_before[b])
        patch_now[b] = high + (abs(high) * MARGIN + lift)


@njit(cache=True, error_model="numpy", forceinline=True)
def _widen_side(
    roof: Heights,
    floor: Heights,
    inner: np.int64,
    inner_step: np.int64,
    outer: np.int64,
    outer_step: np.int64,
    rising: bool,
    patch: Heights,
    low: Heights,
) -> None:
    """Take one step into the bounds of the sectors on one side of the axis, whose rays rise or fall across it.

    ``inner`` and ``outer`` are the places, in fixed point, where the first sector's left edge meets the ring before
    and this one, with their steps from sector to sector. A sector is at most two cells wide, so on its way it touches
    at most four cells, and on the ring at most three pairs of neighbours.
    """
    overlap = np.int64(2.0 * OVERLAP * PLACE_ONE)
    for k in range(len(roof)):
        left = np.uint64(outer >> PLACE_BITS)
        lowest = np.uint64(inner >> PLACE_BITS) if rising else left
        inner += inner_step
        outer += outer_step
        right = np.uint64((outer + overlap) >> PLACE_BITS)
        highest = right if rising else np.uint64((inner + overlap) >> PLACE_BITS)
        both = lowest + highest
        a, b = patch[lowest], patch[both >> np.uint64(1)]
        c, d = patch[(both + np.uint64(1)) >> np.uint64(1)], patch[highest]
        a, c = a if a > b else b, c if c > d else d
        a = a if a > c else c
        roof[k] = a if a > roof[k] else roof[k]
        a, b, c = low[left], low[(left + right) >> np.uint64(1)], low[right]
        a = a if a < b else b
        a = a if a < c else c
        floor[k] = a if a > floor[k] else floor[k]


@njit(cache=True, error_model="numpy")
def _widen(
    first_k: int, last_k: int, half: int, u: float, eye_v: float, patch: Heights, low: Heights, sectors: Sectors
) -> None:
    """Take the step that ends at ring ``u`` into the bounds of sectors first_k..last_k."""
    roof, _, floor, _ = sectors
    inner_step, outer_step = np.int64((u - 1.0) / half * PLACE_ONE), np.int64(u / half * PLACE_ONE)
    origin = PAD + eye_v - OVERLAP
    for rising in (False, True):
        begin, end = (max(first_k, half), last_k + 1) if rising else (first_k, min(last_k + 1, half))
        if begin < end:
            slope = begin / half - 1.0
            inner = np.int64((origin + slope * (u - 1.0)) * PLACE_ONE)
            outer = np.int64((origin + slope * u) * PLACE_ONE)
            roofs, floors = roof[begin:end], floor[begin:end]
            _widen_side(roofs, floors, inner, inner_step, outer, outer_step, rising, patch, low)


@njit(cache=True, error_model="numpy")
def _close_block(sectors: Sectors, highest: Heights, highest_yet: Heights) -> None:
    """Store each sector's roof over one block of rings and over all so far, and begin the next block."""
    roof, roof_before, _, _ = sectors
    for k in range(len(roof)):
        roof_before[k] = max(roof_before[k], roof[k])
        highest[k] = roof[k]
        highest_yet[k] = roof_before[k]
        roof[k] = LOW


@njit(cache=True, error_model="numpy")
def _mark_voids(
    first_k: int,
    last_k: int,
    half: int,
    ring: int,
    u: float,
    eye_v: float,
    most: int,
    low_before: Heights,
    low: Heights,
    void_from: Counts,
) -> None:
    """Note the first step in which a ray of each sector may meet a void."""
    for k in range(first_k, last_k + 1):
        left, right = k / half - 1.0, (k + 1) / half - 1.0
        lowest = min(max(int(eye_v + min(left * u, left * (u - 1.0)) - OVERLAP), 0), most)
        highest = min(max(int(eye_v + max(right * u, right * (u - 1.0)) + OVERLAP), 0), most)
        for b in range(PAD + lowest, PAD + highest + 1):
            if min(low_before[b], low[b]) <= LOW and void_from[k] > ring:
                void_from[k] = ring


@njit(cache=True, error_model="numpy")
def _near_roofs(z: Heights, cone: Cone, rings: int, eye: Eye, half: int, sectors: Sectors) -> None:
    """Begin the roofs with steps 0 and 1, where steepness has no bound: walked on a few rays, the rest by gradient.

    Between two rays a step's steepness changes by at most the steepest gradient across, times the difference in slope.
    A void so near makes every sector unknown.
    """
    origin, along, across, lowest, highest, eye_fraction, first_u = cone
    eye_m, eye_ground, _, curvature = eye
    _, roof_before, _, void_from = sectors
    gradient = 0.0
    for ring in range(-1, min(rings, 2)):
        for b in range(max(lowest, -3), min(highest, 4) + 1):
            here = np.float64(z[origin + ring * along + b * across])
            if here != here:
                void_from[:] = 0
            if b < min(highest, 4):
                gradient = max(gradient, abs(np.float64(z[origin + ring * along + (b + 1) * across]) - here))
    if rings < 2 or void_from[0] == 0:
        return
    width = 2.0 / NEAR_RAYS
    far = first_u + 1.0
    before = -np.inf
    for n in range(NEAR_RAYS + 1):
        slope = min(max(n * width - 1.0, (lowest - eye_fraction) / far), (highest - eye_fraction) / far)
        ray = (slope, 1e9, eye_m, eye_m, curvature * (1.0 + slope * slope), eye_ground, eye_m)
        met = max(step_steepest(z, cone, ray, 0), step_steepest(z, cone, ray, 1))
        if n > 0:
            bound = max(before, met) + width * gradient + (curvature + LIFT_M) / first_u
            for k in range(int((n - 1) * width * half - 1.0), int(n * width * half + 1.0) + 1):
                if 0 <= k < 2 * half:
                    roof_before[k] = max(roof_before[k], np.float32(bound + abs(bound) * MARGIN))
        before = met


@njit(cache=True, error_model="numpy")
def _blocker(
    z: Heights, cone: Cone, ray: Ray, ring: int, steep: float, k: int, sectors: Sectors, table: Heights, guess: int
) -> int:
    """Step that blocks the ray to a target on ``ring``, or -1; exact, the likeliest step first. No voids."""
    roof, roof_before, _, _ = sectors
    block = ring // BLOCK
    early, late = steep >= roof_before[k], steep >= roof[k]
    if not (early and late) and 0 <= guess < ring and step_state(z, cone, ray, guess) == HIDDEN:
        return guess
    blocker = blocking_step(z, cone, ray, ring, ring if late else min(ring, max(block * BLOCK, 2)))
    if blocker >= 0 or early:
        return blocker
    for earlier in range(block - 1, -1, -1):
        if steep >= table[earlier, 1, k]:
            return -1
        if not steep >= table[earlier, 0, k]:
            blocker = blocking_step(z, cone, ray, earlier * BLOCK + BLOCK - 1, max(earlier * BLOCK, 2))
            if blocker >= 0:
                return blocker
    return blocking_step(z, cone, ray, min(ring, 1), 0)


@njit(cache=True, error_model="numpy")
def _state_past_voids(
    z: Heights, cone: Cone, ray: Ray, ring: int, steep: float, k: int, table: Heights, void_from: int
) -> int:
    """State of a ray that may meet a void from step ``void_from`` on: in the ray's order, skipping what it clears."""
    step = min(2, ring)
    state = walk(z, cone, ray, 0, step - 1)
    while state == VISIBLE and step < ring:
        block = step // BLOCK
        end = min((block + 1) * BLOCK, ring)
        if not (end == (block + 1) * BLOCK and end <= void_from and steep >= table[block, 0, k]):
            state = walk(z, cone, ray, step, end - 1)
        step = end
    return step_state(z, cone, ray, ring) if state == VISIBLE else state


@njit(cache=True, error_model="numpy")
def _steepest_met(
    z: Heights, cone: Cone, ray: Ray, ring: int, k: int, roof: float, table: Heights, void_from: np.int32, guess: int
) -> tuple[float, int]:
    """Steepest point on the ray to a target on ``ring``, itself included, and its step; exact, NaN past a void."""
    best, at = step_steepest(z, cone, ray, ring), ring
    if 0 <= guess < ring:
        m = step_steepest(z, cone, ray, guess)
        if m > best:
            best, at = m, guess
    for block in range(ring // BLOCK, -1, -1):
        first, end = block * BLOCK, min(block * BLOCK + BLOCK, ring)
        if end <= void_from:
            own = block == ring // BLOCK
            if not own and best >= table[block, 1, k]:
                return best, at
            if best >= (roof if own else table[block, 0, k]):
                if block > 0:
                    continue
                end = min(end, 2)
        for step in range(end - 1, first - 1, -1):
            m = step_steepest(z, cone, ray, step)
            if m != m:
                return m, -1
            if m > best:
                best, at = m, step
    return best, at


@njit(cache=True, error_model="numpy", nogil=True)
def sweep_exact(
    z: Heights,
    cone: Cone,
    rings: int,
    eye: Eye,
    view: Bounds,
    out: States,
    needed: Heights,
    out_cone: tuple[int, int, int],
) -> None:
    """Exact states of one cone into the flat window ``out``, or, when ``needed`` has cells, least heights into that.

    ``eye`` = (height of the eye, of the ground under it, of a target above its ground, curvature drop at one cell);
    ``view`` = (range in cells, smallest and largest slope dv/du of interest). ``out_cone`` = flat index in ``out`` of
    ring 0 at minor index 0 and its steps along and across.
    """
    origin, along, across, lowest, highest, eye_fraction, first_u = cone
    eye_m, eye_ground, above_target, curvature = eye
    out_origin, out_along, out_across = out_cone
    rings = min(rings, int(np.floor(view[0] * (1.0 + 1e-12) - first_u)) + 1)
    if rings <= 0:
        return
    # the kernel's own minor index counts from the edge of the map
    width, eye_v = highest - lowest + 1, eye_fraction - lowest
    half = max(min(rings, FINE_RINGS), rings // 2) + 2
    blocks = rings // BLOCK + 1
    table = np.empty((blocks, 2, 2 * half), np.float32)  # per block and sector: its roof, and that of all so far
    roof, roof_before, floor, floor_before = np.full((4, 2 * half), LOW, np.float32)
    void_from = np.full(2 * half, NEVER, np.int32)
    sectors = (roof, roof_before, floor, void_from)
    steep_rings = np.full((BLOCK, width + 2 * PAD), LOW, np.float32)
    voids = np.zeros(BLOCK, np.int32)
    top, top_before, low, low_before, patch = np.full((5, width + 2 * PAD), LOW, np.float32)
    heights = len(needed) > 0
    _near_roofs(z, cone, rings, eye, half, sectors)
    any_void = void_from[0] == 0
    void_before = any_void
    for ring in range(rings):
        if ring % BLOCK == 0:
            next_block(z, cone, ring, rings, view, eye, width, steep_rings, voids)
        steep, void = steep_rings[ring % BLOCK], voids[ring % BLOCK] != 0
        u, low_v, high_v, first, last = extent(ring, first_u, view, eye_v, width)
        inverse = 1.0 / u
        edge_low, edge_high = max(first - 2, 0), min(last + 2, width - 1)
        lift = np.float32((curvature + LIFT_M * (1.0 + above_target)) / max(u - 1.0, 0.5))
        _patches(steep, edge_low, edge_high, lift, top_before, top, low, patch)
        # sectors with rays inside the range, the angles and the map
        first_k = max(int((max(low_v, -eye_v) * inverse + 1.0) * half) - 1, 0)
        last_k = min(int((min(high_v, width - 1 - eye_v) * inverse + 1.0) * half) + 1, 2 * half - 1)
        if (void or void_before) and ring >= 2:
            any_void = True
            _mark_voids(first_k, last_k, half, ring, u, eye_v, width - 2, low_before, low, void_from)
        void_before = void

        guess = -1
        rise = np.float32(above_target * inverse)
        for b in range(first, last + 1):
            v = b - eye_v
            k = min(max(int((v * inverse + 1.0) * half), 0), 2 * half - 1)
            m = steep[PAD + b] + rise
            if m < floor[k] and not heights and steep[PAD + b] > LOW:
                continue
            slope = v / u
            if across == 1 and abs(slope) == 1.0:  # the cones beside this one have the diagonals
                continue
            at = out_origin + ring * out_along + (b + lowest) * out_across
            behind = b - 1 if v > 0.0 or b == width - 1 else b
            if (
                m >= roof[k]
                and m >= roof_before[k]
                and m >= patch[PAD + behind]
                and ring >= 2
                and not any_void
                and not heights
            ):
                out[at] = VISIBLE
                continue
            ground = np.float64(z[origin + ring * along + (b + lowest) * across])
            ray = (slope, u, eye_m, ground + above_target, curvature * (1.0 + slope * slope), eye_ground, ground)
            if heights:
                void_step = void_from[k] if any_void else NEVER
                most, guess = _steepest_met(z, cone, ray, ring, k, roof[k], table, void_step, guess)
                needed[at] = max(eye_m + most * u + ray[4] * u * u - ground, 0.0)
            elif any_void and (void_from[k] <= ring or steep[PAD + b] <= LOW):
                out[at] = UNKNOWN
                if steep[PAD + b] > LOW:
                    out[at] = _state_past_voids(z, cone, ray, ring, m, k, table, void_from[k])
            else:
                blocker = _blocker(z, cone, ray, ring, m, k, sectors, table, guess)
                if blocker < 0:
                    out[at] = VISIBLE
                else:
                    guess = blocker

        if ring >= 2:
            if any_void:
                floor_before[:] = floor
            _widen(first_k, last_k, half, u, eye_v, patch, low, sectors)
            if any_void:  # behind a void nothing hides for certain
                for k in range(first_k, last_k + 1):
                    if void_from[k] <= ring:
                        floor[k] = floor_before[k]
        top, top_before = top_before, top
        low, low_before = low_before, low
        if (ring + 1) % BLOCK == 0:
            _close_block(sectors, table[ring // BLOCK, 0], table[ring // BLOCK, 1])
