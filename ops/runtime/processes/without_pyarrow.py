"""Keeps pandas from loading Arrow; imported first by the long-running processes.

pandas loads Arrow wherever it is installed, 25 MB per process, and these processes never read or write a table. This
applies only when they run as processes: a program that imports their modules keeps Arrow.
"""

from __future__ import annotations

import sys

PROCESSES = (
    "ops.services.fusion.process",
    "ops.room.simulate_night",
    "ops.runtime.processes.spare_process",  # which becomes one of these
    "ops.services.map.process",
    "ops.services.planner.worker",
)

_main = getattr(sys.modules["__main__"], "__spec__", None)
if _main is not None and _main.name in PROCESSES:
    sys.modules.setdefault("pyarrow", None)  # type: ignore[arg-type]  # None makes an import fail, as if not installed
