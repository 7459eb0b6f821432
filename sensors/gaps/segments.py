"""Coverage gaps along a border: runs of segments below a requirement, and the minimum-detection and minimum-time
crossings.

See ``sensors.crossing`` for detection along a path, ``sensors.gaps.in_time`` for gaps in time, and
``sensors.gaps.barrier_depth`` and ``sensors.gaps.footprint_barrier`` for barrier coverage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Floats
from geo.border import Border, Zone
from geo.border.belt import BorderLine
from geo.mobility.roads_and_rivers import Ways
from geo.mobility.settings import MobilitySettings
from geo.mobility.speed_surface import Mobility
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD, Crossings, crossings
from sensors.coverage.segments import RASTERS, check_required, whole_belt
from sensors.coverage.segments import over_segments as covered
from sensors.crossing.detection import Crossing, chosen_segment, crossing_along, detection_along
from sensors.crossing.segments import CROSSED, least_ways, over_segments, undecided
from sensors.crossing.watched_belt import WatchedBelt, watch_belt
from sensors.errors import GapError

ALIKE: Final = 1e-12  # probabilities that differ by no more count as the same
ROUNDING: Final = 1e-9  # gaps may exceed their span by this fraction, the rounding of their sum


@dataclass(frozen=True, slots=True)
class Gap:
    """A coverage gap: a run of segments where a crossing is detected with less than the required probability.

    Parameters
    ----------
    first : int
        First segment.
    last : int
        Last segment.
    start_m : float, m
        Chainage of its start.
    end_m : float, m
        Chainage of its end.
    least_probability : float
        Least P_detect in it; NaN where it is not known.
    least_segment : int
        Segment of the least P_detect.
    known : bool
        False where the ground or the sensors' sight is unknown, so that it is unknown if the requirement is met.
    covered_fraction : float
        Share [1] of its belt's decided cells whose expected probability over the coverage's dwell reaches the
        requirement (``sensors.coverage.segments``); NaN where the coverage has no such rasters.
    """

    first: int
    last: int
    start_m: float
    end_m: float
    least_probability: float
    least_segment: int
    known: bool = True
    covered_fraction: float = math.nan

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
    belt_m: float | None = None,
    mobility: Mobility | None = None,
    ways: Ways | None = None,
    settings: MobilitySettings | None = None,
) -> list[Gap]:
    """Find the runs of segments that can be crossed with less than the required probability of detection.

    Parameters
    ----------
    coverage : xarray.Dataset, dims (sensor, northing, easting)
        Coverage of ``sensors.coverage.coverage``; it names target and conditions.
    border : Border or Zone or other BorderLine
        The border.
    required_probability : float
        Required P_detect, in (0, 1].
    terrain : xarray.Dataset, optional
        Terrain that the coverage was computed on; without it the ground counts as level.
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.
    belt_m : float, m, optional
        Width of the belt on either side; without it 2 km, or less where the terrain does not reach as far.
    mobility : Mobility, optional
        How the target moves; without it persons walk and vehicles drive.
    ways : Ways, optional
        Roads, paths, rivers, bridges and fords.
    settings : MobilitySettings, optional
        Speeds by land cover and slope.

    Returns
    -------
    list of Gap
        In the order of chainage. Segments whose probability is unknown are gaps of their own, with ``known`` False, and
        so are those below the requirement only where some sensor's sight is unknown, while paths over known ground meet
        it. Those that cannot be crossed are not gaps.

    Raises
    ------
    BadInput
        For a requirement outside (0, 1], and as ``segment_detection``.

    Notes
    -----
    A segment's probability is the least over all crossings through it. A higher requirement gives a superset of
    segments.
    """
    check_required(required_probability)
    detection = segment_detection(
        coverage,
        terrain,
        border,
        direction=direction,
        neighbours=neighbours,
        belt_m=belt_m,
        mobility=mobility,
        ways=ways,
        settings=settings,
    )
    runs = runs_below(detection, required_probability)
    if not runs or any(name not in coverage for name in RASTERS[:5]):
        return runs
    line, width = cast(Border | Zone, border), detection.attrs["belt_m"]
    belt = covered(coverage, line, belt_m=width, required_probability=required_probability)
    shares = (whole_belt(belt.isel(segment=list(run.segments)))["covered_fraction"] for run in runs)
    return [
        replace(run, covered_fraction=float(share.sel(belt="both"))) for run, share in zip(runs, shares, strict=True)
    ]


def runs_below(segments: xr.Dataset, required_probability: float) -> list[Gap]:
    """Find the gaps in a result of ``segment_detection``, without their covered fraction.

    Parameters
    ----------
    segments : xarray.Dataset, dims (segment,)
        Answer of ``segment_detection``.
    required_probability : float
        Required P_detect, in (0, 1].

    Returns
    -------
    list of Gap
        In the order of chainage, as ``gaps``.

    Raises
    ------
    BadInput
        For a requirement outside (0, 1].
    """
    check_required(required_probability)
    probability = segments["detection_probability"].to_numpy()
    state = segments["state"].to_numpy()
    below = (state == CROSSED) & (probability < required_probability)
    kind = np.where(undecided(segments, required_probability), 2, np.where(below, 1, 0))
    starts = np.flatnonzero(kind != np.append(0, kind[:-1]))
    runs = []
    for first in starts[kind[starts] > 0]:
        after = np.flatnonzero(kind[first:] != kind[first])
        last = int(first + after[0] - 1) if len(after) else len(kind) - 1
        known = bool(kind[first] == 1)
        least = first + int(np.argmin(probability[first : last + 1])) if known else first
        runs.append(
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
    return runs


def segment_detection(
    coverage: xr.Dataset,
    terrain: xr.Dataset | None,
    border: BorderLine,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    belt_m: float | None = None,
    mobility: Mobility | None = None,
    ways: Ways | None = None,
    settings: MobilitySettings | None = None,
) -> xr.Dataset:
    """Compute the lowest P_detect of a crossing through each segment, with its bounds, time and limits.

    Parameters
    ----------
    coverage : xarray.Dataset, dims (sensor, northing, easting)
        Coverage of ``sensors.coverage.coverage``.
    terrain : xarray.Dataset or None
        Terrain that the coverage was computed on; None: level ground.
    border : Border or Zone or other BorderLine
        The border.
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.
    belt_m : float, m, optional
        Width of the belt on either side; without it 2 km, or less where the terrain does not reach as far.
    mobility : Mobility, optional
        How the target moves; without it persons walk and vehicles drive.
    ways : Ways, optional
        Roads, paths, rivers, bridges and fords.
    settings : MobilitySettings, optional
        Speeds by land cover and slope.

    Returns
    -------
    xarray.Dataset, dims (segment,)
        ``detection_probability`` [1] and its lower end, ``expected_probability`` with outages, ``seconds``, ``metres``
        and more, each described in its attrs; ``state``: whether a segment is crossed, unreachable or unknown.

    Raises
    ------
    BadInput
        As ``watch_belt``.
    """
    watched = watch_belt(coverage, terrain, border, belt_m=belt_m, mobility=mobility, ways=ways, settings=settings)
    return over_segments(watched, least_ways(watched, direction=direction, neighbours=neighbours))


def least_detected_crossing(
    coverage: xr.Dataset,
    terrain: xr.Dataset | None,
    border: BorderLine,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    segment: int | None = None,
    belt_m: float | None = None,
    mobility: Mobility | None = None,
    ways: Ways | None = None,
    settings: MobilitySettings | None = None,
) -> Crossing:
    """Find the crossing of the belt with the lowest probability of detection.

    Parameters
    ----------
    coverage : xarray.Dataset, dims (sensor, northing, easting)
        Coverage of ``sensors.coverage.coverage``.
    terrain : xarray.Dataset or None
        Terrain that the coverage was computed on; None: level ground.
    border : Border or Zone or other BorderLine
        The border.
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.
    segment : int, optional
        Only crossings through this segment; without it all.
    belt_m : float, m, optional
        Width of the belt on either side; without it 2 km, or less where the terrain does not reach as far.
    mobility : Mobility, optional
        How the target moves; without it persons walk and vehicles drive.
    ways : Ways, optional
        Roads, paths, rivers, bridges and fords.
    settings : MobilitySettings, optional
        Speeds by land cover and slope.

    Returns
    -------
    Crossing
        The path from edge to edge of the belt; of paths detected alike the fastest.

    Raises
    ------
    GapError
        Where there is no path across, or it is unknown whether there is one.
    """
    watched = watch_belt(coverage, terrain, border, belt_m=belt_m, mobility=mobility, ways=ways, settings=settings)
    paths = least_ways(watched, direction=direction, neighbours=neighbours)
    chosen = chosen_segment(paths, segment)
    if segment is None:
        chosen = _least_detected(watched, paths)
    return crossing_along(watched, "minimum detection", direction, chosen, paths.cells(chosen), neighbours)


def _least_detected(watched: WatchedBelt, paths: Crossings) -> int:
    """The segment with the lowest Pd once cameras' searches end; ties go to the lowest cost."""
    known = np.flatnonzero(np.isfinite(paths.cost))
    along = Along.over_paths(watched.on_belt, [paths.cells(int(n)) for n in known])
    probability = detection_along(watched, along).probability
    alike = known[probability <= probability.min() + ALIKE]
    return int(alike[np.argmin(paths.cost[alike])])


