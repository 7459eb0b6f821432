"""Compile every numba kernel once, so that nobody waits for a compiler in the middle of a night: ``python -m ops.kernels``.

The compiled code is cached on disk beside its source (or in ``NUMBA_CACHE_DIR``); later starts only load it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable


def compile_all(report: Callable[[str], None]) -> float:
    """Compile or load all kernels; ``report`` gets one line a room. Returns the seconds it took."""
    from fusion import tracker
    from geo import border, visibility

    began = time.perf_counter()
    for name, build in (
        ("line of sight and viewsheds", visibility.compile_kernels),
        ("border", border.compile_kernels),
        ("tracker", tracker.compile_kernels),
    ):
        room = time.perf_counter()
        build()
        report(f"{name}: {time.perf_counter() - room:.1f} s")
    return time.perf_counter() - began


def main() -> int:
    total = compile_all(lambda line: None)
    if total > 5.0:
        print(f"Kernels compiled in {total:.0f} s (once; cached for next time).", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
