"""Logging in at a real identity provider on this machine, and the tokens that are refused."""

from __future__ import annotations

import base64
import hmac
import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from oidc_provider_mock import User, app
from werkzeug.serving import BaseWSGIServer, make_server

from geo.errors import BadInput
from ops.accounts.accounts import LoginOrigin
from ops.accounts.oidc import KEYS_AGAIN_S, LOGIN_WITHIN_S, OidcRefused, Provider
from ops.accounts.settings import OidcSettings
from ops.services.api.login.oidc_routes import AT_ONCE
from tests.patience import PATIENT_S

ROLES = {"duty": "operator", "chiefs-north": "supervisor@hills", "staff": "viewer"}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider that knows some people."""
    people = [
        User(sub="7", claims={"name": "Ada Lovelace", "preferred_username": "ada", "roles": ["duty", "other"]}),
        User(sub="8", claims={"name": "Nobody Special", "roles": ["other"]}),
        User(sub="9", claims={"name": "a\u202eb", "roles": ["duty"]}),
        User(sub="10", claims={"name": HOSTILE, "roles": "duty"}),
        User(sub="11", claims={"name": "Two Roles", "roles": ["duty", "staff"]}),
        User(sub="12", claims={"name": ["not", "a", "text"], "roles": {"not": "a list"}}),
        User(sub="13", claims={"name": "M. Keller", "preferred_username": "keller2", "roles": ["chiefs-north"]}),
    ]
    with served(people) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@contextmanager
def served(people: Sequence[User]) -> Iterator[BaseWSGIServer]:
    """A provider in a thread; that of the library gives up its end after a second."""
    server = make_server("127.0.0.1", 0, app(user_claims=people), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(PATIENT_S)
        server.server_close()


def settings(issuer: str, **more: Any) -> OidcSettings:
    return OidcSettings(issuer, "watchline", ROLES, label="Border Police ID", **more)


@pytest.fixture
def world(new_world: Callable[..., Any], issuer: str) -> Iterator[Any]:
    with new_world(Provider(settings(issuer), secret="s3cret & more")) as opened:
        opened.add("keller", "M. Keller")
        yield opened


def at_provider(client: httpx.Client, sub: str, *, after: str = "/") -> str:
    """Go to the provider, log in there, and return the address to which it sends the browser back."""
    there = client.get(f"/login/oidc?next={after}")
    assert there.status_code == 303, there.text
    with httpx.Client(timeout=PATIENT_S) as provider:
        back = provider.post(there.headers["location"], data={"sub": sub})
        assert back.status_code == 302, back.text
        return back.headers["location"]


def test_a_person_of_the_provider_logs_in_with_her_roles(world: Any) -> None:
    with world.client() as client:
        assert "Log in with Border Police ID" in client.get("/login").text
        query = parse_qs(urlsplit(client.get("/login/oidc").headers["location"]).query)
        assert (query["code_challenge_method"], len(query["code_challenge"][0])) == (["S256"], 43)
        back = at_provider(client, "7", after="/%3Fat%3D1")
        answer = client.get(back, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 200, answer.text
        assert 'url=/?at=1"' in answer.text
        me = client.get("/v1/me").json()
        assert (me["name"], me["role"]) == ("Ada Lovelace", "operator")
        assert client.post("/api/alerts/A1/acknowledge").status_code == 202
        assert world.actions[-1].by == "Ada Lovelace"
        page = client.get("/account").text
        assert "Change password" not in page


def test_roles_follow_the_provider_at_each_login_and_a_locked_person_stays_out(world: Any) -> None:
    with world.client() as client:
        client.get(at_provider(client, "7"))
        account = world.accounts.store.account(client.get("/v1/me").json()["account"])
        world.accounts.store.set_roles(account.id, {"*": "admin"})
    with world.client() as client:
        client.get(at_provider(client, "7"))
        assert client.get("/v1/me").json()["role"] == "operator"
        world.accounts.lock(account, locked=True)
        assert client.get("/v1/me").status_code == 401
        refused = client.get(at_provider(client, "7"))
        assert (refused.status_code, "This account is locked" in refused.text) == (403, True)


def test_a_name_that_a_colleague_has_is_completed(world: Any) -> None:
    with world.client() as client:
        client.get(at_provider(client, "13"))
        me = client.get("/v1/me").json()
        assert (me["name"], me["role"]) == ("M. Keller (keller2)", "supervisor")


@pytest.mark.parametrize(
    ("sub", "sentence"),
    [
        ("8", "assigns you no role"),
        ("9", "a name that Watchline cannot display"),
        ("11", "assigns you no role"),
        ("12", "assigns you no role"),
    ],
)
def test_a_person_without_a_role_or_a_name_is_refused(world: Any, sub: str, sentence: str) -> None:
    with world.client() as client:
        answer = client.get(at_provider(client, sub))
        assert (answer.status_code, sentence in answer.text) == (403, True), answer.text
        assert client.get("/v1/me").status_code == 401
        assert [account.login for account in world.accounts.store.accounts()] == ["keller"]


def test_a_login_that_is_refused_for_two_roles_in_one_sector_takes_the_earlier_role_away(
    world: Any, issuer: str
) -> None:
    earlier = world.accounts.log_in_subject(
        issuer, "11", login="two", name="Two Roles", roles={"*": "operator"}, origin=LoginOrigin("test")
    )
    with world.client() as client:
        assert client.get(at_provider(client, "11")).status_code == 403
    assert world.accounts.person_of(earlier.cookie).roles == {}
    assert not world.accounts.still_in(earlier.person)


def test_hostile_claims_are_text(world: Any) -> None:
    with world.client() as client:
        client.get(at_provider(client, "10"))
        assert client.get("/v1/me").json()["name"] == HOSTILE
        assert "<script" not in client.get("/account").text


def test_an_answer_is_taken_once_and_only_in_the_browser_that_began(world: Any) -> None:
    with world.client() as client, world.client() as thief:
        back = at_provider(client, "7")
        stolen = thief.get(back)
        assert (stolen.status_code, "took too long" in stolen.text) == (403, True)
        thief.get("/login/oidc")
        crossed = thief.get(back)  # login CSRF: the state is another browser's
        assert (crossed.status_code, "is not valid" in crossed.text) == (403, True)
        kept = {cookie.name: cookie.value for cookie in client.cookies.jar}
        assert client.get(back).status_code == 200
        again = world.client(cookies=kept)
        replayed = again.get(back)
        assert (replayed.status_code, "is not valid" in replayed.text) == (403, True)
        again.close()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?state=x",
        "?code=x",
        "?error=access_denied&state=x",
        "?code=x&state=x&iss=https://evil.example",
        "?state=%00%ff",
    ],
)
def test_an_invented_answer_is_refused_with_one_sentence(world: Any, query: str) -> None:
    with world.client() as client:
        client.get("/login/oidc")
        answer = client.get(f"/login/oidc/callback{query}")
        assert answer.status_code == 403
        assert len(re.findall(r'role="alert"', answer.text)) == 1
        assert client.get("/v1/me").status_code == 401


def test_a_provider_that_is_away_leaves_the_password(new_world: Callable[..., Any]) -> None:
    with new_world(Provider(settings("http://127.0.0.1:9"))) as world, world.client() as client:
        world.add("keller", "M. Keller")
        answer = client.get("/login/oidc")
        assert (answer.status_code, "cannot be reached" in answer.text) == (503, True)
        fields = {"name": "keller", "password": "a quiet ridge at dawn"}
        assert world.post(client, "/login", page="/login", **fields).status_code == 303


def test_a_provider_that_does_not_answer_delays_no_one_else_and_is_asked_a_few_times(
    new_world: Callable[..., Any],
) -> None:
    """More logins than there are threads for all other requests."""
    going_on, reached, asked = threading.Event(), threading.Semaphore(0), list[str]()

    def silent(address: str, *_: Any) -> Any:
        asked.append(address)
        reached.release()
        going_on.wait(PATIENT_S)
        raise OidcRefused("no answer", reason="provider")

    provider = Provider(settings("https://id.example"), now_s=lambda: 1_800_000_000.0, fetch=silent)
    with new_world(provider) as world, world.client() as client, ThreadPoolExecutor(60) as threads:
        begun = [threads.submit(client.get, "/login/oidc") for _ in range(60)]
        try:
            with world.client() as other:
                assert all(reached.acquire(timeout=PATIENT_S) for _ in range(AT_ONCE))
                assert other.get("/login").status_code == 200
        finally:
            going_on.set()
        assert {one.result().status_code for one in begun} == {503}
        assert len(asked) == AT_ONCE


# --- tokens, by a provider of the test's own


class Forger:
    """A provider whose tokens the test makes; ``fetch`` answers in place of the network."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.published = [self.key]
        self.asked: list[str] = []
        self.token = ""
        self.provider = Provider(settings("https://id.example"), now_s=lambda: self.now_s, fetch=self.fetch)

    def fetch(self, address: str, form: Any, client: Any) -> Any:
        self.asked.append(urlsplit(address).path)
        if address.endswith("/openid-configuration"):
            base = "https://id.example"
            return {
                "issuer": base,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "jwks_uri": f"{base}/keys",
            }
        if address.endswith("/keys"):
            return {"keys": [key.as_dict(private=False) for key in self.published]}
        return {"id_token": self.token}

    def finish(self, make: Callable[[dict[str, Any]], str]) -> Any:
        """A whole login, with the token that ``make`` makes from valid claims."""
        begun = self.provider.begin("https://here/login/oidc/callback")
        query = {name: values[0] for name, values in parse_qs(urlsplit(begun.address).query).items()}
        claims = {
            "iss": "https://id.example",
            "sub": "7",
            "aud": "watchline",
            "exp": int(self.now_s) + 300,
            "iat": int(self.now_s),
            "nonce": query["nonce"],
            "name": "Ada",
            "roles": ["duty"],
        }
        self.token = make(claims)
        return self.provider.finish(
            begun.cookie, {"code": "c", "state": query["state"]}, "https://here/login/oidc/callback"
        )

    def signed(self, claims: dict[str, Any], key: Any = None, alg: str = "RS256") -> str:
        key = key or self.key
        return jwt.encode({"alg": alg, "kid": key.kid}, claims, key, algorithms=[alg])


