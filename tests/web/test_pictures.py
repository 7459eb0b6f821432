"""From an alert to the assessed picture: a camera turns by one key, the still appears and is assessed by another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.store import AccountStore
from ops.incidents.assessments import reported_and_shown
from ops.incidents.book import IncidentBook
from ops.incidents.incident import NamedTrack
from ops.incidents.settings import IncidentSettings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.server import serving
from ops.services.fusion.desks.incidents import _action_of
from ops.services.fusion.incident_view import incident_dict, outcome_dict
from ops.services.media.book import PictureBook, StoredFile
from ops.services.media.vault import Vault
from sensors.cueing import LookOption
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents.making import SECOND, START_NS, incident
from tests.ops.services.media.making import AT_NS, picture_file, reference
from tests.web.conftest import until
from tests.web.test_login import PASSWORD, SCREENS
from tests.web.test_markings import Fusion, enter, select_incident  # noqa: F401 - fixture enter

FIRST, SECOND_ONE = picture_file(size=(320, 240), shade=20), picture_file(size=(320, 240), shade=60)


class Desk:
    """Cameras that can look, in place of the desk of cueing."""

    def options(self, _: Any) -> list[LookOption]:
        return [
            LookOption("cam-2", 90.4, 4.2, 800.0, 12.0, 50.0, True),
            LookOption("cam-1", 41.0, 9.0, 500.0, 12.0, 50.0, None),
        ]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Any]:
    fusion, desk = Fusion(tmp_path), Desk()
    accounts = Accounts(AccountStore(tmp_path / "accounts.db"))
    entered = accounts.log_in("operator", accounts.add("operator", "operator", {"*": "operator"}), LoginOrigin("test"))
    accounts.set_password(entered.person, "", PASSWORD, LoginOrigin("test"))
    app = create_app(
        fusion.store.path, ApiSettings("hills", guard=GuardSettings(bearer=True)), act=lambda _: None, actions=fusion,
        now_ns=time.time_ns, accounts=accounts, cue=desk,  # type: ignore[arg-type]
    )  # fmt: skip
    with serving(app) as port:
        yield fusion, f"http://127.0.0.1:{port}"
    fusion.store.close()
    accounts.store.close()


def with_pictures(fusion: Any) -> IncidentBook:
    """Two stored pictures of the incident's track, and actions that the life cycle applies as in fusion."""
    made = incident(
        id="I1", lead=fusion.lead.id, alerts=(fusion.lead.id,), name="Bravo 17", tracks=(NamedTrack("T1", "Cedar 4"),)
    )
    book = IncidentBook(incidents={"I1": made})
    fusion.commit(incident_revisions=[incident_dict(made, FRAME, section="West") | {"revision": 1}])
    folder = fusion.store.path.parent
    pictures, vault = PictureBook(folder), Vault(folder)
    pictures.take([reference(FIRST, 1), reference(SECOND_ONE, 2, reported="animal")], 2, AT_NS)
    pictures.link([("T1", ("cam-1", 1, 1)), ("T1", ("cam-1", 1, 2))])
    for one in pictures.due(AT_NS + 10**12, 9):
        vault.put(FIRST if one.seq == 1 else SECOND_ONE, one.observed_ns)
        pictures.stored(one.id, StoredFile(one.sha256, one.size, 320, 240))
    pictures.close()

    def send(reply: Any) -> tuple[int, int]:
        fusion.replies.append(reply)
        at_ns = START_NS + 600 * SECOND + len(fusion.replies) * SECOND
        outcome, _ = book.act("I1", _action_of(reply), at_ns, IncidentSettings())
        assert outcome is not None
        body = incident_dict(book.incidents["I1"], FRAME, section="West")
        fusion.commit(incident_revisions=[body | {"revision": body["revision"] + 1}], outcomes=[outcome_dict(outcome)])
        return 1, 1

    fusion.send_reply = send
    return book


