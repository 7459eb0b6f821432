"""Whom the picture doubts: tracks of a sensor whose key was revoked, and sensors that ingest does not read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from fusion.alerts.alert import Alert
from geo.message import Message
from ingest.decode import encode_status
from ingest.receiving.batch import Batch, Row
from ingest.wire import Status
from ops.journal.events import CLOCK, QUARANTINE, REFUSAL, REVOCATION, ClockJump, CutOff, Refusal, Revocation
from ops.journal.reader import JournalReader, JournalRow
from ops.journal.writer import Journal
from ops.sector.open_sector import OpenSector
from ops.services.api.observability.exposition import exposition, families_of
from ops.services.fusion.live_picture import sensors_live, tracks_live
from ops.services.fusion.memory.quarantine import CutOffRecord, note_cut_off, quarantine_faults
from ops.services.fusion.pipeline import Pipeline
from ops.services.fusion.process import counts_of, with_held
from ops.store.reader import Live, Progress

SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def rows(hill_journal: Path) -> list[JournalRow]:
    with JournalReader(hill_journal) as journal:
        return journal.read(0, 10_000)


def row(kind: str, source: str, at_ns: int, body: msgspec.Struct) -> JournalRow:
    return JournalRow(
        0, kind, source, None, None, at_ns, at_ns, None, "application/json", msgspec.json.encode(body), True
    )


def halfway(ground: OpenSector, rows: list[JournalRow]) -> tuple[Pipeline, list[JournalRow]]:
    """A pipeline as far as it has a track that the radar saw, and what is left."""
    pipeline = Pipeline(ground)
    for number, each in enumerate(rows):
        pipeline.take(each)
        if number > len(rows) // 2 and any(
            "radar-mid" in track["sensors"] for track in tracks_live(pipeline, ground.frame)
        ):
            return pipeline, rows[number + 1 :]
    pytest.fail("the night has no track of radar-mid")


def test_what_a_revoked_sensor_saw_is_doubtful_until_it_has_a_new_key(
    hill_ground: OpenSector, rows: list[JournalRow]
) -> None:
    pipeline, _ = halfway(hill_ground, rows)
    before = {track["track"]: track for track in tracks_live(pipeline, hill_ground.frame)}
    assert all(track["revoked_sources"] == [] for track in before.values())
    alerts = pipeline.take(row(REVOCATION, "radar-mid", pipeline.now_ns + SECOND, Revocation(True)))
    doubted = {track["track"]: track["revoked_sources"] for track in tracks_live(pipeline, hill_ground.frame)}
    assert set(doubted) == set(before), "no track is taken away"
    for name, track in before.items():
        assert doubted[name] == (["radar-mid"] if "radar-mid" in track["sensors"] else [])
    assert any(doubted.values())
    shown = {each["sensor"]: each for each in sensors_live(hill_ground.layout, pipeline.health, pipeline.revoked)}
    assert (shown["radar-mid"]["revoked"], shown["radar-mid"]["state"]) == (True, "offline")
    assert "sensor_offline" in [alert.rule for alert in alerts if alert.sensor == "radar-mid"]
    restored = Pipeline(hill_ground, checkpoint=pipeline.save())
    assert restored.revoked == pipeline.revoked
    pipeline.take(row(REVOCATION, "radar-mid", pipeline.now_ns + SECOND, Revocation(False)))
    assert all(track["revoked_sources"] == [] for track in tracks_live(pipeline, hill_ground.frame))


def test_a_unit_that_is_revoked_makes_no_track_doubtful(hill_ground: OpenSector, rows: list[JournalRow]) -> None:
    pipeline, _ = halfway(hill_ground, rows)
    pipeline.take(row(REVOCATION, "patrol-1", pipeline.now_ns, Revocation(True)))
    assert all(track["revoked_sources"] == [] for track in tracks_live(pipeline, hill_ground.frame))
    assert "patrol-1" in pipeline.revoked


def test_a_sensor_that_is_cut_off_is_a_fault_for_as_long_and_is_told_once_each_way(
    hill_ground: OpenSector, rows: list[JournalRow]
) -> None:
    pipeline, _ = halfway(hill_ground, rows)
    at_ns = pipeline.now_ns + SECOND
    news = pipeline.take(row(QUARANTINE, "camera-west", at_ns, CutOff(True, at_ns + 10 * SECOND)))
    assert [(alert.sensor, alert.status) for alert in news if alert.rule == "sensor_fault"] == [
        ("camera-west", "active")
    ]
    assert "flooding" in pipeline.faults["camera-west"]
    assert pipeline.take(row("tick", "", at_ns + SECOND, CutOff(True, None))) == ()
    news = pipeline.take(row(QUARANTINE, "camera-west", at_ns + 11 * SECOND, CutOff(True, None, shed=412)))
    assert "flooding" in pipeline.faults["camera-west"], "it may be cut off again at once"
    news += pipeline.take(row("tick", "", at_ns + 60 * SECOND, CutOff(True, None)))
    faults = [(alert.sensor, alert.status) for alert in news if alert.rule == "sensor_fault"]
    assert faults == [("camera-west", "cleared")]
    assert "flooding" not in pipeline.faults.get("camera-west", {})
    assert pipeline.held["camera-west"] == CutOffRecord(times=1, shed=412, proven=True, until_ns=at_ns + 10 * SECOND)
    assert Pipeline(hill_ground, checkpoint=pipeline.save()).held == pipeline.held


@pytest.mark.parametrize("code", ["conflict", "rollback"])
def test_a_sensor_whose_numbers_are_refused_is_faulty_until_five_minutes_after(
    hill_ground: OpenSector, rows: list[JournalRow], code: Literal["conflict", "rollback"]
) -> None:
    pipeline, _ = halfway(hill_ground, rows)
    at_ns = pipeline.now_ns + SECOND
    news = pipeline.take(row(REFUSAL, "camera-west", at_ns, Refusal(code)))
    assert [(a.sensor, a.status) for a in news if a.rule == "sensor_fault"] == [("camera-west", "active")]
    assert pipeline.faults["camera-west"][code].id == f"sensor-{code}"
    again = Pipeline(hill_ground, checkpoint=pipeline.save())
    for one in (pipeline, again):
        one.take(row(REFUSAL, "nobody", at_ns, Refusal(code)))
        assert list(one.faults["camera-west"]) == [code]
        assert "nobody" not in one.faults
        one.take(row("tick", "", at_ns + 299 * SECOND, Refusal(code)))
        assert code in one.faults["camera-west"]
        news = one.take(row("tick", "", at_ns + 300 * SECOND, Refusal(code)))
        assert code not in one.faults.get("camera-west", {})
        cleared = [a.sensor for a in news if a.rule == "sensor_fault" and a.status == "cleared"]
        assert cleared == ["camera-west"]


def test_a_sensor_whose_clock_is_ahead_is_faulty_and_its_silence_names_the_clock(
    hill_ground: OpenSector, rows: list[JournalRow]
) -> None:
    """Nothing of the camera is accepted from now on, and each ten seconds a refusal is journaled."""
    pipeline, _ = halfway(hill_ground, rows)
    at_ns, news = pipeline.now_ns, list[Alert]()
    for second in range(1, 61):
        if second % 10 == 1:
            ahead = Refusal("future", 2.001)
            news += pipeline.take(row(REFUSAL, "camera-west", at_ns + second * SECOND, ahead))
        news += pipeline.take(row("tick", "", at_ns + second * SECOND, Refusal("future")))
    found = {alert.rule: alert for alert in news if alert.sensor == "camera-west" and alert.status == "active"}
    condition = Message("sensor-clock-refused", {"offset_s": 2.001})
    assert found["sensor_fault"].details == (condition,)
    assert found["sensor_offline"].details[0] == condition
    again = Pipeline(hill_ground, checkpoint=pipeline.save())
    for one in (pipeline, again):
        assert one.faults["camera-west"] == {"clock_offset": condition}
        shown = {each["sensor"]: each for each in sensors_live(hill_ground.layout, one.health, (), one.faults)}
        assert (
            shown["camera-west"]["faults"]["clock_offset"]["sentence"].replace("\u00a0", " ")
            == "Clock 2 s ahead of the host clock: messages refused. Check both clocks."
        )
    again.take(row(CLOCK, "", at_ns + 61 * SECOND, ClockJump(2.0, taken=False)))
    assert "camera-west" in again.faults
    again.take(row(CLOCK, "", at_ns + 62 * SECOND, ClockJump(2.0, taken=True)))
    assert "camera-west" not in again.faults, "it was Watchline's own clock"
    last_ns = at_ns + 51 * SECOND
    for after_s, stands in ((299, True), (300, False)):
        news = list(pipeline.take(row("tick", "", last_ns + after_s * SECOND, Refusal("future"))))
        assert ("clock_offset" in pipeline.faults.get("camera-west", {})) == stands
    assert ("sensor_fault", "cleared") in [(alert.rule, alert.status) for alert in news]


def test_a_checkpoint_from_before_refusals_of_clocks_is_continued(
    hill_ground: OpenSector, rows: list[JournalRow]
) -> None:
    pipeline, _ = halfway(hill_ground, rows)
    pipeline.take(row(REFUSAL, "camera-west", pipeline.now_ns + SECOND, Refusal("conflict")))
    saved = msgspec.msgpack.decode(pipeline.save())
    assert saved["memory"].pop("refused_ahead_s") == {}
    again = Pipeline(hill_ground, checkpoint=msgspec.msgpack.encode(saved))
    assert again.faults == pipeline.faults
    assert again.save() == pipeline.save()


def test_a_stranger_who_is_cut_off_is_counted_and_no_fault_of_a_sensor(
    hill_ground: OpenSector, rows: list[JournalRow]
) -> None:
    pipeline, _ = halfway(hill_ground, rows)
    at_ns = pipeline.now_ns + SECOND
    pipeline.take(row(QUARANTINE, "nobody", at_ns, CutOff(False, at_ns + 10 * SECOND)))
    assert "nobody" not in pipeline.faults
    pipeline.take(row(QUARANTINE, "radar-mid", at_ns, CutOff(False, at_ns + 10 * SECOND)))
    assert list(pipeline.faults["radar-mid"]) == ["impersonated"]
    spoilt = JournalRow(0, QUARANTINE, "x", None, None, at_ns, at_ns, None, "application/json", b"[]", True)
    pipeline.take(spoilt)
    assert any("quarantine" in reason for reason in pipeline.tally)


def test_metrics_count_who_was_cut_off_and_who_is(tmp_path: Path) -> None:
    held: dict[str, CutOffRecord] = {}
    for source, event in (("r1", CutOff(True, 100)), ("r1", CutOff(True, None, 7)), ("r1", CutOff(True, 200)),
                          ("", CutOff(False, 50))):  # fmt: skip
        note_cut_off(held, source, event, 140)
    assert [list(faults) for faults in quarantine_faults(held, 150).values()] == [["flooding"], ["impersonated"]]
    assert list(quarantine_faults(held, 150 + 30 * SECOND)) == ["r1"], "the other has been well for half a minute"
    counts = with_held({"r1": {"received": 3}}, held, 150)
    live = Live(0, 0, msgspec.json.encode(counts))
    lines = exposition(families_of(Progress(0, 0, 0, 0, 0, 0), live, 0), "")[0].decode().splitlines()
    assert 'watchline_cut_off_total{sensor="r1"} 2.0' in lines
    assert 'watchline_held{sensor="r1"} 1.0' in lines
    assert 'watchline_held{sensor=""} 0.0' in lines
    assert "# TYPE watchline_held gauge" in lines


def test_names_outside_the_layout_are_one_line_of_metrics(hill_ground: OpenSector, tmp_path: Path) -> None:
    """3,000 invented names are one sample of each figure, and nothing in fusion's checkpoint."""
    with Journal(tmp_path / "journal.db") as journal:
        names = ["radar-mid", *(f"x{n}" for n in range(3000))]
        journal.commit(Batch(tuple(Row("detections", name, 1, 1, 1, 1, None, "", b"{}", "t") for name in names)))
        counts = counts_of(journal, known=hill_ground.layout.ids)
    assert set(counts) == {"radar-mid", "(others)"}
    assert counts["(others)"]["journaled"] == 3000
    counts = with_held(counts, {"x1": CutOffRecord(times=1, until_ns=9)}, 5, known=hill_ground.layout.ids)
    assert (counts["(others)"]["cut_off"], counts["(others)"]["held"]) == (1, 1)
    pipeline = Pipeline(hill_ground)
    empty = len(pipeline.save())
    for name in names[1:]:
        status = Status(sensor=name, boot=1, seq=1, observed_at=datetime.fromtimestamp(1, UTC), state="ok")
        body = encode_status(status)
        pipeline.take(JournalRow(0, "status", name, 1, 1, 1, 1, None, "application/json", body, False))
    assert pipeline.tally == {"status: BadInput": 3000}
    assert len(pipeline.save()) < empty + 200
