"""Processes that are started ahead: they have loaded their libraries, and wait until one of them is needed.

Most of the start of a part is Python and its libraries, which takes seconds of CPU time. A worker of a cluster
therefore keeps one spare process for each part of a sector. A spare becomes a part by one line on its stdin, with
the part's log, environment and arguments (``ops.runtime.processes.child_process``); from then on it is like any other.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Final

from ops.runtime.processes.child_process import module_command

SETTLE_S: Final = 10.0
"""How long no part may have been starting before a spare is started: a spare must not delay a sector."""
LOOK_EVERY_S: Final = 1.0
MOST_PAUSES: Final = 64
"""Longest pause before a spare that ended by itself is replaced, as a multiple of ``settle_s``."""
MODULE: Final = "ops.runtime.processes.spare_process"


class SpareProcesses:
    """One spare process per module, replaced after it was taken or has ended, while nothing here is starting.

    The pause before one that ended by itself is replaced doubles each time, until one is taken.

    Parameters
    ----------
    modules : mapping of str to sequence of str
        Of each module that is run as a process (``MODULE.main``), other modules whose ``compile_kernels`` a spare calls
        ahead, to load compiled code.
    settle_s : float, s
        How long nothing may have been starting before a spare is started.
    """

    def __init__(self, modules: Mapping[str, Sequence[str]], *, settle_s: float = SETTLE_S) -> None:
        self._modules, self._settle_s = dict(modules), settle_s
        self._lock = threading.Lock()
        self._idle: dict[str, subprocess.Popen[bytes]] = {}
        self._starting, self._quiet_s, self._ended = 0, time.monotonic(), 0
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="spares", daemon=True)
        self._keeper.start()

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Start no spare while the body runs, which starts parts."""
        with self._lock:
            self._starting += 1
        try:
            yield
        finally:
            with self._lock:
                self._starting, self._quiet_s = self._starting - 1, time.monotonic()

    def take(self, module: str) -> subprocess.Popen[bytes] | None:
        """Return the spare for a module, which is the caller's from now on; None without one that runs and is ready.

        One that still loads is left: to wait for it could take longer than another start.
        """
        with self._lock:
            self._quiet_s = time.monotonic()
            if module in self._idle and not _is_ready(self._idle[module]):
                return None
            found = self._idle.pop(module, None)
        if found is None or found.poll() is None:
            self._ended = 0 if found is not None else self._ended
            return found
        _end(found)
        return None

    def become(
        self, module: str, *, log: Path, environment: Mapping[str, str], arguments: Sequence[str]
    ) -> subprocess.Popen[bytes] | None:
        """Return the spare for a module, which becomes the part with these arguments; None without one that runs.

        The part's stderr is appended to ``log``; OSError, and the spare stays, for one that cannot be written. The
        process is the caller's from now on.
        """
        log.open("ab").close()  # here: the spare itself has nowhere to state an error before it has its log
        spare = self.take(module)
        if spare is None:
            return None
        order = {"log": str(log.absolute()), "environment": dict(environment), "arguments": list(arguments)}
        assert spare.stdin is not None
        try:
            spare.stdin.write(json.dumps(order).encode() + b"\n")
            spare.stdin.flush()
        except OSError:  # it has just ended
            _end(spare)
            return None
        return spare

    def idle(self) -> list[int]:
        """Return the process numbers of the spares that are ready."""
        with self._lock:
            return [one.pid for one in self._idle.values() if _is_ready(one)]

    def close(self) -> None:
        """End all spares."""
        self._closing.set()
        self._keeper.join()
        with self._lock:
            spares, self._idle = list(self._idle.values()), {}
        for one in spares:
            _end(one)

    def _keep(self) -> None:
        while not self._closing.wait(min(LOOK_EVERY_S, self._settle_s)):
            with self._lock:
                self._drop_ended()
                pause_s = self._settle_s * min(2**self._ended, MOST_PAUSES)
                due = self._starting == 0 and time.monotonic() - self._quiet_s >= pause_s
                missing = next((name for name in self._modules if name not in self._idle), None)
                if due and missing is not None:
                    with suppress(OSError):  # such as no memory: parts start without one
                        self._idle[missing] = _started(missing, self._modules[missing])

    def _drop_ended(self) -> None:
        for name in [name for name, one in self._idle.items() if one.poll() is not None]:
            _end(self._idle.pop(name))
            self._ended, self._quiet_s = self._ended + 1, time.monotonic()


def _started(module: str, warm: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        module_command(MODULE, module, *warm),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        umask=0o077,
    )


def _is_ready(process: subprocess.Popen[bytes]) -> bool:
    """Return whether a spare has loaded its libraries, or has ended: there is something to read."""
    assert process.stdout is not None  # it was started with a pipe
    poll = select.poll()  # not select(): a worker with many sectors has descriptors beyond 1023
    poll.register(process.stdout, select.POLLIN)
    return bool(poll.poll(0))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # an order that it did not read is written again when its pipe is closed
                pipe.close()


def main(module: str, warm: Sequence[str]) -> int:
    """Load the libraries of a module, wait for the order, and run it; end with the parent."""
    part = import_module(module)
    for name in warm:
        import_module(name).compile_kernels()
    os.write(1, b"\n")  # it is ready; of no meaning to a parent that expects reports
    line = bytearray()
    while not line.endswith(b"\n"):  # and no byte more: what follows is for the part
        if not (read := os.read(0, 1)):
            return 0
        line += read
    order = json.loads(line)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    os.close(log)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = [str(part.__file__), *order["arguments"]]
    return int(part.main())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
