"""The rules of the anomaly report. Each compares what happened with what chance would give, by an exact tail.

Every rule may give ``budget`` false findings in a month (Bonferroni: the thresholds of its tests add up to it at most).
The budget is divided equally among the accounts, or sensors, that a rule tests, and then among the tests of each. By
chance a busy person is therefore named no more often than one who does little.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from geo.errors import BadInput
from ops.governance.anomalies.evidence import QUARTER_NS, Act, Interval, LogEvidence
from ops.governance.anomalies.tails import (
    beta_binomial_tail,
    hypergeometric_tail,
    poisson_tail,
    sum_tail,
)

PatternRule = Literal[
    "mute_before_crossing", "outage_before_crossing", "rejection_burst", "export_at_night", "override",
]  # fmt: skip
RULES: Final[tuple[PatternRule, ...]] = (
    "mute_before_crossing", "outage_before_crossing", "rejection_burst", "export_at_night", "override",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AnomalySettings:
    """Assumptions of the rules.

    ``budget``: false findings of each rule in a month. ``look_ahead_s``: a crossing this long after the start of a mute
    or outage counts. ``override_per_month``: of an honest supervisor. ``least_correlation``: of the rejections of a
    block, such as of one night of bad weather. ``colleagues``: weight of a colleague's decision in the same 8 hours.
    ``most_p``: no threshold is above it. ``least_observed``: fewer acts or outages are not a pattern. ``night``: local
    hours from which and before which it is night.
    """

    budget: float = 0.1
    look_ahead_s: float = 1800.0
    merge_s: float = 3600.0
    override_per_month: float = 2.0 / 12.0
    least_correlation: float = 0.05
    colleagues: float = 0.5
    most_p: float = 0.01
    least_observed: int = 3
    least_others: int = 50
    least_days: int = 14
    night: tuple[int, int] = (22, 6)
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, KeyError):
            expected = "a name of the IANA time zone database, such as Europe/Andorra"
            raise BadInput(f"{self.time_zone[:60]!a}", where="--time-zone", expected=expected) from None


@dataclass(frozen=True, slots=True)
class UnusualPattern:
    """A pattern that is rarer than its threshold by chance. ``subject``: an account, or a sensor.

    ``observed`` of ``of`` against the ``expected`` number; ``entries``: numbers of the entries that it rests on.
    """

    rule: PatternRule
    subject: str
    observed: int
    of: int
    expected: float
    p_value: float
    threshold: float
    start_ns: int
    end_ns: int
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The tests and findings of a rule. ``subjects``: accounts or sensors; ``not_tested``: those with too few acts."""

    rule: PatternRule
    subjects: int
    tests: int
    not_tested: int
    findings: tuple[UnusualPattern, ...]


@dataclass(frozen=True, slots=True)
class _Test:
    subject: str
    observed: int
    of: int
    expected: float
    p_value: float
    start_ns: int
    end_ns: int
    entries: tuple[int, ...]


def look_for_anomalies(evidence: LogEvidence, settings: AnomalySettings | None = None) -> list[RuleResult]:
    """Apply every rule to a period."""
    settings = settings or AnomalySettings()
    tests: Mapping[PatternRule, Callable[[LogEvidence, AnomalySettings], tuple[list[_Test], int]]] = {
        "mute_before_crossing": lambda one, chosen: _before_crossings(one.mutes, one, chosen),
        "outage_before_crossing": lambda one, chosen: _before_crossings(one.outages, one, chosen),
        "rejection_burst": _rejections,
        "export_at_night": _exports,
        "override": _overrides,
    }
    return [_judged(rule, *tests[rule](evidence, settings), evidence.months, settings) for rule in RULES]


def _judged(
    rule: PatternRule, tests: list[_Test], not_tested: int, months: float, settings: AnomalySettings
) -> RuleResult:
    """Compare each test with its part of the budget; the findings of a subject are the rarest first."""
    own = Counter(test.subject for test in tests)
    findings = []
    for test in tests:
        threshold = min(settings.budget * months / len(own) / own[test.subject], settings.most_p)
        if test.observed >= settings.least_observed and test.p_value <= threshold:
            findings.append(
                UnusualPattern(
                    rule, test.subject, test.observed, test.of, test.expected, test.p_value, threshold, test.start_ns,
                    test.end_ns, test.entries,
                )
            )  # fmt: skip
    findings.sort(key=lambda one: one.p_value)
    return RuleResult(rule, len(own), len(tests), not_tested, tuple(findings))