@pytest.fixture
def forger() -> Forger:
    return Forger()


def test_a_stranger_with_many_invented_answers_keeps_no_one_out(
    forger: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.accounts.oidc.MOST_USED", 5)
    for _ in range(6):
        with pytest.raises(OidcRefused, match="not valid"):
            forger.finish(lambda _: "invented")
    assert forger.finish(forger.signed).subject == "7"


def test_a_valid_token_is_taken(forger: Forger) -> None:
    found = forger.finish(forger.signed)
    assert (found.subject, found.name, found.roles) == ("7", "Ada", {"*": "operator"})


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("expired", {"exp": 1_800_000_000 - 61}),
        ("issued in the future", {"iat": 1_800_000_000 + 3600}),
        ("for another client", {"aud": "another"}),
        ("for others too, without azp", {"aud": ["watchline", "another"]}),
        ("to another client", {"azp": "another"}),
        ("of another issuer", {"iss": "https://evil.example"}),
        ("of an issuer with a slash", {"iss": "https://id.example/"}),
        ("of another login", {"nonce": "replayed"}),
        ("without nonce", {"nonce": None}),
        ("without audience", {"aud": None}),
        ("without expiry", {"exp": None}),
        ("without a time", {"iat": None}),
        ("without subject", {"sub": None}),
        ("with an empty subject", {"sub": ""}),
        ("with a number as subject", {"sub": 7}),
        ("with a text as expiry", {"exp": "tomorrow"}),
        ("not yet valid", {"nbf": 1_800_000_000 + 3600}),
    ],
)
def test_a_token_with_wrong_claims_is_refused_in_one_sentence(forger: Forger, what: str, change: dict) -> None:
    def make(claims: dict[str, Any]) -> str:
        return forger.signed({name: value for name, value in (claims | change).items() if value is not None})

    with pytest.raises(OidcRefused) as caught:
        forger.finish(make)
    assert str(caught.value).count(".") >= 1, what
    assert "\n" not in str(caught.value)


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any], alg: str = "none") -> str:
    header = {"alg": alg, "kid": "one"}
    return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}."


