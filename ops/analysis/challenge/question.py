"""The input common to all sub-sections of a challenge, one sub-section with all its data, and the answer for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import xarray as xr

from geo.border.stretch_store import StretchStore, fingerprint
from geo.border.stretches import Stretch
from geo.challenge import ChallengeSettings, DemError, ReferenceTable
from geo.challenge.settings import VEHICLE, WALKER
from ops.sector.layouts.links import SectorLinks
from ops.sector.open_sector import OpenSector
from ops.sector.ways import SectorWays
from sensors.coverage import coverage
from sensors.crossing.watched_belt import DRIVEN, WatchedBelt
from sensors.gaps import watch_belt
from sensors.interdiction.interception import ResponseSettings
from sensors.interdiction.whole_border import PathsWithProof, three_ways_of_the_whole
from sensors.layout import Layout

FORM: Final = 5
"""Format version of a stored answer; a run is resumed only from answers of the same version."""
SAMPLED_CELLS: Final = 512
"""Cells per side up to which the fingerprint covers every elevation; of larger terrains it covers every n-th."""
RASTER: Final = "raster "
"""Name prefix of the rasters in a stored answer, because segments have measures of the same names."""
RECORDS: Final = ("crossings", "trades", "barrier")


@dataclass(frozen=True, slots=True, eq=False)
class ChallengeQuestion:
    """The input for every sub-section.

    ``ground`` has the sensors of the layout that count, by ``links``. ``response`` [s] is on the terrain's cells, None
    without bases. ``runs`` is the number of simulated crossings of each of the three paths, 0 for none. ``seen_mps`` is
    the speed at which crossers were seen [m/s], None where it is not known.
    """

    ground: OpenSector
    target: str
    conditions: str
    direction: str
    dwell_s: float
    ways: SectorWays
    links: SectorLinks
    response: xr.DataArray | None
    reference: ReferenceTable | None
    dem_error: DemError | None
    runs: int = 0
    seen_mps: float | None = None

    @property
    def belt_m(self) -> float:
        """Width of the belt on either side [m]."""
        return self.ground.sector.belt_m

    @property
    def response_settings(self) -> ResponseSettings:
        """The assumptions of the probability of interruption."""
        return ResponseSettings(seen_mps=self.seen_mps)

    @property
    def settings(self) -> ChallengeSettings:
        """The settings of the terrain measures: the defaults, for the target and the direction."""
        return ChallengeSettings(direction=self.direction, mover=VEHICLE if self.target in DRIVEN else WALKER)

    def store(self, folder: Path, *options: object) -> StretchStore:
        """Return the store of the answers in ``folder``; it is specific to this question, terrain and version."""
        ground, heights = self.ground, self.ground.terrain["elevation"]
        every = max(1, max(heights.shape) // SAMPLED_CELLS)
        edges = [heights[axis].to_numpy()[[0, -1]] for axis in ("easting", "northing")]
        case = {
            "version": (version("watchline"), FORM),
            "terrain": (heights.shape, edges, heights[::every, ::every].to_numpy()),
            "border": (ground.crossed.line.wkb, ground.border.segment_length_m, ground.border.home_side, self.belt_m),
            "layout": list(ground.layout),
            "crosser": (self.target, self.conditions, self.direction, self.dwell_s, self.settings, self.runs),
            "seen_mps": self.seen_mps,
            "response": None if self.response is None else self.response[::every, ::every].to_numpy(),
            "measures": (self.dem_error, self.reference and (self.reference.name, self.reference.version)),
            "options": options,
        }
        return StretchStore.at(folder / fingerprint(list(case.items())), **case)


@dataclass(frozen=True, slots=True, eq=False)
class StretchCase:
    """A sub-section with the overlap required by its proof, the terrain of its belt, its sensors, and its paths.

    ``coverage`` and ``response`` are on the cells of ``terrain``; ``proved`` holds the paths of each kind.
    """

    stretch: Stretch
    layout: Layout
    terrain: xr.Dataset
    coverage: xr.Dataset
    watched: WatchedBelt
    response: xr.DataArray | None
    proved: dict[str, PathsWithProof]


def stretch_case(question: ChallengeQuestion, stretch: Stretch) -> StretchCase:
    """Build the case with the overlap within which no path of the whole border is better, as far as possible."""
    for wider in stretch.widening(question.ground.terrain, belt_m=question.belt_m):
        case = _within_margin(question, wider)
        if all(paths.sure.all() for paths in case.proved.values()):
            break
    return case


def _within_margin(question: ChallengeQuestion, stretch: Stretch) -> StretchCase:
    ground, belt_m = question.ground, question.belt_m
    reach = max((ground.layout.placement(name).farthest for name in ground.layout.ids), default=0.0)
    surroundings = stretch.around(ground.terrain, belt_m + reach).compute()
    terrain = stretch.around(surroundings, belt_m)
    layout = _layout_within(ground.layout, surroundings)
    situation: dict[str, Any] = {
        "target": question.target,
        "conditions": question.conditions,
        "dwell_s": question.dwell_s,
    }
    window = {axis: slice(*terrain[axis].to_numpy()[[0, -1]]) for axis in ("easting", "northing")}
    covered = coverage(layout, surroundings, None, **situation).sel(window)
    watched = watch_belt(covered, terrain, stretch.border, belt_m=belt_m, ways=question.ways.ways)
    response = None if question.response is None else question.response.reindex_like(terrain["elevation"])
    proved = three_ways_of_the_whole(watched, response, stretch.own_segments, direction=question.direction)
    return StretchCase(stretch, layout, terrain, covered, watched, response, proved)


def _layout_within(layout: Layout, terrain: xr.Dataset) -> Layout:
    """Return the sensors positioned within a window of the terrain."""
    east, north = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    inside = tuple(
        s for s in layout.sensors if east[0] <= s.easting <= east[-1] and north[-1] <= s.northing <= north[0]
    )
    return Layout(layout.name, layout.frame, inside)


@dataclass(frozen=True, slots=True, eq=False)
class StretchAnswer:
    """The answer of one sub-section: measures of its own segments, rasters of its own cells, crossings and the barrier.

    ``crossings`` and ``trades`` are plain records (see ``work.crossing_record``); ``barrier`` holds k, cut and losses.
    """

    segments: xr.Dataset
    rasters: xr.Dataset
    crossings: list[dict[str, Any]]
    trades: list[dict[str, Any]]
    barrier: dict[str, Any]

    def as_dataset(self) -> xr.Dataset:
        """Return the answer as one dataset for storage."""
        named = self.rasters.rename({name: f"{RASTER}{name}" for name in self.rasters.data_vars})
        story = {
            "records": {name: getattr(self, name) for name in RECORDS},
            "raster_attrs": self.rasters.attrs,
            "order": [list(self.segments.data_vars), list(named.data_vars)],
        }
        texts = {name: json.dumps(content) for name, content in story.items()}
        return self.segments.merge(named, combine_attrs="override").assign_attrs(texts)

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> StretchAnswer:
        """Restore an answer from a dataset of ``as_dataset``, with its variables in the same order."""
        attrs = dict(dataset.attrs)
        records, raster_attrs, order = (json.loads(attrs.pop(name)) for name in ("records", "raster_attrs", "order"))
        segments, named = (dataset[names] for names in order)
        rasters = named.rename({name: name.removeprefix(RASTER) for name in order[1]})
        segments.attrs, rasters.attrs = _with_tuples(attrs), _with_tuples(raster_attrs)
        return cls(segments, rasters, **records)


def _with_tuples(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Convert JSON lists in attributes back to tuples, so that a resumed run writes the same files as any other."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in attrs.items()}
