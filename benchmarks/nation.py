"""A nation of 3,000 km from end to end: 60 sectors and 2,000 sensors through the commands, and what each part takes.

In this order: the generated nation (``generated_nation.py``), coverage, challenge, plan and compare of the first
``--planned`` sectors, the scorecard, and an hour of made-up detections in journals, archived and tracked. Every
command runs with ``--scheduler processes``. CPU time and memory are those of all its processes together; the peak is
the largest sum of a look every half second, beside the largest of one process. The folder is kept: a second run
resumes where the first ended.

``--scaling`` instead: coverage, ``archive detections`` and ``archive track`` of the first ``--planned`` sectors, as far
as they are in ``--parts``: serial (``--scheduler threads``), on one worker and on two (strong scaling), and half of
them on one (weak). The efficiency of two workers is stated by the clock, and by CPU time, which other work on the
machine changes less.

Tables to stderr, one JSON line to stdout: ``python benchmarks/nation.py DIR [--sectors N] [--sensors N] [--hour S]
[--scaling]``.
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
    parser.add_argument("--scaling", action="store_true", help="the first sectors on 1 and 2 workers")
    options = parser.parse_args()
    if options.scaling:
        report("nation_scaling", scaling(options.folder, options))
        return
    figures: dict[str, Any] = {}
    for name in options.parts.split(","):
        figures[name] = _part(name, options)
        print(json.dumps({name: figures[name]}), file=sys.stderr, flush=True)
    columns = ("cpu_s", "wall_s", "peak_mb", "largest_mb", "load")
    table(["part", *columns], [(name, *(one[key] for key in columns)) for name, one in figures.items()])
    report("nation", {"sectors": options.sectors, "sensors": options.sensors, "cell_m": options.cell, **figures})


def _part(name: str, options: argparse.Namespace) -> dict[str, Any]:
    nation, out = options.folder / "nation.toml", options.folder
    if name == "ground":
        began, before = time.monotonic(), time.process_time()
        write_nation(GeneratedNation(options.sectors, options.sensors, options.cell, options.belt), out)
        taken = {"cpu_s": time.process_time() - before, "wall_s": time.monotonic() - began}
        own_mb = psutil.Process().memory_info().rss / 1e6
        return taken | {"peak_mb": own_mb, "largest_mb": own_mb, "load": os.getloadavg()[0]}
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


SCALED = ("coverage", "archive", "track")
RUNS = {
    "serial": ("threads", 1, 1),
    "one": ("processes", 1, 1),
    "two": ("processes", 2, 1),
    "half": ("processes", 1, 2),
}
"""Scheduler, workers, and the part of the sectors that is computed, as its denominator."""


def scaling(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Measure strong and weak scaling; print a table and return the figures.

    The nation and its journals are written if the folder has none.
    """
    if not (folder / "nation.toml").exists():
        write_nation(GeneratedNation(options.sectors, options.sensors, options.cell, options.belt), folder)
    journals = [sys.executable, str(HERE / "nation_journals.py"), str(folder), "--duration", str(options.hour)]
    _succeeded("journal", _measured(journals))
    found: dict[str, Any] = {"sectors": options.planned, "seconds": options.hour, "cell_m": options.cell}
    scaled = [name for name in SCALED if name in options.parts.split(",")]
    for name in scaled:
        found[name] = {run: _scaled(folder, name, run, options.planned) for run in RUNS}
        for kind in ("wall", "cpu"):
            one, two, half = (found[name][run][f"{kind}_s"] for run in ("one", "two", "half"))
            # CPU time of two workers together is that of one if nothing is lost; the clock's is half of it
            strong, weak = (one / two / 2, half / two) if kind == "wall" else (one / two, 2 * half / two)
            found[name] |= {f"strong_efficiency_{kind}": strong, f"weak_efficiency_{kind}": weak}
    columns = ("cpu_s", "wall_s", "peak_mb", "largest_mb", "load")
    table(
        ["part, workers", *columns],
        [(f"{name}, {run}", *(found[name][run][key] for key in columns)) for name in scaled for run in RUNS],
    )
    efficiencies = [f"{size}_efficiency_{kind}" for size in ("strong", "weak") for kind in ("wall", "cpu")]
    table(["part", *efficiencies], [(name, *(found[name][key] for key in efficiencies)) for name in scaled])
    return found


def _scaled(folder: Path, name: str, run: str, sectors: int) -> dict[str, Any]:
    """Measure a command on the first sectors, as the run states; ``track`` tracks what ``archive`` left."""
    scheduler, workers, part = RUNS[run]
    few, out = _first(folder, sectors // part), folder / f"scaling-{name}-{run}"
    shutil.rmtree(out, ignore_errors=True)
    commands: dict[str, list[Any]] = {
        "coverage": ["coverage", few],
        "archive": ["archive", "detections", few, folder / "data"],
        "track": ["archive", "track", few, folder / f"scaling-archive-{run}"],
    }
    placed = ["--out", out, "--scheduler", scheduler, "--workers", workers]
    return _succeeded(f"{name}, {run}", _measured([*WATCHLINE, *map(str, [*commands[name], *placed])]))


def _succeeded(name: str, figures: dict[str, Any]) -> dict[str, Any]:
    if figures["exit"] != 0:
        raise SystemExit(f"{name}: exit code {figures['exit']}; expected 0.")
    return figures


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
    peak, largest, loads = 0.0, 0.0, []
    own_code = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=own_code, stdout=subprocess.DEVNULL) as process:
        parent = psutil.Process(process.pid)
        while process.poll() is None:
            total = 0.0
            try:
                family = [parent, *parent.children(recursive=True)]
            except psutil.NoSuchProcess:
                break
            for one in family:
                try:
                    spent, own_mb = one.cpu_times(), one.memory_info().rss / 1e6
                    total, largest = total + own_mb, max(largest, own_mb)
                    used[one.pid] = spent.user + spent.system
                except psutil.NoSuchProcess:
                    continue
            peak = max(peak, total)
            loads.append(os.getloadavg()[0])
            time.sleep(LOOK_S)
    figures: dict[str, Any] = {"cpu_s": sum(used.values()), "wall_s": time.monotonic() - began}
    figures |= {"peak_mb": peak, "largest_mb": largest}
    return figures | {"load": sum(loads) / max(len(loads), 1), "exit": process.returncode}


if __name__ == "__main__":
    main()
