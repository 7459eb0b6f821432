"""Memory of the tracker per track: its state, and the minute it keeps so that late data give the in-order result.

Bytes of arrays only, counting a shared array once, divided by live tracks; history is consumed as it is produced, as in
live operation. Presets are those of the tracking benchmark.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
from machine import report, table
from tracking_presets import PRESETS, night

from fusion.tracker import Tracker
from sensors.detections import split
from sensors.scan_columns import ARRAYS

AIM_KB = 4.0


def held(things: Iterable[object], seen: set[int]) -> int:
    """Return bytes of the arrays in ``things`` that are not in ``seen``; adds them to it."""
    total = 0
    for thing in things:
        parts = thing if isinstance(thing, tuple) else [getattr(thing, item.name) for item in fields(thing)]  # type: ignore[arg-type]
        for array in parts:
            if is_dataclass(array) or (isinstance(array, tuple) and hasattr(array, "_fields")):
                total += held([array], seen)
                continue
            while isinstance(array, np.ndarray) and isinstance(array.base, np.ndarray):
                array = array.base
            if isinstance(array, np.ndarray) and id(array) not in seen:
                seen.add(id(array))
                total += array.nbytes
    return total


def measure(name: str, seed: int) -> dict[str, float]:
    """Return kB per track of each part at the end of one scenario."""
    scene = night(PRESETS[name], seed)
    tracker = Tracker(scene.layout, terrain=scene.terrain)
    for scan in sorted(
        split(scene.detections, scene.layout), key=lambda scan: (scan.received_ns, scan.observed_ns, scan.key)
    ):
        copied: dict[str, Any] = {
            column: getattr(scan, column).copy() for column in ARRAYS
        }  # as if it had arrived alone
        tracker.advance(replace(scan, **copied))
        tracker.take_history()
    timeline, seen = tracker.timeline, set[int]()
    count = max(len(timeline.bank), 1)
    parts = {
        "state": held([timeline.bank], seen),
        "earlier states": held((entry.before for entry in timeline.entries if entry.before is not None), seen),
        "scans": held((entry.scan for entry in timeline.entries), seen),
        "rows not final": held((entry.rows for entry in timeline.entries), seen),
    }
    kilobytes = {part: round(size / count / 1e3, 2) for part, size in parts.items()}
    return {"tracks": count, "scans kept": len(timeline.entries), **kilobytes, "all": round(sum(kilobytes.values()), 2)}


def main() -> None:
    """Print a table, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presets", nargs="*", default=["calm", "busy", "swarm"])
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    results = {name: measure(name, arguments.seed) for name in arguments.presets}
    table(["preset", *next(iter(results.values()))], [[name, *figures.values()] for name, figures in results.items()])
    report("track_memory", {"seed": arguments.seed, "kb_a_track": results, "aim_kb": AIM_KB})


if __name__ == "__main__":
    main()
