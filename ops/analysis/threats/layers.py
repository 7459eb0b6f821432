"""Which layers stand in each segment, and which threats each of them covers there.

A threat is covered by a layer where at least one of the means that can find it stands. It is a gap where no layer
covers it. It is unknown where a file that would state it is missing: the table of means, the coverage of the layout
for a class of target, or a plan with patrols.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from geo.arrays import Bools, Floats, Ints
from ops.analysis.threats.catalogue import LAYERS, PATROLS, SENSOR_DETECTION, Threat, layer_of_means

COVERED: Final = 1
NOT_COVERED: Final = 0
UNKNOWN: Final = -1
STATES: Final[Mapping[int, str]] = {COVERED: "covered", NOT_COVERED: "gap", UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class SegmentMeans:
    """What stands where: ``standing`` by means, (segment,).

    ``crossing_points``: ids of the crossing points of each segment. ``stated``: whether a table states the means.
    ``detected`` by class of target, (segment,): 1 where detection meets the requirement, 0 where it does not, −1
    unknown. ``patrolled`` (segment,) alike.
    """

    standing: Mapping[str, Bools]
    crossing_points: Sequence[tuple[str, ...]]
    stated: bool
    detected: Mapping[str, Ints]
    patrolled: Ints


@dataclass(frozen=True, slots=True)
class LayerView:
    """The state of each threat, (threat, layer, segment), and of each threat at its best layer, (threat, segment).

    Values are COVERED, NOT_COVERED and UNKNOWN.
    """

    threats: tuple[Threat, ...]
    by_layer: Ints
    overall: Ints
    crossing_points: Sequence[tuple[str, ...]]

    def gaps(self, threat: int) -> list[int]:
        """The segments in which no layer covers a threat."""
        return np.flatnonzero(self.overall[threat] == NOT_COVERED).tolist()

    def depth(self, threat: int) -> Ints:
        """The number of layers that are known to cover a threat, (segment,)."""
        return np.sum(self.by_layer[threat] == COVERED, axis=0)  # type: ignore[no-any-return]

    def single(self, threat: int) -> list[int]:
        """The segments in which exactly one layer is known to cover a threat."""
        return np.flatnonzero(self.depth(threat) == 1).tolist()

    @property
    def covered_fraction(self) -> Floats:
        """Fraction of the threats that at least one layer covers, (segment,)."""
        return np.mean(self.overall == COVERED, axis=0)  # type: ignore[no-any-return]

    def order(self) -> list[int]:
        """The threats, those with the most gaps first, then the most unknown segments, then the most with one layer."""
        gaps = (self.overall == NOT_COVERED).sum(axis=1)
        unknown = (self.overall == UNKNOWN).sum(axis=1)
        every = range(len(self.threats))
        return sorted(every, key=lambda at: (-int(gaps[at]), -int(unknown[at]), -len(self.single(at)), at))

    def as_dict(self) -> dict[str, Any]:
        """The view for JSON."""
        return {
            "layers": list(LAYERS),
            "segments": [
                {
                    "segment": segment,
                    "crossing_points": list(self.crossing_points[segment]),
                    "threats": {
                        one.id: {
                            "state": STATES[int(self.overall[at, segment])],
                            "depth": int(self.depth(at)[segment]),
                            **{
                                layer: STATES[int(self.by_layer[at, number, segment])]
                                for number, layer in enumerate(LAYERS)
                            },
                        }
                        for at, one in enumerate(self.threats)
                    },
                }
                for segment in range(self.overall.shape[1])
            ],
        }


def view_of(threats: Iterable[Threat], means: SegmentMeans) -> LayerView:
    """Return the state of each threat in each layer and segment.

    Parameters
    ----------
    threats : iterable of Threat
        The threats.
    means : SegmentMeans
        What stands where.

    Returns
    -------
    LayerView
        A layer of crossing points covers nothing in a segment that has none.
    """
    listed = tuple(threats)
    segments = len(means.crossing_points)
    by_layer = np.zeros((len(listed), len(LAYERS), segments), np.int64)
    for at, threat in enumerate(listed):
        for number, layer in enumerate(LAYERS):
            for name in threat.layers[layer].means:  # type: ignore[index]
                state = _state(threat, name, means, segments)
                before = by_layer[at, number]
                by_layer[at, number] = np.where(
                    (before == COVERED) | (state == COVERED),
                    COVERED,
                    np.where((before == UNKNOWN) | (state == UNKNOWN), UNKNOWN, NOT_COVERED),
                )
    covered = np.any(by_layer == COVERED, axis=1)
    unknown = np.any(by_layer == UNKNOWN, axis=1)
    overall = np.where(covered, COVERED, np.where(unknown, UNKNOWN, NOT_COVERED))
    return LayerView(listed, by_layer, overall, tuple(means.crossing_points))


def _state(threat: Threat, name: str, means: SegmentMeans, segments: int) -> Ints:
    """Whether one means stands for a threat, (segment,)."""
    if name == SENSOR_DETECTION:
        return _least(threat, means, segments)
    if name == PATROLS:
        return means.patrolled
    if layer_of_means()[name] == "crossing_point":
        has_point = np.array([bool(one) for one in means.crossing_points], bool)
        if not means.stated:
            return np.where(has_point, UNKNOWN, NOT_COVERED)
        return np.where(has_point & means.standing.get(name, np.zeros(segments, bool)), COVERED, NOT_COVERED)
    if not means.stated:
        return np.full(segments, UNKNOWN)
    return np.where(means.standing.get(name, np.zeros(segments, bool)), COVERED, NOT_COVERED)


def _least(threat: Threat, means: SegmentMeans, segments: int) -> Ints:
    """Whether detection meets the requirement for every class that the threat can appear as, (segment,)."""
    if not threat.targets:
        return np.full(segments, NOT_COVERED)
    states = np.array([means.detected.get(one, np.full(segments, UNKNOWN)) for one in threat.targets])
    missed, unknown = np.any(states == NOT_COVERED, axis=0), np.any(states == UNKNOWN, axis=0)
    return np.where(missed, NOT_COVERED, np.where(unknown, UNKNOWN, COVERED))
