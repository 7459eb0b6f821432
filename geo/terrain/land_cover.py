"""Land cover and canopy height on the cells of a terrain, by nearest neighbour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from rasterio.windows import Window

from geo.arrays import Float32s, UInt8s
from geo.errors import BadInput, TerrainError
from geo.terrain.grid import PlannedGrid
from geo.terrain.resample import read_all, read_nearest
from geo.terrain.source import RasterSource

UNKNOWN_LAND_COVER = 0
TALLEST_CANOPY_M = 130.0  # the tallest known tree has 116 m; byte rasters mark voids by 255
WORLD_COVER: Final[Mapping[int, str]] = {
    10: "tree cover",
    20: "shrubland",
    30: "grassland",
    40: "cropland",
    50: "built-up",
    60: "bare or sparse vegetation",
    70: "snow and ice",
    80: "permanent water",
    90: "herbaceous wetland",
    95: "mangroves",
    100: "moss and lichen",
}
"""Classes of ESA WorldCover 10 m, 2021 v200 (product user manual, table of classes)."""


def read_codes(sources: Sequence[RasterSource], grid: PlannedGrid, window: Window) -> UInt8s:
    """Class codes 0–255, 0 where unknown; TerrainError for invalid codes."""
    values = read_all(sources, grid, window, read_nearest)
    values[np.isnan(values)] = UNKNOWN_LAND_COVER
    if ((values < 0) | (values > 255) | (values != np.rint(values))).any():
        raise TerrainError(
            "a land cover code is not a whole number 0–255", where=sources[0].label, expected="class codes"
        )
    return values.astype(np.uint8)


def read_canopy(sources: Sequence[RasterSource], grid: PlannedGrid, window: Window) -> Float32s:
    """Canopy heights [m], NaN where unknown; TerrainError for heights that are not plausible for trees."""
    values = read_all(sources, grid, window, read_nearest)
    wrong = (values < 0.0) | (values > TALLEST_CANOPY_M)
    if wrong.any():
        raise TerrainError(
            f"a canopy of {values[wrong][0]:g} m (a void value that the file does not declare?)",
            where=sources[0].label,
            expected=f"0 to {TALLEST_CANOPY_M:g} m",
        )
    return values


def legend_attrs(legend: Mapping[int, str] | None) -> dict[str, Any]:
    """The attributes of a land cover variable: its unknown code, and codes and names after the CF conventions.

    Raises BadInput for a legend with codes beyond 0–255.
    """
    attrs: dict[str, Any] = {"units": "", "unknown": UNKNOWN_LAND_COVER}
    if legend is None:
        return attrs
    codes = sorted(legend)
    if not all(isinstance(code, int) and 0 <= code <= 255 for code in codes):
        raise BadInput(f"codes {codes}", where="land_cover_legend", expected="whole numbers 0–255")
    names = [legend[code].replace(" ", "_") for code in codes]
    return attrs | {"flag_values": codes, "flag_meanings": " ".join(names)}
