"""Where and when nobody looks: stretches below a requirement, crossings that are detected least, gaps in time.

The rooms behind it: ``sensors.crossing.watched_belt`` (what a crosser meets), ``sensors.crossing`` (detection along a
way), ``sensors.crossing.segments`` (the least of each segment), ``sensors.crossing.time_versus_detection`` and
``sensors.crossing.weather_and_outages`` (time against detection, weather and outages), ``sensors.gaps.in_time``,
``sensors.gaps.barrier_depth`` and ``sensors.gaps.footprint_barrier`` (how many sensors deep a border is held);
responders are in ``sensors.interdiction.interception``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.border import Border, Zone
from geo.border.belt import BorderLine
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD, Crossings, crossings
from sensors.coverage.segments import RASTERS, check_required, whole_belt
from sensors.coverage.segments import over_segments as covered
from sensors.crossing.detection import Crossing, chosen_segment, crossing_along, detection_along
from sensors.crossing.segments import CROSSED, UNKNOWN, least_ways, over_segments
from sensors.crossing.watched_belt import WatchedBelt, watch_belt
from sensors.errors import GapError

ALIKE: Final = 1e-12  # probabilities that differ by no more count as the same
ROUNDING: Final = 1e-9  # gaps may exceed their span by this share, the rounding of their sum


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of segments, ``first`` to ``last``, where a crossing is detected less surely than is required.

    ``start_m`` and ``end_m`` [m] are its chainage; ``least_probability`` is the least P_detect in it, that of
    ``least_segment``. With ``known`` False nobody can say: the ground or the sight is unknown, and the least is NaN.
    ``covered_share`` is the share of its belt's decided cells whose expected probability over the coverage's dwell
    reaches the requirement (``sensors.coverage.segments``); NaN where the coverage does not tell.
    """

    first: int
    last: int
    start_m: float
    end_m: float
    least_probability: float
    least_segment: int
    known: bool = True
    covered_share: float = math.nan

    @property
    def segments(self) -> range:
        """The numbers of its segments."""
        return range(self.first, self.last + 1)

    @property
    def length_m(self) -> float:
        """Length along the border [m], gaps between parts of the line not counted."""
        return self.end_m - self.start_m


def gaps(
    coverage: xr.Dataset,
    border: BorderLine,
    *,
    required_probability: float,
    terrain: xr.Dataset | None = None,
    direction: str = INWARD,
    neighbours: int = 16,
    **case: Any,
) -> list[Gap]:
    """Runs of segments through which somebody can cross and be detected with less than ``required_probability``.

    A segment's probability is the least over all crossings through it in that ``direction``, see ``segment_detection``,
    which takes the same arguments; ``coverage`` names target and conditions. Without ``terrain`` the ground counts as
    level. A higher requirement gives a superset of segments; gaps may merge. Segments whose probability is unknown are
    gaps of their own, with ``known`` False; those that nobody can cross are none. In the order of chainage. Raises
    BadInput for a requirement outside (0, 1], and as ``segment_detection``.
    """
    check_required(required_probability)
    found = segment_detection(coverage, terrain, border, direction=direction, neighbours=neighbours, **case)
    runs = runs_below(found, required_probability)
    if not runs or any(name not in coverage for name in RASTERS[:5]):
        return runs
    line, belt_m = cast(Border | Zone, border), found.attrs["belt_m"]
    belt = covered(coverage, line, belt_m=belt_m, required_probability=required_probability)
    shares = (whole_belt(belt.isel(segment=list(run.segments)))["covered_share"] for run in runs)
    return [replace(run, covered_share=float(share.sel(belt="both"))) for run, share in zip(runs, shares, strict=True)]


def runs_below(segments: xr.Dataset, required_probability: float) -> list[Gap]:
    """The gaps of ``segment_detection``'s answer, without their covered share; see ``gaps``."""
    check_required(required_probability)
    probability = segments["detection_probability"].to_numpy()
    state = segments["state"].to_numpy()
    kind = np.where((state == CROSSED) & (probability < required_probability), 1, np.where(state == UNKNOWN, 2, 0))
    starts = np.flatnonzero(kind != np.append(0, kind[:-1]))
    found = []
    for first in starts[kind[starts] > 0]:
        after = np.flatnonzero(kind[first:] != kind[first])
        last = int(first + after[0] - 1) if len(after) else len(kind) - 1
        known = bool(kind[first] == 1)
        least = first + int(np.argmin(probability[first : last + 1])) if known else first
        found.append(
            Gap(
                first=int(first),
                last=last,
                start_m=float(segments["start_m"][first]),
                end_m=float(segments["end_m"][last]),
                least_probability=float(probability[least]) if known else math.nan,
                least_segment=int(least),
                known=known,
            )
        )
    return found


