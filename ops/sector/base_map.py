"""The base map of a sector: what a page needs to show it; and the credit lines of all map files."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geo.errors import BadInput
from geo.tile_archive import SUFFIX, TileArchive
from geo.vector_files import HEAD_BYTES, file_and_layer, refuse_requests

if TYPE_CHECKING:
    from ops.sector.sector_file import Sector

log = logging.getLogger(__name__)

OSM_CREDIT: Final = "© OpenStreetMap contributors"
OSM_COLUMNS: Final = frozenset({"osm_id", "osm_way_id", "osm_type", "@id"})
"""Columns that the usual extracts of OpenStreetMap have, and others do not."""
OSM_MARKS: Final = (b"openstreetmap", b"overpass")
"""What the head of a text file from OpenStreetMap states about its origin, in small letters."""
TEXTS: Final = (".geojson", ".json", ".kml", ".gml", ".gpx")


def base_map_view(sector: Sector) -> dict[str, Any] | None:
    """Return the base map as the API states it, ``readable`` false where the file cannot be shown; None without one.

    A base map that cannot be shown stops nothing: the log states why, and the page that it is missing.
    """
    if sector.base_map is None:
        return None
    try:
        archive = TileArchive.open(sector.base_map)
    except BadInput as error:
        log.warning("The map is drawn without its base map: %s", error)
        return {"file": sector.base_map.name, "readable": False}
    return {
        "file": archive.path.name,
        "readable": True,
        "kind": archive.kind,
        "bounds": list(archive.bounds),
        "min_zoom": archive.min_zoom,
        "max_zoom": archive.max_zoom,
        "layers": list(archive.layers),
        "revision": archive.revision,
    }


def credit_of(sector: Sector) -> str:
    """Return the credit line of a sector's map: ``map_credit``, then that in the base map's metadata, if it differs."""
    stated = [sector.map_credit, _attribution(sector.base_map)]
    kept = [line for line in stated if line and not any(line in other and line != other for other in stated)]
    return " · ".join(dict.fromkeys(kept))


def credit_for(files: Iterable[Path]) -> str:
    """Return the credit line of OpenStreetMap if one of the map files comes from there, else an empty text."""
    return OSM_CREDIT if any(map(is_from_openstreetmap, files)) else ""


def is_from_openstreetmap(file: Path) -> bool:
    """Return whether a map file states that it comes from OpenStreetMap: by its columns, head or metadata.

    A file that cannot be read states nothing; the command that opens it reports why.
    """
    path, layer = file_and_layer(file)
    try:
        if path.suffix.lower() == SUFFIX:
            return "openstreetmap" in TileArchive.open(path).attribution.lower()
        if path.suffix.lower() in TEXTS:
            with path.open("rb") as opened:
                head = opened.read(HEAD_BYTES).lower()
            if any(mark in head for mark in OSM_MARKS):
                return True
        return bool(OSM_COLUMNS & _columns(path, layer))
    except (BadInput, OSError):
        return False


def _attribution(path: Path | None) -> str:
    try:
        return "" if path is None else TileArchive.open(path).attribution
    except BadInput:
        return ""


def _columns(path: Path, layer: str | None) -> set[str]:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    refuse_requests(str(path))
    try:
        return {str(name).lower() for name in pyogrio.read_info(path, layer=layer)["fields"]}
    except (DataSourceError, DataLayerError, ValueError):
        return set()
