"""The connection to one TAK server or multicast group: sends events, confirms them, and passes on what it receives.

A TAK server confirms nothing by itself, but it answers a keep-alive (``t-x-c-t``) in the order in which it reads: its
answer proves that it has everything that was sent before.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from geo.errors import BadInput, WatchlineError
from ingest.errors import MalformedMessage
from ops.sector.setting_tables.cot import CotServer
from ops.services.feeds.cot import encode
from ops.services.feeds.cot.encode import CotSender, EventTimes
from ops.services.feeds.cot.event import CotEvent, CotFrames, read_event

log = logging.getLogger(__name__)

FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 30.0
CALL_S: Final = 10.0
"""Timeout of a connection attempt, with its TLS handshake."""
STALLED_S: Final = 20.0
"""A server that accepts no data, or does not answer a keep-alive, for this time is disconnected; the time doubles with
each such connection, up to ``LONGEST_STALLED_S``."""
LONGEST_STALLED_S: Final = 160.0
PROMPT_S: Final = 5.0
"""An answer within this time lets more be sent before the next one; one after twice the time, less."""
FIRST_WINDOW: Final = 16_384
LEAST_WINDOW: Final = 1_024
LARGEST_WINDOW: Final = 262_144
LEAST_BEHIND: Final = 2_048
"""Bytes of tracks and shapes that are sent at once at first: 1.7 s at 9.6 kbit/s, after which incidents can follow."""
BRISK_S: Final = 0.5
"""An answer within this time lets more tracks and shapes be sent at once."""
PING_EVERY_S: Final = 15.0
PRESENCE_EVERY_S: Final = 60.0
NEGOTIATED_S: Final = 60.0
PIECE_BYTES: Final = 16_384
MOST_WAITING: Final = 4_096
LARGEST_DATAGRAM: Final = 60_000


class NotConnected(WatchlineError):
    """A server that cannot be reached now."""


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """An event, and what completes when the server has it: for the last of several events of one call."""

    event: CotEvent
    done: Future[None] | None = None


@dataclass(slots=True)
class _Pace:
    """Bytes that are sent before the server has answered, ``behind`` of tracks and shapes, and the time it may take.

    A link of a few kbit/s would not carry a full batch within the time after which a server counts as hung.
    """

    window: int = FIRST_WINDOW
    behind: int = LEAST_BEHIND
    patience_s: float = field(default_factory=lambda: STALLED_S)

    def answered(self, after_s: float) -> None:
        self.behind = min(2 * self.behind, self.window) if after_s < BRISK_S else LEAST_BEHIND
        if after_s < PROMPT_S:
            self.window, self.patience_s = min(2 * self.window, LARGEST_WINDOW), STALLED_S
        elif after_s > 2 * PROMPT_S:
            self.window = max(self.window // 2, LEAST_WINDOW)

    def stalled(self) -> None:
        self.window, self.behind = LEAST_WINDOW, LEAST_BEHIND
        self.patience_s = min(2 * self.patience_s, LONGEST_STALLED_S)


class CotLink:
    """One server. ``run`` belongs to an event loop; ``send`` may be called from any thread.

    ``received`` is awaited for each event of others, and for each message that is none with the error in its place;
    meanwhile no more is read from this server. ``connected`` is called after each connection.
    """

    def __init__(
        self,
        server: CotServer,
        sender: CotSender,
        loop: asyncio.AbstractEventLoop,
        *,
        received: Callable[[bytes, CotEvent | MalformedMessage], Awaitable[None]],
        connected: Callable[[], None],
        wall_now: Callable[[], datetime],
        random: Random,
    ) -> None:
        self.server, self._sender, self._loop = server, sender, loop
        self._received, self._connected_now, self._wall_now, self._random = received, connected, wall_now, random
        self._tls = _tls_context(server)
        self._waiting: deque[_Outgoing] = deque()
        self._behind: deque[_Outgoing] = deque()
        self._wake = asyncio.Event()
        self._may_write = asyncio.Event()
        self._pings: deque[tuple[float, list[Future[None]]]] = deque()
        self._answered = asyncio.Event()
        self._pace = _Pace()
        self._taking = False
        self._asked = self._protobuf = False
        self.connected = False
        self.problem: str | None = "not connected yet"

    def send(self, events: Sequence[CotEvent], *, behind: bool = False) -> Future[None]:
        """Send events in this order; the future completes when the server has them, NotConnected if it does not.

        ``behind``: they wait until no others do, such as tracks behind incidents.
        """
        done: Future[None] = Future()
        self._loop.call_soon_threadsafe(self._put, tuple(events), done, behind)
        return done

    def post(self, events: Sequence[CotEvent], *, behind: bool = False) -> None:
        """Send events that need no confirmation; they are dropped without a connection."""
        self._loop.call_soon_threadsafe(self._put, tuple(events), None, behind)

    def _put(self, events: Sequence[CotEvent], done: Future[None] | None, behind: bool) -> None:
        queue = self._behind if behind else self._waiting
        if not self.connected or len(queue) >= MOST_WAITING:
            _fail(done, self.problem or "too many events are waiting", self.server.name)
            return
        if not events:
            _complete(done)
            return
        queue += [_Outgoing(event) for event in events[:-1]]
        queue.append(_Outgoing(events[-1], done))
        self._wake.set()

    async def run(self) -> None:
        """Connect, and connect again whenever the connection ends, until cancelled."""
        delay_s = FIRST_DELAY_S
        while True:
            began_s = time.monotonic()
            try:
                await (self._multicast() if self.server.scheme == "udp" else self._stream())
                problem = "the server closed the connection"
            except (OSError, ssl.SSLError, TimeoutError, asyncio.IncompleteReadError, WatchlineError) as error:
                problem = str(error) or ("no answer" if isinstance(error, TimeoutError) else type(error).__name__)
            finally:
                self._lost()
            if problem != self.problem:
                log.warning("TAK %s: %s; trying again.", self.server.name, problem)
            self.problem = problem
            delay_s = FIRST_DELAY_S if time.monotonic() - began_s > LONGEST_DELAY_S else delay_s
            await asyncio.sleep(delay_s * (0.5 + self._random.random()))
            delay_s = min(2.0 * delay_s, LONGEST_DELAY_S)

    def _up(self) -> None:
        self.connected, self.problem = True, None
        log.warning("TAK %s: connected.", self.server.name)
        self._connected_now()

    def _lost(self) -> None:
        """Fail what was not confirmed: it is sent again."""
        self.connected = self._asked = self._protobuf = False
        self.problem = self.problem or "the connection ended"
        for _, waiting in self._pings:
            for done in waiting:
                _fail(done, "the connection ended", self.server.name)
        for outgoing in (*self._waiting, *self._behind):
            _fail(outgoing.done, "the connection ended", self.server.name)
        self._pings.clear()
        self._waiting.clear()
        self._behind.clear()

    # A TAK server

    async def _stream(self) -> None:
        server = self.server
        name = (server.server_name or server.host) if self._tls is not None else None
        async with asyncio.timeout(CALL_S):  # wait_for of Python 3.11 may lose a cancellation, here and below
            reader, writer = await asyncio.open_connection(
                server.host, server.port, ssl=self._tls, server_hostname=name
            )
        _prepare(writer.get_extra_info("socket"), self._pace.patience_s)
        tasks: list[asyncio.Task[None]] = []
        try:
            self._may_write.set()
            self._write(writer, [encode.presence(self._sender, self._times(3 * PRESENCE_EVERY_S))])
            self._up()
            tasks = [
                asyncio.create_task(part)
                for part in (self._read(reader, writer), self._drain(writer), self._pulse(writer))
            ]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = CotFrames()
        while piece := await reader.read(PIECE_BYTES):
            for message in frames.feed(piece):
                await self._take(message, writer)

    async def _take(self, message: bytes | MalformedMessage, writer: asyncio.StreamWriter | None) -> None:
        raw, event = (b"", message) if isinstance(message, MalformedMessage) else (message, _read(message))
        if isinstance(event, CotEvent) and event.type.startswith("t-x-") and event.type != encode.DELETED:
            if writer is not None:
                self._control(event, writer)
            return
        if isinstance(event, CotEvent) and event.uid.startswith(self._sender.uid):
            return  # its own, which a server sent back
        self._taking = True
        try:
            await self._received(raw, event)
        finally:
            self._taking = False

    def _control(self, event: CotEvent, writer: asyncio.StreamWriter) -> None:
        """Keep-alives, and the negotiation of protobuf: the server offers it, Watchline asks for it, and sends nothing
        until the server has answered, or for ``NEGOTIATED_S``; a later answer holds as well."""
        if event.type == encode.PONG and self._pings:
            sent_s, waiting = self._pings.popleft()
            self._pace.answered(time.monotonic() - sent_s)
            self._answered.set()
            for done in waiting:
                _complete(done)
        elif event.type == "t-x-takp-v" and self.server.protocol != "xml" and not self._protobuf:
            offered = {one.get("version") for one in event.detail.iterfind("TakControl/TakProtocolSupport")}
            if "1" in offered and self._may_write.is_set():
                self._write(writer, [encode.protocol_request(event.uid, self._times(NEGOTIATED_S))])
                self._asked = True
                self._may_write.clear()
                self._loop.call_later(NEGOTIATED_S, self._may_write.set)
        elif event.type == "t-x-takp-r" and self._asked:
            self._asked = False
            self._protobuf = event.find("TakControl/TakResponse", "status") == "true"
            self._may_write.set()

    async def _drain(self, writer: asyncio.StreamWriter) -> None:
        """Write what waits in batches, each with a keep-alive after it, whose answer confirms it before the next."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self._behind:
                await self._may_write.wait()
                while self._pings:
                    self._answered.clear()
                    await self._answered.wait()
                futures = self._write_batch(writer)
                if self.server.answers_pings:
                    self._ping(writer, futures)
                try:
                    async with asyncio.timeout(self._pace.patience_s):
                        await writer.drain()
                except BaseException as error:
                    for done in futures:
                        _fail(done, "the connection ended", self.server.name)
                    if isinstance(error, TimeoutError):
                        self._pace.stalled()
                    raise
                if not self.server.answers_pings:
                    for done in futures:
                        _complete(done)

    def _write_batch(self, writer: asyncio.StreamWriter) -> list[Future[None]]:
        """Write as many events as the window has room for, at least one; what their arrival completes.

        Tracks and shapes go in batches of their own, so that little of them is on the way when an incident comes.
        """
        futures, size = list[Future[None]](), 0
        queue, window = (self._waiting, self._pace.window) if self._waiting else (self._behind, self._pace.behind)
        while queue and size < window:
            outgoing = queue.popleft()
            size += self._write(writer, [outgoing.event])
            if outgoing.done is not None:
                futures.append(outgoing.done)
        return futures

    async def _pulse(self, writer: asyncio.StreamWriter) -> None:
        pinged_s = present_s = time.monotonic()
        while True:
            await asyncio.sleep(0.5)
            now_s = time.monotonic()
            late_s = now_s - self._pings[0][0] - self._pace.patience_s if self._pings else 0.0
            # While an event is stored nothing is read, so that the answer may have come.
            if late_s > (LONGEST_STALLED_S if self._taking else 0.0):
                self._pace.stalled()
                raise NotConnected("it does not answer keep-alives")
            if not self._may_write.is_set():
                continue
            if now_s - present_s >= PRESENCE_EVERY_S:
                present_s = now_s
                self._write(writer, [encode.presence(self._sender, self._times(3 * PRESENCE_EVERY_S))])
            if now_s - pinged_s >= PING_EVERY_S and not self._pings:
                pinged_s = now_s
                if self.server.answers_pings:
                    self._ping(writer, [])
                else:
                    self._write(writer, [encode.ping(self._sender, self._times(PING_EVERY_S))])

    def _ping(self, writer: asyncio.StreamWriter, waiting: list[Future[None]]) -> None:
        self._pings.append((time.monotonic(), waiting))
        self._write(writer, [encode.ping(self._sender, self._times(PING_EVERY_S))])

    def _write(self, writer: asyncio.StreamWriter, events: Sequence[CotEvent]) -> int:
        """Write events; their size [bytes]."""
        data = b"".join(event.protobuf() if self._protobuf else event.xml() for event in events)
        writer.write(data)
        return len(data)

    def _times(self, lasts_s: float) -> EventTimes:
        now = self._wall_now()
        return EventTimes(now, now + timedelta(seconds=lasts_s))

    # A multicast group

    async def _multicast(self) -> None:
        """Send to the group, and where units answer in it, listen to it."""
        server = self.server
        xml = server.protocol == "xml"
        with _multicast_socket(server) as sending, _multicast_socket(server, listening=True) as listening:
            self._up()
            tasks = [asyncio.create_task(self._send_datagrams(sending, xml=xml))]
            if server.units:
                tasks.append(asyncio.create_task(self._read_datagrams(listening)))
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_datagrams(self, sending: socket.socket, *, xml: bool) -> None:
        present_s = 0.0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._wake.wait()
            self._wake.clear()
            if time.monotonic() - present_s >= PRESENCE_EVERY_S:
                present_s = time.monotonic()
                self._waiting.appendleft(_Outgoing(encode.presence(self._sender, self._times(180.0))))
            while self._waiting or self._behind:
                outgoing = (self._waiting or self._behind).popleft()
                datagram = outgoing.event.xml() if xml else outgoing.event.protobuf(mesh=True)
                try:
                    if len(datagram) <= LARGEST_DATAGRAM:
                        await self._loop.sock_sendall(sending, datagram)
                except BaseException:
                    self._waiting.appendleft(outgoing)  # it fails once the connection counts as lost
                    raise
                _complete(outgoing.done)

    async def _read_datagrams(self, listening: socket.socket) -> None:
        while True:
            await self._take(await self._loop.sock_recv(listening, 65_536), None)


