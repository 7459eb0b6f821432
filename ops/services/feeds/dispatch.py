"""Delivery of the outbox to the receivers of all feeds: at least once, under stable numbers, none delaying another."""

from __future__ import annotations

import logging
import random
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol, runtime_checkable

from geo.errors import BadInput
from ops.services.feeds.feed import (
    RANKS,
    FailedAttempt,
    Feed,
    FeedReceiver,
    OutboxDelivery,
    Undeliverable,
    rank_of,
)
from ops.services.feeds.ledger import DEAD, DELIVERED, HELD, SUPERSEDED, DeliveryLedger, Finished, NumberedRow
from ops.services.feeds.pumping import Turns, pump_until
from ops.services.feeds.quiet import REVISED_EVERY_NS, DeliveryVerdict, UnitRules
from ops.services.feeds.unit_messages import Digest, GapFilled, UnitUpdate, digest_entry
from ops.store.reader import OutboxRow
from sensors.timestamps import SECOND_NS, utc_datetime

log = logging.getLogger(__name__)

ROWS_A_ROUND: Final = 200
DIGEST_EVERY_NS: Final = 60 * SECOND_NS
DIGEST_NAMES: Final = 5
"""Alerts that a digest names."""
ROWS_KEPT: Final = 2_000
"""Newest outbox rows that are kept in memory."""
CATCH_UP_AFTER_S: Final = 10.0
"""After an outage of a receiver of this length, its most urgent and newest rows come first."""
PROBE_AFTER: Final = 3
"""After so many failures in a row, one message at a time is tried."""


class OutboxReader(Protocol):
    """Reads the outbox of the store."""

    def outbox_after(self, n: int, *, limit: int, kind: str | None = "alert") -> list[OutboxRow]: ...

    def outbox_rows(self, numbers: Collection[int]) -> list[OutboxRow]: ...

    def event(self, n: int) -> tuple[str, int] | None: ...

    def open_rows(self) -> list[OutboxRow]: ...

    def first_undelivered(self) -> int | None: ...

    def last_event(self) -> int: ...

    def is_computed_again(self) -> bool: ...


class OutboxRelease(Protocol):
    """Releasability of outbox rows, by the markings in force."""

    def may_receive(self, unit: str, row: OutboxRow) -> bool: ...

    def as_received(self, unit: str, row: OutboxRow) -> OutboxRow: ...


@runtime_checkable
class NoticeFeed(Protocol):
    """A feed that also passes on notices, which are not rows of the outbox and are sent once."""

    def notify(self, receiver: str, update: UnitUpdate) -> None: ...


@runtime_checkable
class PackingFeed(Protocol):
    """A feed that may keep rows in order to send several in one message."""

    def flush(self, receiver: str) -> None:
        """Send the rows of a receiver that wait; called after its rows that are due."""
        ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """``acknowledged_within_s``: a message without an answer within this time is sent again. This timeout doubles with
    each attempt, up to 64-fold, because a disconnected client queues every attempt. ``retry_s``: longest
    pause of a receiver after a failure; it doubles up to ``longest_retry_s``, and the pause is chosen at random up to
    it (full jitter)."""

    acknowledged_within_s: float = 10.0
    retry_s: float = 1.0
    longest_retry_s: float = 60.0


@dataclass(slots=True)
class _Attempt:
    """A row that was sent and is not answered: number of attempts, and monotonic time of the last [s]."""

    tries: int
    last_s: float


@dataclass(slots=True)
class _Gap:
    """The answer to a request for what came after a number: the rows that are still to be sent, and how many were."""

    after: int
    last: int
    missing: set[int]
    sent: int = 0


@dataclass(slots=True)
class _Line:
    """Rows that one receiver of one feed waits for. An answer to any attempt counts."""

    feed: Feed
    receiver: FeedReceiver
    key: str
    waiting: dict[int, NumberedRow] = field(default_factory=dict)
    sent: dict[int, _Attempt] = field(default_factory=dict)
    has_failed: bool = False  # since rows were last given up
    failures: int = 0
    failing_since_s: float | None = None
    retry_at_s: float = 0.0
    asked_until_s: float = 0.0  # the receiver asked to be left alone so long: only distress calls are sent before
    catching_up: bool = False
    gaps: list[_Gap] = field(default_factory=list)
    held: list[NumberedRow] = field(default_factory=list)
    digest_due_ns: int = 0
    delayed: dict[str, tuple[int, OutboxRow]] = field(default_factory=dict)  # newest revision of each, and when it goes


