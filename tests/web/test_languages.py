"""All pages in every language: complete, unclipped, mirrored from right to left, accessible, in the chosen units."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from ops.audit.log import AuditLog
from ops.audit.purposes import DEFAULT_PURPOSES
from tests.ops.words.pseudo_texts import is_plain
from tests.web.conftest import DESKTOP, PHONE, Visit, Witness, open_strip
from tests.web.patience import SHOWN_MS
from tests.web.test_login import PASSWORD, open_room

pytestmark = pytest.mark.chain


TEXTS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode()); ) {
    const parent = node.parentElement;
    if (parent.closest("script, style, noscript, [translate=no], [lang]:not(html)")) continue;
    if (!parent.checkVisibility()) continue;
    if (node.data.trim() !== "") found.push(node.data.trim());
  }
  for (const node of document.querySelectorAll("[title], [aria-label]"))
    for (const name of ["title", "aria-label"])
      if (node.hasAttribute(name) && !node.closest("[translate=no]")) found.push(node.getAttribute(name));
  return found;
}"""
"""Everything that is read on the page or from it, but names and code (``translate="no"``)."""

CLIPPED = """() => {
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    if (node.closest(".hidden-text, .maplibregl-map, .skips, .scroll, .unseen, select, svg, progress")) continue;
    if (!node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    if (style.clipPath !== "none" || ![...node.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const wide = node.scrollWidth > node.clientWidth + 1 && style.overflowX !== "visible" && style.display !== "inline";
    const box = node.getBoundingClientRect();
    const out = box.right > innerWidth + 1 || box.left < -1;
    if (wide || out) found.push(node.textContent.trim().slice(0, 60) + (out ? " (outside)" : ""));
  }
  return found;
}"""
"""Texts that are cut by their own box or by the screen."""


def opened(world: Any, visit: Callable[..., Any], language: str, **options: Any) -> Any:
    here = visit(world.address, file=f"?language={language}", **options)
    here.live()
    return here


def panels(here: Any, *, phone: bool = False) -> list[str]:
    """Names of the panels, each of which is opened before its name is returned."""
    for panel in ("details", "tracks", "sensors", "layers", *(("alerts",) if phone else ())):
        here.part(f"tab-{panel}").click()
        if panel == "details" and not phone:
            here.part("alert-open").first.click()
            here.part("details-lead").wait_for()
        here.page.wait_for_timeout(300)
        yield panel


def plain_words(here: Any, *names: str) -> list[str]:
    """Texts without any accent that are neither names, numbers, units nor code."""
    sensors = here.page.locator("[data-sensor]").evaluate_all("nodes => nodes.map(node => node.dataset.sensor)")
    return [f"plain: {text}" for text in here.page.evaluate(TEXTS) if is_plain(text, [*names, *sensors])]


