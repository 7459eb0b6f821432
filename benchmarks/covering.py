"""Covering sites: lazy greedy beside plain greedy, greedy in numpy and, where a Python has it, spopt's exact model.

Random discs over a grid of cells, with a fifth of each disc's cells missing. The greedy algorithms choose 20 of 1,000
sites over 20,000 cells and must agree; spopt chooses 12 of 300 over 8,000, as it takes minutes to build a larger model.
A table to stderr and one JSON line to stdout: ``python benchmarks/covering.py``
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import machine
import numpy as np

from geo.arrays import Bools, Ints

COVER_SITES, COVER_CELLS, COVER_K = 1000, 20_000, 20
SMALLER, SMALLER_K = (300, 8_000), 12


def discs(sites: int, cells: int) -> Bools:
    """Return sets of cells: discs at random positions, with a fifth of their cells missing; (site, cell)."""
    random = np.random.default_rng(5)
    width, height = 200, cells // 200
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).reshape(-1, 2)
    centres = random.uniform(0, (width, height), (sites, 2))
    reach = random.uniform(5, 18, sites)
    sets = np.array([np.hypot(*(grid - c).T) < r for c, r in zip(centres, reach, strict=True)])
    return sets & (random.random(sets.shape) < 0.8)


def covering() -> dict[str, Any]:
    """Compare lazy greedy with plain greedy: 1,000 random discs over 20,000 cells."""
    from geo.visibility.many_sites import greedy_cover as own
    from geo.visibility.many_sites.footprints import Footprints

    own.compile_kernels()
    sets = discs(COVER_SITES, COVER_CELLS)
    packed = Footprints.of(sets)
    figures: dict[str, Any] = {"sites": COVER_SITES, "cells": COVER_CELLS, "k": COVER_K}
    for name, call in (
        ("lazy_ms", lambda: own.covering_sites(packed, COVER_K).sites),
        ("plain_packed_ms", lambda: packed_greedy(packed, COVER_K)),
        ("plain_numpy_ms", lambda: numpy_greedy(sets, COVER_K)),
    ):
        began = time.process_time()
        chosen = call()
        figures[name] = (time.process_time() - began) * 1e3
        figures.setdefault("chosen", chosen.tolist())
        assert chosen.tolist() == figures["chosen"]
    answer = own.covering_sites(packed, COVER_K)
    del figures["chosen"]
    return figures | {"covered": answer.covered, "at_least_of_the_best": answer.covered / answer.bound}


def packed_greedy(sets: Any, k: int) -> Ints:
    """Plain greedy that evaluates every site at every step, with the gains of ``covering_sites``."""
    from geo.visibility.many_sites import greedy_cover
    from geo.visibility.many_sites.footprints import words_for

    covered, chosen = np.zeros(words_for(sets.cells), np.uint64), []
    for _ in range(k):
        best = int(np.argmax([greedy_cover._gain_of(sets, n, covered, None) for n in range(len(sets))]))
        greedy_cover._cover(sets.words[sets.start[best] : sets.start[best + 1]], int(sets.first[best]), covered)
        chosen.append(best)
    return np.array(chosen)


def numpy_greedy(sets: Bools, k: int) -> Ints:
    """Greedy with boolean arrays instead of packed bits."""
    covered, chosen = np.zeros(sets.shape[1], bool), []
    for _ in range(k):
        chosen.append(int(np.argmax((sets & ~covered).sum(axis=1))))
        covered |= sets[chosen[-1]]
    return np.array(chosen)


def by_spopt(order: dict[str, Any]) -> dict[str, Any]:
    """Run in a Python with spopt: its maximal coverage model, solved by CBC for at most a minute."""
    import pulp
    from spopt.locate import MCLP

    sets = np.load(order["sets"])
    began = time.perf_counter()
    model = MCLP.from_cost_matrix(np.where(sets.T, 0.0, 1.0), np.ones(sets.shape[1]), 0.5, p_facilities=order["k"])
    built = time.perf_counter()
    model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=60))
    chosen = [n for n, clients in enumerate(model.fac2cli) if clients]
    solved = time.perf_counter()
    return {
        "build_s": built - began,
        "solve_s": solved - built,
        "covered": int(sets[chosen].any(axis=0).sum()) if chosen else None,
    }


def beside_spopt(folder: str, python: str | None) -> dict[str, Any] | None:
    """Run both on a problem that spopt can build: 300 sites, 8,000 cells, 12 to choose. None without spopt."""
    if python is None:
        return None
    from geo.visibility.many_sites import greedy_cover as own

    own.compile_kernels()
    sets = discs(*SMALLER)
    np.save(f"{folder}/sets.npy", sets)
    began = time.perf_counter()
    answer = own.covering_sites(sets, SMALLER_K)
    took = time.perf_counter() - began
    order = json.dumps({"sets": f"{folder}/sets.npy", "k": SMALLER_K})
    done = subprocess.run([python, __file__, "--spopt", order], capture_output=True, text=True, check=True)
    peer = json.loads(done.stdout.splitlines()[-1])
    return {"sites": SMALLER[0], "cells": SMALLER[1], "lazy_s": took, "lazy_covered": answer.covered, "spopt": peer}


def spopt_python() -> str | None:
    """Return a Python that has spopt: that of .venv-bench, or this one."""
    for candidate in (Path(__file__).resolve().parents[1] / ".venv-bench" / "bin" / "python", Path(sys.executable)):
        if candidate.exists():
            trial = subprocess.run([str(candidate), "-c", "import spopt, pulp"], capture_output=True, check=False)
            if trial.returncode == 0:
                return str(candidate)
    return None


def main() -> None:
    """Entry point."""
    covered = covering()
    with tempfile.TemporaryDirectory() as folder:
        smaller = beside_spopt(folder, spopt_python())
    machine.table(tuple(covered), [tuple(covered.values())])
    if smaller is not None:
        peer = smaller["spopt"]
        row = (smaller["lazy_s"], smaller["lazy_covered"], peer["build_s"], peer["solve_s"], peer["covered"])
        machine.table(("lazy s", "covered", "spopt builds s", "solves s", "covered"), [row])
    machine.report("covering", {"greedy": covered, "beside_spopt": smaller})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--spopt"]:
        sys.stdout.write(json.dumps(by_spopt(json.loads(sys.argv[2]))) + "\n")
    else:
        main()
