"""kill -9 of ingest, broker and sender at seeded moments, and of ingest and fusion at named points. Both laws exact."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from ingest.sending.spool import Spool
from ops.broker.broker import URL_VARIABLE, EmbeddedBroker, MosquittoBroker
from ops.journal.reader import JournalReader
from ops.runtime.processes.child_process import Child
from tests.drills.dying import INGEST_POINTS, VARIABLE
from tests.drills.rig import OF_TESTS, Ingest, Link, check_laws, wait_until
from tests.drills.sizes import SIZES
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker
SENSORS = ("north", "east", "south", "west")


class FirstCommit:
    """Seconds from the start of ingest to its first commit, over all starts."""

    def __init__(self, journal: Path) -> None:
        self.journal, self.seconds = journal, list[float]()

    def measure(self, ingest: Ingest) -> None:
        with JournalReader(self.journal) as reader:
            last, began = reader.last_id(), time.monotonic()
            ingest.restart()
            wait_until(lambda: reader.last_id() > last, what=lambda: ingest.last_words())
            self.seconds.append(time.monotonic() - began)


@pytest.mark.parametrize("made", [EmbeddedBroker, MosquittoBroker])
def test_seeded_kills_lose_nothing_and_count_nothing_twice(made: Any, tmp_path: Path, record_property: Any) -> None:
    """Neither broker keeps anything on disk. The senders' own spools are on disk, so they may be killed, too."""
    chance = random.Random(f"{made.__name__} {SIZES.kills}")
    each = SIZES.scans // len(SENSORS)
    with made(folder=tmp_path / "broker") as broker:
        ingest = Ingest(tmp_path, broker.url).ready()
        senders = Child(
            "senders", "tests.drills.sending", [str(tmp_path), str(each), str(SIZES.plots), *SENSORS],
            log=tmp_path / "senders.log", secrets={URL_VARIABLE: broker.url.text, **OF_TESTS},
        )  # fmt: skip
        senders.wait_for("ready", timeout_s=PATIENT_S)
        starts = FirstCommit(ingest.journal)
        for kill in range(SIZES.kills):
            time.sleep(chance.uniform(0.0, 0.3))
            ingest.kill()
            if kill % 4 == 1:
                broker.kill()
                broker.start()
            if kill % 4 == 3:
                senders.kill()
                senders.restart()
            starts.measure(ingest)
        senders.wait_for("drained", timeout_s=2 * PATIENT_S + SIZES.scans / 100)
        assert senders.stop(timeout_s=PATIENT_S) == 0, senders.exit_report()
        ingest.stop(timeout_s=PATIENT_S)
    put = {}
    for sensor in SENSORS:
        with Spool(tmp_path / f"{sensor}.spool") as spool:
            put[sensor] = spool.put_total
            assert spool.waiting == 0
    assert put == dict.fromkeys(SENSORS, each)
    check_laws(ingest.journal, put)
    starts.seconds.sort()
    record_property("seconds to first commit: median", starts.seconds[len(starts.seconds) // 2])
    record_property("seconds to first commit: largest", starts.seconds[-1])
    print("seconds to first commit, median and largest:", starts.seconds[len(starts.seconds) // 2], starts.seconds[-1])


def test_a_kill_at_each_named_point_loses_nothing(tmp_path: Path) -> None:
    """Before and after each of the steps on which the promise stands; each time under way for the second time."""
    with MosquittoBroker(folder=tmp_path / "broker") as broker:
        link = Link(tmp_path, "north", broker.url)
        for point in INGEST_POINTS:
            dying = Ingest(tmp_path, broker.url, module="tests.drills.dying", **{VARIABLE: f"{point}:2"})
            dying.wait_for("ready", timeout_s=PATIENT_S)
            deadline = time.monotonic() + PATIENT_S
            while dying.alive and time.monotonic() < deadline:
                link.put(3, plots=3)
                time.sleep(0.05)
            assert dying.process.wait(PATIENT_S) == -9, point
        ingest = Ingest(tmp_path, broker.url).ready()
        assert link.sender.drain(PATIENT_S), link.sender.problem
        link.close()
        ingest.stop(timeout_s=PATIENT_S)
    counts = check_laws(ingest.journal, {"north": link.spool.put_total})
    assert counts["north"].duplicate > 0, "what was committed and not acknowledged came again"
