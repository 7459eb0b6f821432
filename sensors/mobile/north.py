"""Convergence and scale of the frame where a carried sensor stands, remembered by nodes of a lattice.

A projection computes both from derivatives, which takes longer than all else that is done with a pose. Between a
position and its nearest node the convergence differs by at most 71 m · tan(latitude) / 6 371 km: 1e-5 rad at 45°,
6e-5 rad at 80°, far below the error of any north reference on a vehicle. The value is a function of the position alone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from geo.frame import LocalFrame

NODE_M: Final = 100.0
"""Distance of the nodes."""


def north_and_scale(frame: LocalFrame, easting: float, northing: float) -> tuple[float, float]:
    """(meridian convergence [rad], scale [1]) of ``frame`` at the node nearest to a position [m]."""
    return _at_node(frame, round(easting / NODE_M), round(northing / NODE_M))


@lru_cache(maxsize=16_384)
def _at_node(frame: LocalFrame, column: int, row: int) -> tuple[float, float]:
    east, north = column * NODE_M, row * NODE_M
    return float(frame.convergence_rad(east, north)), float(frame.scale_factor(east, north))
