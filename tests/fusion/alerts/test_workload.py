"""The figures of EEMUA 191 and ISA-18.2, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fusion.alerts import Alert, alert_workload
from fusion.alerts.messages import cleared
from geo.errors import BadInput

START = datetime(2026, 3, 1, tzinfo=UTC)


def alert(identity: str, second: float, **more) -> Alert:
    at = START + timedelta(seconds=second)
    facts = {"rule": "approaching", "priority": "low", "track": identity, **more}
    return Alert(
        identity, facts.pop("rule"), facts.pop("priority"), "active", 0, "s", raised_at=at, updated_at=at,
        observed_at=at, **facts,
    )  # fmt: skip


def test_an_alert_counts_once_however_often_it_is_revised() -> None:
    first = alert("A", 0.0)
    found = alert_workload([first, replace(first, revision=1, priority="high"), alert("B", 700.0)], hours=1.0)
    assert (found.raised, found.revisions) == (2, 3)
    assert found.in_ten_minutes == pytest.approx(2 / 6)
    assert found.a_day == pytest.approx(48.0)
    assert found.shares == {"high": 0.0, "medium": 0.0, "low": 1.0}  # as first raised
    assert found.verdict == "acceptable"


def test_the_busiest_ten_minutes_slide_and_shares_leave_distress_out() -> None:
    priorities = ["low"] * 16 + ["medium"] * 3 + ["high"]
    alerts = [alert(f"A{i}", 290.0 + 30.0 * i, priority=name) for i, name in enumerate(priorities)]
    found = alert_workload([*alerts, alert("D", 0.0, priority="distress", rule="distress")], hours=0.5, operators=2)
    assert found.shares == {"high": 0.05, "medium": 0.15, "low": 0.8}
    assert found.busiest_ten_minutes == 20  # 290 to 860 s; no window aligned to the clock holds them
    assert found.in_ten_minutes == pytest.approx(21 / 2 / 3)
    assert found.verdict == "over-demanding"


def test_chattering_stale_and_duplicate_alerts_are_defects_with_counts() -> None:
    chatter = [alert(f"C{i}", 10.0 * i, track="T") for i in range(4)]
    three = [alert(f"D{i}", 10.0 * i, track="U") for i in range(3)]
    old = replace(alert("S", 0.0, rule="crossing"), updated_at=START + timedelta(hours=25), status="cleared",
                  reason_message=cleared("no_action"))  # fmt: skip
    twin = [alert(f"E{i}", 5000.0 + 20.0 * i, easting=30.0 * i, northing=0.0, direction=1) for i in range(2)]
    other = alert("F", 5010.0, easting=0.0, northing=0.0, direction=-1)
    soon = [replace(one, status="cleared") for one in (*chatter, *three, twin[0], other, twin[1])]
    found = alert_workload([*soon[:7], old, *soon[7:]], hours=26.0)
    assert (found.chattering, found.stale, found.duplicates) == (1, 1, 1)


@pytest.mark.parametrize(
    ("ended", "hours", "end_h", "stale"),
    [
        ("", 0.0, 50.0, 1),  # untouched: only the end of the span shows it
        ("", 0.0, 23.9, 0),
        ("", 0.0, None, 0),  # up to the newest revision, its own
        ("acknowledged", 1.0, 50.0, 1),
        ("cleared", 24.1, 50.0, 1),
        ("cleared", 23.9, 50.0, 0),
        ("rejected", 24.1, 30.0, 1),
        ("cleared", 24.0, 50.0, 1),
    ],
)
def test_an_alert_is_stale_that_was_open_for_a_day(ended: str, hours: float, end_h: float | None, stale: int) -> None:
    first = alert("S", 0.0, rule="sensor_offline")
    later = [replace(first, revision=1, status=ended, updated_at=START + timedelta(hours=hours))] if ended else []
    end = None if end_h is None else START + timedelta(hours=end_h)
    assert alert_workload([first, *later], hours=50.0, end=end).stale == stale


def test_what_follows_the_end_of_an_alert_does_not_lengthen_it() -> None:
    first, hour = alert("S", 0.0), timedelta(hours=1)
    closed = replace(first, revision=1, status="cleared", updated_at=START + hour)
    noted = replace(closed, revision=2, updated_at=START + 40 * hour)
    opened = replace(first, revision=3, updated_at=START + 41 * hour)
    end = START + 50 * hour
    assert alert_workload([first, closed, noted], hours=50.0, end=end).stale == 0
    assert alert_workload([first, closed, noted, opened], hours=50.0, end=end).stale == 1


def test_no_alerts_are_no_workload_and_no_time_is_refused() -> None:
    found = alert_workload([], hours=2.0)
    assert (found.raised, found.busiest_ten_minutes, found.in_ten_minutes) == (0, 0, 0.0)
    for hours, operators in ((0.0, 1), (float("nan"), 1), (1.0, 0)):
        with pytest.raises(BadInput, match="alert workload"):
            alert_workload([], hours=hours, operators=operators)
    with pytest.raises(BadInput, match="UTC offset"):
        alert_workload([], hours=1.0, end=START.replace(tzinfo=None))
