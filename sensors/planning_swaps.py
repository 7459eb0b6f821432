"""A good choice quickly: greedy by what a unit of cost adds, then swaps, then swaps from disturbed choices.

Greedy is run twice, by gain and by gain per cost, and the better kept: for covered probability under one budget that is
at least ½(1 − 1/e) of the best (Khuller, Moss, Naor 1999; Leskovec et al. 2007), with equal costs 1 − 1/e. Gains are
looked at again only where they may be the largest (lazy evaluation), as they only shrink.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sensors.planning_cover import SHARPEST, Cover
from sensors.planning_limits import Limits

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
LEAST_GAIN = 1e-12
KICK = 3  # chosen options that a disturbance takes out


def greedy(cover: Cover, limits: Limits, *, per_cost: bool, sharpness: float = 0.0) -> Ints:
    """Options in the order of choice: each time the one that adds most, or most per cost, of those there is room for.

    Of equals the lowest number. With ``sharpness`` gains may grow, so every option is looked at every time.
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


def _plain(cover: Cover, limits: Limits, price: Floats, sharpness: float) -> Ints:
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
    cover: Cover, limits: Limits, chosen: Ints, *, sharpness: float = 0.0, late: Callable[[], bool] = lambda: False
) -> Ints:
    """The choice after the best exchanges of one option for another, and additions, while any of them betters it."""
    now = [int(n) for n in chosen]
    now = _filled(cover, limits, now, sharpness)
    best = cover.score(cover.missed(now), sharpness)
    while not late():
        move, reached = None, best
        for place in range(len(now)):
            rest = now[:place] + now[place + 1 :]
            missed = cover.missed(rest)
            gains = cover.scores_of_adding(missed, sharpness)
            gains[~limits.room_for(rest)] = -np.inf
            gains[now[place]] = -np.inf
            other = int(np.argmax(gains))
            score = cover.score(missed, sharpness) + gains[other]
            if score > reached + LEAST_GAIN * max(1.0, abs(reached)):
                move, reached = (place, other), score
        if move is None:
            break
        now[move[0]] = move[1]
        now = _filled(cover, limits, now, sharpness)
        best = cover.score(cover.missed(now), sharpness)
    return np.array(sorted(now), np.int64)


def seeded(
    cover: Cover,
    limits: Limits,
    *,
    sharpness: float = 0.0,
    start: Ints | None = None,
    kicks: int = 0,
    late: Callable[[], bool] = lambda: False,
) -> Ints:
    """The best of greedy by gain, greedy per cost and ``start``, each with swaps; then of ``kicks`` disturbances.

    A disturbance takes some options out at random (a fixed seed: the same answer each time) and swaps again.
    """
    if sharpness > 0.0:  # the sharper, the flatter where nothing is: begin gently
        begun = seeded(cover, limits, start=start, late=late)
        starts = [begun, greedy(cover, limits, per_cost=True, sharpness=sharpness)]
        starts.append(greedy(cover, limits, per_cost=False, sharpness=sharpness))
    else:
        starts = [greedy(cover, limits, per_cost=way) for way in (True, False)]
    if start is not None:
        starts.append(np.asarray(start, np.int64))
    found = [swapped(cover, limits, one, sharpness=sharpness, late=late) for one in starts]
    best = max(found, key=lambda one: (cover.score(cover.missed(one), sharpness), -len(one)))
    dice = np.random.default_rng(0)
    for _ in range(kicks):
        if late() or len(best) <= 1:
            break
        kept = dice.permutation(best)[min(KICK, len(best) - 1) :]
        tried = swapped(cover, limits, _disturbed(cover, limits, kept, dice), sharpness=sharpness, late=late)
        if cover.score(cover.missed(tried), sharpness) > cover.score(cover.missed(best), sharpness):
            best = tried
    return best


def _disturbed(cover: Cover, limits: Limits, kept: Ints, dice: np.random.Generator) -> Ints:
    """``kept`` and one option more, of those there is room for, at random by what they add."""
    gains = np.where(limits.room_for(kept), cover.scores_of_adding(cover.missed(kept), 0.0), 0.0)
    if gains.sum() <= 0.0:
        return kept
    return np.append(kept, dice.choice(len(gains), p=gains / gains.sum())).astype(np.int64)


def best_swap_sharpness(worst: bool) -> float:
    """How sharply the least segment counts: not at all for covered probability."""
    return SHARPEST if worst else 0.0


def _filled(cover: Cover, limits: Limits, chosen: list[int], sharpness: float) -> list[int]:
    """With the options that still fit and add something."""
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
