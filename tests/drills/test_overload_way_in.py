"""Twice and five times the rated load: withheld acknowledgements push back, calls overtake, nothing is lost."""

from __future__ import annotations

import time
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from ingest.mqtt.publisher import Publisher
from ingest.topics import unit_topic
from ingest.unit_messages import Position
from ops.broker.broker import EmbeddedBroker, MosquittoBroker
from ops.journal.reader import Counts, JournalReader
from tests.drills.rig import SECTOR, STEADY, Ingest, Link, check_laws, wait_until
from tests.drills.sizes import SIZES
from tests.patience import PATIENT_S

pytestmark = pytest.mark.broker
RATED_PER_S = 2000
"""Detections a second: what ARTAS is rated at."""
SENSORS = 4
PLOTS = 50


@pytest.mark.parametrize(("made", "times"), [(MosquittoBroker, 2), (MosquittoBroker, 5), (EmbeddedBroker, 5)])
def test_at_times_the_rated_load_no_call_is_lost_and_the_journal_is_exact(
    made: Any, times: int, tmp_path: Path, record_property: Any
) -> None:
    seconds = max(SIZES.soak_s, 3.0)
    with made(folder=tmp_path / "b") as broker:
        ingest = Ingest(tmp_path, broker.url).ready()
        links = [Link(tmp_path, f"s{n}", broker.url) for n in range(SENSORS)]
        unit = Publisher(broker.url, client_id="u1", now_ns=time.time_ns, settings=STEADY)
        unit.start(timeout_s=PATIENT_S)
        calls, began = list[Future[None]](), time.monotonic()
        memory = psutil.Process(ingest.process.pid).memory_info().rss
        while (passed := time.monotonic() - began) < seconds or len(calls) <= 8:
            due = int(passed * times * RATED_PER_S / PLOTS / SENSORS)
            for link in links:
                if link.scans < due:
                    link.put(due - link.scans, plots=PLOTS)
            if len(calls) < passed * 5:
                number = len(calls) + 1
                call = Position("u1", 1, number, datetime.now(UTC), 8.0, 47.0, distress=True, note=f"call {number}")
                calls.append(unit(unit_topic(SECTOR, "u1", "position"), msgspec.json.encode(call)))
            time.sleep(0.01)
        behind_s = time.monotonic()
        for link in links:
            assert link.sender.drain(PATIENT_S), link.sender.problem
        behind_s = time.monotonic() - behind_s
        grown = psutil.Process(ingest.process.pid).memory_info().rss / memory
        assert [answer.result(PATIENT_S) for answer in calls] == [None] * len(calls)
        unit.stop()
        with JournalReader(ingest.journal) as journal:
            wait_until(lambda: journal.counts("position").get("u1", Counts()).journaled >= len(calls))
        for link in links:
            link.close()
        ingest.stop(timeout_s=PATIENT_S)
    check_laws(ingest.journal, {link.sensor: link.spool.put_total for link in links})
    with JournalReader(ingest.journal) as journal:
        waited = [
            (row.received_ns - row.observed_ns) / 1e9 for row in journal.read(limit=10**7) if row.kind == "position"
        ]
    assert len(waited) == len(calls) > 8
    for name, figure in (
        ("behind at the end", behind_s),
        ("slowest call to ingest", max(waited)),
        ("memory, times", grown),
    ):
        record_property(f"{name}, {times} R", round(figure, 2))
        print(f"{made.__name__} at {times} R: {name} {figure:.2f}")


def test_a_call_overtakes_a_backlog_that_ingest_has_not_read(tmp_path: Path) -> None:
    """A backlog waits at the broker when ingest starts; the call that came after all of it does not wait for it."""
    with MosquittoBroker(folder=tmp_path / "b") as broker:
        first = Ingest(tmp_path, broker.url).ready()
        first.stop(timeout_s=PATIENT_S)  # its sessions stay
        links = [Link(tmp_path, f"s{n}", broker.url) for n in range(SENSORS)]
        for link in links:
            link.put(500, plots=5)
        wait_until(
            lambda: all(link.sender._window._cursor == (link.spool.boot, 500) for link in links)
        )  # all of it was sent
        unit = Publisher(broker.url, client_id="u1", now_ns=time.time_ns, settings=STEADY)
        unit.start(timeout_s=PATIENT_S)
        call = Position("u1", 1, 1, datetime.now(UTC), 8.0, 47.0, distress=True)
        unit(unit_topic(SECTOR, "u1", "position"), msgspec.json.encode(call)).result(timeout=PATIENT_S)
        ingest = Ingest(tmp_path, broker.url).ready()
        for link in links:
            assert link.sender.drain(PATIENT_S), link.sender.problem
            link.close()
        unit.stop()
        ingest.stop(timeout_s=PATIENT_S)
    check_laws(ingest.journal, {link.sensor: link.spool.put_total for link in links})
    with JournalReader(ingest.journal) as journal:
        kinds = [row.kind for row in journal.read(limit=10**6)]
    assert kinds.count("detections") == 2000
    assert kinds[: kinds.index("position")].count("detections") <= 1000
