"""Answers of the scorecard's routes, as schemas of the OpenAPI document."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel

Day = date
Family = Literal["crime_and_governance", "national_action_plan", "international_agreements", "tactical_tools"]


class LineEvidenceRecord(BaseModel):
    """A record behind a value. ``sha256``: hash of the file that ``origin`` names; empty for what the store holds."""

    period: str
    value: str
    source: str
    origin: str
    sha256: str


class ScorecardLineRecord(BaseModel):
    """The newest value of an indicator at a place [``unit``]; null is unknown.

    ``trend`` is per year. ``history``: day and value, with the first day of the period of each in ``history_starts``.
    ``edition``: that of the definition. ``begins``: first day of the period that a value counts. ``stale``: older than
    ``update_days`` allow. ``messages``: the texts as message ids with parameters.
    """

    id: str | None
    family: Family
    name: str
    place: str
    value: float | None
    unit: str
    target: float | None
    distance: float | None
    verdict: Literal["met", "not_met", "no_target", "no_direction", "unknown"]
    better: Literal["higher", "lower"] | None
    trend: float | None
    direction: Literal["better", "worse", "rising", "falling", "steady", "by_chance", "no_trend"]
    numerator: float | None
    denominator: float | None
    low: float | None
    high: float | None
    interval: str
    confidence: Literal["high", "medium", "low"] | None
    date: Day
    begins: Day | None
    age_days: int
    stale: bool
    update_days: int | None
    source: str
    notes: list[str]
    messages: dict[str, Any]
    history: list[tuple[Day, float]]
    history_starts: list[Day | None]
    edition: str | None
    evidence: list[LineEvidenceRecord]


class ExtremeRecord(BaseModel):
    """The lowest or highest newest value of an indicator, and its place."""

    place: str
    value: float
    date: Day


class IndicatorSummaryRecord(BaseModel):
    """One indicator in one unit over all places: numbers of places, and the lowest and highest newest value.

    ``open``: without a target, or without a direction of improvement. ``unknown``: without a value.
    """

    id: str
    name: str
    unit: str
    places: int
    met: int
    not_met: int
    open: int
    unknown: int
    lowest: ExtremeRecord | None
    highest: ExtremeRecord | None


class FamilyRecord(BaseModel):
    """One family of measures: its lines, and what is missing.

    For all places of a long history at once the lines are left out: ``by_indicator`` summarises them, and the
    parameter ``place`` returns those of one place.
    """

    lines: list[ScorecardLineRecord]
    lines_left_out: int
    by_indicator: list[IndicatorSummaryRecord]
    missing: list[str]
    missing_messages: list[dict[str, Any]]


class AdherenceRecord(BaseModel):
    """Measures shown to be met, of those due, with a 95% interval that allows for the unknown ones."""

    met: int
    unknown: int
    due: int
    value: float | None
    low: float | None
    high: float | None


class BasisRecord(BaseModel):
    """What the value of a measure rests on: counts, interval, first and last day, source and formula (English)."""

    numerator: float | None
    denominator: float | None
    low: float | None
    high: float | None
    interval: str
    begins: Day | None
    date: Day
    source: str
    formula: str | None


class MeasureRecord(BaseModel):
    """A measure of the plan and its status."""

    objective: str
    id: str
    title: str
    owner: str
    due: Day
    status: Literal["met", "in_progress", "overdue", "unknown"]
    indicator: str | None
    target: float | None
    value: float | None
    basis: BasisRecord | None
    overdue_days: int


class ReviewRecord(BaseModel):
    """The next review of measures with the same interval; ``last`` is null before the first."""

    measures: list[str]
    every_days: int
    last: Day | None
    next: Day
    days_late: int


class ThresholdChangeRecord(BaseModel):
    """One change of a frozen target, with its reason and the role that decided it."""

    measure: str
    on: Day
    before: float
    after: float
    reason: str
    by: str


class AmendmentRecord(BaseModel):
    """One change of a frozen field of a measure other than its target, with its reason and the role."""

    measure: str
    field: str
    on: Day
    before: str
    after: str
    reason: str
    by: str


class ThresholdsRecord(BaseModel):
    """The targets and terms as they were frozen, by measure, and the change logs."""

    frozen_on: Day
    targets: dict[str, float]
    changes: list[ThresholdChangeRecord]
    terms: dict[str, dict[str, str]]
    amendments: list[AmendmentRecord]


class ActionPlanAnswer(BaseModel):
    """The National Action Plan and the status of its measures on a day, its reviews and its frozen targets."""

    title: str
    date: Day
    illustrative: bool
    counts: dict[str, int]
    adherence: AdherenceRecord
    reviews: list[ReviewRecord]
    thresholds: ThresholdsRecord | None
    measures: list[MeasureRecord]


class ScorecardAnswer(BaseModel):
    """The scorecard of a day.

    ``left_out``: illustrative files that are not evaluated beside real records. ``absent``: records that the sector
    file does not name; ``erased``: weeks are missing, as incidents of them were erased.
    """

    sector: str
    date: Day
    known_on: Day
    place: str | None
    places: list[str]
    illustrative: bool
    left_out: list[str]
    absent: list[Literal["indicators", "outcomes", "action_plan", "challenge", "later_challenge", "erased"]]
    families: dict[Family, FamilyRecord]
    action_plan: ActionPlanAnswer | None
