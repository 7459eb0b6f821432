"""Drills against an answer key worked by hand, training records, and that nothing real is ever scored."""

from __future__ import annotations

import html
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import xarray as xr
from rich.console import Console

from geo.errors import BadInput
from ops.analysis.indicators.records import checked_table
from ops.governance.demonstration import score_of
from ops.governance.drill_command import DrillOptions, import_records, report_records, score_demonstration
from ops.governance.drills import score_drill
from ops.governance.training import COLUMNS, by_role, read_records
from ops.room.night_file import SCENARIO_START
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.serving.server import serving
from ops.store.track_history import save_history
from ops.store.writer import Store
from ops.words import MessageCatalogue
from sensors.timestamps import nanoseconds
from tests.patience import PATIENT_S

QUIET = Console(stderr=True, quiet=True)
START = datetime(2026, 5, 1, 22, tzinfo=UTC)
TARGETS = (("p1", "person"), ("p2", "person"), ("d1", "animal"), ("p3", "person"))


def truth(start: datetime = START) -> xr.Dataset:
    """Four targets, 1 km apart, for 200 s: p1 crosses, p2 stays inside, deer crosses, p3 crosses unseen."""
    rows = []
    for second in range(200):
        for number, (name, of_class) in enumerate(
            (("p1", "person"), ("p2", "person"), ("d1", "animal"), ("p3", "person"))
        ):
            offset = -100.0 + second if name != "p2" else 300.0
            rows.append((name, of_class, start + timedelta(seconds=second), 1000.0 * number, offset))
    names, classes, times, eastings, offsets = zip(*rows, strict=True)
    columns = {
        "target": np.array(names), "class": np.array(classes),
        "time": np.array([one.replace(tzinfo=None) for one in times], "datetime64[us]"),
        "easting": np.array(eastings), "northing": np.array(offsets), "offset_m": np.array(offsets),
    }  # fmt: skip
    return xr.Dataset({name: ("estimate", values) for name, values in columns.items()})


