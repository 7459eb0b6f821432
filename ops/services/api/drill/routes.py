"""The page of a drill. The answer key is shown on request only: a shift that sees it can no longer be scored."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import Response

from geo.errors import BadInput
from ops.governance.demonstration import is_demonstration, score_of
from ops.services.api.login.gate import session_cookie
from ops.services.api.login.pages import catalogue_of, render
from ops.services.api.recorder import Recorder

PAGE: Final = "/drill"


@dataclass(frozen=True, slots=True)
class DrillRoutes:
    """The handler. ``folder``: the data folder; only that of a demonstration is scored."""

    folder: Path
    title: str
    recorder: Recorder

    def add_to(self, app: FastAPI) -> None:
        """Add the route."""
        page: Any = {"include_in_schema": False, "response_class": Response}
        app.add_api_route(PAGE, self.page, methods=["GET"], **page)

    async def page(self, request: Request, show: str = "") -> Response:
        """How a drill works here, and with ``show`` its score so far and the answer key."""
        words, score, problem = catalogue_of(request), None, ""
        possible = is_demonstration(self.folder)
        if possible and show:
            self.recorder.note(request, "score of a drill")
            try:
                score = (await asyncio.to_thread(score_of, self.folder)).score
            except BadInput:
                problem = words.say("drill-not-yet")
        answer = render(
            request, "drill.html", cookie=session_cookie(request.scope) or "", sector=self.title, possible=possible,
            score=score, problem=problem, figures=None if score is None else _figures(score.as_dict()),
        )  # fmt: skip
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _figures(score: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The rates that stand beside each other, by the name of their message."""
    rates = (("acknowledged", "acknowledged_in_time"), ("right", "right_dispositions"), ("missed", "missed_crossings"))
    return [(name, score[key]) for name, key in rates]
