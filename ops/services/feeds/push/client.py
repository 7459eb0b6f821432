"""Posts bodies to receivers, each within its time, in one thread: a receiver that hangs delays no other one.

A name is resolved for each connection, all its addresses are checked, and the connection goes to the address that was
checked, also after a redirect: a name that resolves differently later (DNS rebinding) changes nothing. Only the status
of an answer counts: a long body is not read.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpcore

from geo.names import readable
from ops.services.feeds.feed import FailedAttempt, Undeliverable
from ops.services.feeds.push.addresses import AddressRule
from ops.services.feeds.push.retry_after import STATUSES, TOO_LARGE, wait_of

MOST_REDIRECTS: Final = 3
CONNECTIONS: Final = 4
"""To one receiver at a time."""
_SHORT_ANSWER: Final = 4_096
"""The body of such an answer is read, so that the connection can be used again."""
_SHORT_WAIT_S: Final = 0.5
_KEPT_S: Final = 30.0
_REPEATED: Final = (307, 308)
"""Redirects that keep method and body (RFC 9110, 15.4)."""
_FINAL: Final = {410: "the receiver is gone", TOO_LARGE: "the message is too large for the receiver"}

Resolve = Callable[[str, int], Iterable[str]]
"""The IP addresses of a host."""
Headers = Mapping[str, str]


class PushFailed(FailedAttempt):
    """An attempt failed; it may be repeated. The sentence names neither the address nor what was sent."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What counts of an answer: its status, where it redirects to, and whether and how long it asks for a pause [s]."""

    status: int
    location: str | None
    asked: bool
    after_s: float


@dataclass(slots=True)
class PushTarget:
    """A receiver: its address, the certificates that it may have, and the addresses that are allowed."""

    url: str
    rule: AddressRule
    trusted: ssl.SSLContext = field(default_factory=ssl.create_default_context)


