"""What is registered as unfinished is removed before the process ends, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geo.unfinished import register_unfinished, remove_all_unfinished, unfinished_folder
from geo.visibility.many_sites.height_source import Whole, spooled


def test_only_what_is_registered_at_the_time_is_removed(tmp_path: Path) -> None:
    for name in ("done", "half", "half.ovr.tmp", "half-journal", "halfway"):
        (tmp_path / name).touch()
    with register_unfinished(tmp_path / "done"):
        pass
    with register_unfinished(tmp_path / "half"), unfinished_folder(".records-", tmp_path) as folder:
        (folder / "below").mkdir()
        (folder / "below" / "records").touch()
        assert folder.stat().st_mode & 0o077 == 0
        remove_all_unfinished()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["done", "halfway"]


def test_a_folder_is_removed_at_the_end_and_on_an_error(tmp_path: Path) -> None:
    with unfinished_folder("a-", tmp_path) as folder:
        (folder / "file").touch()
    with pytest.raises(FileNotFoundError), unfinished_folder("b-", tmp_path) as folder:
        (folder / "missing" / "file").touch()
    assert not list(tmp_path.iterdir())


def test_heights_for_other_processes_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with spooled(Whole(np.zeros((2, 2), np.float32), None, 1.0)):
        assert list(tmp_path.glob("*/z.npy"))
        remove_all_unfinished()
        assert not list(tmp_path.iterdir())
