"""Set-up of a worker process, which dask calls before its first task.

Ctrl-C in a terminal reaches the whole process group, and would end the workers before their sectors have stored what
they received; they leave the group. Their files are private to their user. They keep spare processes for the parts
of the next sector that they are given.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from ops.runtime.spare_process import SpareProcesses

PARTS: Final = {
    "ops.services.fusion.process": (
        "fusion.warm_up", "geo.border.edge_tree", "geo.paths.kernel", "fusion.situation.correlate",
        "fusion.situation.forecast",
    ),
    "ops.services.feeds.process": (),
    "ops.services.ingest.process": (),
}  # fmt: skip
"""The parts of a sector, what takes longest first, and the kernels that each loads at its start."""
_SPARES: list[SpareProcesses] = []


def dask_setup(_worker: object) -> None:
    """Leave the group of the supervisor, write private files, and keep spare processes until this one ends."""
    with suppress(PermissionError):  # it already leads a session of its own
        os.setsid()
    os.umask(0o077)
    keep_spares()


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
