"""The track picture: every live track at one moment as columns, correlated with the border, ready for alerting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from fusion.correlate import Correlation, Correlator
from geo.errors import BadInput

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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
    ``fusion.correlate``, NaN where there is no border.
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
    names = tuple(tracks["track"].values[live].astype(str).tolist())
    motion = (column["easting"], column["northing"], column["easting_rate"], column["northing_rate"])
    ground: Correlation = correlator.of_arrays(*motion)
    return TrackPicture(
        track=names,
        status=status[live],
        easting=motion[0],
        northing=motion[1],
        easting_rate=motion[2],
        northing_rate=motion[3],
        cov=column["cov"],
        existence=column["existence"],
        class_probability=column["class_probability"],
        updated_ns=tracks["updated_at"].values[live].astype("datetime64[ns]").astype(np.int64),
        evidence=tuple((evidence or {}).get(name, ()) for name in names),
        segment=np.asarray(ground.segment, np.int64),
        chainage_m=ground.chainage_m,
        offset_m=ground.offset_m,
        home=np.column_stack([ground.home_easting, ground.home_northing]),
    )
