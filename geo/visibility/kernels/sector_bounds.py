"""Bounds of the steepness that narrow sectors of rays have met, from above and from below (numba kernels).

The cone around an observer is cut into sectors of equal width in slope, none wider than two cells. On every ring the
surface between a sector's two edge rays is bounded about the chord between them, or by the corners of the cells it
crosses, whichever is closer there. Each sector keeps

* a *roof* over each block of rings, and one over all blocks so far, as two numbers at its left and right edges. No ray
  between has met more than lies between them in proportion, so what lies higher is visible;
* a *floor* in the same form, from the single ring where it was best: every ray has met at least that, so what lies
  lower is hidden.

All bounds have a margin above rounding: ``MARGIN`` of the steepness, LIFT_M in height, ROUNDING of the curvature drop.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geo.arrays import Float32s, Int32s
from geo.visibility.kernels.compilation import inlined_kernel, kernel, summing_kernel
from geo.visibility.kernels.ring_bounds import MARGIN, Bands
from geo.visibility.kernels.rings import LOW, PAD, Eye
from geo.visibility.kernels.sight_line import Cone, Ray, step_steepest


class Bounds(NamedTuple):
    """Roofs and floors of the sectors (sector,), at their left and right edges.

    ``left``, ``right`` and, where corners made it, ``level``: the roof of this block of rings; ``all_left`` and
    ``all_right``: that of all blocks before; ``floor_left``, ``floor_right`` and ``floor_level``: the floor.
    """

    left: Float32s
    right: Float32s
    level: Float32s
    all_left: Float32s
    all_right: Float32s
    floor_left: Float32s
    floor_right: Float32s
    floor_level: Float32s


class SectorEnvelope(NamedTuple):
    """Roof and floor of the sectors over all rings so far (sector,), at their left and right edges."""

    roof_left: Float32s
    roof_right: Float32s
    floor_left: Float32s
    floor_right: Float32s


class Sectors(NamedTuple):
    """Points that the sectors have met so far.

    ``edges`` (2, edge) are the steepness values that their edges met on this ring and the one before, ``met_on`` the
    ring on which a group's edges were met, ``likely`` the block that is most likely to block, ``void_from`` the first
    step in which a ray may meet a void.
    """

    bounds: Bounds
    edges: Float32s
    met_on: Int32s
    likely: Int32s
    void_from: Int32s


LIFT_M = 1e-6
# Fraction of the curvature drop that rounding may cost.
ROUNDING = 1e-6
NEVER = np.int32(2**30)
# Places across a ring as fixed-point numbers, and how far a sector reaches beyond its edges [cells].
PLACE_BITS = 36
PLACE_ONE = 2.0**36
PLACE_MASK = 2**36 - 1
OVERLAP = 1e-6
# Rays of a cone on which the first two steps are walked.
NEAR_RAYS = 128
# Up to this many rings a sector is one cell wide at the last; beyond, up to two.
FINE_RINGS = 64
# This many sectors choose together between chord and corners; chord if its bounds are at most this much wider.
GROUP = 64
CHORD_FAVOUR = np.float32(1.4)


@inlined_kernel
def between(left: Float32s, right: Float32s, k: int, share: np.float32) -> float:
    """A roof or floor of sector k at the fraction ``share`` of its width."""
    steep: float = (np.float32(1.0) - share) * left[k] + share * right[k]
    return steep


@inlined_kernel
def stored(table: Float32s, block: int, k: int, which: int, share: np.float32) -> float:
    """As ``between``, of a roof in ``table``: 0 of a block of rings, 2 of it and all before."""
    steep: float = (np.float32(1.0) - share) * table[block, k, which] + share * table[block, k, which + 1]
    return steep


@inlined_kernel
def _by_chord(
    begin: int,
    end: int,
    outer: tuple[int, int],
    lowest: tuple[int, int],
    steep: Float32s,
    bands: Bands,
    bounds: Bounds,
    edge: Float32s,
    edge_before: Float32s,
) -> None:
    """Take a step into sectors begin..end - 1 by the chords between their edges.

    ``outer`` = place of the first sector's left edge on the ring and its step from sector to sector, ``lowest`` the
    same of the least cell that the sector touches, in fixed point.
    """
    left, right, floor_left, floor_right = bounds.left, bounds.right, bounds.floor_left, bounds.floor_right
    above, below = bands.above, bands.below
    scale, unit = np.float32(1.0 / PLACE_ONE), np.float32(1.0)
    (place, step), (low_place, low_step) = outer, lowest
    at, share = np.uint64(place >> PLACE_BITS), np.float32(place & PLACE_MASK) * scale
    m_left, past_left = (unit - share) * steep[at] + share * steep[at + np.uint64(1)], edge_before[begin]
    edge[begin] = m_left
    for k in range(begin, end):
        under = below[at]
        place += step
        at, share = np.uint64(place >> PLACE_BITS), np.float32(place & PLACE_MASK) * scale
        m_right, past_right = (unit - share) * steep[at] + share * steep[at + np.uint64(1)], edge_before[k + 1]
        edge[k + 1] = m_right
        over = above[np.uint64(low_place >> PLACE_BITS)]
        low_place += low_step
        a = (m_left if m_left > past_left else past_left) + over
        b = (m_right if m_right > past_right else past_right) + over
        left[k] = a if a > left[k] else left[k]
        right[k] = b if b > right[k] else right[k]
        a, b = m_left - under, m_right - under
        if a + b > floor_left[k] + floor_right[k]:
            floor_left[k], floor_right[k] = a, b
        m_left, past_left = m_right, past_right


@inlined_kernel
def _meet_edges(begin: int, end: int, outer: tuple[int, int], steep: Float32s, edge: Float32s) -> None:
    """Steepness that the edges of sectors begin..end - 1 meet on a ring."""
    scale, unit = np.float32(1.0 / PLACE_ONE), np.float32(1.0)
    place, step = outer
    for k in range(begin, end + 1):
        at, share = np.uint64(place >> PLACE_BITS), np.float32(place & PLACE_MASK) * scale
        edge[k] = (unit - share) * steep[at] + share * steep[at + np.uint64(1)]
        place += step


@inlined_kernel
def _by_corners(
    begin: int,
    end: int,
    outer: tuple[int, int],
    inner: tuple[int, int],
    rising: bool,
    bands: Bands,
    bounds: Bounds,
) -> None:
    """As ``_by_chord``, by the corners of the cells touched: at most four on the way, at most three on the ring.

    ``inner`` = place of the first sector's left edge on the ring before, and its step.
    """
    level, floor_level = bounds.level, bounds.floor_level
    top, low = bands.top, bands.low
    overlap = int(2.0 * OVERLAP * PLACE_ONE)
    (place, step), (low_place, low_step) = outer, inner
    for k in range(begin, end):
        first = np.uint64(place >> PLACE_BITS)
        lowest = np.uint64(low_place >> PLACE_BITS) if rising else first
        low_place += low_step
        place += step
        last = np.uint64((place + overlap) >> PLACE_BITS)
        highest = last if rising else np.uint64((low_place + overlap) >> PLACE_BITS)
        both = lowest + highest
        a, b = top[lowest], top[both >> np.uint64(1)]
        c, d = top[(both + np.uint64(1)) >> np.uint64(1)], top[highest]
        a, c = a if a > b else b, c if c > d else d
        a = a if a > c else c
        level[k] = a if a > level[k] else level[k]
        a, b, c = low[first], low[(first + last) >> np.uint64(1)], low[last]
        a = a if a < b else b
        a = a if a < c else c
        floor_level[k] = a if a > floor_level[k] else floor_level[k]


@summing_kernel
def _chord_is_closer(above: Float32s, top: Float32s, steep: Float32s) -> bool:
    """Whether chords bound some cells better than their corners do."""
    chord, corners = np.float32(0.0), np.float32(0.0)
    for b in range(len(above)):
        chord += above[b]
        corners += top[b] - np.float32(0.5) * (steep[b] + steep[b + 1])
    return bool(chord < CHORD_FAVOUR * corners)


@kernel
def widen(
    first_k: int,
    last_k: int,
    half: int,
    ring: int,
    place: tuple[float, float],
    steep: Float32s,
    bands: Bands,
    sectors: Sectors,
) -> None:
    """Take the step that ends at a ring into the bounds of sectors first_k..last_k of 2 * half.

    ``place`` = (u of the ring, minor index of the eye).
    """
    bounds, met_on, top, above = sectors.bounds, sectors.met_on, bands.top, bands.above
    u, eye_v = place
    edge, edge_before = sectors.edges[ring & 1], sectors.edges[1 - (ring & 1)]
    inner_step, outer_step = int((u - 1.0) / half * PLACE_ONE), int(u / half * PLACE_ONE)
    origin, overlap = PAD + eye_v - OVERLAP, int(OVERLAP * PLACE_ONE)
    begin = first_k
    while begin <= last_k:
        rising = begin >= half
        group = (begin + GROUP - half % GROUP) // GROUP  # no group has sectors on both sides of the axis
        end = min((group + 1) * GROUP - GROUP + half % GROUP, last_k + 1)
        slope = begin / half - 1.0
        inner = int((origin + slope * (u - 1.0)) * PLACE_ONE)
        outer = int((origin + slope * u) * PLACE_ONE)
        first, last = outer >> PLACE_BITS, (outer + (end - begin) * outer_step) >> PLACE_BITS
        chord = _chord_is_closer(above[first : last + 1], top[first : last + 1], steep[first : last + 2])
        if chord and met_on[group] == ring - 1:
            lowest = (inner, inner_step) if rising else (outer, outer_step)
            _by_chord(begin, end, (outer + overlap, outer_step), lowest, steep, bands, bounds, edge, edge_before)
        else:
            _by_corners(begin, end, (outer, outer_step), (inner, inner_step), rising, bands, bounds)
            if chord:  # a chord's bound rests on the ring before, too
                _meet_edges(begin, end, (outer + overlap, outer_step), steep, edge)
        if chord:
            met_on[group] = ring
        begin = end


@inlined_kernel
def _highest(first: Float32s, second: Float32s, third: Float32s, to: Float32s) -> None:
    """The highest of three rows into a fourth."""
    for k in range(len(to)):
        to[k] = max(max(first[k], second[k]), third[k])


@inlined_kernel
def _better(end: Float32s, other_end: Float32s, level: Float32s, to: Float32s) -> None:
    """Of a floor with two ends and one that is level the higher in the middle, into ``to`` its end ``end``."""
    for k in range(len(to)):
        to[k] = end[k] if end[k] + other_end[k] > level[k] + level[k] else level[k]


@kernel
def so_far(first_k: int, last_k: int, bounds: Bounds, envelope: SectorEnvelope) -> None:
    """Roof and floor of sectors first_k..last_k over all rings so far, into ``envelope``."""
    b, e, begin, end = bounds, envelope, first_k, last_k + 1
    _highest(b.left[begin:end], b.level[begin:end], b.all_left[begin:end], e.roof_left[begin:end])
    _highest(b.right[begin:end], b.level[begin:end], b.all_right[begin:end], e.roof_right[begin:end])
    _better(b.floor_left[begin:end], b.floor_right[begin:end], b.floor_level[begin:end], e.floor_left[begin:end])
    _better(b.floor_right[begin:end], b.floor_left[begin:end], b.floor_level[begin:end], e.floor_right[begin:end])


@kernel
def close_block(block: int, sectors: Sectors, table: Float32s) -> None:
    """Store each sector's roof over one block of rings and over all so far, and begin the next block."""
    likely, bounds = sectors.likely, sectors.bounds
    left, right, level, all_left, all_right = bounds.left, bounds.right, bounds.level, bounds.all_left, bounds.all_right
    for k in range(len(likely)):
        a, b = max(left[k], level[k]), max(right[k], level[k])
        likely[k] = np.int32(block) if a + b > all_left[k] + all_right[k] else likely[k]
        all_left[k], all_right[k] = max(all_left[k], a), max(all_right[k], b)
        table[k, 0], table[k, 1], table[k, 2], table[k, 3] = a, b, all_left[k], all_right[k]
        left[k] = right[k] = level[k] = LOW


