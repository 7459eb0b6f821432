"""One stream for all pages of a browser, actions that never wait for it, and words that stay true."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from geo.message import Message
from ops.drawing.typeface.page_font import BUILT
from ops.runtime.processes.part_state import COMPILING
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.operator_actions import OperatorAction
from ops.services.api.serving.server import serving
from tests.patience import PATIENT_S
from tests.web.conftest import DESKTOP, contexts_of
from tests.web.patience import SHOWN_MS

TABS = 10
CONNECTIONS = 6
"""To one server, in every browser."""


@dataclass
class Room:
    """A server over the store of ``world`` that takes actions, states which parts work, and has one slow address."""

    world: Any
    address: str
    actions: list[OperatorAction]
    parts: dict[str, Message | None]
    slow: list[float] = field(default_factory=list)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, which do not give up a stream that is silent for 15 s, as on a busy machine: what they had open would
    be free for other requests meanwhile."""
    folder = tmp_path_factory.mktemp("pages") / "dist"
    shutil.copytree(BUILT, folder)
    readers = [file for file in folder.glob("assets/*.js") if "/api/stream?page=" in file.read_text()]
    assert len(readers) == 2, "the worker, and the page itself"
    for file in readers:
        patient, found = re.subn(r"=15e3\b", "=1e9", file.read_text())
        assert found == 1
        file.write_text(patient)
    return folder


@pytest.fixture
def room(world: Any, pages: Path) -> Iterator[Room]:
    actions: list[OperatorAction] = []
    parts: dict[str, Message | None] = {"broker": None, "ingest": None}
    settings = ApiSettings("x", pages=pages)
    app = create_app(world.store.path, settings, act=actions.append, now_ns=time.time_ns, parts=lambda: dict(parts))
    slow: list[float] = []

    async def hang(_: Any) -> None:
        slow.append(time.monotonic())
        await asyncio.sleep(600)

    app.router.add_route("/api/slow", hang, methods=["GET"])
    with serving(app) as port:
        yield Room(world, f"http://127.0.0.1:{port}/", actions, parts, slow)


@pytest.fixture
def context(blind: Browser, room: Room) -> Iterator[BrowserContext]:
    """All pages of one person, without maps; they end before the server does."""
    with contexts_of(blind) as open_context:
        yield open_context(viewport=DESKTOP)


def open_page(context: BrowserContext, room: Room) -> Page:
    page = context.new_page()
    page.goto(room.address)
    page.wait_for_selector("html[data-stream=live]", timeout=SHOWN_MS)
    page.wait_for_selector("html[data-role]", timeout=SHOWN_MS)  # it knows that actions need no login
    return page


def until(true: Callable[[], object], within_s: float = PATIENT_S) -> bool:
    deadline = time.monotonic() + within_s
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(found)  # as it was found: a second look may find it otherwise


def is_shared(room: Room) -> bool:
    """Whether all pages have one stream; one whose worker is late has its own until then."""
    return bool(httpx.get(f"{room.address}api/health", timeout=PATIENT_S).json()["stream_clients"] == 1)


def row(page: Page, alert: str) -> Any:
    return page.locator(f"[data-alert={alert}]")


def test_ten_tabs_share_one_stream_and_each_may_act(room: Room, context: BrowserContext) -> None:
    pages = [open_page(context, room) for _ in range(TABS)]
    assert until(lambda: is_shared(room))
    room.world.commit([room.world.alert(2)])
    for page in pages:
        expect(row(page, "A0002")).to_be_visible()
    for page, alert in ((pages[0], "A0001"), (pages[-1], "A0002")):
        row(page, alert).get_by_test_id("alert-acknowledge").click()
        assert until(lambda alert=alert: any(action.alert == alert for action in room.actions))
    pages[0].close()
    room.world.commit([room.world.alert(3)])
    for page in pages[1:]:
        expect(row(page, "A0003")).to_be_visible()


def test_an_action_gets_out_while_every_other_connection_waits(room: Room, context: BrowserContext) -> None:
    pages = [open_page(context, room) for _ in range(2)]
    assert until(lambda: is_shared(room))
    for page in pages:
        page.evaluate("for (let n = 0; n < 12; n += 1) void fetch(`/api/slow?${n}`).catch(() => undefined)")
    assert until(lambda: len(room.slow) == CONNECTIONS - 1), "all but the stream's"
    row(pages[1], "A0001").get_by_test_id("alert-acknowledge").click()
    assert until(lambda: len(room.actions) == 1)
    assert len(room.slow) == CONNECTIONS - 1, "none of them was freed for it"


def test_the_page_is_not_live_while_a_part_does_not_work(room: Room, context: BrowserContext) -> None:
    page = open_page(context, room)
    named: dict[str, Any] = {"part": "broker", "cause": "none", "code": -9, "words": "", "log": "/srv/logs/b.log"}
    room.parts["broker"] = Message("part-ended", named)
    state, banner = page.get_by_test_id("stream-state"), page.get_by_test_id("banner-stream")
    expect(state).to_have_attribute("data-state", "down")
    expect(state).to_contain_text("broker")
    expect(state).not_to_contain_text("LIVE")
    expect(banner).to_contain_text("Failed: broker (stopped, is being restarted)")
    expect(banner).to_contain_text("call the administrator")
    expect(banner).not_to_contain_text("b.log")
    later = context.new_page()
    later.goto(room.address)
    expect(later.get_by_test_id("stream-state")).to_have_attribute("data-state", "down")
    room.parts["broker"] = COMPILING
    expect(state).to_have_attribute("data-state", "starting")
    expect(state).to_have_text("STARTING: broker")
    expect(banner).to_contain_text("Starting: broker (compiling kernels after an installation or update")
    room.parts["broker"] = None
    expect(state).to_have_attribute("data-state", "live")
    expect(banner).to_be_hidden()


def test_who_holds_an_alert_does_not_read_that_it_could_not_be_sent(room: Room, context: BrowserContext) -> None:
    """The answer to a claim may fail, and the claim be carried out all the same: the alert's revision tells."""
    page = open_page(context, room)
    refusal = '{"error": "The action could not be sent (no answer); try again."}'
    page.route("**/acknowledge", lambda route: route.fulfill(status=503, content_type="application/json", body=refusal))
    row(page, "A0001").get_by_test_id("alert-acknowledge").click()
    expect(row(page, "A0001")).to_contain_text("could not be sent")
    room.world.commit([room.world.alert(1, revision=1, status="acknowledged", by="operator")])
    expect(row(page, "A0001")).to_have_attribute("data-status", "acknowledged")
    expect(row(page, "A0001")).not_to_contain_text("could not be sent")


def test_a_response_estimate_that_is_not_revised_becomes_unknown(room: Room, context: BrowserContext) -> None:
    page = open_page(context, room)
    response = "Fork base: ETA 10 min, 24 min to spare; P(interruption) 90%"
    fresh = room.world.alert(4, response_sentence=response)
    later = fresh["updated_at"] + timedelta(hours=1)  # whatever the page needs to show it
    room.world.commit([fresh | {"updated_at": later}])
    expect(row(page, "A0004")).to_contain_text("24 min to spare")
    old = room.world.alert(4, revision=1, response_sentence=response)
    room.world.commit([old | {"updated_at": old["updated_at"] - timedelta(days=365)}])
    expect(row(page, "A0004")).to_contain_text("response unknown")
    expect(row(page, "A0004")).not_to_contain_text("24 min to spare")
