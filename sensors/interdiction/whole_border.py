"""Paths computed on a part of a border, and whether any path over the whole is better; see decision 0017."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from geo.arrays import Bools, Floats, Ints
from geo.challenge.assessment import SAME_S
from geo.paths.crossings import INWARD, Crossings, crossings, crossings_of_the_whole, first_labels
from geo.paths.search import Steps
from sensors.crossing.segments import SECOND, least_ways_of_the_whole
from sensors.crossing.watched_belt import WatchedBelt
from sensors.interdiction.interception import FASTEST, LEAST, VULNERABLE, reported_in_time, where_it_ends

SAME_WAY: Final = SECOND
"""Cost by which a path of the whole border may be below that of a part, which still counts as equal: one second without
sensors, so that times and interruption, not only detection, are those of the whole border."""


@dataclass(frozen=True, slots=True, eq=False)
class PathsWithProof:
    """The paths through the segments of a part; and for each of its own segments, whether the whole border has no
    better one."""

    ways: Crossings
    sure: Bools


def three_ways_of_the_whole(
    watched: WatchedBelt, response: xr.DataArray | None, own_segments: Ints, *, direction: str = INWARD
) -> dict[str, PathsWithProof]:
    """``sensors.interdiction.interception.three_ways`` of a part; without a ``response``, no most vulnerable paths."""
    paths = {
        LEAST: PathsWithProof(*least_ways_of_the_whole(watched, own_segments, slack=SAME_WAY, direction=direction)),
        FASTEST: PathsWithProof(
            *crossings_of_the_whole(
                watched.belt, watched.mobility, own_segments, least_per_s=1.0, slack=SAME_S, direction=direction
            )
        ),
    }  # fmt: skip
    if response is not None:
        paths[VULNERABLE] = most_vulnerable_of_the_whole(watched, response, own_segments, direction=direction)
    return paths


def most_vulnerable_of_the_whole(
    watched: WatchedBelt, response: xr.DataArray, own_segments: Ints, *, direction: str = INWARD
) -> PathsWithProof:
    """``sensors.interdiction.interception.most_vulnerable`` of a part of a border.

    If the fastest path onward from a position may leave the part, it is unknown whether detection there is early
    enough. Such cells count as 0 in the lower bound, and in full for the paths that are returned.
    """
    early, doubtful, spare_s = _early(watched, response, direction)
    surely = reported_in_time(watched, np.where(doubtful, -np.inf, spare_s))
    perhaps = reported_in_time(watched, np.where(doubtful, np.inf, spare_s))

    def search(counted: Bools, watched: WatchedBelt, **ends: Any) -> Crossings:
        return crossings(
            watched.belt,
            watched.mobility,
            weight=np.where(counted, watched.per_s, 0.0) + SECOND,
            toll=np.where(counted, watched.per_m, 0.0),
            direction=direction,
            **ends,
        )

    ways = search(early | doubtful, perhaps)
    if not watched.belt.onward.any():
        return PathsWithProof(ways, np.ones(len(own_segments), bool))
    least = search(early & ~doubtful, surely, onward_per_s=SECOND).cost[own_segments]
    return PathsWithProof(ways, np.isnan(least) | (ways.cost[own_segments] <= least + SAME_WAY))


def _early(watched: WatchedBelt, response: xr.DataArray, direction: str) -> tuple[Bools, Bools, Floats]:
    """Cells where a detection is early enough, and cells where the part cannot decide it; and the crosser's time to the
    end less that of the response [s] (row, column each)."""
    goal = watched.belt.inner if direction == INWARD else watched.belt.outer
    labels = first_labels(watched.belt, watched.mobility, goal, 1.0)
    to_go = Steps.over(watched.on_belt).spread(labels, backward=True)
    ends = where_it_ends(to_go)
    there = watched.belt.of(response).ravel()[ends]
    doubtful = np.isfinite(to_go.cost) & ~goal.ravel()[ends]
    with np.errstate(invalid="ignore"):
        spare_s = to_go.cost - there
    return to_go.cost >= np.where(np.isnan(there), np.inf, there), doubtful, spare_s
