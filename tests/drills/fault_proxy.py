"""A TCP proxy that does to a link what bad links do: delays, holes, resets, slow readers, slices, half-open sockets."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from tests.patience import PATIENT_S

Way = Literal["up", "down"]
"""Which way bytes go: ``up`` from the client to the broker, ``down`` back."""
BOTH: frozenset[Way] = frozenset(("up", "down"))
_CHUNK = 65_536


@dataclass(frozen=True)
class BadRadio:
    """A narrow radio channel that loses segments, as TCP shows it to programs: as delay.

    Each way has one transmitter, which all connections share: a segment of at most ``segment_bytes`` is on the air for
    its bits and those of ``header_bytes``. It is lost with probability ``loss``. TCP notices after ``retransmit_s``,
    twice as long after each further loss up to ``longest_s``, and sends it again, which takes air time again. The bytes
    behind it in the connection wait; other connections may use the air meanwhile. The losses of a channel follow from
    ``seed``. Not modelled: the air time and loss of acknowledgements, several segments in flight, and the handshake.
    """

    bits_per_s: float = 9_600.0
    loss: float = 0.2
    segment_bytes: int = 256
    header_bytes: int = 40
    retransmit_s: float = 1.0
    longest_s: float = 60.0
    seed: int = 1

    def sped_up(self, times: float) -> BadRadio:
        """The same channel in a time that passes faster."""
        return replace(
            self, bits_per_s=self.bits_per_s * times, retransmit_s=self.retransmit_s / times,
            longest_s=self.longest_s / times,
        )  # fmt: skip


@dataclass
class RadioCounts:
    """What a way of a radio channel carried: bytes of the streams, bytes on the air, and segments sent and lost."""

    bytes: int = 0
    air_bytes: int = 0
    segments: int = 0
    lost: int = 0


class _Channel:
    """One way of a radio channel: who sends a segment holds the air."""

    def __init__(self, radio: BadRadio, way: Way) -> None:
        self.radio, self.counts = radio, RadioCounts()
        self._chance, self._air = random.Random(f"{radio.seed} {way}"), asyncio.Lock()

    async def carry(self, size: int) -> None:
        """Return when a segment of this size has arrived."""
        radio, counts, wait_s = self.radio, self.counts, self.radio.retransmit_s
        counts.bytes += size
        while True:
            async with self._air:
                await asyncio.sleep((size + radio.header_bytes) * 8 / radio.bits_per_s)
                counts.segments += 1
                counts.air_bytes += size + radio.header_bytes
                is_lost = self._chance.random() < radio.loss
                counts.lost += is_lost
            if not is_lost:
                return
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, radio.longest_s)


@dataclass(frozen=True)
class Faults:
    """What the link does now. ``held``: bytes of these ways wait; ``dropped``: they vanish, and a stream that has lost
    bytes ends when the fault does. ``bytes_per_s`` None: as fast as it goes. ``slice_bytes`` 0: pieces as they come.
    ``radio``: a channel that all connections share.
    """

    delay_s: float = 0.0
    held: frozenset[Way] = frozenset()
    dropped: frozenset[Way] = frozenset()
    bytes_per_s: float | None = None
    slice_bytes: int = 0
    radio: BadRadio | None = None


class _Link:
    """One connection: the client's socket, the broker's, and whether bytes of it were lost."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.client = client
        self.broker: asyncio.StreamWriter | None = None
        self.spoilt = False
        self.half_open = False

    def abort(self) -> None:
        for writer in (self.client, self.broker):
            if writer is not None:
                _reset(writer)


