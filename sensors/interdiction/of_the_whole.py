"""The ways of a piece of a border, and whether the whole border has none better; see decision 0017."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from geo.arrays import Bools
from geo.challenge.assessment import SAME_S
from geo.paths.crossings import INWARD, Crossings, crossings, crossings_of_the_whole, first_labels
from geo.paths.search import Steps
from sensors.crossing.segments import SECOND, least_ways_of_the_whole
from sensors.crossing.watched_belt import WatchedBelt
from sensors.interdiction.interception import FASTEST, LEAST, VULNERABLE, where_it_ends

SAME_WAY: Final = SECOND
"""What a way of the whole border may cost less than that of a piece, which then counts as it: a second where nothing
sees, so that times and interruption are the whole's too, not detection alone."""


@dataclass(frozen=True, slots=True, eq=False)
class PathsWithProof:
    """The ways through a piece's segments; and for each of its own whether the whole border has none better."""

    ways: Crossings
    sure: Bools


def three_ways_of_the_whole(
    seen: WatchedBelt, response: xr.DataArray | None, own: npt.NDArray[np.int64], *, direction: str = INWARD
) -> dict[str, PathsWithProof]:
    """``sensors.interdiction.interception.three_ways`` of a piece; without a ``response`` no most vulnerable ones."""
    found = {
        LEAST: PathsWithProof(*least_ways_of_the_whole(seen, own, slack=SAME_WAY, direction=direction)),
        FASTEST: PathsWithProof(
            *crossings_of_the_whole(
                seen.belt, seen.mobility, own, least_per_s=1.0, slack=SAME_S, direction=direction
            )
        ),
    }  # fmt: skip
    if response is not None:
        found[VULNERABLE] = most_vulnerable_of_the_whole(seen, response, own, direction=direction)
    return found


def most_vulnerable_of_the_whole(
    seen: WatchedBelt, response: xr.DataArray, own: npt.NDArray[np.int64], *, direction: str = INWARD
) -> PathsWithProof:
    """``sensors.interdiction.interception.most_vulnerable`` of a piece.

    Where the fastest way on from a place may lead out of the piece, nobody here knows whether it is still early enough
    there: such places count nothing in the bound from below, and in full for the ways that are told.
    """
    early, doubtful = _early(seen, response, direction)

    def search(counted: Bools, **ends: Any) -> Crossings:
        return crossings(
            seen.belt,
            seen.mobility,
            weight=np.where(counted, seen.per_s, 0.0) + SECOND,
            toll=np.where(counted, seen.per_m, 0.0),
            direction=direction,
            **ends,
        )

    ways = search(early | doubtful)
    if not seen.belt.onward.any():
        return PathsWithProof(ways, np.ones(len(own), bool))
    least = search(early & ~doubtful, onward_per_s=SECOND).cost[own]
    return PathsWithProof(ways, np.isnan(least) | (ways.cost[own] <= least + SAME_WAY))


def _early(seen: WatchedBelt, response: xr.DataArray, direction: str) -> tuple[Bools, Bools]:
    """Where a detection comes early enough, and where the piece cannot tell (row, column)."""
    goal = seen.belt.inner if direction == INWARD else seen.belt.outer
    labels = first_labels(seen.belt, seen.mobility, goal, 1.0)
    to_go = Steps.over(seen.on_belt).spread(labels, backward=True)
    ends = where_it_ends(to_go)
    there = seen.belt.of(response).ravel()[ends]
    doubtful = np.isfinite(to_go.cost) & ~goal.ravel()[ends]
    return to_go.cost >= np.where(np.isnan(there), np.inf, there), doubtful
