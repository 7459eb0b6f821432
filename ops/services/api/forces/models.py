"""Requests and answers of the routes of own forces, as schemas of the OpenAPI document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ingest.unit_messages import Duty, ImpactLevel, MovesBy
from ops.services.api.incidents.models import MessageRecord

GivenSection = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")
]
StatedReason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=3, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
    ),
]


class UnitRecord(BaseModel):
    """A unit at its last position. ``observed_ns`` [UTC ns] is that position's time; null: not known or not stated."""

    unit: str
    lon: float
    lat: float
    position_sd_m: float | None
    observed_ns: int
    received_ns: int
    clock_ahead_s: float = Field(description="how far the unit's clock is ahead of the server's")
    duty: Duty
    moves: MovesBy
    base: str
    note: str
    distress_ns: int | None
    segment: int | None
    offset_m: float | None
    section: str | None


class RefusalRecord(BaseModel):
    """Messages of a unit, or in its name, that were refused for one reason: how often, and the newest reason.

    ``way``: MQTT, TAK or the field page; ``answer``: the id of a refused answer.
    """

    unit: str
    way: Literal["mqtt", "tak", "page"]
    channel: Literal["position", "reply", "resend"]
    code: str
    answer: str
    count: int
    first_at: datetime
    last_at: datetime
    message: MessageRecord
    sentence: str


class RefusalRecords(BaseModel):
    """Refused messages of units of the last week, the newest first."""

    refused: list[RefusalRecord]


class BaseRecord(BaseModel):
    """A patrol base."""

    name: str
    lon: float
    lat: float


class DecisionRecord(BaseModel):
    """A person's decision on an impact level."""

    id: str
    level: ImpactLevel
    at: datetime
    by: str
    reason: str


class ProposedLevel(BaseModel):
    """Impact level that an assessment of risk proposes for a section, and its day; a person decides."""

    level: ImpactLevel
    assessed_on: date


class PostureRecord(BaseModel):
    """Reaction that a section's impact level requires, and what is fielded. ``level`` null: not set."""

    section: str
    segments: list[tuple[int, int]]
    level: ImpactLevel | None
    decided: list[DecisionRecord]
    required_units: int | None
    required_response_s: float | None
    units: list[str]
    not_current: list[str]
    response_s: float | None
    response_base: str
    response_known: bool
    met: bool | None
    proposed: ProposedLevel | None = None


class CoveredRecord(BaseModel):
    """Border segments that meet the requirement on detection, of those where a crossing is possible and coverage known.

    ``planned``: with every sensor at its post; ``now``: with those that work, where they are.
    """

    segments: int
    planned: int
    now: int
    unknown: int
    required: float


class ForcesView(BaseModel):
    """Units, bases, sections, coverage, and the ages [s] from which a position is fading and no longer current."""

    units: list[UnitRecord]
    bases: list[BaseRecord]
    sections: list[PostureRecord]
    coverage: CoveredRecord | None = None
    fading_s: float
    stale_s: float


class ForcesPicture(BaseModel):
    """Own forces at a time of the journal."""

    stamp: datetime
    cursor: int
    forces: ForcesView


class ResponseCandidate(BaseModel):
    """A unit or base that could be assigned. ``response_s`` is over the ground, null where there is no path, or
    with ``response_known`` false none but over unknown terrain.

    ``current`` false: the position is too old to be relied on. ``margin_s`` and ``interruption_probability`` are null
    for an incident without a moving target, and for one whose estimate is not available.
    """

    kind: Literal["unit", "base"]
    name: str
    lon: float
    lat: float
    position_age_s: float | None
    current: bool
    duty: Duty
    base: str
    assigned: list[str] = Field(description="names of the incidents that it is assigned to")
    response_s: float | None
    response_known: bool
    margin_s: float | None
    interruption_probability: float | None


class ResponseCandidates(BaseModel):
    """Candidates for an incident, the best first. ``lon``, ``lat``: the position to which the times are.

    ``target``: ``interception``, where the target's predicted path leaves the border belt; ``incident``, its position;
    ``none``: the incident has no position.
    """

    at: datetime
    target: Literal["interception", "incident", "none"]
    lon: float | None
    lat: float | None
    time_left_s: float | None
    candidates: list[ResponseCandidate]


class ImpactOrder(BaseModel):
    """A decision on the impact level of a section; the server adds the person and the time.

    ``id`` is chosen by the client: the same decision sent again is applied once. ``after``: the id of the decision that
    the person saw as the latest, empty for none; where another was made since, the decision is refused.
    """

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{8,64}$")]
    section: GivenSection
    level: ImpactLevel
    reason: StatedReason
    after: Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9A-Za-z._-]*$")] = ""


class ImpactAnswer(BaseModel):
    """Whether the journal has the decision, and whether it applies. ``accepted`` false: it is stored and sent until the
    journal has it. ``applied`` null: fusion has not processed it yet.

    ``approval``: the id of the request that another person has to confirm; the level is unchanged until then.
    """

    id: str
    accepted: bool
    applied: bool | None
    approval: str | None = None
