"""A broker process that restarts itself after a panic in one of the embedded broker's threads.

iotcore 0.4 (rumqttd 0.20) keeps the wills of all clients behind one lock. A connection that is reset between CONNECT
and CONNACK leaves an entry there, at which the next CONNECT of the same client panics while it holds the lock. The
process lives on and serves those who are connected, but closes every new connection: each client that loses its link
stays outside for good. After any other panic, such as the router's, the broker cannot be trusted either.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

PANIC: Final = b"panicked at"
"""In the line that Rust writes to stderr when a thread panics; the next line is the message."""

log = logging.getLogger(__name__)


PAUSE_S: Final = 1.0
"""Before the restart, so that a panic that comes again at once does not take a core."""


@contextmanager
def restarted_after_panic(environment: Mapping[str, str]) -> Iterator[threading.Event]:
    """Read this process's stderr, pass it on, and replace the process by itself at the first panic.

    Yields the event to set once the broker serves: a panic before that is left to the caller, which gets no
    answer. Process id, arguments and the pipes to the parent stay; connections and all that the broker held in memory
    are lost, as after a kill. ``environment``: variables that the new process needs and this one has removed.
    """
    stderr, serves, ended = os.dup(2), threading.Event(), threading.Event()
    from_here, to_here = os.pipe()
    os.dup2(to_here, 2)
    os.close(to_here)

    def pass_on(line: bytes) -> None:
        with suppress(OSError):  # a full disk under a log must not end the watch
            os.write(stderr, line)

    def watch() -> None:
        with os.fdopen(from_here, "rb") as lines:
            for line in lines:
                pass_on(line)
                if PANIC in line:
                    pass_on(lines.readline())
                    serves.wait()
                    if not ended.is_set():
                        restart()

    def restart() -> None:
        os.dup2(stderr, 2)
        log.error("the embedded broker panicked; it restarts without its sessions and messages")
        time.sleep(PAUSE_S)
        try:
            os.execve(sys.executable, sys.orig_argv, {**os.environ, **environment})  # noqa: S606  # itself
        finally:
            os._exit(1)  # the parent sees that its broker has ended

    watching = threading.Thread(target=watch, name="panic-watch", daemon=True)
    watching.start()
    try:
        yield serves
    finally:
        ended.set()
        serves.set()
        os.dup2(stderr, 2)  # closes the pipe, so that the thread passes on the last words and ends
        watching.join(timeout=60.0)
