"""Disk reserve on the journal's disk, and early detection of a full disk.

While the disk has space, the reserve is held in an unnamed, fully allocated file, which the kernel frees when the
process ends. When space runs out, the reserve is released, so that alerts, commands and the clock continue while
sensors' messages wait unread at the broker and in their spools. It is allocated again once there is space.
"""

from __future__ import annotations

import errno
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LEAST_BYTES: Final = 64 * 1024
"""Any disk with less free space than this counts as full."""


@dataclass(frozen=True, slots=True)
class DiskSettings:
    """The reserve is ``reserve_bytes``, but at most the fraction ``reserve_share`` of the file system. The disk counts
    as full if the free space is below the fraction ``low_share`` of the reserve."""

    reserve_bytes: int = 64 * 1024 * 1024
    reserve_share: float = 0.125
    low_share: float = 0.25


class DiskWatch:
    """Whether the disk is full, with hysteresis; ``full`` is true until ``check`` has allocated the reserve."""

    def __init__(self, folder: Path, settings: DiskSettings | None = None) -> None:
        settings = settings or DiskSettings()
        self._folder = folder
        disk = os.statvfs(folder)
        self.reserve_bytes = int(min(settings.reserve_bytes, disk.f_blocks * disk.f_frsize * settings.reserve_share))
        self._low_bytes = max(int(self.reserve_bytes * settings.low_share), LEAST_BYTES)
        self._reserve: int | None = None
        self.full = True
        self.check()

    @property
    def free_bytes(self) -> int:
        """Free space, without the reserve while it is held."""
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize

    def check(self) -> bool:
        """Check the free space; True if the state has changed. The check is cheap: call it twice per second."""
        free = self.free_bytes
        if self.full and free >= self.reserve_bytes + 2 * self._low_bytes and self._hold():
            self.full = False
            return True
        if not self.full and free < self._low_bytes:
            return self.fill()
        return False

    def fill(self) -> bool:
        """Mark the disk as full, whatever ``check`` found, and release the reserve; True if it was not full before."""
        self.release()
        newly_full, self.full = not self.full, True
        return newly_full

    def release(self) -> None:
        """Release the space of the reserve."""
        if self._reserve is not None:
            os.close(self._reserve)
            self._reserve = None

    def _hold(self) -> bool:
        """Allocate the reserve. If the file system does not support that, continue without one."""
        reserve, path = tempfile.mkstemp(prefix=".reserve-", dir=self._folder)
        os.unlink(path)
        try:
            os.posix_fallocate(reserve, 0, max(self.reserve_bytes, 1))
        except OSError as error:
            os.close(reserve)
            return error.errno not in (errno.ENOSPC, errno.EDQUOT)
        self._reserve = reserve
        return True
