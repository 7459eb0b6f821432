"""A lock has one holder, and ends with the holder's process."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ops.runtime.files.lock import lock_file

HOLDER = "import sys; from pathlib import Path; from ops.runtime.files.lock import lock_file; \
print(lock_file(Path(sys.argv[1])) is not None, flush=True); sys.stdin.read()"


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "journal.db-lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    assert lock_file(path) is None
    holder.kill()
    lock = lock_file(path, wait=True)
    assert lock is not None
    assert lock_file(path) is None
    os.close(lock)
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    again = lock_file(path)
    assert again is not None
    os.close(again)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lock_file(tmp_path / "nowhere" / "lock")
