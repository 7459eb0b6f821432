"""Radio links between masts: line of sight within radio range, over any number of hops.

A report reaches a base over relays and over tall masts. Radio waves are refracted as by a standard atmosphere; trees,
Fresnel zones and capacity are not modelled, so the result is optimistic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Bools, Floats
from geo.errors import BadInput
from geo.visibility import VISIBLE, line_of_sight
from sensors.layout import AnySensor, Layout
from sensors.relay import Relay

Part = AnySensor | Relay
AT_ONCE = 20_000  # lines of sight looked along in one call


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """Assumptions of the radio network [m]: the farthest link of a sensor or base, the lowest antenna of a sensor, that
    of a base, and from which height a sensor's mast also passes on what others send (its radio works while the sensor
    itself is broken; a lower one has power and a transmitter for itself alone)."""

    longest_m: float = 15_000.0
    least_antenna_m: float = 1.5
    base_antenna_m: float = 10.0
    relaying_mast_m: float = 10.0

    def __post_init__(self) -> None:
        for name in ("longest_m", "least_antenna_m", "base_antenna_m", "relaying_mast_m"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise BadInput(f"{getattr(self, name)!r}", where=f"link setting {name}", expected="metres above 0")


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Parts of a layout or options of a plan as nodes: ``carries`` (node,) whether it passes on what others send,
    ``home`` (node,) whether it reaches a base (or is a gateway) itself, ``hears`` (node, node) who has a link to whom;
    a node that carries nothing has links to those that do, and to no other."""

    carries: Bools
    home: Bools
    hears: Bools

    def __len__(self) -> int:
        return len(self.carries)

    def only(self, nodes: npt.ArrayLike) -> Network:
        """The network of some of the nodes, in that order."""
        kept = np.asarray(nodes)
        return Network(self.carries[kept], self.home[kept], self.hears[np.ix_(kept, kept)])

    def linked(self, there: npt.ArrayLike) -> Bools:
        """Which nodes (…, node) a chain of those that are ``there`` (…, node) and carry would bring to a base.

        A node's own link does not depend on whether the node itself is present.
        """
        present = np.asarray(there, np.bool_)
        reached = np.broadcast_to(self.home, present.shape)
        while True:
            passing = (reached & present & self.carries).astype(np.float32)
            more: Bools = reached | (passing @ self.hears.astype(np.float32) > 0.0)
            if (more == reached).all():
                return more
            reached = more


def network_of(
    parts: Sequence[Part], terrain: xr.Dataset, bases: npt.ArrayLike, settings: LinkSettings | None = None
) -> Network:
    """The links among ``parts`` and to the bases (base, 2) [m]; raises BadInput where neither a base nor a gateway is.

    A line that crosses a void counts as none.
    """
    chosen = settings or LinkSettings()
    places = np.asarray(bases, np.float64).reshape(-1, 2)
    gateway = np.array([isinstance(part, Relay) and part.gateway for part in parts], np.bool_)
    if not len(places) and not gateway.any():
        raise BadInput("no base", where="links", expected="at least one place that reports go to")
    carries = np.array([_carries(part, chosen) for part in parts], np.bool_)
    hears = np.zeros((len(parts), len(parts)), np.bool_)
    home = gateway.copy()
    if not len(parts):
        return Network(carries, home, hears)
    nodes = np.array(
        [(p.easting, p.northing, max(p.mast_height_m, chosen.least_antenna_m), _reach_m(p, chosen)) for p in parts]
    )
    first, second = np.triu_indices(len(parts), 1)
    useful = carries[first] | carries[second]
    first, second = first[useful], second[useful]
    clear = _in_sight(terrain, nodes[first], nodes[second])
    hears[first[clear], second[clear]] = hears[second[clear], first[clear]] = True
    for base in places:
        row = np.tile([base[0], base[1], chosen.base_antenna_m, chosen.longest_m], (len(parts), 1))
        row[:, 3] = np.maximum(row[:, 3], nodes[:, 3])  # a base receives as far as the sender's range
        home |= _in_sight(terrain, nodes, row)
    return Network(carries, home, hears)


def _carries(part: Part, settings: LinkSettings) -> bool:
    return isinstance(part, Relay) or part.mast_height_m >= settings.relaying_mast_m


def _reach_m(part: Part, settings: LinkSettings) -> float:
    return part.max_range_m if isinstance(part, Relay) else settings.longest_m


def _in_sight(terrain: xr.Dataset, first: Floats, second: Floats) -> Bools:
    """Whether the nodes (link, 4: easting, northing, height, reach) see each other within both their reaches.

    Links between the same places and heights are looked along once.
    """
    linked: Bools = np.hypot(*(first[:, :2] - second[:, :2]).T) <= np.minimum(first[:, 3], second[:, 3])
    near = np.flatnonzero(linked)
    if not len(near):
        return linked
    ends = np.concatenate([first[near, :3], second[near, :3]], axis=1)
    distinct, alike = np.unique(ends, axis=0, return_inverse=True)
    clear = np.zeros(len(distinct), np.bool_)
    for start in range(0, len(distinct), AT_ONCE):
        a = distinct[start : start + AT_ONCE].T
        states = line_of_sight(terrain, (a[0], a[1]), (a[3], a[4]), observer_height_m=a[2], target_height_m=a[5])
        clear[start : start + AT_ONCE] = np.atleast_1d(states == VISIBLE)
    linked[near] = clear[np.ravel(alike)]
    return linked


def unlinked(
    layout: Layout, terrain: xr.Dataset, bases: npt.ArrayLike, settings: LinkSettings | None = None
) -> frozenset[str]:
    """Ids of the sensors and relays from which no chain leads to a base, everything working; errors as network_of."""
    parts: list[Part] = [*layout.relays, *layout.sensors]
    net = network_of(parts, terrain, bases, settings)
    reached = net.linked(np.ones(len(parts), np.bool_))
    return frozenset(part.id for part, linked in zip(parts, reached, strict=True) if not linked)
