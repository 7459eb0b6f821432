"""Limits of TLS handshakes, which asyncio completes before a connection reaches ``connections.LimitedConnection``.

asyncio alone counts none, so that idle connections would use up the files of the process.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any, Final

HANDSHAKE_WITHIN_S: Final = 90.0
"""Time for a phone at 1.2 kbit/s."""
MOST_HANDSHAKES: Final = 256


class Listener(socket.socket):
    """Listening socket for TLS: when there are too many handshakes, it ends the oldest."""

    handshake_within_s = HANDSHAKE_WITHIN_S
    most_handshakes = MOST_HANDSHAKES

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(listening.family, listening.type, listening.proto, fileno=listening.detach())
        self._begun: dict[int, socket.socket] = {}  # the oldest first

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection, whose handshake begins."""
        connection, address = super().accept()
        self._begun = {number: one for number, one in self._begun.items() if one.fileno() == number}  # not closed
        if len(self._begun) >= self.most_handshakes:
            oldest = self._begun.pop(next(iter(self._begun)))
            with suppress(OSError):  # ended by its peer
                oldest.shutdown(socket.SHUT_RDWR)
        self._begun[connection.fileno()] = connection
        return connection, address

    def completed(self, number: int) -> None:
        """The handshake of the connection with this descriptor is complete."""
        self._begun.pop(number, None)


class ServerLoop(asyncio.SelectorEventLoop):
    """Event loop that applies the limits of a Listener; uvicorn has no setting for the time of a handshake."""

    listener: Listener | None = None

    async def create_server(self, *args: Any, **more: Any) -> asyncio.Server:
        """A server as asyncio's; one on a Listener has the limits of handshakes."""
        listener = more.get("sock")
        if isinstance(listener, Listener):
            self.listener = listener
            more["ssl_handshake_timeout"] = listener.handshake_within_s
        return await super().create_server(*args, **more)

    def completed(self, transport: asyncio.BaseTransport) -> None:
        """A connection is made: with TLS, its handshake is complete."""
        if self.listener is not None:
            self.listener.completed(transport.get_extra_info("socket").fileno())
