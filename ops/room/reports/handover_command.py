"""``watchline handover``: the handover or after-action report of a period as a file, from the store of a room."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from rich.console import Console

from geo.errors import BadInput
from ops.analysis.handover.accesses import accesses_in
from ops.analysis.handover.period import ReportPeriod, shift_at
from ops.analysis.handover.report import PeriodReport, ReportSource, period_report
from ops.audit.command import record_command
from ops.incidents.goods_codes.check import GoodsCodeFile
from ops.releasability.decision import EVERYTHING, UNMARKED
from ops.releasability.settings import ReleasabilitySettings
from ops.runtime.account import account_name
from ops.runtime.output import atomic_write, catalogue, checked_out, show
from ops.sector.sector_file import load_sector
from ops.sector.settings import Settings, load_settings
from ops.store.handover_notes import HandoverNotes
from ops.store.markings import received_records
from ops.store.periods import PeriodReader, ReleasedPeriods
from ops.store.rows import rfc3339, to_json
from sensors.timestamps import utc_datetime

ReportFormat = Literal["pdf", "html", "json"]


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """A report from the command line. Without ``start`` and ``end`` it is that of the current shift.

    ``limit``: the most restrictive releasability marking of the records in it. ``chosen``: incidents, by id or radio
    name; empty: all. ``purpose`` None: that of the environment, else the default of administrators.
    """

    sector: str
    store: Path
    out: Path
    format: ReportFormat = "pdf"
    start: datetime | None = None
    end: datetime | None = None
    chosen: tuple[str, ...] = ()
    after_action: bool = False
    settings: Path | None = None
    limit: str = UNMARKED
    purpose: str | None = None


def write_report(options: ReportOptions, screen: Console) -> dict[str, Any]:
    """Write the report, after it is recorded as a disclosure; return what is in it.

    Raises
    ------
    BadInput
        For a period that has not begun, an unknown limit, a purpose that cannot be logged.
    StoreError
        For a file that is not a store.
    """
    settings = load_settings(options.settings)
    checked_limit(options.limit, settings.releasability)
    checked_out(options.out, options.store.resolve().parent)
    now = utc_datetime(time.time_ns())
    sector = load_sector(options.sector)
    zone = ZoneInfo(sector.time_zone)
    period = period_of(options.start, options.end) or shift_at(now, settings.reports.times, zone)
    report = _made(options, settings, period, now)
    person = account_name()
    content = _content(report, options, person)
    kind = "after-action" if options.after_action else "handover"
    digest = sha256(content).hexdigest()
    subject = f"{kind} {options.format}, {rfc3339(period.start_ns)} to {rfc3339(period.end_ns)}, SHA-256 {digest}"
    record_command(options.store, f"handover --out {options.out.name}", subject, purpose=options.purpose)
    with atomic_write(options.out, private=True) as partial:
        partial.write_bytes(content)
    show(screen, "handover-written", file=str(options.out), open=len(report.open), closed=len(report.closed))
    return {
        "file": str(options.out),
        "sha256": digest,
        "from": rfc3339(period.start_ns),
        "to": rfc3339(period.end_ns),
        "complete": report.complete,
        "incidents_open": len(report.open),
        "incidents_closed": len(report.closed),
        "log_entries": len(report.log),
        "notes": len(report.notes),
    }


def period_of(start: datetime | None, end: datetime | None) -> ReportPeriod | None:
    """Return the period of ``--from`` and ``--to``; None without either. BadInput for one alone, and
    for a period that is empty, reversed or too long."""
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise BadInput("Only one end of the period is given", where="--from, --to", expected="both or neither")
    try:
        return ReportPeriod(start, end)
    except BadInput as error:
        raise BadInput(error.what, where="--from, --to", expected=error.expected) from None


def checked_limit(limit: str, settings: ReleasabilitySettings) -> None:
    """Raise BadInput for a limit that is none of the settings' markings."""
    if limit not in (UNMARKED, EVERYTHING, *settings.levels):
        expected = f"one of the levels of [releasability] ({', '.join(settings.levels) or 'none'}), or *"
        raise BadInput(repr(limit), where="--releasability", expected=expected)


def _made(options: ReportOptions, settings: Settings, period: ReportPeriod, now: datetime) -> PeriodReport:
    sector = load_sector(options.sector)
    reader = PeriodReader(options.store)
    received = received_records(options.store, settings.releasability, options.limit)
    try:
        notes = HandoverNotes(options.store.parent).of(period.start, period.end)
        source = ReportSource(
            ReleasedPeriods(reader, received),
            sector.name,
            sector.title,
            sector.time_zone,
            settings.reports.marking,
            GoodsCodeFile.named(settings.goods.codes).codes(),
        )
        return period_report(
            source,
            period,
            now=now,
            notes=[note for note in notes if note.is_for(received)],
            chosen=_chosen(options.chosen),
            accesses=accesses_in(options.store, period) if received.everything else (),
        )
    finally:
        received.close()
        reader.close()


def _chosen(names: Collection[str]) -> Collection[str]:
    return tuple(name.strip() for name in names if name.strip())


def _content(report: PeriodReport, options: ReportOptions, person: str) -> bytes:
    if options.format == "json":
        return to_json(report, where="report") + b"\n"
    from ops.analysis.handover.document import document_of

    words = catalogue()
    document = document_of(
        report,
        words,
        made_by=person,
        after_action=options.after_action,
        chosen=words.formats.names(list(options.chosen)) if options.chosen else "",
    )
    if options.format == "pdf":
        from ops.analysis.handover.pdf import report_pdf

        return report_pdf(document, made_at=report.made_at)
    from ops.analysis.handover.page import report_page

    return report_page(document).encode()
