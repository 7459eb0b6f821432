"""Live federation: one Watchline fetches the packages of another over HTTPS, from a cursor, each once.

The recipient asks for the package after the highest number that it has imported. That number is stored in the
transaction of the import, so that a process that is killed at any point neither loses nor repeats a package.
Requests are signed by the recipient; the packages are signed anyway.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from geo.errors import BadInput, WatchlineError
from ingest.security.signature import Signer, verifies
from ops.exchange.agreements import Agreements
from ops.exchange.format.manifest import Signed
from ops.exchange.format.package import MOST_PACKAGE_BYTES
from ops.exchange.received import ReceivedStore
from ops.exchange.sent import SentStore
from ops.exchange.take import PackageReceiver
from sensors.timestamps import nanoseconds, utc_datetime

FRESH_NS: Final = 300 * 10**9
"""Age of a request up to which it is answered."""
PATH: Final = "/exchange/1/packages"
TIMEOUT_S: Final = 60.0
REQUEST_WITHIN_S: Final = 30.0
"""From the connection, or the end of an answer, to the last byte of the next request."""
ANSWER_WITHIN_S: Final = 1800.0
"""To the last byte of an answer: the largest package at 300 kbit/s."""
_PARTNER, _SENT, _SIGNATURE = "Watchline-Partner", "Watchline-Sent", "Watchline-Signature"
_MEDIA_TYPE: Final = "application/zip"


class NoAnswer(WatchlineError):
    """A partner's server that does not answer, or not now; the same request may succeed later."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """The side that serves its outbox to the partners of its agreements file.

    ``agreements``: those of the moment; None: nothing is served now.
    """

    data: Path
    agreements: Callable[[], Agreements | None]
    now_ns: Callable[[], int]
    behind: Callable[[str, int], None] = lambda *_: None
    """Gets a partner, and the number that it has, where the log here lacks it."""

    def app(self) -> Starlette:
        """Return the server: one address, ``GET /exchange/1/packages?after=NUMBER``."""
        return Starlette(routes=[Route(PATH, self._answer, methods=["GET"])])

    def _answer(self, request: Request) -> Response:
        """Answer with the next package, or 204 without one; 401 for a request that no partner signed just now."""
        agreements = self.agreements()
        if agreements is None:
            return Response(status_code=503)
        name, after = request.headers.get(_PARTNER, ""), request.query_params.get("after", "")
        known = {one.name: one for one in agreements.partners}
        if name not in known or not after.isascii() or not after.isdigit() or len(after) > 15:
            return Response(status_code=401)
        sent = request.headers.get(_SENT, "")
        fresh = sent.isascii() and sent.isdigit() and abs(self.now_ns() - int(sent[:20])) <= FRESH_NS
        try:
            signed = msgspec.json.decode(request.headers.get(_SIGNATURE, ""), type=Signed)
        except (msgspec.MsgspecError, UnicodeError):
            return Response(status_code=401)
        properties = {"sent": sent, "key": signed.key, "sig": signed.sig}
        topic = _topic(agreements.own, name)
        if not fresh or not verifies(known[name].public, topic, "", properties, after.encode()):
            return Response(status_code=401)
        now_ns = self.now_ns()
        store = SentStore(self.data)
        try:
            if store.note_stated(name, int(after)):
                self.behind(name, int(after))
            in_force = agreements.sending_to(name, utc_datetime(now_ns))
            found = store.content_after(name, int(after), now_ns, in_force)
        finally:
            store.close()
        return Response(status_code=204) if found is None else Response(found[1], media_type=_MEDIA_TYPE)


class TimedConnection(H11Protocol):
    """uvicorn's connection, whose requests and answers end in time: uvicorn itself waits without end for a request, so
    that ``limit_concurrency`` silent connections would keep all partners out."""

    request_within_s, answer_within_s = REQUEST_WITHIN_S, ANSWER_WITHIN_S
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._within(self.request_within_s)

    def data_received(self, data: bytes) -> None:
        waited = self._waits()
        super().data_received(data)
        if waited and not self._waits():
            self._within(self.answer_within_s)

    def on_response_complete(self) -> None:
        self._within(self.request_within_s)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _waits(self) -> bool:
        """Whether no whole request is being answered."""
        cycle: Any = self.cycle
        return cycle is None or cycle.response_complete or cycle.more_body

    def _within(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self.transport.abort)


def serve(outbox: Outbox, host: str, port: int, tls: tuple[Path, Path], ready: Callable[[str], None]) -> None:
    """Serve until the process is asked to end; ``ready`` gets the address. BadInput where the port cannot be used."""
    certificate, key = tls
    config = uvicorn.Config(
        outbox.app(), ssl_certfile=str(certificate), ssl_keyfile=str(key), log_level="warning", access_log=False,
        limit_concurrency=64, timeout_keep_alive=15, server_header=False, http=TimedConnection, ws="none",
    )  # fmt: skip
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise BadInput(f"cannot be used ({error})", where="--certificate", expected="a certificate and key") from None
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise BadInput(f"cannot listen ({error.strerror})", where=f"{host}:{port}", expected="a free port") from None
    bound = listening.getsockname()[1]
    ready(f"https://[{host}]:{bound}/" if ":" in host else f"https://{host}:{bound}/")
    uvicorn.Server(config).run(sockets=[listening])


def pull(
    receiver: PackageReceiver, partner: str, address: str, signer: Signer, authority: Path | None
) -> tuple[int, int]:
    """Fetch and import every package that waits; return the numbers of packages and of records that were stored.

    ``authority``: certificates (PEM) that the server's must come from; None: those of the system. PackageRefused for a
    package that is not as agreed: it, and what comes after it, waits. NoAnswer where that may be over later.
    """
    if not address.startswith("https://"):
        raise BadInput(f"{address!r}", where="ADDRESS", expected="https://HOST:PORT")
    try:
        context = ssl.create_default_context(cafile=None if authority is None else str(authority))
    except (OSError, ssl.SSLError) as error:
        raise BadInput(f"cannot be used ({error})", where=str(authority), expected="certificates in PEM") from None
    packages = records = 0
    with httpx.Client(verify=context, timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
        while (content := _next(client, receiver, partner, address, signer)) is not None:
            _, done = receiver.receive(content, datetime.now(UTC), origin=partner)
            packages, records = packages + 1, records + done.stored
    return packages, records


def _next(client: httpx.Client, receiver: PackageReceiver, partner: str, address: str, signer: Signer) -> bytes | None:
    store = ReceivedStore(receiver.data)
    try:
        store.forget_expired(nanoseconds(datetime.now(UTC)))  # also while no package comes
        after = str(store.newest(partner))
    finally:
        store.close()
    sent = str(nanoseconds(datetime.now(UTC)))
    own = receiver.agreements.own
    properties = dict(signer.sign(_topic(partner, own), "", [("sent", sent)], after.encode()))
    signature = msgspec.json.encode(Signed(properties["key"], properties["sig"])).decode()
    headers = {_PARTNER: own, _SENT: sent, _SIGNATURE: signature}
    try:
        with client.stream("GET", f"{address.rstrip('/')}{PATH}", params={"after": after}, headers=headers) as answer:
            if answer.status_code == 204:
                return None
            if answer.status_code >= 500:
                raise NoAnswer(f"{address}: answered {answer.status_code}.")
            if answer.status_code != 200:
                raise BadInput(f"answered {answer.status_code}", where=address, expected="a package, or none")
            content = bytearray()
            for part in answer.iter_bytes():
                content += part
                if len(content) > MOST_PACKAGE_BYTES:
                    expected = f"at most {MOST_PACKAGE_BYTES:,} bytes"
                    raise BadInput("sends a larger package", where=address, expected=expected)
    except httpx.InvalidURL as error:
        raise BadInput(f"{address!r} ({error})", where="ADDRESS", expected="https://HOST:PORT") from None
    except httpx.HTTPError as error:
        raise NoAnswer(f"{address}: no answer ({error}).") from None
    return bytes(content)


def _topic(origin: str, recipient: str) -> str:
    """The topic that a request is signed for: the package of this origin, for this recipient."""
    return f"exchange/1/pull/{origin}/{recipient}"
