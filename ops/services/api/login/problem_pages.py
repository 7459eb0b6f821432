"""Problem answers as pages, for people: an address typed in a browser, or a form, that the server refuses.

Programs, and the scripts of our pages, get ``application/problem+json`` as ever.
"""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ops.services.api.login.pages import render
from ops.services.api.problems import MEDIA_TYPE

FOR_PROGRAMS: Final = ("/api/", "/v1/", "/readyz", "/metrics")
"""Addresses below which problems are problems for people, too: they are not pages."""
_KEPT: Final = ("allow", "retry-after", "www-authenticate", "set-cookie")
"""Headers of the answer that the page keeps."""


class ProblemPages:
    """ASGI middleware, outside of all that answers with problems."""

    def __init__(self, app: ASGIApp, *, sector: str) -> None:
        self._app, self._sector = app, sector

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_of_person(scope):
            await self._app(scope, receive, send)
            return
        held: Message | None = None
        body = b""

        async def shown(message: Message) -> None:
            nonlocal held, body
            if message["type"] == "http.response.start" and _is_problem(message):
                held = message
            elif held is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    await self._page(scope, held, json.loads(body))(scope, receive, send)

        await self._app(scope, receive, shown)

    def _page(self, scope: Scope, held: Message, problem: dict[str, Any]) -> ASGIApp:
        path = scope["path"]
        again = path if scope["query_string"] and problem["status"] == 422 and scope["method"] == "GET" else None
        page = render(
            Request(scope),
            "problem.html",
            cookie="",
            status=held["status"],
            sector=self._sector,
            sentence=problem["detail"],
            again=again,
        )
        page.headers["Cache-Control"] = "no-store"
        for name, value in MutableHeaders(scope=held).items():
            if name in _KEPT:
                page.headers.append(name, value)
        return page


def _is_of_person(scope: Scope) -> bool:
    """Whether a browser asks for what it will show as a page; it says so itself (Fetch Metadata)."""
    if scope["type"] != "http" or scope["method"] == "HEAD" or scope["path"].startswith(FOR_PROGRAMS):
        return False
    return (b"sec-fetch-dest", b"document") in scope["headers"]


def _is_problem(message: Message) -> bool:
    return MutableHeaders(scope=message).get("content-type", "").startswith(MEDIA_TYPE)
