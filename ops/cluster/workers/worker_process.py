"""Set-up of a worker process, which dask calls before its first task.

Ctrl-C in a terminal reaches the whole process group, and would end the workers before their sectors have stored what
they received; they leave the group. Their files are private to their user. They keep spare processes for the parts
of the next sector that they are given. The scheduler hears of them also while the machine's clock goes back.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import Any, Final

from ops.runtime.processes.spare_process import SpareProcesses

PARTS: Final = {
    "ops.services.fusion.process": (
        "fusion.warm_up", "geo.border.edge_tree", "geo.paths.kernel", "fusion.situation.correlate",
        "fusion.situation.forecast",
    ),
    "ops.services.feeds.process": (),
    "ops.services.ingest.process": (),
}  # fmt: skip
"""The parts of a sector, what takes longest first, and the kernels that each loads at its start."""
HEARD_EVERY_S: Final = 1.0
_SPARES: list[SpareProcesses] = []
_HEARD: list[asyncio.Task[None]] = []
"""Kept: the loop itself keeps no task."""


async def dask_setup(worker: Any) -> None:
    """Leave the group of the supervisor, write private files, keep spare processes until the end, and stay heard."""
    with suppress(PermissionError):  # it already leads a session of its own
        os.setsid()
    os.umask(0o077)
    keep_spares()
    _HEARD.append(asyncio.create_task(stay_heard(worker)))


async def stay_heard(worker: Any) -> None:
    """Send the scheduler a heartbeat of a worker each second, until that is closed.

    dask does so itself, with a timer that a clock set back by an hour stops for an hour.
    """
    from distributed.core import Status

    while worker.status not in (Status.closing, Status.closed, Status.failed):
        await asyncio.sleep(HEARD_EVERY_S)
        if worker.periodic_callbacks["heartbeat"].is_running():  # not before the scheduler knows it
            await worker.heartbeat()


def nanny_without_pages() -> Any:
    """Return dask's class for the processes of workers, whose workers serve no pages also where bokeh is installed."""
    from distributed import Nanny

    class NannyWithoutPages(Nanny):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.worker_kwargs["dashboard"] = False  # ``LocalCluster`` sets it wherever the port has an address

    return NannyWithoutPages


def keep_spares() -> None:
    """Keep spare processes for the parts of a sector; they end with this process."""
    if not _SPARES:
        _SPARES.append(SpareProcesses(PARTS))


def end_spares() -> None:
    """Keep none any more."""
    while _SPARES:
        _SPARES.pop().close()


def spares() -> SpareProcesses | None:
    """Return the spare processes of this worker; None for one that keeps none."""
    return _SPARES[0] if _SPARES else None
