"""A scheduler of dask and workers in the process of a test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

from distributed import LocalCluster

from geo.visibility.many_sites import executor
from tests.patience import PATIENT_S

WITHOUT_PAGES: Final[dict[str, Any]] = {
    "dashboard_address": "127.0.0.1:0",
    "scheduler_kwargs": {"dashboard": False},
}
"""Options of dask's LocalCluster, which otherwise serves pages with bokeh; the tests need none."""


@contextmanager
def dask_workers(count: int) -> Iterator[str]:
    """Lend the address of a scheduler with so many workers, each of one thread; what is written is private.

    A client waits longer than 10 s for its answers, as it shares a busy process with the scheduler.
    """
    before = os.umask(0o077)  # as a worker sets it
    try:
        with (
            patch.object(executor, "CONNECT_S", PATIENT_S),
            LocalCluster(
                n_workers=count, threads_per_worker=1, processes=False, silence_logs=50, **WITHOUT_PAGES
            ) as cluster,
        ):
            yield cluster.scheduler_address
    finally:
        os.umask(before)
