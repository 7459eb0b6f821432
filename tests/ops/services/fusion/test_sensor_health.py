"""What a sensor's messages show of its health, through the pipeline: told once each way, and drawn as coverage lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.decode import encode, encode_status
from ingest.envelope import UNNUMBERED_BOOT
from ingest.wire import Status
from ops.journal.reader import JournalRow
from ops.room.night_file import SCENARIO_START
from ops.sector.open_sector import OpenSector
from ops.services.fusion.pipeline import Pipeline
from sensors.scan import Plot, Scan
from sensors.timestamps import nanoseconds

START_NS = nanoseconds(SCENARIO_START)
SECOND = 1_000_000_000
RADAR = "radar-mid"


class Night:
    """A pipeline fed second by second: every sensor sound, unless said otherwise."""

    def __init__(self, ground: OpenSector) -> None:
        self.pipeline, self.ground, self.at_s, self.seq = Pipeline(ground), ground, 0.0, 0
        self.alerts: list[tuple[str, str, str]] = []

    def run(self, seconds: int, scan: Callable[[int], dict[str, Any]] | None = None, **status: Any) -> None:
        """So many seconds in which the radar sends ``scan(i)`` (plots, how often, how far behind) and ``status``."""
        for _ in range(seconds):
            self.at_s += 1.0
            for sensor in self.ground.layout:
                if int(self.at_s) % 3 == 0:
                    self.take(self.status(sensor.id, **(status if sensor.id == RADAR else {})))
            said = {} if scan is None else scan(self.seq)
            for part in range(said.get("times", 1)):
                self.take(self.scan(said.get("plots", ()), said.get("behind_s", 0.0), part / said.get("times", 1)))
            self.take(JournalRow(0, "tick", "", None, None, self.ns(0), self.ns(0), None, "", b"", True))

    def ns(self, behind_s: float) -> int:
        return START_NS + round((self.at_s - behind_s) * SECOND)

    def moment(self, at_ns: int) -> datetime:
        return datetime.fromtimestamp(at_ns / 1e9, UTC)

    def status(self, sensor: str, **more: Any) -> JournalRow:
        self.seq += 1
        at_ns = self.ns(0)
        said = Status(sensor=sensor, boot=1, seq=self.seq, observed_at=self.moment(at_ns), **({"state": "ok"} | more))
        return JournalRow(
            0, "status", sensor, 1, self.seq, at_ns, at_ns, None, "application/json", encode_status(said), False
        )

    def scan(self, plots: tuple[Plot, ...], behind_s: float, part_s: float) -> JournalRow:
        self.seq += 1
        observed_ns = self.ns(behind_s) - round(part_s * SECOND)
        seen = Scan(RADAR, 1, self.seq, self.seq, self.moment(observed_ns), self.moment(observed_ns), "radar", plots)
        return JournalRow(
            0, "detections", RADAR, 1, self.seq, observed_ns, self.ns(0), None, "application/json", encode(seen), False
        )

    def take(self, row: JournalRow) -> None:
        self.alerts += [(a.rule, a.sensor or "", a.status) for a in self.pipeline.take(row)]

    def state(self) -> str:
        return self.pipeline.health[RADAR].state


@pytest.fixture
def night(hill_ground: OpenSector) -> Night:
    made = Night(hill_ground)
    made.run(8)
    assert made.state() == "ok"
    assert made.alerts == []
    return made


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[str], list[str]]:
    caplog.set_level(logging.WARNING)
    return lambda words: [m for m in caplog.messages if f"sensor {RADAR}" in m and words in m]


STUCK = (Plot(range_m=900.0, azimuth_deg=10.0),)
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "frozen_data": ({"plots": STUCK}, {}, "degraded"),
    "excessive_message_rate": ({"times": 8}, {}, "ok"),
    "clock_offset": ({"behind_s": -0.4}, {"time_source": "free"}, "ok"),
    "low_power": ({}, {"power": 0.1}, "ok"),
    "obscured": ({}, {"obscured": True}, "degraded"),
}


@pytest.mark.parametrize("fault", CASES)
def test_a_fault_is_found_told_once_each_way_and_blinds_where_it_blinds(
    night: Night, told: Callable[[str], list[str]], fault: str
) -> None:
    scan, status, state = CASES[fault]
    night.run(45, lambda _: scan, **status)
    assert fault in night.pipeline.faults[RADAR]
    if fault == "clock_offset":
        assert night.pipeline.faults[RADAR][fault].parameters["time_source"] == "free"
    assert night.state() == state, "what it sees cannot be relied on: its ground counts as unwatched"
    night.run(75)
    assert night.pipeline.faults.get(RADAR, {}) == {}
    assert night.state() == "ok"
    assert len(told(f": fault {fault} {{")) == 1
    assert len(told(f": fault {fault} has ended")) == 1
    faults = [(rule, how) for rule, sensor, how in night.alerts if sensor == RADAR and rule == "sensor_fault"]
    assert faults == [("sensor_fault", "active"), ("sensor_fault", "cleared")]


def test_a_heartbeat_of_a_sensor_that_does_not_detect_is_no_evidence(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is the first one after it: for part of its quiet time the sensor could not have been triggered."""
    taken: list[int] = []
    monkeypatch.setattr(night.pipeline._tracker, "heartbeat", lambda _, **said: taken.append(said["sequence"]))
    rows = [night.status("ground-1", obscured=obscured) for obscured in (False, True, True, False, False)]
    for row in rows:
        night.take(row)
    assert taken == [rows[0].seq, rows[4].seq]


