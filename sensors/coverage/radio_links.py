"""Links of sensors to a base: radio links between masts within line of sight and range, over any number of hops.

The rule is the same for every command: a sensor counts if its reports arrive. By radio, a report reaches a base through
relays and tall masts. A sensor with its own connection (cellular, satellite, cable) needs neither, and reports by hand
arrive later (``sensors.sensor.Sensor.delay_s``). Radio waves are refracted as in a standard atmosphere; trees, Fresnel
zones and capacity are not modelled, so the result is optimistic.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Bools, Floats
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.terrain import frame_of, north_up, sample
from geo.terrain.derived import standing_points
from geo.visibility import VISIBLE, line_of_sight
from sensors.layout import SCALE_DIGITS, AnySensor, Layout
from sensors.relay import Relay
from sensors.sensor import HAND, RADIO, RADIO_OR_HAND

LinkedPart = AnySensor | Relay
AT_ONCE = 20_000  # lines of sight per call


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """Assumptions of the radio network [m]: the maximum link of a sensor or base, the minimum antenna height of a
    sensor, that of a base, and the height from which a sensor's mast also relays other reports (its radio works while
    the sensor itself is broken; a lower mast has power and a transmitter for itself only)."""

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
    """Parts of a layout or options of a plan as nodes: ``carries`` (node,) whether it relays other reports, ``home``
    (node,) whether it reaches a base (or is a gateway) itself, ``hears`` (node, node) the links; a node that does not
    relay has links only to nodes that do."""

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
        """Nodes (…, node) that a chain of relaying nodes among those that are ``there`` (…, node) would link to a base.

        A node's own link does not depend on whether the node itself is present.
        """
        relaying = np.flatnonzero(self.carries)  # only these lead on, and they are few
        hears = self.hears[relaying].astype(np.float32)
        working = np.asarray(there, np.bool_)[..., relaying]
        home, among = self.home[relaying], hears[:, relaying]
        passing = home & working
        while True:
            more = working & (home | (passing.astype(np.float32) @ among > 0.0))
            if (more == passing).all():
                break
            passing = more
        linked: Bools = self.home | (passing.astype(np.float32) @ hears > 0.0)
        return linked


def links_known(parts: Sequence[LinkedPart], bases: npt.ArrayLike) -> bool:
    """Whether links can be decided: there is a base (base, 2), or a gateway among the parts. Otherwise every sensor
    counts as linked."""
    return np.asarray(bases, np.float64).size > 0 or any(isinstance(part, Relay) and part.gateway for part in parts)


def network_of(
    parts: Sequence[LinkedPart], terrain: xr.Dataset, bases: npt.ArrayLike, settings: LinkSettings | None = None
) -> Network:
    """The links among ``parts`` and to the bases (base, 2) [m]; raises BadInput if there is neither a base nor a
    gateway.

    A line that crosses a void does not count as a link, and a part whose ground is not known has none. Sensors that
    need no radio count as linked, and do not relay.
    """
    terrain = north_up(terrain)
    chosen = settings or LinkSettings()
    places = np.asarray(bases, np.float64).reshape(-1, 2)
    gateway = np.array([isinstance(part, Relay) and part.gateway for part in parts], np.bool_)
    home = gateway | np.array([_needs_no_radio(part) for part in parts], np.bool_)
    if not links_known(parts, places):
        raise BadInput("there is no base", where="links", expected="at least one base or gateway")
    carries = np.array([_carries(part, chosen) for part in parts], np.bool_)
    hears = np.zeros((len(parts), len(parts)), np.bool_)
    if not len(parts):
        return Network(carries, home, hears)
    nodes = np.array(
        [(p.easting, p.northing, max(p.mast_height_m, chosen.least_antenna_m), _reach_m(p, chosen)) for p in parts]
    )
    frame = frame_of(terrain)
    nodes[:, 3] *= _scale(frame, nodes)
    first, second = np.triu_indices(len(parts), 1)
    useful = carries[first] | carries[second]
    first, second = first[useful], second[useful]
    clear = _in_sight(terrain, nodes[first], nodes[second])
    hears[first[clear], second[clear]] = hears[second[clear], first[clear]] = True
    for base in places:
        row = np.tile([base[0], base[1], chosen.base_antenna_m, chosen.longest_m], (len(parts), 1))
        row[:, 3] *= _scale(frame, row)
        row[:, 3] = np.maximum(row[:, 3], nodes[:, 3])  # a base receives as far as the sender's range
        home |= _in_sight(terrain, nodes, row)
    return Network(carries, home, hears)


def _carries(part: LinkedPart, settings: LinkSettings) -> bool:
    if isinstance(part, Relay):
        return True
    return part.reports_by == RADIO and part.mast_height_m >= settings.relaying_mast_m


def _needs_no_radio(part: LinkedPart) -> bool:
    return not isinstance(part, Relay) and part.reports_by != RADIO


def _reach_m(part: LinkedPart, settings: LinkSettings) -> float:
    return part.max_range_m if isinstance(part, Relay) else settings.longest_m


def _scale(frame: LocalFrame, nodes: Floats) -> Floats:
    """Metres of the frame per metre on the ground at the nodes, as for the ranges of sensors."""
    return np.round(frame.scale_factor(nodes[:, 0], nodes[:, 1]), SCALE_DIGITS)


def _in_sight(terrain: xr.Dataset, first: Floats, second: Floats) -> Bools:
    """Whether the nodes (link, 4: easting, northing, height, reach in the frame) have a line of sight within both their
    ranges.

    Links between the same positions and heights are evaluated once. Nodes without known ground have none.
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
        here, there = standing_points(terrain, a[0], a[1]), standing_points(terrain, a[3], a[4])
        known = np.flatnonzero(~np.isnan(sample(terrain, *here)))
        (e, n), (e2, n2) = ((x[known], y[known]) for x, y in (here, there))
        states = line_of_sight(terrain, (e, n), (e2, n2), observer_height_m=a[2, known], target_height_m=a[5, known])
        clear[start + known] = states == VISIBLE
    linked[near] = clear[np.ravel(alike)]
    return linked


