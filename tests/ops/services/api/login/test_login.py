"""Logging in with a browser: cookies, forms, second factor, log-out, and streams that end."""

from __future__ import annotations

import re
import time
from datetime import datetime
from pathlib import Path

import httpx
import pyotp
import pytest

from ops.accounts.accounts import form_token
from ops.accounts.store import AccountStoreError
from ops.store.connections import StoreError
from ops.store.reader import Reader
from tests.ops.services.api.login.conftest import wrong_code
from tests.patience import PATIENT_S

PASSWORD = "a quiet ridge at dawn"
HOSTILE = "\"><script>alert(1)</script>'{{7*7}}"


def test_without_a_login_there_is_only_the_login_page(world) -> None:
    with world.client() as client:
        page = client.get("/?at=1,2")
        assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2F%3Fat%3D1%2C2")
        refused = client.get("/api/alerts")
        assert (refused.status_code, refused.json()["detail"]) == (401, "Log in first.")
        assert refused.headers["content-type"] == "application/problem+json"
        assert client.get("/api/no-such").status_code == 404
        assert client.delete("/api/alerts").status_code == 405
        assert set(client.get("/api/health").json()) == {"status"}  # which one depends on the age of the picture
        login = client.get("/login")
        assert "script" not in login.text
        assert login.headers["content-security-policy"].startswith("default-src 'none'")
        assert "Watchline The hills (exercise)</title>" in login.text


def test_a_person_logs_in_and_acts_under_her_name(world) -> None:
    with world.client() as client:
        answer = world.post(client, "/login", page="/login?next=/plan.html", name="Keller", password=PASSWORD)
        assert answer.status_code == 303
        cookies = answer.headers.get_list("set-cookie")
        session = next(cookie for cookie in cookies if cookie.startswith(f"watchline-session-{world.port}="))
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(session.split("; "))
        me = client.get("/v1/me").json()
        assert (me["name"], me["role"], me["login"]) == ("M. Keller", "operator", True)
        assert client.get("/api/sector").json()["operator"] == "M. Keller"
        assert client.post("/api/alerts/A1/acknowledge").status_code == 202
        assert world.actions[-1].by == "M. Keller"
        entry, account = world.log.entries()[-1], world.accounts.store.account("keller")
        assert (entry.person, entry.role) == (f"M. Keller [{account.id}]", "operator")
        assert client.get("/login").headers["location"] == "/"


