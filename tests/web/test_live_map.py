"""The live map over a demonstration: tracks move, alerts are handled and stay so, everything works by keyboard."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.patience import PATIENT_S
from tests.web.conftest import open_more, until
from tests.web.patience import SHOWN_MS

pytestmark = pytest.mark.chain

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def places(page: Any) -> dict[str, tuple[str, str]]:
    """Position of each listed track."""
    rows = page.locator("[data-testid=track-row]").evaluate_all(
        "rows => rows.map(row => [row.dataset.track, row.dataset.lon, row.dataset.lat])"
    )
    return {name: (lon, lat) for name, lon, lat in rows}


def status_of(demo: str, identity: str) -> str:
    return str(httpx.get(f"{demo}api/alerts/{identity}", timeout=PATIENT_S).json()["status"])


def first_active(visit: Any) -> Any:
    visit.part("show-open").press("Enter")
    alert = visit.page.locator("[data-testid=alert][data-status=active]").first
    alert.wait_for(timeout=SHOWN_MS)
    return alert


def test_tracks_move_and_the_page_says_what_it_is(demo: str, visit: Callable[..., Any]):
    here = visit(demo)
    here.live()
    expect(here.part("demo-mark")).to_be_visible()
    expect(here.page).to_have_title(re.compile(r"DEMO: Watchline Cumberland \(exercise\)"))
    expect(here.part("clock-utc")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
    expect(here.part("coverage-dead-ground")).to_contain_text("dead ground (shaded)", timeout=SHOWN_MS)
    expect(here.part("coverage-sensors")).to_contain_text("8 sensors")
    here.page.keyboard.press("t")
    here.part("track-row").first.wait_for()
    before: dict[str, tuple[str, str]] = {}

    def moved() -> list[str]:
        """Tracks that were elsewhere when they were first listed, which some are later than others."""
        after = places(here.page)
        before.update({name: place for name, place in after.items() if name not in before})
        return [name for name, place in after.items() if before[name] != place]

    deadline = time.monotonic() + SHOWN_MS / 1000
    while len(moved()) < 3:
        assert time.monotonic() < deadline, (before, places(here.page))
        here.page.wait_for_timeout(500)
    here.screen("tracks-day")


PRESS = """step => {
  const row = document.querySelector("[data-testid=alert][data-status=active]");
  const button = row?.querySelector(`[data-testid=alert-${step}]`);
  button?.click();
  return button ? row.dataset.alert : null;
}"""
"""Find an alert and press its button in one step of the page: between two, its mover may turn away and its row go."""


def pressed(here: Any, step: str) -> str:
    """Press a button of an active alert; its identity."""
    first_active(here)
    found: list[str] = []
    assert until(lambda: found or found.extend(filter(None, [here.page.evaluate(PRESS, step)])))
    return found[0]


def status_shown(here: Any, identity: str) -> str:
    """How the alert stands in the list that is shown; empty if it is not in it."""
    rows = here.page.locator(f"[data-alert='{identity}']")
    return "".join(rows.evaluate_all("rows => rows.map(row => row.dataset.status)"))


def acknowledged_one(here: Any) -> str:
    """Acknowledge an active alert; the next one where its mover turns away before the click has arrived."""
    for _ in range(10):
        identity = pressed(here, "acknowledge")
        expect(here.page.locator(f"[data-alert='{identity}'][data-status=active]")).to_have_count(0)
        if status_shown(here, identity) == "acknowledged":
            return identity
    raise AssertionError("ten alerts in a row were cleared before they could be acknowledged")


def rejected_one(here: Any, reason: str) -> str:
    """Reject an active alert, at first without a reason; the next one where its mover turns away meanwhile."""
    for _ in range(10):
        identity = pressed(here, "reject")
        here.part("reject-reason").fill(" x ")
        here.part("reject-send").click()
        expect(here.part("reject-problem")).to_contain_text("at least three characters")
        here.part("reject-reason").fill(reason)
        here.part("reject-send").click()
        expect(here.page.locator(f"[data-alert='{identity}'][data-status=active]")).to_have_count(0)
        here.page.keyboard.press("Escape")  # of the dialog, if the alert was cleared and it says so
        expect(here.part("reject-dialog")).to_be_hidden()
        here.part("show-closed").press("Enter")
        expect(here.page.locator(f"[data-alert='{identity}']")).to_have_count(1)
        if status_shown(here, identity) == "rejected":
            return identity
    raise AssertionError("ten alerts in a row were cleared before they could be rejected")


def test_an_acknowledged_alert_stays_so_after_a_reload(demo: str, visit: Callable[..., Any]):
    here = visit(demo)
    here.witness.outage = True  # where the broker takes longer than the API waits, the action is kept and sent later
    here.live()
    identity = acknowledged_one(here)
    here.page.reload()
    here.live()
    expect(here.page.locator(f"[data-alert='{identity}'][data-status=active]")).to_have_count(0)
    assert status_of(demo, identity) in ("acknowledged", "cleared")  # cleared when the mover turns away meanwhile


def test_a_rejection_needs_a_reason_and_keeps_it(demo: str, visit: Callable[..., Any]):
    here = visit(demo)
    here.live()
    identity = rejected_one(here, "a cow,  seen by <b>camera</b>")
    row = here.page.locator(f"[data-alert='{identity}']")
    expect(row).to_contain_text("Rejected by Demo operator: a cow, seen by <b>camera</b>")
    assert status_of(demo, identity) == "rejected"


def test_an_incident_is_worked_from_claim_to_disposition_by_keyboard(demo: str, visit: Callable[..., Any]):
    """Claim, assign, close with a disposition, and undo: without a mouse."""
    here = visit(demo)
    here.witness.outage = True  # see above
    here.live()
    press = here.page.keyboard.press
    here.page.locator("[data-testid=incident][data-state=open]").first.wait_for(timeout=SHOWN_MS)
    press("l")
    identity = str(here.page.locator(":focus").locator("xpath=..").get_attribute("data-incident"))
    press("Enter")
    expect(here.part("details-title")).to_have_text(re.compile(r"^[A-Z][a-z]+ [1-9]\d*$"))
    expect(here.part("details-incident-acknowledge")).to_be_visible()
    press("l")
    row = here.page.locator(f"[data-incident='{identity}']")
    row.get_by_test_id("incident-open").focus()
    press("a")
    expect(row).to_have_attribute("data-state", "acknowledged", timeout=SHOWN_MS)
    row.get_by_test_id("incident-open").focus()
    press("u")
    expect(here.part("incident-dialog")).to_be_visible()
    expect(here.part("incident-choice-note")).not_to_contain_text("Computing")
    if here.part("incident-name").is_visible():
        here.part("incident-name").fill("patrol-1")
    press("Enter")
    expect(here.part("incident-dialog")).to_be_hidden(timeout=SHOWN_MS)
    expect(row).to_have_attribute("data-state", "assigned", timeout=SHOWN_MS)
    row.get_by_test_id("incident-open").focus()
    press("c")
    here.part("incident-send").click()
    expect(here.part("incident-problem")).to_contain_text("Select a disposition")
    here.part("incident-choice").select_option("no_threat")
    here.part("incident-send").click()
    expect(here.part("incident-dialog")).to_be_hidden(timeout=SHOWN_MS)
    expect(row).to_have_count(0, timeout=SHOWN_MS)
    closed = httpx.get(f"{demo}v1/incidents/{identity}", timeout=PATIENT_S).json()
    assert (closed["state"], closed["disposition"], closed["closed_by"]) == ("closed", "no_threat", "person")


def test_the_map_moves_to_the_selected_incident(demo: str, visit: Callable[..., Any]):
    here = visit(demo)
    here.live()
    before = here.part("at-latlon").inner_text()
    here.part("incident-open").first.press("Enter", timeout=SHOWN_MS)
    open_more(here.page)
    expect(here.part("details-incident-note")).to_be_visible()
    expect(here.part("at-latlon")).not_to_have_text(before)
    before = here.part("at-latlon").inner_text()
    here.part("zoom-home").press("Enter")
    expect(here.part("at-latlon")).not_to_have_text(before)


def test_an_incident_gets_a_file_and_a_link_and_is_merged(demo: str, visit: Callable[..., Any]):
    here = visit(demo)
    here.witness.outage = True  # see above
    here.live()
    rows = here.page.locator("[data-testid=incident][data-state=open]")
    rows.nth(1).wait_for(timeout=SHOWN_MS)
    one = str(rows.first.get_attribute("data-incident"))

    def known(identity: str) -> dict[str, Any]:
        return httpx.get(f"{demo}v1/incidents/{identity}", timeout=PATIENT_S).json()

    def ask(step: str, problem: str) -> None:
        open_more(here.page)
        here.part(f"details-incident-{step}").click()
        here.part("incident-send").click()
        expect(here.part("incident-problem")).to_have_text(problem)

    def choose() -> str:
        other = str(here.part("incident-choice").locator("option").nth(1).get_attribute("value"))
        here.part("incident-choice").select_option(other)
        return other

    def send() -> None:
        here.part("incident-send").click()
        expect(here.part("incident-dialog")).to_be_hidden(timeout=SHOWN_MS)

    row = here.page.locator(f"[data-incident='{one}']")
    row.get_by_test_id("incident-open").click()
    here.part("details-incident-acknowledge").click()  # one that is not claimed may be closed as settled meanwhile
    expect(row).to_have_attribute("data-state", "acknowledged")
    ask("attach", "Enter the address or name of the file.")
    here.part("incident-text").fill("camera-west 21:04 still 3")
    send()
    expect(here.part("details")).to_contain_text("camera-west 21:04 still 3", timeout=SHOWN_MS)
    ask("link", "Select the other incident.")
    linked = choose()
    send()
    expect(here.page.get_by_test_id("details").get_by_role("button", name=known(linked)["name"])).to_be_visible(
        timeout=SHOWN_MS
    )
    ask("merge", "Select the other incident.")
    other = choose()
    send()
    expect(row).to_have_count(0)
    merged = known(one)
    assert (merged["state"], merged["disposition"], merged["merged_into"]) == ("closed", "merged", other)
    assert set(merged["alerts"]) <= set(known(other)["alerts"])
    assert [note["attachment"] for note in merged["notes"]] == ["camera-west 21:04 still 3"]


def test_the_queue_is_filtered_and_searched(demo: str, visit: Callable[..., Any]):
    here = visit(demo)
    here.live()
    rows = here.page.locator("[data-testid=incident]")
    rows.first.wait_for(timeout=SHOWN_MS)
    name = rows.first.locator(".incident-name").inner_text()
    here.part("incident-search").fill(name.lower())
    expect(rows.filter(has_not_text=name)).to_have_count(0)
    expect(rows.filter(has_text=name)).not_to_have_count(0)
    here.part("incident-search").fill("no such words")
    expect(here.part("incidents-note")).to_contain_text("No incident matches")
    here.part("incident-search").fill("")
    here.part("incident-state").select_option("closed")
    expect(here.page.locator("[data-testid=incident]:not([data-state=closed])")).to_have_count(0)


def asked_to_reject(here: Any) -> None:
    """Go to an alert, open it and ask to reject it; the next one where its mover turns away before the last key."""
    press = here.page.keyboard.press
    for _ in range(10):
        assert until(lambda: press("l") or "alert-open" in here.page.evaluate("document.activeElement.className"))
        press("Enter")
        expect(here.part("details-lead")).to_be_visible()
        press("r")
        if here.part("reject-dialog").is_visible():
            return
        press("b")  # without an alert that has the focus, R looks back
    raise AssertionError("ten alerts in a row were cleared before they could be rejected")


def test_everything_by_keyboard_alone(demo: str, visit: Callable[..., Any]):
    """List, details, acknowledge, refuse to reject, panels, layers, the map and a line of sight, without a mouse."""
    here = visit(demo)
    here.live()
    press = here.page.keyboard.press
    focus = here.page.locator(":focus")
    press("Tab")
    expect(focus).to_have_text("Skip to alerts")
    first_active(here)
    asked_to_reject(here)
    expect(here.part("reject-reason")).to_be_focused()
    press("Escape")
    expect(here.part("reject-dialog")).to_be_hidden()
    press("t")
    expect(here.part("tab-tracks")).to_be_focused()
    press("ArrowRight")
    expect(here.part("tab-sensors")).to_be_focused()
    expect(here.part("sensor-row")).to_have_count(8)
    press("y")
    here.part("layer-elevation").focus()
    before = here.part("layer-elevation").is_checked()
    press("Space")
    assert here.part("layer-elevation").is_checked() is not before
    press("m")
    expect(here.page.locator("#map :focus, #map:focus")).to_have_count(1)
    press("v")
    expect(here.part("tool-panel")).to_be_visible()
    press("Enter")
    for _ in range(3):
        press("ArrowUp")
    here.at_rest()
    press("Enter")
    expect(here.part("sight-verdict")).to_contain_text("isible", timeout=SHOWN_MS)
    press("Escape")
    expect(here.part("tool-panel")).to_be_hidden()
    press("?")
    expect(here.part("help")).to_be_visible()
    press("Escape")
    expect(here.part("help")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("viewport", "name"), [(DESKTOP, "desktop"), (PHONE, "phone")])
def test_nothing_serious_for_axe_and_nothing_out_of_the_screen(demo: str, visit, scheme, viewport, name):
    """Every panel in both palettes and sizes; axe's rules on contrast, names and roles among them."""
    here = visit(demo, viewport=viewport, color_scheme=scheme)
    here.live()
    here.part("coverage-dead-ground").get_by_text("dead ground (shaded)").wait_for(timeout=SHOWN_MS)
    first_active(here)
    here.screen(f"{name}-{'day' if scheme == 'light' else 'night'}")
    panels = ["details", "tracks", "sensors", "layers"] + (["alerts"] if name == "phone" else [])
    found: list[str] = []
    for panel in panels:
        here.part(f"tab-{panel}").click()
        if panel == "details" and name == "desktop":
            here.part("alert-open").first.click()
            here.part("details-lead").wait_for()
        here.page.wait_for_timeout(300)
        report = Axe().run(here.page)
        found += [
            f"{panel}: {violation['id']} {violation['nodes'][0]['html'][:200]}"
            for violation in report.response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        if name == "phone" or panel in ("sensors", "layers"):
            here.screen(f"{name}-{'day' if scheme == 'light' else 'night'}-{panel}")
        if panel == "sensors":
            first = here.part("counts").locator("tbody th").first.bounding_box()
            table, around = here.part("counts").bounding_box(), here.part("panel-sensors").bounding_box()
            assert first["width"] > 70, "names of sensors are read across, not letter by letter"
            assert table["x"] + table["width"] <= around["x"] + around["width"]
        overflow = here.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, panel
        below = here.page.evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight")
        assert below <= 0, panel
    assert found == []


def test_text_is_at_least_twelve_pixels_everywhere(demo: str, visit: Callable[..., Any]):
    here = visit(demo)
    here.live()
    first_active(here)
    for panel in ("tracks", "sensors", "layers"):
        here.part(f"tab-{panel}").click()
        here.page.wait_for_timeout(200)
        small = here.page.evaluate("""() => {
          const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), small = [];
          for (let node; (node = walk.nextNode()); ) {
            const parent = node.parentElement;
            const unread = node.data.trim() === "" || parent.closest("script, style, noscript");
            if (unread || !parent.checkVisibility()) continue;
            if (parseFloat(getComputedStyle(parent).fontSize) < 12) small.push(node.data.trim().slice(0, 40));
          }
          return small;
        }""")
        assert small == [], panel
