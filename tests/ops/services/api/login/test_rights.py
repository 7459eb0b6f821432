"""The table of rights against OpenAPI: every route in one row, and each role × route × sector as the table states."""

from __future__ import annotations

import re
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.routing import Route

from ops.accounts.oidc import Provider
from ops.accounts.person import ROLES, Person, Session
from ops.accounts.rights import HOLDERS, MEANINGS, ROWS, has, rights_at
from ops.accounts.settings import OidcSettings
from ops.drawing.typeface.page_font import BUILT
from ops.services.api.login.gate import PAGES
from tests.patience import PATIENT_S

ALL = set(ROLES) - {"auditor"}
MAY = {
    "ground": ALL,
    "state": ALL,
    "picture": ALL - {"planner"},
    "history": ALL - {"viewer", "planner"},
    "act": {"operator", "supervisor"},
    "mark": {"supervisor"},
    "levels": {"supervisor"},
    "plan": {"planner", "supervisor"},
    "people": {"admin"},
    "audit": {"auditor"},
    "handover": {"operator", "supervisor", "analyst", "admin"},
    "sign": {"supervisor"},
    "score": {"supervisor", "analyst", "admin"},
    "export": {"supervisor", "analyst", "admin"},
    "units": {"supervisor", "admin"},
    "field": set(),
    "mute": {"supervisor"},
    "approve": {"supervisor", "admin"},
    "partners": {"supervisor", "analyst", "admin"},
    "share": {"supervisor"},
    "eurosur": {"operator", "supervisor", "analyst"},
}
"""What docs/accounts.md promises, written down a second time on purpose."""
PLACES = {"other": ["other"], "own": ["hills"], "every": ["*"], "both": ["hills", "other"]}
STANDS_FOR = {
    "{identity}": "A1",
    "{layer}": "hillshade",
    "{token}": "0" * 16,
    "{name}": "job-1-9c41e07b",
    "{session}": "none",
    "{unit}": "u",
    "{device}": "d",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, open_server) -> Iterator:
    """A server with all its routes."""
    provider = Provider(OidcSettings("https://id.example", "watchline"))
    with open_server(tmp_path_factory.mktemp("rights"), provider) as opened:
        yield opened


