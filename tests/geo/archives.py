"""PMTiles archives for tests, written by the reference implementation."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer


def write_archive(path: Path, *, kind: TileType = TileType.MVT, **more: Any) -> Path:
    """Write an archive of the first tile of each of three ``zooms``, all water, with any fields of the header."""
    body = gzip.compress(
        mapbox_vector_tile.encode(
            [{"name": "water", "features": [{"geometry": shapely.box(0, 0, 4096, 4096), "properties": {}}]}]
        )
    )
    header = {
        "tile_type": kind,
        "tile_compression": more.pop("compression", Compression.GZIP),
        "min_lon_e7": int(1.4e7),
        "min_lat_e7": int(42.4e7),
        "max_lon_e7": int(1.8e7),
        "max_lat_e7": int(42.7e7),
        "center_zoom": 0,
        "center_lon_e7": 0,
        "center_lat_e7": 0,
    } | more.pop("header", {})
    metadata = {"vector_layers": [{"id": "water", "fields": {}}], "attribution": more.pop("attribution", "")}
    with path.open("wb") as file:
        writer = Writer(file)
        for z in range(more.pop("zooms", 3)):
            writer.write_tile(zxy_to_tileid(z, 0, 0), body)
        writer.finalize(header, metadata)
    return path
