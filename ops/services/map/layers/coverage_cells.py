"""Coverage as square cells for geographic information systems: blocks of terrain cells, few enough for one answer."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final

import numpy as np

from geo.terrain import cell_size
from ops.sector.open_sector import OpenSector
from sensors.coverage.live import LiveCoverage

MOST_CELLS: Final = 4_000
"""Cells of one answer, so that a client gets all of them at once."""


def coverage_cells(
    ground: OpenSector, live: LiveCoverage, conditions: str, *, most: int = MOST_CELLS
) -> dict[str, Any]:
    """Return square cells as GeoJSON, at most about ``most``; none for blocks without terrain.

    ``detection_probability`` is the mean over the terrain cells of a block where it is known, and
    ``least_detection_probability`` the lowest of them; both are None where it is known for none. ``known_fraction`` is
    the fraction of the block's terrain where it is known.
    """
    terrain, probability = ground.terrain, live.rasters[None]
    rows, columns = probability.shape
    size = max(1, math.ceil(math.sqrt(rows * columns / most)))
    there = ~np.isnan(terrain["elevation"].to_numpy())
    known = there & ~np.isnan(probability)
    starts = np.arange(0, rows, size), np.arange(0, columns, size)
    cells, known_cells = _blocks(np.add, there, starts), _blocks(np.add, known, starts)
    with np.errstate(invalid="ignore"):
        mean = _blocks(np.add, np.where(known, probability, 0.0).astype(float), starts) / known_cells
    least = _blocks(np.minimum, np.where(known, probability, np.inf).astype(float), starts)
    northing, easting = terrain["northing"].to_numpy(), terrain["easting"].to_numpy()
    lon, lat = _corners(ground, _edges(northing, size), _edges(easting, size))
    features = []
    for row, column in np.argwhere(cells > 0).tolist():
        ring = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column), (row, column)]
        seen = known_cells[row, column] > 0
        features.append(
            {
                "type": "Feature",
                "id": f"{row}-{column}",
                "geometry": {"type": "Polygon", "coordinates": [_anticlockwise([[lon[at], lat[at]] for at in ring])]},
                "properties": {
                    "detection_probability": round(float(mean[row, column]), 4) if seen else None,
                    "least_detection_probability": round(float(least[row, column]), 4) if seen else None,
                    "known_fraction": round(float(known_cells[row, column] / cells[row, column]), 4),
                    "cell_m": cell_size(terrain) * size,
                    "exposure_s": live.task.dwell_s,
                    "target": live.task.situation.target,
                    "conditions": conditions,
                },
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _blocks(operation: np.ufunc, values: Any, starts: tuple[Any, Any]) -> Any:
    values = values.astype(np.int64) if values.dtype == np.bool_ else values
    return operation.reduceat(operation.reduceat(values, starts[0], axis=0), starts[1], axis=1)


def _edges(centres: Any, size: int) -> Any:
    """Edges of blocks of ``size`` cells along one axis, whichever way it runs."""
    step = centres[1] - centres[0] if len(centres) > 1 else 1.0
    return np.append(centres[::size] - step / 2, centres[-1] + step / 2)


def _corners(ground: OpenSector, northing: Any, easting: Any) -> tuple[Any, Any]:
    """Longitudes and latitudes (row, column) of the corners of blocks, to about one centimetre."""
    easts, norths = np.meshgrid(easting, northing)
    lon, lat = ground.frame.to_lonlat(easts.ravel(), norths.ravel())
    return np.round(lon, 7).reshape(easts.shape), np.round(lat, 7).reshape(easts.shape)


def _anticlockwise(ring: list[list[float]]) -> list[list[float]]:
    """The ring as RFC 7946 wants it."""
    area = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring))
    ring = [[float(x), float(y)] for x, y in ring]
    return ring if area > 0 else ring[::-1]