def serious(here: Any) -> list[str]:
    return [
        f"{violation['id']} {violation['nodes'][0]['html'][:200]}"
        for violation in Axe().run(here.page).response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("language", ["en-XA", "ar-XB", "fr"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_live_map_is_complete_unclipped_and_accessible(
    calm: Any, visit: Callable[..., Any], language: str, size: str
) -> None:
    phone = size == "phone"
    here = opened(calm, visit, language, **({"viewport": PHONE} if phone else {}))
    root = here.page.locator("html")
    expect(root).to_have_attribute("lang", language)
    expect(root).to_have_attribute("dir", "rtl" if language == "ar-XB" else "ltr")
    expect(here.part("coverage-dead-ground")).to_contain_text("%", timeout=SHOWN_MS)
    names = ("MGRS", "UTC", calm.alert(1)["sentence"])
    found: list[str] = []
    for panel in panels(here, phone=phone):
        here.screen(f"language-{language}-{size}-{panel}")
        found += [f"{panel}: clipped: {text}" for text in here.page.evaluate(CLIPPED)]
        found += [f"{panel}: {problem}" for problem in serious(here)]
        if language != "fr":
            found += [f"{panel}: {text}" for text in plain_words(here, *names)]
        wide = here.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{panel}: {wide} px too wide"] if wide > 0 else []
    for button, dialog in (("help-open", "help"), ("settings-open", "settings")):
        open_strip(here.page)
        here.part(button).click()
        here.screen(f"language-{language}-{size}-{dialog}")
        if language != "fr":
            found += [f"{dialog}: {text}" for text in plain_words(here, *names)]
        found += [f"{dialog}: clipped: {text}" for text in here.page.evaluate(CLIPPED)]
        here.part(f"{dialog}-close").click()
    assert not found, "\n".join(found)
    expect(root).not_to_have_attribute("data-missing", re.compile("."))


def test_right_to_left_mirrors_the_panels_but_not_the_coordinates(calm: Any, visit: Callable[..., Any]) -> None:
    here = opened(calm, visit, "ar-XB")
    alerts, side = here.page.locator("#alerts").bounding_box(), here.page.locator("#side").bounding_box()
    assert alerts["x"] > side["x"] + side["width"], "the alerts come first, which is at the right"
    assert here.part("at-latlon").evaluate("node => getComputedStyle(node).direction") == "ltr"
    assert here.part("clock-utc").evaluate("node => getComputedStyle(node).direction") == "ltr"
    here.part("alert-open").first.click()
    expect(here.part("details")).to_contain_text("\u2066")  # coordinates are isolated


def test_the_page_follows_the_browser_until_a_language_and_units_are_chosen(
    calm: Any, visit: Callable[..., Any]
) -> None:
    here = visit(calm.address, locale="fr-FR")
    here.live()
    expect(here.page.locator("html")).to_have_attribute("lang", "fr")
    expect(here.part("coverage-sensors")).to_have_text("Les 4 capteurs sont en ligne")
    here.page.keyboard.press("t")
    row = here.part("track-row").first
    expect(row).to_contain_text("5,0 km/h")
    expect(row).to_contain_text("98\u202f%")
    here.part("settings-open").click()
    with here.page.expect_navigation():
        here.part("settings-units").select_option("nautical")
    here.live()
    here.page.keyboard.press("t")
    expect(row).to_contain_text("2,7 kn")
    here.part("settings-open").click()
    with here.page.expect_navigation():
        here.part("settings-language").select_option("en")
    here.live()
    expect(here.page.locator("html")).to_have_attribute("lang", "en")
    here.page.reload()
    here.live()
    here.page.keyboard.press("t")
    expect(row).to_contain_text("2.7 kn")
    expect(row).to_contain_text("98%")
    expect(here.part("coverage-sensors")).to_have_text("All 4 sensors online")


def test_no_button_of_the_planner_covers_a_title_in_french(calm: Any, visit: Callable[..., Any]) -> None:
    here = visit(calm.address, file="plan.html", locale="fr-FR", viewport={"width": 1280, "height": 800})
    heads = here.page.locator(".card header")
    expect(heads.locator("h2")).to_have_text(["Coût et couverture", "Pires segments", "Gain et perte"])
    expect(here.part("worst-b-side")).to_have_text("Droite")
    here.page.evaluate("document.fonts.ready.then(() => null)")
    assert heads.evaluate_all("all => all.map(one => one.scrollWidth - one.clientWidth)") == [0, 0, 0]
    titles = heads.locator("h2").evaluate_all("all => all.map(one => one.scrollWidth - one.clientWidth)")
    assert titles == [0, 0, 0], "each is shown whole"


def test_an_alert_is_said_in_the_language_of_the_page(calm: Any, visit: Callable[..., Any]) -> None:
    """By its message where the page has it, else in the words of the server."""
    message = {
        "id": "alert-loitering",
        "parameters": {"class": "person", "track": "T7", "duration_s": 185, "segment": 4},
    }
    calm.commit([calm.alert(60, sentence="Probable person on foot …", message=message)])
    calm.commit([calm.alert(61, sentence="As the server has it", message={"id": "alert-newer", "parameters": {}})])
    try:
        here = opened(calm, visit, "fr")
        expect(here.page.locator("[data-alert=A0060] .alert-sentence")).to_contain_text(
            re.compile("T7.* 3\u00a0min 5\u00a0s")
        )
        expect(here.page.locator("[data-alert=A0061] .alert-sentence")).to_have_text("As the server has it")
    finally:
        calm.commit([calm.alert(number, revision=1, status="cleared") for number in (60, 61)])


@pytest.mark.parametrize("language", ["en-XA", "ar-XB", "fr"])
def test_the_planner_is_complete_unclipped_and_accessible(calm: Any, visit: Callable[..., Any], language: str) -> None:
    for size in ("desktop", "phone"):
        here = visit(
            calm.address, file=f"plan.html?language={language}", **({"viewport": PHONE} if size == "phone" else {})
        )
        here.page.wait_for_selector("html[data-state=ready]", timeout=SHOWN_MS)
        for side in ("a", "b"):
            here.page.wait_for_selector(f"#figures-{side}[data-state=shown]", timeout=SHOWN_MS)
        here.page.locator("#map-a [data-sensor=camera-west]").dispatch_event("click")
        expect(here.part("sensor")).to_be_visible()
        here.screen(f"language-{language}-plan-{size}")
        expect(here.page.locator("html")).to_have_attribute("lang", language)
        found = [f"clipped: {text}" for text in here.page.evaluate(CLIPPED)] + serious(here)
        if language != "fr":
            found += plain_words(here)
        assert not found, "\n".join([size, *found])
        assert here.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("language", ["en-XA", "ar-XB", "fr"])
def test_login_account_audit_and_handover_are_complete_unclipped_and_accessible(
    world: Any, tmp_path: Path, browser: Browser, language: str
) -> None:
    names = ("M. Keller", "A. Udry", "keller", "audrey", "hills", "UTC", DEFAULT_PURPOSES["supervisor"])
    found: list[str] = []
    log = AuditLog(tmp_path / "audit", sign_every_s=0.0)
    with open_room(world, tmp_path, log=log) as room:
        room.add("keller", "M. Keller", "supervisor")
        room.add("audrey", "A. Udry", "auditor")
        for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
            context = browser.new_context(viewport=viewport)
            here = Visit(context.new_page(), Witness(room.address))

            def look(name: str, address: str = "", here: Visit = here, size: str = size) -> None:
                if address:
                    here.page.goto(f"{room.address}{address}")
                expect(here.page.locator("html")).to_have_attribute("lang", language)
                expect(here.page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar-XB" else "ltr")
                here.screen(f"language-{language}-{size}-{name}")
                here_found = [f"clipped: {text}" for text in here.page.evaluate(CLIPPED)] + serious(here)
                if language != "fr":
                    here_found += plain_words(here, *names)
                wide = here.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                here_found += [f"{wide} px too wide"] if wide > 0 else []
                if "\N{REPLACEMENT CHARACTER}" in here.page.locator("main").inner_text():
                    here_found.append("hidden signs are shown")
                found.extend(f"{size}, {name}: {one}" for one in here_found)

            def log_in(login: str, here: Visit = here, look: Callable[..., None] = look) -> None:
                here.page.context.clear_cookies()
                here.page.goto(f"{room.address}/login?language={language}")
                here.page.locator("#name").fill(login)
                here.page.locator("#password").fill("not the password")
                here.page.keyboard.press("Enter")
                here.page.wait_for_selector("[role=alert]")
                look("login")
                here.page.locator("#password").fill(PASSWORD)
                here.page.keyboard.press("Enter")
                here.page.wait_for_url(lambda address: "/login" not in address)

            log_in("keller")
            look("account", f"/account?language={language}")
            look("second-factor", f"/account?language={language}&second-factor=new")
            look("handover", f"/handover?language={language}")
            look("after-action", f"/after-action?language={language}")
            look("approvals", f"/approvals?language={language}")
            look("drill", f"/drill?language={language}")
            look("drill-score", f"/drill?language={language}&show=1")
            look("confidential", f"/confidential?language={language}")
            log_in("audrey")
            look("audit", f"/audit?language={language}&verify=true")
            look("audit-proof", f"/audit?language={language}&first=1")
            look("audit-period", f"/audit?language={language}&since=never")
            context.close()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_header_is_one_row_and_no_count_moves_a_button(
    world: Any, visit: Callable[..., Any], language: str
) -> None:
    """From one alert to hundreds: what a person is about to press stays where it is."""
    world.start()
    here = opened(world, visit, language)
    assert here.part("strip").bounding_box()["height"] < 64
    rows = here.page.locator("#strip > :visible").evaluate_all(
        "nodes => nodes.map(node => { const box = node.getBoundingClientRect(); return [box.top, box.bottom]; })"
    )
    assert max(top for top, _ in rows) < min(bottom for _, bottom in rows), "no element of the header is below another"
    header = ("replay-open", "plan-link", "share-open", "sound", "palette", "settings-open", "help-open")
    parts = (*header, "snooze", "show-incidents", "show-open", "show-closed")

    def places() -> dict[str, Any]:
        return {name: here.part(name).bounding_box() for name in parts}

    before, list_top = places(), here.part("alert-list").bounding_box()["y"]
    priorities = ("distress", "high", "medium", "low")
    number = 100
    for count in (1, 12, 130):
        while number - 100 < 4 * count:
            world.commit([world.alert(number + shift, priority=each) for shift, each in enumerate(priorities)])
            number += 4
        for item in here.part("waiting").locator("li").all()[:2]:
            expect(item).to_contain_text(str(count))
        assert places() == before, count
        if count < 50:  # above 200 alerts, a note states that the first of them are shown
            assert here.part("alert-list").bounding_box()["y"] == list_top, count
    assert here.page.evaluate(CLIPPED) == []
