"""Options of a plan: a catalogue item at a candidate site, or a sensor with its own cost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from geo.arrays import Floats
from geo.border.belt import BorderLine
from geo.frame import LocalFrame
from sensors.equipment.catalogue import Catalogue, Item
from sensors.equipment.life_cycle_cost import item_cost
from sensors.errors import PlanError
from sensors.layout import AnySensor, Layout, place, place_relay
from sensors.planning.choice.candidate_sites import heading_to_line
from sensors.planning.mobile.schedule import Schedule
from sensors.planning.solver.constraints import Constraints
from sensors.relay import KIND as RELAY
from sensors.relay import Relay

SAME_PLACE_M = 1.0
CHEAPEST_FOR = 10.0
"""Years over which life-cycle costs are counted by default (assumption)."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option to buy: the sensor or relay as placed, its cost, its crew [persons on duty], and its site.

    A mobile option has the ``schedule`` of its units, and is placed at their base.
    """

    sensor: AnySensor | Relay
    cost: float
    crew: float
    site: str
    schedule: Schedule | None = None

    @property
    def id(self) -> str:
        return self.sensor.id

    @property
    def is_relay(self) -> bool:
        return isinstance(self.sensor, Relay)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Cost accounting: life-cycle cost over ``years`` discounted at ``discount_rate``, from ``catalogue``."""

    catalogue: Catalogue
    years: float = CHEAPEST_FOR
    discount_rate: float = 0.03

    def of(self, item: Item) -> float:
        return item_cost(item, self.catalogue.staff, years=self.years, discount_rate=self.discount_rate)


def options_at(
    sites: xr.Dataset, items: Sequence[str], border: BorderLine, frame: LocalFrame, money: Money, *, headings: int = 3
) -> tuple[Option, ...]:
    """Every item at every candidate site (of ``candidate_sites``). A field of view of less than 360° is directed at the
    border; more ``headings`` add azimuths evenly to both sides. A relay does not occupy the site of a sensor; it has a
    site of its own.

    Raises PlanError if there is no site or no item, or if an item has no position in a layout, and CatalogueError for
    an item that is not in the catalogue.
    """
    if sites.sizes.get("site", 0) == 0:
        raise PlanError("there are no candidate sites", where="plan (candidates)", expected="at least one site")
    if not items:
        raise PlanError("no item may be bought", where="plan (items)", expected="names of catalogue items")
    if headings < 1:
        raise PlanError(f"{headings} headings", where="plan (headings)", expected="at least 1")
    options = []
    for name in items:
        item = money.catalogue[name]
        values = item.layout_values()
        kind = values.pop("kind")
        cost = money.of(item)
        if kind == RELAY:
            options += _relays_at(sites, item, values, frame, cost)
            continue
        wide = float(values.get("field_of_view_deg", 360.0))
        for n, site in enumerate(sites["site"].to_numpy()):
            easting, northing = float(sites["easting"][n]), float(sites["northing"][n])
            for number, azimuth in enumerate(_azimuths(border, frame, (easting, northing), wide, headings)):
                turned = f"-{number}" if number else ""
                sensor = place(
                    frame,
                    easting,
                    northing,
                    id=f"{name}.{site}{turned}",
                    kind=kind,
                    **{**values, "azimuth_deg": azimuth, "cost": cost},
                )
                options.append(Option(replace(sensor, catalogue=name), cost, item.crew.central, str(site)))
    return tuple(options)


def _relays_at(sites: xr.Dataset, item: Item, values: dict[str, Any], frame: LocalFrame, cost: float) -> list[Option]:
    options = []
    for n, site in enumerate(sites["site"].to_numpy()):
        at = float(sites["easting"][n]), float(sites["northing"][n])
        relay = place_relay(frame, *at, id=f"{item.name}.{site}", **values, cost=cost)
        options.append(Option(replace(relay, catalogue=item.name), cost, item.crew.central, f"relay {site}"))
    return options


