"""``watchline top``: what the leases and the files say, measured twice; nothing that is not known."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from rich.console import Console

from ops.cluster.commands import cluster_status
from ops.cluster.leases.lease_book import Lease, LeaseBook, LeaseError, Process
from ops.cluster.supervisor.waiting import FILE, Wait, note_waits
from ops.cluster.top import Top, cluster_top
from ops.room.room import RoomError

QUIET = Console(stderr=True, quiet=True)


class Book(LeaseBook):
    """Leases as a test states them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.stated: list[Lease] = []

    def leases(self) -> list[Lease]:
        return self.stated


def lease_of(pid: int, used_s: float) -> Lease:
    return Lease("west", 3, "worker-1", (Process(1, "boot"), Process(pid, "boot", used_s)), 0, 0, 9, "hold", "rack-1")


def test_the_use_of_a_sector_is_that_between_two_measurements_of_the_same_processes(tmp_path: Path):
    with Book(tmp_path) as book:
        top, found = Top(tmp_path, book), []
        for now_s, pid, used_s in ((0.0, 2, 10.0), (4.0, 2, 13.0), (5.0, 7, 0.5), (6.0, 7, 0.6)):
            book.stated = [lease_of(pid, used_s)]
            found.append(top.measure(now_s)["west"])
        book.stated = [Lease("west", 3, "", (), 0, None, 9, "stop", "rack-1")]
        found.append(top.measure(7.0)["west"])
    assert [one["cores"] for one in found] == [None, 0.75, None, 0.1, None]
    assert found[1] == {
        "worker": "worker-1",
        "machine": "rack-1",
        "live_since": "1970-01-01T00:00:00Z",
        "cores": 0.75,
        "rows": 0,
        "behind": 0,
        "lease": 3,
        "waits": None,
    }
    assert (found[-1]["worker"], found[-1]["machine"], found[-1]["live_since"]) == (None, None, None)


def stop_clock(monkeypatch: pytest.MonkeyPatch, sleep: Callable[[float], None]) -> None:
    """Let the command alone call ``sleep``: other threads of the process keep that of the clock."""
    monkeypatch.setattr("ops.cluster.top.time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))


def test_the_command_measures_as_often_as_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    with LeaseBook(tmp_path) as book:
        for name in ("east", "west"):
            book.claim(name, "worker-1")
    slept: list[float] = []
    stop_clock(monkeypatch, slept.append)
    found = cluster_top(tmp_path, every_s=0.5, count=2, screen=Console(width=120))
    assert slept == [0.5, 0.5]
    assert list(found["sectors"]) == ["east", "west"]
    assert (found["cores"], found["measured"]) == (0.0, 2)
    shown = capsys.readouterr().out
    assert shown.count("worker-1") == 4
    assert shown.index("east") < shown.index("west")


WAITS = {
    "east": Wait(4, 1_764_500_000_000_000_000),
    "west": Wait(1, 1_764_500_000_000_000_000, "journal.db: no journal."),
}


@pytest.mark.parametrize("command", [cluster_status, partial(cluster_top, every_s=0.0, count=1)])
def test_a_sector_that_waits_for_its_next_start_is_told_with_the_reason_while_the_supervisor_runs(
    tmp_path: Path, command: Callable[..., Any], capsys: pytest.CaptureFixture[str]
):
    with LeaseBook(tmp_path) as book:
        for name in ("east", "north", "west"):
            book.claim(name, "worker-1")
            (tmp_path / name).mkdir()
    note_waits(tmp_path, WAITS)
    found = command(tmp_path, screen=Console(width=200))["sectors"]
    assert found["east"]["waits"] == (
        "east is down: it lost its worker 4 times, and may be what ends it. Next start: 2025-11-30T10:53:20Z."
    )
    assert found["west"]["waits"] == "west is down: journal.db: no journal. Next start: 2025-11-30T10:53:20Z."
    assert found["north"]["waits"] is None
    shown = capsys.readouterr().out
    assert all(one["waits"] in shown for name, one in found.items() if name in WAITS)
    script = (
        "import sys; from pathlib import Path\n"
        "from ops.cluster.supervisor.waiting import *; note_waits(Path(sys.argv[1]), {})"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    noted = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(noted.replace(b"{}", msgspec.json.encode(WAITS)))
    assert command(tmp_path, screen=QUIET)["sectors"]["east"]["waits"] is None, "who would start it has ended"


def test_a_folder_without_leases_is_refused(tmp_path: Path):
    with pytest.raises(RoomError, match="holds no leases"):
        cluster_top(tmp_path, every_s=0.5, count=1, screen=QUIET)


def test_on_a_terminal_it_goes_on_until_it_is_interrupted_also_while_leases_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with LeaseBook(tmp_path) as book:
        book.claim("west", "worker-1")
    slept: list[float] = []
    read = LeaseBook.leases

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    def leases(book: LeaseBook) -> list[Lease]:
        if len(slept) == 1:
            raise LeaseError("leases.db: cannot be used (disk I/O error).")
        return read(book)

    stop_clock(monkeypatch, sleep)
    monkeypatch.setattr(LeaseBook, "leases", leases)
    screen = Console(file=io.StringIO(), force_terminal=True, width=120)
    found = cluster_top(tmp_path, every_s=2.0, count=None, screen=screen)
    assert len(slept) == 3
    assert found["sectors"]["west"]["cores"] == 0.0
    assert "disk I/O error" in screen.file.getvalue()