def operations(app) -> set[tuple[str, str]]:
    """Every operation of OpenAPI and every other route that is not a file of the pages."""
    described = {(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item}
    assert len(described) >= 30
    others = {
        (method, route.path)
        for route in app.routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert described <= others
    return others


def test_every_route_is_in_one_row_and_every_row_has_a_route(full) -> None:
    rows = [(row.method, row.path) for row in ROWS]
    assert len(rows) == len(set(rows))
    files = {f"/{file.relative_to(BUILT).as_posix()}" for file in BUILT.rglob("*") if file.is_file()}
    routes = operations(full.app)
    without = {route for route in routes if route not in rows and route[1] not in files}
    assert without == set(), "routes in no row of ops.accounts.rights"
    for path in files - {"/index.html", "/field.html", "/nation.html"}:
        if not path.endswith(".map") and not path.startswith("/."):
            assert "GET" in rights_at(path), f"{path}: a file of the pages in no row"
    pages = {("GET", path) for path in ("/", "/plan.html", "/field", "/third-party-licences.md")}
    pages |= {("GET", "/assets/{file}"), ("GET", "/field/{file}")}
    assert set(rows) - routes <= pages, "rows without a route"


def test_a_route_in_no_row_does_not_exist_for_anyone(full) -> None:
    full.app.add_api_route("/v1/forgotten", lambda: {"secret": 1}, methods=["GET"])
    try:
        with pytest.raises(AssertionError, match="in no row"):
            test_every_route_is_in_one_row_and_every_row_has_a_route(full)
        with full.logged_in_as("supervisor") as client:
            assert client.get("/v1/forgotten").status_code == 404
    finally:
        full.app.router.routes.pop()
        full.app.openapi_schema = None


def test_the_table_is_what_the_page_of_accounts_promises() -> None:
    assert {right: set(roles) for right, roles in HOLDERS.items()} == MAY
    assert set(MEANINGS) == {row.right for row in ROWS} == set(MAY) | {"open", "own"}
    page = Path(__file__).parents[5] / "docs" / "accounts.md"
    text = page.read_text(encoding="utf-8")
    for right, roles in MAY.items():
        marks = " | ".join("yes" if role in roles else "–" for role in ROLES)
        assert f"| {MEANINGS[right]} | {marks} |" in text


def address(path: str) -> str:
    for name, value in STANDS_FOR.items():
        path = path.replace(name, value)
    return re.sub(r"\{\w+\}", "1", path)


def status_of(client: httpx.Client, method: str, path: str) -> int:
    """The status of the answer, of which nothing more is read: a stream has no end."""
    with client.stream(method, address(path)) as answer:
        return answer.status_code


@pytest.mark.parametrize("role", [None, *ROLES])
@pytest.mark.parametrize("place", PLACES)
def test_each_role_may_in_each_sector_what_the_table_states(full, role: str | None, place: str) -> None:
    """Generated from the routes of the application: role × route × sector."""
    roles = {} if role is None else dict.fromkeys(PLACES[place], role)
    if place == "both" and role is not None:
        roles["other"] = "supervisor"  # has no effect here
    here = role if place != "other" else None
    accounts = full.accounts
    login = f"m-{role}-{place}".lower()
    accounts.add(login, login, roles)
    account = accounts.store.account(login)
    headers = {"Authorization": f"Bearer {accounts.token(account, 'matrix', 1)}"}
    tested = 0
    with httpx.Client(base_url=full.address, headers=headers, timeout=PATIENT_S) as client:
        for method, path in sorted(operations(full.app)):
            right = rights_at(address(path)).get(method)
            if right is None or path in (*PAGES, "/logout") or path.startswith(("/login", "/assets")):
                continue
            status = status_of(client, method, path)
            allowed = right in ("open", "own") or here in MAY[right]
            assert (status not in (401, 403)) is allowed or (right == "own" and method == "POST"), (
                method,
                path,
                status,
            )
            tested += 1
    accounts.store.remove(account.id)
    assert tested >= 30


@pytest.mark.parametrize(
    ("role", "page"),
    [("planner", "/plan.html"), ("auditor", "/audit"), ("viewer", "/"), ("admin", "/"), (None, "/account")],
)
def test_a_person_is_led_to_the_first_page_that_she_may_open(full, role: str | None, page: str) -> None:
    with full.logged_in_as(role) as client:
        assert client.get("/login").headers["location"] == page
        if role in (None, "planner", "auditor"):
            assert client.get("/").headers["location"] == page
        if role not in ("planner", "supervisor"):
            assert client.get("/plan.html").headers["location"] == page
        if role != "admin":
            assert client.get("/handover").headers["location"] == page


def test_without_a_login_every_route_but_the_open_ones_is_refused(full) -> None:
    with httpx.Client(base_url=full.address, headers={"Origin": full.address}, timeout=PATIENT_S) as client:
        for row in ROWS:
            status = status_of(client, row.method, row.path)
            if row.right != "open":
                assert status in (303, 401), row
            if status == 303:
                assert row.path in (*PAGES, "/login/oidc"), row


def test_long_addresses_of_strangers_are_not_kept() -> None:
    """Of all memory, that which this test takes: other threads of the process may take some meanwhile."""
    tracemalloc.start(25)
    try:
        seen = bytes(10_000)
        for number in range(40):
            assert rights_at(f"/{number}{'x' * 60_000}") == {}
        taken = tracemalloc.take_snapshot().traces
    finally:
        tracemalloc.stop()
    here = sys._getframe().f_code.co_filename
    kept = sum(one.size for one in taken if any(frame.filename == here for frame in one.traceback))
    assert len(seen) <= kept < 2 * 60_000


def test_a_person_without_a_role_has_no_right() -> None:
    person = Person("1", "N", "n", Session("k", "browser", 0, 1))
    assert not any(has(person, right, "hills") for right in HOLDERS)
