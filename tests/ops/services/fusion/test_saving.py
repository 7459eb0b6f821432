"""The checkpoint is written little at a time, so that alerts do not wait for it, and is complete all the same."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from fusion.track_management import snapshot
from ops.journal.reader import JournalReader
from ops.room.offline import track_log_hash
from ops.runtime.clock import ScenarioClock
from ops.sector.settings import Settings
from ops.services.fusion.process import Fusion
from ops.services.fusion.saving import ROWS_A_PART, CheckpointWriter
from ops.store.reader import StoreFull
from ops.store.writer import Store

S = 1_000_000_000


class Recorded:
    """Stands for store and pipeline; notes the writes. ``parts`` is how many parts a checkpoint has."""

    def __init__(self, parts: int = 4) -> None:
        self.now_ns, self.cursor, self.wrote, self._count, self.fails = 0, 0, list[str](), parts, False

    def save_in_parts(self) -> Iterator[bytes]:
        return (b"%d" % (number % 10) * 1_000_000 for number in range(self._count))

    def save(self) -> bytes:
        return b"".join(self.save_in_parts())

    def begin_checkpoint(self) -> None:
        self.wrote.append("begin")

    def add_to_checkpoint(self, part: bytes, *, stamp_ns: int) -> None:
        if self.fails:
            raise StoreFull("full")
        self.wrote.append(part[:1].decode())

    def end_checkpoint(self) -> None:
        self.wrote.append("end")

    def commit(self, cursor: int, *, stamp_ns: int, checkpoint: bytes) -> None:
        self.wrote.append(f"whole {len(checkpoint)}")


def writer(recorded: Any, every_s: float = 10.0) -> CheckpointWriter:
    return CheckpointWriter(recorded, recorded, every_s, lambda write: SimpleNamespace(_=write()) and None)


def test_after_a_step_of_few_rows_one_part_is_written_and_at_rest_too() -> None:
    recorded = Recorded()
    checkpoints = writer(recorded)
    recorded.now_ns = 10 * S
    for rows, written in ((1, ["begin", "0"]), (0, ["1"]), (3, ["2"]), (0, ["3"]), (0, ["end"]), (0, [])):
        checkpoints.after_step(rows)
        assert recorded.wrote == written
        recorded.wrote.clear()


def test_a_backlog_does_not_postpone_a_checkpoint() -> None:
    recorded = Recorded()
    checkpoints = writer(recorded)
    recorded.now_ns = 10 * S
    checkpoints.after_step(20 * ROWS_A_PART)
    assert recorded.wrote == ["begin", "0", "1", "2", "3", "end"]


@pytest.mark.parametrize(("parts", "due_s"), [(4, 20.0), (30, 40.0)])
def test_the_next_one_is_due_after_the_interval_and_a_second_for_each_megabyte(parts: int, due_s: float) -> None:
    recorded = Recorded(parts)
    checkpoints = writer(recorded)
    recorded.now_ns = 10 * S
    checkpoints.after_step(100 * ROWS_A_PART)
    assert recorded.wrote[-1] == "end"
    recorded.wrote.clear()
    recorded.now_ns = round(due_s * S) - 1
    checkpoints.after_step(1)
    assert recorded.wrote == []
    recorded.now_ns += 1
    checkpoints.after_step(0)
    assert recorded.wrote == [], "without a new row there is nothing to save"
    checkpoints.after_step(1)
    assert recorded.wrote == ["begin", "0"]


def test_the_last_one_is_written_whole_and_replaces_what_was_begun() -> None:
    recorded = Recorded()
    checkpoints = writer(recorded)
    recorded.now_ns = 10 * S
    checkpoints.after_step(1)
    checkpoints.write_whole()
    checkpoints.after_step(0)
    assert recorded.wrote == ["begin", "0", "whole 4000000"]


def test_a_checkpoint_of_which_a_part_was_not_written_is_given_up() -> None:
    """Otherwise one without that part would become the valid one."""
    recorded = Recorded()
    checkpoints = writer(recorded)
    recorded.now_ns = 10 * S
    checkpoints.after_step(1)
    recorded.fails = True
    with pytest.raises(StoreFull):
        checkpoints.after_step(1)
    recorded.fails = False
    recorded.wrote.clear()
    checkpoints.after_step(10 * ROWS_A_PART)
    assert recorded.wrote == ["begin", "0", "1", "2", "3", "end"]


EARLY = {"horizon_s": 5.0}
"""Of a night of a minute most history is then final before its end."""


def test_history_is_stored_as_it_becomes_final_not_with_a_checkpoint(
    hill_journal: Any, hill_ground: Any, tmp_path: Any
) -> None:
    """In a night without a checkpoint after that of the first step."""
    store = Store(tmp_path / "s.db")
    settings = Settings(checkpoint_s=1e6, tracker=EARLY)
    fusion = Fusion(JournalReader(hill_journal), store, hill_ground, settings, ScenarioClock.live())
    while fusion.step(20):
        pass
    stored, left = store.history_dataset(), fusion.pipeline.take_history(final=True)
    assert stored.sizes["estimate"] > left.sizes["estimate"] > 0
    assert stored["time"].max() < left["time"].max()
    assert store.progress().checkpoint_cursor == 20
    store.close()


def test_whoever_is_killed_amid_the_parts_of_checkpoints_ends_with_the_same_history(
    hill_journal: Any, hill_ground: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many small parts, three rows a step, killed after rows of any part; history is final soon, so it is withdrawn."""
    monkeypatch.setattr(snapshot, "PART_BYTES", 10_000)
    settings = Settings(checkpoint_s=4.0, tracker=EARLY)
    resumed_at, found = list[int](), list[str]()
    with JournalReader(hill_journal) as journal:
        for name, stops in (("whole", []), ("killed", [50, 80, 83, 86, 110])):
            for end in [*stops, journal.last_id()]:
                store = Store(tmp_path / name)
                resumed_at.append(store.cursor)
                fusion = Fusion(journal, store, hill_ground, settings, ScenarioClock.live())
                while fusion.cursor < end:
                    fusion.step(min(3, end - fusion.cursor))
                if end == journal.last_id():
                    fusion.finish()
                    found.append(track_log_hash(store.history_dataset()))
                store.close()
    assert found[0] == found[1]
    assert len(set(resumed_at)) > 2, "from checkpoints of different moments"
