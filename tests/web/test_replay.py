"""Looking back in a real browser: any kept moment, by keyboard and finger, and no one takes it for the live picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ops.audit.day_keys import DayKeys
from ops.services.fusion.incident_view import incident_dict
from ops.store.writer import Store
from tests.ops.analysis.handover.night import FRAME
from tests.ops.incidents import making
from tests.web.conftest import DESKTOP, LAT, LON, PHONE, World

S = 10**9
OPENED_S = (1500, 900)
"""How long ago the incidents were opened."""


def incident(number: int, opened: datetime, **more: Any) -> dict[str, Any]:
    """An incident as fusion stores it, on the map of these tests."""
    return incident_dict(making.incident(), FRAME, section="West") | {
        "id": f"I{number}", "name": f"Bravo {number}", "kind": "movement", "state": "open", "priority": "high",
        "revision": 0, "sentence": "Approach", "opened_at": opened, "updated_at": opened, "lead": f"A{number:04d}",
        "alerts": [f"A{number:04d}"], "tracks": [{"track": f"T{number:04d}", "name": f"Cedar {number}"}],
        "disposition": "", "attention": True, "owner": "", "unit": "", "lon": LON, "lat": LAT, "transitions": [],
    } | more  # fmt: skip


class Past(World):
    """A world with half an hour of pictures, an erased day, and an incident that was closed later."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.store.close()
        self.store = Store(self.folder / "store.db", encrypted=True)
        self.began = datetime.now(UTC).replace(microsecond=0)
        began_ns = int(self.began.timestamp()) * S
        self.tracks = [self.track(1), self.track(2)]
        self.sensors = [self.sensor("radar-crest")]
        self.erased = self.began - timedelta(days=3)
        self._past(began_ns - 3 * 86_400 * S)
        DayKeys.beside(self.store.path).erase("tracks", self.erased.date())
        self.erased_on = {self.began.date(), datetime.now(UTC).date()}  # two at midnight
        for ago in range(1800, 0, -10):
            at = self.began - timedelta(seconds=ago)
            more: dict[str, Any] = {}
            for number, opened_s in enumerate(OPENED_S, 1):
                if ago == opened_s:
                    alert = self.alert(number, raised_at=at, updated_at=at, observed_at=at)
                    more |= {"alerts": [alert], "incident_revisions": [incident(number, at)]}
            if ago == 600:
                closed = incident(1, self.began - timedelta(seconds=1500), revision=1, state="closed", attention=False)
                more["incident_revisions"] = [closed | {"disposition": "apprehended", "closed_by": "person"}]
            self.tracks[0]["lat"] = LAT + 0.004 + ago * 1e-5
            self._past(began_ns - ago * S, **more)

    def _past(self, at_ns: int, **more: Any) -> None:
        self._cursor += 1
        tracks = [track | {"updated_ns": at_ns} for track in self.tracks]
        self.store.commit(self._cursor, stamp_ns=at_ns, tracks_live=tracks, sensors=self.sensors, **more)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    world = Past(tmp_path_factory.mktemp("past"))
    try:
        world.start()
        world.write()
        yield world
    finally:
        world.close()


def look_back(here: Any, at: datetime | None = None) -> None:
    """Begin by keyboard, and go to a time."""
    here.page.keyboard.press("r")
    expect(here.part("replay-title")).to_be_visible()
    if at is not None:
        field = here.part("replay-at")
        field.fill(at.strftime("%Y-%m-%d %H:%M:%S"))
        field.press("Enter")
        expect(here.part("replay-title")).to_contain_text(at.strftime("%H:%M:%S"))


def shown(here: Any, at: datetime) -> None:
    """Wait for the picture of a time, which is at most 10 s older."""
    stamps = "|".join((at - timedelta(seconds=s)).strftime("%Y-%m-%dT%H:%M:%S") for s in range(11))
    expect(here.part("replay")).to_have_attribute("data-stamp", re.compile(f"^({stamps})"))


def test_a_past_moment_is_shown_as_known_then_and_the_way_back_is_one_key(past: Past, visit_blind) -> None:
    here = visit_blind(past.address)
    here.live()
    look_back(here, past.began - timedelta(seconds=1200))
    shown(here, past.began - timedelta(seconds=1200))
    expect(here.part("replay-title")).to_contain_text("UTC as known then")
    expect(here.page.locator("html")).to_have_attribute("data-replay", "true")
    rows = here.part("incident")
    expect(rows).to_have_count(1)  # Bravo 2 was not open yet
    expect(rows).to_contain_text("Bravo 1")
    expect(here.part("replay-live")).to_contain_text("1 incident is waiting")  # Bravo 2, at present
    here.screen("replay")
    here.page.keyboard.press("Escape")
    here.page.locator("body").click(position={"x": 5, "y": 5})
    here.page.keyboard.press("b")
    expect(here.part("replay")).to_be_hidden()
    expect(here.page.locator("html")).to_have_attribute("data-replay", "false")
    expect(here.part("incident")).to_contain_text("Bravo 2")


