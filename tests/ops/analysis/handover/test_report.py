"""The content of a report: what happened in a shift with known events, as it was known at a chosen time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fusion.alerts.alert import act
from fusion.situation.facts import ResponseInTime
from geo.errors import BadInput
from geo.message import Message
from ops.accounts.person import local_person
from ops.analysis.handover.period import ReportPeriod
from ops.analysis.handover.report import PeriodReport, ReportSource, period_report
from ops.incidents.tracing import Tracing
from ops.releasability.settings import ReleasabilitySettings
from ops.services.api.release import Release
from ops.store.markings import received_records
from ops.store.periods import PeriodReader, ReleasedPeriods
from ops.store.writer import Store
from tests.ops.analysis.handover.night import Night, erase_alerts, source_of, worked_night
from tests.ops.incidents.making import SECOND, START_NS, alert, at


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    night, made = worked_night(tmp_path_factory.mktemp("night"))
    yield night, made
    night.store.close()


def reported(worked: Any, start: float = 0, end: float = 3600, now: float = 3600, **more: Any) -> PeriodReport:
    return period_report(source_of(worked[0]), ReportPeriod(at(start), at(end)), now=at(now), **more)


def ids(entries: Any) -> list[str]:
    return [one.id for one in entries]


def test_open_and_closed_incidents_with_their_delays(worked: Any) -> None:
    _, made = worked
    report = reported(worked)
    assert ids(report.open) == [made["waiting"], made["outage"], made["distress"]], "unacknowledged first"
    assert ids(report.closed) == [made["closed"], made["unattended"], made["nuisance"]]
    arrested = report.closed[0]
    assert (arrested.acknowledged_s, arrested.assigned_s, arrested.closed_at) == (30.0, 90.0, at(600))
    assert (arrested.disposition, arrested.owner, arrested.unit) == ("apprehended", "Ana", "patrol-1")


def test_distress_escalations_and_what_nobody_acted_on(worked: Any) -> None:
    _, made = worked
    report = reported(worked)
    assert ids(one for one in report.incidents if one.kind == "distress") == [made["distress"]]
    escalated = {one.id: one.escalated_at for one in report.incidents if one.escalated_at}
    assert escalated[made["distress"]] == (at(1100),)
    assert ids(one for one in report.incidents if one.without_action) == [
        made["unattended"], made["outage"], made["waiting"]
    ]  # fmt: skip
    assert next(one for one in report.incidents if one.id == made["unattended"]).closed_by == "system"


def test_sensors_out_and_coverage_lost(worked: Any) -> None:
    report = reported(worked)
    assert [(one.sensor, one.state, one.since) for one in report.sensors_out] == [("radar-west", "offline", at(900))]
    assert [(one.sensor, one.since, one.until) for one in report.coverage_lost] == [("radar-west", at(905), None)]
    assert report.sensors_now
    later = reported(worked, now=9000)
    assert not later.sensors_now, "the sensors of a past period come from its alerts"
    assert [(one.sensor, one.state) for one in later.sensors_out] == [("radar-west", "offline")]
    assert reported(worked, end=800, now=9000).sensors_out == ()


def closed_outage(folder: Path, sensor: str) -> Night:
    """A sensor is offline from second 100, and Ana closes its incident at second 300 while it still is."""
    night = Night(folder)
    silent, lost = (alert(rule, sensor, 100) for rule in ("sensor_offline", "coverage_lost"))
    incident = night.raise_(silent, 100)
    night.raise_(lost, 100)
    night.act(incident, "close", 300, disposition="no_threat", reason="Technician on the way")
    for one in (silent, lost):
        night.raise_(act(one, "clear", by="Ana", at=at(310)), 310)
    return night


@pytest.fixture
def outage(tmp_path: Path) -> Iterator[Any]:
    night = closed_outage(tmp_path, "radar-west")
    yield night
    night.store.close()


def test_a_person_who_closes_an_outage_does_not_end_it(outage: Any) -> None:
    report = reported((outage, {}), end=600, now=9000)
    assert [(one.until, one.closed_by, one.lasts) for one in report.coverage_lost] == [(None, "Ana", True)]
    assert [(one.sensor, one.state, one.since) for one in report.sensors_out] == [("radar-west", "offline", at(100))]


@pytest.mark.parametrize("now", [7200, 9000])
def test_an_outage_that_a_person_closed_lasts_in_later_periods_too(outage: Any, now: float) -> None:
    outage.raise_(alert("crossing", "T1"), 7150)  # a picture shortly before the end
    report = reported((outage, {}), start=3600, end=7200, now=now)
    assert [(one.sensor, one.state) for one in report.sensors_out] == [("radar-west", "offline")]
    assert [(one.until, one.closed_by, one.lasts) for one in report.coverage_lost] == [(None, "Ana", True)]


@pytest.mark.parametrize("now", [7200, 9000])
def test_an_outage_that_a_person_closed_is_over_where_the_picture_shows_that_the_sensor_works(
    tmp_path: Path, now: float
) -> None:
    night = closed_outage(tmp_path, "camera-1")
    unknown = reported((night, {}), start=3600, end=7200, now=9000)
    assert [one.sensor for one in unknown.sensors_out] == ["camera-1"]
    assert [one.lasts for one in unknown.coverage_lost] == [True]
    night.raise_(alert("crossing", "T1"), 7150)
    later = reported((night, {}), start=3600, end=7200, now=now)
    assert "camera-1" not in {one.sensor for one in later.sensors_out}
    assert later.coverage_lost == ()
    first = reported((night, {}), end=7200, now=now)
    assert [(one.until, one.closed_by, one.lasts) for one in first.coverage_lost] == [(None, "Ana", False)]
    night.store.close()


def test_an_outage_that_a_person_closed_is_over_at_the_latest_when_the_next_one_begins(outage: Any) -> None:
    for rule in ("sensor_offline", "coverage_lost"):
        again = replace(alert(rule, "radar-west", 400), id=f"{rule}-2")
        outage.raise_(again, 400)
        over = replace(again, revision=1, status="cleared", updated_at=at(500), reason_message=Message("alert-cleared"))
        outage.raise_(over, 500)
    report = reported((outage, {}), end=600, now=9000)
    losses = [(one.until, one.closed_by, one.lasts) for one in report.coverage_lost]
    assert losses == [(None, "Ana", False), (at(500), "", False)]
    assert report.sensors_out == ()


@pytest.mark.parametrize("now", [29_990, 40_000])
def test_an_outage_of_a_sensor_that_was_removed_from_the_layout_is_over(tmp_path: Path, now: float) -> None:
    """The pictures of the night have a radar and a camera, and no longer radar-old."""
    night = Night(tmp_path)
    silent, lost = (alert(rule, "radar-old", 100) for rule in ("sensor_offline", "coverage_lost"))
    incident = night.raise_(silent, 100)
    night.raise_(lost, 100)
    night.act(incident, "close", 300, disposition="no_threat", reason="Mast taken down")
    for one in (silent, lost):
        night.raise_(act(one, "clear", by="Ana", at=at(310)), 310)
    unknown = reported((night, {}), start=26_400, end=29_900, now=40_000)  # no picture of that time
    assert [(one.sensor, one.lasts) for one in unknown.coverage_lost] == [("radar-old", True)]
    night.raise_(alert("crossing", "T1"), 29_950)
    report = reported((night, {}), start=26_400, end=30_000, now=now)
    assert "radar-old" not in {one.sensor for one in report.sensors_out}
    assert report.coverage_lost == ()
    night.store.close()


@pytest.mark.parametrize("end_ns", [None, START_NS + 3600 * SECOND])
def test_a_sensor_that_is_hidden_in_the_picture_is_not_taken_as_removed(tmp_path: Path, end_ns: int | None) -> None:
    store = Store(tmp_path / "store.db")
    shown, hidden = ({"sensor": name, "marking": marking} for name, marking in (("r", ""), ("secret", "national")))
    store.commit(1, stamp_ns=START_NS + 3590 * SECOND, sensors=[shown, hidden])
    received = received_records(store.path, ReleasabilitySettings(levels=("national",)), "")
    found = ReleasedPeriods(PeriodReader(store.path), received).sensors_at(end_ns)
    assert found is not None
    assert {name: one is not None for name, one in found[1].items()} == {"r": True, "secret": False}
    received.close()
    store.close()


def test_the_picture_is_read_once_for_all_alerts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    night, read = Night(tmp_path), []
    for number in range(5):
        one = replace(alert("sensor_offline", f"radar-{number}", 100 + number), id=f"off-{number}")
        night.raise_(one, 100 + number)
    whole = PeriodReader.sensors_at
    monkeypatch.setattr(PeriodReader, "sensors_at", lambda self, end_ns: read.append(end_ns) or whole(self, end_ns))
    assert len(reported((night, {}), end=200, now=9000).sensors_out) == 5
    assert len(read) == 1
    night.store.close()


def test_erased_incidents_count_in_each_period_in_which_they_were_open(tmp_path: Path) -> None:
    """A distress call of second 0, which is closed at second 5,000."""
    night = Night(tmp_path, encrypted=True)
    incident = night.raise_(alert("distress", "U1", 0), 0)
    night.act(incident, "acknowledge", 3700)
    night.act(incident, "close", 5000, disposition="no_threat", reason="Exercise")
    erase_alerts(night)
    periods = ((-3600, 0), (0, 3600), (3600, 7200), (7200, 9000))
    assert [reported((night, {}), start, end, 90_000).erased for start, end in periods] == [0, 1, 1, 0]
    night.store.close()


def test_who_closed_an_incident_is_not_who_owned_it(tmp_path: Path) -> None:
    night = Night(tmp_path)
    owned, other = (night.raise_(alert("crossing", f"T{n}", easting=n * 50_000.0), 0) for n in (1, 2))
    night.act(owned, "acknowledge", 30, by="Ana")
    night.act(owned, "assign", 40, by="Ana", unit="patrol-1")
    night.act(owned, "close", 60, by="patrol-1", sender="patrol-1", by_centre=False, disposition="apprehended")
    night.act(other, "close", 90, by="Boris", disposition="lost")
    closed = reported((night, {})).closed
    assert [(one.owner, one.closer) for one in closed] == [("Ana", "patrol-1"), ("Boris", "Boris")]
    night.store.close()


def test_what_was_undone_was_not_done(tmp_path: Path) -> None:
    night = Night(tmp_path)
    slip, kept = (night.raise_(alert("crossing", f"T{n}", easting=n * 50_000.0), 0) for n in (1, 2))
    night.act(slip, "close", 20, disposition="lost")
    night.act(slip, "undo", 25)
    night.act(kept, "close", 60, disposition="lost")
    night.act(kept, "reopen", 90, by="Boris", reason="Another track")
    night.act(kept, "undo", 95, by="Boris")
    known = {one.id: one for one in reported((night, {})).incidents}
    assert (known[slip].acknowledged_s, known[slip].without_action) == (None, True)
    assert (known[kept].acknowledged_s, known[kept].closed_at, known[kept].closer) == (60.0, at(60), "Ana")
    night.store.close()


def test_impact_levels_decided_in_the_period(worked: Any) -> None:
    changes = reported(worked, end=3000, now=9000).levels
    assert changes is not None
    assert [(one.section, one.level, one.before, one.by, one.at) for one in changes] == [
        ("Col d’Ibardin", "high", "low", "Sue", at(1800)), ("La Rhune", "medium", None, "Ana", at(2400)),
    ]  # fmt: skip
    assert reported(worked, end=1500, now=9000).levels == ()


def test_impact_levels_are_no_part_of_a_report_on_some_incidents_and_not_for_those_from_whom_records_are_hidden(
    worked: Any,
) -> None:
    night, made = worked
    assert reported(worked, chosen=[made["closed"]]).levels is None
    view = Release(night.store.path, ReleasabilitySettings(levels=("restricted",))).view(
        replace(local_person("Ana"), releasability="")
    )
    source = ReportSource(ReleasedPeriods(PeriodReader(night.store.path), view), "x", "x", "UTC")
    report = period_report(source, ReportPeriod(at(0), at(3600)), now=at(3600))
    assert report.levels is None
    assert "impact_level" not in {action for one in report.actions for action in one.actions}


def test_actions_by_person_are_those_of_the_log(worked: Any) -> None:
    report = reported(worked)
    counts = {one.person: dict(one.actions) for one in report.actions}
    assert counts == {
        "Ana": {"acknowledge": 1, "assign": 1, "close": 1, "impact_level": 2, "note": 1},
        "Jörg": {"acknowledge": 1, "close": 1},
        "Sue": {"impact_level": 1},
    }
    assert [one.at for one in report.log] == sorted(one.at for one in report.log)
    assert len(report.log) >= sum(sum(one.values()) for one in counts.values()) + len(report.incidents)


def test_a_past_moment_is_reported_as_it_was_known_then(worked: Any) -> None:
    _, made = worked
    then = reported(worked, end=95, now=9000)
    assert ids(then.incidents) == [made["closed"]]
    (one,) = then.open
    assert (one.state, one.owner, one.unit, one.assigned_s) == ("assigned", "Ana", "patrol-1", 90.0)
    assert reported(worked, end=60, now=9000).open[0].state == "acknowledged"
    assert reported(worked, end=60, now=9000).open[0].assigned_s is None


@pytest.mark.parametrize("end", [50, 95, 650, 1000, 1250, 1700, 3600])
def test_the_report_of_a_period_is_the_same_whenever_it_is_made(worked: Any, end: float) -> None:
    """The first is made at the end of the period, from a store that already holds what follows."""
    first, later = reported(worked, end=end, now=end), reported(worked, end=end, now=100_000)
    assert (first.incidents, first.log, first.actions, first.coverage_lost) == (
        later.incidents, later.log, later.actions, later.coverage_lost
    )  # fmt: skip


def test_each_event_is_in_exactly_one_of_consecutive_periods(worked: Any) -> None:
    cuts = [0, 30, 600, 1100, 3600]
    parts = [reported(worked, a, b, now=9000).log for a, b in pairwise(cuts)]
    assert sorted(map(repr, (one for part in parts for one in part))) == sorted(map(repr, reported(worked).log))


def test_closed_before_the_period_is_left_out_and_incidents_can_be_chosen(worked: Any) -> None:
    night, made = worked
    assert made["closed"] not in ids(reported(worked, start=700).incidents)
    assert made["closed"] in ids(reported(worked, start=500).incidents)
    chosen = reported(worked, chosen=[night.name(made["distress"]), made["closed"]])
    assert set(ids(chosen.incidents)) == {made["distress"], made["closed"]}
    assert {one.incident for one in chosen.log} == {made["distress"], made["closed"]}


def test_what_is_recorded_after_the_closing_is_in_the_period_in_which_it_was_recorded(tmp_path: Path) -> None:
    night = Night(tmp_path)
    incident = night.raise_(alert("crossing", "T1"), 0)
    night.act(incident, "close", 600, disposition="apprehended", tracing=Tracing(goods="arms", released=True))
    night.act(incident, "trace", 4000, by="Boris", tracing=Tracing(goods="cbrn", released=True))
    night.act(incident, "note", 4100, by="Boris", text="Laboratory: 12 rifles")
    night.act(incident, "note", 8000, by="Boris", text="Returned")
    first, second, third = (reported((night, {}), start, start + 3600, 9000) for start in (0, 3600, 7200))
    assert [[one.event for one in part.log] for part in (first, second, third)] == [
        ["opened", "close"], ["trace", "note"], ["note"]
    ]  # fmt: skip
    assert [dict(one.actions) for one in second.actions] == [{"note": 1, "trace": 1}]
    assert (second.incidents, third.incidents) == ((), ())
    assert [[one.goods for one in part.goods] for part in (first, second, third)] == [["arms"], ["cbrn"], []]
    night.act(incident, "trace", 8100, by="Boris", tracing=Tracing(goods="cbrn", released=False))
    withdrawn = reported((night, {}), 3600, 7200, 9000)
    assert ([one.event for one in withdrawn.log], withdrawn.goods) == (["note"], ())
    night.store.close()


def test_an_acknowledgement_gives_the_target_no_more_time(tmp_path: Path) -> None:
    night = Night(tmp_path)
    crossing = alert("crossing", "T1", response_estimate=ResponseInTime("Fork", "on_foot", 400.0, 600.0, 200.0, 0.5))
    night.raise_(crossing, 0)
    night.raise_(act(crossing, "acknowledge", by="Ana", at=at(540)), 540)
    (one,) = reported((night, {}), now=560, end=560).open
    assert one.expected_at == at(600)
    night.store.close()


def test_a_period_in_the_future_is_refused(worked: Any) -> None:
    with pytest.raises(BadInput, match="has not begun"):
        reported(worked, start=4000, end=5000, now=3600)


def test_incidents_from_before_the_period_are_marked(worked: Any) -> None:
    assert all(one.in_period for one in reported(worked).incidents)
    assert not any(one.in_period for one in reported(worked, start=3100).incidents)
    assert worked[1]["waiting"] in ids(reported(worked, start=3100).incidents)
