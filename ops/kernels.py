"""Compile every numba kernel once, so that nobody waits for a compiler at night: ``python -m ops.kernels``.

The compiled code is cached on disk beside its source (or in ``NUMBA_CACHE_DIR``); later starts only load it.
"""

from __future__ import annotations

import time

from rich.console import Console


def compile_all(screen: Console) -> float:
    """Compile or load all kernels, saying which; returns the seconds it took."""
    from fusion import tracker
    from geo import nearest, visibility

    began = time.perf_counter()
    for name, build in (
        ("line of sight and viewsheds", visibility.compile_kernels),
        ("border", nearest.compile_kernels),
        ("tracker", tracker.compile_kernels),
    ):
        with screen.status(f"Compiling kernels (once): {name} ..."):
            build()
    return time.perf_counter() - began


def main() -> int:
    screen = Console(stderr=True)
    total = compile_all(screen)
    if total > 5.0:
        screen.print(f"Kernels compiled in {total:.0f} s (once; cached for next time).", highlight=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
