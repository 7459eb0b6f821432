"""The page of a field unit, on a phone of 360 × 640: it works without a network, loses no answer, and hides no age."""

from __future__ import annotations

import gzip
import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from ops.drawing.typeface.page_font import BUILT
from ops.runtime.processes.reserved_port import ReservedPort
from tests.patience import PATIENT_S
from tests.web.conftest import Visit, until
from tests.web.field_phone import SMALL, hold, on_disk, rows_on
from tests.web.field_server import LAT, LON, UNIT, FieldServer, field_server, incident
from tests.web.phone_radio import PhoneRadio, phone_radio

FIRST_LOAD_BYTES = 150_000
LEAST_TARGET_PX = 48


@pytest.fixture
def server() -> Iterator[FieldServer]:
    with field_server() as server:
        yield server


@pytest.fixture
def radio(server: FieldServer) -> Iterator[PhoneRadio]:
    with phone_radio(server.address) as radio:
        yield radio


@pytest.fixture
def phone(radio: PhoneRadio, visit: Callable[..., Visit]) -> Callable[..., Visit]:
    """Opens the page on a phone, enrolled unless ``code`` is empty."""

    def open_phone(code: str = "open-sesame", **options: Any) -> Visit:
        here = visit(
            radio.address,
            file=f"field{'#enrol=' + code if code else ''}",
            viewport=SMALL,
            has_touch=True,
            geolocation={"latitude": LAT - 0.01, "longitude": LON - 0.01, "accuracy": 12},
            permissions=["geolocation"],
            **options,
        )
        if code:
            here.page.wait_for_selector("html[data-link=live]")
        return here

    return open_phone


def card(here: Visit, number: int) -> Any:
    return here.page.locator(f'[data-incident="I{number:04d}"]')


def kept(here: Visit) -> None:
    """Wait until the service worker holds the page."""
    here.page.wait_for_selector("html[data-kept=yes]")


def test_a_code_enrols_the_phone_once_and_leaves_the_address(radio: PhoneRadio, phone) -> None:
    here = phone()
    expect(here.part("unit")).to_have_text(UNIT)
    assert here.page.url == f"{radio.address}field"
    assert here.page.evaluate("history.length") <= 2
    expect(here.part("incident")).to_have_count(2)
    other = phone(code="")
    other.witness.outage = True
    other.witness.expected.add("403")
    other.part("enrol-code").fill("open-sesame")
    other.part("enrol-send").tap()
    expect(other.part("enrol-problem")).to_contain_text("wrong, used or expired")


WATCH_CLOSE = """() => new Promise((take) => {
  const request = indexedDB.open("watchline-field");
  request.onsuccess = () => {
    request.result.onclose = () => { window.databaseClosed = true; };
    take(null);
  };
})"""


def test_a_phone_whose_browser_deletes_its_database_keeps_answers_again_and_enters_without_a_code(
    server: FieldServer, radio: PhoneRadio, phone
) -> None:
    here = phone()
    kept(here)
    here.witness.outage = True
    here.page.evaluate(WATCH_CLOSE)
    storage = {"origin": radio.address.rstrip("/"), "storageTypes": "indexeddb"}
    here.page.context.new_cdp_session(here.page).send("Storage.clearDataForOrigin", storage)
    assert until(lambda: here.page.evaluate("window.databaseClosed === true"))
    radio.cut(here.page)
    here.part("answer-received").first.tap()
    expect(here.part("link")).to_contain_text("1 answer waits")
    on_disk(here.page)
    expect(here.part("banner-storage")).to_be_hidden()
    here.page.reload()
    expect(here.part("enrol-code")).to_be_visible()
    radio.restore(here.page)
    here.page.wait_for_selector("html[data-link=live]")
    assert until(lambda: [one["action"] for one in server.replies] == ["received"])


def test_a_phone_with_the_certificate_of_its_unit_needs_no_code(server: FieldServer, phone) -> None:
    server.certificate = {"unit": UNIT, "device": "cert-1a", "problem": None}
    here = phone(code="")
    here.page.wait_for_selector("html[data-link=live]")
    expect(here.part("unit")).to_have_text(UNIT)
    expect(here.part("incident")).to_have_count(2)


