"""A listening port; light to import, so that a port in use is detected before any process starts."""

from __future__ import annotations

import socket
from typing import Final

from geo.errors import BadInput

DEFAULT_PORT: Final = 8447
LOOPBACK: Final = "127.0.0.1"
BACKLOG: Final = 256
_SEND_BUFFER_BYTES = 262_144
_STALLED_MS = 30_000


def listen(port: int, host: str = LOOPBACK) -> socket.socket:
    """A listening socket on an IP address; port 0 takes a free port. BadInput if the port is in use or not allowed.

    Accepted connections inherit a bounded send buffer, so that a stalled client is detected soon, and a timeout after
    which the kernel drops a peer that accepts no data (Linux; Debian's kernels also honour it for a closed window).
    """
    # With an explicit protocol, asyncio disables Nagle's algorithm; otherwise every answer takes 40 ms more (measured).
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STALLED_MS)
    try:
        server.bind((host, port))
        server.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        server.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"cannot listen on {host} ({reason})", where=f"port {port}", expected="a free port") from None
    return server


def listen_on(port: int | None, host: str = LOOPBACK) -> socket.socket:
    """``listen`` on ``port``; None: on DEFAULT_PORT, or on a free port if that one is in use."""
    if port is not None:
        return listen(port, host)
    try:
        return listen(DEFAULT_PORT, host)
    except BadInput:
        return listen(0, host)
