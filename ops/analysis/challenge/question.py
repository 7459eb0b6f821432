"""What is asked of every stretch of a challenge, and a stretch with the margin, sensors and ways that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from geo.border.stretches import Stretch, widening
from geo.challenge import ChallengeSettings, DemError, ReferenceTable
from geo.challenge.settings import VEHICLE, WALKER
from geo.mobility.roads_and_rivers import Ways
from geo.terrain import cell_size
from ops.sector.open_sector import OpenSector
from sensors.coverage import coverage
from sensors.crossing.watched_belt import DRIVEN, WatchedBelt
from sensors.gaps import watch_belt
from sensors.interdiction.interception import LEAST, WAYS
from sensors.interdiction.of_the_whole import PathsWithProof, three_ways_of_the_whole
from sensors.layout import Layout


@dataclass(frozen=True, slots=True, eq=False)
class ChallengeQuestion:
    """What is asked of every stretch; ``response`` [s] is on the terrain's cells, None without bases. ``runs``: how
    often the simulator walks each of the three ways, 0 for not at all."""

    ground: OpenSector
    target: str
    conditions: str
    direction: str
    dwell_s: float
    ways: Ways
    response: xr.DataArray | None
    reference: ReferenceTable | None
    dem_error: DemError | None
    runs: int = 0

    @property
    def belt_m(self) -> float:
        """Width of the belt on either side [m]."""
        return self.ground.sector.belt_m

    @property
    def settings(self) -> ChallengeSettings:
        """The yardstick: the default one, for who crosses and in which direction."""
        return ChallengeSettings(direction=self.direction, mover=VEHICLE if self.target in DRIVEN else WALKER)


def told_sure(better: str) -> dict[str, str]:
    return {"units": "", "long_name": f"no way of the whole border is {better}; elsewhere the value is a bound"}


@dataclass(frozen=True, slots=True, eq=False)
class StretchCase:
    """A stretch with the margin that it takes, what watches it and its ways; ``near`` is the ground of its belt."""

    stretch: Stretch
    layout: Layout
    near: xr.Dataset
    cover: xr.Dataset
    seen: WatchedBelt
    response: xr.DataArray | None
    proved: dict[str, PathsWithProof]


def scene_of(job: ChallengeQuestion, stretch: Stretch) -> StretchCase:
    """With the margin within which no way of the whole border is better, as far as margins are widened."""
    widths = {"belt_m": job.belt_m, "cell_m": cell_size(job.ground.terrain)}
    for wider in widening(stretch, job.ground.crossed, **widths):
        scene = _within_margin(job, wider)
        if all(proved.sure.all() for proved in scene.proved.values()):
            break
    return scene


def _within_margin(job: ChallengeQuestion, stretch: Stretch) -> StretchCase:
    ground, belt_m = job.ground, job.belt_m
    reach = max((sensor.max_range_m for sensor in ground.layout), default=0.0)
    wide = stretch.around(ground.terrain, belt_m + reach).compute()
    layout = _within(ground.layout, wide)
    case: dict[str, Any] = {"target": job.target, "conditions": job.conditions, "dwell_s": job.dwell_s}
    cover = stretch.around(coverage(layout, wide, None, **case), belt_m)
    near = stretch.around(wide, belt_m)
    seen = watch_belt(cover, near, stretch.border, belt_m=belt_m, ways=job.ways)
    response = None if job.response is None else job.response.reindex_like(near["elevation"])
    proved = three_ways_of_the_whole(seen, response, stretch.own, direction=job.direction)
    return StretchCase(stretch, layout, near, cover, seen, response, proved)


def sure_of(scene: StretchCase) -> xr.Dataset:
    """Of which segments the ways are the whole border's: (segment,) for detection, (segment, way) for interruption."""
    by_way = np.ones((len(scene.stretch.numbers), len(WAYS)), bool)  # what is not sought is unknown in either case
    for kind, proved in scene.proved.items():
        by_way[scene.stretch.own, WAYS.index(kind)] = proved.sure
    data = {
        "detection_of_the_whole": ("segment", by_way[:, WAYS.index(LEAST)], told_sure("detected less")),
        "way_of_the_whole": (("segment", "way"), by_way, told_sure("better")),
    }
    return xr.Dataset(data, {"segment": np.arange(len(by_way)), "way": list(WAYS)})


def _within(layout: Layout, terrain: xr.Dataset) -> Layout:
    """The sensors that stand on a window of the terrain."""
    east, north = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    inside = tuple(s for s in layout if east[0] <= s.easting <= east[-1] and north[-1] <= s.northing <= north[0])
    return Layout(layout.name, layout.frame, inside)
