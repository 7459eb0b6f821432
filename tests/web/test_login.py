"""Logging in with a real browser: by keyboard alone, in both palettes, at 200 %, on a phone, in both languages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.operator_actions import OperatorAction
from ops.services.api.serving.server import serving
from ops.services.api.serving.tls import Tls, now_utc, own_certificate
from tests.web.conftest import DESKTOP, contexts_of
from tests.web.patience import SHOWN_MS

PASSWORD = "a quiet ridge at dawn"
SCREENS = Path(__file__).resolve().parents[2] / "out" / "screens"


@dataclass
class Room:
    accounts: Accounts
    address: str
    actions: list[OperatorAction]
    world: Any

    def add(self, login: str, name: str, role: str = "operator") -> None:
        entered = self.accounts.log_in(login, self.accounts.add(login, name, {"*": role}), LoginOrigin("test"))
        self.accounts.set_password(entered.person, "", PASSWORD, LoginOrigin("test"))


@contextmanager
def open_room(world: Any, folder: Path, tls: Tls | None = None, log: AuditLog | None = None) -> Iterator[Room]:
    accounts = Accounts(AccountStore(folder / "accounts.db"))
    actions: list[OperatorAction] = []
    settings = ApiSettings("hills", guard=GuardSettings(bearer=True))
    app = create_app(
        world.store.path, settings, act=actions.append, now_ns=time.time_ns, accounts=accounts, access_log=log
    )
    with serving(app, tls=tls) as port:
        yield Room(accounts, f"http{'' if tls is None else 's'}://127.0.0.1:{port}", actions, world)
    accounts.store.close()


@pytest.fixture
def room(world: Any, tmp_path: Path) -> Iterator[Room]:
    with open_room(world, tmp_path) as opened:
        opened.add("keller", "M. Keller")
        yield opened


@pytest.fixture
def new_page(blind: Browser) -> Iterator[Callable[..., Page]]:
    """Pages of a browser without maps, each in a context of its own."""
    with contexts_of(blind) as open_context:
        yield lambda **options: open_context(**({"viewport": DESKTOP} | options)).new_page()


def type_login(page: Page, name: str = "keller", password: str = PASSWORD) -> None:
    """With the keyboard only, once the field of the name has the focus; Enter at the end sends the form."""
    page.wait_for_function("() => document.activeElement.id === 'name'")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def test_a_shift_begins_and_ends_with_the_keyboard(room: Room, new_page: Callable[..., Page]) -> None:
    room.world.commit([room.world.alert(1)])
    page = new_page()
    page.goto(room.address + "/?language=en")
    assert page.url.endswith("/login?next=%2F%3Flanguage%3Den")
    type_login(page, password="not the password")
    page.wait_for_selector("[role=alert]")
    assert page.locator("[role=alert]").inner_text() == "The name or the password is wrong."
    assert page.locator("#name").input_value() == "keller"
    page.wait_for_function("() => document.activeElement.id === 'password'")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("html[data-stream=live]")
    assert page.url.endswith("/?language=en")
    expect(page.get_by_test_id("account")).to_be_visible()
    assert "M. Keller" in (page.locator("[data-testid=account]").get_attribute("title") or "")
    page.locator("[data-alert=A0001]").get_by_role("button", name=re.compile("Acknowledge")).press("Enter")
    deadline = time.monotonic() + SHOWN_MS / 1000
    while not room.actions and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert [action.by for action in room.actions] == ["M. Keller"]
    page.get_by_test_id("log-out").press("Enter")
    page.wait_for_url("**/login")
    page.go_back()
    page.wait_for_url("**/login?next=**")


def test_a_locked_person_finds_the_login_page_within_seconds(room: Room, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(room.address)
    type_login(page)
    page.wait_for_selector("html[data-stream=live]")
    account = room.accounts.store.account("keller")
    assert account is not None
    room.accounts.lock(account, locked=True)
    page.wait_for_url("**/login?next=%2F")


@pytest.mark.parametrize(
    ("language", "scheme", "viewport", "name"),
    [
        ("en", "light", {"width": 1280, "height": 800}, "desktop-light"),
        ("fr", "dark", {"width": 1280, "height": 800}, "desktop-dark"),
        ("fr", "light", {"width": 640, "height": 400}, "zoom-200"),
        ("fr", "dark", {"width": 390, "height": 844}, "phone-dark"),
    ],
)
def test_the_pages_are_accessible_and_fit(
    room: Room, new_page: Callable[..., Page], language: str, scheme: str, viewport: dict[str, int], name: str
) -> None:
    page = new_page(color_scheme=scheme, viewport=viewport, locale=language)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)

    def look(what: str) -> None:
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], what
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, what
        SCREENS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENS / f"{what}-{name}-{language}.png", full_page=True)

    page.goto(room.address + "/account")
    assert page.locator("html").get_attribute("lang") == language
    look("login")
    type_login(page)
    page.wait_for_selector("#sessions-title")
    look("account")
    page.get_by_role("link", name=re.compile("second")).click()
    page.wait_for_selector("img.qr")
    look("second-factor")
    secret = page.locator("input[name=secret]").input_value()
    frozen_s = time.time()
    room.accounts.now_s = lambda: frozen_s  # a code is right for a minute and a half only
    code = pyotp.TOTP(secret).at(frozen_s)
    page.locator("#factor-password").fill(PASSWORD)
    page.locator("#code").fill(code)
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]")
    page.locator("button.quiet").first.click()
    page.wait_for_url("**/login")
    type_login(page)
    page.wait_for_selector("#code")
    look("code")
    assert faults == []
    page.wait_for_function("() => document.activeElement.id === 'code'")
    page.keyboard.type(pyotp.TOTP(secret).at(frozen_s + 30))  # each code is taken once
    page.keyboard.press("Enter")
    page.wait_for_selector("html[data-stream=live]")
    expect(page.get_by_test_id("account")).to_have_text("M. Keller")
    page.screenshot(path=SCREENS / f"who-am-i-{name}-{language}.png")


def test_over_tls_the_cookie_is_bound_to_this_host(world: Any, tmp_path: Path, new_page: Callable[..., Page]) -> None:
    tls = own_certificate(tmp_path / "tls", [], now_utc())
    with open_room(world, tmp_path, tls) as room:
        room.add("keller", "M. Keller")
        page = new_page(ignore_https_errors=True)
        page.goto(room.address)
        type_login(page)
        page.wait_for_selector("html[data-stream=live]")
        port = room.address.rpartition(":")[2]
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
        session = cookies[f"__Host-watchline-session-{port}"]
        assert (session["secure"], session["httpOnly"], session["sameSite"]) == (True, True, "Strict")
