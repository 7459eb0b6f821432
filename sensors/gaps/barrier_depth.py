"""Barrier resilience over overlapping footprints: k-barriers, minimum cut sets, single points of failure."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from geo.arrays import Bools
from sensors.errors import GapError


def k_barrier(
    overlaps: Iterable[Any], left: Iterable[Hashable], right: Iterable[Hashable]
) -> tuple[int, frozenset[Any]]:
    """Compute the barrier resilience k of overlapping footprints, and a minimum cut set of sensors.

    Parameters
    ----------
    overlaps : iterable of pairs
        Pairs of sensors (any labels; an (n, 2) array too) whose footprints overlap.
    left : iterable of hashable
        Sensors that reach the sector's left end.
    right : iterable of hashable
        Sensors that reach its right end.

    Returns
    -------
    k : int
        Number of sensor chains from one end to the other without a common sensor: a crosser passes at least k
        footprints.
    cut : frozenset
        k sensors whose loss opens the border; of several such sets the one nearest the left, empty for k = 0.

    Raises
    ------
    GapError
        For overlaps that are not pairs, or a bare label.

    Notes
    -----
    By Menger's theorem the maximum flow in which each sensor carries one unit. Kumar, Lai and Arora (2005), Barrier
    coverage with wireless sensors, MobiCom, doi:10.1145/1080829.1080859. A footprint in pieces is one label per piece.

    Examples
    --------
    >>> from sensors.gaps import k_barrier
    >>> k_barrier([("a", "b"), ("b", "c")], left=["a"], right=["c"])
    (1, frozenset({'a'}))
    """
    network = _Network.of(overlaps, left, right)
    k, residual = network.flow()
    reached = _reached(residual, network.source)
    return k, network.named(v for v in range(len(network.labels)) if reached[2 * v] and not reached[2 * v + 1])


def weakest_links(overlaps: Iterable[Any], left: Iterable[Hashable], right: Iterable[Hashable]) -> frozenset[Any]:
    """Find every sensor whose loss alone lowers the k of ``k_barrier``.

    Parameters
    ----------
    overlaps : iterable of pairs
        Pairs of sensors whose footprints overlap.
    left : iterable of hashable
        Sensors that reach the sector's left end.
    right : iterable of hashable
        Sensors that reach its right end.

    Returns
    -------
    frozenset
        The members of all minimum cut sets.

    Raises
    ------
    GapError
        As ``k_barrier``.

    Notes
    -----
    A sensor is one of them when it is used to the full and no unused path leads around it in the residual network.
    """
    network = _Network.of(overlaps, left, right)
    _, residual = network.flow()
    used = [v for v in range(len(network.labels)) if residual[2 * v, 2 * v + 1] == 0]
    return network.named(v for v in used if not _reached(residual, 2 * v)[2 * v + 1])


@dataclass(frozen=True, slots=True)
class _Network:
    """Sensors in order of appearance; sensor v is split into an entrance 2v and an exit 2v + 1; then source and
    sink."""

    labels: tuple[Hashable, ...]
    capacity: csr_array

    @classmethod
    def of(cls, overlaps: Iterable[Any], left: Iterable[Hashable], right: Iterable[Hashable]) -> _Network:
        if not isinstance(overlaps, Iterable):
            raise GapError(f"is {overlaps!r}", where="barrier (overlaps)", expected="pairs of sensors")
        pairs = [_pair(pair) for pair in overlaps]
        starts, ends = _sensors(left, "left"), _sensors(right, "right")
        for label in (*starts, *(label for pair in pairs for label in pair), *ends):
            if not isinstance(label, Hashable):
                raise GapError(f"a sensor is {label!r}", where="barrier", expected="labels such as text or numbers")
        labels = tuple(dict.fromkeys([*starts, *(label for pair in pairs for label in pair), *ends]))
        number = {label: v for v, label in enumerate(labels)}
        count = len(labels)
        ways = {(2 * v, 2 * v + 1): 1 for v in range(count)}
        free = count + 1  # more than all sensors together can carry
        ways |= {(2 * count, 2 * number[label]): free for label in starts}
        ways |= {(2 * number[label] + 1, 2 * count + 1): free for label in ends}
        for a, b in ((number[a], number[b]) for a, b in pairs if a != b):
            ways[2 * a + 1, 2 * b] = ways[2 * b + 1, 2 * a] = free
        places = np.array(list(ways), dtype=np.int32).reshape(-1, 2)
        carried = np.array(list(ways.values()), dtype=np.int32)
        size = 2 * count + 2
        return cls(labels, csr_array(coo_array((carried, (places[:, 0], places[:, 1])), shape=(size, size))))

    @property
    def source(self) -> int:
        return 2 * len(self.labels)

    def flow(self) -> tuple[int, csr_array]:
        """The maximum flow, and the residual capacity of each arc (and its reverse)."""
        result = maximum_flow(self.capacity, self.source, self.source + 1)
        return int(result.flow_value), csr_array(self.capacity - result.flow)

    def named(self, sensors: Iterable[int]) -> frozenset[Any]:
        return frozenset(self.labels[v] for v in sensors)


def _reached(residual: csr_array, start: int) -> Bools:
    """The nodes that can be reached with residual capacity from ``start``."""
    open_ways = csr_array(residual > 0)
    reached = np.zeros(open_ways.shape[0], dtype=np.bool_)
    reached[breadth_first_order(open_ways, start, return_predecessors=False)] = True
    return reached


def _pair(pair: Any) -> tuple[Hashable, Hashable]:
    labels = pair.tolist() if isinstance(pair, np.ndarray) else pair
    if isinstance(labels, str) or not isinstance(labels, Collection) or len(labels) != 2:
        raise GapError(f"an overlap is {labels!r}", where="barrier (overlaps)", expected="pairs of sensors")
    first, second = labels
    return first, second


def _sensors(side: Iterable[Hashable], name: str) -> list[Hashable]:
    if isinstance(side, str) or not isinstance(side, Iterable):
        raise GapError(f"is {side!r}", where=f"barrier ({name})", expected="several sensors, as in a list or a set")
    return list(side.tolist() if isinstance(side, np.ndarray) else side)
