"""Reports as files: read from JSON, written as JSON or XML in the terms of Implementing Regulation (EU) 2021/581.

The shape of the XML is ``eurosur.xsd`` beside this module; every file is valid by it before it is written. Names of
layers, reports and metadata follow the articles that the schema cites. Of the Annexes, Annex 1 was at hand up to its
second indicator, and Annex 2 up to the means of transport of an unauthorised border crossing: identifiers, the order
of elements, and what the schema marks as ours are ours. A national coordination centre must map them to its own
exchange.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec
from lxml import etree

from geo.errors import BadInput
from ops.eurosur.attributes import subjects, time_of
from ops.eurosur.report import Report, report_of
from ops.eurosur.shape import add_details
from ops.eurosur.store import StoredReport

NAMESPACE: Final = "urn:watchline:eurosur:3"
FORM: Final = "watchline/3/eurosur"
SCHEMA: Final = Path(__file__).parent / "eurosur.xsd"
MOST_BYTES: Final = 16_000_000
ABOUT: Final = (
    "Terms of Implementing Regulation (EU) 2021/581, articles 4 to 20, Annex 1 points 1 and 2, and Annex 2 point 1, as"
    " eurosur.xsd cites them;"
    " identifiers, the order of elements, and the names that the schema marks so are Watchline's own."
)
LAYERS: Final = {"events": "eventsLayer", "operational": "operationalLayer", "analysis": "analysisLayer"}
REPORTS: Final = {
    "own_assets": "ownAssetsReport",
    "operational_plans": "operationalPlanReport",
    "environment": "environmentalInformationReport",
    "risk_analysis": "riskAnalysisReport",
    "reference_imagery": "imageryReport",
    "background": "backgroundReport",
    "key_developments": "keyDevelopmentsReport",
    "section_impact": "sectionImpactReport",
    "request_for_information": "requestForInformation",
    "watchlist": "watchlistEntry",
    "refusals_of_entry": "indicatorReport",
    "illegal_stays": "indicatorReport",
    "indicator_warning": "specificReport",
}
"""Elements of reports by their subject; those of events are single event reports."""
SINGLE_EVENT: Final = "singleEventReport"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    reports: list[msgspec.Raw]


def read_reports(path: Path) -> list[Report]:
    """Return the reports of a JSON file ``{"reports": [...]}``. BadInput names row and field."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise BadInput("is too large", where=str(path), expected=f"at most {MOST_BYTES:,} bytes")
    try:
        rows = msgspec.json.decode(content, type=_File).reports
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadInput(f"cannot be read ({error})", where=str(path), expected='{"reports": [...]}') from None
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(report_of(msgspec.json.decode(row, type=dict[str, Any])))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise BadInput(str(error)[:300], where=f"{path} row {number}", expected="a report") from None
    return found


def as_json(reports: list[StoredReport], sector: str, now: datetime) -> bytes:
    """Return the reports as JSON, by layer. They name no report that is not among them."""
    layers: dict[str, list[Any]] = {"events": [], "operational": [], "analysis": []}
    ids = {one.report.id for one in reports}
    for one in reports:
        layers[one.report.layer].append({"report": report_name(one.report)} | _fields(one, now, ids))
    body = {"form": FORM, "about": ABOUT, "sector": sector, "made_at": _text(now), "layers": layers}
    return msgspec.json.format(msgspec.json.encode(body)) + b"\n"


def as_xml(reports: list[StoredReport], sector: str, now: datetime) -> bytes:
    """Return the same as XML, valid by ``eurosur.xsd``."""
    root = etree.Element(_name("situationalPicture"), nsmap={None: NAMESPACE})
    root.set("sector", sector)
    root.set("madeAt", _text(now))
    root.append(etree.Comment(f" {ABOUT} "))
    ids = {one.report.id for one in reports}
    for layer, name in LAYERS.items():
        part = etree.SubElement(root, _name(name))
        for one in reports:
            if one.report.layer == layer:
                _add_report(part, one, _fields(one, now, ids))
    xml_schema().assertValid(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


@lru_cache(maxsize=1)
def xml_schema() -> etree.XMLSchema:
    """The schema of the XML."""
    return etree.XMLSchema(etree.parse(str(SCHEMA)))


def report_name(report: Report) -> str:
    """The element of a report."""
    return REPORTS.get(report.sublayer, SINGLE_EVENT)


def _add_report(part: Any, one: StoredReport, fields: dict[str, Any]) -> None:
    """Add a report to its layer: metadata, what it is about, and its content, in the order of the schema."""
    made = etree.SubElement(part, _name(report_name(one.report)), id=one.report.id)
    metadata = etree.SubElement(made, _name("metadata"))
    _add(metadata, fields, source="originator", known_at="knownAt", added_at="addedAt", due_at="dueAt")
    _add(metadata, {"overdue": fields["overdue"] or None}, overdue="overdue")
    confidence = etree.SubElement(metadata, _name("confidenceLevel"))
    _add(confidence, fields, credibility="credibilityOfInformation", reliability="reliabilityOfSource")
    _add(confidence, fields, validation="validationStatus")
    _add(metadata, fields, impact="impactLevel")
    if fields["follows"] or fields["supported_by"] or fields["related"]:
        links = etree.SubElement(metadata, _name("links"))
        _add(links, fields, follows="follows")
        for name in fields["supported_by"]:
            _add(links, {"one": name}, one="supportedBy")
        for name in fields["related"]:
            _add(links, {"one": name}, one="related")
    _add(metadata, fields, marking="marking")
    if one.report.is_event:
        _add(made, fields, sublayer="eventType", status="status")
    circumstances = etree.SubElement(made, _name("circumstances"))
    _add(circumstances, fields, occurred_from="occurredFrom", occurred_to="occurredTo")
    if one.report.lon is not None:
        etree.SubElement(circumstances, _name("position"), lat=str(one.report.lat), lon=str(one.report.lon))
    _add(circumstances, fields, section="section")
    add_details(circumstances, NAMESPACE, one.report.sublayer, fields["details"])
    _add(made, fields, text="description", reaction="reaction", incident="incident")


def _add(parent: Any, fields: dict[str, Any], **names: str) -> None:
    """Add the fields that are stated as elements with these names."""
    for field, name in names.items():
        value = fields.get(field)
        if value not in (None, ""):
            etree.SubElement(parent, _name(name)).text = _xml_text(value)


def _fields(one: StoredReport, now: datetime, ids: Collection[str]) -> dict[str, Any]:
    """The fields of a report; of its links, those to ``ids``: the others may be above the recipient's marking."""
    fields: dict[str, Any] = msgspec.to_builtins(one.report, builtin_types=(datetime,))
    for links in ("supported_by", "related"):
        fields[links] = [name for name in getattr(one.report, links) if name in ids]
    if one.report.follows not in ids:
        fields["follows"] = ""
    times = {name: _text(value) for name, value in fields.items() if isinstance(value, datetime)}
    for name, value in fields["details"].items():
        known = subjects()[one.report.layer][one.report.sublayer].attributes.get(name)
        if known is not None and known.kind == "time" and (at := time_of(value)) is not None:
            fields["details"][name] = _text(at)  # as it was entered, XML might not take it
    due = {"due_at": _text(one.report.due_at)} if one.is_due else {}
    return fields | times | {"added_at": _text(one.added_at)} | due | {"overdue": one.overdue_at(now)}


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _xml_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"
