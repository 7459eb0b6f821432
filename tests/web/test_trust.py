"""What the page shows can be trusted, or it says so: lost streams, silent sensors, hostile words, wrong clocks."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.machine import Slowdown
from tests.patience import PATIENT_S
from tests.web.conftest import until
from tests.web.patience import SHOWN_MS

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "javascript:alert(3)",
    "'\"><svg/onload=alert(4)>",
    "{{constructor.constructor('alert(5)')()}}",
    "__proto__",
    "constructor",
)


def identities(page: Any) -> list[str]:
    return page.locator("[data-testid=alert]").evaluate_all("rows => rows.map(row => row.dataset.alert)")


def test_a_killed_server_is_lost_and_back_with_nothing_missed(world: Any, visit: Callable[..., Any]):
    world.start()
    here = visit(world.address)
    here.live()
    expect(here.part("alert")).to_have_count(1)
    here.witness.outage = True
    with Slowdown() as slowdown:
        world.kill()
        killed_s = time.time()
        expect(here.part("stream-state")).to_have_attribute("data-state", "lost")
    assert here.changed("lost") - killed_s < 10.0 * slowdown.worst
    expect(here.part("banner-stream")).to_contain_text("Connection lost")
    expect(here.part("banner-stream")).to_contain_text("New alerts do not arrive")
    here.screen("stream-lost")
    for number in range(2, 8):
        world.commit([world.alert(number, priority="high")])
    world.commit([world.alert(1, revision=1, status="acknowledged", by="somebody")])
    world.start()
    expect(here.part("stream-state")).to_have_attribute("data-state", "live")
    expect(here.part("banner-stream")).to_be_hidden()
    expect(here.part("alert")).to_have_count(7)
    assert sorted(identities(here.page)) == [f"A{number:04d}" for number in range(1, 8)]
    expect(here.page.locator("[data-alert=A0001]")).to_have_attribute("data-status", "acknowledged")
    world.commit([world.alert(8)])
    expect(here.part("alert")).to_have_count(8)


def test_a_server_that_hangs_is_lost_too_and_comes_back(calm: Any, visit_blind: Callable[..., Any]):
    here = visit_blind(calm.address)
    here.live()
    here.witness.outage = True
    calm.signal(signal.SIGSTOP)
    stopped_s = time.time()
    try:
        with Slowdown() as slowdown:
            here.page.wait_for_selector(
                "#stream-state[data-state=stale], #stream-state[data-state=lost]", timeout=SHOWN_MS
            )
        assert here.changed("stale", "lost") - stopped_s < 10.0 * slowdown.worst
        expect(here.part("banner-stream")).not_to_contain_text("server connected")
        expect(here.part("stream-state")).to_have_attribute("data-state", "lost")
        expect(here.part("banner-stream")).to_be_visible()
    finally:
        calm.signal(signal.SIGCONT)
    expect(here.part("stream-state")).to_have_attribute("data-state", "live")


def test_a_picture_that_nobody_renews_is_called_stale(calm: Any, visit_blind: Callable[..., Any]):
    here = visit_blind(calm.address)
    here.live()
    calm.paused = True
    try:
        expect(here.part("stream-state")).to_have_attribute("data-state", "stale")
        expect(here.part("banner-stream")).to_contain_text("stale: server connected, no new output from fusion")
        expect(here.part("coverage-sensors")).to_contain_text("as of the last picture")
    finally:
        calm.paused = False
    expect(here.part("stream-state")).to_have_attribute("data-state", "live")


def test_a_silent_sensor_is_lost_ground_never_calm(calm: Any, visit: Callable[..., Any]):
    here = visit(calm.address)
    here.live()
    expect(here.part("coverage-sensors")).to_have_text("All 4 sensors online")
    expect(here.part("coverage-dead-ground")).to_contain_text("%")
    fraction = re.compile(r"([\d.]+)%")

    def percentages() -> list[float]:
        return [float(one) for one in fraction.findall(here.part("coverage-dead-ground").inner_text())]

    (before,) = percentages()
    revision = here.page.evaluate("() => fetch('/api/layers').then(a => a.json()).then(l => l[2].revision)")
    asked: list[str] = []
    here.page.on("request", lambda request: asked.append(request.url) if "/api/tiles/visible/" in request.url else None)
    sensors = calm.sensors
    calm.sensors = [entry | {"state": "offline"} if entry["sensor"] == "radar-crest" else entry for entry in sensors]
    try:
        expect(here.part("coverage-sensors")).to_contain_text(
            re.compile("1 of 4 sensors offline.*: radar-crest offline")
        )
        seen: list[float] = []

        def risen() -> bool:
            seen.extend(percentages())  # none until it is computed
            return any(now > before for now in seen)

        assert until(risen)
        assert min(seen) >= before, "a lost sensor never makes less dead ground"
        assert until(lambda: [url for url in asked if revision not in url] or here.page.wait_for_timeout(100)), asked
        here.page.keyboard.press("s")
        row = here.page.locator("[data-sensor=radar-crest]")
        expect(row).to_have_attribute("data-lost", "true")
        expect(row).to_contain_text("its coverage is lost")
        here.screen("sensor-silent")
    finally:
        calm.sensors = sensors
    expect(here.part("coverage-sensors")).to_have_text("All 4 sensors online")


def test_a_full_disk_at_ingest_is_said_until_there_is_room(calm: Any, visit_blind: Callable[..., Any]):
    """Neither a stale nor a calm picture: why nothing new is seen, and what goes on."""
    here = visit_blind(calm.address)
    here.live()
    expect(here.part("banner-disk")).to_be_hidden()
    counts = calm.counts
    ingest = dict.fromkeys(counts["radar-crest"], 0)
    try:
        calm.counts = counts | {"": ingest | {"disk_full": 1}}
        expect(here.part("banner-disk")).to_be_visible()
        expect(here.part("banner-disk")).to_contain_text("SERVER DISK FULL")
        expect(here.part("banner-disk")).to_contain_text("Distress calls, alerts and your actions still work")
        here.screen("disk-full")
        calm.counts = counts | {"": ingest | {"disk_full": 0}}
        expect(here.part("banner-disk")).to_be_hidden()
    finally:
        calm.counts = counts


def test_hostile_words_stay_words(calm: Any, visit: Callable[..., Any]):
    """Whatever a sensor or a message may set: it is shown as it came, and nothing of it runs (see Witness)."""
    kept = calm.tracks, calm.sensors, calm.counts
    more = [{"sensors": [words], "revoked_sources": [words], "class_probability": {words: 1.0}} for words in HOSTILE]
    tracks = [calm.track(10 + i, track=words, label=words, **more[i]) for i, words in enumerate(HOSTILE)]
    sensors = [calm.sensor(f"S {words}", 2, kind=words, state=words, faults={words: words}) for words in HOSTILE]
    calm.tracks, calm.sensors = [*kept[0], *tracks], [*kept[1], *sensors]
    calm.bearings = [calm.bearing(words, i) for i, words in enumerate(HOSTILE)]
    calm.counts = {f"S {words}": {**kept[2]["radar-crest"], "received": 99} for words in HOSTILE}
    alerts = {f"A{100 + i:04d}": words for i, words in enumerate(HOSTILE)}
    calm.commit([hostile_alert(calm, 100 + i, words) for i, words in enumerate(HOSTILE)])
    try:
        here = visit(calm.address)
        here.live()
        for identity, words in alerts.items():
            expect(here.page.locator(f"[data-alert={identity}]")).to_contain_text(f"Says {words}")
        for identity, words in list(alerts.items())[:2]:
            here.page.locator(f"[data-alert={identity}]").get_by_test_id("alert-open").click()
            expect(here.part("details-lead")).to_have_text(f"Says {words}")
            expect(here.part("details")).to_contain_text(f"S {words}")
        here.page.keyboard.press("t")
        for words in HOSTILE:
            expect(here.part("track-list")).to_contain_text(words)
            expect(here.part("bearing-list")).to_contain_text(words)
        for words in HOSTILE[:2]:
            here.page.locator("[data-testid=track-row]").filter(has_text=words).first.click()
            expect(here.part("details-title")).to_contain_text(words)
            here.page.keyboard.press("t")
        here.page.keyboard.press("s")
        expect(here.part("counts-verdict")).to_contain_text("DO NOT BALANCE")
        for words in HOSTILE:
            expect(here.part("sensor-list")).to_contain_text(f"S {words}")
            expect(here.part("counts")).to_contain_text(f"S {words}")
        for words in ("__proto__", "constructor"):
            here.part("sensor-row").filter(has_text=f"S {words}").first.click()
            expect(here.part("details-title")).to_contain_text(words)
            here.page.keyboard.press("s")
        here.screen("hostile")
        row = here.page.locator("[data-alert=A0100]")
        row.get_by_test_id("alert-reject").click()
        expect(here.part("reject-dialog")).to_contain_text(f"Says {HOSTILE[0]}")
        here.page.keyboard.press("Escape")
        everything = here.page.locator("body").inner_text()
        assert "[object" not in everything
        assert "native code" not in everything
        assert here.page.evaluate("Object.keys(Object.prototype).length") == 0
    finally:
        calm.tracks, calm.sensors, calm.counts = kept
        calm.bearings = []
        calm.commit([calm.alert(100 + i, revision=1, status="cleared") for i in range(len(HOSTILE))])


def hostile_alert(world: Any, number: int, words: str) -> dict[str, Any]:
    said = {"sentence": f"Says {words}", "rule": words, "class_label": words, "by": words, "reason": words}
    named = {"track": words, "sensor": f"S {words}", "evidence": [[f"S {words}", 1, 1]]}
    return world.alert(number, priority="high", **said, **named)


def test_characters_that_hide_or_turn_words_are_shown_as_such(calm: Any, visit_blind: Callable[..., Any]):
    calm.commit([calm.alert(90, sentence="ab\u202ecd\u200be\u0007f", priority="high")])
    try:
        here = visit_blind(calm.address)
        here.live()
        expect(here.page.locator("[data-alert=A0090]")).to_contain_text("ab\ufffdcd\ufffde\ufffdf")
    finally:
        calm.commit([calm.alert(90, revision=1, status="cleared")])


def press(here: Any, button: Locator) -> None:
    """Press it, and again where what came late above it, as a page loads, had moved it from under the pointer."""
    deadline = time.monotonic() + PATIENT_S
    while True:
        button.hover()
        here.page.mouse.down()
        if button.evaluate("button => button.matches(':active')"):
            return
        here.page.mouse.move(0, 0)  # released there, it clicks nothing
        here.page.mouse.up()
        assert time.monotonic() < deadline


def test_a_row_stays_under_the_pointer_that_presses_it(calm: Any, visit_blind: Callable[..., Any]):
    """An alert that arrives between press and release moves no row: the click is that of the alert pressed."""
    here = visit_blind(calm.address)
    here.live()
    calm.commit([calm.alert(96, priority="low")])
    expect(here.page.locator("[data-alert=A0096]")).to_be_visible()  # so the page knows all that was cleared before
    expect(here.part("coverage-dead-ground")).to_contain_text("%")  # late, it may wrap and move all below
    first = here.page.locator("[data-testid=alert]").first
    pressed = first.get_attribute("data-alert")
    press(here, first.get_by_test_id("alert-reject"))
    calm.commit([calm.alert(95, priority="distress")])
    try:
        expect(here.part("waiting").locator("[data-priority=distress]")).to_have_attribute("data-count", "1")
        expect(here.page.locator("[data-testid=alert]").first).to_have_attribute("data-alert", pressed or "")
        here.page.mouse.up()
        expect(here.part("reject-dialog")).to_be_visible()
        assert here.page.locator("#reject-sentence").inner_text() == first_sentence(here, pressed)
        here.part("reject-cancel").click()
        expect(here.page.locator("[data-testid=alert]").first).to_have_attribute("data-alert", "A0095")
    finally:
        calm.commit([calm.alert(number, revision=1, status="cleared") for number in (95, 96)])


def test_a_warning_above_the_list_moves_nothing_that_is_pressed(calm: Any, visit_blind: Callable[..., Any]):
    """It comes once the press has ended; the state in the header, which moves nothing, has changed at once."""
    here = visit_blind(calm.address)
    here.live()
    expect(here.part("coverage-dead-ground")).to_contain_text("%")  # late, it may wrap and move all below
    row = here.page.locator("[data-alert=A0001]")
    press(here, row.get_by_test_id("alert-reject"))
    place = row.bounding_box()
    calm.paused = True
    try:
        expect(here.part("stream-state")).to_have_attribute("data-state", "stale")
        expect(here.part("banner-stream")).to_be_hidden()
        expect(here.part("coverage-sensors")).not_to_contain_text("as of the last picture")
        assert row.bounding_box() == place
        here.page.mouse.up()
        expect(here.part("reject-dialog")).to_be_visible()
        expect(here.part("banner-stream")).to_contain_text("stale")
        expect(here.part("coverage-sensors")).to_contain_text("as of the last picture")
        here.part("reject-cancel").click()
    finally:
        calm.paused = False


def test_an_estimate_that_goes_out_of_date_moves_no_row_that_is_pressed(calm: Any, visit_blind: Callable[..., Any]):
    """The sentence of the row is longer then, and comes once the press has ended; the details have changed at once."""
    here = visit_blind(calm.address)
    here.live()
    expect(here.part("coverage-dead-ground")).to_contain_text("%")  # late, it may wrap and move all below
    observed, raised = (datetime.now(UTC) - timedelta(seconds=ago) for ago in (50.0, 40.0))
    calm.commit([calm.alert(97, observed_at=observed, raised_at=raised)])
    try:
        row = here.page.locator("[data-alert=A0097]")
        row.get_by_test_id("alert-open").click()
        press(here, row.get_by_test_id("alert-reject"))
        before = row.inner_text(), row.bounding_box()
        expect(here.part("details")).to_contain_text(re.compile(r"Age\s*1 min"))
        assert (row.inner_text(), row.bounding_box()) == before
        here.page.mouse.up()
        expect(row).to_contain_text("As of")
        here.part("reject-cancel").click()
    finally:
        calm.commit([calm.alert(97, revision=1, status="cleared")])


HEADER_HEIGHT = """([name, state]) => {
    document.getElementById("sector-name").textContent = name;
    document.getElementById("stream-state").textContent = state;
    return document.getElementById("strip").offsetHeight;
}"""


@pytest.mark.parametrize("width", [900, 1440])
def test_a_wider_state_of_the_stream_does_not_move_what_is_below_the_header(
    calm: Any, visit_blind: Callable[..., Any], width: int
):
    here = visit_blind(calm.address)
    here.live()
    here.page.set_viewport_size({"width": width, "height": 800})
    name = "Pyrenees, Andorra to the Val d'Aran, western sector"
    states = ("LIVE, 1.1 s old", "STALE, 130 s old", "LOST, 1 h 12 min old", "FAILED: broker, ingest")
    heights = {state: here.page.evaluate(HEADER_HEIGHT, [name, state]) for state in states}
    assert len(set(heights.values())) == 1, heights
    expect(here.part("sector-name")).to_have_attribute("title", re.compile("Cumberland"))


def first_sentence(here: Any, identity: str | None) -> str:
    return here.page.locator(f"[data-alert='{identity}'] .alert-sentence").inner_text()


def test_an_action_that_does_not_arrive_is_said_in_place(calm: Any, visit_blind: Callable[..., Any]):
    """``serve`` only shows a store, so every action is refused."""
    here = visit_blind(calm.address)
    here.live()
    here.witness.outage = True
    row = here.page.locator("[data-alert=A0001]")
    row.get_by_test_id("alert-acknowledge").click()
    expect(row).to_contain_text("could not be sent")
    expect(row).to_have_attribute("data-status", "active")


def test_without_webgl_the_page_says_so_and_goes_on(calm: Any, visit_blind: Callable[..., Any]):
    here = visit_blind(calm.address)
    here.page.wait_for_selector("#map[data-state=no-webgl]")
    expect(here.part("map-problem")).to_contain_text("WebGL")
    expect(here.part("alert")).to_have_count(1)
    here.page.keyboard.press("t")
    expect(here.part("track-row")).to_have_count(2)
    here.screen("no-webgl")


@pytest.mark.parametrize("wrong_s", [3630, -3630])
def test_a_wrong_clock_of_the_browser_is_said_and_not_used(calm: Any, visit_blind: Callable[..., Any], wrong_s: int):
    here = visit_blind("about:blank")
    here.witness.home = calm.address
    here.page.clock.set_system_time(time.time() + wrong_s)
    here.page.goto(calm.address)
    here.live()
    expect(here.part("banner-clock")).to_contain_text("1 h")
    before = time.time()
    shown = here.part("clock-utc").inner_text()
    minutes = range(int((before - 60.0) // 60), int((time.time() + 60.0) // 60) + 1)
    assert shown[:5] in [time.strftime("%H:%M", time.gmtime(60 * minute)) for minute in minutes]
    expect(here.part("stream-state")).to_have_attribute("data-state", "live")


def test_the_sight_line_on_the_page_is_the_servers(calm: Any, visit: Callable[..., Any]):
    here = visit(calm.address)
    here.live()
    here.part("tool-sight").click()
    box = here.page.locator("#map").bounding_box()
    with here.page.expect_response(re.compile("/api/profile")) as answer:
        for share in (0.4, 0.6):
            here.page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] * share)
    expect(here.part("sight-verdict")).to_be_visible()
    body = answer.value.json()
    assert body == httpx.get(answer.value.url, timeout=PATIENT_S).json()
    verdict = here.part("sight-verdict").inner_text()
    assert verdict.startswith("Visible." if body["visible"] else "Not visible")
    here.screen("sight")


def test_layers_go_on_and_off_and_stay_so(calm: Any, visit: Callable[..., Any]):
    here = visit(calm.address)
    here.live()
    here.page.keyboard.press("y")
    box = here.part("layer-visible")
    expect(box).to_be_checked()
    box.uncheck()
    here.page.reload()
    here.live()
    here.page.keyboard.press("y")
    expect(here.part("layer-visible")).not_to_be_checked()


def test_the_sound_can_be_silenced_and_stays_silent(calm: Any, visit_blind: Callable[..., Any]):
    here = visit_blind(calm.address)
    here.live()
    button = here.part("sound")
    here.page.mouse.click(5, 5)  # browsers keep pages silent until a person has touched them
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    here.page.reload()
    expect(here.part("sound")).to_have_attribute("aria-pressed", "false")


def test_what_the_server_could_not_give_at_first_is_asked_for_again(calm: Any, visit: Callable[..., Any]):
    """As while its map process starts: fields of view, and the word DEMO, must not stay away until a reload."""
    here = visit("about:blank")
    here.witness.home, here.witness.outage = calm.address, True
    body = '{"error": "The map starts."}'
    parts, refused = {"sector", "border", "layout", "layers", "segments"}, set[str]()

    def refuse(route: Any) -> None:
        refused.add(route.request.url.split("/api/")[1].split("?")[0])
        route.fulfill(status=503, content_type="application/json", body=body)

    here.page.route(re.compile(f"/api/({'|'.join(parts)})([?]|$)"), refuse)
    here.page.goto(calm.address)
    expect(here.part("banner-parts")).to_contain_text(
        re.compile(r"Not shown: .*ranges of sensors.*\. The map starts\.")
    )
    assert until(lambda: refused == parts or here.page.wait_for_timeout(50))
    here.page.unroute_all(behavior="wait")
    expect(here.part("sector-name")).to_have_text(re.compile("Cumberland"))
    expect(here.part("banner-parts")).to_be_hidden()


def test_the_focus_is_never_lost_with_what_held_it(calm: Any, visit: Callable[..., Any]):
    here = visit(calm.address)
    here.live()
    press = here.page.keyboard.press
    here.part("tool-measure").focus()
    for key in ("Enter", "m", "Enter"):
        press(key)
    for button in ("tool-undo", "tool-clear"):
        here.part(button).focus()
        press("Enter")
        expect(here.part(button)).to_be_focused()
    here.part("tool-close").focus()
    press("Enter")
    expect(here.part("tool-measure")).to_be_focused()
    here.part("tool-sight").focus()
    press("Enter")
    here.part("observer-height").focus()
    press("Escape")
    expect(here.part("tool-sight")).to_be_focused()
    here.part("alert-open").first.click()
    here.part("details-close").focus()
    press("Enter")
    expect(here.part("panel-details")).to_be_focused()


def test_an_empty_night_and_a_missing_map_are_said(tmp_path: Path, world: Any, visit_blind: Callable[..., Any]):
    world.tracks, world.sensors = [], []
    world.commit([world.alert(1, revision=1, status="cleared")])
    world.start()
    here = visit_blind(world.address)
    here.live()
    expect(here.part("alerts-note")).to_contain_text("No open alerts")
    expect(here.part("coverage-sensors")).to_contain_text("No sensor data yet")
    here.page.keyboard.press("t")
    expect(here.part("tracks-note")).to_contain_text("No tracks.")
    here.screen("empty")
