"""A sector as the supervisor of a cluster sees it, and how long it waits before it is given to a worker again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ops.cluster.leases.lease_book import Lease
from ops.cluster.workers.task import SectorTask

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
"""Pauses before a sector that could not be run, or that lost its worker again and again, is started again."""
STEADY_S: Final = 30.0
"""A sector that was live for so long before it lost its worker is not the one that ended it."""
SUSPECT_LOSSES: Final = 2
"""Losses in a row from which a sector may be what ends its workers: it waits, and starts apart from other sectors."""


@dataclass(slots=True)
class Watched:
    """A sector as the supervisor sees it."""

    task: SectorTask
    before: int = 0
    """Number of a lease whose holder is no longer watched: from before this cluster, or lost."""
    future: Any = None
    """Of dask, for its task; None before it is submitted."""
    meant: str | None = None
    """The worker that it was given to, until its lease says where it is."""
    newest: int = 0
    """Number of its lease when it was given."""
    submitted: int = 0
    failures: int = 0
    reason: str = ""
    """Of the last failure."""
    losses: int = 0
    """How often in a row it lost its worker without having been live for ``STEADY_S``."""
    live_at_s: float | None = None
    """Time since which it is, or was, live under its last lease."""
    steady: bool = False
    """Whether it was live for ``STEADY_S`` when it lost its worker."""
    due_s: float = 0.0
    due_ns: int = 0
    """The same, UTC."""
    seen: tuple[int, int] = (0, 0)
    silent_s: float = 0.0
    live: bool = False
    lost_s: float | None = None
    """Time since which it is not live, until it is live again."""
    moving: bool = False
    """Whether it was given back in order, to start on another worker."""
    avoid: str | None = None
    """The worker that could not run it: another one is given it, if there is one."""


@dataclass(slots=True)
class Adopted:
    """In the place of a future: a holder without one, which continues under its lease.

    It is of a cluster before, on another machine, or claimed the sector after it had been given to another worker.
    """

    ended: bool = False
    status: str = "finished"

    def done(self) -> bool:
        return self.ended

    def result(self, timeout: float) -> str:
        del timeout
        return "lost"

    def release(self) -> None:
        self.ended = True


def is_steady(sector: Watched, now_s: float) -> bool:
    """Whether a sector that is live has been so for ``STEADY_S``."""
    return sector.live_at_s is not None and now_s - sector.live_at_s >= STEADY_S


def is_suspect(sector: Watched) -> bool:
    """Whether a sector may be what ends its workers, until it has been live for ``STEADY_S``."""
    return sector.losses >= SUSPECT_LOSSES


def pause(sector: Watched, count: int, now_s: float) -> float:
    """Let a sector wait before it starts for the ``count``-th time in a row; return for how long."""
    pause_s = min(FIRST_PAUSE_S * 2.0 ** (count - 1), LONGEST_PAUSE_S)
    sector.due_s, sector.due_ns = now_s + pause_s, time.time_ns() + round(pause_s * 1e9)
    return pause_s


def worker_of(sector: Watched, lease: Lease | None) -> str | None:
    """Return the worker that claimed a sector since it was given, else the one that was meant."""
    return lease.holder if lease is not None and lease.holder and lease.token > sector.newest else sector.meant


def blamed(together: Sequence[Watched]) -> list[Watched]:
    """Count the losses of the sectors that may have ended the worker that they shared; return them.

    They are those that had not been live for long, and of these the ones that lost most workers before.
    """
    for sector in together:
        if sector.steady:
            sector.losses = 0
    recent = [sector for sector in together if not sector.steady] or together
    most = max(sector.losses for sector in recent)
    found = [sector for sector in recent if sector.losses == most]
    for sector in found:
        sector.losses += 1
    return found
