"""What layouts make of the ways across a border: hazards sensor by sensor, computed once, before anything is drawn.

Everything that needs the terrain happens here: sight, rates in every weather and at several ranges, the ways of a
crosser, the response. What follows (prices, outages, weather shares, operators) only weighs these numbers anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.belt import Belt, Line, belt_of, fitting_belt_m
from geo.frame import FloatArray
from geo.mobility_surface import Mobility, by_vehicle, on_foot
from geo.mobility_ways import Ways as Roads
from geo.paths_along import Along
from geo.paths_crossing import INWARD, Crossings, crossings
from geo.visibility import UNKNOWN, VISIBLE
from sensors.assumptions import Assumptions, Situation
from sensors.camera import Camera
from sensors.catalogue import Catalogue, Quantity
from sensors.conditions import Conditions
from sensors.coverage_sight import TARGET_HEIGHT_M, Sight, refuse_without_ground, sight
from sensors.coverage_tally import ranges_m
from sensors.crossing import hazard_of_pieces
from sensors.ground_sensor import GroundSensor
from sensors.hazard import log_miss
from sensors.human import Human
from sensors.interception import most_vulnerable
from sensors.layout import AnySensor, Layout, Placement
from sensors.planning_case import CompareError, CompareSettings
from sensors.radar import Radar
from sensors.segment_detection import least_ways
from sensors.watched import DRIVEN, SensorRate, Watched, added_up

Ints = npt.NDArray[np.int64]
SURE: Final = Quantity(1.0, 1.0, 1.0, "as the layout says", "L")


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The ground of a comparison: belt, mobility and, with bases, the seconds of the response (northing, easting)."""

    terrain: xr.Dataset
    belt: Belt
    mobility: Mobility
    response: xr.DataArray | None
    assumptions: Assumptions
    target: str

    @classmethod
    def of(
        cls,
        terrain: xr.Dataset,
        border: Line,
        settings: CompareSettings,
        *,
        response: xr.DataArray | None = None,
        roads: Roads | None = None,
        assumptions: Assumptions | None = None,
    ) -> Ground:
        """Belt and mobility for the settings' target on ``terrain``, loaded into memory."""
        loaded = terrain.compute()
        width = fitting_belt_m(border, loaded) if settings.belt_m is None else settings.belt_m
        mover = by_vehicle if settings.target in DRIVEN else on_foot
        belt, mobility = belt_of(border, loaded, belt_m=width), mover(loaded, ways=roads)
        return cls(loaded, belt, mobility, response, assumptions or Assumptions(), settings.target)

    def watched_by(self, rates: Sequence[SensorRate]) -> Watched:
        """The ground under sensors of those rates."""
        nobody = np.zeros(self.belt.inside.shape)
        attrs = {"assumed_speed_mps": self.assumptions.speed_mps(self.target)}
        bare = Watched(self.belt, self.mobility, (), nobody, nobody, nobody > 0.0, attrs)
        return added_up(bare, tuple(rates))


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One layout's hazards on the candidate ways, cumulative over the strips that a way passes.

    An entry is a way and a sensor that may detect on it, sorted by way: ``entry_way``, ``entry_sensor`` (entry,) and
    ``hazard`` (weather, knot, entry, strip), for ranges that are ``knots`` (sensor, knot) times the layout's. ``items``
    names each sensor's catalogue item, None without. In the belt's window (row, column) ``cell_probability`` is that of
    a detection within ``dwell_s``, mixed over the year's weather and outages by the layout's own figures, and
    ``cell_seen`` says where some sensor has a line of sight in some weather.
    """

    layout: Layout
    items: tuple[str | None, ...]
    knots: FloatArray
    entry_way: Ints
    entry_sensor: Ints
    hazard: FloatArray
    cell_probability: FloatArray
    cell_seen: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Ways that crossers might take, the same for every layout, in the order of their segments.

    ``segment`` (way,), ``seconds`` (way, strip) spent in each strip, ``response_s`` (way,) to where the way ends (NaN
    without bases), ``cells`` of each way in the belt's window, ``fastest`` (segment,) the number of the fastest way
    through each, −1 where there is none. ``length_m`` (segment,) counts the segments that can be crossed; the others
    are 0.
    """

    segment: Ints
    seconds: FloatArray
    response_s: FloatArray
    cells: tuple[tuple[Ints, Ints], ...]
    fastest: Ints
    length_m: FloatArray


