"""Child processes: modules run as processes that report over stdout and stop when their parent ends."""

from __future__ import annotations

import argparse
import atexit
import json
import logging
import os
import queue
import re
import select
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

from geo.errors import WatchlineError
from geo.message import Message, Parameter
from ops.runtime.memory import out_of_memory, ran_out_of_memory

LAST_WORDS_S: Final = 10.0
"""Longest wait for what a child that has ended reported; a process that it started may hold its stdout open."""
LAST_BYTES: Final = 65_536
"""How much of the end of a log is read for its last line."""
MOST_LOG_BYTES: Final = 50_000_000
STDOUT: Final = 1
FULL: Final = ".1"
"""What the name of a log that was full ends with."""
DELETED: Final = " (deleted)"
"""What the kernel adds to the name of an open file that another one has replaced."""
_LOG_PREFIX: Final = re.compile(r"^[\d-]{10} [\d:,]{12} [A-Z]+ [\w.]+: ")


log = logging.getLogger(__name__)


class ChildFailed(WatchlineError):
    """A child process ended, or did not report that it was ready in time."""


def module_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this installation.

    ``-P`` keeps the working folder out of the search for modules: otherwise a file there that has the name of a
    Watchline or Python module would run in its place.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


class Spares(Protocol):
    """Processes that were started ahead (``ops.runtime.processes.spare_process``)."""

    def become(
        self, module: str, *, log: Path, environment: Mapping[str, str], arguments: Sequence[str]
    ) -> subprocess.Popen[bytes] | None: ...


class Child:
    """One module run as a process. Its stdout carries one JSON object per line; its stderr goes to a log file.

    The parent holds the child's stdin open. When the parent dies for any reason, the child reads the end of file and
    stops (``stop_when_parent_ends``). The child has its own session, so Ctrl-C reaches only the parent, which then
    stops its children in order. Files written by the child are private to its user (umask 077).
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        *,
        log: Path,
        secrets: Mapping[str, str],
        pass_fds: Sequence[int] = (),
        spares: Spares | None = None,
    ) -> None:
        """``spares``: where a process of the module may wait that has loaded its libraries."""
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._module = module
        self._arguments = list(arguments)
        self._secrets = dict(secrets)
        self._pass_fds = tuple(pass_fds)
        self._spares = spares if not pass_fds else None
        self.messages: dict[str, Any] = {}
        """The newest value that the child reported under each key."""
        self._reporting: subprocess.Popen[bytes] | None = None
        """The process whose lines count as reports."""
        self._told: dict[str, Any] = {}
        self._news = threading.Condition()
        self._start()

    def _start(self) -> None:
        environment = {**os.environ, **self._secrets}
        spares, arguments = self._spares, self._arguments
        spare = spares and spares.become(self._module, log=self.log, environment=environment, arguments=arguments)
        self.process = spare or self._new(environment)
        self._reporting = self.process
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        for key, value in self._told.items():
            self._write(key, value)
        self._reader = threading.Thread(target=self._read, args=(self.process,), name=f"read-{self.name}", daemon=True)
        self._reader.start()

    def _new(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                module_command(self._module, *self._arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
                umask=0o077,
                pass_fds=self._pass_fds,
            )

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            with self._news:
                if process is self._reporting:  # on a busy machine a line may be read after the restart
                    self.messages.update(message)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def tell(self, **message: Any) -> None:
        """Send each value as a line to the child's stdin (``stop_when_parent_ends``), without waiting for the child.

        The newest value of each key is sent again to a process that replaces this one.
        """
        for key, value in message.items():
            self._told[key] = value
            self._write(key, value)

    def _write(self, key: str, value: Any) -> None:
        if self._writer is None:  # a child that does not read its stdin must not hold up its parent
            arguments = (self.process, self._lines)
            self._writer = threading.Thread(target=_write_lines, args=arguments, name=f"send-{self.name}", daemon=True)
            self._writer.start()
        self._lines.put(json.dumps({key: value}, separators=(",", ":")).encode() + b"\n")

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def last(self, key: str) -> Any:
        """Return the newest value that the child reported under ``key``, or None."""
        with self._news:
            return self.messages.get(key)

    def wait_for(self, key: str, *, timeout_s: float) -> Any:
        """Return the newest value under ``key``; ChildFailed when none arrives in time, or the child has ended without.

        The last report of a child that has ended may still be in the pipe.
        """
        deadline = time.monotonic() + timeout_s
        with self._news:
            while key not in self.messages:
                if not self.alive:
                    deadline = min(deadline, time.monotonic() + LAST_WORDS_S) if self._reader.is_alive() else 0.0
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._news.wait(min(left, 0.2))
            if key in self.messages:
                return self.messages[key]
        if not self.alive:
            raise ChildFailed(self.exit_report())
        raise ChildFailed(f"{self.name} did not answer; expected {key!r} within {timeout_s:.0f} s. Log: {self.log}.")

    def exit_report(self) -> str:
        """Return why a child ended: its last error as a sentence, otherwise its exit code; and where its log is."""
        words, code = self.last_words(), self.process.poll()
        if code == 1 and words:  # see child_main: one sentence, then exit code 1
            return f"{self.name} ended: {words} Log: {self.log}."
        return (
            f"{self.name} ended with code {code}."
            + (f" Last log line: {words}" if words else "")
            + f" Log: {self.log}."
        )

    def ended(self) -> Message:
        """Return the message of ``exit_report``."""
        words, code = self.last_words(), self.process.poll()
        cause = "error" if code == 1 and words else "log" if words else "none"
        parameters: dict[str, Parameter] = {"part": self.name, "cause": cause, "code": code, "words": words}
        parameters["log"] = str(self.log)
        return Message("part-ended", parameters)

    def last_words(self) -> str:
        """Return the last line of the child's log without its time and level; empty when there is none."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - LAST_BYTES))
                lines = file.read().decode(errors="replace").strip().splitlines()
        except FileNotFoundError:
            return ""
        return _LOG_PREFIX.sub("", lines[-1].strip()) if lines else ""

    def restart(self) -> None:
        """Start the same module again after it ended or was killed; messages of the old process are discarded."""
        self._reader.join(timeout=2.0)
        self._close_stdin()
        with self._news:
            self.messages.clear()
            self._reporting = None
        self._start()

    def _close_stdin(self) -> None:
        self._lines.put(None)
        if self._writer is not None:
            self._writer.join(timeout=2.0)
        if self.process.stdin is not None:
            with suppress(OSError):  # the child has ended before it had read everything
                self.process.stdin.close()

    def kill(self, *, wait: bool = True) -> None:
        """Send SIGKILL, with the effect of a power failure."""
        self.process.kill()
        if wait:
            self.process.wait()

    def stop(self, *, timeout_s: float) -> int:
        """Request an orderly end (SIGTERM), wait, and then kill. Return the exit code."""
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self.process.returncode
        self._close_stdin()
        self._reader.join(timeout=2.0)
        return code


