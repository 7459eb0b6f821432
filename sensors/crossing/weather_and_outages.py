"""Crossings over states that last for the whole crossing: weathers, and sensors that are up or down.

``P = Σ_c Pr(c) (1 − exp(−H_c))``, never a factor per look. A crosser who knows the state takes another way in each; one
who does not takes a single way, which is scored over all of them. The second is detected at least as likely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geo.arrays import Floats
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD, Crossings
from sensors.crossing.detection import detection_along
from sensors.crossing.segments import least_ways
from sensors.crossing.watched_belt import WatchedBelt
from sensors.detection_model.hazard import over_states
from sensors.errors import CrossingError

SAME_SHARE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """One state of a crossing, the share of crossings made in it, and what then watches the ground."""

    name: str
    share: float
    seen: WatchedBelt


@dataclass(frozen=True, slots=True, eq=False)
class OverStates:
    """P_detect of each segment (segment,) over all states, for a crosser who knows the state and for one who does not.

    ``known`` is exact over the ways of the search, but for cameras whose search ends; ``unknown`` is the least over the
    ways that were tried (those of every state, and the least for the mean hazard), so it may be too high, and is never
    below ``known``. ``by_state`` (state, segment) is what ``known`` mixes. NaN where a state's is.
    """

    states: tuple[str, ...]
    known: Floats
    unknown: Floats
    by_state: Floats


def outage_states(seen: WatchedBelt, up: Mapping[frozenset[str], float]) -> tuple[State, ...]:
    """States in which only some of the sensors work: sets of the working ones, and the share of crossings of each."""
    return tuple(State(", ".join(sorted(names)) or "none", share, seen.only(names)) for names, share in up.items())


def over_crossing_states(states: Sequence[State], *, direction: str = INWARD, neighbours: int = 16) -> OverStates:
    """Detection of crossings in every segment, mixed over ``states`` of one border, belt and mover.

    Raises CrossingError for no state, shares that do not sum to 1, and states of other belts.
    """
    shares = np.array([state.share for state in states])
    if not len(shares) or (shares < 0.0).any() or abs(shares.sum() - 1.0) > SAME_SHARE:
        raise CrossingError(f"shares {shares.tolist()}", where="crossing states", expected="shares that sum to 1")
    first = states[0].seen
    if not all(np.array_equal(state.seen.belt.inside, first.belt.inside) for state in states):
        raise CrossingError("belts differ", where="crossing states", expected="one border and one belt")
    mean = replace(
        first,
        per_s=np.sum([state.share * state.seen.per_s for state in states], axis=0),
        per_m=np.sum([state.share * state.seen.per_m for state in states], axis=0),
    )
    grounds = [*(state.seen for state in states), mean]
    ways = [least_ways(ground, direction=direction, neighbours=neighbours) for ground in grounds]
    scores = np.array([[_probability(state.seen, way) for state in states] for way in ways])  # (way, state, segment)
    by_state = scores.min(axis=0)
    return OverStates(
        states=tuple(state.name for state in states),
        known=over_states(by_state, shares),
        unknown=np.einsum("wcs,c->ws", scores, shares).min(axis=0),
        by_state=by_state,
    )


def _probability(seen: WatchedBelt, ways: Crossings) -> Floats:
    """P_detect (segment,) of ways under what watches in one state; NaN where nobody can cross or nobody knows."""
    along = Along.ways_over(seen.on_belt, [ways.cells(segment) for segment in range(ways.cost.size)])
    found = detection_along(seen, along)
    doubtful = ~np.isfinite(ways.cost) | ((found.unknown_m > 0.0) & (found.hazard.sum(axis=1) == 0.0))
    return np.where(doubtful, np.nan, found.probability)
