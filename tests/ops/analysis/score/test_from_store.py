"""Outcomes and times that are counted from a store: by hand, of what was known, and of what may be seen."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.analysis.score import inputs
from ops.analysis.score.from_store import StoredOutcomes, outcomes_of
from ops.analysis.score.scorecard import scorecard
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.runtime.output import say
from ops.store.writer import Store
from tests.ops.analysis.handover.night import erase_alerts, worked_night
from tests.ops.incidents.making import SECOND, START_NS

DAY = date(2026, 1, 15)
MONDAY = datetime(2026, 1, 5, 22, 0, tzinfo=UTC)


def incident(number: int, disposition: str, opened: datetime = MONDAY, **other: Any) -> dict[str, Any]:
    """A movement incident with 2 alerts: acknowledged after 2 min, on scene after 12 min, closed after 30 min."""
    steps = [(2, "acknowledged", "keller"), (12, "on_scene", "unit-1"), (30, "closed", "keller")]
    return {
        "id": f"i{number}", "name": f"Bravo {number}", "kind": "movement", "state": "closed", "closed_by": "person",
        "disposition": disposition, "opened_at": opened.isoformat(), "alerts": ["a", "b"],
        "transitions": [
            {"at": (opened + timedelta(minutes=minutes)).isoformat(), "state": state, "by": by}
            for minutes, state, by in steps
        ],
    } | other  # fmt: skip


def lines_of(*incidents: dict[str, Any]) -> dict[str, Any]:
    found = outcomes_of(incidents, "X", DAY, source="store.db")
    card = scorecard([], found.periods, found.lines, day=DAY)
    return {line.key: line for line in card.lines["tactical_tools"]}


def test_rates_by_hand() -> None:
    """A 2, T 1, G 1: 3/4. 5 movement incidents with 2 alerts each, of which 1 was a nuisance: 2/10, yield 2/10."""
    lines = lines_of(
        incident(1, "apprehended"), incident(2, "apprehended"), incident(3, "turn_back"), incident(4, "got_away"),
        incident(5, "nuisance"), incident(6, "merged"), incident(7, "restored", kind="equipment"),
    )  # fmt: skip
    effectiveness = lines["interdiction_effectiveness_rate"]
    assert (effectiveness.value, effectiveness.numerator, effectiveness.denominator) == (0.75, 3.0, 4.0)
    assert (lines["nuisance_alarm_fraction"].numerator, lines["nuisance_alarm_fraction"].denominator) == (2.0, 10.0)
    assert lines["alert_yield"].value == 0.2
    assert math.isnan(lines["unlawful_border_crossing_effectiveness_rate"].value), "undetected crossings are unknown"
    assert effectiveness.evidence[0].origin == "Bravo 1, Bravo 2, Bravo 3, Bravo 4, Bravo 5"


def test_times_by_hand() -> None:
    """Medians over incidents; without a second week there is no interval, and what no person did is not counted."""
    slow = incident(2, "apprehended", MONDAY + timedelta(hours=1))
    slow["transitions"][0]["at"] = (MONDAY + timedelta(hours=1, minutes=6)).isoformat()
    alone = incident(3, "unresolved", transitions=[{"at": MONDAY.isoformat(), "state": "closed", "by": "system"}])
    lines = lines_of(incident(1, "apprehended"), slow, alone)
    assert lines["time_to_acknowledgement"].value == 4.0
    assert lines["response_time"].value == 12.0
    assert lines["time_to_disposition"].value == 30.0
    assert math.isnan(lines["response_time"].low)
    assert lines["response_time"].notes[0].parameters["count"] == 2


def test_the_times_of_an_event_begin_with_the_first_of_the_incidents_that_were_merged() -> None:
    """The first waits until it is merged at 51 min; the second opens at 50 min, is claimed at 52 and closed at 80."""
    merging = [
        {"at": (MONDAY + timedelta(minutes=51)).isoformat(), "state": "closed", "by": "keller", "action": "merge"}
    ]
    first = incident(1, "merged", merged_into="i2", transitions=merging)
    lines = lines_of(first, incident(2, "apprehended", MONDAY + timedelta(minutes=50)))
    found = {name: lines[name].value for name in ("time_to_acknowledgement", "response_time", "time_to_disposition")}
    assert found == pytest.approx({"time_to_acknowledgement": 52.0, "response_time": 62.0, "time_to_disposition": 80.0})
    assert say(lines["time_to_acknowledgement"].notes[0]) == "1 incident"


def test_times_are_as_old_as_the_last_week_in_which_the_step_was_taken() -> None:
    """The incident is of the week from 5 January 2026; two years later its time is out of date, as its rates are."""
    later = date(2028, 1, 15)
    found = outcomes_of([incident(1, "apprehended")], "X", later, source="store.db")
    card = scorecard([], found.periods, found.lines, day=later)
    lines = {line.key: line for line in card.lines["tactical_tools"]}
    assert lines["time_to_acknowledgement"].day == date(2026, 1, 11)
    assert lines["time_to_acknowledgement"].is_stale(later)
    assert lines["interdiction_effectiveness_rate"].is_stale(later)


def test_alerts_of_open_incidents_do_not_lower_the_fraction_of_nuisance_alarms() -> None:
    """Two past weeks with 3 nuisance incidents of 4; in the second, 5 more are open."""
    weeks = [MONDAY - timedelta(days=14), MONDAY - timedelta(days=7)]
    incidents = [
        incident(10 * week + number, "nuisance" if number else "apprehended", opened)
        for week, opened in enumerate(weeks) for number in range(4)
    ]  # fmt: skip
    waiting = [incident(30 + number, "", weeks[1], state="open", transitions=[]) for number in range(5)]
    line = lines_of(*incidents, *waiting)["nuisance_alarm_fraction"]
    assert (line.value, line.numerator, line.denominator) == (0.75, 12.0, 16.0)
    assert [value for _, value in line.history] == [0.75, 0.75]
    assert line.direction == "no_trend", "the second week is not settled"
    assert "10 alerts of open incidents are not counted yet" in say(line.notes[1])
    settled = lines_of(*incidents)["nuisance_alarm_fraction"]
    assert (settled.trend, len(settled.notes)) == (0.0, len(line.notes) - 1)


def test_a_unit_whose_arrival_was_undone_was_not_on_scene() -> None:
    undone = incident(1, "apprehended")
    on_scene = undone["transitions"][1]
    undone["transitions"].insert(2, on_scene | {"state": "acknowledged", "action": "undo"})
    lines = lines_of(undone)
    assert math.isnan(lines["response_time"].value)
    assert lines["time_to_disposition"].value == 30.0


def test_weeks_of_one_rate_have_no_interval_by_weeks() -> None:
    """One apprehension in each of two weeks: draws are always 2 of 2; Wilson's lower end is 2 / (2 + 1.96²) = 0.342."""
    weeks = [incident(number, "apprehended", MONDAY + timedelta(days=7 * number)) for number in range(2)]
    found = outcomes_of(weeks, "X", DAY, source="store.db")
    card = scorecard([], found.periods, found.lines, day=DAY)
    lines = [one for one in card.lines["tactical_tools"] if one.numerator == 2.0 and one.denominator == 2.0]
    assert [(round(one.low, 3), one.high) for one in lines] == [(0.342, 1.0)]
    weeks.append(incident(3, "got_away", MONDAY))
    card = scorecard([], outcomes_of(weeks, "X", DAY, source="store.db").periods, [], day=DAY)
    both = [one for one in card.lines["tactical_tools"] if one.numerator == 2.0 and one.denominator == 3.0]
    assert len(both) == 2, "weeks of 1/2 and 1/1 vary"


