"""Photographs of the pages in named states, in one go, for people to look at.

``python -m tests.screens OUT`` writes ``OUT/NAME.png`` for each state, and ``OUT/states.json`` with the violations that
axe finds and what could not be opened. This folder, copied into the checkout of another version, photographs that
version, in which a state may be missing; ``--beside OTHER`` then puts both side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Error, Geolocation, Page, Request, ViewportSize, sync_playwright

from tests.screens import rooms
from tests.web.conftest import LAT, LON

PATIENT_MS = 240_000
DESKTOP, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)
HALF_PHONE = ViewportSize(width=195, height=422)
HALF, SMALL = ViewportSize(width=640, height=400), ViewportSize(width=800, height=600)
WIDE = ViewportSize(width=1920, height=1080)
LIVE = "#map[data-state=ready]", "html[data-stream=live]"
PLANNED = "html[data-state=ready]", "#figures-a[data-state=shown]", "#figures-b[data-state=shown]"
FIELD, ENROLLED = ("html[data-link=live]",), ("html[data-stage=enrolled]",)
GROUND = "**/api/{layers,tiles,segments}**"
UNANSWERED = "**/api/{sector,border,layout,layers,segments,alerts,stream}*"

ABSENT = (Error, AssertionError, ImportError, OSError, RuntimeError, TypeError)
"""What tells that a version has no such state."""

Act = Callable[[Page, Any], object]


@dataclass(frozen=True, kw_only=True)
class State:
    """One photograph: ``waits`` are selectors that must be there before ``act`` and the picture."""

    name: str
    room: str
    path: str = ""
    viewport: ViewportSize = field(default_factory=lambda: DESKTOP)
    pixels: float = 1.0
    night: bool = False
    waits: tuple[str, ...] = LIVE
    act: Act = lambda page, room: None
    webgl: bool = True
    before: Callable[[Page], object] = lambda page: None
    settles: bool = True
    language: str = "en-GB"


def key(*keys: str) -> Act:
    return lambda page, room: [page.keyboard.press(one) for one in keys]


def click(*names: str) -> Act:
    return lambda page, room: [page.get_by_test_id(name).first.click() for name in names]


def search(page: Page, room: Any) -> None:
    page.keyboard.press("/")
    page.keyboard.type("radar")


def first_incident(page: Page, room: Any) -> None:
    page.locator("[data-testid=incident-open], [data-testid=alert-open]").first.click()
    page.get_by_test_id("details-title").wait_for()


def silent_radar(page: Page, room: Any) -> None:
    page.keyboard.press("s")
    page.locator("[data-sensor=radar-crest][data-lost=true]").click()


def lose(page: Page, room: Any) -> None:
    room.kill()
    page.wait_for_selector("#stream-state[data-state=lost]")


def open_cluster(page: Page, room: Any) -> None:
    """Click the first cluster of tracks, once it is drawn."""
    announced = page.get_by_test_id("announce-polite")
    for _ in range(120):
        page.wait_for_timeout(500)
        found = page.evaluate(CLUSTERS)
        if found:
            page.mouse.click(*found[0])
        if "opened" in announced.inner_text():
            return
    raise RuntimeError("no cluster opened")


CLUSTERS = """() => {
  const map = document.querySelector("#map").map;
  const { left, top } = map.getContainer().getBoundingClientRect();
  return map.queryRenderedFeatures({ layers: ["track-clusters"] }).map(({ geometry }) => {
    const { x, y } = map.project(geometry.coordinates);
    return [left + x, top + y];
  });
}"""


def look_back(page: Page, room: Any) -> None:
    page.keyboard.press("r")
    page.get_by_test_id("replay-title").wait_for()
    page.wait_for_selector("[data-testid=replay][data-stamp]")


def open_card(page: Page, room: Any) -> None:
    page.get_by_test_id("card-head").nth(1).click()
    page.get_by_test_id("facts").nth(1).wait_for()


def carried_map(page: Page, room: Any) -> None:
    page.wait_for_selector("html[data-map=complete]", state="attached")
    page.get_by_test_id("tab-map").click()
    page.wait_for_selector("#map[data-drawn]")


def lose_link(page: Page, room: Any) -> None:
    """The phone has no network any more, and an answer waits."""
    open_card(page, room)
    page.context.set_offline(True)
    page.get_by_test_id("answer-received").nth(1).click()
    page.wait_for_selector("html[data-link=lost]", state="attached")


def on_phone(name: str, code: str, **more: Any) -> State:
    """A state of the field page, on a phone that is enrolled with a code of its own."""
    path = f"field#enrol={code}" if code else "field"
    return State(**({"room": "field", "viewport": PHONE, "pixels": 2.0, "waits": FIELD} | more), name=name, path=path)


def in_all_lights(path: str, room: str) -> tuple[State, ...]:
    """A page of text by day, by night, in French and on a phone."""
    page = State(name=path, room=room, path=path, waits=("main",))
    return (
        page,
        replace(page, name=f"{path}-night", night=True),
        replace(page, name=f"{path}-french", language="fr-FR"),
        replace(page, name=f"{path}-phone", viewport=PHONE, pixels=2.0),
    )


NEAR = f"?at={LAT},{LON},13.6"
FAR = f"?at={LAT},{LON},9"
STATES = (
    State(name="day", room="demo"),
    State(name="night", room="demo", night=True),
    State(name="phone", room="demo", viewport=PHONE, pixels=2.0),
    State(name="zoom-200", room="demo", viewport=HALF, pixels=2.0),
    State(name="800x600", room="demo", viewport=SMALL),
    State(name="incident-selected", room="demo", act=first_incident),
    State(name="incident-selected-night", room="demo", night=True, act=first_incident),
    State(name="own-forces", room="demo", act=key("f")),
    State(name="sensors", room="demo", act=key("s")),
    State(name="layers", room="demo", act=key("y")),
    State(name="search", room="demo", act=search),
    State(name="search-night", room="demo", night=True, act=search),
    State(name="help", room="demo", act=key("?")),
    State(name="planner", room="demo", path="plan.html", waits=PLANNED),
    State(name="planner-night", room="demo", path="plan.html", waits=PLANNED, night=True),
    State(name="planner-phone", room="demo", path="plan.html", waits=PLANNED, viewport=PHONE, pixels=2.0),
    *in_all_lights("handover", "demo"),
    *in_all_lights("action-plan", "demo"),
    State(name="empty", room="empty"),
    State(name="loading", room="empty", waits=("#map[data-state]",), before=lambda page: hold(page), settles=False),
    State(name="no-answer", room="empty", waits=("#map[data-state]",), before=lambda page: hold(page)),
    State(name="no-webgl", room="few", webgl=False, waits=("html[data-stream=live]",)),
    State(name="no-terrain", room="few", before=lambda page: refuse(page)),
    State(name="silent-sensor", room="silent", act=silent_radar),
    State(name="lost-stream", room="lost", act=lose),
    State(name="full-night", room="night", night=True),
    State(name="ten-tracks", room="night", path=NEAR),
    State(name="ten-tracks-night", room="night", path=NEAR, night=True),
    State(name="clusters", room="crowd", path=FAR),
    State(name="cluster-open", room="crowd", path=FAR, act=open_cluster),
    State(name="400-sensors", room="sensors"),
    State(name="400-sensors-night", room="sensors", night=True),
    State(name="400-sensors-wide", room="sensors", viewport=WIDE),
    State(name="400-sensors-wide-night", room="sensors", viewport=WIDE, night=True),
    State(name="400-sensors-800x600", room="sensors", viewport=SMALL),
    State(name="400-sensors-phone", room="sensors", viewport=PHONE, pixels=2.0),
    State(name="400-sensors-phone-night", room="sensors", viewport=PHONE, pixels=2.0, night=True),
    State(name="400-sensors-near", room="sensors", path=NEAR),
    State(name="400-sensors-list", room="sensors", act=key("s")),
    State(name="400-sensors-search", room="sensors", act=search),
    State(name="400-sensors-near-night", room="sensors", path=NEAR, night=True),
    State(name="400-sensors-search-night", room="sensors", night=True, act=search),
    State(name="long-names", room="names"),
    State(name="long-names-phone", room="names", viewport=PHONE, pixels=2.0, act=click("tab-sensors")),
    State(name="long-names-night", room="names", night=True),
    State(name="replay", room="past", act=look_back),
    State(name="replay-night", room="past", act=look_back, night=True),
    State(name="replay-phone", room="past", act=look_back, viewport=PHONE, pixels=2.0),
    State(name="terrain-with-holes", room="holes"),
    State(name="sector-5-km", room="5-km"),
    State(name="sector-1000-km", room="1000-km"),
    State(name="broken-base-map", room="broken"),
    State(name="login", room="guarded", path="login", waits=("#name",)),
    on_phone("field-day", "day-0"),
    on_phone("field-night", "night-0", night=True),
    on_phone("field-zoom-200", "day-1", viewport=HALF_PHONE, pixels=4.0),
    on_phone("field-card", "day-2", act=open_card),
    on_phone("field-card-night", "night-1", night=True, act=open_card),
    on_phone("field-map", "day-3", act=carried_map),
    on_phone("field-map-night", "night-2", night=True, act=carried_map),
    on_phone("field-phone", "day-4", act=click("tab-phone")),
    on_phone("field-no-link", "day-5", act=lose_link, settles=False),
    on_phone("field-no-link-night", "night-3", night=True, act=lose_link, settles=False),
    on_phone("field-loading", "day-6", waits=ENROLLED, before=lambda page: hold_list(page), settles=False),
    on_phone("field-enrol", "", waits=("#enrol-code:visible",)),
    on_phone("field-empty", "day-0", room="field-empty"),
    on_phone("field-empty-night", "night-0", room="field-empty", night=True),
    on_phone("field-many", "day-0", room="field-many"),
    on_phone("field-many-night", "night-0", room="field-many", night=True),
)  # fmt: skip
"""In the order of their rooms: a room is opened once."""


def hold(page: Page) -> None:
    """Leave the page's questions unanswered, as a server that has just been started does."""
    page.route(UNANSWERED, lambda route: None)


