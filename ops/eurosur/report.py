"""A report of a EUROSUR layer: what is stated, by which kind of source, how reliable and how credible.

A report is never a detection: nothing of this package is read by ingest or fusion, so that what a person or an open
source states can neither create nor confirm a track.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from geo.errors import BadInput
from geo.names import HIDDEN
from ingest.topics import identifier

ReportLayer = Literal["events", "operational", "analysis"]
ReportStatus = Literal["open", "closed", "did_not_happen", "no_reportable_impact"]
SourceKind = Literal["sensor", "patrol", "human", "osint", "partner", "authority"]
Reliability = Literal["A", "B", "C", "D", "E", "F"]
ReportedImpact = Literal["", "low", "medium", "high", "very_high", "critical"]
Validation = Literal["not_validated", "validated"]
SUBLAYERS: Final[dict[str, tuple[str, ...]]] = {
    "events": (
        "unauthorised_border_crossing",
        "facilitation_or_trafficking",
        "cross_border_crime",
        "secondary_movement",
        "search_and_rescue",
        "crisis",
        "other",
    ),
    "operational": ("own_assets", "operational_plans", "environment"),
    "analysis": ("risk_analysis", "reference_imagery", "background"),
}
"""Subjects of reports by layer; ``ops.eurosur.files`` states which of the names are from the Regulations."""
CROSSING: Final = "unauthorised_border_crossing"
LISTED: Final = (CROSSING, "facilitation_or_trafficking", "search_and_rescue")
"""Events of Annex 2 of Implementing Regulation (EU) 2021/581, as far as its text was at hand: reported singly."""
REPORTABLE_IMPACTS: Final = ("high", "very_high", "critical")
"""Impact with which any event is reported singly (Article 9(2)(b) there)."""
HEARSAY: Final = ("human", "osint")
"""Kinds of source whose statements stay low-confidence until another kind of source supports them."""
BEST_HEARSAY: Final = 3
"""Best credibility of a report from such a source alone: possibly true."""
FIRST_REPORT: Final = timedelta(hours=24)
"""Within which an urgent event is first reported."""
_TEXT: Final = 4_000
_YEARS: Final = (1900, 2200)
"""Of a time: one at the end of the calendar cannot be written in UTC."""
_NO_XML: Final = re.compile("[\ufffe\uffff]")
"""What XML cannot contain, besides control characters."""


class CrossingCircumstances(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An unauthorised border crossing, in the terms of point 1 of Annex 2 of Implementing Regulation (EU) 2021/581.

    Empty: not stated. ``attempt``: attempted or actual; ``manner``: overt or clandestine; ``direction``: entering or
    leaving; ``detected_during``: a check at a crossing point, a border surveillance operation, or otherwise.
    """

    attempt: Literal["", "attempted", "actual"] = ""
    manner: Literal["", "overt", "clandestine"] = ""
    direction: Literal["", "entry", "exit", "unknown"] = ""
    detected_during: Literal["", "border_check", "border_surveillance", "other"] = ""


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
    incident : str
        Id of the incident that the operations centre worked on.
    validation : {"not_validated", "validated"}
        Whether the owner of the picture has validated the report; part of its confidence level.
    reaction : str
        Reaction of the authorities to the event, with the measures that are taken or planned.
    crossing : CrossingCircumstances, optional
        Kind and circumstances of an unauthorised border crossing.
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
    crossing: CrossingCircumstances | None = None

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
            if at is not None and not _YEARS[0] <= at.year <= _YEARS[1]:
                raise BadInput(f"of the year {at.year}", where=name, expected=f"a year from {_YEARS[0]} to {_YEARS[1]}")
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
            if len(value) > most or HIDDEN.search(lines) or _NO_XML.search(value):
                raise BadInput("is too long or has control characters", where=name, expected=f"up to {most} characters")
        if not self.text.strip():
            raise BadInput("is empty", where="text", expected="what is reported")
        if self.layer != "events" and (self.urgent or self.status in ("did_not_happen", "no_reportable_impact")):
            raise BadInput(f"of the layer {self.layer}", where="urgent and status", expected="an event")
        if self.impact == "critical":
            expected = "low, medium, high or very_high; critical is a level of border sections"
            raise BadInput("'critical'", where="impact", expected=expected)
        if self.crossing is not None and self.sublayer != CROSSING:
            raise BadInput(f"of {self.sublayer}", where="crossing", expected=f"a report of {CROSSING}")

    @property
    def is_single_event(self) -> bool:
        """Whether the event is reported singly, with the first report within 24 h: it is urgent, of high or very high
        impact, or listed (Article 9(2) and (3) of Implementing Regulation (EU) 2021/581)."""
        listed = self.sublayer in LISTED or self.impact in REPORTABLE_IMPACTS
        return self.layer == "events" and (self.urgent or listed)

    @property
    def due_at(self) -> datetime:
        """When an urgent event must have been reported."""
        return self.known_at + FIRST_REPORT


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