def test_open_incidents_that_wait_for_a_step_are_stated_beside_the_median() -> None:
    """Of three: one is closed, one has a unit on scene, one is untouched. None that waits is in a median."""
    on_scene = incident(2, "", state="on_scene")
    on_scene["transitions"] = on_scene["transitions"][:2]
    lines = lines_of(incident(1, "apprehended"), on_scene, incident(3, "", state="open", transitions=[]))
    waiting = {
        name: [note.parameters["count"] for note in lines[name].notes if note.id == "score-note-not-yet"]
        for name in ("time_to_acknowledgement", "response_time", "time_to_disposition")
    }
    assert waiting == {"time_to_acknowledgement": [1], "response_time": [1], "time_to_disposition": [2]}
    assert lines["time_to_disposition"].value == 30.0
    closed = lines_of(incident(1, "apprehended"))["response_time"].notes
    assert [note.id for note in closed] == ["score-note-incidents", "indicator-definition"]


def test_weeks_begin_on_monday_and_the_running_one_ends_today() -> None:
    running = datetime(2026, 1, 13, tzinfo=UTC)
    found = outcomes_of(
        [incident(1, "apprehended"), incident(2, "got_away", running)], "X", DAY, source="store.db"
    )  # fmt: skip
    assert [(one.start, one.end) for one in found.periods] == [
        (date(2026, 1, 5), date(2026, 1, 12)), (date(2026, 1, 12), date(2026, 1, 16)),
    ]  # fmt: skip
    card = scorecard([], found.periods, day=DAY)
    assert {line.day for line in card.lines["tactical_tools"]} == {DAY}, "not the day after, which is still to come"
    lines = {line.key: line for line in found.lines}
    assert lines["response_time"].value == 12.0
    assert math.isnan(lines["response_time"].low), "two weeks of one time each do not show that it is certain"
    assert max(day for day, _ in lines["response_time"].history) <= DAY
    assert lines["response_time"].starts == (date(2026, 1, 5), date(2026, 1, 12)), "the first days of its weeks"


