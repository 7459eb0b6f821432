"""Headers of height rasters: read, checked and converted to metres before any cell is read."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyproj
from affine import Affine
from pyproj.crs import CRS
from pyproj.exceptions import CRSError, ProjError

from geo.errors import TerrainError
from geo.frame import horizontal_part
from geo.terrain.safe_open import opened, refuse_hostile, vsi_name
from geo.terrain.source import RasterSource, corners
from geo.terrain.vrt import moved, without_value

DATUM_TAGS = ("datum", "DATUM", "vertical_datum", "VERTICAL_DATUM")
US_SURVEY_FOOT_M = 1200.0 / 3937.0
METRES_PER: Final[dict[str, float]] = (
    dict.fromkeys(("", "m", "metre", "metres", "meter", "meters"), 1.0)
    | dict.fromkeys(("ft", "foot", "feet", "international foot", "international feet"), 0.3048)
    | dict.fromkeys(("us survey foot", "us survey feet", "us-ft", "ftus", "us_survey_foot", "sft"), US_SURVEY_FOOT_M)
    | {"dm": 0.1, "decimetre": 0.1, "decimeter": 0.1, "cm": 0.01, "centimetre": 0.01, "centimeter": 0.01}
    | {"mm": 0.001, "millimetre": 0.001, "millimeter": 0.001, "km": 1000.0}
)
"""Units of height that are converted, lower case."""
LONGEST_SIDE_CELLS = 10_000_000  # the coordinates alone take 80 MB
LARGEST_BLOCK_BYTES = 256 * 2**20  # a raster is read by its blocks, so one must fit into memory several times
DECODED_WHOLE = frozenset(("PNG", "JPEG"))  # some files of these
SMALLEST_CELL_M = 0.01
HABITUAL_VOIDS = (-9999.0, -32768.0, -32767.0, -99999.0)
"""Cell values that in practice are never heights; -9999 m is deeper than any sea that a border crosses."""


def read_header(path: str | Path, *, nodata: float | None = None, heights: bool = True) -> RasterSource:
    """Header of one raster; TerrainError where it cannot serve as terrain.

    Rejected are files that are unreadable or hostile (see ``geo.terrain.safe_open``), without or with a contradictory
    position on the Earth, with several bands, with cells that are not numbers, with sides or blocks too large to read,
    and with unknown units of height. ``nodata`` is a value that marks voids in addition to those that the file
    declares. ``heights=False`` is for land cover, which has no unit.
    """
    where = str(path)
    for file in sorted(set(refuse_hostile(where))):
        part = f"{where}, its part {file}"
        with opened(file, part) as raster:
            _refuse_blocks(raster, part)
    with opened(where, where) as raster:
        source = _source(raster, where, heights)
    _refuse_misplaced(source)
    source = _at_home(source)
    if nodata is None:
        return source
    if not math.isfinite(nodata):
        raise TerrainError(f"nodata={nodata}", where=where, expected="the number that marks voids")
    return without_value(source, nodata)


def _source(raster: Any, where: str, heights: bool) -> RasterSource:
    _refuse_by_shape(raster, where)
    if raster.crs is None:
        raise TerrainError("the raster has no coordinate system", where=where, expected="a georeferenced raster")
    transform = raster.transform
    if transform == Affine.identity() or not all(map(math.isfinite, transform)) or transform.determinant == 0.0:
        raise TerrainError("the raster has no place on the Earth", where=where, expected="a geotransform of its cells")
    wkt = raster.crs.to_wkt()
    try:
        crs = CRS.from_wkt(wkt)
    except CRSError as error:
        raise TerrainError("the coordinate system cannot be read", where=where, expected="a known system") from error
    vertical = next((part for part in crs.sub_crs_list if part.is_vertical), None)
    metres = _metres_per_unit((raster.units[0] or "").strip(), crs, vertical, where) if heights else 1.0
    flags = {flag.name for flag in raster.mask_flag_enums[0]}
    return RasterSource(
        name=vsi_name(where),
        label=where,
        wkt=wkt,
        transform=transform,
        rows=raster.height,
        columns=raster.width,
        dtype=raster.dtypes[0],
        nodata=raster.nodata,
        scale=raster.scales[0] * metres,
        offset=raster.offsets[0] * metres,
        datum=_datum(crs, vertical, raster.tags() | raster.tags(1)),
        suspects=tuple((void, void) for void in (*HABITUAL_VOIDS, *_extremes(np.dtype(raster.dtypes[0])))),
        has_mask="per_dataset" in flags or "alpha" in flags,
    )


def _extremes(kind: np.dtype[Any]) -> list[float]:
    """The greatest and the least value of an integer type of two bytes or more, without 0."""
    if kind.kind not in "iu" or kind.itemsize == 1:
        return []
    return [float(end) for end in (np.iinfo(kind).max, np.iinfo(kind).min) if end != 0]


def _refuse_by_shape(raster: Any, where: str) -> None:
    if raster.count == 0 and raster.subdatasets:
        raise TerrainError(
            f"a container of {len(raster.subdatasets)} rasters",
            where=where,
            expected=f"the name of one, such as {raster.subdatasets[0]}",
        )
    if raster.count != 1:
        raise TerrainError(f"the raster has {raster.count} bands", where=where, expected="one band")
    if raster.dtypes[0] is None or np.dtype(raster.dtypes[0]).kind not in "iuf":
        raise TerrainError(f"the cells are {raster.dtypes[0]}", where=where, expected="integers or floats")
    if max(raster.height, raster.width) > LONGEST_SIDE_CELLS:
        raise TerrainError(
            f"{raster.height} × {raster.width} cells", where=where, expected=f"sides of at most {LONGEST_SIDE_CELLS}"
        )
    if not (math.isfinite(raster.scales[0]) and math.isfinite(raster.offsets[0])) or raster.scales[0] == 0.0:
        raise TerrainError(
            f"cells are scaled by {raster.scales[0]} and moved by {raster.offsets[0]}",
            where=where,
            expected="a finite scale that is not 0",
        )
    _refuse_blocks(raster, where)


def _refuse_blocks(raster: Any, where: str) -> None:
    """Raise TerrainError if reading a single cell requires unpacking too many."""
    if raster.count == 0 or raster.dtypes[0] is None:
        return  # reported by the raster that refers to it
    rows, columns = raster.shape if raster.driver in DECODED_WHOLE else raster.block_shapes[0]
    if rows * columns * np.dtype(raster.dtypes[0]).itemsize > LARGEST_BLOCK_BYTES:
        raise TerrainError(
            f"it can only be read in blocks of {rows} × {columns} cells",
            where=where,
            expected=f"blocks of at most {LARGEST_BLOCK_BYTES >> 20} MB, such as gdal_translate -co TILED=YES writes",
        )


def _metres_per_unit(unit: str, crs: CRS, vertical: CRS | None, where: str) -> float:
    """Metres in one unit of height, negative for depths: according to the band, else to the vertical system.

    Without either heights are in metres; but of a map in feet they may be in feet, too, so it is refused.
    """
    axis = vertical.axis_info[0] if vertical is not None and vertical.axis_info else None
    horizontal = horizontal_part(crs)
    if not unit and axis is None and horizontal.is_projected and horizontal.axis_info[0].unit_conversion_factor != 1.0:
        raise TerrainError(
            f"no unit of height is stated, and the map is in {horizontal.axis_info[0].unit_name}",
            where=where,
            expected="a unit of height, such as gdal_edit.py -units sets it",
        )
    if unit.lower() in METRES_PER and (unit or axis is None):
        metres = METRES_PER[unit.lower()]
    elif not unit and axis is not None:
        metres = float(axis.unit_conversion_factor)
    else:
        raise TerrainError(f"the heights are in {unit!r}", where=where, expected="metres or feet")
    return -metres if axis is not None and axis.direction == "down" else metres


def _datum(crs: CRS, vertical: CRS | None, tags: dict[str, str]) -> str:
    for tag in DATUM_TAGS:
        if tag in tags:
            return tags[tag]
    if vertical is not None:
        return str(vertical.name)
    if len(crs.axis_info) == 3 and crs.datum is not None:
        return f"ellipsoid of {crs.datum.name}"
    return "unknown"


def _refuse_misplaced(source: RasterSource) -> None:
    """Raise TerrainError if the corners are not on the Earth in the raster's own system, often a sign of a wrong
    system."""
    horizontal = horizontal_part(CRS.from_wkt(source.wkt))
    x, y = np.array([source.transform @ corner for corner in corners(source)], dtype=np.float64).T
    where, expected = source.label, "cells that lie where the raster's coordinate system puts them"
    if horizontal.is_geographic:
        degrees = np.degrees(horizontal.axis_info[0].unit_conversion_factor)
        if np.abs(x * degrees).max() > 540.0 or np.abs(y * degrees).max() > 90.5:
            raise TerrainError(
                f"a corner at longitude {x[0]:g}, latitude {y[0]:g} (the wrong coordinate system?)",
                where=where,
                expected=expected,
            )
        return
    if not horizontal.is_projected:
        raise TerrainError(f"the system {horizontal.name!r} is not on a map", where=where, expected=expected)
    cell_m = math.sqrt(abs(source.transform.determinant)) * horizontal.axis_info[0].unit_conversion_factor
    try:
        to_wgs84 = pyproj.Transformer.from_crs(horizontal, 4326, always_xy=True)
        lon, lat = to_wgs84.transform(*source.centre, errcheck=True)
    except ProjError:
        lon = lat = math.inf
    if cell_m < SMALLEST_CELL_M or not (math.isfinite(lon) and math.isfinite(lat)):
        raise TerrainError(
            f"cells of {cell_m:.3g} m at ({source.centre[0]:g}, {source.centre[1]:g}) (the wrong coordinate system?)",
            where=where,
            expected=expected,
        )


def _at_home(source: RasterSource) -> RasterSource:
    """Shift a source with longitudes beyond ±180°, such as 0–360°, so that its middle is within."""
    turn = turn_of(source.wkt)
    if turn is None:
        return source
    turns = math.floor(source.centre[0] / turn + 0.5)
    return moved(source, -turns * turn) if turns else source


def near_longitude(source: RasterSource, first: RasterSource) -> RasterSource:
    """Shift a source in degrees by a full turn where that brings it nearer to ``first``, so that tiles on both sides of
    the 180th meridian lie beside each other."""
    turn = turn_of(source.wkt)
    if turn is None or turn_of(first.wkt) is None:
        return source
    turns = round((first.centre[0] - source.centre[0]) / turn)
    return moved(source, turns * turn) if turns else source


def both_sides(source: RasterSource) -> list[RasterSource]:
    """Split a source that crosses the 180th meridian into two, each within the longitudes of one side; others are
    unchanged."""
    turn = turn_of(source.wkt)
    if turn is None:
        return [source]
    x = [(source.transform @ corner)[0] for corner in corners(source)]
    if max(x) - min(x) > turn / 2.0 or (min(x) >= -turn / 2.0 and max(x) <= turn / 2.0):
        return [source]
    return [source, moved(source, turn if min(x) < -turn / 2.0 else -turn)]


@lru_cache(maxsize=64)
def turn_of(wkt: str) -> float | None:
    """A full turn of longitude in the units of a system: 360 in degrees; None for a projected system."""
    horizontal = horizontal_part(CRS.from_wkt(wkt))
    if not horizontal.is_geographic:
        return None
    return round(2.0 * math.pi / horizontal.axis_info[0].unit_conversion_factor, 9)  # 360 exactly