def test_silence_is_told_once_each_way_after_twice_the_interval_and_a_second(
    night: Night, hill_ground: OpenSector, told: Callable[[str], list[str]]
) -> None:
    """Declared are 5 s, so 11 s."""
    interval = hill_ground.layout[RADAR].status_interval_s
    night.take(night.status(RADAR))
    quiet_from = night.at_s
    while night.state() != "offline":
        night.at_s += 0.5
        night.take(JournalRow(0, "tick", "", None, None, night.ns(0), night.ns(0), None, "", b"", True))
    assert 2 * interval + 1 < night.at_s - quiet_from <= 2 * interval + 2
    night.run(3)
    assert night.state() == "ok", "recovery shows at the first word"
    night.run(60)
    assert len(told(": offline, previously")) == 1
    assert len(told(": ok, previously offline")) == 1
    silent = [(rule, how) for rule, sensor, how in night.alerts if sensor == RADAR and rule == "sensor_offline"]
    assert silent == [("sensor_offline", "active"), ("sensor_offline", "cleared")]


def test_who_declares_a_second_is_missed_after_three(night: Night) -> None:
    """The declaration stands in its status messages; the layout says 5 s."""
    night.take(night.status(RADAR, status_interval_s=1.0))
    quiet_from = night.at_s
    while night.state() != "offline":
        night.at_s += 0.5
        night.take(JournalRow(0, "tick", "", None, None, night.ns(0), night.ns(0), None, "", b"", True))
    assert 3.0 < night.at_s - quiet_from <= 4.0


def test_planned_maintenance_is_no_silence_and_no_alert(night: Night) -> None:
    night.take(night.status(RADAR, state="maintenance"))
    for _ in range(60):
        night.at_s += 1.0
        night.take(JournalRow(0, "tick", "", None, None, night.ns(0), night.ns(0), None, "", b"", True))
    assert night.state() == "maintenance"
    assert [rule for rule, sensor, _ in night.alerts if sensor == RADAR and rule == "sensor_offline"] == []


def tick(night: Night) -> None:
    night.take(JournalRow(0, "tick", "", None, None, night.ns(0), night.ns(0), None, "", b"", True))