def exposures(
    layouts: Sequence[Layout],
    ground: Ground,
    catalogue: Catalogue,
    settings: CompareSettings,
    progress: Callable[[], None] | None = None,
) -> tuple[Candidates, list[Exposure]]:
    """Candidate ways of all layouts together, and what each layout makes of them; ``progress`` after each layout."""
    rated = []
    for layout in layouts:
        rated.append(_Rated.of(layout, ground, catalogue, settings))
        if progress is not None:
            progress()
    found: dict[bytes, tuple[int, tuple[Ints, Ints]]] = {}
    quickest = crossings(ground.belt, ground.mobility, direction=settings.direction, neighbours=settings.neighbours)
    for ways in (quickest, *(ways for one in rated for ways in one.ways(ground, settings))):
        for segment in range(ways.cost.size):
            cells = ways.cells(segment)
            if len(cells[0]) > 1:
                found.setdefault(np.int64(segment).tobytes() + b"".join(c.tobytes() for c in cells), (segment, cells))
    if not found:
        raise CompareError("nobody can cross", where="border", expected="known ground that leads from edge to edge")
    order = sorted(found.values(), key=lambda way: way[0])
    along = Along.ways_over(ground.watched_by(()).on_belt, [cells for _, cells in order])
    strip = _strips(ground, along, settings)
    candidates = _candidates(ground, order, along, strip, quickest, settings)
    answers = []
    for one in rated:
        answers.append(one.exposure(ground, along, strip, settings))
        if progress is not None:
            progress()
    return candidates, answers


