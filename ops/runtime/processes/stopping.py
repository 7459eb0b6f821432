"""Ctrl-C and SIGTERM in a command: an exception first, and the end of the process soon after, whatever it is doing.

Python raises the exception between two instructions of its own. A compiled kernel, a solver, a pool that waits for its
threads or a cluster that closes its workers can take minutes until then.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, NoReturn

from geo.unfinished import remove_all_unfinished

if TYPE_CHECKING:
    from psutil import Process

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
GRACE_S: Final = 1.0
"""Time from the signal to the end of the process; a second signal ends it at once."""

AGAIN_S: Final = GRACE_S / 2
"""Time until a signal that Python ignored is sent again: by then, what it interrupted has returned."""

SAYING_S: Final = 0.5
"""Longest wait for room in stderr, where a full pipe has none."""


class Stopped(KeyboardInterrupt):
    """The command was asked to end by the signal ``number``."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class CommandStopped(Exception):
    """The same for the frame of the commands; Typer would end without a sentence for a KeyboardInterrupt."""

    def __init__(self, stopped: KeyboardInterrupt) -> None:
        self.exit_code: int = exit_code_of(stopped)


def exit_code_of(error: BaseException) -> int:
    """Return the exit code of what a signal raised, as shells count it: 130 after Ctrl-C (SIGINT), 143 after SIGTERM.

    Click raises Abort from a KeyboardInterrupt, or in its place; Abort for another reason counts as Ctrl-C.
    """
    for raised in (error, error.__cause__, error.__context__):
        if isinstance(raised, Stopped):
            return 128 + raised.number
    return 128 + signal.SIGINT


def raise_stopped(number: int, _frame: FrameType | None) -> NoReturn:
    """Handle a signal by raising Stopped."""
    sys.unraisablehook = _send_again
    raise Stopped(number)


def _send_again(unraisable: Any) -> None:
    """Send a signal again, a little later, that Python ignored in a destructor or the callback of a weak reference."""
    if isinstance(stopped := unraisable.exc_value, Stopped):
        again = threading.Timer(AGAIN_S, os.kill, (os.getpid(), stopped.number))
        again.daemon = True
        again.start()


@contextmanager
def ending_soon(sentence: str) -> Iterator[None]:
    """End the process after a signal: when the work has ended, but GRACE_S after the signal at the latest.

    Then child processes are killed, unfinished files removed, and ``sentence`` is written to stderr. Python itself
    would wait for its threads and take the rest apart, for seconds. Without a signal nothing remains at the end.
    """
    import psutil

    own = psutil.Process()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    try:
        before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    except ValueError:  # in a thread, which no signal reaches
        os.close(woken)
        os.close(wake)
        yield
        return
    watch = threading.Thread(target=_watch, args=(woken, sentence, own), name="stopping", daemon=True)
    watch.start()
    try:
        yield
    finally:
        with suppress(OSError, ValueError):  # closed, or nobody reads it
            sys.stdout.flush()
        signal.set_wakeup_fd(before)
        os.write(wake, b"\0")
        watch.join()  # after a signal it ends the process
        os.close(woken)
        os.close(wake)


def _watch(woken: int, sentence: str, own: Process) -> None:
    while (number := os.read(woken, 1)[0]) not in SIGNALS:
        if number == 0:
            return
    try:
        sys.unraisablehook = _nothing  # destructors of what was only half made fail
        with suppress(BaseException):
            select.select([woken], [], [], GRACE_S)
        for step in (partial(_kill_children, own), remove_all_unfinished, partial(_say, sentence)):
            with suppress(BaseException):  # such as a closed stderr: the end must come
                step()
    finally:
        os._exit(128 + number)


def _say(sentence: str) -> None:
    """Write the sentence to the file of stderr, unless that is a pipe that stays full.

    A print would wait for the lock of the console, which what was interrupted may hold permanently.
    """
    stderr = select.poll()
    stderr.register(2, select.POLLOUT)
    if stderr.poll(SAYING_S * 1000.0):
        shown_again = b"\x1b[?25h\n" if os.isatty(2) else b""  # the cursor, which a moving line of progress hides
        os.write(2, shown_again + sentence.encode() + b"\n")


def _nothing(_unraisable: Any) -> None:
    pass


def _kill_children(own: Process) -> None:
    for child in own.children(recursive=True):
        with suppress(Exception):
            child.kill()


os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))
"""A forked child would share the pipe that wakes the thread of this process, and its own signals would end this one."""
