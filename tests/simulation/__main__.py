"""Run simulated worlds from the command line: ``python -m tests.simulation SEED``, or ``--seeds 200`` for many.

A failing seed is printed and added to ``kept_seeds.txt``.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence

from tests.simulation.night import Night, small_night
from tests.simulation.seeds import keep, live


def main() -> int:
    """Run the worlds; 1 if one of them broke an invariant."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=0, help="seed of the world, or of the first (default 0)")
    parser.add_argument("--seeds", type=int, default=1, help="number of worlds (default 1)")
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # of sensors that are offline
    with small_night() as night:
        return run(range(options.seed, options.seed + options.seeds), night)


def run(seeds: Sequence[int], night: Night) -> int:
    """Run the worlds of these seeds; 1 if one of them broke an invariant."""
    failed = []
    for seed in seeds:
        began_s = time.process_time()
        try:
            life = live(seed, night)
        except Exception as error:
            failed.append(seed)
            keep(seed, f"{type(error).__name__}: {error}")
            print(f"{seed}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            if len(seeds) == 1:
                raise
            continue
        told = ", ".join(f"{name} {number}" for name, number in sorted(life.happened.items()))
        print(
            f"{seed}: {life.digest[:12]}, {life.steps} steps, {time.process_time() - began_s:.1f} s of CPU: {told}",
            flush=True,
        )
    if failed:
        print(f"Failed: {' '.join(map(str, failed))}. Again: python -m tests.simulation SEED", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