@dataclass(frozen=True, slots=True, eq=False)
class _Rated:
    """A layout with the rates of its sensors, (weather, knot) each."""

    layout: Layout
    items: tuple[str | None, ...]
    knots: FloatArray
    rates: Mapping[tuple[str, int], tuple[SensorRate, ...]]

    @classmethod
    def of(cls, layout: Layout, ground: Ground, catalogue: Catalogue, settings: CompareSettings) -> _Rated:
        refuse_without_ground(layout, ground.terrain)
        items = tuple(sensor.catalogue for sensor in layout)
        spreads = [SURE if name is None else catalogue[name].range_factor for name in items]
        knots = np.array([[q.low / q.central, 1.0, q.high / q.central] for q in spreads]).reshape(-1, 3)
        rates: dict[tuple[str, int], list[SensorRate]] = {(w, k): [] for w in settings.weather for k in range(3)}
        for sensor, factors in zip(layout, knots, strict=True):
            place = layout.placement(sensor.id)
            for (weather, knot), rate in _rates(place, ground, settings, factors):
                rates[weather, knot].append(rate)
        return cls(layout, items, knots, {key: tuple(value) for key, value in rates.items()})

    def ways(self, ground: Ground, settings: CompareSettings) -> Iterator[Crossings]:
        """Least detected ways in every weather, over the year, without each kind of sensor, and the most vulnerable."""
        seen = {name: ground.watched_by(self.rates[name, 1]) for name in settings.weather}
        yield from (self._least(one, settings) for one in seen.values())
        year = self._year(ground, settings)
        yield self._least(year, settings)
        for kind in sorted({sensor.kind for sensor in self.layout}):
            yield self._least(self._year(ground, settings, without=kind), settings)
        if ground.response is not None:
            yield most_vulnerable(year, ground.response, direction=settings.direction, neighbours=settings.neighbours)

    @staticmethod
    def _least(seen: Watched, settings: CompareSettings) -> Crossings:
        return least_ways(seen, direction=settings.direction, neighbours=settings.neighbours)

    def _year(self, ground: Ground, settings: CompareSettings, without: str | None = None) -> Watched:
        """The ground under the mean rates of the year, of the sensors of all kinds but one."""
        shares, first = settings.weather, ground.watched_by(())
        per_s, per_m = first.per_s, first.per_m
        for name, share in shares.items():
            seen = ground.watched_by([rate for rate in self.rates[name, 1] if rate.kind != without])
            per_s, per_m = per_s + share * seen.per_s, per_m + share * seen.per_m
        return replace(first, per_s=per_s, per_m=per_m)

    def exposure(self, ground: Ground, along: Along, strip: Ints, settings: CompareSettings) -> Exposure:
        """Hazard of every sensor on every way, in every weather and at every range."""
        place, size = along.way * settings.strips + strip, along.ways * settings.strips
        by_state = np.zeros((len(settings.weather), 3, len(self.layout), along.ways, settings.strips))
        for w, weather in enumerate(settings.weather):
            for knot in range(3):
                seen = ground.watched_by(self.rates[weather, knot])
                for number in range(len(seen.sensors)):
                    pieces = hazard_of_pieces(seen, along, number)[0]
                    total = np.bincount(place, weights=pieces, minlength=size)
                    by_state[w, knot, number] = total.reshape(along.ways, settings.strips)
        way, sensor = np.nonzero(by_state.max(axis=(0, 1, 4)).T > 0.0)
        hazard = np.cumsum(by_state[:, :, sensor, way], axis=-1)
        return Exposure(self.layout, self.items, self.knots, way, sensor, hazard, *self._cells(ground, settings))

    def _cells(self, ground: Ground, settings: CompareSettings) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        size = ground.belt.inside.size
        probability, seen = np.zeros(size), np.zeros(size, bool)
        for weather, share in settings.weather.items():
            situation = Situation(ground.target, Conditions.named(weather), ground.assumptions)
            missed = np.zeros(size)
            for sensor, rate in zip(self.layout, self.rates[weather, 1], strict=True):
                hazard = rate.rate * sensor.exposure_s(settings.dwell_s, situation)
                missed[rate.cells] += log_miss(hazard, sensor.availability)
                seen[rate.cells] = True
            probability -= share * np.expm1(missed)
        return probability.reshape(ground.belt.inside.shape), seen.reshape(ground.belt.inside.shape)


def scaled(sensor: AnySensor, factor: float) -> AnySensor:
    """The same sensor with all its ranges ``factor`` times as far; 1 gives the sensor itself."""
    if factor == 1.0:
        return sensor
    far: dict[str, Any] = {"max_range_m": sensor.max_range_m * factor}
    if sensor.min_range_m >= far["max_range_m"]:
        far["min_range_m"] = 0.0
    if isinstance(sensor, Radar) and sensor.reference_range_m is not None:
        far["reference_range_m"] = sensor.reference_range_m * factor
    if isinstance(sensor, Camera) and sensor.focal_length_m is not None:
        far["focal_length_m"] = sensor.focal_length_m * factor
    if isinstance(sensor, Human):
        far["magnification"] = sensor.magnification * factor
    if isinstance(sensor, GroundSensor):
        far["sure_radius_m"] = sensor.sure_radius_m * factor
    return replace(sensor, **far)


def _rates(
    place: Placement, ground: Ground, settings: CompareSettings, factors: FloatArray
) -> Iterator[tuple[tuple[str, int], SensorRate]]:
    """A sensor's rates in the belt, by weather and knot; its sight is computed once, at the farthest range."""
    farthest = replace(place, sensor=scaled(place.sensor, float(factors.max())))
    seen = _sight(farthest, ground)
    for knot, factor in enumerate(factors):
        sensor = scaled(place.sensor, float(factor))
        here = replace(place, sensor=sensor)
        found = _sight(here, ground) if isinstance(sensor, GroundSensor) else seen
        cells, unknown, distance = _in_the_belt(here, found, ground)
        for weather in settings.weather:
            situation = Situation(ground.target, Conditions.named(weather), ground.assumptions)
            look, rate = sensor.look_and_rate(distance, situation)
            some = rate > 0.0
            yield (
                (weather, knot),
                SensorRate(
                    name=sensor.id,
                    kind=sensor.kind,
                    availability=sensor.availability,
                    cells=cells[some],
                    rate=rate[some] * found.share,
                    look=look[some],
                    unknown=unknown,
                ),
            )


