"""The phone of a field unit in a test: its screen, and the touch that calls for help."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page, ViewportSize, expect

SMALL: Final[ViewportSize] = {"width": 360, "height": 640}


def hold(page: Page) -> None:
    """Hold the distress button until the call is made."""
    page.get_by_test_id("distress").hover()
    page.mouse.down()
    expect(page.get_by_test_id("own-call")).to_be_visible()
    page.mouse.up()
