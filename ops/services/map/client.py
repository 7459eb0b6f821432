"""The way to the map process and back: one answer as a value, and a client that any thread may use.

Pickles travel here, which is safe only between our own processes: the socket lies in a folder that only this user may
enter, and both sides prove that they know a key before the first word.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any, Final

from geo.errors import WatchlineError

KEY_VARIABLE: Final = "WATCHLINE_MAP_KEY"
CONNECTIONS: Final = 4
START_S: Final = 60.0
ANSWER_S: Final = 30.0


class MapUnavailable(WatchlineError):
    """The map process does not answer: it is starting, busy or gone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent to whoever asked. ``etag`` and ``revision`` only for tiles."""

    status: int
    media_type: str
    body: bytes
    etag: str = ""
    revision: str = ""


class MapClient:
    """Asks the map process over a few connections, each used by one caller at a time. Waits while it still starts.

    ``alive`` says whether the process runs: when not, nobody waits for it.
    """

    def __init__(self, socket: Path, key: bytes, *, alive: Callable[[], bool] = lambda: True) -> None:
        self._socket, self._key, self._alive = str(socket), key, alive
        self._free: queue.LifoQueue[Connection | None] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self._free.put(None)

    def __call__(self, question: str, **arguments: Any) -> Answer:
        """The answer; MapUnavailable when there is none in time."""
        slot = self._free.get()
        kept: Connection | None = None
        try:
            if slot is not None:
                with suppress(EOFError, OSError):  # the process may have been started anew: then once more, freshly
                    answer, kept = _asked(slot, question, arguments), slot
                    return answer
            slot = self._connected()
            answer, kept = _asked(slot, question, arguments), slot
        except (EOFError, OSError) as error:
            raise MapUnavailable("The map process has ended; it is being started again.") from error
        finally:
            if kept is None and slot is not None:
                slot.close()  # a late answer must not pass for the next one
            self._free.put(kept)
        return answer

    def close(self) -> None:
        """Close every connection; each as soon as it is not in use."""
        for _ in range(CONNECTIONS):
            connection = self._free.get()
            if connection is not None:
                connection.close()
        for _ in range(CONNECTIONS):
            self._free.put(None)

    def _connected(self) -> Connection:
        deadline = time.monotonic() + START_S
        while True:
            try:
                return Client(self._socket, family="AF_UNIX", authkey=self._key)
            except (FileNotFoundError, ConnectionRefusedError):
                if not self._alive() or time.monotonic() > deadline:
                    raise MapUnavailable("The map process is not running.") from None
                time.sleep(0.05)
            except AuthenticationError:
                raise MapUnavailable("Another program answers in the map's place.") from None


def _asked(connection: Connection, question: str, arguments: dict[str, Any]) -> Answer:
    connection.send((question, arguments))
    if not connection.poll(ANSWER_S):
        raise MapUnavailable(f"The map has not answered within {ANSWER_S:.0f} s; it is busy.")
    answer: Answer = connection.recv()
    return answer
