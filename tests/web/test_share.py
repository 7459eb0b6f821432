"""Links to what is shown, exports and reports on the live page: by keyboard, and with hostile addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.web.conftest import PHONE, World, open_strip, world_in
from tests.web.patience import SHOWN_MS

pytestmark = pytest.mark.chain


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with two tracks, of which one has a history of ten minutes."""
    with world_in(tmp_path_factory.mktemp("shared")) as world:
        count = 60
        times = np.datetime64("now", "ns") - np.arange(count)[::-1] * np.timedelta64(10, "s")
        history = {
            "track": np.array(["T0001"] * count), "time": times, "status": np.array(["confirmed"] * count),
            "easting": 14.0 * np.arange(count), "northing": np.full(count, 450.0),
            "easting_rate": np.full(count, 1.4), "northing_rate": np.zeros(count),
            "cov": np.tile(np.eye(4), (count, 1, 1)), "existence": np.full(count, 0.98),
            "segment": np.full(count, 28), "offset_m": np.full(count, -420.0),
        }  # fmt: skip
        world.commit(history=history)
        world.start()
        yield world


def link_of(here: Any) -> str:
    expect(here.page.locator("#map-area")).to_have_attribute("data-placed", "true")
    here.at_rest()
    here.part("share-open").click()
    link = str(here.part("share-link").input_value())
    here.page.keyboard.press("Escape")
    return link


def test_a_link_opens_the_same_view_in_another_browser(shared: World, visit: Callable[..., Any]) -> None:
    here = visit(shared.address)
    here.live()
    here.page.keyboard.press("t")
    here.page.locator("[data-testid=track-row][data-track=T0002]").click()
    here.page.keyboard.press("y")
    here.part("layer-ellipses").click()
    here.page.locator("#zoom-in").click()
    here.at_rest()
    link = link_of(here)
    assert re.search(r"\?at=36\.\d{5},-84\.\d{5},\d+\.\d\d&layers=[\w,.-]+&select=track:T0002$", link), link
    assert "ellipses" not in link.split("layers=")[1].split("&")[0].split(",")

    there = visit(shared.address, file=link.removeprefix(shared.address))
    there.live()
    expect(there.part("panel-details")).to_contain_text("T0002")
    there.page.keyboard.press("y")
    expect(there.part("layer-ellipses")).not_to_be_checked()
    expect(there.part("layer-tracks")).to_be_checked()
    assert link_of(there) == link

    elsewhere = visit(shared.address)
    elsewhere.live()
    elsewhere.page.keyboard.press("y")
    expect(elsewhere.part("layer-ellipses")).to_be_checked()


def test_hostile_addresses_show_the_whole_sector(shared: World, visit: Callable[..., Any]) -> None:
    plain = visit(shared.address)
    plain.live()
    wanted = link_of(plain)
    for query in (
        "?at=91,0,5&t=%3Cscript%3Ealert(1)%3C/script%3E&layers=%3Cb%3E,..&select=people:1",
        "?at=0,0,1e9&t=-1&layers=" + "x" * 5000 + "&select=track:%00%E2%80%AE",
        "?at&t&layers=a,,b&select&__proto__[x]=1&constructor=2",
    ):
        here = visit(shared.address, file=query)
        here.live()
        assert link_of(here) == wanted


def test_an_export_from_the_page_needs_a_purpose_and_is_a_file_that_gdal_reads(
    shared: World, visit: Callable[..., Any], tmp_path: Path
) -> None:
    here = visit(shared.address)
    here.live()
    here.part("share-open").focus()
    here.page.keyboard.press("Enter")
    expect(here.part("share-handover")).to_be_visible()
    here.part("share-export").click()
    expect(here.part("share-problem")).to_have_text("Enter the purpose: 3 to 200 characters without accents.")
    here.part("share-positions").check()
    here.part("share-purpose").fill("inquiry 12")
    with here.page.expect_download(timeout=SHOWN_MS) as download:
        here.page.keyboard.press("Enter")
    name = download.value.suggested_filename
    assert re.fullmatch(r"cumberland-\d{8}T\d{4}Z-\d{8}T\d{4}Z\.gpkg", name)
    download.value.save_as(tmp_path / name)
    assert len(pyogrio.read_dataframe(tmp_path / name, layer="positions")) == 60
    assert pyogrio.read_dataframe(tmp_path / name, layer="tracks")["track"].tolist() == ["T0001"]
    assert pyogrio.read_dataframe(tmp_path / name, layer="export")["purpose"].tolist() == ["inquiry 12"]
    expect(here.part("share")).to_be_hidden()


@pytest.mark.parametrize("viewport", [None, PHONE])
def test_dialog_and_report_are_accessible_and_the_report_can_be_signed_by_keyboard(
    shared: World, visit: Callable[..., Any], viewport: Any
) -> None:
    here = visit(shared.address, **({} if viewport is None else {"viewport": viewport}))
    here.live()
    open_strip(here.page)
    here.part("share-open").click()
    assert Axe().run(here.page).violations_count == 0, Axe().run(here.page).generate_report()
    here.screen(f"share-{'desktop' if viewport is None else 'phone'}")
    here.part("share-handover").focus()
    here.page.keyboard.press("Enter")
    here.page.wait_for_url("**/handover")
    here.page.locator("#note").focus()
    here.page.keyboard.type("Generator of the west tower refuelled")
    here.page.keyboard.press("Tab")
    here.page.keyboard.press("Enter")
    here.page.wait_for_url("**signed=1*")
    expect(here.page.get_by_test_id("notes")).to_contain_text("Generator of the west tower refuelled")
    assert Axe().run(here.page).violations_count == 0, Axe().run(here.page).generate_report()
    width = here.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, "the page itself does not scroll sideways"
    here.screen(f"handover-{'desktop' if viewport is None else 'phone'}")
