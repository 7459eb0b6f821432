"""Temporary folders that do not outlive their process for long, however it ends."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from ops.runtime.file_lock import lock_file

_LOCK: Final = "in-use.lock"


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """Yield a new temporary folder that only this user can access; remove it at the end.

    A process that is killed leaves its folder behind. The kernel releases the lock in it, so the next process that
    makes a folder with this ``prefix`` removes it.
    """
    root = Path(tempfile.gettempdir())
    _remove_abandoned(root, prefix)
    folder, lock = Path(tempfile.mkdtemp(prefix=prefix)), None
    while lock is None:  # another process may hold it for a moment, to see whether the folder is abandoned
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            lock = lock_file(folder / _LOCK)
    try:
        yield folder
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


class ScratchFolder:
    """A ``scratch_folder`` for as long as this object exists, or until ``close``."""

    def __init__(self, prefix: str) -> None:
        stack = ExitStack()
        self.path = stack.enter_context(scratch_folder(prefix))
        self._remove = weakref.finalize(self, stack.close)

    def close(self) -> None:
        """Remove the folder now; again, nothing happens."""
        self._remove()


def _remove_abandoned(root: Path, prefix: str) -> None:
    for folder in root.glob(f"{prefix}*"):
        if not (folder / _LOCK).is_file() or folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            continue
        with suppress(OSError):
            lock = lock_file(folder / _LOCK)
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)
