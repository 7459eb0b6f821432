"""Interception: whether responders arrive in time on the minimum-detection, the minimum-time and the most vulnerable
path.

Tasks are the strips of the belt that a path crosses one after the other; their times are the crosser's, their detection
is that of the sensors on the path. The response goes to the end of the path. See ``sensors.interdiction`` for the
formula.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
import xarray as xr

from geo.arrays import Floats, Ints
from geo.border.belt import Belt
from geo.errors import BadInput
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD, Crossings, crossings
from geo.paths.kernel import NOWHERE, moves_of
from geo.paths.search import Spread, Steps
from sensors.crossing.detection import Crossing, chosen_segment, crossing_along, hazard_of_pieces
from sensors.crossing.segments import SECOND, least_ways, unknown_segments_in
from sensors.crossing.watched_belt import WatchedBelt, with_sensors
from sensors.detection_model.hazard import probability_of
from sensors.interdiction.easi import probability_of_interruption

LEAST, FASTEST, VULNERABLE = "minimum detection", "minimum time", "most vulnerable"
WAYS: Final = (LEAST, FASTEST, VULNERABLE)
STRIPS_TRIED: Final = (0.5, 1.0, 2.0)
"""Factors on the number of strips, for its sensitivity."""
AT_ONCE_S: Final = float(np.finfo(np.float64).tiny)
"""A response that is sooner than every unknown one, with which interruption is an upper bound: only detection that is
never in time adds nothing to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSettings:
    """Named assumptions of the probability of interruption.

    Parameters
    ----------
    sd_share : float
        Standard deviation of times as a fraction [1] of their mean.
    communication : float
        Probability [1] that an alarm is passed on.
    position : float
        Where in a task its detection falls [1]: 1 at its beginning, 0 at its end.
    strips : int, optional
        Number of strips into which the ground between the edges is cut; without it that of ``strips_over``.
    strip_m : float, m
        Depth of ground over which a crosser keeps a pace: times of different strips are independent.
    least_strips : int
        Smallest number of strips, so that the position of a detection is fine enough.
    seen_mps : float, optional, m/s
        Speed at which crossers have been seen: a crossing takes no longer than its length at that speed, however slow
        the ground. Without it the ground alone decides.
    """

    sd_share: float = 0.3
    communication: float = 0.95
    position: float = 0.5
    strips: int | None = None
    strip_m: float = 1000.0
    least_strips: int = 4
    seen_mps: float | None = None

    def __post_init__(self) -> None:
        for name in ("communication", "position"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise BadInput(f"{getattr(self, name)!r}", where=f"response setting {name}", expected="0 to 1")
        if not 0.0 <= self.sd_share < math.inf:
            raise BadInput(f"{self.sd_share!r}", where="response setting sd_share", expected="a fraction from 0")
        if not (isinstance(self.strip_m, (int, float)) and 0.0 < self.strip_m < math.inf):
            raise BadInput(f"{self.strip_m!r}", where="response setting strip_m", expected="metres above 0")
        if self.seen_mps is not None and not 0.0 < self.seen_mps < math.inf:
            raise BadInput(f"{self.seen_mps!r}", where="response setting seen_mps", expected="m/s above 0")
        for name, given in (("strips", self.strips), ("least_strips", self.least_strips)):
            if name == "strips" and given is None:
                continue
            if isinstance(given, bool) or not (isinstance(given, int) and given >= 1):
                raise BadInput(f"{given!r}", where=f"response setting {name}", expected="a whole number from 1")

    def strips_over(self, depth_m: float) -> int:
        """Return the number of strips of ground that is ``depth_m`` deep from edge to edge.

        One for each ``strip_m``: the pace is constant within a strip and independent between strips, so more strips
        would understate the spread of the crossing time. At least ``least_strips``.
        """
        return self.strips or max(self.least_strips, round(depth_m / self.strip_m))

    def words(self, belt: Belt, response: xr.DataArray) -> tuple[str, ...]:
        """State the assumptions of a ``response``, and of interruption over a ``belt``, one each."""
        depth_m = depth_of(belt)
        strips = self.strips_over(depth_m)
        return (
            *str(response.attrs.get("assumptions", "response as given")).split("; "),
            f"{strips} strips of {depth_m / strips:.0f} m, detection counts with {self.position:g} of a strip's time "
            "still ahead",
            f"times of each strip and of the response spread by {self.sd_share:g} of their mean (1 σ), independent",
            f"an alarm is passed on with {self.communication:g}",
            "the response goes to where the path leaves the belt",
            *self._seen(),
        )

    def _seen(self) -> tuple[str, ...]:
        if self.seen_mps is None:
            return ()
        return (f"a crossing takes no longer than its length at {self.seen_mps:g} m/s, the speed that was seen",)


class HazardsByTask(Protocol):
    """Hazards of what moves, at a time of its schedule that no crosser knows
    (``sensors.planning.mobile.unknown_phase``)."""

    def hazards(self, along: Along, counted: Floats, task: Ints | None = None, tasks: int = 1) -> Floats: ...


@dataclass(frozen=True, slots=True, eq=False)
class Tasks:
    """Tasks of several paths (path, task) in their order: probability of detection in each [1], and its time [s].

    ``response_s`` (path,) is the response to the end of each path; ``critical`` (path, 2) [m] the critical detection
    point, after which detection comes too late on average, NaN where it always does. Over ``unknown_m`` (path,) the
    line of sight of some sensor is unknown and counts as not detecting: there, detection is a lower bound.
    """

    detection: Floats
    delay_s: Floats
    response_s: Floats
    critical: Floats
    unknown_m: Floats

    def interruption(self, settings: ResponseSettings, *, slower: float = 1.0) -> Floats:
        """Probability of interruption (way,), with the response time multiplied by ``slower``; NaN where unknown.

        Without any detection in time it is 0 however soon a response of unknown time arrives.
        """
        unknown = np.isnan(self.response_s)
        response = np.where(unknown, AT_ONCE_S, self.response_s * slower)
        probability = probability_of_interruption(
            self.detection,
            self.delay_s,
            settings.sd_share * self.delay_s,
            response_s=response,
            response_sd_s=settings.sd_share * np.where(np.isfinite(response), response, 0.0),
            communication=settings.communication,
            position=settings.position,
        )
        return np.where((unknown & (probability > 0.0)) | (self.delay_s.sum(axis=1) <= 0.0), np.nan, probability)

    @property
    def margin_s(self) -> Floats:
        """Time margin [s] (path,) if the crosser is detected at the edge of the belt; below 0 the response is late."""
        spare: Floats = self.delay_s.sum(axis=1) - self.response_s
        return spare


def three_ways(
    watched: WatchedBelt, response: xr.DataArray, *, direction: str = INWARD, neighbours: int = 16
) -> dict[str, Crossings]:
    """The minimum-detection, the minimum-time and the most vulnerable path through every segment; see
    ``most_vulnerable``.
    """
    return {
        LEAST: least_ways(watched, direction=direction, neighbours=neighbours),
        FASTEST: crossings(watched.belt, watched.mobility, direction=direction, neighbours=neighbours),
        VULNERABLE: most_vulnerable(watched, response, direction=direction, neighbours=neighbours),
    }


def most_vulnerable(
    watched: WatchedBelt, response: xr.DataArray, *, direction: str = INWARD, neighbours: int = 16
) -> Crossings:
    """The paths of least hazard while detection is still in time: weight ``λ·1[t_go ≥ RFT]``, of equals the fastest.

    ``t_go`` is the fastest time from a cell to the edge where the crossing ends, RFT the ``response`` [s] (northing,
    easting) to the end of that fastest path. Detection after that is too late to matter and costs nothing.
    """
    to_go, there = _to_go(watched, response, direction, neighbours)
    early = to_go.cost >= np.where(np.isnan(there), np.inf, there)
    with np.errstate(invalid="ignore"):  # no way, and no response
        spare_s = to_go.cost - there
    timely = reported_in_time(watched, spare_s)
    return crossings(
        watched.belt,
        watched.mobility,
        weight=np.where(early, timely.per_s, 0.0) + SECOND,
        toll=np.where(early, timely.per_m, 0.0),
        direction=direction,
        neighbours=neighbours,
    )


def reported_in_time(watched: WatchedBelt, spare_s: Floats) -> WatchedBelt:
    """The belt in which late reports (by hand) count only where they arrive in time: where ``spare_s`` (row, column),
    the crosser's time to the end less the response's, is at least the sensor's delay.
    """
    if not any(sensor.delay_s > 0.0 for sensor in watched.sensors):
        return watched
    timely = tuple(s.where(spare_s >= s.delay_s) if s.delay_s > 0.0 else s for s in watched.sensors)
    return with_sensors(watched, timely)


def most_vulnerable_crossing(
    watched: WatchedBelt,
    response: xr.DataArray,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    segment: int | None = None,
) -> Crossing:
    """Find the most vulnerable path across the belt: the lowest Pd, counted while the response is still in time.

    Parameters
    ----------
    watched : WatchedBelt
        The belt under its sensors (``sensors.gaps.watch_belt``).
    response : xarray.DataArray, dims (northing, easting), s
        Response time to each cell (``geo.paths.response_times.response_time``).
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.
    segment : int, optional
        Only crossings through this segment; without it all.

    Returns
    -------
    Crossing
        The path; its detection includes detections that are too late.

    Raises
    ------
    GapError
        Where there is no path across, or it is unknown whether there is one.

    See Also
    --------
    sensors.gaps.least_detected_crossing : The minimum-detection path, whatever the time of detection.
    """
    ways = most_vulnerable(watched, response, direction=direction, neighbours=neighbours)
    chosen = chosen_segment(ways, segment)
    return crossing_along(watched, VULNERABLE, direction, chosen, ways.cells(chosen), neighbours)


def head_start(
    watched: WatchedBelt,
    response: xr.DataArray,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    seen_mps: float | None = None,
) -> xr.DataArray:
    """Compute the time margin of a response that leaves now against a crosser at each cell who takes the fastest path.

    Parameters
    ----------
    watched : WatchedBelt
        The belt under its sensors (``sensors.gaps.watch_belt``).
    response : xarray.DataArray, dims (northing, easting), s
        Response time to each cell.
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.
    seen_mps : float, optional, m/s
        Speed at which crossers have been seen: the crosser takes no longer than that path's length at that speed.

    Returns
    -------
    xarray.DataArray, dims (northing, easting), s
        ``t_go − RFT``: above 0 responders are first where that path leaves the belt. NaN outside the belt, and where
        there is no path or the response is unknown; −inf where no response can arrive.
    """
    to_go, there = _to_go(watched, response, direction, neighbours)
    seconds = to_go.cost
    if seen_mps is not None:
        seconds = np.minimum(
            seconds, np.where(np.isfinite(seconds), followed(to_go, watched.belt.cell_m)[1] / seen_mps, np.inf)
        )
    spare = np.where(np.isfinite(seconds), seconds, np.nan) - there
    place = {"northing": watched.belt.northing, "easting": watched.belt.easting}
    return xr.DataArray(spare, place, ("northing", "easting"), "head_start", {"units": "s", "direction": direction})


def time_to_go(watched: WatchedBelt, *, direction: str = INWARD, neighbours: int = 16) -> xr.DataArray:
    """Compute the least time from each cell of the belt to the edge where a crossing ends.

    Parameters
    ----------
    watched : WatchedBelt
        The belt under its sensors (``sensors.gaps.watch_belt``), which do not matter here.
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.

    Returns
    -------
    xarray.DataArray, dims (northing, easting), s
        ``t_go``; NaN outside the belt and where there is no path.
    """
    seconds = _spread_to_end(watched, direction, neighbours).cost
    place = {"northing": watched.belt.northing, "easting": watched.belt.easting}
    data = np.where(np.isfinite(seconds), seconds, np.nan)
    return xr.DataArray(data, place, ("northing", "easting"), "time_to_go", {"units": "s", "direction": direction})


def _spread_to_end(watched: WatchedBelt, direction: str, neighbours: int) -> Spread:
    goal = watched.belt.inner if direction == INWARD else watched.belt.outer
    return Steps.over(watched.on_belt, neighbours=neighbours).spread(np.where(goal, 0.0, np.inf), backward=True)


def _to_go(watched: WatchedBelt, response: xr.DataArray, direction: str, neighbours: int) -> tuple[Spread, Floats]:
    """The fastest path from each cell of the belt to the end of a crossing, and the response to that end [s]."""
    to_go = _spread_to_end(watched, direction, neighbours)
    return to_go, watched.belt.of(response).ravel()[where_it_ends(to_go)]


def where_it_ends(to_go: Spread) -> Ints:
    """Flat cell (row, column) at which the least-cost path from each cell ends.

    ``to_go`` is a backward search; a cell without a move ends in itself.
    """
    return followed(to_go, 1.0)[0]


def followed(to_go: Spread, cell_m: float) -> tuple[Ints, Floats]:
    """The least-cost path from each cell: the flat cell (row, column) at which it ends, and its length [m] on the map.

    All paths are followed at once. ``to_go`` is a backward search over cells of ``cell_m``; a cell without a move ends
    in itself.
    """
    shape = to_go.arrival.shape
    moves = moves_of(to_go.neighbours, shape[1])
    arrival = to_go.arrival.ravel()
    onward, length = np.arange(arrival.size), np.zeros(arrival.size)
    moved = arrival != NOWHERE
    onward[moved] -= moves.steps.astype(np.int64)[arrival[moved]]
    length[moved] = (moves.lengths * moves.pieces * cell_m)[arrival[moved]]
    while True:
        farther = onward[onward]
        if np.array_equal(farther, onward):
            return onward.reshape(shape), length.reshape(shape)
        onward, length = farther, length + length[onward]


def tasks_of(
    watched: WatchedBelt,
    ways: Crossings,
    response: xr.DataArray,
    settings: ResponseSettings,
    mobile: Mapping[str, HazardsByTask] | None = None,
) -> Tasks:
    """The tasks of the path through each segment, by the strip of the belt of each piece.

    A late report (by hand) counts in the strip that the crosser has reached by then; one after the crossing counts in a
    last task without time. ``mobile`` gives the hazards of sensors that move, by name.
    """
    mobile = {} if mobile is None else mobile
    cells = [ways.cells(segment) for segment in range(ways.cost.size)]
    along = Along.over_paths(watched.on_belt, cells)
    if settings.seen_mps is not None:
        along = along.no_slower_than(settings.seen_mps)
    strips = settings.strips_over(depth_of(watched.belt))
    strip = strip_of_pieces(watched.belt, along, strips, ways.direction)
    late = any(sensor.delay_s > 0.0 for sensor in watched.sensors)
    tasks = strips + int(late)

    def by_task(pieces: Floats, strip: Ints) -> Floats:
        total = np.bincount(along.path * tasks + strip, weights=pieces, minlength=along.paths * tasks)
        return total.reshape(along.paths, tasks).astype(np.float64)

    hazard = np.zeros(len(along.path))
    reported_late = np.zeros((along.paths, tasks))
    moving = np.zeros((along.paths, tasks))
    for number, sensor in enumerate(watched.sensors):
        if sensor.name in mobile:
            until = mobile[sensor.name].hazards(along, np.ones(len(along.cells)), strip, tasks)
            moving += np.diff(until, axis=1, prepend=0.0)
            continue
        pieces = hazard_of_pieces(watched, along, number)[0]
        if sensor.delay_s > 0.0:
            reported_late += by_task(pieces, later_strip(along, strip, sensor.delay_s, after=strips))
        else:
            hazard = hazard + pieces
    in_task = by_task(hazard, strip) + reported_late + moving
    there = watched.belt.of(response)
    ends = np.array([there[rows[-1], columns[-1]] if len(rows) else math.nan for rows, columns in cells])
    unknown_m = along.total(along.metres * (along.of_pieces(watched.unknown) > 0.0))
    return Tasks(
        probability_of(in_task), by_task(along.seconds, strip), ends, _critical(watched, along, ends), unknown_m
    )


def later_strip(along: Along, strip: Ints, delay_s: float, *, after: int) -> Ints:
    """The strip (piece,) that the crosser has reached ``delay_s`` after the middle of each piece; ``after`` where the
    crossing is over by then. ``strip`` (piece,) are those of the pieces, which follow one another path by path."""
    ends_s = np.cumsum(along.seconds)
    then = np.searchsorted(ends_s, ends_s - 0.5 * along.seconds + delay_s, side="left")
    reached = np.minimum(then, max(len(strip) - 1, 0))
    over = (then >= len(strip)) | (along.path[reached] != along.path)
    return np.where(over, after, strip[reached]).astype(np.int64)


def depth_of(belt: Belt) -> float:
    """Depth of the ground between the edges [m]: both sides of a line; of a zone its greatest width and the belts."""
    return belt.belt_m - _far_edge(belt)


def _far_edge(belt: Belt) -> float:
    """Offset of the outer edge [m]; of a zone that of its far edge."""
    return min(-belt.belt_m, float(belt.offset[belt.inside].min(initial=0.0)))


def strip_of_pieces(belt: Belt, along: Along, strips: int, direction: str) -> Ints:
    """The strip (piece,) of each piece of paths, counted in the direction of the crossing; a path never returns to an
    earlier strip."""
    share = np.clip((along.of_pieces(belt.offset) - _far_edge(belt)) / depth_of(belt), 0.0, 1.0)
    if direction != INWARD:
        share = 1.0 - share
    strip = np.minimum((share * strips).astype(np.int64), strips - 1)
    return _onward(strip, along.path)


def _critical(watched: WatchedBelt, along: Along, response_s: Floats) -> Floats:
    """Position on each path at which the remaining time equals the response time (way, 2) [m], interpolated between
    knots."""
    east, north = np.meshgrid(watched.belt.easting, watched.belt.northing)
    knots = np.column_stack([along.at_knots(east), along.at_knots(north)])
    places = np.full((along.paths, 2), np.nan)
    for way in np.unique(along.path):
        mine = np.flatnonzero(along.path == way)
        after = np.append(np.cumsum(along.seconds[mine][::-1])[::-1], 0.0)
        if after[0] >= response_s[way]:
            place = knots[np.append(along.begins[mine], along.begins[mine[-1]] + 1)]
            places[way] = [np.interp(-response_s[way], -after, place[:, axis]) for axis in (0, 1)]
    return places


def _onward(strip: Ints, way: Ints) -> Ints:
    """Strips that never decrease along a path: a crosser who turns round in the belt is still in the farthest task
    begun."""
    if len(strip) == 0:
        return strip
    highest = strip.max() + 1
    farthest: Ints = np.maximum.accumulate(strip + way * highest) - way * highest
    return farthest


def interruptions(
    watched: WatchedBelt,
    response: xr.DataArray,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    settings: ResponseSettings | None = None,
    slower: Sequence[float] = (1.0,),
    ways: Mapping[str, Crossings] | None = None,
    mobile: Mapping[str, HazardsByTask] | None = None,
) -> xr.Dataset:
    """Compute the probability of interruption in every segment, on three paths and their minimum.

    Parameters
    ----------
    watched : WatchedBelt
        The belt under its sensors (``sensors.gaps.watch_belt``).
    response : xarray.DataArray, dims (northing, easting), s
        Response time (``geo.paths.response_times.response_time``) on the coverage's terrain.
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.
    settings : ResponseSettings, optional
        Named assumptions.
    slower : sequence of float
        Factors [1] by which the response is slower.
    ways : mapping of str to Crossings, optional
        The paths of ``three_ways``, if already computed.
    mobile : mapping of str to HazardsByTask, optional
        Hazards of sensors that move, by name, instead of their mean rates.

    Returns
    -------
    xarray.Dataset, dims (segment, way, slower)
        ``interruption_probability`` [1]; (segment, slower) ``least_interruption``; (segment, way, strips_tried) and
        (segment, strips_tried) ``interruption_by_strips`` and ``least_by_strips``, the sensitivity to the number of
        strips: with half, as many, and twice as many, the response as given; (segment, way)
        ``detection_probability`` (at the pace of the ground), ``seconds``, ``response_s``, ``margin_s`` (time margin if
        detected at the edge of the belt), and ``critical_easting`` and ``critical_northing`` [m], the critical
        detection point; NaN where all detection is too late, where there is no path, or where a time is unknown.
        Interruption is 0, not NaN, where nothing is detected in time of whatever response. Over ``unknown_m`` [m] of
        the path the line of sight of some sensor is unknown; detection and interruption are then lower bounds. They are
        NaN where a segment's detection is unknown (``sensors.crossing.segments``).

    Raises
    ------
    BadInput
        For factors that are not above 0.

    Notes
    -----
    One path is not the worst case: the minimum is over three, which are those for the ``response`` as given also where
    it is ``slower``. Another path may be interrupted less, so the minimum is an upper estimate; those for two responses
    are minima over different paths, and that for the faster one may be the lower.
    """
    chosen = settings or ResponseSettings()
    numbers = not isinstance(slower, str) and all(isinstance(f, (int, float, np.number)) for f in np.atleast_1d(slower))
    factors = np.asarray(slower if numbers else math.nan, dtype=np.float64)
    if factors.ndim != 1 or not (np.isfinite(factors) & (factors > 0.0)).all():
        raise BadInput(f"{slower!r}", where="slower", expected="factors above 0")
    ways = ways or three_ways(watched, response, direction=direction, neighbours=neighbours)
    tasks = {name: tasks_of(watched, way, response, chosen, mobile) for name, way in ways.items()}
    on_the_ground = tasks
    if chosen.seen_mps is not None:
        plain = replace(chosen, seen_mps=None)
        on_the_ground = {name: tasks_of(watched, way, response, plain, mobile) for name, way in ways.items()}
    detected = [1.0 - np.prod(1.0 - t.detection, axis=1) for t in on_the_ground.values()]
    stacked: Mapping[str, Floats] = {
        "detection_probability": np.stack(detected, axis=1),
        "seconds": np.stack([t.delay_s.sum(axis=1) for t in tasks.values()], axis=1),
        "response_s": np.stack([t.response_s for t in tasks.values()], axis=1),
        "margin_s": np.stack([t.margin_s for t in tasks.values()], axis=1),
        "critical_easting": np.stack([t.critical[:, 0] for t in tasks.values()], axis=1),
        "critical_northing": np.stack([t.critical[:, 1] for t in tasks.values()], axis=1),
        "unknown_m": np.stack([t.unknown_m for t in tasks.values()], axis=1),
    }
    crossed = np.stack([np.isfinite(way.cost) for way in ways.values()], axis=1)
    interruption = np.stack(
        [np.stack([t.interruption(chosen, slower=float(f)) for f in factors], axis=1) for t in tasks.values()], axis=1
    )
    strips = chosen.strips_over(depth_of(watched.belt))
    tried = {factor: max(1, round(factor * strips)) for factor in STRIPS_TRIED}
    by_strips = np.stack(
        [
            np.stack(
                [
                    tasks_of(watched, way, response, replace(chosen, strips=number), mobile).interruption(chosen)
                    for way in ways.values()
                ],
                axis=1,
            )
            for number in tried.values()
        ],
        axis=2,
    )
    # NaN, never a number, where detection is unknown: one rule, that of ``sensors.crossing.segments``
    nobody_knows = unknown_segments_in(watched, ways[LEAST])
    for figures in (interruption, by_strips, stacked["detection_probability"]):
        figures[nobody_knows] = np.nan
    units = {"detection_probability": "1", "critical_easting": "m", "critical_northing": "m", "unknown_m": "m"}
    data: dict[str, Any] = {
        "interruption_probability": (("segment", "way", "slower"), interruption, {"units": "1"}),
        "least_interruption": (("segment", "slower"), least_over_ways(interruption), {"units": "1"}),
        "interruption_by_strips": (("segment", "way", "strips_tried"), by_strips, {"units": "1"}),
        "least_by_strips": (("segment", "strips_tried"), least_over_ways(by_strips), {"units": "1"}),
    }
    for name, values in stacked.items():
        data[name] = (("segment", "way"), np.where(crossed, values, np.nan), {"units": units.get(name, "s")})
    spans = watched.belt.border.segment_spans_m
    return xr.Dataset(
        data,
        coords={
            "segment": np.arange(len(spans)),
            "way": list(WAYS),
            "slower": factors,
            "strips_tried": list(STRIPS_TRIED),
            "start_m": ("segment", spans[:, 0], {"units": "m"}),
            "end_m": ("segment", spans[:, 1], {"units": "m"}),
        },
        attrs=dict(watched.attrs)
        | {
            "direction": direction,
            "sd_share": chosen.sd_share,
            "communication": chosen.communication,
            "position": chosen.position,
            "strips": strips,
            "response_assumptions": "; ".join(chosen.words(watched.belt, response)),
            "response_missing": response.attrs.get("missing", "not stated"),
            "limits": "task times independent and normal; the response goes to where the path leaves the belt",
        },
    )


def least_over_ways(interruption: Floats) -> Floats:
    """The least over the ways (segment, …) of (segment, way, …); NaN where one of them is unknown and none is 0."""
    unknown = np.isnan(interruption).any(axis=1)
    least = np.where(np.isnan(interruption), np.inf, interruption).min(axis=1)
    return np.where(unknown & (least > 0.0), np.nan, least)
