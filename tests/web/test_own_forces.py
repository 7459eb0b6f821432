"""Own forces in a real browser before a real room: units, bases, a distress call with the nearest help, isochrones,
impact levels: in both palettes, on a phone, at 200 %."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.web.conftest import DESKTOP, PHONE, until
from tests.web.shift_room import CALLING, PASSWORD, ShiftRoom, shift_room

pytestmark = [pytest.mark.chain, pytest.mark.broker]

ZOOMED = {"width": 640, "height": 400}
"""What a desktop of 1280 × 800 has at 200 %."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShiftRoom]:
    with shift_room(tmp_path_factory.mktemp("forces")) as opened:
        for login, name, role in (("sofia", "Sofia Lind", "supervisor"), ("ana", "Ana Keller", "operator")):
            opened.set_password(login, opened.add(login, name, role))
        yield opened


@pytest.fixture
def enter(room: ShiftRoom, visit: Callable[..., Any]) -> Callable[..., Any]:
    """Opens the live map for a person who has logged in."""

    def log_in(login: str = "sofia", **options: Any) -> Any:
        here = visit(room.address, **options)
        type_login(here.page, login)
        here.live()
        return here

    return log_in


def type_login(page: Page, login: str) -> None:
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


def unit(here: Any, name: str) -> Any:
    return here.page.locator(f"[data-testid=unit-row][data-unit='{name}']")


def test_units_and_bases_are_listed_with_age_duty_and_base(room: ShiftRoom, enter: Callable[..., Any]) -> None:
    here = enter()
    here.page.keyboard.press("f")
    expect(here.part("tab-forces")).to_be_focused()
    for number in (1, 2, 3):
        expect(unit(here, f"patrol-{number}")).to_contain_text(re.compile(r"Position \d+.* old"))
        expect(unit(here, f"patrol-{number}")).to_contain_text(re.compile(r"On patrol|On call at base"))
    expect(here.part("base-row")).to_have_count(2)
    expect(here.part("base-list")).to_contain_text("West base")
    expect(here.part("section")).to_have_count(2)
    unit(here, "patrol-1").focus()
    here.page.keyboard.press("Enter")
    expect(here.part("details-title")).to_contain_text("patrol-1")
    expect(here.part("details")).to_contain_text(re.compile("West base|East base"))
    here.page.keyboard.press("f")
    here.part("base-row").first.focus()
    here.page.keyboard.press("Enter")
    expect(here.part("details-title")).to_contain_text(re.compile("West base|East base"))
    here.screen("forces-base")


def test_a_distress_call_is_first_and_names_the_nearest_help(room: ShiftRoom, enter: Callable[..., Any]) -> None:
    here = enter("ana")
    room.report(duty="patrol", moves="foot", base="West base")
    here.page.keyboard.press("f")
    expect(unit(here, CALLING)).to_have_attribute("data-distress", "false")
    room.report(duty="patrol", moves="foot", base="West base", distress=True, note="two injured")
    expect(unit(here, CALLING)).to_have_attribute("data-distress", "true")
    expect(here.part("unit-row").first).to_contain_text(CALLING)
    expect(unit(here, CALLING)).to_contain_text("DISTRESS")
    row = here.page.locator("[data-testid=incident][data-priority=distress]")
    expect(row).to_have_count(1)
    expect(here.part("incident").first).to_have_attribute("data-priority", "distress")
    expect(row).to_contain_text(re.compile(r"Nearest help: .+, \d+.* over ground"))
    here.page.keyboard.press("l")
    here.page.keyboard.press("Enter")
    expect(here.part("details")).to_contain_text("Unit message: “two injured”")
    expect(here.part("details").get_by_role("button", name=CALLING)).to_be_visible()
    here.screen("forces-distress")
    row.get_by_test_id("incident-open").focus()
    here.page.keyboard.press("a")
    expect(row).to_have_attribute("data-state", "acknowledged")
    here.page.keyboard.press("u")
    expect(here.part("incident-choice-note")).to_contain_text("Times over ground")
    options = here.part("incident-choice").locator("option").all_inner_texts()
    assert not [one for one in options if one.startswith(f"{CALLING} ")], "the unit that calls is not its own help"
    assert any("(unit)" in one and "ETA" in one for one in options)
    assert any("(base)" in one and "ETA" in one for one in options)
    here.page.keyboard.press("Escape")


