"""Maximum coverage: the k sites that together see the most, by a lazy greedy algorithm with a bound."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from numba import njit

from geo.arrays import Bools, Floats, Ints
from geo.errors import BadInput
from geo.visibility.many_sites.footprints import Footprints, Words, unpacked, words_for

GREEDY_SHARE = 1.0 - 1.0 / math.e
"""Fraction of the best k sites' coverage that greedy reaches at least (Nemhauser, Wolsey, Fisher 1978)."""


@dataclass(frozen=True, slots=True, eq=False)
class Covering:
    """Chosen sites in the order of choice, their gains, and what remains uncovered.

    ``sites`` int64 (k',), k' ≤ k, fewer where no other site adds anything; ``gains`` float64 (k',) in weight, or cells
    without weights; ``covered`` and ``total`` likewise; ``seen`` (cells,). ``bound`` is an upper bound for any k sites:
    the best that the k largest gains left after any greedy step allow, and at most ``covered`` / GREEDY_SHARE.
    """

    sites: Ints
    gains: Floats
    covered: float
    total: float
    bound: float
    seen: Bools
    kept: Bools | None = None

    @property
    def covered_fraction(self) -> float:
        """Covered over total [1]; NaN where there is nothing to cover."""
        return self.covered / self.total if self.total > 0.0 else math.nan

    @property
    def dead_ground_fraction(self) -> float:
        """1 − covered share [1]: with freely chosen sites, the intrinsic dead ground of a challenge."""
        return 1.0 - self.covered_fraction

    def hidden(self) -> Bools:
        """Kept cells of the raster that no chosen site sees, (northing, easting).

        Raises BadInput if the footprints are not of a raster.
        """
        if self.kept is None:
            raise BadInput("the footprints are not of a raster", where="covering", expected="those of a terrain")
        hidden = np.zeros(self.kept.shape, np.bool_)
        hidden[self.kept] = ~self.seen
        return hidden


def covering_sites(candidates: Footprints | xr.DataArray | npt.ArrayLike, k: int, weights: Any = None) -> Covering:
    """Choose up to ``k`` sites that together see the most, by the greedy algorithm.

    Each step takes the site that adds most, of equals the one with the lowest number.

    Parameters
    ----------
    candidates : Footprints, DataArray or array_like of bool, shape (site, cell)
        ``footprints``, a stack of ``viewsheds`` (site, northing, easting) in which 1 counts as seen, or an array of
        booleans.
    k : int
        Number of sites, at least 1.
    weights : array_like, optional
        Weight of each cell, from 0, in the shape of the cells; by default 1.

    Returns
    -------
    Covering
        The sites in the order of choice, their gains, and a bound that no ``k`` sites can exceed.

    Raises
    ------
    BadInput
        If ``k`` is below 1, or weights are negative, not finite or of another shape.

    Notes
    -----
    The choice covers at least 1 − 1/e of what the best ``k`` sites cover (Nemhauser, Wolsey and Fisher 1978). Gains
    only shrink as sites are chosen, so a site is evaluated again only when its old gain is the largest (Minoux 1978;
    CELF, Leskovec et al. 2007). The result equals that of plain greedy to the bit, as gains are summed in the order of
    cells.

    Examples
    --------
    >>> covering_sites([[True, True, False], [False, True, True], [False, False, True]], 2).sites
    array([0, 1])
    """
    sets = _footprints(candidates)
    if isinstance(k, bool) or int(k) != k or k < 1:
        raise BadInput(f"{k}", where="k", expected="a whole number of sites, at least 1")
    weight = _weights(sets, weights)
    covered = np.zeros(words_for(sets.cells), np.uint64)
    whole = float(sets.cells) if weight is None else float(_gain(_ones(sets.cells), 0, covered, _or_empty(weight)))
    heap = [(-_gain_of(sets, n, covered, weight), n, 0) for n in range(len(sets))]
    bounds = [math.fsum(heapq.nlargest(int(k), (-gain for gain, _, _ in heap)))]
    heapq.heapify(heap)
    sites: list[int] = []
    gains: list[float] = []
    while heap and len(sites) < k:
        gain, n, step = heapq.heappop(heap)
        if step < len(sites):
            heapq.heappush(heap, (-_gain_of(sets, n, covered, weight), n, len(sites)))
        elif gain == 0.0:
            break
        else:
            _cover(sets.words[sets.start[n] : sets.start[n + 1]], int(sets.first[n]), covered)
            sites.append(n)
            gains.append(-gain)
            left = math.fsum(heapq.nlargest(int(k), (-gain for gain, _, _ in heap)))
            bounds.append(math.fsum(gains) + left)
    seen = unpacked(covered, sets.cells)
    total = math.fsum(gains)
    bound = min(*bounds, whole, total / GREEDY_SHARE)
    return Covering(np.array(sites, np.int64), np.array(gains, np.float64), total, whole, bound, seen, sets.kept)


