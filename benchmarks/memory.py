"""Memory of a whole demonstration, by process, from its first second to its last.

Starts ``watchline demo`` and samples it and all its descendants several times per second. A page shared by n processes
counts 1/n in each (PSS), so the sum is the memory actually used. Figures in megabytes of 10^6 bytes.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from machine import report, table

AIM_MB = 600.0


@dataclass(frozen=True, slots=True)
class Look:
    """PSS [MB] of each process ``at_s`` seconds after the start."""

    at_s: float
    pss_mb: dict[str, float]

    @property
    def total_mb(self) -> float:
        return sum(self.pss_mb.values())


def name_of(process: psutil.Process) -> str:
    """Return the module that a process runs, ``demo`` for the parent."""
    words = process.cmdline()
    name = words[words.index("-m") + 1].removeprefix("ops.")
    return "demo" if name == "cli" else name


def look(parent: psutil.Process, began_s: float) -> Look:
    """Return the PSS of the parent and all its descendants; a process that ends during the sample is skipped."""
    pss_mb: dict[str, float] = {}
    for process in [parent, *parent.children(recursive=True)]:
        try:
            name, memory = name_of(process), process.memory_full_info()
        except (psutil.Error, ValueError, IndexError):
            continue
        if memory.rss:
            pss_mb[name] = pss_mb.get(name, 0.0) + memory.pss / 1e6
    return Look(time.monotonic() - began_s, pss_mb)


def look_at_the_map(log: Path) -> None:
    """Request the sector's layers every second, as an open page does, while the server answers."""
    address = None
    while address is None:
        time.sleep(0.5)
        address = re.search(r"http://127\.0\.0\.1:\d+/", log.read_text())
    with suppress(OSError):
        while True:
            urllib.request.urlopen(f"{address[0]}api/layers", timeout=60).read()
            time.sleep(1.0)


def watch_demo(
    duration_s: float, every_s: float, folder: Path, *, with_map: bool
) -> tuple[list[Look], dict[str, object]]:
    """Sample a demonstration until it has ended; also return the object that it printed."""
    command = [sys.executable, "-m", "ops.cli", "demo", f"--duration={duration_s}", "--headless", "--json"]
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen([*command, f"--out={folder / 'out'}"], stdout=subprocess.PIPE, stderr=log)
        if with_map:
            threading.Thread(target=look_at_the_map, args=(folder / "demo.log",), daemon=True).start()
        parent, began_s, looks = psutil.Process(process.pid), time.monotonic(), []
        while process.poll() is None:
            looks.append(look(parent, began_s))
            time.sleep(every_s)
        assert process.stdout is not None
        lines = process.stdout.read().decode().splitlines()
    if process.returncode or not lines:
        raise SystemExit(f"the demonstration failed: {(folder / 'demo.log').read_text()[-500:]}")
    return [sample for sample in looks if sample.pss_mb], json.loads(lines[-1])


def show(looks: list[Look], rows: int) -> None:
    """Show processes as columns, time as rows."""
    names = sorted({name for sample in looks for name in sample.pss_mb})
    peak = max(looks, key=lambda sample: sample.total_mb)
    chosen = sorted({*(round(i * (len(looks) - 1) / (rows - 1)) for i in range(rows)), looks.index(peak)})
    head = ["seconds", *names, "all", ""]
    table(
        head,
        [
            [
                f"{looks[i].at_s:.1f}",
                *(None if (mb := looks[i].pss_mb.get(name)) is None else round(mb) for name in names),
                round(looks[i].total_mb),
                "peak" if looks[i] is peak else "",
            ]
            for i in chosen
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration", type=float, default=30.0, help="seconds of demonstration (default 30)")
    parser.add_argument("--every", type=float, default=0.2, help="seconds between looks (default 0.2)")
    parser.add_argument("--with-map", action="store_true", help="as if somebody had the live map open")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="watchline-bench-") as folder:
        looks, printed = watch_demo(options.duration, options.every, Path(folder), with_map=options.with_map)
    show(looks, rows=12)
    peak = max(looks, key=lambda sample: sample.total_mb)
    steady = sorted(
        sample.total_mb
        for sample in looks
        if "room.simulator" in sample.pss_mb and "room.simulate_night" not in sample.pss_mb
    )
    report(
        "memory",
        {
            "with_map": options.with_map,
            "peak_mb": round(peak.total_mb, 1),
            "peak_at_s": round(peak.at_s, 1),
            "peak_by_process_mb": {name: round(mb, 1) for name, mb in sorted(peak.pss_mb.items())},
            "while_running_median_mb": round(steady[len(steady) // 2], 1) if steady else None,
            "aim_mb": AIM_MB,
            "first_alert_s": printed["first_alert_s"],
            "demo_says_peak_mb": printed["peak_rss_mb"],
        },
    )


if __name__ == "__main__":
    main()
