"""Gaps in time: when fewer sensors than are wanted cover a place, how long one waits, and which segment just opened."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Floats
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD
from sensors.coverage.segments import check_required
from sensors.crossing.detection import hazard_of_pieces
from sensors.crossing.segments import CROSSED, least_ways, over_segments
from sensors.crossing.watched_belt import WatchedBelt
from sensors.errors import GapError

Spans = npt.NDArray[np.float64]  # (span, 2): start and end [s]


@dataclass(frozen=True, slots=True, eq=False)
class TimeGaps:
    """When fewer than ``assets`` sensors cover a place between ``start_s`` and ``end_s``.

    ``gaps`` (gap, 2) [s] in order; ``cut`` (gap,) says which touch an end of the interval, so that they may be longer
    than they seem and the figures too small.
    """

    start_s: float
    end_s: float
    assets: int
    gaps: Spans
    cut: npt.NDArray[np.bool_]

    @property
    def lengths_s(self) -> Floats:
        """How long each gap lasts [s]."""
        lengths: Floats = self.gaps[:, 1] - self.gaps[:, 0]
        return lengths

    @property
    def covered_share(self) -> float:
        """Share of the interval in which enough sensors cover the place."""
        return 1.0 - float(self.lengths_s.sum()) / (self.end_s - self.start_s)

    @property
    def revisit_s(self) -> float:
        """Mean length of the gaps [s]; NaN without any."""
        return float(self.lengths_s.mean()) if len(self.gaps) else math.nan

    @property
    def longest_s(self) -> float:
        """Length of the longest gap [s]; 0 without any."""
        return float(self.lengths_s.max(initial=0.0))

    @property
    def response_s(self) -> float:
        """Mean wait [s] of a request at a random moment until the place is covered: Σ gap²/(2 T)."""
        return self.average_gap_s / 2.0

    @property
    def average_gap_s(self) -> float:
        """Time Average Gap [s], Σ gap²/T: the mean length of the gap that a random moment falls in, 0 between gaps."""
        return float((self.lengths_s**2).sum() / (self.end_s - self.start_s))


def time_gaps(spans: Iterable[tuple[float, float]], *, start_s: float, end_s: float, assets: int = 1) -> TimeGaps:
    """Gaps of a place that is covered during ``spans`` (start, end) [s], each by one sensor, in any order.

    ``assets``: how many must cover it at once (N-asset coverage). Spans may overlap, and reach beyond the interval; one
    without length covers nothing. The measures of coverage analysis in STK. Raises GapError for an interval without
    length, a span that ends before it starts, and fewer than 1 asset.
    """
    _refuse_interval(start_s, end_s)
    if not isinstance(assets, int) or assets < 1:
        raise GapError(f"{assets!r}", where="time gaps (assets)", expected="a whole number from 1")
    try:
        given = np.array(list(spans), dtype=np.float64)
        given = given.reshape(-1, 2) if given.size == 0 or given.shape[1:] == (2,) else np.full((1, 2), np.nan)
    except (TypeError, ValueError):
        given = np.full((1, 2), np.nan)
    if not (given[:, 0] <= given[:, 1]).all():
        raise GapError(
            "a span is none, or ends before it starts", where="time gaps (spans)", expected="(start, end) in seconds"
        )
    inside = np.clip(given, start_s, end_s)
    times = np.unique(np.concatenate([[start_s, end_s], inside.ravel()]))
    change = np.zeros(len(times))
    np.add.at(change, np.searchsorted(times, inside[:, 0]), 1.0)
    np.add.at(change, np.searchsorted(times, inside[:, 1]), -1.0)
    few = np.cumsum(change)[:-1] < assets  # of each stretch between two times
    begins = np.flatnonzero(few & ~np.append(False, few[:-1]))
    ends = np.flatnonzero(few & ~np.append(few[1:], False)) + 1
    gaps = np.column_stack([times[begins], times[ends]])
    return TimeGaps(start_s, end_s, assets, gaps, (gaps[:, 0] == start_s) | (gaps[:, 1] == end_s))


@dataclass(frozen=True, slots=True)
class Opened:
    """A segment that fell below the requirement: P_detect before and after, and the lost sensors that made it so.

    ``because`` are those whose hazard is missed on the way that is now least detected, the most missed first; empty
    where the segment was lost by other reasons, such as the weather.
    """

    segment: int
    before: float
    after: float
    because: tuple[str, ...]


def just_opened(
    seen: WatchedBelt,
    working_before: Collection[str],
    working_after: Collection[str],
    *,
    required_probability: float,
    direction: str = INWARD,
    neighbours: int = 16,
) -> list[Opened]:
    """Segments that met the requirement with the sensors that worked before and do not with those that work now.

    Four searches. Raises BadInput for a requirement outside (0, 1] and sensors that ``seen`` does not have.
    """
    check_required(required_probability)
    case = {"direction": direction, "neighbours": neighbours}
    before, now = seen.only(working_before), seen.only(working_after)
    first = over_segments(before, least_ways(before, **case))  # type: ignore[arg-type]
    ways = least_ways(now, **case)  # type: ignore[arg-type]
    second = over_segments(now, ways)
    held, holds = (found["detection_probability"].to_numpy() for found in (first, second))
    lost = set(working_before) - set(working_after)
    opened = np.flatnonzero((held >= required_probability) & (holds < required_probability))
    along = Along.ways_over(seen.on_belt, [ways.cells(int(segment)) for segment in opened])
    numbers = [number for number, sensor in enumerate(seen.sensors) if sensor.name in lost]
    missed = np.array([along.total(hazard_of_pieces(seen, along, number)[0]) for number in numbers])
    answers = []
    for way, segment in enumerate(opened):
        order = [i for i in np.argsort(-missed[:, way], kind="stable") if missed[i, way] > 0.0] if numbers else []
        because = tuple(seen.sensors[numbers[i]].name for i in order)
        answers.append(Opened(int(segment), float(held[segment]), float(holds[segment]), because))
    return answers


def segment_time_gaps(
    seen: WatchedBelt,
    outages: Mapping[str, Sequence[tuple[float, float]]],
    *,
    start_s: float,
    end_s: float,
    required_probability: float,
    direction: str = INWARD,
    neighbours: int = 16,
) -> xr.Dataset:
    """When each segment is below the requirement, as sensors fail or sleep for ``outages`` (start, end) [s] by name.

    The answer of ``scheduled_time_gaps`` with the sensors that then work; two searches for every distinct set of them.
    Raises GapError and BadInput as there, and CrossingError for a sensor that ``seen`` does not have.
    """
    seen.only(outages)
    names = [sensor.name for sensor in seen.sensors]
    for name, spans in outages.items():
        if not all(begin <= end for begin, end in spans):
            raise GapError(f"an outage of {name!r} ends before it starts", where="time gaps", expected="(start, end)")
    _refuse_interval(start_s, end_s)
    times = {start_s, end_s} | {float(t) for spans in outages.values() for span in spans for t in span}
    marks = sorted(t for t in times if start_s <= t <= end_s)
    grounds: dict[frozenset[str], WatchedBelt] = {}
    schedule = []
    for begin, end in pairwise(marks):
        down = {name for name, spans in outages.items() for a, b in spans if a <= begin and end <= b}
        working = frozenset(names) - down
        schedule.append((begin, end, grounds.setdefault(working, seen.only(working))))
    return scheduled_time_gaps(
        schedule, required_probability=required_probability, direction=direction, neighbours=neighbours
    )


def scheduled_time_gaps(
    schedule: Sequence[tuple[float, float, WatchedBelt]],
    *,
    required_probability: float,
    direction: str = INWARD,
    neighbours: int = 16,
) -> xr.Dataset:
    """When each segment is below the requirement, by a ``schedule`` (start, end [s], what then watches the ground).

    For sensors that turn: their coverage in each direction, one after the other. Rows follow each other without a gap
    and are of one border. Dataset over segment with ``gap_s`` in all, ``longest_gap_s``, ``average_gap_s`` (Time
    Average Gap), ``gaps`` and ``cut`` (whether a gap touches the interval's ends, which makes the figures too small). A
    crosser is taken to meet the state of one moment for the whole crossing. Two searches for every distinct
    ``WatchedBelt``. A segment that nobody can cross has no gap; one that is unknown at any time has NaN. Raises
    GapError for a schedule that is empty or has holes, and BadInput for a requirement outside (0, 1].
    """
    check_required(required_probability)
    _refuse_holes(schedule)
    start_s, end_s, first = schedule[0][0], schedule[-1][1], schedule[0][2]
    segments = first.belt.border.segments
    held: dict[int, tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]] = {}
    good: list[list[tuple[float, float]]] = [[] for _ in range(segments)]
    unknown = np.zeros(segments, bool)
    for begin, end, seen in schedule:
        if id(seen) not in held:
            held[id(seen)] = _held(seen, required_probability, direction, neighbours)
        holds, lost = held[id(seen)]
        unknown |= lost
        for segment in np.flatnonzero(holds):
            good[segment].append((begin, end))
    found = [time_gaps(spans, start_s=start_s, end_s=end_s) for spans in good]
    figures = {
        "gap_s": ([gap.lengths_s.sum() for gap in found], "s"),
        "longest_gap_s": ([gap.longest_s for gap in found], "s"),
        "average_gap_s": ([gap.average_gap_s for gap in found], "s"),
        "gaps": ([len(gap.gaps) for gap in found], "1"),
        "cut": ([gap.cut.any() for gap in found], "1"),
    }
    data = {
        name: ("segment", np.where(unknown, np.nan, np.array(values, dtype=np.float64)), {"units": units})
        for name, (values, units) in figures.items()
    }
    told = {"start_s": start_s, "end_s": end_s, "required_probability": required_probability, "direction": direction}
    return xr.Dataset(data, {"segment": np.arange(len(found))}, dict(first.attrs) | told)


def _refuse_interval(start_s: float, end_s: float) -> None:
    if not -math.inf < start_s < end_s < math.inf:
        raise GapError(f"from {start_s} to {end_s} s", where="time gaps", expected="an interval with a length")


def _refuse_holes(schedule: Sequence[tuple[float, float, WatchedBelt]]) -> None:
    if not schedule:
        raise GapError("is empty", where="time gaps (schedule)", expected="at least one (start, end, watched)")
    for begin, end, _ in schedule:
        _refuse_interval(begin, end)
    if any(before[1] != after[0] for before, after in pairwise(schedule)):
        raise GapError("has a hole or overlaps", where="time gaps (schedule)", expected="rows that follow each other")
    if len({seen.belt.border.segments for _, _, seen in schedule}) > 1:
        raise GapError("is of several borders", where="time gaps (schedule)", expected="one border and one belt")


def _held(
    seen: WatchedBelt, required_probability: float, direction: str, neighbours: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which segments meet the requirement or cannot be crossed, and which are unknown."""
    found = over_segments(seen, least_ways(seen, direction=direction, neighbours=neighbours))
    probability, state = found["detection_probability"].to_numpy(), found["state"].to_numpy()
    crossed = np.asarray(state == CROSSED)
    return ~crossed | (probability >= required_probability), np.asarray(state == "unknown")