@pytest.mark.parametrize("state", ["maintenance", "stopped", "ok"])
def test_a_heartbeat_that_was_held_back_ends_no_silence_and_changes_nothing(night: Night, state: str) -> None:
    """An attacker keeps a signed heartbeat, silences the sensor, and delivers the heartbeat later."""
    held = night.status(RADAR, state=state, power=0.01)
    night.run(8)
    for _ in range(15):
        night.at_s += 1.0
        tick(night)
    assert night.state() == "offline"
    since, tally = night.pipeline.health[RADAR], night.pipeline.tally
    late = replace(held, received_ns=night.ns(0), closes_batch=True)
    night.take(late)
    night.at_s += 1.0
    tick(night)
    assert night.pipeline.health[RADAR] == since
    assert "low_power" not in night.pipeline.faults.get(RADAR, {})
    assert night.pipeline.tally == {**tally, "status: not the newest": 1}
    again = Pipeline(night.ground, checkpoint=night.pipeline.save())
    again.take(late)
    assert again.tally["status: not the newest"] == 2, "a checkpoint remembers the newest"
    night.run(3)
    assert night.state() == "ok", "its own next heartbeat is above the newest"


HOUR_S = 3600.0


def silence(night: Night) -> list[str]:
    return [how for rule, sensor, how in night.alerts if sensor == RADAR and rule == "sensor_offline"]


def cut_off(night: Night) -> None:
    """So long without a word of the radar that its silence is reported."""
    for _ in range(15):
        night.at_s += 1.0
        tick(night)
    assert night.state() == "offline"
    assert silence(night) == ["active"]


def deliver(night: Night, row: JournalRow, *, unnumbered: bool = False) -> None:
    """Received now, and a tick half a second later."""
    more: dict[str, Any] = {"boot": UNNUMBERED_BOOT} if unnumbered else {}
    night.take(replace(row, received_ns=night.ns(0), closes_batch=True, **more))
    night.at_s += 0.5
    tick(night)


@pytest.mark.parametrize("unnumbered", [False, True])
@pytest.mark.parametrize("after_s", [1.0, 12 * HOUR_S])
@pytest.mark.parametrize("state", ["maintenance", "stopped", "ok"])
def test_a_heartbeat_that_was_never_delivered_ends_no_silence_however_new_its_number(
    night: Night, state: str, after_s: float, unnumbered: bool
) -> None:
    """The last one that the sensor sent before it was cut off: above all that were delivered."""
    night.at_s += 1.0
    held = night.status(RADAR, state=state)
    cut_off(night)
    night.at_s += after_s
    deliver(night, held, unnumbered=unnumbered)
    assert night.state() == "offline"
    assert silence(night) == ["active"]
    night.run(3)
    assert night.state() == "ok", "its own next heartbeat"


def test_held_heartbeats_that_are_released_at_their_interval_keep_no_sensor_online(night: Night) -> None:
    """One in five seconds, for ten minutes. What comes late is not passed over: clock or link are behind."""
    held = []
    for _ in range(120):
        night.at_s += 5.0
        held.append(night.status(RADAR))
        tick(night)
    assert silence(night) == ["active"]
    for row in held:
        night.at_s += 4.5
        deliver(night, row)
        assert night.state() == "offline"
    assert silence(night) == ["active"]
    fault = night.pipeline.faults[RADAR]["clock_offset"]
    assert fault.id == "sensor-clock-behind"
    assert float(fault.parameters["offset_s"]) > 590.0


@pytest.mark.parametrize(("beyond_s", "state"), [(-0.1, "ok"), (0.1, "offline")])
def test_a_heartbeat_shows_the_present_up_to_the_silence_limit(night: Night, beyond_s: float, state: str) -> None:
    """Twice the 5 s of the layout, and 1 s, and the latency that the layout states."""
    cut_off(night)
    row = night.status(RADAR)
    night.at_s += 11.0 + night.ground.layout[RADAR].latency_s + beyond_s
    deliver(night, row)
    assert night.state() == state


def test_a_stated_latency_of_the_link_is_no_delay(hill_ground: OpenSector) -> None:
    """As by satellite: every heartbeat comes 20 s after it was sent."""
    layout = hill_ground.layout
    sensors = tuple(replace(one, latency_s=20.0) if one.id == RADAR else one for one in layout.sensors)
    night = Night(replace(hill_ground, layout=replace(layout, sensors=sensors)))
    for _ in range(8):
        night.at_s += 5.0
        row = night.status(RADAR)
        deliver(night, replace(row, observed_ns=night.ns(20.0)))
    assert night.state() == "ok"


