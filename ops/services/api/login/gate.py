"""The gate before all routes: who makes the request, and whether the table of rights allows it.

It sets ``request.state.person``. A device of a field unit has its own cookie, which counts for the addresses of field
units only, and for which the unit stands as the person. With accounts, a request needs the cookie of a session, or a
program's token in the header ``Authorization: Bearer``; without accounts (a demonstration, tests) everyone is the local
person. A page that needs a login leads to the login page; every other refusal is a problem answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ops.accounts.accounts import TOUCH_EVERY_S, Accounts
from ops.accounts.person import Person, Session
from ops.accounts.rights import Right, has, rights_at
from ops.accounts.store import AccountStoreError
from ops.field.certificates import CertificateRefused, UnitCertificates
from ops.field.devices import Device, DeviceStore, DeviceStoreError
from ops.releasability.decision import UNMARKED
from ops.services.api.login.bounce import bounce
from ops.services.api.problems import ProblemAnswer, accounts_unusable
from ops.services.api.release import CLOSED
from ops.services.api.serving.connections import CLIENT_CERTIFICATE

LOGIN: Final = "/login"
ACCOUNT: Final = "/account"
PAGES: Final = (
    "/",
    "/plan.html",
    "/handover",
    "/after-action",
    "/scorecard",
    "/action-plan",
    "/audit",
    "/approvals",
    "/partners",
    "/eurosur",
    "/drill",
    ACCOUNT,
)
"""Pages that people open; a person without the right for one is led to the first that she may open."""
CONFIDENTIAL: Final = "/confidential"
"""The page of confidential reports: that a person used it is not even noted as the time of her last request."""
LOGIN_PORT: Final = "watchline.login_port"
"""Key of a request's scope: the port of the server whose logins count here too."""
UNIT_COOKIE: Final = "unit"
FIELD_PATH: Final = "/v1/field"
"""The addresses to which browsers send the cookie of a field unit's device."""
NOT_ENROLLED: Final = "This device is not enrolled, or was revoked."
FIELD_ONLY: Final = "A device of a field unit may use the addresses of its unit only."
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True)
class Served:
    """What a server serves: its sectors, in any of which a right counts, its table of rights, and its pages, in the
    order in which a person is led to them."""

    sectors: tuple[str, ...]
    rights: Callable[[str], Mapping[str, Right]] = rights_at
    pages: tuple[str, ...] = PAGES

    def allows(self, person: Person, right: Right) -> bool:
        """Whether a person has a right in a sector of this server."""
        return any(has(person, right, sector) for sector in self.sectors)

    def first_page(self, person: Person) -> str:
        """The first page that a person may open."""
        return next(page for page in self.pages if self.allows(person, self.rights(page)["GET"]))


