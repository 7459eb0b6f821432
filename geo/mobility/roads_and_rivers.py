"""Roads, rivers and fords from map files, on the cells of a terrain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas
import shapely
import xarray as xr
from affine import Affine
from rasterio.features import rasterize

from geo.arrays import Bools, Float32s, Floats
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.mobility.settings import FOOTWAYS, ROAD_LINKS, MobilitySettings
from geo.terrain.derived import bounds, cell_size
from geo.vector_files import LAYER_MARK, file_and_layer, refuse_requests

if TYPE_CHECKING:
    import geopandas

SHAPES: Final[Mapping[str, tuple[str, ...]]] = {
    "roads": ("lines",),
    "rivers": ("lines", "areas"),
    "fords": ("points", "lines", "areas"),
    "settlements": ("points", "areas"),
}
"""The shapes that a map file of each kind may hold."""
SHAPE_NAMES: Final[Mapping[str, str]] = {
    "Point": "points",
    "MultiPoint": "points",
    "LineString": "lines",
    "LinearRing": "lines",
    "MultiLineString": "lines",
    "Polygon": "areas",
    "MultiPolygon": "areas",
}
ROAD_COLUMNS = ("highway", "class", "fclass")
SPEED_COLUMN = "speed_kmh"
KMH = 3.6


class WaysError(BadInput):
    """Roads, rivers or fords that cannot be read or placed on the terrain."""


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Roads and paths, rivers, and fords, each a GeoDataFrame in any known coordinate system, or None if unavailable.

    ``roads`` are lines with their class in a column ``highway``, ``class`` or ``fclass`` (OpenStreetMap's values), or
    their speed [km/h] in ``speed_kmh``, if it is above 0. ``rivers`` are lines or areas. ``fords`` are points, lines or
    areas over the rivers. A road over a river is a bridge, a footpath over it a bridge on foot only.
    """

    roads: geopandas.GeoDataFrame | None = None
    rivers: geopandas.GeoDataFrame | None = None
    fords: geopandas.GeoDataFrame | None = None

    def __post_init__(self) -> None:
        for name in ("roads", "rivers", "fords"):
            table = getattr(self, name)
            if table is not None and not (hasattr(table, "geometry") and hasattr(table, "crs")):
                raise WaysError(f"are a {type(table).__name__}", where=name, expected="a GeoDataFrame, or None")

    @classmethod
    def from_files(
        cls,
        frame: LocalFrame,
        *,
        roads: str | Path | None = None,
        rivers: str | Path | None = None,
        fords: str | Path | None = None,
        clip: xr.Dataset | None = None,
    ) -> Ways:
        """Read from files that geopandas opens, limited to the area of the terrain ``clip``.

        A layer of a file of several is named as ``FILE|layername=LAYER``. Raises WaysError for a file that cannot be
        read, has no coordinate system or other shapes than these, and for several layers of which none is named.
        """
        files = {"roads": roads, "rivers": rivers, "fords": fords}
        return cls(
            **{
                kind: None if path is None else read_map_file(kind, path, frame, clip=clip)
                for kind, path in files.items()
            }
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """Kinds that were not given."""
        return tuple(name for name in ("roads", "rivers", "fords") if getattr(self, name) is None)


@dataclass(frozen=True, slots=True, eq=False)
class WayCells:
    """Roads and rivers by cell (row, column): ``road_mps`` by vehicle, NaN without a road; ``path``: cells with any
    road or path; ``river``, also below a bridge; ``ford``: those of its cells with a ford."""

    road_mps: Float32s
    path: Bools
    river: Bools
    ford: Bools


def read_map_file(
    kind: str, path: str | Path, frame: LocalFrame, *, clip: xr.Dataset | None = None
) -> geopandas.GeoDataFrame:
    """Read a map file of a kind (a key of SHAPES), limited to the area of the terrain ``clip``; see Ways.from_files."""
    table = _read(path, None if clip is None else _box_lonlat(clip, frame))
    found = [SHAPE_NAMES.get(str(name), "collections of shapes") for name in table.geom_type.dropna()]
    for shape in dict.fromkeys(found):
        if shape not in SHAPES[kind]:
            what = f"{kind}: {shape} in {found.count(shape)} of {len(found)} features"
            raise WaysError(what, where=str(path), expected=" or ".join(SHAPES[kind]))
    return table


def lay(ways: Ways, terrain: xr.Dataset, frame: LocalFrame, settings: MobilitySettings) -> WayCells:
    """Roads and rivers on every cell of a terrain that they touch, so that rivers have no gaps between cells.

    If roads of several classes touch a cell, the fastest counts. Movers count a cell that a road touches as a bridge,
    and on foot also one that a path touches. A river is thereby also open where a road runs along it within a cell,
    which makes crossing too easy there. Raises WaysError for roads whose class and speed are unknown, and for other
    shapes than lines or areas.
    """
    shape = (terrain.sizes["northing"], terrain.sizes["easting"])
    west, _, _, north = bounds(terrain)
    grid = Affine(cell_size(terrain), 0.0, west, 0.0, -cell_size(terrain), north)
    speeds, paths = np.full(shape, np.nan, np.float32), np.zeros(shape, bool)
    if ways.roads is not None and len(ways.roads):
        lines, mps, by_foot = _roads(ways.roads, frame, settings)
        order = np.argsort(mps, kind="stable")
        driven = [(lines[i], mps[i]) for i in order if mps[i] > 0.0 and _is_shape(lines[i])]
        if driven:
            speeds = rasterize(driven, shape, fill=np.nan, transform=grid, all_touched=True, dtype="float32")
        paths = _touched(lines[by_foot], shape, grid) | np.isfinite(speeds)
    river = _touched(_shapes(ways.rivers, frame), shape, grid)
    ford = _touched(_shapes(ways.fords, frame, near_m=cell_size(terrain)), shape, grid) & river
    return WayCells(speeds, paths, river, ford)


def _roads(
    roads: geopandas.GeoDataFrame, frame: LocalFrame, settings: MobilitySettings
) -> tuple[npt.NDArray[np.object_], Floats, Bools]:
    """Lines in the frame, their speed by vehicle [m/s; 0 for footpaths], and which can be walked."""
    mps, walked = road_speeds(roads, settings)
    return _shapes(roads, frame), mps, walked


def road_speeds(roads: geopandas.GeoDataFrame, settings: MobilitySettings) -> tuple[Floats, Bools]:
    """Speed by vehicle [m/s; 0 for footpaths] on each road, and which can be walked. WaysError where none is known."""
    column = next((name for name in ROAD_COLUMNS if name in roads), None)
    if column is None and SPEED_COLUMN not in roads:
        known = ", ".join(str(name) for name in roads.columns if name != roads.geometry.name)
        raise WaysError(
            f"no class or speed among the columns {known or 'none'}",
            where="roads",
            expected=f"a column {', '.join(ROAD_COLUMNS)} or {SPEED_COLUMN}",
        )
    kinds = np.array([str(kind).removesuffix(ROAD_LINKS) for kind in roads[column]] if column else [""] * len(roads))
    mps = np.array([settings.road_mps.get(kind, 0.0) for kind in kinds])
    if SPEED_COLUMN in roads:
        signed = np.asarray(pandas.to_numeric(roads[SPEED_COLUMN], errors="coerce"), dtype=np.float64) / KMH
        mps = np.where((signed > 0.0) & np.isfinite(signed), signed, mps)
    walked = (mps > 0.0) | np.isin(kinds, list(FOOTWAYS))
    if not walked.any():
        raise WaysError(
            f"no road of a known class ({', '.join(sorted(set(kinds))[:5])})",
            where="roads",
            expected=f"such as {', '.join(list(settings.road_mps)[:4])}",
        )
    return mps, walked


def _shapes(table: geopandas.GeoDataFrame | None, frame: LocalFrame, *, near_m: float = 0.0) -> npt.NDArray[np.object_]:
    """Shapes of a table in the frame; points become discs of ``near_m``."""
    if table is None:
        return np.zeros(0, object)
    if table.crs is None:
        raise WaysError("no coordinate system", where="roads, rivers or fords", expected="a known one")
    shapes = np.array(table.geometry.to_crs(frame.crs), dtype=object)
    points = np.isin(shapely.get_type_id(shapes), (0, 4))
    shapes[points] = shapely.buffer(shapes[points], near_m)
    return shapes


def _touched(shapes: npt.NDArray[np.object_], shape: tuple[int, int], grid: Affine) -> Bools:
    kept = [geometry for geometry in shapes if _is_shape(geometry)]
    if not kept:
        return np.zeros(shape, bool)
    cells: Bools = rasterize(kept, shape, transform=grid, all_touched=True, dtype="uint8").astype(bool)
    return cells


def _is_shape(geometry: Any) -> bool:
    return geometry is not None and not geometry.is_empty and bool(np.isfinite(geometry.bounds).all())


def _read(path: str | Path, box: tuple[float, float, float, float] | None) -> geopandas.GeoDataFrame:
    import geopandas
    import pyogrio

    file, layer = file_and_layer(path)
    try:
        refuse_requests(str(file))
    except BadInput as error:
        raise WaysError(error.what, where=error.where, expected=error.expected) from None
    try:
        layers = [str(name) for name in pyogrio.list_layers(file)[:, 0]]
        if layer is None and len(layers) > 1:
            raise WaysError(
                f"the file has several layers: {', '.join(layers)}",
                where=str(path),
                expected=f"{file.name}{LAYER_MARK}{layers[0]}, or another of them",
            )
        if layer is not None and layer not in layers:
            raise WaysError(f"has no layer {layer!r}", where=str(file), expected=f"one of {', '.join(layers)}")
        if box is not None:
            info = pyogrio.read_info(file, layer=layer)
            to_file = geopandas.GeoSeries([shapely.box(*box)], crs=4326)
            bounds_there: Any = to_file.to_crs(info["crs"]).total_bounds if info["crs"] else box
            table = geopandas.read_file(file, layer=layer, bbox=tuple(bounds_there))
        else:
            table = geopandas.read_file(file, layer=layer)
    except shapely.errors.ShapelyError:
        raise WaysError("a shape has too few points", where=str(path), expected="valid shapes") from None
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        raise WaysError("the file cannot be read", where=str(path), expected="a map file that GDAL opens") from error
    if table.crs is None:
        raise WaysError("the file has no coordinate system", where=str(path), expected="a georeferenced file")
    return table


def _box_lonlat(terrain: xr.Dataset, frame: LocalFrame) -> tuple[float, float, float, float]:
    west, south, east, north = bounds(terrain)
    edge = shapely.get_coordinates(shapely.segmentize(shapely.box(west, south, east, north), (east - west) / 20.0))
    lon, lat = frame.to_lonlat(edge[:, 0], edge[:, 1])
    return float(np.nanmin(lon)), float(np.nanmin(lat)), float(np.nanmax(lon)), float(np.nanmax(lat))
