"""Accounts: logging in and out, sessions, passwords, the second factor, and administration.

A wrong name and a wrong password are answered with the same sentence after the same work. A session is a random number
of 256 bits that only its browser knows; each login, each finished second factor and each new password gives a new one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from geo.errors import BadInput, WatchlineError
from ops.accounts import passwords, second_factor
from ops.accounts.limits import Counted, digest, keys_of
from ops.accounts.passwords import check_new, secret_hash
from ops.accounts.person import (
    BY_PROVIDER,
    EVERY_SECTOR,
    KEPT_OF_NAME,
    Person,
    Role,
    Session,
    SessionKind,
    checked_login,
    checked_name,
    name_key,
)
from ops.accounts.settings import AccountSettings
from ops.accounts.store import Account, AccountStore

SECRET_S: Final = 86_400.0
CODE_S: Final = 300.0
"""Time for the second factor."""
FIRST_PASSWORD_S: Final = 900.0
"""Time for setting a password after a login with a one-time secret."""
DEVICE_S: Final = 90 * 86_400.0
MOST_SESSIONS: Final = 20
"""Logins of one person, and as many that lack the second factor; the oldest ends when there would be more. Tokens of
programs end at their time only."""
TOUCH_EVERY_S: Final = 60.0
_HOUR_S: Final = 3600.0


class LoginRefused(WatchlineError):
    """A login that is refused; ``reason`` names the sentence for the person in the catalogue."""

    def __init__(self, sentence: str, *, reason: str = "wrong", wait_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class LoginOrigin:
    """Where a login comes from. ``device``: the cookie of a browser that has logged in before."""

    address: str = ""
    browser: str = ""
    device: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session: the ``cookie`` to give to the browser, and the ``device`` cookie of a finished login."""

    cookie: str = field(repr=False)
    person: Person
    device: str | None = field(default=None, repr=False)