def test_what_waited_at_the_broker_for_the_link_counts_with_the_first_that_is_new(night: Night) -> None:
    waited = []
    cut_off(night)
    for _ in range(20):
        night.at_s += 3.0
        waited.append(night.status(RADAR))
    night.at_s += 12.0
    for row in waited:
        deliver(night, row)
    assert night.state() == "offline"
    deliver(night, night.status(RADAR))
    assert night.state() == "ok"
    assert silence(night) == ["active"], "cleared half a minute later"


def test_a_sensor_with_a_slow_clock_that_sends_scans_is_online_with_a_fault(night: Night) -> None:
    """Two hours: its detections are history, which the fault says; what it states of itself counts all the same."""
    slow_s = 2 * HOUR_S

    def second(obscured: bool) -> None:
        night.at_s += 1.0
        night.take(night.scan((), slow_s, 0.0))
        late = night.status(RADAR, obscured=obscured)
        deliver(night, replace(late, observed_ns=night.ns(slow_s)))

    for _ in range(40):
        second(obscured=False)
    assert night.state() == "ok"
    assert night.pipeline.faults[RADAR]["clock_offset"].parameters["offset_s"] == pytest.approx(slow_s, abs=1.0)
    second(obscured=True)
    second(obscured=True)
    assert night.state() == "degraded"
    assert silence(night) == []


def test_maintenance_of_a_sensor_with_a_slow_clock_is_no_outage(night: Night) -> None:
    def second(state: str) -> None:
        night.at_s += 1.0
        if state == "ok":
            night.take(night.scan((), 300.0, 0.0))
        deliver(night, replace(night.status(RADAR, state=state), observed_ns=night.ns(300.0)))

    for _ in range(40):
        second("ok")
    for _ in range(40):
        second("maintenance")
    assert night.state() == "maintenance"
    assert silence(night) == []


def test_a_stop_that_was_announced_while_watchline_did_not_run_is_known_after_it(night: Night) -> None:
    """Retained at the broker. It ends four hours after it was announced, not after it was received."""
    saved = night.pipeline.save()
    for pipeline in (Pipeline(night.ground, checkpoint=saved), Pipeline(night.ground)):
        night.pipeline = pipeline
        night.at_s, night.alerts = 308.0, []
        stopped = night.status(RADAR, state="stopped")
        night.at_s = 608.0
        tick(night)
        deliver(night, stopped)
        for _ in range(60):
            night.at_s += 1.0
            tick(night)
        assert night.state() == "maintenance"
        assert silence(night) == []
        night.at_s = 308.0 + 4 * HOUR_S - 1.0
        tick(night)
        assert night.state() == "maintenance"
        night.at_s += 1.0
        tick(night)
        assert night.state() == "offline"
        assert silence(night) == ["active"]


def test_a_stop_from_before_the_newest_data_is_not_believed_late(night: Night) -> None:
    """Its heartbeats are held back and its scans are not; then it is cut off, and the announcement is delivered."""
    held = night.status(RADAR, state="maintenance")
    for _ in range(60):
        night.at_s += 1.0
        night.take(night.scan((), 0.0, 0.0))
        tick(night)
    deliver(night, held)
    assert night.state() == "ok"
    cut_off(night)


def test_maintenance_ends_four_hours_after_it_was_stated_although_it_came_late(night: Night) -> None:
    row = night.status(RADAR, state="maintenance")
    stated_s = night.at_s
    night.at_s += 10.0
    deliver(night, row)
    assert night.state() == "maintenance"
    for at_s, expected in ((stated_s + 4 * HOUR_S - 0.5, "maintenance"), (stated_s + 4 * HOUR_S, "offline")):
        night.at_s = at_s
        tick(night)
        assert night.state() == expected


def test_a_last_will_of_a_long_connection_is_not_late(night: Night) -> None:
    will = night.status(RADAR, state="lost")
    night.run(90)
    deliver(night, will)
    assert night.state() == "offline"


