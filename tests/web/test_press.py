"""What a pointer presses stays under it until it is released, whatever the page hears meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ops.services.fusion.incident_view import incident_dict
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import incident
from tests.web.test_markings import enter, room, select_incident  # noqa: F401 - fixtures

LONGER = "Bravo 17 at the ford"
RELEASED = """(node, touch) => new Promise((done) => {
  node.dispatchEvent(new PointerEvent("pointerup", touch));
  setTimeout(() => {
    const before = node.textContent;
    node.dispatchEvent(new MouseEvent("click", touch));
    setTimeout(() => done([before, node.textContent]), 50);
  }, 50);
})"""
"""The title some time after the release of a touch, and after its click."""


def rename(fusion: Any) -> None:
    made = incident(id="I1", lead=fusion.lead.id, alerts=(fusion.lead.id,), revision=1, name=LONGER)
    fusion.commit(incident_revisions=[incident_dict(made, FRAME, section="West")])


def test_the_details_stay_as_they_are_while_a_button_there_is_pressed(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    fusion, _ = room
    page = enter("operator")
    part = page.get_by_test_id
    select_incident(page)
    button = part("details-incident-close")
    button.dispatch_event("pointerdown", {"bubbles": True})
    rename(fusion)
    expect(page.locator(".incident")).to_have_attribute("data-revision", "1")
    expect(part("details-title")).to_have_text("Bravo 17")
    page.wait_for_timeout(1500)  # it is drawn each second, too
    expect(part("details-title")).to_have_text("Bravo 17")
    button.dispatch_event("pointerup", {"bubbles": True})
    expect(part("details-title")).to_have_text(LONGER)


@pytest.mark.parametrize("events", [[("pointerdown", 2)], [("pointerdown", 0), ("contextmenu", 0)]])
def test_a_menu_of_the_browser_does_not_hold_the_details(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
    events: list[tuple[str, int]],
) -> None:
    """The menu that the other button opens, or the first one held down, keeps the release to itself."""
    fusion, _ = room
    page = enter("operator")
    part = page.get_by_test_id
    select_incident(page)
    for name, pressed in events:
        part("details-incident-close").dispatch_event(name, {"bubbles": True, "button": pressed})
    rename(fusion)
    expect(part("details-title")).to_have_text(LONGER)


def test_a_touch_holds_the_details_until_its_click(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    """The click of a touch is a task of its own, some time after the release."""
    fusion, _ = room
    page = enter("operator")
    part = page.get_by_test_id
    select_incident(page)
    button = part("details-title")
    touch = {"bubbles": True, "pointerId": 7, "pointerType": "touch"}
    button.dispatch_event("pointerdown", touch)
    rename(fusion)
    expect(page.locator(".incident")).to_have_attribute("data-revision", "1")
    before, after = button.evaluate(RELEASED, touch)
    assert (before, after) == ("Bravo 17", LONGER)


def test_what_is_selected_meanwhile_is_shown_while_something_is_pressed(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    """A key that acts on the other incident must not find the buttons of the first."""
    fusion, _ = room
    other = incident(id="I2", lead=fusion.lead.id, name="Delta 9")
    fusion.commit(incident_revisions=[incident_dict(other, FRAME, section="West")])
    page = enter("operator")
    part = page.get_by_test_id
    rows = page.locator(".incident")
    expect(rows).to_have_count(2)
    page.locator("[data-incident=I1]").get_by_test_id("incident-open").click()
    expect(part("details-title")).to_have_text("Bravo 17")
    part("details-incident-close").dispatch_event("pointerdown", {"bubbles": True})
    page.locator("[data-incident=I2]").get_by_test_id("incident-open").press("Enter")
    expect(part("details-title")).to_have_text("Delta 9")
