"""Supervision of the map process: started on demand, restarted when it ends, stopped when it is not in use.

It needs a quarter of a gigabyte of memory and some seconds of computing, which an installation without a screen saves.
"""

from __future__ import annotations

import math
import secrets
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from geo.message import Message
from ops.runtime.files.scratch_folder import scratch_folder
from ops.runtime.processes.child_process import Child, ChildFailed
from ops.runtime.processes.part_state import COMPILING
from ops.services.map.client import KEY_VARIABLE, Answer, MapClient, MapUnavailable

REVIVE_EVERY_S: Final = 5.0
"""Minimum interval between starts of a process that ends at once."""
ASK_AGAIN_S: Final = 0.1
IDLE_S: Final = 600.0
"""Time after the last request and the last open stream after which the process is stopped."""


class MapProcess:
    """Callable that sends a request to the map process (``ops.services.map.process``), which starts with the first one.

    The request ``watch``, which a server sends periodically, does not start it: MapUnavailable while it is not in use.
    """

    def __init__(self, *, sector: str, layout: str, log: Path, idle_s: float = IDLE_S) -> None:
        self._sector, self._layout, self._log, self._idle_s = sector, layout, log, idle_s
        self._lock, self._stopped = threading.Lock(), False
        self._started_s = self._looked_s = -math.inf
        self._child: Child | None = None
        self._client: MapClient

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        folder = self._stack.enter_context(scratch_folder("watchline-map-"))
        self._socket, self._key = folder / "socket", secrets.token_bytes(32)
        self._client = MapClient(self._socket, self._key, alive=lambda: self.running)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self._stack.close()

    def stop(self) -> None:
        """End the process; later requests raise MapUnavailable."""
        with self._lock:
            self._stopped = True
            self._end()
        self._client.close()

    def start(self) -> None:
        """Start the process now, in expectation of requests."""
        with self._lock:
            self._looked_s = time.monotonic()
            self._start_if_dead()

    def first_answer(self, question: str, *, timeout_s: float) -> Answer:
        """Start the process and return its answer, however slow it is at first.

        MapUnavailable if there is none within ``timeout_s``, and with the reason as soon as the process has ended.
        """
        deadline_s = time.monotonic() + timeout_s
        self.start()
        assert self._child is not None
        try:
            self._child.wait_for("ready", timeout_s=timeout_s)
        except ChildFailed as error:
            raise MapUnavailable(str(error)) from None
        while True:
            try:
                return self(question)
            except MapUnavailable:
                if not self.running or time.monotonic() >= deadline_s:
                    raise
                time.sleep(ASK_AGAIN_S)

    @property
    def running(self) -> bool:
        """Whether the process is running or starting."""
        return self._child is not None and self._child.alive

    @property
    def state(self) -> Message | None:
        """Why the process does not work although it is in use; None while it works."""
        child = self._child
        if child is None:
            return None
        if not child.alive:
            return child.ended()
        return COMPILING if child.last("compiling") else None

    @property
    def pid(self) -> int | None:
        """Process id of the running process; None if there is none."""
        return None if self._child is None else self._child.process.pid

    def __call__(self, question: str, **arguments: Any) -> Answer:
        """The map's answer; MapUnavailable if there is none."""
        lookers = arguments.pop("lookers", 0) if question == "watch" else 1  # open streams; used only here
        with self._lock:
            if lookers:
                self._looked_s = time.monotonic()
            if question == "watch" and not self._is_wanted():
                self._end()
                raise MapUnavailable("The map is not in use, so its process is not running.")
            self._start_if_dead()
        return self._client(question, **arguments)

    def _is_wanted(self) -> bool:
        return self._child is not None and time.monotonic() - self._looked_s < self._idle_s

    def _start_if_dead(self) -> None:
        now_s = time.monotonic()
        if self._stopped or self.running or now_s - self._started_s < REVIVE_EVERY_S:
            return
        self._started_s = now_s
        if self._child is not None:
            self._child.restart()
            return
        self._child = Child(
            "map",
            "ops.services.map.process",
            [f"--sector={self._sector}", f"--layout={self._layout}", f"--socket={self._socket}"],
            log=self._log,
            secrets={KEY_VARIABLE: self._key.hex()},
        )

    def _end(self) -> None:
        if self._child is not None:
            self._child.stop(timeout_s=5.0)
            self._child, self._started_s = None, -math.inf
