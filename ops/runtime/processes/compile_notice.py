"""Reports to the parent that this process compiles kernels, which can take minutes after an update of the code.

While numba compiles, the process does nothing else. Kernels that are loaded from the cache are not reported.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from numba.core import event

from ops.runtime.processes.child_process import say

QUIET_S = 2.0
"""Compiling has ended when no kernel has been compiled for this long."""


class CompileNotice(event.Listener):
    """Calls ``tell`` with True when the first kernel is compiled, and with False ``quiet_s`` after the last one."""

    def __init__(self, tell: Callable[[bool], None], *, quiet_s: float = QUIET_S) -> None:
        self._tell, self._quiet_s = tell, quiet_s
        self._lock = threading.Lock()
        self._running = 0
        self._told = False
        self._timer: threading.Timer | None = None

    def on_start(self, _: event.Event) -> None:
        """Note that a kernel is being compiled."""
        with self._lock:
            self._running += 1
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if not self._told:
                self._told = True
                self._tell(True)

    def on_end(self, _: event.Event) -> None:
        """Note that a kernel has been compiled."""
        with self._lock:
            self._running -= 1
            if self._running == 0:
                self._timer = threading.Timer(self._quiet_s, self._end)
                self._timer.daemon = True
                self._timer.start()

    def _end(self) -> None:
        with self._lock:
            if self._running == 0 and self._told:
                self._told = False
                self._tell(False)


def report_compiling() -> None:
    """Report ``compiling`` to the parent from now on."""
    event.register("numba:compile", CompileNotice(lambda compiling: say(compiling=compiling)))  # type: ignore[no-untyped-call]