def _azimuths(
    border: BorderLine, frame: LocalFrame, where: tuple[float, float], wide_deg: float, headings: int
) -> list[float]:
    """Azimuths in degrees from true north: the direction of the border first, then to either side by the width of the
    field of view, at most 180°.
    """
    if wide_deg >= 360.0:
        return [0.0]
    middle = math.degrees(heading_to_line(border, *where) + float(frame.convergence_rad(*where)))
    step = min(wide_deg, 360.0 / max(headings, 2))
    turns = [((n + 1) // 2) * (-1.0) ** n * step for n in range(headings)]
    return [round((middle + turn + 180.0) % 360.0 - 180.0, 3) for turn in turns]


def options_of(layout: Layout, *, catalogue: Catalogue | None = None) -> tuple[Option, ...]:
    """The sensors and relays of a layout as options, each with its own ``cost``; sensors within a metre share a site.

    The crew is that of the catalogue item, 0 without one. Raises PlanError for an empty layout and one without costs.
    """
    if len(layout) == 0:
        raise PlanError("there are no candidates", where=f"layout {layout.name!r}", expected="at least one sensor")
    options = []
    for sensor in (*layout.relays, *layout.sensors):
        if sensor.cost is None:
            raise PlanError(
                "has no cost", where=f"candidate {sensor.id!r}", expected="a life-cycle cost in the planner's currency"
            )
        crew = 0.0
        if catalogue is not None and sensor.catalogue is not None:
            crew = catalogue[sensor.catalogue].crew.central
        where = f"{round(sensor.easting / SAME_PLACE_M)} {round(sensor.northing / SAME_PLACE_M)}"
        where = f"relay {where}" if isinstance(sensor, Relay) else where
        options.append(Option(sensor, float(sensor.cost), crew, where))
    return tuple(options)


def beside(options: Sequence[Option], present: Layout | None) -> tuple[Option, ...]:
    """The options whose sites the existing layout does not occupy; PlanError if all sites are occupied.

    A site is occupied if an existing sensor (for a relay: an existing relay) is within SAME_PLACE_M of its options.
    """
    if present is None or not (present.sensors or present.relays):
        return tuple(options)
    sensors, relays = (_places(parts) for parts in (present.sensors, present.relays))
    names = {part.id for part in (*present.sensors, *present.relays)}
    taken = set()
    for option in options:
        if option.schedule is not None:
            continue  # it moves
        here = np.array((option.sensor.easting, option.sensor.northing))
        there = relays if option.is_relay else sensors
        if option.id in names or (np.hypot(*(there - here).T) <= SAME_PLACE_M).any():
            taken.add(option.site)
    free = tuple(option for option in options if option.site not in taken)
    if options and not free:
        raise PlanError(
            "all candidate sites are occupied by the existing layout",
            where=f"plan (start {present.name!r})",
            expected="a candidate site that is free",
        )
    return free


def _places(parts: Sequence[AnySensor | Relay]) -> Floats:
    return np.array([(part.easting, part.northing) for part in parts], np.float64).reshape(-1, 2)


def limits_of(options: Sequence[Option], budget: float, crew_limit: float = math.inf) -> Constraints:
    """Costs and crews of the options with the limits; raises the errors of ``Constraints.of``, and PlanError if two
    options share an id.
    """
    _refuse_twins(option.id for option in options)
    sites: dict[str, int] = {}
    numbers = [sites.setdefault(option.site, len(sites)) for option in options]
    for option in options:
        if not (math.isfinite(option.cost) and option.cost >= 0.0):
            raise PlanError(f"costs {option.cost:g}", where=f"candidate {option.id!r}", expected="a cost of at least 0")
    return Constraints.of(
        np.array([option.cost for option in options]),
        budget,
        site=np.array(numbers, np.int64),
        crew=np.array([option.crew for option in options]),
        crew_limit=crew_limit,
    )


def _refuse_twins(ids: Iterable[str]) -> None:
    known: set[str] = set()
    for option in ids:
        if option in known:
            raise PlanError(f"two candidates are called {option!r}", where="plan (candidates)", expected="unique ids")
        known.add(option)
