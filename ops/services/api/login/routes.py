"""Routes of the login and account pages, and what a page or a program may ask about its person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from geo.errors import BadInput
from ops.accounts import second_factor
from ops.accounts.accounts import Accounts, LoginRefused, form_token
from ops.accounts.passwords import LEAST_CHARACTERS, Busy, CommonPassword
from ops.accounts.person import Person, Role, Session
from ops.accounts.rights import MEANINGS, Right
from ops.audit.purposes import is_purpose, purpose_of
from ops.drawing.colours import with_colours
from ops.drawing.typeface.page_font import linked_rules
from ops.services.api.login.forms import (
    VISIT,
    drop_cookie,
    give_session,
    origin_of,
    page_after,
    read_form,
    read_login,
    set_cookie,
    visit_of,
)
from ops.services.api.login.gate import ACCOUNT, CONFIDENTIAL, LOGIN, Served, session_cookie
from ops.services.api.login.pages import FOLDER, catalogue_of, picture_address, render

Form = Annotated[Mapping[str, str], Depends(read_form)]
LoginForm = Annotated[Mapping[str, str] | None, Depends(read_login)]
NextPage = Annotated[str | None, Query(alias="next", max_length=2000)]
_DONE: Final = ("password", "second-factor", "sessions", "purpose")


class Me(BaseModel):
    """The person of a request. ``login``: false without accounts. ``form_token``: for ``POST /logout`` by a page.

    ``purpose``: for which reads are recorded, set for this login or the default of the role. ``rights``: what the
    person may do in this sector.
    """

    name: str
    account: str
    role: Role | None
    sector: str
    login: bool
    form_token: str
    purpose: str
    rights: list[Right]


class LoginInForce(BaseModel):
    """A login of the person of the request."""

    session: str
    kind: str
    began: datetime
    ends: datetime
    seen: datetime
    address: str
    label: str
    own: bool


class PersonEntry(BaseModel):
    """A person, for an administrator."""

    account: str
    name: str
    roles: Mapping[str, Role]
    locked: bool
    second_factor: bool


class LocalRoutes:
    """The person who makes the request, and the style of the server's own pages: all on a server without accounts."""

    def __init__(self, sector: str, served: Served | None = None) -> None:
        """``served``: what the server serves, if that is not one sector."""
        self.sector, self.served = sector, served or Served((sector,))
        self._style = linked_rules() + with_colours((FOLDER / "login.css").read_text(encoding="utf-8"))

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        style: Any = {"include_in_schema": False, "response_class": Response}
        app.add_api_route("/login.css", self.style, methods=["GET"], **style)
        app.add_api_route("/v1/me", self.me, methods=["GET"], response_model=Me)

    def style(self) -> Response:
        """The style sheet of these pages."""
        return Response(self._style, media_type="text/css; charset=utf-8", headers={"Cache-Control": "no-cache"})

    def me(self, request: Request) -> Me:
        """The person of the request."""
        person, cookie = person_of(request), session_cookie(request.scope) or ""
        return Me(
            name=person.name,
            account=person.login,
            role=person.role_in(self.sector),
            sector=self.sector,
            login=person.session.kind == "browser",
            form_token=form_token(cookie) if cookie else "",
            purpose=person.session.purpose or purpose_of(person.role_in(self.sector) or ""),
            rights=[right for right in MEANINGS if self.served.allows(person, right)],
        )


