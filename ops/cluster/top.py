"""``watchline top``: where the sectors of a cluster run, what each of them uses, and how far each is behind."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from geo.errors import WatchlineError
from geo.message import Message
from ops.cluster.commands import taken
from ops.cluster.leases.lease_book import Lease, Leases
from ops.cluster.leases.open_leases import known_leases
from ops.cluster.supervisor.waiting import Wait, known_waits, told
from ops.room.room import RoomError
from ops.runtime.output import say, say_in_english, show
from ops.runtime.tables import show_table, table_of

_NUMBERS = ("cores", "rows", "behind", "lease")


class Top:
    """Measures the sectors of a cluster. One object per thread; LeaseError for leases that cannot be read."""

    def __init__(self, data: Path, book: Leases) -> None:
        self._data, self._book = data, book
        self._before: dict[str, tuple[tuple[tuple[int, str], ...], float, float]] = {}
        self.waiting: list[Message] = []
        """Of the last measurement, a message about each sector that waits for its next start."""

    def measure(self, now_s: float) -> dict[str, dict[str, Any]]:
        """Return the state of each sector; ``cores`` since the last call, None where its processes changed since."""
        waits = known_waits(self._data)
        self.waiting = [told(name, wait) for name, wait in waits.items()]
        return {lease.sector: self._one(lease, waits.get(lease.sector), now_s) for lease in self._book.leases()}

    def _one(self, lease: Lease, wait: Wait | None, now_s: float) -> dict[str, Any]:
        who, used_s = (
            tuple((one.pid, one.started) for one in lease.processes),
            sum(one.cpu_s for one in lease.processes),
        )
        before = self._before.get(lease.sector)
        self._before[lease.sector] = who, used_s, now_s
        cores = None
        if before is not None and before[0] == who != () and now_s > before[2]:
            cores = round((used_s - before[1]) / (now_s - before[2]), 2)
        since = None if lease.live_ns is None else datetime.fromtimestamp(lease.live_ns / 1e9, UTC)
        counts = taken(self._data / lease.sector)
        return {
            "worker": lease.holder or None,
            "machine": (lease.holder and lease.machine) or None,
            "live_since": None if since is None else f"{since:%Y-%m-%dT%H:%M:%SZ}",
            "cores": cores,
            "rows": counts["rows"],
            "behind": max(counts["rows"] - counts["fused"], 0),
            "lease": lease.token,
            "waits": None if wait is None else say_in_english(told(lease.sector, wait)),
        }


def cluster_top(data: Path, *, every_s: float, count: int | None, screen: Console) -> dict[str, Any]:
    """Show the sectors every ``every_s`` seconds, ``count`` times or until Ctrl-C; return the last state of each.

    Neither tracks nor alerts are read. Raises RoomError for a folder without leases.
    """
    book = known_leases(data)
    if book is None:
        raise RoomError(f"{data}: holds no leases; expected the folder of `watchline cluster run`.")
    with book:
        top = Top(data, book)
        found = top.measure(time.monotonic())
        with suppress(KeyboardInterrupt):
            if screen.is_terminal and count is None:
                found = _live(top, found, every_s, screen)
            else:
                for _ in range(count or 1):
                    time.sleep(every_s)
                    found = top.measure(time.monotonic())
                    show_table(screen, _table(found))
                    for message in top.waiting:
                        show(screen, message)
    used = [one["cores"] for one in found.values() if one["cores"] is not None]
    return {"cores": round(sum(used), 2), "measured": len(used), "sectors": found}


def _live(top: Top, found: dict[str, dict[str, Any]], every_s: float, screen: Console) -> dict[str, dict[str, Any]]:
    """Show the table in place until Ctrl-C; leases that cannot be read for a time leave the last one."""
    with Live(_shown(top, found), console=screen, auto_refresh=False) as display, suppress(KeyboardInterrupt):
        while True:
            time.sleep(every_s)
            try:
                found = top.measure(time.monotonic())
            except WatchlineError as error:
                show(display.console, "cluster-holder-stays", reason=str(error))
                continue
            display.update(_shown(top, found), refresh=True)
    return found


def _shown(top: Top, found: dict[str, dict[str, Any]]) -> Group:
    return Group(_table(found), *(Text(say(message)) for message in top.waiting))


def _table(found: dict[str, dict[str, Any]]) -> Table:
    """A row per sector, those that use most first."""
    table = table_of("sector", *_NUMBERS, "live_since", "worker", "machine", right=_NUMBERS)
    for name, one in sorted(found.items(), key=lambda item: (-(item[1]["cores"] or 0.0), item[0])):
        cores = "–" if one["cores"] is None else f"{one['cores']:.2f}"
        numbers = [cores, *(str(one[key]) for key in _NUMBERS[1:])]
        table.add_row(name, *numbers, *(one[key] or "–" for key in ("live_since", "worker", "machine")))
    return table
