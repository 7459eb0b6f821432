"""A mover at one speed wherever there is ground: travel times that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace

import xarray as xr

from geo.mobility.speed_surface import Mobility, SpeedLaw, bare


def at_speed(terrain: xr.Dataset, speed_mps: float) -> Mobility:
    """Every known cell is crossed at ``speed_mps`` [m/s], whatever its gradient."""
    return replace(bare(terrain, SpeedLaw(speed_mps, 0.0), 1.0), mover=f"mover at {speed_mps:g} m/s")
