"""Choices whose sensors reach a base: relays are bought with the options that they link, at the cost of the whole
chain.

``RelayNetwork`` holds the options that relay reports and the cost of the cheapest chain to each option for a given
choice. Options without a link are removed from a choice (``pruned``). The mixed-integer model gets cuts: of the relays
next to a disconnected part, at least one is bought (node cuts, as in Fischetti et al. 2017).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Ints
from sensors.coverage.radio_links import Network
from sensors.planning.solver.constraints import Constraints
from sensors.planning.solver.coverage_objective import Cover
from sensors.planning.solver.local_search import LEAST_GAIN, greedy, seeded

MOST_TRUNKS = 40  # number of relays whose chain is tried as the first purchase


@dataclass(frozen=True, slots=True, eq=False)
class RelayNetwork:
    """The network of the options, and which of them are relays (option,), which do not detect."""

    net: Network
    relay: Bools

    def only(self, options: Ints) -> RelayNetwork:
        return RelayNetwork(self.net.only(options), self.relay[options])

    def within_reach(self) -> Ints:
        """Options that can be linked if everything is bought."""
        return np.flatnonzero(self.net.linked(np.ones(len(self.net), np.bool_)))

    def linked(self, chosen: npt.ArrayLike) -> Bools:
        """Options (option,) that a choice links to a base, directly or through others."""
        there = np.zeros(len(self.net), np.bool_)
        there[np.asarray(chosen, np.int64)] = True
        return self.net.linked(there)

    def pruned(self, chosen: npt.ArrayLike) -> Ints:
        """The choice without options that do not reach a base."""
        options = np.asarray(chosen, np.int64)
        return options[self.linked(options)[options]]

    def chains(self, chosen: Ints, cost: Floats) -> tuple[Floats, Ints]:
        """Cost of the relays (option,) that link each option for a given choice, inf if there are none, and the next
        hop (option,), −1 if none is needed. Chains consist of relays; other masts relay once they are chosen."""
        linked = self.linked(chosen)
        extra, hop = np.where(linked, 0.0, np.inf), np.full(len(linked), -1, np.int64)
        owned = np.zeros(len(linked), np.bool_)
        owned[chosen] = True
        heap = [(0.0, int(n)) for n in np.flatnonzero(linked & self.relay & ~owned)]
        heapq.heapify(heap)
        while heap:
            so_far, node = heapq.heappop(heap)
            if so_far > extra[node]:
                continue
            price = so_far + cost[node]
            nearer = self.net.hears[node] & (price < extra)
            extra[nearer], hop[nearer] = price, node
            for other in np.flatnonzero(nearer & self.relay):
                heapq.heappush(heap, (float(extra[other]), int(other)))
        return extra, hop

    def bundle(self, option: int, hop: Ints) -> Ints:
        """An option with the relays of its chain, the nearest to the base first."""
        chain = [option]
        while hop[chain[-1]] >= 0:
            chain.append(int(hop[chain[-1]]))
        return np.array(chain[::-1], np.int64)

    def cuts(self, chosen: npt.ArrayLike) -> Iterator[tuple[int, Ints]]:
        """For each chosen option that does not reach a base: options of which any choice with it contains at least
        one."""
        options = np.asarray(chosen, np.int64)
        linked = self.linked(options)
        beyond = linked & self.net.carries  # next to the base's side
        beyond[options] = False
        for option in options[~linked[options]]:
            near = np.zeros(len(self.net), np.bool_)
            near[option] = True
            carrying = np.zeros_like(near)
            carrying[options] = self.net.carries[options]
            while True:
                more = near | (self.net.hears[near].any(axis=0) & carrying)
                if (more == near).all():
                    break
                near = more
            around = self.net.hears[near].any(axis=0) & self.net.carries & ~near
            yield int(option), np.flatnonzero(around)
            yield int(option), np.flatnonzero(beyond & ~near)


def seeded_linked(
    cover: Cover,
    limits: Constraints,
    links: RelayNetwork,
    *,
    sharpness: float = 0.0,
    start: Ints | None = None,
    kicks: int = 0,
    late: Callable[[], bool] = lambda: False,
) -> Ints:
    """A good choice whose sensors are all linked: relays chosen with the options that they enable, then swaps of
    sensors.

    The trunks tried first are: none, and the chain to each of the relays with the most links.
    """

    def score(chosen: Ints) -> float:
        return cover.score(cover.missed(chosen), sharpness)

    nothing = np.zeros(0, np.int64)
    tried = [] if start is None else [links.pruned(start)]
    tried += [bundled(cover, limits, links, per_cost=way, sharpness=sharpness) for way in (True, False)]
    for trunk in _trunks(limits, links):
        if late():
            break
        tried.append(_filled(cover, limits, links, trunk, sharpness))
    best = max((choice for choice in tried if limits.kept_by(choice)), key=score, default=nothing)
    for _ in range(len(best) + 1):
        if late():
            break
        relays = best[links.relay[best]]
        again = [_swapped(cover, limits, links, relays, best, sharpness, kicks, late)]
        for gone in relays:
            if not late():
                kept = links.pruned(relays[relays != gone])
                again.append(_swapped(cover, limits, links, kept, kept, sharpness, 0, late))
        better = max(again, key=score)
        if score(better) <= score(best) + LEAST_GAIN:
            break
        best = better
    return np.sort(best)


def bundled(cover: Cover, limits: Constraints, links: RelayNetwork, *, per_cost: bool, sharpness: float) -> Ints:
    """Greedy choice by the gain of an option, or its gain per cost, where the cost includes that of its chain."""
    chosen = np.zeros(0, np.int64)
    while True:
        extra, hop = links.chains(chosen, limits.cost)
        gains = cover.scores_of_adding(cover.missed(chosen), sharpness)
        added = next_bundle(gains, limits, links, (chosen, extra, hop), per_cost=per_cost)
        if added is None:
            return chosen
        chosen = np.append(chosen, added)


def next_bundle(
    gains: Floats, limits: Constraints, links: RelayNetwork, state: tuple[Ints, Floats, Ints], *, per_cost: bool = True
) -> Ints | None:
    """The options to add to a choice, with its chains (``RelayNetwork.chains``): the best and its relays; None if no
    option adds."""
    chosen, extra, hop = state
    price = limits.cost + extra
    room = limits.room_for(chosen) & (price <= limits.budget * (1.0 + 1e-9) - limits.cost[chosen].sum())
    worth = np.where(room & np.isfinite(price), gains / (np.maximum(price, 1e-12) if per_cost else 1.0), 0.0)
    for best in np.argsort(-worth, kind="stable"):
        if worth[best] <= 0.0 or gains[best] <= LEAST_GAIN:
            return None
        options = links.bundle(int(best), hop)
        if limits.kept_by(np.append(chosen, options)):
            return options
    return None


def _trunks(limits: Constraints, links: RelayNetwork) -> Iterator[Ints]:
    """Cheapest chains to the relays with the most links."""
    extra, hop = links.chains(np.zeros(0, np.int64), limits.cost)
    heard = links.net.hears.sum(axis=1)
    relays = np.flatnonzero(links.relay & np.isfinite(extra))
    for relay in relays[np.argsort(-heard[relays], kind="stable")][:MOST_TRUNKS]:
        trunk = links.bundle(int(relay), hop)
        if limits.kept_by(trunk):
            yield trunk


def _filled(cover: Cover, limits: Constraints, links: RelayNetwork, relays: Ints, sharpness: float) -> Ints:
    """Relays, and a greedy choice of the options that they and the bases link."""
    able = np.flatnonzero(links.linked(relays) & ~links.relay)
    if not len(able):
        return relays
    inner = limits.after(relays, able)
    chosen = greedy(cover.only(able), inner, per_cost=True, sharpness=sharpness)
    return np.concatenate([relays, able[chosen]])


def _swapped(
    cover: Cover,
    limits: Constraints,
    links: RelayNetwork,
    relays: Ints,
    start: Ints,
    sharpness: float,
    kicks: int,
    late: Callable[[], bool],
) -> Ints:
    """Improve a choice by swaps that keep the relays and exchange the other options for better ones that those relays
    link."""
    able = np.flatnonzero(links.linked(relays) & ~links.relay)
    if not len(able):
        return relays
    begin = np.flatnonzero(np.isin(able, start))
    inner = limits.after(relays, able)
    given = begin if inner.kept_by(begin) else None
    chosen = seeded(cover.only(able), inner, sharpness=sharpness, start=given, kicks=kicks, late=late)
    return np.concatenate([relays, able[chosen]])
