"""Mobile parts of a compared layout: patrols and drones with their schedules, what they carry, and their rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geo.arrays import Bools, Floats
from geo.frame import LocalFrame
from sensors.detection_model.assumptions import Situation
from sensors.equipment.catalogue import Catalogue, Item
from sensors.errors import CompareError
from sensors.layout import AnySensor, Layout
from sensors.planning.choice.mobile_options import BY_RADIO, carried_sensor, flying_share
from sensors.planning.comparison.sensor_rates import ComparisonTerrain, sensor_rates
from sensors.planning.comparison.settings import CompareSettings
from sensors.planning.mobile.post_rates import PostRate, post_of, posts_of, rates_of
from sensors.planning.mobile.schedule import Schedule
from sensors.planning.mobile.unknown_phase import MobileRates
from sensors.search_theory.moving_sensor import placed_at, refuse_off
from sensors.search_theory.timetable import Timetable


@dataclass(frozen=True, slots=True, eq=False)
class MobilePart:
    """A mobile item of a layout: ``sensor`` is what it carries, at its base; ``camera`` the item that this is."""

    sensor: AnySensor
    schedule: Schedule
    item: Item
    camera: Item

    @property
    def units(self) -> int:
        """Units to buy: the most that move at the same time."""
        return self.schedule.units

    @property
    def pays_for_camera(self) -> bool:
        """Whether what it carries has a price of its own; a drone's is part of its price."""
        return self.item.kind != "drone"


def mobile_part(
    name: str, rows: Sequence[tuple[Floats, Mapping[str, Any]]], frame: LocalFrame, catalogue: Catalogue
) -> MobilePart:
    """Build a mobile part from its tours, such as those of a plan.

    Parameters
    ----------
    name : str
        Its id.
    rows : sequence of (places, values)
        For each tour the places (place, 2) [m], and ``item``, ``carries``, ``plan``, ``unit``, ``probability`` of the
        plan, ``period_s``, ``seconds`` at the places, and ``watching`` on the legs.
    frame : LocalFrame
        The frame.
    catalogue : Catalogue
        The catalogue with both items.

    Returns
    -------
    MobilePart
        The part.

    Raises
    ------
    BadInput
        For tours of different items, an item that does not move, one that cannot be carried, and times that do not
        fit.
    """
    where = f"mobile part {name!r}"
    for key in ("item", "carries"):
        if len({str(values[key]) for _, values in rows}) != 1:
            raise CompareError(f"different values of {key!r}", where=where, expected="one")
    item, camera = catalogue[str(rows[0][1]["item"])], catalogue[str(rows[0][1]["carries"])]
    if not item.is_moving:
        raise CompareError(f"item {item.name!r} is a {item.kind}", where=where, expected="a patrol or drone")
    if not camera.is_sensor:
        raise CompareError(f"carries {camera.name!r}, a {camera.kind}", where=where, expected="a sensor")
    plans: dict[int, list[Timetable]] = {}
    chances: dict[int, float] = {}
    for places, values in rows:
        table = Timetable(
            np.asarray(values["seconds"], np.float64),
            np.asarray(places, np.float64),
            float(values["period_s"]),
            np.array([bool(on) for on in values["watching"]]),
        )
        plan = int(values["plan"])
        plans.setdefault(plan, []).append(table)
        if chances.setdefault(plan, float(values["probability"])) != float(values["probability"]):
            raise CompareError(f"plan {plan} has different probabilities", where=where, expected="one")
    order = sorted(plans)
    carried = carried_sensor(item, camera, frame, item.name)
    schedule = Schedule(carried, tuple(tuple(plans[n]) for n in order), np.array([chances[n] for n in order]))
    at_base = replace(placed_at(carried, frame, rows[0][0][0]), **BY_RADIO, id=name, catalogue=item.name)
    return MobilePart(at_base, schedule, item, camera)


def with_mobile(layout: Layout, parts: Sequence[MobilePart]) -> Layout:
    """Return the layout with its mobile parts as sensors at their bases, last."""
    return replace(layout, sensors=(*layout.sensors, *(part.sensor for part in parts))) if parts else layout


def mobile_rates(
    part: MobilePart, ground: ComparisonTerrain, settings: CompareSettings
) -> tuple[dict[str, MobileRates], Bools]:
    """Compute the rates of a mobile part in every weather, and which cells (cell,) of the belt's window are in the line
    of sight of a post; each post has one viewshed.

    Raises TimetableError for a tour that leaves the terrain.
    """
    places, clocks = posts_of(part.schedule)
    refuse_off(places, ground.terrain, part.sensor.id)
    rows: dict[str, list[PostRate]] = {weather: [] for weather in settings.weather}
    size = ground.belt.inside.size
    seen = np.zeros(size, np.bool_)
    for place in places:
        post = post_of(part.schedule.sensor, ground.belt.border.frame, place)
        for (weather, _), rate, in_sight in sensor_rates(post, ground, settings, np.ones(1)):
            rows[weather].append((rate.cells, rate.rate, rate.look))
            seen[in_sight] = True
    return {weather: rates_of(part.schedule, places, clocks, of, size) for weather, of in rows.items()}, seen


def logs_of_cells(part: MobilePart, rates: MobileRates, situation: Situation, dwell_s: float, size: int) -> Floats:
    """Logarithm of the probability (cell,) that a mobile part misses someone who stays in a cell, with outages and the
    flights that the weather does not allow."""
    missed = np.zeros(size)
    cells, chance = rates.in_cells(dwell_s)
    works = float(part.sensor.availability) * flying_share(part.item, situation.conditions)
    missed[cells] = np.log1p(-chance * works)
    return missed


def mobile_by_layout(
    layouts: Sequence[Layout], mobile: Mapping[str, Sequence[MobilePart]]
) -> list[dict[str, MobilePart]]:
    """Return the mobile parts of each layout by id; raises CompareError for those of an unknown layout."""
    if strangers := sorted(set(mobile) - {layout.name for layout in layouts}):
        raise CompareError(f"no layout {strangers[0]!r}", where="mobile parts", expected="a layout that is compared")
    return [{part.sensor.id: part for part in mobile.get(layout.name, ())} for layout in layouts]