def _write_lines(process: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes | None]) -> None:
    assert process.stdin is not None
    with suppress(OSError, ValueError):  # the child has ended, or its stdin is closed
        while (line := lines.get()) is not None:
            process.stdin.write(line)
            process.stdin.flush()


def stop_when_parent_ends(stop: Callable[[], None], *, hear: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Call ``stop`` when stdin is closed, which means that the parent has ended, or on SIGTERM or SIGINT.

    ``hear`` is called with each message of the parent (``Child.tell``).

    ``stop`` runs on a separate thread: a signal handler interrupts the main thread and would deadlock on the lock of an
    event that the main thread is about to wait for.
    """
    woken, wake = os.pipe()

    def wait() -> None:
        rest = b""
        while woken not in (ready := select.select([0, woken], [], [])[0]):
            read = os.read(0, 65_536) if 0 in ready else b""
            if not read:
                break
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                if hear is not None:
                    hear(json.loads(line))
        stop()

    def on_signal(_number: int, _frame: object) -> None:
        os.write(wake, b".")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
        # Python restores the default action before it has ended, by which a further signal would be the exit code
        atexit.register(signal.signal, number, signal.SIG_IGN)
    threading.Thread(target=wait, name="parent-watch", daemon=True).start()


class PartLog(logging.StreamHandler[Any]):
    """Lines on stderr. A log file there that has ``MOST_LOG_BYTES`` becomes NAME.1, and a new one begins."""

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        file = os.fstat(2)
        if stat.S_ISREG(file.st_mode) and file.st_size >= MOST_LOG_BYTES:
            with suppress(OSError):  # the lines then stay in the file that is full
                _begin_anew(file)


def _begin_anew(full: os.stat_result) -> None:
    path = Path("/proc/self/fd/2").readlink()
    name = path.with_name(path.name.removesuffix(DELETED).removesuffix(FULL))
    if path == name and os.path.samestat(path.stat(), full):  # otherwise another process of this part has done it
        path.replace(name.with_name(name.name + FULL))
    begun = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(begun, 2)
    os.close(begun)


def child_main(
    run: Callable[[argparse.Namespace, threading.Event], int],
    arguments: argparse.Namespace,
    *,
    hear: Callable[[dict[str, Any]], None] | None = None,
) -> int:
    """Run a child process: log to stderr, call ``run`` until asked to stop, report an error as one sentence."""
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, handlers=[PartLog()])
    stop = threading.Event()
    stop_when_parent_ends(stop.set, hear=hear)
    try:
        return run(arguments, stop)
    except WatchlineError as error:
        log.error("%s", error)
        return 1
    except Exception as error:
        if not ran_out_of_memory(error):
            raise
        log.error("%s", out_of_memory("this process"))
        return 1


def say(**message: Any) -> None:
    """Write one JSON object as one line of stdout, for the parent."""
    sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def sign_of_life() -> None:
    """Report that this process works; to be called in its main loop, about twice a second.

    From the first call on, a supervisor expects further ones (``ops.room.supervision``). A supervisor that is stopped
    and reads none holds up no process: none is written into a full pipe.
    """
    if select.select([], [STDOUT], [], 0.0)[1]:
        say(alive=time.monotonic())


def proportional_set_size_mb(pids: Sequence[int]) -> float:
    """Return the memory of these processes and all their descendants in megabytes (10^6 bytes), as PSS.

    In PSS a page shared by n processes counts 1/n. Where the kernel does not provide it, the resident set is used,
    which counts shared pages in full.
    """
    import psutil

    total = 0
    seen: set[int] = set()
    for pid in pids:
        try:
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.Error:
            continue
        for process in family:
            if process.pid in seen:
                continue
            seen.add(process.pid)
            try:
                memory = process.memory_full_info()
            except psutil.Error:
                continue
            total += getattr(memory, "pss", memory.rss)
    return total / 1e6
