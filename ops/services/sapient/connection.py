"""One TCP connection of SAPIENT: received packets, time-stamped messages, and connecting by dialling or listening."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from geo.errors import BadInput, WatchlineError
from ingest.standards.sapient.framing import Frames, frame
from ingest.standards.sapient.outgoing import stamp
from ops.runtime.peers import place_of
from ops.services.sapient.fault_limit import FaultLimit

log = logging.getLogger(__name__)

LEAST_GAP_NS: Final = 80_000_000
"""Minimum interval between send times of detection reports, unless they have exactly the same time: middlewares refuse
anything in between."""
CLOCK_JITTER_NS: Final = 50_000_000
STALLED_S: Final = 5.0
"""Time after which a peer that has not accepted the written data is disconnected."""
FIRST_DELAY_S: Final = 0.2
LONGEST_DELAY_S: Final = 1.0
CALL_S: Final = 0.9
"""Timeout of a connection attempt; a satellite link takes 0.6 s."""
PIECE_BYTES: Final = 65_536
HALF_A_PACKET_S: Final = 10.0
"""Timeout for each further piece of a packet that a peer has begun."""
MOST_PEERS: Final = 500
REGISTERED_WITHIN_S: Final = 30.0
"""A peer that connected to Watchline is disconnected if for this time no registered node uses its connection."""
MOST_WAIT_S: Final = 600.0
"""Limit of the time that is left to a node that resumes with its next status report, and may send one so seldom."""


class AddressFault(BadInput):
    """An address is invalid, or listening at it is not possible."""


class ClockWentBack(Exception):
    """The clock was set back: no correct send time can follow the last one on this connection."""


@dataclass(frozen=True, slots=True)
class Address:
    """``HOST:PORT``, with an IPv6 host in brackets."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, *, where: str) -> Address:
        """Parse ``text``; AddressFault that names ``where`` if it is not a host and port."""
        host, colon, port = text.strip().rpartition(":")
        host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            raise AddressFault(f"{text!r} is not an address", where=where, expected="HOST:PORT, such as 127.0.0.1:5001")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Stamps:
    """Send times on one connection: the present time, never decreasing; those of detections at least LEAST_GAP_NS
    apart."""

    def __init__(self) -> None:
        self._last_ns = self._detection_ns = 0

    def next(self, now_ns: int) -> int:
        """The send time of a message written now; ClockWentBack if the clock was set back by more than jitter."""
        if self._last_ns - now_ns > CLOCK_JITTER_NS:
            raise ClockWentBack
        self._last_ns = max(self._last_ns, now_ns)
        return self._last_ns

    def detections(self, now_ns: int) -> int | None:
        """The common send time of detection reports written together now; None if it is too early for them."""
        at_ns = self.next(now_ns)
        if 0 < at_ns - self._detection_ns < LEAST_GAP_NS:
            return None
        self._detection_ns = at_ns
        return at_ns


