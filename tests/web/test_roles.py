"""What each role finds on the pages: its first page, what it may open and do, and nothing that would be refused."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.person import ROLES
from ops.accounts.rights import HOLDERS
from ops.accounts.store import AccountStore
from ops.audit.log import AuditLog
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.operator_actions import OperatorAction
from ops.services.api.plan_routes import PlanRoutes
from ops.services.api.serving.server import serving
from ops.services.map.client import Answer, MapUnavailable
from tests.web.conftest import DESKTOP, REPORT_VIOLATIONS, SCREENS, Witness, World, open_more, until
from tests.web.test_replay import incident

NOTHING = {"type": "FeatureCollection", "features": []}
PASSWORD = "a quiet ridge at dawn"
NOT_THERE = re.compile(r"status of 404 .*(/v1/history/moment|/action-plan\))")
"""What the browser notes when the page looks back to before the first picture, and of a sector without a plan."""
ON_THE_MAP = [role for role in ROLES if role in HOLDERS["picture"]]


class IdlePlanner(PlanRoutes):
    """The planner's routes without its processes."""

    def _ask(self, order: Any) -> Any:
        return {}


def ground(question: str, **_: Any) -> Answer:
    """The map process of a sector without ground."""
    if question == "responders":
        raise MapUnavailable("There is no ground.")
    return Answer(200, "application/json", b"{}" if question in ("sector", "watch") else b"[]")


@dataclass
class Desk:
    """A server with one account for each role."""

    address: str
    actions: list[OperatorAction]
    world: World
    accounts: Accounts


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("roles")
    with open_desk(folder) as opened:
        yield opened


@contextmanager
def open_desk(folder: Path) -> Iterator[Desk]:
    world, actions = World(folder), list[OperatorAction]()
    world.tracks, world.sensors = [world.track(1)], [world.sensor("radar-crest")]
    section = {
        "section": "West", "segments": [[0, 9]], "level": "low", "decided": [], "required_units": 1,
        "required_response_s": 3600.0, "units": [], "not_current": [], "response_s": 700.0, "response_base": "Fork",
        "response_known": True, "met": False,
    }  # fmt: skip
    forces = {"units": [], "bases": [], "sections": [section], "fading_s": 120.0, "stale_s": 600.0}
    world.commit([world.alert(1)], incident_revisions=[incident(1, datetime.now(UTC))], forces=forces)
    world.write()
    accounts = Accounts(AccountStore(folder / "accounts.db"))
    for role in ROLES:
        entered = accounts.log_in(role, accounts.add(role, f"The {role}", {"*": role}), LoginOrigin("test"))
        accounts.set_password(entered.person, "", PASSWORD, LoginOrigin("test"))
    log, plan = AuditLog(folder / "audit"), IdlePlanner("hills", folder / "plan.log")
    app = create_app(
        world.store.path, ApiSettings("hills", border=NOTHING, layout=NOTHING), act=actions.append,
        now_ns=time.time_ns, access_log=log, plan=plan, accounts=accounts,
        ground=ground,
    )  # fmt: skip
    try:
        with serving(app) as port:
            yield Desk(f"http://127.0.0.1:{port}/", actions, world, accounts)
    finally:
        plan.close()
        log.close()
        accounts.store.close()
        world.close()


@dataclass
class Seat:
    """A person of one role before a page, which must not ask for anything that is refused."""

    page: Page
    desk: Desk
    role: str
    refused: list[str]

    def may(self, right: str) -> bool:
        return self.role in HOLDERS[right]  # type: ignore[index]

    def part(self, name: str) -> Any:
        return self.page.get_by_test_id(name)

    def shown(self, name: str, right: str) -> None:
        """Shown to those who have the right, and to nobody else."""
        expect(self.part(name)).to_be_visible(visible=self.may(right))

    def screen(self, name: str) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"role-{self.role}-{name}.png")


@pytest.fixture
def enter(blind: Browser, desk: Desk) -> Iterator[Callable[[str], Seat]]:
    """Logs in with the keyboard; afterwards nothing that the page asked for may have been refused."""
    seats: list[tuple[Seat, Witness]] = []

    def log_in(role: str) -> Seat:
        context = blind.new_context(viewport=DESKTOP, locale="en-GB")
        context.add_init_script(REPORT_VIOLATIONS)
        page, refused, witness = context.new_page(), list[str](), Witness(desk.address, outage=True)
        page.on("response", lambda answer: refused.append(answer.url) if answer.status in (401, 403) else None)
        witness.attach(page)
        page.goto(desk.address)
        expect(page.locator("#name")).to_be_focused()
        page.keyboard.type(role)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "/login" not in address)
        seats.append((Seat(page, desk, role, refused), witness))
        return seats[-1][0]

    yield log_in
    for seat, _ in seats:
        seat.page.context.close()
    for seat, witness in seats:
        assert seat.refused == [], seat.role
        assert [fault for fault in witness.faults if not NOT_THERE.search(fault)] == [], seat.role