@pytest.mark.parametrize("weekday", range(7))
def test_the_running_week_is_shown_but_is_in_no_trend_before_its_end(weekday: int) -> None:
    """Two equal medians in two weeks: steady once the second has ended."""
    day = date(2026, 1, 12) + timedelta(days=weekday)
    incidents = [incident(1, "apprehended"), incident(2, "got_away", datetime(2026, 1, 12, tzinfo=UTC))]
    found = outcomes_of(incidents, "X", day, source="store.db")
    (line,) = [line for line in found.lines if line.key == "response_time"]
    assert [at for at, _ in line.history] == [date(2026, 1, 11), day]
    assert line.direction == ("steady" if weekday == 6 else "no_trend")


def test_weeks_in_which_incidents_wait_are_in_no_trend() -> None:
    """One law in each of three weeks: four of ten are closed after an hour, the rest after five days, 7,200 min. On the
    last Sunday, mostly quick ones of the third week are closed."""
    day, incidents = date(2026, 1, 25), list[dict[str, Any]]()
    for number in range(30):
        opened = datetime(2026, 1, 5, 8, tzinfo=UTC) + timedelta(days=7 * (number // 10) + 0.6 * (number % 10))
        closed = opened + (timedelta(hours=1) if number % 10 % 3 == 0 else timedelta(days=5))
        steps = [{"at": closed.isoformat(), "state": "closed", "by": "keller"}] if closed.date() <= day else []
        state = "closed" if steps else "acknowledged"
        incidents.append(incident(number, "lost" if steps else "", opened, state=state, transitions=steps))
    (line,) = [one for one in outcomes_of(incidents, "X", day, source="s").lines if one.key == "time_to_disposition"]
    assert [value for _, value in line.history] == [7200.0, 7200.0, 60.0]
    assert line.direction == "steady"
    assert "the trend is over past weeks without such incidents" in say(line.notes[1])


def test_no_incident_makes_no_line() -> None:
    found = outcomes_of([], "X", DAY, source="store.db")
    assert (found.periods, found.lines) == ([], [])


def test_a_store_without_incidents_and_illustrative_records(watchline: Callable[..., Any], tmp_path: Path) -> None:
    Store(tmp_path / "store.db").close()
    arguments = ("score", "cumberland", "--store", tmp_path / "store.db", "--on", "2026-01-15", "--json")
    ending = watchline(*arguments)
    assert ending.code == 0, "an empty store has nothing to mix"
    figures = json.loads(ending.out)
    assert figures["illustrative"] is True
    assert figures["action_plan"]["counts"] == {"met": 2, "in_progress": 3, "overdue": 1, "unknown": 1}


@pytest.mark.parametrize("simulated", [False, True])
def test_a_store_with_incidents_is_not_mixed_with_records_that_are_made_up(
    simulated: bool, tmp_path: Path, watchline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it is declared a simulation."""

    def stored(*_: Any, illustrative: bool) -> StoredOutcomes:
        return outcomes_of([incident(1, "apprehended")], "X", DAY, source="store.db", illustrative=illustrative)

    monkeypatch.setattr(inputs, "outcomes_of_store", stored)
    Store(tmp_path / "store.db").close()
    arguments = ("score", "cumberland", "--store", tmp_path / "store.db", "--on", "2026-01-15", "--json")
    ending = watchline(*arguments, *(["--simulated"] if simulated else []))
    assert ending.code == (0 if simulated else 1)
    assert simulated or "is illustrative, but --store is not" in ending.err


def test_weeks_with_erased_incidents_are_left_out() -> None:
    """Two weeks with one incident each; of the first, another incident was erased."""
    incidents = [incident(1, "got_away", MONDAY - timedelta(days=7)), incident(2, "apprehended")]
    found = outcomes_of(incidents, "X", DAY, source="store.db", erased={date(2026, 1, 4)})
    assert [one.start for one in found.periods] == [date(2026, 1, 5)]
    assert found.erased
    assert len(outcomes_of(incidents, "X", DAY, source="store.db").periods) == 2


def test_a_scorecard_states_that_incidents_were_erased(
    watchline: Callable[..., Any], tmp_path: Path, hill_sector: Any
) -> None:
    night, _ = worked_night(tmp_path, encrypted=True)
    erase_alerts(night)
    night.store.close()
    AuditLog(tmp_path / "audit").close()
    ending = watchline("score", hill_sector.sector, "--store", tmp_path / "store.db", *NIGHT)
    assert ending.code == 0, ending.err
    found = json.loads(ending.out)
    assert "erased" in found["absent"]
    assert found["families"]["tactical_tools"]["lines"] == []
    assert "Incidents of some weeks were erased" in say("score-absent", kind="erased")


NIGHT = ("--on", "2026-03-20", "--json")


def test_the_incidents_of_a_store_are_counted_by_marking_and_as_known_on_the_day(
    watchline: Callable[..., Any], tmp_path: Path, hill_sector: Any
) -> None:
    """The night of the handover report: one apprehension, which is marked, and one nuisance; it is recorded."""
    night, made = worked_night(tmp_path)
    night.store.commit(
        night.cursor + 9, stamp_ns=START_NS + 3550 * SECOND, markings=[("incident", made["closed"], "national")]
    )
    night.store.close()
    AuditLog(tmp_path / "audit").close()
    (tmp_path / "settings.toml").write_text('[releasability]\nlevels = ["restricted", "national"]\n')
    common = ("score", hill_sector.sector, "--store", tmp_path / "store.db", "--settings", tmp_path / "settings.toml")

    def found(*more: str) -> dict[str, Any]:
        ending = watchline(*common, *(more or NIGHT))
        assert ending.code == 0, ending.err
        return {one["id"]: one for one in json.loads(ending.out)["families"]["tactical_tools"]["lines"]}

    rate = "interdiction_effectiveness_rate"
    everything = found(*NIGHT, "--releasability", "national", "--purpose", "yearly report")
    assert (everything[rate]["numerator"], everything[rate]["denominator"]) == (1.0, 1.0)
    assert night.name(made["closed"]) in everything[rate]["evidence"][0]["origin"]
    unmarked = found()
    assert (unmarked[rate]["numerator"], unmarked[rate]["denominator"]) == (0.0, 0.0)
    assert unmarked[rate]["value"] is None
    assert night.name(made["closed"]) not in json.dumps(unmarked)
    assert everything["nuisance_alarm_fraction"]["numerator"] == unmarked["nuisance_alarm_fraction"]["numerator"] == 1.0
    assert found("--on", "2026-03-19", "--json") == {}
    refused = watchline(*common, *NIGHT, "--place", "Nowhere", "--out", tmp_path / "card")
    assert "no data for 'Nowhere'" in refused.err
    assert not (tmp_path / "card").exists(), "a refused command leaves no folder"
    purposes = [one.purpose for one in each_entry(tmp_path / "audit", EntryFilter()) if "watchline score" in one.what]
    assert purposes[0] == "yearly report"
    assert len(purposes) == 3
    refused = watchline(*common, *NIGHT, "--releasability", "invented")
    assert refused.code == 2