class Peer:
    """One connection. ``dialled``: Watchline connected to a middleware; otherwise the peer connected to Watchline."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        dialled: bool,
        now_ns: Callable[[], int],
    ) -> None:
        self._reader, self._writer, self._now_ns = reader, writer, now_ns
        self._stamps = Stamps()
        self._full_since_s: float | None = None
        self.dialled = dialled
        self.opened_s = self._used_s = time.monotonic()
        self.heard = False
        self.greeted = self.briefed = False
        self.nodes: set[str] = set()
        self.patience = FaultLimit()
        host, port = (writer.get_extra_info("peername") or ("?", 0))[:2]
        self.name, self.place = str(Address(host, port)), place_of((host, port))
        _prepare(writer.get_extra_info("socket"))

    async def packets(self) -> AsyncIterator[bytes]:
        """Yield every packet until the connection ends. MalformedMessage for a packet that is too large: then close."""
        frames = Frames()
        while True:
            async with asyncio.timeout(HALF_A_PACKET_S if frames.held else None):
                piece = await self._reader.read(PIECE_BYTES)
            if not piece:
                return
            for packet in frames.feed(piece):
                self.heard = True
                yield packet

    @property
    def ready(self) -> bool:
        """Whether the send buffer is empty enough: a message that waits in a buffer would carry an outdated time."""
        return not self._writer.is_closing() and self._writer.transport.get_write_buffer_size() == 0

    def send(self, message: Any) -> bool:
        """Time-stamp and write one message now; False on a connection that is closing."""
        if self._writer.is_closing():
            return False
        try:
            stamp(message, self._stamps.next(self._now_ns()))
        except ClockWentBack:
            self.close("the clock was set back")
            return False
        self._writer.write(frame(message.SerializeToString()))
        return True

    def send_detections(self, messages: Sequence[Any]) -> bool:
        """Time-stamp and write detection reports with one common time; False if it is too early or the send buffer is
        full."""
        if not self.ready:
            return False
        try:
            at_ns = self._stamps.detections(self._now_ns())
        except ClockWentBack:
            self.close("the clock was set back")
            return False
        if at_ns is None:
            return False
        for message in messages:
            stamp(message, at_ns)
            self._writer.write(frame(message.SerializeToString()))
        return True

    def check(self, longest_status_s: float = 0.0) -> None:
        """Disconnect a peer that accepts no data, and one that connected and has no registered node; call it about
        every second. ``longest_status_s``: longest interval of status reports of a known node, which may resume with
        one instead of a registration."""
        if self._writer.is_closing():
            return
        if self.dialled or self.nodes:
            self._used_s = time.monotonic()
        elif time.monotonic() - self._used_s > max(REGISTERED_WITHIN_S, min(2.0 * longest_status_s, MOST_WAIT_S)):
            self.close("no node has registered on it")
            return
        if self._writer.transport.get_write_buffer_size() == 0:
            self._full_since_s = None
        elif self._full_since_s is None:
            self._full_since_s = time.monotonic()
        elif time.monotonic() - self._full_since_s > STALLED_S:
            self.close("it takes nothing")

    def close(self, why: str) -> None:
        """End the connection at once."""
        log.warning("SAPIENT %s: disconnected, %s.", self.name, why)
        self._writer.transport.abort()

    async def finish(self) -> None:
        """Wait until the written data has been sent, and close."""
        with suppress(OSError, asyncio.TimeoutError):
            async with asyncio.timeout(1.0):
                await self._writer.drain()
        self._writer.close()


class Serve(Protocol):
    """Handle one connection until it ends; an exception ends the connection."""

    def __call__(self, peer: Peer) -> Awaitable[None]: ...


async def dial(address: Address, serve: Serve, *, now_ns: Callable[[], int]) -> None:
    """Connect to a middleware, and reconnect whenever the connection ends: after 0.2 s at first, never later than after
    1 s.

    A connection attempt is abandoned after CALL_S. A middleware whose host was offline and dropped the attempts is
    therefore also reached within two seconds.
    """
    delay_s, reported = FIRST_DELAY_S, ""
    while True:
        try:
            async with asyncio.timeout(CALL_S):  # wait_for of Python 3.11 loses a cancellation amid a failure
                reader, writer = await asyncio.open_connection(address.host, address.port)
        except (TimeoutError, OSError) as error:
            why = str(error) or "no answer"
            if why != reported:
                log.warning("SAPIENT middleware %s: %s; trying again.", address, why)
            reported = why
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, LONGEST_DELAY_S)
            continue
        log.warning("SAPIENT middleware %s: connected.", address)
        delay_s, reported = FIRST_DELAY_S, ""
        await _attend(Peer(reader, writer, dialled=True, now_ns=now_ns), serve)
        await asyncio.sleep(delay_s)


async def listen(address: Address, serve: Serve, *, now_ns: Callable[[], int]) -> asyncio.Server:
    """Accept connections at ``address``; AddressFault if listening there is not possible.

    Beyond MOST_PEERS, one without a registered node makes room: the oldest of the address that has most of them, so
    that a flood from one address displaces itself, and not a node.
    """
    peers: set[Peer] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer, dialled=False, now_ns=now_ns)
        if len(peers) >= MOST_PEERS:
            displaced = _least_needed(peers)
            if displaced is None:
                peer.close(f"{MOST_PEERS} others are connected")
                return
            peers.discard(displaced)
            displaced.close("it makes room for another")
        log.warning("SAPIENT %s: connected.", peer.name)
        peers.add(peer)
        try:
            await _attend(peer, serve)
        finally:
            peers.discard(peer)

    try:
        return await asyncio.start_server(accepted, address.host, address.port)
    except OSError as error:
        raise AddressFault(
            f"cannot be listened at ({error.strerror or error})",
            where=str(address),
            expected="a free port of this machine",
        ) from None


def _least_needed(peers: Collection[Peer]) -> Peer | None:
    """The oldest peer without a registered node, of the place that has most of these; None if all have one."""
    idle = [peer for peer in peers if not peer.nodes]
    held = Counter(peer.place for peer in idle)
    return min(idle, key=lambda peer: (-held[peer.place], peer.opened_s), default=None)


async def _attend(peer: Peer, serve: Serve) -> None:
    try:
        await serve(peer)
    except TimeoutError:
        peer.close("it stopped in the middle of a packet")
    except WatchlineError as error:
        peer.close(str(error))
    except (OSError, asyncio.IncompleteReadError) as error:
        peer.close(str(error) or type(error).__name__)
    finally:
        await peer.finish()
        log.warning("SAPIENT %s: the connection has ended.", peer.name)


def _prepare(link: socket.socket | None) -> None:
    """Send small messages without delay; detect a broken connection within about ten seconds."""
    if link is None:
        return
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 4), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 10_000)):
        if hasattr(socket, name):
            link.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
