"""A server with accounts, over a store with one alert."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pyotp
import pytest

from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.oidc import Provider
from ops.accounts.settings import AccountSettings
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.plan_routes import PlanRoutes
from ops.services.api.serving.server import serving
from ops.services.map.client import Answer
from ops.store.writer import Store
from tests.patience import PATIENT_S

PASSWORD = "a quiet ridge at dawn"
SECTOR, TITLE = "hills", "The hills (exercise)"
ALERT = {"id": "A1", "revision": 0, "status": "active", "priority": "high", "raised_at": "2026-03-01T22:00:00Z"}


def wrong_code(secret: str, now_s: float) -> str:
    """A code of a second factor that is not right about this time."""
    right = {pyotp.TOTP(secret).at(now_s + 30 * step) for step in range(-2, 3)}
    return next(code for code in (f"{number:06d}" for number in range(6)) if code not in right)


class Planner(PlanRoutes):
    """The planner's routes without its processes."""

    def _ask(self, order: Any) -> Any:
        return {}


class World(SimpleNamespace):
    """A server and what its test needs."""

    accounts: Accounts
    address: str
    port: int
    actions: list[Any]

    def client(self, **more: Any) -> httpx.Client:
        """A browser: it keeps cookies, sends its origin, and does not follow redirects."""
        return httpx.Client(base_url=self.address, headers={"Origin": self.address}, timeout=PATIENT_S, **more)

    def add(self, login: str, name: str, role: str = "operator") -> None:
        """Add a person with PASSWORD."""
        entered = self.accounts.log_in(login, self.accounts.add(login, name, {"*": role}), LoginOrigin("test"))
        self.accounts.set_password(entered.person, "", PASSWORD, LoginOrigin("test"))

    @contextmanager
    def logged_in(self, login: str, password: str = PASSWORD) -> Iterator[httpx.Client]:
        """A browser in which a person has logged in."""
        with self.client() as client:
            answer = self.post(client, "/login", page="/login", name=login, password=password)
            assert answer.status_code == 303, answer.text
            yield client

    @contextmanager
    def logged_in_as(self, role: str | None) -> Iterator[httpx.Client]:
        """A browser in which a person with one role everywhere has logged in."""
        login = f"the-{role}".lower()
        if self.accounts.store.account(login) is None:
            self.add(login, login, role or "viewer")
            self.accounts.store.set_roles(self.accounts.store.account(login).id, {"*": role} if role else {})
        with self.logged_in(login) as client:
            yield client

    @staticmethod
    def token_of(page: str) -> str:
        """The token of a page's forms."""
        found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
        assert found, page
        return found[1]

    def post(self, client: httpx.Client, path: str, *, page: str, **fields: str) -> httpx.Response:
        """Open a page and send one of its forms."""
        return client.post(path, data={"form_token": self.token_of(client.get(page).text), **fields})


@contextmanager
def open_world(folder: Path, provider: Provider | None = None, **settings: Any) -> Iterator[World]:
    """Serve a store with accounts."""
    store, actions = Store(folder / "store.db"), []
    store.commit(
        1, stamp_ns=time.time_ns(), tracks_live=[{"track": "T1"}], sensors=[{"id": "r"}], counts={}, alerts=[ALERT]
    )
    accounts = Accounts(AccountStore(folder / "accounts.db"), AccountSettings(**settings))
    log, plan = AuditLog(folder / "audit"), Planner(SECTOR, folder / "plan.log")
    app = create_app(
        store.path,
        ApiSettings(SECTOR, title=TITLE, border={"type": "LineString"}, guard=GuardSettings(bearer=True)),
        act=actions.append,
        now_ns=time.time_ns,
        access_log=log,
        ground=lambda question, **_: Answer(
            200, "application/json", b"{}" if question in ("sector", "watch") else b"[]"
        ),
        plan=plan,
        accounts=accounts,
        provider=provider,
    )
    try:
        with serving(app) as port:
            address = f"http://127.0.0.1:{port}"
            yield World(app=app, accounts=accounts, address=address, port=port, actions=actions, log=log, store=store)
    finally:
        plan.close()
        log.close()
        store.close()
        accounts.store.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("logins")) as opened:
        opened.add("keller", "M. Keller")
        yield opened


@pytest.fixture(scope="module")
def open_server() -> Callable[..., Any]:
    """Opens a server in a folder, with an identity provider."""
    return open_world


@pytest.fixture
def new_world(tmp_path: Path) -> Callable[..., Any]:
    """Opens a server of the test's own: ``with new_world() as world``."""
    return partial(open_world, tmp_path)
