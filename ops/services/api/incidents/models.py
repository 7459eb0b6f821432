"""Requests and answers of the incident routes, as schemas of the OpenAPI document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from ingest.unit_messages import Goods, Shown, TraceState
from ops.incidents.goods_codes.check import CheckDepth, CodeFault
from ops.incidents.goods_codes.code_list import CodeField

IncidentState = Literal["open", "acknowledged", "assigned", "en_route", "on_scene", "closed"]
IncidentKind = Literal["distress", "movement", "activity", "equipment"]
TargetClass = Literal["person", "group", "vehicle", "animal", "other"]
Chosen = Literal["apprehended", "turn_back", "got_away", "no_threat", "rescue", "lost", "nuisance", "restored"]
RequestedAction = Literal[
    "acknowledge", "assign", "en_route", "on_scene", "close", "note", "attach", "link", "merge", "hand_over", "undo",
    "reopen", "trace", "assess", "look",
]  # fmt: skip
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"),
]
PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"),
]
IdText = Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9A-Za-z._-]*$")]


class TracingRequest(BaseModel):
    """Goods found at an incident, and the request to trace them. Codes are checked when the action is applied."""

    model_config = ConfigDict(extra="forbid")
    goods: Goods
    hs_code: PersonName = Field("", description="six digits of the Harmonized System of the WCO, such as 930190")
    eccn: PersonName = Field("", description="export control classification number (15 CFR part 774), such as 6A003")
    eu_list: PersonName = Field("", description="number of Annex I of Regulation (EU) 2021/821, such as 6A003.b.4")
    item_marking: PersonName = Field("", description="marking or serial number on the item")
    authority: PersonName = Field("", description="to whom the trace request was sent")
    sent_at: AwareDatetime | None = Field(None, description="when the trace request was sent")
    reference: PersonName = Field("", description="reference of the trace request")
    status: TraceState = Field("", description="state of the trace request; empty: none was sent")
    released: bool = Field(False, description="whether field units and other receivers may have it")


class AssessmentRequest(BaseModel):
    """The assessment of a picture of the incident, named by the SHA-256 of its file."""

    model_config = ConfigDict(extra="forbid")
    picture: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    shown: Shown


class LookRequest(BaseModel):
    """The camera that is to look at the incident; empty: the one that can soonest."""

    model_config = ConfigDict(extra="forbid")
    camera: IdText = ""


class ActionRequest(BaseModel):
    """An action of a person on an incident. The server adds the person and the time.

    ``id`` is chosen by the client: the same action sent again is applied once. ``expected_revision`` is the revision on
    which the person decided; where another decision was made since, the action is refused.
    """

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{8,64}$")]
    action: RequestedAction
    expected_revision: Annotated[int, Field(ge=0, le=2**53)]
    unit: PersonName = Field("", description="for assign: the unit or patrol base")
    to: PersonName = Field("", description="for hand_over: the person")
    disposition: Chosen | Literal[""] = Field("", description="for close")
    reason: Text = Field("", description="for nuisance, reopen, and for taking over")
    other: IdText = Field("", description="for link and merge: the other incident")
    note: Text = Field("", description="for note and attach")
    attachment: Text = Field("", description="for attach: a reference, such as an address")
    tracing: TracingRequest | None = Field(None, description="for trace, and with close: goods that were found")
    assessment: AssessmentRequest | None = Field(None, description="for assess: what a picture shows")
    look: LookRequest | None = Field(None, description="for look: the camera")


class MessageRecord(BaseModel):
    """A message: its identifier in the message catalogue, and its parameters."""

    id: str
    parameters: dict[str, Any] = {}


class NoteRecord(BaseModel):
    """A note or attachment; ``markings``: those that a decision on the releasability set and replaced."""

    at: datetime
    by: str
    text: str
    attachment: str = ""
    markings: list[str] = []


class TransitionRecord(BaseModel):
    """One step of the life cycle."""

    at: datetime
    state: IncidentState
    by: str
    action: str
    owner: str = ""
    unit: str = ""
    disposition: str = ""
    reason: str = ""
    sender: str = ""


class NamedTrackRecord(BaseModel):
    """A track with its name for radio."""

    track: str
    name: str


class UndoRecord(BaseModel):
    """The latest action, its person, and until when it may be undone [UTC ns]."""

    action: str
    by: str
    until_ns: int


class TracingRecord(BaseModel):
    """Goods found at an incident and the request to trace them; who stated it, when, and in which revision."""

    goods: Goods
    hs_code: str
    eccn: str
    eu_list: str
    item_marking: str
    authority: str
    sent_at: datetime | None
    reference: str
    status: TraceState
    released: bool
    by: str
    at: datetime
    revision: int


class AssessmentRecord(BaseModel):
    """What a person saw on a picture: SHA-256 of the file, camera, likeliest class that it reported, empty for none.

    ``track``: the one track that it shows, whose class the statement is evidence on; empty for none.
    """

    picture: str
    sensor: str
    shown: Shown
    reported: str
    track: str = ""
    by: str
    at: datetime


class LookRecord(BaseModel):
    """A look of a camera at the incident; ``code`` says why it was not done, ``by`` asked for it."""

    id: str
    camera: str
    azimuth_deg: float
    elevation_deg: float | None = None
    slew_s: float
    state: Literal["requested", "sent", "accepted", "done", "refused", "failed"]
    code: str
    by: str
    at: datetime
    changed_at: datetime


class IncidentRecord(BaseModel):
    """An incident in its newest revision; null or empty: not applicable or not known."""

    id: str
    name: str
    kind: IncidentKind
    state: IncidentState
    priority: Literal["distress", "high", "medium", "low"]
    revision: int
    decided_revision: int
    message: MessageRecord
    sentence: str
    opened_at: datetime
    updated_at: datetime
    expected_at: datetime | None = Field(
        None, description="when its target may be out of reach, else when it may cross"
    )
    lead: str
    alerts: list[str]
    tracks: list[NamedTrackRecord]
    sensors: list[str]
    calling_unit: str
    segment: int | None
    section: str | None
    lon: float | None
    lat: float | None
    direction: int
    class_label: str | None
    impact_level: str | None
    attention: bool
    attention_since: datetime | None
    escalation: int
    owner: str
    unit: str
    received_at: datetime | None
    offered_unit: str = Field("", description="unit that is asked to take it; empty: none")
    offered_at: datetime | None = None
    disposition: str
    reason: str
    closed_by: Literal["", "person", "system"]
    notes: list[NoteRecord]
    links: list[str]
    merged_into: str
    transitions: list[TransitionRecord]
    undo: UndoRecord | None
    marking: str = Field("", description="releasability marking; absent or empty for none")
    tracing: TracingRecord | None = Field(
        None, description="goods found; absent for none, and where it is not released"
    )
    assessments: list[AssessmentRecord] = Field([], description="what people saw on its pictures; absent for none")
    looks: list[LookRecord] = Field([], description="looks of cameras at it; absent for none")


class LookChoice(BaseModel):
    """A camera that can look at an incident: where it would turn, in what time, and how far the target is.

    ``in_view``: whether the target is known to be in its line of sight; null: not known, as an elevation angle is where
    the terrain is not.
    """

    camera: str
    azimuth_deg: float
    elevation_deg: float | None = None
    slew_s: float
    range_m: float
    in_view: bool | None


class LookOptions(BaseModel):
    """The cameras that can look at an incident now, the soonest first."""

    options: list[LookChoice]


class PictureBox(BaseModel):
    """Where the object is in a picture, as fractions of its width and height from the top left corner."""

    left: float
    top: float
    width: float
    height: float


class PictureRecord(BaseModel):
    """A picture or clip of a camera; null: not reported or, for its size in pixels, not stored, or a clip.

    ``sentence`` says why it is not shown, empty for one that is. ``shown`` and ``by``: the assessment, empty for
    none. ``sharp``: whether the person receives it as it was taken, with its object in sight.
    """

    id: int
    sensor: str
    observed_at: datetime
    picture: str = Field(description="SHA-256 of the file")
    type: Literal["image/jpeg", "image/png", "video/mp4", "video/webm"]
    size: int
    azimuth_deg: float | None
    range_m: float | None
    reported: str
    box: PictureBox | None
    state: Literal["waiting", "stored", "dead"]
    problem: str = Field(description="code of the reason; empty for one that is shown")
    sentence: str
    width: int | None
    height: int | None
    shown: Shown | Literal[""]
    by: str
    sharp: bool


class PictureList(BaseModel):
    """The pictures of an incident, the newest first."""

    pictures: list[PictureRecord]


class CameraAssessments(BaseModel):
    """Assessed pictures of one camera: their number by what people saw, then by the class that it reported."""

    sensor: str
    counts: dict[str, dict[str, int]]


class AssessmentCounts(BaseModel):
    """Assessed pictures by camera."""

    cameras: list[CameraAssessments]


class IncidentList(BaseModel):
    """Incidents in the order of the queue. ``last`` continues the event stream; ``more``: some are left out."""

    last: int
    more: bool
    incidents: list[IncidentRecord]


class OutcomeRecord(BaseModel):
    """The outcome of an action: ``done`` or ``refused``, then with the reason. ``unit``: the field unit from which it
    came; empty for the operations centre."""

    id: str
    incident: str
    action: str
    by: str
    at: datetime
    result: Literal["done", "refused"]
    revision: int
    message: MessageRecord | None
    sentence: str
    unit: str = ""


class ActionAnswer(BaseModel):
    """Whether the journal has the action, and its outcome once fusion has applied it.

    ``accepted`` false: the action is stored and sent until the journal has it; ask for the outcome later.
    """

    action: str
    accepted: bool
    outcome: OutcomeRecord | None


class TitledCode(BaseModel):
    """A part of a code with its title, from general to special."""

    code: str
    title: str


class GoodsCodeRecord(BaseModel):
    """What is known of a code: empty ``fault`` where it exists, as far as ``depth`` says."""

    field: CodeField
    code: str
    fault: CodeFault = Field(description="form, unknown, or not_valid on the day; empty: the code exists")
    depth: CheckDepth = Field(
        description="against what it was checked: the full list, or the shipped subheadings, headings, chapters or"
        " categories"
    )
    nearest: str = Field(description="nearest code that exists on the day; empty where there is none")
    title: str = Field(description="the most special title, or those of all parts; empty where there is none")
    titles: list[TitledCode]


class GoodsCodeAnswer(BaseModel):
    """Codes of goods. ``full_lists``: the fields that are checked against a full list of the operator.

    ``problem``: why the file of the settings cannot be used; empty where it can.
    """

    day: date
    codes: list[GoodsCodeRecord]
    full_lists: list[CodeField]
    problem: str
