"""How likely a crossing is detected in each segment while only some sensors work: look-ups, not searches.

Once a sector the least detected ways are found with every sensor working, with each one lost, and with none. Each
sensor's hazard along each way is kept, hazards add up, and so any set of working sensors costs one sum. With all of
them or all but one the answer is the least over all ways; with fewer it is the least over the ways that were kept, an
upper bound. (A camera's search is counted to its end, as ``sensors.crossing.segments`` does.)
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
"""With more sensors than this the ways with each one lost are not looked for: a search each (assumption)."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectionLookup:
    """``sensors`` by name; ``hazard`` (way, segment, sensor), NaN where nobody can cross or nobody knows."""

    sensors: tuple[str, ...]
    hazard: Floats
    _known: dict[frozenset[str], Floats] = field(default_factory=dict, repr=False)

    def probability(self, gone: Collection[str]) -> Floats:
        """(segment,) least probability that a crossing toward home is detected while ``gone`` do not work; NaN where
        nobody can cross or nobody knows."""
        lost = frozenset(gone) & frozenset(self.sensors)
        if lost not in self._known:
            works = np.array([name not in lost for name in self.sensors], np.float64)
            along = probability_of(self.hazard @ works)
            crossable = ~np.isnan(along).all(axis=0)
            least = np.full(along.shape[1], np.nan)
            least[crossable] = np.nanmin(along[:, crossable], axis=0)
            self._known[lost] = least
        return self._known[lost]

    def opened(self, gone: Collection[str], sensor: str, required: float) -> Ints:
        """Segments below ``required`` without ``gone`` and ``sensor`` that were not while ``sensor`` worked."""
        others = frozenset(gone) - {sensor}
        before, after = self.probability(others), self.probability(others | {sensor})
        return np.flatnonzero((before >= required) & (after < required))


def openings_of(seen: WatchedBelt, *, neighbours: int = 16) -> DetectionLookup:
    """The ways and hazards of what watches a border (``sensors.crossing.watched_belt``), inward."""
    names = tuple(sensor.name for sensor in seen.sensors)
    sets = [set(names), set()]
    if len(names) <= MOST_LOST_ALONE:
        sets += [set(names) - {name} for name in names]
    hazards = [_hazard(seen, least_ways(seen.only(kept), direction=INWARD, neighbours=neighbours)) for kept in sets]
    return DetectionLookup(names, np.stack(hazards))


def _hazard(seen: WatchedBelt, ways: Crossings) -> Floats:
    """(segment, sensor) hazards along the way through each segment."""
    along = Along.ways_over(seen.on_belt, [ways.cells(segment) for segment in range(ways.cost.size)])
    detection = detection_along(seen, along)
    doubtful = ~np.isfinite(ways.cost) | ((detection.unknown_m > 0.0) & (detection.hazard.sum(axis=1) == 0.0))
    return np.where(doubtful[:, None], np.nan, detection.hazard)
