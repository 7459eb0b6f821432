"""Alerts as published: the fields of ``fusion.alerts.Alert`` with their sentences (docs/schema/alert.schema.json)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from ops.services.api.incidents.models import MessageRecord


class ForecastRecord(BaseModel):
    """A predicted crossing within ``horizon_s``; times [s] and chainages [m] at the quantiles 10, 50 and 90%."""

    horizon_s: float
    crossing_probability: float
    direction: int
    time_s: list[float] = []
    chainage_m: list[float] = []
    segments: list[tuple[int, float]] = []


class ResponseAssumptionsRecord(BaseModel):
    """Assumptions of the estimate of a response."""

    responder: str
    off_road_mps: float
    off_path_factor: float
    turnout_s: float
    dismount_s: float
    strips: int
    time_sd_fraction: float
    communication: float


class ResponseRecord(BaseModel):
    """The estimate of a response that leaves now; ``margin_s`` is negative if it is late, null if none can arrive."""

    base: str
    mover: str
    response_s: float | None
    time_left_s: float
    margin_s: float | None
    interruption_probability: float | None
    time_left_sd_s: float | None = None
    time_left_by: str = "ground"
    end_easting: float | None = None
    end_northing: float | None = None
    assumptions: ResponseAssumptionsRecord | None = None


class CandidateRecord(BaseModel):
    """A base from which a response may leave now."""

    base: str
    response_s: float
    margin_s: float
    interruption_probability: float


class SurroundingsRecord(BaseModel):
    """The ground around a track; ``missing``: data that are not available, so that null means unknown."""

    steepness: str
    land_cover: str
    slope: float | None
    seen_by: list[str]
    hidden_in_s: float | None
    road_min: float | None
    settlement_min: float | None
    missing: list[str]


class CoverageGapRecord(BaseModel):
    """A segment that fell below the required probability of detection, before and after."""

    segment: int
    before: float
    after: float


class AlertRecord(BaseModel):
    """An alert in its newest revision. Null: does not apply, or is not known."""

    id: str
    rule: str
    priority: Literal["distress", "high", "medium", "low"]
    status: Literal["active", "acknowledged", "cleared", "rejected"]
    revision: int
    message: MessageRecord
    raised_at: datetime
    updated_at: datetime
    observed_at: datetime
    track: str | None = None
    sensor: str | None = None
    unit: str | None = None
    segment: int | None = None
    chainage_m: float | None = None
    direction: int = 0
    easting: float | None = None
    northing: float | None = None
    position_sd_m: float | None = None
    offset_m: float | None = None
    time_to_border_s: float | None = None
    class_label: str | None = None
    class_probability: float | None = None
    existence: float | None = None
    evidence: list[tuple[str, int, int]] = []
    by: str = ""
    reason: str = ""
    reason_message: MessageRecord | None = None
    details: list[MessageRecord] = []
    why: list[MessageRecord] = []
    response: MessageRecord | None = None
    impact_level: str | None = None
    forecast: ForecastRecord | None = None
    response_estimate: ResponseRecord | None = None
    candidates: list[CandidateRecord] = []
    ground: SurroundingsRecord | None = None
    cause: str = ""
    coverage_gaps: list[CoverageGapRecord] = []
    weather: str = ""
    sentence: str
    detail_sentences: list[str]
    why_sentences: list[str]
    response_sentence: str | None
    lon: float | None = None
    lat: float | None = None
    marking: str = Field("", description="releasability marking; absent for none")


class Alerts(BaseModel):
    """Alerts, latest raised first. ``last`` continues the event stream; ``more``: some are left out."""

    last: int
    more: bool
    alerts: list[AlertRecord]


class AcceptedAction(BaseModel):
    """The action is stored and is sent until the journal has it."""

    accepted: Literal[True]
    action: str
