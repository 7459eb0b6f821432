"""Web server for an application, with or without TLS."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

import uvicorn
from fastapi import FastAPI

from geo.errors import WatchlineError
from ops.services.api.serving.connections import KEPT_S, LimitedConnection
from ops.services.api.serving.handshakes import Listener
from ops.services.api.serving.local_port import BACKLOG, listen

if TYPE_CHECKING:
    from ops.services.api.serving.tls import Tls


STARTS_WITHIN_S: Final = 300.0
"""As long as the parts of a room have: a start takes minutes on a machine that is busy or small."""
GRACE_S: Final = 2
"""Time for requests that are being answered when the server stops."""


class ServerFailed(WatchlineError):
    """The web server did not start."""


@contextmanager
def serving(app: FastAPI, listening: socket.socket | None = None, tls: Tls | None = None) -> Iterator[int]:
    """Serve ``app`` from a thread while the block runs; yield the port. Streams are ended before the server stops.

    ``listening``: a socket of ``local_port.listen``, which this takes over and closes; None takes a free port on
    127.0.0.1.
    """
    listening = listening or listen(0)
    with listening if tls is None else Listener(listening) as listening:
        server = uvicorn.Server(server_config(app, tls))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="api", daemon=True)
        thread.start()
        try:
            _wait_until_started(server, thread)
            with _renewed(server, tls):
                yield listening.getsockname()[1]
        finally:
            app.state.hub.stop()
            server.should_exit = True
            thread.join(timeout=5)


def server_config(app: FastAPI, tls: Tls | None = None) -> uvicorn.Config:
    """Configuration of uvicorn: limited connections; no proxy headers, server name, access log or websockets."""
    return uvicorn.Config(
        app,
        http=LimitedConnection,
        backlog=BACKLOG,
        loop="ops.services.api.serving.handshakes:ServerLoop",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEPT_S,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=None if tls is None else str(tls.certificate),
        ssl_keyfile=None if tls is None else str(tls.key),
        ssl_ca_certs=None if tls is None or tls.clients is None else str(tls.clients),
        ssl_cert_reqs=ssl.CERT_NONE if tls is None or tls.clients is None else ssl.CERT_OPTIONAL,
    )


def _renewed(server: uvicorn.Server, tls: Tls | None) -> AbstractContextManager[None]:
    """While the block runs, the certificate is renewed, or read again when its files change."""
    context = server.config.ssl
    if tls is None or context is None:
        return nullcontext()
    from ops.services.api.serving.renewal import renewing  # cryptography takes memory and time, which TLS alone needs

    return renewing(tls, context, server.servers[0].get_loop())


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not server.started:
        if not thread.is_alive():
            raise ServerFailed("The web server ended while it started; the log states the reason.")
        if time.monotonic() > deadline:
            raise ServerFailed(f"The web server did not start within {STARTS_WITHIN_S:.0f} s.")
        time.sleep(0.01)
