"""Trade-off between time and detection for a crosser, and the marginal contribution of each sensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr

from geo.arrays import Floats
from geo.errors import BadInput
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD, Crossings, crossings
from sensors.coverage.segments import check_required
from sensors.crossing.detection import CellIndices, Crossing, chosen_segment, crossing_along, no_way
from sensors.crossing.segments import CROSSED, SECOND, UNKNOWN, least_ways, over_segments, undecided
from sensors.crossing.watched_belt import WatchedBelt
from sensors.errors import CrossingError

MOST_POINTS: Final = 12
HAZARD: Final = 1e-9  # seconds per unit of hazard: among the fastest paths the least detected
GAIN: Final = 1e-6  # fraction by which a new point must improve on the line between its neighbours


def trade_offs(
    watched: WatchedBelt,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    segment: int | None = None,
    most: int = MOST_POINTS,
) -> tuple[Crossing, ...]:
    """Find crossings from the minimum-time to the minimum-detection path, of which none is better in both.

    Parameters
    ----------
    watched : WatchedBelt
        The belt under its sensors (``watch_belt``).
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.
    segment : int, optional
        Only crossings through this segment.
    most : int
        Largest number of crossings, at least 2.

    Returns
    -------
    tuple of Crossing
        The fastest first.

    Raises
    ------
    GapError
        Where there is no path across, or it is unknown whether there is one.
    BadInput
        For fewer than 2 crossings.

    Notes
    -----
    Each is the best for one exchange rate of hazard for time, ``H + μ t`` (weighted sums): the corners of the convex
    hull of the Pareto front; paths between two corners are not found. A camera's search is taken as endless during the
    search.
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 2:
        raise BadInput(f"{most!r}", where="trade-offs (most)", expected="at least 2 points")

    def best(per_second: float, per_hazard: float) -> _Corner:
        return _corner(watched, _weighted(watched, per_second, per_hazard, direction, neighbours), segment)

    fast, least = best(1.0, HAZARD), best(SECOND, 1.0)
    corners = [fast, least] if fast.hazard > least.hazard and fast.seconds < least.seconds else [least]
    pairs = [(fast, least)] if len(corners) == 2 else []
    while pairs and len(corners) < most:
        quicker, quieter = pairs.pop(0)
        if not (quieter.seconds > quicker.seconds and quicker.hazard > quieter.hazard):
            continue
        rate = (quicker.hazard - quieter.hazard) / (quieter.seconds - quicker.seconds)
        between = best(rate, 1.0)
        if between.hazard + rate * between.seconds < (quicker.hazard + rate * quicker.seconds) * (1.0 - GAIN):
            corners.append(between)
            pairs += [(quicker, between), (between, quieter)]
    corners.sort(key=lambda corner: corner.seconds)
    names = (
        ["minimum detection"]
        if len(corners) == 1
        else ["minimum time", *["between"] * (len(corners) - 2), "minimum detection"]
    )
    return tuple(
        crossing_along(watched, name, direction, corner.segment, corner.cells, neighbours)
        for name, corner in zip(names, corners, strict=True)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Corner:
    """One path with its time and the hazard that the search counts."""

    seconds: float
    hazard: float
    segment: int
    cells: CellIndices


def _corner(watched: WatchedBelt, ways: Crossings, segment: int | None) -> _Corner:
    chosen = chosen_segment(ways, segment)
    cells = ways.cells(chosen)
    along = Along.over_paths(watched.on_belt, [cells])
    hazard = along.over_time(watched.per_s) + along.over_length(watched.per_m)
    return _Corner(float(along.seconds.sum()), float(hazard[0]), int(chosen), cells)


def _weighted(watched: WatchedBelt, per_second: float, hazard: float, direction: str, neighbours: int) -> Crossings:
    return crossings(
        watched.belt,
        watched.mobility,
        weight=hazard * watched.per_s + per_second,
        toll=hazard * watched.per_m,
        direction=direction,
        neighbours=neighbours,
    )


def sensor_values(
    watched: WatchedBelt,
    *,
    direction: str = INWARD,
    neighbours: int = 16,
    required_probability: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Compute the marginal contribution of each sensor to the lowest P_detect, by leaving one out at a time.

    Parameters
    ----------
    watched : WatchedBelt
        The belt under its sensors (``watch_belt``).
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.
    required_probability : float, optional
        Requirement for the count of segments that open.
    progress : callable, optional
        Called as ``progress(done, total)`` after each sensor.

    Returns
    -------
    xarray.Dataset, dims (sensor,)
        ``least_without`` [1], ``worth`` = the least P_detect with all sensors less that without it (the crosser then
        takes another path), ``mean_worth``, the same averaged over segments, and with a requirement ``opened``, the
        number of segments that fall below it; over the segments in which detection with and without it is known.

    Raises
    ------
    BadInput
        For a requirement outside (0, 1].
    """
    if required_probability is not None:
        check_required(required_probability)
    whole = _by_segment(watched, direction, neighbours)["detection_probability"].to_numpy()
    names = [sensor.name for sensor in watched.sensors]
    least, worth, mean = (np.full(len(names), np.nan) for _ in range(3))
    opened = np.zeros(len(names), np.int64)
    for number, name in enumerate(names):
        found = _by_segment(watched.only(set(names) - {name}), direction, neighbours)
        without = found["detection_probability"].to_numpy()
        known = np.isfinite(whole) & np.isfinite(without)
        if known.any():
            least[number] = without[known].min()
            worth[number] = whole[known].min() - least[number]
            mean[number] = (whole - without)[known].mean()
        if required_probability is not None:
            missed = (without < required_probability) & ~undecided(found, required_probability)
            opened[number] = ((whole >= required_probability) & missed).sum()
        if progress is not None:
            progress(number + 1, len(names))
    data: dict[str, tuple[str, Floats, dict[str, str]]] = {
        "least_without": ("sensor", least, {"units": "1"}),
        "worth": ("sensor", worth, {"units": "1"}),
        "mean_worth": ("sensor", mean, {"units": "1"}),
    }
    if required_probability is not None:
        data["opened"] = ("sensor", opened.astype(np.float64), {"units": "1"})
    attrs = dict(watched.attrs) | {"direction": direction, "least_with_all": float(np.nanmin(whole))}
    return xr.Dataset(data, {"sensor": names}, attrs)


def _by_segment(watched: WatchedBelt, direction: str, neighbours: int) -> xr.Dataset:
    detection = over_segments(watched, least_ways(watched, direction=direction, neighbours=neighbours))
    if not (detection["state"] == CROSSED).any():
        message = no_way((detection["state"] == UNKNOWN).to_numpy())
        raise CrossingError(message, where="sensor values", expected="known ground that leads from edge to edge")
    return detection
