"""Hazards of each layout on the candidate paths across a border, sensor by sensor, computed once before any sample.

Everything that needs the terrain is in this module: line of sight, rates in every weather and at several ranges, paths,
response. All later steps (prices, outages, weather fractions, operators) only weight these numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from geo.arrays import Bools, Floats, Ints
from geo.paths.along_path import Along
from geo.paths.crossings import Crossings, crossings
from sensors.coverage.sight import refuse_without_ground
from sensors.crossing.detection import hazard_of_pieces
from sensors.crossing.segments import least_ways, unknown_segments_in
from sensors.crossing.watched_belt import SensorRate, WatchedBelt
from sensors.detection_model.assumptions import Situation
from sensors.detection_model.hazard import log_miss
from sensors.detection_model.weather import Conditions
from sensors.equipment.catalogue import Catalogue
from sensors.equipment.quantity import Quantity
from sensors.errors import CompareError
from sensors.interdiction.interception import later_strip, most_vulnerable, strip_of_pieces
from sensors.layout import Layout
from sensors.planning.comparison.sensor_rates import ComparisonTerrain, sensor_rates
from sensors.planning.comparison.settings import CompareSettings

SURE: Final = Quantity(1.0, 1.0, 1.0, "as the layout says", "L")


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One layout's hazards on the candidate paths, cumulative over the strips that a path crosses.

    An entry is a path and a sensor that may detect on it, sorted by path: ``entry_way``, ``entry_sensor`` (entry,) and
    ``hazard`` (weather, knot, entry, strip), for ranges that are ``knots`` (sensor, knot) times the layout's. ``items``
    names each sensor's catalogue item, None without one. In the belt's window (row, column), ``cell_probability`` is
    that of a detection within ``dwell_s``, mixed over the year's weather and outages by the layout's own figures;
    ``cell_seen`` marks cells where some sensor has a line of sight in some weather, ``cell_unknown`` those where the
    sight of some sensor is unknown.
    """

    layout: Layout
    items: tuple[str | None, ...]
    knots: Floats
    entry_way: Ints
    entry_sensor: Ints
    hazard: Floats
    cell_probability: Floats
    cell_seen: Bools
    cell_unknown: Bools


@dataclass(frozen=True, slots=True, eq=False)
class CandidatePaths:
    """Paths that crossers might take, the same for every layout, in the order of their segments.

    ``segment`` (way,), ``seconds`` (way, strip) spent in each strip, ``response_s`` (way,) to the end of the path (NaN
    without bases), ``cells`` of each path in the belt's window, ``fastest`` (segment,) the number of the fastest path
    through each, −1 if there is none. ``length_m`` (segment,) is the length of the segments that can be crossed; the
    others are 0.
    """

    segment: Ints
    seconds: Floats
    response_s: Floats
    cells: tuple[tuple[Ints, Ints], ...]
    fastest: Ints
    length_m: Floats


def exposures(
    layouts: Sequence[Layout],
    ground: ComparisonTerrain,
    catalogue: Catalogue,
    settings: CompareSettings,
    progress: Callable[[], None] | None = None,
    *,
    silent: Sequence[frozenset[str]] | None = None,
) -> tuple[CandidatePaths, list[Exposure]]:
    """Candidate paths of all layouts together, and each layout's exposure on them; ``progress`` after each layout.

    ``silent`` (layout,) are ids of sensors without a link: they count as if they detected nothing.
    """
    rated = []
    for layout, unheard in zip(layouts, silent or [frozenset[str]()] * len(layouts), strict=True):
        rated.append(_Rated.of(layout, ground, catalogue, settings, unheard))
        if progress is not None:
            progress()
    unknown = np.zeros(ground.belt.border.segments, np.bool_)
    for layout_rates in rated:
        unknown |= layout_rates.unknown_segments(ground, settings)
    paths: dict[bytes, tuple[int, tuple[Ints, Ints]]] = {}
    quickest = crossings(ground.belt, ground.mobility, direction=settings.direction, neighbours=settings.neighbours)
    for ways in (quickest, *(ways for layout_rates in rated for ways in layout_rates.ways(ground, settings))):
        for segment in range(ways.cost.size):
            cells = ways.cells(segment)
            if len(cells[0]) > 1 and not unknown[segment]:
                paths.setdefault(np.int64(segment).tobytes() + b"".join(c.tobytes() for c in cells), (segment, cells))
    if not paths:
        raise CompareError("nobody can cross", where="border", expected="known ground that leads from edge to edge")
    order = sorted(paths.values(), key=lambda way: way[0])
    along = Along.over_paths(ground.watched_by(()).on_belt, [cells for _, cells in order])
    strip = strip_of_pieces(ground.belt, along, settings.strips, settings.direction)
    late = any(rate.delay_s > 0.0 for one in rated for rates in one.rates.values() for rate in rates)
    tasks = settings.strips + int(late)  # what is reported after the crossing is in a last strip without time
    candidates = _candidates(ground, order, along, strip, quickest, tasks)
    answers = []
    for layout_rates in rated:
        answers.append(layout_rates.exposure(ground, along, strip, settings, tasks))
        if progress is not None:
            progress()
    return candidates, answers


