"""Tracks across the edge of two sectors: one national identity, beside one tracker that has the sensors of both.

Walkers and vehicles cross the edge, alone and in pairs that meet there. Each sector's tracker has one radar; the ranges
overlap by ``--overlap`` metres, negative for a gap. Each second the pictures of both go through the code of the
identity process, in the order in which they would be read, and what is known then is scored: GOSPA (50 m, order 2) and
identity switches, of confirmed and coasting tracks, within range of a radar. A target that both sectors track counts
once, where their combination puts it; a track whose identity is not decided yet is left out.

Side by side in one run, on the same detections: one tracker; what was decided of each track and never changed; and
with the changes (``ops.cluster.identity.revision``). A fourth picture is that of two sectors whose trackers also have
the detections of the neighbour's radars that reach over the edge. With one radar each both trackers are then the same;
with ``--radars 2`` each sector has one that the neighbour does not have. Intervals of 95% are
those of t over the seeds.
The causes of the switches: ``edge_scenes.causes_of_switches``.

Tables to stderr, one JSON line to stdout:
``python benchmarks/edges.py [--seeds N] [--first SEED] [--overlap METRES] [--radars N]``
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from edge_scenes import Score, measure
from machine import report, table
from scipy import stats


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--crossers", type=int, default=20)
    parser.add_argument("--overlap", type=float, default=1500.0, help="metres that both radars see, along the edge")
    parser.add_argument("--radars", type=int, default=1, help="radars of each sector, one behind the other")
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    results = []
    for seed in seeds:
        results.append(measure(seed, crossers=chosen.crossers, overlap_m=chosen.overlap, radars=chosen.radars))
        print(seed, results[-1], file=sys.stderr, flush=True)
    kinds = ("one", "decided", "national", "shared")
    scores: dict[str, list[Score]] = {kind: [getattr(one, kind) for one in results] for kind in kinds}
    table(
        ("seed", "hand-overs", "joined", *(f"switches: {one}" for one in kinds), *(f"GOSPA: {one}" for one in kinds)),
        [
            (str(seed), one.hand_overs, one.joined, *(scores[kind][row].switches for kind in kinds),
             *(scores[kind][row].gospa_m for kind in kinds))
            for row, (seed, one) in enumerate(zip(seeds, results, strict=True))
        ],
    )  # fmt: skip
    handed = [one.hand_overs for one in results]
    compared = {kind: _compared(scores[kind], scores["one"], handed) for kind in kinds[1:]}
    report(
        "edges",
        {
            "seeds": chosen.seeds, "overlap_m": chosen.overlap, "radars": chosen.radars, "hand_overs": sum(handed),
            "joined": sum(one.joined for one in results),
            "switches": {kind: sum(one.switches for one in scores[kind]) for kind in kinds},
            "compared": compared,
            "gospa_parts_m2": {
                kind: {
                    part: round(float(np.mean([getattr(one, f"{part}_m2") for one in scores[kind]])), 1)
                    for part in ("localisation", "missed", "false")
                }
                for kind in kinds
            },
            "causes": {
                "decided": dict(sum((one.causes_decided for one in results), Counter())),
                "national": dict(sum((one.causes_national for one in results), Counter())),
            },
            "identity_cpu_ms_per_s": float(np.mean([one.identity_ms for one in results])),
            "tracker_cpu_ms_per_s": {
                kind: round(float(np.mean([one.tracker_ms[kind] for one in results])), 2)
                for kind in ("one", "national", "shared")
            },
        },
    )  # fmt: skip


def _compared(scores: Sequence[Score], one: Sequence[Score], handed: Sequence[int]) -> dict[str, Any]:
    """Return the ratio of GOSPA to one tracker's, and the further switches per 100 hand-overs, with 95% intervals."""
    ratio = [np.log(mine.gospa_m / peer.gospa_m) for mine, peer in zip(scores, one, strict=True)]
    further = [100.0 * (mine.switches - peer.switches) for mine, peer in zip(scores, one, strict=True)]
    mean, half = float(np.mean(ratio)), _half_width(ratio)
    more = np.array(further) / np.mean(handed)
    return {
        "gospa_ratio": [round(float(np.exp(mean + sign * half)), 4) for sign in (0.0, -1.0, 1.0)],
        "further_switches_per_100": [
            round(float(more.mean() + sign * _half_width(more)), 2) for sign in (0.0, -1.0, 1.0)
        ],
    }


def _half_width(values: Any) -> float:
    if len(values) < 2:
        return float("nan")
    return float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))


if __name__ == "__main__":
    main()
