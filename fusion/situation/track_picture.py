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
from fusion.models.scene import TrackerModel
from fusion.situation.correlate import Correlation, Correlator
from fusion.track_management.history import class_probability
from geo.arrays import Floats, Ints
from geo.errors import BadInput

Evidence = tuple[str, int, int]
"""(sensor, boot, sequence) of a scan that the track took a plot from."""


class PictureError(BadInput):
    """A picture whose columns do not fit each other, or hold what a live track cannot have."""


@dataclass(frozen=True, slots=True)
class TrackPicture:
    """Every live track, each column of length n; a track that is not here has ended.

    track: names, each once. status: tentative, confirmed or coasting (closed counts as ended). easting … northing_rate
    [m, m/s]; cov (n, 4, 4) [m², m²/s, m²/s²] in the order easting, northing, easting_rate, northing_rate.
    existence [1]; class_probability (n, 5) as sensors.scan.CLASSES. updated_ns: UTC ns of the newest *plot* in the
    track, never of a coast: it alone makes a new look. evidence: newest scans first choice of the caller, may be empty.
    segment (−1 where there is no border), chainage_m, offset_m, home (n, 2) the unit vector of growing offset: from
    ``fusion.situation.correlate``, NaN where there is no border.
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
        n = len(self.track)
        shapes = {"cov": (n, 4, 4), "class_probability": (n, 5), "home": (n, 2)}
        for name in self.__slots__:
            column = getattr(self, name)
            found = column.shape if isinstance(column, np.ndarray) else (len(column),)
            if found != shapes.get(name, (n,)):
                raise PictureError(f"has shape {found}", where=name, expected=f"{shapes.get(name, (n,))}")
        if len(set(self.track)) != n:
            raise PictureError("a name stands twice", where="track", expected="each live track once")
        for name in ("easting", "northing", "easting_rate", "northing_rate", "cov", "existence", "class_probability"):
            bad = ~np.isfinite(getattr(self, name))
            if bad.any():
                row = int(np.nonzero(bad)[0][0])
                raise PictureError(f"of track {self.track[row]} is not finite", where=name, expected="finite numbers")


def picture_of(
    tracks: xr.Dataset, correlator: Correlator, evidence: Mapping[str, tuple[Evidence, ...]] | None = None
) -> TrackPicture:
    """The picture of ``Tracker.tracks()``; ``evidence`` by track name, empty where it has none.

    ``tracks`` has the history's columns along one dim and updated_at (datetime64) and class_probability beside them.
    Closed tracks are left out. Raises PictureError when a variable is missing or a live track's state is not finite.
    """
    wanted = ("track", "status", "easting", "northing", "easting_rate", "northing_rate", "cov", "existence")
    for name in (*wanted, "class_probability", "updated_at"):
        if name not in tracks:
            raise PictureError(f"no variable {name!r}", where="tracks", expected="what Tracker.tracks() gives")
    status = tracks["status"].values.astype(str)
    live = status != "closed"
    column = {name: np.asarray(tracks[name].values, np.float64)[live] for name in (*wanted[2:], "class_probability")}
    states = _States(
        track=tuple(tracks["track"].values[live].astype(str).tolist()),
        status=status[live],
        motion=(column["easting"], column["northing"], column["easting_rate"], column["northing_rate"]),
        cov=column["cov"],
        existence=column["existence"],
        class_probability=column["class_probability"],
        updated_ns=tracks["updated_at"].values[live].astype("datetime64[ns]").astype(np.int64),
    )
    return _correlated(states, correlator, evidence or {})


def picture_of_bank(
    bank: TrackBank, scene: TrackerModel, correlator: Correlator, evidence: Mapping[str, tuple[Evidence, ...]]
) -> TrackPicture:
    """The picture of a tracker's bank: the same as ``picture_of(tracker.tracks(), ...)``, without a dataset between."""
    easting, northing, easting_rate, northing_rate = np.ascontiguousarray(bank.centre.T)
    states = _States(
        track=tuple(track_name(track) for track in bank.track.tolist()),
        status=STATUS[bank.status],
        motion=(easting, northing, easting_rate, northing_rate),
        cov=unpack(bank.spread),
        existence=bank.existence,
        class_probability=class_probability(bank, scene.model.kind, scene.compatible),
        updated_ns=bank.updated_ns,
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