def test_a_certificate_that_is_no_login_is_said_and_the_code_remains(server: FieldServer, phone) -> None:
    server.certificate = {"unit": None, "device": None, "problem": "This certificate was revoked."}
    here = phone(code="")
    expect(here.part("enrol-problem")).to_contain_text("This certificate was revoked.")
    here.part("enrol-code").fill("open-sesame")
    here.part("enrol-send").tap()
    expect(here.part("unit")).to_have_text(UNIT)


WRITTEN = """
window.written = new Set();
const fillText = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
  window.written.add(text);
  return fillText.call(this, text, ...rest);
};
"""


def test_named_areas_are_on_the_carried_map_without_a_network_too(radio: PhoneRadio, phone) -> None:
    here = phone()
    kept(here)
    here.page.wait_for_selector("html[data-map=complete]")
    here.witness.outage = True
    radio.cut(here.page)
    here.page.add_init_script(WRITTEN)
    here.page.reload()
    here.part("tab-map").tap()
    for label in ("DANGER: Old quarry", "Gap ford (watch)"):
        here.page.wait_for_function("label => window.written.has(label)", arg=label)
    expect(here.part("link")).to_contain_text("Last contact")  # drawn while the link was cut


def test_a_complete_map_takes_a_new_danger_area_when_the_page_opens(server: FieldServer, phone) -> None:
    here = phone()
    here.page.wait_for_selector("html[data-map=complete]")
    tiles, server.danger = server.tiles, "Mines"
    here.page.add_init_script(WRITTEN)
    here.page.reload()
    here.part("tab-map").tap()
    here.page.wait_for_function("label => window.written.has(label)", arg="DANGER: Mines")
    assert server.tiles == tiles


def test_what_was_answered_without_a_network_arrives_once_and_in_order(
    server: FieldServer, radio: PhoneRadio, phone
) -> None:
    here = phone()
    kept(here)
    here.witness.outage = True
    radio.cut(here.page)
    here.page.reload()  # from the phone alone
    expect(here.part("incident")).to_have_count(2)
    here.part("answer-received").first.tap()
    here.part("answer-en_route").first.tap()
    expect(card(here, 1).get_by_test_id("given")).to_contain_text("not sent")
    card(here, 2).get_by_test_id("card-head").tap()
    card(here, 2).get_by_test_id("answer-received").tap()
    expect(here.part("link")).to_contain_text("3 answers wait")
    here.part("sharing").tap()
    expect(here.part("sharing")).to_contain_text("Position shared")
    here.page.context.set_geolocation({"latitude": LAT - 0.008, "longitude": LON - 0.008, "accuracy": 10})
    expect(here.part("sharing")).to_contain_text("2 to send")
    on_disk(here.page)
    here.page.reload()
    expect(here.part("link")).to_contain_text("3 answers wait")
    assert server.replies == []
    radio.restore(here.page)
    expect(card(here, 2).get_by_test_id("given")).to_contain_text("done")
    assert [(one["incident"], one["action"]) for one in server.replies] == [
        ("I0001", "received"), ("I0001", "en_route"), ("I0002", "received"),
    ]  # fmt: skip
    assert sorted(one["at"] for one in server.replies) == [one["at"] for one in server.replies]
    assert until(lambda: len(server.positions) >= 2)
    here.page.wait_for_selector("html[data-link=live]")


def test_an_answer_whose_receipt_was_lost_is_not_given_twice(server: FieldServer, phone) -> None:
    here = phone()
    here.witness.outage = True
    server.loses_answers = True
    here.part("answer-received").first.tap()
    assert until(lambda: len(server.repeated) >= 1)
    server.loses_answers = False
    expect(card(here, 1).get_by_test_id("given")).to_contain_text("done")
    assert len(server.replies) == 1


def test_what_another_unit_holds_is_said_with_the_answer(server: FieldServer, phone) -> None:
    server.held["I0001"] = "patrol-3"
    here = phone()
    here.part("answer-en_route").first.tap()
    expect(card(here, 1).locator(".refusal")).to_contain_text("patrol-3 holds this incident.")
    expect(card(here, 1).get_by_test_id("answer-en_route")).to_have_attribute("aria-pressed", "false")


