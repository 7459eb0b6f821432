"""A report of a EUROSUR layer: what is stated, by which kind of source, how reliable and how credible.

A report is never a detection: nothing of this package is read by ingest or fusion, so that what a person or an open
source states can neither create nor confirm a track.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from geo.errors import BadInput
from geo.names import HIDDEN
from ingest.topics import identifier
from ops.eurosur.attributes import NO_XML, YEARS, AttributeValue, check_details, end_of_month, subjects, time_of

ReportLayer = Literal["events", "operational", "analysis"]
ReportStatus = Literal["open", "closed", "did_not_happen", "no_reportable_impact"]
SourceKind = Literal["sensor", "patrol", "human", "osint", "partner", "authority"]
Reliability = Literal["A", "B", "C", "D", "E", "F"]
ReportedImpact = Literal["", "low", "medium", "high", "very_high", "critical"]
Validation = Literal["not_validated", "validated"]
SUBLAYERS: Final[Mapping[str, tuple[str, ...]]] = {layer: tuple(found) for layer, found in subjects().items()}
"""Subjects of reports by layer; ``attributes.toml`` states which of the names are from the Regulations."""
CROSSING: Final = "unauthorised_border_crossing"
RESCUE: Final = "search_and_rescue"
LISTED: Final = (CROSSING, "facilitation_or_trafficking", RESCUE)
"""Events of Annex 2 of Implementing Regulation (EU) 2021/581, as far as its text was at hand: reported singly."""
INDICATORS: Final = ("refusals_of_entry", "illegal_stays")
"""Indicators of Annex 1 there, as far as its text was at hand: numbers of a month, due on the 15th of the next one."""
NOT_EVENTS: Final = (*INDICATORS, "indicator_warning")
"""Reports of the events layer that are not of a single event (Articles 7(3) and 8 there): nobody closes them."""
INDICATOR_DAY: Final = 15
REPORTABLE_IMPACTS: Final = ("high", "very_high", "critical")
"""Impact with which any event is reported singly (Article 9(2)(b) there)."""
HEARSAY: Final = ("human", "osint")
"""Kinds of source whose statements stay low-confidence until another kind of source supports them."""
BEST_HEARSAY: Final = 3
"""Best credibility of a report from such a source alone: possibly true."""
FIRST_REPORT: Final = timedelta(hours=24)
"""Within which an urgent event is first reported."""
_TEXT: Final = 4_000


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One report. A later report of the same event names the one before it in ``follows``.

    Parameters
    ----------
    id : str
        Name of the report, never used twice.
    layer : {"events", "operational", "analysis"}
        The layer.
    sublayer : str
        One of SUBLAYERS of the layer.
    known_at : datetime
        When the authority learnt of it, with an offset from UTC; the 24 h begin here.
    source : {"sensor", "patrol", "human", "osint", "partner", "authority"}
        Kind of source; ``osint``: publicly available information.
    reliability : {"A", "B", "C", "D", "E", "F"}
        Reliability of the source: A completely reliable … E unreliable, F cannot be judged.
    credibility : int
        Credibility of the information: 1 confirmed by other sources … 5 improbable, 6 cannot be judged.
    text : str
        What is reported.
    occurred_from, occurred_to : datetime, optional
        When it happened.
    lon, lat : float, optional, degrees
        Where, on WGS 84.
    section : str
        Border section.
    impact : {"", "low", "medium", "high", "very_high"}
        Impact level that is attributed to the event or analysis. ``critical``, a level of border sections, is read in
        reports of earlier versions only.
    urgent : bool
        Whether a timely reaction is needed, so that the first report is due within 24 h.
    status : {"open", "closed", "did_not_happen", "no_reportable_impact"}
        ``did_not_happen`` closes an event that proved not to have taken place, ``no_reportable_impact`` one whose
        impact does not justify reporting.
    follows : str
        Id of the report that this one continues; empty for the first.
    supported_by : tuple of str
        Ids of reports of other sources on the same event.
    related : tuple of str
        Ids of reports of other events or subjects: of the facilitation or the rescue that belong to a crossing, or of
        the request for information that this report answers.
    incident : str
        Id of the incident that the operations centre worked on.
    validation : {"not_validated", "validated"}
        Whether the owner of the picture has validated the report; part of its confidence level.
    reaction : str
        Reaction of the authorities to the event, with the measures that are taken or planned.
    details : dict
        Attributes of the subject by name, of those that ``attributes.toml`` lists.
    marking : str
        Releasability marking.
    """

    id: str
    layer: ReportLayer
    sublayer: str
    known_at: datetime
    source: SourceKind
    reliability: Reliability
    credibility: int
    text: str
    occurred_from: datetime | None = None
    occurred_to: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    section: str = ""
    impact: ReportedImpact = ""
    urgent: bool = False
    status: ReportStatus = "open"
    follows: str = ""
    supported_by: tuple[str, ...] = ()
    incident: str = ""
    marking: str = ""
    validation: Validation = "not_validated"
    reaction: str = ""
    related: tuple[str, ...] = ()
    details: dict[str, AttributeValue] = {}

    def check(self) -> None:
        """Raise BadInput naming the field that cannot be right by itself."""
        identifier(self.id, "id")
        if self.sublayer not in SUBLAYERS[self.layer]:
            raise BadInput(f"{self.sublayer[:60]!r}", where="sublayer", expected=", ".join(SUBLAYERS[self.layer]))
        if not 1 <= self.credibility <= 6:
            raise BadInput(f"{self.credibility}", where="credibility", expected="a whole number from 1 to 6")
        for name in ("known_at", "occurred_from", "occurred_to"):
            at = getattr(self, name)
            if at is not None and at.tzinfo is None:
                raise BadInput("no offset from UTC", where=name, expected="a time such as 2026-03-14T21:07:33Z")
            if at is not None and not YEARS[0] <= at.year <= YEARS[1]:
                raise BadInput(f"of the year {at.year}", where=name, expected=f"a year from {YEARS[0]} to {YEARS[1]}")
        if self.occurred_from and self.occurred_to and self.occurred_to < self.occurred_from:
            raise BadInput("ends before it begins", where="occurred_to", expected="a time after `occurred_from`")
        if (self.lon is None) != (self.lat is None) or not _is_place(self.lon, self.lat):
            raise BadInput(f"{self.lon}, {self.lat}", where="lon", expected="lon and lat in degrees, or neither")
        for name, most in (
            ("text", _TEXT),
            ("reaction", _TEXT),
            ("section", 120),
            ("marking", 64),
            ("incident", 64),
        ):
            value = getattr(self, name)
            lines = value.replace("\n", "") if name in ("text", "reaction") else value
            if len(value) > most or HIDDEN.search(lines) or NO_XML.search(value):
                raise BadInput("is too long or has control characters", where=name, expected=f"up to {most} characters")
        if not self.text.strip():
            raise BadInput("is empty", where="text", expected="what is reported")
        if not self.is_event and (self.urgent or self.status in ("did_not_happen", "no_reportable_impact")):
            raise BadInput(f"of {self.sublayer}", where="urgent and status", expected="an event")
        if self.impact == "critical":
            expected = "low, medium, high or very_high; critical is a level of border sections"
            raise BadInput("'critical'", where="impact", expected=expected)
        check_details(self.layer, self.sublayer, self.details)
        if self.sublayer == "section_impact" and not self.section.strip():
            raise BadInput("is empty", where="section", expected="the section whose impact level is stated")
        month = self.details.get("month")
        if isinstance(month, str) and end_of_month(month) > self.known_at:
            raise BadInput(f"{month} is not over", where="details.month", expected="a month before `known_at`")
        if self.ended_at is not None and self.ended_at > self.known_at:
            raise BadInput("is after `known_at`", where="details.ended_at", expected="a time up to `known_at`")

    @property
    def is_event(self) -> bool:
        """Whether this is the report of an event, which people follow up and close."""
        return self.layer == "events" and self.sublayer not in NOT_EVENTS

    @property
    def ended_at(self) -> datetime | None:
        """When the rescue ended: its end is reported within 24 h (Article 20(6)); None for other reports."""
        ended = self.details.get("ended_at")
        return time_of(ended) if isinstance(ended, str) else None

    @property
    def is_single_event(self) -> bool:
        """Whether the event is reported singly, with the first report within 24 h: it is urgent, of high or very high
        impact, or listed (Article 9(2) and (3) of Implementing Regulation (EU) 2021/581)."""
        listed = self.sublayer in LISTED or self.impact in REPORTABLE_IMPACTS
        return self.is_event and (self.urgent or listed)

    @property
    def due_at(self) -> datetime:
        """When this report must have been sent: within 24 h, or by the 15th of the next month for an indicator."""
        month = self.details.get("month")
        if self.sublayer in INDICATORS and isinstance(month, str):
            return end_of_month(month) + timedelta(days=INDICATOR_DAY)
        if self.ended_at is not None and self.follows:
            return self.ended_at + FIRST_REPORT
        return self.known_at + FIRST_REPORT


