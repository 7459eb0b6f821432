"""Alerts over the event stream, while its reader and its server are killed in turn: a module of ``feeds.py``.

The reader keeps the number of the last event that it has whole, and asks for what came after it (``Last-Event-ID``).
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from web_streams import process, serve_store

from ops.store.writer import Store

AGAIN_S = 0.1


class StreamReader:
    """A program that reads the stream, and starts again where it was after each kill."""

    def __init__(self) -> None:
        self.last, self.port = 0, 0
        self.ids: dict[int, set[str]] = {}
        self.twice = 0
        self._socket: socket.socket | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def kill(self) -> None:
        """Cut the connection: the part of an event that has arrived is lost."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._ended.set()
        self.kill()

    def _follow(self) -> None:
        while not self._ended.wait(AGAIN_S):
            with suppress(OSError, http.client.HTTPException):
                self._read()

    def _read(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.connect()
        self._socket = connection.sock
        connection.request("GET", "/api/stream", headers={"Last-Event-ID": str(self.last)})
        event: dict[bytes, bytes] = {}
        for line in connection.getresponse():
            name, _, value = line.rstrip(b"\n").partition(b": ")
            if name:
                event[name] = event.get(name, b"") + value
                continue
            if event.get(b"event") == b"alert":
                self._take(int(event[b"id"]), json.loads(event[b"data"])["id"])
            event = {}

    def _take(self, number: int, identity: str) -> None:
        self.twice += number in self.ids
        self.ids.setdefault(number, set()).add(identity)
        self.last = number


def measure_stream(
    folder: Path,
    alerts: int,
    kills: int,
    alert: Callable[[int], dict[str, Any]],
    until: Callable[[Callable[[], object], str], None],
) -> dict[str, Any]:
    """Every alert arrives under one number, while the reader and the server are killed in turn."""
    folder.mkdir(parents=True)
    store, reader, part = Store(folder / "store.db"), StreamReader(), alerts // (kills + 1)
    store.commit(1, stamp_ns=time.time_ns(), tracks_live=[])
    row = 1
    server = _served(store, reader)
    for number in range(kills + 1):
        first, last = part * number, alerts if number == kills else part * (number + 1)
        for begin in range(first, last, 20):
            row += 1
            store.commit(row, stamp_ns=time.time_ns(), alerts=[alert(n) for n in range(begin, min(begin + 20, last))])
        if number == kills:
            break
        until(lambda first=first: len(reader.ids) > first, "some of this part arrived")
        if number % 2:
            server.close()
            server = _served(store, reader)
        else:
            reader.kill()
    until(lambda: len(reader.ids) >= alerts, "every alert arrived")
    reader.close()
    server.close()
    store.close()
    came = [identity for found in reader.ids.values() for identity in found]
    return {
        "alerts": alerts,
        "kills_of_reader": (kills + 1) // 2,
        "kills_of_server": kills // 2,
        "lost": alerts - len(set(came)),
        "new_ids": len(came) - len(set(came)),
        "twice": reader.twice,
    }


def _served(store: Store, reader: StreamReader) -> ExitStack:
    """Start a server, which is killed when the stack is closed."""
    stack = ExitStack()
    _, pipe = stack.enter_context(process(serve_store, str(store.path)))
    reader.port = pipe.recv()
    return stack
