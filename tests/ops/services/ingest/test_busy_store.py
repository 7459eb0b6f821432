"""Ingest whose store is locked by another: it says so, goes on, and writes what waited."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ops.broker.broker import EmbeddedBroker
from ops.journal.reader import JournalBusy
from ops.journal.writer import Journal
from ops.runtime.clock import ScenarioClock
from ops.services.ingest import process
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker


class LockedJournal(Journal):
    """A journal that a lock keeps from two appends, and from ticks until one succeeded, as a store may be."""

    appends, ticks, appended = 2, 2, False

    def append(self, *values: Any, **more: Any) -> int:
        if self.appends:
            self.appends -= 1
            raise JournalBusy("another transaction holds a lock", where="store", expected="short transactions")
        self.appended = True
        return super().append(*values, **more)

    def tick(self, now_ns: int) -> None:
        if self.ticks or not self.appended:
            self.ticks -= bool(self.ticks)
            raise JournalBusy("another transaction holds a lock", where="store", expected="short transactions")
        super().tick(now_ns)


def test_ingest_says_that_its_store_is_locked_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, stopping = list[Any](), threading.Event()

    def say(**message: Any) -> None:
        if "problem" in message:
            said.append(message["problem"])
            if message["problem"] is None and any("holds a lock" in problem for problem in said if problem):
                stopping.set()

    monkeypatch.setattr(process, "say", say)
    now_ns = time.time_ns()
    with (
        EmbeddedBroker(folder=tmp_path / "broker") as broker,
        LockedJournal(tmp_path / "journal.db") as journal,
    ):
        ingest = process.Ingest(
            broker.url,
            journal,
            tmp_path / "journal.db",
            ScenarioClock(now_ns, now_ns),
            process.IngestOptions("x", wait_s=PATIENT_S),
        )
        monkeypatch.setattr(ingest._disk, "check", lambda: None)  # whatever space this machine has
        ingest._disk.full, ingest._recorded_full = False, True  # a change that is to be journaled
        ingest.run(stopping)
        kinds = [row.kind for row in journal.read()]
    assert (journal.appends, journal.ticks) == (0, 0)
    assert None in said[next(n for n, problem in enumerate(said) if problem and "holds a lock" in problem) :]
    assert "disk" in kinds
    assert "tick" in kinds
