"""Routes of a login at an identity provider: there, and back."""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import quote, unquote

import anyio
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from ops.accounts.accounts import Accounts, LoginRefused
from ops.accounts.oidc import OidcRefused, Provider
from ops.accounts.store import NameTaken
from ops.services.api.login.bounce import bounce
from ops.services.api.login.forms import drop_cookie, give_session, origin_of, page_after, set_cookie
from ops.services.api.login.gate import cookie_of
from ops.services.api.login.routes import LoginRoutes, NextPage

log = logging.getLogger(__name__)

CALLBACK: Final = "/login/oidc/callback"
AT_ONCE: Final = 4
"""Logins that wait for the provider at once; a provider that does not answer must not delay other requests."""


class OidcRoutes:
    """The handlers; they run in threads of their own, because they wait for the provider."""

    def __init__(self, accounts: Accounts, provider: Provider, logins: LoginRoutes) -> None:
        self._accounts, self._provider, self._logins = accounts, provider, logins
        self._turns: anyio.CapacityLimiter | None = None

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        for path, handler in (("/login/oidc", self.begin), (CALLBACK, self.finish)):
            app.add_api_route(path, handler, methods=["GET"], include_in_schema=False, response_class=Response)

    async def begin(self, request: Request, after: NextPage = None) -> Response:
        """Lead the browser to the provider."""
        return await run_sync(self._begin, request, after, limiter=self._limiter())

    async def finish(self, request: Request) -> Response:
        """Log in the person whom the provider's answer identifies.

        The browser does not send cookies of ours, which are SameSite=Strict, with a redirect that another site began.
        The answer is therefore a page that leads on.
        """
        return await run_sync(self._finish, request, limiter=self._limiter())

    def _limiter(self) -> anyio.CapacityLimiter:
        if self._turns is None:  # must be created in the serving event loop
            self._turns = anyio.CapacityLimiter(AT_ONCE)
        return self._turns

    def _begin(self, request: Request, after: str | None) -> Response:
        try:
            begun = self._provider.begin(self._return_address(request))
        except OidcRefused as error:
            return self._refused(request, error)
        answer = RedirectResponse(begun.address, 303, {"Cache-Control": "no-store"})
        set_cookie(request, answer, "oidc", begun.cookie, max_age_s=600)
        set_cookie(request, answer, "after", quote(page_after(after) or "", safe=""), max_age_s=600)
        return answer

    def _finish(self, request: Request) -> Response:
        try:
            found = self._provider.finish(
                cookie_of(request.scope, "oidc"), dict(request.query_params), self._return_address(request)
            )
            result = self._accounts.log_in_subject(
                found.issuer,
                found.subject,
                login=found.login,
                name=found.name,
                roles=found.roles,
                origin=origin_of(request),
            )
        except (OidcRefused, LoginRefused, NameTaken) as error:
            return self._refused(request, error)
        wanted = page_after(unquote(cookie_of(request.scope, "after") or ""))
        answer = bounce(wanted or self._logins.served.first_page(result.person))
        give_session(request, answer, result)
        drop_cookie(request, answer, "oidc")
        return answer

    def _refused(self, request: Request, error: Exception) -> Response:
        log.warning("A login at the identity provider was refused: %s", error)
        refusal = LoginRefused(str(error), reason=getattr(error, "reason", "name"))
        answer = self._logins.login_form(request, None, error=refusal)
        drop_cookie(request, answer, "oidc")
        return answer

    def _return_address(self, request: Request) -> str:
        return self._provider.redirect or f"{request.url.scheme}://{request.url.netloc}{CALLBACK}"