class FaultProxy:
    """Listens on 127.0.0.1 and passes bytes on to ``host:port`` under the faults that are set; its own thread."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._faults = Faults()
        self._links: set[_Link] = set()
        self._channels: dict[Way, _Channel] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self.connections = 0
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def set(self, **changed: Any) -> None:
        """Change the faults (see ``Faults``). Streams that lost bytes under the old ones are reset."""
        self._do(self._change, changed)

    def heal(self) -> None:
        """A good link again."""
        self._do(self._change, vars(Faults()))

    def carried(self, way: Way) -> RadioCounts:
        """What the radio channel carried this way since it was set."""
        return replace(self._channels[way].counts)

    def reset(self) -> int:
        """RST on both sides of every connection; returns how many there were."""
        return int(self._do(self._reset_all))

    def half_open(self) -> int:
        """The broker's side ends with RST; the client hears nothing of it, and what it sends vanishes."""
        return int(self._do(self._open_half))

    @property
    def spoilt(self) -> int:
        """Streams that have lost bytes so far, and end when the fault does."""
        return int(self._do(lambda: sum(link.spoilt for link in self._links)))

    def _do(self, work: Callable[..., Any], *arguments: Any) -> Any:
        async def run() -> Any:
            found = work(*arguments)
            return await found if asyncio.iscoroutine(found) else found

        answer: Future[Any] = asyncio.run_coroutine_threadsafe(run(), self._loop)
        return answer.result(timeout=PATIENT_S)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        self._reset_all()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _change(self, changed: dict[str, Any]) -> None:
        radio, self._faults = self._faults.radio, replace(self._faults, **changed)
        if self._faults.radio is not None and self._faults.radio != radio:
            self._channels = {way: _Channel(self._faults.radio, way) for way in ("up", "down")}
        if not self._faults.dropped:
            for link in self._links:
                if link.spoilt:
                    link.abort()

    def _reset_all(self) -> int:
        for link in self._links:
            link.abort()
        return len(self._links)

    def _open_half(self) -> int:
        for link in self._links:
            link.half_open = True
            if link.broker is not None:
                _reset(link.broker)
        return len(self._links)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        link = _Link(writer)
        self._links.add(link)
        try:
            back, link.broker = await asyncio.open_connection(*self._target, limit=_CHUNK)
            ways = [self._pass(link, "up", reader, link.broker), self._pass(link, "down", back, writer)]
            await asyncio.gather(*ways)
        except (OSError, asyncio.CancelledError):
            pass  # the link ended; streams complain about a cancelled handler
        finally:
            self._links.discard(link)
            link.abort()

    async def _pass(self, link: _Link, way: Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Bytes of one way, under the faults of the moment, until that side ends; then the other ends, too."""
        while True:
            if way in self._faults.held:
                await asyncio.sleep(0.01)
                continue
            try:
                is_slow = self._faults.bytes_per_s is not None or self._faults.radio is not None
                async with asyncio.timeout(0.05):
                    data = await source.read(256 if is_slow else _CHUNK)
            except TimeoutError:
                continue
            except OSError:
                data = b""
            if not data:
                while link.half_open and way == "down":
                    await asyncio.sleep(0.05)  # the client is not told
                link.abort()
                return
            while data:
                data = await self._forward(link, way, data, sink)

    async def _forward(self, link: _Link, way: Way, data: bytes, sink: asyncio.StreamWriter) -> bytes:
        """Send one piece on, as the faults are now; what is left."""
        faults = self._faults
        if way in faults.held:
            await asyncio.sleep(0.01)
            return data
        if link.half_open or way in faults.dropped:
            link.spoilt = True
            return b""
        piece = faults.slice_bytes or len(data)
        pause_s = faults.delay_s
        if faults.bytes_per_s is not None:
            piece = min(piece, max(1, int(faults.bytes_per_s / 20)))
            pause_s += piece / faults.bytes_per_s
        if pause_s:
            await asyncio.sleep(pause_s)
        if faults.radio is not None:
            piece = min(piece, faults.radio.segment_bytes)
            await self._channels[way].carry(piece)
            if way in self._faults.held or way in self._faults.dropped:
                return data  # the channel fell silent meanwhile
        sink.write(data[:piece])
        await sink.drain()
        return data[piece:]


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    with suppress(OSError):
        plain = writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
