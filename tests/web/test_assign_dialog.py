"""Assigning an incident while its options are still computed: what the person has typed is what is sent, once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route, expect

from ops.services.fusion.incident_view import incident_dict
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import incident
from tests.web.conftest import until
from tests.web.test_markings import enter, room, select_incident  # noqa: F401 - fixtures

CANDIDATES = {
    "at": "2026-11-28T00:00:00Z", "target": "incident",
    "candidates": [{"kind": "base", "name": "Fork base", "lon": -84.2, "lat": 36.6, "response_s": 300.0}],
}  # fmt: skip


def test_a_name_typed_before_the_options_come_is_the_unit_that_is_sent(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    fusion, _ = room
    made = incident(id="I1", lead=fusion.lead.id, name="Bravo 17", revision=1, state="acknowledged")
    fusion.revision = 1
    fusion.commit(incident_revisions=[incident_dict(made, FRAME, section="West")])
    page, waiting, known = enter("operator"), list[Route](), list[bool]()

    def answer(route: Route) -> None:
        if known:
            route.fulfill(content_type="application/json", body=json.dumps(CANDIDATES))
        else:
            waiting.append(route)

    page.route("**/candidates", answer)
    select_incident(page)
    expect(page.get_by_test_id("details-incident-assign")).to_be_visible()
    page.keyboard.press("l")
    page.keyboard.press("u")
    name = page.get_by_test_id("incident-name")
    expect(name).to_be_focused()
    page.keyboard.type("patrol-9")
    assert until(lambda: waiting or page.wait_for_timeout(50))
    known.append(True)
    for route in waiting:
        answer(route)
    expect(page.get_by_test_id("incident-choice")).to_contain_text("Fork base")
    expect(name).to_have_value("patrol-9")
    expect(name).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("incident-dialog")).to_be_hidden()
    assert [(reply.action, reply.assigned_unit) for reply in fusion.replies] == [("assign", "patrol-9")]
