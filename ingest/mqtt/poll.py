"""A wait for sockets without ``select``'s limit, for paho.

paho waits by ``select.select``, which refuses file descriptors from 1,024 on; paho takes the refusal for a lost
connection, so that a process with many open files never reaches its broker (eclipse-paho/paho.mqtt.python#183).
"""

from __future__ import annotations

import select as system
from collections.abc import Sequence
from math import ceil
from typing import Protocol, TypeVar

__all__ = ["select"]


class _Waited(Protocol):
    """A socket, as ``select.select`` takes it."""

    def fileno(self) -> int:
        """Its file descriptor; -1 once it is closed."""


Socket = TypeVar("Socket", bound=_Waited)


def select(
    to_read: Sequence[Socket], to_write: Sequence[Socket], exceptional: Sequence[Socket], timeout_s: float
) -> tuple[list[Socket], list[Socket], list[Socket]]:
    """Wait for sockets by ``poll``, with the arguments and answers of ``select.select``.

    Parameters
    ----------
    to_read, to_write : sequence of socket
        Sockets to wait for.
    exceptional : sequence of socket
        Sockets to wait for urgent data of.
    timeout_s : float, s
        Longest wait.

    Returns
    -------
    tuple of list of socket
        Those that can be read, a broken one included; those that can be written; those with urgent data.

    Raises
    ------
    TypeError
        For anything but a socket.
    ValueError
        For a closed socket.
    """
    wanted = ((to_read, system.POLLIN), (to_write, system.POLLOUT), (exceptional, system.POLLPRI))
    poll = system.poll()
    for one in {*to_read, *to_write, *exceptional}:
        poll.register(one, sum(event for sockets, event in wanted if one in sockets))
    events = dict(poll.poll(max(0, ceil(timeout_s * 1000.0))))
    found = {system.POLLIN: ~(system.POLLOUT | system.POLLPRI)}  # of a broken socket, too
    readable, writable, urgent = (
        [one for one in sockets if events.get(one.fileno(), 0) & found.get(event, event)] for sockets, event in wanted
    )
    return readable, writable, urgent