def by_hmac(claims: dict[str, Any], key: bytes) -> str:
    """The public key, which everybody has, taken as the key of an HMAC."""
    begun = unsigned(claims, "HS256")
    return begun + encoded(hmac.digest(key, begun[:-1].encode(), "sha256"))


def refuse(forger: Forger, make: Callable[[dict[str, Any]], str], what: str) -> None:
    found = forger.finish(make)
    pytest.fail(f"{what}: {found}")


def test_a_forged_token_is_refused(forger: Forger) -> None:
    other = RSAKey.generate_key(2048, {"kid": "one"})
    makers: dict[str, Callable[[dict[str, Any]], str]] = {
        "no signature": unsigned,
        "another key under the same id": lambda claims: forger.signed(claims, other),
        "the public key as the key of an HMAC": lambda claims: by_hmac(claims, forger.key.as_pem(private=False)),
        "a changed text": lambda claims: forger.signed(claims)[:-6] + "AAAAAA",
        "no token": lambda _: "not.a.token",
        "empty": lambda _: "",
        "huge": lambda _: "x" * 500_000,
    }
    for what, make in makers.items():
        with pytest.raises(OidcRefused, match="ID token"):
            refuse(forger, make, what)


def test_new_keys_are_taken_and_old_ones_end_but_forgeries_cause_few_requests(forger: Forger) -> None:
    forger.finish(forger.signed)
    old, forger.key = forger.key, ECKey.generate_key("P-256", {"kid": "two"})
    forger.published = [forger.key]
    forger.now_s += KEYS_AGAIN_S + 1
    assert forger.finish(lambda claims: forger.signed(claims, alg="ES256")).subject == "7"
    for _ in range(20):
        with pytest.raises(OidcRefused):
            forger.finish(lambda claims: forger.signed(claims, old))
    assert forger.asked.count("/keys") == 2
    assert forger.asked.count("/.well-known/openid-configuration") == 1


