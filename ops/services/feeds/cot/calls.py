"""Distress calls of devices: which are repetitions, and whether the operations centre has them.

A call is on disk at once, but at the operations centre only when fusion has raised its alert. Until then its device
gets a line that advises the radio.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from geo.errors import WatchlineError
from ingest.receiving.plausibility import distance_and_azimuth
from ingest.unit_messages import Position
from ops.services.feeds.cot.answers import TakDevice
from ops.services.feeds.feed import DISTRESS
from ops.store.incidents import IncidentReader

CALL_EVERY_S: Final = 10.0
"""TAK repeats a distress call; repetitions by one device within this time are left out."""
LEAST_APART_S: Final = 2.0
"""Of the calls of a device with one text, one within this time is passed on, and the first one with a position."""
UNKNOWN_SD_M: Final = 50.0
"""Error of a position that states none, by which two positions are compared."""
WARN_AFTER_S: Final = 10.0
"""The device of a call that has not reached the operations centre within this time is notified."""
WARN_EVERY_S: Final = 60.0
"""A device that calls again so long after the first call that waits is notified again."""
WAIT_S: Final = 3600.0
"""How long after a call its device is notified that it arrived."""


class DeviceCall(NamedTuple):
    """A distress call of a device over a server; ``place`` None: without a position."""

    server: str
    device: TakDevice
    note: str
    place: Position | None


@dataclass(slots=True)
class WaitingCall:
    """Calls of a device of which none is known to be at the operations centre.

    ``call``: the newest of them. ``first``, ``newest``: numbers in the spool; a full spool may have dropped the first.
    ``since_s``: since when the device waits for a line [monotonic s]. ``row``: row of the journal that fusion must have
    reached, once the journal has one of the calls. ``arrived``: whatever becomes of the incident afterwards.
    """

    call: DeviceCall
    first: tuple[int, int]
    newest: tuple[int, int]
    since_s: float
    warned: bool = False
    row: int | None = None
    arrived: bool = False


class _Incident(msgspec.Struct):
    priority: str
    alerts: list[str]


class _Alert(msgspec.Struct):
    rule: str
    unit: str | None = None


class CallLine(NamedTuple):
    """A line for a device that called: its message in the catalogue."""

    message: str
    waiting: WaitingCall


class DistressCalls:
    """The calls of the last seconds and those that wait, for any number of threads.

    ``settled``: number of the journal's last row once the journal has the call of a unit with this number
    (``UnitSpool``). ``store``: what fusion has made of the journal, which the operations centre sees.
    """

    def __init__(self, settled: Callable[[str, tuple[int, int]], int | None], store: IncidentReader) -> None:
        self._settled, self._store = settled, store
        self._last: dict[str, tuple[DeviceCall, float]] = {}
        self._waiting: dict[str, WaitingCall] = {}
        self._failed_s: dict[str, float] = {}
        self._lock = threading.Lock()

    def is_repetition(self, call: DeviceCall, now_s: float) -> bool:
        """Whether the device has just sent this call: with the same text, and where it was, or too soon after it."""
        with self._lock:
            last, last_s = self._last.get(call.device.uid, (None, 0.0))
        if last is None or now_s - last_s >= CALL_EVERY_S or call.note != last.note:
            return False
        if call.place is None or last.place is None:
            return call.place is None
        apart_m, _ = distance_and_azimuth(last.place.lon, last.place.lat, call.place.lon, call.place.lat)
        sds_m = (one.position_sd_m or UNKNOWN_SD_M for one in (last.place, call.place))
        return now_s - last_s < LEAST_APART_S or apart_m <= sum(sds_m)

    def sent(self, call: DeviceCall, key: tuple[int, int], now_s: float) -> None:
        """Note a call that is on disk."""
        uid = call.device.uid
        with self._lock:
            self._last = {name: one for name, one in self._last.items() if now_s - one[1] < CALL_EVERY_S}
            self._last[uid] = call, now_s
            waiting = self._waiting.get(uid)
            if waiting is None or waiting.arrived:
                waiting = self._waiting[uid] = WaitingCall(call, key, key, now_s)
            waiting.call, waiting.newest = call, key
            if now_s - waiting.since_s >= WARN_EVERY_S:
                waiting.since_s, waiting.warned = now_s, False

    def failed(self, device: TakDevice, now_s: float) -> bool:
        """Note a call that could not be stored; whether its device is to be notified now."""
        with self._lock:
            self._failed_s = {uid: at_s for uid, at_s in self._failed_s.items() if now_s - at_s < CALL_EVERY_S}
            if device.uid in self._failed_s:
                return False
            self._failed_s[device.uid] = now_s
            return True

    def take(self, now_s: float) -> list[CallLine]:
        """The lines that are due, each once, and again after ``put_back``: that a call is at the operations centre, or
        that it is not yet."""
        lines = []
        with self._lock:
            self._waiting = {uid: one for uid, one in self._waiting.items() if now_s - one.since_s < WAIT_S}
            waiting = list(self._waiting.items())
        for uid, one in waiting:
            one.arrived = one.arrived or self._has_arrived(one)
            if one.arrived:
                with self._lock:
                    if self._waiting.get(uid) is one:  # no later call has taken its place
                        del self._waiting[uid]
                lines.append(CallLine("tak-distress-heard", one))
            elif not one.warned and now_s - one.since_s >= WARN_AFTER_S:
                one.warned = True
                lines.append(CallLine("tak-distress-waiting", one))
        return lines

    def put_back(self, line: CallLine) -> None:
        """Send a line again that its server did not get."""
        with self._lock:
            if line.message == "tak-distress-heard":
                self._waiting.setdefault(line.waiting.call.device.uid, line.waiting)
            else:
                line.waiting.warned = False

    def _has_arrived(self, waiting: WaitingCall) -> bool:
        """Whether fusion has applied a call, and an incident with the unit's calls is open."""
        unit = waiting.call.device.unit
        try:
            for key in {waiting.first, waiting.newest}:
                if waiting.row is None:  # once: the end of the journal moves on
                    waiting.row = self._settled(unit, key)
            if waiting.row is None or self._store.progress().cursor < waiting.row:
                return False
            return any(self._has_call(row.body, unit) for row in self._store.incidents(closed=False)[1])
        except WatchlineError:
            return False

    def _has_call(self, body: bytes, unit: str) -> bool:
        """Whether an incident has an alert of a unit's calls, also one that a merge brought."""
        incident = msgspec.json.decode(body, type=_Incident)
        if incident.priority != DISTRESS:
            return False
        alerts = (found for one in incident.alerts if (found := self._store.alert(one)) is not None)
        return any(msgspec.json.decode(alert, type=_Alert) == _Alert(DISTRESS, unit) for _, _, alert in alerts)
