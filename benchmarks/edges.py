"""Tracks across the edge of two sectors: one national identity, beside one tracker that has the sensors of both.

Walkers and vehicles cross the edge, alone and in pairs that meet there. Each sector's tracker has one radar; the ranges
overlap by ``--overlap`` metres, negative for a gap. Each second the pictures of both go through the code of the
identity process, in the order in which they would be read, and what is known then is scored: GOSPA (50 m, order 2) and
identity switches, of confirmed and coasting tracks, within range of a radar. A target that both sectors track counts
once, where their combination puts it; a track whose identity is not decided yet is left out.

Tables to stderr, one JSON line to stdout: ``python benchmarks/edges.py [--seeds N] [--overlap METRES]``
"""

from __future__ import annotations

import argparse

import numpy as np
from edge_scenes import measure
from machine import report, table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--crossers", type=int, default=20)
    parser.add_argument("--overlap", type=float, default=1500.0, help="metres that both radars see, along the edge")
    chosen = parser.parse_args()
    results = [measure(seed, crossers=chosen.crossers, overlap_m=chosen.overlap) for seed in range(1, chosen.seeds + 1)]
    head = ("seed", "hand-overs", "joined", "switches: one", "national", "GOSPA m: one", "national", "CPU ms per s")
    table(
        head,
        [
            (
                str(seed), one.hand_overs, one.joined, one.one_switches, one.national_switches,
                one.one_gospa_m, one.national_gospa_m, one.cpu_ms_per_s,
            )
            for seed, one in enumerate(results, 1)
        ],
    )  # fmt: skip
    handed = sum(one.hand_overs for one in results)
    report(
        "edges",
        {
            "seeds": chosen.seeds, "overlap_m": chosen.overlap, "hand_overs": handed,
            "joined": sum(one.joined for one in results),
            "switches": {"one": sum(one.one_switches for one in results),
                         "national": sum(one.national_switches for one in results)},
            "gospa_ratio": float(np.mean([one.national_gospa_m / one.one_gospa_m for one in results])),
            "cpu_ms_per_s": float(np.mean([one.cpu_ms_per_s for one in results])),
        },
    )  # fmt: skip


if __name__ == "__main__":
    main()
