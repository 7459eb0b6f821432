"""False dead ground: places that the map hides from a sensor, and in which it detects targets all the same.

An elevation model that is too high in one place hides targets that stand in the open. Where no look is expected to
detect anything a miss proves nothing, so nothing ends a false track there, and it takes the plots of targets beside it.
A detection of a track whose whole uncertainty is hidden, before and after it, contradicts the map. Detections and looks
at such tracks are counted by sensor and cell, and half as much in the cells around; the probability of detection there
rises from that of the map towards that in the open, and falls again as looks detect nothing. Without a contradiction
nothing changes.

Cells with most detections are kept, in order of their number; counts are limited, so that new looks can change them.
New tracks are started as the map shows, because the density of undetected targets is swept as the map shows.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba
import numpy as np

from fusion.models.contradictions import Mixture
from fusion.models.motion import combine
from fusion.models.sensor_views import (
    EDGE_M,
    HIDDEN,
    ExposedGround,
    SensorModel,
    SensorView,
    exposure_cell,
    holds,
    in_the_open,
    spread_probability,
)
from geo.arrays import Floats, Ints

MOST_CELLS: Final = 1024
PRIOR_LOOKS: Final = 2.0
"""Number of looks without detection that the map counts for, once a detection has contradicted it."""
MOST_LOOKS: Final = 20.0
"""Number of looks that a cell remembers."""
BESIDE: Final = 0.5
"""Weight of a look in each of the eight cells around."""
LEAST_DETECTED: Final = 0.05
"""A cell with fewer detections is forgotten."""
FADES_S: Final = 12.0 * 3600.0
"""Time in which counts fade to 1/e where no look changes them (assumption)."""
FADING_NS: Final = 600 * 10**9
"""They fade in steps of this time, so that scans in between need not change them."""
SENSOR_CELLS: Final = 1 << 32
"""Factor of a sensor's number in the number of a cell of its view."""


class FalseDeadGround(NamedTuple):
    """The contradicted cells: ``place`` (k,) ascending, the cell's number plus that of the sensor times SENSOR_CELLS;
    ``detected`` (k,) and ``looks`` (k,) the counts, with looks in proportion to the probability of detection in the
    open; ``time_ns`` (k,) when they last changed."""

    place: Ints
    detected: Floats
    looks: Floats
    time_ns: Ints


class LookedAt(NamedTuple):
    """Tracks at a look: ``centre`` (track, 4) and ``spread`` (track, 10) as predicted, ``existence`` (track,) after the
    look, the probabilities that it ``detected`` (track,) the target and that this is ``unobservable`` (track,)."""

    centre: Floats
    spread: Floats
    existence: Floats
    detected: Floats
    unobservable: Floats


def no_false_dead_ground() -> FalseDeadGround:
    """No contradiction anywhere."""
    none, numbers = np.zeros(0), np.zeros(0, np.int64)
    return FalseDeadGround(numbers, none, none, numbers)


def seen_despite_map(ground: FalseDeadGround, sensor: SensorModel) -> SensorView:
    """The sensor's view with what is known about its false dead ground."""
    view = sensor.view
    if not len(ground.place) or not view.grid.size:
        return view
    base = sensor.index * SENSOR_CELLS
    first, last = np.searchsorted(ground.place, (base, base + SENSOR_CELLS)).tolist()
    if first == last:
        return view
    share = ground.detected[first:last] / (PRIOR_LOOKS + ground.looks[first:last])
    return view._replace(exposure=ExposedGround(ground.place[first:last] - base, np.minimum(share, 1.0)))


