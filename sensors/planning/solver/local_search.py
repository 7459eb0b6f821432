"""Heuristic search for a good choice: greedy by gain per unit of cost, then swaps, then swaps from perturbed choices.

Greedy is run twice, by gain and by gain per cost, and the better kept: for covered probability under one budget that is
at least ½(1 − 1/e) of the best (Khuller, Moss, Naor 1999; Leskovec et al. 2007), with equal costs 1 − 1/e. Gains are
recomputed only where they may be the largest (lazy evaluation), as they only shrink.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numba import njit

from geo.arrays import Floats, Ints
from sensors.planning.solver.constraints import Constraints
from sensors.planning.solver.coverage_objective import Cover

LEAST_GAIN = 1e-12
KICK = 3  # chosen options that a perturbation removes


def greedy(cover: Cover, limits: Constraints, *, per_cost: bool, sharpness: float = 0.0) -> Ints:
    """Options in the order of choice: at each step the affordable option with the largest gain, or gain per cost.

    Ties go to the lowest number. With ``sharpness`` gains may grow, so every option is evaluated at every step.
    """
    price = np.maximum(limits.cost, 1e-12) if per_cost else np.ones(len(limits))
    missed = cover.missed([])
    chosen: list[int] = []
    if sharpness > 0.0:
        return _plain(cover, limits, price, sharpness)
    room = limits.room_for(chosen)
    first = cover.scores_of_adding(missed, 0.0)
    heap = [(-gain / price[n], n, 0) for n, gain in enumerate(first) if room[n]]
    heapq.heapify(heap)
    while heap:
        worth, n, step = heapq.heappop(heap)
        if not room[n]:
            continue
        if step < len(chosen):
            heapq.heappush(heap, (-_gain(cover, n, missed) / price[n], n, len(chosen)))
        elif -worth * price[n] <= LEAST_GAIN:
            break
        else:
            chosen.append(n)
            _choose(cover, n, missed)
            room = limits.room_for(chosen)
    return np.array(chosen, np.int64)


def _plain(cover: Cover, limits: Constraints, price: Floats, sharpness: float) -> Ints:
    chosen: list[int] = []
    missed = cover.missed([])
    while True:
        gains = np.where(limits.room_for(chosen), cover.scores_of_adding(missed, sharpness) / price, 0.0)
        best = int(np.argmax(gains))
        if gains[best] * price[best] <= LEAST_GAIN:
            return np.array(chosen, np.int64)
        chosen.append(best)
        _choose(cover, best, missed)


def swapped(
    cover: Cover, limits: Constraints, chosen: Ints, *, sharpness: float = 0.0, late: Callable[[], bool] = lambda: False
) -> Ints:
    """The choice after the best exchanges of one option for another, and additions, while any of them improves it."""
    now = [int(n) for n in chosen]
    now = _filled(cover, limits, now, sharpness)
    best = cover.score(cover.missed(now), sharpness)
    while not late():
        scores = _sharp_exchanges(cover, now, sharpness) if sharpness > 0.0 else _exchanges(cover, now)
        for place, option in enumerate(now):
            scores[place, ~limits.room_for(now[:place] + now[place + 1 :])] = -np.inf
            scores[place, option] = -np.inf
        move = divmod(int(np.argmax(scores)), len(cover)) if len(now) else (0, 0)
        if not len(now) or not scores[move] > best + LEAST_GAIN * max(1.0, abs(best)):
            break
        now[move[0]] = move[1]
        now = _filled(cover, limits, now, sharpness)
        best = cover.score(cover.missed(now), sharpness)
    return np.array(sorted(now), np.int64)


def _sharp_exchanges(cover: Cover, chosen: list[int], sharpness: float) -> Floats:
    """Score of the choice with each of its options (place,) exchanged for each other: (place, option)."""
    scores = np.empty((len(chosen), len(cover)))
    for place in range(len(chosen)):
        missed = cover.missed(chosen[:place] + chosen[place + 1 :])
        scores[place] = cover.score(missed, sharpness) + cover.scores_of_adding(missed, sharpness)
    return scores


def _exchanges(cover: Cover, chosen: list[int]) -> Floats:
    """As ``_sharp_exchanges`` for covered weight: only the cells of the removed option are evaluated again."""
    missed, options = cover.missed(chosen), np.array(chosen, np.int64)
    gains = cover.scores_of_adding(missed, 0.0)
    begin, option, p = _by_cell(cover)
    more = np.zeros((len(options), len(cover)))
    loss = _freed(cover.start, cover.cell, cover.weight * (1.0 - cover.present), options, (begin, option, p), more)
    return np.asarray(cover.score(missed, 0.0) - loss[:, None] + gains + more)


@lru_cache(maxsize=2)
def _by_cell(cover: Cover) -> tuple[Ints, Ints, Floats]:
    """The entries of a cover in the order of the cells: start of each cell, option of each entry, and p."""
    order = np.argsort(cover.cell, kind="stable")
    begin = np.searchsorted(cover.cell[order], np.arange(len(cover.weight) + 1)).astype(np.int64)
    option = np.repeat(np.arange(len(cover)), np.diff(cover.start))[order]
    return begin, option, cover.p[order]


@njit(cache=True, nogil=True)
def _freed(
    start: Ints, cell: Ints, weight: Floats, chosen: Ints, by_cell: tuple[Ints, Ints, Floats], more: Floats
) -> Floats:
    """Loss (place,) if each chosen option is removed; adds to ``more`` (place, option) the resulting gain of others."""
    begin, option, p = by_cell
    inside = np.zeros(len(start) - 1, np.bool_)
    for chosen_option in chosen:
        inside[chosen_option] = True
    loss = np.zeros(len(chosen))
    for place in range(len(chosen)):
        gone = chosen[place]
        for entry in range(start[gone], start[gone + 1]):
            j = cell[entry]
            others, miss = 1.0, 0.0
            for e in range(begin[j], begin[j + 1]):
                if option[e] == gone:
                    miss = p[e]
                elif inside[option[e]]:
                    others *= 1.0 - p[e]
            freed = weight[j] * others * miss
            if freed > 0.0:
                loss[place] += freed
                for e in range(begin[j], begin[j + 1]):
                    more[place, option[e]] += freed * p[e]
    return loss


def compile_kernels() -> None:
    """Compile the kernel of this module, or load it from disk, so that no later call waits."""
    _exchanges(Cover.of(np.ones((2, 1))), [0])


def seeded(
    cover: Cover,
    limits: Constraints,
    *,
    sharpness: float = 0.0,
    start: Ints | None = None,
    kicks: int = 0,
    late: Callable[[], bool] = lambda: False,
) -> Ints:
    """The best of greedy by gain, greedy per cost and ``start``, each with swaps; then of ``kicks`` perturbations.

    A perturbation removes some options at random (with a fixed seed, so that the result is the same each time) and
    swaps again.
    """
    if sharpness > 0.0:  # a sharp score is flat where little is covered: begin with a less sharp one
        begun = seeded(cover, limits, start=start, late=late)
        starts = [begun, greedy(cover, limits, per_cost=True, sharpness=sharpness)]
        starts.append(greedy(cover, limits, per_cost=False, sharpness=sharpness))
    else:
        starts = [greedy(cover, limits, per_cost=way) for way in (True, False)]
    if start is not None:
        starts.append(np.asarray(start, np.int64))
    choices = [swapped(cover, limits, choice, sharpness=sharpness, late=late) for choice in starts]
    best = max(choices, key=lambda choice: (cover.score(cover.missed(choice), sharpness), -len(choice)))
    dice = np.random.default_rng(0)
    for _ in range(kicks):
        if late() or len(best) <= 1:
            break
        kept = dice.permutation(best)[min(KICK, len(best) - 1) :]
        tried = swapped(cover, limits, _disturbed(cover, limits, kept, dice), sharpness=sharpness, late=late)
        if cover.score(cover.missed(tried), sharpness) > cover.score(cover.missed(best), sharpness):
            best = tried
    return best


def _disturbed(cover: Cover, limits: Constraints, kept: Ints, dice: np.random.Generator) -> Ints:
    """``kept`` and one more affordable option, chosen at random in proportion to its gain."""
    gains = np.where(limits.room_for(kept), cover.scores_of_adding(cover.missed(kept), 0.0), 0.0)
    if gains.sum() <= 0.0:
        return kept
    return np.append(kept, dice.choice(len(gains), p=gains / gains.sum())).astype(np.int64)


def _filled(cover: Cover, limits: Constraints, chosen: list[int], sharpness: float) -> list[int]:
    """The choice with the options that still fit and add something."""
    now = list(chosen)
    while True:
        gains = np.where(limits.room_for(now), cover.scores_of_adding(cover.missed(now), sharpness), 0.0)
        best = int(np.argmax(gains))
        if gains[best] <= LEAST_GAIN:
            return now
        now.append(best)


def _gain(cover: Cover, option: int, missed: Floats) -> float:
    part = slice(cover.start[option], cover.start[option + 1])
    cells = cover.cell[part]
    return float((cover.weight[cells] * missed[cells] * cover.p[part]).sum())


def _choose(cover: Cover, option: int, missed: Floats) -> None:
    part = slice(cover.start[option], cover.start[option + 1])
    missed[cover.cell[part]] *= 1.0 - cover.p[part]
