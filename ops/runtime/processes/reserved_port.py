"""A free TCP port, reserved until its server starts, and between the starts of that server."""

from __future__ import annotations

import socket


class ReservedPort:
    """A free TCP port, kept free for one server until it is released.

    On Linux, a bound socket that does not listen keeps the kernel from giving the port to a process that asks for any
    port, and to outgoing connections. A server that asks for this port and sets SO_REUSEADDR, as all servers of
    Watchline do, can still use it; while none runs, connections are refused.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, 0))
        self.number = int(self._socket.getsockname()[1])

    def release(self) -> None:
        """Let the port go; calling it again does nothing."""
        self._socket.close()
