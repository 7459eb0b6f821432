"""Entity tags: a client that has an answer already gets 304 in place of the same answer (RFC 9110, 8.8.3 and 13.1.2).

The tag is a hash of the body, so the route reads and records as always, and only the transfer is saved. It is weak,
because the same answer may be sent in different encodings.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TAGGED: Final = ("application/json", "application/geo+json", "application/atom+xml")
ALWAYS_NEW: Final = frozenset(
    (
        "/api/health", "/api/sector", "/healthz", "/readyz", "/metrics", "/v1/audit/entries", "/v1/audit/export",
        "/v1/audit/verification", "/v1/audit/consistency",
    )
)  # fmt: skip
"""Addresses whose answer holds the present time or state, or its own reading, and is different each time."""


class EntityTags:
    """ASGI middleware: adds a weak ``ETag`` to whole JSON answers of GET that have none, and compares it with
    ``If-None-Match``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or scope["path"] in ALWAYS_NEW:
            await self._app(scope, receive, send)
            return
        wanted = Headers(scope=scope).get("if-none-match", "")
        start: Message | None = None

        async def tagged(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _may_tag(message):
                start = message
                return
            if start is not None and message["type"] == "http.response.body":
                begun, start = start, None
                if not message.get("more_body"):
                    headers = MutableHeaders(scope=begun)
                    tag = headers.setdefault("ETag", tag_of_body(message.get("body", b"")))
                    if matches(wanted, tag):
                        begun["status"], message = 304, {**message, "body": b""}
                        for name in ("content-length", "content-type"):
                            if name in headers:
                                del headers[name]
                await send(begun)
            await send(message)

        await self._app(scope, receive, tagged)


def _may_tag(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    kind = headers.get("content-type", "").partition(";")[0]
    return start["status"] == 200 and kind in TAGGED


def tag_of_body(body: bytes) -> str:
    """A weak entity tag of what an answer holds."""
    return f'W/"{blake2b(body, digest_size=12).hexdigest()}"'


def matches(wanted: str, tag: str) -> bool:
    """Whether a header ``If-None-Match`` names the tag, by weak comparison; ``*`` names every tag."""
    known = {part.strip().removeprefix("W/") for part in wanted[:4000].split(",") if part.strip()}
    return "*" in known or tag.removeprefix("W/") in known
