"""Compression of answers with gzip, only of those that are known to hold no secret.

Behind TLS, the length of a compressed answer reveals how much of a text that an attacker chose is also elsewhere in it,
and so, letter by letter, a secret that the answer holds (BREACH; Gluck, Harris and Prado, 2013). Pages and answers with
a form token, those of accounts, sessions and the audit log, and exports are therefore never compressed: what is not
listed here is sent as it is. Event streams are not listed, so nothing of them waits in a buffer.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMPRESSED: Final = frozenset(
    (
        "/api/border", "/api/sector", "/api/layout", "/api/segments", "/api/layers", "/api/profile",
        "/api/places",
        "/api/tracks", "/api/bearings", "/api/sensors", "/api/counts", "/api/alerts", "/v1/incidents", "/v1/forces",
        "/v1/field/state", "/v1/field/map",
        "/v1/history", "/metrics", "/api/openapi.json", "/api/docs", "/api/docs.css",
    )
)  # fmt: skip
"""Terrain and sensors, the live picture, and descriptions of the server. Free text in them is that of people and
sensors who are logged in; it is no secret that opens anything."""
COMPRESSED_BELOW: Final = ("/v1/history/", "/v1/ogc/")
"""The same for every address below: the past, and features."""
LEAST_BYTES: Final = 1_024
"""Smaller answers fit one packet as they are."""
LEVEL: Final = 4
"""Higher levels save a few more percent for twice the CPU time (``benchmarks/operations.py``)."""


class Compression:
    """ASGI middleware, outside of the one that makes entity tags, which are weak and so the same for both encodings."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_compressed(scope["path"]):
            await self._app(scope, receive, send)
        elif accepts_gzip(scope):
            await GZipResponder(self._app, LEAST_BYTES, LEVEL, exclude_content_types=())(scope, receive, _varying(send))
        else:
            await self._app(scope, receive, _varying(send))


def is_compressed(path: str) -> bool:
    """Whether answers at an address may be compressed."""
    return path in COMPRESSED or path.startswith(COMPRESSED_BELOW)


def accepts_gzip(scope: Scope) -> bool:
    """Whether a request accepts gzip (RFC 9110, 12.5.3): it names it, or ``*``, with a weight above zero."""
    weights: dict[str, float] = {}
    for header, value in scope["headers"]:
        if header == b"accept-encoding":
            for part in value.decode("latin-1").lower().split(","):
                coding, _, weight = part.partition(";")
                weights[coding.strip()] = _weight(weight)
    return weights.get("gzip", weights.get("*", 0.0)) > 0.0


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _varying(send: Send) -> Send:
    """State that the answer depends on ``Accept-Encoding``, also where it is short or has not changed."""

    async def stated(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if "accept-encoding" not in headers.get("vary", "").lower():
                headers.add_vary_header("Accept-Encoding")
        await send(message)

    return stated
