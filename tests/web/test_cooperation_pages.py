"""The pages of partners and of EUROSUR reports in a real browser: by keyboard, by day and night, on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from ops.drawing.typeface.page_font import BUILT
from ops.eurosur.report import Report
from ops.eurosur.store import ReportStore
from ops.exchange.desk.orders import LayerPreview, ShareResult
from ops.exchange.format.refusal import PackageRefused
from tests.ops.exchange.partners import LAYERS, NOW, package, receiver
from tests.ops.services.api.cooperation.served import centre, write_exchange
from tests.ops.services.api.cooperation.test_partners_page import CELLS, with_desk
from tests.web.conftest import PHONE, SCREENS, contexts_of

LARGE = {"width": 1280, "height": 900}
ONLY = {"layers": {"incidents": LAYERS["incidents"]}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server without accounts, whose person is a supervisor, with packages and reports of every state."""
    folder = tmp_path_factory.mktemp("cooperation")
    layers = {"incidents": ("kind", "state", "opened_at"), "coverage": ("probability",)}
    with centre(folder, files=write_exchange(folder, layers), accounts=False, pages=BUILT) as made:
        own = receiver(made.folder, "north", "south", **ONLY)
        content = package(folder / "south", own="south", partner="north").content
        own.receive(content, NOW)
        for wrong in (content, b"rubbish"):
            with pytest.raises(PackageRefused):
                own.receive(wrong, NOW)
        package(made.folder)
        store = ReportStore(made.folder)
        fields: dict[str, Any] = {"layer": "events", "sublayer": "crisis", "source": "human", "reliability": "C"}
        first = Report("E1", known_at=NOW - timedelta(hours=30), credibility=3, text="Calls for help", urgent=True,
                       section="West", impact="high", lat=36.6, lon=-84.2, **fields)  # fmt: skip
        store.add([first, Report("E2", known_at=NOW, credibility=3, text="Heard again", follows="E1", **fields)], NOW)
        store.close()
        preview = LayerPreview("incidents", 3, 1, ("kind",), ("sentence", "unit"), ({"id": "0a", "kind": "movement"},))
        with_desk(made).result = ShareResult(
            sha256="ab" * 32, number=1, cells=CELLS, border=(((2.5, 7.5), (5.5, 8.5)),), cell_m=1000.0,
            layers=(preview,),
        )  # fmt: skip
        yield made


@pytest.fixture
def opened(blind: Browser, server: Any) -> Iterator[Callable[..., Page]]:
    """Opens an address of the server; afterwards the console is clean."""
    faults, opened = list[str](), ExitStack()
    open_context = opened.enter_context(contexts_of(blind))

    def open_page(path: str, **options: Any) -> Page:
        page = open_context(**({"viewport": LARGE, "locale": "en-GB"} | options)).new_page()
        page.on("console", lambda one: faults.append(one.text) if one.type in ("error", "warning") else None)
        page.goto(server.address + path)
        return page

    with opened:
        yield open_page
    assert faults == []


def look(page: Page, name: str) -> None:
    """The page is accessible, fits, and has no text under 12 px; the picture is kept."""
    for details in page.locator("details").all():
        details.evaluate("node => { node.open = true; }")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    small = """() => [...document.querySelectorAll("main *")].filter(one => one.childElementCount === 0 &&
        one.textContent.trim() && parseFloat(getComputedStyle(one).fontSize) < 12).map(one => one.outerHTML)"""
    assert page.evaluate(small) == []
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("path", "language", "scheme", "viewport", "name"),
    [
        ("/partners/gaps?agreement=south/buffer", "en", "light", LARGE, "partners-day"),
        ("/partners/gaps?agreement=south/buffer", "fr", "dark", PHONE, "partners-phone-night"),
        ("/eurosur?", "fr", "dark", LARGE, "eurosur-night"),
        ("/eurosur?", "en", "light", PHONE, "eurosur-phone"),
    ],
)
def test_the_pages_are_accessible_and_fit(
    opened: Callable[..., Page], path: str, language: str, scheme: str, viewport: dict[str, int], name: str
) -> None:
    page = opened(f"{path}&language={language}", color_scheme=scheme, viewport=viewport)
    assert page.locator("html").get_attribute("lang") == language
    look(page, name)


def test_a_package_is_previewed_and_signed_by_keyboard(opened: Callable[..., Page]) -> None:
    page = opened("/partners?language=en")
    page.get_by_label("Purpose, for the audit log").focus()
    page.keyboard.type("week 12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Preview for south under buffer")).to_be_visible()
    expect(page.get_by_text("1 of 3 would leave.")).to_be_visible()
    look(page, "partners-preview")
    page.get_by_role("button", name="Sign and share with south").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(
        "Package 1 is signed and waits in the outbox until the partner fetches it."
    )


def test_an_event_is_closed_as_not_having_happened_by_keyboard(opened: Callable[..., Page], server: Any) -> None:
    page = opened("/eurosur?language=en")
    page.locator("summary", has_text="Follow up").focus()
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="State").select_option("did_not_happen")
    page.locator("details[open] textarea[name=text]").fill("A herd of deer")
    page.locator("details[open] button").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("has been added")
    expect(page.get_by_role("heading", level=3)).to_contain_text("Did not happen")
