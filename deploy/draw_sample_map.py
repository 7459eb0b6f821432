"""Draws the base map of the sample sector: streams computed from its terrain, roads and settlements that are invented.

``python deploy/draw_sample_map.py`` writes ``settlements.geojson``, ``roads.geojson`` and ``base_map.pmtiles`` in
``data/samples/cumberland``. The settlements are those of ``SETTLEMENTS``, moved to the most level ground nearby. Each
road of ``ROADS`` takes the path that costs least where a slope of 8% doubles the cost of a metre. The files have no
date: the same terrain gives the same places.
"""

from __future__ import annotations

import gzip
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import mapbox_vector_tile
import numpy as np
import rasterio
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from deploy.draw_streams import LEAST_KM2, rounded, streams
from ops.sector.samples import jacksboro_cog

FOLDER: Final = Path(__file__).resolve().parents[1] / "data" / "samples" / "cumberland"
ARCHIVE: Final = FOLDER / "base_map.pmtiles"
SETTLEMENTS: Final = (
    ("Forkham", "town", -84.352, 36.552),
    ("Covestead", "village", -84.221, 36.560),
    ("Laurel Bottom", "village", -84.295, 36.545),
    ("Eastlow", "village", -84.130, 36.560),
    ("Sawyer's Rest", "hamlet", -84.172, 36.545),
    ("Westerly", "hamlet", -84.395, 36.560),
    ("Northmill", "village", -84.345, 36.625),
    ("Hatchet Run", "hamlet", -84.270, 36.632),
    ("Upper Ferrol", "village", -84.190, 36.630),
    ("Kiln Hollow", "hamlet", -84.120, 36.625),
)
"""Name, class and approximate longitude and latitude. None of them exists."""
ROADS: Final = (
    ("Valley road", "primary", ("Forkham", (-84.3525, 36.5910), "Northmill")),
    ("South road", "secondary", ("Westerly", "Forkham", "Laurel Bottom", "Covestead", "Sawyer's Rest", "Eastlow")),
    ("North road", "secondary", ("Northmill", "Hatchet Run", "Upper Ferrol", "Kiln Hollow")),
    ("Fork lane", "tertiary", ("Forkham", (-84.3405, 36.5655))),
    ("Cove lane", "tertiary", ("Covestead", (-84.2153, 36.5795))),
    ("Quarry track", "track", ("Laurel Bottom", (-84.2855, 36.5838))),
    ("Waterworks lane", "tertiary", ("Sawyer's Rest", (-84.1668, 36.5750))),
    ("Ford track", "track", ((-84.2153, 36.5795), (-84.2290, 36.5900))),
    ("Crest track", "track", ((-84.2153, 36.5795), (-84.26667, 36.58583))),
    ("Divide track", "track", ("Laurel Bottom", (-84.305, 36.57917))),
    ("East track", "track", ("Eastlow", (-84.145, 36.585))),
    ("West track", "track", ("Westerly", (-84.39917, 36.585))),
)
"""Name, class and the settlements or positions that a road joins: the crossing point, bases, towers and named areas."""
LEVEL_WITHIN_M: Final = 700.0
DOUBLING_SLOPE: Final = 0.08
ZOOMS: Final = range(8, 13)
EXTENT, MARGIN, TOLERANCE = 4096, 64, 6.0
"""Units of a tile: its side, what lines reach beyond it, and by how much a simplified line may deviate."""
OPTIONS: Final = {"extents": EXTENT, "y_coord_down": True}
FROM_ZOOM: Final[Mapping[str, int]] = {"primary": 8, "secondary": 9, "tertiary": 11, "track": 12}
CREDIT: Final = "Streams computed from the terrain; roads and settlements invented"

