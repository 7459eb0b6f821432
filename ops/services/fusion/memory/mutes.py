"""Muted sensors as recorded in the journal: for the picture and for the alerts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ops.journal.events import Mute


class MuteRecord(msgspec.Struct):
    """The mute of one sensor: since when, as decided, and when it ended (None: not yet), all in UTC ns.

    An ended mute is kept until the sensor reports again, so that the picture states why there are no data.
    """

    since_ns: int
    mute: Mute
    ended_ns: int | None = None

    @property
    def until_ns(self) -> int:
        """The stated end."""
        return self.mute.until_ns or self.since_ns

    def over_ns(self, now_ns: int) -> int | None:
        """The time at which it ended; None while it lasts."""
        if self.ended_ns is not None:
            return self.ended_ns
        return self.until_ns if self.until_ns <= now_ns else None


def note_mute(mutes: dict[str, MuteRecord], sensor: str, mute: Mute, at_ns: int) -> None:
    """Record a row of a mute at its journal time, in place."""
    known = mutes.get(sensor)
    if mute.until_ns is not None:
        since_ns = at_ns if known is None or known.over_ns(at_ns) is not None else known.since_ns
        mutes[sensor] = MuteRecord(since_ns, mute)
    elif known is not None:
        known.ended_ns = known.over_ns(at_ns) or at_ns


def note_heard(mutes: dict[str, MuteRecord], sensor: str, now_ns: int) -> None:
    """Forget the mute of a sensor that reports again, in place."""
    known = mutes.get(sensor)
    if known is not None and known.over_ns(now_ns) is not None:
        del mutes[sensor]


def state_of(evaluated: str, record: MuteRecord | None, now_ns: int, patience_s: float) -> str:
    """The state of a sensor: ``muted`` during a mute, and ``patience_s`` longer until its first message; otherwise
    as ``evaluated`` from its messages."""
    if record is None:
        return evaluated
    over_ns = record.over_ns(now_ns)
    if over_ns is None or (evaluated == "offline" and now_ns - over_ns <= patience_s * 1e9):
        return "muted"
    return evaluated


def mute_fields(mutes: Mapping[str, MuteRecord], now_ns: int) -> dict[str, dict[str, Any]]:
    """The mutes as published with their sensors: times, reason and roles, without names."""
    return {
        sensor: {
            "since_ns": record.since_ns,
            "until_ns": record.until_ns,
            "ended_ns": record.over_ns(now_ns),
            "reason": record.mute.reason,
            "asked_role": record.mute.asked_role,
            "decided_role": record.mute.decided_role,
            "emergency": record.mute.emergency,
            "request": record.mute.request,
        }
        for sensor, record in mutes.items()
    }
