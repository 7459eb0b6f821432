"""Keys and filters of the queue act on the incident and the section that they show, whatever was shown before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from ops.services.fusion.incident_view import incident_dict
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import incident
from tests.web.conftest import until
from tests.web.test_assign_dialog import CANDIDATES
from tests.web.test_markings import enter, room  # noqa: F401 - fixtures

NARROW = {"width": 640, "height": 700}
"""What a desktop has at 200%: queue and details are not seen at the same time."""


def commit(fusion: Any, identity: str, name: str, *, section: str = "West", revision: int = 0, **more: Any) -> None:
    made = incident(id=identity, lead=fusion.lead.id, name=name, revision=revision, **more)
    fusion.commit(incident_revisions=[incident_dict(made, FRAME, section=section)])


@pytest.mark.parametrize("shown", ["another", "nothing"])
def test_on_a_narrow_screen_a_key_acts_on_the_incident_that_has_the_focus(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
    shown: str,
) -> None:
    """The details, which are not seen then, may have shown another incident before, or none."""
    fusion, _ = room
    commit(fusion, "I2", "Delta 9")
    page = enter("operator")
    part = page.get_by_test_id
    page.wait_for_selector("html[data-role]")
    page.set_viewport_size(NARROW)
    expect(page.locator("#main")).to_have_attribute("data-tab", "alerts")
    if shown == "another":
        page.locator("[data-incident=I1]").get_by_test_id("incident-open").click()
        page.keyboard.press("d")
        expect(part("details-incident-acknowledge")).to_be_visible()
        page.keyboard.press("l")
    page.locator("[data-incident=I2]").get_by_test_id("incident-open").press("a")
    assert until(lambda: fusion.replies or page.wait_for_timeout(50))
    assert [(reply.incident, reply.action) for reply in fusion.replies] == [("I2", "acknowledge")]


def test_on_a_narrow_screen_the_refusal_of_a_key_is_seen(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    """It stands in the details, which are not seen beside the queue."""
    page = enter("operator")
    part = page.get_by_test_id
    page.wait_for_selector("html[data-role]")
    page.set_viewport_size(NARROW)
    why = "Bravo 17 has changed in the meantime."
    page.route(
        "**/v1/incidents/*/actions",
        lambda route: route.fulfill(json={"outcome": {"result": "refused", "sentence": why}}),
    )
    page.locator("[data-incident=I1]").get_by_test_id("incident-open").press("a")
    expect(part("panel-details")).to_be_visible()
    expect(part("panel-details").locator("[role=alert]:visible", has_text=why)).to_have_count(1)
    expect(part("tab-details")).to_be_focused()


def test_the_section_that_filters_the_queue_is_named_while_no_incident_is_in_it(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    """As when looking back to a time without one."""
    fusion, _ = room
    commit(fusion, "I2", "Delta 9", section="East")
    page = enter("operator")
    section, rows = page.get_by_test_id("incident-section"), page.locator(".incident")
    expect(rows).to_have_count(2)
    section.select_option("West")
    expect(rows).to_have_count(1)
    commit(fusion, "I1", "Bravo 17", section="East", revision=1)
    expect(rows).to_have_count(0)
    expect(section).to_have_value("West")
    section.select_option("")
    expect(rows).to_have_count(2)
    expect(section.locator("option")).to_have_count(2)


def test_times_over_ground_are_asked_for_again_while_the_dialog_is_open(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    fusion, _ = room
    commit(fusion, "I1", "Bravo 17", revision=1, state="acknowledged")
    page, known = enter("operator"), list[bool]()

    def answer(route: Route) -> None:
        route.fulfill(json=CANDIDATES) if known else route.fulfill(status=503, json={"error": "The map is busy."})

    page.route("**/candidates", answer)
    row = page.locator("[data-incident=I1][data-state=acknowledged]").get_by_test_id("incident-open")
    row.click()
    expect(page.get_by_test_id("details-incident-assign")).to_be_visible()
    row.press("u")
    expect(page.get_by_test_id("incident-choice-note")).to_have_text("Response times over ground are not available.")
    known.append(True)
    expect(page.get_by_test_id("incident-choice")).to_contain_text("Fork base")
