"""What became of the answers of devices: a line for the person who answered, within what the unit may still know."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from geo.message import Message
from ops.services.feeds.cot.answers import TakDevice
from ops.store.connections import StoreError
from ops.words import MessageCatalogue

OUTCOME_S: Final = 120.0
"""How long the outcome of an answer is waited for."""


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
        with self._lock:
            self._waiting[action_id] = pending, now_s + OUTCOME_S

    def take(self, now_s: float) -> list[OutcomeLine]:
        """The lines of the outcomes that are known now; each is returned once."""
        lines = []
        for action_id, (pending, until_s) in list(self._waiting.items()):
            try:
                stored = self._read(action_id)
            except StoreError:
                break
            if stored is None and now_s < until_s:
                continue
            with self._lock:
                self._waiting.pop(action_id, None)
            if stored is not None:
                lines.append(OutcomeLine(action_id, pending, self._text(pending, stored)))
        return lines

    def _text(self, pending: PendingAnswer, stored: bytes) -> str:
        outcome = msgspec.json.decode(stored, type=_Outcome)
        if (outcome.unit, outcome.incident) != (pending.device.unit, pending.incident):
            return self._words.say(Message("unit-id-used"))  # another's outcome, which this unit may not know
        if not self._may_have(pending):
            return self._words.say(Message("unit-no-incident"))
        return outcome.sentence or self._words.say("tak-done", name=pending.name, action=pending.action)
