"""Sensors in the pipeline: what they report and what is heard of them, their faults, mutes and maintenance, and from
these their health."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from fusion.tracker import Tracker
from geo.errors import BadInput
from geo.message import Message
from ingest.envelope import UNNUMBERED_BOOT
from ingest.wire import Status
from ops.journal.events import (
    CLOCK,
    DISK,
    MUTE,
    QUARANTINE,
    REFUSAL,
    REVOCATION,
    ClockJump,
    CutOff,
    DiskState,
    Mute,
    Refusal,
    Revocation,
)
from ops.journal.reader import JournalRow
from ops.sector.settings import Maintenance
from ops.services.fusion.checkpoint import HealthNow, Memory
from ops.services.fusion.memory.mutes import note_heard, note_mute, state_of
from ops.services.fusion.memory.quarantine import note_cut_off, quarantine_faults, refusal_faults
from sensors.health.liveness import SensorStatus, health, silent_after_s
from sensors.layout import Layout
from sensors.timestamps import HOUR_NS, SECOND_NS, nanoseconds, utc_datetime

log = logging.getLogger(__name__)

HEALTH_EVERY_NS: Final = 500_000_000
"""Interval in journal time between health evaluations; a tick and a change of a sensor's reported state trigger one at
once, so that a silence is reported at the first tick after its limit."""
ANNOUNCED_STOP_NS: Final = 4 * HOUR_NS
"""Time after the last message in which a sensor stated maintenance or its stop, by the time in that message, from which
it counts as offline. A longer stop is planned in the settings (``[[maintenance]]``), with its end."""
SENDS_NOTHING: Final = ("offline", "maintenance", "muted")
"""States in which the age of a position is no fault: the sensor states none because it sends nothing."""


class SensorDesk:
    """The state of the sensors in the memory of the pipeline, and their health.

    ``start_grace_ns``: time after the start, or after a pause of ingest, in which no sensor counts as silent.
    """

    def __init__(
        self,
        memory: Memory,
        layout: Layout,
        tracker: Tracker,
        *,
        start_grace_ns: int,
        maintenance: Sequence[Maintenance],
    ) -> None:
        for stop in maintenance:
            if stop.sensor not in layout:
                raise BadInput(
                    f"no sensor {stop.sensor!r}", where="settings [[maintenance]]", expected="a sensor of the layout"
                )
        self._memory, self._layout, self._tracker = memory, layout, tracker
        self._start_grace_ns, self._maintenance = start_grace_ns, maintenance

    def health(self) -> Mapping[str, HealthNow]:
        """Health state of each evaluated sensor, by id."""
        memory = self._memory
        ends = {sensor: one.over_ns(memory.now_ns) or one.until_ns for sensor, one in memory.mutes.items()}
        return {
            sensor: HealthNow(state, since_ns, ends.get(sensor), memory.last_data_ns.get(sensor))
            for sensor, (state, since_ns) in memory.health.items()
        }

    def faults(self) -> Mapping[str, Mapping[str, Message]]:
        """Faults by sensor and fault name, of sensors that send data, are quarantined or refused."""
        memory = self._memory
        described = {sensor: dict(faults) for sensor, faults in memory.faults.reported().items()}
        for sensor, of_pose in self._tracker.pose_faults(memory.now_ns).items():
            state, _ = memory.health.get(sensor, ("", 0))
            found = {
                name: one for name, one in of_pose.items() if name != "unknown_position" or state not in SENDS_NOTHING
            }
            if found:
                described[sensor] = described.get(sensor, {}) | found
        quarantined = quarantine_faults(memory.held, memory.now_ns)
        refused = refusal_faults(memory.refusals, memory.refused_ahead_s, memory.now_ns)
        for source, faults in (*quarantined.items(), *refused.items()):
            if source in self._layout:
                described[source] = described.get(source, {}) | faults
        return described

    def heard(self, row: JournalRow) -> None:
        """Note that a sensor sends; names outside the layout would fill the memory."""
        memory = self._memory
        if row.sensor in self._layout:
            memory.heard_ns[row.sensor] = max(row.received_ns, memory.heard_ns.get(row.sensor, 0))
            note_heard(memory.mutes, row.sensor, memory.now_ns)

    def is_old(self, row: JournalRow, status: Status) -> bool:
        """Whether a status is not above the newest of its sensor and key, because it was delayed.

        A last will is composed when the connection begins, so it need only be of the newest boot. Messages that their
        sender did not number, which are not signed either, are never old.
        """
        if row.boot is None or row.seq is None or row.boot == UNNUMBERED_BOOT:
            return False
        newest = self._memory.newest_status.setdefault(row.sensor, {})
        known = newest.get(row.signer, (0, 0))
        newest[row.signer] = max(known, (row.boot, row.seq))
        return row.boot < known[0] if status.state == "lost" else (row.boot, row.seq) <= known

    def take_status(self, row: JournalRow, status: Status) -> bool:
        """Take the state that a sensor reports; return whether it detects, and had done so since its last heartbeat.

        A status that is older at receipt than the silence limit of its sensor was delayed, possibly on purpose, or its
        clock is slow. It counts at its own time: it does not show that the sensor sends now, and ends no silence.
        """
        memory = self._memory
        blind = status.obscured or memory.faults.obscured(row.sensor)
        memory.faults.take_status(status, row.received_ns, row.observed_ns)
        oldest_ns = row.received_ns - self._patience_ns(row.sensor)
        at_ns = row.received_ns if row.observed_ns >= oldest_ns else row.observed_ns
        state: Literal["online", "maintenance", "offline"] = "online"
        until_ns = None
        if status.state in ("maintenance", "stopped"):  # the sensor announced it, so it is planned
            if at_ns < row.received_ns and not self._may_have_stopped(row.sensor, at_ns):
                return False
            state, until_ns = "maintenance", min(row.observed_ns, row.received_ns) + ANNOUNCED_STOP_NS
        elif status.state == "lost":  # composed when the connection began
            state, at_ns = "offline", row.received_ns
        elif at_ns == row.received_ns:
            self.heard(row)
        before = memory.reported_state.get(row.sensor)
        if before is None or before[0] != state:
            memory.health_due_ns = 0
        memory.reported_state[row.sensor] = (state, at_ns, until_ns)
        return state == "online" and not blind

    def _patience_ns(self, sensor: str) -> int:
        """Age at receipt up to which a status shows the present: the silence limit, and the stated delay of reports."""
        placed, signs = self._layout[sensor], self._memory.faults.signs.get(sensor)
        limit_s = silent_after_s(placed, None if signs is None else signs.interval_s)
        return round((limit_s + placed.latency_s + placed.delay_s) * SECOND_NS)

    def _may_have_stopped(self, sensor: str, at_ns: int) -> bool:
        """Whether a stop that was announced at this time, and received late, explains that nothing came since: as of a
        sensor that stopped while Watchline did not run, or whose clock is slow, as the least delay of its messages
        shows. A silence that was reported already stays one."""
        state, _ = self._memory.health.get(sensor, ("", 0))
        signs = self._memory.faults.signs.get(sensor)
        slow_s = max(min(signs.behind_s, default=0.0), 0.0) if signs is not None else 0.0
        stopped_ns = at_ns + round(slow_s * SECOND_NS) + self._patience_ns(sensor)
        return state != "offline" and self._memory.heard_ns.get(sensor, 0) <= stopped_ns

    def take_event(self, row: JournalRow) -> None:
        """Process a tick, an event of ingest, or what a person did to a sensor; other rows change nothing here."""
        memory, decode = self._memory, msgspec.json.decode
        if row.kind == "tick":
            memory.health_due_ns = 0
        elif row.kind == QUARANTINE:
            note_cut_off(memory.held, row.sensor, decode(row.body, type=CutOff), row.received_ns)
        elif row.kind == REFUSAL:
            if row.sensor in self._layout:
                refusal = decode(row.body, type=Refusal)
                memory.refusals.setdefault(row.sensor, {})[refusal.code] = row.received_ns
                if refusal.ahead_s is not None:
                    memory.refused_ahead_s[row.sensor] = refusal.ahead_s
        elif row.kind == DISK:
            memory.ingest["disk_full"] = int(decode(row.body, type=DiskState).full)
        elif row.kind == CLOCK:
            if decode(row.body, type=ClockJump).taken:  # what was dated ahead was due to Watchline's own clock
                memory.refusals = {
                    sensor: {code: at_ns for code, at_ns in reasons.items() if code != "future"}
                    for sensor, reasons in memory.refusals.items()
                }
            else:
                memory.ingest["clock_jumps"] = memory.ingest.get("clock_jumps", 0) + 1
        elif row.kind == REVOCATION:
            self._take_revocation(row)
        elif row.kind == MUTE and row.sensor in self._layout:  # others would fill the memory
            note_mute(memory.mutes, row.sensor, decode(row.body, type=Mute), row.received_ns)
            memory.health_due_ns = 0

    def judge(self) -> None:
        """Evaluate the health of all sensors, if it is due."""
        memory = self._memory
        if memory.now_ns < memory.health_due_ns:
            return
        memory.health_due_ns = memory.now_ns + HEALTH_EVERY_NS
        reported = {
            sensor: SensorStatus(sensor, utc_datetime(at_ns), state, None if until is None else utc_datetime(until))
            for sensor, (state, at_ns, until) in memory.reported_state.items()
        }
        reported |= self._planned()
        heard = {sensor: utc_datetime(at_ns) for sensor, at_ns in memory.heard_ns.items()}
        now, since = utc_datetime(memory.now_ns), utc_datetime(memory.since_ns + self._start_grace_ns)
        memory.faults.learn_biases(self._tracker.registration, memory.now_ns)
        memory.faults.judge(self._layout, memory.now_ns)
        declared_s = memory.faults.declared_s()
        states = health(reported, heard, now, self._layout, watching_since=since, declared_s=declared_s)
        lost = {sensor for sensor, there in self._tracker.viewpoints(memory.now_ns).items() if there is None}
        for sensor, evaluated in states.items():
            patience_s = silent_after_s(self._layout[sensor], declared_s.get(sensor))
            state = state_of(evaluated.state, memory.mutes.get(sensor), memory.now_ns, patience_s)
            blind = memory.faults.blind(sensor) or sensor in lost
            state = "degraded" if state == "ok" and blind else state
            before = memory.health.get(sensor)
            if before is not None and before[0] in ("ok", "degraded") and state == "offline":
                stated = sensor in reported and reported[sensor].state == "offline"
                listened_ns = memory.now_ns - memory.watched_ns - self._start_grace_ns
                if not stated and listened_ns <= patience_s * 1e9:
                    state = before[0]  # it may have sent while ingest was stopped
            if before is None or before[0] != state:
                if before is not None or state == "offline":
                    log.warning("sensor %s: %s, previously %s", sensor, state, before[0] if before else "no_data")
                memory.health[sensor] = (state, memory.now_ns)
                memory.last_data_ns.pop(sensor, None)
                if state == "offline":
                    known = sensor in heard or sensor in reported
                    memory.last_data_ns[sensor] = nanoseconds(evaluated.since) if known else memory.since_ns

    def _take_revocation(self, row: JournalRow) -> None:
        """Process a revocation: the sensor is offline at once, and its earlier reports are doubtful."""
        memory = self._memory
        if msgspec.json.decode(row.body, type=Revocation).revoked:
            memory.revoked[row.sensor] = row.received_ns
            memory.reported_state[row.sensor] = ("offline", row.received_ns, None)
        else:
            memory.revoked.pop(row.sensor, None)

    def _planned(self) -> dict[str, SensorStatus]:
        """Sensors that are in planned maintenance at present, according to the settings."""
        now = utc_datetime(self._memory.now_ns)
        return {
            stop.sensor: SensorStatus(stop.sensor, stop.start, "maintenance", stop.until)
            for stop in self._maintenance
            if stop.start <= now < stop.until
        }