@dataclass(frozen=True, slots=True, eq=False)
class _Rated:
    """A layout with the rates of its sensors, (weather, knot) each."""

    layout: Layout
    items: tuple[str | None, ...]
    knots: Floats
    rates: Mapping[tuple[str, int], tuple[SensorRate, ...]]

    @classmethod
    def of(
        cls,
        layout: Layout,
        ground: ComparisonTerrain,
        catalogue: Catalogue,
        settings: CompareSettings,
        silent: frozenset[str],
    ) -> _Rated:
        refuse_without_ground(layout, ground.terrain)
        items = tuple(sensor.catalogue for sensor in layout)
        spreads = [SURE if name is None else catalogue[name].range_factor for name in items]
        knots = np.array([[q.low / q.central, 1.0, q.high / q.central] for q in spreads]).reshape(-1, 3)
        rates: dict[tuple[str, int], list[SensorRate]] = {(w, k): [] for w in settings.weather for k in range(3)}
        for sensor, factors in zip(layout, knots, strict=True):
            place = layout.placement(sensor.id)
            for (weather, knot), rate in sensor_rates(place, ground, settings, factors):
                rates[weather, knot].append(_unheard(rate) if sensor.id in silent else rate)
        return cls(layout, items, knots, {key: tuple(value) for key, value in rates.items()})

    def unknown_segments(self, ground: ComparisonTerrain, settings: CompareSettings) -> Bools:
        """Segments (segment,) in which detection by this layout is unknown (``sensors.crossing.segments``)."""
        watched = ground.watched_by(self.rates[next(iter(settings.weather)), 1])
        if not (watched.unknown & ground.belt.inside).any():
            return np.zeros(ground.belt.border.segments, np.bool_)
        return unknown_segments_in(watched, self._least(watched, settings))

    def ways(self, ground: ComparisonTerrain, settings: CompareSettings) -> Iterator[Crossings]:
        """Paths least detected in each weather, over the year at each range and without each kind; and most vulnerable
        paths."""
        watched = {name: ground.watched_by(self.rates[name, 1]) for name in settings.weather}
        yield from (self._least(belt, settings) for belt in watched.values())
        year = self._year(ground, settings)
        yield self._least(year, settings)
        for knot in (0, 2):
            yield self._least(self._year(ground, settings, knot=knot), settings)
        for kind in sorted({sensor.kind for sensor in self.layout}):
            yield self._least(self._year(ground, settings, without=kind), settings)
        if ground.response is not None:
            yield most_vulnerable(year, ground.response, direction=settings.direction, neighbours=settings.neighbours)

    @staticmethod
    def _least(watched: WatchedBelt, settings: CompareSettings) -> Crossings:
        return least_ways(watched, direction=settings.direction, neighbours=settings.neighbours)

    def _year(
        self, ground: ComparisonTerrain, settings: CompareSettings, *, without: str | None = None, knot: int = 1
    ) -> WatchedBelt:
        """The belt under the mean rates of the year at one range, of the sensors of all kinds but one."""
        shares, first = settings.weather, ground.watched_by(())
        per_s, per_m = first.per_s, first.per_m
        for name, share in shares.items():
            watched = ground.watched_by([rate for rate in self.rates[name, knot] if rate.kind != without])
            per_s, per_m = per_s + share * watched.per_s, per_m + share * watched.per_m
        return replace(first, per_s=per_s, per_m=per_m)

    def exposure(
        self, ground: ComparisonTerrain, along: Along, strip: Ints, settings: CompareSettings, tasks: int
    ) -> Exposure:
        """Hazard of every sensor on every path, in every weather and at every range, by the strip in which it is
        reported."""
        size = along.paths * tasks
        by_state = np.zeros((len(settings.weather), 3, len(self.layout), along.paths, tasks))
        for w, weather in enumerate(settings.weather):
            for knot in range(3):
                watched = ground.watched_by(self.rates[weather, knot])
                for number, rate in enumerate(watched.sensors):
                    pieces = hazard_of_pieces(watched, along, number)[0]
                    then = strip
                    if rate.delay_s > 0.0:
                        then = later_strip(along, strip, rate.delay_s, after=settings.strips)
                    total = np.bincount(along.path * tasks + then, weights=pieces, minlength=size)
                    by_state[w, knot, number] = total.reshape(along.paths, tasks)
        way, sensor = np.nonzero(by_state.max(axis=(0, 1, 4)).T > 0.0)
        hazard = np.cumsum(by_state[:, :, sensor, way], axis=-1)
        return Exposure(self.layout, self.items, self.knots, way, sensor, hazard, *self._cells(ground, settings))

    def _cells(self, ground: ComparisonTerrain, settings: CompareSettings) -> tuple[Floats, Bools, Bools]:
        size, shape = ground.belt.inside.size, ground.belt.inside.shape
        probability, visible, unknown = np.zeros(size), np.zeros(size, bool), np.zeros(size, bool)
        for weather, share in settings.weather.items():
            situation = Situation(ground.target, Conditions.named(weather), ground.assumptions)
            missed = np.zeros(size)
            for sensor, rate in zip(self.layout, self.rates[weather, 1], strict=True):
                hazard = rate.rate * sensor.exposure_s(settings.dwell_s, situation)
                missed[rate.cells] += log_miss(hazard, sensor.availability)
                visible[rate.cells], unknown[rate.unknown] = True, True
            probability -= share * np.expm1(missed)
        return probability.reshape(shape), visible.reshape(shape), unknown.reshape(shape)


