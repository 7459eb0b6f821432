"""Start of a worker on a machine that joins a cluster, which needs the packages of PostgreSQL."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from ops.cluster.machines.options import WorkerOptions
from ops.postgres.address import missing_packages


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
