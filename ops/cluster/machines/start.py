"""Start of a worker on a machine that joins a cluster, which needs the packages of PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from ops.postgres.address import missing_packages


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


def start_worker(options: WorkerOptions, *, screen: Console) -> dict[str, Any]:
    """Run ``ops.cluster.machines.worker``. Raises BadInput for a machine that may not join."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise missing_packages() from None
    from ops.cluster.machines.worker import run_worker

    return run_worker(options, screen=screen)


def scheduler_address(host: str, port: int) -> str:
    """Return an address as dask writes it."""
    return f"tls://[{host}]:{port}" if ":" in host else f"tls://{host}:{port}"