def hold_list(page: Page) -> None:
    """The phone is enrolled and waits for its list."""
    page.route("**/v1/field/{state,stream}*", lambda route: None)


def refuse(page: Page) -> None:
    """The map process does not answer: there is a border, and no ground."""
    page.route(GROUND, lambda route: route.fulfill(status=503, json={"error": "The map process does not run."}))


Room = Callable[[Path], AbstractContextManager[Any]]
ROOMS: dict[str, Room] = {
    "demo": rooms.demonstration,
    "empty": rooms.written,
    "few": lambda folder: rooms.written(folder, rooms.few),
    "silent": lambda folder: rooms.written(folder, rooms.silent),
    "lost": lambda folder: rooms.written(folder, rooms.few),
    "night": lambda folder: rooms.written(folder, rooms.full_night),
    "crowd": lambda folder: rooms.written(folder, rooms.crowd),
    "sensors": lambda folder: rooms.written(folder, rooms.crowded_sensors),
    "names": lambda folder: rooms.written(folder, rooms.long_names),
    "past": rooms.looked_back,
    "holes": lambda folder: drawn(folder, 20.0, holes=True),
    "5-km": lambda folder: drawn(folder, 5.0),
    "1000-km": lambda folder: drawn(folder, 1000.0),
    "broken": lambda folder: rooms.written(folder, rooms.few, rooms.broken_archive(folder / "sector")),
    "guarded": rooms.guarded,
    "field": rooms.field_unit,
    "field-empty": lambda folder: rooms.field_unit(folder, 0),
    "field-many": lambda folder: rooms.field_unit(folder, 40),
}


