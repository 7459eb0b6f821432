"""Feeds of a worker that is frozen on another machine than the next holder of the sector, who cannot end them."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from ops.services.feeds import process
from ops.services.feeds.process import SILENT_S, FromRoom, WorkerSilent, _watch


@pytest.mark.parametrize(
    ("held", "later_s", "ends"),
    [(True, SILENT_S + 1.0, True), (True, SILENT_S - 1.0, False), (False, 10 * SILENT_S, False)],
)
def test_feeds_end_once_the_worker_that_held_the_sector_is_silent(
    monkeypatch: pytest.MonkeyPatch, held: bool, later_s: float, ends: bool
):
    """Without a lease in a store no room ever says that it holds one."""
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
        now_s[0] = 100.0 + later_s
        if len(reports) == 3:
            stop.set()
        return None

    dispatcher: Any = SimpleNamespace(waiting=0)
    if ends:
        with pytest.raises(WorkerSilent, match="no sign of life for 90 s"):
            _watch(problem_now, dispatcher, [delivering], stop, room)
    else:
        _watch(problem_now, dispatcher, [delivering], stop, room)
    assert len(reports) == (1 if ends else 3)
    assert not delivering.is_alive(), "nothing is delivered any more"
