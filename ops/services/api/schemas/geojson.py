"""GeoJSON (RFC 7946) in longitude and latitude, WGS 84."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

GeoJsonPosition = Annotated[list[float], Field(min_length=2, max_length=3, description="longitude, latitude [deg]")]


class GeoJson(JSONResponse):
    """A response in GeoJSON."""

    media_type = "application/geo+json"


class GeoJsonGeometry(BaseModel):
    """A geometry; the nesting of ``coordinates`` follows from its type."""

    type: Literal["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"]
    coordinates: list[Any]


class Feature(BaseModel):
    """A feature; its ``properties`` are described by the collection that holds it."""

    type: Literal["Feature"]
    id: str | int | None = None
    geometry: GeoJsonGeometry | None
    properties: dict[str, Any] | None


class BorderLines(BaseModel):
    """The border: its segments as features (``segment``, ``start_m``, ``end_m``, ``length_m``), or one geometry."""

    type: Literal["FeatureCollection", "LineString", "MultiLineString"]
    features: list[Feature] | None = None
    coordinates: list[Any] | None = None


class AreaProperties(BaseModel):
    """A named area."""

    id: str
    name: str
    kind: Literal["danger", "restricted", "watch", "crossing_point"]


class AreaFeature(BaseModel):
    """A named area as a polygon. Across the 180th meridian longitudes run on beyond ±180°."""

    type: Literal["Feature"]
    geometry: GeoJsonGeometry
    properties: AreaProperties


class AreaFeatures(BaseModel):
    """The named areas of a sector."""

    type: Literal["FeatureCollection"]
    features: list[AreaFeature]


class SegmentProperties(BaseModel):
    """A border segment. Null until computed: ``dead_ground_fraction``, of the ground of its belt whose visibility is
    known, and ``unknown_fraction``, of its belt, where terrain data are missing."""

    segment: int
    section: str | None
    chainage_from_m: float
    chainage_to_m: float
    dead_ground_fraction: float | None
    unknown_fraction: float | None


class SegmentFeature(BaseModel):
    """A border segment as a line."""

    type: Literal["Feature"]
    geometry: GeoJsonGeometry
    properties: SegmentProperties


class Segments(BaseModel):
    """The border segments. ``revision`` changes with the layers of the map."""

    type: Literal["FeatureCollection"]
    revision: str
    belt_m: float
    features: list[SegmentFeature]


class LayoutFeature(BaseModel):
    """A sensor: ``part`` of the properties is ``place`` for its position and ``view`` for the outline of its field of
    view."""

    type: Literal["Feature"]
    geometry: GeoJsonGeometry
    properties: dict[str, Any]


class LayoutDocument(BaseModel):
    """A layout: its sensors with their fields of view."""

    type: Literal["FeatureCollection"]
    name: str | None = None
    features: list[LayoutFeature]
