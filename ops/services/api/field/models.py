"""Requests and answers of the routes of field units, as schemas of the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from ingest.unit_messages import Duty
from ops.services.api.forces.models import BaseRecord
from ops.services.api.incidents.models import Chosen, IncidentKind, IncidentState, PersonName, Text
from ops.services.api.schemas.geojson import AreaFeatures

FieldAction = Literal["acknowledge", "received", "en_route", "on_scene", "close", "note", "attach", "undo"]
ActionId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{8,64}$")]
RecordId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{1,64}$")]
OptionalRecordId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{0,64}$")]
DeviceName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
    ),
]
Priority = Literal["distress", "high", "medium", "low"]
MOST_REPLIES = 100
MOST_POSITIONS = 200
MOST_CALLS = 5
"""Calls for help that are taken of one request beyond its first positions, the newest."""


class Enrolment(BaseModel):
    """A one-time code for a device of a unit. ``url`` holds it in its fragment; ``qr_svg`` is the same as a QR code."""

    unit: str
    code: str
    url: str
    expires_at: datetime
    qr_svg: str


class DeviceRecord(BaseModel):
    """A device of a unit; ``revoked_at`` null: it may be used."""

    id: str
    name: str
    enrolled_at: datetime
    seen_at: datetime
    revoked_at: datetime | None


class EnrolmentRequest(BaseModel):
    """The one-time code, and the name that the device has from then on."""

    model_config = ConfigDict(extra="forbid")
    code: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    device: DeviceName


class CertificateLogin(BaseModel):
    """The unit and device of a cookie or client certificate; null without one. ``problem``: why the latter does not log
    in."""

    unit: str | None
    device: str | None
    problem: str | None


class EnrolledDevice(BaseModel):
    """The unit of a device that was enrolled, and its id."""

    unit: str
    device: str


class MeetingPoint(BaseModel):
    """Where a unit meets its target, WGS 84."""

    lon: float
    lat: float


class ReachRecord(BaseModel):
    """The reach of an incident by a unit that leaves now, over the ground, on its own side of the border.

    ``travel_s`` and ``meet``: to the first point of the target's path at which the unit is there before it, else to the
    point at which it is least late; without a moving target, to the incident. ``margin_s``: how much later the unit
    may leave and still be first somewhere on the path (below 0: too late everywhere); null without a moving target.
    ``interruption``: probability that the unit is there before the target is out of reach. ``between``: what lies
    between the unit and that point, in sentences. ``travel_s`` null: no path within the limit, or with ``travel_known``
    false none but over unknown terrain.
    """

    distance_m: float
    bearing_deg: float
    travel_s: float | None
    travel_known: bool
    meet: MeetingPoint | None
    margin_s: float | None
    margin_sd_s: float | None
    interruption: float | None
    between: list[str]
    in_time: bool
    sentence: str


class FieldIncident(BaseModel):
    """An incident as a field unit sees it. ``lon``, ``lat`` null: without a position.

    ``expected_revision`` of an answer is ``revision``. ``assigned``: to this unit. ``offered``: this unit is asked to
    answer. ``caller``: the unit whose distress call it is. ``reach`` null: not known, because the unit's position or
    the map is not.
    """

    id: str
    name: str
    kind: IncidentKind
    priority: Priority
    state: IncidentState
    revision: int
    sentence: str
    detail_sentences: list[str]
    lon: float | None
    lat: float | None
    position_sd_m: float | None
    observed_at: datetime | None
    raised_at: datetime
    updated_at: datetime
    alert: str
    assigned_unit: str
    assigned: bool
    offered: bool
    received_at: datetime | None
    owner: str
    attention: bool
    class_label: str | None
    section: str | None
    marking: str = ""
    caller: str = ""
    reach: ReachRecord | None


class FieldOutcome(BaseModel):
    """The outcome of an answer of this unit. ``waiting``: fusion has not processed it yet."""

    action_id: str
    incident: str
    action: str
    outcome: Literal["waiting", "done", "refused"]
    sentence: str


class FieldUnit(BaseModel):
    """Last known position of a unit."""

    unit: str
    lon: float
    lat: float
    observed_at: datetime


class OwnPosition(BaseModel):
    """Last known position of the unit itself, as the operations centre has it."""

    lon: float
    lat: float
    position_sd_m: float | None
    observed_at: datetime
    distress: bool


class FieldState(BaseModel):
    """Everything that the page of a field unit shows. ``number`` rises with each change of alerts and incidents.

    ``incidents`` are in the order for this unit: distress first, then what it is assigned to, then what it reaches in
    time. ``sections``: border sections that the unit is in. ``version`` names this state: the next request states it as
    ``since`` and then gets only what has changed.
    """

    version: str
    unit: str
    device: str
    sector: str
    title: str
    at: datetime
    number: int
    language: str
    duty: Duty
    sections: list[str]
    position: OwnPosition | None
    incidents: list[FieldIncident]
    outcomes: list[FieldOutcome]
    units: list[FieldUnit]


class ListChanges(BaseModel):
    """Changes of a list of records. ``keys``: those of all its records in order (``id``, ``action_id`` or ``unit``),
    absent if they are as before. ``new``: whole records; ``changed``: of known ones the key and the fields that
    differ."""

    new: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    keys: list[str] | None = None


class FieldChanges(BaseModel):
    """Changes of a unit's state since the version ``since``; a field that is absent is as before."""

    model_config = ConfigDict(extra="allow")
    since: str
    version: str
    at: datetime | None = None
    incidents: ListChanges | None = None
    outcomes: ListChanges | None = None
    units: ListChanges | None = None


