"""The transparency export: how often what was done, by month, without persons, places or records."""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from ops.audit.command import record_command
from ops.audit.entry import EntryLine
from ops.audit.erasure import erased_until
from ops.audit.search import EntryFilter, each_entry
from ops.audit.stores.place import existing_log
from ops.governance.anomalies.evidence import OVERRIDE
from ops.governance.rounding import BASE, publication_key, rounded, shift_of
from ops.runtime.output import atomic_write, checked_out, show
from sensors.timestamps import nanoseconds, utc_datetime

TYPES: Final = ("consultation", "disclosure", "alteration", "override", "erasure")
"""Types of acts of people and programs. Collection, and acts of the system itself, are left out. An override counts
as such only."""
TOTAL: Final = "total"
HEADING: Final = f"type (counts rounded at random to multiples of {BASE})"
MOST_MONTHS: Final = 60


@dataclass(frozen=True, slots=True)
class Transparency:
    """Rounded counts by type and month; the last row and column are totals of what is published."""

    months: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]

    def rows(self) -> list[list[str]]:
        """The table with its headings, as texts."""
        body = [[name, *map(str, cells)] for name, cells in zip((*TYPES, TOTAL), self.cells, strict=True)]
        return [[HEADING, *self.months, TOTAL], *body]


def transparency(entries: Iterable[EntryLine], key: bytes) -> Transparency:
    """Count entries and round the counts under a secret key; BadInput for more than five years.

    Few acts give the same table as none, without months.
    """
    counts = Counter[tuple[str, str]]()
    for line in entries:
        if line.role == "system" or line.operation == "collection":
            continue
        kind = "override" if line.subject.startswith(OVERRIDE) else str(line.operation)
        counts[kind, datetime.fromtimestamp(line.at_ns // 10**9, UTC).strftime("%Y-%m")] += 1
    columns = {month: rounded([counts[kind, month] for kind in TYPES], shift_of(key, month)) for _, month in counts}
    # A month is listed by what is published of it, not by having entries: a month of zeros would show that it has some.
    months = _through(sorted(month for month, column in columns.items() if any(column)))
    if len(months) > MOST_MONTHS:
        expected = f"at most {MOST_MONTHS} whole months"
        raise BadInput(f"{len(months)} months", where="--since", expected=expected)
    listed = [columns.get(month, [0] * len(TYPES)) for month in months]
    rows = [[column[row] for column in listed] for row in range(len(TYPES))]
    rows.append([sum(column) for column in listed])
    return Transparency(tuple(months), tuple((*row, sum(row)) for row in rows))


def _through(months: Sequence[str]) -> list[str]:
    """All months from the first to the last, as ``2026-03``; none for none."""
    if not months:
        return []
    first, last = (12 * int(month[:4]) + int(month[5:]) - 1 for month in (months[0], months[-1]))
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(first, last + 1)]


def whole_months(wanted: EntryFilter, now_ns: int) -> EntryFilter:
    """The filter, up to the last whole month; BadInput for a period that begins or ends within a month.

    From two exports, one of which ends a day later, the counts of that day could be worked out, however small.
    """
    for name, at_ns in (("--since", wanted.since_ns), ("--until", wanted.until_ns)):
        if at_ns is not None and at_ns != _month_of(at_ns):
            stated = utc_datetime(at_ns).strftime("%Y-%m-%dT%H:%MZ")
            raise BadInput(stated, where=name, expected="the beginning of a month (UTC), such as 2026-03-01T00:00Z")
    end_ns = _month_of(now_ns)
    return replace(wanted, until_ns=end_ns if wanted.until_ns is None else min(wanted.until_ns, end_ns))


def _of_whole_log(wanted: EntryFilter, folder: Path) -> tuple[EntryFilter, str]:
    """The filter, from the first month before which no later one has erased entries; and that month, empty for all.

    A month of which days are erased would be published as fewer acts, and two exports would show those of the days.
    """
    erased = erased_until(folder)
    if erased is None:
        return wanted, ""
    after = (erased.replace(day=1) + timedelta(days=31)).replace(day=1)
    whole_ns = nanoseconds(datetime(after.year, after.month, 1, tzinfo=UTC))
    return replace(wanted, since_ns=max(wanted.since_ns or whole_ns, whole_ns)), after.strftime("%Y-%m")


def _month_of(at_ns: int) -> int:
    """The beginning of the month of a time, UTC ns."""
    return nanoseconds(utc_datetime(at_ns).replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def write_transparency(
    data: Path, out: Path, wanted: EntryFilter, screen: Console, *, now_ns: int | None = None
) -> dict[str, Any]:
    """Write the counts of whole months of which no entry is erased as CSV, and record the disclosure."""
    folder = existing_log(data)
    checked_out(out, folder.parent)
    wanted, since = _of_whole_log(whole_months(wanted, now_ns or time.time_ns()), folder)
    found = transparency(each_entry(folder, wanted), publication_key(folder.parent))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(found.rows())
    record_command(data, f"audit transparency --out {out.name}", "counts of the audit log, without persons")
    try:
        with atomic_write(out) as partial:
            partial.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot be written ({error.strerror})", where=str(out), expected="a file") from None
    show(screen, "transparency-written", file=str(out), base=BASE)
    if since:
        show(screen, "transparency-since", month=since)
    return {
        "file": str(out),
        "months": list(found.months),
        "types": list(TYPES),
        "cells": [list(row) for row in found.cells],
        "base": BASE,
    }
