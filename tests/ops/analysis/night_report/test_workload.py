"""The sentences on the alert workload: the figures of EEMUA 191 beside those of the period."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fusion.alerts import Alert, alert_workload
from geo.message import Message
from ops.analysis.night_report.workload import workload_figures, workload_sentences

START = datetime(2026, 3, 1, tzinfo=UTC)


def alert(number: int) -> Alert:
    at = START + timedelta(minutes=number)
    return Alert(
        f"A{number}", "approaching", "low", "active", 0, Message("alert-approaching"), at, at, at, track=f"T{number}"
    )


def test_the_sentences_state_load_priorities_and_defects() -> None:
    load, priorities, defects = workload_sentences(alert_workload([alert(n) for n in range(30)], hours=2.0))
    assert load == (
        "Alert workload of one operator: 30 alerts in 2 h, 2.5 per 10 minutes on average, 10 in the busiest "
        "10 minutes. EEMUA 191 rates this average as over-demanding."
    )
    figures = workload_figures(alert_workload([alert(n) for n in range(30)], hours=2.0))
    assert figures is not None
    assert (figures["raised"], figures["verdict"]) == (30, "over-demanding")
    assert priorities == (
        "Priority when raised: 0% high (recommended 5%), 0% medium (recommended 15%), 100% low (recommended 80%)."
    )
    assert defects == "Defects: 0 chattering sources, 0 stale alerts, 0 duplicate alerts."


def test_a_short_period_has_no_verdict_and_no_time_is_not_known() -> None:
    short = alert_workload([alert(0)], hours=0.1)
    load, *_ = workload_sentences(short)
    assert load == (
        "Alert workload of one operator: 1 alert in 6 min. "
        "EEMUA 191 rates alerts per 10 minutes; this period is shorter."
    )
    figures = workload_figures(short)
    assert figures is not None
    assert figures["verdict"] is None
    _, quality = workload_sentences(alert_workload([], hours=1.0))
    assert quality.startswith("Defects: "), "no alert has no priorities"
    assert workload_sentences(None) == ["The alert workload is not known."]
    assert workload_figures(None) is None
