"""What a pointer presses stays under it until it is released, whatever the page hears meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from ops.services.fusion.incident_view import incident_dict
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import incident
from tests.web.test_markings import enter, room, select_incident  # noqa: F401 - fixtures

LONGER = "Bravo 17 at the ford"


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
    made = incident(id="I1", lead=fusion.lead.id, alerts=(fusion.lead.id,), revision=1, name=LONGER)
    fusion.commit(incident_revisions=[incident_dict(made, FRAME, section="West")])
    expect(page.locator(".incident")).to_have_attribute("data-revision", "1")
    expect(part("details-title")).to_have_text("Bravo 17")
    page.wait_for_timeout(1500)  # it is drawn each second, too
    expect(part("details-title")).to_have_text("Bravo 17")
    button.dispatch_event("pointerup", {"bubbles": True})
    expect(part("details-title")).to_have_text(LONGER)
