"""Limits of TLS handshakes, which asyncio completes before a connection reaches ``connections.LimitedConnection``.

asyncio alone counts none, so that idle connections would use up the files of the process.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import suppress
from typing import Any, Final

from ops.runtime.peers import THIS_COMPUTER, place_of

HANDSHAKE_WITHIN_S: Final = 90.0
"""Time for a phone at 1.2 kbit/s."""
MOST_HANDSHAKES: Final = 256
MOST_OF_ONE_PLACE: Final = 32
"""From one address of another computer."""


class Listener(socket.socket):
    """Listening socket for TLS: when there are too many handshakes, it ends the oldest of the place that has most; when
    one place has too many, its own oldest."""

    handshake_within_s = HANDSHAKE_WITHIN_S
    most_handshakes = MOST_HANDSHAKES
    most_of_one_place = MOST_OF_ONE_PLACE

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(listening.family, listening.type, listening.proto, fileno=listening.detach())
        self._begun: dict[int, tuple[socket.socket, str]] = {}  # the oldest first, with the place of each

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection, whose handshake begins."""
        connection, address = super().accept()
        self._begun = {number: one for number, one in self._begun.items() if one[0].fileno() == number}  # not closed
        place = place_of(address)
        held = Counter(one for _, one in self._begun.values())
        if place != THIS_COMPUTER and held[place] >= self.most_of_one_place:
            self._end_oldest(place)
        elif len(self._begun) >= self.most_handshakes:
            self._end_oldest(max(held, key=held.__getitem__))
        self._begun[connection.fileno()] = connection, place
        return connection, address

    def _end_oldest(self, place: str) -> None:
        number = next(number for number, (_, one) in self._begun.items() if one == place)
        oldest, _ = self._begun.pop(number)
        with suppress(OSError):  # ended by its peer
            oldest.shutdown(socket.SHUT_RDWR)

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
