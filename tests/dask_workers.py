"""A scheduler of dask and workers in the process of a test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from distributed import LocalCluster

WITHOUT_PAGES: Final[dict[str, Any]] = {
    "dashboard_address": "127.0.0.1:0",
    "scheduler_kwargs": {"dashboard": False},
}
"""Options of dask's LocalCluster, which otherwise serves pages with bokeh; the tests need none."""


@contextmanager
def dask_workers(count: int) -> Iterator[str]:
    """Lend the address of a scheduler with so many workers, each of one thread; what is written is private."""
    before = os.umask(0o077)  # as a worker sets it
    try:
        with LocalCluster(
            n_workers=count, threads_per_worker=1, processes=False, silence_logs=50, **WITHOUT_PAGES
        ) as cluster:
            yield cluster.scheduler_address
    finally:
        os.umask(before)
