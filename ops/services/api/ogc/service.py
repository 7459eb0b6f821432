"""pygeoapi over the sources: it is imported and configured at the first request, and asked for documents.

It gives its documents as JSON; pages are made of them by ``ops.services.api.ogc.page``. Statements and links
of pygeoapi about processes, tiles, JSON-LD, CSV and writing, which this server does not offer, are removed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException

from geo.errors import BadInput
from ops.services.api.ogc.collections import COLLECTIONS
from ops.services.api.ogc.filters import FeatureFilter
from ops.services.api.ogc.queries import CRS84, DEFAULT_FEATURES, MOST_FEATURES, crs_uri
from ops.services.api.ogc.sources import FROM_MAP, Sources
from ops.services.api.release import ReleasedView
from ops.store.connections import StoreError

log = logging.getLogger(__name__)

Document = dict[str, Any]

CONFORMANCE: Final = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/core-roles-features",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
)
"""The classes that the tests hold; pygeoapi's own list names more than a server without writing has."""
WORLD: Final = (-180.0, -90.0, 180.0, 90.0)
BEYOND_DEG: Final = 1.0
"""How far beyond the terrain a position is expected at most; the extent is for a first view, and selects nothing."""
SYSTEMS: Final = (CRS84, crs_uri(4326), crs_uri(3857))
_NOT_OFFERED: Final = ("application/ld+json", "text/csv")
_NO_RELATIONS: Final = ("processes", "job-list", "tiling-schemes", "about")
_NO_PARAMETERS: Final = ("vendorSpecificParameters", "bbox-crs-epsg", "resourceId")
_PROVIDER: Final = "ops.services.api.ogc.provider.PictureProvider"


@dataclass(frozen=True, slots=True)
class Question:
    """A request to pygeoapi. ``kind`` is a key of _ANSWERS; ``base`` the address at which the API begins.

    ``visible``: the collections that the person may read, which are all that exist for her. ``view``: what she receives
    of marked records. ``query`` is checked.
    """

    kind: str
    base: str
    visible: tuple[str, ...]
    view: ReleasedView
    language: str
    query: Mapping[str, str]
    collection: str | None = None
    feature: str | None = None


class OgcService:
    """Answers questions. ``titles`` gives title and description of a collection, or of the API for "", by language.

    ``view`` is the sector as in ops.sector.geojson, if known: its frame is offered besides SYSTEMS, and its bounds.
    """

    def __init__(
        self,
        sources: Sources,
        titles: Callable[[str], Mapping[str, Mapping[str, str]]],
        view: Mapping[str, Any] | None = None,
    ) -> None:
        self._sources, self._titles = sources, titles
        self._bounds: Sequence[float] = WORLD if view is None else view["bounds"]
        epsg = None if view is None else view["frame"].get("epsg")
        self.systems = tuple(dict.fromkeys([*SYSTEMS, *([] if epsg is None else [crs_uri(epsg)])]))
        self._api = lru_cache(maxsize=8)(self._configured)
        self._lock = threading.Lock()

    def answer(self, question: Question) -> tuple[Document, Mapping[str, str]]:
        """The document and pygeoapi's headers. HTTPException with one sentence for what cannot be answered."""
        if question.kind == "conformance":
            return {"conformsTo": list(CONFORMANCE)}, {}
        with self._lock:
            core, api = _loaded(), self._api(question.base, question.visible, question.view)
        try:
            if question.kind == "openapi":
                return _openapi(core, api), {}
            return self._asked(core, api, question)
        except HTTPException:
            raise
        except StoreError as error:  # whose sentence names a file
            log.warning("%s", error)
            raise HTTPException(503, "The store cannot be read; see the log of the server.") from None
        except Exception:
            log.exception("%s %s", question.kind, question.collection)
            raise HTTPException(500, "The request could not be answered; see the log of the server.") from None

    def _asked(self, core: SimpleNamespace, api: Any, question: Question) -> tuple[Document, Mapping[str, str]]:
        query = {"f": "json", "lang": question.language} | {
            name: text for name, text in question.query.items() if name not in ("f", "lang")
        }
        given = SimpleNamespace(query_params=query, headers={}, scope={"path": question.kind})
        parts = [part for part in (question.collection, question.feature) if part is not None]
        request = core.request(given, api.locales)
        headers, status, body = core.answers[question.kind](api, request, *parts)
        document = msgspec.json.decode(body)
        if status >= 400:
            raise HTTPException(status, str(document["description"])[:300])
        _take_out(document)
        return document, headers

    def _configured(self, base: str, visible: tuple[str, ...], view: ReleasedView) -> Any:
        """pygeoapi's own object for one address, the collections that a person may read, and what she receives."""
        return _loaded().api(self._configuration(base, visible, view), None)

    def _configuration(self, base: str, visible: tuple[str, ...], view: ReleasedView) -> Document:
        from ops.words import LANGUAGES

        text = self._titles("")
        nothing = {"name": "Watchline", "url": base}
        return {
            "server": {
                "url": base,
                "languages": list(LANGUAGES),
                "limits": {"default_items": DEFAULT_FEATURES, "max_items": MOST_FEATURES, "on_exceed": "throttle"},
            },
            "logging": {"level": "ERROR"},
            "metadata": {
                "identification": {**text, "keywords": {"en": ["border"]}, "terms_of_service": base, "url": base},
                "license": nothing,
                "provider": nothing,
                "contact": nothing,
            },
            "resources": {name: self._resource(name, visible, view) for name in visible},
        }

    def _resource(self, name: str, visible: tuple[str, ...], view: ReleasedView) -> Document:
        collection = COLLECTIONS[name]
        provider = {
            "type": "feature",
            "name": _PROVIDER,
            "data": replace(self._sources, view=view, own_forces="units" in visible),
            "collection": name,
            "id_field": "id",
            "time_field": collection.time,
            "crs": list(self.systems),
        }
        extents: Document = {"spatial": {"bbox": self._extent(name), "crs": CRS84}}
        if collection.time is not None:
            extents["temporal"] = {"begin": None, "end": None}
        return {
            "type": "collection",
            **self._titles(name),
            "keywords": {"en": [name]},
            "extents": extents,
            "providers": [provider],
        }

    def _extent(self, name: str) -> list[float]:
        """The bounds of the terrain; wider for what sensors may detect beyond it."""
        west, south, east, north = self._bounds
        beyond = 0.0 if name in FROM_MAP else BEYOND_DEG
        wider = [west - beyond, max(south - beyond, -90.0), east + beyond, min(north + beyond, 90.0)]
        return wider if wider[0] >= -180.0 and wider[2] <= 180.0 else [-180.0, wider[1], 180.0, wider[3]]


