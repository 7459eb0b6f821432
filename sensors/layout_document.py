"""A layout file as a GeoJSON document: read from GeoJSON, or from a point layer of a GeoPackage drawn in a GIS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from geo.errors import BadInput
from geo.names import did_you_mean, expected_name
from geo.text_files import NotReadable, read_json
from geo.vector_files import LAYER_MARK, file_and_layer, refuse_requests
from sensors.errors import LayoutError
from sensors.sensor import ALSO_CALLED

MAP_FILES: Final = (".gpkg", ".fgb", ".shp", ".sqlite", ".gml", ".kml", ".zip")
"""Endings of the files that GDAL reads as tables of points; every other file is GeoJSON."""
PLACED: Final = frozenset({"lon", "lat", "easting", "northing"})
"""Fields of a record that come from the point, not from its properties."""
ROW_NUMBERS: Final = ("fid", "ogc_fid")
"""Columns that a GIS adds to number the rows."""
TRUTH: Final[Mapping[str, bool]] = {"1": True, "true": True, "0": False, "false": False}
POINTS: Final = ("Point", "Point Z", "PointZ", "MultiPoint", "MultiPoint Z", "2.5D Point", "2.5D MultiPoint")
_AS_JSON: Final = {"Confusion": "a matrix as JSON", "LonLats": "positions as JSON"}
OF_A_SENSOR: Final = frozenset({"id", "kind", "catalogue"})


def read_document(path: Path | str, records: Mapping[str, type[Any]]) -> object:
    """Return the parsed GeoJSON document of a layout file.

    Parameters
    ----------
    path : Path or str
        A GeoJSON file, or a map file with a point layer whose columns are keys of a layout, such as a GeoPackage.
        ``FILE|layername=LAYER`` names its layer where several hold points.
    records : mapping of str to type
        The record of each kind; its fields are the keys.

    Returns
    -------
    object
        What the file contains; of a map file a FeatureCollection in longitude and latitude without the empty columns.

    Raises
    ------
    LayoutError
        For a file that cannot be read, or stands for data elsewhere, for a column that is not a key, and for values
        that cannot be converted to what their key requires.
    """
    file, layer = file_and_layer(path)
    if layer is not None or file.suffix.lower() in MAP_FILES:
        return _from_map_file(file, layer, records)
    try:
        return read_json(file)
    except OSError as error:
        raise LayoutError(
            f"cannot be read ({error.strerror})", where=file.name, expected="a GeoJSON or GeoPackage file"
        ) from error
    except NotReadable as error:
        raise LayoutError(str(error), where=file.name, expected="a GeoJSON or GeoPackage file") from None


def _from_map_file(file: Path, layer: str | None, records: Mapping[str, type[Any]]) -> dict[str, Any]:
    import geopandas
    import pyogrio

    try:
        refuse_requests(str(file))
        layers = {str(name): str(shape) for name, shape in pyogrio.list_layers(file)}
    except BadInput as error:
        raise LayoutError(error.what, where=file.name, expected="a GeoJSON or GeoPackage file") from None
    except (pyogrio.errors.DataSourceError, ValueError):
        raise LayoutError("cannot be read", where=file.name, expected="a GeoJSON or GeoPackage file") from None
    if layer is not None and layer not in layers:
        raise LayoutError(
            f"has no layer {layer!r}{did_you_mean(layer, layers)}",
            where=file.name,
            expected=f"one of {', '.join(layers)}" if layers else "a file with layers",
        )
    points = [name for name, shape in layers.items() if shape in POINTS]
    if layer is None and len(points) > 1:
        raise LayoutError(
            f"has several layers of points: {', '.join(points)}",
            where=file.name,
            expected=f"{file.name}{LAYER_MARK}{points[0]}, or another of them",
        )
    if layer is None and not points:
        raise LayoutError(
            f"has no layer of points{': ' if layers else ''}{', '.join(f'{n} holds {s}' for n, s in layers.items())}",
            where=file.name,
            expected=f"points with the columns {', '.join(_keys(records))}",
        )
    chosen = layer if layer is not None else points[0]
    where = f"{file.name}{LAYER_MARK}{chosen}" if len(layers) > 1 else file.name
    try:
        table = geopandas.read_file(file, layer=chosen)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError):
        raise LayoutError("cannot be read", where=where, expected="points") from None
    features = _features(table, where, records)
    return {"type": "FeatureCollection", "name": layer or file.stem, "features": features}


def _features(table: Any, where: str, records: Mapping[str, type[Any]]) -> list[dict[str, Any]]:
    columns = [str(name) for name in table.columns if name != getattr(table, "_geometry_column_name", None)]
    columns = [name for name in columns if name.lower() not in ROW_NUMBERS]
    known = _keys(records)
    if not OF_A_SENSOR & set(columns):
        raise LayoutError(
            f"has the columns {', '.join(columns) or 'none'}",
            where=where,
            expected=f"id, and kind or catalogue; another layer is named as FILE{LAYER_MARK}LAYER",
        )
    for name in columns:
        if name not in known:
            raise LayoutError(f"unknown column {name!r}", where=where, expected=expected_name(name, known, ALSO_CALLED))
    if table.crs is None:
        raise LayoutError("has no coordinate system", where=where, expected="a layer with a coordinate system")
    try:
        table = table.to_crs(4326)
    except (ValueError, RuntimeError) as error:
        raise LayoutError(
            f"its coordinate system is not usable ({error})", where=where, expected="one that PROJ knows"
        ) from None
    kinds = _types(records)
    rows = table[columns].to_dict("records")
    return [_feature(row, shape, kinds, where) for row, shape in zip(rows, table.geometry, strict=True)]


def _feature(row: Mapping[str, Any], shape: Any, kinds: Mapping[str, str], where: str) -> dict[str, Any]:
    given = {key: _plain(value) for key, value in row.items()}
    given = {key: value for key, value in given.items() if value is not None and value != ""}
    named = f"{where}, sensor {given.get('id')!r}"
    properties = {key: _as_declared(key, value, kinds[key], named) for key, value in given.items()}
    geometry = None
    if shape is not None and not shape.is_empty:
        points = list(getattr(shape, "geoms", [shape]))
        if len(points) == 1 and points[0].geom_type == "Point":
            geometry = {"type": "Point", "coordinates": [points[0].x, points[0].y]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _plain(value: Any) -> Any:
    """Return a value of a table as plain Python; None for an empty cell."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value != value or str(value) in ("NaT", "<NA>"):
        return None
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _as_declared(key: str, value: Any, kind: str, where: str) -> Any:
    """Return a value of a column as its key declares it; a table has its own types, such as 1 for true."""
    try:
        if ("Confusion" in kind or "LonLats" in kind) and isinstance(value, str):
            return json.loads(value)
        if "bool" in kind and str(value).lower() in TRUTH:
            return TRUTH[str(value).lower()]
        if "float" in kind and isinstance(value, str):
            return float(value)
        if "str" in kind and isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(int(value)) if value == int(value) else str(value)
    except ValueError:
        raise LayoutError(
            f"{key} is {value!r}", where=where, expected=_AS_JSON.get(kind.partition(" ")[0], "a number")
        ) from None
    return value


def _keys(records: Mapping[str, type[Any]]) -> list[str]:
    return [key for key in _types(records) if key not in PLACED]


def _types(records: Mapping[str, type[Any]]) -> dict[str, str]:
    """Return the declared type of each field of any kind, as its annotation is written."""
    all_fields: Iterable[Any] = (field for record in records.values() for field in fields(record))
    return {field.name: str(field.type) for field in all_fields}
