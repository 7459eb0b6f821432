"""Least visible target heights of the cells of one ring (numba kernels)."""

from __future__ import annotations

import numpy as np

from geo.arrays import Float32s
from geo.visibility.kernels.compilation import kernel
from geo.visibility.kernels.ray_blocks import STRIDE, stride_steepest
from geo.visibility.kernels.ring_states import Ring
from geo.visibility.kernels.rings import BLOCK, LOW, PAD, Eye, WindowSteps
from geo.visibility.kernels.sector_bounds import Sectors, between, stored
from geo.visibility.kernels.sight_line import Cone, Ray, step_steepest


@kernel
def ring_heights(
    z: Float32s,
    cone: Cone,
    eye: Eye,
    ring_of: Ring,
    steep: Float32s,
    sectors: Sectors,
    table: Float32s,
    needed: Float32s,
    out_steps: WindowSteps,
) -> None:
    """Least heights [m] of the cells of one ring into the flat window ``needed``; arguments as ``ring_states``."""
    ring, half, first, last, any_void = ring_of
    across, lowest = cone.across, cone.lowest
    eye_m, eye_ground, curvature = eye.eye_m, eye.ground_m, eye.drop
    likely, void_from = sectors.likely, sectors.void_from
    left, right, level = sectors.bounds.left, sectors.bounds.right, sectors.bounds.level
    u, eye_v = cone.first_u + ring, cone.eye_v - lowest
    inverse = 1.0 / u
    at = -1
    for b in range(first, last + 1):
        v = b - eye_v
        place = (v * inverse + 1.0) * half
        k = min(max(int(place), 0), 2 * half - 1)
        slope = v / u
        if steep[PAD + b] <= LOW or (across == 1 and abs(slope) == 1.0):
            continue
        ground = np.float64(z[cone.origin + ring * cone.along + (b + lowest) * across])
        ray = Ray(slope, u, eye_m, ground, curvature * (1.0 + slope * slope), eye_ground, ground)
        if ring < STRIDE + 2 or (any_void and void_from[k] <= ring):
            most = _steepest_past_voids(z, cone, ray, ring, min(void_from[k], ring))
        else:
            share = np.float32(place - k)
            own_roof = max(level[k], between(left, right, k, share))
            most, at = _steepest_met(z, cone, ray, ring, own_roof, k, share, likely[k], table, at)
        here = out_steps.origin + ring * out_steps.along + (b + lowest) * out_steps.across
        needed[here] = max(eye_m + most * u + ray.drop * u * u - ground, 0.0)


@kernel
def _steepest_met(
    z: Float32s,
    cone: Cone,
    ray: Ray,
    ring: int,
    own_roof: float,
    k: int,
    share: np.float32,
    likely: int,
    table: Float32s,
    guess: int,
) -> tuple[float, int]:
    """Steepest point on the ray to a target on ``ring``, itself included, and its step; exact. No voids.

    The step ``guess`` is tried first, then those above it: in the block of rings with the highest roof, in the target's
    own, whose roof is ``own_roof``, and in the others.
    """
    best, at = step_steepest(z, cone, ray, ring), ring
    if 0 <= guess < ring:
        met = step_steepest(z, cone, ray, guess)
        if met > best:
            best, at = met, guess
    block = ring // BLOCK - 1
    if likely > 0 and not best >= stored(table, likely, k, 0, share):
        best, at = stride_steepest(z, cone, ray, likely * BLOCK, best, at)
    if not best >= own_roof:
        best, at = stride_steepest(z, cone, ray, ring - STRIDE + 1, best, at)
    while block > 0 and not best >= stored(table, block, k, 2, share):
        if block != likely and not best >= stored(table, block, k, 0, share):
            best, at = stride_steepest(z, cone, ray, block * BLOCK, best, at)
        block -= 1
    if block == 0 and not best >= stored(table, 0, k, 2, share):
        for step in range(BLOCK):
            met = step_steepest(z, cone, ray, step)
            if met > best:
                best, at = met, step
    return best, at


@kernel
def _steepest_past_voids(z: Float32s, cone: Cone, ray: Ray, ring: int, void_from: int) -> float:
    """Steepest point on the ray to a target on ``ring``; NaN where it meets a void, perhaps on step ``void_from``."""
    best = step_steepest(z, cone, ray, ring)
    step = void_from
    while best == best and step < ring + void_from:
        met = step_steepest(z, cone, ray, step if step < ring else step - ring)
        best = best if met <= best else met
        step += 1
    return best
