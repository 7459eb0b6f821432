"""Sightings: where a track of a sector was when a sensor last updated it, as its live picture states it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from geo.arrays import Floats

KNOWN: Final = ("confirmed", "coasting")
"""States of tracks that get a national identity; a tentative one may be clutter."""
VELOCITY_SD: Final = 0.5
"""Standard deviation of each component of a velocity [m/s]: the picture states that of the position only."""
VELOCITY_SD_BY_SPEED: Final = 0.1
"""What is added to it for each metre per second of speed."""
YOUNG_VELOCITY_SD: Final = 2.0
"""What is added to it when a track has just been confirmed [m/s]."""
YOUNG_S: Final = 5.0
"""Time in which that falls to 37%."""
METRES_PER_DEGREE: Final = 111_195.0
"""Of latitude, on a sphere of 6,371 km; its error of 0.6% is one of 60 m in 10 km, and of centimetres between two
tracks that may be one."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackSighting:
    """The state of a track at its update ``time_ns`` (UTC), in the picture of ``stamp_ns`` (the sector's journal time).

    ``velocity`` (2,) [m/s] is east and north; ``cov`` (4, 4) that of position and velocity; ``classes`` are the
    probabilities of the target's classes.
    """

    stamp_ns: int
    time_ns: int
    lon: float
    lat: float
    velocity: Floats
    cov: Floats
    classes: Mapping[str, float]


class TrackInPicture(msgspec.Struct):
    """The fields of a track in a live picture that are read (``ops.services.fusion.live_picture``)."""

    track: str
    status: str
    lon: float
    lat: float
    updated_ns: int
    ellipse_m: tuple[float, float]
    ellipse_azimuth_deg: float
    speed_mps: float = 0.0
    course_deg: float | None = None
    class_probability: dict[str, float] = {}


def sighting_of(entry: TrackInPicture, stamp_ns: int, age_s: float = math.inf) -> TrackSighting:
    """Return the sighting that an entry of the picture states.

    Parameters
    ----------
    entry : TrackInPicture
        The track; its ellipse has 1-sigma semi-axes [m], and the azimuth of the longer one.
    stamp_ns : int, UTC ns
        The time of the picture.
    age_s : float, s
        How long the track has been confirmed.

    Returns
    -------
    TrackSighting
        With the covariance of the ellipse, and an assumed one of the velocity.
    """
    course = math.radians(entry.course_deg or 0.0)
    speed = 0.0 if entry.course_deg is None else entry.speed_mps
    along = math.radians(entry.ellipse_azimuth_deg)
    axes = np.array([[math.sin(along), math.cos(along)], [math.cos(along), -math.sin(along)]])
    cov = np.zeros((4, 4))
    cov[:2, :2] = axes.T @ np.diag(np.square(entry.ellipse_m)) @ axes
    young = YOUNG_VELOCITY_SD * math.exp(-age_s / YOUNG_S)
    cov[2:, 2:] = (VELOCITY_SD + VELOCITY_SD_BY_SPEED * speed + young) ** 2 * np.eye(2)
    velocity = speed * np.array([math.sin(course), math.cos(course)])
    return TrackSighting(stamp_ns, entry.updated_ns, entry.lon, entry.lat, velocity, cov, entry.class_probability)


def metres_between(lon: float, lat: float, lon2: float, lat2: float) -> tuple[float, float]:
    """Return how far the second point is east and north of the first [m]; for distances of some tens of km."""
    east = (lon2 - lon + 180.0) % 360.0 - 180.0
    middle = math.cos(math.radians(0.5 * (lat + lat2)))
    return east * middle * METRES_PER_DEGREE, (lat2 - lat) * METRES_PER_DEGREE


@dataclass(frozen=True, slots=True)
class SensorReach:
    """How far the sensors of a sector reach: (lon, lat, range [m]) of each."""

    sensors: tuple[tuple[float, float, float], ...]

    def beyond_m(self, lon: float, lat: float) -> float:
        """Return how far a point is outside the range of the nearest sensor; negative within, infinite without any."""
        away = (math.hypot(*metres_between(lon, lat, *at)) - range_m for *at, range_m in self.sensors)
        return min(away, default=math.inf)


def neighbours_of(
    reaches: Mapping[str, SensorReach], sector: str, lon: float, lat: float, margin_m: float
) -> tuple[str, ...]:
    """Return the other sectors in whose overlap area a point is, by name: within ``margin_m`` of what their sensors
    reach. Near a corner of three sectors these are two; elsewhere one or none."""
    return tuple(name for name in sorted(reaches) if name != sector and reaches[name].beyond_m(lon, lat) <= margin_m)