class Accounts:
    """The accounts of an installation. Thread-safe; ``now_s`` is the wall clock, UTC seconds since 1970."""

    def __init__(
        self, store: AccountStore, settings: AccountSettings | None = None, *, now_s: Callable[[], float] = time.time
    ) -> None:
        self.store = store
        self.settings = settings or AccountSettings()
        self.now_s = now_s

    # --- logging in and out

    def log_in(self, login: str, password: str, origin: LoginOrigin) -> LoggedIn:
        """Check name and password, or name and one-time secret. Raises LoginRefused, or Busy.

        With a second factor the session is of the kind ``code`` until ``confirm``.
        """
        login = _login_or_blank(login)
        counted = self._take(login, origin)
        account = self.store.account(login)
        right = passwords.fits(None if account is None else account.password, password)
        if account is None or account.locked or not (right or self._use_secret(account, password)):
            raise LoginRefused("The name or the password is wrong.")
        if right:
            self._rehash(account, password)
        if account.totp is not None and right:
            self.store.forgive(counted, wholly=False)  # counted at its origin until the code is right
            return self._begin(account, "code", origin)
        self.store.forgive(counted)
        return self._begin(account if right else replace(account, must_set_password=True), "browser", origin)

    def confirm(self, cookie: str, code: str, origin: LoginOrigin) -> LoggedIn:
        """Finish a login with a code of the second factor; raises LoginRefused. Each code is taken once."""
        found = self._found(cookie)
        if found is None or found[0].kind != "code":
            raise LoginRefused("The login has ended; begin again.", reason="ended")
        session, account = found
        counted = self._take(account.login, origin)
        step = second_factor.step_of(account.totp or "", code, self.now_s()) if account.totp else None
        if step is None or not self.store.use_code(account.id, step):
            raise LoginRefused("The code is wrong or has been used.", reason="code")
        self.store.end_session(session.key)
        self.store.forgive(counted)
        return self._begin(account, "browser", origin)

    def log_in_subject(
        self, issuer: str, subject: str, *, login: str, name: str, roles: Mapping[str, Role], origin: LoginOrigin
    ) -> LoggedIn:
        """Log in a person whom an identity provider has identified; an unknown one gets an account.

        Name and roles are the provider's. Raises LoginRefused without a role, if locked, or if another has the name.
        """
        account = self.store.account_of_subject(issuer, subject)
        if not roles:
            if account is not None and account.roles:
                self.store.set_roles(account.id, {})
            raise LoginRefused("The identity provider gives this person no role here.", reason="no-role")
        if account is None:
            # No login by name and password: this login is outside of what people can type.
            unique = f"{BY_PROVIDER}{digest(issuer, subject)[:24]}"
            account = Account(secrets.token_hex(8), unique, "", "", issuer=issuer, subject=subject)
            account = self._named(replace(account, created_s=self.now_s(), roles=roles), name, login)
            self.store.add(account)
        elif account.locked:
            raise LoginRefused("This account is locked; ask an administrator.", reason="locked")
        else:
            known, account = account, self._named(replace(account, roles=roles), name, login)
            if known.name != account.name:
                self.store.change(account.id, name=account.name, name_key=account.name_key)
            if dict(known.roles) != dict(roles):
                self.store.set_roles(account.id, roles)
        return self._begin(account, "browser", origin)

    def _named(self, account: Account, name: str, login: str) -> Account:
        """The account under a provider's name, to which the login there is added where another account has the name."""
        key = name_key(name)
        if any(other.name_key == key and other.id != account.id for other in self.store.accounts()):
            name = checked_name(f"{name[:KEPT_OF_NAME]} ({login[:20]})")
        return replace(account, name=name, name_key=name_key(name))

    def log_out(self, cookie: str) -> None:
        """End the session of a cookie."""
        self.store.end_session(session_key(cookie))

    def person_of(self, cookie: str) -> Person | None:
        """The person of a session that is in force, else None: also for one who is locked or removed.

        A session of the kind ``code`` is in force for the second factor only, which the caller must see to.
        """
        found = self._found(cookie)
        return None if found is None else _person(*found)

    def still_in(self, person: Person) -> bool:
        """Whether the session of a person is in force and her rights are the same; as a request, it defers its end."""
        if person.session.kind == "local":
            return True
        found = self._found_key(person.session.key)
        if found is None:
            return False
        self.seen(found[0])
        return dict(found[1].roles) == dict(person.roles) and found[1].releasability == person.releasability

    def seen(self, session: Session) -> None:
        """Record that a session is in use, once a minute."""
        now_s = self.now_s()
        if abs(now_s - session.seen_s) >= TOUCH_EVERY_S:
            self.store.touch(session.key, now_s)

    # --- what people change themselves

    def set_password(self, person: Person, old: str, new: str, origin: LoginOrigin) -> LoggedIn:
        """Set a new password; all sessions end, and a new one begins. Raises BadInput or LoginRefused.

        ``old`` is not needed by a person who has logged in with a one-time secret.
        """
        account = self._account(person.id)
        check_new(new, login=account.login, name=account.name)
        if not person.must_set_password:
            counted = self._take(account.login, origin)
            if not passwords.fits(account.password, old):
                raise LoginRefused("The current password is wrong.", reason="old-wrong")
            self.store.forgive(counted)
        self.store.change(
            account.id, password=passwords.hashed(new), must_set_password=False, secret=None, secret_ends_s=None
        )
        self.store.end_sessions(account.id)
        return self._begin(self._account(person.id), "browser", origin)

    def set_second_factor(
        self, person: Person, secret: str | None, code: str, origin: LoginOrigin, *, password: str = ""
    ) -> None:
        """Switch the second factor on with the password and a code of the new secret, or off (None) with a code of the
        present one.

        Raises Busy or LoginRefused, also for a new secret in place of the present one, which is switched off first.
        """
        account = self._account(person.id)
        counted = self._take(account.login, origin)
        if secret is not None and not passwords.fits(account.password, password):
            raise LoginRefused("The current password is wrong.", reason="old-wrong")
        used = account.totp if secret is None else None if account.totp is not None else secret
        step = None if used is None else second_factor.step_of(used, code, self.now_s())
        if step is None or (secret is None and not self.store.use_code(account.id, step)):
            raise LoginRefused("The code is wrong or has been used.", reason="code")
        self.store.forgive(counted)
        self.store.change(account.id, totp=secret, totp_step=0 if secret is None else step)
        self.store.end_sessions(account.id, keep=person.session.key)

    # --- administration

    def add(self, login: str, name: str, roles: Mapping[str, Role]) -> str:
        """Add an account; return its one-time secret. Raises BadInput or NameTaken."""
        login, name = checked_login(login), checked_name(name)
        secret = passwords.new_secret()
        self.store.add(
            Account(
                secrets.token_hex(8),
                login,
                name,
                name_key(name),
                secret=secret_hash(secret),
                secret_ends_s=self.now_s() + SECRET_S,
                created_s=self.now_s(),
                roles=roles,
            )
        )
        return secret

    def reset(self, account: Account) -> str:
        """Take away password, second factor and sessions; return a new one-time secret, valid for 24 h."""
        secret = passwords.new_secret()
        self.store.change(
            account.id,
            password=None,
            totp=None,
            totp_step=0,  # a used step belongs to its secret
            must_set_password=False,
            secret=secret_hash(secret),
            secret_ends_s=self.now_s() + SECRET_S,
        )
        self.store.end_sessions(account.id)
        self.store.forget_attempts(digest("account", account.login))
        self.store.overwrite()
        return secret

    def lock(self, account: Account, *, locked: bool) -> None:
        """Lock an account and end its sessions, or unlock it and forget its failed logins."""
        if locked:
            self._check_not_last_admin(account)
            self.store.change(account.id, locked=True)
            self.store.end_sessions(account.id)
        else:
            self.store.change(account.id, locked=False)
            self.store.forget_attempts(digest("account", account.login))

    def set_roles(self, account: Account, roles: Mapping[str, Role]) -> None:
        """Replace a person's roles. Raises BadInput for the last administrator."""
        if "admin" not in roles.values():
            self._check_not_last_admin(account)
        self.store.set_roles(account.id, roles)

    def remove(self, account: Account) -> None:
        """Remove an account; its sessions end. Raises BadInput for the last administrator."""
        self._check_not_last_admin(account)
        self.store.remove(account.id)

    def _check_not_last_admin(self, account: Account) -> None:
        others = [one for one in self.store.accounts() if one.id != account.id and not one.locked]
        if "admin" in account.roles.values() and not any("admin" in one.roles.values() for one in others):
            expected = "another administrator first"
            raise BadInput(f"{account.login} is the last administrator", where="NAME", expected=expected)

    def first_admin(self) -> str | None:
        """The one-time secret of ``admin`` if no administrator has ever set a password; else None.

        It replaces the secret of an earlier start. None also if ``admin`` is the login of a person with another role.
        """
        accounts = self.store.accounts()
        existing = next((one for one in accounts if one.login == "admin"), None)
        if any("admin" in one.roles.values() and (one.password or one.issuer) for one in accounts):
            return None
        if existing is None:
            return self.add("admin", "Administrator", {EVERY_SECTOR: "admin"})
        return self.reset(existing) if "admin" in existing.roles.values() else None

    def token(self, account: Account, label: str, days: float) -> str:
        """A token for a program that reads as this person: ``Authorization: Bearer …``."""
        return self._new_session(account, "program", LoginOrigin(browser=label), days * 86_400.0)[0]

    # --- within

    def _take(self, login: str, origin: LoginOrigin) -> list[Counted]:
        now_s = self.now_s()
        device = None if origin.device is None else digest("device", origin.device)
        known = device is not None and self.store.knows_device(device, login, now_s)
        counted = keys_of(login, origin.address, device if known else None)
        wait_s = self.store.take_attempt(counted, now_s)
        if wait_s > 0.0:
            sentence = f"Too many failed logins; try again in {max(1, round(wait_s))} s."
            raise LoginRefused(sentence, reason="wait", wait_s=wait_s)
        return counted

    def _use_secret(self, account: Account, given: str) -> bool:
        """Whether this is the account's one-time secret, which is used up by it."""
        if account.secret is None or not hmac.compare_digest(account.secret, secret_hash(given)):
            return False
        if self.now_s() > (account.secret_ends_s or 0.0):
            return False
        return self.store.change(
            account.id, only_if_secret=account.secret, secret=None, secret_ends_s=None, must_set_password=True
        )

    def _rehash(self, account: Account, password: str) -> None:
        if account.password is not None and passwords.outdated(account.password):
            self.store.change(account.id, password=passwords.hashed(password))

    def _begin(self, account: Account, kind: SessionKind, origin: LoginOrigin) -> LoggedIn:
        lasts_s = self.settings.session_h * _HOUR_S
        if kind == "code":
            lasts_s = CODE_S
        elif account.must_set_password:
            lasts_s = FIRST_PASSWORD_S
        cookie, session = self._new_session(account, kind, origin, lasts_s)
        device = None
        if kind == "browser":
            device, now_s = origin.device or secrets.token_urlsafe(32), self.now_s()
            self.store.know_device(digest("device", device), account.id, now_s + DEVICE_S, now_s)
        return LoggedIn(cookie, _person(session, account), device)

    def _new_session(
        self, account: Account, kind: SessionKind, origin: LoginOrigin, lasts_s: float
    ) -> tuple[str, Session]:
        now_s, cookie = self.now_s(), secrets.token_urlsafe(32)
        label = "".join(sign for sign in origin.browser if sign.isprintable())[:200]
        session = Session(session_key(cookie), kind, now_s, now_s + lasts_s, origin.address[:64], label, now_s)
        self.store.add_session(session, account.id)
        if kind != "program":
            alike = [one for one in self.store.sessions_of(account.id) if one.kind == kind]
            for old in alike[MOST_SESSIONS:]:
                self.store.end_session(old.key)
        return cookie, session

    def _found(self, cookie: str) -> tuple[Session, Account] | None:
        return self._found_key(session_key(cookie))

    def _found_key(self, key: str) -> tuple[Session, Account] | None:
        found = self.store.session(key)
        if found is None:
            return None
        session, account = found
        now_s = self.now_s()
        idle = session.kind != "program" and now_s - session.seen_s > self.settings.idle_h * _HOUR_S
        return None if account.locked or idle or now_s > session.ends_s else found

    def _account(self, identity: str) -> Account:
        account = self.store.account_of_id(identity)
        if account is None:
            raise LoginRefused("This account has been removed.", reason="ended")
        return account


def session_key(cookie: str) -> str:
    """What is stored of a session's cookie: its SHA-256."""
    return hashlib.sha256(cookie.encode(errors="replace")).hexdigest()


def form_token(cookie: str) -> str:
    """The token that forms of a session carry; only those who know its cookie can make it."""
    return hmac.new(cookie.encode(errors="replace"), b"watchline form", hashlib.sha256).hexdigest()


def _login_or_blank(text: str) -> str:
    """The login, or "" for a text that cannot be one: it is then counted and checked as an unknown name."""
    try:
        return checked_login(text[:256])
    except WatchlineError:
        return ""


def _person(session: Session, account: Account) -> Person:
    return Person(
        account.id,
        account.name,
        account.login,
        session,
        account.roles,
        account.must_set_password,
        account.releasability,
    )
