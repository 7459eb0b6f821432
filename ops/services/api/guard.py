"""Access control of the operations API. At present: programs and browsers on this machine, no pages of other origins.

There are no accounts yet: anyone who can open a connection to 127.0.0.1 counts as the operator of this machine. A web
page of another origin, including one that uses DNS rebinding, can neither read nor change anything. Logins, roles and
sectors will come with the operations centre.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "X-Watchline-Token"  # noqa: S105 - a header's name
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    f"{_NOTHING}; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self';"
    " connect-src 'self'; worker-src 'self'; manifest-src 'self'"
)
"""Policy for the page, its scripts and their workers: only this origin, nothing inline."""

_READING = ("GET", "HEAD")
_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?")
_SECURITY_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": _NOTHING,  # the page has a different one, see ops.services.api.static_pages
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """``token``: programs without Origin must send it in X-Watchline-Token for changes; None refuses their changes."""

    token: str | None = None
    max_body_bytes: int = 65_536


class Guard:
    """ASGI middleware: checks host, origin, token and size before any route; adds security headers to responses."""

    def __init__(self, app: ASGIApp, settings: GuardSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded_send = _with_headers(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(guarded_send, *refusal)
            return
        await self._app(scope, _limited(receive, self._settings.max_body_bytes), guarded_send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """(status, sentence) if the request is refused, else None."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
            return 421, "This server answers only to 127.0.0.1 and localhost."
        if origins and origins != [f"{scope['scheme']}://{hosts[0]}"]:
            return 403, "The request comes from a page of another origin."
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and scope["path"] != "/":
            return 403, "The request comes from a page of another site."
        if scope["method"] not in _READING and not origins and not self._token_fits(headers.get(TOKEN_HEADER)):
            return 403, f"A change needs this server's own Origin or the header {TOKEN_HEADER}."
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > self._settings.max_body_bytes:
            return 413, f"The body is larger than {self._settings.max_body_bytes} bytes."
        return None

    def _token_fits(self, given: str | None) -> bool:
        wanted = self._settings.token
        return bool(wanted and given and secrets.compare_digest(given.encode(), wanted.encode()))


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return guarded


def _limited(receive: Receive, max_bytes: int) -> Receive:
    """A ``receive`` that raises 413 once more than ``max_bytes`` have arrived, whatever the headers declare."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > max_bytes:
            raise HTTPException(413, f"The body is larger than {max_bytes} bytes.")
        return message

    return counted


async def _refuse(send: Send, status: int, sentence: str) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"error": sentence}).encode()})
