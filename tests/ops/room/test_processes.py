"""Child processes end when they are asked to, whatever they are doing; fusion once all alerts are delivered."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ops.journal.writer import Journal
from ops.room.room import Room
from ops.store.connections import StoreError
from tests.patience import PATIENT_S

WAITING = """
import threading
from ops.runtime.processes.child_process import say, stop_when_parent_ends
stop = threading.Event()
stop_when_parent_ends(stop.set)
say(ready=True)
while not stop.wait(0):
    pass
"""
"""The main thread is at every moment about to wait for the event that the signal sets, or just has."""


def waiting() -> subprocess.Popen[bytes]:
    child = subprocess.Popen([sys.executable, "-c", WAITING], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b'{"ready":true}\n'
    return child


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_never_finds_its_own_lock_taken(number: int) -> None:
    for _ in range(12):
        child = waiting()
        child.send_signal(number)
        assert child.wait(PATIENT_S) == 0


def test_a_closed_pipe_ends_a_child() -> None:
    child = waiting()
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(PATIENT_S) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_further_signals_do_no_harm_until_the_process_has_gone(number: int) -> None:
    """As where a service manager signals every process of a room, and the room then stops its parts."""
    child = waiting()
    while child.poll() is None:
        child.send_signal(number)
        time.sleep(0.0005)
    assert child.returncode == 0


def room_of(folder: Path, waiting: list[int], *, feeds: bool = True) -> Any:
    """What ``settle`` asks of a room that has journaled one row; ``waiting``: alerts without delivery, by question; the
    store does not answer a negative one."""

    def asked() -> int:
        if waiting[0] < 0:
            raise StoreError(str(waiting.pop(0)))
        return waiting.pop(0)

    with Journal(folder / "journal.db") as journal:
        journal.tick(1_000_000_000)
        last = journal.last_id()
    return SimpleNamespace(
        journal_path=folder / "journal.db",
        options=SimpleNamespace(store=None),
        fusion=SimpleNamespace(alive=True),
        feeds=SimpleNamespace(alive=feeds),
        reader=SimpleNamespace(progress=lambda: SimpleNamespace(cursor=last, outbox_waiting=asked())),
    )


def test_the_last_alerts_are_delivered_before_fusion_stops_counting(tmp_path: Path) -> None:
    waiting = [2, -1, 1, 0, 9]
    assert Room.settle(cast(Room, room_of(tmp_path, waiting)), PATIENT_S)
    assert waiting == [9], "it asked until none waited"


def test_nothing_is_waited_for_that_no_feed_can_deliver(tmp_path: Path) -> None:
    assert not Room.settle(cast(Room, room_of(tmp_path, [1], feeds=False)), PATIENT_S)
