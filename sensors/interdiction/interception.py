"""Whether responders come in time on the ways a crosser might take: least detected, fastest, most vulnerable.

Tasks are the strips of the belt that a way passes one after the other; their times are the crosser's, their detection
that of the sensors on the way. The response comes to where the way ends. See ``sensors.interdiction`` for the formula.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Floats
from geo.errors import BadInput
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD, Crossings, crossings
from geo.paths.kernel import NOWHERE, moves_of
from geo.paths.search import Spread, Steps
from sensors.crossing.detection import Crossing, chosen_segment, crossing_along, hazard_of_pieces
from sensors.crossing.segments import SECOND, least_ways
from sensors.crossing.watched_belt import WatchedBelt
from sensors.detection_model.hazard import probability_of
from sensors.interdiction.easi import probability_of_interruption

LEAST, FASTEST, VULNERABLE = "least detected", "fastest", "most vulnerable"
WAYS: Final = (LEAST, FASTEST, VULNERABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSettings:
    """Named assumptions of the interruption: spread of times as a share of their mean, the chance that an alarm is
    passed on, where in a task its detection falls (1 beginning, 0 end), and into how many strips the belt is cut."""

    sd_share: float = 0.3
    communication: float = 0.95
    position: float = 0.5
    strips: int = 4

    def __post_init__(self) -> None:
        for name in ("communication", "position"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise BadInput(f"{getattr(self, name)!r}", where=f"response setting {name}", expected="0 to 1")
        if not 0.0 <= self.sd_share < math.inf:
            raise BadInput(f"{self.sd_share!r}", where="response setting sd_share", expected="a share from 0")
        if not (isinstance(self.strips, int) and self.strips >= 1):
            raise BadInput(f"{self.strips!r}", where="response setting strips", expected="a whole number from 1")


@dataclass(frozen=True, slots=True, eq=False)
class Tasks:
    """Tasks of several ways (way, task) in their order: how likely detected in each [1], how long each takes [s].

    ``response_s`` (way,) is the response to the end of each way; ``critical`` (way, 2) [m] the place after which a
    detection comes too late on average, NaN where it always does.
    """

    detection: Floats
    delay_s: Floats
    response_s: Floats
    critical: Floats

    def interruption(self, settings: ResponseSettings, *, slower: float = 1.0) -> Floats:
        """Probability of interruption (way,), with the response ``slower`` by that factor; NaN where unknown."""
        response = np.where(np.isnan(self.response_s), np.inf, self.response_s * slower)
        found = probability_of_interruption(
            self.detection,
            self.delay_s,
            settings.sd_share * self.delay_s,
            response_s=response,
            response_sd_s=settings.sd_share * np.where(np.isfinite(response), response, 0.0),
            communication=settings.communication,
            position=settings.position,
        )
        return np.where(np.isnan(self.response_s) | (self.delay_s.sum(axis=1) <= 0.0), np.nan, found)

    @property
    def margin_s(self) -> Floats:
        """Seconds (way,) to spare if the crosser is detected at the edge of the belt; below 0 the response is late."""
        spare: Floats = self.delay_s.sum(axis=1) - self.response_s
        return spare


def three_ways(
    seen: WatchedBelt, response: xr.DataArray, *, direction: str = INWARD, neighbours: int = 16
) -> dict[str, Crossings]:
    """For every segment the least detected way, the fastest, and the most vulnerable; see ``most_vulnerable``."""
    return {
        LEAST: least_ways(seen, direction=direction, neighbours=neighbours),
        FASTEST: crossings(seen.belt, seen.mobility, direction=direction, neighbours=neighbours),
        VULNERABLE: most_vulnerable(seen, response, direction=direction, neighbours=neighbours),
    }


def most_vulnerable(
    seen: WatchedBelt, response: xr.DataArray, *, direction: str = INWARD, neighbours: int = 16
) -> Crossings:
    """The ways of least hazard while it is still early enough: weight ``λ·1[t_go ≥ RFT]``, of equals the fastest.

    ``t_go`` is the fastest time from a place to the edge where the crossing ends, RFT the ``response`` [s] (northing,
    easting) to where that fastest way ends. What is detected later comes too late to matter, so it costs nothing.
    """
    to_go, there = _to_go(seen, response, direction, neighbours)
    early = to_go.cost >= np.where(np.isnan(there), np.inf, there)
    return crossings(
        seen.belt,
        seen.mobility,
        weight=np.where(early, seen.per_s, 0.0) + SECOND,
        toll=np.where(early, seen.per_m, 0.0),
        direction=direction,
        neighbours=neighbours,
    )


def most_vulnerable_crossing(
    seen: WatchedBelt,
    response: xr.DataArray,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    segment: int | None = None,
) -> Crossing:
    """The most vulnerable way of all or of those through ``segment``, as a line with what detects it all along.

    As ``sensors.gaps.least_detected_crossing``; its detection counts what comes too late as well. Raises GapError where
    nobody can cross, or nobody knows whether one can.
    """
    ways = most_vulnerable(seen, response, direction=direction, neighbours=neighbours)
    chosen = chosen_segment(ways, segment)
    return crossing_along(seen, VULNERABLE, direction, chosen, ways.cells(chosen), neighbours)


def head_start(
    seen: WatchedBelt, response: xr.DataArray, *, direction: str = INWARD, neighbours: int = 16
) -> xr.DataArray:
    """Seconds to spare (northing, easting) if the response leaves now and a crosser is there, going the fastest way.

    ``t_go − RFT``: above 0 responders are first where that way leaves the belt. NaN outside the belt, and where nobody
    can go on or the response is unknown; −inf where nobody can come.
    """
    to_go, there = _to_go(seen, response, direction, neighbours)
    spare = np.where(np.isfinite(to_go.cost), to_go.cost, np.nan) - there
    place = {"northing": seen.belt.northing, "easting": seen.belt.easting}
    return xr.DataArray(spare, place, ("northing", "easting"), "head_start", {"units": "s", "direction": direction})


def _to_go(seen: WatchedBelt, response: xr.DataArray, direction: str, neighbours: int) -> tuple[Spread, Floats]:
    """The fastest way from each cell of the belt to where a crossing ends, and the response to that end [s]."""
    goal = seen.belt.inner if direction == INWARD else seen.belt.outer
    steps = Steps.over(seen.on_belt, neighbours=neighbours)
    to_go = steps.spread(np.where(goal, 0.0, np.inf), backward=True)
    return to_go, seen.belt.of(response).ravel()[where_it_ends(to_go)]


def where_it_ends(to_go: Spread) -> npt.NDArray[np.int64]:
    """Flat cell (row, column) at which the least way from each cell ends, by following all of them at once.

    ``to_go`` is a backward search; a cell that nobody leaves ends in itself.
    """
    shape = to_go.arrival.shape
    steps = moves_of(to_go.neighbours, shape[1])[0].astype(np.int64)
    arrival = to_go.arrival.ravel()
    onward = np.arange(arrival.size)
    moved = arrival != NOWHERE
    onward[moved] -= steps[arrival[moved]]
    while True:
        farther = onward[onward]
        if np.array_equal(farther, onward):
            return onward.reshape(shape)
        onward = farther


def tasks_of(seen: WatchedBelt, ways: Crossings, response: xr.DataArray, settings: ResponseSettings) -> Tasks:
    """The tasks of the way through each segment, by the strip of the belt in which each piece of it lies."""
    cells = [ways.cells(segment) for segment in range(ways.cost.size)]
    along = Along.ways_over(seen.on_belt, cells)
    least = min(-seen.belt.belt_m, float(seen.belt.offset[seen.belt.inside].min()))  # of a zone its far edge's
    share = (along.of_pieces(seen.belt.offset) - least) / (seen.belt.belt_m - least)
    share = np.clip(share, 0.0, 1.0)
    if ways.direction != INWARD:
        share = 1.0 - share
    strip = np.minimum((share * settings.strips).astype(np.int64), settings.strips - 1)
    strip = _onward(strip, along.way)
    place, size = along.way * settings.strips + strip, along.ways * settings.strips

    def by_task(pieces: Floats) -> Floats:
        total = np.bincount(place, weights=pieces, minlength=size)
        return total.reshape(along.ways, settings.strips).astype(np.float64)

    hazard = np.zeros(len(along.way))
    for number in range(len(seen.sensors)):
        hazard = hazard + hazard_of_pieces(seen, along, number)[0]
    there = seen.belt.of(response)
    ends = np.array([there[rows[-1], columns[-1]] if len(rows) else math.nan for rows, columns in cells])
    return Tasks(probability_of(by_task(hazard)), by_task(along.seconds), ends, _critical(seen, along, ends))


def _critical(seen: WatchedBelt, along: Along, response_s: Floats) -> Floats:
    """Where each way still takes as long as the response does (way, 2) [m], between the knots in proportion."""
    east, north = np.meshgrid(seen.belt.easting, seen.belt.northing)
    knots = np.column_stack([along.at_knots(east), along.at_knots(north)])
    places = np.full((along.ways, 2), np.nan)
    for way in np.unique(along.way):
        mine = np.flatnonzero(along.way == way)
        after = np.append(np.cumsum(along.seconds[mine][::-1])[::-1], 0.0)
        if after[0] >= response_s[way]:
            place = knots[np.append(along.begins[mine], along.begins[mine[-1]] + 1)]
            places[way] = [np.interp(-response_s[way], -after, place[:, axis]) for axis in (0, 1)]
    return places


def _onward(strip: npt.NDArray[np.int64], way: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Strips that never go back along a way: who turns round in the belt is still in the farthest task begun."""
    if len(strip) == 0:
        return strip
    highest = strip.max() + 1
    farthest: npt.NDArray[np.int64] = np.maximum.accumulate(strip + way * highest) - way * highest
    return farthest


