"""Quarantine of a sensor with an excessive message rate or unusable messages, so that other sensors are not affected.

*Flood*: a token bucket for each sensor or unit. Refused messages cost tokens, by number and by size; duplicates, and
messages more frequent than the sensor's looks, cost less; good new detections cost nothing, so a backlog may arrive at
any rate. *Broken*: too large a fraction of a sensor's messages cannot be read, at any rate. Units are exempt from this
test, because they may send distress calls. A refused message that is readable as a call, also as that of a distress
device that an AIS receiver heard, costs no more than a good one and does not speak against its source; of each unit and
device in quarantine one call every few seconds is read.

A source that fails a test is quarantined: its messages are shed, that is, counted and acknowledged without being read,
so that the broker's queue stays short. A sender with a spool sends them again, because no mark covers them. Each
quarantine lasts longer than the previous one.

Each name has two buckets: messages that are not signed with its key do not count against the sensor itself. While only
unauthenticated messages are quarantined, messages with a valid signature are read. Names that are neither in the layout
nor have a key share one bucket, in which good messages cost tokens, too: otherwise a sender could use a new name for
each message. A unit's bucket is not that of a sensor of the same name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from ingest.errors import HARMLESS, UNPROVEN
from ingest.receiving.batch import DeadLetter, Row
from ingest.standards.gateway_refusal import REFUSED
from ingest.unit_messages import KINDS

MAX_SOURCES: Final = 10_000
"""Maximum number of buckets; the one charged least recently is dropped first."""
MOST_CALLERS: Final = 150
"""Number of distress devices of which calls are read from one receiver in quarantine, each once in ``call_every_s``:
as many messages as both channels of AIS carry in two seconds (2,250 slots a minute each, ITU-R M.1371)."""


@dataclass(frozen=True, slots=True)
class QuarantineSettings:
    """Two tests. A source that fails one is quarantined for ``hold_s``, doubled at each repetition within
    ``forgiven_s``, at most ``max_hold_s``; afterwards ``probation`` of the earlier limits applies.

    *Flood*: ``burst`` tokens at once and ``per_s`` continuously: for bad messages, which cost ``bad_cost`` each, 1,000
    at once and 10 per second. ``rate_cost``: of a scan more frequent than its sensor's looks, by its own times
    (``ingest.receiving.plausibility``), so that a backlog is not taken for a flood. ``future_cost``, ``expired_cost``:
    of messages that are good except for their times; a sensor that was disconnected for days sends many of the latter.
    ``repeated_cost``: of a duplicate; the time between the sendings of duplicates earns tokens, too, because a sender
    repeats what waits at the broker while ingest is down, and all of it then arrives at once. ``bytes_each``: number of
    bytes of a bad message that cost another token; ``stranger_bytes_each``: of any message under a pooled name.
    ``call_every_s``: time between calls that are read of a unit, or of each distress device, in quarantine.

    *Broken*: the fraction ``sound_bad`` of a sound sensor's messages cannot be read, ``broken_bad`` of a broken one's;
    Page's cumulative sum decides between them, with at most one false decision in ``false_alarm`` messages. Four bad
    messages in a row are enough, or seven of 36; less than a tenth is tolerated. The sum decays within ``forget_s``.
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
    stranger_bytes_each: int = 512
    sound_bad: float = 0.001
    broken_bad: float = 0.5
    false_alarm: float = 1e10
    forget_s: float = 60.0
    hold_s: float = 10.0
    max_hold_s: float = 300.0
    forgiven_s: float = 600.0
    probation: float = 0.1
    call_every_s: float = 2.0


@dataclass(frozen=True, slots=True)
class QuarantineRecord:
    """A source was quarantined until ``until_ns``, or released (None) after ``shed`` messages.

    ``proven``: the authenticated sensor or unit itself; else the unauthenticated messages under its name.
    """

    source: str
    proven: bool
    until_ns: int | None
    shed: int = 0


Admission = Literal["read", "prove", "shed"]
"""A message is read; read if its signature is valid; not read."""


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
    calls_ns: dict[str, int] = field(default_factory=dict)


_MEASURED: Final = frozenset({"detections", "status", "unknown"})
"""Kinds of messages by which a source may be judged broken."""
_UNTIMELY: Final = frozenset({"future", "expired"})
"""Codes of messages that are good except for their times: a wrong clock, or a long outage of the connection."""


_UNIT: Final = "unit "
"""Begins the bucket's name of a unit; no name of a sensor contains a blank."""


def bucket_name(name: str, kind: str) -> str:
    """Name of the bucket for messages of this kind under this name."""
    return f"{_UNIT}{name}" if kind in KINDS.values() else name


def bucket_owner(bucket: str) -> tuple[str, bool]:
    """(name, whether it is a unit's) of a bucket."""
    return bucket.removeprefix(_UNIT), bucket.startswith(_UNIT)


def _sent_later_s(message: Row | DeadLetter, bucket: _Bucket) -> float:
    """Time [s] by which a duplicate was sent later than all earlier ones; 0 for one replayed with its old time."""
    if isinstance(message, DeadLetter) or message.sent_ns is None:
        return 0.0
    later_s = (message.sent_ns - bucket.sent_ns) / 1e9 if bucket.sent_ns else 0.0
    bucket.sent_ns = max(bucket.sent_ns, message.sent_ns)
    return max(later_s, 0.0)


