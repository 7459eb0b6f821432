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
    """The newest call of a device that is not known to be at the operations centre; ``key``: its number in the spool.
    ``since_s``: when the first of them was sent [monotonic s]."""

    call: DeviceCall
    key: tuple[int, int]
    since_s: float
    warned: bool = False


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
        self._lock = threading.Lock()

    def is_repetition(self, call: DeviceCall, now_s: float) -> bool:
        """Whether the device has just sent this call, with the same text and no other position."""
        with self._lock:
            last, last_s = self._last.get(call.device.uid, (None, 0.0))
        if last is None or now_s - last_s >= CALL_EVERY_S or call.note != last.note:
            return False
        if call.place is None or last.place is None:
            return call.place is None
        apart_m, _ = distance_and_azimuth(last.place.lon, last.place.lat, call.place.lon, call.place.lat)
        return apart_m <= (last.place.position_sd_m or 0.0) + (call.place.position_sd_m or 0.0)

    def sent(self, call: DeviceCall, key: tuple[int, int], now_s: float) -> None:
        """Note a call that is on disk."""
        uid = call.device.uid
        with self._lock:
            self._last = {name: one for name, one in self._last.items() if now_s - one[1] < CALL_EVERY_S}
            self._last[uid] = call, now_s
            earlier = self._waiting.get(uid)
            if earlier is None or now_s - earlier.since_s >= WARN_EVERY_S:
                self._waiting[uid] = WaitingCall(call, key, now_s)
            else:
                self._waiting[uid] = WaitingCall(call, key, earlier.since_s, earlier.warned)

    def take(self, now_s: float) -> list[CallLine]:
        """The lines that are due, each once, and again after ``put_back``: that a call is at the operations centre, or
        that it is not yet."""
        lines = []
        with self._lock:
            self._waiting = {uid: one for uid, one in self._waiting.items() if now_s - one.since_s < WAIT_S}
            waiting = list(self._waiting.items())
        for uid, one in waiting:
            if self._has_arrived(one):
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
            waiting = self._waiting.setdefault(line.waiting.call.device.uid, line.waiting)
            if line.message == "tak-distress-waiting":
                waiting.warned = False

    def _has_arrived(self, waiting: WaitingCall) -> bool:
        """Whether fusion has applied the call, and the incident of its unit is open."""
        unit = waiting.call.device.unit
        try:
            number = self._settled(unit, waiting.key)
            if number is None or self._store.progress().cursor < number:
                return False
            _, rows = self._store.incidents(closed=False)
        except WatchlineError:
            return False
        bodies = (msgspec.json.decode(row.body) for row in rows)
        return any((one["kind"], one["calling_unit"]) == (DISTRESS, unit) for one in bodies)