@pytest.mark.parametrize(
    ("locale", "turn", "done", "shown"),
    [
        ("en-GB", "Turn cam-2", "cam-2, azimuth 090°: done", "animal, by operator"),
        ("fr-FR", "Orienter cam-2", "cam-2, azimut 090°\N{NO-BREAK SPACE}: terminée", "animal, par operator"),
    ],
)
def test_a_camera_turns_and_its_picture_is_assessed_each_by_one_key(
    room: Any,
    enter: Callable[..., Page],  # noqa: F811
    locale: str,
    turn: str,
    done: str,
    shown: str,
) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    fusion, _ = room
    book = with_pictures(fusion)
    page = enter("operator", locale=locale)
    part = page.get_by_test_id
    select_incident(page)
    picture = part("picture")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 320)
    expect(picture).to_have_attribute("src", "/v1/incidents/I1/pictures/2")
    expect(part("look-cam-2")).to_contain_text(turn)
    expect(part("look-cam-1")).to_be_visible()
    page.keyboard.press("w")
    expect(part("look-states").locator("li")).to_have_count(1)
    (look,) = book.incidents["I1"].looks
    assert (look.camera, look.azimuth_deg, look.state, look.by) == ("cam-2", 90.4, "requested", "operator")
    asked = fusion.replies[0]
    over = msgspec.structs.replace(asked.look, state="done")
    fusion.send_reply(msgspec.structs.replace(asked, by="automatic", action_id=f"{look.id}.done", look=over))
    expect(part("look-states").locator("li")).to_contain_text(done)
    for text in ("cam-1", "013°"):
        expect(part("picture-facts")).to_contain_text(text)
    expect(part("assess-animal")).to_have_attribute("aria-pressed", "false")
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    page.screenshot(path=SCREENS / f"picture-{locale}.png")
    page.keyboard.press("3")
    expect(part("assess-animal")).to_have_attribute("aria-pressed", "true")
    expect(part("picture-facts")).to_contain_text(shown)
    part("picture-older").click()
    expect(picture).to_have_attribute("src", "/v1/incidents/I1/pictures/1")
    expect(part("picture-older")).to_be_disabled()
    part("assess-person").click()
    expect(part("assess-person")).to_have_attribute("aria-pressed", "true")
    assessed = [reply for reply in fusion.replies if reply.action == "assess"]
    assert [(reply.action, reply.assessment.shown, reply.assessment.reported) for reply in assessed] == [
        ("assess", "animal", "animal"), ("assess", "person", "person")
    ]  # fmt: skip
    counts = reported_and_shown([incident_dict(book.incidents["I1"], FRAME)])
    assert counts == {"cam-1": {"animal": {"animal": 1}, "person": {"person": 1}}}
    page.screenshot(path=SCREENS / f"picture-assessed-{locale}.png")


REFUSAL = "Already closed by Ben Moreau."
SETTLED = "() => new Promise((done) => setTimeout(done, 100))"
"""The page has taken an answer that has come by then, if it takes it."""


def test_the_next_picture_is_assessed_while_the_answer_about_the_first_is_awaited(
    room: Any,
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    """Nothing moves under a button that is pressed when that answer comes."""
    fusion, _ = room
    with_pictures(fusion)
    page, waiting = enter("operator"), list[Route]()
    part = page.get_by_test_id
    page.route("**/incidents/I1/actions", lambda route: route.fallback() if waiting else waiting.append(route))
    select_incident(page)
    expect(part("picture")).to_have_attribute("src", "/v1/incidents/I1/pictures/2")
    expect(part("look-cam-2")).to_be_visible()
    page.keyboard.press("3")
    assert until(lambda: waiting or page.wait_for_timeout(50))
    expect(part("assess-person")).to_have_attribute("aria-disabled", "true")
    part("picture-older").click()
    expect(part("picture")).to_have_attribute("src", "/v1/incidents/I1/pictures/1")
    expect(part("assess-person")).to_have_attribute("aria-disabled", "false")
    page.keyboard.press("1")
    expect(part("assess-person")).to_have_attribute("aria-pressed", "true")
    part("assess-nothing").dispatch_event("pointerdown", {"bubbles": True})
    with page.expect_response("**/incidents/I1/actions"):
        waiting[0].fulfill(status=202, json={"accepted": True, "outcome": {"result": "refused", "sentence": REFUSAL}})
    page.evaluate(SETTLED)
    expect(part("details-late")).to_be_hidden()
    part("assess-nothing").dispatch_event("pointerup", {"bubbles": True})
    expect(part("details-late")).to_have_text(f"Bravo 17: {REFUSAL}")
    assessed = [(reply.assessment.picture, reply.assessment.shown) for reply in fusion.replies]
    assert assessed == [(reference(FIRST, 1).sha256, "person")]


def test_cameras_that_come_late_move_no_button_that_is_pressed_and_older_ones_are_not_shown(
    room: Any,
    enter: Callable[..., Page],  # noqa: F811
) -> None:
    fusion, _ = room
    with_pictures(fusion)
    page, waiting = enter("operator"), list[Route]()
    part = page.get_by_test_id
    page.route("**/incidents/I1/looks", lambda route: waiting.append(route))

    def asked(times: int) -> None:
        assert until(lambda: len(waiting) >= times or page.wait_for_timeout(50))

    def answer(number: int, camera: str) -> None:
        option = {"camera": camera, "slew_s": 4.0, "in_view": True}
        with page.expect_response("**/incidents/I1/looks"):
            waiting[number].fulfill(json={"options": [option]})
        page.evaluate(SETTLED)

    select_incident(page)
    expect(part("picture")).to_be_visible()
    asked(1)
    part("details-close").click()
    expect(part("pictures")).to_be_hidden()
    select_incident(page)
    expect(part("picture")).to_be_visible()
    asked(2)
    part("assess-nothing").dispatch_event("pointerdown", {"bubbles": True})
    answer(-1, "cam-2")
    expect(part("looks")).to_be_hidden()
    part("assess-nothing").dispatch_event("pointerup", {"bubbles": True})
    expect(part("look-cam-2")).to_be_visible()
    answer(0, "cam-1")
    expect(part("look-cam-1")).to_have_count(0)
    expect(part("look-cam-2")).to_be_visible()