class Dispatcher:
    """Sends outbox rows to the receivers of all feeds. ``pump`` never waits: it is called in turn by ``run``.

    ``release``: whether a receiver may have a row, by its marking, asked whenever it is about to be sent, for distress
    too; ``refresh`` is called after rows were read and before it is asked. ``rules``: those of units; None without any.
    ``attempted`` is called with the feed's name, the row and the future answer of each attempt.
    The same row may arrive twice, always under one number.
    Raises BadInput where two feeds, or two receivers of a feed, have one name.
    """

    def __init__(
        self,
        reader: OutboxReader,
        ledger: DeliveryLedger,
        feeds: Sequence[Feed],
        *,
        now_ns: Callable[[], int],
        monotonic_s: Callable[[], float],
        release: OutboxRelease,
        refresh: Callable[[], object] = lambda: None,
        rules: UnitRules | None = None,
        policy: RetryPolicy | None = None,
        chance: Callable[[], float] = random.random,
        attempted: Callable[[str, OutboxRow, Future[Any]], object] | None = None,
    ) -> None:
        self._reader, self._ledger, self._release = reader, ledger, release
        self._now_ns, self._monotonic_s, self._chance = now_ns, monotonic_s, chance
        self._policy, self._rules, self._refresh = policy or RetryPolicy(), rules, refresh
        self._attempted = attempted
        self._lines = {key_of(feed.name, one.name): _Line(feed, one, key_of(feed.name, one.name))
                       for feed in feeds for one in feed.receivers}  # fmt: skip
        if len(self._lines) < sum(len(feed.receivers) for feed in feeds):
            raise BadInput("a receiver is named twice", where="feeds", expected="each receiver of a feed once")
        self._answers: deque[tuple[_Line, int, int, float, object]] = deque()
        self._requests: deque[tuple[str, int]] = deque()
        self._rows: OrderedDict[int, OutboxRow] = OrderedDict()
        self._opened = False
        self.turns = Turns()

    @property
    def waiting(self) -> int:
        """Number of deliveries that are not finished."""
        return sum(len(line.waiting) for line in self._lines.values())

    @property
    def in_flight(self) -> int:
        """Number of deliveries that were sent and are not answered."""
        return sum(len(line.sent) for line in self._lines.values())

    def pump(self) -> int:
        """Note the answers, take new rows, and send what is due; return the number of messages sent."""
        if not self._opened and not self._open():
            return 0
        self._note_answers()
        if self._ledger.changed_elsewhere():
            self._take_replayed()
        while self._take_rows():
            self.turns.note()
        while self._requests:
            self.turns.note()
            self._fill_gap(*self._requests.popleft())
        self._look_at_duty()
        self._give_delayed()
        self._send_digests()
        self._refresh()
        now_s = self._monotonic_s()
        return sum(self._send_due(line, now_s) for line in self._lines.values() if line.waiting)

    def run(self, stop: threading.Event, *, every_s: float = 0.01) -> None:
        """Pump until ``stop``; a failure of the store is logged once per outage and retried."""
        pump_until(stop, self.pump, every_s=every_s, name="Feeds", turns=self.turns)

    def request(self, feed: str, receiver: str, last: int) -> None:
        """Send a receiver again what it misses after number ``last``, with the next ``pump``; any thread may call it.

        It gets the newest revision of each record under the number that it has, the most urgent and newest first; what
        it may not have by its marking is left out. Then the feed is notified (``GapFilled``).
        """
        self._requests.append((key_of(feed, receiver), last))

    def _fill_gap(self, key: str, after: int) -> None:
        line = self._lines.get(key)
        if line is None:
            return
        newest: dict[str, NumberedRow] = {}
        for one in self._ledger.after(line.key, after):
            known = newest.get(one.alert)
            if known is None or one.revision > known.revision:
                newest[one.alert] = one
        for one in newest.values():
            line.waiting.setdefault(one.number, one)
        line.catching_up = True
        line.gaps = [_Gap(after, self._ledger.number_of(line.key), {one.number for one in newest.values()})]
        self._close_gaps(line)

    def _close_gaps(self, line: _Line) -> None:
        for gap in [one for one in line.gaps if not one.missing]:
            line.gaps.remove(gap)
            if isinstance(line.feed, NoticeFeed):
                line.feed.notify(line.receiver.name, GapFilled(gap.after, gap.last, gap.sent))

    def _open(self) -> bool:
        """Continue where the ledger ends; return whether that is possible yet.

        A new ledger, or one of another store, begins at the oldest row that the store has not marked, once a store that
        is computed again is complete. Rows before it that are open go to every receiver of such a ledger, to added
        receivers, and to units.
        """
        n, alert, revision = self._ledger.last_taken()
        is_new = self._ledger.is_new or (alert != "" and self._reader.event(n) != (alert, revision))
        if is_new:
            if self._reader.is_computed_again():
                return False
            first = self._reader.first_undelivered()
            begin = self._reader.last_event() if first is None else first - 1
            self._ledger.begin_at(begin, self._reader.event(begin))
        self._ledger.keep_only(self._lines, at_ns=self._now_ns())
        self._ledger.begin_to_wait(self._now_ns())
        for line in self._lines.values():
            line.waiting = {one.number: one for one in self._ledger.waiting(line.key)}
            line.held = self._ledger.held(line.key)
        if self._rules is not None:
            open_rows, taken = self._reader.open_rows(), self._ledger.last_taken()[0]
            self._refresh()
            self._rules.learn(open_rows)
            self._rules.look(self._now_ns())
            new = set(self._lines if is_new else self._ledger.newcomers(self._lines))
            lines = [line for line in self._lines.values() if line.key in new or line.receiver.is_unit]
            self._give(lines, _most_urgent_first(row for row in open_rows if row.n <= taken))
            self._give_delayed_before({line.key for line in lines}, [row for row in open_rows if row.n <= taken])
            self._ledger.admit(new)
        self._opened = True
        return True

    def _give_delayed_before(self, done: Collection[str], rows: Sequence[OutboxRow]) -> None:
        """Give the other receivers the newest revision of the incidents that they have: it may have been delayed when
        the process ended. ``done``: keys of the lines that were given all rows."""
        incidents = [row for row in rows if row.kind == "incident"]
        for key, line in self._lines.items():
            if key not in done:
                self._give([line], [row for row in incidents if self._ledger.knows(key, row.alert)])

    def _take_replayed(self) -> None:
        """Take the dead letters that a command has put back."""
        self._ledger.begin_to_wait(self._now_ns())
        for line in self._lines.values():
            for one in self._ledger.waiting(line.key):
                line.waiting.setdefault(one.number, one)

    def _take_rows(self) -> bool:
        rows = self._reader.outbox_after(self._ledger.last_taken()[0], limit=ROWS_A_ROUND, kind=None)
        if not rows:
            return False
        self._refresh()
        for row in rows:
            self._remember(row)
        if self._rules is not None:
            self._rules.learn(rows)
        self._give(self._lines.values(), rows, taken=rows)
        self._give_assigned()
        return len(rows) == ROWS_A_ROUND

    def _give(self, lines: Iterable[_Line], rows: Sequence[OutboxRow], *, taken: Sequence[OutboxRow] = ()) -> None:
        """Number the rows that each receiver gets; ``taken``: rows that are dealt with by it."""
        now_ns = self._now_ns()
        wanted: dict[str, list[OutboxRow]] = {}
        held: set[tuple[str, int]] = set()
        delayed: dict[str, dict[str, tuple[int, OutboxRow] | None]] = {}
        for line in lines:
            given: dict[str, int] = {}
            changes = delayed[line.key] = {}
            for row in rows:
                verdict = self._judge(line, row, now_ns, given)
                before = changes.get(row.alert, line.delayed.get(row.alert))
                if verdict is DeliveryVerdict.DELAY:
                    changes[row.alert] = now_ns + REVISED_EVERY_NS if before is None else before[0], row
                    continue
                changes[row.alert] = None
                if verdict is not DeliveryVerdict.LEAVE_OUT:
                    wanted.setdefault(line.key, []).append(row)
                if verdict is DeliveryVerdict.SEND:
                    given[row.alert] = rank_of(row.priority)
                if verdict is DeliveryVerdict.HOLD:
                    held.add((line.key, row.n))
        found = self._ledger.take(taken, wanted, at_ns=now_ns, held=held) if taken or wanted else {}
        for key, changes in delayed.items():  # now that nothing is lost if the ledger cannot be written
            kept = self._lines[key].delayed | changes
            self._lines[key].delayed = {alert: one for alert, one in kept.items() if one is not None}
        for key, numbered in found.items():
            line = self._lines[key]
            line.waiting |= {one.number: one for one in numbered if one.state != HELD}
            new = [one for one in numbered if one.state == HELD]
            if new and not line.held:
                line.digest_due_ns = now_ns + DIGEST_EVERY_NS
            line.held += new

    def _judge(self, line: _Line, row: OutboxRow, now_ns: int, given: Mapping[str, int]) -> DeliveryVerdict:
        if not line.receiver.wants(row) or not self._may_have(line, row):
            return DeliveryVerdict.LEAVE_OUT
        # what it has as more urgent is followed to its end
        if not (line.receiver.has_priority(row) or row.alert in given or self._ledger.knows(line.key, row.alert)):
            return DeliveryVerdict.LEAVE_OUT
        if self._rules is None:
            return DeliveryVerdict.SEND
        return self._rules.judge(line.receiver, line.key, row, now_ns, given)

    def _give_assigned(self) -> None:
        """Give units the alerts of incidents that they are assigned or offered, also those that they did not get."""
        assigned = {} if self._rules is None else self._rules.take_assignments()
        if not assigned:
            return
        rows = self._reader.open_rows()
        for line in self._lines.values():
            alerts = assigned.get(line.receiver.unit, ()) if line.receiver.is_unit else ()
            if alerts:
                self._give([line], [row for row in rows if row.kind == "alert" and row.alert in alerts])

    def _look_at_duty(self) -> None:
        """Give units that come on duty what is open now."""
        if self._rules is None:
            return
        came = self._rules.look(self._now_ns())
        lines = [line for line in self._lines.values() if line.receiver.is_unit and line.receiver.unit in came]
        if lines:
            self._give(lines, _most_urgent_first(self._reader.open_rows()))

    def _give_delayed(self) -> None:
        """Number the delayed revisions that are due.

        Until then they are on no disk: at a start, each receiver gets the newest revision of what is open.
        """
        now_ns = self._now_ns()
        for line in self._lines.values():
            due = [row for due_ns, row in line.delayed.values() if not 0 < due_ns - now_ns <= REVISED_EVERY_NS]
            if due:
                self._give([line], due)

    def _send_digests(self) -> None:
        """Sum up the suppressed rows, once a minute at most, and not in quiet hours.

        A feed without digests sends what is still open of them.
        """
        now_ns = self._now_ns()
        for line in self._lines.values():
            if not line.held or now_ns < line.digest_due_ns:
                continue
            if self._rules is not None and self._rules.is_quiet(line.receiver, now_ns):
                continue
            held, line.held = line.held, []
            if isinstance(line.feed, NoticeFeed):
                line.feed.notify(line.receiver.name, self._digest_of(line, held, now_ns))
                self._finish(line, [one.number for one in held], SUPERSEDED)
            else:
                self._send_held(line, held)

    def _send_held(self, line: _Line, held: Sequence[NumberedRow]) -> None:
        still_open = {row.alert for row in self._reader.open_rows()}
        over = [one.number for one in held if one.alert not in still_open]
        if over:
            self._finish(line, over, SUPERSEDED)
        line.waiting |= {one.number: one for one in held if one.alert in still_open}
        line.catching_up = True

    def _digest_of(self, line: _Line, held: Sequence[NumberedRow], now_ns: int) -> Digest:
        newest = sorted({one.alert: one for one in held}.values(), key=lambda one: (one.rank, -one.n))
        rows = self._rows_of(one.n for one in newest[:DIGEST_NAMES])
        named = [(one.number, rows[one.n]) for one in newest[:DIGEST_NAMES] if one.n in rows]
        counts: dict[str, int] = {}
        for one in newest:
            counts[RANKS[min(one.rank, len(RANKS) - 1)]] = counts.get(RANKS[min(one.rank, len(RANKS) - 1)], 0) + 1
        entries = [digest_entry(number, row) for number, row in named if self._may_have(line, row)]
        return Digest(utc_datetime(now_ns), held[0].number, held[-1].number, counts, tuple(entries))

    def _may_have(self, line: _Line, row: OutboxRow) -> bool:
        return self._release.may_receive(line.receiver.unit, row)

    def _send_due(self, line: _Line, now_s: float) -> int:
        self.turns.note()
        if now_s < line.retry_at_s:
            return 0
        self._give_up_overdue(line)
        overdue = [number for number, one in line.sent.items() if self._is_overdue(one, now_s)]
        room = line.receiver.window if line.failures < PROBE_AFTER else 1
        only_distress = now_s < line.asked_until_s
        room -= len(line.sent)
        if only_distress:
            calls = [one for one in overdue if line.waiting[one].rank == 0]
            room += len(overdue) - len(calls)  # what must wait and has no answer takes no call's place
            overdue = calls
        new = self._next(line, room, only_distress=only_distress) if room > 0 else []
        return self._send_all(line, [*overdue, *new], now_s)

    def _is_overdue(self, attempt: _Attempt, now_s: float) -> bool:
        longer: int = 2 ** min(attempt.tries - 1, 6)
        return now_s - attempt.last_s > self._policy.acknowledged_within_s * longer

    def _next(self, line: _Line, most: int, *, only_distress: bool) -> list[int]:
        """The numbers to send next: in order, or after an outage the most urgent and newest first."""
        open_rows = [one for number, one in sorted(line.waiting.items()) if number not in line.sent]
        if line.catching_up or len(line.waiting) > line.receiver.window:
            open_rows = self._without_superseded(line, open_rows)
            open_rows.sort(key=lambda one: (one.rank, -one.n))
        if only_distress:
            open_rows = [one for one in open_rows if one.rank == 0]
        return [one.number for one in open_rows[:most]]

    def _without_superseded(self, line: _Line, rows: list[NumberedRow]) -> list[NumberedRow]:
        newest: dict[str, int] = {}
        for one in line.waiting.values():
            newest[one.alert] = max(one.revision, newest.get(one.alert, -1))
        left = [one for one in rows if one.revision < newest[one.alert]]
        if left:
            self._finish(line, [one.number for one in left], SUPERSEDED)
        return [one for one in rows if one.revision == newest[one.alert]]

    def _send_all(self, line: _Line, numbers: Sequence[int], now_s: float) -> int:
        rows = self._rows_of(line.waiting[number].n for number in numbers)
        sent, refused = 0, []
        for number in numbers:
            row = rows.get(line.waiting[number].n)
            if row is None or not self._may_have(line, row):  # erased, or marked since
                refused.append(number)
                continue
            if not self._send(line, number, row, now_s):
                break
            sent += 1
        if isinstance(line.feed, PackingFeed):
            line.feed.flush(line.receiver.name)
        if refused:
            self._finish(line, refused, SUPERSEDED)
        return sent

    def _send(self, line: _Line, number: int, row: OutboxRow, now_s: float) -> bool:
        before = line.sent.get(number)
        line.sent[number] = _Attempt(1 if before is None else before.tries + 1, now_s)
        try:
            released = self._release.as_received(line.receiver.unit, row)
            answer = line.feed.send(OutboxDelivery(line.receiver.name, number, released))
        except Exception as error:  # noqa: BLE001 - on any exception the row is kept and sent again
            self._failed(line, number, error, self._monotonic_s())
            return False
        answer.add_done_callback(partial(self._answered, line, number))
        if self._attempted is not None:
            self._attempted(line.feed.name, row, answer)
        return True

    def _answered(self, line: _Line, number: int, done: Future[Any]) -> None:
        """Runs in the thread of the feed: it only notes the answer."""
        error = "cancelled" if done.cancelled() else done.exception()
        self._answers.append((line, number, self._now_ns(), self._monotonic_s(), error))

    def _note_answers(self) -> None:
        results: list[Finished] = []
        while self._answers:
            line, number, at_ns, at_s, error = self._answers.popleft()
            if number not in line.waiting:
                continue  # an answer to an earlier attempt
            if error is not None:
                self._failed(line, number, error, at_s)
                continue
            results.append(Finished(line.key, number, DELIVERED, at_ns))
            for gap in line.gaps:
                gap.sent += number in gap.missing
            self._forget(line, [number])
            line.failures, line.failing_since_s, line.retry_at_s = 0, None, 0.0
            if not line.waiting:
                line.catching_up = False
        if results:
            self._ledger.finish(results)

    def _failed(self, line: _Line, number: int, error: object, now_s: float) -> None:
        line.sent.pop(number, None)
        if number not in line.waiting:
            return
        one = line.waiting[number]
        log.warning("%s: number %d, %s revision %d: %s", line.key, number, one.alert, one.revision, error)
        if isinstance(error, Undeliverable):
            self._finish(line, [number], DEAD, str(error))
            return
        line.has_failed = True
        if now_s >= line.retry_at_s:
            line.failures += 1
            line.retry_at_s = now_s + self._pause_s(line)
        if isinstance(error, FailedAttempt) and error.after_s > 0.0:
            line.asked_until_s = max(line.asked_until_s, now_s + error.after_s + self._pause_s(line))
            line.catching_up = True  # and so distress calls come first
        line.failing_since_s = now_s if line.failing_since_s is None else line.failing_since_s
        line.catching_up |= now_s - line.failing_since_s > CATCH_UP_AFTER_S

    def _pause_s(self, line: _Line) -> float:
        """The pause after this many failures, by chance: receivers behind one failed link are not called together."""
        longest_s: float = min(self._policy.retry_s * 2 ** min(line.failures - 1, 10), self._policy.longest_retry_s)
        return longest_s * (1 - self._chance())

    def _give_up_overdue(self, line: _Line) -> None:
        """Give up what a receiver that fails has been waiting for too long, also over restarts of the process."""
        after_s = line.receiver.given_up_after_s
        if after_s is not None and line.has_failed:
            line.has_failed = False
            old = self._ledger.overdue(line.key, self._now_ns() - int(after_s * 1e9))
            if old:
                self._finish(line, old, DEAD, f"not delivered within {after_s:g} s")

    def _finish(self, line: _Line, numbers: Sequence[int], state: int, problem: str = "") -> None:
        at_ns = self._now_ns()
        self._ledger.finish([Finished(line.key, number, state, at_ns, problem) for number in numbers])
        self._forget(line, numbers)

    def _forget(self, line: _Line, numbers: Iterable[int]) -> None:
        for number in numbers:
            line.waiting.pop(number, None)
            line.sent.pop(number, None)
            for gap in line.gaps:
                gap.missing.discard(number)
        self._close_gaps(line)

    def _rows_of(self, numbers: Iterable[int]) -> Mapping[int, OutboxRow]:
        wanted = set(numbers)
        missing = wanted - self._rows.keys()
        found = {n: self._rows[n] for n in wanted - missing}
        if missing:
            for row in self._reader.outbox_rows(missing):
                found[row.n] = row
                self._remember(row)
        return found

    def _remember(self, row: OutboxRow) -> None:
        self._rows[row.n] = row
        while len(self._rows) > ROWS_KEPT:
            self._rows.popitem(last=False)


def _most_urgent_first(rows: Iterable[OutboxRow]) -> list[OutboxRow]:
    """The most urgent and of these the newest first: in this order they are numbered and sent."""
    return sorted(rows, key=lambda row: (rank_of(row.priority), -row.n))


def key_of(feed: str, receiver: str) -> str:
    """The name of a feed's receiver in the ledger."""
    return f"{feed}/{receiver}"
