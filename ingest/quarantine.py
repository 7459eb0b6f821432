"""Cutting off a sensor that floods ingest with what it cannot use, so that the others do not feel it.

A token bucket for each sensor or unit. Messages that ingest has to refuse cost tokens, by number and by size, messages
that it already has, or that come more often than their sensor can look, cost less, good new detections nothing: however
fast a backlog comes, it is wanted. Whose bucket is empty is held in quarantine: its messages are shed, unread but
counted and acknowledged, so that the broker's queue stays short. A sender with a spool sends them again, because no
mark has covered them. The hold is longer each time.

Two buckets a name: what nobody has signed with its key is not held against the sensor itself, whoever writes under its
name. While only strangers are held, its messages are read if their signature is good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from ingest.batch import DeadLetter, Row
from ingest.errors import UNPROVEN

MAX_SOURCES: Final = 10_000
"""How many sources have a bucket of their own; the one not charged for longest loses it first."""


@dataclass(frozen=True, slots=True)
class QuarantineSettings:
    """``burst`` tokens at once and ``per_s`` for ever are borne: of bad messages, ``bad_cost`` each, 1,000 at once and
    10 a second; 250 a second are cut off within five seconds, 10,000 within a fifth of one. A hold lasts ``hold_s``,
    doubled each time a source comes back within ``forgiven_s``, at most ``max_hold_s``; after it, ``probation`` of the
    burst is given. ``rate_cost``: of a scan that comes more often than its sensor can look, by its own times
    (``ingest.plausibility``), so that no backlog is taken for a flood.

    ``bytes_each``: so many bytes of a bad message cost another token.
    """

    burst: float = 5000.0
    per_s: float = 50.0
    bad_cost: float = 5.0
    rate_cost: float = 1.0
    repeated_cost: float = 0.5
    other_cost: float = 0.25
    bytes_each: int = 4096
    hold_s: float = 10.0
    max_hold_s: float = 300.0
    forgiven_s: float = 600.0
    probation: float = 0.1


@dataclass(frozen=True, slots=True)
class Held:
    """A source was cut off (``until_ns``), or was let in again (None) after ``shed`` messages.

    ``proven``: the sensor or unit itself was; else whoever writes under its name without its key.
    """

    source: str
    proven: bool
    until_ns: int | None
    shed: int = 0


Verdict = Literal["read", "prove", "shed"]
"""What becomes of a message: it is read; read if its signature is good; not read at all."""


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
        self._buckets: dict[tuple[str, bool], _Bucket] = {}
        self._events: list[Held] = []

    def admits(self, source: str, now_ns: int) -> Verdict:
        """What becomes of a message of this source that came now. Say ``shed`` for one that was not read after all."""
        if not self._buckets:
            return "read"
        if self._holds((source, True), now_ns):
            return "shed"
        return "prove" if self._holds((self._stranger(source), False), now_ns) else "read"

    def shed(self, source: str) -> None:
        """Count one message that was not read because of a hold."""
        for key in ((source, True), (self._stranger(source), False)):
            bucket = self._buckets.get(key)
            if bucket is not None and bucket.until_ns is not None:
                bucket.shed += 1
                return

    def charge(self, message: Row | DeadLetter, *, repeated: bool) -> None:
        """Count one message that was read against its source; an empty bucket begins a hold."""
        settings = self._settings
        if isinstance(message, DeadLetter):
            cost = settings.bad_cost + message.size / settings.bytes_each
        elif repeated:
            cost = settings.repeated_cost
        elif message.kind != "detections":
            cost = settings.other_cost
        elif "rate" in message.flags.split(","):
            cost = settings.rate_cost
        else:
            return
        proven = not (isinstance(message, DeadLetter) and message.code in UNPROVEN)
        key = (message.sensor, True) if proven else (self._stranger(message.sensor), False)
        bucket = self._buckets.pop(key, None)
        if bucket is None:
            if len(self._buckets) >= MAX_SOURCES:
                del self._buckets[next(iter(self._buckets))]
            bucket = _Bucket(settings.burst, message.received_ns)
        self._buckets[key] = bucket
        passed_s = max(message.received_ns - bucket.at_ns, 0) / 1e9
        bucket.tokens = min(bucket.tokens + passed_s * settings.per_s, settings.burst) - cost
        bucket.at_ns = max(bucket.at_ns, message.received_ns)
        if bucket.tokens < 0 and bucket.until_ns is None:
            self._hold(key, bucket, message.received_ns)

    def take_events(self) -> tuple[Held, ...]:
        """Who was cut off or let in again since the last call."""
        events, self._events = tuple(self._events), []
        return events

    def _stranger(self, source: str) -> str:
        return "" if self._pooled(source) else source

    def _holds(self, key: tuple[str, bool], now_ns: int) -> bool:
        bucket = self._buckets.get(key)
        if bucket is None or bucket.until_ns is None:
            return False
        if 0 < bucket.until_ns - now_ns <= self._settings.max_hold_s * 1e9:  # more: the clock was set back
            return True
        self._events.append(Held(*key, None, bucket.shed))
        bucket.until_ns, bucket.shed, bucket.released_ns = None, 0, now_ns
        bucket.tokens, bucket.at_ns = self._settings.burst * self._settings.probation, now_ns
        return False

    def _hold(self, key: tuple[str, bool], bucket: _Bucket, now_ns: int) -> None:
        settings = self._settings
        if bucket.released_ns and now_ns - bucket.released_ns > settings.forgiven_s * 1e9:
            bucket.holds = 0
        bucket.until_ns = now_ns + round(min(settings.hold_s * 2**bucket.holds, settings.max_hold_s) * 1e9)
        bucket.holds = min(bucket.holds + 1, 20)
        self._events.append(Held(*key, bucket.until_ns))
