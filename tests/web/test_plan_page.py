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
from playwright.sync_api import expect

from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from sensors.layout import Layout

pytestmark = pytest.mark.chain

PHONE = {"width": 390, "height": 844}
JOB_MS = 480_000
"""A plan or a comparison takes some 20 s of a core; the rest is for a busy machine."""

DRAWS = None if os.environ.get("WATCHLINE_DRILL") == "long" else 20
"""Draws of a comparison; None: as many as the page asks for, 300."""


def with_fewer_draws(route: Any) -> None:
    """An order goes on as the page sends it, a comparison with fewer draws."""
    if route.request.method != "POST" or DRAWS is None:
        route.continue_()
        return
    order = route.request.post_data_json
    route.continue_(post_data=json.dumps(order | ({"draws": DRAWS} if order["kind"] == "compare" else {})))


def opened(world: Any, visit: Callable[..., Any], **options: Any) -> Any:
    here = visit(world.address, file="plan.html", **options)
    here.page.wait_for_selector("html[data-state=ready]", timeout=JOB_MS)
    for side in ("a", "b"):
        here.page.wait_for_selector(f"#figures-{side}[data-state=shown]", timeout=240_000)
    return here


def covered(here: Any, side: str) -> float:
    return float(re.findall(r"Mean Pd: ([\d.]+)%", here.part(f"figures-{side}").inner_text())[0])


def edited(here: Any, side: str, act: Callable[[], object]) -> None:
    """Act, and wait for what it shows."""
    figures = here.page.locator(f"#figures-{side}")
    figures.evaluate("node => { node.dataset.state = 'before'; }")
    act()
    here.page.wait_for_selector(f"#figures-{side}[data-state=shown]", timeout=240_000)


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
    pin = here.page.locator("#map-a [data-sensor=radar-west]")
    box = pin.bounding_box()

    def drag() -> None:
        here.page.mouse.move(box["x"] + 9, box["y"] + 9)
        here.page.mouse.down()
        here.page.mouse.move(box["x"] + 40, box["y"] + 60, steps=4)
        here.page.mouse.up()

    edited(here, "a", drag)
    assert covered(here, "a") != whole
    expect(here.part("sensor")).to_contain_text("radar-west")
    expect(here.part("undo-a")).to_be_enabled()
    here.screen("plan-dragged")
    moved = covered(here, "a")
    here.page.locator("#map-a [data-sensor=camera-west]").dispatch_event("click")
    expect(here.part("turner")).to_be_visible()

    def turn() -> None:
        here.part("turn").fill("-120")
        here.part("turn").dispatch_event("change")

    edited(here, "a", turn)
    assert covered(here, "a") != moved
    here.page.locator("#map-a [data-sensor=radar-west]").dispatch_event("click")
    edited(here, "a", lambda: here.part("remove").click())
    assert here.page.locator("#map-a [data-sensor=radar-west]").count() == 0
    edited(here, "a", lambda: here.part("undo-a").click())
    assert covered(here, "a") == whole
    assert here.page.locator("#map-a [data-sensor=radar-west]").count() == 1


def test_a_plan_shows_progress_and_its_answer_which_is_drawn_picked_compared_and_saved(
    calm: Any, visit: Callable[..., Any], tmp_path: Path
) -> None:
    here = opened(calm, visit)
    here.page.route("**/api/plan/jobs", with_fewer_draws)
    left = covered(here, "a")
    here.part("budget").fill("300000")
    here.part("plan").click()
    job = here.part("job").first

    def done() -> None:
        expect(job.locator("progress")).to_be_visible()
        expect(job).to_have_attribute("data-state", "done", timeout=JOB_MS)

    edited(here, "b", done)
    expect(job).to_contain_text(
        re.compile(r"Add .* for USD .* Mean Pd, outages included: .*% → .*%, (optimal|within .* of optimal)")
    )
    here.screen("plan-job")
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
    compared = here.part("job").filter(has_text="Comparison")
    expect(compared).to_have_attribute("data-state", "done", timeout=JOB_MS)
    expect(compared).to_contain_text("at equal life-cycle cost")


def test_a_relay_that_is_removed_leaves_sensors_that_are_excluded(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    edited(here, "b", lambda: here.part("pick-b").select_option("basic"))
    assert here.page.locator("#map-b [data-unheard=true]").count() == 0
    whole = covered(here, "b")
    for relay in ("relay-01", "relay-02", "relay-03", "relay-04", "relay-05", "relay-06"):
        here.page.locator(f"#map-b [data-sensor={relay}]").dispatch_event("click")
        edited(here, "b", lambda: here.part("remove").click())
    expect(here.part("figures-b")).to_contain_text("no link to a base")
    assert here.page.locator("#map-b [data-unheard=true]").count() > 0
    assert covered(here, "b") < whole
    here.screen("plan-unheard")


def test_a_comparison_can_be_cancelled_and_the_next_job_runs(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit)
    here.part("compare").click()
    job = here.part("job").first
    job.get_by_test_id("job-cancel").click()
    expect(job).to_have_attribute("data-state", "cancelled", timeout=240_000)
    here.part("budget").fill("1")
    here.part("plan").click()
    refused = here.part("job").first
    expect(refused).to_have_attribute("data-state", "failed", timeout=JOB_MS)
    expect(refused).to_contain_text("the budget of 1 buys nothing")


def test_the_page_is_accessible_by_day_by_night_and_on_a_phone(calm: Any, visit: Callable[..., Any]) -> None:
    for size in ({}, {"viewport": PHONE}, {"color_scheme": "dark"}):
        here = opened(calm, visit, **size)
        found = Axe().run(here.page)
        assert found.violations_count == 0, found.generate_report()
        expect(here.page.locator("html")).to_have_attribute(
            "data-palette", "night" if "color_scheme" in size else "day"
        )
        here.screen(f"plan-{'-'.join(size) or 'desk'}")
        assert here.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
