"""The settings of cueing: which cameras can be turned, how fast, and when a rule may turn them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from geo.errors import BadInput
from ingest.topics import identifier

PRIORITIES: Final = ("distress", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class CueSettings:
    """Cameras that look at incidents, each a SAPIENT node that takes look-at tasks.

    Parameters
    ----------
    cameras : list of str
        Ids in the layout of the cameras that can be turned, within their field of view there; empty: none.
    turn_dps : float, °/s
        Speed at which they turn.
    settle_s : float, s
        Time from arriving until the picture is steady, latency of the link included.
    automatic : list of str
        Priorities of incidents for which a rule turns a camera by itself; empty: only people do.
    per_hour : int
        Most looks per hour that the rule asks for.
    quiet_s : float, s
        Time after a look in which the rule leaves that camera alone.
    hold_s : float, s
        Time after a look that a person asked for in which the rule leaves that camera alone.
    answer_s : float, s
        Time within which a camera must answer; otherwise the look has failed.
    """

    cameras: tuple[str, ...] = ()
    turn_dps: float = 20.0
    settle_s: float = 1.0
    automatic: tuple[str, ...] = ()
    per_hour: int = 30
    quiet_s: float = 60.0
    hold_s: float = 300.0
    answer_s: float = 60.0

    def __post_init__(self) -> None:
        for name in self.cameras:
            identifier(name, "cameras")
        for priority in self.automatic:
            if priority not in PRIORITIES:
                raise BadInput(f"{priority!r}", where="automatic", expected=f"one of {', '.join(PRIORITIES)}")
        limits = (
            ("turn_dps", 0.01),
            ("settle_s", 0.0),
            ("per_hour", 1),
            ("quiet_s", 0.0),
            ("hold_s", 0.0),
            ("answer_s", 1.0),
        )
        for name, low in limits:
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= 86_400):
                raise BadInput(f"{value}", where=name, expected=f"a number from {low:g} to 86,400")