class LoginRoutes(LocalRoutes):
    """The handlers; synchronous ones run in threads, so that a slow hash delays no other request."""

    def __init__(
        self, accounts: Accounts, sector: str, *, title: str, provider: str | None = None, served: Served | None = None
    ) -> None:
        super().__init__(sector, served)
        self._accounts, self._title, self._provider = accounts, title, provider

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        super().add_to(app)
        app.add_api_route("/v1/sessions", self.sessions, methods=["GET"], response_model=list[LoginInForce])
        app.add_api_route("/v1/sessions/{session}", self.end, methods=["DELETE"], status_code=204)
        app.add_api_route("/v1/people", self.people, methods=["GET"], response_model=list[PersonEntry])
        for method, path, handler in (
            ("GET", LOGIN, self.login_page),
            ("POST", LOGIN, self.log_in),
            ("POST", "/login/code", self.confirm),
            ("POST", "/logout", self.log_out),
            ("GET", ACCOUNT, self.account_page),
            ("POST", "/account/password", self.set_password),
            ("POST", "/account/second-factor", self.set_second_factor),
            ("POST", "/account/sessions", self.end_from_page),
            ("POST", "/account/purpose", self.set_purpose),
        ):
            app.add_api_route(path, handler, methods=[method], include_in_schema=False, response_class=Response)

    # --- login

    def login_page(self, request: Request, after: NextPage = None) -> Response:
        """The login page, or the first page for a person who is logged in."""
        person: Person | None = request.state.person
        if person is not None:
            return _lead(page_after(after) or self.served.first_page(person))
        return self.login_form(request, after)

    def log_in(self, request: Request, form: LoginForm) -> Response:
        """Check name and password."""
        if form is None:
            return _lead(self.served.first_page(person_of(request)))
        try:
            result = self._accounts.log_in(form.get("name", ""), form.get("password", ""), origin_of(request))
        except (LoginRefused, Busy) as error:
            return self.login_form(request, form.get("next"), error=error, name=form.get("name", "")[:64])
        if result.person.session.kind == "code":
            answer = self._step(request, "code", form.get("next"), result.cookie, None)
            set_cookie(request, answer, "session", result.cookie)
            return answer
        return self.enter(request, result, form.get("next"))

    def confirm(self, request: Request, form: Form) -> Response:
        """Check the code of the second factor."""
        cookie = session_cookie(request.scope) or ""
        try:
            result = self._accounts.confirm(cookie, form.get("code", ""), origin_of(request))
        except LoginRefused as error:
            if error.reason == "ended":
                return self.login_form(request, form.get("next"), error=error)
            return self._step(request, "code", form.get("next"), cookie, error)
        return self.enter(request, result, form.get("next"))

    def enter(self, request: Request, result: Any, after: str | None) -> Response:
        """Lead a person who has logged in to her page, with the cookies of the session."""
        person = result.person
        page = ACCOUNT if person.must_set_password else page_after(after) or self.served.first_page(person)
        answer = _lead(page)
        give_session(request, answer, result)
        drop_cookie(request, answer, VISIT)
        return answer

    def login_form(
        self, request: Request, after: str | None, *, error: Exception | None = None, name: str = ""
    ) -> Response:
        """The form of name and password, with the reason of a refusal."""
        cookie, new = visit_of(request)
        answer = self._step(request, "password", after, cookie, error, name=name if name.isprintable() else "")
        if new:
            set_cookie(request, answer, VISIT, cookie)
        return answer

    def _step(
        self,
        request: Request,
        step: Literal["password", "code"],
        after: str | None,
        cookie: str,
        error: Exception | None,
        *,
        name: str = "",
    ) -> Response:
        answer = render(
            request,
            "login.html",
            cookie=cookie,
            status=_status(error),
            sector=self._title,
            step=step,
            problem=_problem(request, error),
            name=name,
            next=page_after(after) or "",
            provider=self._provider,
        )
        answer.headers.update(_retry(error))
        return answer

    def log_out(self, request: Request, form: Form) -> Response:  # noqa: ARG002 - its token is checked
        """End the session."""
        self._accounts.log_out(session_cookie(request.scope) or "")
        answer = _lead(LOGIN)
        drop_cookie(request, answer, "session")
        return answer

    # --- account

    def account_page(self, request: Request, done: str | None = None) -> Response:
        """The person's own account."""
        return self._account(request, done=done if done in _DONE else None)

    def _account(self, request: Request, *, error: Exception | None = None, done: str | None = None) -> Response:
        person, cookie = person_of(request), session_cookie(request.scope) or ""
        account = self._accounts.store.account_of_id(person.id)
        if account is None:
            raise HTTPException(401, "Log in first.")
        given = (request.scope.get("form") or {}).get("secret")
        wanted = request.query_params.get("second-factor") == "new" or given is not None
        secret = second_factor.new_secret() if wanted and account.totp is None else None
        if secret and given and second_factor.is_secret(given):
            secret = given  # the one that the app has already, after a wrong code
        picture = second_factor.qr_svg(secret, person.login, sector=self.sector) if secret else ""
        answer = render(
            request,
            "account.html",
            cookie=cookie,
            status=_status(error),
            sector=self._title,
            person=person,
            home=self.served.first_page(person),
            may_approve=not person.must_set_password and self._opens(person, "/approvals"),
            may_partners=not person.must_set_password and self._opens(person, "/partners"),
            may_report=bool(self.served.rights(CONFIDENTIAL)),
            may_eurosur=not person.must_set_password and self._opens(person, "/eurosur"),
            local=account.issuer is None,
            least=LEAST_CHARACTERS,
            purpose=person.session.purpose,
            default_purpose=purpose_of(person.role_in(self.sector) or ""),
            second_factor=account.totp is not None,
            secret=secret,
            picture=picture_address(picture),
            sessions=[_login(one, person) | {"key": one.key} for one in self._accounts.store.sessions_of(person.id)],
            problem=_problem(request, error),
            done=done,
        )
        answer.headers.update(_retry(error))
        return answer

    def _opens(self, person: Person, page: str) -> bool:
        """Whether this server has a page that the person may open."""
        right = self.served.rights(page).get("GET")
        return right is not None and self.served.allows(person, right)

    def set_password(self, request: Request, form: Form) -> Response:
        """Set a new password."""
        if form.get("new", "") != form.get("again", ""):
            return self._account(request, error=LoginRefused("The new passwords differ.", reason="different"))
        try:
            result = self._accounts.set_password(
                person_of(request), form.get("old", ""), form.get("new", ""), origin_of(request)
            )
        except (LoginRefused, BadInput, Busy) as error:
            return self._account(request, error=error)
        answer = _lead(f"{ACCOUNT}?done=password")
        give_session(request, answer, result)
        return answer

    def set_second_factor(self, request: Request, form: Form) -> Response:
        """Switch the second factor on or off."""
        try:
            secret, code, password = form.get("secret"), form.get("code", ""), form.get("password", "")
            self._accounts.set_second_factor(person_of(request), secret, code, origin_of(request), password=password)
        except (LoginRefused, Busy) as error:
            request.scope["form"] = form
            return self._account(request, error=error)
        return _lead(f"{ACCOUNT}?done=second-factor")

    def set_purpose(self, request: Request, form: Form) -> Response:
        """Set the purpose of what the person reads in this login; an empty one is the default of the role."""
        text = " ".join(form.get("purpose", "").split())
        if text and not is_purpose(text):
            return self._account(request, error=LoginRefused("The purpose cannot be logged.", reason="purpose"))
        self._accounts.store.set_purpose(person_of(request).session.key, text)
        return _lead(f"{ACCOUNT}?done=purpose")

    def end_from_page(self, request: Request, form: Form) -> Response:
        """End another login of the person."""
        self._accounts.store.end_session(form.get("session", ""), person_of(request).id)
        return _lead(f"{ACCOUNT}?done=sessions")

    # --- for programs and the live map

    def sessions(self, request: Request) -> list[LoginInForce]:
        """The person's own logins, the newest first."""
        person = person_of(request)
        return [
            LoginInForce(session=one.key, ends=_utc(one.ends_s), **_login(one, person))
            for one in self._accounts.store.sessions_of(person.id)
        ]

    def end(self, request: Request, session: str) -> Response:
        """End one of the person's own logins."""
        if not self._accounts.store.end_session(session, person_of(request).id):
            raise HTTPException(404, "There is no login of yours with this id.")
        return Response(status_code=204)

    def people(self) -> list[PersonEntry]:
        """Every account with its roles."""
        return [
            PersonEntry(
                account=one.login,
                name=one.name,
                roles=one.roles,
                locked=one.locked,
                second_factor=one.totp is not None,
            )
            for one in self._accounts.store.accounts()
        ]


