"""Pictures as answers."""

from __future__ import annotations

from typing import Any, Final

from fastapi.responses import FileResponse, Response

from ops.services.map.client import VECTOR_TILE

PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "contentMediaType": "image/png"}}}}
}
"""The description of an answer that is a picture."""

VECTOR_PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {VECTOR_TILE: {"schema": {"type": "string", "contentMediaType": VECTOR_TILE}}}}
}
"""The description of an answer that is a vector tile."""


PMTILES: Final = "application/vnd.pmtiles"
"""Media type of an archive of tiles."""

ARCHIVE: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": meaning, "content": {PMTILES: {"schema": {"type": "string", "contentMediaType": PMTILES}}}}
    for status, meaning in ((200, "The archive"), (206, "The requested part of the archive"))
}
"""The description of an answer that is an archive of tiles, or a part of it."""


class Png(Response):
    """A picture as PNG."""

    media_type = "image/png"


class VectorTile(Response):
    """Lines and places of the ground as a Mapbox Vector Tile."""

    media_type = VECTOR_TILE


class Archive(FileResponse):
    """An archive of tiles, whole or in part."""

    media_type = PMTILES