def _unheard(rate: SensorRate) -> SensorRate:
    """A sensor's rates without a link: none."""
    return replace(rate, cells=rate.cells[:0], rate=rate.rate[:0], look=rate.look[:0], unknown=rate.unknown[:0])


def _candidates(
    ground: ComparisonTerrain,
    order: Sequence[tuple[int, tuple[Ints, Ints]]],
    along: Along,
    strip: Ints,
    quickest: Crossings,
    tasks: int,
) -> CandidatePaths:
    seconds = np.bincount(along.path * tasks + strip, weights=along.seconds, minlength=along.paths * tasks)
    segment: Ints = np.array([number for number, _ in order], np.int64)
    there = np.full(len(order), np.nan)
    if ground.response is not None:
        field = ground.belt.of(ground.response)
        there = np.array([field[rows[-1], columns[-1]] for _, (rows, columns) in order])
    spans = ground.belt.border.segment_spans_m
    total = np.bincount(along.path, weights=along.seconds, minlength=along.paths)
    fastest = np.full(quickest.cost.size, -1, np.int64)
    for way in np.argsort(-total, kind="stable"):
        fastest[segment[way]] = way
    length = np.where(fastest >= 0, spans[:, 1] - spans[:, 0], 0.0)
    return CandidatePaths(
        segment,
        np.asarray(seconds.reshape(along.paths, tasks), np.float64),
        there,
        tuple(cells for _, cells in order),
        fastest,
        length,
    )
