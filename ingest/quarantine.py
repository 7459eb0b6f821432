"""Cutting off a sensor that floods ingest with what it cannot use, so that the others do not feel it.

A token bucket for each sensor or unit. Messages that ingest has to refuse cost tokens, by number and by size, messages
that it already has cost less, good new detections nothing: however fast a backlog comes, it is wanted. Whose bucket is
empty is held in quarantine: its messages are shed, unread but counted and acknowledged, so that the broker's queue
stays short. A sender with a spool sends them again, because no mark has covered them. The hold is longer each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ingest.batch import DeadLetter, Row
from ingest.errors import UNPROVEN

MAX_SOURCES: Final = 10_000
"""How many sources have a bucket of their own; the one not charged for longest loses it first."""


@dataclass(frozen=True, slots=True)
class QuarantineSettings:
    """``burst`` bad messages at once and ``per_s`` for ever are borne. A hold lasts ``hold_s``, doubled each time a
    source comes back within ``forgiven_s``, at most ``max_hold_s``; after it, ``probation`` of the burst is given.

    ``bytes_each``: so many bytes of a bad message cost as much as one message.
    """

    burst: float = 5000.0
    per_s: float = 50.0
    repeated_cost: float = 0.5
    other_cost: float = 0.25
    bytes_each: int = 4096
    hold_s: float = 10.0
    max_hold_s: float = 300.0
    forgiven_s: float = 600.0
    probation: float = 0.1


@dataclass(frozen=True, slots=True)
class Held:
    """A source was cut off (``until_ns``), or was let in again (None) after ``shed`` messages."""

    source: str
    until_ns: int | None
    shed: int = 0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_ns: int
    until_ns: int | None = None
    holds: int = 0
    released_ns: int = 0
    shed: int = 0


class Quarantine:
    """Pure: times are those of receipt, in ns. ``pooled(name)`` says whose bucket is the common one of strangers."""

    def __init__(
        self, settings: QuarantineSettings | None = None, *, pooled: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._settings = settings or QuarantineSettings()
        self._pooled = pooled
        self._buckets: dict[str, _Bucket] = {}
        self._events: list[Held] = []

    def admits(self, source: str, now_ns: int) -> bool:
        """Whether a message of this source is read at all; False counts it as shed by quarantine."""
        if not self._buckets:
            return True
        name = "" if self._pooled(source) else source
        bucket = self._buckets.get(name)
        if bucket is None or bucket.until_ns is None:
            return True
        if 0 < bucket.until_ns - now_ns <= self._settings.max_hold_s * 1e9:  # more: the clock was set back
            bucket.shed += 1
            return False
        self._events.append(Held(name, None, bucket.shed))
        bucket.until_ns, bucket.shed, bucket.released_ns = None, 0, now_ns
        bucket.tokens, bucket.at_ns = self._settings.burst * self._settings.probation, now_ns
        return True

    def charge(self, message: Row | DeadLetter, *, repeated: bool) -> None:
        """Count one message that was read against its source; an empty bucket begins a hold."""
        settings = self._settings
        if isinstance(message, DeadLetter):
            cost = 1.0 + message.size / settings.bytes_each
        elif repeated:
            cost = settings.repeated_cost
        elif message.kind != "detections":
            cost = settings.other_cost
        else:
            return
        strange = isinstance(message, DeadLetter) and message.code in UNPROVEN and self._pooled(message.sensor)
        name = "" if strange else message.sensor
        bucket = self._buckets.pop(name, None)
        if bucket is None:
            if len(self._buckets) >= MAX_SOURCES:
                del self._buckets[next(iter(self._buckets))]
            bucket = _Bucket(settings.burst, message.received_ns)
        self._buckets[name] = bucket
        passed_s = max(message.received_ns - bucket.at_ns, 0) / 1e9
        bucket.tokens = min(bucket.tokens + passed_s * settings.per_s, settings.burst) - cost
        bucket.at_ns = max(bucket.at_ns, message.received_ns)
        if bucket.tokens < 0 and bucket.until_ns is None:
            self._hold(name, bucket, message.received_ns)

    def take_events(self) -> tuple[Held, ...]:
        """Who was cut off or let in again since the last call."""
        events, self._events = tuple(self._events), []
        return events

    def _hold(self, name: str, bucket: _Bucket, now_ns: int) -> None:
        settings = self._settings
        if bucket.released_ns and now_ns - bucket.released_ns > settings.forgiven_s * 1e9:
            bucket.holds = 0
        bucket.until_ns = now_ns + round(min(settings.hold_s * 2**bucket.holds, settings.max_hold_s) * 1e9)
        bucket.holds = min(bucket.holds + 1, 20)
        self._events.append(Held(name, bucket.until_ns))
