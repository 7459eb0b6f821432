"""The result of a coverage as messages: what is covered, and where the largest gap is."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import xarray as xr

from geo.message import Message
from ops.analysis.places import place_of
from ops.sector.open_sector import OpenSector

LISTED_WORST: Final = 10


def summary_of(belt: xr.Dataset) -> Message:
    """The fractions of the whole belt that are covered, dead ground, and unknown; ``belt`` is of ``whole_belt``."""
    both, story = belt.sel(belt="both"), belt.attrs
    fractions = {name: float(both[f"{name}_fraction"]) for name in ("covered", "dead_ground", "unknown")}
    parameters: dict[str, Any] = {
        "belt": float(story["belt_m"]),
        "covered": fractions["covered"],
        "dead": fractions["dead_ground"],
        "unknown": fractions["unknown"],
        "required": float(story["required_probability"]),
        "target": Message("target-class", {"class": str(story["target"])}),
        "exposure": float(story["dwell_s"]),
    }
    known = not np.isnan(fractions["covered"])
    return Message("coverage-summary" if known else "coverage-summary-unknown", parameters)


def least_covered(segments: xr.Dataset) -> list[int]:
    """The segments with the least covered fraction, the least first; segments that are unknown are not among them."""
    covered = segments["covered_fraction"].sel(belt="both").to_numpy()
    order = np.argsort(covered, kind="stable")[:LISTED_WORST]
    return [int(i) for i in order if not np.isnan(covered[i])]


def gap_of(segments: xr.Dataset, ground: OpenSector) -> Message:
    """The segment over which the requirement is missed on the largest fraction of the area."""
    worst = least_covered(segments)
    if not worst:
        return Message("coverage-gap-unknown")
    covered = float(segments["covered_fraction"].sel(belt="both")[worst[0]])
    if covered == 1.0:
        return Message("coverage-gap-none")
    parameters: dict[str, Any] = {"place": place_of(ground, worst[0]), "gap": 1.0 - covered}
    return Message("coverage-gap", parameters)