@pytest.mark.parametrize(
    ("wanted", "page"),
    [
        ("/?at=1", "/?at=1"),
        ("/account", "/account"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/api/alerts", "/"),
        ("/login", "/"),
        ("/\r\nSet-Cookie: x=y", "/"),
    ],
)
def test_a_login_leads_only_to_pages_of_ours(world, wanted: str, page: str) -> None:
    with world.client() as client:
        answer = world.post(client, "/login", page="/login", name="keller", password=PASSWORD, next=wanted)
        assert (answer.status_code, answer.headers["location"]) == (303, page)


def test_a_wrong_login_is_one_page_whatever_was_wrong(new_world) -> None:
    with new_world() as world:
        world.add("keller", "M. Keller")
        answers = []
        for name in ("keller", "nobody"):
            with world.client() as client:
                answer = world.post(client, "/login", page="/login?language=fr", name=name, password=HOSTILE)
                answers.append((answer.status_code, re.sub(rf'value="({name}|[0-9a-f]{{64}})"', "", answer.text)))
        assert answers[0] == answers[1]
        assert answers[0][0] == 403
        assert "The name or the password is wrong." in answers[0][1]


def test_guessing_is_answered_with_a_wait(new_world) -> None:
    with new_world() as world, world.client() as client:
        now = time.time()
        world.accounts.now_s = lambda: now  # else the wait may be over before the next guess
        token = world.token_of(client.get("/login").text)
        for _ in range(3):
            answer = client.post("/login", data={"form_token": token, "name": "keller", "password": "x"})
            assert answer.status_code == 403
        answer = client.post("/login?language=fr", data={"form_token": token, "name": "keller", "password": "x"})
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert "Réessayez dans 1 seconde" in answer.text
        assert 'lang="fr"' in answer.text


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"data": {"name": "keller", "password": PASSWORD}}, 403),
        ({"data": {"form_token": "0" * 64, "name": "keller", "password": PASSWORD}}, 403),
        ({"json": {"name": "keller"}}, 415),
        ({"content": b"a=%ff&form_token=x", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 422),
        ({"content": b"a=1&a=2", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 422),
        (
            {
                "content": b"&".join(b"a%d=1" % n for n in range(50)),
                "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            },
            422,
        ),
        ({"data": {"name": "x" * 70_000}}, 413),
        ({"data": {"name": "keller"}, "headers": {"Origin": "http://evil.example"}}, 403),
        ({"data": {"name": "keller"}, "headers": {"Origin": "null"}}, 403),
    ],
)
def test_a_form_that_is_not_ours_is_refused(world, change: dict, status: int) -> None:
    with world.client() as client:
        client.get("/login")
        answer = client.post("/login", **change)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert not any("session" in name for name in client.cookies)


def test_a_form_sent_twice_leads_to_the_page_and_begins_one_session(world) -> None:
    """The second copy of the form comes after the answer to the first has taken its token back."""
    with world.client() as client:
        form = {"form_token": world.token_of(client.get("/login").text), "name": "keller", "password": PASSWORD}
        assert client.post("/login", data=form).status_code == 303
        session = dict(client.cookies)
        again = client.post("/login", data=form)
        assert (again.status_code, again.headers["location"]) == (303, "/")
        assert "set-cookie" not in again.headers
        assert dict(client.cookies) == session
        other = client.post("/login", data=form | {"name": "nobody", "password": "x", "next": "/audit"})
        assert (other.status_code, other.headers["location"]) == (303, "/"), "nobody else is logged in by it"
        assert client.get("/v1/me").json()["name"] == "M. Keller"


def test_logging_out_ends_the_session_and_needs_a_token(world) -> None:
    with world.logged_in("keller") as client:
        assert client.post("/logout", data={"form_token": "0" * 64}).status_code == 403
        assert client.get("/api/alerts").status_code == 200
        kept = dict(client.cookies)
        me = client.get("/v1/me").json()
        assert client.post("/logout", data={"form_token": me["form_token"]}).headers["location"] == "/login"
        assert client.get("/api/alerts").status_code == 401
    with world.client(cookies=kept) as thief:
        assert thief.get("/api/alerts").status_code == 401


def test_a_login_gives_a_new_session_and_a_planted_one_is_worth_nothing(world) -> None:
    """Session fixation: what the browser had before the login does not become the session."""
    name = f"watchline-session-{world.port}"
    with world.client(cookies={name: "planted"}) as client:
        answer = world.post(client, "/login", page="/login", name="keller", password=PASSWORD)
        given = re.search(rf"{name}=([\w-]+);", "; ".join(answer.headers.get_list("set-cookie")))
        assert given is not None
        assert given[1] != "planted"
    with world.client(cookies={name: "planted"}) as client:
        assert client.get("/v1/me").status_code == 401


def test_the_first_login_must_set_a_password(new_world) -> None:
    with new_world() as world, world.client() as client:
        secret = world.accounts.first_admin()
        answer = world.post(client, "/login", page="/login", name="admin", password=secret)
        assert answer.headers["location"] == "/account"
        assert client.get("/").headers["location"] == "/account"
        assert client.get("/api/alerts").json()["detail"] == "Set a password first."
        assert client.get("/v1/me").status_code == 200
        weak = world.post(client, "/account/password", page="/account", new="watchline1234", again="watchline1234")
        assert (weak.status_code, "not accepted" in weak.text) == (422, True)
        differ = world.post(client, "/account/password", page="/account", new=PASSWORD, again=PASSWORD + "!")
        assert (differ.status_code, "do not match" in differ.text) == (422, True)
        done = world.post(client, "/account/password", page="/account", new=PASSWORD, again=PASSWORD)
        assert done.headers["location"] == "/account?done=password"
        assert client.get("/api/alerts").status_code == 200
        assert client.post("/api/alerts/A1/acknowledge").status_code == 403
        assert client.get("/v1/people").json()[0]["account"] == "admin"
        with world.client() as other:
            assert world.post(other, "/login", page="/login", name="admin", password=secret).status_code == 403


def test_the_second_factor_from_setting_up_to_switching_off(new_world) -> None:
    with new_world() as world:
        world.add("keller", "M. Keller")
        with world.logged_in("keller") as client:
            page = client.get("/account?second-factor=new").text
            assert "data:image/svg+xml;base64," in page
            secret = re.search(r'name="secret" value="([A-Z2-7]{32})"', page)[1]
            form = {"form_token": world.token_of(page), "secret": secret, "password": PASSWORD}
            without = form | {"code": pyotp.TOTP(secret).now(), "password": "another quiet dawn"}
            refused = client.post("/account/second-factor", data=without)
            assert (refused.status_code, "The current password is wrong" in refused.text) == (403, True)
            assert world.accounts.store.account("keller").totp is None
            wrong = form | {"code": wrong_code(secret, time.time())}
            assert client.post("/account/second-factor", data=wrong).status_code == 403
            now = time.time()
            world.accounts.now_s = lambda: now  # a code is right for a minute and a half only
            code = pyotp.TOTP(secret).at(now - 30)
            assert client.post("/account/second-factor", data={**form, "code": code}).status_code == 303
        with world.client() as client:
            step = world.post(client, "/login", page="/login", name="keller", password=PASSWORD, next="/account")
            assert (step.status_code, 'autocomplete="one-time-code"' in step.text) == (200, True)
            assert client.get("/api/alerts").status_code == 401
            assert client.get("/v1/me").status_code == 401
            token = world.token_of(step.text)
            used = client.post("/login/code", data={"form_token": token, "code": code})
            assert (used.status_code, "has been used" in used.text) == (403, True)
            fields = {"form_token": token, "code": pyotp.TOTP(secret).at(now), "next": "/account"}
            assert client.post("/login/code", data=fields).headers["location"] == "/account"
            assert client.get("/api/alerts").status_code == 200
            off = pyotp.TOTP(secret).at(now + 30)
            assert world.post(client, "/account/second-factor", page="/account", code=off).status_code == 303
        with world.logged_in("keller") as client:
            assert client.get("/api/alerts").status_code == 200


def test_people_see_and_end_their_own_logins_only(world) -> None:
    world.add("lang", "L. Lang", "admin")
    with world.logged_in("keller") as one, world.logged_in("keller") as two, world.logged_in("lang") as other:
        listed = one.get("/v1/sessions").json()
        assert sum(entry["own"] for entry in listed) == 1
        assert all(datetime.fromisoformat(entry["ends"]).tzinfo for entry in listed)
        second = next(entry for entry in two.get("/v1/sessions").json() if entry["own"])["session"]
        assert other.delete(f"/v1/sessions/{second}").status_code == 404
        assert two.get("/api/alerts").status_code == 200
        assert one.delete(f"/v1/sessions/{second}").status_code == 204
        assert two.get("/api/alerts").status_code == 401
        third = next(entry for entry in other.get("/v1/sessions").json() if entry["own"])["session"]
        assert world.post(one, "/account/sessions", page="/account", session=third).status_code == 303
        assert other.get("/api/alerts").status_code == 200


@pytest.mark.parametrize("how", ["lock", "remove", "roles", "logout"])
def test_a_stream_ends_within_seconds_of_the_login(world, how: str) -> None:
    login = f"stream-{how}"
    world.add(login, f"S. {how}")
    with world.logged_in(login) as client, client.stream("GET", "/api/stream") as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        next(lines)
        account = world.accounts.store.account(login)
        began = time.monotonic()
        if how == "lock":
            world.accounts.lock(account, locked=True)
        elif how == "remove":
            world.accounts.store.remove(account.id)
        elif how == "roles":
            world.accounts.store.set_roles(account.id, {"elsewhere": "viewer"})
        else:
            world.accounts.store.end_sessions(account.id)
        for _ in lines:
            assert time.monotonic() - began < PATIENT_S
        assert client.get("/api/alerts").status_code == (403 if how == "roles" else 401)


def test_a_program_with_a_token_does_not_count_as_a_page(world) -> None:
    world.add("feeder", "F. Feeder", "viewer")
    token = world.accounts.token(world.accounts.store.account("feeder"), "feed", days=1)
    bearer = {"Authorization": f"Bearer {token}"}
    with httpx.stream("GET", f"{world.address}/api/stream?page={'0' * 16}", headers=bearer, timeout=PATIENT_S) as sent:
        lines = sent.iter_lines()
        next(lines)
        pages = [one.page for one in world.app.state.hub._clients if one.person.login == "feeder"]
    assert pages == [None]


def test_a_program_reads_with_a_token_and_a_cookie_is_not_a_token(world) -> None:
    world.add("program", "P. Program", "operator")
    token = world.accounts.token(world.accounts.store.account("program"), "probe", days=1)
    bearer = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{world.address}/api/alerts", headers=bearer, timeout=PATIENT_S).status_code == 200
    assert httpx.post(f"{world.address}/api/alerts/A1/clear", headers=bearer, timeout=PATIENT_S).status_code == 202
    assert world.actions[-1].by == "P. Program"
    with world.logged_in("program") as client:
        cookie = client.cookies[f"watchline-session-{world.port}"]
        as_token = {"Authorization": f"Bearer {cookie}"}
        assert httpx.get(f"{world.address}/v1/me", headers=as_token, timeout=PATIENT_S).status_code == 401
    with world.client(cookies={f"watchline-session-{world.port}": token}) as client:
        assert client.get("/v1/me").status_code == 401
    account = world.accounts.store.account("program")
    assert world.accounts.store.end_sessions(account.id) >= 2
    assert httpx.get(f"{world.address}/api/alerts", headers=bearer, timeout=PATIENT_S).status_code == 401


def test_a_program_changes_nothing_of_the_account_that_it_uses(world) -> None:
    world.add("reader", "R. Reader", "viewer")
    account = world.accounts.store.account("reader")
    token = world.accounts.token(account, "probe", days=1)
    bearer = {"Authorization": f"Bearer {token}", "Cookie": f"watchline-visit-{world.port}=x"}
    with world.logged_in("reader") as client:
        own = next(entry for entry in client.get("/v1/sessions").json() if entry["own"])["session"]
        for path, fields in (
            ("/account/sessions", {"session": own}),
            ("/account/second-factor", {"secret": "A" * 32, "code": pyotp.TOTP("A" * 32).now()}),
            ("/account/password", {"old": PASSWORD, "new": "another quiet dawn", "again": "another quiet dawn"}),
        ):
            data = {"form_token": form_token("x"), **fields}
            assert httpx.post(f"{world.address}{path}", headers=bearer, data=data, timeout=PATIENT_S).status_code == 403
        assert client.get("/v1/me").status_code == 200
    assert httpx.get(f"{world.address}/v1/me", headers=bearer, timeout=PATIENT_S).json()["name"] == "R. Reader"
    assert world.accounts.store.account("reader").totp is None


def test_a_file_that_cannot_be_read_is_a_problem_without_its_path(new_world, tmp_path: Path, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise AccountStoreError(f"{tmp_path}/accounts.db: the accounts cannot be used.")

    def away(_: object) -> None:
        raise StoreError(f"{tmp_path}/store.db: cannot be read.")

    with new_world() as world:
        world.add("keller", "M. Keller")
        with world.logged_in("keller") as client, world.client() as stranger:
            token = world.token_of(stranger.get("/login").text)
            monkeypatch.setattr(world.accounts.store, "session", broken)
            monkeypatch.setattr(world.accounts.store, "take_attempt", broken)
            fields = {"form_token": token, "name": "keller", "password": PASSWORD}
            for answer in (client.get("/api/alerts"), stranger.post("/login", data=fields)):
                assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
                assert str(tmp_path) not in answer.text
            monkeypatch.setattr(Reader, "progress", away)
            answer = stranger.get("/api/health")
            assert (answer.status_code, str(tmp_path) in answer.text) == (503, False)


@pytest.mark.parametrize("cookie", ["", "x" * 5000, "a; watchline-session-{port}=b", '"quoted"', "é", "%00"])
def test_no_cookie_breaks_the_server(world, cookie: str) -> None:
    name = f"watchline-session-{world.port}"
    headers = {"Cookie": f"{name}={cookie.format(port=world.port)}".encode()}
    assert httpx.get(f"{world.address}/v1/me", headers=headers, timeout=PATIENT_S).status_code == 401


def test_hostile_names_are_text_on_every_page(new_world) -> None:
    with new_world() as world:
        world.add("keller", HOSTILE)
        with world.logged_in("keller") as client:
            for page in (client.get("/account"), client.get("/account?done=%22%3E%3Cscript%3E")):
                assert "<script" not in page.text
                assert "49" not in re.sub(r"[0-9a-f]{64}|\d{4}-\d\d-\d\d.{0,20}|127\.0\.0\.1", "", page.text)
            assert client.get("/v1/me").json()["name"] == HOSTILE
        with world.client() as client:
            client.headers["User-Agent"] = HOSTILE
            world.post(client, "/login", page="/login", name="keller", password=PASSWORD)
            assert "<script" not in client.get("/account").text
            wrong = world.post(client, "/logout", page="/account")
            assert wrong.status_code == 303
            wrong = world.post(
                client, "/login", page=f"/login?next={HOSTILE}&language={HOSTILE}", name=HOSTILE, password="x"
            )
            assert (wrong.status_code, "<script" in wrong.text) == (403, False)


def test_a_link_from_another_site_finds_the_login_on_the_second_request(world) -> None:
    """The browser keeps a cookie with SameSite=Strict back from a link of another site."""
    with world.client() as client:
        page = client.get("/?at=1&b=%22", headers={"Sec-Fetch-Site": "cross-site"})
        assert page.status_code == 200
        assert '<meta http-equiv="refresh" content="0; url=/?at=1&amp;b=%22">' in page.text
        assert client.get("/api/alerts", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_the_purpose_of_a_login_is_recorded_with_every_read_until_it_is_cleared(new_world) -> None:
    with new_world() as world:
        world.add("keller", "M. Keller")
        with world.logged_in("keller") as client, world.logged_in("keller") as other:
            default = client.get("/v1/me").json()["purpose"]
            answer = world.post(client, "/account/purpose", page="/account", purpose="  Enquête  12/2026 ")
            assert answer.headers["location"] == "/account?done=purpose"
            assert client.get("/v1/me").json()["purpose"] == "Enquête 12/2026"
            client.get("/api/alerts")
            assert world.log.entries()[-1].purpose == "Enquête 12/2026"
            client.get("/api/alerts", headers={"Purpose": "another case"})
            assert world.log.entries()[-1].purpose == "another case", "that of a request comes first"
            other.get("/api/alerts")
            assert world.log.entries()[-1].purpose == default, "another login has its own"
            for wrong in ("x", "y" * 201, "a\u202eb c"):
                assert world.post(client, "/account/purpose", page="/account", purpose=wrong).status_code == 422
            world.post(client, "/account/purpose", page="/account", purpose="")
            client.get("/api/alerts")
            assert world.log.entries()[-1].purpose == default