def test_a_revoked_phone_states_what_it_did_not_send_and_keeps_nothing(
    server: FieldServer, radio: PhoneRadio, phone
) -> None:
    here = phone()
    here.witness.outage = True
    here.witness.expected.add("401")
    radio.cut(here.page)
    here.part("answer-on_scene").first.tap()
    expect(here.part("link")).to_contain_text("1 answer waits")
    server.devices.clear()
    radio.restore(here.page)
    expect(here.part("revoked")).to_contain_text("Access withdrawn")
    expect(here.part("revoked-answers")).to_contain_text("Incident 1, On scene")
    expect(here.part("enrol-code")).to_be_visible()
    assert server.replies == []
    expect(here.part("unit")).to_have_text("Watchline")  # no unit's any more
    assert rows_on(here.page) == 0
    here.page.reload()
    expect(here.part("enrol-code")).to_be_visible()
    expect(here.part("incident")).to_have_count(0)
    server.codes.add("again")
    here.page.evaluate("location.hash = 'enrol=again'")  # as a link that is opened where the page is open
    here.page.wait_for_selector("html[data-link=live]")
    assert here.page.url == f"{radio.address}field"


def test_a_phone_that_is_revoked_while_it_loads_the_map_keeps_nothing_of_it(server: FieldServer, phone) -> None:
    server.gives_tiles.clear()
    here = phone()
    here.witness.expected.add("401")
    assert until(lambda: server.tiles >= 1)
    server.devices.clear()
    server.changed()
    expect(here.part("revoked")).to_contain_text("Access withdrawn")
    expect(here.part("unit")).to_have_text("Watchline")
    server.gives_tiles.set()  # the answer was on its way
    here.page.wait_for_selector("html:not([data-map=loading])")
    assert rows_on(here.page) == 0


def test_two_phones_of_one_unit_give_their_answers_side_by_side(server: FieldServer, phone) -> None:
    server.codes.add("second")
    first, second = phone(), phone(code="second")
    first.part("answer-received").first.tap()
    second.part("answer-en_route").first.tap()
    assert until(lambda: len(server.replies) == 2)
    assert {one["action"] for one in server.replies} == {"received", "en_route"}
    assert len({one["action_id"] for one in server.replies}) == 2
    for here in (first, second):
        expect(card(here, 1).get_by_test_id("given")).to_contain_text("done")


REFUSE_WRITES = """() => {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...given) {
    if (window.isFull?.(this.name)) throw new DOMException("full", "QuotaExceededError");
    return put.apply(this, given);
  };
}"""


def test_a_full_phone_gives_up_its_map_for_answers_and_says_so(server: FieldServer, radio: PhoneRadio, phone) -> None:
    here = phone()
    assert until(lambda: server.tiles >= 10)
    here.part("tab-phone").tap()
    expect(here.part("carried")).to_contain_text("Map carried (")
    here.part("tab-list").tap()
    here.page.evaluate(REFUSE_WRITES)
    here.page.evaluate("""() => {
      let times = 0;
      window.isFull = (store) => store === "answers" && times++ < 1;
    }""")
    here.part("answer-received").first.tap()
    expect(here.part("banner-storage")).to_contain_text("map was removed")
    assert until(lambda: len(server.replies) == 1)
    here.page.evaluate("() => { window.isFull = (store) => store === 'answers'; }")
    here.witness.outage = True
    radio.cut(here.page)
    here.part("answer-on_scene").first.tap()
    expect(here.part("banner-storage")).to_contain_text("STORAGE FULL")
    expect(card(here, 1).get_by_test_id("given")).to_contain_text("NOT KEPT")
    radio.restore(here.page)
    expect(card(here, 1).get_by_test_id("given")).to_contain_text("done")
    assert [one["action"] for one in server.replies] == ["received", "on_scene"]
    expect(here.part("banner-storage")).not_to_contain_text("STORAGE FULL")


HOLD_ANSWERS = """() => {
  const hear = EventTarget.prototype.addEventListener;
  [window.held, window.writing] = [[], 0];
  IDBTransaction.prototype.addEventListener = function (name, listener, ...more) {
    const isHeld = name === "complete" && this.mode === "readwrite" && this.objectStoreNames.contains("answers");
    const hold = (event) => {
      writing -= 1;
      held.push(() => listener(event));
    };
    if (isHeld) writing += 1;
    hear.call(this, name, isHeld ? hold : listener, ...more);
  };
}"""
"""The disk keeps answers, and does not say so until it is released."""
RELEASE = """() => {
  for (const say of held.splice(0)) say();
  return new Promise((heard) => setTimeout(heard));
}"""


