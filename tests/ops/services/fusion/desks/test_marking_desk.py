"""Markings in the pipeline and the feeds: from the sensors of a real scenario to what units and SAPIENT receive."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ops.broker.identities import UNIT
from ops.journal.reader import JournalReader, JournalRow
from ops.releasability.settings import ReleasabilitySettings
from ops.sector.open_sector import OpenSector
from ops.sector.settings import Settings
from ops.services.feeds.feed import FeedReceiver
from ops.services.feeds.tracks import tracks_message
from ops.services.fusion.live_picture import tracks_live, without_sensors
from ops.services.fusion.pipeline import Pipeline
from ops.services.sapient.outgoing import NOT_RELEASED, Reports
from ops.store.feed_release import FeedRelease
from ops.store.markings import MarkingReader, ReceivedRecords
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.services.feeds.test_dispatch import Broker, Clock, alert, feed
from tests.ops.services.feeds.test_tracks import live, track
from tests.ops.services.fusion.desks.test_incident_desk import reply_row

LEVELS = ("restricted", "national")


@pytest.fixture(scope="module")
def rows(hill_journal: Path) -> list[JournalRow]:
    with JournalReader(hill_journal) as journal:
        return journal.read(0, 10_000)


def run(pipeline: Pipeline, rows: list[JournalRow]) -> dict[tuple[str, str], str]:
    for row in rows:
        pipeline.take(row)
    return {(kind, one): marking for kind, one, marking in pipeline.take_marking_news()}


def test_what_a_marked_sensor_saw_is_marked_and_a_decision_lowers_it_in_every_run(
    hill_ground: OpenSector, rows: list[JournalRow]
) -> None:
    sensor = next(row.sensor for row in rows if row.kind == "detections")
    settings = Settings(releasability=ReleasabilitySettings(LEVELS, sensors={sensor: "national"}))
    pipeline = Pipeline(hill_ground, settings)
    half = next(place for place, _ in enumerate(rows) if run(pipeline, [rows[place]]) and pipeline.incidents) + 1
    rest = rows[half:]
    marked = {one for one, marking in pipeline._memory.markings.effective["alert"].items() if marking == "national"}
    evidence = {
        one.id for one in pipeline.alerts.values() if sensor in {name for name, _, _ in one.evidence} | {one.sensor}
    }
    assert evidence <= marked, "every alert with evidence of the sensor is marked"
    chosen = next(one for one in pipeline.incidents.values() if set(one.alerts) & marked)
    decision: dict[str, Any] = {"incident": chosen.id, "action_id": "m1", "reason": "for the neighbours"}
    lowering = reply_row(pipeline.now_ns, 1, "mark", chosen.lead, UNIT, **decision)
    saved = pipeline.save()
    changed = run(pipeline, [lowering])
    assert changed["incident", chosen.id] == ""
    assert all(changed.get(("alert", one), "") == "" for one in chosen.alerts)
    assert pipeline.incidents[chosen.id].notes[-1].text == "–: for the neighbours"
    again = Pipeline(hill_ground, settings, checkpoint=saved)
    assert run(again, [lowering]) == changed
    assert run(again, rest) == run(pipeline, rest), "a checkpoint continues with the same markings"
    assert again.save() == pipeline.save()


def test_only_the_operations_centre_marks_and_only_with_a_marking_of_the_settings(
    hill_ground: OpenSector, rows: list[JournalRow]
) -> None:
    pipeline = Pipeline(hill_ground, Settings(releasability=ReleasabilitySettings(LEVELS)))
    place = next(place for place, row in enumerate(rows) if pipeline.take(row) and pipeline.incidents)
    chosen = next(iter(pipeline.incidents.values()))
    decision: dict[str, Any] = {"incident": chosen.id, "reason": "why"}
    run(pipeline, [reply_row(pipeline.now_ns, 1, "mark", chosen.lead, "patrol-1", marking="national", **decision)])
    run(pipeline, [reply_row(pipeline.now_ns, 2, "mark", chosen.lead, UNIT, marking="invented", **decision)])
    assert pipeline.incidents[chosen.id].marking is None
    assert pipeline.tally["action: BadInput"] == 2
    changed = run(pipeline, [reply_row(pipeline.now_ns, 3, "mark", chosen.lead, UNIT, marking="national", **decision)])
    assert changed["incident", chosen.id] == "national"
    assert {one for kind, one in changed if kind == "alert"} == set(chosen.alerts)
    picture = {one["track"]: one.get("marking", "") for one in tracks_live(pipeline, hill_ground.frame)}
    assert all(picture.get(one, "national") == "national" for one in chosen.track_ids)
    assert place < len(rows)


def test_without_markings_nothing_is_kept(hill_ground: OpenSector, rows: list[JournalRow]) -> None:
    pipeline = Pipeline(hill_ground)
    assert run(pipeline, rows[:200]) == {}
    assert all("marking" not in one for one in tracks_live(pipeline, hill_ground.frame))


FEEDS = ReleasabilitySettings(LEVELS, units={"patrol-1": "restricted"}, sapient="restricted", tracks_feed="restricted")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "s.sqlite")
    store.commit(
        1,
        stamp_ns=1,
        alerts=[alert(1), alert(2), alert(3)],
        markings=[("alert", "A2", "restricted"), ("alert", "A3", "national")],
    )
    return store


def test_a_unit_gets_alerts_up_to_its_marking_and_later_those_that_were_lowered(store: Store) -> None:
    broker, release = Broker(), FeedRelease(MarkingReader(store.path), FEEDS)
    units = (FeedReceiver("patrol-1"), FeedReceiver("patrol-2"))
    publisher = feed(store, broker, Clock(), units, release=release)
    publisher.pump()
    assert sorted(broker.sent) == [("patrol-1", "A1", 0), ("patrol-1", "A2", 0), ("patrol-2", "A1", 0)]
    broker.acknowledge_all()
    store.commit(2, stamp_ns=2, alerts=[alert(3, 1)], markings=[("alert", "A3", "")])
    publisher.pump()
    assert broker.sent[3:] == [("patrol-1", "A3", 1), ("patrol-2", "A3", 1)]
    assert store.progress().outbox_waiting >= 0


def test_a_feed_without_settings_passes_everything_as_before(store: Store) -> None:
    broker = Broker()
    feed(store, broker, Clock()).pump()
    assert [one[1] for one in broker.sent] == ["A1", "A2", "A3"]


def test_the_published_picture_has_neither_hidden_tracks_nor_their_number(store: Store) -> None:
    release = FeedRelease(MarkingReader(store.path), FEEDS)
    picture = live(track("t1"), track("t2", marking="restricted"), track("t3", marking="national"))
    body = msgspec.json.decode(tracks_message("hills", picture, release.tracks))
    assert [one["track"] for one in body["tracks"]] == ["t1", "t2"]
    assert "left_out" not in body


def test_sapient_gets_alerts_and_tracks_up_to_its_marking(store: Store) -> None:
    release = FeedRelease(MarkingReader(store.path), FEEDS)
    memory = SimpleNamespace(open_alerts_sent=lambda: ["A3"])
    reports = Reports(SimpleNamespace(), Reader(store.path), memory, name="x", now_ns=lambda: 0, release=release)  # type: ignore[arg-type]
    *shown, closed = reports._alerts_to_send()
    assert [body["id"] for body in shown] == ["A1", "A2"]
    assert (closed["id"], closed["status"], closed["sentence"]) == ("A3", "cleared", NOT_RELEASED)
    assert closed.keys() == {"id", "revision", "rule", "raised_at", "status", "priority", "sentence"}
    assert [one["track"] for one in release.sapient_tracks([track("t1"), track("t3", marking="national")])] == ["t1"]


def test_exports_leave_out_what_the_receiver_may_not_have(store: Store, tmp_path: Path) -> None:
    for limit, expected in (("", ["A1"]), ("restricted", ["A1", "A2"]), ("*", ["A1", "A2", "A3"])):
        received = ReceivedRecords(MarkingReader(store.path), FEEDS, limit)
        received.refresh()
        shows = received.shows
        assert store.export_alerts_geojson(tmp_path / "a.geojson", shows=shows) == len(expected)
        features = json.loads((tmp_path / "a.geojson").read_bytes())["features"]
        assert [one["id"] for one in features] == expected


def test_surroundings_name_no_marked_sensor() -> None:
    stated = {"id": "A", "ground": {"seen_by": ["r1", "r2"], "slope": 0.1}}
    assert without_sensors(stated, {"r2": "national"})["ground"] == {"seen_by": ["r1"], "slope": 0.1}
    assert without_sensors(stated, ()) is stated
