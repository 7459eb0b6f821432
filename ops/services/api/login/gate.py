"""The gate before all routes: who makes the request, and whether the table of rights allows it.

It sets ``request.state.person``. With accounts, a request needs the cookie of a session, or a program's token in the
header ``Authorization: Bearer``; without accounts (a demonstration, tests) everyone is the local person. A page that
needs a login leads to the login page; every other refusal is a problem answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ops.accounts.accounts import TOUCH_EVERY_S, Accounts
from ops.accounts.person import Person
from ops.accounts.rights import Right, has, rights_at
from ops.accounts.store import AccountStoreError
from ops.services.api.login.bounce import bounce
from ops.services.api.problems import ProblemAnswer, accounts_unusable
from ops.services.api.release import CLOSED

LOGIN: Final = "/login"
ACCOUNT: Final = "/account"
PAGES: Final = ("/", "/plan.html", "/handover", "/after-action", "/audit", ACCOUNT)
"""Pages that people open; a person without the right for one is led to the first that she may open."""
_BEARER: Final = "bearer "


class LoginGate:
    """ASGI middleware; ``accounts`` None: everyone is ``local``."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        accounts: Accounts | None,
        local: Person,
        sector: str,
        closed: Callable[[Person, str], bool] = lambda _, __: False,
    ) -> None:
        """``closed``: whether an address is closed to a person, because of markings that she may not receive."""
        self._app, self._accounts, self._local, self._sector, self._closed = app, accounts, local, sector, closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        if self._accounts is None:
            state["person"] = self._local
        else:
            try:
                person = self._person(self._accounts, scope)
            except AccountStoreError as error:
                await accounts_unusable(error, scope["path"])(scope, receive, send)
                return
            state["person"] = person
            refusal = self._refusal(scope, person)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
            if person is not None and self._accounts.now_s() - person.session.seen_s >= TOUCH_EVERY_S:
                await run_in_threadpool(self._accounts.seen, person.session)
        await self._app(scope, receive, send)

    def _person(self, accounts: Accounts, scope: Scope) -> Person | None:
        token = bearer(scope)
        if token is not None:
            person = accounts.person_of(token)
            return person if person is not None and person.session.kind == "program" else None
        cookie = session_cookie(scope)
        person = None if cookie is None else accounts.person_of(cookie)
        return person if person is not None and person.session.kind == "browser" else None

    def _refusal(self, scope: Scope, person: Person | None) -> Response | None:
        """The answer to a request that may not be made, else None."""
        path, method = scope["path"], "GET" if scope["method"] == "HEAD" else scope["method"]
        rights = rights_at(path)
        right = rights.get(method)
        if right is None:
            sentence = "This address does not take this method." if rights else "There is nothing at this address."
            headers = {"Allow": ", ".join(sorted(rights))} if rights else None
            return ProblemAnswer(405 if rights else 404, sentence, path, headers)
        if right == "open":
            return None
        if person is None:
            if path in PAGES:
                query = scope["query_string"].decode("latin-1")
                page = path + ("?" + query if query else "")
                if "cross-site" in header_values(scope, b"sec-fetch-site"):
                    return bounce(page)  # without the cookie, whether or not the person is logged in
                return _lead(f"{LOGIN}?next={quote(page, safe='')}")
            return ProblemAnswer(401, "Log in first.", path, {"WWW-Authenticate": "Bearer"})
        if right == "own" and method == "POST" and person.session.kind == "program":
            return ProblemAnswer(403, "A program's token does not change the account; log in with a browser.", path)
        if person.must_set_password and right != "own":
            return _lead(ACCOUNT) if path in PAGES else ProblemAnswer(403, "Set a password first.", path)
        if has(person, right, self._sector):
            if right in ("own", "audit") or not self._closed(person, path):
                return None
            return ProblemAnswer(403, CLOSED, path)
        return self._forbidden(path, person, right)

    def _forbidden(self, path: str, person: Person, right: Right) -> Response:
        if path in PAGES:
            return _lead(first_page(person, self._sector))
        role = person.role_in(self._sector)
        owner = f"The role {role}" if role else f"A person without a role in {self._sector}"
        return ProblemAnswer(403, f"{owner} does not have the right {right!r}.", path)


def first_page(person: Person, sector: str) -> str:
    """The first page that a person may open."""
    return next(page for page in PAGES if has(person, rights_at(page)["GET"], sector))


def bearer(scope: Scope) -> str | None:
    """The token of a program, or None."""
    for given in header_values(scope, b"authorization"):
        if given[: len(_BEARER)].lower() == _BEARER:
            return given[len(_BEARER) :].strip()
    return None


def header_values(scope: Scope, name: bytes) -> list[str]:
    """The values of a header, by its name in lower case, without the cost of decoding the other headers."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def cookie_name(scope: Scope, part: str = "session") -> str:
    """Name of a cookie. Cookies are sent to all ports of a host, so that it states the port.

    With TLS, browsers take a name ``__Host-…`` only from this host, with Secure and for all paths.
    """
    port = (scope.get("server") or ("", 0))[1]
    return f"{'__Host-' if scope['scheme'] == 'https' else ''}watchline-{part}-{port}"


def cookie_of(scope: Scope, part: str) -> str | None:
    """The value of a cookie of ours; None where it is absent or sent more than once."""
    name, found = cookie_name(scope, part), []
    for header in header_values(scope, b"cookie"):
        for pair in header.split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                found.append(value)
    return found[0][:200] if len(found) == 1 else None


def session_cookie(scope: Scope) -> str | None:
    """The cookie of the session, or None."""
    return cookie_of(scope, "session")


def _lead(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})
