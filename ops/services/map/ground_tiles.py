"""Vector tiles of the ground: contour lines, roads, rivers and settlements (Mapbox Vector Tile 2.1).

Contour lines are traced for each tile, by contourpy, on the heights from which its shaded relief is drawn, so that they
agree with it at every zoom. Roads, rivers and settlements are those of the sector's own map files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import contourpy
import mapbox_vector_tile
import numpy as np
import numpy.typing as npt
import shapely

from geo.mobility.roads_and_rivers import ROAD_COLUMNS
from geo.mobility.settings import ROAD_LINKS
from ops.runtime.files.cache import FileCache
from ops.services.map.tiles import EQUATOR_M, TILE_PX, NoTile, Raster

EXTENT: Final = 4096
"""Units along the side of a tile."""
MARGIN: Final = 128
"""Units by which lines reach beyond the tile, so that their strokes join."""
SIDE_PX: Final = 512
LINE_SPACING_PX: Final = 16.0
"""Distance of two contour lines on ground of the terrain's upper-quartile slope."""
INTERVALS_M: Final = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
INDEX_EVERY: Final = 5
"""Every fifth contour line is drawn heavier and has its height written on it, as on printed maps."""
FARTHEST_OUT, CLOSEST_IN = 7, 15
TOLERANCE: Final = 6.0
"""Units by which a simplified line may deviate."""

ROAD_CLASSES: Final[Mapping[str, str]] = {
    "motorway": "main", "trunk": "main", "primary": "main", "secondary": "road", "tertiary": "road",
    "unclassified": "street", "residential": "street", "living_street": "street", "service": "track", "track": "track",
    "road": "street", "pedestrian": "path", "footway": "path", "path": "path", "steps": "path", "bridleway": "path",
    "cycleway": "path",
}  # fmt: skip
ROAD_FROM_ZOOM: Final[Mapping[str, int]] = {"main": 0, "road": 9, "street": 11, "track": 12, "path": 13}
"""The zoom from which a class of road is in the tiles."""
SETTLEMENT_COLUMNS: Final = ("place", "class", "fclass")
SETTLEMENT_RANKS: Final[Mapping[str, int]] = {"city": 1, "town": 2, "village": 3, "suburb": 4}
"""The lower, the larger; any other is 5."""
MOST_NAME: Final = 80
"""Characters of a name on the map."""


@dataclass(frozen=True, slots=True, eq=False)
class MapFeatures:
    """Shapes of one layer in Web Mercator, with what the tiles say of each and the zoom from which they show it."""

    name: str
    shapes: npt.NDArray[np.object_]
    properties: Sequence[Mapping[str, Any]]
    from_zoom: npt.NDArray[np.int_]
    index: shapely.STRtree

    @classmethod
    def of(cls, name: str, table: Any) -> MapFeatures:
        """Features of a GeoDataFrame ``table`` of roads, rivers or settlements."""
        shapes = np.array(table.geometry.to_crs(3857), dtype=object)
        kept = np.array([_is_drawable(shape) for shape in shapes], bool)
        rows = [row for row, keep in zip(table.to_dict("records"), kept, strict=True) if keep]
        told = [_PROPERTIES[name](row) for row in rows]
        zooms = np.array([ROAD_FROM_ZOOM.get(str(one.get("class")), 0) for one in told], int)
        return cls(name, shapes[kept], [_with_name(one, row) for one, row in zip(told, rows, strict=True)], zooms,
                   shapely.STRtree(shapes[kept]))  # fmt: skip

    def inside(self, box: tuple[float, float, float, float], zoom: int) -> Iterable[tuple[Any, Mapping[str, Any]]]:
        """Shapes that touch ``box`` (west, south, east, north), cut to it, with their properties."""
        for i in sorted(self.index.query(shapely.box(*box))):
            if self.from_zoom[i] <= zoom:
                cut = shapely.clip_by_rect(self.shapes[i], *box)
                if not cut.is_empty:
                    yield cut, self.properties[i]