def test_an_answer_that_the_disk_confirms_late_leaves_what_was_opened_meanwhile(server: FieldServer, phone) -> None:
    here = phone()
    here.page.evaluate(HOLD_ANSWERS)

    def note_on(number: int, text: str) -> None:
        if card(here, number).get_by_test_id("card-head").get_attribute("aria-expanded") == "false":
            card(here, number).get_by_test_id("card-head").tap()
        card(here, number).get_by_test_id("answer-note").tap()
        here.part("answer-text").fill(text)

    def confirmed() -> None:
        here.page.wait_for_function("() => held.length > 0 && writing === 0")
        here.page.evaluate(RELEASE)

    note_on(1, "Two people")
    here.part("answer-send").tap()
    here.part("tab-list").tap()
    note_on(2, "A van at the ford")
    confirmed()
    expect(here.part("answer-text")).to_be_visible()
    expect(here.part("answer-text")).to_have_value("A van at the ford")
    here.part("answer-send").tap()
    here.part("tab-map").tap()
    expect(here.part("map")).to_be_visible()
    confirmed()
    expect(here.part("map")).to_be_visible()
    assert until(lambda: len(server.replies) == 2 or here.page.evaluate(RELEASE))
    assert [(one["incident"], one["note"]) for one in server.replies] == [
        ("I0001", "Two people"), ("I0002", "A van at the ford"),
    ]  # fmt: skip


AT_POINT = """([x, y]) => {
  const button = document.elementFromPoint(x, y)?.closest("button");
  return [button?.closest("[data-incident]")?.dataset.incident, button?.dataset.testid];
}"""
"""Which incident and which of its buttons is at a point of the page."""


def test_what_is_pressed_in_the_list_stays_under_the_finger(server: FieldServer, phone) -> None:
    """A call for help opens its own card above the others, and a banner above the list."""
    here = phone()
    box = card(here, 1).get_by_test_id("answer-en_route").bounding_box()
    point = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    here.page.mouse.move(*point)
    here.page.mouse.down()
    server.incidents = [incident(9, "distress"), *server.incidents]
    server.changed()
    expect(here.page.locator("#announce")).to_contain_text("segment 9")  # the page has it, and is as it will be
    assert here.page.evaluate(AT_POINT, point) == ["I0001", "answer-en_route"]
    here.page.mouse.up()
    expect(here.part("incident")).to_have_count(3)
    expect(here.part("call")).to_be_visible()
    assert until(lambda: server.replies)
    assert [(one["incident"], one["action"]) for one in server.replies] == [("I0001", "en_route")]


TOUCH = """(button, [down, up]) => {
  const event = (name) => name.startsWith("key")
    ? new KeyboardEvent(name, { key: " ", bubbles: true, cancelable: true })
    : new PointerEvent(name, { button: 0, bubbles: true });
  button.dispatchEvent(event(down));
  const holding = button.dataset.holding;
  button.dispatchEvent(event(up));
  return holding;
}"""
"""Press and let go in one step of the page: between two steps of a test, more than the two seconds may pass."""


def touch(page: Page, down: str = "pointerdown", up: str = "pointerup") -> None:
    """Press the distress button for a moment only."""
    assert page.get_by_test_id("distress").evaluate(TOUCH, [down, up]) == "true"
    expect(page.get_by_test_id("distress-spoken")).to_contain_text("Cancelled")


def test_distress_is_held_for_two_seconds_and_repeated_until_it_has_arrived(server: FieldServer, phone) -> None:
    server.shows_distress = False
    here = phone()
    for view in ("tab-map", "tab-phone", "tab-list"):  # from anywhere
        here.part(view).tap()
        expect(here.part("distress")).to_be_in_viewport()
    here.part("sharing").tap()
    assert until(lambda: server.positions)
    here.part("answer-close").first.tap()
    touch(here.page)
    assert not any(one.get("distress") for one in server.positions)
    hold(here.page)
    expect(here.part("own-call")).to_contain_text("not confirmed")
    assert until(lambda: sum(one.get("distress", False) for one in server.positions) >= 2)
    first = server.positions[0]
    assert abs(first["lat"] - LAT) < 0.1
    assert abs(first["lon"] - LON) < 0.1
    server.shows_distress = True
    server.changed()
    expect(here.part("own-call")).to_contain_text("RECEIVED by the operations centre")


