"""Connections to the store: as few as are allowed however many threads read, each answer of one moment, none left."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.services.api.app import MOST_READS, ApiSettings, create_app
from ops.services.api.serving.server import serving
from ops.store import connections
from ops.store.connections import ReadConnections, StoreError
from ops.store.incidents import IncidentReader
from ops.store.moment_reader import MomentReader
from ops.store.periods import PeriodReader
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.patience import PATIENT_S

AT = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
FILES_OF_A_CONNECTION = 2
"""The database and its write-ahead log; the shared memory is one file for the process."""
MANY = 100_000
THREADS = 40
"""As many as Starlette runs routes in."""


def alert(number: int) -> dict[str, Any]:
    return {"id": f"A{number}", "revision": 0, "status": "active", "priority": "high", "raised_at": AT}


def open_files(path: Path) -> int:
    """Open files of a store in this process: the database, its log and its shared memory."""
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:  # closed meanwhile, as that of the listing is
            continue
        found += target in {f"{path}{suffix}" for suffix in ("", "-wal", "-shm")}
    return found


@pytest.fixture(autouse=True)
def patient_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read waits for a connection as long as a test waits for anything."""
    monkeypatch.setattr(connections, "WAIT_S", PATIENT_S)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "store.db")) as opened:
        opened.commit(1, stamp_ns=1, tracks_live=[{"track": "T1"}], counts={}, alerts=[alert(1)])
        yield opened


@pytest.fixture
def path(store: Store) -> Path:
    """A store that no one writes: while a process has it open, SQLite keeps files open that its readers closed."""
    store.close()
    return store.path


def test_however_many_threads_and_readers_there_are_few_files_are_open(path: Path) -> None:
    reads = ReadConnections(path, 3)
    readers = [kind(reads) for kind in (Reader, IncidentReader, MomentReader, PeriodReader)]
    together = threading.Barrier(THREADS)

    def read(number: int) -> int:
        together.wait(PATIENT_S)
        return sum(readers[number % len(readers)].last_event() for _ in range(50))

    with ThreadPoolExecutor(THREADS) as threads:
        assert list(threads.map(read, range(THREADS))) == [50] * THREADS
    assert 0 < open_files(path) <= 3 * FILES_OF_A_CONNECTION + 1
    reads.close()
    assert open_files(path) == 0
    assert readers[0].last_event() == 1, "it is opened again"
    reads.close()


def test_one_reader_at_a_time_opens_one_connection(store: Store) -> None:
    before = open_files(store.path)
    with closing(ReadConnections(store.path, 4)) as reads:
        for _ in range(10):
            Reader(reads).last_event()
        assert open_files(store.path) == before + FILES_OF_A_CONNECTION


def test_all_of_an_answer_is_of_one_moment_while_the_store_is_written(store: Store) -> None:
    """Each commit publishes one alert, so that an answer of two moments would have a number that does not fit."""
    reads = ReadConnections(store.path, 4)
    reader, over = Reader(reads), threading.Event()
    moments: set[int] = set()

    def read(_: int) -> list[tuple[int, int]]:
        seen = []
        while not over.is_set():
            last, _, bodies = reader.alerts(limit=MANY)
            seen.append((last, len(bodies)))
            moments.add(last)
        return seen

    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(read, range(8))
        for number in range(2, MANY):
            store.commit(number, stamp_ns=number, alerts=[alert(number)])
            if number >= 200 and len(moments) > 5:  # the store was written meanwhile
                break
        over.set()
        seen = [answer for answers_of_one in answers for answer in answers_of_one]
    reads.close()
    assert all(last == count for last, count in seen)
    assert len({last for last, _ in seen}) > 5


def test_reads_within_a_snapshot_see_its_moment_also_through_another_reader(store: Store) -> None:
    with closing(ReadConnections(store.path, 4)) as reads:
        reader, other = Reader(reads), IncidentReader(reads)
        with reader._snapshot():
            assert reader.last_event() == 1
            store.commit(2, stamp_ns=2, alerts=[alert(2)])
            assert (reader.last_event(), other.last_event()) == (1, 1)
            with other._snapshot():
                assert len(other.alerts()[2]) == 1
            with ThreadPoolExecutor(1) as thread:
                assert thread.submit(other.last_event).result() == 2, "another thread is not in the snapshot"
        assert reader.last_event() == 2


def test_a_history_that_is_not_read_to_its_end_keeps_no_old_moment(store: Store) -> None:
    with closing(ReadConnections(store.path, 1)) as reads:
        reader = PeriodReader(reads)
        blocks = reader.estimates_in(0, 10)
        next(blocks, None)
        blocks.close()
        store.commit(2, stamp_ns=2, alerts=[alert(2)])
        assert reader.last_event() == 2


def test_an_iteration_that_another_thread_ends_leaves_its_connection_to_one_thread(store: Store) -> None:
    """As where the iteration is collected as garbage while another thread runs."""
    with closing(ReadConnections(store.path, 2)) as reads, ThreadPoolExecutor(1) as thread, ExitStack() as other:
        iteration = ExitStack()
        first = iteration.enter_context(reads.reading())
        thread.submit(iteration.close).result()
        assert thread.submit(other.enter_context, reads.snapshot()).result() is first
        with reads.reading() as mine:
            assert mine is not first
        assert thread.submit(Reader(reads).last_event).result() == 1
        thread.submit(other.close).result()


def test_who_gets_no_connection_in_time_is_told_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "WAIT_S", 0.01)
    with closing(ReadConnections(store.path, 1)) as reads, ThreadPoolExecutor(1) as thread:
        with reads.reading():
            waiting = thread.submit(Reader(reads).last_event)
            with pytest.raises(StoreError, match="too many reads at once"):
                waiting.result()
        assert thread.submit(Reader(reads).last_event).result() == 1


def test_a_connection_in_use_is_closed_once_it_is_free(path: Path) -> None:
    reads = ReadConnections(path, 2)
    with reads.reading() as connection:
        reads.close()
        assert connection.execute("SELECT cursor FROM meta").fetchone() == (1,)
        assert open_files(path) > 0
    assert open_files(path) == 0


def test_an_error_while_reading_does_not_lose_the_connection(store: Store) -> None:
    with closing(ReadConnections(store.path, 1)) as reads:
        for _ in range(3):
            with pytest.raises(StoreError, match="no such table: missing"), reads.snapshot() as connection:
                connection.execute("SELECT * FROM missing")
        assert Reader(reads).last_event() == 1


def test_a_server_has_few_files_open_under_many_requests_and_none_once_it_has_ended(path: Path) -> None:
    paths = ("/api/tracks", "/api/alerts", "/v1/incidents", "/metrics", "/v1/history", "/v1/handover", "/v1/markings")
    app = create_app(path, ApiSettings("x"), act=print, now_ns=lambda: 2)
    with serving(app) as port, ExitStack() as clients:
        made = [clients.enter_context(httpx.Client(timeout=PATIENT_S)) for _ in range(THREADS)]

        def ask(client: httpx.Client) -> set[int]:
            return {client.get(f"http://127.0.0.1:{port}{path}").status_code for path in paths}

        with ThreadPoolExecutor(THREADS) as threads:
            assert set.union(*threads.map(ask, made)) == {200}
        most = MOST_READS + 2  # one each for the event stream and the markings
        assert 0 < open_files(path) <= most * FILES_OF_A_CONNECTION + 1
        assert json.loads(made[0].get(f"http://127.0.0.1:{port}/api/alerts").content)["last"] == 1
    while open_files(path):  # on a busy machine its thread ends later; pytest limits the time
        time.sleep(0.05)
