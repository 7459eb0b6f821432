"""The one thread on which the SAPIENT gateway waits for disks, so that no connection waits for another's."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from geo.errors import WatchlineError
from ingest.errors import SpoolError
from ops.services.sapient.database import MemoryFault

FULL_DISK_S: Final = 1.0
"""How long to wait on a full disk before trying again; meanwhile connections are read no further."""


class Disk:
    """Work in the order in which it was given. On a full disk it is tried again and again; on a disk that fails never
    again: ``fatal`` is set, and whoever owns this must end. ``failed``: what went wrong last, for people.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sapient-disk")
        self._given: list[Future[Any]] = []
        self._closing = False
        self.failed: str | None = None
        self.fatal: WatchlineError | None = None

    def later(self, work: Callable[..., object], *arguments: object) -> None:
        """Do this after all that was given before."""
        self._given.append(self._thread.submit(self._durably, work, *arguments))

    @property
    def waiting(self) -> int:
        """How much of what was given is not known to be done."""
        return len(self._given)

    def reap(self) -> None:
        """Take note of what is done."""
        done = [each for each in self._given if each.done()]
        self._given = [each for each in self._given if not each.done()]
        for each in done:
            error = each.exception()
            if error is not None:
                self.failed = str(error) if isinstance(error, WatchlineError) else f"{type(error).__name__}: {error}"

    def close(self) -> None:
        """Do what was given, and stop; a full disk is not waited for any more."""
        self._closing = True
        self._thread.shutdown(wait=True)

    def _durably(self, work: Callable[..., object], *arguments: object) -> None:
        while True:
            try:
                work(*arguments)
            except (SpoolError, MemoryFault) as error:
                self.failed = str(error)
                if "full" not in str(error) or self._closing:
                    self.fatal = error
                    raise
                time.sleep(FULL_DISK_S)
            else:
                return
