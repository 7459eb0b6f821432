"""Cutting off a sensor that floods ingest, or sends what cannot be used, so that the others do not feel it.

*Flood*: a token bucket for each sensor or unit. Messages that ingest has to refuse cost tokens, by number and by size,
messages that it already has, or that come more often than their sensor can look, cost less, good new detections
nothing: however fast a backlog comes, it is wanted. *Broken*: too large a share of a sensor's messages cannot be read,
however slowly they come; nothing is too large a share of a unit's, which may call for help.

Who fails is held in quarantine: its messages are shed, unread but counted and acknowledged, so that the broker's queue
stays short. A sender with a spool sends them again, because no mark has covered them. The hold is longer each time.

Two buckets a name: what nobody has signed with its key is not held against the sensor itself, whoever writes under its
name. While only strangers are held, its messages are read if their signature is good.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from ingest.errors import UNPROVEN
from ingest.receiving.batch import DeadLetter, Row
from ingest.standards.gateway_refusal import REFUSED

MAX_SOURCES: Final = 10_000
"""How many sources have a bucket of their own; the one not charged for longest loses it first."""


@dataclass(frozen=True, slots=True)
class QuarantineSettings:
    """Two tests; whoever fails one is held for ``hold_s``, doubled each time he comes back within ``forgiven_s``, at
    most ``max_hold_s``; after it, ``probation`` of what was borne before.

    *Flood*: ``burst`` tokens at once and ``per_s`` for ever are borne: of bad messages, ``bad_cost`` each, 1,000 at
    once and 10 a second. ``rate_cost``: of a scan that comes more often than its sensor can look, by its own times
    (``ingest.receiving.plausibility``), so that no backlog is taken for a flood. ``future_cost``, ``expired_cost``:
    good but for their times; a sensor that was cut off for days brings as many of the latter as it has.
    ``repeated_cost``: of one that ingest has already; the time between the sendings of these earns tokens, too, for
    while ingest is away a sender sends again and again what waits at the broker already, and then all comes at once.
    ``bytes_each``: so many bytes of a bad message cost another token.

    *Broken*: of a sound sensor's messages the share ``sound_bad`` cannot be read, of a broken one's ``broken_bad``;
    which of the two it is, Page's cumulative sum decides, so that a sound one is taken for broken once in
    ``false_alarm`` messages at most. So four bad ones running are enough, or seven of 36; less than a tenth is borne.
    A doubt fades within ``forget_s``.
    """

    burst: float = 5000.0
    per_s: float = 50.0
    bad_cost: float = 5.0
    rate_cost: float = 1.0
    future_cost: float = 1.0
    expired_cost: float = 0.05
    repeated_cost: float = 0.25
    other_cost: float = 0.25
    bytes_each: int = 4096
    sound_bad: float = 0.001
    broken_bad: float = 0.5
    false_alarm: float = 1e10
    forget_s: float = 60.0
    hold_s: float = 10.0
    max_hold_s: float = 300.0
    forgiven_s: float = 600.0
    probation: float = 0.1


@dataclass(frozen=True, slots=True)
class QuarantineRecord:
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
    doubt: float = 0.0
    sent_ns: int = 0
    until_ns: int | None = None
    holds: int = 0
    released_ns: int = 0
    shed: int = 0


_MEASURED: Final = frozenset({"detections", "status", "unknown"})
"""Kinds of messages by which a source may be found broken."""
_UNTIMELY: Final = frozenset({"future", "expired"})
"""Codes of messages that are good but for their times: a clock is wrong, or the link was down for long."""


def _sent_later_s(message: Row | DeadLetter, bucket: _Bucket) -> float:
    """How much later than any before a message was sent that is repeated; who replays one again and again gains 0."""
    if isinstance(message, DeadLetter) or message.sent_ns is None:
        return 0.0
    later_s = (message.sent_ns - bucket.sent_ns) / 1e9 if bucket.sent_ns else 0.0
    bucket.sent_ns = max(bucket.sent_ns, message.sent_ns)
    return max(later_s, 0.0)


class Quarantine:
    """Pure: times are those of receipt, in ns. ``pooled(name)`` says whose bucket is the common one of strangers."""

    def __init__(
        self, settings: QuarantineSettings | None = None, *, pooled: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._settings = settings = settings or QuarantineSettings()
        self._pooled = pooled
        self._buckets: dict[tuple[str, bool], _Bucket] = {}
        self._held: set[tuple[str, bool]] = set()
        self._events: list[QuarantineRecord] = []
        self._bad_step = math.log(settings.broken_bad / settings.sound_bad)
        self._good_step = math.log((1.0 - settings.broken_bad) / (1.0 - settings.sound_bad))
        self._limit = math.log(settings.false_alarm)

    @property
    def holds(self) -> bool:
        """Whether anybody is cut off now, be it a stranger."""
        return bool(self._held)

    @property
    def held(self) -> frozenset[str]:
        """The sources that are cut off themselves; not those under whose names strangers write."""
        return frozenset(source for source, proven in self._held if proven)

    def admits(self, source: str, now_ns: int) -> Verdict:
        """What becomes of a message of this source that came now. Say ``shed`` for one that was not read after all."""
        if not self._held:
            return "read"
        if self._holds((source, True), now_ns):
            return "shed"
        return "prove" if self._holds((self._stranger(source), False), now_ns) else "read"

    def shed(self, source: str) -> None:
        """Count one message that was not read because of a hold."""
        for key in ((source, True), (self._stranger(source), False)):
            if key in self._held:
                self._buckets[key].shed += 1
                return

    def charge(self, message: Row | DeadLetter, *, repeated: bool) -> None:
        """Count one message that was read for or against its source; who fails a test begins a hold."""
        cost, step = self._cost(message, repeated=repeated), self._step(message)
        proven = not (isinstance(message, DeadLetter) and message.code in UNPROVEN)
        key = (message.sensor, True) if proven else (self._stranger(message.sensor), False)
        if cost == 0.0 and step <= 0.0 and key not in self._buckets:
            return
        bucket = self._bucket(key, message.received_ns)
        passed_s = max(message.received_ns - bucket.at_ns, 0) / 1e9
        settings = self._settings
        earned_s = passed_s + (_sent_later_s(message, bucket) if repeated else 0.0)
        bucket.tokens = min(bucket.tokens + earned_s * settings.per_s, settings.burst) - cost
        faded = bucket.doubt - passed_s * self._limit / settings.forget_s
        bucket.doubt = max(max(faded, 0.0) + step, 0.0)
        bucket.at_ns = max(bucket.at_ns, message.received_ns)
        if (bucket.tokens < 0.0 or bucket.doubt > self._limit) and bucket.until_ns is None:
            self._hold(key, bucket, message.received_ns)

    def release(self, now_ns: int) -> None:
        """Let in again whose time is up, also those of whom nothing comes any more."""
        for key in tuple(self._held):
            self._holds(key, now_ns)

    def take_events(self) -> tuple[QuarantineRecord, ...]:
        """Who was cut off or let in again since the last call."""
        events, self._events = tuple(self._events), []
        return events

    def _cost(self, message: Row | DeadLetter, *, repeated: bool) -> float:
        """Tokens."""
        settings = self._settings
        if isinstance(message, DeadLetter):
            if message.code == "expired":
                return settings.expired_cost
            base_cost = settings.future_cost if message.code == "future" else settings.bad_cost
            return base_cost + message.size / settings.bytes_each
        if repeated:
            return settings.repeated_cost
        if message.kind != "detections":
            return settings.other_cost
        return settings.rate_cost if "rate" in message.flags.split(",") else 0.0

    def _step(self, message: Row | DeadLetter) -> float:
        """What the message adds to the doubt that its source is sound: nothing where another may have sent it, or where
        a gateway has refused it already, which answers its sender and has a patience of its own."""
        if message.kind not in _MEASURED or message.content_type == REFUSED:
            return 0.0
        if isinstance(message, DeadLetter):
            return 0.0 if message.code in _UNTIMELY or message.code in UNPROVEN else self._bad_step
        return self._good_step

    def _bucket(self, key: tuple[str, bool], now_ns: int) -> _Bucket:
        bucket = self._buckets.pop(key, None)
        if bucket is None:
            if len(self._buckets) >= MAX_SOURCES:
                forgotten = next(iter(self._buckets))
                del self._buckets[forgotten]
                self._held.discard(forgotten)
            bucket = _Bucket(self._settings.burst, now_ns)
        self._buckets[key] = bucket
        return bucket

    def _stranger(self, source: str) -> str:
        return "" if self._pooled(source) else source

    def _holds(self, key: tuple[str, bool], now_ns: int) -> bool:
        if key not in self._held:
            return False
        bucket, settings = self._buckets[key], self._settings
        assert bucket.until_ns is not None
        if 0 < bucket.until_ns - now_ns <= settings.max_hold_s * 1e9:  # more: the clock was set back
            return True
        self._held.remove(key)
        self._events.append(QuarantineRecord(*key, None, bucket.shed))
        bucket.until_ns, bucket.shed, bucket.released_ns = None, 0, now_ns
        bucket.tokens, bucket.at_ns = settings.burst * settings.probation, now_ns
        bucket.doubt = self._limit * (1.0 - settings.probation)
        return False

    def _hold(self, key: tuple[str, bool], bucket: _Bucket, now_ns: int) -> None:
        settings = self._settings
        if bucket.released_ns and now_ns - bucket.released_ns > settings.forgiven_s * 1e9:
            bucket.holds = 0
        bucket.until_ns = now_ns + round(min(settings.hold_s * 2**bucket.holds, settings.max_hold_s) * 1e9)
        bucket.holds = min(bucket.holds + 1, 20)
        self._held.add(key)
        self._events.append(QuarantineRecord(*key, bucket.until_ns))
