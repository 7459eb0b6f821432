"""Where plots contradict the ground: cells in which somebody moved faster than slope and land cover allow.

A bridge, a tunnel, an unmapped road or an error of the elevation model stays where it is. Each contradiction raises the
doubt in the limit of its cell, and half as much in the cells around it; the limit there rises towards the top speed of
open level ground. The most doubtful cells are kept, in order of their number.
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
    return Doubt(np.zeros(0, np.int64), np.zeros(0))


def learn_doubt(doubt: Doubt, passage: Passage, earth: ElevationGrid, tracks: Mixture, detected: Floats) -> Doubt:
    """The doubt after a look that detected each track with probability ``detected`` (track,)."""
    if not passage.share.size:
        return doubt
    cells, weight = _contradictions(passage, earth, Doubt(*doubt), tracks, detected)
    if not len(cells):
        return doubt
    known = dict(zip(doubt.cell.tolist(), doubt.degree.tolist(), strict=True))
    for cell, step in zip(cells.tolist(), weight.tolist(), strict=True):
        known[cell] = min(1.0 - (1.0 - known.get(cell, 0.0)) * (1.0 - step), MOST_DOUBT)
    kept = sorted(sorted(known, key=lambda cell: (-known[cell], cell))[:MOST_CELLS])
    return Doubt(np.array(kept, np.int64), np.array([known[cell] for cell in kept]))


@numba.njit(cache=True)
def _contradictions(
    passage: Passage, earth: ElevationGrid, doubt: Doubt, tracks: Mixture, detected: Floats
) -> tuple[Ints, Floats]:
    """Cells and the steps of their doubt: around each detected track whose free mode is the likeliest of its kind and
    clearly faster than the limit."""
    mean, cov, mode, kind, free = tracks
    cells, steps = np.empty(9 * len(detected), np.int64), np.empty(9 * len(detected))
    count = 0
    for t in range(len(detected)):
        best = 0
        for m in range(len(kind)):
            if mode[t, m] > mode[t, best]:
                best = m
        if detected[t] <= 0.5 or not free[best]:
            continue
        x, p = mean[t, best], cov[t, best]
        speed = hypot(x[2], x[3])
        if speed <= 0.0:
            continue
        u, v = x[2] / speed, x[3] / speed
        sd = sqrt(max(u * u * p[7] + 2.0 * u * v * p[8] + v * v * p[9], 0.0))
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
