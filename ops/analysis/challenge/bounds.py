"""Of which segments a challenge has but a bound: where a stretch's margin could not be widened until it was enough."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ops.analysis.challenge.findings import Findings

BEYOND: Final = "a way beyond the stretch's margin may be"
LIMITS: Final = {
    "crossing_time": f"an upper bound: {BEYOND} faster",
    "detection_probability": f"an upper bound: {BEYOND} detected less",
    "least_interruption": f"of the ways within the stretch's margin: {BEYOND} worse",
}
"""Figure by segment -> what limits it where it is not proved."""
NAMES: Final = {
    "crossing_time": "crossing time",
    "detection_probability": "detection",
    "least_interruption": "interruption",
}


def proved(findings: Findings, name: str) -> npt.NDArray[np.bool_]:
    """Whether each segment's figure is that of the whole border, (segment,)."""
    segments = findings.segments
    if name == "crossing_time":
        return np.asarray(segments["crossing_time_of_the_whole"], bool)
    if name == "detection_probability":
        return np.asarray(segments["detection_of_the_whole"], bool)
    return np.asarray(segments["way_of_the_whole"].all("way"), bool)


def bounds_in(findings: Findings) -> dict[str, list[int]]:
    """The segments of which each figure is but a bound."""
    return {name: np.flatnonzero(~proved(findings, name)).tolist() for name in LIMITS}


def sentence(findings: Findings) -> str:
    """In how many segments the figures are bounds; empty where all are the whole border's."""
    counted = [(NAMES[name], len(segments)) for name, segments in bounds_in(findings).items() if segments]
    if not counted:
        return ""
    told = ", ".join(f"{name} in {number}" for name, number in counted)
    whole = findings.segments.sizes["segment"]
    return (
        f"Worked in stretches; of {whole} segments the figures are bounds for: {told}. There {BEYOND} better for "
        "who crosses; which segments these are is in segments.csv, columns ending in of_the_whole."
    )