def addresses_of(host: str, port: int) -> list[str]:
    """The IP addresses of a host, as the system resolves it."""
    return list(dict.fromkeys(str(one[4][0]) for one in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)))


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the addresses of a host only if every one of them is allowed."""

    def __init__(self, rule: AddressRule, resolve: Resolve) -> None:
        self._rule, self._resolve = rule, resolve
        self._network = httpcore.AnyIOBackend()
        self._resolver = ThreadPoolExecutor(1, thread_name_prefix="resolve")  # its own: names may not resolve for long

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        found = list(await loop.run_in_executor(self._resolver, self._resolve, host, port))
        if not found or not all(self._rule.allows(one) for one in found):
            raise PushFailed("the receiver's address is not public, and the settings do not allow it")
        error: Exception = PushFailed("the receiver cannot be reached")
        for address in found:
            try:
                stream = await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as failed:
                error = failed
                continue
            peer = stream.get_extra_info("server_addr")
            if peer is None or not self._rule.allows(str(peer[0])):
                await stream.aclose()
                raise PushFailed("the connection leads to another address")
            return stream
        raise error

    def close(self) -> None:
        self._resolver.shutdown(wait=False, cancel_futures=True)


class _Line:
    """The connections to one receiver."""

    def __init__(self, target: PushTarget, resolve: Resolve) -> None:
        plain = urlsplit(target.url).scheme == "http"
        rule = AddressRule(target.rule.networks, listed_only=plain or target.rule.listed_only)
        self.url = target.url
        self.network = _CheckedNetwork(rule, resolve)
        self.turn = asyncio.Semaphore(CONNECTIONS)
        # Without a limit of its own: an attempt that is cancelled after the pool has assigned it a new connection, and
        # before it connects, leaves that connection in the pool for good, as one that is connecting.
        self.pool = httpcore.AsyncConnectionPool(
            ssl_context=target.trusted,
            max_connections=None,
            keepalive_expiry=_KEPT_S,
            network_backend=self.network,
        )


class PushClient:
    """Posts to the receivers of a feed in a thread of its own, until ``close``. ``resolve`` is replaced in tests."""

    def __init__(self, targets: Mapping[str, PushTarget], *, timeout_s: float, resolve: Resolve = addresses_of) -> None:
        self._timeout_s = timeout_s
        self._lines = {name: _Line(target, resolve) for name, target in targets.items()}
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="push-encode")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="push", daemon=True)
        self._thread.start()

    def post(self, receiver: str, make: Callable[[], tuple[bytes, Headers]]) -> Future[None]:
        """Post what ``make`` returns, body and headers, and return at once.

        ``make`` is called in a thread of this client. The future completes when the receiver has answered with a
        status of success. It ends with PushFailed for an attempt that may be repeated, and with Undeliverable for one
        that the receiver refuses for good.
        """
        return asyncio.run_coroutine_threadsafe(self._post(self._lines[receiver], make), self._loop)

    def close(self) -> None:
        """End every attempt and connection."""
        with suppress(TimeoutError):  # what has not ended by then ends with the loop
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._maker.shutdown(wait=False, cancel_futures=True)
        for line in self._lines.values():
            line.network.close()
        if not self._thread.is_alive():
            self._loop.close()

    async def _end(self) -> None:
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for line in self._lines.values():
            with suppress(Exception):
                await line.pool.aclose()

    async def _post(self, line: _Line, make: Callable[[], tuple[bytes, Headers]]) -> None:
        body, headers = await asyncio.get_running_loop().run_in_executor(self._maker, make)
        try:
            async with asyncio.timeout(self._timeout_s), line.turn:
                answer = await self._answer(line, body, headers)
        except TimeoutError:
            raise PushFailed(f"no answer within {self._timeout_s:g} s") from None
        except (PushFailed, Undeliverable):
            raise
        except Exception as error:  # noqa: BLE001 - of names, sockets, TLS and the protocol; it is sent again
            raise PushFailed(f"{type(error).__name__}: {readable(str(error))[:200]}") from None
        if answer.status in _FINAL and not (answer.status == TOO_LARGE and answer.asked):
            raise Undeliverable(f"answered {answer.status}: {_FINAL[answer.status]}")
        if not 200 <= answer.status < 300:
            raise PushFailed(f"answered {answer.status}", after_s=answer.after_s)

    async def _answer(self, line: _Line, body: bytes, headers: Headers) -> _Answer:
        """The answer after at most MOST_REDIRECTS redirects that keep method and body."""
        url = line.url
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._once(line.pool, url, body, headers)
            if answer.status not in _REPEATED or answer.location is None:
                return answer
            url = _next_address(url, answer.location)
        raise PushFailed(f"redirects more than {MOST_REDIRECTS} times")

    async def _once(self, pool: httpcore.AsyncConnectionPool, url: str, body: bytes, headers: Headers) -> _Answer:
        stated = [("Host", _host(url)), *headers.items(), ("User-Agent", "Watchline")]
        async with pool.stream("POST", url, headers=stated, content=body) as response:
            found = {name.lower(): value for name, value in response.headers}
            length = found.get(b"content-length", b"")
            if length.isdigit() and int(length[:9]) <= _SHORT_ANSWER:
                with suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
                    async with asyncio.timeout(_SHORT_WAIT_S):
                        await _read_short(response)
            after_s = 0.0
            if response.status in (*STATUSES, TOO_LARGE):
                asked, date = (found.get(name, b"").decode("latin-1") for name in (b"retry-after", b"date"))
                after_s = wait_of(asked, date, datetime.now(UTC))
            location = found.get(b"location")
            to = None if location is None else location.decode("latin-1")
            return _Answer(response.status, to, b"retry-after" in found, after_s)


async def _read_short(response: httpcore.Response) -> None:
    """Read a body, but no further than a short one may reach: its length may be stated wrongly."""
    left = _SHORT_ANSWER
    async for part in response.aiter_stream():
        left -= len(part)
        if left < 0:
            return


def _host(url: str) -> str:
    """The header Host, with the port where it is stated."""
    return urlsplit(url).netloc


def _next_address(url: str, location: str) -> str:
    """Where a redirect leads; PushFailed for one that leaves HTTP or TLS, or has a login."""
    try:
        following = urljoin(url, location)
        parts, before = urlsplit(following), urlsplit(url)
        usable = parts.hostname and parts.username is None and following.isascii() and following.isprintable()
    except ValueError:
        usable = False
    if not usable or parts.scheme not in ("http", "https") or (before.scheme == "https" and parts.scheme == "http"):
        raise PushFailed("redirects to an address that is not allowed")
    return following
