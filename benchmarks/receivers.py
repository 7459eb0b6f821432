"""Receivers of the other feeds for ``feeds.py``: a TAK server, an agency that takes CAP, and a web hook."""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import machine

sys.path.insert(0, str(machine.HERE.parent))  # for the receivers of the tests; a package of that name may be installed

from ops.services.feeds.cot import encode
from ops.services.feeds.cot.event import CotEvent, CotFrames, read_event
from ops.services.feeds.web_hook import variable_of
from tests.ops.services.feeds.push.receiving import Post, Receiver, receiver, status

SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
NAMES = ("cap", "web_hook", "cot")


@dataclass(slots=True)
class Received:
    """Something that came over a feed: the id of the alert or incident, when [monotonic s], and its bytes."""

    feed: str
    id: str
    revision: int
    at_s: float
    size: int


class TakServer:
    """Keeps every event of an incident and answers keep-alives, as a TAK server does."""

    def __init__(self, received: list[Received]) -> None:
        self._received = received
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._peer: socket.socket | None = None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            with suppress(ConnectionError):
                try:
                    self._peer, _ = self._door.accept()
                except OSError:
                    return
                frames = CotFrames()
                while piece := self._peer.recv(65_536):
                    for message in frames.feed(piece):
                        if isinstance(message, bytes):
                            self._take(message)

    def _take(self, message: bytes) -> None:
        event = read_event(message)
        if event.type == encode.PING and self._peer is not None:
            at = datetime.now(UTC)
            pong = CotEvent("takPong", encode.PONG, "h-g-i-g-o", at, at + timedelta(seconds=20), 0.0, 0.0)
            self._peer.sendall(pong.xml())
        elif (found := re.search(r"\bI[0-9a-f]{16}\b", event.uid)) is not None:
            kind = 0 if event.type.startswith("a-") else -1  # a chat line has no revision
            self._received.append(Received("cot", found[0], kind, time.monotonic(), len(message)))

    def kill(self) -> None:
        """Cut the connection: what is under way is lost."""
        if self._peer is not None:
            with suppress(OSError):
                self._peer.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.kill()
        self._door.close()


@dataclass
class Receivers:
    """The receivers: ``settings`` is their part of a settings file."""

    received: list[Received] = field(default_factory=list)
    settings: str = ""
    _alive: dict[str, ExitStack] = field(default_factory=dict)
    _ports: dict[str, int] = field(default_factory=dict)
    _tak: TakServer | None = None

    def open(self) -> None:
        os.environ[variable_of("hook")] = SECRET
        self._tak = TakServer(self.received)
        self.settings = "[feeds.cot]\nrefresh_s = 86400.0\n"  # a refresh would count as a second arrival
        self.settings += '[[feeds.cot.servers]]\nname = "tak"\ntracks = false\nshapes = false\n'
        self.settings += f'address = "tcp://127.0.0.1:{self._tak.port}"\n'
        for name, to in (("cap", "agency"), ("web_hook", "hook")):
            one = self._start(name)
            self.settings += f'[feeds.{name}]\nallowed_networks = ["127.0.0.0/8"]\n'
            self.settings += f'[feeds.{name}.receivers.{to}]\nurl = "{one.url}"\n'

    def _start(self, name: str) -> Receiver:
        def answer(handler: BaseHTTPRequestHandler, post: Post) -> None:
            found = re.search(rb"\b(A[0-9a-f]+)\.([0-9]+)\b", post.headers.get("webhook-id", "").encode() or post.body)
            if found is not None:
                size = len(post.body)
                self.received.append(Received(name, found[1].decode(), int(found[2]), time.monotonic(), size))
            status(204)(handler, post)

        self._alive[name] = ExitStack()
        one = self._alive[name].enter_context(receiver(answer, port=self._ports.get(name, 0)))
        self._ports[name] = one.port
        return one

    def kill(self, name: str) -> None:
        """Kill a receiver while it may be receiving, and start it again at its address."""
        if name == "cot" and self._tak is not None:
            self._tak.kill()
            return
        self._alive[name].close()
        self._start(name)

    def of(self, name: str) -> list[Received]:
        return [one for one in list(self.received) if one.feed == name]

    def close(self) -> None:
        for stack in self._alive.values():
            stack.close()
        if self._tak is not None:
            self._tak.close()


@contextmanager
def receivers() -> Iterator[Receivers]:
    """All of them until the end of the block."""
    made = Receivers()
    made.open()
    try:
        yield made
    finally:
        made.close()