def _footprints(candidates: Footprints | xr.DataArray | npt.ArrayLike) -> Footprints:
    if isinstance(candidates, Footprints):
        return candidates
    if isinstance(candidates, xr.DataArray):
        if candidates.dims[0] != "site" or candidates.ndim < 2:
            raise BadInput(f"dims {candidates.dims}", where="candidates", expected="(site, northing, easting)")
        kept = np.ones(candidates.shape[1:], np.bool_)
        rows = []
        for n in range(candidates.sizes["site"]):  # one layer at a time: the stack may be lazy and larger than memory
            layer = np.asarray(candidates[n].data == 1).reshape(1, -1)
            rows.append(_row(Footprints.of(layer)))
        return Footprints.packed(rows, kept.size, kept)
    return Footprints.of(candidates)


def _row(single: Footprints) -> Words:
    row = np.zeros(words_for(single.cells), np.uint64)
    row[single.first[0] : single.first[0] + len(single.words)] = single.words
    return row


def _weights(sets: Footprints, weights: Any) -> Floats | None:
    """One weight for each cell; those of a raster are taken at its kept cells."""
    if weights is None:
        return None
    numbers = np.asarray(weights, np.float64)
    if sets.kept is not None and numbers.shape == sets.kept.shape:
        numbers = numbers[sets.kept]
    if numbers.shape != (sets.cells,):
        raise BadInput(f"shape {numbers.shape}", where="weights", expected=f"({sets.cells},), or that of the raster")
    if not (np.isfinite(numbers).all() and (numbers >= 0.0).all()):
        raise BadInput("a weight below zero or not finite", where="weights", expected="finite weights from zero")
    return np.ascontiguousarray(numbers)


def _gain_of(sets: Footprints, n: int, covered: Words, weight: Floats | None) -> float:
    words = sets.words[sets.start[n] : sets.start[n + 1]]
    return float(_gain(words, int(sets.first[n]), covered, _or_empty(weight)))


def _or_empty(weight: Floats | None) -> Floats:
    return np.empty(0) if weight is None else weight


def _ones(cells: int) -> Words:
    return _row(Footprints.of(np.ones((1, cells), np.bool_)))


@njit(cache=True, nogil=True)
def _gain(words: Words, first: int, covered: Words, weight: Floats) -> float:
    """Weight of the cells of ``words`` that are not covered, summed in the order of the cells; their number without."""
    total = 0.0
    for n in range(len(words)):
        bits = words[n] & ~covered[first + n]
        if len(weight) == 0:
            bits = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
            bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
            bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
            total += np.float64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))
        else:
            cell = (first + n) * 64
            while bits != np.uint64(0):
                if bits & np.uint64(1):
                    total += weight[cell]
                bits = bits >> np.uint64(1)
                cell += 1
    return total


@njit(cache=True, nogil=True)
def _cover(words: Words, first: int, covered: Words) -> None:
    """Add a site's cells to those covered, in place."""
    for n in range(len(words)):
        covered[first + n] |= words[n]


def compile_kernels() -> None:
    """Compile the kernels of this module, or load them from disk, so that no later call waits."""
    covering_sites(np.ones((1, 1), np.bool_), 1)
