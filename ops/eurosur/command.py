"""``watchline eurosur``: add, list and export reports of the EUROSUR layers."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from geo.errors import BadInput
from ops.audit.command import record_command
from ops.audit.purposes import is_purpose
from ops.eurosur.files import as_json, as_xml, read_reports
from ops.eurosur.shape import subject_rows
from ops.eurosur.store import ReportStore, StoredReport
from ops.releasability.decision import EVERYTHING, UNMARKED, Markings
from ops.runtime.output import checked_out, say, show, write_private
from ops.runtime.tables import show_table, table_of
from ops.sector.sector_file import load_sector
from ops.sector.settings import load_settings


def add_reports(data: Path, file: Path, screen: Console) -> dict[str, Any]:
    """Add the reports of a JSON file: all of them, or none."""
    reports = read_reports(file)
    store = ReportStore(data)
    try:
        count = store.add(
            reports,
            datetime.now(UTC),
            lambda count: record_command(data, "eurosur add", f"{count} EUROSUR reports", operation="collection"),
        )
    finally:
        store.close()
    show(screen, "eurosur-added", count=count)
    return {"added": count}


def list_subjects(layer: str | None, screen: Console) -> dict[str, Any]:
    """Print the subjects of reports with their attributes, and where the text of the Regulations has each."""
    table = table_of("layer", "subject", "attribute", "kind", "values", "origin")
    rows = [row for row in subject_rows() if layer in (None, row["layer"])]
    for row in rows:
        table.add_row(
            say("eurosur-value", field="layer", value=row["layer"]),
            row["subject"],
            row["attribute"],
            say("eurosur-attribute-kind", kind=row["kind"]) if row["kind"] else "",
            ", ".join(row["values"]),
            say("eurosur-origin", cite=row["cite"] or "none", ours=_ours(row)),
        )
    show_table(screen, table)
    show(screen, "eurosur-subjects", count=len({(row["layer"], row["subject"]) for row in rows}))
    return {"attributes": rows}


def list_reports(data: Path, layer: str | None, overdue: bool, screen: Console) -> dict[str, Any]:
    """Print the reports; an event whose first report was not sent within 24 h is marked."""
    now = datetime.now(UTC)
    found = [one for one in _read(data) if layer in (None, one.report.layer)]
    found = [one for one in found if one.overdue_at(now) or not overdue]
    record_command(data, "eurosur list", f"{len(found)} EUROSUR reports", operation="consultation")
    table = table_of("id", "at", "kind", "source", "confidence", "status", "message")
    for one in found:
        report = one.report
        late = " (!)" if one.overdue_at(now) else ""
        status = say("eurosur-value", field="status", value=report.status)
        at = report.known_at.astimezone(UTC).strftime("%m-%d %H:%M")
        confidence = f"{report.reliability}{report.credibility}"
        table.add_row(
            report.id,
            at,
            say("eurosur-value", field="sublayer", value=report.sublayer),
            say("eurosur-value", field="source", value=report.source),
            confidence,
            status + late,
            report.text[:120],
        )
    show_table(screen, table)
    overdue_count = sum(one.overdue_at(now) for one in found)
    show(screen, "eurosur-listed", count=len(found), overdue=overdue_count)
    return {"count": len(found), "overdue": overdue_count, "reports": [_row(one, now) for one in found]}


def export_reports(
    sector: str,
    data: Path,
    out: Path,
    file_format: Literal["json", "xml"],
    purpose: str,
    limit: str,
    settings: Path | None,
    screen: Console,
) -> dict[str, Any]:
    """Write the reports that a recipient with this limit may have, once it is recorded as a disclosure.

    The first export of a report is its sending, from which the 24 h are judged.
    """
    if not is_purpose(purpose):
        raise BadInput("cannot be logged", where="--purpose", expected="3 to 200 visible characters on one line")
    checked_out(out, data)
    levels = load_settings(settings).releasability.levels
    if limit not in (UNMARKED, EVERYTHING, *levels):
        expected = f"one of the levels of [releasability] ({', '.join(levels) or 'none'}), or *"
        raise BadInput(repr(limit), where="--releasability", expected=expected)
    name, now, markings = load_sector(sector).name, datetime.now(UTC), Markings(levels)
    found = [one for one in _read(data) if markings.may_see(limit, one.report.marking)]
    content = (as_xml if file_format == "xml" else as_json)(found, name, now)
    subject = f"{len(found)} EUROSUR reports as {file_format}, SHA-256 {sha256(content).hexdigest()}"
    record_command(data, f"eurosur export --out {out.name}", subject, purpose=purpose)
    write_private(out, content)
    store = ReportStore(data)
    try:
        store.note_sent([one.report for one in found], now)
    finally:
        store.close()
    show(screen, "eurosur-exported", count=len(found), file=str(out))
    return {"file": str(out), "count": len(found), "sha256": sha256(content).hexdigest()}


def _ours(row: dict[str, Any]) -> str:
    """The values of an attribute that are ours: ``none``, ``all``, or their names."""
    if not row["ours"] or not row["cite"]:
        return "none"
    return "all" if row["ours"] == row["values"] else ", ".join(row["ours"])


def _read(data: Path) -> list[StoredReport]:
    store = ReportStore(data)
    try:
        return store.reports()
    finally:
        store.close()


def _row(one: StoredReport, now: datetime) -> dict[str, Any]:
    report = one.report
    return {
        "id": report.id, "layer": report.layer, "sublayer": report.sublayer, "source": report.source,
        "confidence": f"{report.reliability}{report.credibility}", "validation": report.validation,
        "status": report.status, "follows": report.follows, "related": list(report.related),
        "details": report.details,
        "known_at": report.known_at.isoformat(), "sent_at": None if one.sent_at is None else one.sent_at.isoformat(),
        "overdue": one.overdue_at(now),
    }  # fmt: skip
