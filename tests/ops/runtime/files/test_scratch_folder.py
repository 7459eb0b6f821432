"""Temporary folders: gone with their owner, and with the next of the same name where the owner was killed."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ops.runtime.files import scratch_folder
from ops.runtime.files.lock import lock_file
from ops.runtime.files.scratch_folder import ScratchFolder

OWNERS = {
    "planner": ("from ops.services.planner.jobs import Jobs as Owner", "Owner('cumberland', Path('log'))"),
    "broker": ("from ops.broker.broker import EmbeddedBroker as Owner", "Owner()"),
    "any": ("from ops.runtime.files.scratch_folder import ScratchFolder as Owner", "Owner('watchline-any-')"),
}
KILLED = """
import os, signal
from pathlib import Path
{importing}
owner = {making}
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("owner", OWNERS)
def test_the_folder_of_a_killed_owner_is_removed_by_the_next(
    owner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    importing, making = OWNERS[owner]
    script = KILLED.format(importing=importing, making=making)
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode < 0
    (left,) = tmp_path.glob("watchline-*")
    prefix = left.name[: left.name.rindex("-") + 1]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    used = ScratchFolder(prefix)
    assert list(tmp_path.glob("watchline-*")) == [used.path]
    used.close()


def test_a_folder_lasts_as_long_as_its_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first, second = ScratchFolder("watchline-x-"), ScratchFolder("watchline-x-")
    kept = second.path
    assert first.path.is_dir()
    first.close()
    first.close()  # twice is once
    assert list(tmp_path.iterdir()) == [kept]
    del second
    gc.collect()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="acts as a second user")
def test_the_folder_of_another_user_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as shared:  # pytest's folders are closed to other users
        monkeypatch.setattr("tempfile.tempdir", shared)
        os.chmod(shared, 0o777)
        other = ScratchFolder("watchline-x-")
        os.seteuid(65534)
        try:
            own = ScratchFolder("watchline-x-")
            assert own.path.is_dir()
            own.close()
        finally:
            os.seteuid(0)
        assert other.path.is_dir()
        other.close()


def test_a_folder_that_is_removed_meanwhile_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    abandoned = tmp_path / "watchline-x-abandoned"
    abandoned.mkdir()
    os.close(lock_file(abandoned / "in-use.lock") or 0)

    def removed(folder: Path) -> bool:
        shutil.rmtree(folder)
        return False

    monkeypatch.setattr(Path, "is_symlink", removed)
    assert ScratchFolder("watchline-x-").path.is_dir()


def test_who_locks_a_file_that_another_has_just_removed_makes_its_folder_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening the file and locking it: another process takes the folder for abandoned, and removes it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    removed = list[Path]()

    def slow(path: Path) -> int | None:
        lock = lock_file(path)
        if not removed:
            shutil.rmtree(path.parent)
            removed.append(path.parent)
        return lock

    monkeypatch.setattr(scratch_folder, "lock_file", slow)
    made = ScratchFolder("watchline-x-")
    assert removed == [made.path]
    assert (made.path / "in-use.lock").is_file()


def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def full(_path: Path) -> int | None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(scratch_folder, "lock_file", full)
    with pytest.raises(OSError, match="No space left"):
        ScratchFolder("watchline-x-")
    assert list(tmp_path.iterdir()) == []
