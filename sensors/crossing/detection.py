"""Probability of detection along a crossing, and the parts of it on which detection mainly depends.

``H = Σ ½(λ_i + λ_j) ℓ/v`` along a path, with v by terrain and direction; ``P_detect = 1 − exp(−H)``: at least one
detection, misses assumed independent. A *confirmed track* is less probable; the simulator computes by how much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from shapely.geometry import LineString

from geo.antimeridian import run_on
from geo.arrays import Bools, Floats, Ints
from geo.frame import LocalFrame
from geo.paths.along_path import Along
from geo.paths.crossings import Crossings
from geo.paths.search import OVERLENGTH
from sensors.crossing.watched_belt import WatchedBelt, feels_steps, looks_of, most_hazard, searches
from sensors.detection_model.hazard import hazard_of, probability_of, with_outages
from sensors.errors import GapError

CellIndices = tuple[Ints, Ints]
DECIDING_SHARE: Final = 0.5
"""A crossing is *decided* where the densest parts of its hazard add up to this fraction of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """Hazards of several paths (way, sensor) and derived values (way,).

    ``hazard`` counts every look, a camera's at most to its P∞; ``hazard_low`` is its lower bound for a random scan
    phase. ``unknown_m`` is the length over which some sensor's visibility is unknown and therefore omitted.
    """

    hazard: Floats
    hazard_low: Floats
    availability: Floats
    kinds: tuple[str, ...]
    seconds: Floats
    metres: Floats
    unknown_m: Floats

    @property
    def probability(self) -> Floats:
        """P_detect (way,): at least one detection, all sensors working; the upper bound over the scan phase."""
        return probability_of(self.hazard.sum(axis=1))

    @property
    def probability_low(self) -> Floats:
        """Lower bound of P_detect (way,), by ``1 − exp(−Σ p t/T)`` for sensors that scan."""
        return probability_of(self.hazard_low.sum(axis=1))

    @property
    def expected(self) -> Floats:
        """P_detect (way,) with each sensor up or down for the whole crossing by its availability."""
        return with_outages(self.hazard.T, self.availability)

    def by_kind(self, way: int) -> dict[str, float]:
        """P_detect of one path by the sensors of each kind alone."""
        kinds = np.array(self.kinds)
        return {kind: float(probability_of(self.hazard[way, kinds == kind].sum())) for kind in sorted(set(self.kinds))}


def detection_along(watched: WatchedBelt, along: Along) -> Detection:
    """Hazard of each sensor along each path, with its bounds over the scan phase."""
    hazard, low = np.zeros((along.paths, len(watched.sensors))), np.zeros((along.paths, len(watched.sensors)))
    for number in range(len(watched.sensors)):
        pieces, low_pieces = hazard_of_pieces(watched, along, number)
        hazard[:, number], low[:, number] = along.total(pieces), along.total(low_pieces)
    return Detection(
        hazard=hazard,
        hazard_low=low,
        availability=np.array([sensor.availability for sensor in watched.sensors]),
        kinds=tuple(sensor.kind for sensor in watched.sensors),
        seconds=along.total(along.seconds),
        metres=along.total(along.metres),
        unknown_m=along.total(along.metres * (along.of_pieces(watched.unknown) > 0.0)),
    )


def hazard_of_pieces(watched: WatchedBelt, along: Along, number: int) -> tuple[Floats, Floats]:
    """Hazard (piece,) of one sensor over each piece, and its lower bound for a random scan phase.

    The hazard of a search is scaled so that along a path it is at most ``−ln(1 − P∞)``, P∞ being the maximum on the
    path.
    """
    sensor = watched.sensors[number]
    place = np.searchsorted(sensor.cells, along.cells)
    place = np.minimum(place, max(len(sensor.cells) - 1, 0))
    here = np.zeros(len(along.cells), bool) if len(sensor.cells) == 0 else sensor.cells[place] == along.cells
    rate, look = np.zeros(len(here)), np.zeros(len(here))
    rate[here], look[here] = sensor.rate[place[here]], sensor.look[place[here]]
    if not here.any():
        nothing = np.zeros(len(along.path))
        return nothing, nothing
    if feels_steps(sensor.kind):
        pieces = along.mean(along.between(rate)) * along.metres / watched.attrs["assumed_speed_mps"]
        return pieces, pieces
    pieces = along.mean(along.between(rate)) * along.seconds
    if looks_of(sensor.kind):
        scans = np.divide(rate * look, hazard_of(look), out=np.zeros_like(rate), where=look > 0.0)
        return pieces, along.mean(along.between(scans)) * along.seconds
    if searches(sensor.kind):
        best, knots = np.zeros(along.paths), along.between(look)
        np.maximum.at(best, along.path, np.maximum(knots[along.begins], knots[along.begins + 1]))
        total = along.total(pieces)
        most = np.array([most_hazard(p) for p in best])
        share = np.where(total > most, most / np.maximum(total, 1e-300), 1.0)
        pieces = pieces * share[along.path]
    return pieces, pieces


