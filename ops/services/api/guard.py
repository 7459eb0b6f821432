"""What every request must satisfy before it is asked who makes it: host, origin, site and size.

A web page of another origin, including one that uses DNS rebinding, can neither read nor change anything. The answer of
an identity provider is the one request that may come from another site.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ops.services.api.problems import ProblemAnswer

TOKEN_HEADER = "X-Watchline-Token"  # noqa: S105 - a header's name
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    f"{_NOTHING}; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; font-src 'self';"
    " connect-src 'self'; worker-src 'self'; manifest-src 'self'"
)
"""Policy for the page, its scripts and their workers: only this origin, nothing inline."""

REPORTS: Final = ("/scorecard", "/action-plan")
FROM_OTHER_SITES: Final = (
    "/",
    "/plan.html",
    "/field",
    "/handover",
    "/after-action",
    *REPORTS,
    "/login",
    "/login/oidc/callback",
)
"""Addresses to which a link or an identity provider may lead; they change nothing without a cookie of ours."""
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
    """``token``: programs without Origin must send it in X-Watchline-Token for changes; None refuses their changes.

    ``bearer``: a program's own token (``Authorization: Bearer``) does as well, because the gate checks it. ``hosts``:
    further names of this server, besides those of this machine.
    """

    token: str | None = None
    max_body_bytes: int = 65_536
    bearer: bool = False
    hosts: tuple[str, ...] = ()


class Guard:
    """ASGI middleware: checks host, origin, token and size before any route; adds security headers to responses."""

    def __init__(self, app: ASGIApp, settings: GuardSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded_send = _with_headers(send, self._for_this_host(scope))
        refusal = self._refusal(scope)
        if refusal is not None:
            await ProblemAnswer(*refusal, scope["path"])(scope, receive, guarded_send)
            return
        await self._app(scope, _limited(receive, self._settings.max_body_bytes), guarded_send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """(status, sentence) if the request is refused, else None."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            names = ", ".join(("127.0.0.1", "localhost", *self._settings.hosts))
            return 421, f"This server answers only to {names}."
        if origins and origins != [f"{scope['scheme']}://{hosts[0]}"]:
            return 403, "The request comes from a page of another origin."
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not (
            scope["path"] in FROM_OTHER_SITES and scope["method"] in _READING
        ):
            return 403, "The request comes from a page of another site."
        program = self._settings.bearer and headers.get("authorization", "").lower().startswith("bearer ")
        if (
            scope["method"] not in _READING
            and not (origins or program)
            and not self._token_fits(headers.get(TOKEN_HEADER))
        ):
            return 403, f"A change needs this server's own Origin or the header {TOKEN_HEADER}."
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > self._settings.max_body_bytes:
            return 413, f"The body is larger than {self._settings.max_body_bytes} bytes."
        return None

    def _for_this_host(self, scope: Scope) -> Mapping[str, str]:
        """With TLS, browsers shall never try without; not for an address or localhost, which other servers share."""
        name = re.sub(r":\d{1,5}$", "", Headers(scope=scope).get("host", "")).lower()
        named = name in self._settings.hosts and re.search("[a-z]", name) and "[" not in name and name != "localhost"
        return {"Strict-Transport-Security": "max-age=31536000"} if scope["scheme"] == "https" and named else {}

    def _is_ours(self, host: str) -> bool:
        name = re.sub(r":\d{1,5}$", "", host)
        return bool(_HOST.fullmatch(host)) or name.lower() in self._settings.hosts

    def _token_fits(self, given: str | None) -> bool:
        wanted = self._settings.token
        return bool(wanted and given and secrets.compare_digest(given.encode(), wanted.encode()))


def _with_headers(send: Send, more: Mapping[str, str]) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in {**_SECURITY_HEADERS, **more}.items():
                headers.setdefault(name, value)
        await send(message)

    return guarded


def _limited(receive: Receive, max_bytes: int) -> Receive:
    """A ``receive`` that raises 413 again than ``max_bytes`` have arrived, whatever the headers declare."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > max_bytes:
            raise HTTPException(413, f"The body is larger than {max_bytes} bytes.")
        return message

    return counted
