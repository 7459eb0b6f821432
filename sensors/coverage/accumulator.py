"""Sums the detection of many sensors, sensor by sensor, into a few rasters of one block of the terrain.

Only each sensor's own window is touched, so the memory is that of the block (37 bytes per cell) and of the windows in
work, however many sensors there are. Sums are in the order of the sensors: the same bits for any block and any number
of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from numbers import Real
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from numba import njit

from geo.arrays import Bools, Floats, Int32s, Ints, UInt8s
from geo.errors import BadInput
from geo.terrain import sample
from geo.terrain.derived import standing_points
from geo.visibility.slant_range import slant_range
from geo.visibility.view import ViewshedMode
from sensors import ground_sensor
from sensors.coverage.sight import Block, SightTask, sight, split_states
from sensors.detection_model.assumptions import Situation
from sensors.detection_model.hazard import log_miss
from sensors.layout import Placement

SEEN, DEAD, NOT_KNOWN = 0, 1, 255
NO_SENSOR: Final = -1


@dataclass(frozen=True, slots=True)
class CoverageTask:
    """Task for every sensor: the situation, the exposure time [s], and the mode of the viewshed (``geo.visibility``).

    Raises BadInput for an exposure time not above 0 and an unknown mode.
    """

    situation: Situation
    dwell_s: float
    mode: ViewshedMode = "exact"

    def __post_init__(self) -> None:
        number = isinstance(self.dwell_s, Real) and not isinstance(self.dwell_s, bool)
        if not number or not 0.0 < self.dwell_s < math.inf:
            raise BadInput(f"{self.dwell_s!r}", where="dwell_s", expected="a finite number of seconds above 0")
        if self.mode not in ("exact", "fast"):
            raise BadInput(f"{self.mode!r}", where="mode", expected="'exact' or 'fast'")

    @property
    def sight(self) -> SightTask:
        """The viewshed parameters of the task."""
        return SightTask(self.situation.target, self.situation.assumptions, self.mode)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One sensor's contribution to a block: its visible cells (``seen``, flat cells of the block) with look probability
    and rate [1/s] there, the seconds of exposure that count, and its unknown cells (``unknown``, flat cells)."""

    seen: Ints
    look: Floats
    rate: Floats
    exposure_s: float
    unknown: Ints

    @property
    def hazard(self) -> Floats:
        return self.rate * self.exposure_s


@dataclass(frozen=True, slots=True)
class Addend:
    """A contribution in the form in which it is added: per visible cell, the hazard, the logarithm of the miss
    probability with outages, and whether the look is confident."""

    cells: Ints
    hazard: Floats
    log_miss: Floats
    confident: Bools
    unknown: Ints

    @classmethod
    def of(cls, part: Contribution, availability: float, least_look: float) -> Addend:
        hazard = part.hazard
        confident = (part.look >= least_look) & (hazard > 0.0)
        return cls(part.seen, hazard, log_miss(hazard, availability), confident, part.unknown)


