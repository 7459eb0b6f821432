"""The named states of the pages, each with the room that it needs and what a person does there before the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from playwright.sync_api import Page, Route, ViewportSize

from tests.web.conftest import LAT, LON

DESKTOP, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)
HALF_PHONE = ViewportSize(width=195, height=422)
HALF, SMALL = ViewportSize(width=640, height=400), ViewportSize(width=800, height=600)
WIDE = ViewportSize(width=1920, height=1080)
LIVE = "#map[data-state=ready]", "html[data-stream=live]", "#map[data-stamp]"
DRAWN = ("#map[data-state]",)
PLANNED = "html[data-state=ready]", "#figures-a[data-state=shown]", "#figures-b[data-state=shown]"
FIELD, ENROLLED = ("html[data-link=live]",), ("html[data-stage=enrolled]",)
GROUND = "**/api/{layers,tiles,segments}**"
UNANSWERED = "**/api/{sector,border,layout,layers,segments,alerts,stream}*"

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
    before: Act = lambda page, room: None
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


def muted_radar(page: Page, room: Any) -> None:
    page.keyboard.press("s")
    page.locator("[data-sensor=radar-crest][data-lost=true]").click()


def ask_elsewhere(page: Page, room: Any) -> None:
    """The server of the stream has no map process: another server of the same sector answers for the ground."""

    def ask_the_other(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(room.address, room.ground)))

    page.route("**/api/{sector,border,layout,layers,segments,tiles}**", ask_the_other)


def no_broker(page: Page, room: Any) -> None:
    page.wait_for_selector("#stream-state[data-state=down]")


def drag_sensor(page: Page, room: Any) -> None:
    """Leave a radar in the hand, its view drawn."""
    box = page.locator("#map-a [data-sensor=radar-west]").first.bounding_box()
    if box is None:
        raise RuntimeError("the radar is not on the map")
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 60, steps=4)
    page.wait_for_selector("#map-a[data-viewshed-ms]")


def worst_segment(page: Page, room: Any) -> None:
    page.get_by_test_id("worst-segment").first.click()


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
    State(name="drill", room="demo", path="drill", waits=("main",)),
    State(name="planner-dragging", room="demo", path="plan.html", waits=PLANNED, act=drag_sensor),
    State(name="planner-answers", room="demo", path="plan.html", waits=PLANNED, act=worst_segment),
    State(name="scorecard", room="scorecard", path="scorecard", waits=("main",)),
    State(name="partners", room="partners", path="partners", waits=("main",)),
    State(name="empty", room="empty"),
    State(name="loading", room="empty", waits=DRAWN, before=lambda page, room: hold(page), settles=False),
    State(name="no-answer", room="empty", waits=DRAWN, before=lambda page, room: hold(page)),
    State(name="no-webgl", room="few", webgl=False, waits=("html[data-stream=live]",)),
    State(name="no-terrain", room="few", before=lambda page, room: refuse(page)),
    State(name="silent-sensor", room="silent", act=silent_radar),
    State(name="muted-sensor", room="muted", act=muted_radar),
    State(name="lost-stream", room="lost", act=lose),
    State(name="lost-broker", room="no-broker", waits=DRAWN, before=ask_elsewhere, act=no_broker),
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
    State(name="no-base-map", room="no-base-map"),
    State(name="andorra", room="andorra"),
    State(name="andorra-night", room="andorra", night=True),
    State(name="andorra-near", room="andorra", path="?at=42.53,1.65,13"),
    State(name="andorra-near-night", room="andorra", path="?at=42.53,1.65,13", night=True),
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
    on_phone("field-loading", "day-6", waits=ENROLLED, before=lambda page, room: hold_list(page), settles=False),
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


THIRTY = (
    "day", "night", "phone", "zoom-200", "800x600", "empty", "loading", "silent-sensor", "muted-sensor", "lost-stream",
    "lost-broker", "full-night", "ten-tracks", "clusters", "incident-selected", "replay", "search", "planner",
    "planner-dragging", "planner-answers", "partners", "drill", "scorecard", "no-terrain", "terrain-with-holes",
    "sector-5-km", "sector-1000-km", "no-base-map", "400-sensors", "long-names", "broken-base-map", "no-webgl",
)  # fmt: skip
"""The states by which the look of the pages is judged: no more than a person compares in one sitting."""