@lru_cache(maxsize=1)
def _loaded() -> SimpleNamespace:
    """pygeoapi, with two of its functions replaced: it would log to stdout, which is the room's; and it would read a
    filter as ECQL."""
    import pygeoapi.api as core
    import pygeoapi.api.itemtypes as items
    from pygeoapi.openapi import get_oas

    core.setup_logger = lambda _: None
    items.parse_ecql_text = _any_filter
    answers = {
        "landing": core.landing_page,
        "collections": core.describe_collections,
        "collection": core.describe_collections,
        "schema": core.get_collection_schema,
        "queryables": items.get_collection_queryables,
        "items": items.get_collection_items,
        "feature": items.get_collection_item,
    }
    return SimpleNamespace(api=core.API, request=core.APIRequest, answers=answers, openapi=get_oas)


def _any_filter(text: str) -> FeatureFilter:
    """The filter of a query, which was checked against its own collection before."""
    every = {name: kind for collection in COLLECTIONS.values() for name, kind in collection.properties.items()}
    try:
        return FeatureFilter(text, every)
    except BadInput:
        log.exception("A checked filter was refused.")
        raise


def _take_out(document: Document) -> None:
    """Remove the links to what is not offered, and the time of the answer, so that the same features have one ETag."""
    document.pop("timeStamp", None)
    for part in (document, *document.get("collections", ())):
        if "links" in part:
            part["links"] = [link for link in part["links"] if _offered(link)]


def _offered(link: Mapping[str, Any]) -> bool:
    return link.get("type") not in _NOT_OFFERED and str(link.get("rel", "")).rsplit("/", 1)[-1] not in _NO_RELATIONS


def _openapi(core: SimpleNamespace, api: Any) -> Document:
    """The description by pygeoapi of what is offered: reading, as JSON or HTML, with a login."""
    described: Document = core.openapi(api.config)
    paths = {}
    for path, item in described["paths"].items():
        if path.startswith(("/collections", "/conformance", "/openapi")) or path == "/":
            operation = item["get"]
            operation["parameters"] = [one for one in operation.get("parameters", ()) if _has_parameter(one)]
            operation["parameters"].append(_LANGUAGE_PARAMETER)
            if path.endswith("/items"):
                operation["parameters"] += _FILTER_PARAMETERS
            paths[path if path != "/" else ""] = {"get": operation}
    parameters = {
        name: one for name, one in described["components"]["parameters"].items() if name not in _NO_PARAMETERS
    }
    parameters["f"]["schema"]["enum"] = ["json", "html"]
    described["paths"] = paths
    described["components"]["parameters"] = parameters
    described["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    described["security"] = [{"token": []}]
    names = [*api.config["resources"], "server"]
    described["tags"] = [tag for tag in described["tags"] if tag["name"] in names]
    return described


def _has_parameter(parameter: Mapping[str, Any]) -> bool:
    reference = str(parameter.get("$ref", ""))
    return reference.rsplit("/", 1)[-1] not in _NO_PARAMETERS and parameter.get("name") not in ("ui", "profile")


_LANGUAGE_PARAMETER: Final = {
    "name": "language",
    "in": "query",
    "description": "The same as lang: the name of this parameter on the other pages of the server.",
    "required": False,
    "schema": {"type": "string", "enum": ["en", "fr"]},
}
_FILTER_PARAMETERS: Final = [
    {
        "name": "filter",
        "in": "query",
        "description": "A condition in CQL2 text (Basic CQL2, advanced comparisons).",
        "required": False,
        "schema": {"type": "string", "maxLength": 1000},
    },
    {
        "name": "filter-lang",
        "in": "query",
        "description": "The language of the filter.",
        "required": False,
        "schema": {"type": "string", "enum": ["cql2-text"], "default": "cql2-text"},
    },
    {
        "name": "filter-crs",
        "in": "query",
        "description": "The reference system of the filter.",
        "required": False,
        "schema": {"type": "string", "enum": [CRS84], "default": CRS84},
    },
]
