"""Fusion on a full disk and killed around its checkpoint: it waits, says so, and ends with the same alerts."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ops.journal.reader import JournalReader
from ops.room.offline import track_log_hash
from ops.runtime.clock import ScenarioClock
from ops.runtime.processes.child_process import Child
from ops.sector.settings import Settings
from ops.services.fusion import process
from ops.services.fusion.process import Fusion
from ops.store.reader import Reader, StoreFull
from ops.store.writer import Store
from tests.drills.dying import FUSION_POINTS, VARIABLE
from tests.drills.rig import OF_TESTS
from tests.patience import PATIENT_S


def fuse(journal: Path, store: Store, ground: Any, checkpoint_s: float = 15.0) -> None:
    fusion = Fusion(JournalReader(journal), store, ground, Settings(checkpoint_s=checkpoint_s), ScenarioClock.live())
    fusion.stopping = threading.Event()
    all_of(fusion)
    fusion.finish()


def all_of(fusion: Fusion) -> None:
    while fusion.step(20):
        pass


def outcome(store: Store | Reader) -> tuple[dict[tuple[str, int], str], str]:
    said = {(row.alert, row.revision): row.body for row in store.outbox_after(0, limit=10_000, kind=None)}
    return said, track_log_hash(store.history_dataset())


@pytest.fixture(scope="module")
def calm(hill_journal: Path, hill_ground: Any, tmp_path_factory: Any) -> Any:
    store = Store(tmp_path_factory.mktemp("calm") / "s.db")
    fuse(hill_journal, store, hill_ground)
    found = outcome(store)
    store.close()
    return found


def test_on_a_full_disk_fusion_waits_and_goes_on_where_it_was(calm, hill_journal, hill_ground, tmp_path, monkeypatch):
    """The store may not grow; after a second somebody makes room, as ingest does when it lets its reserve go."""
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(process, "say", lambda **message: said.append(message))
    store = Store(tmp_path / "s.db")
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count={pages + 2}")
    thread = threading.Thread(target=fuse, args=(hill_journal, store, hill_ground))
    thread.start()
    deadline = time.monotonic() + PATIENT_S
    while not any("DISK_FULL" in str(message.get("problem")) for message in list(said)):
        assert time.monotonic() < deadline, said
        time.sleep(0.05)
    store._connection.execute("PRAGMA max_page_count=1000000")
    thread.join(PATIENT_S)
    assert {"problem": None} in said
    assert outcome(store) == calm
    assert store.progress().diverged == 0
    store.close()


@pytest.mark.parametrize("asked", [True, False])
def test_who_is_asked_to_stop_on_a_full_disk_or_works_on_files_stops(hill_journal, hill_ground, tmp_path, asked):
    store = Store(tmp_path / "s.db")
    fusion = Fusion(JournalReader(hill_journal), store, hill_ground, Settings(), ScenarioClock.live())
    store._connection.execute("PRAGMA max_page_count=1")
    if asked:
        fusion.stopping = threading.Event()
        fusion.stopping.set()
    with pytest.raises(StoreFull):
        all_of(fusion)
    store.close()


@pytest.mark.chain
def test_a_kill_amid_and_after_a_checkpoint_changes_nothing(calm, hill_journal, hill_ground, hill_sector, tmp_path):
    """A process is killed at each point the first time that it comes there, and the next starts from what it left.

    For the last part no process is needed: what is not in the store died with the last process.
    """
    settings = tmp_path / "settings.toml"
    settings.write_text("checkpoint_s = 5.0\n")
    store = tmp_path / "store.db"
    arguments = [f"--journal={hill_journal}", f"--store={store}", f"--sector={hill_sector.sector}",
                 f"--layout={hill_sector.layout}", f"--settings={settings}", "--overload-s=1e9"]  # fmt: skip
    for point in FUSION_POINTS:
        dying = Child(
            "fusion",
            "tests.drills.dying",
            arguments,
            log=tmp_path / "f.log",
            secrets={VARIABLE: f"{point}:1", **OF_TESTS},
        )
        assert dying.process.wait(PATIENT_S) == -9, dying.last_words()
    left = Store(store)
    assert left.progress().checkpoint_cursor > 0, "the last process ended one"
    fuse(hill_journal, left, hill_ground, checkpoint_s=5.0)
    left.close()
    reader = Reader(store)
    assert outcome(reader) == calm
    assert reader.progress().diverged == 0
    reader.close()
