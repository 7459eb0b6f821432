"""Feeds of a worker that is frozen on another machine than the next holder of the sector, who cannot end them."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from ops.services.feeds import process
from ops.services.feeds.process import CONFIRMED_S, SILENT_S, FromRoom, WorkerSilent, _watch
from ops.services.feeds.pumping import Turns

LOOKS = 3


@pytest.mark.parametrize(
    ("held", "later_s", "read_late", "ends"),
    [
        (True, SILENT_S + 1.0, False, True),
        (True, SILENT_S - CONFIRMED_S, False, False),
        (False, 10 * SILENT_S, False, False),
        (True, 10 * SILENT_S, True, False),
    ],
    ids=["silent", "not for long", "no lease", "these feeds stood still themselves"],
)
def test_feeds_end_once_the_worker_that_held_the_sector_is_silent(
    monkeypatch: pytest.MonkeyPatch, held: bool, later_s: float, read_late: bool, ends: bool
):
    """Without a lease in a store no room ever says that it holds one.

    ``read_late``: what the room said meanwhile is read after the first look.
    """
    now_s, stop = [100.0], threading.Event()
    room = FromRoom(monotonic_s=lambda: now_s[0])
    room.hear({"border": {}})
    if held:
        room.hear({"held": True})
    delivering = threading.Thread(target=stop.wait)
    delivering.start()
    monkeypatch.setattr(process, "REPORT_EVERY_S", 0.001)
    monkeypatch.setattr(process, "say", lambda **_: None)
    reports: list[None] = []

    def problem_now() -> str | None:
        reports.append(None)
        if len(reports) == 2 and read_late:
            room.hear({"held": True})
        now_s[0] = 100.0 + later_s + CONFIRMED_S * (len(reports) - 1)
        if len(reports) == LOOKS:
            stop.set()
        return None

    dispatcher: Any = SimpleNamespace(waiting=0)
    if ends:
        with pytest.raises(WorkerSilent, match="no sign of life for 90 s"):
            _watch(problem_now, dispatcher, {delivering: Turns()}, stop, room)
    else:
        _watch(problem_now, dispatcher, {delivering: Turns()}, stop, room)
    assert len(reports) == (2 if ends else LOOKS)
    assert not delivering.is_alive(), "nothing is delivered any more"
