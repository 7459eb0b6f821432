"""Files of an export, each with a description: marking, sector, area, period, who made it and for what purpose."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import msgspec
import numpy as np
import pandas as pd
import pyogrio

from ops.export.request import ExportRequest
from ops.runtime.safe_text import safe_cell, xml_text
from ops.store.rows import rfc3339

DESCRIPTION: Final = "export"
"""Name of the table, or file in an archive, that describes the export."""
LINES: Final = {"tracks": "MultiLineString", "segments": "LineString"}
"""Layers of lines; all others have points."""


def write_export(request: ExportRequest, layers: Mapping[str, gpd.GeoDataFrame], path: Path) -> None:
    """Write the layers to ``path`` in the format of the request."""
    about = description_of(request)
    if request.format == "gpkg":
        _geopackage(layers, about, path)
    elif request.format == "kml":
        _kml(layers, about, path)
    else:
        _archive(request, layers, about, path)


def description_of(request: ExportRequest) -> dict[str, str]:
    """Return the description in the file; times are RFC 3339."""
    bounds = "everywhere" if request.bounds is None else ", ".join(f"{value:g}" for value in request.bounds)
    return {
        "marking": request.marking,
        "sector": request.sector,
        "from": rfc3339(request.start_ns),
        "until": rfc3339(request.end_ns),
        "bbox": bounds,
        "layers": ", ".join(request.layers),
        "made_at": rfc3339(request.made_ns),
        "made_by": request.made_by,
        "purpose": request.purpose,
    }


def _geopackage(layers: Mapping[str, gpd.GeoDataFrame], about: Mapping[str, str], path: Path) -> None:
    pyogrio.write_dataframe(pd.DataFrame([about]), path, layer=DESCRIPTION, driver="GPKG")
    for name, layer in layers.items():
        pyogrio.write_dataframe(
            layer, path, layer=name, driver="GPKG", append=True, geometry_type=LINES.get(name, "Point"),
            promote_to_multi=name == "tracks", layer_options={"DESCRIPTION": about["marking"]},
        )  # fmt: skip


def _kml(layers: Mapping[str, gpd.GeoDataFrame], about: Mapping[str, str], path: Path) -> None:
    words = _cdata("\n".join(f"{name}: {text}" for name, text in about.items()))
    options = {"NAME": f"{about['marking']} Watchline {about['sector']}".strip(), "DESCRIPTION": words}
    for number, (name, layer) in enumerate(layers.items()):
        pyogrio.write_dataframe(
            _named(layer), path, layer=name, driver="LIBKML", append=number > 0,
            dataset_options=options if number == 0 else {},
        )  # fmt: skip


def _named(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The layer as KML holds it, with a column ``Name``, which map programs show beside a placemark."""
    named = layer.copy()
    for column in ("name", "track", "sensor", "id", "segment"):
        if column in named:
            own = named[column].astype(str)
            named["Name"] = own if "Name" not in named else named["Name"].where(named["Name"] != "", own)
    texts = named.select_dtypes(["object", "string"]).map(_cdata)
    return named.assign(**texts).drop(columns="name", errors="ignore")


def _cdata(value: Any) -> Any:
    """A text that may be within a CDATA section, as which GDAL writes it unchanged; other values as they are."""
    return xml_text(value).replace("]]>", "]] >") if isinstance(value, str) else value


def _archive(
    request: ExportRequest, layers: Mapping[str, gpd.GeoDataFrame], about: Mapping[str, str], path: Path
) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{DESCRIPTION}.json", msgspec.json.format(msgspec.json.encode(about)))
        for name, layer in layers.items():
            if request.format == "csv":
                archive.writestr(f"{name}.csv", _csv(name, layer))
            else:
                content = io.BytesIO()
                layer.to_parquet(content, index=False)
                archive.writestr(f"{name}.parquet", content.getvalue())


def _csv(name: str, layer: gpd.GeoDataFrame) -> bytes:
    """Rows as CSV in UTF-8 with a byte order mark, as spreadsheets need it; geometry as ``lon`` and ``lat``, or WKT."""
    table = pd.DataFrame(layer.drop(columns="geometry"))
    shapes = layer.geometry
    if name in LINES:
        table["wkt"] = shapes.to_wkt(rounding_precision=7)
    else:
        table["lon"], table["lat"] = shapes.x, shapes.y
    for column in table:
        if isinstance(table[column].dtype, pd.DatetimeTZDtype):
            table[column] = [None if pd.isna(at) else at.isoformat().replace("+00:00", "Z") for at in table[column]]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.columns)
    for row in table.itertuples(index=False):
        writer.writerow(
            ["" if value is None or value is pd.NA or _is_nan(value) else safe_cell(value) for value in row]
        )
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def _is_nan(value: Any) -> bool:
    return isinstance(value, float | np.floating) and np.isnan(value)