def drawn(folder: Path, km: float, **ground: bool) -> AbstractContextManager[Any]:
    sector = rooms.made_sector(folder / "sector", km, **ground)
    return rooms.written(folder, rooms.spread(LON, LAT, km / 111.0 / 2.2), sector)


@contextmanager
def browsers() -> Iterator[dict[bool, Browser]]:
    """A browser with WebGL and one without."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = {
            webgl: playwright.chromium.launch(
                executable_path=chromium, args=[*sandbox, *([] if webgl else ["--disable-3d-apis"])]
            )
            for webgl in (True, False)
        }
        yield opened
        for browser in opened.values():
            browser.close()


def photograph(state: State, room: Any, browser: Browser, out: Path) -> dict[str, Any]:
    """Write the picture of one state; return what axe finds in it."""
    address = room if isinstance(room, str) else room.address
    context = browser.new_context(
        viewport=state.viewport, device_scale_factor=state.pixels, reduced_motion="reduce",
        color_scheme="dark" if state.night else "light", locale=state.language,
        geolocation=Geolocation(latitude=LAT - 0.01, longitude=LON - 0.01), permissions=["geolocation"],
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(PATIENT_MS)
    traffic = Traffic(page)
    state.before(page)
    try:
        page.goto(f"{address.rstrip('/')}/{state.path}")
        for selector in state.waits:
            page.wait_for_selector(selector, state="attached")
        state.act(page, room)
        if state.settles:
            traffic.settle(page)
        page.screenshot(path=out / f"{state.name}.png")
        found = Axe().run(page).response["violations"]
        return {"axe": [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]}
    finally:
        page.unroute_all(behavior="ignoreErrors")
        context.close()


class Traffic:
    """Requests of a page that are not answered yet, its event streams aside."""

    def __init__(self, page: Page) -> None:
        self.open: set[Request] = set()
        page.on("request", lambda request: None if "stream" in request.url else self.open.add(request))
        page.on("requestfinished", lambda request: self.open.discard(request))
        page.on("requestfailed", lambda request: self.open.discard(request))

    def settle(self, page: Page) -> None:
        """Wait until everything has been quiet for two seconds, at most a minute."""
        quiet = 0
        for _ in range(120):
            page.wait_for_timeout(500)
            quiet = 0 if self.open else quiet + 1
            if quiet == 4:
                return


def take(names: set[str], out: Path) -> dict[str, Any]:
    """Photograph the named states, each room once; a state that cannot be reached is reported, not fatal."""
    results: dict[str, Any] = {}
    chosen = [state for state in STATES if state.name in names]
    with browsers() as opened:
        for name, group in groupby(chosen, lambda state: state.room):
            with tempfile.TemporaryDirectory(prefix="watchline-screens-", ignore_cleanup_errors=True) as folder:
                try:
                    with ROOMS[name](Path(folder)) as room:
                        for state in group:
                            results[state.name] = attempt(state, room, opened[state.webgl], out)
                            print(f"{state.name}: {results[state.name]}", flush=True)
                except ABSENT as error:
                    results[f"room {name}"] = {"missing": str(error)[-300:]}
                    traceback.print_exc()
    return results


def attempt(state: State, room: Any, browser: Browser, out: Path) -> dict[str, Any]:
    try:
        return photograph(state, room, browser, out)
    except ABSENT as error:
        return {"missing": f"{type(error).__name__}: {str(error)[:300]}"}


def put_beside(before: Path, after: Path) -> None:
    """Write ``after/beside/NAME.png``: the state of the other version on the left."""
    folder = after / "beside"
    folder.mkdir(exist_ok=True)
    for state in STATES:
        pictures = [Image.open(f) for f in (before / f"{state.name}.png", after / f"{state.name}.png") if f.is_file()]
        if len(pictures) < 2:
            continue
        high = max(picture.height for picture in pictures)
        sheet = Image.new("RGB", (sum(picture.width for picture in pictures) + 20, high + 30), "white")
        for picture, left in zip(pictures, (0, pictures[0].width + 20), strict=True):
            sheet.paste(picture, (left, 30))
        ImageDraw.Draw(sheet).text((8, 8), f"{state.name}: {before.name} | {after.name}", fill="black")
        sheet.save(folder / f"{state.name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="+", choices=[state.name for state in STATES], help="default: all")
    parser.add_argument("--beside", type=Path, help="folder of another version's pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    results = take(set(options.only or [state.name for state in STATES]), options.out)
    (options.out / "states.json").write_text(json.dumps(results, indent=1, ensure_ascii=False))
    if options.beside is not None:
        put_beside(options.beside, options.out)


if __name__ == "__main__":
    main()
