"""What a generator of requests does not reach: tokens that are expired, forged, replayed or of another server, hostile
text in every field, and numbers beyond all limits. Each gets one sentence, and nothing is half done."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ops.accounts.accounts import Accounts
from ops.accounts.store import AccountStore
from tests.patience import PATIENT_S

HOSTILE = (
    "</script><script>alert(1)</script>", "' OR 1=1 --", "../../etc/passwd", "%00", "%2e%2e%2f", "\u202e\u2028",
    "\\x00", "{{7*7}}", "${jndi:ldap://x}", "A" * 5_000, "🛰" * 300, "null", "-1", "1e999", "9" * 400, "NaN",
)  # fmt: skip
PATHS = (
    "/api/alerts/{}", "/v1/incidents/{}", "/v1/incidents/{}/actions/{}", "/api/plan/jobs/{}", "/api/tiles/{}/1/1/1.png",
    "/api/tiles/hillshade/{}/1/1.png", "/api/plan/pictures/{}.png",
)  # fmt: skip
QUERIES = (
    ("/api/alerts", "limit"), ("/api/alerts", "since"), ("/api/alerts", "status"), ("/v1/incidents", "limit"),
    ("/v1/incidents", "text"), ("/v1/incidents", "section"), ("/api/ground", "lon"), ("/api/profile", "from"),
    ("/api/profile", "curvature_k"), ("/api/stream", "after"), ("/api/stream", "page"), ("/api/layers", "palette"),
)  # fmt: skip
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def token(world: Any) -> str:
    world.add("hostile", "H. Hostile", "supervisor")
    return str(world.accounts.token(world.accounts.store.account("hostile"), "probe", 1))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def refused(answer: httpx.Response, *statuses: int) -> None:
    assert answer.status_code in statuses, (answer.url, answer.text[:300])
    assert answer.headers["content-type"] == PROBLEM
    assert len(answer.json()["detail"]) <= 600
    assert answer.json()["detail"].endswith(".")


def test_tokens_that_are_expired_forged_or_of_another_server_are_refused(
    world: Any, tmp_path: Path, token: str
) -> None:
    accounts = world.accounts
    account = accounts.store.account("hostile")
    elsewhere = Accounts(AccountStore(tmp_path / "accounts.db"))
    elsewhere.add("hostile", "H. Hostile", {"*": "admin"})
    other = elsewhere.token(elsewhere.store.account("hostile"), "probe", 1)
    elsewhere.store.close()
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")
    wrong = {
        "expired": accounts.token(account, "old", -1.0),
        "of another server": other,
        "one character changed": flipped,
        "shortened": token[:-1],
        "extended": token + "A",
        "invented": secrets.token_urlsafe(32),
        "a JSON web token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsImF1ZCI6Im90aGVyIn0.",
        "the key of the session": accounts.person_of(token).session.key,
        "of one character": "A",
        "long": "A" * 8_000,
    }
    assert httpx.get(f"{world.address}/v1/me", headers=bearer(token), timeout=PATIENT_S).status_code == 200
    for name, one in wrong.items():
        answer = httpx.get(f"{world.address}/v1/me", headers=bearer(one), timeout=PATIENT_S)
        assert (name, answer.status_code, answer.json()["detail"]) == (name, 401, "Log in first.")


def test_a_token_is_not_taken_from_anywhere_but_its_header(world: Any, token: str) -> None:
    for address in (f"/v1/me?token={token}", f"/v1/me?access_token={token}", f"/v1/me?authorization=Bearer%20{token}"):
        assert httpx.get(world.address + address, timeout=PATIENT_S).status_code == 401
    basic = {"Authorization": f"Basic {token}"}
    assert httpx.get(f"{world.address}/v1/me", headers=basic, timeout=PATIENT_S).status_code == 401


def test_a_token_replayed_after_its_end_or_of_a_removed_person_is_refused(new_world: Callable[..., Any]) -> None:
    with new_world() as world:
        world.add("leaver", "L. Leaver", "operator")
        account = world.accounts.store.account("leaver")
        first, second = (world.accounts.token(account, name, 1) for name in ("a", "b"))
        for one in (first, second):
            assert httpx.get(f"{world.address}/v1/me", headers=bearer(one), timeout=PATIENT_S).status_code == 200
        world.accounts.store.end_session(world.accounts.person_of(first).session.key)
        refused(httpx.get(f"{world.address}/v1/me", headers=bearer(first), timeout=PATIENT_S), 401)
        world.accounts.store.remove(account.id)
        refused(httpx.post(f"{world.address}/api/alerts/A1/clear", headers=bearer(second), timeout=PATIENT_S), 401)
        assert world.actions == []


def test_a_token_acts_no_more_once_its_person_has_lost_the_right(world: Any, token: str) -> None:
    account = world.accounts.store.account("hostile")
    world.accounts.store.set_roles(account.id, {"*": "viewer"})
    try:
        done = len(world.actions)
        refused(httpx.post(f"{world.address}/api/alerts/A1/clear", headers=bearer(token), timeout=PATIENT_S), 403)
        assert len(world.actions) == done
    finally:
        world.accounts.store.set_roles(account.id, {"*": "supervisor"})


@pytest.mark.parametrize("path", PATHS)
def test_hostile_text_in_an_address_is_a_problem(world: Any, token: str, path: str) -> None:
    with httpx.Client(base_url=world.address, headers=bearer(token), timeout=PATIENT_S) as client:
        for text in HOSTILE:
            answer = client.get(path.format(*[quote(text, safe="")] * path.count("{}")))
            if answer.status_code == 200:  # the map of this server draws whatever it is asked
                assert path.startswith("/api/tiles/"), answer.url
                continue
            refused(answer, 404, 405, 422, 400, 503)


@pytest.mark.parametrize(("path", "name"), QUERIES)
def test_hostile_text_and_huge_numbers_in_a_query_are_refused_or_harmless(
    world: Any, token: str, path: str, name: str
) -> None:
    with httpx.Client(base_url=world.address, headers=bearer(token), timeout=PATIENT_S) as client:
        for text in HOSTILE:
            with client.stream("GET", path, params={name: text}) as answer:
                assert answer.status_code in (200, 404, 422, 503), (path, name, text[:40])
                if answer.status_code != 200:
                    answer.read()
                    refused(answer, 404, 422, 503)


@pytest.mark.parametrize("header", ["Purpose", "If-None-Match", "Accept", "Last-Event-ID", "Accept-Language", "Cookie"])
def test_hostile_headers_break_nothing(world: Any, token: str, header: str) -> None:
    with httpx.Client(base_url=world.address, headers=bearer(token), timeout=PATIENT_S) as client:
        for text in HOSTILE:
            value = text.encode("utf-8", "replace")[:4_000]
            for path in ("/api/tracks", "/metrics", "/api/docs", "/readyz"):
                answer = client.get(path, headers={header: value})
                assert answer.status_code in (200, 422, 503), (header, text[:40], answer.text[:200])


def test_nothing_of_all_this_was_done(world: Any, token: str) -> None:
    before = len(world.actions)
    with httpx.Client(base_url=world.address, headers=bearer(token), timeout=PATIENT_S) as client:
        for text in HOSTILE:
            answer = client.post("/api/alerts/A1/reject", json={"reason": text, "more": text})
            refused(answer, 422)
        deep = "[" * 20_000 + "]" * 20_000
        refused(
            client.post("/api/alerts/A1/reject", content=deep, headers={"Content-Type": "application/json"}), 400, 422
        )
    assert len(world.actions) == before