def report_of(fields: Mapping[str, Any]) -> Report:
    """Return the report of plain fields; those of earlier versions, which had ``crossing``, are read as well.

    Raises msgspec.ValidationError for what cannot be one.
    """
    fields = dict(fields)
    crossing = fields.pop("crossing", None)
    if isinstance(crossing, Mapping) and "details" not in fields:
        fields["details"] = {name: value for name, value in crossing.items() if value != ""}
    elif crossing is not None:
        fields["crossing"] = crossing
    return msgspec.convert(fields, Report)


def check_confidence(report: Report, supporting: list[Report]) -> None:
    """Raise BadInput where hearsay is stated as more than possibly true without another kind of source.

    ``supporting``: the reports that ``supported_by`` names. The rule is ours.
    """
    if report.source not in HEARSAY or report.credibility >= BEST_HEARSAY:
        return
    if not any(one.source not in HEARSAY for one in supporting):
        expected = (
            f"{BEST_HEARSAY} to 6, or `supported_by` a report of another kind of source than {' and '.join(HEARSAY)}"
        )
        raise BadInput(f"{report.credibility} from {report.source} alone", where="credibility", expected=expected)


def _is_place(lon: float | None, lat: float | None) -> bool:
    if lon is None or lat is None:
        return True
    return math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90
