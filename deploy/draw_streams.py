"""The streams of the sample sector, computed from its terrain, for ``draw_sample_map.py``.

Depressions of the terrain are filled from its edge inwards (priority-flood, Barnes, Lehman and Mulla 2014), each cell
drains to the neighbour from which it was reached, and a stream begins where 2 km² drain through a cell.
"""

from __future__ import annotations

import heapq
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
import shapely

from ops.sector.samples import jacksboro_cog

LEAST_KM2: Final = 2.0
NEIGHBOURS: Final = tuple((row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column)


@dataclass(frozen=True, slots=True)
class Drainage:
    """Where each cell drains to, as a flat index, -1 off the terrain; the cells in ``order`` from the outlets up."""

    downstream: Any
    order: Any


def drainage(heights: Any) -> Drainage:
    """Return where each cell of ``heights`` (row, column) [m] drains to."""
    rows, columns = heights.shape
    downstream = np.full(heights.size, -2)
    waiting: list[tuple[float, int, int]] = []
    for row in range(rows):
        for column in range(columns):
            if row in (0, rows - 1) or column in (0, columns - 1):
                downstream[row * columns + column] = -1
                waiting.append((float(heights[row, column]), row, column))
    heapq.heapify(waiting)
    order = []
    while waiting:
        height, row, column = heapq.heappop(waiting)
        order.append(row * columns + column)
        for down, right in NEIGHBOURS:
            r, c = row + down, column + right
            if 0 <= r < rows and 0 <= c < columns and downstream[r * columns + c] == -2:
                downstream[r * columns + c] = row * columns + column
                heapq.heappush(waiting, (max(height, float(heights[r, c])), r, c))
    return Drainage(downstream, np.array(order))


def catchments(found: Drainage) -> Any:
    """Return the number of cells that drain through each cell, itself included."""
    cells = np.ones(found.downstream.size)
    for cell in found.order[::-1]:
        if found.downstream[cell] >= 0:
            cells[found.downstream[cell]] += cells[cell]
    return cells


def courses(found: Drainage, cells: Any, least: float) -> Iterator[tuple[list[int], float]]:
    """Yield streams as cells from a source or confluence to the next, with what drains through the last but one."""
    wet = cells >= least
    above = np.zeros(cells.size, int)
    for cell in np.flatnonzero(wet):
        if found.downstream[cell] >= 0:
            above[found.downstream[cell]] += 1
    for start in np.flatnonzero(wet & (above != 1)):
        course, cell = [int(start)], int(found.downstream[start])
        while cell >= 0:
            course.append(cell)
            if above[cell] > 1:
                break
            cell = int(found.downstream[cell])
        if len(course) > 1:
            yield course, float(cells[course[-2]])


def streams() -> list[tuple[shapely.LineString, float]]:
    """Return the streams of the sample's terrain as lines in degrees, with their catchment [km²]."""
    with tempfile.TemporaryDirectory() as folder, rasterio.open(jacksboro_cog(Path(folder))) as raster:
        heights, transform = raster.read(1).astype(float), raster.transform
    lat = transform.f + transform.e * heights.shape[0] / 2
    cell_km2 = abs(transform.a * transform.e) * 111.195**2 * math.cos(math.radians(lat))
    found = drainage(heights)
    cells = catchments(found)
    lines = []
    for course, drained in courses(found, cells, LEAST_KM2 / cell_km2):
        rows, columns = np.divmod(np.array(course), heights.shape[1])
        places = np.stack(
            [transform.c + transform.a * (columns + 0.5), transform.f + transform.e * (rows + 0.5)], axis=1
        )
        lines.append((shapely.LineString(rounded(places)), drained * cell_km2))
    return lines


def rounded(places: Any) -> Any:
    """Corners between two cells are cut twice (Chaikin 1974); the ends stay."""
    for _ in range(2):
        cut = np.concatenate([0.75 * places[:-1] + 0.25 * places[1:], 0.25 * places[:-1] + 0.75 * places[1:]], axis=1)
        places = np.concatenate([places[:1], cut.reshape(-1, 2), places[-1:]])
    return places
