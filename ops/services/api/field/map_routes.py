"""The map that a field unit carries along: the tiles of its area, the border, and the patrol bases."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from ops.drawing.colours import Palette
from ops.services.api.field.models import FieldMap
from ops.services.api.field.situation import own_unit
from ops.services.api.map_routes import Ask, answered, tile_answer
from ops.services.api.release import TERRAIN_LAYERS
from ops.services.api.schemas.pictures import PICTURE, VECTOR_PICTURE, Png, VectorTile
from ops.services.map.client import Answer
from ops.store.incidents import IncidentReader
from ops.store.rows import to_json

MOST_BYTES: Final = 20_000_000
RELIEF_BYTES: Final = 45_000
"""Estimate of a tile of the relief over mountains; most are half as large."""
VECTOR_BYTES: Final = 25_000
"""Estimate of a tile of contour lines, roads and rivers."""
MINZOOM: Final = 8
MAXZOOM: Final = 14
DEEPEST: Final = 30
"""Zoom beyond which no tile exists anywhere."""
AROUND_M: Final = 15_000.0
"""Half the side of the area around a unit."""
_DEGREE_M: Final = 111_320.0
TEMPLATES: Final = ("/v1/field/tiles/hillshade/{z}/{x}/{y}.png", "/v1/field/tiles/ground/{z}/{x}/{y}.mvt")

NO_TILE: Final[dict[int | str, dict[str, Any]]] = {204: {"description": "The sector has nothing to draw at this zoom"}}

Area = tuple[float, float, float, float]


class FieldMapRoutes:
    """The handlers. ``ask`` asks the map process; None without a map. ``sector`` gives its bounds, once known."""

    def __init__(
        self,
        reader: IncidentReader,
        ask: Ask | None,
        sector: Mapping[str, Any] | None,
        border: Mapping[str, Any] | None,
    ) -> None:
        self._reader, self._ask, self._sector, self._border = reader, ask, sector, border

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route(
            "/v1/field/map", self.map, methods=["GET"], response_model=FieldMap, response_class=JSONResponse
        )
        app.add_api_route(
            "/v1/field/tiles/{layer}/{z}/{x}/{y}.png", self.tile, methods=["GET"], response_class=Png,
            responses=PICTURE | NO_TILE,
        )  # fmt: skip
        app.add_api_route(
            "/v1/field/tiles/ground/{z}/{x}/{y}.mvt", self.ground_tile, methods=["GET"], response_class=VectorTile,
            responses=VECTOR_PICTURE | NO_TILE,
        )  # fmt: skip

    async def map(self, request: Request) -> Response:
        """What to load in advance: the area around the unit, else as much of the sector as fits into 20 MB."""
        live = await asyncio.to_thread(self._reader.live, "forces")
        forces = {"units": [], "bases": [], "sections": []} if live is None else msgspec.json.decode(live.body)
        sector = self._sector
        if sector is None:
            sector = msgspec.json.decode((await self._answer("sector")).body)
        own = own_unit(forces, request.state.device.unit)
        bounds, maxzoom, size = area_of(sector["bounds"], None if own is None else (own["lon"], own["lat"]))
        body = {
            "bounds": bounds,
            "minzoom": MINZOOM,
            "maxzoom": maxzoom,
            "tiles": list(TEMPLATES),
            "bytes_estimate": size,
            "border": self._border,
            "sections": [one["section"] for one in forces["sections"]],
            "bases": forces["bases"],
            "areas": sector["areas"],
        }
        return Response(to_json(body, where="field map"), media_type="application/json")

    async def tile(
        self, request: Request, layer: str, z: int, x: int, y: int, v: str | None = None, palette: Palette = "day"
    ) -> Response:
        """A tile of the relief or the elevation, of 256 px in Web Mercator."""
        if layer not in TERRAIN_LAYERS:
            raise HTTPException(404, f"There is no layer {layer[:40]!r} for field units.")
        answer = await self._answer("tile", layer=layer, z=z, x=x, y=y, palette=palette)
        return _tile(request, answer, (z, x, y), v)

    async def ground_tile(self, request: Request, z: int, x: int, y: int, v: str | None = None) -> Response:
        """Contour lines, roads, rivers and settlements of a tile in Web Mercator, as a Mapbox Vector Tile."""
        return _tile(request, await self._answer("ground_tile", z=z, x=x, y=y), (z, x, y), v)

    async def _answer(self, question: str, **arguments: Any) -> Any:
        if self._ask is None:
            raise HTTPException(404, "This server was opened without its ground, so it has no map.")
        return await answered(self._ask, question, **arguments)


def area_of(sector: Area, place: tuple[float, float] | None) -> tuple[Area, int, int]:
    """Area, deepest zoom level and estimated bytes of the map that a unit carries, at most MOST_BYTES.

    The area around its ``place`` (longitude, latitude) within the sector; without a place, or outside of the sector,
    the whole sector. The zoom level is reduced until it fits.

    Examples
    --------
    >>> area_of((10.0, 46.0, 10.1, 46.1), None)
    ((10.0, 46.0, 10.1, 46.1), 14, 5180000)
    """
    west, south, east, north = sector
    bounds = (west, south, east, north)
    if place is not None and west <= place[0] <= east and south <= place[1] <= north:
        high = AROUND_M / _DEGREE_M
        wide = high / max(0.05, math.cos(math.radians(place[1])))
        bounds = (
            max(west, place[0] - wide), max(south, place[1] - high), min(east, place[0] + wide),
            min(north, place[1] + high),
        )  # fmt: skip
    bounds = tuple(round(one, 5) for one in bounds)  # type: ignore[assignment]
    size = 0
    for deepest in range(MAXZOOM, MINZOOM - 1, -1):
        tiles = sum(_tiles_at(bounds, zoom) for zoom in range(MINZOOM, deepest + 1))
        size = tiles * (RELIEF_BYTES + VECTOR_BYTES)
        if size <= MOST_BYTES:
            return bounds, deepest, size
    return bounds, MINZOOM, size


def _tile(request: Request, answer: Answer, place: tuple[int, int, int], revision: str | None) -> Response:
    """A tile; 204 at a zoom of which the map has none, so that a device asks for its whole area without an error."""
    z, x, y = place
    if answer.status == 404 and 0 <= z <= DEEPEST and 0 <= x < 2**z and 0 <= y < 2**z:
        return Response(status_code=204)
    return tile_answer(request, answer, revision)


def _tiles_at(bounds: Area, zoom: int) -> int:
    west, south, east, north = bounds
    left, top = _tile_of(west, north, zoom)
    right, bottom = _tile_of(east, south, zoom)
    return (right - left + 1) * (bottom - top + 1)


def _tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    count = 2**zoom
    lat = min(max(lat, -85.05), 85.05)
    x = (lon + 180.0) / 360.0 * count
    y = (1.0 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2.0 * count
    return min(max(int(x), 0), count - 1), min(max(int(y), 0), count - 1)