def interruptions(
    seen: WatchedBelt,
    response: xr.DataArray,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    settings: ResponseSettings | None = None,
    slower: Sequence[float] = (1.0,),
    ways: Mapping[str, Crossings] | None = None,
) -> xr.Dataset:
    """Probability of interruption in every segment, on the three ways and their minimum, for slower responses too.

    ``response`` (northing, easting) [s] is of ``geo.paths.response_times.response_time`` on the coverage's terrain.
    Dataset over (segment, way, slower): ``interruption_probability``; (segment, slower) ``least_interruption``;
    (segment, way) ``detection_probability``, ``seconds``, ``response_s``, ``margin_s`` (to spare if detected at the
    edge of the belt) and ``critical_easting`` and ``critical_northing`` [m], the critical detection point: what is
    detected after it comes too late on average; NaN where all does. NaN where nobody can cross or somebody's time is
    unknown. One way is not the worst: the minimum is over these three, which are the ways for the ``response`` as given
    also where it is ``slower``. ``ways`` are those of ``three_ways`` where they are at hand already.
    """
    chosen = settings or ResponseSettings()
    numbers = not isinstance(slower, str) and all(isinstance(f, (int, float, np.number)) for f in np.atleast_1d(slower))
    factors = np.asarray(slower if numbers else math.nan, dtype=np.float64)
    if factors.ndim != 1 or not (np.isfinite(factors) & (factors > 0.0)).all():
        raise BadInput(f"{slower!r}", where="slower", expected="factors above 0")
    ways = ways or three_ways(seen, response, direction=direction, neighbours=neighbours)
    tasks = {name: tasks_of(seen, way, response, chosen) for name, way in ways.items()}
    stacked: Mapping[str, Floats] = {
        "detection_probability": np.stack([1.0 - np.prod(1.0 - t.detection, axis=1) for t in tasks.values()], axis=1),
        "seconds": np.stack([t.delay_s.sum(axis=1) for t in tasks.values()], axis=1),
        "response_s": np.stack([t.response_s for t in tasks.values()], axis=1),
        "margin_s": np.stack([t.margin_s for t in tasks.values()], axis=1),
        "critical_easting": np.stack([t.critical[:, 0] for t in tasks.values()], axis=1),
        "critical_northing": np.stack([t.critical[:, 1] for t in tasks.values()], axis=1),
    }
    crossed = np.stack([np.isfinite(way.cost) for way in ways.values()], axis=1)
    interruption = np.stack(
        [np.stack([t.interruption(chosen, slower=float(f)) for f in factors], axis=1) for t in tasks.values()], axis=1
    )
    unknown = np.isnan(interruption).any(axis=1)
    least = np.where(unknown, np.nan, np.nanmin(np.where(np.isnan(interruption), np.inf, interruption), axis=1))
    units = {"detection_probability": "1", "critical_easting": "m", "critical_northing": "m"}
    data: dict[str, Any] = {
        "interruption_probability": (("segment", "way", "slower"), interruption, {"units": "1"}),
        "least_interruption": (("segment", "slower"), least, {"units": "1"}),
    }
    for name, values in stacked.items():
        data[name] = (("segment", "way"), np.where(crossed, values, np.nan), {"units": units.get(name, "s")})
    spans = seen.belt.border.segment_spans_m
    return xr.Dataset(
        data,
        coords={
            "segment": np.arange(len(spans)),
            "way": list(WAYS),
            "slower": factors,
            "start_m": ("segment", spans[:, 0], {"units": "m"}),
            "end_m": ("segment", spans[:, 1], {"units": "m"}),
        },
        attrs=dict(seen.attrs)
        | {
            "direction": direction,
            "sd_share": chosen.sd_share,
            "communication": chosen.communication,
            "position": chosen.position,
            "strips": chosen.strips,
            "response_missing": response.attrs.get("missing", "not said"),
            "limits": "task times independent and normal; the response comes to where the way leaves the belt",
        },
    )
