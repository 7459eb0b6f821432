"""The pipeline is a function of the journal's rows: what it makes of strangers, latecomers, doubles and pauses."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from shapely import affinity

from fusion.alerts import Alert, AlertSettings, AlertStateError
from fusion.alerts.settings import RENAMED
from geo.errors import BadInput
from geo.frame import LocalFrame
from geo.message import Message
from ingest.decode import encode, encode_status
from ingest.unit_messages import Position, Reply
from ingest.wire import Status
from ops.journal.reader import JournalReader, JournalRow
from ops.room.night_file import SCENARIO_START
from ops.room.offline import track_log_hash
from ops.runtime.clock import ScenarioClock
from ops.sector.open_sector import OpenSector
from ops.sector.settings import Settings
from ops.sector.toml_record import ConfigError
from ops.services.fusion import process
from ops.services.fusion.checkpoint import CheckpointError
from ops.services.fusion.live_picture import alert_dict
from ops.services.fusion.memory.faults import Standing
from ops.services.fusion.pipeline import Pipeline
from sensors.scan import Scan
from sensors.timestamps import nanoseconds
from tests.drills.sizes import sized

START_NS = nanoseconds(SCENARIO_START)
SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def rows(hill_journal: Path) -> list[JournalRow]:
    with JournalReader(hill_journal) as journal:
        return journal.read(0, 10_000)


def run(ground: OpenSector, rows: list[JournalRow], settings: Settings | None = None) -> tuple[Pipeline, list[Alert]]:
    pipeline = Pipeline(ground, settings)
    return pipeline, [alert for row in rows for alert in pipeline.take(row)]


@dataclass(frozen=True)
class Outcome:
    """What a pipeline came to."""

    alerts: list[Alert]
    history: str
    estimates: int
    tally: dict[str, int]


def outcome(ground: OpenSector, rows: list[JournalRow]) -> Outcome:
    pipeline, alerts = run(ground, rows)
    tracks = pipeline.take_history(final=True)
    return Outcome(alerts, track_log_hash(tracks), tracks.sizes["estimate"], dict(pipeline.tally))


@pytest.fixture(scope="module")
def undisturbed(hill_ground: OpenSector, rows: list[JournalRow]) -> Outcome:
    """The night as it was journaled, from one pipeline."""
    return outcome(hill_ground, rows)


@pytest.fixture(scope="module")
def in_order(hill_ground: OpenSector, rows: list[JournalRow]) -> Outcome:
    """The scans alone, in order of observation."""
    scans = [row for row in rows if row.kind == "detections"]
    return outcome(hill_ground, sorted(scans, key=lambda row: row.observed_ns))


def history(pipeline: Pipeline) -> str:
    return track_log_hash(pipeline.take_history(final=True))


def scan_row(scan: Scan, at_ns: int, *, closes_batch: bool = True) -> JournalRow:
    return JournalRow(
        0, "detections", scan.sensor, scan.boot, scan.sequence, at_ns, at_ns, at_ns, "application/json", encode(scan),
        closes_batch,
    )  # fmt: skip


def status_row(sensor: str, state: Any, at_s: float) -> JournalRow:
    at_ns = START_NS + round(at_s * SECOND)
    status = Status(sensor=sensor, boot=1, seq=int(at_s * 10), observed_at=moment(at_ns), state=state)
    return JournalRow(
        0, "status", sensor, 1, status.seq, at_ns, at_ns, None, "application/json", encode_status(status), True
    )


def tick_row(at_s: float) -> JournalRow:
    at_ns = START_NS + round(at_s * SECOND)
    return JournalRow(0, "tick", "", None, None, at_ns, at_ns, None, "", b"", True)


def moment(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / 1e9, UTC)


def test_an_unknown_sensors_scan_is_counted_and_the_rest_goes_on(hill_ground, rows, undisturbed, caplog):
    stranger = Scan("stranger", 1, 1, 1, SCENARIO_START, SCENARIO_START, "radar", ())
    place = len(rows) // 2
    mixed = [*rows[:place], scan_row(stranger, rows[place].received_ns, closes_batch=False), *rows[place:]]
    with_stranger, alerts = run(hill_ground, mixed)
    assert with_stranger.tally == {**undisturbed.tally, "detections: UnknownSensor": 1}
    assert alerts == undisturbed.alerts
    assert history(with_stranger) == undisturbed.history
    assert "stranger" in caplog.text


def test_a_sensor_of_another_kind_than_the_layouts_is_counted(hill_ground, rows):
    camera = Scan("radar-mid", 9, 1, 1, SCENARIO_START, SCENARIO_START, "camera", ())
    pipeline, _ = run(hill_ground, [scan_row(camera, START_NS), *rows])
    assert pipeline.tally["detections: SchemaError"] == 1
    assert pipeline.tracks.sizes["estimate"] > 0


def test_a_body_that_is_no_scan_is_counted(hill_ground, rows):
    scan = next(row for row in rows if row.kind == "detections")
    pipeline, _ = run(hill_ground, [replace(scan, body=b"{}"), *rows])
    assert pipeline.tally["detections: MalformedMessage"] == 1


@pytest.mark.parametrize("broken", ["advance", "judge"])
def test_a_row_that_meets_an_unforeseen_error_is_counted_and_the_rest_goes_on(
    hill_ground, rows, undisturbed, caplog, monkeypatch, broken
):
    """It would meet the same error after every restart."""
    pipeline, failing = Pipeline(hill_ground), rows[len(rows) // 2]
    while failing.kind != "detections":
        failing = rows[rows.index(failing) + 1]
    advance, judge = pipeline._tracker._advance_bank, pipeline._judge

    def advance_or_fail(bank, scan):
        if broken == "advance" and scan.key == (failing.sensor, failing.boot, failing.seq):
            raise ZeroDivisionError("division by zero")
        return advance(bank, scan)

    def judge_or_fail():
        if broken == "judge" and pipeline.now_ns == failing.received_ns:
            raise IndexError("out of bounds")
        return judge()

    monkeypatch.setattr(pipeline._tracker, "_advance_bank", advance_or_fail)
    monkeypatch.setattr(pipeline, "_judge", judge_or_fail)
    alerts = [alert for row in rows for alert in pipeline.take(row)]
    error = {"advance": "ZeroDivisionError", "judge": "IndexError"}[broken]
    assert pipeline.tally.pop(f"detections: {error}") >= 1
    assert "Traceback" in caplog.text
    assert {alert.rule for alert in alerts} == {alert.rule for alert in undisturbed.alerts}
    if broken == "judge":
        assert history(pipeline) == undisturbed.history


def test_that_no_evaluation_of_the_alerts_succeeds_is_a_problem_until_one_does(hill_ground, monkeypatch):
    """An error that lies in the state repeats; the cursor moves on all the same."""
    pipeline = Pipeline(hill_ground)
    judge, fails = pipeline._judge, True

    def judge_or_fail():
        if fails:
            raise IndexError("out of bounds")
        return judge()

    fusion = SimpleNamespace(cursor=1, latencies=process.Latencies(ScenarioClock.live()), pipeline=pipeline)
    monkeypatch.setattr(pipeline, "_judge", judge_or_fail)
    stated: list[Any] = []
    monkeypatch.setattr(process, "say", lambda **message: stated.append(message["problem"]))
    for second in range(13):
        pipeline.take(tick_row(second))
        process._report(fusion)
    since = moment(START_NS).isoformat(timespec="seconds")
    assert stated[:10] == [None] * 10
    assert set(stated[10:]) == {
        f"no alerts have been evaluated since {since}, because of an error that is in the log of fusion"
    }
    fails = False
    pipeline.take(tick_row(13.0))
    process._report(fusion)
    assert stated[-1] is None


def test_a_lack_of_memory_is_not_the_rows_fault(hill_ground, rows, monkeypatch):
    pipeline = Pipeline(hill_ground)
    monkeypatch.setattr(pipeline, "_judge", lambda: bytes(2**62))
    closing = next(row for row in rows if row.closes_batch)
    with pytest.raises(MemoryError):
        pipeline.take(closing)


@pytest.mark.parametrize("seed", range(sized(2, 4)))
def test_scans_late_within_the_horizon_end_in_the_same_history(hill_ground, rows, in_order, seed):
    """The horizon is 60 s of observation, as long as this night: every order of arrival must come to the same."""
    chance = random.Random(seed)
    scans = [row for row in rows if row.kind == "detections"]
    late = set(chance.sample(range(len(scans)), 12))
    keys = [number + (chance.uniform(2.0, 30.0) if number in late else 0.0) for number in range(len(scans))]
    shuffled = [scan for _, scan in sorted(zip(keys, scans, strict=True), key=lambda pair: pair[0])]
    assert shuffled != scans
    first, _ = run(hill_ground, shuffled)
    assert history(first) == in_order.history
    assert first.tally.get("late", 0) == 0


def test_a_scan_beyond_the_horizon_is_counted_and_changes_nothing(hill_ground, rows):
    scans = [row for row in rows if row.kind == "detections"]
    settings = Settings(tracker={"horizon_s": 20.0})
    first = next(row for row in scans if row.sensor == "radar-mid")
    others = [row for row in scans if row is not first]
    late, _ = run(hill_ground, [*others, first], settings)
    never, _ = run(hill_ground, others, settings)
    assert late.tally["late"] == 1 + never.tally.get("late", 0)
    assert history(late) == history(never)


def test_rows_that_come_twice_change_nothing(hill_ground, rows, undisturbed):
    doubled = [double for row in rows for double in (replace(row, closes_batch=False), row)]
    twice, alerts = run(hill_ground, doubled)
    assert alerts == undisturbed.alerts
    assert twice.tally["duplicate"] == sum(row.kind == "detections" for row in rows)
    assert history(twice) == undisturbed.history


def test_alerts_are_judged_where_a_batch_closes_and_nowhere_else(hill_ground, rows, undisturbed):
    pipeline = Pipeline(hill_ground)
    for row in rows:
        assert pipeline.take(replace(row, closes_batch=False)) == ()
    news = pipeline.take(replace(rows[-1], closes_batch=True))
    assert pipeline.alerts.keys() == {alert.id for alert in news}
    assert len(undisturbed.alerts) > len(news) >= 0


@pytest.mark.parametrize("limit", [1, 7])  # "undisturbed" has read them at once
def test_how_the_reader_splits_the_rows_changes_no_alert(hill_ground, hill_journal, undisturbed, limit):
    pipeline, alerts, after = Pipeline(hill_ground), [], 0
    with JournalReader(hill_journal) as journal:
        while stretch := journal.read(after, limit):
            alerts += [alert for row in stretch for alert in pipeline.take(row)]
            after = stretch[-1].id
    assert alerts == undisturbed.alerts
    assert history(pipeline) == undisturbed.history


@pytest.mark.parametrize("place", [1, 77, 40, 100][: sized(2, 4)])
def test_going_on_from_what_was_saved_equals_not_stopping(hill_ground, rows, undisturbed, place):
    first, alerts = run(hill_ground, rows[:place])
    done = first.take_history()
    second = Pipeline(hill_ground, checkpoint=first.save())
    alerts += [alert for row in rows[place:] for alert in second.take(row)]
    assert alerts == undisturbed.alerts
    assert second.save() == whole_after(hill_ground, rows, place).save()
    rest = second.take_history(final=True)
    assert done.sizes["estimate"] + rest.sizes["estimate"] == undisturbed.estimates


def test_the_tracker_knows_the_weather_of_the_settings_also_after_a_checkpoint(hill_ground: OpenSector) -> None:
    fog = Settings(weather="night,fog")
    clear, first = Pipeline(hill_ground), Pipeline(hill_ground, fog)
    again = Pipeline(hill_ground, fog, checkpoint=first.save())
    best = [pipeline._tracker.model.sensors["camera-west"].view.table[-1] for pipeline in (clear, first, again)]
    assert best[1] < best[0]
    assert best[2] == best[1]


def whole_after(ground: OpenSector, rows: list[JournalRow], place: int) -> Pipeline:
    """One that took its history at ``place`` and went on."""
    pipeline, _ = run(ground, rows[:place])
    pipeline.take_history()
    for row in rows[place:]:
        pipeline.take(row)
    return pipeline


@pytest.mark.parametrize("saved", [b"", b"x", b"\x80", bytes(100), msgspec.msgpack.encode({"tracker": 1})])
def test_what_is_no_checkpoint_is_refused(hill_ground, saved):
    with pytest.raises(
        CheckpointError,
        match="expected a checkpoint of this version; for an older store, replay its journal into a new one",
    ):
        Pipeline(hill_ground, checkpoint=saved)


def test_a_checkpoint_of_an_older_version_is_refused_with_the_remedy(hill_ground, rows):
    """Until the message catalogue, a stored alert held its sentence."""
    pipeline, _ = run(hill_ground, rows)
    saved = msgspec.msgpack.decode(pipeline.save())
    alerts = msgspec.json.decode(saved["alerts"])
    assert alerts["alerts"]
    for alert in alerts["alerts"].values():
        alert["sentence"] = alert.pop("message")["id"]
    old = msgspec.msgpack.encode(saved | {"alerts": msgspec.json.encode(alerts, order="sorted")})
    with pytest.raises(AlertStateError, match="for an older store, replay its journal into a new one"):
        Pipeline(hill_ground, checkpoint=old)


@pytest.mark.parametrize("name", RENAMED)
def test_a_setting_with_its_former_name_is_refused_with_the_new_one(hill_ground, name):
    with pytest.raises(ConfigError, match=f"'{name}' was renamed; expected '{RENAMED[name]}'"):
        Pipeline(hill_ground, Settings(alerts={name: 1.0}))
    assert RENAMED[name] in {field.name for field in fields(AlertSettings)}


def test_stored_keys_of_a_checkpoint_do_not_change(hill_ground):
    saved = run(hill_ground, [status_row("radar-mid", "maintenance", 1.0)])[0].save()
    memory = msgspec.msgpack.decode(saved)["memory"]
    assert memory["reported_state"] == {"radar-mid": ["maintenance", START_NS + SECOND, START_NS + 14_401 * SECOND]}, (
        "to its end"
    )
    assert memory["sensor_contexts"] == {}
    assert Pipeline(hill_ground, checkpoint=saved).save() == saved
    fault = msgspec.msgpack.decode(msgspec.msgpack.encode(Standing(Message("sensor-obscured"), 1, 2)))
    assert fault == {"condition": {"id": "sensor-obscured", "parameters": {}}, "since_ns": 1, "seen_ns": 2}


def test_a_cut_checkpoint_is_refused(hill_ground, rows):
    saved = run(hill_ground, rows[:30])[0].save()
    for length in (10, len(saved) // 2, len(saved) - 1):
        with pytest.raises(BadInput):
            Pipeline(hill_ground, checkpoint=saved[:length])


def silence(alerts: list[Alert]) -> list[str]:
    return [f"{alert.sensor} {alert.status}" for alert in alerts if alert.rule == "sensor_offline"]


def test_a_sensor_that_falls_silent_is_an_alert_and_one_that_says_so_is_not(hill_ground):
    """Heartbeats every 5 s are declared; silence is 2 × 5 s + 1 s (sensors.health)."""
    sensors = hill_ground.layout.ids
    beats = [status_row(sensor, "ok", at) for at in range(5) for sensor in sensors]
    lost = status_row("radar-mid", "lost", 6.0)
    planned = status_row("camera-west", "maintenance", 6.1)
    pipeline, alerts = run(hill_ground, [*beats, lost, planned])
    assert silence(alerts) == ["radar-mid active"], "a last will needs no waiting"
    quiet = [alert for at in (10, 14, 15.5) for alert in pipeline.take(tick_row(at))]
    assert silence(quiet) == ["ground-1 active"], "its last heartbeat was at 4 s"
    assert {sensor: found.state for sensor, found in pipeline.health.items()} == {
        "radar-mid": "offline",
        "ground-1": "offline",
        "camera-west": "maintenance",
    }


def test_an_offline_sensor_states_its_last_data_not_when_that_was_noticed(hill_ground):
    """Also after a stop that it announced, in place of the end of its four hours, and from an older checkpoint."""
    beats = [status_row(sensor, "ok", at) for at in range(5) for sensor in hill_ground.layout.ids]
    first, _ = run(hill_ground, [*beats, status_row("camera-west", "stopped", 10.0)])
    saved = msgspec.msgpack.decode(first.save())
    del saved["memory"]["last_data_ns"]
    pipeline = Pipeline(hill_ground, checkpoint=msgspec.msgpack.encode(saved))
    alerts = [alert for at in (15.5, 15_000.0) for alert in pipeline.take(tick_row(at))]
    offline = {alert.sensor: alert for alert in alerts if alert.rule == "sensor_offline"}
    for sensor, last_s in (("ground-1", 4.0), ("radar-mid", 4.0), ("camera-west", 10.0)):
        last = moment(START_NS + round(last_s * SECOND))
        assert (offline[sensor].observed_at, offline[sensor].message.parameters["since"]) == (last, last.isoformat())
    for lost in [alert for alert in alerts if alert.rule == "coverage_lost"]:
        assert lost.observed_at == offline[lost.sensor].observed_at
    assert pipeline.health["camera-west"].since_ns == START_NS + 15_000 * SECOND, "the state began when it was noticed"


def test_the_checkpoint_of_another_border_is_refused_with_the_remedy(hill_ground):
    """What is stored by segment would mean other places."""
    saved = run(hill_ground, [tick_row(1.0)])[0].save()
    border = hill_ground.border
    for other in (
        replace(border, segment_length_m=2 * border.segment_length_m),
        replace(border, home_side="left" if border.home_side == "right" else "right"),
        None,
    ):
        with pytest.raises(
            CheckpointError, match=r"another border.*stop Watchline, move store\.db .*away .*and start it"
        ):
            Pipeline(replace(hill_ground, border=other), checkpoint=saved)
    moved = replace(border, line=affinity.translate(border.line, 0.5, 0.5))  # as by another projection library
    assert Pipeline(replace(hill_ground, border=moved), checkpoint=saved)
    old = msgspec.msgpack.decode(saved)
    del old["memory"]["border"], old["memory"]["watched_ns"]
    assert Pipeline(hill_ground, checkpoint=msgspec.msgpack.encode(old)).save() == saved


def test_a_call_from_outside_the_projection_has_no_position_in_the_frame(hill_ground, monkeypatch):
    """Such as 0, 0 of a device without a fix, in a sector at 84° W."""
    frame = LocalFrame.around(-84.0, 36.0)
    ground = replace(hill_ground, layout=replace(hill_ground.layout, frame=frame), border=None)
    assert not math.isfinite(float(frame.to_local(0.0, 0.0)[0]))
    pipeline = Pipeline(hill_ground)
    monkeypatch.setattr(pipeline, "_ground", ground)
    body = msgspec.json.encode(Position("alpha", 1, 1, moment(START_NS), 0.0, 0.0, distress=True, note="help"))
    (alert,) = pipeline.take(
        JournalRow(1, "position", "alpha", 1, 1, START_NS, START_NS, None, "application/json", body, True)
    )
    assert (alert.rule, alert.easting, alert.northing, alert.segment) == ("distress", None, None, None)
    assert "lon" not in alert_dict(alert, hill_ground.frame)
    assert "0.00000, 0.00000" in str(alert)
    assert dict(Pipeline(hill_ground, checkpoint=pipeline.save()).alerts) == dict(pipeline.alerts)


def test_a_sensor_that_never_reported_has_no_data_since_the_beginning(hill_ground):
    pipeline, _ = run(hill_ground, [status_row("radar-mid", "ok", 1.0)])
    alerts = [alert for at in (30.0, 3000.0) for alert in pipeline.take(tick_row(at))]
    never = next(alert for alert in alerts if alert.sensor == "camera-west" and alert.rule == "sensor_offline")
    assert never.observed_at == moment(START_NS + SECOND)


def test_an_operators_word_changes_the_alert_and_a_wrong_one_is_counted(hill_ground, rows):
    pipeline, alerts = run(hill_ground, rows)
    target = next(alert for alert in alerts if pipeline.alerts[alert.id].status == "active")

    def order(seq: int, identity: str, action: Any) -> JournalRow:
        body = msgspec.json.encode(Reply("ops", 1, seq, moment(pipeline.now_ns), action, identity, "Officer", "seen"))
        at_ns = pipeline.now_ns
        return JournalRow(0, "action", "ops", 1, seq, at_ns, at_ns, None, "application/json", body, True)

    told = pipeline.take(order(1, target.id, "acknowledge"))
    assert [(alert.id, alert.status, alert.by) for alert in told if alert.id == target.id] == [
        (target.id, "acknowledged", "Officer")
    ]
    before = dict(pipeline.alerts)
    pipeline.take(order(2, "A-nobody", "acknowledge"))
    assert pipeline.tally["action: AlertActionError"] == 1
    assert dict(pipeline.alerts) == before
