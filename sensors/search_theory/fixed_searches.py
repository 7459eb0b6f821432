"""Limit of fixed sensors that search: along one crossing such a sensor detects with at most its P∞, however often it
looks (``sensors.crossing.detection``). The search in time adds up hazards without it; the crossings that it finds are
evaluated with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geo.arrays import Floats, Ints
from geo.mobility.speed_surface import Mobility
from geo.paths.along_path import Along
from sensors.crossing.watched_belt import SensorRate, WatchedBelt, most_hazard, searches


@dataclass(frozen=True, slots=True, eq=False)
class FixedSearches:
    """The fixed sensors of a belt that search, and the mobility on its window."""

    mobility: Mobility
    sensors: tuple[SensorRate, ...]

    @classmethod
    def of(cls, watched: WatchedBelt) -> FixedSearches:
        """Those of a belt."""
        return cls(watched.on_belt, tuple(sensor for sensor in watched.sensors if searches(sensor.kind)))

    def beyond_limits(self, paths: Sequence[tuple[Ints, Floats]]) -> Floats:
        """Compute the hazard (path,) that the sensors would have on each path beyond their P∞.

        Parameters
        ----------
        paths : sequence of (ndarray of int, ndarray)
            Flat cells in the order of travel, and the seconds waited at each (place,); after a wait the cell is
            repeated.

        Returns
        -------
        ndarray, shape (path,)
            Sum over the sensors of what their summed hazard exceeds ``−ln(1 − P∞)`` by, P∞ being the maximum on the
            path; 0 where none exceeds it.
        """
        beyond = np.zeros(len(paths))
        if not (self.sensors and paths):
            return beyond
        height, width = self.mobility.elevation.shape
        moved = [cells[np.append(True, np.diff(cells) != 0)] for cells, _ in paths]
        along = Along.over_paths(self.mobility, [np.divmod(cells, width) for cells in moved])
        owner = np.repeat(np.arange(len(paths)), [len(cells) for cells, _ in paths])
        places, waited = (np.concatenate(part) for part in zip(*paths, strict=True))
        for sensor in self.sensors:
            rate, look = (sensor.raster(values, height * width) for values in (sensor.rate, sensor.look))
            total = along.over_time(rate)
            total += np.bincount(owner, weights=rate[places] * waited, minlength=len(paths))
            knots, best = along.at_knots(look), np.zeros(len(paths))
            np.maximum.at(best, along.path, np.maximum(knots[along.begins], knots[along.begins + 1]))
            np.maximum.at(best, owner, np.where(waited > 0.0, look[places], 0.0))
            most = np.array([most_hazard(float(p)) for p in best])
            beyond += np.maximum(total - most, 0.0)
        return beyond