class CoverageAccumulator:
    """Running sums over sensors for the cells of one block, (row, column); those of a cell lie side by side."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        cells = shape[0] * shape[1]
        self._sums = np.zeros((cells, 3))  # hazard, log miss, best hazard
        self._counts = np.zeros((cells, 4), np.uint16)  # seeing, detecting, confident, unknown
        self._best = np.full(cells, NO_SENSOR, np.int32)

    def add(self, number: int, part: Addend) -> None:
        """Add sensor ``number``."""
        values = (part.hazard, part.log_miss, part.confident)
        _add(number, part.cells, values, part.unknown, self._sums, self._counts, self._best)

    def rasters(self) -> dict[str, npt.NDArray[np.generic]]:
        """The resulting rasters, (row, column) each; NaN, −1 or 255 where no sensor detects and one is unknown.

        They replace the sums: nothing can be added afterwards.
        """
        dead = np.empty(len(self._best), np.uint8)
        _finish(self._sums, self._counts, dead)
        answers: dict[str, npt.NDArray[np.generic]] = {
            "combined_probability": self._sums[:, 0],
            "expected_probability": self._sums[:, 1],
            "best_probability": self._sums[:, 2],
            "best_sensor": self._best,
            "sensors_seeing": self._counts[:, 0],
            "sensors_detecting": self._counts[:, 1],
            "sensors_confident": self._counts[:, 2],
            "sensors_unknown": self._counts[:, 3],
            "dead_ground": dead,
        }
        return {name: values.reshape(self.shape) for name, values in answers.items()}


def contribution(place: Placement, terrain: xr.Dataset, task: CoverageTask, block: Block) -> Contribution:
    """Contribution of the sensor in ``block`` (rows, columns of ``terrain``), with its probabilities there."""
    viewshed = sight(place, terrain, task.sight, block)
    visible, unknown = viewshed.cells_in(block)
    look, rate = place.sensor.look_and_rate(ranges_m(place, terrain, block, visible), task.situation)
    exposure_s = place.sensor.exposure_s(task.dwell_s, task.situation)
    return Contribution(visible, look, rate * viewshed.share, exposure_s, unknown)


def ranges_m(place: Placement, terrain: xr.Dataset, block: Block, cells: Ints) -> Floats:
    """Slant range [m] from the sensor to the ground of flat cells of a block that it sees.

    For a ground sensor it is the distance over the ground, limited to its range, which its own cell may exceed.
    """
    sensor = place.sensor
    row, column = np.divmod(cells, block[1].stop - block[1].start)
    row, column = row + block[0].start, column + block[1].start
    east = terrain["easting"].to_numpy()[column] - sensor.easting
    north = terrain["northing"].to_numpy()[row] - sensor.northing
    distance: Floats = np.hypot(east, north) / place.scale
    if sensor.kind == ground_sensor.KIND:
        return np.clip(distance, sensor.min_range_m, sensor.max_range_m)
    if not len(cells):
        return distance
    eye_m = sample(terrain, *standing_points(terrain, sensor.easting, sensor.northing)) + sensor.mast_height_m
    top, left = int(row.min()), int(column.min())
    around = terrain["elevation"][top : int(row.max()) + 1, left : int(column.max()) + 1].to_numpy()
    return slant_range(distance, eye_m, around[row - top, column - left])


def tally(
    places: Sequence[Placement],
    numbers: Sequence[int],
    terrain: xr.Dataset,
    task: CoverageTask,
    block: Block,
    workers: int = 1,
    report: Callable[[], None] | None = None,
) -> CoverageAccumulator:
    """The sums over the sensors ``places`` (their ``numbers`` go into ``best_sensor``) in one block of ``terrain``.

    ``workers`` threads compute windows; ``report`` is called after each sensor.
    """
    total = CoverageAccumulator((block[0].stop - block[0].start, block[1].stop - block[1].start))
    for number, part in zip(numbers, _parts(places, terrain, task, block, workers), strict=True):
        total.add(number, part)
        if report is not None:
            report()
    return total


def _parts(
    places: Sequence[Placement], terrain: xr.Dataset, task: CoverageTask, block: Block, workers: int
) -> Iterator[Addend]:
    """Yield the addends in the order of the sensors; at most two windows per worker are in memory."""
    least_look = task.situation.assumptions.confident_look_probability

    def one(place: Placement) -> Addend:
        part = contribution(place, terrain, task, block)
        return Addend.of(part, place.sensor.availability, least_look)

    if workers <= 1 or len(places) < 2:
        yield from map(one, places)
        return
    waiting = iter(places)
    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(one, place) for place in islice(waiting, 2 * workers)]
        while running:
            done = running.pop(0).result()
            running += [pool.submit(one, place) for place in islice(waiting, 1)]
            yield done


@njit(cache=True, nogil=True)
def _add(
    number: int,
    cells: Ints,
    values: tuple[Floats, Floats, Bools],
    unknown: Ints,
    sums: Floats,
    counts: npt.NDArray[np.uint16],
    best: Int32s,
) -> None:
    """Add one sensor's cells, with (hazard, log miss, confident) for each, to the sums, counts and best, in place."""
    hazard, miss, confident = values
    increment = np.uint16(1)
    for i in range(len(cells)):
        cell, h = cells[i], hazard[i]
        sums[cell, 0] += h
        sums[cell, 1] += miss[i]
        counts[cell, 0] += increment
        if h > 0.0:
            counts[cell, 1] += increment
        if confident[i]:
            counts[cell, 2] += increment
        if h > sums[cell, 2]:
            sums[cell, 2] = h
            best[cell] = number
    for cell in unknown:
        counts[cell, 3] += increment


@njit(cache=True, nogil=True)
def _finish(sums: Floats, counts: npt.NDArray[np.uint16], dead: UInt8s) -> None:
    """Convert the sums (hazard, log miss, best hazard) to probabilities, in place, and determine dead ground."""
    for cell in range(len(dead)):
        seeing, detecting, unknown = counts[cell, 0], counts[cell, 1], counts[cell, 3]
        dead[cell] = SEEN if seeing > 0 else (NOT_KNOWN if unknown > 0 else DEAD)
        if detecting > 0:
            together = -np.expm1(-sums[cell, 0])
            sums[cell, 0] = together
            sums[cell, 1] = min(-np.expm1(sums[cell, 1]), together)  # equal if all work, except for rounding
            sums[cell, 2] = -np.expm1(-sums[cell, 2])
        elif unknown > 0:
            sums[cell, :] = np.nan


def compile_kernels() -> None:
    """Compile the kernels of this module (or load it from disk), so that no later call waits."""
    accumulator = CoverageAccumulator((1, 1))
    cell = np.zeros(1, np.int64)
    accumulator.add(0, Addend(cell, np.ones(1), -np.ones(1), np.ones(1, np.bool_), cell))
    accumulator.rasters()
    split_states(np.zeros((1, 1), np.uint8))
