"""A holder that cannot reach the store ends its processes by itself; with leases in a file it does not."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ops.cluster.leases.lease_book import LeaseError
from ops.cluster.workers import sector_task
from ops.cluster.workers.sector_task import Heart, SectorTask
from ops.room.room import Room


class Silent:
    """Leases that cannot be written, and how often that was tried."""

    def __init__(self) -> None:
        self.beats = 0

    def beat(self, *_: Any, **__: Any) -> str:
        self.beats += 1
        raise LeaseError("no connection.")

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("store", "gives_up"), [("postgresql://db.example/watchline", True), (None, False)])
def test_a_holder_that_cannot_reach_the_store_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str | None, gives_up: bool
):
    leases = Silent()
    monkeypatch.setattr(sector_task, "open_leases", lambda *_: leases)
    monkeypatch.setattr(sector_task, "BEAT_EVERY_S", 0.01)
    monkeypatch.setattr(sector_task, "ALONE_S", 0.0)
    task = SectorTask(
        sector=tmp_path, name="hills", layout=tmp_path, folder=tmp_path, broker="mqtt://127.0.0.1:1", store=store
    )
    heart = Heart(task, 1)
    while heart.wish is not None if gives_up else leases.beats < 3:  # pytest limits the time
        heart._stopping.wait(0.01)
    heart.stop()
    assert (heart.wish is None) == gives_up


class Stuck(Silent):
    """Leases whose server neither answers nor refuses, as behind a cut cable, until the test ends."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = threading.Event()

    def beat(self, *_: Any, **__: Any) -> str:
        self.answers.wait()
        return "hold"


def test_a_holder_whose_store_does_not_answer_ends_its_processes_while_it_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    leases = Stuck()
    monkeypatch.setattr(sector_task, "open_leases", lambda *_: leases)
    monkeypatch.setattr(sector_task, "BEAT_EVERY_S", 0.01)
    monkeypatch.setattr(sector_task, "ALONE_S", 0.0)
    task = SectorTask(
        sector=tmp_path,
        name="hills",
        layout=tmp_path,
        folder=tmp_path,
        broker="mqtt://127.0.0.1:1",
        store="postgresql://db.example/watchline",
    )
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]) as ingest:
        heart = Heart(task, 1)
        try:
            heart.room = cast(Room, SimpleNamespace(children=[SimpleNamespace(process=ingest)]))
            assert ingest.wait() < 0  # pytest limits the time
            assert heart.wish is None
            leases.answers.set()
        finally:
            leases.answers.set()
            ingest.kill()
            heart.stop()
    assert heart.wish is None, "it stays so, whatever the store answers later"