def learn_dead_ground(
    ground: FalseDeadGround, sensor: SensorModel, tracks: LookedAt, after: Mixture, seen: Floats, now_ns: int
) -> FalseDeadGround:
    """The counts after a look at ``now_ns``, which left the tracks as in ``after``; ``seen`` (track,) is the predicted
    probability of detection."""
    if not sensor.view.grid.size:
        return ground
    ground = _faded(ground, now_ns)
    if not len(ground.place) and not ((seen < HIDDEN) & (tracks.detected > 0.5)).any():
        return ground
    cells, detected, looks = _counts(sensor.view, ground.place - sensor.index * SENSOR_CELLS, tracks, after)
    if not len(cells):
        return ground
    cells += sensor.index * SENSOR_CELLS
    place, group = np.unique(np.concatenate([ground.place, cells]), return_inverse=True)
    hits = np.bincount(group, np.concatenate([ground.detected, detected]), len(place)).astype(np.float64)
    all_looks = np.bincount(group, np.concatenate([ground.looks, looks]), len(place)).astype(np.float64)
    time_ns = np.full(len(place), now_ns, np.int64)
    untouched = ~np.isin(ground.place, cells)
    time_ns[group[: len(ground.place)][untouched]] = ground.time_ns[untouched]
    limit = np.minimum(MOST_LOOKS / np.maximum(all_looks, MOST_LOOKS), 1.0)
    return _most(FalseDeadGround(place, hits * limit, all_looks * limit, time_ns))


def _most(ground: FalseDeadGround) -> FalseDeadGround:
    """The cells with most detections, at least LEAST_DETECTED of them."""
    kept = np.flatnonzero(ground.detected >= LEAST_DETECTED)
    if len(kept) > MOST_CELLS:
        kept = np.sort(kept[np.argsort(-ground.detected[kept], kind="stable")[:MOST_CELLS]])
    return FalseDeadGround(ground.place[kept], ground.detected[kept], ground.looks[kept], ground.time_ns[kept])


def _faded(ground: FalseDeadGround, now_ns: int) -> FalseDeadGround:
    """The counts of cells that have not changed for FADING_NS fall."""
    due = now_ns - ground.time_ns >= FADING_NS
    if not due.any():
        return ground
    left = np.where(due, np.exp((ground.time_ns - now_ns) * 1e-9 / FADES_S), 1.0)
    time_ns = np.where(due, now_ns, ground.time_ns)
    return _most(FalseDeadGround(ground.place, ground.detected * left, ground.looks * left, time_ns))


@numba.njit(cache=True)
def _counts(view: SensorView, known: Ints, tracks: LookedAt, after: Mixture) -> tuple[Ints, Floats, Floats]:
    """(cells, detections, looks) of the tracks in the view whose whole uncertainty its grid hides before the look and
    ``after`` it: those at a track and those beside it; without detection only in ``known`` (k,) cells, ascending.
    ``view`` is without exposure."""
    centre, spread, existence, detected, unobservable = tracks
    cells = np.empty(9 * len(centre), np.int64)
    hits, looks = np.empty(9 * len(centre)), np.empty(9 * len(centre))
    count = 0
    for t in range(len(centre)):
        if not _hidden(view, centre[t], spread[t]):
            continue
        one = slice(t, t + 1)
        x, p = combine(after.mean[one], after.cov[one], after.mode[one])
        if not _hidden(view, x[0], p[0]):
            continue
        hit = existence[t] * detected[t]
        look = hit + existence[t] * (1.0 - detected[t]) * (1.0 - unobservable[t]) * in_the_open(view, x[0, 0], x[0, 1])
        for i in range(-1, 2):
            for j in range(-1, 2):
                cell = exposure_cell(view, x[0, 0], x[0, 1], i, j)
                place = np.searchsorted(known, cell)
                counts = detected[t] > 0.5 or (place < len(known) and known[place] == cell)
                if cell >= 0 and counts:
                    weight = 1.0 if i == 0 and j == 0 else BESIDE
                    cells[count], hits[count], looks[count] = cell, weight * hit, weight * look
                    count += 1
    return cells[:count], hits[:count], looks[:count]


@numba.njit(cache=True)
def _hidden(view: SensorView, x: Floats, p: Floats) -> bool:
    """Whether the grid hides all of a track at the state ``x`` (4,) with covariance ``p`` (10,), within the field, and
    the ground around it that an edge of dead ground off by a cell could uncover."""
    if not holds(view, x[0], x[1]):
        return False
    edge = view.grid_cell * view.grid_cell + EDGE_M * EDGE_M
    seen = spread_probability(view, x[0], x[1], p[0] + edge, p[1], p[4] + edge)
    return bool(seen < HIDDEN * in_the_open(view, x[0], x[1]))
