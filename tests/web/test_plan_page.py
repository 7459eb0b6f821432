"""The planner's page: two layouts side by side, edits shown immediately, background jobs with progress and cancel."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Route, expect

from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from sensors.layout import Layout
from tests.web.conftest import until
from tests.web.patience import SHOWN_MS
from tests.web.test_languages import CLIPPED

pytestmark = pytest.mark.chain

PHONE, SMALL = {"width": 390, "height": 844}, {"width": 800, "height": 600}
ZOOMED = {"width": 640, "height": 400}
"""A desktop of 1280 by 800 at 200%."""

DRAWS = None if os.environ.get("WATCHLINE_DRILL") == "long" else 20
"""Draws of a comparison; None: as many as the page asks for, 300."""
MOST_DRAWS = 5000
"""With so many a comparison takes a quarter of a minute on an idle machine, and longer on a busy one, where the page is
slower, too: it is still running when it is cancelled."""


def comparing_with(here: Any, draws: int | None) -> None:
    """Orders go on as the page sends them, a comparison with so many draws."""

    def send(route: Any) -> None:
        if route.request.method != "POST" or draws is None:
            route.continue_()
            return
        order = route.request.post_data_json
        route.continue_(post_data=json.dumps(order | ({"draws": draws} if order["kind"] == "compare" else {})))

    here.page.route("**/api/plan/jobs", send)


def holding(here: Any, count: int) -> list[Route]:
    """The first questions, at most so many, how far a job has come: the test answers them."""
    held = list[Route]()

    def hold(route: Route) -> None:
        if len(held) < count:
            held.append(route)
        else:
            route.continue_()

    here.page.route("**/api/plan/jobs/*", hold)
    return held


def opened(world: Any, visit: Callable[..., Any], **options: Any) -> Any:
    here = visit(world.address, file="plan.html", **options)
    here.page.wait_for_selector("html[data-state=ready]", timeout=SHOWN_MS)
    for side in ("a", "b"):
        here.page.wait_for_selector(f"#figures-{side}[data-state=shown]", timeout=SHOWN_MS)
    return here


def covered(here: Any, side: str) -> float:
    return float(here.part(f"figures-{side}").get_attribute("data-mean"))


def cost(here: Any, side: str) -> float:
    return float(here.part(f"cycle-{side}").get_attribute("data-value"))


def pin(here: Any, side: str, name: str) -> Any:
    return here.page.locator(f"#map-{side} [data-sensor='{name}']")


def edited(here: Any, side: str, act: Callable[[], object]) -> None:
    """Act, and wait for what it shows."""
    figures = here.page.locator(f"#figures-{side}")
    figures.evaluate("node => { node.dataset.state = 'before'; }")
    act()
    here.page.wait_for_selector(f"#figures-{side}[data-state=shown]", timeout=SHOWN_MS)


def test_two_layouts_side_by_side_and_the_swipe(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    assert covered(here, "a") != covered(here, "b")
    assert here.page.locator("#map-a canvas").count() == here.page.locator("#map-b canvas").count() == 1
    assert "50%" in here.page.locator("#map-b").evaluate("node => node.style.clipPath")
    here.screen("plan-both")
    here.part("swipe").fill("10")
    assert "10%" in here.page.locator("#map-b").evaluate("node => node.style.clipPath")
    here.screen("plan-swiped")


def test_a_sensor_is_dragged_turned_and_removed(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    whole = covered(here, "a")
    box = pin(here, "a", "radar-west").bounding_box()

    def drag() -> None:
        here.page.mouse.move(box["x"] + 9, box["y"] + 9)
        here.page.mouse.down()
        here.page.mouse.move(box["x"] + 40, box["y"] + 60, steps=4)
        here.page.wait_for_selector("#map-a[data-viewshed-ms]", timeout=SHOWN_MS)
        here.screen("plan-in-hand")
        here.page.mouse.up()

    edited(here, "a", drag)
    assert covered(here, "a") != whole
    expect(here.part("sensor-name")).to_have_value("radar-west")
    expect(here.part("undo-a")).to_be_enabled()
    here.screen("plan-dragged")
    moved = covered(here, "a")
    pin(here, "a", "camera-west").dispatch_event("click")
    expect(here.part("turner")).to_be_visible()

    def turn() -> None:
        here.part("turn").fill("-120")
        here.part("turn").dispatch_event("change")

    edited(here, "a", turn)
    assert covered(here, "a") != moved
    pin(here, "a", "radar-west").dispatch_event("click")
    edited(here, "a", lambda: here.part("remove").click())
    assert pin(here, "a", "radar-west").count() == 0
    edited(here, "a", lambda: here.part("discard-a").click())
    assert covered(here, "a") == whole
    assert pin(here, "a", "radar-west").count() == 1


def test_equipment_is_found_placed_named_duplicated_and_every_step_undone(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    whole, paid = covered(here, "a"), cost(here, "a")
    assert here.part("equipment-item").count() > 10
    here.part("equipment-search").fill("portable")
    item = here.part("equipment-item")
    expect(item).to_have_count(1)
    item.click()
    expect(here.part("place-hint")).to_contain_text("portable radar")
    maps = here.part("maps").bounding_box()
    edited(here, "a", lambda: here.page.mouse.click(maps["x"] + 200, maps["y"] + 300))
    expect(here.part("place-hint")).to_be_hidden()
    expect(here.part("sensor-name")).to_have_value("portable-radar-1")
    assert covered(here, "a") >= whole
    price = cost(here, "a") - paid
    assert price > 0
    expect(here.part("cycle-a")).to_contain_text(f"+{price:,.0f}")
    here.screen("plan-added")
    name = here.part("sensor-name")
    name.fill("radar-west")
    name.press("Enter")
    expect(here.part("name-problem")).to_have_text("Another sensor has this name.")
    name.fill("a/b")
    name.press("Enter")
    expect(here.part("name-problem")).to_contain_text("without +, # or /")

    def rename() -> None:
        name.fill("Ridge post")
        name.press("Enter")

    edited(here, "a", rename)
    expect(here.part("name-problem")).to_be_hidden()
    expect(pin(here, "a", "Ridge post")).to_have_count(1)
    edited(here, "a", lambda: here.part("duplicate").click())
    expect(here.part("sensor-name")).to_have_value("Ridge post-1")
    assert cost(here, "a") - paid == pytest.approx(2 * price, abs=1)
    here.page.keyboard.press("Escape")
    for step in range(3):
        edited(here, "a", lambda: here.page.keyboard.press("Control+z"))
        assert pin(here, "a", "Ridge post").count() == (1 if step == 0 else 0)
    assert (covered(here, "a"), cost(here, "a")) == (whole, paid)
    expect(here.part("undo-a")).to_be_disabled()
    for _ in range(3):
        edited(here, "a", lambda: here.page.keyboard.press("Control+Shift+z"))
    expect(here.part("redo-a")).to_be_disabled()
    assert pin(here, "a", "Ridge post-1").count() == 1
    with here.page.expect_download() as download:
        here.part("save-a").click()
    document = json.loads(Path(download.value.path()).read_text())
    names = [feature["properties"]["id"] for feature in document["features"]]
    assert {"Ridge post", "Ridge post-1"} <= set(names)


def test_a_sensor_is_placed_moved_turned_duplicated_and_removed_by_keys_alone(
    calm: Any, visit: Callable[..., Any]
) -> None:
    here = opened(calm, visit)
    here.part("equipment-search").fill("trail")
    item = here.part("equipment-item").first
    item.focus()
    edited(here, "a", lambda: item.press("Enter"))
    new = pin(here, "a", "trail-camera-1")
    expect(new).to_be_focused()
    box = new.bounding_box()
    edited(here, "a", lambda: new.press("Shift+ArrowUp"))
    assert new.bounding_box()["y"] < box["y"], "Shift and an arrow key move it by 500 m"
    expect(new).to_be_focused()
    azimuth = here.page.locator("#turn-says").inner_text()
    edited(here, "a", lambda: new.press("r"))
    assert here.page.locator("#turn-says").inner_text() != azimuth
    edited(here, "a", lambda: new.press("d"))
    copy = pin(here, "a", "trail-camera-2")
    expect(copy).to_have_count(1)
    copy.focus()
    edited(here, "a", lambda: copy.press("Delete"))
    expect(copy).to_have_count(0)


def test_coverage_is_asked_again_for_another_target_and_other_weather(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    by_day = covered(here, "a")
    expect(here.part("legend-title")).to_have_text("Pd, person on foot, 10 min exposure, daylight")
    edited(here, "a", lambda: here.part("conditions").select_option("day,fog"))
    assert covered(here, "a") < by_day
    in_fog = covered(here, "a")
    edited(here, "a", lambda: here.part("target").select_option("vehicle"))
    assert covered(here, "a") >= in_fog
    expect(here.part("legend-title")).to_have_text("Pd, vehicle, 10 min exposure, day, fog")
    edited(here, "a", lambda: here.part("conditions").select_option("day"))
    edited(here, "a", lambda: here.part("target").select_option("person"))
    assert covered(here, "a") == by_day


def test_the_ground_is_that_of_the_live_map_by_day_and_by_night(calm: Any, visit: Callable[..., Any]) -> None:
    asked: list[str] = []
    here = opened(calm, visit)
    here.page.on("request", lambda request: asked.append(request.url))
    here.page.reload()
    here.page.wait_for_selector("html[data-state=ready]", timeout=SHOWN_MS)

    def drawn(*parts: str) -> bool:
        here.page.wait_for_timeout(100)
        return all(any(part in url for url in asked) for part in parts)

    day = ("/api/tiles/ground/", "/api/tiles/elevation+hillshade/", "palette=day")
    assert until(lambda: drawn(*day)), asked
    edited(here, "a", lambda: here.part("palette").click())
    expect(here.page.locator("html")).to_have_attribute("data-palette", "night")
    assert until(lambda: drawn("palette=night")), asked
    here.screen("plan-night")


def test_the_page_states_that_it_is_loading_and_why_it_cannot_plan_and_asks_again(
    calm: Any, visit: Callable[..., Any]
) -> None:
    here = opened(calm, visit)
    answers: list[Any] = []
    here.page.route("**/api/plan/setup", lambda route: answers.append(route))
    here.page.reload()
    expect(here.part("loading")).to_have_text("Loading terrain and layouts…")
    here.screen("plan-loading")
    assert until(lambda: answers or here.page.wait_for_timeout(50))
    here.witness.outage = True
    answers[0].fulfill(status=503, json={"error": "The planner's process has ended; ask again."})
    expect(here.part("problem")).to_contain_text("The planner's process has ended")
    expect(here.part("loading")).to_be_hidden()
    assert until(lambda: len(answers) >= 2 or here.page.wait_for_timeout(50)), "it asks again"
    answers[1].continue_()
    here.page.wait_for_selector("html[data-state=ready]", timeout=SHOWN_MS)
    expect(here.part("problem")).to_be_hidden()


def test_figures_that_a_busy_server_does_not_give_are_asked_for_again(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    by_day = {side: covered(here, side) for side in "ab"}
    here.witness.expected.add("429")
    here.page.route(
        "**/api/plan/coverage",
        lambda route: route.fulfill(status=429, json={"error": "The planner is busy; ask again in a moment."}),
        times=1,
    )
    edited(here, "a", lambda: here.part("conditions").select_option("day,fog"))
    here.page.wait_for_selector("#figures-b[data-state=shown]", timeout=SHOWN_MS)  # one of both was refused
    assert [covered(here, side) < before for side, before in by_day.items()] == [True, True]
    here.page.route(
        "**/api/plan/difference",
        lambda route: route.fulfill(status=429, json={"error": "The planner is busy; ask again in a moment."}),
        times=1,
    )
    here.part("show-change").evaluate("node => node.click()")
    here.part("change-on").check()
    expect(here.page.locator("#change")).to_have_attribute("data-state", "shown")
    expect(here.part("problem")).to_be_hidden()


def test_a_plan_shows_progress_and_its_answer_which_is_drawn_picked_compared_and_saved(
    calm: Any, visit: Callable[..., Any], tmp_path: Path
) -> None:
    here = opened(calm, visit)
    comparing_with(here, DRAWS)
    left = covered(here, "a")
    here.part("tab-jobs").click()
    here.part("budget").fill("300000")
    job = here.part("job").first
    held = holding(here, 1)  # it cannot be done before it is seen

    def done() -> None:
        here.part("plan").click()
        expect(job.locator("progress")).to_be_visible()
        assert until(lambda: held or here.page.wait_for_timeout(50))
        held[0].continue_()
        expect(job).to_have_attribute("data-state", "done", timeout=SHOWN_MS)

    edited(here, "b", done)
    expect(job).to_contain_text(
        re.compile(r"Add .* for USD .* Mean Pd, outages included: .*% → .*%, (optimal|within .* of optimal)")
    )
    here.screen("plan-job")
    number = job.get_attribute("data-job").removeprefix("job-")
    found = here.part("front-chart").locator("[data-role=planned]")
    expect(found).not_to_have_count(0)
    with here.page.expect_download() as report:
        here.part("report").click()
    assert report.value.suggested_filename == f"watchline-plan-cumberland-job-{number}.html"
    assert "What to buy" in Path(report.value.path()).read_text()
    fresh = here.page.locator("#map-b [data-fresh=true]")
    assert fresh.count() > 0
    assert here.page.locator("#map-a [data-fresh=true]").count() == 0
    assert covered(here, "b") > left, "what is bought comes beside the left layout and covers more"
    expect(here.page.locator("#name-b")).to_contain_text("Plan ")
    here.screen("plan-drawn")
    edited(here, "a", lambda: job.get_by_test_id("job-show-a").click())
    assert covered(here, "a") == covered(here, "b")
    with here.page.expect_download() as download:
        here.part("save-b").click()
    assert re.fullmatch(r"plan-\d+-[a-z0-9-]+\.geojson", download.value.suggested_filename)
    download.value.save_as(tmp_path / "plan.geojson")
    document = json.loads((tmp_path / "plan.geojson").read_text())
    layout = Layout.from_geojson(document, open_sector(load_sector("cumberland")).frame, name="x")
    assert len(layout) + len(layout.relays) == here.page.locator("#map-b [data-testid=pin]").count()
    edited(here, "a", lambda: here.part("pick-a").select_option("basic"))
    here.part("compare").click()
    compared = here.part("job").filter(has_text="Comparison").first
    expect(compared).to_have_attribute("data-state", "done", timeout=SHOWN_MS)
    expect(compared).to_contain_text("at equal life-cycle cost")
    with here.page.expect_download() as report:
        compared.get_by_test_id("job-report").click()
    assert report.value.suggested_filename.startswith("watchline-compare-cumberland-job-")
    cheaper = found.first.get_attribute("data-layout")
    edited(here, "b", lambda: found.first.press("Enter"))
    expect(here.part("pick-b")).to_have_value(cheaper)


def test_a_relay_that_is_removed_leaves_sensors_that_are_excluded(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    edited(here, "b", lambda: here.part("pick-b").select_option("basic"))
    assert here.page.locator("#map-b [data-unheard=true]").count() == 0
    whole = covered(here, "b")
    for relay in ("relay-01", "relay-02", "relay-03", "relay-04", "relay-05", "relay-06"):
        pin(here, "b", relay).dispatch_event("click")
        edited(here, "b", lambda: here.part("remove").click())
    expect(here.part("note-b")).to_contain_text("no link to a base")
    assert here.page.locator("#map-b [data-unheard=true]").count() > 0
    assert covered(here, "b") < whole
    here.screen("plan-unheard")


def test_a_comparison_can_be_cancelled_and_the_next_job_runs(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    comparing_with(here, MOST_DRAWS)
    here.part("tab-jobs").click()
    here.part("compare").click()
    job = here.part("job").first
    job.get_by_test_id("job-cancel").click()
    expect(job).to_have_attribute("data-state", "cancelled", timeout=SHOWN_MS)
    here.part("budget").fill("1")
    here.part("plan").click()
    refused = here.part("job").first
    expect(refused).to_have_attribute("data-state", "failed", timeout=SHOWN_MS)
    expect(refused).to_contain_text("the budget of 1 buys nothing")


def test_a_job_is_followed_beyond_an_answer_that_fails(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    here.witness.outage = True
    held = holding(here, 2)
    here.part("tab-jobs").click()
    here.part("budget").fill("1")
    here.part("plan").click()
    assert until(lambda: held or here.page.wait_for_timeout(50))
    held[0].fulfill(status=503, json={"error": "The planner's process has ended; ask again."})
    expect(here.part("problem")).to_contain_text("The planner's process has ended")
    assert until(lambda: len(held) == 2 or here.page.wait_for_timeout(50)), "it asks again"
    held[1].continue_()
    expect(here.part("job").first).to_have_attribute("data-state", "failed")
    expect(here.part("problem")).to_be_hidden()


def test_edits_and_jobs_are_there_again_after_the_page_was_loaded_again(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    pin(here, "a", "camera-west").dispatch_event("click")
    edited(here, "a", lambda: here.part("remove").click())
    left = covered(here, "a")
    here.part("tab-jobs").click()
    here.part("budget").fill("1")
    here.part("plan").click()
    expect(here.part("job").first).to_have_attribute("data-state", "failed", timeout=SHOWN_MS)
    here.page.reload()
    here.page.wait_for_selector("#figures-a[data-state=shown]", timeout=SHOWN_MS)
    assert pin(here, "a", "camera-west").count() == 0
    assert covered(here, "a") == left
    expect(here.part("undo-b")).to_be_disabled()
    expect(here.part("job")).to_have_attribute("data-state", "failed")
    edited(here, "a", lambda: here.part("undo-a").click())
    assert pin(here, "a", "camera-west").count() == 1


def test_edits_outlast_a_server_that_cannot_answer_about_jobs_and_a_plan_that_is_gone_is_stated(
    calm: Any, visit: Callable[..., Any]
) -> None:
    here = opened(calm, visit)
    pin(here, "a", "camera-west").dispatch_event("click")
    edited(here, "a", lambda: here.part("remove").click())
    here.page.evaluate(
        """() => {
          const [name] = Object.keys(sessionStorage).filter((key) => key.startsWith("watchline.plan."));
          const kept = JSON.parse(sessionStorage.getItem(name));
          const b = { layout: "plan:job-9-00000000", edits: { "camera-west": null } };
          const sides = { ...kept.sides, b };
          sessionStorage.setItem(name, JSON.stringify({ ...kept, sides, jobs: ["job-9-00000000"] }));
        }"""
    )
    here.witness.outage = True
    here.witness.expected.add("404")
    held = holding(here, 2)
    here.page.reload()
    assert until(lambda: held or here.page.wait_for_timeout(50))
    here.part("conditions").select_option("day,fog")
    held[0].fulfill(status=503, json={"error": "The planner's process has ended; ask again."})
    expect(here.part("problem")).to_contain_text("The planner's process has ended")
    assert until(lambda: len(held) == 2 or here.page.wait_for_timeout(50)), "it asks again"
    held[1].continue_()
    here.page.wait_for_selector("html[data-state=ready]", timeout=SHOWN_MS)
    expect(here.part("problem")).to_have_text(
        "The plan that was shown on the right is not kept any more, nor are its edits."
    )
    assert pin(here, "a", "camera-west").count() == 0
    expect(here.part("discard-b")).to_be_disabled()


def test_the_page_is_accessible_by_day_by_night_and_on_a_phone(calm: Any, visit: Callable[..., Any]) -> None:
    sizes = ({}, {"viewport": PHONE}, {"viewport": SMALL}, {"viewport": ZOOMED}, {"color_scheme": "dark"})
    for size in sizes:
        here = opened(calm, visit, **size)
        for tab in ("equipment", "sensor", "jobs"):
            here.part(f"tab-{tab}").click()
            found = Axe().run(here.page)
            assert found.violations_count == 0, found.generate_report()
            assert here.page.evaluate(CLIPPED) == [], (size, tab)
        expect(here.page.locator("html")).to_have_attribute(
            "data-palette", "night" if "color_scheme" in size else "day"
        )
        here.screen(f"plan-{sizes.index(size)}-{'-'.join(size) or 'desk'}")
        assert here.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def carried(here: Any, item: Any, side_share: float) -> None:
    """Carry an item of the list onto the map with the mouse: what it would see is shown before it is put down."""
    box, maps = item.bounding_box(), here.part("maps").bounding_box()
    here.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    here.page.mouse.down()
    x, y = maps["x"] + maps["width"] * side_share, maps["y"] + maps["height"] / 2
    here.page.mouse.move(x, y - 20, steps=5)
    expect(here.part("carried")).to_be_visible()
    here.page.mouse.move(x, y, steps=3)
    here.page.wait_for_selector(f"#map-{'a' if side_share < 0.5 else 'b'}[data-viewshed-ms]", timeout=SHOWN_MS)


def test_an_item_is_carried_to_the_map_with_the_mouse_and_let_go_beside_it(
    calm: Any, visit: Callable[..., Any]
) -> None:
    here = opened(calm, visit)
    here.part("equipment-search").fill("portable")
    item = here.part("equipment-item")
    expect(item).to_have_count(1)
    carried(here, item, 0.75)
    here.screen("plan-carried")
    edited(here, "b", here.page.mouse.up)
    expect(here.part("carried")).to_have_count(0)
    expect(pin(here, "b", "portable-radar-1")).to_have_count(1)
    expect(here.part("sensor-name")).to_have_value("portable-radar-1")
    here.part("tab-equipment").click()
    expect(item).to_have_attribute("aria-pressed", "false")
    carried(here, item, 0.25)
    here.page.keyboard.press("Escape")
    expect(here.part("carried")).to_have_count(0)
    here.page.mouse.up()
    expect(pin(here, "a", "portable-radar-1")).to_have_count(0)
    expect(here.part("undo-a")).to_be_disabled()
    expect(item).to_have_attribute("aria-pressed", "false")


class Finger:
    """One finger on the page, as the browser hears it."""

    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)

    def touch(self, kind: str, *at: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in at]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def drag(self, start: tuple[float, float], *path: tuple[float, float]) -> None:
        self.touch("touchStart", start)
        before = start
        for place in path:
            for step in (0.25, 0.5, 0.75, 1.0):
                x, y = (a + (b - a) * step for a, b in zip(before, place, strict=True))
                self.touch("touchMove", (x, y))
            before = place

    def lift(self) -> None:
        self.touch("touchEnd")


def middle(part: Any) -> tuple[float, float]:
    box = part.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_finger_carries_an_item_moves_it_and_turns_it(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit, viewport={"width": 1366, "height": 768}, has_touch=True)
    finger, maps = Finger(here.page), here.part("maps").bounding_box()
    here.part("equipment-search").fill("portable")
    item = here.part("equipment-item")
    expect(item).to_have_count(1)
    place = maps["x"] + maps["width"] * 0.2, maps["y"] + maps["height"] * 0.3
    finger.drag(middle(here.part("equipment-grip")), (maps["x"] + 60, maps["y"] + 200), place)
    expect(here.part("carried")).to_be_visible()
    edited(here, "a", finger.lift)
    new = pin(here, "a", "portable-radar-1")
    expect(new).to_have_count(1)
    x, y = middle(new)
    assert (x, y) == pytest.approx(place, abs=3)
    finger.drag((x + 14, y), (x + 60, y + 50), (x + 94, y + 60))
    edited(here, "a", finger.lift)
    assert middle(new) == pytest.approx((x + 80, y + 60), abs=6), "taken beside its sign, it moves as far as the finger"
    azimuth = here.page.locator("#turn-says").inner_text()
    turner, (x, y) = here.part("turner"), middle(new)
    finger.drag(middle(turner), (x + 60, y), (x + 80, y))
    edited(here, "a", finger.lift)
    turned = here.page.locator("#turn-says").inner_text()
    assert turned != azimuth
    assert turned.startswith(("089", "090", "091", "88", "89", "90", "91")), turned
    for _ in range(3):
        edited(here, "a", lambda: here.part("undo-a").click())
    expect(new).to_have_count(0)


def test_results_are_pictures_that_lead_to_the_map(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit, viewport={"width": 1366, "height": 768})
    front = here.part("front-chart")
    expect(front.locator("[data-role=a]").first).to_have_attribute("aria-label", re.compile(r"high-tech.*\d%"))
    expect(front.locator("[data-role=b]").first).to_have_attribute("aria-label", re.compile(r"basic.*\d%"))
    for part in ("front-chart", "worst-list", "change-chart"):
        box = here.part(part).bounding_box()
        assert box["y"] + box["height"] <= 768, f"{part} is in view without scrolling"
    rows = here.part("worst-segment")
    expect(rows).to_have_count(8)
    shown = [float(text.rstrip("%")) for text in rows.locator(".value-says").all_inner_texts()]
    assert shown == sorted(shown)
    here.part("worst-a-side").click()
    worst = here.part("worst-a").locator("small").inner_text()
    expect(rows.first).to_have_attribute("data-segment", re.findall(r"\d+", worst)[0])
    number = rows.nth(2).get_attribute("data-segment")
    rows.nth(2).hover()
    expect(here.page.locator("#map-a")).to_have_attribute("data-segment", number)
    rows.first.click()
    expect(rows.first).to_have_attribute("aria-pressed", "true")
    here.part("front-measure").hover()
    chosen = rows.first.get_attribute("data-segment")
    for side in ("a", "b"):
        expect(here.page.locator(f"#map-{side}")).to_have_attribute("data-segment", chosen)
    here.part("front-measure").select_option("worst")
    expect(front.locator("[data-role=a]").first).to_have_attribute("aria-label", re.compile("worst segment"))


def test_gain_and_loss_of_an_edit_are_drawn_on_the_map(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    change = here.page.locator("#change")
    here.part("show-change").evaluate("node => node.click()")
    here.part("change-on").check()
    expect(change).to_have_attribute("data-state", "shown")
    expect(here.part("change-legend")).to_be_visible()
    expect(here.part("change-legend")).to_contain_text("−50 to −25 pp")
    expect(here.part("change-legend-title")).to_contain_text("right against left")
    assert float(change.get_attribute("data-lost")) > 0.0
    here.screen("plan-change")
    here.part("change-of").select_option("a")
    expect(change).to_have_attribute("data-gained", "0")
    expect(change).to_have_attribute("data-lost", "0")
    pin(here, "a", "radar-west").dispatch_event("click")
    edited(here, "a", lambda: here.part("remove").click())
    expect(change).not_to_have_attribute("data-lost", "0")
    expect(change).to_have_attribute("data-gained", "0")
    expect(here.part("change-chart").locator("rect.loss")).not_to_have_count(0)
    expect(here.part("change-chart").locator("rect.gain")).to_have_count(0)
    here.part("change-on").uncheck()
    expect(change).to_have_attribute("data-state", "off")
    expect(here.part("change-legend")).to_be_hidden()
