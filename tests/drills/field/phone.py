"""The phone of a patrol: the field page in a real Chromium, and the person who answers half of the incidents on it."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil
from playwright.sync_api import BrowserContext, Error, Locator, Page, Playwright, TimeoutError

from tests.ops.conftest import lonlat
from tests.web.chromium import chromium, sandboxing
from tests.web.conftest import REPORT_VIOLATIONS, SCREENS, Witness
from tests.web.field_phone import SMALL, hold
from tests.web.patience import SHOWN_MS

STEPS: Final = ("en_route", "on_scene")
TAP_MS: Final = 30_000
"""How long a tap is tried before the person looks at the list again: the card may have gone meanwhile."""
UNSETTLED: Final = ("waiting", "taken")
CARDS: Final = """() => [...document.querySelectorAll("[data-testid=incident]")].map((card) => ({
  id: card.dataset.incident,
  priority: card.dataset.priority,
  given: card.dataset.given,
}))"""
STATES: Final = """(card) => Object.fromEntries(
  [...card.querySelectorAll("button[data-action]")].map(({ dataset }) => [dataset.action, dataset.state]),
)"""


def is_for_phone(incident: str) -> bool:
    """Whether the unit with the phone takes this incident; the others are for the unit with TAK."""
    return int(incident[-1], 16) % 2 == 0


class Phone:
    """A browser whose profile in ``folder`` survives it, on the page behind ``address``.

    ``seen``: when the person first saw each incident in the list [s since 1970]. ``refused``: those
    to which an answer was.
    """

    def __init__(self, playwright: Playwright, folder: Path, address: str) -> None:
        self._playwright, self._profile, self._address = playwright, folder, address
        self._witness = Witness(address)
        self._witness.outage = True
        self._done: set[str] = set()
        self.seen: dict[str, float] = {}
        self.refused: set[str] = set()

    def enrol(self, code: str) -> None:
        """At the base: log in, share the position, carry page and map along, and put the phone away."""
        page = self._open(f"field#enrol={code}")
        for state in ("link=live", "kept=yes", "map=complete"):
            page.wait_for_selector(f"html[data-{state}]")
        page.get_by_test_id("sharing").tap()
        page.wait_for_selector("[data-testid=sharing][data-state=on]")
        self._context.close()

    def start(self) -> None:
        """Open the page as the phone kept it."""
        self._open("field").wait_for_selector("html[data-stage=enrolled]")

    def kill(self) -> None:
        """End the browser with all of its processes, and start it again."""
        browser = next(one for one in psutil.Process().children(recursive=True) if self._is_browser(one))
        processes = [browser, *browser.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        _, alive = psutil.wait_procs(processes, timeout=SHOWN_MS / 1000)
        assert alive == []
        with suppress(Error):  # it is gone
            self._context.close()
        self.start()

    def turn(self) -> None:
        """The person looks at the list and gives at most one answer, whose turn has come."""
        cards = self.page.evaluate(CARDS)
        for card in cards:
            self.seen.setdefault(card["id"], time.time())
        wanted = (one for one in cards if is_for_phone(one["id"]) and one["priority"] != "distress")
        due = next((one["id"] for one in wanted if one["id"] not in self._done and one["given"] not in UNSETTLED), None)
        if due is not None:
            with suppress(TimeoutError):
                self._answer(due)

    def _answer(self, incident: str) -> None:
        card = self.page.locator(f'[data-incident="{incident}"]')
        self._open_card(card)
        states = card.evaluate(STATES, timeout=TAP_MS)
        for step in STEPS:
            if states[step] == "none":
                card.get_by_test_id(f"answer-{step}").tap(timeout=TAP_MS)
            if states[step] == "refused":
                self.refused.add(incident)
                break
            if states[step] != "done":
                return
        self._done.add(incident)

    def write_note(self, text: str) -> None:
        """Add a note to the first incident of the list; it is on the disk of the phone when this returns."""
        self._open_card(self.page.locator("[data-testid=incident]:not([data-priority=distress])").first)
        self.page.locator("[data-testid=answer-note]:visible").first.tap()
        self.page.get_by_test_id("answer-text").fill(text)
        self.page.get_by_test_id("answer-send").tap()
        self.page.get_by_test_id("incidents").wait_for(state="visible")

    def call_for_help(self) -> None:
        hold(self.page)

    @property
    def call(self) -> str:
        """Whether the call of this phone is ``sending`` or has ``arrived``; empty without a call."""
        own = self.page.get_by_test_id("own-call")
        return own.get_attribute("data-state") or "" if own.is_visible() else ""

    @property
    def waiting(self) -> set[str]:
        """The incidents with an answer that has not left the phone."""
        return {one["id"] for one in self.page.evaluate(CARDS) if one["given"] == "waiting"}

    def screen(self, name: str) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png")

    def check(self) -> None:
        """Nothing went wrong on the page."""
        self._witness.check()

    def close(self) -> None:
        self._context.close()

    def _open_card(self, card: Locator) -> None:
        head = card.get_by_test_id("card-head")
        if head.get_attribute("aria-expanded", timeout=TAP_MS) != "true":
            head.tap(timeout=TAP_MS)

    def _open(self, file: str) -> Page:
        east, north = lonlat(4300, 2500)
        self._context: BrowserContext = self._playwright.chromium.launch_persistent_context(
            self._profile, executable_path=chromium(whole=True), args=sandboxing(), viewport=SMALL, has_touch=True,
            permissions=["geolocation"], geolocation={"longitude": east, "latitude": north, "accuracy": 10},
            timeout=SHOWN_MS,
        )  # fmt: skip
        self._context.set_default_timeout(SHOWN_MS)
        self._context.add_init_script(REPORT_VIOLATIONS)
        self.page = self._context.pages[0]
        self._witness.attach(self.page)
        self.page.goto(self._address + file)
        return self.page

    def _is_browser(self, process: Any) -> bool:
        try:
            line = process.cmdline()
        except psutil.Error:
            return False
        return f"--user-data-dir={self._profile}" in line and not any(one.startswith("--type=") for one in line)