def test_incidents_cannot_be_acted_on_while_looking_back(past: Past, visit_blind) -> None:
    here = visit_blind(past.address)
    here.live()
    then = past.began - timedelta(seconds=1200)
    look_back(here, then)
    shown(here, then)
    expect(here.part("incident")).to_have_count(1)
    here.part("incident-open").press("Enter")
    expect(here.part("details-title")).to_have_text("Bravo 1")
    expect(here.part("details-incident-acknowledge")).to_be_disabled()
    expect(here.part("details-incident-close")).to_be_disabled()
    expect(here.part("details-locked")).to_be_visible()
    here.part("incident-open").first.focus()
    here.page.keyboard.press("a")
    expect(here.page.locator("dialog[open]")).to_have_count(0)
    here.page.keyboard.press("b")
    here.page.keyboard.press("l")
    expect(here.part("details-locked")).to_be_hidden()


def test_what_is_known_now_stands_beside_it(past: Past, visit) -> None:
    here = visit(past.address)
    here.live()
    look_back(here, past.began - timedelta(seconds=1200))
    shown(here, past.began - timedelta(seconds=1200))
    here.part("replay-compare").check()
    expect(here.part("replay-list")).to_contain_text("Bravo 1, later: closed, Apprehended")
    expect(here.part("replay-list")).to_contain_text("Bravo 2, opened later: open")
    here.part("incident-open").click()
    here.part("replay-follow").click()
    expect(here.part("replay-list")).to_contain_text("Path of T0001")
    here.part("replay-list").get_by_role("button", name=re.compile("closed, Apprehended$")).last.click()
    here.screen("replay-known-now")


def test_playing_goes_on_and_stops_with_one_key(past: Past, visit_blind) -> None:
    here = visit_blind(past.address)
    here.live()
    look_back(here, past.began - timedelta(seconds=1700))
    shown(here, past.began - timedelta(seconds=1700))
    here.part("replay-speed").select_option("5")  # the end is minutes away: the second key pauses, however late
    here.part("replay-slider").focus()
    here.page.keyboard.press("k")
    expect(here.part("replay-play")).to_have_attribute("data-playing", "true")
    before = here.part("replay").get_attribute("data-stamp")
    expect(here.part("replay")).not_to_have_attribute("data-stamp", before)
    here.page.keyboard.press("k")
    expect(here.part("replay-play")).to_have_attribute("data-playing", "false")


def test_the_slider_moves_by_keyboard_and_says_utc_and_local_time(past: Past, visit_blind) -> None:
    here = visit_blind(past.address)
    here.live()
    at = past.began - timedelta(seconds=1000)
    look_back(here, at)
    slider = here.part("replay-slider")
    slider.focus()
    for key, seconds in (("ArrowLeft", -1), ("ArrowRight", 0), ("ArrowRight", 1)):
        here.page.keyboard.press(key)
        expect(here.part("replay-title")).to_contain_text((at + timedelta(seconds=seconds)).strftime("%H:%M:%S"))
    words = slider.get_attribute("aria-valuetext")
    assert words is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, local time \d\d:\d\d:\d\d .+", words)
    here.part("replay-at").fill("tomorrow")
    here.part("replay-at").press("Enter")
    expect(here.part("replay-at")).to_have_attribute("aria-invalid", "true")


def test_an_erased_day_says_when_it_was_erased(past: Past, visit_blind) -> None:
    here = visit_blind(past.address)
    here.live()
    look_back(here, past.erased)
    words = re.compile(rf"of {past.erased.date()} were erased on ({'|'.join(map(str, past.erased_on))})")
    expect(here.part("replay-veil")).to_have_text(words)
    expect(here.part("replay-note")).to_have_text(words)
    look_back_at = past.erased + timedelta(days=1)
    here.part("replay-at").fill(look_back_at.strftime("%Y-%m-%d %H:%M:%S"))
    here.part("replay-at").press("Enter")
    expect(here.part("replay-note")).to_contain_text("No picture was recorded from")


@pytest.mark.parametrize(
    ("scheme", "viewport", "name"),
    [("light", DESKTOP, "day"), ("dark", DESKTOP, "night"), ("light", PHONE, "phone"), ("dark", PHONE, "phone-night")],
)
def test_nothing_for_axe_and_nothing_out_of_the_screen(past: Past, visit, scheme, viewport, name) -> None:
    here = visit(past.address, color_scheme=scheme, viewport=viewport)
    here.live()
    look_back(here, past.began - timedelta(seconds=1200))
    shown(here, past.began - timedelta(seconds=1200))
    here.part("replay-compare").check()
    expect(here.part("replay-list")).to_contain_text("Bravo 1, later: closed")
    found = Axe().run(here.page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    width = here.page.evaluate("document.documentElement.scrollWidth")
    assert width <= viewport["width"]
    assert here.part("map").bounding_box()["height"] >= 120
    here.screen(f"replay-{name}")


def test_a_finger_moves_the_slider(past: Past, visit_blind) -> None:
    here = visit_blind(past.address, viewport=PHONE, has_touch=True, is_mobile=True)
    here.live()
    look_back(here)
    box = here.part("replay-slider").bounding_box()
    before = here.part("replay-title").inner_text()
    here.page.touchscreen.tap(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    expect(here.part("replay-title")).not_to_have_text(before)