class GroundTiles:
    """Tiles of one terrain and its map features. Thread-safe.

    Parameters
    ----------
    elevation : Raster
        Heights [m] of the terrain.
    upper_slope : float
        Upper quartile of the terrain's slopes (rise over run), which sets the contour interval of each zoom.
    features : sequence of MapFeatures
        Roads, rivers and settlements, as far as the sector has them.
    kept : FileCache, optional
        Where tiles are kept for the next start.
    revision : str
        Identifies the contents among those of other sectors in ``kept``.
    """

    def __init__(
        self,
        elevation: Raster,
        upper_slope: float,
        features: Sequence[MapFeatures],
        *,
        kept: FileCache | None = None,
        revision: str = "",
    ) -> None:
        self._elevation, self._slope, self._features = elevation, max(upper_slope, 1e-4), features
        self._files, self._revision = kept, revision
        self._kept = lru_cache(maxsize=256)(self._kept_or_drawn)

    def tile(self, z: int, x: int, y: int) -> bytes:
        """The tile as protobuf, without a layer where there is nothing. NoTile names an argument out of range."""
        if not FARTHEST_OUT <= z <= CLOSEST_IN:
            raise NoTile(f"There are no tiles of the ground at zoom {z}; they go from {FARTHEST_OUT} to {CLOSEST_IN}.")
        if not (0 <= x < 2**z and 0 <= y < 2**z):
            raise NoTile(f"There is no tile {x}, {y} at zoom {z}; both count from 0 to {2**z - 1}.")
        return self._kept(z, x, y)

    def interval_m(self, z: int, latitude_deg: float) -> float:
        """Height between two contour lines of a zoom."""
        pixel_m = EQUATOR_M * np.cos(np.radians(latitude_deg)) / 2**z / SIDE_PX
        least = LINE_SPACING_PX * pixel_m * self._slope
        return next((interval for interval in INTERVALS_M if interval >= least), INTERVALS_M[-1])

    def _kept_or_drawn(self, z: int, x: int, y: int) -> bytes:
        if self._files is None:
            return self._draw(z, x, y)
        name = f"ground/{self._revision}/{z}/{x}/{y}"
        body = self._files.get(name)
        if body is None:
            body = self._draw(z, x, y)
            self._files.put(name, body)
        return body

    def _draw(self, z: int, x: int, y: int) -> bytes:
        side = EQUATOR_M / 2**z
        west, north = x * side - EQUATOR_M / 2, EQUATOR_M / 2 - y * side
        margin = side * MARGIN / EXTENT
        box = (west - margin, north - side - margin, west + side + margin, north + margin)
        layers = [
            _layer("contours", self._contours(z, x, y)),
            *(
                _layer(one.name, ((_to_tile(shape, west, north, side), told) for shape, told in one.inside(box, z)))
                for one in self._features
            ),
        ]
        body: bytes = mapbox_vector_tile.encode(
            [layer for layer in layers if layer["features"]],
            default_options={"extents": EXTENT, "y_coord_down": True},
        )
        return body

    def _contours(self, z: int, x: int, y: int) -> Iterable[tuple[Any, Mapping[str, Any]]]:
        beyond = MARGIN * TILE_PX // EXTENT + 1
        reading = self._elevation.interpolated(z, x, y)
        if reading is None:
            return
        heights = reading.around(beyond).astype(np.float64)
        if not np.isfinite(heights).any():
            return
        latitude = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (y + 0.5) / 2**z))))
        interval = self.interval_m(z, float(latitude))
        axis = (np.arange(heights.shape[0]) - beyond + 0.5) * EXTENT / TILE_PX
        traced = contourpy.contour_generator(axis, axis, np.ma.masked_invalid(heights), line_type="Separate")
        first, last = np.ceil(np.nanmin(heights) / interval), np.floor(np.nanmax(heights) / interval)
        for step in range(int(first), int(last) + 1):
            height = step * interval
            lines: Any = traced.lines(height)
            for line in lines:
                yield (
                    shapely.simplify(shapely.linestrings(line), TOLERANCE),
                    {"height_m": round(height), "index": step % INDEX_EVERY == 0},
                )


def upper_slope(elevation: Any, cell_m: float) -> float:
    """Upper quartile of the slopes (rise over run) of a terrain, from every few hundredth cell; 0 if none is known."""
    step = max(1, max(elevation.shape) // 1024)
    rows = np.asarray(elevation[:: 4 * step].to_numpy(), np.float32)
    slopes = np.abs(np.diff(rows, axis=1))[:, ::step] / cell_m
    known = slopes[np.isfinite(slopes)]
    return float(np.quantile(known, 0.75)) if known.size else 0.0


def _layer(name: str, features: Iterable[tuple[Any, Mapping[str, Any]]]) -> dict[str, Any]:
    drawn = [{"geometry": shape, "properties": dict(told)} for shape, told in features if not shape.is_empty]
    return {"name": name, "features": drawn}


def _to_tile(shape: Any, west: float, north: float, side: float) -> Any:
    scale = EXTENT / side
    placed = shapely.transform(shape, lambda places: (places - (west, north)) * (scale, -scale))
    if shapely.get_type_id(placed) in (0, 4):
        return placed
    simpler = shapely.simplify(placed, TOLERANCE, preserve_topology=False)  # 50 times as fast for a million points
    return shapely.envelope(placed) if simpler.is_empty else simpler


def _is_drawable(shape: Any) -> bool:
    """Whether a shape has places and all are known; its bounds leave out those that are NaN."""
    return shape is not None and not shape.is_empty and bool(np.isfinite(shapely.get_coordinates(shape)).all())


def _with_name(told: Mapping[str, Any], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """``told`` with the name of a map file, which others wrote, without signs that cannot be seen."""
    name = row.get("name")
    shown = "".join(sign for sign in name if sign.isprintable())[:MOST_NAME].strip() if isinstance(name, str) else ""
    return {**told, "name": shown} if shown else told


def _road(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = next((str(row[column]) for column in ROAD_COLUMNS if row.get(column)), "")
    return {"class": ROAD_CLASSES.get(kind.removesuffix(ROAD_LINKS), "street")}


def _river(_row: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _settlement(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = next((str(row[column]) for column in SETTLEMENT_COLUMNS if row.get(column)), "")
    return {"rank": SETTLEMENT_RANKS.get(kind, 5)}


_PROPERTIES: Final = {"roads": _road, "rivers": _river, "settlements": _settlement}
