"""Coverage by the sensors that work at present, updated incrementally in the windows of those that changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import xarray as xr

from geo.arrays import Float32s, Floats
from geo.errors import BadInput
from geo.terrain import north_up
from geo.visibility import UNKNOWN, VISIBLE
from geo.visibility.view import ViewshedMode
from sensors.coverage.accumulator import CoverageTask, ranges_m
from sensors.coverage.sight import Block, refuse_off_the_map, sight
from sensors.detection_model.assumptions import Assumptions, Situation
from sensors.detection_model.hazard import log_miss, probability_of
from sensors.detection_model.weather import Conditions, conditions_of
from sensors.layout import AnySensor, Layout, Placement

Rasters = Mapping[str | None, Float32s]
_SensorMode = tuple[AnySensor, ViewshedMode]
"""A sensor of the layout, and the mode of its viewshed."""
ALL: Final = None
"""Key for all kinds of sensors together."""
_FAST: Final[ViewshedMode] = "fast"


@dataclass(frozen=True, slots=True)
class SensorCoverage:
    """One sensor's hazard over the exposure time in its window of the terrain, float32; NaN where its visibility is
    unknown."""

    kind: str
    window: Block
    hazard: Float32s


@dataclass(frozen=True, slots=True, eq=False)
class LiveCoverage:
    """Coverage probability over the exposure time by the working sensors, per kind and (key None) for all. Each is a
    raster float32 (northing, easting) [1] on ``terrain``'s cells: 0 where no working sensor detects, NaN where none
    does and the visibility of one is unknown. Misses are assumed independent. An immutable value: ``updated`` returns
    a new one.

    ``problems`` gives, by sensor id, the reason why a sensor cannot be computed (it is off the map or on a void).
    """

    terrain: xr.Dataset
    task: CoverageTask
    layout: Layout
    working: frozenset[str] = frozenset()
    rasters: Rasters = field(default_factory=dict, repr=False)
    problems: Mapping[str, str] = field(default_factory=dict)
    _parts: Mapping[_SensorMode, SensorCoverage | str] = field(default_factory=dict, repr=False)

    @classmethod
    def begin(
        cls,
        layout: Layout,
        terrain: xr.Dataset,
        working: Collection[str],
        *,
        target: str = "person",
        conditions: Conditions | str | Sequence[str] = "day",
        dwell_s: float = 600.0,
        assumptions: Assumptions | None = None,
    ) -> LiveCoverage:
        """The coverage of ``layout`` while the sensors with the ids ``working`` work. Raises BadInput as
        ``coverage``."""
        situation = Situation(target, conditions_of(conditions)[1], assumptions or Assumptions())
        nothing = cls(north_up(terrain), CoverageTask(situation, dwell_s), Layout(layout.name, layout.frame, ()))
        return nothing.updated(layout, working)

    def updated(
        self, layout: Layout, working: Collection[str], *, moving: Collection[str] = frozenset()
    ) -> LiveCoverage:
        """The coverage for another layout or other working sensors; exactly equal to ``begin`` without ``moving``.

        Only sensors that are new or changed in the layout are computed, and only the windows of sensors that were added
        or removed, or started or stopped working, are summed again. The viewsheds of the sensors ``moving`` are fast
        ones, of which a few cells in a thousand are wrong.
        """
        fast = frozenset[str]() if "canopy_height" in self.terrain else frozenset(moving)  # that mode knows no trees
        now, modes = frozenset(working), dict.fromkeys(fast, _FAST)
        keys: list[_SensorMode] = [(s, modes.get(s.id, self.task.mode)) for s in layout]
        parts = {k: self._parts.get(k) or self._computed(layout.placement(k[0].id), k[1]) for k in keys}
        before = {k: p for k, p in self._parts.items() if isinstance(p, SensorCoverage) and k[0].id in self.working}
        after = {k: p for k, p in parts.items() if isinstance(p, SensorCoverage) and k[0].id in now}
        changed = [p for k, p in {**before, **after}.items() if (k in before) != (k in after)]
        if [k for k in before if k in after] != [k for k in after if k in before]:
            changed = [*before.values(), *after.values()]  # a different order changes the rounding
        kinds: list[str | None] = [ALL, *sorted({s.kind for s in layout})]
        rasters = {kind: self._raster(kind, list(after.values()), changed) for kind in kinds}
        problems = {k[0].id: p for k, p in parts.items() if isinstance(p, str)}
        return LiveCoverage(self.terrain, self.task, layout, now, rasters, problems, parts)

    def raster(self, kind: str | None = ALL) -> xr.DataArray:
        """One of the rasters with the terrain's coordinates; KeyError for a kind that the layout does not have."""
        attrs = {"units": "1", "target": self.task.situation.target, "dwell_s": self.task.dwell_s}
        coords = [self.terrain["northing"], self.terrain["easting"]]
        return xr.DataArray(self.rasters[kind], coords=coords, name="coverage_probability", attrs=attrs)

    def expected(self) -> Floats:
        """Expected coverage probability (northing, easting) of the working sensors, each up or down for the whole dwell
        by its availability, as ``expected_probability`` of ``sensors.coverage.coverage``; NaN where none detects and
        the visibility of one is unknown."""
        shape = self.terrain["elevation"].shape
        missed, unknown = np.zeros(shape), np.zeros(shape, np.bool_)
        for (sensor, _), part in self._parts.items():
            if sensor.id in self.working and isinstance(part, SensorCoverage):
                nothing = np.isnan(part.hazard)
                unknown[part.window] |= nothing
                missed[part.window] += log_miss(np.where(nothing, 0.0, part.hazard), sensor.availability)
        return np.where(unknown & (missed == 0.0), np.nan, -np.expm1(missed))

    def _computed(self, place: Placement, mode: ViewshedMode) -> SensorCoverage | str:
        try:
            refuse_off_the_map(place.sensor, self.terrain)
            viewshed = sight(place, self.terrain, replace(self.task.sight, mode=mode))
        except BadInput as error:
            return str(error)
        window = (viewshed.rows, viewshed.columns)
        visible = np.flatnonzero(viewshed.states == VISIBLE)
        _, rate = place.sensor.look_and_rate(ranges_m(place, self.terrain, window, visible), self.task.situation)
        hazard = np.where(viewshed.states == UNKNOWN, np.float32(np.nan), np.float32(0.0))
        hazard.flat[visible] = rate * viewshed.share * place.sensor.exposure_s(self.task.dwell_s, self.task.situation)
        return SensorCoverage(place.sensor.kind, window, hazard)

    def _raster(self, kind: str | None, parts: list[SensorCoverage], changed: list[SensorCoverage]) -> Float32s:
        """The raster of one kind, summed again in the windows that changed."""
        shape = self.terrain["elevation"].shape
        old = self.rasters.get(kind)
        new = np.zeros(shape, np.float32) if old is None else old
        for part in changed:
            if kind in (ALL, part.kind):
                new = new.copy() if new is old else new
                new[part.window] = _added([p for p in parts if kind in (ALL, p.kind)], part.window)
        return new


def _added(parts: list[SensorCoverage], window: Block) -> Float32s:
    """Coverage probability in a window, by parts in order; NaN where no part detects and some part is unknown."""
    (rows, columns) = window
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    hazard, unknown = np.zeros(shape), np.zeros(shape, np.bool_)
    for part in parts:
        top, bottom = max(rows.start, part.window[0].start), min(rows.stop, part.window[0].stop)
        left, right = max(columns.start, part.window[1].start), min(columns.stop, part.window[1].stop)
        if top >= bottom or left >= right:
            continue
        part_window = part.window
        piece = part.hazard[
            top - part_window[0].start : bottom - part_window[0].start,
            left - part_window[1].start : right - part_window[1].start,
        ]
        here = np.s_[top - rows.start : bottom - rows.start, left - columns.start : right - columns.start]
        missing = np.isnan(piece)
        unknown[here] |= missing
        hazard[here] += np.where(missing, 0.0, piece)
    return np.where(unknown & (hazard == 0.0), np.nan, probability_of(hazard)).astype(np.float32)
