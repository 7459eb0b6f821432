"""Devices of field units while another process changes their file."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from ops.field import devices as module
from ops.field.devices import SEEN_EVERY_S, DeviceStore
from tests.patience import PATIENT_S


@pytest.fixture
def now() -> list[float]:
    return [1_000_000.0]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: list[float]) -> Iterator[DeviceStore]:
    monkeypatch.setattr(module, "BUSY_S", PATIENT_S)  # a change waits as long as the test needs
    with closing(DeviceStore(tmp_path / module.FILE, now_s=lambda: now[0])) as opened:
        yield opened


def test_two_processes_may_create_the_file_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite refuses the change to a write-ahead log at once while the other is in the middle of it."""
    path = tmp_path / module.FILE
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused: list[bool] = []

        def sleep(_: float) -> None:
            refused.append(other.in_transaction)
            if other.in_transaction:
                other.execute("COMMIT")

        clock = SimpleNamespace(monotonic=time.monotonic, sleep=sleep)
        monkeypatch.setattr("ops.runtime.files.transaction.time", clock)
        with closing(DeviceStore(path)) as opened:
            assert opened.new_code("patrol-1").code
        assert refused == [True]


def test_devices_are_known_while_a_change_waits_for_another_process(store: DeviceStore) -> None:
    """A server asks at each request in its event loop: all others would wait too."""
    device, cookie = store.enrol(store.new_code("patrol-1").code, "phone")
    codes: list[str] = []
    waiting = threading.Thread(target=lambda: codes.append(store.new_code("patrol-2").code))
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting.start()
        ends_s = time.monotonic() + PATIENT_S
        while not store._writing.locked() and time.monotonic() < ends_s:
            time.sleep(0.01)
        assert store.device_of(cookie) == device
        assert store.still_in(device.id)
        assert codes == [], "the change still waits"
        other.execute("ROLLBACK")
    waiting.join()
    assert len(codes) == 1


def test_no_request_waits_for_the_time_of_the_last_one_to_be_written(store: DeviceStore, now: list[float]) -> None:
    device, cookie = store.enrol(store.new_code("patrol-1").code, "phone")
    now[0] += SEEN_EVERY_S
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store.seen(device)
        assert store.device_of(cookie) == device, "not written"
        other.execute("ROLLBACK")
    store.seen(device)
    known = store.device_of(cookie)
    assert known is not None
    assert known.seen_s == now[0]
