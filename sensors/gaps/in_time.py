"""Gaps in time: when too few sensors cover a position, and which segments just opened."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xarray as xr

from geo.arrays import Bools, Floats
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD
from sensors.coverage.segments import check_required
from sensors.crossing.detection import hazard_of_pieces
from sensors.crossing.segments import CROSSED, least_ways, over_segments, undecided
from sensors.crossing.watched_belt import WatchedBelt
from sensors.errors import GapError

Spans = Floats  # (span, 2): start and end [s]


@dataclass(frozen=True, slots=True, eq=False)
class TimeGaps:
    """Times at which fewer than ``assets`` sensors cover a position.

    Parameters
    ----------
    start_s : float, s
        Start of the interval.
    end_s : float, s
        End of the interval.
    assets : int
        Number of sensors that must cover the position at once.
    gaps : ndarray, shape (gap, 2), s
        Start and end of each gap, in order.
    cut : ndarray of bool, shape (gap,)
        Whether a gap touches an end of the interval, so that it may be longer than it seems and the figures too small.
    """

    start_s: float
    end_s: float
    assets: int
    gaps: Spans
    cut: Bools

    @property
    def lengths_s(self) -> Floats:
        """Length of each gap [s]."""
        lengths: Floats = self.gaps[:, 1] - self.gaps[:, 0]
        return lengths

    @property
    def covered_fraction(self) -> float:
        """Fraction of the interval in which enough sensors cover the position."""
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
        """Mean wait [s] from a random moment until the position is covered: Σ gap²/(2 T)."""
        return self.average_gap_s / 2.0

    @property
    def average_gap_s(self) -> float:
        """Time Average Gap [s], Σ gap²/T: the mean length of the gap that a random moment falls in, 0 between gaps."""
        return float((self.lengths_s**2).sum() / (self.end_s - self.start_s))


def time_gaps(spans: Iterable[tuple[float, float]], *, start_s: float, end_s: float, assets: int = 1) -> TimeGaps:
    """Find the gaps of a position that is covered during given spans.

    Parameters
    ----------
    spans : iterable of (float, float), s
        Start and end of each span, each by one sensor, in any order; they may overlap and reach beyond the interval.
    start_s : float, s
        Start of the interval.
    end_s : float, s
        End of the interval.
    assets : int
        Number of sensors that must cover the position at once (N-asset coverage).

    Returns
    -------
    TimeGaps
        The gaps and their figures of merit.

    Raises
    ------
    GapError
        For an interval without length, a span that ends before it starts, and fewer than 1 asset.

    Notes
    -----
    The measures are those of coverage analysis in STK.

    Examples
    --------
    >>> from sensors.gaps import time_gaps
    >>> found = time_gaps([(0.0, 600.0), (900.0, 3600.0)], start_s=0.0, end_s=3600.0)
    >>> found.longest_s, found.average_gap_s
    (300.0, 25.0)
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
    few = np.cumsum(change)[:-1] < assets  # for each interval between two times
    begins = np.flatnonzero(few & ~np.append(False, few[:-1]))
    ends = np.flatnonzero(few & ~np.append(few[1:], False)) + 1
    gaps = np.column_stack([times[begins], times[ends]])
    return TimeGaps(start_s, end_s, assets, gaps, (gaps[:, 0] == start_s) | (gaps[:, 1] == end_s))


@dataclass(frozen=True, slots=True)
class Opened:
    """A segment that fell below the requirement: P_detect before and after, and the lost sensors that account for it.

    ``because`` are the sensors whose hazard is missing on the present minimum-detection path, the largest loss first;
    empty if the segment opened for other reasons, such as the weather.
    """

    segment: int
    before: float
    after: float
    because: tuple[str, ...]


def just_opened(
    watched: WatchedBelt,
    working_before: Collection[str],
    working_after: Collection[str],
    *,
    required_probability: float,
    direction: str = INWARD,
    neighbours: int = 16,
) -> list[Opened]:
    """Find the segments that met the requirement with the sensors working before and do not with those working now.

    Parameters
    ----------
    watched : WatchedBelt
        The belt under all sensors (``watch_belt``).
    working_before : collection of str
        Ids of the sensors that worked before.
    working_after : collection of str
        Ids of the sensors that work now.
    required_probability : float
        Required P_detect, in (0, 1].
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.

    Returns
    -------
    list of Opened
        In the order of segments.

    Raises
    ------
    BadInput
        For a requirement outside (0, 1] and sensors that the belt does not have.
    """
    check_required(required_probability)
    before, now = watched.only(working_before), watched.only(working_after)
    first = over_segments(before, least_ways(before, direction=direction, neighbours=neighbours))
    paths = least_ways(now, direction=direction, neighbours=neighbours)
    second = over_segments(now, paths)
    held, holds = (detection["detection_probability"].to_numpy() for detection in (first, second))
    lost = set(working_before) - set(working_after)
    below = (holds < required_probability) & ~undecided(second, required_probability)
    opened = np.flatnonzero((held >= required_probability) & below)
    along = Along.over_paths(watched.on_belt, [paths.cells(int(segment)) for segment in opened])
    numbers = [number for number, sensor in enumerate(watched.sensors) if sensor.name in lost]
    missed = np.array([along.total(hazard_of_pieces(watched, along, number)[0]) for number in numbers])
    answers = []
    for way, segment in enumerate(opened):
        order = [i for i in np.argsort(-missed[:, way], kind="stable") if missed[i, way] > 0.0] if numbers else []
        because = tuple(watched.sensors[numbers[i]].name for i in order)
        answers.append(Opened(int(segment), float(held[segment]), float(holds[segment]), because))
    return answers


