"""The answers of OGC API – Features as schemas of this server's own OpenAPI; pygeoapi describes them in full."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field


class Link(BaseModel):
    """A link."""

    href: str
    rel: str
    type: str = ""
    title: str = ""
    hreflang: str = ""


class LandingPage(BaseModel):
    """Where everything else is."""

    title: str
    description: str
    links: list[Link]


class Conformance(BaseModel):
    """The classes of the standards that this server conforms to."""

    model_config = ConfigDict(title="OgcConformance")
    conformsTo: list[str]  # noqa: N815 - the standard's name


class CollectionDescription(BaseModel):
    """One collection."""

    id: str
    title: str
    description: str
    keywords: list[str]
    links: list[Link]
    extent: dict[str, Any]
    itemType: str  # noqa: N815 - the standard's name
    crs: list[str]
    storageCrs: str  # noqa: N815 - the standard's name


class CollectionDescriptions(BaseModel):
    """The collections that the person may read."""

    collections: list[CollectionDescription]
    links: list[Link]


class GeoJsonFeature(BaseModel):
    """A feature."""

    type: Literal["Feature"]
    id: str
    geometry: dict[str, Any] | None
    properties: dict[str, str | float | int | bool | None]
    links: list[Link] = []


class GeoJsonFeatures(BaseModel):
    """Features; ``numberMatched`` without the limit."""

    type: Literal["FeatureCollection"]
    features: list[GeoJsonFeature]
    numberMatched: int  # noqa: N815 - the standard's name
    numberReturned: int  # noqa: N815 - the standard's name
    links: list[Link]


class PropertySchemas(BaseModel):
    """A JSON Schema of the properties."""

    dialect: str = Field(alias="$schema")
    identifier: str = Field(alias="$id")
    type: Literal["object"]
    title: str
    properties: dict[str, Any]


class OpenApi(BaseModel):
    """The description of this part in OpenAPI 3.0."""

    openapi: str
    info: dict[str, Any]
    servers: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    paths: dict[str, Any]
    components: dict[str, Any]
    security: list[dict[str, Any]]


MODELS: Final[dict[str, type[BaseModel]]] = {
    "landing": LandingPage,
    "conformance": Conformance,
    "openapi": OpenApi,
    "collections": CollectionDescriptions,
    "collection": CollectionDescription,
    "schema": PropertySchemas,
    "queryables": PropertySchemas,
    "items": GeoJsonFeatures,
    "feature": GeoJsonFeature,
}
"""By kind of answer."""
