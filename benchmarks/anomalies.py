"""Anomaly report: time for a year of the audit log, with rates on honest logs and of seeded manipulations.

A made-up room of twelve people writes a year of entries into a real log, which the report then reads. *honest*:
findings a month over some years without a manipulation. *found*: seeded manipulations that the report names, by rule.

Table to stderr, one JSON line to stdout: ``python benchmarks/anomalies.py [--years N]``, in the repository root.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import report, table

from ops.audit.entry import AuditEntry
from ops.audit.log import AuditLog
from ops.governance.anomalies.evidence import evidence_of
from ops.governance.anomalies.report import anomaly_report
from ops.governance.anomalies.rules import look_for_anomalies
from tests.ops.governance.honest_log import DAY, SEEDED, START, Room


def seconds_for_a_year() -> tuple[int, float]:
    """Entries of a year, and seconds of the report over them, from the files of the log."""
    entries, _, _ = Room(0).finished()
    with tempfile.TemporaryDirectory() as name:
        log = AuditLog(Path(name) / "audit", now_ns=lambda: START)
        log.add(
            *[
                AuditEntry(one.at_ns, one.person, one.role, one.operation, one.what, one.purpose, one.subject)
                for one in entries
            ]
        )
        log.close()
        began_s = time.perf_counter()
        anomaly_report(Path(name), since_ns=START, until_ns=START + 365 * DAY)
        return len(entries), time.perf_counter() - began_s


def found_in(room: Room) -> list[tuple[str, str]]:
    """Rule and subject of each finding."""
    entries, crossings, outages = room.finished()
    evidence = evidence_of(entries, crossings, outages, start_ns=START, end_ns=START + room.days * DAY)
    return [(one.rule, one.subject) for result in look_for_anomalies(evidence) for one in result.findings]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--years", type=int, default=10, help="honest years, and rooms for each manipulation")
    years = parser.parse_args().years
    count, seconds = seconds_for_a_year()
    honest = sum(len(found_in(Room(seed))) for seed in range(years))
    figures: dict[str, float] = {
        "entries": count,
        "report_s": round(seconds, 2),
        "honest_findings_per_month": round(honest / (12 * years), 3),
    }
    for rule, seed_in in SEEDED.items():
        hits = 0
        for seed in range(years):
            room = Room(1_000 + seed, days=120)
            subject = seed_in(room)
            hits += (rule, subject) in found_in(room)
        figures[f"found_{rule}"] = hits / years
    report("anomalies", figures)
    table(("figure", "value"), list(figures.items()))


if __name__ == "__main__":
    main()