def segment_time_gaps(
    watched: WatchedBelt,
    outages: Mapping[str, Sequence[tuple[float, float]]],
    *,
    start_s: float,
    end_s: float,
    required_probability: float,
    direction: str = INWARD,
    neighbours: int = 16,
) -> xr.Dataset:
    """Compute when each segment is below the requirement while sensors fail or sleep.

    Parameters
    ----------
    watched : WatchedBelt
        The belt under all sensors (``watch_belt``).
    outages : mapping of str to sequence of (float, float), s
        Start and end of each outage, by sensor id.
    start_s : float, s
        Start of the interval.
    end_s : float, s
        End of the interval.
    required_probability : float
        Required P_detect, in (0, 1].
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.

    Returns
    -------
    xarray.Dataset, dims (segment,)
        As ``scheduled_time_gaps``.

    Raises
    ------
    GapError
        As ``scheduled_time_gaps``, and for an outage that ends before it starts.
    CrossingError
        For a sensor that the belt does not have.
    """
    watched.only(outages)
    names = [sensor.name for sensor in watched.sensors]
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
        schedule.append((begin, end, grounds.setdefault(working, watched.only(working))))
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
    """Compute when each segment is below the requirement under a schedule of sensors.

    Parameters
    ----------
    schedule : sequence of (float, float, WatchedBelt), s
        Start, end and the belt under the sensors that then work; rows follow each other without a gap and are of one
        border. For sensors that turn: their coverage in each direction, one after the other.
    required_probability : float
        Required P_detect, in (0, 1].
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.

    Returns
    -------
    xarray.Dataset, dims (segment,)
        ``gap_s`` in all, ``longest_gap_s``, ``average_gap_s`` (Time Average Gap), ``revisit_s`` (mean length of the
        gaps), ``response_s`` (mean wait until the segment meets the requirement), ``gaps`` and ``cut``: whether a gap
        touches an end of the interval, which makes the figures too small. A segment that cannot be crossed has no gap;
        one that is unknown at any time has NaN, as has ``revisit_s`` where there is no gap.

    Raises
    ------
    GapError
        For a schedule that is empty, has holes, or is of several borders.
    BadInput
        For a requirement outside (0, 1].

    Notes
    -----
    A crosser is taken to meet the state of one moment for the whole crossing.
    """
    check_required(required_probability)
    _refuse_holes(schedule)
    start_s, end_s, first = schedule[0][0], schedule[-1][1], schedule[0][2]
    segments = first.belt.border.segments
    held: dict[int, tuple[Bools, Bools]] = {}
    good: list[list[tuple[float, float]]] = [[] for _ in range(segments)]
    unknown = np.zeros(segments, bool)
    for begin, end, watched in schedule:
        if id(watched) not in held:
            held[id(watched)] = _held(watched, required_probability, direction, neighbours)
        holds, lost = held[id(watched)]
        unknown |= lost
        for segment in np.flatnonzero(holds):
            good[segment].append((begin, end))
    time_gaps_of = [time_gaps(spans, start_s=start_s, end_s=end_s) for spans in good]
    figures = {
        "gap_s": ([gap.lengths_s.sum() for gap in time_gaps_of], "s"),
        "longest_gap_s": ([gap.longest_s for gap in time_gaps_of], "s"),
        "average_gap_s": ([gap.average_gap_s for gap in time_gaps_of], "s"),
        "revisit_s": ([gap.revisit_s for gap in time_gaps_of], "s"),
        "response_s": ([gap.response_s for gap in time_gaps_of], "s"),
        "gaps": ([len(gap.gaps) for gap in time_gaps_of], "1"),
        "cut": ([gap.cut.any() for gap in time_gaps_of], "1"),
    }
    data = {
        name: ("segment", np.where(unknown, np.nan, np.array(values, dtype=np.float64)), {"units": units})
        for name, (values, units) in figures.items()
    }
    attrs = {"start_s": start_s, "end_s": end_s, "required_probability": required_probability, "direction": direction}
    return xr.Dataset(data, {"segment": np.arange(len(time_gaps_of))}, dict(first.attrs) | attrs)


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
    if len({watched.belt.border.segments for _, _, watched in schedule}) > 1:
        raise GapError("is of several borders", where="time gaps (schedule)", expected="one border and one belt")


def _held(watched: WatchedBelt, required_probability: float, direction: str, neighbours: int) -> tuple[Bools, Bools]:
    """Segments that meet the requirement or cannot be crossed, and segments for which that is unknown."""
    detection = over_segments(watched, least_ways(watched, direction=direction, neighbours=neighbours))
    probability, state = detection["detection_probability"].to_numpy(), detection["state"].to_numpy()
    crossed = np.asarray(state == CROSSED)
    return ~crossed | (probability >= required_probability), undecided(detection, required_probability)
