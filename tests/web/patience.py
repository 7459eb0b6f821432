"""What a person before a page does by nature and Playwright does not: wait until a thing is there before using it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.patience import PATIENT_S
from tests.web.slow_pages import SLOW, SLOW_DOWN

SHOWN_MS = round(1000 * PATIENT_S)
"""How long a page may take to show what must come: a browser without a graphics card beside other tests is slow. What
is promised within a time is told from the page's own stamps (``Visit.changed``)."""

WITH_PICTURES = bool(os.environ.get("WATCHLINE_SCREENS"))
"""Whether pictures of the pages are written, for people to look at."""
DRAWN = """() => document.fonts.ready.then(
  () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))))"""
"""What a picture waits for: the fonts, and two frames with them."""

ENTER_AT_MIDDLE = """groups => {
  const { map } = document.querySelector("#map");
  const { clientWidth, clientHeight } = map.getCanvas();
  const [x, y] = [clientWidth / 2, clientHeight / 2];
  const has = (layer) => map.getLayer(layer) !== undefined
    && map.queryRenderedFeatures([[x - 6, y - 6], [x + 6, y + 6]], { layers: [layer] }).length > 0;
  if (map.isMoving() || !groups.every((layers) => layers.some(has))) return false;
  map.getCanvas().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  return true;
}"""
"""In one step of the page: with the next picture, all that is drawn is placed again, and for a moment nothing is."""


UNLIMITED = "AbortSignal.timeout = () => new AbortController().signal;"
"""A page gives a request up after 10 s by itself, and the person tries again: tests wait for the answer instead."""


@contextmanager
def patient() -> Iterator[None]:
    """Expectations, keys, the focus, axe and all waits of Playwright with this patience, and no pictures in files."""
    expect.set_options(timeout=SHOWN_MS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Locator, "press", press_when_seen)
        patch.setattr(Locator, "focus", focus_when_seen)
        patch.setattr(Browser, "new_context", patient_context)
        patch.setattr(Axe, "run", run_when_loaded)
        if not WITH_PICTURES:
            patch.setattr(Page, "screenshot", drawn)
        yield


def press_when_seen(locator: Locator, key: str, **options: Any) -> None:
    """Press a key on what can be seen: a person would wait for it. Playwright's own ``press`` sends the key to the page
    where the element is still hidden, as a link is until the person's rights are known."""
    locator.wait_for(state="visible", timeout=SHOWN_MS)
    _press(locator, key, **options)


def focus_when_seen(locator: Locator, **options: Any) -> None:
    """Focus what can be seen, for the same reason: what is hidden takes no focus, and the next key goes elsewhere."""
    locator.wait_for(state="visible", timeout=SHOWN_MS)
    _focus(locator, **options)


def patient_context(browser: Browser, **options: Any) -> BrowserContext:
    """A context that waits longer than the 30 s of Playwright, and whose pages wait for answers: a busy machine exceeds
    both times."""
    context = _new_context(browser, **options)
    context.set_default_timeout(SHOWN_MS)
    context.add_init_script(UNLIMITED)
    if SLOW:
        context.add_init_script(SLOW_DOWN)
    return context


def run_when_loaded(axe: Axe, page: Page, *more: Any, **options: Any) -> Any:
    """Examine a page as it is seen: a page that a form leads to is there before its style is."""
    page.wait_for_load_state("load", timeout=SHOWN_MS)
    return _run(axe, page, *more, **options)


def drawn(page: Page, *, path: Any = None, **options: Any) -> bytes:
    """Wait as for a picture, and take it only where the test itself looks at it: one in a file is for people."""
    if path is None:
        return _screenshot(page, **options)
    page.evaluate(DRAWN)
    return b""


_run, _screenshot = Axe.run, Page.screenshot
_press, _focus, _new_context = Locator.press, Locator.focus, Browser.new_context
