"""What became of the answers of devices: a line for the person who answered, within what the unit may still know."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from geo.message import Message
from ops.services.feeds.cot.answers import OLDEST, TakDevice
from ops.store.connections import StoreError
from ops.words import MessageCatalogue

OUTCOME_S: Final = OLDEST.total_seconds()
"""How long the outcome of an answer is waited for: on its way are a spool, the broker, ingest and fusion."""
MOST_WAITING: Final = 256
"""Answers that wait for their outcome; beyond them the oldest is not waited for any more."""


@dataclass(frozen=True, slots=True)
class PendingAnswer:
    """An answer to an incident whose outcome its device has not got yet."""

    server: str
    device: TakDevice
    incident: str
    name: str
    action: str


class OutcomeLine(NamedTuple):
    """A line for the device that answered, which may have it until ``until_s`` [monotonic s]."""

    action_id: str
    pending: PendingAnswer
    text: str
    until_s: float


class _Outcome(msgspec.Struct):
    incident: str
    sentence: str = ""
    unit: str = ""


class AnswerOutcomes:
    """The answers that wait for their outcome, for any number of threads.

    ``read`` returns an outcome by its id, None while there is none. ``may_have``: whether the unit, and the server over
    which it answers, may have the incident now.
    """

    def __init__(
        self,
        read: Callable[[str], bytes | None],
        may_have: Callable[[PendingAnswer], bool],
        words: MessageCatalogue,
    ) -> None:
        self._read, self._may_have, self._words = read, may_have, words
        self._waiting: dict[str, tuple[PendingAnswer, float]] = {}
        self._lock = threading.Lock()

    def expect(self, action_id: str, pending: PendingAnswer, now_s: float) -> None:
        """Wait for the outcome of an answer that is being sent at ``now_s`` [monotonic s]."""
        self._wait(action_id, pending, now_s + OUTCOME_S)

    def take(self, now_s: float) -> list[OutcomeLine]:
        """The lines of the outcomes that are known now; each is returned once, and again after ``put_back``."""
        lines = []
        with self._lock:
            waiting = list(self._waiting.items())
        for action_id, (pending, until_s) in waiting:
            try:
                stored = self._read(action_id) if now_s < until_s else None
                text = None if stored is None else self._text(pending, stored)
            except StoreError:
                break
            if text is None and now_s < until_s:
                continue
            with self._lock:
                self._waiting.pop(action_id, None)
            if text is not None:
                lines.append(OutcomeLine(action_id, pending, text, until_s))
        return lines

    def put_back(self, line: OutcomeLine) -> None:
        """Wait again with a line that its server did not get."""
        self._wait(line.action_id, line.pending, line.until_s)

    def _wait(self, action_id: str, pending: PendingAnswer, until_s: float) -> None:
        with self._lock:
            self._waiting[action_id] = pending, until_s
            if len(self._waiting) > MOST_WAITING:
                del self._waiting[min(self._waiting, key=lambda one: self._waiting[one][1])]

    def _text(self, pending: PendingAnswer, stored: bytes) -> str:
        outcome = msgspec.json.decode(stored, type=_Outcome)
        if (outcome.unit, outcome.incident) != (pending.device.unit, pending.incident):
            return self._words.say(Message("unit-id-used"))  # another's outcome, which this unit may not know
        if not self._may_have(pending):
            return self._words.say(Message("unit-no-incident"))
        return outcome.sentence or self._words.say("tak-done", name=pending.name, action=pending.action)