def test_a_login_ends_after_ten_minutes_and_with_the_process(forger: Forger) -> None:
    begun = forger.provider.begin("https://here/")
    state = parse_qs(urlsplit(begun.address).query)["state"][0]
    other = Provider(settings("https://id.example"), now_s=lambda: forger.now_s, fetch=forger.fetch)
    with pytest.raises(OidcRefused, match="has begun no login"):
        other.finish(begun.cookie, {"code": "c", "state": state}, "https://here/")
    forger.now_s += LOGIN_WITHIN_S + 1
    with pytest.raises(OidcRefused, match="took too long"):
        forger.provider.finish(begun.cookie, {"code": "c", "state": state}, "https://here/")


@pytest.mark.parametrize("cookie", [None, "", ".", "a.b.c", "1.x.y", "é.é", "9" * 5000])
def test_an_invented_cookie_is_refused(forger: Forger, cookie: str | None) -> None:
    with pytest.raises(OidcRefused, match="has begun no login"):
        forger.provider.finish(cookie, {"code": "c", "state": "s"}, "https://here/")


@pytest.mark.parametrize(
    "metadata",
    [
        [],
        {},
        {"issuer": "https://evil.example"},
        {"issuer": "https://id.example"},
        {"issuer": "https://id.example", "authorization_endpoint": "http://id.example/authorize"},
        {"issuer": "https://id.example", "authorization_endpoint": ["x"]},
        {"issuer": "https://id.example", "authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_hostile_metadata_is_refused(metadata: Any) -> None:
    provider = Provider(settings("https://id.example"), fetch=lambda *_: metadata)
    with pytest.raises(OidcRefused) as caught:
        provider.begin("https://here/")
    assert caught.value.reason == "provider"


@pytest.mark.parametrize("keys", [None, [], {}, {"keys": "x"}, {"keys": [{"kty": "RSA"}]}, {"keys": [1]}])
def test_hostile_keys_are_refused(forger: Forger, keys: Any) -> None:
    real = forger.fetch
    forger.provider._fetch = lambda address, *more: keys if address.endswith("/keys") else real(address, *more)
    with pytest.raises(OidcRefused):
        forger.finish(forger.signed)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"issuer": "http://id.example"}, "begins with https://"),
        ({"client_id": ""}, "name of this installation"),
        ({"roles": {"duty": "boss"}}, "unknown role 'boss'"),
    ],
)
def test_wrong_settings_are_one_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        OidcSettings(**({"issuer": "https://id.example", "client_id": "w", "roles": ROLES} | change))
