"""Notices to units of their refused messages, with the reasons: at once, then at most every half minute."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec

from geo.message import Message
from ops.field.refusal_file import RefusalBookError
from ops.field.refusals import KEPT_NS, RefusalBook, RefusalChannel, RefusalEntry, RefusedMessage, reason_of
from ops.journal.reader import JournalError
from ops.journal.stores.place import JournalPlace
from ops.services.feeds.pumping import Turns, pump_until
from ops.services.feeds.unit_messages import RefusedNotice, RefusedReason
from ops.words import MessageCatalogue
from sensors.timestamps import nanoseconds, utc_datetime

log = logging.getLogger(__name__)

NOTICE_EVERY_S: Final = 30.0
"""Least time between two notices to a unit; what is refused meanwhile is summed up in the next."""
AGAIN_AFTER_S: Final = 60.0
"""A notice that the broker has not acknowledged within this time is sent again, with what came since."""
FORGET_EVERY_S: Final = 600.0
MOST_REASONS: Final = 10
ROWS_A_LOOK: Final = 500
LETTERS: Final = "dead letters"
OUTCOMES: Final = "outcomes"
FROM_TAK: Final = "tak-"
"""Beginning of the ids of answers from TAK, whose devices get the outcome as a chat line."""
NEUTRAL: Final = Message("unit-no-incident")
"""Reason that does not reveal whether an incident or alert exists: the same for an unknown one and for one that the
unit may not have."""
UNKNOWN: Final = frozenset({"incident-refused-no-incident", "incident-refused-no-alert"})
_CHANNEL: Final[dict[str, RefusalChannel]] = {"position": "position", "action": "reply"}


class OutcomesReader(Protocol):
    """Reads the outcomes of actions in the order in which fusion wrote them."""

    def outcomes_after(self, number: int, *, limit: int = ...) -> list[tuple[int, bytes]]: ...

    def last_outcome(self) -> int: ...


class _Outcome(msgspec.Struct):
    id: str
    result: str
    at: datetime
    incident: str = ""
    unit: str = ""
    message: dict[str, Any] | None = None


class RefusalDesk:
    """Counts what ingest and fusion refuse of units, and sends each of ``units`` a notice of it.

    ``publish`` sends a notice; its future completes when the broker has it, and only then the unit counts as informed,
    also over a restart. Messages that were refused before the first start are left out. ``may_know``: whether a unit
    may have an incident, by its marking; otherwise, and for an unknown one, the reason is one and the same. Any thread
    may call ``take``.
    """

    def __init__(
        self,
        book: RefusalBook,
        journal: JournalPlace,
        outcomes: OutcomesReader,
        *,
        units: Collection[str],
        publish: Callable[[str, RefusedNotice], Future[Any]],
        words: MessageCatalogue,
        now_ns: Callable[[], int],
        monotonic_s: Callable[[], float],
        may_know: Callable[[str, str], bool] = lambda _unit, _incident: True,
    ) -> None:
        self._book, self._journal, self._outcomes, self._units = book, journal, outcomes, frozenset(units)
        self._publish, self._words, self._now_ns, self._monotonic_s = publish, words, now_ns, monotonic_s
        self._may_know = may_know
        self._due_s: dict[str, float] = {}
        self._forget_s = monotonic_s()
        self._sent: dict[str, tuple[Future[Any], float, list[RefusalEntry]]] = {}
        self.turns = Turns()

    @property
    def problem(self) -> str | None:
        """The reason why refused messages are not counted, and units get no notice of them; None while they do."""
        return self._book.problem

    def take(self, refused: RefusedMessage) -> None:
        """Count a message that another part of the process refused, now or as soon as it can be; never raises."""
        with suppress(RefusalBookError):
            self._book.note(refused)

    def run(self, stop: threading.Event, *, every_s: float = 1.0) -> None:
        """Pump until ``stop``; a failure of the store is logged once per outage."""
        pump_until(stop, self.pump, every_s=every_s, name="Refusals", turns=self.turns)

    def pump(self) -> None:
        """Count what is new, and send the notices that are due; while the book cannot be used, nothing."""
        try:
            if self._monotonic_s() >= self._forget_s:
                self._forget_s = self._monotonic_s() + FORGET_EVERY_S
                self._book.forget(self._now_ns())
            self._take_dead_letters()
            self._take_outcomes()
            self._note_sent()
            self._send()
        except RefusalBookError as error:
            log.debug("%s", error)  # the book has logged it once
        except JournalError as error:
            log.debug("Refusals: %s", error)  # ingest has not made it yet, or is replacing it

    def _take_dead_letters(self) -> None:
        if not self._journal.exists():
            return
        with self._journal.reading() as journal:
            last = journal.last_dead_letter()
            taken = self._begin(LETTERS, last)
            while taken < last:
                self.turns.note()
                rows = journal.refused_of_units(taken, ROWS_A_LOOK)
                taken = rows[-1].id if len(rows) == ROWS_A_LOOK else max(last, *(row.id for row in rows), 0)
                self._book.note(
                    *(
                        RefusedMessage(
                            row.unit, "mqtt", _CHANNEL[row.kind], row.code, reason_of(row.code, row.field),
                            row.received_ns,
                        )
                        for row in rows if row.unit
                    ),
                    source=LETTERS, taken=taken,
                )  # fmt: skip

    def _take_outcomes(self) -> None:
        taken = self._begin(OUTCOMES, self._outcomes.last_outcome())
        while rows := self._outcomes.outcomes_after(taken, limit=ROWS_A_LOOK):
            self.turns.note()
            taken = rows[-1][0]
            found = [msgspec.json.decode(body, type=_Outcome) for _, body in rows]
            kept_ns = self._now_ns() - KEPT_NS
            refused = [
                self._of_outcome(one)
                for one in found
                if one.result == "refused" and one.unit and nanoseconds(one.at) >= kept_ns
            ]
            self._book.note(*refused, source=OUTCOMES, taken=taken)

    def _of_outcome(self, outcome: _Outcome) -> RefusedMessage:
        message = NEUTRAL
        if outcome.message is not None and outcome.incident and self._may_know(outcome.unit, outcome.incident):
            stated = Message.from_dict(outcome.message)
            message = NEUTRAL if stated.id in UNKNOWN else stated
        from_tak = outcome.id.startswith(FROM_TAK)
        way: Any = "tak" if from_tak else "mqtt"
        return RefusedMessage(
            outcome.unit, way, "reply", message.id, message, nanoseconds(outcome.at), reference=outcome.id,
            notified=from_tak,
        )  # fmt: skip

    def _begin(self, source: str, last: int) -> int:
        """Number up to which a source is counted; the end at the first start, and in another file than before."""
        taken = self._book.taken(source)
        if taken is None or taken > last:
            self._book.note(source=source, taken=last)
            return last
        return taken

    def _note_sent(self) -> None:
        now_s = self._monotonic_s()
        for unit, (answer, sent_s, entries) in list(self._sent.items()):
            if answer.done():
                if not answer.cancelled() and answer.exception() is None:
                    self._book.confirm("unit", entries)  # where that fails, the notice is not sent again
                del self._sent[unit]
            elif now_s - sent_s > AGAIN_AFTER_S:
                del self._sent[unit]

    def _send(self) -> None:
        now_s = self._monotonic_s()
        waiting: dict[str, list[tuple[RefusalEntry, int]]] = {}
        for entry, more in self._book.outstanding("unit"):
            waiting.setdefault(entry.unit, []).append((entry, more))
        for unit, grown in waiting.items():
            if unit not in self._units or unit in self._sent or now_s < self._due_s.get(unit, now_s):
                continue
            self._due_s[unit] = now_s + NOTICE_EVERY_S
            try:
                answer = self._publish(unit, self._notice(grown))
            except Exception as error:  # noqa: BLE001 - whatever it is, the notice is sent again
                log.warning("Notice of refusals to %s: %s", unit, error)
                continue
            self._sent[unit] = answer, now_s, [entry for entry, _ in grown]
        for unit in [one for one, due_s in self._due_s.items() if due_s < now_s - NOTICE_EVERY_S]:
            del self._due_s[unit]

    def _notice(self, grown: Sequence[tuple[RefusalEntry, int]]) -> RefusedNotice:
        reasons = tuple(
            RefusedReason(
                entry.channel, entry.code, more, utc_datetime(entry.last_ns), self._words.say(entry.message),
                entry.reference,
            )
            for entry, more in grown[:MOST_REASONS]
        )  # fmt: skip
        return RefusedNotice(utc_datetime(self._now_ns()), sum(more for _, more in grown), reasons[0].sentence, reasons)