def _sight(place: Placement, ground: Ground) -> Sight:
    share = ground.assumptions.canopy_share(place.sensor.kind)
    return sight(place, ground.terrain, TARGET_HEIGHT_M[ground.target], canopy_share=share)


def _in_the_belt(place: Placement, found: Sight, ground: Ground) -> tuple[Ints, Ints, FloatArray]:
    """Flat cells of the belt's window that the sensor sees and may see within its range, ascending, and distances."""
    belt, sensor = ground.belt, place.sensor
    states = np.zeros(belt.inside.shape, np.uint8)
    rows = range(max(found.rows.start, belt.rows.start), min(found.rows.stop, belt.rows.stop))
    columns = range(max(found.columns.start, belt.columns.start), min(found.columns.stop, belt.columns.stop))
    if len(rows) == 0 or len(columns) == 0:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, np.zeros(0)
    into = np.s_[
        rows.start - belt.rows.start : rows.stop - belt.rows.start,
        columns.start - belt.columns.start : columns.stop - belt.columns.start,
    ]
    out = np.s_[
        rows.start - found.rows.start : rows.stop - found.rows.start,
        columns.start - found.columns.start : columns.stop - found.columns.start,
    ]
    states[into] = found.states[out]
    distance = np.hypot(belt.easting - sensor.easting, belt.northing[:, None] - sensor.northing)
    near = np.ones_like(belt.inside) if isinstance(sensor, GroundSensor) else distance <= sensor.max_range_m
    cells = np.flatnonzero((states == VISIBLE) & belt.inside & near)
    unknown = np.flatnonzero((states == UNKNOWN) & belt.inside & near)
    row, column = np.divmod(cells, belt.inside.shape[1])
    return cells, unknown, ranges_m(place, ground.terrain, row + belt.rows.start, column + belt.columns.start)


def _strips(ground: Ground, along: Along, settings: CompareSettings) -> Ints:
    """The strip of the belt in which each piece of a way lies; a way never goes back to an earlier strip."""
    share = (np.clip(along.of_pieces(ground.belt.offset) / ground.belt.belt_m, -1.0, 1.0) + 1.0) / 2.0
    if settings.direction != INWARD:
        share = 1.0 - share
    strip = np.minimum((share * settings.strips).astype(np.int64), settings.strips - 1)
    offset = along.way * settings.strips
    onward: Ints = np.maximum.accumulate(strip + offset) - offset
    return onward


def _candidates(
    ground: Ground,
    order: Sequence[tuple[int, tuple[Ints, Ints]]],
    along: Along,
    strip: Ints,
    quickest: Crossings,
    settings: CompareSettings,
) -> Candidates:
    size = along.ways * settings.strips
    seconds = np.bincount(along.way * settings.strips + strip, weights=along.seconds, minlength=size)
    segment: Ints = np.array([number for number, _ in order], np.int64)
    there = np.full(len(order), np.nan)
    if ground.response is not None:
        field = ground.belt.of(ground.response)
        there = np.array([field[rows[-1], columns[-1]] for _, (rows, columns) in order])
    spans = ground.belt.border.segment_spans_m
    total = np.bincount(along.way, weights=along.seconds, minlength=along.ways)
    fastest = np.full(quickest.cost.size, -1, np.int64)
    for way in np.argsort(-total, kind="stable"):
        fastest[segment[way]] = way
    length = np.where(fastest >= 0, spans[:, 1] - spans[:, 0], 0.0)
    return Candidates(
        segment,
        np.asarray(seconds.reshape(along.ways, settings.strips), np.float64),
        there,
        tuple(cells for _, cells in order),
        fastest,
        length,
    )