@pytest.mark.parametrize("way", ["key", "screen reader"])
def test_distress_by_key_and_by_screen_reader(server: FieldServer, phone, way: str) -> None:
    here = phone()
    button = here.part("distress")
    if way == "key":
        button.focus()
        touch(here.page, "keydown", "keyup")
        here.page.keyboard.down("Enter")
        expect(here.part("own-call")).to_be_visible()
        here.page.keyboard.up("Enter")
    else:
        button.evaluate("node => node.click()")  # as assistive technology does it, without pointer or key
        expect(here.part("distress-confirm")).to_be_visible()
        assert not any(one.get("distress") for one in server.positions)
        here.part("distress-confirm-send").evaluate("node => node.click()")
    expect(here.part("own-call")).to_contain_text("RECEIVED by the operations centre")
    expect(here.part("own-call")).to_contain_text("state where you are by radio")  # it shares no position
    assert [one["distress"] for one in server.positions if "lat" not in one]


def test_distress_without_a_network_is_sent_when_it_is_back(server: FieldServer, radio: PhoneRadio, phone) -> None:
    here = phone()
    kept(here)
    here.witness.outage = True
    radio.cut(here.page)
    hold(here.page)
    expect(here.part("own-call")).to_contain_text("not confirmed")
    on_disk(here.page)
    here.page.reload()
    expect(here.part("own-call")).to_contain_text("not confirmed")
    radio.restore(here.page)
    expect(here.part("own-call")).to_contain_text("RECEIVED")
    assert any(one.get("distress") for one in server.positions)


@pytest.fixture
def port() -> Iterator[int]:
    """A port that no other program gets between one server and the next."""
    reserved = ReservedPort()
    yield reserved.number
    reserved.release()


def test_a_new_version_waits_for_the_person_and_loses_no_answer(visit, tmp_path: Path, port: int) -> None:
    pages = tmp_path / "dist"
    shutil.copytree(BUILT, pages)
    with field_server(pages, port) as old:
        here = visit(old.address, file="field#enrol=open-sesame", viewport=SMALL, has_touch=True)
        here.witness.outage = True
        here.page.wait_for_selector("html[data-link=live]")
        kept(here)
        here.page.reload()
        here.page.wait_for_selector("html[data-link=live]")
    page = (pages / "field.html").read_text().replace("<title>Watchline<", "<title>Watchline 2<")
    (pages / "field.html").write_text(page)
    worker = (pages / "field" / "sw.js").read_text()
    (pages / "field" / "sw.js").write_text(re.sub(r"watchline-field-\w+", "watchline-field-next", worker))
    here.part("answer-received").first.tap()
    expect(here.part("link")).to_contain_text("1 answer waits")
    old.loses_answers = True
    with field_server(pages, port, server=old):
        here.page.evaluate("navigator.serviceWorker.getRegistration('/field').then((one) => one.update())")
        expect(here.part("update")).to_be_visible()
        assert here.page.title() == "Watchline"
        here.part("update").tap()
        expect(here.page).to_have_title("Watchline 2")
        old.loses_answers = False
        expect(card(here, 1).get_by_test_id("given")).to_contain_text("done")
        assert [one["action"] for one in old.replies] == ["received"]
        names = here.page.evaluate("caches.keys()")
        assert names == ["watchline-field-next"]


def test_the_first_load_is_small_and_every_kept_file_is_there(server: FieldServer, phone) -> None:
    """Counted as they go over the line, compressed, without the map's tiles; the list of the worker is exact."""
    here = phone()
    kept(here)
    worker = httpx.get(f"{server.address}field/sw.js", timeout=PATIENT_S).text
    found = re.search(r"\[[^\]]*\"/field\"[^\]]*\]", worker)
    assert found is not None
    files = re.findall(r'"([^"]+)"', found[0])
    size = 0
    for file in [*files, "/field/sw.js"]:
        answer = httpx.get(f"{server.address}{file[1:]}", timeout=PATIENT_S)
        assert answer.status_code == 200, file
        is_packed = answer.headers.get("content-encoding") == "gzip"
        size += len(gzip.compress(answer.content, mtime=0)) if is_packed else len(answer.content)
    assert size < FIRST_LOAD_BYTES, size
    loaded = here.page.evaluate("performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)")
    assert {name for name in loaded if not name.startswith("/v1/")} <= set(files)
    manifest = httpx.get(f"{server.address}field/manifest.webmanifest", timeout=PATIENT_S).json()
    for icon in manifest["icons"]:
        assert httpx.get(f"{server.address}{icon['src'][1:]}", timeout=PATIENT_S).status_code == 200


