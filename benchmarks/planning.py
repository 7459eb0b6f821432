"""Planning: 20 of 1,000 sites over 20,000 cells, optimality gap and speed, beside HiGHS and spopt.

Discs on a grid (as in the peers' figures), the same with a fifth of their cells missing, and real viewsheds over the
belt of the sample sector. Each is planned in ``SECONDS`` of CPU time, beside greedy alone and HiGHS on the whole model
for as long (its limit is wall time, so it is extended by the time that Watchline lost to other load on the machine).
spopt (in a Python that has it) builds its MCLP of the discs; its solver is not run. Then a comparison of two layouts
with 1,000 samples, and the cost of editing one sensor. CPU seconds beside wall seconds.
A table to stderr, one JSON line to stdout: ``python benchmarks/planning.py [--without-spopt] [--without-compare]``
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import machine
import numpy as np

from geo.arrays import Bools

SITES, CELLS, CHOSEN, SECONDS = 1000, 20_000, 20, 10.0
WITHIN = 0.005


def discs(*, missing: float) -> Bools:
    """Return discs of 4 to 12 cells at random positions of a 200 × 100 grid, (site, cell)."""
    random = np.random.default_rng(5)
    grid = np.stack(np.meshgrid(np.arange(200), np.arange(CELLS // 200)), axis=-1).reshape(-1, 2)
    centres, reach = random.uniform(0, (200, CELLS // 200), (SITES, 2)), random.uniform(4, 12, SITES)
    sets = np.array([np.hypot(*(grid - c).T) < r for c, r in zip(centres, reach, strict=True)])
    return sets & (random.random(sets.shape) >= missing)


def viewsheds(range_m: float) -> Bools:
    """Return what 1,000 positions in the belt of the sample sector see of it from 10 m, (site, cell)."""
    from geo.border.belt import belt_of
    from geo.visibility import footprints
    from ops.sector.open_sector import open_sector
    from ops.sector.sector_file import load_sector

    ground = open_sector(load_sector("cumberland"))
    belt = belt_of(ground.border, ground.terrain, belt_m=ground.sector.belt_m)
    mask = np.zeros(ground.terrain["elevation"].shape, bool)
    mask[belt.rows, belt.columns] = belt.inside
    rows, columns = np.nonzero(mask)
    picked = np.random.default_rng(0).choice(len(rows), SITES, replace=False)
    east = ground.terrain["easting"].to_numpy()[columns[picked]]
    north = ground.terrain["northing"].to_numpy()[rows[picked]]
    seen = footprints(ground.terrain, (east, north), cells=mask, observer_height_m=10.0, max_range_m=range_m)
    return np.array([seen.set_of(n) for n in range(SITES)])


def measured(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return a call's result, its wall seconds and its CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = call()
    return answer, time.perf_counter() - wall, time.process_time() - cpu


def problem(name: str, sets: Bools) -> dict[str, Any]:
    """Solve with Watchline, with greedy alone, and with HiGHS on the whole model."""
    from sensors.planning.solver.constraints import Constraints
    from sensors.planning.solver.coverage_objective import Cover
    from sensors.planning.solver.local_search import greedy
    from sensors.planning.solver.mixed_integer import Mixed
    from sensors.planning.solver.solve import SolverBudget, best_cover, gap_of

    cells = sets.shape[1]
    limits = Constraints.of(np.ones(len(sets)), float(CHOSEN))
    cover = Cover.of(sets.astype(float))
    best_cover(
        Cover.of(sets[:50, :500].astype(float)), Constraints.of(np.ones(50), 3.0), effort=SolverBudget(seconds=0.5)
    )
    first, greedy_wall, _ = measured(lambda: greedy(cover, limits, per_cost=False))
    effort = SolverBudget(seconds=SECONDS, gap=WITHIN, clock=time.process_time)
    plan, wall, cpu = measured(lambda: best_cover(cover, limits, effort=effort))
    model, build_wall, build_cpu = measured(lambda: Mixed(limits, cover=cover))
    direct, direct_wall, direct_cpu = measured(lambda: model.solve(seconds=SECONDS * max(wall / cpu, 1.0)))
    value = cover.covered(direct.chosen) if len(direct.chosen) else 0.0
    limit = min(direct.limit, 1.0)
    return {
        "instance": name,
        "cells": cells,
        "greedy": round(cover.covered(first) * cells),
        "greedy_s": greedy_wall,
        "ours": round(plan.value * cells),
        "bound": plan.limit * cells,
        "gap": plan.gap,
        "wall_s": wall,
        "cpu_s": cpu,
        "highs": round(value * cells),
        "highs_gap": gap_of(value, limit),
        "highs_wall_s": direct_wall,
        "highs_cpu_s": direct_cpu,
        "build_s": build_wall,
        "build_cpu_s": build_cpu,
    }


def by_spopt(path: str) -> dict[str, Any]:
    """Run in a Python with spopt: the time to build its maximal coverage model."""
    from spopt.locate import MCLP

    sets = np.load(path)
    wall, cpu = time.perf_counter(), time.process_time()
    MCLP.from_cost_matrix(np.where(sets.T, 0.0, 1.0), np.ones(sets.shape[1]), 0.5, p_facilities=CHOSEN)
    return {"build_s": time.perf_counter() - wall, "build_cpu_s": time.process_time() - cpu}


def beside_spopt(sets: Bools) -> dict[str, Any] | None:
    """Build the same model with spopt; None where no Python has it."""
    from covering import spopt_python

    python = spopt_python()
    if python is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/sets.npy", sets)
        order = [python, __file__, "--spopt", f"{folder}/sets.npy"]
        done = subprocess.run(order, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def comparison() -> dict[str, Any]:
    """Compare the sample sector's two layouts with 1,000 samples."""
    from ops.sector.open_sector import open_sector
    from ops.sector.sector_file import layout_path, load_sector, read_bases
    from sensors.layout import Layout
    from sensors.planning import compare

    sector = load_sector("cumberland")
    ground = open_sector(sector)
    layouts = [Layout.from_file(layout_path(sector, name), ground.frame) for name in ("basic", "hightech")]
    bases = np.array([ground.frame.to_local(lon, lat) for lon, lat in read_bases(sector.bases).values()])
    call = lambda: compare(layouts, ground.terrain, ground.border, belt_m=sector.belt_m, bases=bases, samples=1000)  # noqa: E731
    _, wall, cpu = measured(call)
    return {"samples": 1000, "wall_s": wall, "cpu_s": cpu}


