"""Probability of detecting a crossing in each segment while only some sensors work, by look-up.

The minimum-detection paths are computed once for each sector: with every sensor working, with each one lost, and with
none. Each sensor's hazard along each path is stored; hazards add up, so any set of working sensors requires one sum.
With all sensors or all but one, the result is the minimum over all paths; with fewer, it is the minimum over the stored
paths, an upper bound. (A camera's search is counted to its end, as in ``sensors.crossing.segments``.)

Of a mobile sensor the hazard along the stored paths is computed again from where it stands, when it is asked for. The
paths stay those of its post: away from it, the result is an upper bound.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from geo.arrays import Bools, Floats, Ints
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD
from sensors.crossing.detection import hazard_of_pieces
from sensors.crossing.segments import least_ways
from sensors.crossing.watched_belt import SensorRate, WatchedBelt
from sensors.detection_model.hazard import probability_of
from sensors.mobile.viewpoint import Viewpoint

MOST_LOST_ALONE = 32
"""With more sensors than this, the paths with each one lost are not computed, since each requires a search
(assumption)."""

RateAt = Callable[[str, Viewpoint], SensorRate]
"""The rate of a sensor from a viewpoint."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredPaths:
    """The paths of a look-up, each set (segment,), for sensors that move.

    ``hazard`` (set, segment, sensor) at the posts; ``unknown`` (set, segment, sensor): whether a path leads over ground
    on which the visibility of the sensor is unknown; ``closed`` (set, segment): no crossing is possible or known.
    """

    seen: WatchedBelt
    along: tuple[Along, ...]
    hazard: Floats
    unknown: Bools
    closed: Bools

    def crossable(self, hazard: Floats) -> Floats:
        """``hazard`` with NaN where no crossing is possible or known."""
        return np.where(self.closed[:, :, None], np.nan, hazard)

    def of_sensor(self, rate: SensorRate) -> tuple[Floats, Bools]:
        """Hazard (set, segment) of a sensor along the paths, and whether they lead over ground unknown to it."""
        found = [_of_sensor(self.seen, along, rate) for along in self.along]
        return np.stack([hazard for hazard, _ in found]), np.stack([unknown for _, unknown in found])


@dataclass(frozen=True, slots=True, eq=False)
class DetectionLookup:
    """``sensors`` by name; ``hazard`` (path, segment, sensor), NaN where no crossing is possible; ``unknown`` (path,
    segment, sensor): whether the path leads over ground on which the visibility of the sensor is unknown.
    ``viewpoints``: where mobile sensors stand, away from their posts; used only with ``paths``.
    """

    sensors: tuple[str, ...]
    hazard: Floats
    unknown: Bools
    paths: StoredPaths | None = field(default=None, repr=False)
    rate_at: RateAt | None = field(default=None, repr=False)
    viewpoints: Mapping[str, Viewpoint] = field(default_factory=dict)
    _known: dict[frozenset[str], Floats] = field(default_factory=dict, repr=False)
    _present: list[tuple[Floats, Bools]] = field(default_factory=list, repr=False)
    _columns: dict[str, tuple[Viewpoint, Floats, Bools]] = field(default_factory=dict, repr=False)

    def at(self, viewpoints: Mapping[str, Viewpoint]) -> DetectionLookup:
        """The look-up with mobile sensors there; those without a viewpoint stand at their posts."""
        there = {name: one for name, one in viewpoints.items() if name in self.sensors}
        if self.paths is None or there == self.viewpoints:
            return self
        return replace(self, viewpoints=there, _known={}, _present=[])

    def probability(self, gone: Collection[str]) -> Floats:
        """(segment,) minimum probability of detecting an inbound crossing while ``gone`` do not work; NaN if no
        crossing is possible or coverage is unknown."""
        lost = frozenset(gone) & frozenset(self.sensors)
        if lost not in self._known:
            works = np.array([name not in lost for name in self.sensors], np.bool_)
            hazard, unknown = self._now()
            total = hazard @ works.astype(np.float64)
            doubtful = (unknown & works).any(axis=2) & (total == 0.0)
            along = np.where(doubtful, np.nan, probability_of(total))
            crossable = ~np.isnan(along).all(axis=0)
            least = np.full(along.shape[1], np.nan)
            least[crossable] = np.nanmin(along[:, crossable], axis=0)
            self._known[lost] = least
        return self._known[lost]

    def newly_below(self, gone: Collection[str], sensor: str, required: float) -> Ints:
        """Segments below ``required`` without ``gone`` and ``sensor`` that met the requirement while ``sensor``
        worked."""
        others = frozenset(gone) - {sensor}
        before, after = self.probability(others), self.probability(others | {sensor})
        return np.flatnonzero((before >= required) & (after < required))

    def _now(self) -> tuple[Floats, Bools]:
        """``hazard`` and ``unknown`` with those of mobile sensors from where they stand, computed once for each
        viewpoint."""
        if not self.viewpoints or self.paths is None or self.rate_at is None:
            return self.hazard, self.unknown
        if not self._present:
            hazard, unknown = self.paths.hazard.copy(), self.paths.unknown.copy()
            for name, there in self.viewpoints.items():
                known = self._columns.get(name)
                if known is None or known[0] != there:
                    known = self._columns[name] = (there, *self.paths.of_sensor(self.rate_at(name, there)))
                number = self.sensors.index(name)
                hazard[:, :, number], unknown[:, :, number] = known[1], known[2]
            self._present.append((self.paths.crossable(hazard), unknown))
        return self._present[0]


def detection_lookup_of(seen: WatchedBelt, *, neighbours: int = 16, rate_at: RateAt | None = None) -> DetectionLookup:
    """Compute the inbound paths and hazards of a covered border (``sensors.crossing.watched_belt``).

    With ``rate_at``, the paths are kept for sensors that move.
    """
    names = tuple(sensor.name for sensor in seen.sensors)
    sets = [set(names), set()]
    if len(names) <= MOST_LOST_ALONE:
        sets += [set(names) - {name} for name in names]
    kept: list[Along] = []
    hazards, unknowns, closed = [], [], []
    for chosen in sets:
        ways = least_ways(seen.only(chosen), direction=INWARD, neighbours=neighbours)
        along = Along.over_paths(seen.on_belt, [ways.cells(segment) for segment in range(ways.cost.size)])
        found = [_of_sensor(seen, along, sensor) for sensor in seen.sensors]
        none = np.zeros((along.paths, 0))
        hazards.append(np.column_stack([none, *(hazard for hazard, _ in found)]))
        unknowns.append(np.column_stack([none > 0.0, *(unknown for _, unknown in found)]))
        closed.append(~np.isfinite(ways.cost))
        kept += [along] if rate_at is not None else []
    paths = StoredPaths(seen, tuple(kept), np.stack(hazards), np.stack(unknowns), np.stack(closed))
    hazard = paths.crossable(paths.hazard)
    return DetectionLookup(names, hazard, paths.unknown, paths if rate_at is not None else None, rate_at)


def _of_sensor(seen: WatchedBelt, along: Along, rate: SensorRate) -> tuple[Floats, Bools]:
    """Hazard (segment,) of a sensor along the path through each segment, and whether it leads over ground on which the
    visibility of the sensor is unknown."""
    hazard = along.total(hazard_of_pieces(replace(seen, sensors=(rate,)), along, 0)[0])
    if not len(rate.unknown):
        return hazard, np.zeros(along.paths, np.bool_)
    dark = np.isin(along.cells, rate.unknown).astype(np.float64)
    return hazard, along.total(along.mean(along.between(dark))) > 0.0
