"""Pictures of tracks that people assessed: evidence on the classes of these tracks.

An assessment is a likelihood with an error rate: with probability WRONG the picture was misread, or shows another
object than the track. Reports of sensors about one object share their errors, which the tracker's independent updates
do not include: where a person has looked, they count as wrong together with probability SHARED_ERROR. So neither a
statement nor any number of reports makes a class certain, or rules one out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import xarray as xr

from fusion.situation.track_picture import TrackPicture
from geo.arrays import Floats
from sensors.scan import CLASSES

WRONG: Final = 0.05
"""Probability that a statement is wrong about its track: a misread picture, or one of another object (assumption)."""
SHARED_ERROR: Final = 0.05
"""Probability that all sensor reports about a track are wrong together (assumption)."""
SHOWS: Final[Mapping[str, tuple[str, ...]]] = {
    "person": ("person", "group"),
    "vehicle": ("vehicle",),
    "animal": ("animal",),
}
"""The classes that a statement supports. A picture of nothing, or an unclear one, is no evidence on the class."""


class SeenOnPicture(NamedTuple):
    """A person's statement about a track: the camera that took the picture, and what it shows."""

    sensor: str
    shown: str


def likelihood(shown: str) -> Floats:
    """Compute how probable a statement is for each class.

    Parameters
    ----------
    shown : str
        ``person``, ``vehicle`` or ``animal``; anything else says nothing of the class.

    Returns
    -------
    ndarray, shape (5,)
        ``P(shown | class)`` in the order of sensors.scan.CLASSES: ``1 − WRONG`` for the classes in SHOWS, ``WRONG``
        spread evenly over the other statements, and equal parts for ``other``, which no statement names.
    """
    if shown not in SHOWS:
        return np.ones(len(CLASSES))
    elsewhere = WRONG / (len(SHOWS) - 1)
    named = {name for names in SHOWS.values() for name in names}
    values = {name: 1.0 / len(SHOWS) for name in CLASSES if name not in named}
    values |= dict.fromkeys(named, elsewhere) | dict.fromkeys(SHOWS[shown], 1.0 - WRONG)
    return np.array([values[name] for name in CLASSES])


def evidence_of(seen: Iterable[SeenOnPicture]) -> Floats:
    """Combine the statements about one track.

    Pictures of one camera look alike, so that the errors of their statements are not independent: together they count
    as one, by the geometric mean of their likelihoods. Cameras count independently. The order does not matter.

    Parameters
    ----------
    seen : iterable of SeenOnPicture
        The statements.

    Returns
    -------
    ndarray, shape (5,)
        Likelihood of the classes, in the order of sensors.scan.CLASSES; ones without evidence.
    """
    by_camera: dict[str, list[str]] = {}
    for one in seen:
        if one.shown in SHOWS:
            by_camera.setdefault(one.sensor, []).append(one.shown)
    logs = [
        np.mean([np.log(likelihood(one)) for one in sorted(stated)], axis=0) for _, stated in sorted(by_camera.items())
    ]
    return np.asarray(np.exp(np.sum(logs, axis=0))) if logs else np.ones(len(CLASSES))


def weighed(probability: Floats, tracks: Sequence[str], stated: Mapping[str, Sequence[SeenOnPicture]]) -> Floats:
    """Weigh the class probabilities of tracks by what people saw.

    Parameters
    ----------
    probability : ndarray, shape (n, 5)
        Class probabilities from sensors and motion.
    tracks : sequence of str, length n
        Names of the tracks.
    stated : mapping of str to sequence of SeenOnPicture
        Statements by track.

    Returns
    -------
    ndarray, shape (n, 5)
        Probabilities after Bayes' rule, from ``(1 − SHARED_ERROR) p + SHARED_ERROR / 5``; those of a track without
        evidence as they were, and ``probability`` itself where there is none at all.
    """
    found = {row: evidence_of(stated[track]) for row, track in enumerate(tracks) if track in stated}
    told = {row: evidence for row, evidence in found.items() if (evidence != 1.0).any()}
    if not told:
        return probability
    result = probability.copy()
    for row, evidence in told.items():
        given = ((1.0 - SHARED_ERROR) * result[row] + SHARED_ERROR / len(CLASSES)) * evidence
        result[row] = given / given.sum()
    return result


def with_seen(picture: TrackPicture, stated: Mapping[str, Sequence[SeenOnPicture]]) -> TrackPicture:
    """Return the picture with the classes weighed by what people saw."""
    probability = weighed(picture.class_probability, picture.track, stated)
    return picture if probability is picture.class_probability else replace(picture, class_probability=probability)


def with_seen_in(tracks: xr.Dataset, stated: Mapping[str, Sequence[SeenOnPicture]]) -> xr.Dataset:
    """Return the dataset of ``Tracker.tracks()`` with the classes weighed by what people saw."""
    given = tracks["class_probability"]
    probability = weighed(given.values, tracks["track"].values.astype(str).tolist(), stated)
    return tracks if probability is given.values else tracks.assign(class_probability=given.copy(data=probability))