def _read(message: bytes) -> CotEvent | MalformedMessage:
    try:
        return read_event(message)
    except MalformedMessage as error:
        return error


def _tls_context(server: CotServer) -> ssl.SSLContext | None:
    """TLS 1.2 or newer; the server's certificate and its name are always checked."""
    if server.scheme != "tls":
        return None
    try:
        context = ssl.create_default_context(cafile=server.authority or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if server.certificate:
            context.load_cert_chain(server.certificate, server.key)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(f"certificate files cannot be used ({error})", where=server.name, expected="PEM files") from None
    return context


def _prepare(link: socket.socket | None, patience_s: float) -> None:
    """Send small messages without delay; detect a broken connection within about ``patience_s``."""
    if link is None:
        return
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(patience_s * 1000))


def _multicast_socket(server: CotServer, *, listening: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    link = socket.socket(family, socket.SOCK_DGRAM)
    link.setblocking(False)
    try:
        interface = server.interface or ("" if family == socket.AF_INET6 else "0.0.0.0")  # noqa: S104 - any interface
        if listening:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            link.bind((server.host, server.port))
            group = socket.inet_pton(family, server.host)
            if family == socket.AF_INET:
                link.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + socket.inet_aton(interface))
            else:
                link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("@I", 0))
        else:
            if family == socket.AF_INET:
                link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, server.hops)
                if server.interface:
                    link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
            else:
                link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, server.hops)
            link.connect((server.host, server.port))
    except OSError:
        link.close()
        raise
    return link


def _complete(done: Future[Any] | None) -> None:
    if done is not None and not done.done():
        done.set_result(None)


def _fail(done: Future[Any] | None, problem: str, where: str) -> None:
    if done is not None and not done.done():
        done.set_exception(NotConnected(f"{where}: {problem}"))
