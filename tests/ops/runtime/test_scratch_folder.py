"""Temporary folders: gone with their owner, and with the next of the same name where the owner was killed."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from ops.runtime.scratch_folder import ScratchFolder

OWNERS = {
    "planner": ("from ops.services.planner.jobs import Jobs as Owner", "Owner('cumberland', Path('log'))"),
    "broker": ("from ops.broker.broker import EmbeddedBroker as Owner", "Owner()"),
    "any": ("from ops.runtime.scratch_folder import ScratchFolder as Owner", "Owner('watchline-any-')"),
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
