"""Unexpected errors of routes: a problem answer with status 500, and the reason in the log of the server only."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ops.services.api.problems import ProblemAnswer

log = logging.getLogger(__name__)


class PartFaults:
    """ASGI middleware inside of the guard, so that its security headers are on these answers too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            if begun:
                raise  # the connection is closed: a client must not take half an answer for a whole one
            log.exception("%s %s failed", scope["method"], scope["path"])
            answer = ProblemAnswer(500, "The server could not answer; its log says why.", scope["path"])
            await answer(scope, receive, send)
