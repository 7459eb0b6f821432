"""Requests of an export: contents, person and purpose, checked before anything is read."""

from __future__ import annotations

import math
from typing import Any, Final, Literal

from msgspec import Struct

from geo.errors import BadInput
from ops.releasability.decision import UNMARKED
from ops.releasability.settings import ReleasabilitySettings

ExportLayer = Literal["tracks", "positions", "incidents", "alerts", "sensors", "segments"]
LAYERS: Final[tuple[ExportLayer, ...]] = ("tracks", "positions", "incidents", "alerts", "sensors", "segments")
"""``positions``: every estimate of the tracks, of which ``tracks`` are the lines."""
ExportFormat = Literal["gpkg", "geoparquet", "csv", "kml"]
FORMATS: Final[tuple[ExportFormat, ...]] = ("gpkg", "geoparquet", "csv", "kml")
ENDINGS: Final = {"gpkg": ".gpkg", "geoparquet": ".geoparquet.zip", "csv": ".csv.zip", "kml": ".kml"}
"""GeoParquet and CSV hold one layer per file, so they come in a ZIP archive."""
MEDIA_TYPES: Final = {
    "gpkg": "application/geopackage+sqlite3",
    "geoparquet": "application/zip",
    "csv": "application/zip",
    "kml": "application/vnd.google-earth.kml+xml",
}
MOST_POSITIONS: Final = 500_000
MOST_RECORDS: Final = 20_000
"""Alerts that are exported at most."""

LonLatBounds = tuple[float, float, float, float]


class ExportRequest(Struct, frozen=True):
    """An export. Times are UTC nanoseconds since 1970; the period excludes its end.

    ``bounds``: west, south, east, north in degrees, west of 180° to east of it where west > east; None: everywhere.
    ``frame``: WKT of the sector's frame. ``segments``: the border as GeoJSON. ``marking``, ``sector``, ``made_by`` and
    ``purpose`` are written into the file. ``limit``: the most restrictive releasability marking (``release``) of the
    records in the file; by default those without a marking. ``goods_codes``: the list of codes of the settings.
    """

    store: str
    out: str
    format: ExportFormat
    layers: tuple[ExportLayer, ...]
    start_ns: int
    end_ns: int
    made_ns: int
    sector: str
    made_by: str
    purpose: str
    marking: str = ""
    bounds: LonLatBounds | None = None
    frame: str = ""
    segments: dict[str, Any] | None = None
    release: ReleasabilitySettings = ReleasabilitySettings()
    limit: str = UNMARKED
    goods_codes: str = ""


def layers_of(text: str) -> tuple[ExportLayer, ...]:
    """Return the layers of a list separated by commas, each once, in our order. BadInput for an unknown one or none."""
    wanted = {part.strip() for part in text.split(",")}
    if not wanted <= set(LAYERS):
        raise BadInput("An unknown layer", where="layers", expected=", ".join(LAYERS))
    return tuple(layer for layer in LAYERS if layer in wanted)


def bounds_of(text: str) -> LonLatBounds:
    """Return west, south, east, north of ``w,s,e,n`` in degrees. BadInput for anything else."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west = south = east = north = math.nan
    if not (abs(west) <= 180 and abs(east) <= 180 and -90 <= south <= north <= 90):
        raise BadInput("Not a bounding box", where="bbox", expected="west,south,east,north in degrees (WGS 84)")
    return west, south, east, north
