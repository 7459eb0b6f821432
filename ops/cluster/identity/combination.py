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
UPDATED_S: Final = 10.0
"""A track that no sensor has updated for so long says nothing about where its target is."""
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

    Tracks of one identity part where one of them has taken another target. Until that is decided
    (``ops.cluster.identity.revision``) the identity is where the founder is, unless that has become much less certain
    than another. A track that no sensor updated within ``UPDATED_S`` of another's update does not count.
    """
    newest_ns = max(one.time_ns for one in sightings)
    fresh = [number for number, one in enumerate(sightings) if one.time_ns > newest_ns - UPDATED_S * 1e9]
    sizes = [float(np.trace(sightings[number].cov)) for number in fresh]
    anchor = fresh[0] if sizes[0] <= MUCH_LESS_CERTAIN * min(sizes) else fresh[int(np.argmin(sizes))]
    kept = []
    for number in fresh:
        one = sightings[number]
        apart, cov = difference(sightings[anchor], one)
        if number == anchor or float(apart @ np.linalg.solve(cov, apart)) <= PARTED:
            kept.append(number)
    return kept
