"""Terrain limits of speed: no mode of motion is faster than slope and land cover allow.

The speed laws and the fractions for land cover are those of geo.mobility, relative to open level ground off the road,
where a mover's top speed is a setting. A limit applies to the direction of travel; if that is unknown, to the easiest
direction. The limit is a prior that may be wrong: free modes (fusion.models.motion) are not limited, and where plots
have contradicted the limit it is relaxed (fusion.models.contradictions).
"""

from __future__ import annotations

from math import exp, hypot, isfinite, isnan, sqrt
from typing import Final, NamedTuple

import numba
import numpy as np
import xarray as xr

from fusion.models.sensor_views import ElevationGrid, elevation_at
from geo.arrays import Bools, Float32s, Floats, Ints

STRIDE_M: Final = 15.0
"""Distance behind and ahead over which the gradient along the path is taken."""
HEADED_MPS: Final = 0.5
"""Below this speed the direction of a mover is ignored."""
SLOWEST: Final = 0.02
"""Minimum fraction of the top speed on any slope: elevation models have errors, and no mover is pinned in place."""


DOUBT_CELL_M: Final = 100.0
NOWHERE: Final = -1


class Doubt(NamedTuple):
    """Where plots contradicted the limits (fusion.models.contradictions): ``cell`` (k,) ascending numbers of cells of
    DOUBT_CELL_M, ``degree`` (k,) the doubt there, 0 to 1, ``time_ns`` (k,) when it last changed."""

    cell: Ints
    degree: Floats
    time_ns: Ints


class Passage(NamedTuple):
    """``share`` (kind, row, column) is the fraction of the top speed that land cover leaves on the elevation model's
    cells, empty without terrain; ``law`` (kind, 3): decline, easiest gradient and limit; ``top`` (kind,) [m/s]."""

    share: Float32s
    law: Floats
    top: Floats


def passage_of(
    terrain: xr.Dataset | None, foot_mps: float, vehicle_mps: float, unmapped_road_fraction: float
) -> Passage:
    """Speed limits over ``terrain``; none without terrain.

    Land cover leaves at least ``unmapped_road_fraction`` of the top speed, for unmapped roads and paths.
    """
    top = np.array([foot_mps, vehicle_mps])
    if terrain is None:
        return Passage(np.zeros((2, 0, 0), np.float32), np.zeros((2, 3)), top)
    from geo.mobility.settings import MobilitySettings
    from geo.mobility.speed_surface import by_vehicle, on_foot  # imports geopandas, needed only with terrain

    known = MobilitySettings()
    grounds = (on_foot(terrain, settings=known), by_vehicle(terrain, settings=known))
    open_pace = (1.0 / known.off_path_factor, 1.0)
    # 0 where impassable
    share = np.stack([pace / ground.pace for ground, pace in zip(grounds, open_pace, strict=True)])
    law = np.array([[ground.law.decline, ground.law.easiest, ground.law.limit] for ground in grounds])
    return Passage(np.clip(share, unmapped_road_fraction, 1.0).astype(np.float32), law, top)


@numba.njit(cache=True)
def doubt_cell(passage: Passage, earth: ElevationGrid, x: Floats, down: int, right: int) -> int:
    """Number of the cell ``down`` rows and ``right`` columns from that of the state ``x`` (4,); NOWHERE off the map."""
    rows = int(passage.share.shape[1] * earth.cell / DOUBT_CELL_M) + 1
    columns = int(passage.share.shape[2] * earth.cell / DOUBT_CELL_M) + 1
    row = int(np.floor((earth.north - x[1]) / DOUBT_CELL_M + 0.5)) + down
    column = int(np.floor((x[0] - earth.east) / DOUBT_CELL_M + 0.5)) + right
    return row * columns + column if 0 <= row < rows and 0 <= column < columns else NOWHERE


@numba.njit(cache=True)
def _doubt_at(passage: Passage, earth: ElevationGrid, doubt: Doubt, x: Floats) -> float:
    if len(doubt.cell) == 0:
        return 0.0
    cell = doubt_cell(passage, earth, x, 0, 0)
    place = np.searchsorted(doubt.cell, cell)
    return float(doubt.degree[place]) if place < len(doubt.cell) and doubt.cell[place] == cell else 0.0


@numba.njit(cache=True)
def top_speed(passage: Passage, earth: ElevationGrid, doubt: Doubt, kind: int, x: Floats) -> float:
    """Maximum speed [m/s] of a mover of this kind at the state ``x`` (4,); infinite off the map and across voids.

    In doubt the fraction of the top speed that ground leaves rises, as a geometric mean, towards 1.
    """
    if passage.share.size == 0:
        return np.inf
    column = int(np.floor((x[0] - earth.east) / earth.cell + 0.5))
    row = int(np.floor((earth.north - x[1]) / earth.cell + 0.5))
    if row < 0 or column < 0 or row >= passage.share.shape[1] or column >= passage.share.shape[2]:
        return np.inf
    decline, easiest, limit = passage.law[kind]
    share = float(passage.share[kind, row, column])
    speed = hypot(x[2], x[3])
    if speed > HEADED_MPS:
        e, n = STRIDE_M * x[2] / speed, STRIDE_M * x[3] / speed
        rise = elevation_at(earth, x[0] + e, x[1] + n, np.nan) - elevation_at(earth, x[0] - e, x[1] - n, np.nan)
        if isnan(rise):
            return np.inf
        gradient = 0.5 * rise / STRIDE_M
        share *= 0.0 if abs(gradient) > limit else exp(-decline * (abs(gradient - easiest) - abs(easiest)))
    return float(passage.top[kind] * max(share, SLOWEST) ** (1.0 - _doubt_at(passage, earth, doubt, x)))


@numba.njit(cache=True)
def slow_down(
    mean: Floats,
    cov: Floats,
    dt: Floats,
    modes: tuple[Ints, Bools],
    passage: Passage,
    earth: ElevationGrid,
    doubt: Doubt,
) -> None:
    """Scale velocities, in place, so that no limited mode's root-mean-square speed exceeds what its ground allows.

    ``mean`` (track, mode, 4), ``cov`` (track, mode, 10), ``modes`` (kind, free), each (mode,): free modes are not
    limited. Scaling is a congruence: covariances stay
    positive definite. Tracks of the present time (``dt`` 0) are not changed.
    """
    if passage.share.size == 0:
        return
    kind, free = modes
    for t in range(len(dt)):
        if dt[t] <= 0.0:
            continue
        for m in range(len(kind)):
            if free[m]:
                continue
            x, p = mean[t, m], cov[t, m]
            fastest = top_speed(passage, earth, doubt, kind[m], x)
            squared = x[2] * x[2] + x[3] * x[3] + p[7] + p[9]
            if not isfinite(fastest) or squared <= fastest * fastest:
                continue
            s = fastest / sqrt(squared)
            x[2] *= s
            x[3] *= s
            for i in (2, 3, 5, 6):
                p[i] *= s
            for i in (7, 8, 9):
                p[i] *= s * s
