"""Coverage on disk: rasters as cloud-optimised GeoTIFFs, segments as GeoParquet; same input, same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.border import Border, Zone
from geo.terrain import cell_size
from ops.runtime.output import atomic_write

RASTERS: Final = {
    "p_coverage.tif": "expected_probability",
    "p_all_working.tif": "combined_probability",
    "p_best_sensor.tif": "best_probability",
    "k_count.tif": "sensors_detecting",
    "dead_ground.tif": "dead_ground",
}
"""File → variable of ``sensors.coverage.coverage_rasters``."""
COUNTED_UNKNOWN: Final = 65_535
"""Value of ``k_count.tif`` where no known sensor detects and at least one is unknown."""
PER_SEGMENT: Final = (
    "covered_fraction",
    "covered_fraction_low",
    "covered_fraction_high",
    "unknown_fraction",
    "dead_ground_fraction",
    "mean_probability",
    "mean_all_working_probability",
    "mean_best_probability",
    "least_probability",
    "area_m2",
)


def write_raster(path: Path, rasters: xr.Dataset, variable: str) -> None:
    """Write one raster as a COG in the frame: probabilities as float64 and other measures as float32 (NaN: unknown),
    counts and states as integers.
    """
    values, nodata = _on_disk(rasters, variable)
    own = rasters[variable].attrs
    tags = {"units": own["units"], "meaning": own["long_name"]}
    tags |= {k: str(own[k]) for k in ("mover", "assumptions") if k in own}  # of this raster, where it has others
    attrs = {k: str(v) for k, v in rasters.attrs.items() if k not in ("crs", "assumptions")}
    write_band(path, values, variable, grid=rasters, nodata=nodata, tags=attrs | tags)


def write_band(
    path: Path,
    values: np.ndarray[Any, Any],
    name: str,
    *,
    grid: xr.Dataset,
    nodata: float | None,
    tags: Mapping[str, str] | None = None,
    **profile: str,
) -> None:
    """Write values on the cells of ``grid``, a dataset with a ``crs``, as the one band of a cloud-optimised GeoTIFF.

    ``profile`` holds further creation options of the driver.
    """
    import rasterio
    from rasterio.transform import from_origin

    cell = cell_size(grid)
    west, north = float(grid["easting"][0]) - cell / 2, float(grid["northing"][0]) + cell / 2
    basic: dict[str, Any] = {
        "driver": "COG",
        "width": values.shape[1],
        "height": values.shape[0],
        "count": 1,
        "dtype": values.dtype.name,
        "nodata": nodata,
        "crs": grid.attrs["crs"],
        "transform": from_origin(west, north, cell, cell),
        "compress": "deflate",
    }
    with atomic_write(path) as partial, rasterio.open(partial, "w", **basic, **profile) as raster:
        raster.write(values, 1)
        raster.set_band_description(1, name)
        if tags is not None:
            raster.update_tags(**tags)


def _on_disk(rasters: xr.Dataset, variable: str) -> tuple[np.ndarray[Any, Any], float | int]:
    values = rasters[variable].to_numpy()
    if values.dtype.kind == "f":
        # float32(0.9) is below 0.9: in the file, cells would not meet a requirement that they meet
        return values if variable.endswith("_probability") else values.astype(np.float32), float("nan")
    if variable == "dead_ground":
        return values, 255
    blank = np.isnan(rasters["expected_probability"].to_numpy())
    return np.where(blank, np.uint16(COUNTED_UNKNOWN), values), COUNTED_UNKNOWN


def write_segments(path: Path, segments: xr.Dataset, border: Border | Zone) -> None:
    """Write one row per segment: position, and each measure for both belt sides, then by side; lines in WGS 84.

    Target, conditions, exposure time, requirement and versions are stored in the file's metadata as JSON.
    """
    import pyarrow.parquet as pq

    table = border.to_geodataframe()
    for belt, prefix in (("both", ""), ("home", "home_"), ("away", "away_")):
        side = segments.sel(belt=belt)
        for name in PER_SEGMENT:
            table[prefix + name] = side[name].to_numpy()
        table[prefix + "cells"] = side["cells_count"].to_numpy()
    story = {k: v for k, v in segments.attrs.items() if k != "crs"}
    metadata = {b"watchline": json.dumps(story, sort_keys=True, default=float).encode()}
    with atomic_write(path) as partial:
        table.to_parquet(partial, index=False)
        whole = pq.read_table(partial)  # geopandas does not write this metadata
        pq.write_table(whole.replace_schema_metadata((whole.schema.metadata or {}) | metadata), partial)
