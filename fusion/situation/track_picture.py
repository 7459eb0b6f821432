"""The track picture: every live track at one moment as columns, correlated with the border, ready for alerting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from fusion.filter.track_bank import STATUS, TrackBank, track_name
from fusion.models.motion import unpack
from fusion.models.tracker_model import TrackerModel
from fusion.situation.correlate import Correlation, Correlator
from fusion.track_management.history import class_probability
from geo.arrays import Floats, Ints
from geo.errors import BadInput
from geo.schema import by_label
from sensors.scan import CLASSES

Evidence = tuple[str, int, int]
"""(sensor, boot, sequence) of a scan that the track took a plot from."""


class PictureError(BadInput):
    """A picture whose columns do not fit each other, or with values that a live track cannot have."""


@dataclass(frozen=True, slots=True)
class TrackPicture:
    """All live tracks at one time, against the border; a track that is not in it has ended.

    Parameters
    ----------
    track : tuple of str, length n
        Names, each once.
    status : ndarray of str, shape (n,)
        ``tentative``, ``confirmed`` or ``coasting``.
    easting : ndarray, shape (n,), m
        Position in the local frame.
    northing : ndarray, shape (n,), m
        Position in the local frame.
    easting_rate : ndarray, shape (n,), m/s
        Velocity.
    northing_rate : ndarray, shape (n,), m/s
        Velocity.
    cov : ndarray, shape (n, 4, 4), m², m²/s and m²/s²
        Covariance in the order easting, northing, easting_rate, northing_rate.
    existence : ndarray, shape (n,)
        Probability that the track exists.
    class_probability : ndarray, shape (n, 5)
        Probabilities of sensors.scan.CLASSES.
    updated_ns : ndarray of int, shape (n,), UTC nanoseconds since 1970
        Time of the newest plot in the track, never of a coast: only a plot makes a new look.
    evidence : tuple of tuple of (str, int, int), length n
        (sensor, boot, sequence) of scans whose plots are in the track, as many as the caller keeps.
    segment : ndarray of int, shape (n,)
        Border segment, −1 without a border.
    chainage_m : ndarray, shape (n,), m
        Position along the border; NaN without a border, here and below.
    offset_m : ndarray, shape (n,), m
        Signed distance from the border, positive on the own side.
    home : ndarray, shape (n, 2)
        Unit vector in which the offset grows.

    Raises
    ------
    PictureError
        For columns of wrong shape, a repeated name, or a state that is not finite.
    """

    track: tuple[str, ...]
    status: npt.NDArray[np.str_]
    easting: Floats
    northing: Floats
    easting_rate: Floats
    northing_rate: Floats
    cov: Floats
    existence: Floats
    class_probability: Floats
    updated_ns: Ints
    evidence: tuple[tuple[Evidence, ...], ...]
    segment: Ints
    chainage_m: Floats
    offset_m: Floats
    home: Floats

    def __post_init__(self) -> None:
        """Check shapes, names and states."""
        n = len(self.track)
        shapes = {"cov": (n, 4, 4), "class_probability": (n, 5), "home": (n, 2)}
        for name in self.__slots__:
            column = getattr(self, name)
            shape = column.shape if isinstance(column, np.ndarray) else (len(column),)
            if shape != shapes.get(name, (n,)):
                raise PictureError(f"has shape {shape}", where=name, expected=f"{shapes.get(name, (n,))}")
        if len(set(self.track)) != n:
            raise PictureError("a name occurs twice", where="track", expected="each live track once")
        for name in ("easting", "northing", "easting_rate", "northing_rate", "cov", "existence", "class_probability"):
            bad = ~np.isfinite(getattr(self, name))
            if bad.any():
                row = int(np.nonzero(bad)[0][0])
                raise PictureError(f"of track {self.track[row]} is not finite", where=name, expected="finite numbers")


def picture_of(
    tracks: xr.Dataset, correlator: Correlator, evidence: Mapping[str, tuple[Evidence, ...]] | None = None
) -> TrackPicture:
    """Build the track picture of ``Tracker.tracks()``.

    Parameters
    ----------
    tracks : Dataset
        Columns of the track history along one dim, with ``updated_at`` and ``class_probability``.
    correlator : Correlator
        Correlates positions with the border.
    evidence : mapping of str to tuple of (str, int, int), optional
        Scans behind each track, by name.

    Returns
    -------
    TrackPicture
        The picture, without closed tracks.

    Raises
    ------
    PictureError
        For a missing variable, and for a live track whose state is not finite.
    """
    wanted = ("track", "status", "easting", "northing", "easting_rate", "northing_rate", "cov", "existence")
    for name in (*wanted, "class_probability", "updated_at"):
        if name not in tracks:
            raise PictureError(f"no variable {name!r}", where="tracks", expected="what Tracker.tracks() gives")
    status = tracks["status"].values.astype(str)
    live = status != "closed"
    column = {name: np.asarray(tracks[name].values, np.float64)[live] for name in wanted[2:]}
    classes = by_label(tracks["class_probability"], "class", CLASSES, where="tracks (class_probability)")
    states = _States(
        track=tuple(tracks["track"].values[live].astype(str).tolist()),
        status=status[live],
        motion=(column["easting"], column["northing"], column["easting_rate"], column["northing_rate"]),
        cov=column["cov"],
        existence=column["existence"],
        class_probability=np.asarray(classes.values, np.float64)[live],
        updated_ns=tracks["updated_at"].values[live].astype("datetime64[ns]").astype(np.int64),
    )
    return _correlated(states, correlator, evidence or {})


def picture_of_bank(
    bank: TrackBank, model: TrackerModel, correlator: Correlator, evidence: Mapping[str, tuple[Evidence, ...]]
) -> TrackPicture:
    """Build the picture of a tracker's bank, equal to ``picture_of(tracker.tracks(), ...)`` without the dataset."""
    easting, northing, easting_rate, northing_rate = np.ascontiguousarray(bank.tracks.centre.T)
    states = _States(
        track=tuple(track_name(track) for track in bank.tracks.track.tolist()),
        status=STATUS[bank.tracks.status],
        motion=(easting, northing, easting_rate, northing_rate),
        cov=unpack(bank.tracks.spread),
        existence=bank.tracks.existence,
        class_probability=class_probability(bank, model.motion.kind, model.compatible),
        updated_ns=bank.tracks.updated_ns,
    )
    return _correlated(states, correlator, evidence)


class _States(NamedTuple):
    """The columns of a picture that need no border; ``motion`` is easting, northing and their rates."""

    track: tuple[str, ...]
    status: npt.NDArray[np.str_]
    motion: tuple[Floats, Floats, Floats, Floats]
    cov: Floats
    existence: Floats
    class_probability: Floats
    updated_ns: Ints


def _correlated(states: _States, correlator: Correlator, evidence: Mapping[str, tuple[Evidence, ...]]) -> TrackPicture:
    ground: Correlation = correlator.of_arrays(*states.motion)
    return TrackPicture(
        track=states.track,
        status=states.status,
        easting=states.motion[0],
        northing=states.motion[1],
        easting_rate=states.motion[2],
        northing_rate=states.motion[3],
        cov=states.cov,
        existence=states.existence,
        class_probability=states.class_probability,
        updated_ns=states.updated_ns,
        evidence=tuple(evidence.get(name, ()) for name in states.track),
        segment=np.asarray(ground.segment, np.int64),
        chainage_m=ground.chainage_m,
        offset_m=ground.offset_m,
        home=np.column_stack([ground.home_easting, ground.home_northing]),
    )
