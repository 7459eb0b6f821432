"""A nation of 3,000 km from end to end: 60 sectors and 2,000 sensors through the commands, and what each part takes.

In this order: the generated nation (``generated_nation.py``), coverage, challenge, plan and compare of the first
``--planned`` sectors, the scorecard, and an hour of made-up detections in journals, archived and tracked. Every
command runs with ``--scheduler processes``. CPU time and memory are those of all its processes together; the peak is
the largest sum of a look every half second. The folder is kept: a second run resumes where the first ended.

A table to stderr, one JSON line to stdout: ``python benchmarks/nation.py DIR [--sectors N] [--sensors N] [--hour S]``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(ROOT), *(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]

import psutil  # noqa: E402 - this folder has a file named ingest
from generated_nation import GeneratedNation, write_nation  # noqa: E402
from machine import report, table  # noqa: E402

LOOK_S = 0.5
WATCHLINE = [sys.executable, "-P", "-m", "ops.cli"]


def main() -> None:
    """Measure, and print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sectors", type=int, default=60)
    parser.add_argument("--sensors", type=int, default=2_000)
    parser.add_argument("--cell", type=float, default=90.0, metavar="M")
    parser.add_argument("--belt", type=float, default=5_000.0, metavar="M")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--planned", type=int, default=1, help="sectors for plan and compare (default 1)")
    parser.add_argument("--hour", type=float, default=3_600.0, metavar="S", help="seconds of detections")
    parser.add_argument("--parts", default="ground,coverage,challenge,plan,compare,score,journal,archive,track")
    parser.add_argument("--scaling", action="store_true", help="coverage of the first sectors on 1 and 2 workers")
    options = parser.parse_args()
    if options.scaling:
        report("nation_scaling", _scaling(options))
        return
    figures: dict[str, Any] = {}
    for name in options.parts.split(","):
        figures[name] = _part(name, options)
        print(json.dumps({name: figures[name]}), file=sys.stderr, flush=True)
    columns = ("cpu_s", "wall_s", "peak_mb", "load")
    table(["part", *columns], [(name, *(one[key] for key in columns)) for name, one in figures.items()])
    report("nation", {"sectors": options.sectors, "sensors": options.sensors, "cell_m": options.cell, **figures})


def _part(name: str, options: argparse.Namespace) -> dict[str, Any]:
    nation, out = options.folder / "nation.toml", options.folder
    if name == "ground":
        began, before = time.monotonic(), time.process_time()
        write_nation(GeneratedNation(options.sectors, options.sensors, options.cell, options.belt), out)
        taken = {"cpu_s": time.process_time() - before, "wall_s": time.monotonic() - began}
        return taken | {"peak_mb": psutil.Process().memory_info().rss / 1e6, "load": os.getloadavg()[0]}
    if name == "journal":
        return _measured([sys.executable, str(HERE / "nation_journals.py"), str(out), "--duration", str(options.hour)])
    few = _first(out, options.planned) if name in ("plan", "compare") else nation
    placed = ["--scheduler", "processes", "--workers", str(options.workers)]
    commands: dict[str, list[Any]] = {
        "coverage": ["coverage", nation, "--out", out / "coverage", *placed],
        "challenge": ["challenge", nation, "--out", out / "challenge", *placed],
        "plan": ["plan", few, "--budget", 1_000_000, "--start", "full", "--out", out / "plan", *placed],
        "compare": ["compare", few, "full", "lean", "--out", out / "compare", *placed],
        "score": ["score", nation, "--out", out / "score", *placed],
        "archive": ["archive", "detections", nation, out / "data", "--out", out / "archive", *placed],
        "track": ["archive", "track", nation, out / "archive", "--out", out / "tracks", *placed],
    }
    return _measured([*WATCHLINE, *map(str, commands[name])])


def _scaling(options: argparse.Namespace) -> dict[str, Any]:
    """Coverage of ``--planned`` sectors on one and two workers (strong), and of half of them on one (weak)."""
    found = {}
    for name, sectors, workers in (
        ("one", options.planned, 1),
        ("two", options.planned, 2),
        ("half", options.planned // 2, 1),
    ):
        out = options.folder / f"scaling-{name}"
        shutil.rmtree(out, ignore_errors=True)
        placed = ["--out", str(out), "--scheduler", "processes", "--workers", str(workers)]
        found[name] = _measured([*WATCHLINE, "coverage", str(_first(options.folder, sectors)), *placed])
    one, two, half = (found[name]["wall_s"] for name in ("one", "two", "half"))
    return {**found, "strong_efficiency": one / two / 2, "weak_efficiency": half / two}


def _first(folder: Path, count: int) -> Path:
    """Write a nation file of the first sectors."""
    file = folder / "first.toml"
    named = ", ".join(f'"sector-{i:02d}"' for i in range(count))
    file.write_text(f'name = "first"\nsectors = [{named}]\n')
    return file


def _measured(command: list[str]) -> dict[str, Any]:
    """Run a command; return the CPU time and peak memory of it and all processes below it, time, and load."""
    began = time.monotonic()
    used: dict[int, float] = {}
    peak, loads = 0.0, []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        parent = psutil.Process(process.pid)
        while process.poll() is None:
            total = 0.0
            try:
                family = [parent, *parent.children(recursive=True)]
            except psutil.NoSuchProcess:
                break
            for one in family:
                try:
                    spent, total = one.cpu_times(), total + one.memory_info().rss / 1e6
                    used[one.pid] = spent.user + spent.system
                except psutil.NoSuchProcess:
                    continue
            peak = max(peak, total)
            loads.append(os.getloadavg()[0])
            time.sleep(LOOK_S)
    figures: dict[str, Any] = {"cpu_s": sum(used.values()), "wall_s": time.monotonic() - began, "peak_mb": peak}
    return figures | {"load": sum(loads) / max(len(loads), 1), "exit": process.returncode}


if __name__ == "__main__":
    main()
