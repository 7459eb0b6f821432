"""Bounds of the surface cell by cell along one ring, from which the sectors take theirs (numba kernels).

A *cell* lies between two neighbours on a ring and extends back, towards the observer, to the ring before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geo.arrays import Float32s
from geo.visibility.kernels.compilation import kernel
from geo.visibility.kernels.rings import LOW, PAD


class Bands(NamedTuple):
    """Bounds of the cells of one ring.

    ``top`` is the steepest corner, ``low`` the lower of the two on the ring; ``above`` and ``below`` say how far the
    surface rises above and falls below the chord between a sector's edges where the sector begins in the cell,
    ``bulge`` how far it rises above the chord from ring to ring.
    """

    top: Float32s
    low: Float32s
    above: Float32s
    below: Float32s
    bulge: Float32s


class Kinks(NamedTuple):
    """How far each position on a ring, and on the ring before, stands out from its neighbours; and a work array."""

    ring: Float32s
    before: Float32s
    above_one: Float32s


# Fraction of the steepness by which bounds are widened: above all rounding.
MARGIN = np.float32(2e-6)
# Loops over a ring run to a multiple of this many cells, a full vector of the processor.
LANES = 16


@kernel
def ring_bands(
    steep: Float32s,
    before: Float32s,
    extent: tuple[int, int],
    place: tuple[float, float, float],
    lift: np.float32,
    kinks: Kinks,
    bands: Bands,
) -> None:
    """Bounds of the cells extent[0] <= b < extent[1], and up to LANES more, on the ring with steepness ``steep``.

    ``before`` is the ring before, ``place`` = (u of the ring, minor index of the eye, width of a sector there); all
    bounds are widened by ``lift``. On a ring the surface is made of straight pieces less the earth's fall; where a
    sector is at most one cell wide it rises above the sector's chord by at most a quarter of the kink at the one
    neighbour inside, where it is two cells wide by at most 9/16 of the greater of two. Between rings
    it is bilinear; for what it can rise above the chord of a ray see ``geo.visibility.kernels.ray_blocks``.
    """
    u, eye_v, wide = place
    begin = PAD + extent[0]
    end = begin + (extent[1] - extent[0] + LANES - 1) // LANES * LANES
    share = np.float32(0.25 if wide <= 1.0 else 0.5626)
    m, m_before = steep[begin - 1 : end + 2], before[begin - 1 : end + 2]
    here, past = kinks.ring[begin:end], kinks.before[begin:end]
    for i in range(len(here)):
        here[i] = share * (m[i + 1] - m[i] + (m[i + 1] - m[i + 2]))
    far, near = np.float32(u), np.float32(u - 1.0)
    scale, inverse = np.float32(0.5 / max(u - 1.0, 0.5)), np.float32(1.0 / u)
    slope_at = np.float32((extent[0] - eye_v) / u)
    tops, lows, bulges = bands.top[begin:end], bands.low[begin:end], bands.bulge[begin:end]
    over, under = kinks.above_one[begin:end], bands.below[begin:end]
    for i in range(len(tops)):
        left, right = m[i + 1], m[i + 2]
        here_1, here_2 = far * (right - left), far * (m[i + 3] - right)
        past_1, past_2 = near * (m_before[i + 2] - m_before[i + 1]), near * (m_before[i + 3] - m_before[i + 2])
        twist = max(max(abs(past_1 - here_1), abs(past_1 - here_2)), abs(past_2 - here_1))
        slope = min(abs(slope_at + inverse * np.float32(i)) + np.float32(3.0) * inverse, np.float32(1.0))
        margin = MARGIN * max(abs(left), abs(right)) + lift
        high = max(max(left, right), max(m_before[i + 1], m_before[i + 2]))
        bulges[i] = twist * slope * scale + lift
        over[i] = bulges[i] + max(max(here[i], past[i]), np.float32(0.0)) + margin
        under[i] = max(-here[i], np.float32(0.0)) + margin
        tops[i] = high + (MARGIN * abs(high) + lift)
        lows[i] = min(left, right) - margin


@kernel
def reach_over(extent: tuple[int, int], above_one: Float32s, bands: Bands) -> None:
    """Let a cell's bounds about chords hold for every sector that begins there: for it and the three cells after it."""
    begin = PAD + extent[0]
    end = begin + (extent[1] - extent[0] + LANES - 1) // LANES * LANES
    above, into = above_one[begin : end + 3], bands.above[begin:end]
    for i in range(len(into)):
        into[i] = max(max(above[i], above[i + 1]), max(above[i + 2], above[i + 3]))
    into = bands.below[begin : end + 2]
    for i in range(len(into)):
        above[i] = into[i]
    into = bands.below[begin:end]
    for i in range(len(into)):
        into[i] = max(max(above[i], above[i + 1]), above[i + 2])


@kernel
def fill_voids(steep: Float32s, filled: Float32s) -> None:
    """Copy a ring with a neighbour's steepness in each void: bounds stay finite, and none is used across a void."""
    last = np.float32(0.0)
    for b in range(len(steep)):
        last = steep[b] if steep[b] > LOW else last
        filled[b] = last
