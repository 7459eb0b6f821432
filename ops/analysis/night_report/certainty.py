"""How strong the evidence of an alert was, in one word and five signs, as the live map shows it (docs/live-map.md).

The page judges with the same limits (``ops/web/src/words/certainty.ts``) and takes the same words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ops.runtime.output import say

EXISTS: Final = 0.95
CLASSIFIED: Final = 0.8
SENSORS: Final = 2
ERROR_M: Final = 50.0
"""From these on (up to this error) a sign speaks for the target."""
ELLIPSE_95: Final = math.sqrt(-2.0 * math.log(0.05))
"""Half-axis of the ellipse that holds a position with 95%, in standard deviations (two dimensions, normal)."""
SIGNS: Final = 5
FAIR_FROM, STRONG_FROM = 3, 4
"""Numbers of signs from which evidence is fair, and strong."""


@dataclass(frozen=True, slots=True)
class Certainty:
    """The judgement: as many filled bars as signs speak for the target, and the word for them."""

    bars: str
    line: str


def certainty_of(alert: Mapping[str, Any]) -> Certainty | None:
    """Judge an alert by its newest revision; None where it claims no target.

    Its track is no longer detected when a report is read, so the sign of a present detection never speaks for it.
    """
    if alert.get("track") is None or alert.get("existence") is None:
        return None
    sensors = {scan[0] for scan in alert.get("evidence") or ()}
    known = alert.get("class_label") not in (None, "unknown")
    signs = (
        float(alert["existence"]) >= EXISTS,
        len(sensors) >= SENSORS,
        known and float(alert.get("class_probability") or 0.0) >= CLASSIFIED,
        alert.get("position_sd_m") is not None and float(alert["position_sd_m"]) * ELLIPSE_95 <= ERROR_M,
    )
    met = sum(signs)
    level = "strong" if met >= STRONG_FROM else "fair" if met >= FAIR_FROM else "weak"
    return Certainty("▮" * met + "▯" * (SIGNS - met), say("certainty-line", level=level, met=met, all=SIGNS))


def reading() -> str:
    """How to read the judgement, in one sentence."""
    return say("shift-certainty-reading", existence=EXISTS, sensors=SENSORS, **{"class": CLASSIFIED}, error=ERROR_M)
