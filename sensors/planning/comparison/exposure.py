"""Hazards of each layout on the candidate paths across a border, sensor by sensor, computed once before any sample.

Everything that needs the terrain is in this module: line of sight, rates in every weather and at several ranges, paths,
response. All later steps (prices, outages, weather fractions, operators) only weight these numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from sensors.interdiction.interception import STRIPS_TRIED, later_strip, most_vulnerable, strip_of_pieces
from sensors.layout import Layout
from sensors.planning.comparison.mobile_parts import MobilePart, logs_of_cells, mobile_rates
from sensors.planning.comparison.sensor_rates import ComparisonTerrain, sensor_rates
from sensors.planning.comparison.settings import CompareSettings
from sensors.planning.mobile.unknown_phase import MobileRates

SURE: Final = Quantity(1.0, 1.0, 1.0, "as the layout states", "L")


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One layout's hazards on the candidate paths, cumulative over the strips that a path crosses.

    An entry is a path and a sensor that may detect on it, sorted by path: ``entry_way``, ``entry_sensor`` (entry,) and
    ``hazard`` (weather, knot, entry, strip), for ranges that are ``knots`` (sensor, knot) times the layout's. ``items``
    names each sensor's catalogue item, None without one. In the belt's window (row, column), ``cell_probability`` is
    that of a detection within ``dwell_s``, averaged over the year's weather and outages by the layout's own figures;
    ``cell_seen`` marks cells in the line of sight and range of some sensor, whether or not it detects anything there in
    the weather of the year, ``cell_unknown`` those where the line of sight of some sensor is unknown. ``mobile`` are
    the mobile parts of the layout by id; their hazards are the effective ones of an unknown phase. ``by_hand`` are the
    ids of people with a radio link who report by hand where it is lost: they have a second entry, ``entry_by_hand``
    (entry,), which counts while they are not linked.
    """

    layout: Layout
    items: tuple[str | None, ...]
    knots: Floats
    entry_way: Ints
    entry_sensor: Ints
    entry_by_hand: Bools
    hazard: Floats
    cell_probability: Floats
    cell_seen: Bools
    cell_unknown: Bools
    mobile: Mapping[str, MobilePart] = field(default_factory=dict)
    by_hand: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class StripCut:
    """The paths cut into a number of ``strips``: the strip (piece,) of each piece of a path. ``tasks`` is the number of
    strips, with one more without time if some sensor reports after the crossing."""

    strips: int
    tasks: int
    strip: Ints


@dataclass(frozen=True, slots=True, eq=False)
class CandidatePaths:
    """Paths that crossers might take, the same for every layout, in the order of their segments.

    ``segment`` (way,), ``seconds`` (way, strip) spent in each strip, ``response_s`` (way,) to the end of the path (NaN
    without bases and where it is unknown), ``cells`` of each path in the belt's window, ``fastest`` (segment,) the
    number of the fastest path through each, −1 if there is none. ``length_m`` (segment,) is the length of the segments
    that can be crossed; the others are 0. ``answered`` (segment,): whether interruption is known there for every
    layout, because the response to all paths is, or because it is 0 on one on which the layout detects nothing.
    """

    segment: Ints
    seconds: Floats
    response_s: Floats
    cells: tuple[tuple[Ints, Ints], ...]
    fastest: Ints
    length_m: Floats
    answered: Bools


def exposures(
    layouts: Sequence[Layout],
    ground: ComparisonTerrain,
    catalogue: Catalogue,
    settings: CompareSettings,
    progress: Callable[[], None] | None = None,
    *,
    silent: Sequence[frozenset[str]] | None = None,
    by_hand: Sequence[Mapping[str, float]] | None = None,
    mobile: Sequence[Mapping[str, MobilePart]] | None = None,
) -> dict[float, tuple[CandidatePaths, list[Exposure]]]:
    """Candidate paths of all layouts together, and each layout's exposure on them; ``progress`` after each layout.

    ``silent`` (layout,) are ids of sensors without a link, which count as detecting nothing; ``by_hand`` (layout,) the
    delays [s] of people who report by hand where their link is lost; ``mobile`` (layout,) the mobile parts, both by id.
    The result under key 1 uses the number of strips of the settings. If a response is known, there is one more result
    for each other factor in STRIPS_TRIED: the same paths, with the hazards at the layout's own ranges only.
    """
    rated = []
    unheard, later = silent or [frozenset[str]()] * len(layouts), by_hand or [dict[str, float]()] * len(layouts)
    given = zip(layouts, unheard, later, mobile or [{}] * len(layouts), strict=True)
    for layout, off, delays, moving in given:
        rated.append(replace(_Rated.of(layout, ground, catalogue, settings, off, moving), by_hand=delays))
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
    if not paths and unknown.any():
        raise CompareError(
            "detection is unknown on every path across it",
            where="border",
            expected="known terrain on the paths and along the sensors' lines of sight",
        )
    if not paths:
        raise CompareError("no path crosses it", where="border", expected="known, passable ground from edge to edge")
    order = sorted(paths.values(), key=lambda way: way[0])
    along = Along.over_paths(ground.watched_by(()).on_belt, [cells for _, cells in order])
    late = any(rate.delay_s > 0.0 for one in rated for rates in one.rates.values() for rate in rates)
    late = late or any(delay_s > 0.0 for one in rated for delay_s in one.by_hand.values())
    others = () if ground.response is None else tuple(factor for factor in STRIPS_TRIED if factor != 1.0)
    cuts = []
    for factor in (1.0, *others):
        strips = max(1, round(factor * settings.strips))
        strip = strip_of_pieces(ground.belt, along, strips, settings.direction)
        cuts.append(StripCut(strips, strips + int(late), strip))
    answers = {
        factor: (_candidates(ground, order, along, cut, quickest), list[Exposure]())
        for factor, cut in zip((1.0, *others), cuts, strict=True)
    }
    for layout_rates in rated:
        by_cut = layout_rates.exposures(ground, along, cuts, settings)
        for (_, exposed), exposure in zip(answers.values(), by_cut, strict=True):
            exposed.append(exposure)
        if progress is not None:
            progress()
    return {
        factor: (_with_answers(ways, exposed, ground, settings), exposed) for factor, (ways, exposed) in answers.items()
    }


