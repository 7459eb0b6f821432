"""How large the drills are: small enough for every merge or, with WATCHLINE_DRILL=long (`make drill`), real ones."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """``detections`` in scans of ``plots``; ``kills`` of ingest, and a quarter of that of broker and of sender."""

    detections: int = 60_000
    plots: int = 50
    kills: int = 8
    hole_s: float = 4.0
    soak_s: float = 0.0
    sensors: int = 400
    watch_s: float = 12.0
    faults: int = 20

    @property
    def scans(self) -> int:
        return self.detections // self.plots


IS_LONG = os.environ.get("WATCHLINE_DRILL") == "long"
NEW_EXAMPLES = IS_LONG or os.environ.get("WATCHLINE_EXAMPLES") == "new"
"""Properties and mutations look for new examples, instead of those of every other run."""
LONG = Sizes(detections=1_000_000, kills=200, hole_s=600.0, soak_s=600.0, sensors=1000, watch_s=120.0, faults=1000)
SIZES = LONG if IS_LONG else Sizes()


def sized(merge: int, long: int) -> int:
    """A number of examples, runs or walkers: for every merge, or for the long form."""
    return long if IS_LONG else merge
