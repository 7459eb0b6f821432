"""A person of a shift before a page: a keyboard, no mouse, and an ear for every problem that the page states."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, Response, expect

from tests.web.conftest import DESKTOP, REPORT_VIOLATIONS, SCREENS, STAMP_CHANGES, Witness, until
from tests.web.patience import SHOWN_MS
from tests.web.shift_room import ShiftRoom

KEEP_PROBLEMS = """
addEventListener("DOMContentLoaded", () => {
  const look = () => {
    for (const { textContent } of document.querySelectorAll(".problem"))
      if (textContent.trim() !== "") keepProblem(textContent.trim());
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
});
"""
FURTHER = ("note", "attach", "link", "merge", "hand_over", "mark")
"""Actions in the menu of the details."""
FOCUSED = "() => { const here = document.activeElement; return here.dataset.testid || here.id || here.localName; }"
FOCUSED_INCIDENT = "() => document.activeElement.closest('.incident')?.dataset.incident ?? ''"


class OnShift:
    """A person before a page, with a keyboard and no mouse."""

    def __init__(self, browser: Browser, room: ShiftRoom, login: str, name: str, scale: float = 1.0) -> None:
        self.room, self.login, self.name = room, login, name
        context = browser.new_context(viewport=DESKTOP, device_scale_factor=scale, locale="en-GB")
        for script in (REPORT_VIOLATIONS, STAMP_CHANGES, KEEP_PROBLEMS):
            context.add_init_script(script)
        self.page: Page = context.new_page()
        self.witness = Witness(room.address, outage=True)
        self.witness.attach(self.page)
        self.accepted: list[str] = []
        self.page.on("response", self._note)
        self.problems: list[str] = []
        context.expose_function("keepProblem", lambda words: self.problems.append(words))

    def _note(self, response: Response) -> None:
        if response.request.method == "POST" and "/actions" in response.url and response.status == 202:
            body = response.json()
            if body["accepted"]:
                self.accepted.append(body["action"])

    # keys

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)

    def tab_to(self, name: str, *, back: bool = False) -> None:
        """Go to an element, by its test id or id, with the Tab key alone."""
        for _ in range(250):
            if self.page.evaluate(FOCUSED) == name:
                return
            self.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"{name} cannot be reached with the Tab key")

    def choose(self, value: str) -> None:
        """Choose in the list that has the focus, with the arrow keys."""
        self.press("Home")
        for _ in range(20):
            if self.page.evaluate("document.activeElement.value") == value:
                return
            self.press("ArrowDown")
        raise AssertionError(f"{value} cannot be chosen")

    # the page

    def part(self, name: str) -> Any:
        return self.page.get_by_test_id(name)

    def row(self, incident: str) -> Any:
        return self.page.locator(f"[data-testid=incident][data-incident='{incident}']")

    def go_to(self, incident: str) -> None:
        """To the row of an incident with L and the arrow keys, then Enter: its details are shown."""
        self.row(incident).wait_for(timeout=SHOWN_MS)
        self.press("l")
        for _ in range(100):
            now = self.page.evaluate(FOCUSED_INCIDENT)
            if now == incident:
                break
            rows = self.page.locator("[data-testid=incident]").evaluate_all(
                "all => all.map(one => one.dataset.incident)"
            )
            down = now in rows and incident in rows and rows.index(incident) > rows.index(now)
            self.press("ArrowDown" if down else "ArrowUp" if now in rows else "l")
        assert self.page.evaluate(FOCUSED_INCIDENT) == incident
        self.press("Enter")
        name = self.row(incident).locator(".incident-name").inner_text()
        expect(self.part("details-title")).to_have_text(name)

    def act(self, incident: str, step: str) -> None:
        """Press the button of an action in the details."""
        self.go_to(incident)
        self.press("d")
        if step in FURTHER:
            self.tab_to("details-more")
            self.press("Enter")
        self.tab_to(f"details-incident-{step}")
        self.press("Enter")

    def sent(self) -> None:
        """The dialog closes, or says that the action is stored, and is left."""
        dialog = self.part("incident-dialog")
        assert until(lambda: not dialog.is_visible() or "stored" in self.part("incident-problem").inner_text())
        if dialog.is_visible():
            self.press("Escape")

    def has(self, incident: str, state: str) -> None:
        expect(self.row(incident)).to_have_attribute("data-state", state)

    def live(self) -> None:
        expect(self.part("stream-state")).to_have_attribute("data-state", "live")

    def screen(self, name: str) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"shift-{name}.png")
