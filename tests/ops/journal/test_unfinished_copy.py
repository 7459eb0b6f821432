"""A copy of a journal that is stopped before its end leaves no records behind."""

from __future__ import annotations

from pathlib import Path

from geo.unfinished import remove_all_unfinished
from ops.journal.stores.file_tables import NewFile


def test_an_unfinished_copy_is_removed_before_the_process_ends(tmp_path: Path) -> None:
    with NewFile(tmp_path / "whole.db"):
        pass
    copy = NewFile(tmp_path / "copy.db")
    assert len(list(tmp_path.iterdir())) > 1
    remove_all_unfinished()
    assert [path.name for path in tmp_path.iterdir()] == ["whole.db"]
    copy.__exit__(ValueError, ValueError(), None)
    assert [path.name for path in tmp_path.iterdir()] == ["whole.db"]
