"""An attacker, a second user and a service manager: private files, one room a folder, an orderly end."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from geo.errors import BadInput
from ops.journal.reader import JournalError, JournalReader
from ops.room.room import RoomError, locked
from ops.runtime.processes.child_process import Child
from ops.sector.samples import jacksboro_cog
from ops.store.rows import time_ns
from tests.patience import PATIENT_S


def others_may(path: Path) -> int:
    """The permission bits of ``path`` for group and others."""
    return stat.S_IMODE(path.stat().st_mode) & 0o077


@pytest.fixture
def loose_umask() -> Iterator[None]:
    """The umask of most machines, under which files are for everybody to read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def wait_until(true: Callable[[], Any], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.usefixtures("loose_umask")
def test_what_a_child_process_writes_is_private_whoever_starts_it(tmp_path: Path):
    journal = tmp_path / "journal.db"
    child = Child(
        "ingest", "ops.services.ingest.process", [f"--journal={journal}", "--sector=s", "--wait-s=1"],
        log=tmp_path / "ingest.log",
        secrets={"WATCHLINE_BROKER": "mqtt://127.0.0.1:1"},
    )  # fmt: skip
    wait_until(lambda: journal.exists() or not child.alive, PATIENT_S)
    child.stop(timeout_s=PATIENT_S)
    assert [path.name for path in tmp_path.glob("journal.db*") if others_may(path)] == []
    assert journal.exists()


def test_a_folder_belongs_to_one_room_at_a_time(tmp_path: Path):
    with locked(tmp_path):
        assert others_may(tmp_path / "room.lock") == 0
        with pytest.raises(RoomError, match="in use by another watchline"), locked(tmp_path):
            raise AssertionError("two rooms in one folder")
    with locked(tmp_path):
        pass  # the first has let go


def test_a_cache_that_cannot_be_written_is_one_sentence_with_the_way_out(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"cannot be kept.*WATCHLINE_CACHE"):
        jacksboro_cog(tmp_path / "file" / "cache")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z"])
def test_a_time_that_no_database_column_holds_is_refused(moment: str):
    with pytest.raises(BadInput, match=r"out of range.*1970 to 2262"):
        time_ns(moment, where="since")


def reported(journal: Path) -> int:
    """How many detections have been journaled; 0 while there is no journal."""
    if not journal.exists():
        return 0
    with suppress(JournalError), JournalReader(journal) as reader:
        return sum(count.journaled for count in reader.counts("detections").values())
    return 0


@pytest.mark.usefixtures("loose_umask")
@pytest.mark.chain
@pytest.mark.timeout(1_300)
def test_a_demonstration_is_private_alone_in_its_folder_and_ends_in_order_on_sigterm(
    hill_sector: Any, tmp_path: Path, ledger: Callable[[Path], Any]
):
    """With the embedded broker, which it starts by itself; both laws from the rows. Another broker: test_demo."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "ops.cli", "demo", str(hill_sector.sector), f"--out={out}", "--json", "--headless"]
    command.append("--duration=1500")  # longer than a test may take: it ends by the signal
    told = tmp_path / "told"
    with told.open("wb") as words:
        first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=words, text=True)

    def runs() -> bool:
        """It reports from time to time; while it still starts, a signal ends it without a summary."""
        return "journaled" in told.read_text(errors="replace") and reported(out / "journal.db") > 2

    try:
        wait_until(lambda: runs() or first.poll() is not None, PATIENT_S)
        second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENT_S)
        assert second.returncode == 1
        assert second.stderr.count("\n") == 1
        assert "in use by another watchline" in second.stderr
        first.send_signal(signal.SIGTERM)
        said, _ = first.communicate(timeout=PATIENT_S)
    finally:
        first.kill()
    assert first.returncode == 0, told.read_text()
    figures = json.loads(said)
    assert figures["balanced"]
    assert figures["published"] == figures["journaled"] > 0
    found = ledger(out)
    found.check()
    assert figures["published"] == sum(found.published.values())
    assert figures["journaled"] == sum(counts.journaled for counts in found.counts.values())
    loose = [path for path in (out, *out.rglob("*")) if others_may(path)]
    assert loose == []