def alert(name: str, second: int, easting: float, northing: float) -> dict[str, Any]:
    at = (START + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
    return {"id": name, "raised_at": at, "easting": easting, "northing": northing, "status": "active", "revision": 0,
            "rule": "crossing", "priority": "high"}  # fmt: skip


def incident(name: str, alerts: list[str], acknowledged_s: int | None, disposition: str = "", **more: Any) -> Any:
    steps = []
    opened = START + timedelta(seconds=110)
    if acknowledged_s is not None:
        at = (opened + timedelta(seconds=acknowledged_s)).isoformat()
        steps.append({"state": "acknowledged", "at": at, "by": "Demo operator"})
    state = "closed" if disposition else "acknowledged" if steps else "open"
    return {
        "id": name, "name": name, "kind": "movement", "alerts": alerts, "opened_at": opened.isoformat(), "state": state,
        "revision": 0, "priority": "high", "disposition": disposition,
        "closed_by": "Demo operator" if disposition else "",
        "transitions": steps, "lead": alerts[0],
    } | more  # fmt: skip


ALERTS = {
    one["id"]: one
    for one in (
        alert("A1", 110, 20.0, 15.0), alert("A2", 110, 1030.0, 300.0), alert("A3", 110, 2010.0, 10.0),
        alert("A4", 110, 9000.0, 0.0), alert("A5", 120, 10.0, 15.0),
    )
}  # fmt: skip
INCIDENTS = [
    incident("one", ["A1", "A5"], 30, "apprehended"),  # p1: right, in time
    incident("two", ["A2"], 90, "apprehended"),  # p2 did not cross: wrong, late
    incident("three", ["A3"], 40, "nuisance"),  # a deer: right
    incident("four", ["A4"], None, "nuisance", closed_by="system"),  # nothing; closed by the system: not counted
    incident("device", ["A4"], 1, "restored", kind="equipment"),
    incident("merged", ["A4"], 1, "merged"),
]


def test_the_answer_key_worked_by_hand() -> None:
    result = score_drill(truth(), INCIDENTS, ALERTS)
    assert [(one.incident, one.target, one.crossed, one.is_right) for one in result.answers] == [
        ("four", None, False, False), ("one", "p1", True, True), ("three", "d1", True, True),
        ("two", "p2", False, False),
    ]  # fmt: skip
    assert (result.in_time, result.closed, result.right) == (2, 3, 2)
    assert (result.crossings, result.undetected, result.missed, result.shown) == (2, 1, 0, 1)
    assert result.median_s == 40.0
    figures = result.as_dict()
    assert figures["exercise"] is True
    assert figures["right_dispositions"]["low"] < 2 / 3 < figures["right_dispositions"]["high"]


def test_a_crossing_that_no_one_acknowledged_is_missed_and_one_without_an_incident_is_not() -> None:
    result = score_drill(truth(), [incident("one", ["A1"], None)], ALERTS)
    assert (result.missed, result.shown, result.undetected) == (1, 1, 1)
    both = score_drill(
        truth(), [incident("one", ["A1", "A5", "A6"], 30)], ALERTS | {"A6": alert("A6", 110, 3010.0, 10.0)}
    )
    assert (both.missed, both.shown, both.undetected) == (0, 2, 0), "an incident of two people shows both"
    nothing = score_drill(truth(), [], ALERTS)
    assert (nothing.missed, nothing.shown, nothing.undetected, nothing.as_dict()["missed_crossings"]["value"]) == (
        0, 0, 2, None,
    )  # fmt: skip


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A demonstration that started at START; its truth counts from the start of the scenario."""
    folder = tmp_path / "demo"
    folder.mkdir()
    store = Store(folder / "store.db")
    store.commit(
        1, stamp_ns=nanoseconds(START) + 200 * 10**9, tracks_live=[], alerts=list(ALERTS.values()),
        incident_revisions=INCIDENTS,
    )  # fmt: skip
    store.close()
    save_history(truth(SCENARIO_START), folder / "truth.npz")
    (folder / "night.started").write_text(f"{nanoseconds(START)}\n")
    (folder / ".demonstration").touch()
    return folder


def test_a_score_that_cannot_be_recorded_is_not_kept(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHLINE_PURPOSE", "x")
    records = tmp_path / "training.jsonl"
    with pytest.raises(BadInput, match="WATCHLINE_PURPOSE"):
        score_demonstration(DrillOptions(demo, "operator", "early", "M. Keller", records), QUIET)
    assert not records.exists()


def test_a_day_that_has_begun_at_the_place_is_not_in_the_future(tmp_path: Path) -> None:
    table, records = tmp_path / "t.csv", tmp_path / "training.jsonl"
    now = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # 02:30 on 1 July in Helsinki
    for day, problem in (("2026-07-02", "in the future"), ("2026-07-01", "")):
        table.write_text("\n".join([",".join(COLUMNS), f"{day},drill,night,operator,M. Keller,passed"]))
        if problem:
            with pytest.raises(BadInput, match=problem):
                import_records(table, records, QUIET, now)
        else:
            assert import_records(table, records, QUIET, now)["added"] == 1


def test_a_demonstration_is_scored_and_recorded_once_and_real_records_are_refused(demo: Path, tmp_path: Path) -> None:
    records = tmp_path / "training.jsonl"
    options = DrillOptions(demo, "operator", "early", "M. Keller", records)
    figures = score_demonstration(options, QUIET)
    assert (figures["crossings"], figures["right_dispositions"]["number"], figures["result"]) == (2, 2, "failed")
    (record,) = read_records(records)
    assert (record.kind, record.role, record.shift, record.score["exercise"]) == ("drill", "operator", "early", True)
    assert records.stat().st_mode & 0o077 == 0
    with pytest.raises(BadInput, match="recorded already"):
        score_demonstration(options, QUIET)
    (demo / ".demonstration").unlink()
    with pytest.raises(BadInput, match="not a demonstration"):
        score_demonstration(DrillOptions(demo, "operator", "late"), QUIET)


def test_a_table_with_a_wrong_row_adds_nothing_and_names_row_and_reason(tmp_path: Path) -> None:
    table, records = tmp_path / "t.csv", tmp_path / "training.jsonl"
    good = "2026-01-05,course,first aid,operator,M. Keller,passed"
    wrong = [
        "2026-01-05,course,first aid,operator,M. Keller,passed", "2999-01-01,course,x,operator,,passed",
        "soon,course,x,operator,,passed", "2026-01-05,party,x,operator,,passed",
        "2026-01-05,course,x,chief,,passed", "2026-01-05,course,x,operator,,maybe",
        "2026-01-05,course,,operator,,passed", "2026-01-05,course",
    ]  # fmt: skip
    table.write_text("\n".join([",".join(COLUMNS), good, *wrong]))
    with pytest.raises(BadInput) as refused:
        import_records(table, records, QUIET)
    for number in range(3, 11):
        assert f"row {number}: " in str(refused.value)
    assert not records.exists()
    table.write_text("\n".join([",".join(COLUMNS), good]))
    assert import_records(table, records, QUIET)["added"] == 1
    with pytest.raises(BadInput, match="recorded already"):
        import_records(table, records, QUIET)


def test_a_table_without_the_persons_is_refused_because_they_could_not_be_counted(tmp_path: Path) -> None:
    table, records = tmp_path / "t.csv", tmp_path / "training.jsonl"
    table.write_text("\n".join([",".join(COLUMNS), "2026-01-05,course,first aid,operator,,passed"]))
    with pytest.raises(BadInput, match="row 2: title or person is empty"):
        import_records(table, records, QUIET)
    assert not records.exists()


def test_a_report_counts_by_role_names_no_one_by_default_and_feeds_the_action_plan(tmp_path: Path) -> None:
    table, records, out = tmp_path / "t.csv", tmp_path / "training.jsonl", tmp_path / "indicator.csv"
    rows = ["2026-01-05,course,first aid,operator,M. Keller,passed", "2026-02-05,drill,night,operator,M. Keller,passed",
            "2026-02-05,drill,night,operator,B. Berg,failed", "2026-02-06,course,law,supervisor,A. Adler,passed",
            "2024-02-06,course,law,supervisor,C. Clos,passed"]  # fmt: skip
    table.write_text("\n".join([",".join(COLUMNS), *rows]))
    import_records(table, records, QUIET)
    trained = by_role(read_records(records), date(2026, 1, 1), date(2026, 12, 31))
    assert [(one.role, one.trainings, one.passed, one.completed) for one in trained] == [
        ("operator", 3, 2, 1), ("supervisor", 1, 1, 1),
    ]  # fmt: skip
    asked: dict[str, Any] = {"since": None, "screen": QUIET, "today": date(2026, 6, 1), "place": "hills"}
    figures = report_records(records, names=False, out=out, planned=8, **asked)
    assert (figures["people"], figures["role_requirements"]) == (2, 2)
    assert "Keller" not in json.dumps(figures)
    assert "Keller" in json.dumps(report_records(records, names=True, out=None, planned=None, **asked))
    indicators, refused = checked_table(out, until=date(2026, 6, 1))
    assert refused == []
    assert [(one.name, one.value, one.place) for one in indicators] == [("training_completed", 0.25, "hills")]
    with pytest.raises(BadInput, match="1 planned"):
        report_records(records, names=False, out=out, planned=1, **asked)
    before = records.read_bytes()
    with pytest.raises(BadInput, match="is the file of the records"):
        report_records(records, names=False, out=records, planned=8, **asked)
    assert records.read_bytes() == before


def test_a_person_with_two_roles_meets_two_requirements_and_is_one_person(tmp_path: Path) -> None:
    table, records, out = tmp_path / "t.csv", tmp_path / "training.jsonl", tmp_path / "indicator.csv"
    rows = ["2026-01-05,course,law,operator,M. Keller,passed", "2026-02-05,course,law,supervisor,M. Keller,passed",
            "2026-02-05,course,law,operator,B. Berg,passed"]  # fmt: skip
    table.write_text("\n".join([",".join(COLUMNS), *rows]))
    import_records(table, records, QUIET)
    screen = Console(record=True, width=200, file=io.StringIO())
    figures = report_records(
        records, names=False, out=out, planned=4, since=None, screen=screen, today=date(2026, 6, 1), place="hills"
    )
    assert [(one["role"], one["completed"]) for one in figures["roles"]] == [("operator", 2), ("supervisor", 1)]
    assert (figures["people"], figures["role_requirements"]) == (2, 3)
    assert "In all roles: 2 people or shifts passed, meeting 3 role requirements" in screen.export_text()
    indicators, _ = checked_table(out, until=date(2026, 6, 1))
    assert [one.value for one in indicators] == [0.5], "two of the four persons planned"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_shows_the_score_and_the_key_only_on_request_and_only_of_a_demonstration(
    demo: Path, language: str
) -> None:
    folder = demo
    words = MessageCatalogue.of(language)
    settings = ApiSettings("x", title="X", pages=folder / "none")
    app = create_app(folder / "store.db", settings, act=lambda _: None, now_ns=lambda: 0)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        first = client.get(f"/drill?language={language}").text
        assert html.escape(words.say("drill-show")) in first
        assert "<article>" not in first
        shown = html.unescape(client.get(f"/drill?show=1&language={language}").text)
        score = score_of(folder).score
        assert words.say("drill-missed", part=score.missed, whole=score.shown) in shown
        assert words.say("drill-undetected", part=score.undetected, whole=score.crossings) in shown
        for one in score.answers:
            assert one.incident in shown
        assert shown.count("<article>") == len(score.answers) > 0
        (folder / ".demonstration").unlink()
        real = html.unescape(client.get(f"/drill?show=1&language={language}").text)
        assert words.say("drill-real") in real
        assert "<article>" not in real