def _before_crossings(
    intervals: Mapping[str, Sequence[Interval]], evidence: LogEvidence, settings: AnomalySettings
) -> tuple[list[_Test], int]:
    """One test for each account or sensor: how many of its times off had a crossing.

    The chance of one is the fraction of the days of the period on which the same times of day had a crossing, the day
    itself included, so that crossings by night do not speak against those who work by night.
    """
    day_ns = 86_400 * 10**9
    days = (evidence.end_ns - evidence.start_ns) // day_ns
    if days < settings.least_days:
        return [], len(intervals)
    tests = []
    for subject, found in sorted(intervals.items()):
        merged = _merged(found, settings)
        hits = [one for one in merged if _has_one(evidence.crossings_ns, one.start_ns, one.end_ns)]
        chances = []
        for one in merged:
            back = (one.start_ns - evidence.start_ns) // day_ns
            compared = max(days, back + 1)  # its own day counts also where the period ends within it
            touched = sum(
                _has_one(evidence.crossings_ns, one.start_ns + shift * day_ns, one.end_ns + shift * day_ns)
                for shift in range(-back, compared - back)
            )
            chances.append(touched / compared)
        tests.append(
            _Test(
                subject, len(hits), len(merged), sum(chances), sum_tail(len(hits), chances),
                min(one.start_ns for one in hits or merged), max(one.end_ns for one in hits or merged),
                tuple(n for one in hits for n in one.entries),
            )
        )  # fmt: skip
    return tests, 0


def _merged(found: Iterable[Interval], settings: AnomalySettings) -> list[Interval]:
    """Times off with the look-ahead; those that overlap or nearly so are one, such as several sensors at once."""
    ahead_ns, gap_ns = int(settings.look_ahead_s * 1e9), int(settings.merge_s * 1e9)
    merged: list[Interval] = []
    for one in sorted(found, key=lambda each: each.start_ns):
        end_ns = max(one.end_ns, one.start_ns + ahead_ns)
        if merged and one.start_ns - merged[-1].end_ns <= gap_ns:
            last = merged[-1]
            merged[-1] = Interval(last.start_ns, max(last.end_ns, end_ns), (*last.entries, *one.entries))
        else:
            merged.append(Interval(one.start_ns, end_ns, one.entries))
    return merged


def _has_one(times_ns: Sequence[int], start_ns: int, end_ns: int) -> bool:
    at = bisect_left(times_ns, start_ns)
    return at < len(times_ns) and times_ns[at] <= end_ns


def _rejections(evidence: LogEvidence, settings: AnomalySettings) -> tuple[list[_Test], int]:
    """One test for each account and 8 hours (UTC) in which it decided on alerts or incidents."""
    handled, rejected = _blocks(evidence.handled), _blocks(evidence.rejected)
    tests, left_out = [], 0
    in_block = defaultdict[int, list[tuple[str, int]]](list)
    for key in handled:
        in_block[key[1]].append(key)
    for account in sorted({account for account, _ in handled}):
        others = [
            (len(rejected.get(key, ())), len(acts)) for key, acts in handled.items() if key[0] != account
        ]  # fmt: skip
        if sum(of for _, of in others) < settings.least_others:
            left_out += 1
            continue
        mean, correlation = _spread(others, settings.least_correlation)
        for key, acts in handled.items():
            if key[0] != account:
                continue
            own = rejected.get(key, [])
            # What colleagues rejected in the same hours counts in part: they have the same weather, but other tasks.
            part = [find for find in in_block[key[1]] if find[0] != account]
            same = sum(len(handled[find]) for find in part)
            hits = sum(len(rejected.get(find, ())) for find in part)
            weight = 1.0 / correlation - 1.0
            alpha = mean * weight + settings.colleagues * hits
            beta = (1.0 - mean) * weight + settings.colleagues * (same - hits)
            tail = beta_binomial_tail(len(own), len(acts), alpha, beta)
            expected = len(acts) * alpha / (alpha + beta)
            tests.append(
                _Test(
                    account, len(own), len(acts), expected, tail, acts[0].at_ns, acts[-1].at_ns,
                    tuple(act.n for act in own),
                )
            )  # fmt: skip
    return tests, left_out


