"""The cells of one ring, hidden or visible: by the bounds of their sectors, or by their own rays. Numba kernels."""

from __future__ import annotations

import numpy as np

from geo.bands import Bands
from geo.clearance import STRIDE, stride_blocks
from geo.leaf import leaf
from geo.rings import BLOCK, LOW, PAD, Counts, Eye, States
from geo.sectors import Sectors, between, stored
from geo.sightlines import UNKNOWN, VISIBLE, Cone, Heights, Ray, blocking_step, step_state, walk

# Ring, half the count of sectors, first and last minor index in view, whether a void has been met so far.
Ring = tuple[int, int, int, int, bool]


@leaf
def ring_states(
    z: Heights,
    cone: Cone,
    eye: Eye,
    ring_of: Ring,
    steep: Heights,
    bands: Bands,
    sectors: Sectors,
    table: Heights,
    out: States,
    out_cone: tuple[int, int, int],
) -> None:
    """Exact states of the cells of one ring into the flat window ``out``, which is HIDDEN before.

    ``steep`` is the ring's steepness, LOW on voids, ``table`` holds the roofs of the blocks of rings before (block,
    4, sector); ``out_cone`` = flat index in ``out`` of ring 0 at minor index 0 and its steps along and across.
    """
    ring, half, first, last, any_void = ring_of
    origin, along, across, lowest, _, eye_fraction, first_u = cone
    eye_m, eye_ground, above_target, curvature = eye
    bound, _, _, likely, void_from = sectors
    left, right, level, all_left, all_right, floor_left, floor_right, floor_level = bound
    top, _, _, _, way = bands
    u, eye_v = first_u + ring, eye_fraction - lowest
    inverse = 1.0 / u
    rise = np.float32(above_target * inverse)
    out_ring = out_cone[0] + ring * out_cone[1] + lowest * out_cone[2]
    near = ring < 2
    for b in range(first, last + 1):
        v = b - eye_v
        place = (v * inverse + 1.0) * half
        k = min(max(int(place), 0), 2 * half - 1)
        share = np.float32(place - k)
        m = steep[PAD + b] + rise
        floor = max(floor_level[k], between(floor_left, floor_right, k, share))
        if m < floor and not (any_void and steep[PAD + b] <= LOW):
            continue
        slope = v / u
        if across == 1 and abs(slope) == 1.0:  # the cones beside this one have the diagonals
            continue
        behind = PAD + (b - 1 if v > 0.0 else b)
        own_roof = max(level[k], between(left, right, k, share))
        roof = max(own_roof, between(all_left, all_right, k, share))
        clear = m >= roof and (m >= top[behind] or (rise >= way[behind] and m - way[behind] >= roof))
        if clear and not near and not any_void:
            out[out_ring + b * out_cone[2]] = VISIBLE
            continue
        ground = np.float64(z[origin + ring * along + (b + lowest) * across])
        ray = (slope, u, eye_m, ground + above_target, curvature * (1.0 + slope * slope), eye_ground, ground)
        state = VISIBLE
        if steep[PAD + b] <= LOW:
            state = UNKNOWN
        elif any_void and void_from[k] <= ring:
            state = _state_past_voids(z, cone, ray, ring, m, k, share, table, void_from[k])
        else:
            # what was met on this block of rings is below, and so is the way from the last
            own = m < own_roof or (
                m < top[behind] and (rise < way[behind] or m - way[behind] < own_roof or ring % BLOCK == 0)
            )
            if _is_blocked(z, cone, ray, ring, m, k, share, own, likely, table):
                continue
        out[out_ring + b * out_cone[2]] = state


@leaf
def _is_blocked(
    z: Heights, cone: Cone, ray: Ray, ring: int, steep: float, k: int, share: np.float32, own: bool, likely: Counts,
    table: Heights,
) -> bool:  # fmt: skip
    """Whether the ray to a target on ``ring`` is blocked; exact, the likeliest steps first. No voids."""
    if ring < STRIDE + 2:
        return blocking_step(z, cone, ray, ring, 0) >= 0
    found = own and stride_blocks(z, cone, ray, ring - STRIDE + 1)
    block, guess = ring // BLOCK - 1, likely[k]
    if not found and not steep >= stored(table, block, k, 2, share):
        if guess > 0 and not steep >= stored(table, guess, k, 0, share):
            found = stride_blocks(z, cone, ray, guess * BLOCK)
        while not found and block > 0 and not steep >= stored(table, block, k, 2, share):
            if block != guess and not steep >= stored(table, block, k, 0, share):
                found = stride_blocks(z, cone, ray, block * BLOCK)
                if found:
                    likely[k] = block
            block -= 1
        if not found and block == 0:
            found = blocking_step(z, cone, ray, BLOCK - 1, 0) >= 0
    return found


@leaf
def _state_past_voids(
    z: Heights, cone: Cone, ray: Ray, ring: int, steep: float, k: int, share: np.float32, table: Heights, void_from: int
) -> int:
    """State of a ray that may meet a void from step ``void_from`` on: in the ray's order, skipping what it clears."""
    step = min(2, ring)
    state = walk(z, cone, ray, 0, step - 1)
    while state == VISIBLE and step < ring:
        block = step // BLOCK
        end = min((block + 1) * BLOCK, ring)
        clears = end == (block + 1) * BLOCK and end <= void_from
        if not (clears and steep >= stored(table, block, k, 0, share)):
            state = walk(z, cone, ray, step, end - 1)
        step = end
    return step_state(z, cone, ray, ring) if state == VISIBLE else state
