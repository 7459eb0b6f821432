"""Detection rates of sensors that move: the viewsheds of their posts, weighted by the time at each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from scipy import sparse

from geo.arrays import Bools, Floats, Ints
from geo.border import Belt
from geo.frame import LocalFrame
from geo.terrain import north_up
from sensors.coverage.accumulator import contribution
from sensors.coverage.model import task_of
from sensors.crossing.watched_belt import WatchedBelt, searches
from sensors.errors import TimetableError
from sensors.layout import AnySensor, Layout
from sensors.search_theory.timetable import Posts, Timetable


@dataclass(frozen=True, slots=True, eq=False)
class MovingSensor:
    """A sensor at the posts of its route.

    ``rates`` [1/s] and ``looks`` [1] are sparse (post, cell) over the flat cells of a belt's window; ``phase_s`` is the
    time of its timetable at time 0. ``searches``: whether its detection in one pass is limited to its P∞, as that of a
    camera or an observer.
    """

    name: str
    timetable: Timetable
    posts: Posts
    rates: sparse.csr_array
    looks: sparse.csr_array
    searches: bool
    phase_s: float = 0.0

    @property
    def mean_rate(self) -> Floats:
        """Rate [1/s] (cell,) averaged over the period, off duty included: what a crosser meets who knows no times."""
        return np.asarray(self.rates.T @ (self.posts.seconds / self.posts.period_s))

    def at_phase(self, seconds: float) -> MovingSensor:
        """Return the same sensor at another phase of its timetable [s]."""
        return replace(self, phase_s=seconds % self.posts.period_s)

    def visible_cells(self) -> Bools:
        """Cells (cell,) that the sensor can see from some post."""
        return np.asarray(self.rates.astype(np.bool_).sum(axis=0) > 0)


def mean_rate_by_range(sensor: MovingSensor, belt: Belt) -> tuple[Floats, Floats, float]:
    """Compute the rate of a moving sensor by distance, averaged over its posts and over all directions in the belt.

    Parameters
    ----------
    sensor : MovingSensor
        The sensor; its posts count by the time at each.
    belt : Belt
        The belt; dead ground in it counts with a rate of 0.

    Returns
    -------
    range_m : ndarray, shape (range,), m
        Distances, from 0 in steps of a cell.
    rate : ndarray, shape (range,), 1/s
        Mean rate at each.
    look : float
        The highest probability of a look [1].
    """
    inside = np.flatnonzero(belt.inside.ravel())
    row, column = np.divmod(inside, belt.inside.shape[1])
    east, north = belt.easting[column], belt.northing[row]
    total, count = np.zeros(1), np.zeros(1)
    for place, seconds, rates in zip(sensor.posts.places, sensor.posts.seconds, _rows(sensor.rates), strict=True):
        ring = np.rint(np.hypot(east - place[0], north - place[1]) / belt.cell_m).astype(np.int64)
        seen = np.zeros(belt.inside.size)
        seen[rates[0]] = rates[1]
        longer = max(int(ring.max(initial=0)) + 1, len(total))
        total, count = (np.append(values, np.zeros(longer - len(values))) for values in (total, count))
        total += seconds * np.bincount(ring, weights=seen[inside], minlength=longer)
        count += seconds * np.bincount(ring, minlength=longer)
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0.0)
    last = max(int(np.flatnonzero(mean)[-1]) + 2, 2) if mean.any() else 2
    mean = np.append(mean, [0.0, 0.0])[:last]
    return (
        belt.cell_m * np.arange(last, dtype=np.float64),
        np.asarray(mean, np.float64),
        float(sensor.looks.max()) if sensor.looks.nnz else 0.0,
    )


def moving_sensor(
    sensor: AnySensor,
    timetable: Timetable,
    terrain: xr.Dataset,
    watched: WatchedBelt,
    *,
    step_m: float = 100.0,
    phase_s: float = 0.0,
    report: Callable[[int, int], None] | None = None,
    **sight: Any,
) -> MovingSensor:
    """Compute the rates of a sensor on its way: an exact viewshed from each post.

    Parameters
    ----------
    sensor : sensor
        What the patrol or vehicle carries; its own position does not count. A sector of view keeps its azimuth.
    timetable : Timetable
        Its movement, in the frame of the belt.
    terrain : xarray.Dataset, dims (northing, easting)
        Terrain of the belt.
    watched : WatchedBelt
        The belt in which the rates count.
    step_m : float, m
        Distance between posts.
    phase_s : float, s
        Time of the timetable at time 0.
    report : callable, optional
        Called as ``report(done, total)`` after each post, for a progress bar.
    **sight : Any
        ``target``, ``conditions``, ``assumptions`` and ``mode``, as for ``sensors.coverage.coverage``.

    Returns
    -------
    MovingSensor
        The sensor.

    Raises
    ------
    TimetableError
        For a route that leaves the terrain.
    LayoutError
        For a post on a void of the terrain.
    """
    posts, frame, belt = timetable.posts(step_m), watched.belt.border.frame, watched.belt
    task, inside, terrain = task_of(**sight), belt.inside.ravel(), north_up(terrain)
    refuse_off(posts.places, terrain, sensor.id)
    rates, looks = [], []
    for number, place in enumerate(posts.places):
        placed = Layout("post", frame, (placed_at(sensor, frame, place),)).placement(sensor.id)
        part = contribution(placed, terrain, task, (belt.rows, belt.columns))
        kept = inside[part.seen] & (part.rate > 0.0)
        cells = part.seen[kept]
        row, size = (np.zeros(len(cells), np.int64), cells), (1, belt.inside.size)
        rates.append(sparse.csr_array((part.rate[kept], row), shape=size))
        looks.append(sparse.csr_array((part.look[kept], row), shape=size))
        if report is not None:
            report(number + 1, len(posts.places))
    return MovingSensor(
        sensor.id,
        timetable,
        posts,
        sparse.csr_array(sparse.vstack(rates)),
        sparse.csr_array(sparse.vstack(looks)),
        searches(sensor.kind),
        phase_s % timetable.period_s,
    )


class RatesInTime:
    """Mean rates [1/s] of several moving sensors in each time step, computed when asked for.

    Parameters
    ----------
    sensors : sequence of MovingSensor
        The sensors, each at its own phase; their rates add up under independent misses.
    cells : int
        Number of cells.
    steps : int
        Number of time steps.
    step_s : float, s
        Length of a step.
    """

    def __init__(self, sensors: Sequence[MovingSensor], cells: int, steps: int, step_s: float) -> None:
        self.cells, self.steps, self.step_s = cells, steps, step_s
        self._parts = [(s.posts.occupancy(steps, step_s, start_s=s.phase_s), s.rates) for s in sensors]

    def __call__(self, step: int) -> Floats:
        """Return the mean rates (cell,) [1/s] in one time step."""
        total = np.zeros(self.cells)
        for occupancy, rates in self._parts:
            low, high = occupancy.indptr[step], occupancy.indptr[step + 1]
            for post, share in zip(occupancy.indices[low:high], occupancy.data[low:high], strict=True):
                begin, end = rates.indptr[post], rates.indptr[post + 1]
                total[rates.indices[begin:end]] += share * rates.data[begin:end]
        return total


def _rows(values: sparse.csr_array) -> Iterator[tuple[Ints, Floats]]:
    for low, high in pairwise(values.indptr):
        yield values.indices[low:high], values.data[low:high]


def placed_at(sensor: AnySensor, frame: LocalFrame, place: Floats) -> AnySensor:
    """Return the sensor at another place (2,) [m]."""
    easting, northing = (float(value) for value in place)
    lon, lat = frame.to_lonlat(easting, northing)
    return replace(sensor, lon=lon, lat=lat, easting=easting, northing=northing)


def refuse_off(places: Floats, terrain: xr.Dataset, name: str) -> None:
    """Raise TimetableError where a route (place, 2) [m] leaves the terrain."""
    for values, axis in ((places[:, 0], "easting"), (places[:, 1], "northing")):
        least, most = (float(terrain[axis].min()), float(terrain[axis].max()))
        if len(values) and (values.min() < least or values.max() > most):
            raise TimetableError(
                f"the route leaves the terrain at {axis} {values.min() if values.min() < least else values.max():.0f}",
                where=f"sensor {name!r}",
                expected=f"{least:.0f} to {most:.0f}",
            )
