"""A page before a test, with a map or without, and a witness of all that it must not do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.web.patience import ENTER_AT_MIDDLE, SHOWN_MS, WITH_PICTURES

SCREENS = Path(__file__).resolve().parents[2] / "out" / "screens"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
SCALE = 1.0 if WITH_PICTURES else 0.25
"""Pixels per CSS pixel. Without a graphics card, a map with a sixteenth of the pixels costs far less. Layout, text and
accessibility are judged in CSS pixels; ``WATCHLINE_SCREENS=1`` writes screenshots, in full resolution."""

STAMP_CHANGES = """
addEventListener("DOMContentLoaded", () => {
  window.stamped = [];
  const note = (state) => stamped.push([state, Date.now()]);
  const look = (changes) => {
    for (const { target } of changes) if (target.id === "stream-state") note(target.dataset.state);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, attributeFilter: ["data-state"] });
});
"""
TOLD = "() => new Promise((done) => setTimeout(() => done(null), 30))"
"""The page tells its parts 30 ms after a change (``live`` in ops/web/src/main.ts); of two timers of one duration, the
one that was set first ends first."""
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`POLICY ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""
LOST_REQUESTS = re.compile(
    r"Failed to load resource: net::ERR_|Failed to load resource: the server responded .* 50[0-9]"
)

NOT_NOW = re.compile(
    r"status of 404 .*/v1/incidents/[^/]+/actions/\w+\)$"
    r"|status of 503 .*(/api/(sector|border|layout|tiles|layers|segments)\b|/candidates\))"
)
"""Answers after which the page asks again by itself, and which a busy machine gives at any time: an action that fusion
has not decided yet (``OUTCOME_WAIT_S``), and a map process that is busy (``ANSWER_S``). The browser shows them all."""


@contextmanager
def contexts_of(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Opens contexts of a browser that others use, too, and closes them at the end: a browser of its own costs more."""
    with ExitStack() as stack:

        def open_context(**options: Any) -> BrowserContext:
            context = browser.new_context(**options)
            stack.callback(context.close)
            return context

        yield open_context


@dataclass
class Witness:
    """What a page did that it must not do. ``check`` at the end of every test.

    ``NOT_NOW`` is always allowed. ``outage`` allows lost requests; ``expected`` are parts of messages that the console
    may show.
    """

    home: str
    faults: list[str] = field(default_factory=list)
    outage: bool = False
    expected: set[str] = field(default_factory=set)

    def attach(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", self._request)
        page.on("popup", lambda popup: self.faults.append(f"popup: {popup.url}"))

    def _console(self, message: ConsoleMessage) -> None:
        said = f"console: {message.text} ({message.location.get('url')})"
        lost = self.outage and LOST_REQUESTS.search(message.text)
        if message.type != "error" or lost or NOT_NOW.search(said):
            return
        if not any(part in said for part in self.expected):
            self.faults.append(said)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.home, "blob:", "data:")):
            self.faults.append(f"request: {request.url}")

    def check(self) -> None:
        assert self.faults == [], self.faults


@dataclass
class Visit:
    page: Page
    witness: Witness
    has_map: bool = True

    def part(self, name: str) -> Any:
        return self.page.get_by_test_id(name)

    def live(self) -> None:
        """Wait until the map is drawn, the stream is live, and the page knows what the person may do."""
        state = "ready" if self.has_map else "no-webgl"
        self.page.wait_for_selector(f"#map[data-state={state}]", timeout=SHOWN_MS)
        self.page.wait_for_selector("html[data-stream=live]", timeout=SHOWN_MS)
        self.page.wait_for_selector("html[data-role]", timeout=SHOWN_MS)
        self.told()

    def told(self) -> None:
        """Wait until all parts of the page have heard what it knows by now, such as what was just selected."""
        self.page.evaluate(TOLD)

    def wear(self, scheme: str) -> None:
        """Change between the palettes of day and night, as the system of the person does at dusk."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_selector(f"html[data-palette={'night' if scheme == 'dark' else 'day'}]")
        self.told()

    def at_rest(self) -> None:
        """Wait until the map no longer glides."""
        self.page.wait_for_function("() => !document.querySelector('#map').map.isMoving()")

    def enter_at_middle(self, *layers: Sequence[str]) -> None:
        """Press Enter on the map once it is at rest and shows, in its middle, something of one layer of each group."""
        self.part("map-canvas").focus()
        self.page.wait_for_function(ENTER_AT_MIDDLE, arg=[list(group) for group in layers])

    def changed(self, *states: str) -> float:
        """When the state of the stream last became one of these, by the page's own clock [s since 1970]."""
        found = self.page.evaluate("states => window.stamped.filter(([state]) => states.includes(state))", list(states))
        return float(found[-1][1]) / 1000.0

    def screen(self, name: str) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png")


@contextmanager
def visiting(browser: Browser, *, has_map: bool = True) -> Iterator[Callable[..., Visit]]:
    visits: list[Visit] = []

    def open_page(address: str, *, file: str = "", **options: Any) -> Visit:
        context = browser.new_context(**({"viewport": DESKTOP, "device_scale_factor": SCALE} | options))
        context.add_init_script(REPORT_VIOLATIONS)
        context.add_init_script(STAMP_CHANGES)
        page, witness = context.new_page(), Witness(address)
        witness.attach(page)
        page.goto(address + file)
        visits.append(Visit(page, witness, has_map))
        return visits[-1]

    yield open_page
    for one in visits:
        one.page.context.close()
    for one in visits:
        one.witness.check()


def open_more(page: Page) -> None:
    """Open the menu of further actions in the details, where it is closed."""
    if not page.get_by_test_id("details-more-items").is_visible():
        page.get_by_test_id("details-more").press("Enter")


def open_strip(page: Page) -> None:
    """Open the buttons of the header, which a phone shows below it on demand."""
    menu = page.get_by_test_id("strip-menu")
    if menu.is_visible() and menu.get_attribute("aria-expanded") == "false":
        menu.click()
