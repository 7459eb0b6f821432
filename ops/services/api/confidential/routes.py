"""The page of confidential reports. It needs no login, and the audit log has no entry of who opened or used it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from geo.errors import BadInput
from ingest.errors import IdentityError
from ops.governance.confidential import MOST_TEXT, ConfidentialError, Recipient, recipient_of, store_report
from ops.services.api.login.forms import VISIT, read_form, set_cookie, visit_of
from ops.services.api.login.pages import catalogue_of, render

PAGE: Final = "/confidential"
ReportForm = Annotated[Mapping[str, str], Depends(read_form)]


class ConfidentialRoutes:
    """The handlers. ``folder``: the data folder, which has the recipient and takes the reports."""

    def __init__(self, folder: Path, title: str) -> None:
        self._folder, self._title = folder, title

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        page: Any = {"include_in_schema": False, "response_class": Response}
        app.add_api_route(PAGE, self.page, methods=["GET"], **page)
        app.add_api_route(PAGE, self.take, methods=["POST"], **page)

    def page(self, request: Request, sent: str = "") -> Response:
        """The page: to whom a report goes, what protects it and what does not, and the form."""
        return self._page(request, done=bool(sent))

    async def take(self, request: Request, form: ReportForm) -> Response:
        """Seal and store a report, and lead back to the page."""
        text = form.get("report", "").replace("\r\n", "\n")
        try:
            await asyncio.to_thread(store_report, self._folder, text)
        except (ConfidentialError, IdentityError):
            return self._page(request, text=text, problem="storage", status=503)
        except BadInput:
            return self._page(request, text=text, problem="length", status=422)
        return RedirectResponse(f"{PAGE}?language={catalogue_of(request).language}&sent=1", 303)

    def _page(
        self, request: Request, *, done: bool = False, text: str = "", problem: str = "", status: int = 200
    ) -> Response:
        recipient: Recipient | None = None
        try:
            recipient = recipient_of(self._folder)
        except ConfidentialError:
            problem, status = problem or "storage", 503
        cookie, new = visit_of(request)
        answer = render(
            request, "confidential.html", cookie=cookie, status=status, sector=self._title, recipient=recipient,
            done=done, text=text, problem=problem, most=MOST_TEXT,
        )  # fmt: skip
        answer.headers["Cache-Control"] = "no-store"
        if new:
            set_cookie(request, answer, VISIT, cookie)
        return answer
