"""The options of a worker on a machine that joins a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """Arguments of ``cluster worker``: the nation file, the data folder, the scheduler's address, the store, the
    address of this machine (None: the one by which it reaches the scheduler), its copies of settings and keys, and the
    time to run (None: until it is asked to leave)."""

    nation: Path
    data: Path
    scheduler: str
    store: str = field(repr=False)
    host: str | None = None
    settings: Path | None = None
    identity: Path | None = None
    duration_s: float | None = None
