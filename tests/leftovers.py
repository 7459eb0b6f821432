"""Ends what a failed test has left running, so that one failure is not followed by those of a busy machine.

Only processes that the test itself started count (`subprocess.Popen`, with their descendants), not those of fixtures,
which end with them. A test that passes ends its processes by itself.
"""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import psutil
import pytest

ENDS_S: Final = 10.0
FAILED: Final = pytest.StashKey[bool]()


@dataclass
class _Started:
    """Processes of the test that runs."""

    recording: bool = False
    processes: list[subprocess.Popen[Any]] = field(default_factory=list)


_started: Final = _Started()
_start: Any = subprocess.Popen.__init__


@functools.wraps(_start)
def _remembered(process: subprocess.Popen[Any], *arguments: Any, **options: Any) -> None:
    _start(process, *arguments, **options)
    if _started.recording:
        _started.processes.append(process)


subprocess.Popen.__init__ = _remembered  # type: ignore[assignment,method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Remember what the test starts, and whether it fails."""
    _started.processes.clear()
    _started.recording = True
    try:
        return (yield)
    except BaseException:
        item.stash[FAILED] = True
        raise
    finally:
        _started.recording = False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """After the fixtures, which may end some of it in order, end what is left."""
    try:
        return (yield)
    finally:
        if item.stash.get(FAILED, False):
            end_all()
        _started.processes.clear()


def end_all() -> None:
    """Kill the processes that still run, with their descendants."""
    for process in _started.processes:
        if process.poll() is not None:
            continue
        with suppress(psutil.Error):
            for child in psutil.Process(process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    child.kill()
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(ENDS_S)
