"""Routes of the map: sector, layout, segments, layers, tiles, one position, and the profile between two positions.

They only validate the request and pass it to the map process (``ops.services.map.process``), a few requests at a time,
so that many tile requests delay neither alerts nor acknowledgements.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Final

import anyio
from anyio.to_thread import run_sync
from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from ops.accounts.rights import has
from ops.drawing.colours import Palette
from ops.releasability.carried import without_plans
from ops.services.api.event_stream import Hub
from ops.services.api.release import Release, ReleasedView
from ops.services.api.schemas.geojson import GeoJson, LayoutDocument, Segments
from ops.services.api.schemas.ground import Layers, NamedPlaces, PlaceRecord, ProfileRecord, SectorRecord
from ops.services.api.schemas.pictures import ARCHIVE, PICTURE, PMTILES, VECTOR_PICTURE, Archive, Png, VectorTile
from ops.services.map.client import CONNECTIONS, Answer, MapUnavailable
from ops.store.rows import rfc3339, to_json

log = logging.getLogger(__name__)

Ask = Callable[..., Answer]
QueryLongitude = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)]
QueryLatitude = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)]
Height = Annotated[float, Query(ge=0, le=10_000, allow_inf_nan=False)]
Curvature = Annotated[float, Query(gt=0)]  # inf is a flat Earth
QueryText = Annotated[str, Query(max_length=80)]

WATCH_EVERY_S: Final = 0.5
SOON_S: Final = 0.5
_PLACE: Final = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{1,17})?)\s*,\s*([+-]?\d{1,3}(?:\.\d{1,17})?)\s*")
_TILES: Final = ("base-map.pmtiles", "tiles/{layer}/{z}/{x}/{y}.png", "tiles/ground/{z}/{x}/{y}.mvt")
_KEEP: Final = "private, max-age=31536000, immutable"
_ASK_ANEW: Final = "private, no-cache"


@dataclass(frozen=True, slots=True)
class ServedSector:
    """The sector's description that this server holds itself; ``sector`` and ``layout`` as in ops.sector.geojson.

    If both are set, a page shows them at once, before the map process is ready.
    """

    demo: bool
    now_ns: Callable[[], int]
    clock_rate: float = 1.0
    sector: Mapping[str, Any] | None = None
    layout: Mapping[str, Any] | None = None


class GroundRoutes:
    """Handlers that query the map process. ``watch`` sends it the sensors' health and passes on layer revisions."""

    def __init__(self, ask: Ask, session: ServedSector, hub: Hub, release: Release, *, sector: str) -> None:
        self._name = sector
        self._ask_map, self._session, self._hub, self._release = ask, session, hub, release
        self._turns: anyio.CapacityLimiter | None = None
        self._asking: set[asyncio.Task[Answer]] = set()
        self.frame: Mapping[str, Any] | None = (session.sector or {}).get("frame")
        """The sector's frame, once it is known."""

    def add_to(self, app: FastAPI) -> None:
        schemas: tuple[tuple[str, Callable[..., Any], type[BaseModel], type[Response]], ...] = (
            ("/api/sector", self.sector, SectorRecord, JSONResponse),
            ("/api/layout", self.layout, LayoutDocument, GeoJson),
            ("/api/segments", self.segments, Segments, GeoJson),
            ("/api/layers", self.layers, Layers, JSONResponse),
            ("/api/places", self.places, NamedPlaces, JSONResponse),
            ("/api/ground", self.place, PlaceRecord, JSONResponse),
            ("/api/profile", self.profile, ProfileRecord, JSONResponse),
        )
        for path, handler, model, kind in schemas:
            app.add_api_route(path, handler, methods=["GET"], response_class=kind, response_model=model)
        app.add_api_route(
            "/api/tiles/{layer}/{z}/{x}/{y}.png", self.tile, methods=["GET"], response_class=Png, responses=PICTURE
        )
        app.add_api_route(
            "/api/base-map.pmtiles",
            self.base_map,
            methods=["GET"],
            response_class=Archive,
            responses=ARCHIVE,
        )
        app.add_api_route(
            "/api/tiles/ground/{z}/{x}/{y}.mvt",
            self.ground_tile,
            methods=["GET"],
            response_class=VectorTile,
            responses=VECTOR_PICTURE,
        )

    async def sector(self, request: Request, palette: Palette = "day") -> Response:
        """The sector's main figures, its layers, and the current time."""
        session = self._session
        layers = await self._layers(palette, self._posts(request))
        if session.sector is None:
            answer = await self._ask("sector")
            if answer.status != 200:
                return _passed_on(answer)
            self.frame = json.loads(answer.body).get("frame")
        view = self._view(request)
        body = (json.loads(answer.body) if session.sector is None else dict(session.sector)) | {
            **({} if view.every_sensor else {"sensor_kinds": []}),
            "demo": session.demo,
            "operator": request.state.person.name,
            "version": installed_version(),
            "clock": {"now": rfc3339(session.now_ns()), "rate": session.clock_rate},
            "layers": view.layers(layers),
        }
        return Response(to_json(body, where="sector"), media_type="application/json")

    async def _layers(self, palette: Palette, posts: Mapping[str, bool]) -> list[Any]:
        """The layers if the map process answers soon; none while it is starting."""
        asking = asyncio.create_task(self._ask("layers", palette=palette, **posts))
        self._asking.add(asking)  # the event loop keeps only weak references to tasks
        asking.add_done_callback(self._asked)
        done, _ = await asyncio.wait({asking}, timeout=SOON_S if self._session.sector else None)
        if not done or asking.exception() or asking.result().status != 200:
            return []
        return json.loads(asking.result().body)  # type: ignore[no-any-return]

    def _asked(self, task: asyncio.Task[Answer]) -> None:
        self._asking.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved, so that the event loop does not log it as unretrieved

    def _view(self, request: Request) -> ReleasedView:
        return self._release.view(request.state.person)

    def _posts(self, request: Request) -> dict[str, bool]:
        """Argument of questions about sensors: people who may not have own forces get carried ones at their posts."""
        person = request.state.person
        own_forces = has(person, "picture", self._name) and self._release.view(person).everything
        return {} if own_forces else {"at_posts": True}

    async def layout(self, request: Request) -> Response:
        """Every sensor with its position and the outline of its range and field of view, as GeoJSON. People who may not
        have own forces do not get the routes and areas of those that people carry."""
        view, posts = self._view(request), self._posts(request)
        if self._session.layout is not None:
            layout: Any = self._session.layout
        else:
            answer = await self._ask("layout", **posts)
            if answer.status != 200 or (view.every_sensor and not posts):
                return _passed_on(answer)
            layout = json.loads(answer.body)
        shown = view.layout(layout)
        return Response(
            to_json(without_plans(shown) if posts else shown, where="layout"), media_type="application/geo+json"
        )

    async def segments(self, request: Request) -> Response:
        """The border's segments as GeoJSON, each with the fractions of its belt that are dead or unknown ground."""
        answer = await self._ask("segments", **self._posts(request))
        if answer.status != 200 or self._view(request).every_sensor:
            return _passed_on(answer)
        body = json.loads(answer.body)
        for feature in body["features"]:
            feature["properties"] |= {"dead_ground_fraction": None, "unknown_fraction": None}
        return Response(to_json(body, where="segments"), media_type="application/geo+json")

    async def layers(self, request: Request, palette: Palette = "day") -> Response:
        """Tile layers: id, title, revision, zoom levels, legend."""
        answer = await self._ask("layers", palette=palette, **self._posts(request))
        view = self._view(request)
        if answer.status != 200 or view.every_sensor:
            return _passed_on(answer)
        return Response(to_json(view.layers(json.loads(answer.body)), where="layers"), media_type="application/json")

    async def places(self) -> Response:
        """Names of settlements, rivers and roads in the sector's map files, each with one position."""
        return _passed_on(await self._ask("places"))

    async def place(self, request: Request, lon: QueryLongitude, lat: QueryLatitude) -> Response:
        """Height, slope, position relative to the border, and the working sensors that see a person in this cell."""
        return _passed_on(await self._ask("place", lon=lon, lat=lat, **self._posts(request)))

    async def profile(
        self,
        start: Annotated[str, Query(alias="from", max_length=80)],
        end: Annotated[str, Query(alias="to", max_length=80)],
        observer_height_m: Height = 2.0,
        target_height_m: Height = 1.7,
        curvature_k: Curvature = 4 / 3,
    ) -> Response:
        """Terrain profile and sight line between two positions ``lon,lat``, at most 1,000 points; visible true, false
        or null."""
        if not curvature_k > 0:
            raise HTTPException(422, "curvature_k: expected a number above zero, or inf for a flat Earth.")
        places = place_of(start, "from"), place_of(end, "to")
        eyes = observer_height_m, target_height_m, curvature_k
        return _passed_on(await self._ask("profile", start=places[0], end=places[1], eyes=eyes))

    async def tile(
        self,
        request: Request,
        layer: Annotated[str, Path(max_length=80)],
        z: int,
        x: int,
        y: int,
        v: QueryText | None = None,
        palette: Palette = "day",
    ) -> Response:
        """A tile of 256 px in Web Mercator. With ``v``, the layer's present revision, browsers may cache it
        indefinitely. ``a+b`` is one tile of two layers, b above a; their revision is also joined by +."""
        if not all(map(self._view(request).shows_layer, layer.split("+"))):
            raise HTTPException(404, f"There is no layer {layer[:40]!r}.")
        posts = self._posts(request)
        answer = await self._ask("tile", layer=layer, z=z, x=x, y=y, palette=palette, **posts)
        return tile_answer(request, answer, v)

    async def ground_tile(self, request: Request, z: int, x: int, y: int, v: QueryText | None = None) -> Response:
        """Contour lines, roads, rivers and settlements of a tile in Web Mercator, as a Mapbox Vector Tile. With ``v``,
        the present revision of the layer hillshade, browsers may cache it indefinitely."""
        return tile_answer(request, await self._ask("ground_tile", z=z, x=x, y=y), v)

    async def base_map(self, v: QueryText | None = None) -> Response:
        """The base map of the sector as a PMTiles archive, or with the header ``Range`` a part of it (206). With ``v``,
        its present revision, browsers may cache it indefinitely."""
        answer = await self._ask("base_map_file")
        if answer.status != 200:
            return _passed_on(answer)
        file = json.loads(answer.body)
        keep = _KEEP if v == file["revision"] else _ASK_ANEW
        if not await anyio.Path(file["path"]).is_file():
            raise HTTPException(404, "The file of the base map is no longer there.")
        return Archive(file["path"], headers={"Cache-Control": keep}, media_type=PMTILES)

    async def watch(self) -> None:
        """Until the hub stops, send the sensors' health and positions to the map process, and the changed layers to the
        hub."""
        while not self._hub.stopped:
            with suppress(MapUnavailable, HTTPException):
                health, lookers = self._hub.sensor_states(), self._hub.clients
                viewpoints = self._hub.sensor_viewpoints()
                answer = await self._ask("watch", health=health, viewpoints=viewpoints, lookers=lookers)
                body = json.loads(answer.body)
                self._hub.show_layers(body.get("layers", {}), body.get("at_posts", {}))
            await asyncio.sleep(WATCH_EVERY_S)

    async def _ask(self, question: str, **arguments: Any) -> Answer:
        if self._turns is None:  # must be created in the serving event loop
            self._turns = anyio.CapacityLimiter(CONNECTIONS)
        try:
            return await run_sync(partial(self._ask_map, question, **arguments), limiter=self._turns)
        except MapUnavailable as error:
            raise HTTPException(503, str(error), headers={"Retry-After": "2"}) from None


