"""The anomaly report: exact tails, quiet honest logs, seeded manipulations that are found, equal treatment."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from ops.audit.entry import AuditEntry, EntryLine
from ops.audit.log import AuditLog
from ops.governance.anomalies.evidence import crossings_and_outages, evidence_of
from ops.governance.anomalies.report import anomaly_report, sentence_of
from ops.governance.anomalies.rules import AnomalySettings, UnusualPattern, look_for_anomalies
from ops.governance.anomalies.tails import beta_binomial_tail, hypergeometric_tail, poisson_tail, sum_tail
from ops.words import MessageCatalogue
from tests.ops.governance.honest_log import ACCOUNTS, DAY, HOUR, SEEDED, START, Room


def found(room: Room) -> list[tuple[str, str]]:
    entries, crossings, outages = room.finished()
    evidence = evidence_of(entries, crossings, outages, start_ns=START, end_ns=START + room.days * DAY)
    return [(one.rule, one.subject) for result in look_for_anomalies(evidence) for one in result.findings]


def test_tails_are_those_of_scipy() -> None:
    for count, mean in ((0, 1.0), (3, 1.0), (1, 30.0), (60, 30.0), (9, 0.01), (1_000_100, 1e6)):
        assert poisson_tail(count, mean) == pytest.approx(stats.poisson.sf(count - 1, mean), rel=1e-7)
    for hits, draws, marked, population in ((5, 10, 5, 25), (0, 3, 2, 9), (2, 4, 4, 4)):
        expected = stats.hypergeom.sf(hits - 1, population, marked, draws)
        assert hypergeometric_tail(hits, draws, marked, population) == pytest.approx(expected, rel=1e-9)
    for hits, trials, mean, correlation in ((7, 9, 0.3, 0.1), (1, 1, 0.2, 0.05), (40, 50, 0.4, 0.2)):
        weight = 1 / correlation - 1
        shape = mean * weight, (1 - mean) * weight
        expected = stats.betabinom.sf(hits - 1, trials, *shape)
        assert beta_binomial_tail(hits, trials, *shape) == pytest.approx(expected, rel=1e-9)
    for hits in range(6):
        assert sum_tail(hits, [0.3] * 5) == pytest.approx(stats.binom.sf(hits - 1, 5, 0.3), rel=1e-9)


def test_honest_logs_give_at_most_one_finding_a_month() -> None:
    years, named = 6, Counter[str]()
    for seed in range(years):
        named.update(subject for _, subject in found(Room(seed)))
    assert sum(named.values()) <= years * 12, named
    assert named[ACCOUNTS[5]] <= years, "nor is the busiest person named often"


@pytest.mark.parametrize("rule", SEEDED)
def test_seeded_manipulations_are_found(rule: str) -> None:
    hits = 0
    for seed in range(20):
        room = Room(1_000 + seed, days=120)
        subject = SEEDED[rule](room)
        hits += (rule, subject) in found(room)
    assert hits >= 19, f"{hits} of 20"


def test_the_budget_of_a_month_is_the_same_for_every_account() -> None:
    entries, crossings, outages = Room(1, days=60).finished()
    strict = AnomalySettings(
        budget=1e9, most_p=1e9, least_observed=0
    )  # every test is a finding, so that its threshold can be read
    evidence = evidence_of(entries, crossings, outages, start_ns=START, end_ns=START + 60 * DAY)
    for result in look_for_anomalies(evidence, strict):
        parts = Counter[str]()
        for one in result.findings:
            parts[one.subject] += one.threshold / 1e9  # type: ignore[assignment]
        assert len({round(part, 12) for part in parts.values()}) == 1
        assert sum(parts.values()) == pytest.approx(evidence.months)


def test_a_reason_or_name_cannot_forge_an_act_and_an_own_record_names_its_entries(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit", now_ns=lambda: START)
    forged = "request to confirm: sensor r muted for 9 min: confirmed request 1 of X"
    refused = "sensor r muted for 9 min: refused request 1 of confirmed request"
    acts = [("alteration", forged), ("alteration", refused), ("consultation", "EMERGENCY OVERRIDE: x")]
    acts += [("alteration", "EMERGENCY OVERRIDE: erasure")] * 4
    log.add(*[AuditEntry(START + n, "A [1]", "supervisor", op, "x", "p", text) for n, (op, text) in enumerate(acts)])  # type: ignore[arg-type]
    log.close()
    report = anomaly_report(tmp_path, since_ns=START, until_ns=START + 30 * DAY)
    assert report.evidence.mutes == {}
    assert anomaly_report(tmp_path, since_ns=START - 300 * DAY, until_ns=START + DAY).evidence.start_ns == START
    (finding,) = report.findings
    assert (finding.rule, finding.entries, finding.observed) == ("override", (3, 4, 5, 6), 4)
    sentence = sentence_of(finding, MessageCatalogue.of("en"))
    assert sentence.startswith("A [1]: 4 overrides in 30 days")


def test_acts_at_the_end_of_a_period_count() -> None:
    """Three overrides in the last second of 30 days; and a mute on the part of a day after 14 whole ones."""
    end = START + 30 * DAY
    lines = [
        EntryLine(n, end, "A [1]", "supervisor", "alteration", "x", "p", "EMERGENCY OVERRIDE: erasure", "")
        for n in range(3)
    ]
    evidence = evidence_of(lines, start_ns=START, end_ns=end)
    evidence.start_ns = START  # as with an entry then
    findings = look_for_anomalies(evidence)[-1].findings
    assert [(one.rule, one.observed) for one in findings] == [("override", 3)]
    late = START + 14 * DAY + DAY // 4
    room = Room(0, days=0)
    for number in range(3):
        room.mute(late + number, f"P{number} [{number}]")
    entries, _, _ = room.finished()
    evidence = evidence_of(entries, end_ns=late + DAY // 4)
    evidence.start_ns, evidence.crossings_ns = START, [late - 9 * DAY + 10, late + 10]
    every = AnomalySettings(budget=1e9, most_p=1e9, least_observed=0)
    tests = look_for_anomalies(evidence, every)[0].findings
    assert [one.p_value for one in tests] == pytest.approx([2 / 15] * 3), (
        "2 of 15 days had a crossing, its own included"
    )


@pytest.mark.parametrize(
    ("language", "numbers"),
    [
        ("en", "120 expected by chance (probability at most 1 in 83,000, threshold 1 in 12,000)."),
        (
            "fr",
            "120 attendues par hasard (probabilité d’au plus 1 sur 83\u202f000, seuil de 1 sur 12\u202f000).",
        ),
    ],
)
def test_numbers_of_a_finding_are_written_as_people_read_them(language: str, numbers: str) -> None:
    finding = UnusualPattern("mute_before_crossing", "radar", 150, 160, 120.4, 1.2e-5, 8.0e-5, START, START + DAY, ())
    assert sentence_of(finding, MessageCatalogue.of(language)).endswith(numbers)
    untested = MessageCatalogue.of(language).say("anomaly-tested", rule="override", subjects=0, tests=0, findings=0)
    assert " ," not in untested
    rare = sentence_of(replace(finding, expected=0.034, p_value=0.0), MessageCatalogue.of(language))
    assert {"en": "0.034 expected", "fr": "0,034 attendues"}[language] in rare


def test_crossings_and_outages_come_from_the_stored_alerts() -> None:
    bodies = [
        b'{"rule":"crossing","raised_at":"2026-01-01T00:00:10Z"}',
        b'{"rule":"coverage_lost","sensor":"r","status":"cleared","raised_at":"2026-01-01T00:00:00Z",'
        b'"updated_at":"2026-01-01T00:01:00Z"}',
        b'{"rule":"coverage_lost","sensor":"r","status":"active","raised_at":"2026-01-01T00:02:00Z",'
        b'"updated_at":"2026-01-01T00:02:00Z"}',
        b'{"rule":"loitering","raised_at":"2026-01-01T00:00:10Z"}',
        b'{"rule":"coverage_lost","sensor":"muted","cause":"muted","status":"active","raised_at":"2026-01-01T00:02:00Z",'
        b'"updated_at":"2026-01-01T00:02:00Z"}',
    ]
    crossings, outages = crossings_and_outages(bodies, START + 600 * 10**9)
    assert set(outages) == {"r"}, "mutes have a rule of their own"
    assert [at - START for at in crossings] == [10 * 10**9]
    assert [(one.start_ns - START, one.end_ns - START) for one in outages["r"]] == [
        (0, 60 * 10**9), (120 * 10**9, 600 * 10**9),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "subject", "handled", "rejected"),
    [
        ("POST /api/alerts/A1/reject", "alert A1", 1, 1),
        ("POST /api/alerts/A1/clear", "alert A1", 1, 0),
        ("POST /v1/incidents/I1/actions", "incident I1: close nuisance", 1, 1),
        ("POST /v1/incidents/I1/actions", "incident I1: close no_threat", 1, 1),
        ("POST /v1/incidents/I1/actions", "incident I1: close apprehended", 1, 0),
        ("POST /v1/incidents/I1/actions", "incident I1: note", 0, 0),
    ],
)
def test_decisions_are_read_from_the_entries_that_the_routes_write(
    what: str, subject: str, handled: int, rejected: int
) -> None:
    line = EntryLine(0, START, "A [1]", "operator", "alteration", what, "p", subject, "")
    evidence = evidence_of([line])
    assert (len(evidence.handled), len(evidence.rejected)) == (handled, rejected)
    consulted = evidence_of([EntryLine(0, START, "A [1]", "operator", "consultation", what, "p", subject, "")])
    assert (consulted.handled, consulted.rejected) == ([], [])


def muting(asker: str, decider: str, *, minutes: int = 9, reason: str = "mast") -> list[tuple[str, str]]:
    name = asker.rpartition(" [")[0]
    return [
        (asker, f"request to confirm: sensor r muted for {minutes} min, because: {reason}"),
        (decider, f"sensor r muted for {minutes} min: confirmed request 0f of {name}, because: ok"),
    ]


def evidence_from(*acts: tuple[str, str]) -> dict[str, list[tuple[int, ...]]]:
    lines = [
        EntryLine(n, START + n, who, "supervisor", "alteration", "x", "p", subject, "")
        for n, (who, subject) in enumerate(acts)
    ]
    return {who: [one.entries for one in found] for who, found in evidence_of(lines).mutes.items()}


def test_a_mute_counts_for_those_who_asked_and_for_those_who_decided() -> None:
    assert evidence_from(*muting("A. Adler [1]", "B. Berg [2]")) == {"B. Berg [2]": [(1,)], "A. Adler [1]": [(0, 1)]}
    newer = ("B. Berg [2]", "sensor r muted for 9 min: confirmed request 0f of A. Adler [1]")
    assert evidence_from(muting("A. Adler [1]", "")[0], newer)["A. Adler [1]"] == [(0, 1)]
    alone = (
        "A. Adler [1]",
        "EMERGENCY OVERRIDE: sensor r muted for 9 min: overridden request 0f of A. Adler, because: x",
    )
    assert evidence_from(muting("A. Adler [1]", "")[0], alone) == {"A. Adler [1]": [(0, 1)]}, "once, not twice"


def test_no_one_counts_as_asker_who_did_not_ask_for_this_mute() -> None:
    asked, decided = muting("A. Adler [1]", "B. Berg [2]")
    other = muting("C. Clos [3]", "", minutes=10, reason="confirmed request 0f of A. Adler")[0]
    forged = (decided[0], "sensor r muted for 9 min: confirmed request 0f of C. Clos, because: of A. Adler")
    longer = ("A. Adler-Meier [4]", asked[1])
    assert set(evidence_from(decided)) == {"B. Berg [2]"}, "its request is before the period"
    assert set(evidence_from(other, decided)) == {"B. Berg [2]"}, "another length"
    assert set(evidence_from(asked, forged)) == {"B. Berg [2]"}, "a reason names no asker"
    assert set(evidence_from(longer, decided)) == {"B. Berg [2]"}, "the beginning of a name is another name"


def test_an_asker_who_never_decides_is_found() -> None:
    """An asker whose mutes come before eight crossings, each confirmed by another colleague."""
    room, who = Room(3, days=60), "Z. Zorn [99]"
    for number, at in enumerate(room.chance.choice(room.crossings, 8, replace=False)):
        before = int(at) - HOUR // 4
        (_, asked), (_, decided) = muting(who, "")
        room.act(before - 1, who, "alteration", "POST /v1/sensors/r/mute", asked)
        room.act(before, ACCOUNTS[number], "alteration", "POST /v1/approvals/x/decision", decided)
    entries, crossings, outages = room.finished()
    evidence = evidence_of(entries, crossings, outages, start_ns=START, end_ns=START + 60 * DAY)
    findings = look_for_anomalies(evidence)[0].findings
    assert [one.subject for one in findings] == [who]
