"""What fusion remembers after Watchline's clock was set back: no time that lies ahead of the corrected clock.

A clock that was ahead has left times that come only later. Until then, what bears them would count as new: a sensor as
heard, an alert as just revised, an incident as just opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from fusion.alerts import AlertState
from fusion.alerts.expected_traffic import Traffic
from ops.services.fusion.checkpoint import Memory
from sensors.timestamps import HOUR_NS, SECOND_NS, utc_datetime

SET_BACK_NS: Final = SECOND_NS
"""A tick that is more than this before the latest time of receipt shows that the clock was set back."""
_Key = TypeVar("_Key")


def limit_times(memory: Memory, state: AlertState, now_ns: int) -> AlertState:
    """Limit times of the past in ``memory``, in place, and in ``state``, which is returned, to ``now_ns``."""
    at, ahead_ns = utc_datetime(now_ns), memory.now_ns - now_ns
    for mute in memory.mutes.values():  # one that lasts ends when ingest journals its end
        over_ns = mute.over_ns(memory.now_ns)
        mute.since_ns = min(mute.since_ns, now_ns)
        mute.ended_ns = None if over_ns is None else min(over_ns, now_ns)
    memory.now_ns, memory.since_ns, memory.health_due_ns = now_ns, min(memory.since_ns, now_ns), 0
    memory.watched_ns = min(memory.watched_ns, now_ns)
    memory.heard_ns, memory.last_data_ns = _until(memory.heard_ns, now_ns), _until(memory.last_data_ns, now_ns)
    memory.revoked = _until(memory.revoked, now_ns)
    for device in memory.devices.values():
        device.heard_ns, device.called_ns = min(device.heard_ns, now_ns), min(device.called_ns, now_ns)
        device.ended_ns, device.placed_ns = min(device.ended_ns, now_ns), min(device.placed_ns, now_ns)
        device.received_ns, device.fixed_ns = min(device.received_ns, now_ns), min(device.fixed_ns, now_ns)
    memory.refusals = {sensor: _until(reasons, now_ns) for sensor, reasons in memory.refusals.items()}
    memory.health = {sensor: (name, min(since_ns, now_ns)) for sensor, (name, since_ns) in memory.health.items()}
    memory.reported_state = {
        sensor: (name, at_ns, until_ns) if at_ns <= now_ns else (name, now_ns, until_ns and until_ns - (at_ns - now_ns))
        for sensor, (name, at_ns, until_ns) in memory.reported_state.items()
    }
    for cut_off in memory.held.values():
        cut_off.until_ns = _end_without(ahead_ns, cut_off.until_ns, now_ns)
    memory.forces.set_back(now_ns)
    memory.faults.set_back(now_ns)
    book = memory.incidents
    book.forget_ns, book.outages = 0, _until(book.outages, now_ns)
    book.incidents = {name: _with_times_until(one, at) for name, one in book.incidents.items()}
    for name, one in book.incidents.items():
        if (last := one.undoable) is not None:
            until_ns = _end_without(ahead_ns, last.until_ns, now_ns)
            book.incidents[name] = replace(one, undoable=replace(last, until_ns=until_ns))
    traffic = state.traffic
    if traffic.hour_ns > now_ns - now_ns % HOUR_NS:  # an hour that has not begun
        traffic = Traffic(learned=traffic.learned, open=traffic.open)
    return replace(
        state,
        alerts={name: _with_times_until(one, at) for name, one in state.alerts.items()},
        sensors={
            sensor: one if one.recovered_ns is None else replace(one, recovered_ns=min(one.recovered_ns, now_ns))
            for sensor, one in state.sensors.items()
        },
        groups=tuple(
            replace(one, since_ns=min(one.since_ns, now_ns), seen_ns=min(one.seen_ns, now_ns)) for one in state.groups
        ),
        held_calls={
            name: replace(one, observed_ns=min(one.observed_ns, now_ns), placed_ns=min(one.placed_ns, now_ns))
            for name, one in state.held_calls.items()
        },
        ended=tuple(replace(one, at_ns=min(one.at_ns, now_ns)) for one in state.ended),
        begun_ns=min(state.begun_ns, now_ns),
        nuisance=replace(state.nuisance, held_ns=_until(state.nuisance.held_ns, now_ns)),
        traffic=traffic,
    )


def _until(times: Mapping[_Key, int], now_ns: int) -> dict[_Key, int]:
    return {key: min(at_ns, now_ns) for key, at_ns in times.items()}


def _end_without(ahead_ns: int, until_ns: int, now_ns: int) -> int:
    """The end of what lasts a few seconds or minutes, at the corrected clock."""
    return min(until_ns, max(until_ns - ahead_ns, now_ns))


def _with_times_until(record: Any, at: datetime) -> Any:
    """A frozen record whose own times are at most ``at``."""
    own = {field.name: getattr(record, field.name) for field in fields(record)}
    late = {name: at for name, value in own.items() if isinstance(value, datetime) and value > at}
    return replace(record, **late) if late else record