class FieldReply(BaseModel):
    """A person's answer. ``at``: the device's time at which it was given; ``by``: the person."""

    model_config = ConfigDict(extra="forbid")
    action_id: ActionId
    action: FieldAction
    incident: RecordId
    alert: OptionalRecordId = ""
    by: PersonName = ""
    at: AwareDatetime
    expected_revision: Annotated[int, Field(ge=0, le=2**53)] | None = None
    disposition: Chosen | Literal[""] = ""
    note: Text = ""
    reason: Text = ""
    attachment: Text = ""


class FieldReplies(BaseModel):
    """Answers in the order in which they were given; each is read on its own, as ``FieldReply``.

    ``sent_at``: the device's time at which it sends them, so that a wrong clock of the device does not matter.
    """

    model_config = ConfigDict(extra="forbid")
    replies: Annotated[list[Any], Field(max_length=MOST_REPLIES)]
    sent_at: AwareDatetime | None = None


class ReplyResult(BaseModel):
    """Whether an answer is stored, to be sent to the journal; ``problem`` says why not, in a sentence."""

    action_id: str
    accepted: bool
    problem: str | None = None


class FieldReplyResults(BaseModel):
    """One result for each answer, in order."""

    results: list[ReplyResult]


class FieldPosition(BaseModel):
    """A position of the unit. ``at``: the device's time. ``distress``: people need help."""

    model_config = ConfigDict(extra="forbid")
    at: AwareDatetime
    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    position_sd_m: Annotated[float, Field(gt=0, le=1e6)] | None = None
    distress: bool = False
    note: Text = ""
    duty: Duty = ""
    moves: Literal["", "vehicle", "foot"] = ""


class FieldPositions(BaseModel):
    """Positions, oldest first; each is read on its own, as ``FieldPosition``. ``sent_at`` as for answers.

    A call for help is heard whatever else is wrong.
    """

    positions: list[Any]
    sent_at: Any = None


class PositionResult(BaseModel):
    """Whether a position is stored, to be sent to the journal."""

    accepted: bool
    problem: str | None = None


class FieldPositionResults(BaseModel):
    """One result for each position, in order."""

    results: list[PositionResult]


class FieldMap(BaseModel):
    """The map of a unit's area: Web Mercator tiles to load in advance, and lines.

    ``bounds``: west, south, east, north in degrees. ``tiles``: addresses with ``{z}``, ``{x}`` and ``{y}``, for the
    zoom levels ``minzoom`` to ``maxzoom``; of all of them within the bounds, ``bytes_estimate``. ``border`` and
    ``areas`` (``id``, ``name``, ``kind``): GeoJSON.
    """

    bounds: tuple[float, float, float, float]
    minzoom: int
    maxzoom: int
    tiles: list[str]
    bytes_estimate: int
    border: Any
    sections: list[str]
    bases: list[BaseRecord]
    areas: AreaFeatures
