"""Releasability on the page: shown to those who may know it, changed by a supervisor with the keyboard alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from ingest.unit_messages import Reply
from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.store import AccountStore
from ops.incidents.book import ActionOutcome
from ops.releasability.settings import ReleasabilitySettings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.server import serving
from ops.services.fusion.incident_view import incident_dict, outcome_dict
from ops.services.fusion.live_picture import alert_dict
from ops.store.writer import Store
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import START_NS, alert, at, incident
from tests.web.conftest import DESKTOP, contexts_of, open_more
from tests.web.test_login import PASSWORD, SCREENS, type_login

SETTINGS = ReleasabilitySettings(levels=("restricted", "national"), units={"patrol-1": "restricted"})
UNIT = {
    "unit": "patrol-1", "lon": -84.2, "lat": 36.6, "position_sd_m": 10.0, "observed_ns": START_NS,
    "received_ns": START_NS,
    "clock_ahead_s": 0.0, "duty": "on_duty", "moves": "foot", "base": "", "note": "", "distress_ns": None,
    "segment": None, "offset_m": None, "section": None,
}  # fmt: skip


class Fusion:
    """A store with one incident, to which actions are applied as fusion does."""

    def __init__(self, folder: Path) -> None:
        self.store, self.cursor, self.revision = Store(folder / "store.db"), 0, 0
        self.replies: list[Reply] = []
        self.lead = alert("crossing", "T1")
        self.commit(alerts=[alert_dict(self.lead, FRAME)], incident_revisions=[self._incident()])

    def _incident(self) -> dict[str, Any]:
        made = incident(id="I1", lead=self.lead.id, alerts=(self.lead.id,), revision=self.revision, name="Bravo 17")
        return incident_dict(made, FRAME, section="West")

    def commit(self, **parts: Any) -> None:
        self.cursor += 1
        forces = {"units": [UNIT], "bases": [], "sections": [], "fading_s": 300.0, "stale_s": 900.0}
        self.store.commit(
            self.cursor, stamp_ns=time.time_ns(), tracks_live=[], bearings=[], sensors=[], counts={}, forces=forces,
            **parts,
        )  # fmt: skip

    def send_reply(self, reply: Reply) -> tuple[int, int]:
        self.replies.append(reply)
        self.revision += 1
        outcome = ActionOutcome(reply.action_id, reply.incident, reply.action, reply.by, at(9), "done", self.revision)
        kinds = (("incident", "I1"), ("alert", self.lead.id))
        self.commit(
            incident_revisions=[self._incident()],
            outcomes=[outcome_dict(outcome)],
            markings=[(kind, identity, reply.marking) for kind, identity in kinds],
        )
        return 1, 1

    def journaled(self, _: Any) -> bool:
        return True


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Any]:
    fusion = Fusion(tmp_path)
    accounts = Accounts(AccountStore(tmp_path / "accounts.db"))
    for login, role, limit in (
        ("top", "supervisor", "national"), ("operator", "operator", "national"), ("none", "supervisor", "")
    ):  # fmt: skip
        entered = accounts.log_in(login, accounts.add(login, login, {"*": role}), LoginOrigin("test"))
        accounts.set_password(entered.person, "", PASSWORD, LoginOrigin("test"))
        accounts.store.change(accounts.store.account(login).id, releasability=limit)
    app = create_app(
        fusion.store.path,
        ApiSettings("hills", guard=GuardSettings(bearer=True), releasability=SETTINGS),
        act=lambda _: None,
        actions=fusion,
        now_ns=time.time_ns,
        accounts=accounts,
    )
    with serving(app) as port:
        yield fusion, f"http://127.0.0.1:{port}"
    fusion.store.close()
    accounts.store.close()


@pytest.fixture
def enter(blind: Browser, room: Any) -> Iterator[Callable[..., Page]]:
    """Opens the page as a person, in a context of its own."""
    with contexts_of(blind) as open_context:

        def open_page(login: str, *, locale: str = "en-GB") -> Page:
            page = open_context(viewport=DESKTOP, locale=locale).new_page()
            page.goto(f"{room[1]}/login")
            type_login(page, login)
            page.wait_for_selector("html[data-stream]")
            return page

        yield open_page


def select_incident(page: Page) -> None:
    """With the keyboard."""
    expect(page.locator(".incident")).to_have_count(1)
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("details-title")).to_have_text("Bravo 17")


@pytest.mark.parametrize(
    ("locale", "none", "fact", "screen"),
    [("en-GB", "none", "Marking", "marking-en"), ("fr-FR", "aucun", "Marquage", "marking-fr")],
)
def test_a_supervisor_sets_and_lifts_a_marking_with_the_keyboard(
    room: Any, enter: Callable[..., Page], locale: str, none: str, fact: str, screen: str
) -> None:
    fusion, _ = room
    page = enter("top", locale=locale)
    select_incident(page)
    stated = page.get_by_test_id("details").locator("dt", has_text=fact)
    details, dialog = page.get_by_test_id("details"), page.get_by_test_id("incident-dialog")
    expect(stated).to_have_count(0)
    expect(page.get_by_test_id("details-incident-mark")).to_have_count(1)  # the page knows rights and markings
    page.keyboard.press("l")
    page.keyboard.press("x")
    expect(dialog).to_be_visible()
    choice = page.get_by_test_id("incident-choice")
    expect(choice).to_be_focused()
    assert choice.locator("option").all_inner_texts() == [none, "restricted", "national"]
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("incident-problem")).not_to_be_empty()
    assert fusion.replies == [], "a decision needs a reason"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.get_by_test_id("incident-text").press_sequentially("source of another service")
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{screen}.png")
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(stated).to_have_count(1)
    expect(details).to_contain_text("national")
    page.screenshot(path=SCREENS / f"{screen}-set.png")
    page.keyboard.press("l")
    page.keyboard.press("x")
    expect(choice).to_have_value("national")
    page.keyboard.press("Home")
    page.get_by_test_id("incident-text").press_sequentially("released by the service")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(stated).to_have_count(0)
    assert [(one.action, one.marking, one.reason, one.by) for one in fusion.replies] == [
        ("mark", "national", "source of another service", "top"),
        ("mark", "", "released by the service", "top"),
    ]


def test_an_operator_sees_the_marking_and_has_no_button(room: Any, enter: Callable[..., Page]) -> None:
    room[0].commit(markings=[("incident", "I1", "national"), ("alert", room[0].lead.id, "national")])
    page = enter("operator")
    select_incident(page)
    expect(page.get_by_test_id("details")).to_contain_text("national")
    expect(page.get_by_test_id("details-incident-close")).to_be_visible()
    expect(page.get_by_test_id("details-incident-mark")).to_have_count(0)
    page.keyboard.press("f")
    page.get_by_test_id("panel-forces").get_by_text("patrol-1").click()
    expect(page.get_by_test_id("details")).to_contain_text("unmarked and up to restricted")


def test_a_restricted_supervisor_sees_no_marking_no_button_and_not_the_incident(
    room: Any, enter: Callable[..., Page]
) -> None:
    page = enter("none")
    select_incident(page)
    open_more(page)
    expect(page.get_by_test_id("details-incident-note")).to_be_visible()
    expect(page.get_by_test_id("details-incident-mark")).to_have_count(0)
    room[0].commit(markings=[("incident", "I1", "national"), ("alert", room[0].lead.id, "national")])
    expect(page.locator(".incident")).to_have_count(0)
    text = page.locator("body").inner_text()
    for word in ("national", "restricted", "Marking"):
        assert word not in text