@kernel
def mark_voids(
    first_k: int,
    last_k: int,
    half: int,
    ring: int,
    place: tuple[float, float],
    before: Float32s,
    steep: Float32s,
    void_from: Int32s,
) -> None:
    """Note the first step in which a ray of each sector may meet a void, here or on the ring before."""
    u, eye_v = place
    most = len(steep) - 2 * PAD - 2
    for k in range(first_k, last_k + 1):
        left, right = k / half - 1.0, (k + 1) / half - 1.0
        lowest = min(max(int(eye_v + min(left * u, left * (u - 1.0)) - OVERLAP), 0), most)
        highest = min(max(int(eye_v + max(right * u, right * (u - 1.0)) + OVERLAP), 0), most)
        for b in range(PAD + lowest, PAD + highest + 2):
            if min(before[b], steep[b]) <= LOW and void_from[k] > ring:
                void_from[k] = ring


@kernel
def near_roofs(z: Float32s, cone: Cone, rings: int, eye: Eye, half: int, sectors: Sectors) -> None:
    """Begin the roofs with steps 0 and 1, where steepness has no bound: walked on a few rays, the rest by gradient.

    Between two rays a step's steepness changes by at most the steepest gradient across, times the difference in slope.
    A void so near makes every sector unknown.
    """
    origin, along, across, lowest, highest, eye_fraction, first_u = cone
    eye_m, drop, void_from = eye.eye_m, eye.drop, sectors.void_from
    all_left, all_right = sectors.bounds.all_left, sectors.bounds.all_right
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
        ray = Ray(slope, 1e9, eye_m, eye_m, drop * (1.0 + slope * slope), eye.ground_m, eye_m)
        met = max(step_steepest(z, cone, ray, 0), step_steepest(z, cone, ray, 1))
        if n > 0:
            bound = max(before, met) + width * gradient + (drop + LIFT_M) / first_u
            roof = np.float32(bound + abs(bound) * MARGIN)
            for k in range(max(int((n - 1) * width * half - 1.0), 0), min(int(n * width * half + 2.0), 2 * half)):
                all_left[k] = all_right[k] = max(all_left[k], roof)
        before = met