class Quarantine:
    """Quarantine of all sources; pure. Times are those of receipt, in ns. ``pooled(source)``: whether this source
    shares the bucket of strangers. Sources are ``bucket_name`` of a name and a kind."""

    def __init__(
        self, settings: QuarantineSettings | None = None, *, pooled: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._settings = settings = settings or QuarantineSettings()
        self._pooled = pooled
        self._buckets: dict[tuple[str, bool], _Bucket] = {}
        self._held: set[tuple[str, bool]] = set()
        self.muted: frozenset[str] = frozenset()
        """Sensors whose messages people decided not to read for some time; they are shed without a quarantine."""
        self._events: list[QuarantineRecord] = []
        self._bad_step = math.log(settings.broken_bad / settings.sound_bad)
        self._good_step = math.log((1.0 - settings.broken_bad) / (1.0 - settings.sound_bad))
        self._limit = math.log(settings.false_alarm)

    @property
    def holds(self) -> bool:
        """Whether any source is quarantined, authenticated or not."""
        return bool(self._held)

    @property
    def held(self) -> frozenset[str]:
        """The authenticated sources in quarantine, without the names that unauthenticated messages use."""
        return frozenset(source for source, proven in self._held if proven)

    def admits(self, source: str, now_ns: int) -> Admission:
        """Whether a message of this source received now is read. Call ``shed`` for one that is not."""
        if source in self.muted:
            return "shed"
        if not self._held:
            return "read"
        if self._holds((source, True), now_ns):
            return "shed"
        return "prove" if self._holds((self._stranger(source), False), now_ns) else "read"

    def admits_call(
        self, source: str, now_ns: int, caller: Callable[[], str | None], is_authentic: Callable[[], bool]
    ) -> bool:
        """Whether a message of a quarantined source is read all the same, as a distress call.

        ``caller`` returns the name of the device that calls, empty for the unit itself, and None without a call. One
        call of each is read in ``call_every_s``.
        """
        bucket = self._buckets.get((source, True))
        if bucket is None or source in self.muted:
            return False
        name = caller()
        if name is None:
            return False
        every_ns = self._settings.call_every_s * 1e9
        bucket.calls_ns = {one: at_ns for one, at_ns in bucket.calls_ns.items() if 0 <= now_ns - at_ns < every_ns}
        if name in bucket.calls_ns or len(bucket.calls_ns) >= MOST_CALLERS or not is_authentic():
            return False
        bucket.calls_ns[name] = now_ns
        return True

    def shed(self, source: str) -> None:
        """Count one message that was not read because of a quarantine."""
        for key in ((source, True), (self._stranger(source), False)):
            if key in self._held:
                self._buckets[key].shed += 1
                return

    def charge(self, message: Row | DeadLetter, *, repeated: bool) -> None:
        """Count one message that was read for or against its source; a failed test starts a quarantine."""
        source = bucket_name(message.sensor, message.kind)
        pooled = self._pooled(source)
        cost = self._stranger_cost(message, repeated=repeated) if pooled else self._cost(message, repeated=repeated)
        step = (
            0.0 if pooled else self._step(message)
        )  # a stranger's unreadable messages do not speak against the others
        proven = not pooled and not (isinstance(message, DeadLetter) and message.code in UNPROVEN)
        key = (source, True) if proven else (self._stranger(source), False)
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
        """Release the sources whose quarantine has expired, including those that no longer send."""
        for key in tuple(self._held):
            self._holds(key, now_ns)

    def take_events(self) -> tuple[QuarantineRecord, ...]:
        """Quarantines and releases since the last call."""
        events, self._events = tuple(self._events), []
        return events

    def _cost(self, message: Row | DeadLetter, *, repeated: bool) -> float:
        """Cost of the message in tokens."""
        settings = self._settings
        if isinstance(message, DeadLetter):
            if message.code == "expired":
                return settings.expired_cost
            if message.code in HARMLESS or message.call is not None:
                return settings.other_cost
            base_cost = settings.future_cost if message.code == "future" else settings.bad_cost
            return base_cost + message.size / settings.bytes_each
        if repeated:
            return settings.repeated_cost
        if message.kind != "detections":
            return settings.other_cost
        return settings.rate_cost if "rate" in message.flags.split(",") else 0.0

    def _stranger_cost(self, message: Row | DeadLetter, *, repeated: bool) -> float:
        """Cost in tokens of a message under a pooled name: its size counts, whatever it is."""
        size = message.size if isinstance(message, DeadLetter) else len(message.body)
        base_cost = self._cost(message, repeated=repeated) or self._settings.other_cost
        return base_cost + size / self._settings.stranger_bytes_each

    def _step(self, message: Row | DeadLetter) -> float:
        """Increment of the cumulative sum by the message: 0 if another sender is possible, if a gateway, which has its
        own fault limit, has already refused it, or if it is a call for help."""
        if message.kind not in _MEASURED or message.content_type == REFUSED:
            return 0.0
        if isinstance(message, DeadLetter) and message.call is not None:
            return 0.0
        if isinstance(message, DeadLetter):
            is_sound = message.code in _UNTIMELY or message.code in UNPROVEN or message.code in HARMLESS
            return 0.0 if is_sound else self._bad_step
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
        if 0 < bucket.until_ns - now_ns <= settings.max_hold_s * 1e9:  # longer: the clock was set back
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
