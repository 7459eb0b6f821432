"""Present coverage of the working sensors on a clear day: the single-look Pd at a point, and the segments of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numba
import numpy as np

from fusion.models.sensor_views import SensorModel, SensorView, probability
from fusion.models.tracker_model import TrackerModel
from fusion.poses.placed import CarriedSensor
from geo.arrays import Bools, Floats, Ints
from geo.border import Border

POINT_EVERY_M = 50.0
WATCHED_PROBABILITY = 0.1
"""A sensor covers a position if one look there has at least this Pd (assumption)."""
WATCHED_SHARE = 0.5
"""A sensor covers a segment if it covers at least this fraction of it."""


@dataclass(frozen=True, slots=True, eq=False)
class CurrentCoverage:
    """Present coverage of the working sensors.

    Parameters
    ----------
    sensors : mapping of str to SensorModel
        Models of all sensors, by id.
    segments : mapping of str to ndarray of bool, shape (segment,)
        Whether each sensor covers each border segment; empty without a border.
    last : mapping of str to tuple
        Of mobile sensors whose position is not known: model and segments at the last pose. ``lost`` counts these.
    points : BorderPoints, optional
        Where the border is sampled.
    """

    sensors: Mapping[str, SensorModel]
    segments: Mapping[str, Bools]
    last: Mapping[str, tuple[SensorModel, Bools]] = field(default_factory=dict)
    points: BorderPoints | None = field(default=None, repr=False)

    @property
    def segment_count(self) -> int:
        """Number of border segments, 0 without a border."""
        return max((len(watched) for watched in self.segments.values()), default=0)

    def seeing(self, easting: Floats, northing: Floats, *, silent: Iterable[str] = ()) -> Floats:
        """Compute the probability that a look of some working sensor detects a target.

        Parameters
        ----------
        easting : ndarray, shape (n,), m
            Points in the local frame.
        northing : ndarray, shape (n,), m
            Points in the local frame.
        silent : iterable of str
            Sensors that do not work.

        Returns
        -------
        ndarray, shape (n,)
            The probability; misses of different sensors are independent.
        """
        missed = np.ones(len(easting))
        gone = frozenset(silent)
        for name, sensor in self.sensors.items():
            if name not in gone:
                _miss(sensor.in_sight, easting, northing, missed)
        return 1.0 - missed

    def sensors_at(self, easting: float, northing: float, *, silent: Iterable[str] = ()) -> tuple[str, ...]:
        """List the working sensors that cover a point.

        Parameters
        ----------
        easting : float, m
            The point in the local frame.
        northing : float, m
            The point in the local frame.
        silent : iterable of str
            Sensors that do not work.

        Returns
        -------
        tuple of str
            Ids of the sensors with a single-look Pd of at least WATCHED_PROBABILITY there.
        """
        gone = frozenset(silent)
        return tuple(
            name
            for name, sensor in self.sensors.items()
            if name not in gone and probability(sensor.in_sight, easting, northing) >= WATCHED_PROBABILITY
        )

    def lost(self, sensor: str, silent: Iterable[str]) -> Ints:
        """List the segments that only one sensor covers.

        Parameters
        ----------
        sensor : str
            The sensor.
        silent : iterable of str
            Sensors that do not work.

        Returns
        -------
        ndarray of int
            Segments that ``sensor`` covers and no other working sensor does.
        """
        if sensor not in self.segments:
            return np.zeros(0, np.int64)
        mine = (self.last[sensor][1] if sensor in self.last else self.segments[sensor]).copy()
        gone = frozenset(silent) | {sensor}
        for name, watched in self.segments.items():
            if name not in gone:
                mine &= ~watched
        return np.flatnonzero(mine)

    def watched(self, silent: Iterable[str] = ()) -> Ints:
        """List the segments that some working sensor covers.

        Parameters
        ----------
        silent : iterable of str
            Sensors that do not work.

        Returns
        -------
        ndarray of int
            Numbers of the segments.
        """
        gone, seen = frozenset(silent), np.zeros(self.segment_count, np.bool_)
        for name, watched in self.segments.items():
            if name not in gone:
                seen |= watched
        return np.flatnonzero(seen)


def first_hidden(step: Floats, seen: Floats, hidden: float, least_s: float) -> float | None:
    """Find when an interval of at least ``least_s`` begins in which no sensor sees the target; None without one.

    ``step`` (n,) [s] at equal intervals, ``seen`` (n,) probabilities there; an interval that reaches the end counts one
    step more.
    """
    dark = seen < hidden
    for first in np.flatnonzero(dark & ~np.append(False, dark[:-1])):
        light = np.flatnonzero(~dark[first:])
        until = step[first + light[0]] if len(light) else step[-1] + step[1] - step[0]
        if until - step[first] >= least_s:
            return float(step[first])
    return None


def current_coverage_of(model: TrackerModel, border: Border | None) -> CurrentCoverage:
    """Build the current coverage of a tracker's sensors.

    Parameters
    ----------
    model : TrackerModel
        The tracker's models, such as ``Tracker.model``.
    border : Border or None
        The border, of whose segments each is sampled, at least every POINT_EVERY_M.

    Returns
    -------
    CurrentCoverage
        Without a border it holds no segments.
    """
    points = None if border is None else _points(border)
    return CurrentCoverage(model.sensors, _segments(model.sensors, points), points=points)


def with_moved(coverage: CurrentCoverage, seen_from: Mapping[str, CarriedSensor]) -> CurrentCoverage:
    """Follow the sensors that moved.

    Parameters
    ----------
    coverage : CurrentCoverage
        The coverage before.
    seen_from : mapping of str to CarriedSensor
        Mobile sensors where they stand now (``Tracker.seen_from``). One whose view is the object that ``coverage``
        holds is not computed again.

    Returns
    -------
    CurrentCoverage
        Coverage from where the sensors stand now; ``coverage`` itself if none has moved.
    """
    moved = {n: one.model for n, one in seen_from.items() if coverage.sensors[n].view is not one.model.view}
    last = {n: one.before for n, one in seen_from.items() if one.before is not None}
    fresh = {n: one for n, one in last.items() if n not in coverage.last or coverage.last[n][0].view is not one.view}
    if not moved and not fresh and last.keys() == coverage.last.keys():
        return coverage
    found, left = _segments(moved, coverage.points), _segments(fresh, coverage.points)
    none = np.zeros(0, np.bool_)
    before = {n: (one, left.get(n, none)) if n in fresh else coverage.last[n] for n, one in last.items()}
    return CurrentCoverage({**coverage.sensors, **moved}, {**coverage.segments, **found}, before, coverage.points)


class BorderPoints(NamedTuple):
    """Points at most POINT_EVERY_M apart in the middle of equal parts of each segment [m], and their segments;
    (point,)."""

    easting: Floats
    northing: Floats
    segment: Ints
    segments: int


def _points(border: Border) -> BorderPoints:
    start, end = border.segment_spans_m.T
    count = np.ceil((end - start) / POINT_EVERY_M).astype(np.int64)
    segment = np.repeat(np.arange(border.segments), count)
    number = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count)
    easting, northing = border.point_at(start[segment] + (number + 0.5) * ((end - start) / count)[segment])
    return BorderPoints(np.asarray(easting), np.asarray(northing), segment, border.segments)


def _segments(sensors: Mapping[str, SensorModel], points: BorderPoints | None) -> dict[str, Bools]:
    if points is None:
        return {}
    total = np.bincount(points.segment, minlength=points.segments)
    covered = {}
    for name, sensor in sensors.items():
        missed = np.ones(len(points.easting))
        _miss(sensor.in_sight, points.easting, points.northing, missed)
        seen = missed <= 1.0 - WATCHED_PROBABILITY
        share = np.bincount(points.segment[seen], minlength=points.segments) / total
        covered[name] = share >= WATCHED_SHARE
    return covered


@numba.njit(cache=True)
def _miss(view: SensorView, easting: Floats, northing: Floats, missed: Floats) -> None:
    """Multiply ``missed`` (n,) in place by the probability that one look of the sensor misses each point."""
    for i in range(len(easting)):
        missed[i] *= 1.0 - probability(view, easting[i], northing[i])