LONG_ARABIC = "دورية الحدود الشمالية الشرقية المشتركة رقم سبعة عشر"
LONG_CYRILLIC = "Пограничный дозор северо-восточного участка «Высокогорный перевал» № 17"


def many() -> list[dict[str, Any]]:
    """Twenty incidents; distress first, long names in two more scripts."""
    ranks = ("high", "medium", "low")
    call = incident(0, "distress", name="Mike 1", sentence="Patrol patrol-3 calls for help near segment 12.")
    names = {1: LONG_ARABIC, 2: LONG_CYRILLIC}
    others = [incident(n, ranks[n % 3], **({"name": names[n]} if n in names else {})) for n in range(1, 20)]
    return [call | {"reach": None}, *others]


@pytest.mark.parametrize("palette", ["day", "night"])
@pytest.mark.parametrize("text", [100, 200])
def test_every_view_is_legible_and_within_the_thumbs_reach(server: FieldServer, phone, palette: str, text: int) -> None:
    """axe's rules, targets of 48 px, and nothing beyond the screen, with letters of twice the size too."""
    server.incidents = many()
    here = phone(color_scheme="dark" if palette == "night" else "light")
    expect(here.part("incident")).to_have_count(20)
    here.page.evaluate(f"document.documentElement.style.fontSize = '{text}%'")
    for view in ("list", "map", "phone", "answer"):
        if view == "answer":
            here.part("tab-list").tap()
            here.part("answer-close").first.tap()
        else:
            here.part(f"tab-{view}").tap()
        if view == "map":
            here.page.wait_for_selector("#map[data-drawn]")
        here.screen(f"field-{view}-{palette}-{text}")
        found = Axe().run(here.page)
        assert found.response["violations"] == [], found.generate_report()
        wide = here.page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], view
        small = here.page.evaluate(
            """least => [...document.querySelectorAll("button, input, textarea, label.choice")]
              .filter((one) => one.offsetParent !== null && !one.closest("label.choice input"))
              .filter((one) => !(one.matches("input") && one.closest("label")))
              .map((one) => [one.id || one.textContent, one.getBoundingClientRect()])
              .filter(([, box]) => box.width < least || box.height < least)
              .map(([name, { width, height }]) => `${name}: ${width} × ${height}`)""",
            LEAST_TARGET_PX,
        )
        assert small == [], view
        expect(here.part("distress")).to_be_in_viewport(ratio=1)


def test_at_night_nothing_on_the_screen_is_other_than_red(server: FieldServer, phone) -> None:
    """Green and blue light undo the adaptation of the eyes to the dark; red of long waves hardly does."""
    server.incidents = many()
    here = phone(color_scheme="dark")
    for view in ("list", "map", "phone"):
        here.part(f"tab-{view}").tap()
        if view == "map":
            here.page.wait_for_selector("#map[data-state=complete]")
        pixels = np.asarray(Image.open(io.BytesIO(here.page.screenshot())).convert("RGB")).astype(int)
        red, green, blue = (pixels[..., i] for i in range(3))
        assert red.max() > 200
        assert (green > 0.55 * red + 8).sum() == 0, view
        assert (blue > 0.46 * red + 8).sum() == 0, view


def test_distress_of_another_unit_stands_first_whatever_is_open(server: FieldServer, phone) -> None:
    here = phone()
    here.part("tab-map").tap()
    server.incidents = [incident(9, "distress", sentence="Patrol patrol-3 calls for help."), *server.incidents]
    server.changed()
    call = here.part("call")
    expect(call).to_contain_text("patrol-3 calls for help")
    call.tap()
    expect(here.part("incident").first).to_have_attribute("data-incident", "I0009")
    here.part("answer-received").first.tap()
    expect(call).to_have_attribute("data-received", "true")


