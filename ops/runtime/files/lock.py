"""Locks between processes: one holder for a file, released by the kernel when the process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ops.runtime.account import give_to_owner


def lock_file(path: Path, *, wait: bool = False, shared: bool = False) -> int | None:
    """Create the lock file (mode 0600) and lock it; the descriptor to close, or None while another process holds it.

    ``wait`` waits for the other process instead. ``shared``: any number of processes hold it at a time, while none
    holds it alone. OSError when the file cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_to_owner(path)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_locked(path: Path) -> bool:
    """Return whether another process holds the lock file; a file that does not exist is not locked, nor created."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
