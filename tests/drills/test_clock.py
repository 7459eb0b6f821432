"""The clock of ingest's machine jumps by hours and days while sensors go on: times stay true, the jump is on record."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from ops.broker.broker import MosquittoBroker
from ops.journal.events import CLOCK, ClockJump
from ops.journal.reader import JournalReader
from tests.drills.rig import Ingest, Link, check_laws, wait_until
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker
HOUR_S, DAY_S = 3600, 86_400


class FakeTime:
    """The machine's clock of one process, set by a file (libfaketime); its monotonic clock stays true."""

    def __init__(self, file: Path, offset_s: int) -> None:
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not found:
            if os.geteuid() == 0:
                pytest.fail("libfaketime is not installed; expected apt-get install faketime")
            pytest.skip("libfaketime is not installed; expected apt-get install faketime")
        self._file = file
        self.set(offset_s)
        self.environment = {
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, offset_s: int) -> None:
        waiting = self._file.with_suffix(".new")
        waiting.write_text(f"{offset_s:+d}s\n")
        waiting.rename(self._file)


def jumps(journal: Path) -> list[ClockJump]:
    with JournalReader(journal) as reader:
        rows = [row for row in reader.read(limit=10**6) if row.kind == CLOCK]
    return [msgspec.json.decode(row.body, type=ClockJump) for row in rows]


def test_jumps_of_an_hour_and_a_day_change_no_time_and_lose_nothing(tmp_path: Path) -> None:
    fake, began_ns = FakeTime(tmp_path / "time", 0), time.time_ns()
    with MosquittoBroker(folder=tmp_path / "b") as broker:
        ingest = Ingest(tmp_path, broker.url, **fake.environment).ready()
        links = [Link(tmp_path, name, broker.url) for name in ("a", "b")]
        offsets = (0, HOUR_S, 0, -HOUR_S, 0, DAY_S, 0, -DAY_S)
        for number, offset_s in enumerate(offsets):
            fake.set(offset_s)
            for link in links:
                link.put(10)
            wait_until(lambda n=number: len(jumps(ingest.journal)) >= n)
            for link in links:
                link.put(10)
        for link in links:
            assert link.sender.drain(PATIENT_S), link.sender.problem
            link.close()
        ingest.stop(timeout_s=PATIENT_S)
    ended_ns = time.time_ns()
    counts = check_laws(ingest.journal, {link.sensor: link.spool.put_total for link in links})
    assert all(count.dead_lettered == 0 for count in counts.values())
    with JournalReader(ingest.journal) as journal:
        rows = journal.read(limit=10**6)
        assert all(set(timing) <= {"live", "late"} for timing in journal.timings().values())
    received = [row.received_ns for row in rows]
    assert began_ns - 1e9 <= min(received) <= max(received) <= ended_ns + 1e9, "no row is of another hour"
    assert max(row.observed_ns - row.received_ns for row in rows if row.kind == "detections") < 1e9, "observed before"
    told = jumps(ingest.journal)
    expected = [after - before for before, after in pairwise(offsets)]
    assert [round(jump.jump_s / 60) for jump in told] == [step // 60 for step in expected]
    assert not any(jump.taken for jump in told)


def test_a_clock_that_is_set_right_is_believed(tmp_path: Path) -> None:
    """An hour slow at first: what sensors say is of the future, refused and kept. Then somebody sets the clock."""
    fake = FakeTime(tmp_path / "time", -HOUR_S)
    with MosquittoBroker(folder=tmp_path / "b") as broker:
        ingest = Ingest(tmp_path, broker.url, **fake.environment).ready()
        link = Link(tmp_path, "a", broker.url)
        link.put(20)
        assert link.sender.drain(PATIENT_S)
        fake.set(0)
        wait_until(lambda: len(jumps(ingest.journal)) == 2)  # found, and believed by the times in the heartbeats
        link.put(30)
        assert link.sender.drain(PATIENT_S)
        link.close()
        ingest.stop(timeout_s=PATIENT_S)
    with JournalReader(ingest.journal) as journal:
        timings = journal.timings()["a"]
        assert (timings.pop("future"), sum(timings.values())) == (20, 30)
        assert set(timings) <= {"live", "late"}
        count = journal.counts()["a"]
    assert (count.journaled, count.dead_lettered) == (30, 20)
    told = jumps(ingest.journal)
    assert [(round(jump.jump_s / 60), jump.taken) for jump in told] == [(HOUR_S // 60, False), (HOUR_S // 60, True)]
