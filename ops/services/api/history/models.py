"""Answers of the history routes, as schemas of the OpenAPI document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from ops.services.api.incidents.models import Chosen, IncidentKind, IncidentRecord, IncidentState

ErasedKind = Literal["tracks", "alerts", "unit_positions"]


class ErasedRecords(BaseModel):
    """A kind of records of a day that is erased, and when it was; null where that is not known."""

    kind: ErasedKind
    erased_at: datetime | None


class KeptDayRecord(BaseModel):
    """A day (UTC) with moments: the first and the last, and what of it is erased."""

    day: date
    first: datetime
    last: datetime
    erased: list[ErasedRecords]


class HistoryExtent(BaseModel):
    """The period that can be looked back at. ``first`` and ``last`` are null before the first moment.

    ``final``: up to this time late data can no longer change tracks; null before the first estimate is final.
    """

    first: datetime | None
    last: datetime | None
    final: datetime | None
    days: list[KeptDayRecord]


class TrackNow(BaseModel):
    """Where a track was at that time, by all data that arrived until now.

    ``lon`` and ``lat`` are null on a server of a store without its room, which does not know the sector's frame.
    """

    track: str
    at: datetime
    lon: float | None
    lat: float | None
    easting: float
    northing: float
    status: str
    existence: float | None


class KnownNow(BaseModel):
    """A moment as it is known now.

    ``tracks`` is null while late data may still change them. ``alerts`` and ``incidents``: the newest revisions of
    those in the moment. ``opened_later``: incidents that were opened later, of tracks in the moment.
    """

    tracks: list[TrackNow] | None
    alerts: list[dict[str, Any]]
    incidents: list[IncidentRecord]
    opened_later: list[IncidentRecord]


class MomentRecord(BaseModel):
    """The picture as it was known at ``at``, the newest moment up to ``asked``; ``next`` is the first after it.

    Parts have the entries of the live routes; a part that is erased, or was not in the picture, is null. ``now`` is
    null unless it was asked for.
    """

    asked: datetime
    at: datetime
    next: datetime | None
    cursor: int
    erased: list[ErasedRecords]
    tracks: list[dict[str, Any]] | None
    bearings: list[dict[str, Any]] | None
    sensors: list[dict[str, Any]] | None
    units: list[dict[str, Any]] | None
    alerts: list[dict[str, Any]]
    incidents: list[IncidentRecord]
    now: KnownNow | None


class OpenedIncident(BaseModel):
    """An incident by the time of its opening, as known now."""

    id: str
    name: str
    kind: IncidentKind
    priority: Literal["distress", "high", "medium", "low"]
    state: IncidentState
    disposition: Chosen | Literal[""]
    opened_at: datetime
    updated_at: datetime


class OpenedIncidents(BaseModel):
    """Incidents that were opened in a time, the first opened first; ``more``: some are left out."""

    more: bool
    incidents: list[OpenedIncident]


class EntryThen(BaseModel):
    """A track or unit as it was known at ``at``."""

    at: datetime
    entry: dict[str, Any]


class ThroughTime(BaseModel):
    """A track or unit through time: as it was known at these times, and, of a track, as known now."""

    id: str
    then: list[EntryThen]
    now: list[TrackNow] = Field(default_factory=list)


class IncidentThroughTime(BaseModel):
    """Every revision of an incident, the first first; ``erased``: the number of those that are erased."""

    id: str
    erased: int
    revisions: list[IncidentRecord]
