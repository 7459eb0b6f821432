"""Coverage that two sides share on the agreed grid, and what both together cover, without either layout."""

from __future__ import annotations

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
import xarray as xr

from geo.arrays import Floats
from geo.frame import LocalFrame
from ops.exchange.agreements import Agreement
from ops.exchange.grid import AgreedGrid, is_inside, rounded_down
from ops.sector.layouts.links import links_of
from ops.sector.open_sector import OpenSector
from sensors.coverage import coverage_rasters

WGS84 = "EPSG:4326"
LEAST_KNOWN = 0.5
"""Part of a coarse cell that must be known ground; with less, the cell is left out. Its mean is of the known part."""


class JointCoverage(NamedTuple):
    """Probability that at least one of two sides detects, by cell; each (n,) [1].

    ``independent`` holds if the sides miss independently of each other, ``low`` and ``high`` for any dependence. All
    are of ground that both sides know: where a side knows only part of a cell, they take the rest to be alike.
    """

    independent: Floats
    low: Floats
    high: Floats


def joint(own: npt.ArrayLike, other: npt.ArrayLike, *, step: float = 0.0) -> JointCoverage:
    """Combine the coverage of two sides.

    Parameters
    ----------
    own, other : array_like, shape (n,) [1]
        Means over the cell, rounded down to a multiple of ``step``.
    step : float
        Step of the rounding; 0: exact values.

    Returns
    -------
    JointCoverage
        ``independent`` = 1 − (1 − p)(1 − q), of the rounded values, so that it is too low by rounding alone. ``low`` =
        max(p, q) and ``high`` = min(1, p + q + 2 step) are the bounds of Fréchet for any dependence. They hold for
        means over the same ground, because they hold at each of its points; in a cell of which a side knows only
        part, the means are of different ground. ``independent`` also assumes that the two sides' coverage within a
        cell is not correlated.
    """
    p, q = np.asarray(own, float), np.asarray(other, float)
    independent = 1.0 - (1.0 - p) * (1.0 - q)
    high = np.minimum(1.0, np.minimum(1.0, p + step) + np.minimum(1.0, q + step))
    return JointCoverage(independent, np.maximum(p, q), high)


def coverage_of(ground: OpenSector, agreement: Agreement) -> gpd.GeoDataFrame:
    """Compute the coverage of a sector's layout on the agreed grid: one row per cell with its centre in the area.

    As in every analysis, sensors without a link to a base are excluded.
    """
    layout = links_of(ground).layout
    rasters = coverage_rasters(layout, ground.terrain, None, target=agreement.target, conditions=agreement.conditions)
    return on_grid(rasters["expected_probability"], ground.frame, agreement)


def on_grid(probability: xr.DataArray, frame: LocalFrame, agreement: Agreement) -> gpd.GeoDataFrame:
    """Average a raster over the cells of the agreed grid, and round down.

    The result depends on the raster only by the rounded means: two layouts with the same means give the same rows.
    """
    grid = AgreedGrid.of(agreement)
    easting, northing = np.meshgrid(probability["easting"].to_numpy(), probability["northing"].to_numpy())
    lon, lat = frame.to_lonlat(easting.ravel(), northing.ravel())
    column, row = grid.cells(lon, lat)
    table = pd.DataFrame({"row": row, "column": column, "value": probability.to_numpy().astype(float).ravel()})
    cells = table.groupby(["row", "column"])["value"].agg(["sum", "count"]).reset_index()
    spacing = abs(float(probability["easting"][1] - probability["easting"][0]))
    whole = (agreement.grid_m / spacing) ** 2
    cells = cells[cells["count"] >= LEAST_KNOWN * whole]
    found_column, found_row = cells["column"].to_numpy(), cells["row"].to_numpy()
    centre_lon, centre_lat = grid.centres(found_column, found_row)
    inside = is_inside(centre_lon, centre_lat, agreement.area)
    mean = (cells["sum"] / cells["count"]).to_numpy()
    found = pd.DataFrame(
        {
            "id": [f"cell_{e}_{n}" for e, n in zip(found_column[inside], found_row[inside], strict=True)],
            "probability": rounded_down(mean[inside], agreement.probability_step),
        }
    )
    shapes: Any = shapely.polygons(grid.corners(found_column[inside], found_row[inside])) if inside.any() else []
    return gpd.GeoDataFrame(found, geometry=np.asarray(shapes, dtype=object), crs=WGS84)


def joint_table(own: gpd.GeoDataFrame, other: pd.DataFrame, agreement: Agreement) -> gpd.GeoDataFrame:
    """Return own and received coverage with what both cover; a cell of one side only has NaN for the other.

    ``other`` has the columns ``id`` and ``probability``. Cells that only the partner knows are left out: they lie
    beyond our terrain, and our coverage there is unknown.
    """
    both = own.merge(other[["id", "probability"]], on="id", how="left", suffixes=("", "_partner"))
    found = joint(both["probability"], both["probability_partner"], step=agreement.probability_step)
    both["joint_independent"], both["joint_low"], both["joint_high"] = found
    return both


__all__ = ["JointCoverage", "coverage_of", "joint", "joint_table", "on_grid"]
