"""A late answer belongs to what was asked for: it neither closes nor fills a dialog about something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route, expect

from ops.services.fusion.incident_view import incident_dict
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import incident
from tests.web.conftest import until
from tests.web.test_markings import enter, room  # noqa: F401 - fixtures

REFUSAL = "Already claimed by Ben Moreau."


def test_a_refusal_that_comes_late_leaves_the_dialog_of_another_incident_as_it_is(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    fusion, _ = room
    for number, name in enumerate(("Bravo 17", "Delta 9"), 1):
        made = incident(id=f"I{number}", lead=fusion.lead.id, name=name, revision=number)
        fusion.commit(incident_revisions=[incident_dict(made, FRAME, section="West")])
    page, waiting = enter("operator"), list[Route]()
    part = page.get_by_test_id
    expect(page.locator(".incident")).to_have_count(2)
    page.route("**/incidents/I1/actions", lambda route: waiting.append(route))

    def note_on(identity: str, name: str, text: str) -> None:
        page.locator(f"[data-incident={identity}]").get_by_test_id("incident-open").click()
        expect(part("details-title")).to_have_text(name)
        part("details-more").press("Enter")
        part("details-incident-note").click()
        part("incident-text").fill(text)

    note_on("I1", "Bravo 17", "Two people")
    part("incident-send").click()
    assert until(lambda: waiting or page.wait_for_timeout(50))
    page.keyboard.press("Escape")
    expect(part("incident-dialog")).to_be_hidden()
    note_on("I2", "Delta 9", "A van at the ford")
    waiting[0].fulfill(status=202, json={"accepted": True, "outcome": {"result": "refused", "sentence": REFUSAL}})
    expect(part("details-late")).to_have_text(f"Bravo 17: {REFUSAL}")
    expect(part("incident-dialog")).to_be_visible()
    expect(part("incident-text")).to_have_value("A van at the ford")
    expect(part("incident-problem")).to_be_empty()
    part("incident-send").click()
    expect(part("incident-dialog")).to_be_hidden()
    assert [(one.incident, one.note) for one in fusion.replies] == [("I2", "A van at the ford")]
    page.locator("[data-incident=I1]").get_by_test_id("incident-open").click()
    expect(part("details-late")).to_be_hidden()
