"""Sources that ingest does not read, or whose messages it refuses, as recorded in the journal: for the map, the alerts
and the counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from geo.message import Message
from ops.journal.events import CutOff
from sensors.health.faults import CLOCK_REFUSED

GONE_AFTER_NS: Final = 30 * 10**9
"""A fault that has not been observed for this time has ended."""

REFUSED_FOR_NS: Final = 300 * 10**9
"""A fault for messages that were refused stands this long after the last refusal."""
REFUSED: Final = {"conflict": Message("sensor-conflict"), "rollback": Message("sensor-rollback")}
"""Explanation of each reason of a refusal for the numbers of messages."""


class CutOffRecord(msgspec.Struct):
    """Quarantine of one source: number of times, messages dropped meanwhile, and the time until which it lasts."""

    times: int = 0
    shed: int = 0
    proven: bool = True
    until_ns: int = 0


def note_cut_off(held: dict[str, CutOffRecord], source: str, event: CutOff, at_ns: int) -> None:
    """Record a quarantine event at its journal time, in place."""
    record = held.setdefault(source, CutOffRecord())
    record.proven = event.proven
    if event.until_ns is None:
        record.until_ns, record.shed = min(record.until_ns, at_ns), record.shed + event.shed
    else:
        record.until_ns, record.times = event.until_ns, record.times + 1


def refusal_faults(
    refusals: Mapping[str, Mapping[str, int]], ahead_s: Mapping[str, float], now_ns: int
) -> dict[str, dict[str, Message]]:
    """By sensor whose messages were refused within REFUSED_FOR_NS: the fault, with an explanation; ``clock_offset`` for
    messages from the future, else the reason.

    ``refusals`` holds the journal time of the last refusal [UTC ns] by sensor and reason, ``ahead_s`` how much later
    than their receipt messages from the future were dated, by sensor.
    """
    found: dict[str, dict[str, Message]] = {}
    for sensor, reasons in refusals.items():
        for code, at_ns in sorted(reasons.items()):
            if now_ns - at_ns < REFUSED_FOR_NS:
                ahead = {"offset_s": ahead_s.get(sensor)}
                name = "clock_offset" if code == "future" else code
                condition = Message(CLOCK_REFUSED, ahead) if code == "future" else REFUSED[code]
                found.setdefault(sensor, {})[name] = condition
    return found


def quarantine_faults(held: Mapping[str, CutOffRecord], now_ns: int) -> dict[str, dict[str, Message]]:
    """By source in quarantine, or released recently: ``flooding`` or ``impersonated``, with an explanation.

    A source that is released and quarantined repeatedly has one fault, which ends after GONE_AFTER_NS without an event.
    """
    return {
        source: {"flooding": Message("sensor-flooding")}
        if record.proven
        else {"impersonated": Message("sensor-impersonated")}
        for source, record in held.items()
        if record.until_ns > now_ns - GONE_AFTER_NS
    }
