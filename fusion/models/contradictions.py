"""Where plots contradict the ground: cells in which a target moved faster than slope and land cover allow.

A bridge, a tunnel, an unmapped road or an error of the elevation model stays where it is. Each contradiction raises the
doubt in the limit of its cell, and half as much in the cells around it; the limit there rises towards the top speed of
open level ground. It falls again where later tracks move as the limit allows, and fades where none come. The most
doubtful cells are kept, in order of their number.
"""

from __future__ import annotations

from math import hypot, sqrt
from typing import Final, NamedTuple

import numba
import numpy as np

from fusion.models.sensor_views import ElevationGrid
from fusion.models.terrain_speed import NOWHERE, Doubt, Passage, doubt_cell, top_speed
from geo.arrays import Bools, Floats, Ints

MOST_CELLS: Final = 512
STEP: Final = 0.3
"""Part of the remaining trust in a limit that one contradiction takes."""
AGREED: Final = 0.05
"""Part of the doubt that one detection of a target that moves within the limit takes."""
FADES_S: Final = 12.0 * 3600.0
"""Time in which doubt fades to 1/e where no track contradicts or confirms it (assumption)."""
FADING_NS: Final = 600 * 10**9
"""Doubt fades in steps of this time, so that scans in between need not change it."""
LEAST_DOUBT: Final = 0.02
"""A cell with less doubt is forgotten."""
MOST_DOUBT: Final = 0.98
CLEAR_SD: Final = 2.0
"""Number of standard deviations by which a speed must exceed the limit."""


class Mixture(NamedTuple):
    """Tracks over their modes of motion: ``mean`` (track, mode, 4), ``cov`` (track, mode, 10), ``mode`` (track, mode),
    and the modes' ``kind`` and ``free`` (mode,)."""

    mean: Floats
    cov: Floats
    mode: Floats
    kind: Ints
    free: Bools


def no_doubt() -> Doubt:
    """No contradiction anywhere."""
    return Doubt(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))


def learn_doubt(
    doubt: Doubt, passage: Passage, earth: ElevationGrid, tracks: Mixture, detected: Floats, now_ns: int
) -> Doubt:
    """The doubt after a look at ``now_ns`` that detected each track with probability ``detected`` (track,)."""
    if not passage.share.size:
        return doubt
    doubt = _faded(doubt, now_ns)
    cells, weight = _contradictions(passage, earth, Doubt(*doubt), tracks, detected)
    if not len(cells):
        return doubt
    known = dict(zip(doubt.cell.tolist(), doubt.degree.tolist(), strict=True))
    changed = dict(zip(doubt.cell.tolist(), doubt.time_ns.tolist(), strict=True))
    for cell, step in zip(cells.tolist(), weight.tolist(), strict=True):
        before, changed[cell] = known.get(cell, 0.0), now_ns
        known[cell] = min(1.0 - (1.0 - before) * (1.0 - step), MOST_DOUBT) if step > 0.0 else before * (1.0 + step)
    likeliest = sorted(known, key=lambda cell: (-known[cell], cell))[:MOST_CELLS]
    kept = sorted(cell for cell in likeliest if known[cell] >= LEAST_DOUBT)
    return Doubt(
        np.array(kept, np.int64),
        np.array([known[cell] for cell in kept]),
        np.array([changed[c] for c in kept], np.int64),
    )


def _faded(doubt: Doubt, now_ns: int) -> Doubt:
    """The doubt of cells that have not changed for FADING_NS falls."""
    due = now_ns - doubt.time_ns >= FADING_NS
    if not due.any():
        return doubt
    fallen = doubt.degree * np.exp((doubt.time_ns - now_ns) * 1e-9 / FADES_S)
    degree, time_ns = np.where(due, fallen, doubt.degree), np.where(due, now_ns, doubt.time_ns)
    kept = degree >= LEAST_DOUBT
    return Doubt(doubt.cell[kept], degree[kept], time_ns[kept])


@numba.njit(cache=True)
def _contradictions(
    passage: Passage, earth: ElevationGrid, doubt: Doubt, tracks: Mixture, detected: Floats
) -> tuple[Ints, Floats]:
    """Cells and the steps of their doubt: upwards around each detected track whose likeliest mode is free and clearly
    faster than the limit, downwards at each whose likeliest mode is limited and clearly slower, but at more
    than half the limit."""
    mean, cov, mode, kind, free = tracks
    cells, steps = np.empty(9 * len(detected), np.int64), np.empty(9 * len(detected))
    none = Doubt(doubt.cell[:0], doubt.degree[:0], doubt.time_ns[:0])
    count = 0
    for t in range(len(detected)):
        best = 0
        for m in range(len(kind)):
            if mode[t, m] > mode[t, best]:
                best = m
        if detected[t] <= 0.5 or not (free[best] or len(doubt.cell)):
            continue
        x, p = mean[t, best], cov[t, best]
        speed = hypot(x[2], x[3])
        if speed <= 0.0:
            continue
        u, v = x[2] / speed, x[3] / speed
        sd = sqrt(max(u * u * p[7] + 2.0 * u * v * p[8] + v * v * p[9], 0.0))
        if not free[best]:
            cell = doubt_cell(passage, earth, x, 0, 0)
            place = np.searchsorted(doubt.cell, cell)
            doubted = place < len(doubt.cell) and doubt.cell[place] == cell
            limit = top_speed(passage, earth, none, kind[best], x)
            if doubted and 0.5 * limit < speed and speed + CLEAR_SD * sd < limit:
                cells[count], steps[count] = cell, -AGREED * mode[t, best]
                count += 1
            continue
        if not speed - CLEAR_SD * sd > top_speed(passage, earth, doubt, kind[best], x):
            continue
        for i in range(-1, 2):
            for j in range(-1, 2):
                cell = doubt_cell(passage, earth, x, i, j)
                if cell != NOWHERE:
                    cells[count] = cell
                    steps[count] = STEP * mode[t, best] * (1.0 if i == 0 and j == 0 else 0.5)
                    count += 1
    return cells[:count], steps[:count]
