"""Patrols and drones among the options of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.errors import BadInput
from ops.analysis.mobile.choices import launch_sites, mobile_choices, roster_choices
from ops.analysis.option_types import named
from ops.analysis.plan.options import PlanOptions
from ops.analysis.plan.search import ITEMS
from ops.sector.open_sector import OpenSector

if TYPE_CHECKING:
    import xarray as xr

    from geo.mobility.roads_and_rivers import Ways
    from sensors.equipment.catalogue import Catalogue, Item
    from sensors.layout import Layout
    from sensors.planning.choice.mobile_options import MobileRules
    from sensors.planning.choice.options import Money, Option


def chosen_items(options: PlanOptions, catalogue: Catalogue) -> tuple[list[str], list[Item]]:
    """Return the items to place and those that move; raises BadInput for others."""
    from sensors.equipment.catalogue import MOVING_KINDS, PLACED_KINDS

    placed: list[str] = []
    moving: list[Item] = []
    for name in options.items or ITEMS:
        with named("--item"):
            item = catalogue[name]
        if item.kind in MOVING_KINDS:
            moving.append(item)
        elif item.kind in PLACED_KINDS:
            placed.append(name)
        else:
            what = f"{name!r} is a {item.kind}, which has no place in a layout and does not move"
            expected = f"an item of kind {', '.join((*PLACED_KINDS, *MOVING_KINDS))}"
            raise BadInput(what, where="--item", expected=expected)
    return placed, moving


def rules_of(options: PlanOptions, catalogue: Catalogue) -> MobileRules:
    """Return how mobile items move; raises BadInput for what cannot be carried."""
    from sensors.planning.choice.mobile_options import CARRIED

    launch_sites(options.launch_sites)  # a wrong file is refused before anything is begun
    carried = options.carries or CARRIED
    for name in carried:
        with named("--carries"):
            item = catalogue[name]
        if not item.is_sensor or item.kind == "ground_sensor":
            raise BadInput(
                f"{name!r} is a {item.kind}", where="--carries", expected="a camera, radar or radio direction finder"
            )
    for value, option, least, most in (
        (options.flight_min, "--flight", 1.0, 2880.0),
        (options.wind_mps, "--wind", 0.0, 60.0),
        (options.wind_from_deg, "--wind-from", 0.0, 360.0),
    ):
        if not least <= value <= most:
            raise BadInput(f"{value:g}", where=option, expected=f"{least:g} to {most:g}")
    with named("--shift"):
        return _rules(options, tuple(carried))


def _rules(options: PlanOptions, carried: tuple[str, ...]) -> MobileRules:
    from sensors.planning.choice.mobile_options import MobileRules

    return MobileRules(
        carries=carried,
        shift_s=options.shift_h * 3600.0,
        endurance_s=options.flight_min * 60.0,
        wind_mps=options.wind_mps,
        wind_from_deg=options.wind_from_deg,
    )


def mobile_options_of(
    options: PlanOptions,
    items: list[Item],
    rules: MobileRules,
    ground: OpenSector,
    money: Money,
    present: Layout | None,
    response: xr.DataArray | None,
    ways: Ways,
) -> tuple[Option, ...]:
    """Return the mobile options of the command: tours, flights, and with ``--patrols`` rosters of the security game on
    the gaps of the ``present`` sensors, those whose reports arrive."""
    from sensors.patrols.game import Shift

    if not items:
        return ()
    sites = launch_sites(options.launch_sites)
    made = mobile_choices(items, ground, money, conditions=options.conditions, rules=rules, ways=ways, sites=sites)
    if not options.patrols or response is None:
        return made
    shift = Shift(patrols=options.patrols, shift_s=options.shift_h * 3600.0, stay_s=options.stay_min * 60.0)
    sight = {"target": options.target, "conditions": options.conditions}
    return made + roster_choices(
        items,
        ground,
        money,
        present,
        response,
        shift,
        rules=rules,
        ways=ways,
        direction=options.direction,
        sight=sight,
    )


def mobile_figures(option: Option) -> dict[str, Any]:
    """Return the figures of a mobile option for JSON: what it carries, units, crew and tours; nothing for others."""
    schedule = option.schedule
    if schedule is None:
        return {}
    tables = [table for plan in schedule.plans for table in plan]
    return {
        "carries": schedule.sensor.catalogue,
        "units": schedule.units,
        "crew": round(option.crew, 3),
        "period_s": round(schedule.period_s, 1),
        "watching_fraction": round(sum(table.on_duty for table in tables) / len(tables), 6),
        "plans_drawn_by_lot": len(schedule.plans),
        "weather_fraction": round(schedule.on_duty, 6),
    }
