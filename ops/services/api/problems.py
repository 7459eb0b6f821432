"""Problem answers: every error of the API as ``application/problem+json`` (RFC 9457) with one sentence.

``detail`` is the sentence; ``error`` repeats it for programs written before there were problem answers.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from geo.errors import BadInput
from geo.message import Message
from ops.accounts.store import AccountStoreError
from ops.audit.entry import AuditError
from ops.field.refusal_file import RefusalBookError
from ops.runtime.processes.part_state import without_folders
from ops.store.connections import StoreError

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
MOST_INSTANCE: Final = 200
UNREADABLE: Final = "The body cannot be read; expected JSON in UTF-8."
_SENTENCES: Final = {  # replacements for Starlette's own messages
    (404, "Not Found"): "There is nothing at this address.",
    (405, "Method Not Allowed"): "This address does not take this method.",
    (400, "There was an error parsing the body"): UNREADABLE,
}


class Problem(BaseModel):
    """Body of an error. ``message``: the sentence as identifier and parameters of the catalogue, where it has one."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    error: str
    message: dict[str, Any] | None = None


class ProblemAnswer(JSONResponse):
    """A problem as a response."""

    media_type = MEDIA_TYPE

    def __init__(
        self, status: int, sentence: str, path: str, headers: Mapping[str, str] | None = None,
        message: Message | None = None,
    ) -> None:  # fmt: skip
        super().__init__(problem(status, sentence, path, message), status, headers)


def problem(status: int, sentence: str, path: str, message: Message | None = None) -> dict[str, Any]:
    """The body of a problem at a path."""
    title = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    body = Problem(title=title, status=status, detail=sentence, instance=path[:MOST_INSTANCE], error=sentence)
    body.message = None if message is None else message.as_dict()
    return body.model_dump(exclude_none=True)


def accounts_unusable(error: Exception, path: str) -> ProblemAnswer:
    """The answer, also to strangers, where the accounts cannot be used: the reason, with its file, is in our log."""
    log.error("%s", error)
    return ProblemAnswer(503, "The accounts cannot be used; see the log of the server.", path)


def answer_errors(app: FastAPI) -> None:
    """Answer every error of the routes with a problem."""

    async def refused(request: Request, error: Exception) -> ProblemAnswer:
        assert isinstance(error, HTTPException)
        sentence = _SENTENCES.get((error.status_code, error.detail), str(error.detail))
        message = getattr(error, "message", None)
        return ProblemAnswer(error.status_code, sentence, request.url.path, error.headers, message)

    async def invalid(request: Request, error: Exception) -> ProblemAnswer:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return ProblemAnswer(422, UNREADABLE, request.url.path)
        where = ".".join(str(part) for part in first["loc"] if "[" not in str(part))  # without pydantic's own names
        return ProblemAnswer(422, f"{where}: {first['msg']}.", request.url.path)

    async def unusable(request: Request, error: Exception) -> ProblemAnswer:
        return ProblemAnswer(422, str(error), request.url.path)

    async def unavailable(request: Request, error: Exception) -> ProblemAnswer:
        return ProblemAnswer(503, without_folders(str(error)), request.url.path)

    async def locked_out(request: Request, error: Exception) -> ProblemAnswer:
        return accounts_unusable(error, request.url.path)

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(BadInput, unusable)
    app.add_exception_handler(StoreError, unavailable)
    app.add_exception_handler(AuditError, unavailable)
    app.add_exception_handler(RefusalBookError, unavailable)
    app.add_exception_handler(AccountStoreError, locked_out)
