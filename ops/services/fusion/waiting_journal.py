"""The journal as fusion reads it: fusion waits for its first row, and for a server that does not answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from ops.journal.reader import Counts, JournalError, JournalReader, JournalRow
from ops.journal.stores.place import read_journal
from ops.journal.stores.protocol import FollowedJournal
from ops.postgres.note import note_path
from ops.runtime.processes.child_process import say, sign_of_life

JOURNAL_WAIT_S: Final = 120.0
POLL_S: Final = 0.005
STORE_POLL_S: Final = 0.02
"""Interval between questions for new rows to a server, each of which costs it more than a look into a file."""
AGAIN_S: Final = 0.5
_LOOK_S: Final = 0.05

_Answer = TypeVar("_Answer")


class WaitingJournal:
    """A journal on a server: each question is repeated until it is answered, or until ``stop`` is set.

    Fusion keeps its state meanwhile; if it ended, it would compute all since its checkpoint again. ``tell`` is called
    with the problem, and with None when it is over.
    """

    def __init__(
        self,
        journal: FollowedJournal,
        stop: threading.Event,
        *,
        tell: Callable[[str | None], None] = lambda problem: say(problem=problem),
    ) -> None:
        self._journal, self._stop, self._tell = journal, stop, tell

    def read(self, after_id: int = 0, limit: int = 1000) -> list[JournalRow]:
        """Return up to ``limit`` rows with ids above ``after_id``, in order of arrival."""
        return self._answer(lambda: self._journal.read(after_id, limit))

    def last_id(self) -> int:
        """Return the newest row's id; 0 in an empty journal."""
        return self._answer(self._journal.last_id)

    def counts(self, kind: str | None = "detections") -> dict[str, Counts]:
        """Return receipts per sensor, of one kind or of all."""
        return self._answer(lambda: self._journal.counts(kind))

    def flagged(self) -> dict[str, dict[str, int]]:
        """Count the implausible scans of each sensor by flag."""
        return self._answer(self._journal.flagged)

    def timings(self) -> dict[str, dict[str, int]]:
        """Count the scans of each sensor by their delay class."""
        return self._answer(self._journal.timings)

    def _answer(self, ask: Callable[[], _Answer]) -> _Answer:
        told: str | None = None
        while True:
            try:
                answer = ask()
            except JournalError as error:
                if str(error) != told:
                    told = str(error)
                    self._tell(told)
                sign_of_life()
                if self._stop.wait(AGAIN_S):
                    raise
            else:
                if told is not None:
                    self._tell(None)
                return answer


def followed_journal(path: Path, stop: threading.Event) -> tuple[FollowedJournal, Callable[[], None], float]:
    """Open a journal to follow it; on a first start, wait until ingest has created it.

    Returns the journal, what closes it, and the interval between questions for new rows [s].
    """
    deadline = time.monotonic() + JOURNAL_WAIT_S
    told: str | None = None
    while True:
        try:
            journal = read_journal(path)
        except JournalError as error:
            if note_path(path).exists():
                if str(error) != told:
                    told = str(error)
                    say(problem=told)
                if stop.wait(AGAIN_S):
                    raise
            elif time.monotonic() > deadline or stop.wait(_LOOK_S):
                raise
        else:
            if told is not None:
                say(problem=None)
            if isinstance(journal, JournalReader):
                return journal, journal.close, POLL_S
            return WaitingJournal(journal, stop), journal.close, STORE_POLL_S