Place = tuple[float, float]
Feature = tuple[Any, dict[str, Any], int]
"""A shape in degrees, its properties, and the zoom from which it is drawn."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Heights (row, column) [m], the transform of their raster, and the sides of a cell [m]."""

    heights: Any
    transform: Any
    high_m: float
    wide_m: float

    @classmethod
    def sample(cls) -> Ground:
        """The terrain of the sample sector."""
        with tempfile.TemporaryDirectory() as folder, rasterio.open(jacksboro_cog(Path(folder))) as raster:
            heights, transform = raster.read(1).astype(float), raster.transform
        lat = math.radians(transform.f + transform.e * heights.shape[0] / 2)
        return cls(heights, transform, abs(transform.e) * 111_195.0, transform.a * 111_195.0 * math.cos(lat))

    def cell(self, lon: float, lat: float) -> tuple[int, int]:
        """Row and column of a position."""
        column, row = ~self.transform @ (lon, lat)
        return int(row), int(column)

    def places(self, cells: Any) -> Any:
        """Longitude and latitude of the middles of flat cell indices."""
        rows, columns = np.divmod(np.asarray(cells), self.heights.shape[1])
        east, south = self.transform.a, self.transform.e
        return np.stack([self.transform.c + east * (columns + 0.5), self.transform.f + south * (rows + 0.5)], axis=1)

    def slopes(self) -> Any:
        """Rise over run of each cell."""
        down, right = np.gradient(self.heights, self.high_m, self.wide_m)
        return np.hypot(down, right)


def settled(ground: Ground) -> dict[str, Place]:
    """Return each settlement on the most level ground near its position: mean slope of 5 by 5 cells."""
    slopes = ground.slopes()
    mean = sum(np.roll(slopes, (down, right), (0, 1)) for down in range(-2, 3) for right in range(-2, 3)) / 25
    reach = int(LEVEL_WITHIN_M / ground.high_m)
    found = {}
    for name, _, lon, lat in SETTLEMENTS:
        row, column = ground.cell(lon, lat)
        part = mean[row - reach : row + reach + 1, column - reach : column + reach + 1]
        down, right = np.unravel_index(int(part.argmin()), part.shape)
        cell = (row - reach + int(down)) * slopes.shape[1] + column - reach + int(right)
        found[name] = tuple(ground.places([cell])[0].round(5).tolist())
    return found


def steps(ground: Ground) -> Any:
    """Return what each step to a neighbouring cell costs, as a sparse matrix of cells."""
    rows, columns = ground.heights.shape
    cells = np.arange(rows * columns).reshape(rows, columns)
    starts, ends, costs = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = (slice(None, rows - down), slice(max(-right, 0), columns - max(right, 0)))
        there = (slice(down, None), slice(max(right, 0), columns + min(right, 0)))
        run = math.hypot(down * ground.high_m, right * ground.wide_m)
        slope = np.abs(ground.heights[there] - ground.heights[here]) / run
        starts.append(cells[here].ravel())
        ends.append(cells[there].ravel())
        costs.append((run * (1.0 + (slope / DOUBLING_SLOPE) ** 2)).ravel())
    table = (np.concatenate(costs), (np.concatenate(starts), np.concatenate(ends)))
    return csr_matrix(table, shape=(cells.size, cells.size))


def course(ground: Ground, costs: Any, stops: Sequence[Place]) -> Any:
    """Return the positions of the road through ``stops``."""
    legs = []
    for start, end in pairwise(stops):
        first, last = (np.ravel_multi_index(ground.cell(*place), ground.heights.shape) for place in (start, end))
        _, before = dijkstra(costs, directed=False, indices=first, return_predecessors=True)
        path = [last]
        while path[-1] != first:
            path.append(int(before[path[-1]]))
        places = ground.places(path[::-1])
        places[0], places[-1] = start, end
        line = rounded(shapely.get_coordinates(shapely.simplify(shapely.LineString(places), 0.0004)))
        legs.append(shapely.get_coordinates(shapely.simplify(shapely.LineString(line), 0.0002))[1 if legs else 0 :])
    return np.concatenate(legs)


def roads(ground: Ground, found: Mapping[str, Place]) -> list[tuple[str, str, Any]]:
    """Return name, class and line of each road."""
    costs = steps(ground)
    made = []
    for name, kind, stops in ROADS:
        line = course(ground, costs, [found[stop] if isinstance(stop, str) else stop for stop in stops])
        made.append((name, kind, shapely.LineString(line.round(5))))
    return made


def unit_square(shape: Any) -> Any:
    """Return a shape in Web Mercator with a side of 1, from the north-west corner."""

    def placed(places: Any) -> Any:
        lat = np.radians(places[:, 1])
        return np.stack([places[:, 0] / 360 + 0.5, 0.5 - np.arcsinh(np.tan(lat)) / (2 * np.pi)], axis=1)

    return shapely.transform(shape, placed)


