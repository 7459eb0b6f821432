"""Where a target is that several sectors track: their estimates, combined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from geo.arrays import Floats
from ops.cluster.identity.likelihood import difference, moved
from ops.cluster.identity.sighting import METRES_PER_DEGREE, TrackSighting, metres_between

PARTED: Final = 23.5
"""Squared Mahalanobis distance of two states that are not combined: one true pair in 10,000 has more (4 degrees)."""
MUCH_LESS_CERTAIN: Final = 9.0
"""Ratio of the sums of variances: three times the deviation."""


class Combined(NamedTuple):
    """A position and velocity (2,) [m/s], east and north, with their covariance (4, 4)."""

    lon: float
    lat: float
    velocity: Floats
    cov: Floats


def combined(sightings: Sequence[TrackSighting], at_ns: int) -> Combined:
    """Combine the newest sighting of each track of one target.

    Parameters
    ----------
    sightings : sequence of TrackSighting
        One of each track, at least one.
    at_ns : int, UTC ns
        The time for which the target's position is estimated; they are extrapolated to it.

    Returns
    -------
    Combined
        The mean, weighted by the inverse covariances. Its covariance holds however the errors of the tracks depend on
        each other, as they share the target's manoeuvres: for any shares w that sum to 1, the covariance of a sum of
        errors is at most the sum of their covariances, each divided by its w. This is the inequality of covariance
        intersection (Julier and Uhlmann 1997); each w is in proportion to the deviation of its error.
    """
    first = sightings[0]
    states, information = [], []
    for one in sightings:
        transition, noise = moved(one, (at_ns - one.time_ns) * 1e-9)
        east, north = metres_between(first.lon, first.lat, one.lon, one.lat)
        states.append(transition @ np.concatenate([[east, north], one.velocity]))
        information.append(np.linalg.inv(transition @ one.cov @ transition.T + noise))
    total = np.sum(information, axis=0)
    state = np.linalg.solve(
        total, np.sum([each @ mean for each, mean in zip(information, states, strict=True)], axis=0)
    )
    errors = np.linalg.solve(total, np.linalg.solve(total, np.array(information)).transpose(0, 2, 1))
    shares = np.sqrt(np.trace(errors[:, :2, :2], axis1=1, axis2=2))
    cov = np.einsum("k,kij->ij", shares.sum() / shares, errors)
    lat = first.lat + state[1] / METRES_PER_DEGREE
    lon = first.lon + state[0] / (METRES_PER_DEGREE * np.cos(np.radians(0.5 * (first.lat + lat))))
    return Combined(float((lon + 180.0) % 360.0 - 180.0), float(lat), state[2:], cov)


def together(sightings: Sequence[TrackSighting]) -> list[int]:
    """Return which of the sightings of one identity, the founder's first, are still at one place.

    Tracks of one identity part where one of them has taken another target; the identity itself stays. It is where the
    founder is, unless that has become much less certain than another.
    """
    sizes = [float(np.trace(one.cov)) for one in sightings]
    anchor = 0 if sizes[0] <= MUCH_LESS_CERTAIN * min(sizes) else int(np.argmin(sizes))
    kept = []
    for number, one in enumerate(sightings):
        apart, cov = difference(sightings[anchor], one)
        if number == anchor or float(apart @ np.linalg.solve(cov, apart)) <= PARTED:
            kept.append(number)
    return kept
