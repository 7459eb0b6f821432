"""Which rows a unit gets now: duty, sections, least priority, quiet hours, one alert per event, and a limit per minute.

Distress passes every rule, and so does an incident that is assigned or offered to the unit, with its alerts. Beside the
rules, revisions that units cause by their replies are spaced, those of incidents also for servers.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Protocol

import msgspec

from ops.sector.setting_tables.feeds import UnitFeedSettings
from ops.services.feeds.feed import DISTRESS, RANKS, FeedReceiver, rank_of
from ops.store.reader import Live, OutboxRow
from sensors.timestamps import SECOND_NS, utc_datetime

MINUTE_NS: Final = 60 * SECOND_NS
DUTY_READ_NS: Final = SECOND_NS
OFF_DUTY: Final = "off_duty"
REVISED_EVERY_NS: Final = 10 * SECOND_NS
"""A further revision waits this long, and the newest is sent: a unit could fill all radio links by its replies."""


class DeliveryVerdict(Enum):
    """What becomes of a row: it is sent, waits for REVISED_EVERY_NS unless a newer revision replaces it, is summed up
    in the next digest, or the unit does not get it."""

    SEND = "send"
    DELAY = "delay"
    HOLD = "hold"
    LEAVE_OUT = "leave out"


class GivenRows(Protocol):
    """Reads which rows a receiver has."""

    def knows(self, receiver: str, alert: str) -> bool: ...

    def best_rank(self, receiver: str, alerts: Sequence[str]) -> int | None: ...


class ForcesReader(Protocol):
    """Reads the live picture of the store."""

    def live(self, part: str) -> Live | None: ...


class _Step(msgspec.Struct):
    """A step of the life cycle, with the unit that made it; none for the operations centre."""

    sender: str = ""


class _Event(msgspec.Struct, frozen=True):
    """The fields of an incident that the rules read."""

    id: str
    alerts: tuple[str, ...] = ()
    section: str | None = None
    unit: str = ""
    offered_unit: str = ""
    state: str = ""
    transitions: tuple[_Step, ...] = ()
    received_at: str | None = None
    attention: bool = False
    escalation: int = 0

    @property
    def units(self) -> frozenset[str]:
        """The units that it is assigned or offered to."""
        return frozenset({self.unit, self.offered_unit} - {""})


class _Call(msgspec.Struct, frozen=True):
    """The statements of a distress call, as alert or incident; no reply of a unit changes them."""

    alerts: tuple[str, ...] = ()
    sentence: str = ""
    lon: float | None = None
    lat: float | None = None
    observed_at: str | None = None


class _OfAlert(msgspec.Struct):
    status: str = ""


@dataclass(frozen=True, slots=True)
class _Sent:
    """The revision that a receiver was sent last, and its incident then."""

    at_ns: int
    row: OutboxRow
    event: _Event


class UnitRules:
    """The rules of all units. ``settings_of`` gives those of a unit, ``zone`` is that of quiet hours.

    A unit is on duty until it states that it is off duty. The receivers of other feeds have no rules.
    """

    def __init__(
        self, settings_of: Callable[[str], UnitFeedSettings], zone: tzinfo, forces: ForcesReader, given: GivenRows
    ) -> None:
        self._settings_of, self._zone, self._forces, self._given = settings_of, zone, forces, given
        self._events: dict[str, _Event] = {}
        self._event_of: dict[str, str] = {}
        self._concerned: set[tuple[str, str]] = set()
        self._off_duty: frozenset[str] = frozenset()
        self._duty_read_ns: int | None = None
        self._sent_ns: defaultdict[str, deque[int]] = defaultdict(deque)
        self._sent: dict[tuple[str, str], _Sent] = {}  # by receiver, and alert or incident

    def learn(self, rows: Sequence[OutboxRow]) -> None:
        """Take the incidents among new rows, before the alerts of the same rows are judged."""
        for row in rows:
            if row.kind != "incident":
                continue
            event = _event_of(row.body)
            if event.state == "closed":
                self._forget(event.id)
                continue
            before = self._events.get(event.id)
            self._concerned |= {(unit, event.id) for unit in event.units if before is None or unit not in before.units}
            self._events[event.id] = event
            self._event_of |= dict.fromkeys(event.alerts, event.id)

    def take_assignments(self) -> dict[str, set[str]]:
        """Return the alerts of the incidents that units were assigned or offered since the last call, by unit."""
        alerts: dict[str, set[str]] = {}
        for unit, event in self._concerned:
            if event in self._events:
                alerts.setdefault(unit, set()).update(self._events[event].alerts)
        self._concerned = set()
        return alerts

    def look(self, now_ns: int) -> frozenset[str]:
        """Read who is off duty, at most every second; return the units that came on duty since the last call."""
        if self._duty_read_ns is not None and 0 <= now_ns - self._duty_read_ns < DUTY_READ_NS:
            return frozenset()
        live = self._forces.live("forces")
        self._duty_read_ns = now_ns
        self._sent = {name: sent for name, sent in self._sent.items() if _is_recent(sent, now_ns)}
        units: list[Mapping[str, Any]] = [] if live is None else msgspec.json.decode(live.body).get("units", [])
        before = self._off_duty
        self._off_duty = frozenset(unit["unit"] for unit in units if unit.get("duty") == OFF_DUTY)
        return before - self._off_duty

    def judge(
        self, receiver: FeedReceiver, key: str, row: OutboxRow, now_ns: int, given_now: Mapping[str, int]
    ) -> DeliveryVerdict:
        """Return whether a row that the receiver wants is sent, delayed, summed up or left out.

        ``key`` is its name in the ledger, ``given_now`` the ranks of the alerts that it is given with the same rows.
        """
        verdict = self._judged(receiver, key, row, now_ns, given_now)
        if verdict is DeliveryVerdict.SEND and (receiver.is_unit or row.kind == "incident"):
            return self._spaced(receiver, key, row, now_ns)
        return DeliveryVerdict.LEAVE_OUT if verdict is DeliveryVerdict.HOLD and _closes(row) else verdict

    def _spaced(self, receiver: FeedReceiver, key: str, row: OutboxRow, now_ns: int) -> DeliveryVerdict:
        event = _event_of(row.body) if row.kind == "incident" else self._event(row)
        if event is None:
            return DeliveryVerdict.SEND
        before, sent = self._sent.get((key, row.alert)), _Sent(now_ns, row, event)
        if before is not None and _is_recent(before, now_ns) and _may_wait(receiver, before, sent):
            return DeliveryVerdict.DELAY
        self._sent[key, row.alert] = sent
        return DeliveryVerdict.SEND

    def _judged(
        self, receiver: FeedReceiver, key: str, row: OutboxRow, now_ns: int, given_now: Mapping[str, int]
    ) -> DeliveryVerdict:
        if not receiver.is_unit or row.priority == DISTRESS:
            return DeliveryVerdict.SEND
        settings = self._settings_of(receiver.unit)
        event = self._event(row)
        if event is not None and receiver.unit in event.units:
            return DeliveryVerdict.SEND
        is_urgent = rank_of(row.priority) <= rank_of(settings.least_priority) or self._knows(key, row, given_now)
        if not is_urgent or not self._concerns(receiver, settings, event):
            over = _closes(row) and self._knows(key, row, given_now)
            return DeliveryVerdict.SEND if over else DeliveryVerdict.LEAVE_OUT
        if row.kind == "alert" and settings.one_per_incident and self._repeats(key, row, event, given_now):
            return DeliveryVerdict.LEAVE_OUT
        if row.priority in settings.never_suppress:
            return DeliveryVerdict.SEND
        if self.is_quiet(receiver, now_ns):
            over = _closes(row) and self._knows(key, row, given_now)
            return DeliveryVerdict.SEND if over else DeliveryVerdict.HOLD
        limited = row.kind == "alert" and settings.most_per_minute > 0 and not self._knows(key, row, given_now)
        if limited and self._floods(key, settings.most_per_minute, now_ns):
            return DeliveryVerdict.HOLD
        return DeliveryVerdict.SEND

    def _concerns(self, receiver: FeedReceiver, settings: UnitFeedSettings, event: _Event | None) -> bool:
        """Whether the unit is on duty and the event in one of its sections."""
        if receiver.unit in self._off_duty:
            return False
        return not settings.sections or event is None or event.section in (None, *settings.sections)

    def _knows(self, key: str, row: OutboxRow, given_now: Mapping[str, int]) -> bool:
        """Whether the receiver has an earlier revision."""
        return row.alert in given_now or self._given.knows(key, row.alert)

    def is_quiet(self, receiver: FeedReceiver, now_ns: int) -> bool:
        """Whether it is one of the quiet hours of a unit."""
        spans = self._settings_of(receiver.unit).quiet_times if receiver.is_unit else ()
        if not spans:
            return False
        now = self._local(now_ns).time()
        return any(begin <= now < end if begin < end else now >= begin or now < end for begin, end in spans)

    def _local(self, now_ns: int) -> datetime:
        return utc_datetime(now_ns).astimezone(self._zone)

    def _event(self, row: OutboxRow) -> _Event | None:
        return self._events.get(row.alert if row.kind == "incident" else self._event_of.get(row.alert, ""))

    def _repeats(self, key: str, row: OutboxRow, event: _Event | None, given_now: Mapping[str, int]) -> bool:
        """Whether the receiver lacks the alert and has another of the same incident that is as urgent."""
        if event is None or self._knows(key, row, given_now):
            return False
        ranks = [given_now[alert] for alert in event.alerts if alert in given_now]
        before = self._given.best_rank(key, event.alerts)
        return min([*ranks, *([] if before is None else [before])], default=len(RANKS)) <= rank_of(row.priority)

    def _floods(self, key: str, most: int, now_ns: int) -> bool:
        """Whether more alerts than the limit came within a minute; one that does not is counted."""
        sent_ns = self._sent_ns[key]
        while sent_ns and not 0 <= now_ns - sent_ns[0] < MINUTE_NS:
            sent_ns.popleft()
        if len(sent_ns) >= most:
            return True
        sent_ns.append(now_ns)
        return False

    def _forget(self, event: str) -> None:
        known = self._events.pop(event, None)
        for alert in () if known is None else known.alerts:
            if self._event_of.get(alert) == event:  # else it is in another incident since, as after a merge
                del self._event_of[alert]


@lru_cache(maxsize=256)
def _event_of(body: bytes) -> _Event:
    return msgspec.json.decode(body, type=_Event)


def _is_recent(sent: _Sent, now_ns: int) -> bool:
    return 0 <= now_ns - sent.at_ns < REVISED_EVERY_NS


def _may_wait(receiver: FeedReceiver, before: _Sent, now: _Sent) -> bool:
    """Whether a receiver that has an earlier revision of an alert or incident may get this one later.

    Of an alert, only where other units have replied since then. Otherwise not if the operations centre or the unit
    itself has, if the incident was assigned or offered to the unit (to any, for a server, unless a unit took it) or is
    no longer, if it is over, was reopened, escalated or needs attention, if its priority changed, or if it is a
    distress call that states anything new. A revision that could not be stored is never its own predecessor.
    """
    if now.row.n == before.row.n:
        return False
    was, event, row = before.event, now.event, now.row
    senders = {step.sender for step in event.transitions[len(was.transitions) :]}
    if event.id != was.id or "" in senders or row.priority != before.row.priority:
        return False
    if event.escalation != was.escalation or event.attention > was.attention:
        return False
    if _closes(row) != _closes(before.row) or (row.priority == DISTRESS and _call_of(row) != _call_of(before.row)):
        return False
    if row.kind == "alert":
        return bool(senders) and receiver.unit not in senders
    asked = event.units ^ was.units
    if not receiver.is_unit:
        return not (event.units - was.units) - senders
    received = event.unit == receiver.unit and event.received_at != was.received_at
    return not (receiver.unit in senders or receiver.unit in asked or received)


def _call_of(row: OutboxRow) -> _Call:
    return msgspec.json.decode(row.body, type=_Call)


def _closes(row: OutboxRow) -> bool:
    """Whether an alert is over with this revision, or an incident closed."""
    if row.kind == "incident":
        return _event_of(row.body).state == "closed"
    return msgspec.json.decode(row.body, type=_OfAlert).status in ("cleared", "rejected")
