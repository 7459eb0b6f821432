"""The map process as a part of a server: started with it, started again when it ends, stopped with it."""

from __future__ import annotations

import secrets
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from ops.map_answers import KEY_VARIABLE, Answer, MapClient
from ops.processes import Child

REVIVE_EVERY_S: Final = 5.0
"""A process that ends at once is not started again more often than this."""


class MapProcess:
    """Opens the ground in a process of its own on entry; calling it asks a question (``ops.mapping``)."""

    def __init__(self, *, sector: str, layout: str, log: Path) -> None:
        self._sector, self._layout, self._log = sector, layout, log
        self._lock, self._revived_s, self._stopped = threading.Lock(), 0.0, False
        self._child: Child
        self._client: MapClient

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="watchline-map-")  # this user's alone
        socket, key = Path(self._folder.name) / "socket", secrets.token_bytes(32)
        self._child = Child(
            "map",
            "ops.mapping",
            [f"--sector={self._sector}", f"--layout={self._layout}", f"--socket={socket}"],
            log=self._log,
            secrets={KEY_VARIABLE: key.hex()},
        )
        self._client = MapClient(socket, key, alive=lambda: self._child.alive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self._folder.cleanup()

    def stop(self) -> None:
        """End the process; whoever asks from now on hears that it is not running."""
        with self._lock:
            self._stopped = True
        self._child.stop(timeout_s=5.0)
        self._client.close()

    @property
    def pid(self) -> int:
        """Of the process that answers now."""
        return self._child.process.pid

    def __call__(self, question: str, **arguments: Any) -> Answer:
        """The map's answer; MapUnavailable when there is none."""
        self._revive_if_dead()
        return self._client(question, **arguments)

    def _revive_if_dead(self) -> None:
        with self._lock:
            if not (self._stopped or self._child.alive) and time.monotonic() - self._revived_s > REVIVE_EVERY_S:
                self._revived_s = time.monotonic()
                self._child.restart()