def _blocks(acts: Iterable[Act]) -> dict[tuple[str, int], list[Act]]:
    blocks = defaultdict[tuple[str, int], list[Act]](list)
    for act in acts:
        blocks[act.account, act.at_ns // (8 * 3600 * 10**9)].append(act)
    return blocks


def _spread(blocks: Sequence[tuple[int, int]], least: float) -> tuple[float, float]:
    """Mean and correlation within blocks by the method of moments, with Laplace's rule for the mean."""
    hits, total, count = sum(hit for hit, _ in blocks), sum(of for _, of in blocks), len(blocks)
    mean = (hits + 1.0) / (total + 2.0)
    spread = sum(of * (hit / of - mean) ** 2 for hit, of in blocks)
    own = mean * (1.0 - mean)
    scale = own * (total - sum(of * of for _, of in blocks) / total - (count - 1))
    correlation = (spread - own * (count - 1)) / scale if scale > 0.0 else least
    return mean, min(max(correlation, least), 0.9)


def _exports(evidence: LogEvidence, settings: AnomalySettings) -> tuple[list[_Test], int]:
    """One test for each account: whether its exports are more often at night than its other acts."""
    zone, exports = ZoneInfo(settings.time_zone), defaultdict[str, list[Act]](list)
    for act in evidence.exports:
        exports[act.account].append(act)
    tests = []
    for account, acts in sorted(exports.items()):
        active = {_half_day(quarter * QUARTER_NS, zone, settings) for quarter in evidence.active[account]}
        halves = {_half_day(act.at_ns // QUARTER_NS * QUARTER_NS, zone, settings) for act in acts}
        at_night = [act for act in acts if _half_day(act.at_ns, zone, settings)[1]]
        nights, marked = sum(night for _, night in halves), sum(night for _, night in active)
        tail = hypergeometric_tail(nights, len(halves), marked, len(active))
        expected = len(halves) * marked / len(active)
        tests.append(
            _Test(
                account, nights, len(halves), expected, tail, acts[0].at_ns, acts[-1].at_ns,
                tuple(act.n for act in at_night),
            )
        )  # fmt: skip
    return tests, 0


def _half_day(at_ns: int, zone: ZoneInfo, settings: AnomalySettings) -> tuple[str, bool]:
    """The day, and whether it is its night; the hours after midnight belong to the night of the day before."""
    local = datetime.fromtimestamp(at_ns // 10**9, UTC).astimezone(zone)
    evening, morning = settings.night
    if local.hour < morning:
        return datetime.fromordinal(max(local.toordinal() - 1, 1)).date().isoformat(), True
    return local.date().isoformat(), local.hour >= evening


def _overrides(evidence: LogEvidence, settings: AnomalySettings) -> tuple[list[_Test], int]:
    """One test for each supervisor, and anyone else who overrode the rule, and each 30 days."""
    month_ns = 30 * 86_400 * 10**9
    blocks = defaultdict[tuple[str, int], list[Act]](list)
    months = max(1, -(-(evidence.end_ns - evidence.start_ns) // month_ns))
    for act in evidence.overrides:  # one at the very end belongs to the last 30 days
        blocks[act.account, min((act.at_ns - evidence.start_ns) // month_ns, months - 1)].append(act)
    supervisors = sorted(evidence.supervisors | {act.account for act in evidence.overrides})
    tests = []
    for account in supervisors:
        for block in range(months):
            own = blocks.get((account, block), [])
            start_ns = evidence.start_ns + block * month_ns
            tail = poisson_tail(len(own), settings.override_per_month)
            tests.append(
                _Test(
                    account, len(own), len(own), settings.override_per_month, tail, start_ns, start_ns + month_ns,
                    tuple(act.n for act in own),
                )
            )  # fmt: skip
    return tests, 0
