"""Communication with the map process: the answer record and a thread-safe client.

Messages are pickled, which is safe only between Watchline's own processes: the socket is in a folder that only this
user can access, and both sides authenticate with a shared key before the first message.
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


VECTOR_TILE: Final = "application/vnd.mapbox-vector-tile"
"""Media type of a vector tile."""


class MapUnavailable(WatchlineError):
    """The map process does not answer: it is starting or busy, or has ended."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to a request, ready to be sent to the browser. ``etag`` and ``revision`` are set only for tiles."""

    status: int
    media_type: str
    body: bytes
    etag: str = ""
    revision: str = ""


class MapClient:
    """Client of the map process with a few connections, each used by one caller at a time. It waits while the process
    is starting.

    ``alive`` returns whether the process is running; if it is not, the client does not wait.
    """

    def __init__(self, socket: Path, key: bytes, *, alive: Callable[[], bool] = lambda: True) -> None:
        self._socket, self._key, self._alive = str(socket), key, alive
        self._free: queue.LifoQueue[Connection | None] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self._free.put(None)

    def __call__(self, question: str, **arguments: Any) -> Answer:
        """The answer; MapUnavailable if there is none in time."""
        slot = self._free.get()
        kept: Connection | None = None
        try:
            if slot is not None:
                with suppress(EOFError, OSError):  # the process may have restarted: then retry on a new connection
                    answer, kept = _asked(slot, question, arguments), slot
                    return answer
            slot = self._connected()
            answer, kept = _asked(slot, question, arguments), slot
        except (EOFError, OSError) as error:
            raise MapUnavailable("The map process has ended; it is being started again.") from error
        finally:
            if kept is None and slot is not None:
                slot.close()  # a late answer must not be taken for the answer to the next request
            self._free.put(kept)
        return answer

    def close(self) -> None:
        """Close every connection, each as soon as it is no longer in use."""
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
