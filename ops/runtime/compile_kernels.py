"""Compile every numba kernel once, so that nobody waits for a compiler at night: ``python -m
ops.runtime.compile_kernels``.

The compiled code is cached on disk beside its source (or in ``NUMBA_CACHE_DIR``); later starts only load it.
"""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console


def compile_all(screen: Console) -> float:
    """Compile or load all kernels, saying which; returns the seconds it took."""
    from fusion import warm_up
    from fusion.situation import correlate, forecast
    from geo.border import edge_tree as nearest
    from geo.challenge import openness
    from geo.paths import kernel as paths_kernel
    from geo.visibility import single_site as visibility
    from geo.visibility.many_sites import footprints
    from geo.visibility.many_sites import greedy_cover as covering
    from geo.visibility.many_sites import viewsheds as many
    from sensors.coverage import accumulator as coverage_tally
    from sensors.planning.solver import lagrangian_bound as planning_bound

    began = time.perf_counter()
    for name, build in (
        ("line of sight and viewsheds", visibility.compile_kernels),
        ("many observers", many.compile_kernels),
        ("footprints", footprints.compile_kernels),
        ("covering sites", covering.compile_kernels),
        ("border", nearest.compile_kernels),
        ("paths", paths_kernel.compile_kernels),
        ("openness", openness.compile_kernels),
        ("coverage", coverage_tally.compile_kernels),
        ("planning", planning_bound.compile_kernels),
        ("correlation", correlate.compile_kernels),
        ("forecast", forecast.compile_kernels),
        ("tracker", warm_up.compile_kernels),
    ):
        with screen.status(f"Compiling kernels (once): {name} ..."):
            build()
    return time.perf_counter() - began


def forget_stale(package: Path) -> int:
    """Remove a package's compiled kernels when any source of it is newer; returns how many files went.

    numba watches only the file that defines a kernel, so a change in another one that was inlined would go unseen.
    """
    cached = [*package.rglob("*.nbi"), *package.rglob("*.nbc")]
    newest = max((source.stat().st_mtime for source in package.rglob("*.py")), default=0.0)
    stale = cached if any(file.stat().st_mtime < newest for file in cached) else []
    for file in stale:
        file.unlink(missing_ok=True)
    return len(stale)


def main() -> int:
    """Entry point of ``python -m ops.runtime.compile_kernels``."""
    for package in ("geo", "sensors", "fusion"):
        forget_stale(Path(__file__).resolve().parents[2] / package)
    screen = Console(stderr=True)
    total = compile_all(screen)
    if total > 5.0:
        screen.print(f"Kernels compiled in {total:.0f} s (once; cached for next time).", highlight=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
