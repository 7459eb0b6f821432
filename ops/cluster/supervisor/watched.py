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
"""A sector that was live for so long before it lost its worker is not what ended it at once."""
SUSPECT_LOSSES: Final = 2
"""Early losses in a row from which a sector may be what ends its workers: it waits, and starts apart from others."""
CAUSED: Final = 0.5
"""A sector that ends its workers is taken to cause at least so many of the losses; the others hit any worker."""
UNLIKELY: Final = 1e-3
"""A sector may also be what ends its workers if a row of losses like its own is so improbable by chance."""
CLEARED: Final = 4.0
"""A sector is no longer suspected once it is live so many times longer than it ever was before such a loss."""


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
    """Workers that it lost, until it is no longer suspected (``clear``)."""
    early: int = 0
    """How many of these in a row: the first, and those since then before it had been live for ``STEADY_S``."""
    chance: float = 1.0
    """How improbable it is that it shares so many of the lost workers by chance: the inverse of a likelihood ratio."""
    longest_s: float = 0.0
    """How long it was live at most before one of these losses."""
    pauses: int = 0
    """How often in a row it was blamed, and waited."""
    live_at_s: float | None = None
    """Time since which it is, or was, live under its last lease."""
    lived_s: float = 0.0
    """How long it was live when it lost its worker."""
    given_s: float = 0.0
    """Time when it was given to a worker."""
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


def is_suspect(sector: Watched) -> bool:
    """Whether a sector may be what ends its workers."""
    return sector.early >= SUSPECT_LOSSES or sector.chance <= UNLIKELY


def clear(sector: Watched, now_s: float) -> None:
    """Suspect a sector that is live no longer, or less, if it has been so for long enough."""
    live_s = 0.0 if sector.live_at_s is None else now_s - sector.live_at_s
    if live_s >= STEADY_S:
        sector.early = 0
    if live_s >= max(STEADY_S, CLEARED * sector.longest_s):
        sector.losses, sector.chance, sector.longest_s = 0, 1.0, 0.0
    if not is_suspect(sector):
        sector.pauses = 0


def pause(sector: Watched, count: int, now_s: float) -> float:
    """Let a sector wait before it starts for the ``count``-th time in a row; return for how long."""
    pause_s = min(FIRST_PAUSE_S * 2.0 ** (count - 1), LONGEST_PAUSE_S)
    sector.due_s, sector.due_ns = now_s + pause_s, time.time_ns() + round(pause_s * 1e9)
    return pause_s


def worker_of(sector: Watched, lease: Lease | None) -> str | None:
    """Return the worker that claimed a sector since it was given, else the one that was meant."""
    return lease.holder if lease is not None and lease.holder and lease.token > sector.newest else sector.meant


def blamed(together: Sequence[Watched], spared: Sequence[Watched] = (), workers: int = 1) -> list[Watched]:
    """Count the loss of a worker for the sectors that it had; return those that may have ended it.

    Where one of them shares more of the losses than chance explains (the cumulative sum of Page, 1954), it is this one
    alone: of several, the most improbable. Where none does, it is those that had not been live for long, and of these
    the ones with most such losses in a row.

    Parameters
    ----------
    together : sequence of Watched
        The sectors of the lost worker.
    spared : sequence of Watched
        The sectors of other workers.
    workers : int
        Number of workers with sectors, with the lost one.
    """
    for sector in spared:
        sector.chance = min(sector.chance / (1.0 - CAUSED), 1.0)
        if not sector.early and sector.chance == 1.0:
            sector.losses, sector.longest_s = 0, 0.0
        if not is_suspect(sector):
            sector.pauses = 0
    for sector in together:
        sector.losses, sector.longest_s = sector.losses + 1, max(sector.longest_s, sector.lived_s)
    hit = 1.0 / (1.0 + CAUSED * (workers - 1))
    most = min(together, key=lambda one: (one.chance, one.task.name))
    if most.chance * hit <= UNLIKELY:
        most.chance *= hit
        return [most]
    for sector in together:
        sector.chance *= hit
        if sector.lived_s >= STEADY_S:
            sector.early = 0
    recent = [sector for sector in together if sector.lived_s < STEADY_S] or together
    longest = max(sector.early for sector in recent)
    found = sorted((one for one in recent if one.early == longest), key=lambda one: one.task.name)
    if longest >= SUSPECT_LOSSES:  # they started apart as far as there are workers: one of them waits, which parts them
        found = found[:1]
    for sector in found:
        sector.early += 1
    return found
