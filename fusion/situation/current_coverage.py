"""What the working sensors watch: how probably a look would see a place, and which segments each one watches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from fusion.models.scene import TrackerModel
from fusion.models.sensor_views import SensorModel, SensorView, probability
from geo.arrays import Floats, Ints
from geo.border import Border

POINT_EVERY_M = 50.0
WATCHED_PROBABILITY = 0.1
"""A look with at least this probability of seeing a target watches a place (assumption)."""
WATCHED_SHARE = 0.5
"""A sensor watches a segment of which it watches at least this share."""


@dataclass(frozen=True, slots=True, eq=False)
class CurrentCoverage:
    """Views of all sensors, and (sensor, segment) whether it watches the segment. See ``watchfulness_of``."""

    watches: Mapping[str, SensorModel]
    segments: Mapping[str, npt.NDArray[np.bool_]]

    @property
    def segment_count(self) -> int:
        """Segments of the border; 0 without one."""
        return max((len(watched) for watched in self.segments.values()), default=0)

    def seeing(self, easting: Floats, northing: Floats, *, silent: Iterable[str] = ()) -> Floats:
        """(n,) probability that a look of some working sensor sees a target at each point; misses independent."""
        missed = np.ones(len(easting))
        gone = frozenset(silent)
        for name, watch in self.watches.items():
            if name not in gone:
                _miss(watch.view, easting, northing, missed)
        return 1.0 - missed

    def sensors_at(self, easting: float, northing: float, *, silent: Iterable[str] = ()) -> tuple[str, ...]:
        """The working sensors whose look sees a target at the point with WATCHED_PROBABILITY or more."""
        gone = frozenset(silent)
        return tuple(
            name
            for name, watch in self.watches.items()
            if name not in gone and probability(watch.view, easting, northing) >= WATCHED_PROBABILITY
        )

    def lost(self, sensor: str, silent: Iterable[str]) -> Ints:
        """Segments that ``sensor`` watches and that no sensor outside ``silent`` does."""
        if sensor not in self.segments:
            return np.zeros(0, np.int64)
        mine = self.segments[sensor].copy()
        gone = frozenset(silent) | {sensor}
        for name, watched in self.segments.items():
            if name not in gone:
                mine &= ~watched
        return np.flatnonzero(mine)

    def watched(self, silent: Iterable[str] = ()) -> Ints:
        """Segments that some sensor outside ``silent`` watches."""
        gone, seen = frozenset(silent), np.zeros(self.segment_count, np.bool_)
        for name, watched in self.segments.items():
            if name not in gone:
                seen |= watched
        return np.flatnonzero(seen)


def first_hidden(step: Floats, seen: Floats, hidden: float, least_s: float) -> float | None:
    """When a stretch of at least ``least_s`` begins in which nobody sees it; None where there is none.

    ``step`` (n,) [s] at equal distances, ``seen`` (n,) probabilities there; a stretch that reaches the end lasts one
    step longer.
    """
    dark = seen < hidden
    for first in np.flatnonzero(dark & ~np.append(False, dark[:-1])):
        light = np.flatnonzero(~dark[first:])
        until = step[first + light[0]] if len(light) else step[-1] + step[1] - step[0]
        if until - step[first] >= least_s:
            return float(step[first])
    return None


def watchfulness_of(scene: TrackerModel, border: Border | None) -> CurrentCoverage:
    """The views of a tracker's scene; segments by points every POINT_EVERY_M along the line."""
    return CurrentCoverage(scene.watches, {} if border is None else _segments(scene.watches, border))


def _segments(watches: Mapping[str, SensorModel], border: Border) -> dict[str, npt.NDArray[np.bool_]]:
    chainage = np.arange(0.5 * POINT_EVERY_M, border.length_m, POINT_EVERY_M)
    easting, northing = border.point_at(chainage)
    segment, _, _ = border.locate(easting, northing)
    on_line = segment >= 0
    total = np.bincount(segment[on_line], minlength=border.segments)
    found = {}
    for name, watch in watches.items():
        missed = np.ones(len(chainage))
        _miss(watch.view, np.asarray(easting), np.asarray(northing), missed)
        seen = on_line & (missed <= 1.0 - WATCHED_PROBABILITY)
        share = np.bincount(segment[seen], minlength=border.segments) / np.maximum(total, 1)
        found[name] = share >= WATCHED_SHARE
    return found


@numba.njit(cache=True)
def _miss(view: SensorView, easting: Floats, northing: Floats, missed: Floats) -> None:
    """Multiply ``missed`` (n,) in place by the probability that one look of the sensor misses each point."""
    for i in range(len(easting)):
        missed[i] *= 1.0 - probability(view, easting[i], northing[i])
