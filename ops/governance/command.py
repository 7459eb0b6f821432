"""``watchline audit anomalies``, ``audit transparency`` and ``drill`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from ops.audit.command import printable, record_command
from ops.governance.anomalies.report import anomaly_report, sentence_of
from ops.governance.anomalies.rules import AnomalySettings
from ops.runtime.output import catalogue, show
from sensors.timestamps import utc_datetime


def show_anomalies(
    data: Path, since_ns: int | None, until_ns: int | None, time_zone: str, screen: Console
) -> dict[str, Any]:
    """Print the anomaly report of a data folder; it is recorded as a consultation."""
    settings = AnomalySettings(time_zone=time_zone)
    report = anomaly_report(data, since_ns=since_ns, until_ns=until_ns, settings=settings)
    record_command(data, "audit anomalies", "anomalies in the audit log", operation="consultation")
    words, one = catalogue(), report.evidence
    show(
        screen, "anomaly-period", entries=one.entries, crossings=len(one.crossings_ns),
        start=utc_datetime(one.start_ns).strftime("%Y-%m-%d"), end=utc_datetime(one.end_ns).strftime("%Y-%m-%d"),
    )  # fmt: skip
    for result in report.results:
        show(
            screen, "anomaly-tested", rule=result.rule, subjects=result.subjects, tests=result.tests,
            findings=len(result.findings),
        )  # fmt: skip
        for finding in result.findings:
            numbers = ", ".join(map(str, finding.entries[:20]))
            screen.print(f"  {printable(sentence_of(finding, words), 400)}", markup=False, highlight=False)
            if numbers:
                show(screen, "anomaly-entries", numbers=numbers, more=max(0, len(finding.entries) - 20))
    if report.per_month:
        show(screen, "anomaly-rate", rate=report.per_month)
    else:
        show(screen, "anomaly-short")
    show(screen, "anomaly-caution")
    return report.as_dict(words)
