"""Forms and cookies: what a browser sends from our pages, and what it is given.

A form carries a token that only those who know the session's cookie can make; before a login, that of a cookie which
the login page gives. It stands beside the check of ``Origin`` (``ops.services.api.guard``) and ``SameSite=Strict``.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ops.accounts.accounts import DEVICE_S, LoggedIn, LoginOrigin, form_token
from ops.services.api.login.gate import FIELD_PATH, PAGES, UNIT_COOKIE, cookie_name, cookie_of, session_cookie

TOKEN_FIELD: Final = "form_token"  # noqa: S105 - a field's name
MOST_FIELDS: Final = 24
VISIT: Final = "visit"
"""Cookie of a browser that has opened the login page."""


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form with a valid token. HTTPException 415, 422 or 403."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "A form is expected (application/x-www-form-urlencoded).")
    try:
        body = (await request.body()).decode("ascii")
        fields = parse_qs(body, keep_blank_values=True, max_num_fields=MOST_FIELDS, encoding="utf-8", errors="strict")
    except ValueError:
        raise HTTPException(422, f"The form cannot be read; expected at most {MOST_FIELDS} fields in UTF-8.") from None
    if any(len(values) != 1 for values in fields.values()):
        raise HTTPException(422, "A field of the form was sent twice.")
    form = {name: values[0] for name, values in fields.items()}
    if not _token_fits(request, form.get(TOKEN_FIELD, "")):
        raise HTTPException(403, "The form is out of date; open its page again.")
    return form


async def read_login(request: Request) -> Mapping[str, str] | None:
    """The fields of the form of the login page, as ``read_form``.

    None if it was sent twice, as when Enter is pressed twice, and the first copy has logged this browser in, which took
    the token back."""
    try:
        return await read_form(request)
    except HTTPException as refused:
        if refused.status_code == 403 and request.state.person is not None:
            return None
        raise


def _token_fits(request: Request, token: str) -> bool:
    cookies = (session_cookie(request.scope), cookie_of(request.scope, VISIT))
    given = token.encode(errors="replace")
    return any(hmac.compare_digest(form_token(cookie).encode(), given) for cookie in cookies if cookie)


def visit_of(request: Request) -> tuple[str, bool]:
    """The cookie of a browser at the login page, and whether it is new."""
    known = cookie_of(request.scope, VISIT)
    return (known, False) if known else (secrets.token_urlsafe(32), True)


def set_cookie(request: Request, answer: Response, part: str, value: str, *, max_age_s: int | None = None) -> None:
    """Give a cookie that scripts cannot read and that no other site's request carries."""
    secure = request.url.scheme == "https"
    # An identity provider's answer comes from another site.
    same_site: Literal["lax", "strict"] = "lax" if part in ("oidc", "after") else "strict"
    path = FIELD_PATH if part == UNIT_COOKIE else "/"
    answer.set_cookie(
        cookie_name(request.scope, part), value, max_age=max_age_s, path=path, httponly=True, secure=secure,
        samesite=same_site,
    )  # fmt: skip


def drop_cookie(request: Request, answer: Response, part: str) -> None:
    """Take a cookie back."""
    set_cookie(request, answer, part, "", max_age_s=0)


def give_session(request: Request, answer: Response, result: LoggedIn) -> None:
    """Give the cookies of a new session."""
    set_cookie(request, answer, "session", result.cookie)
    if result.device is not None:
        set_cookie(request, answer, "device", result.device, max_age_s=int(DEVICE_S))


def origin_of(request: Request) -> LoginOrigin:
    """Where a login comes from."""
    address = request.client.host if request.client else ""
    return LoginOrigin(address, request.headers.get("user-agent", "")[:200], cookie_of(request.scope, "device"))


def page_after(wanted: str | None) -> str | None:
    """A page of ours to go to after a login, with its query; None for anything else."""
    if not wanted or len(wanted) > 2000 or not wanted.isprintable() or "\\" in wanted or wanted.startswith("//"):
        return None
    parts = urlsplit(wanted)
    return wanted if not parts.scheme and not parts.netloc and parts.path in PAGES else None
