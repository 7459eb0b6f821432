"""Routes of OGC API – Features under /v1/ogc: who may read what, the audit log, formats, and one sentence per error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import Any, Final

import anyio
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from geo.errors import BadInput
from ops.accounts.rights import OGC, has
from ops.drawing.colours import with_colours
from ops.releasability.carried import READ
from ops.services.api.guard import PAGE_POLICY
from ops.services.api.login.routes import person_of
from ops.services.api.ogc.collections import COLLECTIONS
from ops.services.api.ogc.models import MODELS
from ops.services.api.ogc.page import page, titles, words_of
from ops.services.api.ogc.queries import CHECKS, checked_names, checked_query, one_of
from ops.services.api.ogc.service import OgcService, Question
from ops.services.api.ogc.sources import Sources
from ops.services.api.recorder import Recorder
from ops.services.api.release import CLOSED, Release
from ops.services.api.schemas.geojson import GeoJson
from ops.store.rows import to_json

AT_ONCE: Final = 2
"""Requests that are answered at the same time, so that large ones delay neither alerts nor actions."""


class SchemaAnswer(JSONResponse):
    """A JSON Schema."""

    media_type = "application/schema+json"


class OpenApiAnswer(JSONResponse):
    """An OpenAPI document."""

    media_type = "application/vnd.oai.openapi+json"


_JSON_OF: Final[Mapping[str, type[Response]]] = {
    "items": GeoJson,
    "feature": GeoJson,
    "schema": SchemaAnswer,
    "queryables": SchemaAnswer,
    "openapi": OpenApiAnswer,
}
_OF_COLLECTION: Final = {
    "collection": "",
    "schema": "/schema",
    "queryables": "/queryables",
    "items": "/items",
    "feature": "/items/{feature}",
}


class OgcRoutes:
    """The handlers. ``view`` is the sector as in ops.sector.geojson, if known."""

    def __init__(
        self,
        sources: Sources,
        recorder: Recorder,
        *,
        sector: str,
        release: Release,
        view: Mapping[str, Any] | None = None,
    ) -> None:
        self._release = release
        self._sources, self._recorder, self._sector = sources, recorder, sector
        self._service = OgcService(sources, partial(titles, sector), view)
        self._turns: anyio.CapacityLimiter | None = None
        self._style = with_colours(files("ops.services.api.ogc").joinpath("pages/page.css").read_text(encoding="utf-8"))

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        for kind, path in {
            "landing": "",
            "conformance": "/conformance",
            "openapi": "/openapi",
            "collections": "/collections",
        }.items():
            self._add(app, kind, f"{OGC}{path}")
        self._add(app, "landing", f"{OGC}/", described=False)  # programs are given either
        app.add_api_route(f"{OGC}/page.css", self.style, methods=["GET"], include_in_schema=False)
        for name in COLLECTIONS:
            for kind, below in _OF_COLLECTION.items():
                self._add(app, kind, f"{OGC}/collections/{name}{below}", name)

    def _add(
        self, app: FastAPI, kind: str, path: str, collection: str | None = None, *, described: bool = True
    ) -> None:
        async def answer(request: Request) -> Response:
            return await self._answered(request, kind, collection, None)

        async def answer_feature(request: Request, feature: str) -> Response:
            return await self._answered(request, kind, collection, feature)

        handler = answer_feature if kind == "feature" else answer
        app.add_api_route(
            path,
            handler,
            methods=["GET"],
            response_class=_JSON_OF.get(kind, JSONResponse),
            response_model=MODELS[kind],
            responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
            description="As JSON, or as a page with f=html; /v1/ogc/openapi describes it in full.",
            include_in_schema=described,
            openapi_extra={"parameters": _parameters(kind, collection)},
            name=f"ogc {collection or ''} {kind}",
            summary=f"OGC API – Features: {kind}" + (f" of {collection}" if collection else ""),
        )

    def style(self) -> Response:
        """The style of the pages."""
        return Response(self._style, media_type="text/css")

    async def _answered(self, request: Request, kind: str, collection: str | None, feature: str | None) -> Response:
        if self._turns is None:  # must be created in the serving event loop
            self._turns = anyio.CapacityLimiter(AT_ONCE)
        return await run_sync(self._answer, request, kind, collection, feature, limiter=self._turns)

    def _answer(self, request: Request, kind: str, collection: str | None, feature: str | None) -> Response:
        if collection is not None and collection not in self._sources.names:
            raise HTTPException(404, "This server was opened without its ground, so it has no such collection.")
        view = self._release.view(person_of(request))
        offered = self._sources.names_for(view)
        if collection is not None and collection not in offered:
            raise HTTPException(403, CLOSED)
        try:
            query = self._checked(request.query_params.multi_items(), kind, collection)
            if feature is not None and not (len(feature) <= 128 and feature.isprintable()):
                raise BadInput("is too long, or not printable", where="feature", expected="the id of a feature")
        except BadInput as error:
            raise HTTPException(400, str(error)) from None
        subject = None if collection is None else COLLECTIONS[collection].subject
        if subject is not None and kind in ("items", "feature"):
            self._recorder.note(request, subject if feature is None else f"{subject}: {feature}")
        words = words_of(request, query.get("lang"))
        question = Question(
            kind,
            str(request.base_url).rstrip("/") + OGC,
            tuple(name for name in offered if self._may_read(request, name)),
            view,
            words.language,
            query,
            collection,
            feature,
        )
        document, headers = self._service.answer(question)
        if collection == "sensors" and kind in ("items", "feature") and "units" in question.visible:
            found = {one["id"] for one in document.get("features", [document])}
            if carried := sorted(found & self._sources.carried()):
                self._recorder.note(request, READ if feature is None else f"{READ}: {carried[0]}")
        kept = {"Content-Language": words.language, "Vary": "Accept, Accept-Language, Cookie, Authorization"}
        if "Content-Crs" in headers:
            kept["Content-Crs"] = headers["Content-Crs"]
        if (query.get("f") or _preferred(request)) == "html":
            kept["Content-Security-Policy"] = PAGE_POLICY
            return Response(page(question, document, words, self._sector), media_type="text/html", headers=kept)
        body = to_json(document, where="OGC API")
        media_type = f"{_JSON_OF.get(kind, JSONResponse).media_type}{';version=3.0' if kind == 'openapi' else ''}"
        return Response(body, media_type=media_type, headers=kept)

    def _checked(self, given: Sequence[tuple[str, str]], kind: str, collection: str | None) -> Mapping[str, str]:
        given = [("lang" if name == "language" else name, text) for name, text in given]
        if kind == "items" and collection is not None:
            return checked_query(given, COLLECTIONS[collection], self._service.systems)
        query = checked_names(given, ("f", "lang", "crs") if kind == "feature" else ("f", "lang"))
        for name, text in query.items():
            check = one_of(*self._service.systems) if name == "crs" else CHECKS[name]
            check(text, name, None)
        return query

    def _may_read(self, request: Request, name: str) -> bool:
        return has(person_of(request), COLLECTIONS[name].right, self._sector)


def _parameters(kind: str, collection: str | None) -> list[dict[str, Any]]:
    """The query parameters for the description of this server's API; pygeoapi describes them in full."""
    names: tuple[str, ...] = ("f", "lang", "language")
    if kind == "feature":
        names += ("crs",)
    if kind == "items" and collection is not None:
        names = (*CHECKS, "language", "bbox", "bbox-crs", "crs", "filter", *COLLECTIONS[collection].properties)
    return [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in names]


def _preferred(request: Request) -> str:
    """``html`` for a browser, which names it before any kind of JSON; else ``json``."""
    accepted = request.headers.get("accept", "").lower()
    page_at, data_at = accepted.find("text/html"), accepted.find("json")
    return "html" if page_at >= 0 and (data_at < 0 or page_at < data_at) else "json"
