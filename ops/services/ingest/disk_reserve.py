"""Room on the journal's disk: a reserve held back for what must go on, and a look that is in time.

While the disk has room the reserve is held: a file without a name, allocated whole, which the kernel frees when we end.
When room runs out it is let go, so that alerts, commands and the clock go on in it while sensors' messages wait unread
in the broker and in their spools; it is taken again when there is room once more.
"""

from __future__ import annotations

import errno
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LEAST_BYTES: Final = 64 * 1024
"""With less than this left every disk is full."""


@dataclass(frozen=True, slots=True)
class DiskSettings:
    """``reserve_bytes``, but at most ``reserve_share`` of the file system. With less than ``low_share`` of that left,
    the disk counts as full."""

    reserve_bytes: int = 64 * 1024 * 1024
    reserve_share: float = 0.125
    low_share: float = 0.25


class DiskWatch:
    """Full or not, with some slack between the two; ``full`` is true until ``check`` has found room for the reserve."""

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
        """What may still be written, the reserve not counted while it is held."""
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize

    def check(self) -> bool:
        """Look; True when the state has changed. Cheap: call it twice a second."""
        free = self.free_bytes
        if self.full and free >= self.reserve_bytes + 2 * self._low_bytes and self._hold():
            self.full = False
            return True
        if not self.full and free < self._low_bytes:
            return self.fill()
        return False

    def fill(self) -> bool:
        """The disk is full, whatever the look said: let the reserve go. True when that is news."""
        self.release()
        newly_full, self.full = not self.full, True
        return newly_full

    def release(self) -> None:
        """Give the reserve's room back to the disk."""
        if self._reserve is not None:
            os.close(self._reserve)
            self._reserve = None

    def _hold(self) -> bool:
        """Take the reserve. Where the file system cannot do that at all, go on without one."""
        reserve, path = tempfile.mkstemp(prefix=".reserve-", dir=self._folder)
        os.unlink(path)
        try:
            os.posix_fallocate(reserve, 0, max(self.reserve_bytes, 1))
        except OSError as error:
            os.close(reserve)
            return error.errno not in (errno.ENOSPC, errno.EDQUOT)
        self._reserve = reserve
        return True
