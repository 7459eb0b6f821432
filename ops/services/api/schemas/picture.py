"""The live picture: tracks, bearing contacts, sensors, counts, and the state of the server."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ops.services.api.incidents.models import MessageRecord

NotNegative = Annotated[int, Field(ge=0)]
EvidenceRecord = Annotated[tuple[str, int, int], Field(description="sensor, boot, sequence of a scan")]


class TrackRecord(BaseModel):
    """A live track. ``course_deg`` is null below 0.2 m/s, ``name`` (for radio) before the track is confirmed."""

    track: str
    name: str | None
    status: str
    lon: float
    lat: float
    easting: float
    northing: float
    speed_mps: float
    course_deg: float | None = Field(description="clockwise from true north")
    ellipse_m: list[float] = Field(description="semi-axes of the 1-sigma ellipse of position, the longer first")
    ellipse_azimuth_deg: float = Field(description="of the longer axis, from true north")
    existence: float = Field(description="probability that the track exists")
    label: str = Field(description="the likeliest class, or unknown")
    label_probability: float
    class_probability: dict[str, float]
    segment: int
    offset_m: float | None = Field(description="from the border, positive on the own side")
    updated_ns: int
    sensors: list[str] = Field(description="of the newest evidence, the newest first")
    revoked_sources: list[str]
    evidence: list[EvidenceRecord]
    marking: str = Field("", description="releasability marking; absent for none")


class LiveTracks(BaseModel):
    """Every live track at journal time ``stamp``, complete up to journal row ``cursor``."""

    stamp: datetime
    cursor: int
    tracks: list[TrackRecord]


class BearingRecord(BaseModel):
    """A bearing contact: a direction without a range, from the position of its sensor."""

    sensor: str
    lon: float
    lat: float
    range_m: float
    azimuth_deg: float
    azimuth_sd_deg: float
    bearings: int
    crossings: int
    updated_ns: int
    lifetime_s: float
    carried: bool = Field(False, description="whether the sensor has stated its pose; absent for others")
    marking: str = Field("", description="releasability marking; absent for none")


class Bearings(BaseModel):
    """Every current bearing contact."""

    stamp: datetime
    cursor: int
    bearings: list[BearingRecord]


class FaultRecord(MessageRecord):
    """A fault of a sensor: its message, and the sentence in the language of the sector."""

    sentence: str


class ViewpointRecord(BaseModel):
    """From where a mobile sensor sees: its pose, rounded to steps, for which its coverage is computed."""

    easting: float = Field(description="in the frame, metres")
    northing: float
    height_m: float = Field(description="above the ground there")
    azimuth_deg: float | None = Field(description="centre of the field of view from true north; null all round")
    tilt_deg: float = Field(description="added to the elevation limits of the layout")
    moving: bool = Field(description="whether its viewshed is the fast one, of which some cells are wrong")


class PoseRecord(BaseModel):
    """Where a mobile sensor stands, as continued from the last two poses that it stated."""

    stated_ns: int = Field(description="time of the last pose, UTC nanoseconds since 1970")
    position_sd_m: float = Field(ge=0, description="standard deviation of the position now, per axis")
    heading_deg: float | None = Field(description="azimuth of the centre of the field of view from true north")
    moving: bool = Field(description="whether the last two poses show that it moved")
    post_lon: float = Field(description="of its position in the layout")
    post_lat: float = Field(description="of its position in the layout")
    seen_from: ViewpointRecord | None = Field(None, description="null while the position is not known")


class SensorMute(BaseModel):
    """Why ingest reads no message of a sensor. ``ended_ns``: when the mute ended, if the sensor has not reported since.

    Names of those who asked and decided are in the request (`/v1/approvals`), for those who may read it.
    """

    since_ns: int
    until_ns: int
    ended_ns: int | None
    reason: str
    asked_role: str
    decided_role: str
    emergency: bool
    request: str


class SensorRecord(BaseModel):
    """A sensor with its state of health.

    ``lon`` and ``lat`` are null for a sensor that own forces carry, for those who may not have these, while its post is
    not known.
    """

    sensor: str
    kind: str
    lon: float | None
    lat: float | None
    state: str
    since_ns: int | None
    revoked: bool
    faults: dict[str, FaultRecord]
    pose: PoseRecord | None = Field(None, description="of a mobile sensor that has stated one; absent for others")
    mute: SensorMute | None = Field(None, description="absent for a sensor that is not muted")
    marking: str = Field("", description="releasability marking; absent for none")


class Sensors(BaseModel):
    """Every sensor of the layout. ``layers``: the revisions of the map's layers, which follow from their states."""

    stamp: datetime
    cursor: int
    sensors: list[SensorRecord]
    layers: dict[str, str] = {}


class SensorCounts(BaseModel):
    """Messages of one sensor: received = journaled + duplicate + dead_lettered + shed. docs/metrics.md defines each."""

    received: NotNegative = 0
    journaled: NotNegative = 0
    duplicate: NotNegative = 0
    dead_lettered: NotNegative = 0
    shed: NotNegative = 0
    implausible: NotNegative = 0
    skipped: NotNegative = 0
    late: NotNegative = 0
    backfill: NotNegative = 0
    future: NotNegative = 0
    expired: NotNegative = 0
    cut_off: NotNegative = 0
    held: NotNegative = 0
    disk_full: NotNegative = 0
    clock_jumps: NotNegative = 0


class MessageCounts(BaseModel):
    """Counts by sensor; those of ``""`` belong to no sensor, ``(others)`` to all senders outside the layout."""

    stamp: datetime
    cursor: int
    counts: dict[str, SensorCounts]


class MutedSensor(BaseModel):
    """A sensor of which ingest reads no message, by decision of people."""

    sensor: str
    until: datetime


class HealthAnswer(BaseModel):
    """Whether the picture is current and every part works. Without a login, ``status`` only."""

    status: Literal["ok", "starting", "stale", "down"]
    parts: dict[str, str] | None = Field(None, description="ok, or why the part does not work")
    codes: dict[str, str] | None = Field(
        None, description="ok, ended, given_up, not_started, silent, problem or compiling_kernels"
    )
    age_s: float | None = None
    stamp: datetime | None = None
    cursor: int | None = None
    last_event: int | None = None
    alerts_waiting: int | None = None
    stream_clients: int | None = None
    muted: list[MutedSensor] | None = Field(None, description="sensors that people have muted, until when")
