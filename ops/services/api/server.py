"""Web server for an application, on 127.0.0.1 only."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from geo.errors import BadInput, WatchlineError

_SEND_BUFFER_BYTES = 262_144
_STALLED_MS = 30_000


class ServerFailed(WatchlineError):
    """The web server did not start."""


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free port. BadInput if the port is in use or not allowed.

    Accepted connections inherit a bounded send buffer, so that a stalled client is detected soon, and a timeout after
    which the kernel drops a peer that accepts no data (Linux; Debian's kernels also honour it for a closed window).
    """
    # With an explicit protocol, asyncio disables Nagle's algorithm; otherwise every answer takes 40 ms more (measured).
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STALLED_MS)
    try:
        server.bind(("127.0.0.1", port))
        server.listen(256)
    except (OSError, OverflowError) as error:
        server.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"cannot listen on 127.0.0.1 ({reason})", where=f"port {port}", expected="a free port") from None
    return server


@contextmanager
def serving(app: FastAPI, *, port: int = 0) -> Iterator[int]:
    """Serve ``app`` from a thread while the block runs; yield the port. Streams are ended before the server stops."""
    with listen(port) as listening:
        server = uvicorn.Server(server_config(app))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="api", daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield listening.getsockname()[1]
        finally:
            app.state.hub.stop()
            server.should_exit = True
            thread.join(timeout=5)


def server_config(app: FastAPI) -> uvicorn.Config:
    """Configuration of uvicorn without proxy headers, server name, access log and websockets."""
    return uvicorn.Config(
        app,
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
    )


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + 10
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise ServerFailed("The web server did not start; its log says why.")
        time.sleep(0.01)
