"""The auditor's page in a real browser: search, verification, proof and export by keyboard; accessible and fitting."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from ops.audit.files import day_files
from tests.ops.services.api.login.conftest import PASSWORD, open_world
from tests.patience import PATIENT_S
from tests.web.conftest import DESKTOP, PHONE, SCREENS, contexts_of

ZOOMED = {"width": 640, "height": 400}
"""What a desktop of 1280 × 800 has at 200 %."""
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server whose log holds 60 readings by an operator, one under a hostile purpose."""
    monkeypatch.setattr("ops.audit.verify.SIGNED_WITHIN_S", PATIENT_S)
    with open_world(tmp_path) as opened:
        opened.folder = tmp_path / "audit"
        opened.add("weber", "A. Weber", "auditor")
        opened.add("keller", "M. Keller", "operator")
        with opened.logged_in("keller") as client:
            for number in range(60):
                client.get("/api/alerts", headers={"Purpose": f"case {number}"})
            client.get("/api/alerts/A1", headers={"Purpose": HOSTILE})
        yield opened


@pytest.fixture
def auditor(blind: Browser, world: Any) -> Iterator[Callable[..., Page]]:
    """The page of the auditor who has logged in; afterwards its console is clean."""
    faults, opened = list[str](), ExitStack()
    open_context = opened.enter_context(contexts_of(blind))

    def enter(**options: Any) -> Page:
        page = open_context(**({"viewport": DESKTOP, "locale": "en-GB"} | options)).new_page()
        page.on(
            "console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        page.goto(world.address)
        expect(page.locator("#name")).to_be_focused()
        page.keyboard.type("weber")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/audit")
        return page

    with opened:
        yield enter
    assert faults == []


def tab_to(page: Page, name: str) -> None:
    """Go to a control, by its id or its words, with the Tab key alone."""
    here = "() => { const node = document.activeElement; return [node.id, node.textContent.trim()]; }"
    for _ in range(80):
        if name in page.evaluate(here):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name!r} cannot be reached with the Tab key")


def subjects(page: Page) -> list[str]:
    return page.locator("td.what").evaluate_all("cells => cells.map(cell => cell.firstChild.textContent.trim())")


def test_search_finds_who_did_what_for_which_purpose(world: Any, auditor: Callable[..., Page]) -> None:
    page = auditor()
    expect(page.locator("tbody tr")).to_have_count(50)
    tab_to(page, "Older entries")
    page.keyboard.press("Enter")
    expect(page.locator("tbody")).to_contain_text("case 0")
    tab_to(page, "subject")
    page.keyboard.type("alert A1")
    page.keyboard.press("Enter")
    page.wait_for_url("**subject=alert+A1*")
    expect(page.locator("#subject")).to_have_value("alert A1")
    assert subjects(page)[-1] == "alert A1"
    expect(page.locator("tbody")).to_contain_text("M. Keller")
    expect(page.locator("tbody")).to_contain_text(HOSTILE)
    tab_to(page, "operation")
    page.keyboard.press("e")
    expect(page.locator("#operation")).to_have_value("erasure")
    tab_to(page, "Show entries")
    page.keyboard.press("Enter")
    page.wait_for_url("**operation=erasure*")
    expect(page.locator("tbody tr")).to_have_count(0)


def test_the_log_is_verified_a_proof_is_shown_and_a_change_is_found(world: Any, auditor: Callable[..., Page]) -> None:
    page = auditor()
    tab_to(page, "Verify the log")
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_be_visible()
    expect(page.locator("[role=status]")).to_contain_text("no witness copy")
    tab_to(page, "first")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.locator("[role=status]")).to_be_visible()
    expect(page.locator(".done")).to_be_visible()
    expect(page.locator(".hashes li").first).to_be_visible()
    (file,) = (one for one in day_files(world.folder) if "case 31" in one.read_text())  # there are two at midnight
    text = file.read_text()
    assert text.count("case 31") == 1
    file.write_text(text.replace("case 31", "case 32"))
    tab_to(page, "Verify the log")
    page.keyboard.press("Enter")
    expect(page.locator(".bad").first).to_have_text("The log was changed.")
    expect(page.locator("li.bad").first).not_to_be_empty()
    page.screenshot(path=SCREENS / "audit-changed.png", full_page=True)


def test_the_export_is_what_was_searched_and_is_recorded(
    world: Any, auditor: Callable[..., Page], tmp_path: Path
) -> None:
    page = auditor()
    tab_to(page, "person")
    page.keyboard.type("M. Keller")
    page.keyboard.press("Enter")
    page.wait_for_url("**person=M.+Keller*")
    tab_to(page, "Export")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "audit.jsonl"
    download.value.save_as(tmp_path / "export.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "export.jsonl").read_text().splitlines()]
    assert len(lines) == 61
    assert {line["person"].partition(" [")[0] for line in lines} == {"M. Keller"}
    page.goto(world.address + "/audit?operation=disclosure")
    assert subjects(page) == ["export of the audit log: person M. Keller"]


@pytest.mark.parametrize(
    ("language", "scheme", "viewport", "name"),
    [
        ("en", "light", DESKTOP, "day"),
        ("fr", "dark", DESKTOP, "night"),
        ("en", "dark", ZOOMED, "zoom-200"),
        ("fr", "light", PHONE, "phone"),
        ("en", "dark", PHONE, "phone-night"),
    ],
)
def test_the_page_is_accessible_and_fits(
    auditor: Callable[..., Page], language: str, scheme: str, viewport: dict[str, int], name: str
) -> None:
    page = auditor(color_scheme=scheme, viewport=viewport, locale=language)
    assert page.locator("html").get_attribute("lang") == language
    for query, what in (("", "entries"), ("?verify=true&first=1", "verified"), ("?first=999999", "problem")):
        page.goto(re.sub(r"/audit.*", f"/audit{query}", page.url))
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found] == [], what
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, what
        SCREENS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENS / f"audit-{what}-{name}.png", full_page=True)
