"""The planner's page: layouts, coverage after an edit, and background jobs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from ops.services.api.incidents.models import MessageRecord
from ops.services.api.schemas.geojson import Feature
from ops.services.api.schemas.ground import LonLat


class PartRecord(BaseModel):
    """A sensor or relay as the page draws and edits it. ``item``: of the catalogue; ``fresh``: a plan buys it."""

    id: str
    kind: str
    lon: float
    lat: float
    azimuth_deg: float | None
    field_of_view_deg: float
    max_range_m: float
    item: str | None
    fresh: bool
    course: list[LonLat] | None = Field(
        None, description="where a mobile sensor is planned to go; absent without a plan"
    )


class PlannedLayout(BaseModel):
    """A layout of the sector with its sensors and relays."""

    name: str
    title: str
    sensors: list[PartRecord]


class EquipmentRecord(BaseModel):
    """An item of the catalogue that can be placed, per unit. ``crew``: persons on duty. A leased item has a
    ``first_cost`` of 0; its price is in ``opex_per_year``."""

    item: str
    title: str
    kind: str
    max_range_m: float
    field_of_view_deg: float
    first_cost: float
    opex_per_year: float
    life_cycle_cost: float
    crew: float


class SegmentRecord(BaseModel):
    """A segment of the border: its chainage, and its lines."""

    start_km: float
    end_km: float
    lines: list[list[LonLat]]


class PlanSetup(BaseModel):
    """Initial data of the page. ``corners``: of the pictures; ``years``: of the life-cycle cost. ``legend`` and
    ``change_legend``: of the pictures of coverage and of its change, by day and by night."""

    sector: str
    title: str
    corners: list[LonLat]
    border: list[list[LonLat]]
    currency: str
    years: float
    equipment: list[EquipmentRecord]
    layouts: list[PlannedLayout]
    legend: dict[Literal["day", "night"], Any]
    change_legend: dict[Literal["day", "night"], Any]
    segments: list[SegmentRecord]


class LayoutFile(BaseModel):
    """A layout file, with the keys of docs/schema/layout.schema.json."""

    model_config = {"extra": "allow"}
    type: Literal["FeatureCollection"]
    features: list[Feature]


class CoverageFigures(BaseModel):
    """Probability of detection in the belt; null where it is unknown."""

    mean_probability: float | None
    worst_segment: float | None
    worst_segment_number: int | None
    sensors: int
    relays: int


class CostFigures(BaseModel):
    """Cost of a layout at central prices, without the control room. ``unpriced``: sensors and relays without a known
    cost; ``unlisted``: those that are in no catalogue, so that their purchase price and crew are unknown. The totals
    are of the others."""

    first_cost: float
    life_cycle_cost: float
    crew: float
    unpriced: list[str]
    unlisted: list[str]


class PlanViewshed(BaseModel):
    """Ground in line of sight of one sensor. ``corners`` and ``picture``, the address of a PNG: its window."""

    corners: list[LonLat]
    picture: str


class PlanCoverage(BaseModel):
    """Coverage of an edited layout. ``unlinked``: without a link to a base. ``picture``: the address of a PNG.
    ``saved_cost``: of the layout without edits."""

    figures: CoverageFigures
    segments: list[float | None] = Field(description="mean probability of each segment; null where it is unknown")
    cost: CostFigures
    saved_cost: CostFigures
    unlinked: list[str]
    problems: dict[str, str]
    picture: str


class PlanDifference(BaseModel):
    """What one layout covers more and less than another: areas near the border where the probability of detection
    changes by at least 5 percentage points. ``picture``: the address of a PNG."""

    gained_km2: float
    lost_km2: float
    picture: str


class PlanJob(BaseModel):
    """A background job. ``answer``: its result when it is done, as its kind defines it."""

    id: str
    kind: Literal["compare", "plan"]
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    doing: str
    done: int
    total: int
    answer: dict[str, Any] | None
    problem: str = Field(description="why it failed, else empty")
    message: MessageRecord | None


class PlanJobs(BaseModel):
    """All jobs, without their answers."""

    jobs: list[PlanJob]
