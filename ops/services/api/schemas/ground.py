"""The ground: sector, tile layers, one position, a terrain profile."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, RootModel

from ops.services.api.schemas.geojson import AreaFeatures

LonLat = Annotated[list[float], Field(min_length=2, max_length=2, description="longitude, latitude [deg]")]


class LayerRecord(BaseModel):
    """A tile layer. ``legend``: what its colours mean, as the page draws it."""

    id: str
    title: str
    revision: str
    minzoom: int
    maxzoom: int
    legend: Any


class Layers(RootModel[list[LayerRecord]]):
    """The tile layers, in the order of drawing."""


class FrameRecord(BaseModel):
    """The projected frame: its EPSG code, or its PROJ string where it has none; and as WKT."""

    name: str
    epsg: int | None = None
    proj: str | None = None
    wkt: str


class TerrainRecord(BaseModel):
    """The terrain model."""

    cell_m: float
    datum: str
    source: str
    low_m: float
    high_m: float


class BorderFigures(BaseModel):
    """The border in figures."""

    length_m: float
    segments: int
    belt_m: float
    home_side: str
    zone: bool


class ClockRecord(BaseModel):
    """The present time, and its seconds for each second of wall time."""

    now: datetime
    rate: float


class BaseMapRecord(BaseModel):
    """The base map: a PMTiles archive at ``/api/base-map.pmtiles``. Only a readable one states what it holds."""

    file: str
    readable: bool = Field(description="false: the file cannot be shown")
    kind: str = Field("", description="vector or raster")
    bounds: list[float] = Field([], description="west, south, east, north [deg]")
    min_zoom: int = 0
    max_zoom: int = 0
    layers: list[str] = Field([], description="layers of vector tiles")
    revision: str = ""


class SectorRecord(BaseModel):
    """The sector in figures, its layers, and who looks at it."""

    sector: str
    title: str
    time_zone: str
    map_credit: str = ""
    base_map: BaseMapRecord | None = None
    bounds: list[float] = Field(description="west, south, east, north [deg]")
    centre: LonLat
    frame: FrameRecord
    terrain: TerrainRecord
    border: BorderFigures
    areas: AreaFeatures
    layout: str
    sensor_kinds: list[str]
    target_height_m: float
    curvature_k: float
    curvature_k_by_kind: dict[str, float | None]
    demo: bool
    operator: str
    version: str
    clock: ClockRecord
    layers: list[LayerRecord]


class NamedPlace(BaseModel):
    """A name of the sector's map files. ``kind``: settlement, river or road."""

    name: str
    kind: str
    lon: float
    lat: float


class NamedPlaces(BaseModel):
    """The names, settlements first, the largest of each kind first."""

    places: list[NamedPlace]


class PlaceRecord(BaseModel):
    """One position. ``seen_by``: the working sensors that see a person there; null while the map computes it."""

    lon: float
    lat: float
    elevation_m: float | None
    slope_deg: float | None
    easting: float
    northing: float
    segment: int
    chainage_m: float | None
    offset_m: float | None
    seen_by: list[str] | None
    seen_by_if_working: list[str] | None


class ProfileRecord(BaseModel):
    """Terrain and sight line between two positions, as lists of equal length. ``visible`` null: not known."""

    start: LonLat = Field(alias="from")
    to: LonLat
    distance_m: list[float]
    elevation_m: list[float | None]
    drop_m: list[float]
    sight_m: list[float | None] | None
    visible: bool | None
    blocked_at_m: float | None
    needed_target_height_m: float | None
    observer_height_m: float
    target_height_m: float
    curvature_k: float | None
