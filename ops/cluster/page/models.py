"""Answers of the national page's routes, as schemas of the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

PictureState = Literal["current", "late", "silent", "never", "hidden"]


class CountedSensors(BaseModel):
    """Sensors that detect something, and the others."""

    working: int
    others: int


class CountedCoverage(BaseModel):
    """Border segments that meet the required probability of detection; see ``/v1/forces`` of the sector."""

    segments: int
    planned: int
    now: int
    unknown: int
    required: float


class CountedSections(BaseModel):
    """Border sections whose required reaction is met, is not met, or is not known."""

    met: int
    unmet: int
    open: int


class SectorRow(BaseModel):
    """A sector as a person may see it; all but ``sector`` and ``state`` is null for one that she may not see.

    ``state``: ``current``; ``late``, because fusion is behind the journal; ``silent``, because nothing arrives, or its
    store cannot be read; ``never``, before its first picture; ``hidden``. What is null is not known: no count of a
    sector that is silent stands for the present.
    """

    sector: str
    state: PictureState
    heard_at: datetime | None = Field(description="time of its newest picture, unless it is current")
    worker: str | None
    behind: int | None = Field(
        description="messages that fusion has not processed, to one digit; 0 below 100; null where a sensor is hidden,"
        " or the store cannot be read"
    )
    open: dict[str, int] | None = Field(description="incidents that are not closed, by priority")
    attention: int | None = Field(description="those of them that are not acknowledged")
    oldest_unacknowledged_at: datetime | None
    sensors: CountedSensors | None
    coverage: CountedCoverage | None
    posture: CountedSections | None


class BeforeRecord(BaseModel):
    """An incident of another sector that an incident continues."""

    sector: str
    incident: str
    name: str


class EventJoin(BaseModel):
    """An incident that was found to continue one of another sector.

    Both are of one event, unless a person has separated them: ``separated_by`` and ``separated_at`` are null if not.
    """

    sector: str
    incident: str
    name: str
    before_sector: str
    before_incident: str
    before_name: str
    separated_by: str | None
    separated_at: datetime | None


class NationalEntry(BaseModel):
    """An event that is not closed, in the sector where it is now. ``place``: sort key, the smaller the more urgent."""

    sector: str
    incident: str
    name: str
    kind: str
    priority: str
    attention: bool
    state: str
    opened_at: datetime
    before: list[BeforeRecord]
    joins: list[EventJoin] = Field(
        description="what joins the incidents of the event, and what was separated from them"
    )
    place: list[float]


class NationalPicture(BaseModel):
    """All sectors at one time, and what is open in those that the person may see, the most urgent first."""

    nation: str
    title: str
    at: datetime
    sectors: list[SectorRow]
    incidents: list[NationalEntry]


class EventAction(BaseModel):
    """An action of a person on an incident that continues one of another sector: ``separate`` states that both are two
    events, ``rejoin`` takes that back."""

    model_config = ConfigDict(extra="forbid")
    action: Literal["separate", "rejoin"]
    sector: Annotated[str, StringConstraints(max_length=64)]
    incident: Annotated[str, StringConstraints(max_length=64)]


class SectorAreas(BaseModel):
    """Outlines of the sectors (GeoJSON), in the order of the nation file."""

    type: Literal["FeatureCollection"]
    title: str = Field(description="title of the nation")
    act: list[str] = Field(description="sectors in which the caller may act on incidents")
    features: list[dict[str, Any]]