def edit() -> dict[str, Any]:
    """Move each sensor of the sample sector by 100 m: time for the coverage on the map, using stored results."""
    from dataclasses import replace

    from ops.sector.open_sector import open_sector
    from ops.sector.sector_file import load_sector
    from sensors.coverage.live import LiveCoverage

    ground = open_sector(load_sector("cumberland"))
    kept = LiveCoverage.begin(ground.layout, ground.terrain, ground.layout.ids)
    seconds = []
    for n, sensor in enumerate(ground.layout):
        moved = replace(sensor, easting=sensor.easting + 100.0)
        changed = replace(ground.layout, sensors=(*ground.layout.sensors[:n], moved, *ground.layout.sensors[n + 1 :]))
        _, wall, _ = measured(lambda changed=changed: kept.updated(changed, changed.ids))
        seconds.append(wall)
    return {"sensors": len(ground.layout), "worst_s": max(seconds), "mean_s": float(np.mean(seconds))}


def main() -> None:
    """Entry point."""
    plain = discs(missing=0.0)
    problems = [
        problem("discs", plain),
        problem("discs, a fifth missing", discs(missing=0.2)),
        problem("viewsheds, 1 km", viewsheds(1000.0)),
        problem("viewsheds, 2 km", viewsheds(2000.0)),
    ]
    columns = ("instance", "greedy", "ours", "bound", "gap", "wall_s", "cpu_s", "highs", "highs_gap", "highs_wall_s")
    machine.table(columns, [tuple(one[name] for name in columns) for one in problems])
    figures: dict[str, Any] = {"problems": problems, "edit": edit()}
    if "--without-spopt" not in sys.argv:
        peer = figures["spopt"] = beside_spopt(plain)
        if peer is not None:
            figures["build_ratio_cpu"] = peer["build_cpu_s"] / problems[0]["build_cpu_s"]
            machine.table(
                ("spopt builds s", "we build s", "ratio of CPU"),
                [(peer["build_cpu_s"], problems[0]["build_cpu_s"], figures["build_ratio_cpu"])],
            )
    if "--without-compare" not in sys.argv:
        figures["compare"] = comparison()
    machine.table(("edit worst s", "mean s"), [(figures["edit"]["worst_s"], figures["edit"]["mean_s"])])
    machine.report("planning", figures)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--spopt"]:
        sys.stdout.write(json.dumps(by_spopt(sys.argv[2])) + "\n")
    else:
        main()