def test_a_last_will_is_taken_at_its_boot_and_not_after_a_restart(night: Night) -> None:
    """The will has the number of the start of the connection, below the heartbeats that followed."""
    will, restarted = night.status(RADAR, state="lost"), night.status(RADAR)
    night.run(8)
    night.take(replace(will, received_ns=night.ns(0), closes_batch=True))
    assert night.state() == "offline"
    status = Status(sensor=RADAR, boot=2, seq=1, observed_at=night.moment(night.ns(0)), state="ok")
    night.take(replace(restarted, boot=2, seq=1, body=encode_status(status), received_ns=night.ns(0)))
    night.at_s += 1.0
    tick(night)
    assert night.state() == "ok"
    night.take(replace(will, seq=will.seq, received_ns=night.ns(0), closes_batch=True))
    assert night.state() == "ok"


def test_a_new_key_may_count_from_one(night: Night) -> None:
    """After `broker config --renew` the new box has its own numbers; ingest refuses the old key."""
    night.run(6)
    for _ in range(15):
        night.at_s += 1.0
        tick(night)
    assert night.state() == "offline"
    row = night.status(RADAR)
    night.take(replace(row, boot=1, seq=1, signer="another", closes_batch=True))
    night.at_s += 1.0
    tick(night)
    assert night.state() == "ok"


@pytest.mark.parametrize("state", ["maintenance", "stopped"])
def test_announced_maintenance_ends_after_four_hours_without_a_word(night: Night, state: str) -> None:
    night.take(night.status(RADAR, state=state))
    stopped_s = night.at_s
    for hours, expected in ((3.9, "maintenance"), (4.0, "offline")):
        night.at_s = stopped_s + hours * 3600.0
        tick(night)
        assert night.state() == expected
    silent = [how for rule, sensor, how in night.alerts if sensor == RADAR and rule == "sensor_offline"]
    assert silent == ["active"]


def test_ten_minutes_of_healthy_jitter_is_no_fault(hill_ground: OpenSector) -> None:
    night = Night(hill_ground)
    night.run(600, lambda n: {"plots": (Plot(range_m=900.0 + n % 7, azimuth_deg=10.0),), "behind_s": 0.1 * (n % 4)})
    assert night.pipeline.faults.get(RADAR, {}) == {}
    assert [alert for alert in night.alerts if alert[0] in ("sensor_fault", "sensor_offline")] == []


def test_a_silence_is_reported_at_the_first_tick_after_its_limit(night: Night) -> None:
    """However shortly before that tick the states were evaluated last."""
    interval_s = night.ground.layout[RADAR].status_interval_s
    limit_s = 2 * interval_s + 1.0
    night.take(night.status(RADAR))
    night.at_s += 4.0
    tick(night)
    night.at_s += limit_s - 4.2
    night.take(replace(night.status("camera-west"), closes_batch=True))
    assert night.state() == "ok"
    night.at_s += 0.3
    tick(night)
    assert night.state() == "offline"


def test_after_a_pause_of_the_room_only_a_sensor_that_stays_away_is_reported(night: Night) -> None:
    """As after an update of ten minutes: the sensors were there, and Watchline was not."""
    night.pipeline = Pipeline(night.ground, checkpoint=night.pipeline.save())
    night.at_s += 600.0
    tick(night)
    assert night.alerts == [], "no sensor can have sent anything to it"
    back_s, interval_s = night.at_s, night.ground.layout["camera-west"].status_interval_s
    while night.pipeline.health["camera-west"].state == "ok":
        night.at_s += 1.0
        for sensor in (RADAR, "ground-1"):
            night.take(night.status(sensor))
        tick(night)
    assert 30.0 + 2 * interval_s + 1.0 < night.at_s - back_s <= 30.0 + 2 * interval_s + 2.0
    assert ("sensor_offline", "camera-west", "active") in night.alerts
    assert {sensor for _, sensor, _ in night.alerts} == {"camera-west"}
    silent = next(one for one in night.pipeline.alerts.values() if one.rule == "sensor_offline")
    assert silent.observed_at == night.moment(START_NS + 6 * SECOND), "its last data came before the pause"
