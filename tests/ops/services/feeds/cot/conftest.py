"""What the tests of Cursor-on-Target share: a busy machine is no server that hangs."""

from __future__ import annotations

import pytest

from ops.services.feeds.cot import link
from tests.patience import PATIENT_S


@pytest.fixture(autouse=True)
def patient_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection is not given up while a machine stands still: what it carried would come twice, or be lost.

    The tests of servers that hang set a time of their own.
    """
    monkeypatch.setattr(link, "STALLED_S", PATIENT_S)
