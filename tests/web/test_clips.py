"""Clips on the page: played by those who may act on incidents, and for others a sentence in their place.

``clip.webm`` is 0.8 s of a moving square, recorded by Chromium's MediaRecorder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.store import AccountStore
from ops.services.media.book import PictureBook, StoredFile
from ops.services.media.vault import Vault
from tests.ops.services.media.making import AT_NS, reference
from tests.web.test_login import PASSWORD, SCREENS
from tests.web.test_markings import enter, select_incident  # noqa: F401 - fixture enter
from tests.web.test_pictures import room, with_pictures  # noqa: F401 - fixture room

CLIP = (Path(__file__).parent / "clip.webm").read_bytes()


def with_clip(fusion: Any) -> None:
    """A clip that is newer than the stills of the incident."""
    with_pictures(fusion)
    folder = fusion.store.path.parent
    book = PictureBook(folder)
    book.take([reference(CLIP, 9, media_type="video/webm", uri="drop:9.webm")], 9, AT_NS)
    book.link([("T1", ("cam-1", 1, 9))])
    (one,) = book.due(AT_NS + 10**12, 9)
    book.stored(one.id, StoredFile(Vault(folder).put(CLIP, one.observed_ns), len(CLIP), None, None))
    book.close()


def test_a_clip_is_played_and_assessed_like_a_still(room: Any, enter: Callable[..., Page]) -> None:  # noqa: F811
    fusion, _ = room
    with_clip(fusion)
    page = enter("operator")
    part = page.get_by_test_id
    select_incident(page)
    clip = part("clip")
    expect(clip).to_be_visible()
    expect(clip).to_have_js_property("videoWidth", 64)  # its head was read
    expect(part("picture")).to_be_hidden()
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / "clip.png")
    page.keyboard.press("4")
    expect(part("assess-nothing")).to_have_attribute("aria-pressed", "true")
    part("picture-older").click()
    expect(part("picture")).to_be_visible()
    expect(clip).to_be_hidden()
    expect(clip).not_to_have_attribute("src", "/v1/incidents/I1/pictures/3")


def test_people_who_do_not_act_read_why_there_is_no_clip(room: Any, enter: Callable[..., Page]) -> None:  # noqa: F811
    fusion, _ = room
    with_clip(fusion)
    accounts = Accounts(AccountStore(fusion.store.path.parent / "accounts.db"))
    try:
        entered = accounts.log_in("viewer", accounts.add("viewer", "viewer", {"*": "viewer"}), LoginOrigin("test"))
        accounts.set_password(entered.person, "", PASSWORD, LoginOrigin("test"))
    finally:
        accounts.store.close()
    page = enter("viewer")
    part = page.get_by_test_id
    select_incident(page)
    expect(part("picture")).to_be_visible()  # the newest that is shown: a still, blurred
    part("picture-newer").click()
    expect(part("picture-none")).to_contain_text("a clip cannot be blurred")
    expect(part("clip")).to_be_hidden()
