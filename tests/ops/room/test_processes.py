"""Child processes end when they are asked to, whatever they are doing at that moment."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from tests.patience import PATIENT_S

WAITING = """
import threading
from ops.runtime.child_process import say, stop_when_parent_ends
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
