"""Clutter bursts: ratio of actual to expected false plots of a sensor, overall and near each plot.

The clutter of a layout is uniform over a sensor's field, and corrected by what was learnt of it
(fusion.models.densities). If a scan has more plots than tracks and this clutter
explain (rain, birds, a reflector, a fault), the excess is taken as clutter of its local density, in discs from 25 to
400 m around each plot, with the densest disc counting. Up to ``SUDDEN`` plots in a disc may be a crowd and are kept as
targets; more are kept if as many are already tracked, as in a crowd that gathered gradually. As many may start tracks
there, faint ones, which are confirmed more slowly the larger the excess: a burst therefore shows as at most that many
targets, however dense it is, and tracks elsewhere are not affected.
"""

from __future__ import annotations

from math import pi
from typing import Final, NamedTuple

import numba
import numpy as np

from fusion.filter.kalman import BEARING, POSITION, Plots
from fusion.filter.track_bank import TrackView
from fusion.models.sensor_views import SensorModel
from geo.arrays import Bools, Floats

SUDDEN: Final = 20.0
"""Number of plots in one area that may be targets (assumption); an excess up to this number in a scan is not a
burst."""
TIMES: Final = 3.0
"""Nor is a number of plots up to this multiple of the expected number."""
FEW_BEARINGS: Final = 3.0
"""Up to this many bearings of a look that no track explains may be targets; more are the usual background."""
SMALLEST_M: Final = 25.0
SIZES: Final = 5
"""Number of disc sizes: SMALLEST_M, twice that and so on."""


class Burst(NamedTuple):
    """``local`` (plot,): ratio of local to expected clutter density around each plot, at least 1; ``room`` (plot,):
    whether it may nevertheless start a track; ``overall``: the ratio over the whole field; ``false_alarms``: the
    expected number of false plots of a scan."""

    local: Floats
    room: Bools
    overall: float
    false_alarms: float


def burst_of(plots: Plots, centre: Floats, sight: TrackView, new: float, sensor: SensorModel, ratio: float) -> Burst:
    """The clutter burst of a scan, if it is one; ``ratio`` is that of the sensor's clutter density to the stated one.

    ``centre`` (track, 4) and ``sight`` give the expected plots, ``new`` the number expected from targets not tracked.
    """
    false_alarms = sensor.false_alarms * ratio
    excess = _clutter_excess(plots, centre, sight, new, false_alarms, sensor.clutter_per_m2 * ratio)
    return Burst(*excess, false_alarms)


def with_crowd(plots: Plots, sight: TrackView, width: float) -> Plots:
    """The plots, with at least the density of bearings that the look itself has beyond those of known tracks, where
    these are more than FEW_BEARINGS. ``width`` [rad] is that of the field of view."""
    bearing = plots.kind == BEARING
    others = float(bearing.sum() - (sight.existence * sight.seen).sum())
    if others <= FEW_BEARINGS:
        return plots
    return plots._replace(clutter=np.where(bearing, np.maximum(plots.clutter, others / width), plots.clutter))


@numba.njit(cache=True)
def _clutter_excess(
    plots: Plots, centre: Floats, sight: TrackView, new: float, false_alarms: float, per_m2: float
) -> tuple[Floats, Bools, float]:
    """(plot,) ratio of local to expected clutter density around each plot, at least 1; (plot,) whether it may
    nevertheless start a track: while no dense disc around it holds SUDDEN tracks, however faint, and earlier plots; and
    the ratio over the whole field."""
    count = len(plots.kind)
    expected = sight.existence * sight.seen
    known = new + expected.sum()
    everywhere = 1.0
    if count > TIMES * (known + false_alarms) + SUDDEN:
        everywhere = max(1.0, (count - known) / false_alarms)
    factor, room = np.ones(count), np.zeros(count, np.bool_)
    if count <= SUDDEN:
        return factor, room, everywhere
    order, by_north = np.argsort(plots.northing), np.argsort(centre[:, 1])
    northing = plots.northing[order]
    track_north = centre[by_north, 1]
    largest = SMALLEST_M * 2.0 ** (SIZES - 1)
    for j in range(count):
        if plots.kind[j] != POSITION:
            continue
        e, n = plots.easting[j], plots.northing[j]
        low, high = np.searchsorted(northing, n - largest), np.searchsorted(northing, n + largest)
        if high - low <= SUDDEN:
            continue
        near = order[low:high]
        there = _within(plots.easting[near] - e, northing[low:high] - n, np.ones(high - low))
        if there[SIZES - 1] <= SUDDEN:
            continue
        low, high = np.searchsorted(track_north, n - largest), np.searchsorted(track_north, n + largest)
        nearby_tracks = by_north[low:high]
        explained = _within(centre[nearby_tracks, 0] - e, centre[nearby_tracks, 1] - n, expected[nearby_tracks])
        tracked = _within(centre[nearby_tracks, 0] - e, centre[nearby_tracks, 1] - n, np.ones(len(nearby_tracks)))
        before = _within(plots.easting[near] - e, plots.northing[near] - n, (near < j).astype(np.float64))
        fullest, flooded = 0.0, False
        for size in range(SIZES):
            clutter = per_m2 * pi * (SMALLEST_M * 2.0**size) ** 2
            excess = there[size] - max(explained[size], SUDDEN)
            if excess > TIMES * clutter:
                flooded = True
                factor[j] = max(factor[j], excess / clutter)
                fullest = max(fullest, before[size] + tracked[size])
        room[j] = flooded and fullest < SUDDEN
    return factor, room, everywhere


@numba.njit(cache=True)
def _within(east: Floats, north: Floats, weight: Floats) -> Floats:
    """(size,) sum of the weights of the points within each disc about the origin."""
    total = np.zeros(SIZES)
    for i in range(len(east)):
        away = east[i] * east[i] + north[i] * north[i]
        for size in range(SIZES - 1, -1, -1):
            if away > (SMALLEST_M * 2.0**size) ** 2:
                break
            total[size] += weight[i]
    return total
