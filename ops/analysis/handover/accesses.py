"""Reports and exports that people made in a period, from the audit log, for the section "actions by person"."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

from ops.analysis.handover.period import ReportPeriod
from ops.analysis.handover.report import PersonActions
from ops.audit.files import log_folder
from ops.audit.search import EntryFilter, entries_of_days

EXPORT: Final = "export"
REPORT: Final = "report"
_EXPORTS: Final = re.compile(r"GET /v1/export\b|watchline export\b")
_REPORTS: Final = re.compile(r"GET /(v1/)?(handover|after-action)(\.pdf)?(\?|$)|watchline handover\b")
_ID: Final = re.compile(r" \[[^\]]*\]$")


def accesses_in(data: Path, period: ReportPeriod) -> list[PersonActions]:
    """Return how often each person made a report and an export in the period.

    Parameters
    ----------
    data : Path
        Data folder, or a file in it.
    period : ReportPeriod
        From and until.

    Returns
    -------
    list of PersonActions
        By name, with the counts ``report`` and ``export``; empty where no audit log is kept, or its entries are erased.
    """
    wanted = EntryFilter(since_ns=period.start_ns, until_ns=period.end_ns)
    counts: dict[str, Counter[str]] = {}
    for entry in entries_of_days(log_folder(data), wanted, period.start.date(), period.end.date()):
        kind = EXPORT if _EXPORTS.match(entry.what) else REPORT if _REPORTS.match(entry.what) else None
        if kind is not None:
            counts.setdefault(_ID.sub("", entry.person), Counter())[kind] += 1
    return [PersonActions(person, dict(sorted(counts[person].items()))) for person in sorted(counts)]
