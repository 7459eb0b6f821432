"""Mobile options in a sector: times over its ground, from its bases and launch sites, and rosters of patrols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.arrays import Floats, Ints
from geo.errors import BadInput
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import read_bases

if TYPE_CHECKING:
    import xarray as xr

    from geo.mobility.roads_and_rivers import Ways
    from sensors.equipment.catalogue import Item
    from sensors.layout import Layout
    from sensors.patrols.game import Shift
    from sensors.planning.choice.mobile_options import MobileRules
    from sensors.planning.choice.options import Money, Option
    from sensors.planning.mobile.line_times import LineTimes


def bases_of(ground: OpenSector) -> Floats:
    """Return the sector's bases on its terrain (base, 2) [m]; raises BadInput where there is none."""
    bases = list(ground.bases_on_terrain().values())
    if not bases:
        what, where = "the sector has no bases on the terrain", str(ground.sector.path)
        raise BadInput(what, where=where, expected="bases = a GeoJSON file")
    return np.array(bases)


def launch_sites(path: Path | None) -> list[tuple[float, float]]:
    """Return longitude and latitude of the launch sites of a file of GeoJSON points; empty without one."""
    if path is None:
        return []
    points = list(read_bases(path).values())
    if not points:
        raise BadInput("has no points", where=f"--launch-sites {path}", expected="GeoJSON points")
    return points


def mobile_choices(
    items: Sequence[Item],
    ground: OpenSector,
    money: Money,
    *,
    conditions: str,
    rules: MobileRules,
    ways: Ways,
    sites: Sequence[tuple[float, float]] = (),
) -> tuple[Option, ...]:
    """Return the options of patrols and drones in a sector; drones start at ``sites`` (longitude,
    latitude), by default at its bases."""
    from sensors.detection_model.weather import conditions_of
    from sensors.planning.choice.mobile_options import mobile_options, movement_of
    from sensors.planning.mobile.line_times import flown, line_times

    bases, terrain, segments = bases_of(ground), ground.terrain.compute(), segments_on(ground)
    if len(segments) < 2:
        raise BadInput("no two segments are on known ground", where="plan (items)", expected="terrain along the border")
    starts = np.array([ground.frame.to_local(lon, lat) for lon, lat in sites]) if sites else bases
    times: dict[str, LineTimes] = {}
    for movement in {movement_of(item) for item in items}:
        if movement == "air":
            times[movement] = flown(ground.crossed, segments, starts)
        else:
            times[movement] = line_times(
                ground.crossed, terrain, bases, segments, ways=ways, driven=movement == "vehicle"
            )
    return mobile_options(items, ground.frame, times, money, conditions_of(conditions)[1], rules=rules)


def roster_choices(
    items: Sequence[Item],
    ground: OpenSector,
    money: Money,
    present: Layout | None,
    response: xr.DataArray,
    shift: Shift,
    *,
    rules: MobileRules,
    ways: Ways,
    direction: str,
    sight: dict[str, Any],
) -> tuple[Option, ...]:
    """Return the options of rosters: the security game of 1 to ``shift.patrols`` patrols by vehicle on the gaps of the
    ``present`` sensors, those whose reports arrive; empty where no item is such a patrol."""
    from ops.analysis.plan.patrols import game_of, solved
    from sensors.crossing.watched_belt import watched_by
    from sensors.layout import Layout
    from sensors.patrols.border_sweeps import Sweeps
    from sensors.planning.choice.mobile_options import movement_of, roster_options
    from sensors.planning.mobile.line_times import line_times

    driven = [item for item in items if movement_of(item) == "vehicle"]
    if not driven or shift.patrols < 1:
        return ()
    terrain = ground.terrain.compute()
    stands = Layout("none", ground.frame, ()) if present is None else present
    watched = watched_by(stands, terrain, ground.crossed, belt_m=ground.sector.belt_m, ways=ways, **sight)
    game, segments = game_of(watched, response, shift, direction=direction)
    times = line_times(ground.crossed, terrain, bases_of(ground), segments, ways=ways)
    options: list[Option] = []
    for patrols in range(1, shift.patrols + 1):
        each = replace(shift, patrols=patrols)
        solution = solved(game, segments, Sweeps(times.forth_s, times.out_s, times.home_s, each, times.back_s)).solution
        for item in driven:
            options += roster_options(item, times, solution, each, ground.frame, money, rules=rules)
    return tuple(options)


def segments_on(ground: OpenSector) -> Ints:
    """Return the segments (segment,) whose midpoints are on known ground."""
    from geo.terrain import sample

    middles = ground.crossed.segment_spans_m.mean(axis=1)
    east, north = (np.atleast_1d(values) for values in ground.crossed.point_at(middles))
    known = np.isfinite(np.asarray(sample(ground.terrain, east, north), np.float64))
    return np.flatnonzero(known).astype(np.int64)
