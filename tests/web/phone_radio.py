"""The radio link of a phone in a test: a proxy, because Chromium may forget that it is offline when it loads a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.drills.fault_proxy import BOTH, FaultProxy


@dataclass
class PhoneRadio:
    """The link between a phone and the server at its far end."""

    proxy: FaultProxy

    @property
    def address(self) -> str:
        """Where the phone finds the server."""
        return f"http://127.0.0.1:{self.proxy.port}/"

    def cut(self, page: Page) -> None:
        """The page learns that it has no network, and no byte passes; nothing that was on its way comes after this."""
        page.context.set_offline(True)
        self.proxy.set(dropped=BOTH)
        page.wait_for_selector("html[data-link=lost]")

    def restore(self, page: Page) -> None:
        self.proxy.heal()
        page.context.set_offline(False)


@contextmanager
def phone_radio(server: str) -> Iterator[PhoneRadio]:
    with FaultProxy("127.0.0.1", urlsplit(server).port or 80) as proxy:
        yield PhoneRadio(proxy)
