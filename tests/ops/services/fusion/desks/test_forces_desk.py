"""Own forces in the pipeline: positions and decisions through the journal, and the same after a stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.unit_messages import Position, SectionOrder, encode_unit
from ops.analysis.risk.decision import FILE, FORMAT
from ops.broker.identities import UNIT
from ops.forces.settings import ForceSettings
from ops.journal.reader import JournalReader, JournalRow
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.services.fusion.pipeline import Pipeline
from ops.store.writer import Store
from sensors.timestamps import utc_datetime

SECOND = 10**9


@pytest.fixture(scope="module")
def ground(make_sector: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> OpenSector:
    """The hills with two sections, each one half of the border; the level of the eastern one is not set."""
    folder = tmp_path_factory.mktemp("forces") / "sector"
    files = make_sector(folder)
    line = json.loads(files.border.read_text())["features"][0]["geometry"]["coordinates"]
    middle = len(line) // 2
    features = [
        {"type": "Feature", "geometry": {"type": "LineString", "coordinates": part},
         "properties": {"name": name, "impact_level": level}}
        for name, level, part in (("West", "low", line[: middle + 1]), ("East", None, line[middle:]))
    ]  # fmt: skip
    (folder / "sections.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    files.sector.write_text('sections = "sections.geojson"\n' + files.sector.read_text())
    return open_sector(load_sector(files.sector))


@pytest.fixture(scope="module")
def start_ns(hill_journal: Path) -> int:
    with JournalReader(hill_journal) as journal:
        return int(journal.read(0, 1)[0].received_ns)


def row(message: Position | SectionOrder, at_ns: int) -> JournalRow:
    kind = "position" if isinstance(message, Position) else "action"
    body = encode_unit(message)
    return JournalRow(
        0, kind, message.unit, message.boot, message.seq, at_ns, at_ns, None, "application/json", body, True
    )


def at_segment(ground: OpenSector, segment: int) -> tuple[float, float]:
    """Longitude and latitude in the middle of a segment."""
    middle = float(ground.border.segment_spans_m[segment].mean())
    lon, lat = ground.frame.to_lonlat(*ground.border.point_at(middle))
    return float(lon), float(lat)


def order(
    at_ns: int, identity: str, level: str, after: str = "", unit: str = UNIT, section: str = "East"
) -> JournalRow:
    made = SectionOrder(unit, 1, 1, utc_datetime(at_ns), identity, section, level, "Ana", "more crossings", after)  # type: ignore[arg-type]
    return row(made, at_ns)


def test_units_are_in_the_picture_with_their_section_and_duty(ground: OpenSector, start_ns: int) -> None:
    pipeline = Pipeline(ground)
    last = ground.border.segments - 1
    for name, segment in (("west", 0), ("east", last)):
        place = Position(name, 1, 1, utc_datetime(start_ns), *at_segment(ground, segment), duty="patrol")
        assert pipeline.take(row(place, start_ns)) == ()
    view = pipeline.forces()
    assert [(one["unit"], one["section"], one["duty"]) for one in view["units"]] == [
        ("east", "East", "patrol"),
        ("west", "West", "patrol"),
    ]
    assert {one["section"]: list(one["units"]) for one in view["sections"]} == {"West": ["west"], "East": ["east"]}
    assert {one["section"]: one["level"] for one in view["sections"]} == {"West": "low", "East": None}


def test_a_decision_changes_the_level_of_the_alerts_and_is_kept_over_a_stop(ground: OpenSector, start_ns: int) -> None:
    pipeline = Pipeline(ground)
    last = ground.border.segments - 1
    assert pipeline._forces.context.impact_of(last) is None
    pipeline.take(order(start_ns, "d1", "high"))
    pipeline.take(order(start_ns + SECOND, "d2", "critical"))  # decided before d1 was seen
    assert pipeline._forces.context.impact_of(last) == "high"
    assert pipeline._forces.context.impact_of(0) == "low"
    resumed = Pipeline(ground, checkpoint=pipeline.save())
    assert resumed._forces.context.impact_of(last) == "high"
    assert resumed.forces() == pipeline.forces()
    (east,) = [one for one in resumed.forces()["sections"] if one["section"] == "East"]
    assert [(one["id"], one["level"], one["by"], one["reason"]) for one in east["decided"]] == [
        ("d1", "high", "Ana", "more crossings")
    ]


@pytest.mark.parametrize(
    ("unit", "section"), [("patrol-1", "East"), (UNIT, "North")], ids=["of a field unit", "of an unknown section"]
)
def test_only_the_operations_centre_decides_and_only_on_known_sections(
    ground: OpenSector, start_ns: int, unit: str, section: str
) -> None:
    pipeline = Pipeline(ground)
    pipeline.take(order(start_ns, "d1", "high", unit=unit, section=section))
    assert all(not one["decided"] for one in pipeline.forces()["sections"])
    assert pipeline.tally["action: ForcesError"] == 1


def test_a_distress_call_of_one_unit_too_many_is_still_raised(
    ground: OpenSector, start_ns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.forces.book.MOST_UNITS", 1)
    pipeline = Pipeline(ground)
    pipeline.take(row(Position("first", 1, 1, utc_datetime(start_ns), *at_segment(ground, 0)), start_ns))
    call = Position("second", 1, 1, utc_datetime(start_ns), *at_segment(ground, 0), distress=True)
    raised = pipeline.take(row(call, start_ns))
    assert [(alert.rule, alert.unit) for alert in raised] == [("distress", "second")]
    assert [one["unit"] for one in pipeline.forces()["units"]] == ["first"]


def test_the_store_keeps_the_picture_and_an_older_store_takes_it(ground: OpenSector, tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "s.sqlite"
    Store(path).close()
    with sqlite3.connect(path) as connection:  # as a version without own forces made it
        connection.execute("DROP TABLE live")
        connection.execute(
            "CREATE TABLE live (part TEXT PRIMARY KEY CHECK (part IN ('tracks', 'bearings', 'sensors', 'counts')),"
            " cursor INTEGER NOT NULL, stamp_ns INTEGER NOT NULL, body TEXT NOT NULL)"
        )
        connection.execute("INSERT INTO live VALUES ('tracks', 1, 1, '[]')")
    store = Store(path)
    view = Pipeline(ground).forces()
    store.commit(2, stamp_ns=2, forces=view)
    live, tracks = store.live("forces"), store.live("tracks")
    assert live is not None
    assert json.loads(live.body) == json.loads(json.dumps(view))
    assert tracks is not None
    assert tracks.body == b"[]"
    store.close()


def test_a_proposed_level_is_shown_and_changes_nothing_until_a_person_decides(
    ground: OpenSector, start_ns: int, tmp_path: Path
) -> None:
    count = ground.border.segments
    segments = [
        {"segment": n, "risk": (n + 1) / count, "threat": None, "vulnerability": None, "impact": None,
         "level": "high" if n == count - 1 else "low"}
        for n in range(count)
    ]  # fmt: skip
    decision = {
        "format": FORMAT, "sector": ground.sector.name, "assessed_on": "2026-01-15", "by": "Ana", "reason": "review",
        "decided_at": "2026-01-16T08:00:00Z", "layout": "basic", "challenge_sha256": "", "segments": segments,
        "weights": {"threat": 1.0, "vulnerability": 1.0, "impact": 1.0},
    }  # fmt: skip
    (tmp_path / FILE).write_text(json.dumps(decision), encoding="utf-8")
    plain = Pipeline(ground)
    pipeline = Pipeline(replace(ground, sector=replace(ground.sector, risk_decision=tmp_path / FILE)))
    shown = pipeline.forces()["sections"]
    assert {one["section"]: one.pop("proposed")["level"] for one in shown} == {"West": "low", "East": "high"}
    assert shown == plain.forces()["sections"], "nothing else differs"
    pipeline.take(order(start_ns, "d1", "high"))
    (east,) = [one for one in pipeline.forces()["sections"] if one["section"] == "East"]
    assert (east["level"], east["required_units"]) == ("high", ForceSettings().units("high"))
    assert east["proposed"] == {"level": "high", "assessed_on": "2026-01-15"}
    (tmp_path / FILE).write_text("{}", encoding="utf-8")
    broken = Pipeline(replace(ground, sector=replace(ground.sector, risk_decision=tmp_path / FILE)))
    assert broken.forces() == plain.forces()
