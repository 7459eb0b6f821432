"""Imported first by the processes that run beside each other all night: they do without Arrow.

pandas loads it wherever it is installed, 25 MB a process, and these never read or write a table. Only when they are
run as processes: a program that imports their modules keeps Arrow.
"""

from __future__ import annotations

import sys

PROCESSES = (
    "ops.services.fusion.process",
    "ops.room.simulate_night",
    "ops.services.map.process",
    "ops.services.planner.worker",
)

_main = getattr(sys.modules["__main__"], "__spec__", None)
if _main is not None and _main.name in PROCESSES:
    sys.modules.setdefault("pyarrow", None)  # type: ignore[arg-type]  # None makes an import fail, as if not installed
