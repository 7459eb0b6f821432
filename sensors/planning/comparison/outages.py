"""Relays as a common cause of outages: while a relay is down, everything that reports through it is down too.

The relays' states are summed over as whole-crossing states, like outages of sensors (docs/decisions/0009). Relays
without a sensor in common are independent, so they form groups; a group has few states, and many of them link the same
sensors.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.arrays import Bools, Floats, Ints
from sensors.coverage.radio_links import Network

MOST_EXACT: Final = 8
MOST_DOWN: Final = 3
"""In a group of more than MOST_EXACT relays, states with more than MOST_DOWN down count as all down (pessimistic)."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Sensors that depend on the same ``relays``: ``states`` (state, relay) up or not, ``linked`` (pattern, sensor)
    which of ``sensors`` are then linked, and ``pattern`` (state,) the pattern of each state."""

    relays: Ints
    sensors: Ints
    states: Bools
    linked: Bools
    pattern: Ints

    def chances(self, up: Floats) -> Floats:
        """Probability (sample, pattern) of each pattern, with relays up with probability ``up`` (sample, node),
        independently."""
        relays_up = up[:, self.relays]
        chance = np.prod(np.where(self.states, relays_up[:, None, :], 1.0 - relays_up[:, None, :]), axis=-1)
        mixed = _summed(chance, self.pattern, len(self.linked))
        mixed[:, 0] += np.maximum(
            1.0 - chance.sum(axis=1), 0.0
        )  # pattern 0 is all down; states without a pattern count as that
        return mixed


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """Paths on which the same sensors of a group may detect: ``entries`` (way, entry) on the ``ways``, the states
    ``counts`` (state, entry): whether each of them counts, and the state of each pattern of the group (pattern,)."""

    group: Group
    ways: Ints
    entries: Ints
    counts: Bools
    state: Ints

    def chances(self, of_patterns: Floats) -> Floats:
        """Probability (sample, state) from that of the group's patterns (sample, pattern)."""
        return _summed(of_patterns, self.state, len(self.counts))


def _summed(values: Floats, place: Ints, places: int) -> Floats:
    """Sums (row, place) of the values (row, column) of the columns at the same place, added in their order."""
    cells = np.arange(len(values))[:, None] * places + place
    sums = np.bincount(cells.ravel(), weights=values.ravel(), minlength=len(values) * places)
    return np.asarray(sums, np.float64).reshape(len(values), places)


def shared_ways(group: Group, way: Ints, part: Ints, by_hand: Bools) -> tuple[Shared, ...]:
    """The entries (entry,) of a group, each of a ``way`` and a ``part``, by the set of its sensors on the path.

    An entry counts while its part is linked, one that is ``by_hand`` while it is not. A path involves few of a group's
    sensors and thus few of its patterns; paths with the same sensors are combined.
    """
    mine = np.flatnonzero(np.isin(part, group.sensors))
    kind = 2 * part + by_hand
    mine = mine[np.lexsort((kind[mine], way[mine]))]
    by_set: dict[bytes, list[Ints]] = {}
    for entries in np.split(mine, np.flatnonzero(np.diff(way[mine])) + 1) if len(mine) else ():
        by_set.setdefault(kind[entries].tobytes(), []).append(entries)
    shared = []
    for rows in by_set.values():
        entries = np.stack(rows)
        columns = np.searchsorted(group.sensors, part[entries[0]])
        counts, state = np.unique(group.linked[:, columns] ^ by_hand[entries[0]], axis=0, return_inverse=True)
        shared.append(Shared(group, way[entries[:, 0]], entries, counts, np.ravel(state)))
    return tuple(shared)


@dataclass(frozen=True, slots=True, eq=False)
class Outages:
    """Linked sensors of a layout: ``always`` and ``never`` (node,) whatever the relays' states, and ``groups``."""

    always: Bools
    never: Bools
    groups: tuple[Group, ...]

    def linked_share(self, up: Floats) -> Floats:
        """Fraction of the crossings in which each node is linked (sample, node)."""
        share = np.broadcast_to(self.always.astype(np.float64), up.shape).copy()
        for group in self.groups:
            share[:, group.sensors] = group.chances(up) @ group.linked
        return share


def all_linked(nodes: int) -> Outages:
    """Outages without a network: all nodes are linked."""
    return Outages(np.ones(nodes, np.bool_), np.zeros(nodes, np.bool_), ())


def outages_of(net: Network, relays: int, there: Bools) -> Outages:
    """The groups of a network whose first ``relays`` nodes are relays, of parts that are ``there`` (node,)."""
    states = _states(there[:relays])
    every = np.broadcast_to(there, (len(states), len(net))).copy()
    every[:, :relays] &= states
    linked = net.linked(every)
    always, never = np.asarray(linked.all(axis=0)), ~np.asarray(linked.any(axis=0))
    hangs = np.zeros((len(net), relays), np.bool_)
    for relay in np.flatnonzero(there[:relays]):
        other = every.copy()
        other[:, relay] = ~other[:, relay]
        hangs[:, relay] = (net.linked(other) != linked).any(axis=0)
    hangs[:relays] = False  # whether a relay itself is linked does not matter
    groups = []
    for relay_group, sensors in _groups(hangs):
        groups.append(_group(net, relay_group, sensors, there))
    return Outages(always, never, tuple(groups))


def _states(there: Bools) -> Bools:
    """States (state, relay), all up first; for few relays all states, for many those with few down, and all down."""
    used = np.flatnonzero(there)
    most = len(used) if len(used) <= MOST_EXACT else MOST_DOWN
    rows = []
    for down in range(most + 1):
        for lost in itertools.combinations(used, down):
            row = there.copy()
            row[list(lost)] = False
            rows.append(row)
    if most < len(used):
        rows.append(np.zeros_like(there))
    return np.array(rows, np.bool_).reshape(len(rows), len(there))


def _groups(hangs: Bools) -> list[tuple[Ints, Ints]]:
    """Groups of relays and nodes; relays that share a node are in one group."""
    left, groups = set(np.flatnonzero(hangs.any(axis=0)).tolist()), []
    while left:
        relays, size = {left.pop()}, 0
        while len(relays) != size:
            size = len(relays)
            nodes = hangs[:, sorted(relays)].any(axis=1)
            relays |= set(np.flatnonzero(hangs[nodes].any(axis=0)).tolist())
        left -= relays
        groups.append((np.array(sorted(relays), np.int64), np.flatnonzero(nodes)))
    return groups


def _group(net: Network, relays: Ints, sensors: Ints, there: Bools) -> Group:
    states = _states(np.ones(len(relays), np.bool_))
    every = np.broadcast_to(there, (len(states), len(net))).copy()
    every[:, relays] = states
    linked = net.linked(every)[:, sensors]
    down = np.zeros((1, len(net)), np.bool_) | there
    down[:, relays] = False
    patterns, pattern = np.unique(np.concatenate([net.linked(down)[:, sensors], linked]), axis=0, return_inverse=True)
    pattern = np.ravel(pattern)
    order = np.argsort(np.arange(len(patterns)) != pattern[0], kind="stable")  # all down first
    place = np.empty(len(patterns), np.int64)
    place[order] = np.arange(len(patterns))
    return Group(relays, sensors, states, patterns[order], place[pattern[1:]])
