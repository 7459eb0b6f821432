"""Logging in at an identity provider: OpenID Connect, authorization code with PKCE (RFC 7636, RFC 9700).

State, nonce and PKCE verifier of a login derive from a random cookie of the browser that began it, signed with a key
that this process makes at its start. Nothing is stored until the answer comes, so that begun logins cannot fill memory.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from geo.errors import BadInput, WatchlineError
from ops.accounts.person import Role, checked_name, checked_roles
from ops.accounts.settings import OidcSettings

log = logging.getLogger(__name__)

SECRET_VARIABLE: Final = "WATCHLINE_OIDC_SECRET"  # noqa: S105 - a variable's name
LOGIN_WITHIN_S: Final = 600.0
LEEWAY_S: Final = 60
"""By which the clocks of provider and server may differ."""
ANSWERS_WITHIN_S: Final = 10.0
"""Longest time for one step of an answer, and for all of it."""
UNREACHED_S: Final = 5.0
"""How long a provider that gave no metadata is not asked for them again."""
MOST_BYTES: Final = 1_000_000
METADATA_S: Final = 3600.0
KEYS_AGAIN_S: Final = 10.0
"""Shortest time between two requests for the provider's keys, which a token with an unknown key causes."""
MOST_USED: Final = 10_000
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""Signatures only: neither ``none`` nor an HMAC, whose key the client knows."""


class OidcRefused(WatchlineError):
    """A login at the identity provider that is refused; ``reason`` names the sentence for the person."""

    def __init__(self, sentence: str, *, reason: str = "token") -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identified:
    """A person as the provider states her."""

    issuer: str
    subject: str
    login: str
    name: str
    roles: Mapping[str, Role]


@dataclass(frozen=True, slots=True)
class Begun:
    """A begun login: where to send the browser, and the cookie that it needs on its return."""

    address: str
    cookie: str


Fetch = Callable[[str, Mapping[str, str] | None, tuple[str, str] | None], Any]
"""JSON of an address: by GET, or by POST of a form, with name and password of the client."""


class Provider:
    """One identity provider. Thread-safe. ``now_s`` is the wall clock, UTC seconds since 1970."""

    def __init__(
        self,
        settings: OidcSettings,
        *,
        secret: str | None = None,
        now_s: Callable[[], float] = time.time,
        fetch: Fetch | None = None,
    ) -> None:
        self._settings, self._secret, self._now_s = settings, secret, now_s
        self._fetch = fetch or fetch_json
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._metadata: tuple[float, Mapping[str, Any]] | None = None
        self._unreached: tuple[float, OidcRefused] | None = None
        self._keys: tuple[float, Any] | None = None
        self._used: dict[str, float] = {}

    @property
    def label(self) -> str:
        """Name of the provider on the login page."""
        return self._settings.label

    @property
    def redirect(self) -> str:
        """Address of this server that the provider returns to; empty for the one that the browser used."""
        return self._settings.redirect

    def begin(self, redirect: str) -> Begun:
        """Begin a login that returns to ``redirect``. OidcRefused if the provider cannot be reached."""
        signed = f"{int(self._now_s())}.{secrets.token_urlsafe(32)}"
        cookie = f"{signed}.{self._mac(signed)}"
        challenge = hashlib.sha256(_derived(cookie, "verifier").encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect,
            "scope": "openid profile",
            "state": _derived(cookie, "state"),
            "nonce": _derived(cookie, "nonce"),
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        endpoint = self._endpoint("authorization_endpoint")
        return Begun(f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", cookie)

    def finish(self, cookie: str | None, answer: Mapping[str, str], redirect: str) -> Identified:
        """The person whom the provider's answer (the query of the return) identifies, or OidcRefused."""
        self._check_return(cookie, answer)
        assert cookie is not None
        self._use_once(answer["state"])
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": redirect,
            "client_id": self._settings.client_id,
            "code_verifier": _derived(cookie, "verifier"),
        }
        client = None
        if self._secret is not None:
            methods = self._described().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
            if "client_secret_basic" in methods:
                client = (quote(self._settings.client_id, safe=""), quote(self._secret, safe=""))
            else:
                form["client_secret"] = self._secret
        token = self._fetch(self._endpoint("token_endpoint"), form, client)
        if not isinstance(token, dict) or not isinstance(token.get("id_token"), str):
            raise OidcRefused("The identity provider gave no ID token.")
        return self._identified(self._claims(token["id_token"], nonce=_derived(cookie, "nonce")))

    def _check_return(self, cookie: str | None, answer: Mapping[str, str]) -> None:
        signed, _, mac = (cookie or "").rpartition(".")
        if not hmac.compare_digest(self._mac(signed).encode(), mac.encode(errors="replace")):
            raise OidcRefused("This browser has begun no login at the identity provider.", reason="ended")
        if not 0 <= self._now_s() - float(signed.partition(".")[0]) <= LOGIN_WITHIN_S:
            raise OidcRefused("The login at the identity provider took too long.", reason="ended")
        state = answer.get("state", "").encode(errors="replace")
        if not hmac.compare_digest(_derived(cookie or "", "state").encode(), state):
            raise OidcRefused("The identity provider's answer belongs to another login (state).")
        if "error" in answer:
            log.warning("The identity provider refused a login: %s", ascii(answer["error"][:200]))
            raise OidcRefused("The identity provider refused the login.")
        if answer.get("iss", self._settings.issuer) != self._settings.issuer:  # RFC 9207
            raise OidcRefused("The answer comes from another identity provider (iss).")
        if not answer.get("code"):
            raise OidcRefused("The identity provider's answer has no code.")

    def _use_once(self, state: str) -> None:
        now_s = self._now_s()
        with self._lock:
            self._used = {one: ends_s for one, ends_s in self._used.items() if ends_s > now_s}
            if state in self._used:
                raise OidcRefused("This answer of the identity provider has been used before.")
            if len(self._used) >= MOST_USED:  # the provider, too, takes a code once
                del self._used[next(iter(self._used))]
            self._used[state] = now_s + 2 * LOGIN_WITHIN_S

    def _claims(self, token: str, *, nonce: str) -> Mapping[str, Any]:
        """The claims of a valid ID token (OpenID Connect Core 1.0, section 3.1.3.7)."""
        from joserfc.errors import JoseError  # loaded with the first such login
        from joserfc.jwt import JWTClaimsRegistry

        registry = JWTClaimsRegistry(
            now=lambda: int(self._now_s()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            claims = self._decoded(token)
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            why = getattr(error, "error", type(error).__name__)
            claim = getattr(error, "claim", "") or getattr(error, "description", "")
            raise OidcRefused(f"The ID token is not valid ({why}{': ' + str(claim)[:100] if claim else ''}).") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", self._settings.client_id) != self._settings.client_id or (several and "azp" not in claims):
            raise OidcRefused("The ID token was issued to another client (azp).")
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        """The claims of a token with a valid signature; the keys are read again for one that is not yet known."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        keys, fresh = self._key_set(again=False)
        try:
            return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError):
            if fresh:
                raise
        keys, _ = self._key_set(again=True)
        return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)

    def _key_set(self, *, again: bool) -> tuple[Any, bool]:
        """The provider's keys, and whether they have been read just now."""
        from joserfc.jwk import KeySet

        now_s = self._now_s()
        with self._lock:
            known = self._keys
        due = known is None or now_s - known[0] > METADATA_S or (again and now_s - known[0] > KEYS_AGAIN_S)
        if not due:
            assert known is not None
            return known[1], False
        document = self._fetch(self._endpoint("jwks_uri"), None, None)
        try:
            keys = KeySet.import_key_set(document)
        except Exception as error:  # noqa: BLE001 - whatever a foreign document causes
            log.warning("The identity provider's keys cannot be read: %s", ascii(str(error)[:300]))
            raise OidcRefused("The identity provider's keys cannot be read.", reason="provider") from None
        with self._lock:
            self._keys = now_s, keys
        return keys, True

    def _identified(self, claims: Mapping[str, Any]) -> Identified:
        settings, subject = self._settings, str(claims["sub"])
        if not subject or len(subject) > 255:
            raise OidcRefused("The ID token has no usable subject (sub).")
        login = claims.get("preferred_username") or claims.get("email") or subject
        roles = self._roles_of(claims, str(login))
        if not roles:  # refused whatever the name: the login takes away the roles that the person had
            return Identified(settings.issuer, subject, "", "", roles)
        stated = claims.get(settings.name_claim) or login
        try:
            name = checked_name(stated if isinstance(stated, str) else "")
            login = checked_name(str(login)[:64])
        except BadInput:
            raise OidcRefused("The identity provider states a name that cannot be shown.", reason="name") from None
        return Identified(settings.issuer, subject, login, name, roles)

    def _roles_of(self, claims: Mapping[str, Any], login: str) -> Mapping[str, Role]:
        """The roles of the provider's groups; none where two of them are in one sector."""
        settings = self._settings
        groups = claims.get(settings.role_claim, [])
        groups = groups if isinstance(groups, list) else [groups]
        texts = dict.fromkeys(settings.roles[one] for one in groups if isinstance(one, str) and one in settings.roles)
        try:
            return checked_roles(list(texts))
        except BadInput as error:
            log.warning("The identity provider's groups of %s contradict one another: %s", ascii(login[:64]), error)
            return {}

    def _endpoint(self, name: str) -> str:
        address = self._described().get(name)
        if not isinstance(address, str) or not _is_safe(address):
            raise OidcRefused(f"The identity provider's metadata has no usable {name}.", reason="provider")
        return address

    def _described(self) -> Mapping[str, Any]:
        now_s = self._now_s()
        with self._lock:
            known, unreached = self._metadata, self._unreached
        if known is None or now_s - known[0] > METADATA_S:
            if unreached is not None and 0.0 <= now_s - unreached[0] < UNREACHED_S:
                raise OidcRefused(str(unreached[1]), reason=unreached[1].reason)
            address = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            try:
                document = self._fetch(address, None, None)
            except OidcRefused as error:
                with self._lock:
                    self._unreached = self._now_s(), error
                raise
            if not isinstance(document, dict) or document.get("issuer") != self._settings.issuer:
                raise OidcRefused("The identity provider's metadata states another issuer.", reason="provider")
            known = now_s, document
            with self._lock:
                self._metadata = known
        return known[1]

    def _mac(self, signed: str) -> str:
        return hmac.new(self._key, signed.encode(errors="replace"), hashlib.sha256).hexdigest()


def fetch_json(address: str, form: Mapping[str, str] | None, client: tuple[str, str] | None) -> Any:
    """JSON of an address, without following redirects; OidcRefused if there is none. Its certificate is checked."""
    import httpx  # loaded with the first such login

    if not _is_safe(address):
        raise OidcRefused("The identity provider's address is not https.", reason="provider")
    try:
        with (
            httpx.Client(timeout=ANSWERS_WITHIN_S, auth=client, follow_redirects=False) as http,
            http.stream("GET" if form is None else "POST", address, data=form) as answer,
        ):
            body, begun_s = bytearray(), time.monotonic()
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES or time.monotonic() - begun_s > ANSWERS_WITHIN_S:
                    raise ValueError(f"more than {MOST_BYTES} bytes, or than {ANSWERS_WITHIN_S} s")
            if answer.status_code != 200:
                raise ValueError(f"status {answer.status_code}")
            return json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        log.warning("%s: %s", ascii(address[:200]), ascii(str(error)[:300]))
        reason = "provider" if form is None else "token"
        raise OidcRefused("The identity provider gave no answer that can be used.", reason=reason) from None


def _derived(cookie: str, use: str) -> str:
    digest = hashlib.sha256(f"{use}:{cookie}".encode(errors="replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_safe(address: str) -> bool:
    """Whether an address is https, or on this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))
