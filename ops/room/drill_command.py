"""``watchline drill score``: only a demonstration is scored, never the records of an operations room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from geo.errors import BadInput
from ops.governance.drill_command import TRUTH, DrillOptions, score_demonstration
from ops.room.night_file import SCENARIO_START
from ops.room.room import DEMO_MARK
from ops.room.simulator import STARTED
from sensors.timestamps import nanoseconds


def score(options: DrillOptions, screen: Console) -> dict[str, Any]:
    """Score a demonstration; BadInput for any other folder."""
    return score_demonstration(options, moved_ns(options.data), screen)


def moved_ns(data: Path) -> int:
    """Return the time from the truth of a demonstration to its store, ns. BadInput for any other folder."""
    if not (data / DEMO_MARK).exists():
        raise BadInput("is not a demonstration", where=str(data), expected="the folder of `watchline demo`")
    for name in (TRUTH, STARTED, "store.db"):
        if not (data / name).exists():
            raise BadInput(f"has no {name}", where=str(data), expected="a demonstration that has run")
    try:
        started_ns = int((data / STARTED).read_text(encoding="ascii"))
    except ValueError:
        raise BadInput(f"{STARTED} cannot be read", where=str(data), expected="the start of the scenario") from None
    return started_ns - nanoseconds(SCENARIO_START)
