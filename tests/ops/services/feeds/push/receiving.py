"""A receiver of posts on this machine that answers as it is set to, and keeps what it got."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Post:
    """A post as received."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """``answer`` writes the answer to a post, by default 204. ``posts``: what was received, also before the answer."""

    port: int
    answer: Callable[[BaseHTTPRequestHandler, Post], None]
    posts: list[Post] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler, Post], None]:
    """An answer with a status, headers and no body."""

    def write(handler: BaseHTTPRequestHandler, _: Post) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return write


@contextmanager
def receiver(
    answer: Callable[[BaseHTTPRequestHandler, Post], None] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    port: int = 0,
) -> Iterator[Receiver]:
    """A receiver until the end of the block, with TLS if a context is given; ``port`` 0: any that is free."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # the sender was killed
                self.close_connection = True
                return
            post = Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            one.posts.append(post)
            with suppress(OSError):  # the sender may have gone
                one.answer(self, post)

        def do_GET(self) -> None:
            one.posts.append(Post(f"GET {self.path}", {}, b""))
            status(200)(self, one.posts[-1])

        def log_message(self, *_: Any) -> None:
            pass

    connections: list[socket.socket] = []

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def get_request(self) -> tuple[socket.socket, Any]:
            found = super().get_request()
            connections.append(found[0])
            return found

        def handle_error(self, *_: Any) -> None:
            pass

    server = Server(("127.0.0.1", port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    one = Receiver(server.server_address[1], answer or status(204))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.ended.set()
        server.shutdown()
        server.server_close()
        for connection in connections:  # that are kept for further posts
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def silent() -> Iterator[int]:
    """The port of a receiver that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]