@dataclass(frozen=True, slots=True)
class Decision:
    """A part of a crossing on which much of its detection depends: seconds and metres from its start, the position of
    its middle [m], its fraction of the total hazard, and the sensors that contribute, the strongest first."""

    start_s: float
    end_s: float
    start_m: float
    end_m: float
    easting: float
    northing: float
    share: float
    sensors: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """One path across a border and its probability of detection.

    ``path`` is in ``frame``; ``places`` (place, 2) [m] and ``times_s`` (place,) are its vertices; it crosses the border
    in ``segment``. ``p_detect`` is that of at least one detection with every sensor working, ``p_detect_low`` its lower
    bound for a random scan phase, ``p_expected`` with outages by availability. ``hazard_by_sensor`` sums to ``hazard``.
    For ``unknown_m`` [m] of it some sensor's visibility is unknown: then all of these are lower bounds.
    """

    kind: str
    direction: str
    segment: int
    frame: LocalFrame
    path: LineString
    places: Floats
    times_s: Floats
    p_detect: float
    p_detect_low: float
    p_expected: float
    p_by_kind: dict[str, float]
    hazard: float
    hazard_by_sensor: dict[str, float]
    decided: tuple[Decision, ...]
    unknown_m: float
    overlength: float
    attrs: dict[str, Any]

    @property
    def time_s(self) -> float:
        """Duration [s]."""
        return float(self.times_s[-1])

    @property
    def length_m(self) -> float:
        """Length [m], too long by at most the fraction ``overlength``."""
        return float(self.path.length)

    def to_lonlat(self) -> LineString:
        """Its path in WGS 84 longitude and latitude."""
        lon, lat = self.frame.to_lonlat(self.places[:, 0], self.places[:, 1])
        return LineString(np.column_stack([run_on(lon), lat]))


def no_way(unknown: Bools) -> str:
    """The message for segments without a known path across."""
    if unknown.all():
        return "unknown whether a crossing is possible"
    return "no crossing is possible" + (", as far as is known" if unknown.any() else "")


def chosen_segment(ways: Crossings, segment: int | None) -> int:
    """``segment``, or that of the least cost; GapError if there is no path, or none is known."""
    whole = isinstance(segment, (int, np.integer)) and not isinstance(segment, bool)
    if segment is not None and not (whole and 0 <= segment < ways.cost.size):
        raise GapError(f"no segment {segment}", where="crossing", expected=f"0 to {ways.cost.size - 1}")
    chosen = ways.cheapest if segment is None else int(segment)
    costs = ways.cost if segment is None else ways.cost[[segment]]
    if chosen >= 0 and math.isfinite(ways.cost[chosen]):
        return chosen
    message = no_way(np.isnan(costs)) + ("" if segment is None else f" in segment {segment}")
    raise GapError(message, where="crossing", expected="known ground that leads from edge to edge")


def crossing_along(
    watched: WatchedBelt, kind: str, direction: str, segment: int, cells: CellIndices, neighbours: int
) -> Crossing:
    """The crossing along cells (rows and columns of the belt's window), with all its properties."""
    mobility = watched.on_belt
    along = Along.over_paths(mobility, [cells])
    detection = detection_along(watched, along)
    rows, columns = (np.asarray(axis, np.int64) for axis in cells)
    places = np.column_stack([watched.belt.easting[columns], watched.belt.northing[rows]])
    ends = np.cumsum(np.maximum(np.abs(np.diff(rows)), np.abs(np.diff(columns))))
    times = np.concatenate([[0.0], np.cumsum(along.seconds)[ends - 1]])
    names = [sensor.name for sensor in watched.sensors]
    return Crossing(
        kind=kind,
        direction=direction,
        segment=segment,
        frame=watched.belt.border.frame,
        path=LineString(places) if len(places) > 1 else LineString(np.vstack([places, places])),
        places=places,
        times_s=times,
        p_detect=float(detection.probability[0]),
        p_detect_low=float(detection.probability_low[0]),
        p_expected=float(detection.expected[0]),
        p_by_kind=detection.by_kind(0),
        hazard=float(detection.hazard[0].sum()),
        hazard_by_sensor=dict(zip(names, detection.hazard[0].tolist(), strict=True)),
        decided=_decided(watched, along),
        unknown_m=float(detection.unknown_m[0]),
        overlength=OVERLENGTH[neighbours],
        attrs=dict(watched.attrs),
    )


def _decided(watched: WatchedBelt, along: Along) -> tuple[Decision, ...]:
    """The parts of one path with the densest hazard that hold DECIDING_SHARE of its hazard, in the order of the
    path."""
    parts = np.array([hazard_of_pieces(watched, along, n)[0] for n in range(len(watched.sensors))])
    hazard = parts.sum(axis=0) if len(parts) else np.zeros(len(along.path))
    if not hazard.sum() > 0.0:
        return ()
    order = np.argsort(-hazard / along.metres, kind="stable")
    count = int(np.searchsorted(np.cumsum(hazard[order]), DECIDING_SHARE * hazard.sum())) + 1
    chosen = np.zeros(len(hazard), bool)
    chosen[order[:count]] = True
    starts = np.flatnonzero(chosen & ~np.append(False, chosen[:-1]))
    stops = np.flatnonzero(chosen & ~np.append(chosen[1:], False)) + 1
    seconds, metres = (np.append(0.0, np.cumsum(values)) for values in (along.seconds, along.metres))
    width = watched.belt.inside.shape[1]
    decisions = []
    for start, stop in zip(starts, stops, strict=True):
        row, column = divmod(int(along.cells[along.left[along.begins[(start + stop) // 2]]]), width)
        here = parts[:, start:stop].sum(axis=1)
        strongest = [watched.sensors[i].name for i in np.argsort(-here, kind="stable") if here[i] > 0.0]
        decisions.append(
            Decision(
                start_s=float(seconds[start]),
                end_s=float(seconds[stop]),
                start_m=float(metres[start]),
                end_m=float(metres[stop]),
                easting=float(watched.belt.easting[column]),
                northing=float(watched.belt.northing[row]),
                share=float(here.sum() / hazard.sum()),
                sensors=tuple(strongest),
            )
        )
    return tuple(decisions)
