"""Atomic writes: a file is replaced as a whole or stays as it was."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from ops.runtime.output import atomic_write, write_private


def test_success_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text("old")
    with atomic_write(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["summary.json"]


def test_an_error_keeps_the_old_file_and_removes_the_partial_one(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text("old")

    def stopped_half_way() -> None:
        with atomic_write(path) as partial:
            partial.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_half_way()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["summary.json"]


def test_a_private_file_is_never_readable_by_others_even_over_a_leftover(tmp_path: Path) -> None:
    path = tmp_path / "roster.json"
    leftover = tmp_path / "roster.json.partial"
    leftover.write_text("left by a killed run")
    leftover.chmod(0o644)
    with atomic_write(path, private=True) as partial:
        assert stat.S_IMODE(partial.stat().st_mode) == 0o600
        partial.write_text("new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write_private(path, b"newer")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"newer", 0o600)
    assert os.listdir(tmp_path) == ["roster.json"]


def test_concurrent_writers_of_two_processes_use_two_names(tmp_path: Path) -> None:
    path = tmp_path / "terrain.tif"
    with atomic_write(path, concurrent=True) as partial:
        assert partial.parent == tmp_path
        assert str(os.getpid()) in partial.name
        partial.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"


def test_numpy_archives_have_the_same_bytes_as_by_name(tmp_path: Path) -> None:
    columns = {"easting": np.arange(5.0), "track": np.array(["a", "b"])}
    np.savez_compressed(tmp_path / "direct.npz", **columns)  # type: ignore[arg-type]
    with atomic_write(tmp_path / "history.npz") as partial, partial.open("wb") as file:
        np.savez_compressed(file, **columns)  # type: ignore[arg-type]
    assert (tmp_path / "history.npz").read_bytes() == (tmp_path / "direct.npz").read_bytes()