@dataclass(frozen=True, slots=True)
class Reporting:
    """A layout as seen from the bases: the sensors whose reports arrive.

    ``layout`` has only sensors with a link, and ``reports_by`` is decided for people who report by radio or by hand.
    ``unlinked`` are the ids of the sensors and relays without a chain of links, ``by_hand`` those of the sensors whose
    reports arrive late.
    """

    layout: Layout
    unlinked: frozenset[str]
    by_hand: frozenset[str]


def decided(
    parts: Sequence[LinkedPart], terrain: xr.Dataset, bases: npt.ArrayLike, there: npt.ArrayLike | None = None
) -> list[LinkedPart]:
    """The parts with ``"radio_or_hand"`` decided: by radio where a chain of links over the parts that are ``there``
    (part,) (None: all) leads to a base with everything working, by hand elsewhere. Raises the errors of network_of.
    """
    asked = [not isinstance(part, Relay) and part.reports_by == RADIO_OR_HAND for part in parts]
    if not any(asked):
        return list(parts)
    tried = [_by(part, RADIO) if mine else part for part, mine in zip(parts, asked, strict=True)]
    present = np.ones(len(parts), np.bool_) if there is None else there
    reached = network_of(tried, terrain, bases).linked(present)
    return [
        part if not mine else radio if linked else _by(part, HAND)
        for part, radio, mine, linked in zip(parts, tried, asked, reached, strict=True)
    ]


def radio_gained(layout: Layout, terrain: xr.Dataset, bases: npt.ArrayLike, *, added: Collection[str]) -> list[str]:
    """Return the people who report by radio only because parts with the ``added`` ids relay for them.

    Without those parts they report by hand. A plan decides how people report before it chooses what to buy, so it
    counts them as reporting by hand. Raises the errors of network_of.
    """
    parts: list[LinkedPart] = [*layout.relays, *layout.sensors]
    before = decided(parts, terrain, bases, np.array([part.id not in added for part in parts], np.bool_))
    after = decided(parts, terrain, bases)
    return sorted(
        one.id
        for one, other in zip(before, after, strict=True)
        if not isinstance(one, Relay) and not isinstance(other, Relay) and one.reports_by != other.reports_by
    )


def _by(part: LinkedPart, way: str) -> LinkedPart:
    """The same sensor with another value of ``reports_by``."""
    if isinstance(part, Relay):
        return part
    return replace(part, reports_by=way, report_delay_s=part.report_delay_s if way == HAND else None)


def with_reports_decided(layout: Layout, terrain: xr.Dataset, bases: npt.ArrayLike) -> Layout:
    """The layout with ``"radio_or_hand"`` decided (``decided``)."""
    sensors = decided([*layout.relays, *layout.sensors], terrain, bases)[len(layout.relays) :]
    return replace(layout, sensors=tuple(s for s in sensors if not isinstance(s, Relay)))


def delays_by_hand(layout: Layout, decided: Layout, net: Network) -> dict[str, float]:
    """Delay [s] by id of people who report by radio as ``decided``, and by hand while their chain of links is lost.

    ``net`` is that of the layout's relays, then sensors. People who reach a base themselves depend on no other part.
    """
    sensors = zip(layout, decided, net.home[len(decided.relays) :], strict=True)
    return {
        one.id: replace(one, reports_by=HAND).delay_s
        for one, other, home in sensors
        if (one.reports_by, other.reports_by) == (RADIO_OR_HAND, RADIO) and not home
    }


def reporting(layout: Layout, terrain: xr.Dataset, bases: npt.ArrayLike) -> Reporting:
    """The part of the layout whose reports arrive at the bases (base, 2) [m] with everything working. Without a base or
    gateway links are unknown, and every sensor counts as linked. Raises the errors of network_of.
    """
    places = np.asarray(bases, np.float64).reshape(-1, 2)
    if not links_known(layout.relays, places):
        whole, lost = layout, frozenset[str]()
    else:
        whole = with_reports_decided(layout, terrain, places)
        lost = unlinked(whole, terrain, places)
    heard = replace(
        whole,
        sensors=tuple(sensor for sensor in whole if sensor.id not in lost),
        relays=tuple(relay for relay in whole.relays if relay.id not in lost),
    )
    return Reporting(heard, lost, frozenset(sensor.id for sensor in heard if sensor.reports_by == HAND))


def unlinked(
    layout: Layout, terrain: xr.Dataset, bases: npt.ArrayLike, settings: LinkSettings | None = None
) -> frozenset[str]:
    """Ids of the sensors and relays without a chain to a base, with everything working; raises the errors of
    network_of.
    """
    terrain = north_up(terrain)
    parts: list[LinkedPart] = [*layout.relays, *layout.sensors]
    net = network_of(parts, terrain, bases, settings)  # people who report by hand elsewhere are linked in any case
    reached = net.linked(np.ones(len(parts), np.bool_))
    return frozenset(part.id for part, linked in zip(parts, reached, strict=True) if not linked)
