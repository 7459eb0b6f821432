"""Goods found at an incident: recorded once it is closed, refused with what is expected, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ingest.unit_messages import Reply
from ops.incidents.book import IncidentBook
from ops.incidents.settings import IncidentSettings
from ops.services.fusion.desks.incidents import _action_of
from ops.services.fusion.incident_view import incident_dict, outcome_dict
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import SECOND, START_NS, incident
from tests.web.test_login import SCREENS
from tests.web.test_markings import enter, room, select_incident  # noqa: F401 - fixtures


def act_as_fusion_does(fusion: Any) -> IncidentBook:
    """Apply actions by the life cycle of incidents, a second after one another."""
    made = incident(id="I1", lead=fusion.lead.id, alerts=(fusion.lead.id,), name="Bravo 17")
    book = IncidentBook(incidents={"I1": made})

    def send(reply: Reply) -> tuple[int, int]:
        fusion.replies.append(reply)
        at_ns = START_NS + 600 * SECOND + len(fusion.replies) * SECOND
        outcome, _ = book.act("I1", _action_of(reply), at_ns, IncidentSettings())
        assert outcome is not None
        body = incident_dict(book.incidents["I1"], FRAME, section="West")
        fusion.commit(incident_revisions=[body], outcomes=[outcome_dict(outcome)])
        return 1, 1

    fusion.send_reply = send
    return book


@pytest.mark.parametrize(
    ("locale", "button", "expected", "shown", "nearest", "title"),
    [
        (
            "en-GB",
            "Goods found…",
            "six digits of the Harmonized System",
            "arms or ammunition",
            "“930800” does not exist. Nearest valid code: 930700.",
            "930190: Other military weapons",
        ),
        (
            "fr-FR",
            "Découverte…",
            "six chiffres du Système harmonisé",
            "armes ou munitions",
            "930800 » n’existe pas. Code valable le plus proche : 930700.",
            "930190 : Autres armes de guerre",
        ),
    ],
)
def test_goods_are_recorded_for_a_closed_incident(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
    locale: str,
    button: str,
    expected: str,
    shown: str,
    nearest: str,
    title: str,
) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    fusion, _ = room
    book = act_as_fusion_does(fusion)
    page = enter("operator", locale=locale)
    part = page.get_by_test_id
    select_incident(page)
    expect(part("details-incident-trace")).to_have_count(0)
    part("details-incident-close").click()
    part("incident-choice").select_option("apprehended")
    part("incident-send").click()
    expect(part("incident-dialog")).to_be_hidden()
    expect(part("details-incident-trace")).to_have_text(button)
    part("details-incident-trace").click()
    expect(part("tracing-goods")).to_be_focused()
    part("tracing-hs-code").fill("770100")
    part("tracing-item-marking").fill("AK <b>4711</b>")
    part("tracing-send").click()
    expect(part("tracing-problem")).to_contain_text("770100")
    expect(part("tracing-problem")).to_contain_text(expected)
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    page.screenshot(path=SCREENS / f"goods-{locale}.png")
    part("tracing-hs-code").fill("930800")
    part("tracing-hs-code").blur()
    expect(part("tracing-hs-code-found")).to_contain_text(nearest)
    part("tracing-send").click()
    expect(part("tracing-problem")).to_contain_text(nearest)
    part("tracing-hs-code").fill("9301.90")
    part("tracing-hs-code").blur()
    expect(part("tracing-hs-code-found")).to_contain_text(title)
    page.screenshot(path=SCREENS / f"goods-titles-{locale}.png")
    part("tracing-eccn").fill("0A501.a")
    part("tracing-send").click()
    expect(part("tracing-dialog")).to_be_hidden()
    details = part("details")
    for text in (shown, title, "0A501.a", "AK <b>4711</b>"):
        expect(details).to_contain_text(text)
    page.screenshot(path=SCREENS / f"goods-shown-{locale}.png")
    part("details-incident-trace").click()
    expect(part("tracing-hs-code")).to_have_value("930190")
    part("tracing-status").select_option("requested")
    part("tracing-authority").fill("iTrace")
    part("tracing-sent-at").fill(f"{book.incidents['I1'].opened_at:%Y-%m-%dT%H:%M}")
    part("tracing-send").click()
    expect(part("tracing-dialog")).to_be_hidden()
    expect(details).to_contain_text("iTrace")
    kept = book.incidents["I1"].tracing
    assert kept is not None
    assert (kept.status, kept.authority, kept.item_marking, kept.by) == (
        "requested", "iTrace", "AK <b>4711</b>", "operator"
    )  # fmt: skip
    assert [reply.action for reply in fusion.replies] == ["close", "trace", "trace", "trace"]


def test_what_is_pressed_in_the_dialog_stays_under_the_pointer(
    room: Any,  # noqa: F811
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    """To press a button ends the entry of a code: its title comes, and what was wrong goes, which is two lines."""
    fusion, _ = room
    act_as_fusion_does(fusion)
    page = enter("operator", locale="fr-FR")
    part = page.get_by_test_id
    select_incident(page)
    part("details-incident-close").click()
    part("incident-choice").select_option("apprehended")
    part("incident-send").click()
    expect(part("incident-dialog")).to_be_hidden()
    part("details-incident-trace").click()
    part("tracing-hs-code").fill("930800")
    part("tracing-send").click()
    expect(part("tracing-problem")).to_contain_text("930700")
    part("tracing-hs-code").fill("930190")
    place = part("tracing-send").bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    expect(part("tracing-send")).to_be_focused()
    page.wait_for_timeout(500)  # the page has had time to look the code up, and waits for the release
    assert part("tracing-send").bounding_box() == place
    page.mouse.up()
    expect(part("tracing-dialog")).to_be_hidden()
    expect(part("details")).to_contain_text("930190 : Autres armes de guerre")
    assert [reply.action for reply in fusion.replies] == ["close", "trace"]
