"""Fusion waits for a journal on a server that does not answer, and says why; it waits no longer when it is to stop."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ops.journal.reader import JournalError
from ops.services.fusion import waiting_journal
from ops.services.fusion.waiting_journal import WaitingJournal


class Server:
    """Refuses the first questions, each with its sentence."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = list(sentences)

    def last_id(self) -> int:
        if self.sentences:
            raise JournalError(self.sentences.pop(0), where="store", expected="a server that is running")
        return 7


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_journal, "AGAIN_S", 0.0)


def waiting(server: Any, stop: threading.Event) -> tuple[WaitingJournal, list[str | None]]:
    told: list[str | None] = []
    return WaitingJournal(server, stop, tell=told.append), told


def test_a_question_is_repeated_until_it_is_answered_and_each_problem_is_told_once() -> None:
    journal, told = waiting(Server("stopped", "stopped", "starting"), threading.Event())
    assert journal.last_id() == 7
    assert told == [
        "store: stopped; expected a server that is running.",
        "store: starting; expected a server that is running.",
        None,
    ]
    assert journal.last_id() == 7
    assert len(told) == 3, "nothing more while it answers"


def test_fusion_that_is_to_stop_does_not_wait() -> None:
    stop = threading.Event()
    stop.set()
    journal, told = waiting(Server(*["stopped"] * 9), stop)
    with pytest.raises(JournalError, match="stopped"):
        journal.last_id()
    assert told == ["store: stopped; expected a server that is running."]
