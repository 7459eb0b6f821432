"""Reports as files: read from JSON, written as JSON or XML.

The layers, sublayers, confidence, linking, the first report within 24 h and the closure follow what is publicly known
of Implementing Regulation (EU) 2021/581 (docs/metrics.md). The names of the elements, their order and the identifiers
are ours: the text of the annex was not at hand. A national coordination centre must map them to its own exchange.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from lxml import etree

from geo.errors import BadInput
from ops.eurosur.report import Report
from ops.eurosur.store import StoredReport

NAMESPACE: Final = "urn:watchline:eurosur:1"
FORM: Final = "watchline/1/eurosur"
MOST_BYTES: Final = 16_000_000
ABOUT: Final = (
    "Shape of Watchline after Implementing Regulation (EU) 2021/581: layers, confidence and linked reports follow it,"
    " names of elements are ours."
)


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
            found.append(msgspec.json.decode(row, type=Report))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise BadInput(str(error)[:300], where=f"{path} row {number}", expected="a report") from None
    return found


def as_json(reports: list[StoredReport], sector: str, now: datetime) -> bytes:
    """Return the reports as JSON, by layer. They name no report that is not among them."""
    layers: dict[str, list[Any]] = {"events": [], "operational": [], "analysis": []}
    ids = {one.report.id for one in reports}
    for one in reports:
        layers[one.report.layer].append(_fields(one, now, ids))
    body = {"form": FORM, "about": ABOUT, "sector": sector, "made_at": _text(now), "layers": layers}
    return msgspec.json.format(msgspec.json.encode(body)) + b"\n"


def as_xml(reports: list[StoredReport], sector: str, now: datetime) -> bytes:
    """Return the same as XML."""
    root = etree.Element(_name("situationalPicture"), nsmap={None: NAMESPACE})
    root.set("sector", sector)
    root.set("madeAt", _text(now))
    root.append(etree.Comment(f" {ABOUT} "))
    ids = {one.report.id for one in reports}
    for layer in ("events", "operational", "analysis"):
        part = etree.SubElement(root, _name("layer"), name=layer)
        for one in reports:
            if one.report.layer == layer:
                report = etree.SubElement(part, _name("report"), id=one.report.id)
                for name, value in _fields(one, now, ids).items():
                    for each in value if isinstance(value, list | tuple) else [value]:
                        if name not in ("id", "layer") and each not in (None, ""):
                            etree.SubElement(report, _name(_camel(name))).text = _xml_text(each)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _fields(one: StoredReport, now: datetime, ids: Collection[str]) -> dict[str, Any]:
    """The fields of a report; of its links, those to ``ids``: the others may be above the recipient's marking."""
    fields: dict[str, Any] = msgspec.to_builtins(one.report, builtin_types=(datetime,))
    fields["supported_by"] = [name for name in one.report.supported_by if name in ids]
    if one.report.follows not in ids:
        fields["follows"] = ""
    times = {name: _text(value) for name, value in fields.items() if isinstance(value, datetime)}
    due = {"due_at": _text(one.report.due_at)} if one.report.urgent and not one.report.follows else {}
    return fields | times | {"added_at": _text(one.added_at)} | due | {"overdue": one.overdue_at(now)}


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _xml_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)
