"""Crossings over states that last for the whole crossing: weather, and sensors that are up or down.

``P = Σ_c Pr(c) (1 − exp(−H_c))``, never a factor per look. A crosser who knows the state takes a different path in
each; one who does not takes a single path, which is evaluated over all states and detected at least as probably.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geo.arrays import Floats
from geo.paths.along_path import Along
from geo.paths.crossings import INWARD, Crossings
from sensors.crossing.detection import detection_along
from sensors.crossing.segments import least_ways, unknown_segments_in
from sensors.crossing.watched_belt import WatchedBelt
from sensors.detection_model.hazard import over_states
from sensors.errors import CrossingError

SAME_SHARE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class CrossingState:
    """A state that lasts for a whole crossing.

    Parameters
    ----------
    name : str
        Name of the state.
    share : float
        Share [1] of crossings in it.
    seen : WatchedBelt
        The belt under the sensors that then work.
    """

    name: str
    share: float
    seen: WatchedBelt


@dataclass(frozen=True, slots=True, eq=False)
class OverStates:
    """P_detect of each segment over all states, for a crosser who knows the state and for one who does not.

    Parameters
    ----------
    states : tuple of str
        Names of the states.
    known : ndarray, shape (segment,)
        P_detect [1] where the crosser knows the state; exact over the paths of the search, except for cameras whose
        search ends. NaN where a state's is, as in ``sensors.crossing.segments.over_segments``.
    unknown : ndarray, shape (segment,)
        P_detect [1] where the crosser does not know it: the least over the paths that were tried (those of every state,
        and the least for the mean hazard), so it may be too high, and is never below ``known``.
    by_state : ndarray, shape (state, segment)
        P_detect [1] in each state, which ``known`` mixes.
    """

    states: tuple[str, ...]
    known: Floats
    unknown: Floats
    by_state: Floats


def outage_states(watched: WatchedBelt, up: Mapping[frozenset[str], float]) -> tuple[CrossingState, ...]:
    """Build the states in which only some of the sensors work.

    Parameters
    ----------
    watched : WatchedBelt
        The belt under all sensors (``watch_belt``).
    up : mapping of frozenset of str to float
        Share [1] of crossings in which exactly these sensors work.

    Returns
    -------
    tuple of CrossingState
        One state per set of working sensors.

    Raises
    ------
    CrossingError
        For a sensor that the belt does not have.
    """
    return tuple(
        CrossingState(", ".join(sorted(names)) or "none", share, watched.only(names)) for names, share in up.items()
    )


def over_crossing_states(
    states: Sequence[CrossingState], *, direction: str = INWARD, neighbours: int = 16
) -> OverStates:
    """Compute the detection of crossings in every segment, mixed over states of one border, belt and mover.

    Parameters
    ----------
    states : sequence of CrossingState
        The states; their shares sum to 1.
    direction : str
        Direction of the crossing, "inward" or "outward".
    neighbours : {8, 16}
        Moves per cell of the path search.

    Returns
    -------
    OverStates
        P_detect for a crosser who knows the state and for one who does not.

    Raises
    ------
    CrossingError
        For no state, shares that do not sum to 1, and states of other belts.
    """
    shares = np.array([state.share for state in states])
    if not len(shares) or (shares < 0.0).any() or abs(shares.sum() - 1.0) > SAME_SHARE:
        raise CrossingError(
            f"probabilities {shares.tolist()}", where="crossing states", expected="probabilities that sum to 1"
        )
    first = states[0].seen
    if not all(np.array_equal(state.seen.belt.inside, first.belt.inside) for state in states):
        raise CrossingError("belts differ", where="crossing states", expected="one border and one belt")
    mean = replace(
        first,
        per_s=np.sum([state.share * state.seen.per_s for state in states], axis=0),
        per_m=np.sum([state.share * state.seen.per_m for state in states], axis=0),
    )
    belts = [*(state.seen for state in states), mean]
    paths = [least_ways(belt, direction=direction, neighbours=neighbours) for belt in belts]
    unknown = [unknown_segments_in(state.seen, own) for state, own in zip(states, paths, strict=False)]
    scores = np.array(  # path, state, segment
        [
            [
                np.where(lost, np.nan, _probability(state.seen, path))
                for state, lost in zip(states, unknown, strict=True)
            ]
            for path in paths
        ]
    )
    by_state = scores.min(axis=0)
    return OverStates(
        states=tuple(state.name for state in states),
        known=over_states(by_state, shares),
        unknown=np.einsum("wcs,c->ws", scores, shares).min(axis=0),
        by_state=by_state,
    )


def _probability(watched: WatchedBelt, paths: Crossings) -> Floats:
    """P_detect (segment,) of paths under the sensors of one state; NaN if there is no path."""
    along = Along.over_paths(watched.on_belt, [paths.cells(segment) for segment in range(paths.cost.size)])
    detection = detection_along(watched, along)
    return np.where(np.isfinite(paths.cost), detection.probability, np.nan)
