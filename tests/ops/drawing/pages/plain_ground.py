"""Even ground for maps."""

from __future__ import annotations

import numpy as np
import xarray as xr

from geo.frame import LocalFrame


def plain_ground(frame: LocalFrame, length_m: float) -> xr.Dataset:
    """A slope of 200 × 200 cells that is three times as long and wide as the border."""
    along = np.linspace(-1.5 * length_m, 1.5 * length_m, 200)
    elevation = np.add.outer(along[::-1] * 0.01, along * 0.002).astype(np.float32)
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation)},
        {"northing": along[::-1], "easting": along},
        {"crs": frame.crs.to_wkt()},
    )