@pytest.mark.parametrize("role", ON_THE_MAP)
def test_the_map_offers_what_the_role_may_do_and_no_more(enter: Callable[[str], Seat], role: str) -> None:
    seat = enter(role)
    seat.page.wait_for_selector("html[data-stream=live]")
    expect(seat.part("account")).to_have_text(f"The {role}")
    seat.shown("plan-link", "plan")
    seat.shown("replay-open", "history")
    seat.page.keyboard.press("l")
    seat.page.keyboard.press("Enter")
    expect(seat.part("details-title")).to_have_text("Bravo 1")
    for step in ("acknowledge", "close"):
        seat.shown(f"details-incident-{step}", "act")
    seat.shown("details-more", "act")
    if seat.may("act"):
        open_more(seat.page)
    seat.shown("details-incident-note", "act")
    seat.screen("incident")
    seat.part("show-open").press("Enter")
    expect(seat.part("alert")).to_have_count(1)
    seat.shown("alert-acknowledge", "act")
    seat.shown("alert-reject", "act")
    seat.page.keyboard.press("f")
    expect(seat.part("section-row")).to_be_visible()
    seat.shown("set-level", "levels")
    seat.part("share-open").press("Enter")
    seat.shown("share-handover", "handover")
    seat.shown("share-scorecard", "score")
    seat.shown("share-partners", "partners")
    seat.shown("share-eurosur", "eurosur")
    seat.shown("share-drill", "score")
    seat.shown("share-form", "export")
    seat.screen("share")
    seat.page.keyboard.press("Escape")


@pytest.mark.parametrize("role", [role for role in ON_THE_MAP if role not in HOLDERS["act"]])
def test_keys_do_nothing_for_those_who_may_only_look(enter: Callable[[str], Seat], role: str) -> None:
    """Neither an action, nor a dialog for one, nor a look back without the right for it."""
    seat = enter(role)
    seat.page.wait_for_selector("html[data-stream=live]")
    expect(seat.part("account")).to_have_text(f"The {role}")
    seat.page.keyboard.press("l")
    for key in ("Enter", "a", "u", "c"):
        seat.page.keyboard.press(key)
    seat.part("show-open").press("Enter")
    seat.part("alert-open").press("Enter")
    for key in ("a", "r"):
        seat.part("alert-open").press(key)
    expect(seat.part("details-lead")).to_be_visible()
    assert seat.page.locator("dialog[open]").count() == 0
    seat.page.keyboard.press("t")
    seat.page.keyboard.press("r")
    expect(seat.part("replay")).to_be_visible(visible=seat.may("history"))
    assert seat.desk.actions == []


@pytest.mark.parametrize("role", ROLES)
def test_each_page_opens_for_its_roles_and_leads_the_others_to_theirs(enter: Callable[[str], Seat], role: str) -> None:
    seat = enter(role)
    home = next(path for path, right in PAGES.items() if seat.may(right))
    assert path_of(seat.page) == home
    for path, right in PAGES.items():
        seat.page.goto(seat.desk.address.rstrip("/") + path)
        assert path_of(seat.page) == (path if seat.may(right) else home)
    seat.page.goto(seat.desk.address + "account")
    expect(seat.page.locator(".roles li")).to_have_text(re.compile(f"^{role}", re.IGNORECASE))
    seat.page.get_by_role("link", name="Open Watchline").press("Enter")
    seat.page.wait_for_url(seat.desk.address.rstrip("/") + home)


PAGES = {
    "/": "picture", "/plan.html": "plan", "/handover": "handover", "/after-action": "handover", "/scorecard": "score",
    "/action-plan": "score", "/audit": "audit", "/approvals": "approve", "/drill": "score",
    "/partners": "partners", "/eurosur": "eurosur",
}  # fmt: skip


def path_of(page: Page) -> str:
    return "/" + page.url.split("/", 3)[3].partition("?")[0]


def test_a_planner_plans_and_is_not_sent_to_a_map_that_she_may_not_see(enter: Callable[[str], Seat]) -> None:
    seat = enter("planner")
    expect(seat.part("account")).to_have_text("The planner")
    expect(seat.part("live-map-link")).to_be_hidden()
    seat.screen("plan")
    seat.part("log-out").press("Enter")
    seat.page.wait_for_url("**/login")


def test_a_supervisor_goes_from_the_planner_back_to_the_map(enter: Callable[[str], Seat]) -> None:
    seat = enter("supervisor")
    seat.part("plan-link").press("Enter")
    seat.page.wait_for_url("**/plan.html")
    seat.part("live-map-link").press("Enter")
    expect(seat.page.locator("html")).to_have_attribute("data-stream", "live")
    assert path_of(seat.page) == "/"


def test_an_operators_action_carries_her_name(enter: Callable[[str], Seat]) -> None:
    seat = enter("operator")
    seat.part("show-open").press("Enter")
    seat.part("alert-acknowledge").press("Enter")
    assert until(lambda: seat.desk.actions or seat.page.wait_for_timeout(100))
    assert [(one.action, one.alert, one.by) for one in seat.desk.actions] == [("acknowledge", "A0001", "The operator")]
    seat.desk.actions.clear()


def test_a_person_whose_role_changes_sees_it_without_a_reload(enter: Callable[[str], Seat], desk: Desk) -> None:
    seat = enter("operator")
    # Asked every few seconds while an incident is selected, and refused where the page has not heard of the change yet.
    # From here on, so that none is under way when the role changes.
    seat.page.route("**/looks", lambda route: route.fulfill(json={"options": []}))
    seat.page.wait_for_selector("html[data-stream=live]")
    seat.page.keyboard.press("l")
    seat.page.keyboard.press("Enter")
    expect(seat.part("details-incident-acknowledge")).to_be_visible()
    account = desk.accounts.store.account("operator")
    assert account is not None
    try:
        desk.accounts.store.set_roles(account.id, {"*": "viewer"})
        expect(seat.part("details-incident-acknowledge")).to_be_hidden()
        expect(seat.part("details-title")).to_have_text("Bravo 1")
        expect(seat.part("replay-open")).to_be_hidden()
    finally:
        desk.accounts.store.set_roles(account.id, {"*": "operator"})