def segment_detection(
    coverage: xr.Dataset,
    terrain: xr.Dataset | None,
    border: BorderLine,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    **case: Any,
) -> xr.Dataset:
    """Least P_detect of a crossing through each segment, (segment,), with its bracket, time and limits.

    ``case`` are the keywords of ``sensors.crossing.watched_belt.watch_belt``: ``belt_m``, ``mobility``, ``ways``,
    ``settings``. The variables and their meanings are those of ``sensors.crossing.segments``. Raises BadInput as
    ``watch_belt``.
    """
    seen = watch_belt(coverage, terrain, border, **case)
    return over_segments(seen, least_ways(seen, direction=direction, neighbours=neighbours))


def least_detected_crossing(
    coverage: xr.Dataset,
    terrain: xr.Dataset | None,
    border: BorderLine,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    segment: int | None = None,
    **case: Any,
) -> Crossing:
    """The crossing from edge to edge of the belt that is detected least likely, of all or of those through ``segment``.

    Arguments as ``segment_detection``; of ways detected alike it is the fastest. Raises GapError where nobody can
    cross, or nobody knows whether one can.
    """
    seen = watch_belt(coverage, terrain, border, **case)
    return _crossing(seen, "least detected", direction, neighbours, segment, least_ways)


def _least_detected(seen: WatchedBelt, ways: Crossings) -> int:
    """The segment whose way is detected least, once cameras' searches end; of ways detected alike the cheapest."""
    known = np.flatnonzero(np.isfinite(ways.cost))
    probability = detection_along(seen, Along.ways_over(seen.on_belt, [ways.cells(int(n)) for n in known])).probability
    alike = known[probability <= probability.min() + ALIKE]
    return int(alike[np.argmin(ways.cost[alike])])


def fastest_crossing(
    coverage: xr.Dataset,
    terrain: xr.Dataset | None,
    border: BorderLine,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    segment: int | None = None,
    **case: Any,
) -> Crossing:
    """The crossing that takes the least time, and how likely it is detected; as ``least_detected_crossing``."""
    seen = watch_belt(coverage, terrain, border, **case)
    return _crossing(seen, "fastest", direction, neighbours, segment, _fastest)


def _fastest(seen: WatchedBelt, *, direction: str, neighbours: int) -> Any:
    return crossings(seen.belt, seen.mobility, direction=direction, neighbours=neighbours)


def _crossing(
    seen: WatchedBelt, kind: str, direction: str, neighbours: int, segment: int | None, search: Any
) -> Crossing:
    ways = search(seen, direction=direction, neighbours=neighbours)
    chosen = chosen_segment(ways, segment)
    if segment is None and search is least_ways:
        chosen = _least_detected(seen, ways)
    return crossing_along(seen, kind, direction, chosen, ways.cells(chosen), neighbours)


def time_average_gap(gaps_s: npt.ArrayLike, span_s: npt.ArrayLike) -> float | npt.NDArray[np.float64]:
    """Mean length [s] of the gap that a moment drawn at random falls into, 0 between gaps: Σ gap² / span.

    ``gaps_s`` (..., gap) [s] and ``span_s`` (...) [s] broadcast over all but the last axis, and zeros pad; a float for
    gaps of one axis and one span, NaN for NaN, 0 for no gaps. A gap cut off by an end of the span counts as far as it
    lies inside, so it makes the measure too small: flag it. Raises GapError for a span that is not above zero and
    finite, a negative gap, or gaps longer than their span together. The Time Average Gap of coverage analysis (STK).
    """
    try:
        gaps, span = np.atleast_1d(np.asarray(gaps_s, dtype=np.float64)), np.asarray(span_s, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise GapError("not all are numbers", where="time_average_gap", expected="gaps and span in seconds") from error
    if not np.all((span > 0.0) & np.isfinite(span) | np.isnan(span)):
        raise GapError("a span is not above zero", where="time_average_gap (span_s)", expected="finite seconds above 0")
    if np.any(gaps < 0.0):
        raise GapError("a gap is negative", where="time_average_gap (gaps_s)", expected="seconds from 0")
    try:
        np.broadcast_shapes(gaps.shape[:-1], span.shape)
    except ValueError:
        raise GapError(
            f"shapes {gaps.shape} and {span.shape}", where="time_average_gap", expected="(..., gap) and (...)"
        ) from None
    if np.any(gaps.sum(axis=-1) > span * (1.0 + ROUNDING)):
        raise GapError("gaps exceed their span", where="time_average_gap (gaps_s)", expected="gaps within span_s")
    average = (gaps**2).sum(axis=-1) / span
    return float(average) if average.ndim == 0 else average