def person_of(request: Request) -> Person:
    """The person that the gate has found."""
    person: Person = request.state.person
    return person


def _login(session: Session, person: Person) -> dict[str, Any]:
    return {
        "kind": session.kind,
        "began": _utc(session.began_s),
        "seen": _utc(session.seen_s),
        "address": session.address,
        "label": session.label,
        "own": session.key == person.session.key,
    }


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0)


def _lead(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})


def _problem(request: Request, error: Exception | None) -> str | None:
    """The sentence for a refusal, in the language of the page."""
    if error is None:
        return None
    reason = "password"
    if isinstance(error, LoginRefused):
        reason = error.reason
    elif isinstance(error, Busy | CommonPassword):
        reason = "busy" if isinstance(error, Busy) else "common"
    wait_s = max(1, round(getattr(error, "wait_s", 0.0)))
    return catalogue_of(request).say("accounts-problem", reason=reason, seconds=wait_s, least=LEAST_CHARACTERS)


def _status(error: Exception | None) -> int:
    if error is None:
        return 200
    if isinstance(error, Busy):
        return 503
    if isinstance(error, LoginRefused):
        return {"wait": 429, "provider": 503, "different": 422, "purpose": 422}.get(error.reason, 403)
    return 422


def _retry(error: Exception | None) -> dict[str, str]:
    wait_s = getattr(error, "wait_s", 0.0)
    return {"Retry-After": str(max(1, round(wait_s)))} if wait_s > 0.0 else {}