def tiles(layers: Mapping[str, Sequence[Feature]]) -> Mapping[tuple[int, int, int], bytes]:
    """Return the tiles of all zooms that hold a feature."""
    squared = {name: [(unit_square(shape), *rest) for shape, *rest in features] for name, features in layers.items()}
    west, north, east, south = shapely.total_bounds([one[0] for features in squared.values() for one in features])
    made = {}
    for zoom in ZOOMS:
        side = 2.0**zoom
        for x in range(int(west * side), int(east * side) + 1):
            for y in range(int(north * side), int(south * side) + 1):
                drawn = [{"name": name, "features": within(features, zoom, x, y)} for name, features in squared.items()]
                if filled := [layer for layer in drawn if layer["features"]]:
                    body = mapbox_vector_tile.encode(filled, default_options=OPTIONS)
                    made[zoom, x, y] = gzip.compress(body, 9, mtime=0)
    return made


def within(features: Sequence[Any], zoom: int, x: int, y: int) -> list[dict[str, Any]]:
    """Return the features of a tile."""
    scale = EXTENT * 2.0**zoom
    box = (-MARGIN, -MARGIN, EXTENT + MARGIN, EXTENT + MARGIN)
    found = []
    for shape, properties, from_zoom in features:
        if zoom < from_zoom:
            continue
        placed = shapely.transform(shape, lambda places: places * scale - np.array([x, y]) * EXTENT)
        cut = shapely.clip_by_rect(shapely.simplify(placed, TOLERANCE), *box)
        if not cut.is_empty:
            found.append({"geometry": cut, "properties": properties})
    return found


def stream_features() -> list[Feature]:
    """Return the streams; those of small catchments are left out further out."""
    found = []
    for line, drained in streams():
        fewer = max(0.0, math.log2(drained / LEAST_KM2))
        found.append((line, {"catchment_km2": round(drained, 1)}, max(ZOOMS[0], math.ceil(ZOOMS[-1] - fewer))))
    return found


def write_features(path: Path, name: str, features: Sequence[tuple[Any, Mapping[str, Any]]]) -> None:
    """Write a GeoJSON file with a line for each feature."""
    rows = [
        json.dumps({"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))})
        for shape, properties in features
    ]
    head = f'{{\n  "type": "FeatureCollection",\n  "name": {json.dumps(name)},\n  "features": [\n    '
    path.write_text(head + ",\n    ".join(rows) + "\n  ]\n}\n", encoding="utf-8")


def main() -> None:
    ground = Ground.sample()
    found = settled(ground)
    drawn = roads(ground, found)
    named = [(shapely.Point(found[name]), {"name": name, "place": kind}) for name, kind, *_ in SETTLEMENTS]
    write_features(FOLDER / "settlements.geojson", "settlements, invented for the exercise", named)
    write_features(
        FOLDER / "roads.geojson",
        "roads, invented for the exercise",
        [(line, {"name": name, "highway": kind}) for name, kind, line in drawn],
    )
    layers: dict[str, list[Feature]] = {
        "waterways": stream_features(),
        "roads": [(line, {"name": name, "highway": kind}, FROM_ZOOM[kind]) for name, kind, line in drawn],
        "places": [(shape, properties, ZOOMS[0]) for shape, properties in named],
    }
    write_archive(layers)


def write_archive(layers: Mapping[str, Sequence[Feature]]) -> None:
    """Write the base map."""
    bounds = shapely.total_bounds([feature[0] for features in layers.values() for feature in features])
    west, south, east, north = (round(edge * 1e7) for edge in bounds)
    header = {
        "tile_type": TileType.MVT, "tile_compression": Compression.GZIP, "min_lon_e7": west, "min_lat_e7": south,
        "max_lon_e7": east, "max_lat_e7": north, "center_zoom": 10, "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }  # fmt: skip
    fields = {"waterways": {"catchment_km2": "Number"}, "roads": {"name": "String", "highway": "String"},
              "places": {"name": "String", "place": "String"}}  # fmt: skip
    vector_layers = [{"id": name, "fields": fields[name]} for name in layers]
    with ARCHIVE.open("wb") as file:
        writer = Writer(file)
        for (zoom, x, y), body in sorted(tiles(layers).items(), key=lambda entry: zxy_to_tileid(*entry[0])):
            writer.write_tile(zxy_to_tileid(zoom, x, y), body)
        writer.finalize(header, {"vector_layers": vector_layers, "attribution": CREDIT})


if __name__ == "__main__":
    main()
