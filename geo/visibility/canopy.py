"""Canopy: the heights above ground that block sight.

The blocking surface is the bilinear surface of elevation + share × canopy height. The observer's mast and the target
stand on bare ground. Around the observer the canopy is cleared, in the up to four cells whose centres surround it.
Above the target it is not: a target is visible only if the line to its top passes above the canopy of its cell, so a
target shorter than that canopy is hidden. Where the canopy is unknown, visibility behind it is unknown.
``geo.visibility.window.view_from`` applies these rules.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from geo.errors import BadInput, TerrainError
from geo.visibility.view import View

Canopy = Literal["ignored", "blocks"] | float
"""Effect of trees on a sensor kind: "ignored" (sees through), "blocks" (opaque to the top), or the fraction 0 to 1."""


def canopy_fraction(canopy: Canopy) -> float:
    """Fraction of the canopy's height that blocks: 0 for "ignored", 1 for "blocks", else the number itself."""
    named = {"ignored": 0.0, "blocks": 1.0}
    if isinstance(canopy, str):
        if canopy not in named:
            raise BadInput(f"{canopy!r}", where="canopy", expected="'ignored', 'blocks' or a share from 0 to 1")
        return named[canopy]
    if not 0.0 <= canopy <= 1.0:
        raise BadInput(f"{canopy}", where="canopy", expected="'ignored', 'blocks' or a share from 0 to 1")
    return float(canopy)


def blocking_heights(terrain: xr.Dataset, canopy: Canopy, view: View | None = None) -> xr.DataArray | None:
    """Height above ground up to which sight is blocked, (northing, easting) [m]; None if nothing blocks.

    Raises TerrainError for a terrain without ``canopy_height`` if the canopy is to block, BadInput for an invalid
    canopy and for a ``view`` in fast mode, which does not support canopy.
    """
    share = canopy_fraction(canopy)
    if share == 0.0:
        return None
    if "canopy_height" not in terrain:
        raise TerrainError("no variable 'canopy_height'", where="terrain", expected="one, or canopy='ignored'")
    if view is not None and view.mode != "exact":
        raise BadInput(f"{view.mode!r} with a canopy that blocks", where="mode", expected="'exact'")
    heights = terrain["canopy_height"]
    if heights.dims != ("northing", "easting"):
        raise TerrainError(f"dims {heights.dims}", where="canopy_height", expected="(northing, easting)")
    return heights * np.float32(share)