def fastest_crossing(
    coverage: xr.Dataset,
    terrain: xr.Dataset | None,
    border: BorderLine,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    segment: int | None = None,
    belt_m: float | None = None,
    mobility: Mobility | None = None,
    ways: Ways | None = None,
    settings: MobilitySettings | None = None,
) -> Crossing:
    """Find the minimum-time crossing of the belt, and its probability of detection.

    Parameters
    ----------
    coverage : xarray.Dataset, dims (sensor, northing, easting)
        Coverage of ``sensors.coverage.coverage``.
    terrain : xarray.Dataset or None
        Terrain that the coverage was computed on; None: level ground.
    border : Border or Zone or other BorderLine
        The border.
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.
    segment : int, optional
        Only crossings through this segment; without it all.
    belt_m : float, m, optional
        Width of the belt on either side; without it 2 km, or less where the terrain does not reach as far.
    mobility : Mobility, optional
        How the target moves; without it persons walk and vehicles drive.
    ways : Ways, optional
        Roads, paths, rivers, bridges and fords.
    settings : MobilitySettings, optional
        Speeds by land cover and slope.

    Returns
    -------
    Crossing
        The path from edge to edge of the belt.

    Raises
    ------
    GapError
        Where there is no path across, or it is unknown whether there is one.
    """
    watched = watch_belt(coverage, terrain, border, belt_m=belt_m, mobility=mobility, ways=ways, settings=settings)
    paths = crossings(watched.belt, watched.mobility, direction=direction, neighbours=neighbours)
    chosen = chosen_segment(paths, segment)
    return crossing_along(watched, "minimum time", direction, chosen, paths.cells(chosen), neighbours)


def time_average_gap(gaps_s: npt.ArrayLike, span_s: npt.ArrayLike) -> float | Floats:
    """Compute the mean length of the gap that a random moment falls into, 0 between gaps: Σ gap² / span.

    Parameters
    ----------
    gaps_s : float or array_like, shape (..., gap), s
        Lengths of the gaps; zeros pad.
    span_s : float or array_like, shape (...), s
        Length of the observed time.

    Returns
    -------
    float or ndarray, shape (...), s
        The Time Average Gap; a float for gaps of one axis and one span, NaN for NaN, 0 for no gaps.

    Raises
    ------
    GapError
        For a span not above zero and finite, a negative gap, or gaps longer than their span together.

    Notes
    -----
    The Time Average Gap of coverage analysis (STK). A gap cut off by an end of the span counts as far as it lies
    inside, which makes the measure too small: flag it.

    Examples
    --------
    >>> from sensors.gaps import time_average_gap
    >>> time_average_gap([600.0, 1200.0], 3600.0)
    500.0
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
