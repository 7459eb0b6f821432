"""A muted sensor is shown as muted, its alerts say so, and it comes back: live, after a restart and in a replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from fusion.alerts import Alert
from ingest.decode import encode_status
from ingest.wire import Status
from ops.journal.events import MUTE, Mute
from ops.journal.reader import JournalReader, JournalRow
from ops.sector.open_sector import OpenSector
from ops.services.fusion.live_picture import alert_dict, sensors_live
from ops.services.fusion.pipeline import Pipeline
from ops.store.moment_reader import MomentReader
from ops.store.writer import Store
from ops.words import MessageCatalogue
from sensors.timestamps import utc_datetime

SECOND = 1_000_000_000
RADAR = "radar-mid"
MINUTE = 60 * SECOND


@pytest.fixture(scope="module")
def begun(hill_journal: Path, hill_ground: OpenSector) -> tuple[list[JournalRow], bytes]:
    """The first rows of a night, and the state after them."""
    with JournalReader(hill_journal) as journal:
        rows = journal.read(0, 300)
    pipeline = Pipeline(hill_ground)
    for each in rows:
        pipeline.take(each)
    return rows, pipeline.save()


def row(kind: str, source: str, at_ns: int, body: bytes) -> JournalRow:
    return JournalRow(0, kind, source, None, None, at_ns, at_ns, None, "application/json", body, True)


class Room:
    """A pipeline that has heard its radar, with what comes of further rows."""

    def __init__(self, ground: OpenSector, rows: list[JournalRow], checkpoint: bytes) -> None:
        self.ground, self.pipeline, self.rows = ground, Pipeline(ground, checkpoint=checkpoint), list(rows)
        self.news = list[Alert]()
        self.tick(1.0)
        assert self.state == "ok"
        self.news.clear()

    def take(self, one: JournalRow) -> None:
        self.rows.append(one)
        self.news += self.pipeline.take(one)

    def tick(self, after_s: float) -> None:
        """Let time pass, in which every sensor but the radar reports."""
        at_ns = self.pipeline.now_ns + round(after_s * SECOND)
        for sensor in self.ground.layout.ids:
            if sensor != RADAR:
                self._status(sensor, at_ns)
        self.take(row("tick", "", at_ns, b"{}"))

    def mute(self, until_ns: int | None, **why: Any) -> None:
        body = msgspec.json.encode(Mute(until_ns, **why))
        self.take(row(MUTE, RADAR, self.pipeline.now_ns + SECOND, body))

    def report(self) -> None:
        """Let a second pass, in which the radar reports as well."""
        self._status(RADAR, self.pipeline.now_ns + SECOND)
        self.tick(0.0)

    def _status(self, sensor: str, at_ns: int) -> None:
        seq = len(self.rows)
        body = encode_status(Status(sensor=sensor, boot=9, seq=seq, observed_at=utc_datetime(at_ns), state="ok"))
        self.take(JournalRow(0, "status", sensor, 9, seq, at_ns, at_ns, None, "application/json", body, False))

    @property
    def shown(self) -> dict[str, Any]:
        sensors = sensors_live(self.ground.layout, self.pipeline.health, mutes=self.pipeline.mutes)
        return {one["sensor"]: one for one in sensors}[RADAR]

    @property
    def state(self) -> str:
        return str(self.shown["state"])

    def said(self, language: str = "en") -> list[tuple[str, str, str]]:
        """Rule, status and headline of the news about the radar."""
        words = MessageCatalogue.of(language)
        return [
            (one.rule, one.status, alert_dict(one, self.ground.frame, words)["sentence"])
            for one in self.news
            if one.sensor == RADAR and one.rule in ("sensor_offline", "coverage_lost")
        ]


@pytest.fixture
def room(hill_ground: OpenSector, begun: tuple[list[JournalRow], bytes]) -> Room:
    return Room(hill_ground, *begun)


def test_a_mute_is_shown_at_once_with_its_end_roles_and_reason_and_its_alerts_say_so(room: Room) -> None:
    until_ns = room.pipeline.now_ns + 30 * MINUTE
    room.mute(until_ns, reason="mast", asked_role="supervisor", decided_role="supervisor", request="0f")
    assert room.state == "muted"
    mute = room.shown["mute"]
    assert (mute["until_ns"], mute["ended_ns"], mute["reason"], mute["request"]) == (until_ns, None, "mast", "0f")
    assert (mute["asked_role"], mute["decided_role"], mute["emergency"]) == ("supervisor", "supervisor", False)
    (offline, lost) = sorted(room.said(), reverse=True)
    clock = utc_datetime(until_ns).strftime("%H:%M")
    assert offline[:2] == ("sensor_offline", "active")
    assert offline[2].startswith(f"Sensor {RADAR} muted until {clock}")
    assert lost[:2] == ("coverage_lost", "active")
    assert lost[2].endswith(f"{RADAR} muted")
    assert any("en sourdine jusqu’à" in sentence for _, _, sentence in room.said("fr"))
    room.news.clear()
    room.tick(600.0)
    assert (room.state, room.said()) == ("muted", []), "once"


def test_after_its_end_a_mute_waits_for_the_sensor_and_the_alert_says_why_it_is_cleared(room: Room) -> None:
    room.mute(room.pipeline.now_ns + 10 * MINUTE)
    room.tick(600.0)
    room.mute(None)
    assert (room.state, room.shown["mute"]["ended_ns"] is not None) == ("muted", True)
    room.news.clear()
    for _ in range(40):
        room.report()
    assert (room.state, "mute" in room.shown) == ("ok", False)
    cleared = [one for one in room.news if one.rule == "sensor_offline" and one.sensor == RADAR]
    assert [one.status for one in cleared] == ["cleared"]
    sentence = alert_dict(cleared[0], room.ground.frame)["reason"]
    assert sentence == "Auto-cleared: the mute has ended and the sensor is reporting again"
    assert ("coverage_lost", "cleared") in [(one.rule, one.status) for one in room.news]


def test_a_sensor_that_stays_silent_after_its_mute_is_offline_and_says_that_the_mute_ended(room: Room) -> None:
    room.mute(room.pipeline.now_ns + MINUTE)
    room.news.clear()
    room.tick(59.5)  # the end passes without a row of ingest, which may be down
    assert (room.state, room.said()) == ("muted", [])
    room.tick(60.0)
    assert room.state == "offline"
    (offline,) = [one for one in room.news if one.rule == "sensor_offline" and one.sensor == RADAR]
    stated = alert_dict(offline, room.ground.frame)
    assert stated["sentence"].startswith(f"Sensor {RADAR} offline")
    assert stated["detail_sentences"][0].startswith("The mute ended at ")
    assert next(cause for rule, _, cause in room.said() if rule == "coverage_lost").endswith(f"{RADAR} offline")
    room.report()
    assert "mute" not in room.shown


def test_a_sensor_that_is_muted_while_it_is_offline_is_muted(room: Room) -> None:
    for _ in range(7):  # a longer time without a row would be one in which the room was stopped
        room.tick(9.0)
    assert room.state == "offline"
    (raised,) = [one for one in room.news if one.rule == "sensor_offline" and one.sensor == RADAR]
    room.news.clear()
    room.mute(room.pipeline.now_ns + MINUTE)
    assert room.state == "muted"
    (restated,) = [one for one in room.news if one.rule == "sensor_offline" and one.sensor == RADAR]
    assert (restated.id, restated.revision, restated.cause) == (raised.id, raised.revision + 1, "muted")
    assert all(sentence.endswith(" muted") for rule, _, sentence in room.said() if rule == "coverage_lost")


def test_a_longer_mute_is_restated_and_a_mute_of_an_unknown_sensor_is_nothing(room: Room) -> None:
    first_ns = room.pipeline.now_ns + 10 * MINUTE
    room.mute(first_ns)
    since_ns = room.shown["mute"]["since_ns"]
    room.news.clear()
    room.mute(first_ns + 10 * MINUTE)
    assert (room.shown["mute"]["since_ns"], room.shown["mute"]["until_ns"]) == (since_ns, first_ns + 10 * MINUTE)
    clock = utc_datetime(first_ns + 10 * MINUTE).strftime("%H:%M")
    assert [clock in sentence for rule, _, sentence in room.said() if rule == "sensor_offline"] == [True]
    room.take(row(MUTE, "nobody", room.pipeline.now_ns, msgspec.json.encode(Mute(first_ns))))
    assert set(room.pipeline.mutes) == {RADAR}
    room.take(row(MUTE, RADAR, room.pipeline.now_ns, b"[]"))
    assert any("mute" in reason for reason in room.pipeline.tally)


def test_a_restart_and_a_replay_give_the_same_to_the_bit(room: Room) -> None:
    room.mute(room.pipeline.now_ns + MINUTE, reason="mast")
    room.tick(30.0)
    restored = Pipeline(room.ground, checkpoint=room.pipeline.save())
    rest = len(room.rows)
    room.tick(31.0)
    room.report()
    again = Pipeline(room.ground)
    for each in room.rows:
        again.take(each)
    for each in room.rows[rest:]:
        restored.take(each)
    assert again.save() == room.pipeline.save() == restored.save()
    assert again.mutes == room.pipeline.mutes


def test_the_state_of_the_picture_is_a_hole_for_the_coverage_layers() -> None:
    """The map process counts a sensor in one state only; ``muted`` is none of them."""
    from ops.services.map.layers import coverage, viewsheds

    assert coverage.WORKING == viewsheds.WORKING == "ok"


def test_a_past_moment_shows_the_mute_as_it_was(room: Room, tmp_path: Path) -> None:
    path, stamps = tmp_path / "store.db", list[int]()
    store = Store(path)
    try:
        for end_ns in ("none yet", room.pipeline.now_ns + 10 * MINUTE, "the same", None):
            if not isinstance(end_ns, str):
                room.mute(end_ns)
            room.tick(60.0 if isinstance(end_ns, int) else 2.0)
            stamps.append(room.pipeline.now_ns)
            store.commit(len(stamps), stamp_ns=stamps[-1], tracks_live=[], sensors=[room.shown])
    finally:
        store.close()
    room.report()
    reader = MomentReader(path)
    seen = []
    for stamp_ns in stamps:
        moment = reader.moment(stamp_ns)
        assert moment is not None
        (then,) = map(msgspec.json.decode, moment.parts["sensors"])
        mute = then.get("mute")
        seen.append((then["state"], mute and mute["ended_ns"] is None))
    assert seen == [("ok", None), ("muted", True), ("muted", True), ("muted", False)]
