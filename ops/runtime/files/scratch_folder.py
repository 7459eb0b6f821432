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

from ops.runtime.files.lock import lock_file

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
    try:
        while lock is None:  # another process may hold it for a moment, to see whether the folder is abandoned
            with suppress(FileNotFoundError):
                folder.mkdir(mode=0o700, exist_ok=True)
                lock = _lock(folder)
    except BaseException:  # such as a full disk
        shutil.rmtree(folder, ignore_errors=True)
        raise
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
        with suppress(OSError):  # removed meanwhile, or not accessible
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid() or not (folder / _LOCK).is_file():
                continue
            lock = _lock(folder)
            if lock is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _lock(folder: Path) -> int | None:
    """Return the lock of a folder; None while another process holds it, or has removed the locked file meanwhile."""
    lock = lock_file(folder / _LOCK)
    if lock is None:
        return None
    with suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(lock), (folder / _LOCK).stat()):
            return lock
    os.close(lock)
    return None