def _with_answers(
    ways: CandidatePaths, exposed: Sequence[Exposure], ground: ComparisonTerrain, settings: CompareSettings
) -> CandidatePaths:
    """The paths with the segments in which interruption is known for all layouts; none without a response."""
    everywhere = ground.response is None or settings.residual_item is not None  # additional teams search everywhere
    answered = np.ones(ways.length_m.shape, np.bool_)
    for exposure in exposed:
        detects = np.full(len(ways.segment), everywhere)
        detects[exposure.entry_way] = True
        unknown, undetected = np.zeros_like(answered), np.zeros_like(answered)
        unknown[ways.segment[np.isnan(ways.response_s) & detects]] = True
        undetected[ways.segment[~detects]] = True
        answered &= ~unknown | undetected
    return replace(ways, answered=answered)


@dataclass(frozen=True, slots=True, eq=False)
class _Rated:
    """A layout with the rates of its sensors, (weather, knot) each; ``moving`` are those of its mobile parts by id and
    weather, ``seen`` (cell,) the cells of the belt's window in the line of sight and range of some part with a link,
    ``by_hand`` the delays [s] by id of people who report by hand where their link is lost."""

    layout: Layout
    items: tuple[str | None, ...]
    knots: Floats
    rates: Mapping[tuple[str, int], tuple[SensorRate, ...]]
    mobile: Mapping[str, MobilePart]
    moving: Mapping[str, Mapping[str, MobileRates]]
    seen: Bools
    by_hand: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        layout: Layout,
        ground: ComparisonTerrain,
        catalogue: Catalogue,
        settings: CompareSettings,
        silent: frozenset[str],
        mobile: Mapping[str, MobilePart],
    ) -> _Rated:
        refuse_without_ground(layout, ground.terrain)
        items = tuple(sensor.catalogue for sensor in layout)
        spreads = [SURE if name is None else catalogue[name].range_factor for name in items]
        knots = np.array([[q.low / q.central, 1.0, q.high / q.central] for q in spreads]).reshape(-1, 3)
        rates: dict[tuple[str, int], list[SensorRate]] = {(w, k): [] for w in settings.weather for k in range(3)}
        moving: dict[str, dict[str, MobileRates]] = {}
        seen = np.zeros(ground.belt.inside.size, np.bool_)
        for sensor, factors in zip(layout, knots, strict=True):
            if sensor.id in mobile:
                by_weather, from_posts = mobile_rates(mobile[sensor.id], ground, settings)
                if sensor.id not in silent:
                    moving[sensor.id] = by_weather
                    seen |= from_posts
                for (weather, _), into in rates.items():
                    mean = by_weather[weather].mean_rate(sensor.id)
                    into.append(_unheard(mean) if sensor.id in silent else mean)
                continue
            place = layout.placement(sensor.id)
            for (weather, knot), rate, in_sight in sensor_rates(place, ground, settings, factors):
                rates[weather, knot].append(_unheard(rate) if sensor.id in silent else rate)
                if knot == 1 and sensor.id not in silent:
                    seen[in_sight] = True
        return cls(layout, items, knots, {key: tuple(value) for key, value in rates.items()}, mobile, moving, seen)

    def unknown_segments(self, ground: ComparisonTerrain, settings: CompareSettings) -> Bools:
        """Segments (segment,) in which detection by this layout is unknown (``sensors.crossing.segments``)."""
        watched = ground.watched_by(self.rates[next(iter(settings.weather)), 1])
        if not (watched.unknown & ground.belt.inside).any():
            return np.zeros(ground.belt.border.segments, np.bool_)
        return unknown_segments_in(watched, self._least(watched, settings))

    def ways(self, ground: ComparisonTerrain, settings: CompareSettings) -> Iterator[Crossings]:
        """Minimum-detection paths in each weather, over the year at each range and without each kind; and most
        vulnerable paths.
        """
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

    def exposures(
        self, ground: ComparisonTerrain, along: Along, cuts: Sequence[StripCut], settings: CompareSettings
    ) -> list[Exposure]:
        """Hazard of every sensor on every path, in every weather, by the strip in which it is reported: at every range
        for the first of the ``cuts``, and at the layout's own range for the others."""
        again = [number for number, sensor in enumerate(self.layout) if sensor.id in self.by_hand]
        of_row = np.array([*range(len(self.layout)), *again], np.int64)
        by_cut = [
            np.zeros((len(settings.weather), 1 if number else 3, len(of_row), along.paths, cut.tasks))
            for number, cut in enumerate(cuts)
        ]
        for w, weather in enumerate(settings.weather):
            for knot in range(3):
                watched = ground.watched_by(self.rates[weather, knot])
                for number, rate in enumerate(watched.sensors):
                    if rate.name in self.moving:
                        continue  # below, by their phases
                    pieces = hazard_of_pieces(watched, along, number)[0]
                    for place in np.flatnonzero(of_row == number):
                        delay_s = rate.delay_s if place == number else self.by_hand[rate.name]
                        by_cut[0][w, knot, place] = _by_task(pieces, along, cuts[0], delay_s)
                        if knot == 1:
                            for cut, by_state in zip(cuts[1:], by_cut[1:], strict=True):
                                by_state[w, 0, place] = _by_task(pieces, along, cut, delay_s)
        everywhere = np.ones(len(along.cells))
        for number, one in enumerate(self.layout):
            for w, weather in enumerate(settings.weather if one.id in self.moving else ()):
                for cut, by_state in zip(cuts, by_cut, strict=True):
                    until = self.moving[one.id][weather].hazards(along, everywhere, cut.strip, cut.tasks)
                    by_state[w, :, number] = np.diff(until, axis=1, prepend=0.0)
        way, row = np.nonzero(by_cut[0].max(axis=(0, 1, 4)).T > 0.0)
        entries = way, of_row[row], row >= len(self.layout)
        seen = self._cells(ground, settings)
        exposed = []
        for by_state in by_cut:
            hazard = np.cumsum(by_state[:, :, row, way], axis=-1)
            hazard = np.broadcast_to(hazard, (hazard.shape[0], 3, *hazard.shape[2:]))
            people = frozenset(self.by_hand)
            exposed.append(Exposure(self.layout, self.items, self.knots, *entries, hazard, *seen, self.mobile, people))
        return exposed

    def _cells(self, ground: ComparisonTerrain, settings: CompareSettings) -> tuple[Floats, Bools, Bools]:
        size, shape = ground.belt.inside.size, ground.belt.inside.shape
        probability, unknown = np.zeros(size), np.zeros(size, bool)
        for weather, share in settings.weather.items():
            situation = Situation(ground.target, Conditions.named(weather), ground.assumptions)
            missed = np.zeros(size)
            for sensor, rate in zip(self.layout, self.rates[weather, 1], strict=True):
                if sensor.id in self.moving:
                    rates = self.moving[sensor.id][weather]
                    missed += logs_of_cells(self.mobile[sensor.id], rates, situation, settings.dwell_s, size)
                    continue
                hazard = rate.rate * sensor.exposure_s(settings.dwell_s, situation)
                missed[rate.cells] += log_miss(hazard, sensor.availability)
                unknown[rate.unknown] = True
            probability -= share * np.expm1(missed)
        return probability.reshape(shape), self.seen.reshape(shape), unknown.reshape(shape)


def _unheard(rate: SensorRate) -> SensorRate:
    """The rates of a sensor without a link: zero."""
    return replace(rate, cells=rate.cells[:0], rate=rate.rate[:0], look=rate.look[:0], unknown=rate.unknown[:0])


def _by_task(pieces: Floats, along: Along, cut: StripCut, delay_s: float) -> Floats:
    """Sums (path, task) of the hazards of the pieces (piece,), by the strip in which they are reported."""
    then = cut.strip
    if delay_s > 0.0:
        then = later_strip(along, cut.strip, delay_s, after=cut.strips)
    total = np.bincount(along.path * cut.tasks + then, weights=pieces, minlength=along.paths * cut.tasks)
    return np.asarray(total.reshape(along.paths, cut.tasks), np.float64)


def _candidates(
    ground: ComparisonTerrain,
    order: Sequence[tuple[int, tuple[Ints, Ints]]],
    along: Along,
    cut: StripCut,
    quickest: Crossings,
) -> CandidatePaths:
    tasks = cut.tasks
    seconds = np.bincount(along.path * tasks + cut.strip, weights=along.seconds, minlength=along.paths * tasks)
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
        np.zeros(length.shape, np.bool_),
    )
