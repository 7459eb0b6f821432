"""Photographs of the pages in named states, in one go, for people to look at.

``python -m tests.screens OUT`` writes ``OUT/NAME.png`` for each state, and ``OUT/states.json`` with the violations that
axe finds and what could not be opened. This folder, copied into the checkout of another version, photographs that
version, in which a state may be missing; ``--beside OTHER`` then puts both side by side. Where only the front end
differs, ``--pages DIST`` photographs each state with that one first, over the same server, into ``OUT/before``.
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
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Error, Geolocation, Page, Request, Route, sync_playwright

from tests.screens import rooms, served_rooms
from tests.screens.states import STATES, THIRTY, State
from tests.web.conftest import LAT, LON
from tests.web.patience import SHOWN_MS
from tests.web.test_map_labels import placement

ABSENT = (Error, AssertionError, ImportError, OSError, RuntimeError, TypeError)
"""What tells that a version has no such state."""

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
    "muted": lambda folder: rooms.written(folder, served_rooms.muted),
    "no-broker": served_rooms.without_broker,
    "no-base-map": lambda folder: rooms.written(folder, rooms.few, served_rooms.without_base_map(folder / "sector")),
    "andorra": served_rooms.andorra,
    "scorecard": served_rooms.scorecard,
    "partners": served_rooms.partners,
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


def photograph(state: State, room: Any, browser: Browser, out: Path, pages: Path | None) -> dict[str, Any]:
    """Write the picture of one state; return what axe finds in it. ``pages``: the front end, if not the server's."""
    address = room if isinstance(room, str) else room.address
    context = browser.new_context(
        viewport=state.viewport, device_scale_factor=state.pixels, reduced_motion="reduce",
        color_scheme="dark" if state.night else "light", locale=state.language,
        geolocation=Geolocation(latitude=LAT - 0.01, longitude=LON - 0.01), permissions=["geolocation"],
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(SHOWN_MS)
    traffic = Traffic(page)
    if pages is not None:
        page.route(f"{address.rstrip('/')}/**", from_folder(pages))
    state.before(page, room)
    try:
        page.goto(f"{address.rstrip('/')}/{state.path}")
        for selector in state.waits:
            page.wait_for_selector(selector, state="attached")
        state.act(page, room)
        if state.settles:
            traffic.settle(page)
        page.screenshot(path=out / f"{state.name}.png")
        found = Axe().run(page).response["violations"]
        return {"axe": [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]} | labels(page)
    finally:
        page.unroute_all(behavior="ignoreErrors")
        context.close()


def labels(page: Page) -> dict[str, Any]:
    """How many texts the map shows, those that share a point, and those that hide a symbol of an alert or a unit."""
    if page.locator("#map[data-state=ready]").count() == 0:
        return {}
    found = placement(page)
    return {"texts": len(found.shown), "together": found.together, "hiding": found.covered}


def from_folder(pages: Path) -> Callable[[Route], None]:
    """Answers with the files of another front end, and asks the server for everything else."""

    def answer(route: Route) -> None:
        name = urlsplit(route.request.url).path.lstrip("/") or "index.html"
        file = pages / name
        if file.is_file():
            route.fulfill(path=file)
        else:
            route.fallback()

    return answer


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


def take(names: set[str], out: Path, pages: Path | None = None) -> dict[str, Any]:
    """Photograph the named states, each room once; a state that cannot be reached is reported, not fatal."""
    results: dict[str, Any] = {}
    chosen = [state for state in STATES if state.name in names]
    with browsers() as opened:
        for name, group in groupby(chosen, lambda state: state.room):
            with tempfile.TemporaryDirectory(prefix="watchline-screens-", ignore_cleanup_errors=True) as folder:
                try:
                    with ROOMS[name](Path(folder)) as room:
                        for state in group:
                            if pages is not None:
                                attempt(state, room, opened[state.webgl], before_of(out), pages)
                            results[state.name] = attempt(state, room, opened[state.webgl], out)
                            print(f"{state.name}: {results[state.name]}", flush=True)
                except ABSENT as error:
                    results[f"room {name}"] = {"missing": str(error)[-300:]}
                    traceback.print_exc()
    return results


def before_of(out: Path) -> Path:
    """Where the pictures of the earlier front end are written."""
    folder = out / "before"
    folder.mkdir(exist_ok=True)
    return folder


def attempt(state: State, room: Any, browser: Browser, out: Path, pages: Path | None = None) -> dict[str, Any]:
    try:
        return photograph(state, room, browser, out, pages)
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
    parser.add_argument("--thirty", action="store_true", help="those by which the look is judged")
    parser.add_argument("--beside", type=Path, help="folder of another version's pictures")
    parser.add_argument("--pages", type=Path, help="folder of an earlier built front end to photograph first")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    results = take(
        set(options.only or (THIRTY if options.thirty else [state.name for state in STATES])),
        options.out,
        options.pages,
    )
    (options.out / "states.json").write_text(json.dumps(results, indent=1, ensure_ascii=False))
    if options.beside is not None:
        put_beside(options.beside, options.out)


if __name__ == "__main__":
    main()
