"""The thread on which the SAPIENT gateway writes to disk, so that its connections never wait for the disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from geo.errors import WatchlineError
from ingest.errors import SpoolError, SpoolFull
from ops.services.sapient.database import MemoryFault, MemoryFull

FULL_DISK_S: Final = 1.0
"""Interval between attempts on a full disk; meanwhile connections are not read."""


class Disk:
    """Disk work in the order of its submission. On a full disk it is retried; on any other error ``fatal`` is set and
    the process must end. ``failed`` is the last error as a sentence.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sapient-disk")
        self._submitted: list[Future[Any]] = []
        self._closing = False
        self.failed: str | None = None
        self.fatal: WatchlineError | None = None

    def later(self, work: Callable[..., object], *arguments: object) -> None:
        """Submit work to be done after all earlier work."""
        self._submitted.append(self._thread.submit(self._durably, work, *arguments))

    @property
    def waiting(self) -> int:
        """Number of submissions that have not been confirmed as done."""
        return len(self._submitted)

    def reap(self) -> None:
        """Collect the results of finished work."""
        done = [future for future in self._submitted if future.done()]
        self._submitted = [future for future in self._submitted if not future.done()]
        for future in done:
            error = future.exception()
            if error is not None:
                self.failed = str(error) if isinstance(error, WatchlineError) else f"{type(error).__name__}: {error}"

    def close(self) -> None:
        """Finish the submitted work and stop, without waiting for room on a full disk."""
        self._closing = True
        self._thread.shutdown(wait=True)

    def _durably(self, work: Callable[..., object], *arguments: object) -> None:
        while True:
            try:
                work(*arguments)
            except (SpoolError, MemoryFault) as error:
                self.failed = str(error)
                if self._closing or not isinstance(error, (SpoolFull, MemoryFull)):
                    self.fatal = error
                    raise
                time.sleep(FULL_DISK_S)
            else:
                return
