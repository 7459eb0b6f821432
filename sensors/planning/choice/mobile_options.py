"""Mobile options of a plan: patrols, drones and rosters, each with what it carries, its cost and its crew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from geo.arrays import Floats
from geo.frame import LocalFrame
from sensors.detection_model.assumptions import Assumptions
from sensors.detection_model.weather import Conditions
from sensors.equipment.catalogue import Item
from sensors.equipment.life_cycle_cost import Prices, life_cycle_cost
from sensors.errors import PlanError
from sensors.layout import AnySensor, place
from sensors.patrols.game import Shift, Solution
from sensors.planning.choice.options import Money, Option
from sensors.planning.mobile.line_times import LineTimes
from sensors.planning.mobile.schedule import Schedule
from sensors.planning.mobile.tours import CandidateTour, Wind, flight_tours, patrol_tours, roster_plans
from sensors.search_theory.moving_sensor import placed_at

CARRIED: Final = ("binoculars", "handheld_thermal")
"""Items of the catalogue with which patrols watch, each an option of its own; its cost without crew is added."""
CAMERA_OF_A_DRONE: Final = "handheld_thermal"
"""Item of the catalogue whose camera a drone carries; it is part of the drone's price."""
FLIGHT_S: Final = 41 * 60.0
"""Endurance of a drone [s] (M30, vendor)."""
MOST_WIND_MPS: Final = 12.0
"""Wind in which a drone does not take off [m/s] (assumption)."""
SHIFT_S: Final = 8 * 3600.0
ALL_ROUND_DEG: Final = 360.0
BY_RADIO: Final[Mapping[str, Any]] = {"reports_by": "radio", "report_delay_s": None, "mast_height_m": 2.0}
"""How a mobile item reports, from its base: it needs a link from there, and relays no reports of others."""
WALKS_MPS: Final = 2.0
"""Highest speed of a patrol on foot [m/s] (assumption)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileRules:
    """How mobile items move.

    Parameters
    ----------
    carries : tuple of str
        Items of the catalogue that patrols carry.
    shift_s : float, s
        Length of a shift of patrols.
    endurance_s : float, s
        Endurance of a drone.
    wind_mps : float, m/s
        Speed of the wind.
    wind_from_deg : float, degrees
        Direction from which it blows, clockwise from north.

    Raises
    ------
    PlanError
        For nothing to carry and numbers out of range.
    """

    carries: tuple[str, ...] = CARRIED
    shift_s: float = SHIFT_S
    endurance_s: float = FLIGHT_S
    wind_mps: float = 0.0
    wind_from_deg: float = 270.0

    def __post_init__(self) -> None:
        if not self.carries:
            raise PlanError("nothing to carry", where="plan (carries)", expected="a sensor of the catalogue")
        for name, least, most in (
            ("shift_s", 1.0, 1e9),
            ("endurance_s", 60.0, 172_800.0),
            ("wind_mps", 0.0, 60.0),
            ("wind_from_deg", -360.0, 360.0),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise PlanError(f"{value!r}", where=f"plan ({name})", expected=f"{least:g} to {most:g}")


def carried_sensor(item: Item, camera: Item, frame: LocalFrame, name: str) -> AnySensor:
    """Return what a mobile item watches with: the camera of another item at its own height, turned all round.

    A drone's camera also looks straight down.
    """
    values = all_round(camera)
    kind = values.pop("kind")
    values |= {"mast_height_m": item.mast_height_m.central, "availability": item.availability.central}
    if item.kind == "drone":
        values |= {"elevation_min_deg": -90.0, "elevation_max_deg": 0.0, "min_range_m": 0.0}
    return replace(place(frame, 0.0, 0.0, id=name, kind=kind, **values), catalogue=camera.name)


def all_round(camera: Item) -> dict[str, Any]:
    """Return the layout values of an item that is turned all round.

    To search or scan all round takes longer than the sensor's own field of view, in proportion to the angles.
    """
    values: dict[str, Any] = camera.layout_values()
    kind, wide = values["kind"], float(values.pop("field_of_view_deg", ALL_ROUND_DEG))
    known = Assumptions()
    usual = {"camera": known.camera_search_s, "human": known.human_search_s, "radio": known.radio_search_s}
    key = "search_s" if kind in usual else "period_s"
    if wide < ALL_ROUND_DEG and (key in values or kind in usual):
        values[key] = float(values.get(key, usual.get(kind, 0.0))) * ALL_ROUND_DEG / wide
    return values


def mobile_options(
    items: Sequence[Item],
    frame: LocalFrame,
    times: Mapping[str, LineTimes],
    money: Money,
    conditions: Conditions,
    *,
    rules: MobileRules | None = None,
) -> tuple[Option, ...]:
    """Make the options of patrols and drones.

    Parameters
    ----------
    items : sequence of Item
        Items of kind patrol or drone.
    frame : LocalFrame
        The frame.
    times : mapping of str to LineTimes
        Times of each movement (``movement_of``) that occurs.
    money : Money
        Cost accounting.
    conditions : Conditions
        Light and weather, which may keep drones on the ground.
    rules : MobileRules, optional
        How they move.

    Returns
    -------
    tuple of Option
        One for each tour and what is carried. A unit is bought for each.

    Raises
    ------
    PlanError
        Where an item has no tour at all.
    """
    chosen = rules or MobileRules()
    options: list[Option] = []
    for item in items:
        speed, duty = item.figures["speed_mps"].central, item.figures["duty_share"].central
        ground = times[movement_of(item)]
        if not (speed > 0.0 and duty > 0.0):
            tours = []
        elif item.kind == "drone":
            wind = Wind.blowing_from(chosen.wind_mps, chosen.wind_from_deg)
            tours = flight_tours(ground, air_mps=speed, endurance_s=chosen.endurance_s, duty=duty, wind=wind)
        else:
            tours = patrol_tours(ground, speed_mps=speed, shift_s=chosen.shift_s, duty=duty)
        if item.kind == "drone" and chosen.wind_mps > MOST_WIND_MPS:
            tours = []
        if not tours and not (item.kind == "drone" and chosen.wind_mps > 0.0):
            raise PlanError(
                f"{item.name!r} has no tour from a base along the border and back in time",
                where="plan (items)",
                expected="bases nearer to the border, or longer shifts",
            )
        for camera in cameras_of(item, money, chosen):
            options += _options_of_tours(item, camera, ground, tours, frame, money, conditions)
    return tuple(options)


def movement_of(item: Item) -> str:
    """Return how a mobile item moves: "air", or by its speed on search "vehicle" or "foot"."""
    if item.kind == "drone":
        return "air"
    return "vehicle" if item.figures["speed_mps"].central > WALKS_MPS else "foot"


def cameras_of(item: Item, money: Money, rules: MobileRules) -> list[Item]:
    """Return the items that a mobile item may carry."""
    names = (CAMERA_OF_A_DRONE,) if item.kind == "drone" else rules.carries
    return [money.catalogue[name] for name in names]


def unit_cost(item: Item, camera: Item, money: Money) -> float:
    """Return the life-cycle cost of one unit with what it carries; that of a drone is part of its price."""
    cost = money.of(item)
    if item.kind == "drone":
        return cost
    alone = replace(Prices.central(camera, money.catalogue.staff), crew=0.0)
    return cost + float(life_cycle_cost(alone, years=money.years, discount_rate=money.discount_rate))


def flying_share(item: Item, conditions: Conditions) -> float:
    """Return the fraction of flights that take place in light and weather: the product of a drone's weather figures.

    That of a patrol is 1: how far it sees in them is in the model of what it carries.
    """
    share = 1.0
    if item.kind == "drone":
        for name, left in item.weather.items():
            least = Conditions.named(name)
            if conditions.and_also(least) == conditions and (conditions.daylight or "day" not in name):
                share *= left.central
    return share


def _options_of_tours(
    item: Item,
    camera: Item,
    times: LineTimes,
    tours: Sequence[CandidateTour],
    frame: LocalFrame,
    money: Money,
    conditions: Conditions,
) -> list[Option]:
    carried, share = carried_sensor(item, camera, frame, item.name), flying_share(item, conditions)
    options = []
    for number, tour in enumerate(tours, 1):
        first, last = sorted((tour.first, tour.last))
        name = f"{item.name}.{camera.name}.{number}.base{tour.base + 1}.segments{first}-{last}"
        schedule = Schedule.of(carried, tour.timetable, on_duty=share)
        options.append(mobile_option(item, camera, schedule, times.bases[tour.base], name, frame, money))
    return options


def mobile_option(
    item: Item, camera: Item, schedule: Schedule, base: Floats, name: str, frame: LocalFrame, money: Money
) -> Option:
    """Return the option of a schedule: on a map, and for its links, it is at its base."""
    units = schedule.units
    cost = units * unit_cost(item, camera, money)
    at_base = replace(placed_at(schedule.sensor, frame, base), **BY_RADIO, id=name, catalogue=item.name, cost=cost)
    return Option(at_base, cost, units * item.crew.central, f"mobile {name}", schedule)


def roster_options(
    item: Item,
    times: LineTimes,
    solution: Solution,
    shift: Shift,
    frame: LocalFrame,
    money: Money,
    *,
    rules: MobileRules | None = None,
) -> tuple[Option, ...]:
    """Make the options of a security game's mixed strategy: in each shift one of its rounds is drawn at random.

    Parameters
    ----------
    item : Item
        The patrols of the game.
    times : LineTimes
        The times with which the game was solved; the segments of its rounds are numbers of these.
    solution : Solution
        The solved game.
    shift : Shift
        Its shift.
    frame : LocalFrame
        The frame.
    money : Money
        Cost accounting.
    rules : MobileRules, optional
        What patrols carry.

    Returns
    -------
    tuple of Option
        One for each thing that they may carry, of which at most one is bought; empty where no round has a patrol.
    """
    kept = [n for n, one in enumerate(solution.rounds) if any(one)]
    chance = solution.probability[kept]
    if not kept or not chance.sum() > 0.0:
        return ()
    plans = roster_plans(times, [solution.rounds[n] for n in kept], stay_s=shift.stay_s, shift_s=shift.shift_s)
    options = []
    for camera in cameras_of(item, money, rules or MobileRules()):
        carried = carried_sensor(item, camera, frame, item.name)
        schedule = Schedule(carried, tuple(plans), chance)
        name = f"roster.{shift.patrols}.{item.name}.{camera.name}"
        made = mobile_option(item, camera, schedule, times.bases[0], name, frame, money)
        options.append(replace(made, site="mobile roster"))
    return tuple(options)