class LoginGate:
    """ASGI middleware; ``accounts`` None: everyone is ``local``."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        accounts: Accounts | None,
        local: Person,
        sector: str | Served,
        closed: Callable[[Person, str], bool] = lambda _, __: False,
        devices: DeviceStore | None = None,
        certificates: UnitCertificates | None = None,
        limit_of: Callable[[str], str] = lambda _: UNMARKED,
    ) -> None:
        """``sector``: the sector of this server, or what it serves instead.

        ``closed``: whether an address is closed to a person, because of markings that she may not receive.

        ``devices``: those of field units, which may log in by ``certificates``; ``limit_of`` gives the most restrictive
        marking that a unit receives.
        """
        self._app, self._accounts, self._local, self._closed = app, accounts, local, closed
        self._served = Served((sector,)) if isinstance(sector, str) else sector
        self._devices, self._certificates, self._limit_of = devices, certificates, limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        if self._served.rights(scope["path"]).get(_method(scope)) == "field":
            await self._of_unit(scope, receive, send)
            return
        if cookie_of(scope, UNIT_COOKIE) is not None and self._is_only_a_device(scope):
            await ProblemAnswer(403, FIELD_ONLY, scope["path"])(scope, receive, send)
            return
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
            unseen = scope["path"] == CONFIDENTIAL
            if person is not None and not unseen and self._accounts.now_s() - person.session.seen_s >= TOUCH_EVERY_S:
                await run_in_threadpool(self._accounts.seen, person.session)
        await self._app(scope, receive, send)

    async def _of_unit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to an address of field units: for a device that may be used, and for no one else."""
        try:
            device = await self._device(scope)
            if self._devices is None or device is None:
                refused = ProblemAnswer(401, NOT_ENROLLED, scope["path"])
                if cookie_of(scope, UNIT_COOKIE) is not None:  # no longer in force: then a certificate may log in
                    name, secure = cookie_name(scope, UNIT_COOKIE), scope["scheme"] == "https"
                    refused.delete_cookie(name, FIELD_PATH, secure=secure, httponly=True, samesite="strict")
                await refused(scope, receive, send)
                return
            await run_in_threadpool(self._devices.seen, device)
        except CertificateRefused as error:
            await ProblemAnswer(401, str(error), scope["path"])(scope, receive, send)
            return
        except DeviceStoreError as error:
            await accounts_unusable(error, scope["path"])(scope, receive, send)
            return
        scope["state"] |= {"device": device, "person": unit_as_person(device, self._limit_of(device.unit))}
        await self._app(scope, receive, send)

    async def _device(self, scope: Scope) -> Device | None:
        """The device of a request by its cookie, or else by its client certificate. CertificateRefused."""
        cookie = cookie_of(scope, UNIT_COOKIE)
        if self._devices is not None and cookie is not None:
            return self._devices.device_of(cookie)
        certificate = scope["state"].get(CLIENT_CERTIFICATE)
        if self._certificates is None or certificate is None:
            return None
        return await run_in_threadpool(self._certificates.device_of, certificate)

    def _is_only_a_device(self, scope: Scope) -> bool:
        """Whether a request that carries the cookie of a device has no other login, to an address that needs one."""
        if self._served.rights(scope["path"]).get(_method(scope)) == "open":
            return False
        return self._accounts is None or (bearer(scope) is None and session_cookie(scope) is None)

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
        path, method = scope["path"], _method(scope)
        rights = self._served.rights(path)
        right = rights.get(method)
        if right is None:
            sentence = "This address does not take this method." if rights else "There is nothing at this address."
            headers = {"Allow": ", ".join(sorted(rights))} if rights else None
            return ProblemAnswer(405 if rights else 404, sentence, path, headers)
        if right == "open":
            return None
        if person is None:
            if path in self._served.pages:
                query = scope["query_string"].decode("latin-1")
                page = path + ("?" + query if query else "")
                if "cross-site" in header_values(scope, b"sec-fetch-site"):
                    return bounce(page)  # without the cookie, whether or not the person is logged in
                return _lead(f"{LOGIN}?next={quote(page, safe='')}")
            return ProblemAnswer(401, "Log in first.", path, {"WWW-Authenticate": "Bearer"})
        if right == "own" and method == "POST" and person.session.kind == "program":
            return ProblemAnswer(403, "A program's token does not change the account; log in with a browser.", path)
        if person.must_set_password and right != "own":
            return _lead(ACCOUNT) if path in self._served.pages else ProblemAnswer(403, "Set a password first.", path)
        if self._served.allows(person, right):
            if right in ("own", "audit") or not self._closed(person, path):
                return None
            return ProblemAnswer(403, CLOSED, path)
        return self._forbidden(path, person, right)

    def _forbidden(self, path: str, person: Person, right: Right) -> Response:
        if path in self._served.pages:
            return _lead(self._served.first_page(person))
        roles = sorted({role for sector in self._served.sectors if (role := person.role_in(sector)) is not None})
        where = self._served.sectors[0] if len(self._served.sectors) == 1 else "any of these sectors"
        owner = f"The role {', '.join(roles)}" if roles else f"A person without a role in {where}"
        return ProblemAnswer(403, f"{owner} does not have the right {right!r}.", path)


class LoginsOf:
    """ASGI middleware, outside of all that reads cookies: the logins of the server at ``port`` count here too.

    Browsers send a cookie to every port of a host; both servers must use the same accounts.
    """

    def __init__(self, app: ASGIApp, *, port: int, requested: Callable[[], object] = lambda: None) -> None:
        """``requested`` is called after each request of a person who is logged in."""
        self._app, self._port, self._requested = app, port, requested

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[LOGIN_PORT] = self._port
        await self._app(scope, receive, send)
        if scope["type"] == "http" and scope.get("state", {}).get("person") is not None:
            self._requested()


def unit_as_person(device: Device, limit: str) -> Person:
    """A field unit as the one who makes a request with its device: it has no role. ``limit``: its marking limit."""
    session = Session(device.id, "unit", device.enrolled_s, float("inf"), label=device.name)
    return Person(f"device {device.id}", f"unit {device.unit}", device.unit, session, releasability=limit)


def _method(scope: Scope) -> str:
    return "GET" if scope["method"] == "HEAD" else str(scope["method"])


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

    With TLS, browsers take a name ``__Host-…`` only from this host, with Secure and for all paths; ``__Secure-…`` with
    Secure, also for some paths only. A server that takes the logins of another names its cookies by that one's port.
    """
    port = scope.get(LOGIN_PORT) or (scope.get("server") or ("", 0))[1]
    secured = "__Secure-" if part == UNIT_COOKIE else "__Host-"
    return f"{secured if scope['scheme'] == 'https' else ''}watchline-{part}-{port}"


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
