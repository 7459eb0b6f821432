"""Probability of detecting a crossing in each segment while only some sensors work, by look-up.

The minimum-detection paths are computed once for each sector: with every sensor working, with each one lost, and with
none. Each sensor's hazard along each path is stored; hazards add up, so any set of working sensors requires one sum.
With all sensors or all but one, the result is the minimum over all paths; with fewer, it is the minimum over the stored
paths, an upper bound. (A camera's search is counted to its end, as in ``sensors.crossing.segments``.)
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from geo.arrays import Floats, Ints
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD, Crossings
from sensors.crossing.detection import detection_along
from sensors.crossing.segments import least_ways
from sensors.crossing.watched_belt import WatchedBelt
from sensors.detection_model.hazard import probability_of

MOST_LOST_ALONE = 32
"""With more sensors than this, the paths with each one lost are not computed, since each requires a search
(assumption)."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectionLookup:
    """``sensors`` by name; ``hazard`` (path, segment, sensor), NaN where no crossing is possible or coverage is
    unknown.
    """

    sensors: tuple[str, ...]
    hazard: Floats
    _known: dict[frozenset[str], Floats] = field(default_factory=dict, repr=False)

    def probability(self, gone: Collection[str]) -> Floats:
        """(segment,) minimum probability of detecting an inbound crossing while ``gone`` do not work; NaN if no
        crossing is possible or coverage is unknown."""
        lost = frozenset(gone) & frozenset(self.sensors)
        if lost not in self._known:
            works = np.array([name not in lost for name in self.sensors], np.float64)
            along = probability_of(self.hazard @ works)
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


def detection_lookup_of(seen: WatchedBelt, *, neighbours: int = 16) -> DetectionLookup:
    """Compute the inbound paths and hazards of a covered border (``sensors.crossing.watched_belt``)."""
    names = tuple(sensor.name for sensor in seen.sensors)
    sets = [set(names), set()]
    if len(names) <= MOST_LOST_ALONE:
        sets += [set(names) - {name} for name in names]
    hazards = [_hazard(seen, least_ways(seen.only(kept), direction=INWARD, neighbours=neighbours)) for kept in sets]
    return DetectionLookup(names, np.stack(hazards))


def _hazard(seen: WatchedBelt, ways: Crossings) -> Floats:
    """(segment, sensor) hazards along the path through each segment."""
    along = Along.over_paths(seen.on_belt, [ways.cells(segment) for segment in range(ways.cost.size)])
    detection = detection_along(seen, along)
    doubtful = ~np.isfinite(ways.cost) | ((detection.unknown_m > 0.0) & (detection.hazard.sum(axis=1) == 0.0))
    return np.where(doubtful[:, None], np.nan, detection.hazard)
