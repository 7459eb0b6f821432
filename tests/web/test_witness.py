"""What a page may say on its console before a server that is busy, and what it may not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.web.visits import Witness

HOME = "http://127.0.0.1:8000/"


class Heard:
    """What a page would tell its listeners."""

    def __init__(self) -> None:
        self.listeners: dict[str, Any] = {}

    def on(self, name: str, listener: Any) -> None:
        self.listeners[name] = listener

    def refuse(self, status: str, path: str) -> None:
        """Chromium's message of an answer that is an error."""
        text = f"Failed to load resource: the server responded with a status of {status}"
        self.listeners["console"](SimpleNamespace(type="error", text=text, location={"url": HOME + path}))


@pytest.mark.parametrize(
    ("status", "path", "allowed"),
    [
        ("404 (Not Found)", "v1/incidents/I1/actions/0f3a", True),
        ("404 (Not Found)", "v1/incidents/I1", False),
        ("422 (Unprocessable Entity)", "v1/incidents/I1/actions", False),
        ("503 (Service Unavailable)", "api/tiles/visible/9/135/200?revision=4", True),
        ("503 (Service Unavailable)", "api/layers?palette=day", True),
        ("503 (Service Unavailable)", "v1/incidents/I1/candidates", True),
        ("503 (Service Unavailable)", "v1/incidents/I1/actions", False),
        ("500 (Internal Server Error)", "api/segments", False),
    ],
)
def test_only_what_the_page_asks_again_is_no_fault(status: str, path: str, allowed: bool) -> None:
    page, witness = Heard(), Witness(HOME)
    witness.attach(page)  # type: ignore[arg-type]
    page.refuse(status, path)
    assert (witness.faults == []) is allowed