def test_note_photo_and_disposition(server: FieldServer, phone) -> None:
    here = phone()
    here.part("answer-note").first.tap()
    here.part("answer-send").tap()
    expect(here.part("answer-problem")).to_contain_text("Write a note")
    here.part("answer-text").fill("Two people,  one child.\nGoing north.")
    here.part("answer-send").tap()
    here.part("answer-note").first.tap()
    here.part("answer-photo").fill("camera 2, IMG_2041")
    here.part("answer-send").tap()
    here.part("answer-close").first.tap()
    here.part("disposition-nuisance").check()
    here.part("answer-send").tap()
    expect(here.part("answer-problem")).to_contain_text("State the reason")
    here.part("answer-text").fill("Deer.")
    here.part("answer-send").tap()
    assert until(lambda: len(server.replies) == 3)
    note, photo, close = server.replies
    assert (note["action"], note["note"]) == ("note", "Two people, one child. Going north.")
    assert (photo["action"], photo["attachment"]) == ("attach", "camera 2, IMG_2041")
    assert (close["action"], close["disposition"], close["reason"]) == ("close", "nuisance", "Deer.")


@pytest.mark.parametrize("language", ["fr", "ar-XB"])
def test_the_page_in_other_languages(server: FieldServer, visit, language: str) -> None:
    here = visit(server.address, file=f"field?language={language}#enrol=open-sesame", viewport=SMALL, has_touch=True)
    here.page.wait_for_selector("html[data-link=live]")
    assert here.page.locator("html").get_attribute("data-missing") is None
    assert here.page.locator("html").get_attribute("dir") == ("rtl" if language == "ar-XB" else "ltr")
    for view in ("map", "phone", "list"):
        here.part(f"tab-{view}").tap()
        here.screen(f"field-{view}-{language}")
        wide = here.page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], view


def test_an_empty_list_and_a_link_that_is_gone_are_said(server: FieldServer, radio: PhoneRadio, phone) -> None:
    server.incidents = []
    here = phone()
    expect(here.part("incidents-note")).to_contain_text("No incident for this unit")
    here.screen("field-empty")
    here.witness.outage = True
    radio.cut(here.page)
    here.part("tab-phone").tap()
    here.part("carried-load").tap()  # anything that goes out
    here.page.evaluate("dispatchEvent(new Event('online'))")
    expect(here.part("link")).to_contain_text("No connection. Last contact")
    here.screen("field-offline")


REMEMBER = """
window.vibrations = [];
navigator.vibrate = (pattern) => vibrations.push([...pattern].join(" "));
Object.defineProperty(navigator, "wakeLock", { value: { request: async (kind) => {
  window.awake = kind;
  return Object.assign(new EventTarget(), { released: false });
} } });
"""


def test_new_incidents_vibrate_by_rank_and_the_screen_stays_on(server: FieldServer, phone) -> None:
    here = phone()
    here.page.context.add_init_script(REMEMBER)
    here.page.reload()
    here.page.wait_for_selector("html[data-link=live]")
    here.page.wait_for_function("() => window.awake === 'screen'")  # and the page knows what it has shown before
    here.part("tab-phone").tap()
    expect(here.part("awake")).to_contain_text("stays on")
    found = []
    for number, priority in ((5, "low"), (6, "high"), (7, "distress")):
        server.incidents = [*server.incidents, incident(number, priority)]
        server.changed()
        expect(here.page.locator("#announce")).to_contain_text(f"segment {number}")
        found.append(here.page.evaluate("vibrations.at(-1)"))
    lengths = [sum(int(part) for part in pattern.split()) for pattern in found]
    assert lengths == sorted(set(lengths)), found
    here.part("tab-list").tap()
    expect(here.part("incident")).to_have_count(5)


NO_LOOKS = """(() => {
  const { setTimeout: later } = window;
  window.setTimeout = (run, ms, ...more) => (ms < 20_000 ? later(run, ms, ...more) : 0);
})();"""


def test_a_link_that_breaks_is_said_without_waiting_for_the_next_request(
    server: FieldServer, radio: PhoneRadio, phone
) -> None:
    """By what the phone itself says of its network: this page never looks by itself whether the server is there."""
    here = phone()
    here.page.add_init_script(NO_LOOKS)
    here.page.reload()
    here.page.wait_for_selector("html[data-link=live]")
    here.witness.outage = True
    radio.cut(here.page)
    expect(here.part("link")).to_contain_text("No connection. Last contact")