def test_isochrones_of_the_bases_are_a_layer_with_a_legend(room: ShiftRoom, enter: Callable[..., Any]) -> None:
    here = enter()
    here.page.keyboard.press("y")
    expect(here.part("layer-response")).to_be_visible()
    asked: list[str] = []
    here.page.on("response", lambda answer: asked.append(answer.url) if "/tiles/response/" in answer.url else None)
    here.part("layer-response").focus()
    here.page.keyboard.press("Space")
    expect(here.part("layer-response")).to_be_checked()
    assert until(lambda: asked or here.page.wait_for_timeout(200))
    expect(here.part("raster-layers")).to_contain_text(re.compile(r"60\s*min|1\s*h"))
    here.screen("forces-isochrones")


def test_only_a_supervisor_sets_an_impact_level_and_everyone_reads_who_did(
    room: ShiftRoom, enter: Callable[..., Any]
) -> None:
    here, there = enter("sofia"), enter("ana")
    for one in (here, there):
        one.page.keyboard.press("f")
        expect(one.part("section")).to_have_count(2)
    expect(there.part("set-level").first).to_be_hidden()
    section = here.page.locator("[data-testid=section]").filter(has_text="West")
    section.get_by_test_id("set-level").focus()
    here.page.keyboard.press("Enter")
    expect(here.part("impact-dialog")).to_be_visible()
    expect(here.part("impact-now")).to_contain_text("as in the sector file")
    for _ in range(3):
        here.page.keyboard.press("ArrowDown")
    expect(here.part("impact-level")).to_have_value("critical")
    here.part("impact-send").focus()
    here.page.keyboard.press("Enter")
    expect(here.part("impact-problem")).to_have_text("A reason is required.")
    here.page.keyboard.type("Groups seen assembling")
    here.part("impact-send").focus()
    here.page.keyboard.press("Enter")
    expect(here.part("impact-dialog")).to_be_hidden()
    row = there.page.locator("[data-testid=section]").filter(has_text="West")
    expect(row).to_have_attribute("data-level", "critical")
    row.get_by_test_id("section-row").focus()
    there.page.keyboard.press("Enter")
    for words in ("Sofia Lind", "Groups seen assembling", "Critical"):
        expect(there.part("details")).to_contain_text(words)
    there.screen("forces-impact-level")


@pytest.mark.parametrize(
    ("scheme", "viewport", "name"),
    [("light", DESKTOP, "day"), ("dark", DESKTOP, "night"), ("light", ZOOMED, "zoom-200"), ("dark", PHONE, "phone")],
)
def test_panel_and_dialog_are_accessible_and_fit(
    enter: Callable[..., Any], scheme: str, viewport: Any, name: str
) -> None:
    here = enter(color_scheme=scheme, viewport=viewport)
    here.part("tab-forces").focus()
    here.page.keyboard.press("Enter")
    expect(here.part("unit-row").first).to_be_visible()
    expect(here.part("section").first).to_be_visible()
    look(here, f"forces-panel-{name}")
    here.part("set-level").first.focus()
    here.page.keyboard.press("Enter")
    expect(here.part("impact-dialog")).to_be_visible()
    look(here, f"forces-dialog-{name}")
    here.page.keyboard.press("Escape")


def look(here: Any, name: str) -> None:
    found = Axe().run(here.page).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found] == []
    assert here.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    here.screen(name)


def test_a_refused_position_is_in_the_details_of_its_unit_with_the_reason(
    room: ShiftRoom, enter: Callable[..., Any]
) -> None:
    here = enter()
    room.report(duty="patrol", moves="foot", base="West base")
    room.report(datetime.now(UTC) + timedelta(hours=1))
    here.page.keyboard.press("f")
    unit(here, CALLING).click()
    details = here.part("details")
    expect(details).to_contain_text("Refused messages")
    expect(details).to_contain_text("The time of the message is in the future: check the clock of the device.")
    expect(details).to_contain_text("1 position")
    here.screen("forces-refused")
    found = Axe().run(here.page)
    assert found.response["violations"] == [], found.generate_report()