async def answered(ask: Ask, question: str, **arguments: Any) -> Answer:
    """An answer of the map process, asked in a thread; HTTPException 503 where it does not answer."""
    try:
        return await run_sync(partial(ask, question, **arguments))
    except MapUnavailable as error:
        raise HTTPException(503, str(error), headers={"Retry-After": "2"}) from None


def add_no_ground(app: FastAPI) -> None:
    """Add the same routes to a server without a map: they answer 404 with the reason."""

    def none() -> Response:
        raise HTTPException(404, "This server was opened without its ground, so it has no map.")

    for path in ("sector", "layout", "segments", "layers", "places", "ground", "profile", *_TILES):
        app.add_api_route(f"/api/{path}", none, methods=["GET"], response_class=Response, include_in_schema=False)


def place_of(text: str, name: str) -> tuple[float, float]:
    """Longitude and latitude of ``lon,lat``; 422 if it is not a position on Earth."""
    match = _PLACE.fullmatch(text)
    if match is None:
        raise HTTPException(422, f"{name}: expected longitude,latitude in degrees, such as -84.25,36.59.")
    lon, lat = float(match[1]), float(match[2])
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise HTTPException(422, f"{name}: longitude {lon:g}, latitude {lat:g} is not on Earth.")
    return lon, lat


def installed_version() -> str:
    """Version of the installed distribution."""
    try:
        return version("watchline")
    except PackageNotFoundError:
        return "unknown"


def tile_answer(request: Request, answer: Answer, revision: str | None) -> Response:
    """A tile, to be kept by browsers that named its present revision; 304 to one that has it already."""
    if answer.status != 200:
        return _passed_on(answer)
    headers = {"ETag": answer.etag, "Cache-Control": _KEEP if revision == answer.revision else _ASK_ANEW}
    if request.headers.get("if-none-match") == answer.etag:
        return Response(status_code=304, headers=headers)
    return Response(answer.body, media_type=answer.media_type, headers=headers)


def _passed_on(answer: Answer, headers: Mapping[str, str] | None = None) -> Response:
    """The map process's answer; HTTPException with its sentence if it refuses."""
    if answer.status >= 400:
        raise HTTPException(answer.status, json.loads(answer.body)["error"])
    return Response(answer.body, answer.status, media_type=answer.media_type, headers=dict(headers or {}))
