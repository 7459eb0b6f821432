"""The anomaly report: what was tested, what was found, and how often an honest person would be named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.audit.search import EntryFilter, each_entry
from ops.audit.stores.place import existing_log
from ops.governance.anomalies.evidence import LogEvidence, evidence_of, store_evidence
from ops.governance.anomalies.rules import AnomalySettings, RuleResult, UnusualPattern, look_for_anomalies
from sensors.timestamps import utc_datetime

if TYPE_CHECKING:
    from ops.words import MessageCatalogue


@dataclass(frozen=True, slots=True)
class AnomalyReport:
    """The result of every rule for a period of the log."""

    evidence: LogEvidence
    settings: AnomalySettings
    results: Sequence[RuleResult]

    @property
    def findings(self) -> list[UnusualPattern]:
        """All findings, rule by rule."""
        return [finding for result in self.results for finding in result.findings]

    @property
    def per_month(self) -> float:
        """Upper bound of the false findings in a month, of the rules that tested anything."""
        return sum(self.settings.budget for result in self.results if result.tests)

    def named_per_year(self, result: RuleResult) -> float | None:
        """How often a rule names an honest account or sensor in a year at most; None where it tested none."""
        return 12.0 * self.settings.budget / result.subjects if result.subjects else None

    def as_dict(self, words: MessageCatalogue) -> dict[str, Any]:
        """The report for JSON; sentences in the language of ``words``."""
        one = self.evidence
        return {
            "from": _utc(one.start_ns),
            "until": _utc(one.end_ns),
            "entries": one.entries,
            "crossings": len(one.crossings_ns),
            "false_findings_per_month_at_most": self.per_month,
            "caution": words.say("anomaly-caution"),
            "rules": [
                {
                    "rule": result.rule,
                    "title": words.say("anomaly-rule", rule=result.rule),
                    "formula": words.say("anomaly-formula", rule=result.rule),
                    "subjects": result.subjects,
                    "tests": result.tests,
                    "not_tested": result.not_tested,
                    "false_findings_per_month_at_most": self.settings.budget if result.tests else 0.0,
                    "named_per_year_at_most": self.named_per_year(result),
                    "findings": [_plain(finding) for finding in result.findings],
                }
                for result in self.results
            ],
        }


def anomaly_report(
    data: Path,
    *,
    since_ns: int | None = None,
    until_ns: int | None = None,
    settings: AnomalySettings | None = None,
) -> AnomalyReport:
    """Read the log of a data folder, and the crossings and outages of its store. BadInput where there is no log."""
    folder, settings = existing_log(data), settings or AnomalySettings()
    entries = each_entry(folder, EntryFilter(since_ns=since_ns, until_ns=until_ns))
    evidence = evidence_of(entries, start_ns=since_ns, end_ns=until_ns)
    start_ns, end_ns = evidence.start_ns, evidence.end_ns
    crossings, outages = store_evidence(folder.parent, end_ns)
    evidence.crossings_ns = sorted(at for at in crossings if start_ns <= at <= end_ns)
    for sensor, found in outages.items():
        if kept := [one for one in found if start_ns <= one.start_ns <= end_ns]:
            evidence.outages[sensor] = kept
    return AnomalyReport(evidence, settings, look_for_anomalies(evidence, settings))


def sentence_of(finding: UnusualPattern, words: MessageCatalogue) -> str:
    """State a finding, without a judgement of the person."""
    return words.say(
        "anomaly-finding",
        rule=finding.rule,
        subject=finding.subject,
        observed=finding.observed,
        of=finding.of,
        expected=words.formats.number(finding.expected, _digits(finding.expected)),
        chance=words.formats.number(_one_in(finding.p_value)),
        threshold=words.formats.number(_one_in(finding.threshold)),
    )


def _digits(value: float) -> int:
    """Decimals that show two digits of a positive number, at most six."""
    return min(max(1 - math.floor(math.log10(max(value, 1e-9))), 0), 6)


def _one_in(probability: float) -> int:
    """N of "1 in N", rounded down to two digits: the probability is at most that. At most 10¹²."""
    number = int(1.0 / max(probability, 1e-12))
    zeros = max(len(str(number)) - 2, 0)
    return int(str(number)[:2] + "0" * zeros)


def _plain(finding: UnusualPattern) -> dict[str, Any]:
    return {
        "subject": finding.subject,
        "observed": finding.observed,
        "of": finding.of,
        "expected": finding.expected,
        "p_value": finding.p_value,
        "threshold": finding.threshold,
        "from": _utc(finding.start_ns),
        "until": _utc(finding.end_ns),
        "entries": list(finding.entries),
    }


def _utc(ns: int) -> str:
    return utc_datetime(ns).isoformat().replace("+00:00", "Z")
