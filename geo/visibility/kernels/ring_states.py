"""States of the cells of one ring, from the bounds of their sectors or their own rays (numba kernels)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geo.arrays import Float32s, Int32s, UInt8s
from geo.visibility.kernels.compilation import kernel
from geo.visibility.kernels.ray_blocks import STRIDE, stride_blocks
from geo.visibility.kernels.ring_bounds import Bands
from geo.visibility.kernels.rings import BLOCK, LOW, PAD, Eye, WindowSteps
from geo.visibility.kernels.sector_bounds import PLACE_BITS, PLACE_ONE, SectorEnvelope, Sectors, between, stored
from geo.visibility.kernels.sight_line import HIDDEN, UNKNOWN, VISIBLE, Cone, Ray, blocking_step, step_state, walk


class Ring(NamedTuple):
    """A ring's number, half the count of sectors, first and last minor index in view, and whether a void was met so
    far."""

    number: int
    half: int
    first: int
    last: int
    any_void: bool


@kernel
def ring_states(
    z: Float32s,
    cone: Cone,
    eye: Eye,
    ring_of: Ring,
    steep: Float32s,
    bands: Bands,
    sectors: Sectors,
    envelope: SectorEnvelope,
    table: Float32s,
    out: UInt8s,
    out_steps: WindowSteps,
) -> None:
    """Exact states of the cells of one ring into the flat window ``out``, which is HIDDEN before.

    ``steep`` is the ring's steepness, LOW on voids, ``envelope`` the sectors' bounds over all rings before, ``table``
    the roofs of the blocks of rings before (block, sector, 4), ``out_steps`` how to step through ``out``.
    """
    ring, half, first, last, any_void = ring_of
    across, lowest = cone.across, cone.lowest
    eye_m, eye_ground, above_target, curvature = eye
    likely, void_from = sectors.likely, sectors.void_from
    left, right, level = sectors.bounds.left, sectors.bounds.right, sectors.bounds.level
    roof_left, roof_right, floor_left, floor_right = envelope
    top, bulge = bands.top, bands.bulge
    u, eye_v = cone.first_u + ring, cone.eye_v - lowest
    rise = np.float32(above_target / u)
    at = out_steps.origin + ring * out_steps.along + (lowest + first) * out_steps.across
    # where in its sector a cell is, in fixed point from sector 0 on
    step, scale = int(half / u * PLACE_ONE), np.float32(1.0 / PLACE_ONE)
    place = int(((first - eye_v) / u + 1.0) * half * PLACE_ONE)
    for b in range(PAD + first, PAD + last + 1):
        k = min(max(place >> PLACE_BITS, 0), 2 * half - 1)
        share = np.float32(place - (k << PLACE_BITS)) * scale
        m = steep[b] + rise
        here = at
        at += out_steps.across
        place += step
        if m < between(floor_left, floor_right, k, share) and not (any_void and steep[b] <= LOW):
            continue
        v = b - PAD - eye_v
        if across == 1 and abs(v) == u:  # the neighbouring cones contain the diagonals
            continue
        behind = b - 1 if v > 0.0 else b
        roof = between(roof_left, roof_right, k, share)
        clear = m >= roof and (m >= top[behind] or (rise >= bulge[behind] and m - bulge[behind] >= roof))
        if clear and ring >= 2 and not any_void:
            out[here] = VISIBLE
            continue
        slope = v / u
        ground = np.float64(z[cone.origin + ring * cone.along + (b - PAD + lowest) * across])
        ray = Ray(slope, u, eye_m, ground + above_target, curvature * (1.0 + slope * slope), eye_ground, ground)
        state = VISIBLE
        if steep[b] <= LOW:
            state = UNKNOWN
        elif any_void and void_from[k] <= ring:
            state = _state_past_voids(z, cone, ray, ring, m, k, share, table, void_from[k])
        else:
            own_roof = max(level[k], between(left, right, k, share))
            steps = STRIDE
            if m >= own_roof:  # earlier points of this block of rings are below
                on_the_way = rise >= bulge[behind] and m - bulge[behind] >= own_roof and ring % BLOCK > 0
                steps = 0 if m >= top[behind] or on_the_way else 1
            if _is_blocked(z, cone, ray, ring, steps, m, k, share, likely, table):
                state = HIDDEN
        out[here] = state


@kernel
def _is_blocked(
    z: Float32s,
    cone: Cone,
    ray: Ray,
    ring: int,
    steps: int,
    steep: float,
    k: int,
    share: np.float32,
    likely: Int32s,
    table: Float32s,
) -> bool:
    """Whether the ray to a target on ``ring`` is blocked; exact, the likeliest steps first. No voids.

    Of the block of rings that the target is in, the last ``steps`` may block it: 0, 1, or STRIDE for all.
    """
    if ring < STRIDE + 2:
        return blocking_step(z, cone, ray, ring, 0) >= 0
    blocked = False
    if steps == STRIDE:
        blocked = stride_blocks(z, cone, ray, ring - STRIDE + 1)
    elif steps == 1:
        blocked = step_state(z, cone, ray, ring) == HIDDEN
    block, guess = ring // BLOCK - 1, likely[k]
    if not blocked and not steep >= stored(table, block, k, 2, share):
        if guess > 0 and not steep >= stored(table, guess, k, 0, share):
            blocked = stride_blocks(z, cone, ray, guess * BLOCK)
        while not blocked and block > 0 and not steep >= stored(table, block, k, 2, share):
            if block != guess and not steep >= stored(table, block, k, 0, share):
                blocked = stride_blocks(z, cone, ray, block * BLOCK)
                if blocked:
                    likely[k] = block
            block -= 1
        if not blocked and block == 0:
            blocked = blocking_step(z, cone, ray, BLOCK - 1, 0) >= 0
    return blocked


@kernel
def _state_past_voids(
    z: Float32s,
    cone: Cone,
    ray: Ray,
    ring: int,
    steep: float,
    k: int,
    share: np.float32,
    table: Float32s,
    void_from: int,
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
