"""The machine of a measurement, and the output format of every benchmark: a table for people, a line for machines.

A module for the benchmarks; ``python benchmarks/machine.py`` only describes the machine. Each script imports it before
any Watchline package, so that ``ingest`` is the package and not the script beside it.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != HERE] + [str(HERE)]


def describe() -> dict[str, Any]:
    """Return cores, processor, memory, kernel, Python, and the load of the preceding minute, which shows other work."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "virtual": "hypervisor" in _cpuinfo(),
        "python": platform.python_version(),
        "load_1min": round(os.getloadavg()[0], 2),
        "date": datetime.now(UTC).date().isoformat(),
    }


def report(benchmark: str, figures: Mapping[str, Any]) -> None:
    """Print the one line on stdout: the benchmark's name, the machine, the figures."""
    line = {"benchmark": benchmark, "machine": describe(), **figures}
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on stderr: the first column left-aligned, numbers right-aligned."""
    cells = [list(head)] + [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        fitted = [
            text.ljust(w) if i == 0 else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(fitted).rstrip(), file=sys.stderr)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""


def _processor() -> str:
    names = [line.partition(":")[2].strip() for line in _cpuinfo().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    report("machine", {})
