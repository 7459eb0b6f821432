"""Draws the base map of the sample sector: its streams, computed from its terrain.

``python deploy/draw_streams.py`` writes ``data/samples/cumberland/streams.pmtiles``. Depressions of the terrain are
filled from its edge inwards (priority-flood, Barnes, Lehman and Mulla 2014), each cell drains to the neighbour from
which it was reached, and a stream begins where 2 km² drain through a cell. The file has no date: the same terrain gives
the same bytes.
"""

from __future__ import annotations

import gzip
import heapq
import math
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import mapbox_vector_tile
import numpy as np
import rasterio
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from ops.sector.samples import jacksboro_cog

ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = ROOT / "data" / "samples" / "cumberland" / "streams.pmtiles"
LEAST_KM2: Final = 2.0
ZOOMS: Final = range(8, 13)
EXTENT, MARGIN, TOLERANCE = 4096, 64, 6.0
"""Units of a tile: its side, what lines reach beyond it, and by how much a simplified line may deviate."""
OPTIONS: Final = {"extents": EXTENT, "y_coord_down": True}
NEIGHBOURS: Final = tuple((row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column)
CREDIT: Final = "Streams computed from the terrain"


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


def unit_square(lines: list[tuple[shapely.LineString, float]]) -> list[tuple[shapely.LineString, float]]:
    """Return the lines in Web Mercator with a side of 1, from the north-west corner."""

    def placed(places: Any) -> Any:
        lat = np.radians(places[:, 1])
        return np.stack([places[:, 0] / 360 + 0.5, 0.5 - np.arcsinh(np.tan(lat)) / (2 * np.pi)], axis=1)

    return [(shapely.transform(line, placed), drained) for line, drained in lines]


def tiles(lines: list[tuple[shapely.LineString, float]]) -> Mapping[tuple[int, int, int], bytes]:
    """Return the tiles of all zooms that hold a stream."""
    squared = unit_square(lines)
    west, north, east, south = shapely.total_bounds([line for line, _ in squared])
    made = {}
    for zoom in ZOOMS:
        side = 2.0**zoom
        for x in range(int(west * side), int(east * side) + 1):
            for y in range(int(north * side), int(south * side) + 1):
                if features := within(squared, zoom, x, y):
                    layers = [{"name": "waterways", "features": features}]
                    made[zoom, x, y] = gzip.compress(
                        mapbox_vector_tile.encode(layers, default_options=OPTIONS), 9, mtime=0
                    )
    return made


def within(squared: list[tuple[shapely.LineString, float]], zoom: int, x: int, y: int) -> list[dict[str, Any]]:
    """Return the features of a tile. Further out, streams of small catchments are left out."""
    scale, least = EXTENT * 2.0**zoom, LEAST_KM2 * 2.0 ** (ZOOMS[-1] - zoom)
    box = (-MARGIN, -MARGIN, EXTENT + MARGIN, EXTENT + MARGIN)
    features = []
    for line, drained in squared:
        placed = shapely.transform(line, lambda places: places * scale - np.array([x, y]) * EXTENT)
        cut = shapely.clip_by_rect(shapely.simplify(placed, TOLERANCE), *box)
        if drained >= least and not cut.is_empty:
            features.append({"geometry": cut, "properties": {"catchment_km2": round(drained, 1)}})
    return features


def main() -> None:
    lines = streams()
    west, south, east, north = (round(edge * 1e7) for edge in shapely.total_bounds([line for line, _ in lines]))
    header = {
        "tile_type": TileType.MVT, "tile_compression": Compression.GZIP, "min_lon_e7": west, "min_lat_e7": south,
        "max_lon_e7": east, "max_lat_e7": north, "center_zoom": 10, "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }  # fmt: skip
    metadata = {"vector_layers": [{"id": "waterways", "fields": {"catchment_km2": "Number"}}], "attribution": CREDIT}
    with FILE.open("wb") as file:
        writer = Writer(file)
        for (zoom, x, y), body in sorted(tiles(lines).items(), key=lambda entry: zxy_to_tileid(*entry[0])):
            writer.write_tile(zxy_to_tileid(zoom, x, y), body)
        writer.finalize(header, metadata)


if __name__ == "__main__":
    main()
