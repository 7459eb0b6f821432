"""What became of the answers of devices: a line for the person who answered, within what the unit may still know."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from geo.message import Message
from ops.services.feeds.cot.answers import OLDEST, TakDevice
from ops.services.feeds.cot.memory import CotMemory, CotMemoryError
from ops.store.connections import StoreError
from ops.words import MessageCatalogue

log = logging.getLogger(__name__)

OUTCOME_S: Final = OLDEST.total_seconds()
"""How long the outcome of an answer is waited for: on its way are a spool, the broker, ingest and fusion."""
MOST_OF_UNIT: Final = 64
"""Answers of one unit that wait for their outcome; beyond them its oldest is not waited for any more."""
SOON_S: Final = 120.0
LATER_EVERY_S: Final = 10.0
"""An outcome is looked for each time for ``SOON_S``, and afterwards this often."""
AGAIN_S: Final = 2.0
"""Pause before a line is sent again that its server did not get."""


@dataclass(frozen=True, slots=True)
class PendingAnswer:
    """An answer to an incident whose outcome its device has not got yet."""

    server: str
    device: TakDevice
    incident: str
    name: str
    action: str


class OutcomeLine(NamedTuple):
    """A line for the device that answered."""

    action_id: str
    pending: PendingAnswer
    text: str
    waited: _Waited
    """As which the answer waited; if the server does not get the line, it waits again."""


@dataclass(frozen=True, slots=True)
class _Waited:
    """When an answer was sent, and when its outcome is looked for next [monotonic s]."""

    sent_s: float
    next_s: float


class _Outcome(msgspec.Struct):
    incident: str
    sentence: str = ""
    unit: str = ""


class AnswerOutcomes:
    """The answers that wait for their outcome, for any number of threads, also after a restart.

    ``read`` returns an outcome by its id, None while there is none. ``may_have``: whether the unit, and the server over
    which it answers, may have the incident now. ``memory`` keeps the answers; what it cannot keep waits all the same.
    """

    def __init__(
        self,
        read: Callable[[str], bytes | None],
        may_have: Callable[[PendingAnswer], bool],
        words: MessageCatalogue,
        memory: CotMemory,
    ) -> None:
        self._read, self._may_have, self._words, self._memory = read, may_have, words, memory
        self._waiting: dict[str, tuple[PendingAnswer, _Waited]] = {}
        self._lock = threading.Lock()

    def expect(self, action_id: str, pending: PendingAnswer, now_s: float) -> None:
        """Wait for the outcome of an answer that is being sent at ``now_s`` [monotonic s]."""
        self._keep(lambda: self._memory.expect(action_id, time.time_ns(), msgspec.json.encode(pending)))
        self._wait(action_id, pending, _Waited(now_s, now_s))

    def resume(self, now_s: float, is_known: Callable[[PendingAnswer], bool]) -> None:
        """Wait again for the outcomes that were waited for before a restart.

        ``is_known``: whether the settings still have the server, and its device for that unit; others are forgotten.
        """
        for action_id, sent_ns, kept in self._memory.expected():
            age_s = max(0.0, (time.time_ns() - sent_ns) / 1e9)
            pending = msgspec.json.decode(kept, type=PendingAnswer)
            if age_s < OUTCOME_S and is_known(pending):
                self._wait(action_id, pending, _Waited(now_s - age_s, now_s))
            else:
                self._memory.settle(action_id)

    def forget(self, action_id: str) -> None:
        """Wait no more for the outcome of an answer: it could not be sent, or its device has the outcome."""
        with self._lock:
            self._waiting.pop(action_id, None)
        self._keep(lambda: self._memory.settle(action_id))

    def take(self, now_s: float) -> list[OutcomeLine]:
        """The lines of the outcomes that are known now; each is returned once, and again after ``put_back``. When its
        device has it, call ``forget``."""
        lines = []
        with self._lock:
            due = [(one, *waits) for one, waits in self._waiting.items() if waits[1].next_s <= now_s]
        for action_id, pending, waited in due:
            age_s = now_s - waited.sent_s
            try:
                stored = self._read(action_id) if age_s < OUTCOME_S else None
                text = None if stored is None else self._text(pending, stored)
            except StoreError:
                break
            if text is None and age_s < OUTCOME_S:
                if age_s >= SOON_S:
                    self._wait(action_id, pending, _Waited(waited.sent_s, now_s + LATER_EVERY_S))
                continue
            if text is None:
                self.forget(action_id)
                continue
            with self._lock:
                self._waiting.pop(action_id, None)
            lines.append(OutcomeLine(action_id, pending, text, _Waited(waited.sent_s, now_s + AGAIN_S)))
        return lines

    def put_back(self, line: OutcomeLine) -> None:
        """Wait again with a line that its server did not get."""
        self._wait(line.action_id, line.pending, line.waited)

    def _wait(self, action_id: str, pending: PendingAnswer, waited: _Waited) -> None:
        with self._lock:
            self._waiting[action_id] = pending, waited
            unit = pending.device.unit
            own = {one: waits for one, (sender, waits) in self._waiting.items() if sender.device.unit == unit}
            oldest = min(own, key=lambda one: own[one].sent_s)
        if len(own) > MOST_OF_UNIT:
            self.forget(oldest)

    def _keep(self, write: Callable[[], None]) -> None:
        """An answer is sent, and a line is shown, also where the file cannot be written."""
        try:
            write()
        except CotMemoryError as error:
            log.warning("TAK: an outcome may be lost, or come twice, at a restart: %s", error)

    def _text(self, pending: PendingAnswer, stored: bytes) -> str:
        outcome = msgspec.json.decode(stored, type=_Outcome)
        if (outcome.unit, outcome.incident) != (pending.device.unit, pending.incident):
            return self._words.say(Message("unit-id-used"))  # another's outcome, which this unit may not know
        if not self._may_have(pending):
            return self._words.say(Message("unit-no-incident"))
        return outcome.sentence or self._words.say("tak-done", name=pending.name, action=pending.action)
