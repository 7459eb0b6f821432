"""Cameras that can be turned to a moving target, the soonest first, with the lead point of each.

A camera that starts to turn now arrives after t = settling + |turn(t)| / rate, where turn(t) is the angle to where the
target will be at t: a fixed point, found by iteration from t = 0. Turning is limited to the field of regard: towards a
target outside it a camera turns to its edge, and only the lead point has to be within. All directions are azimuths from
true north on the WGS 84 ellipsoid (geodesics of pyproj, after Karney 2013).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from pyproj import Geod

from sensors.cueing.sight import Sight

_EARTH: Final = Geod(ellps="WGS84")
CLOSE_S: Final = 1e-3
"""Difference of two times of arrival at which the iteration ends."""
MOST_STEPS: Final = 100
FULL_DEG: Final = 360.0


@dataclass(frozen=True, slots=True)
class SteerableCamera:
    """A camera that turns. All azimuths are clockwise from true north.

    Parameters
    ----------
    id : str
        Id of the camera.
    lon : float, degrees
        Longitude, WGS 84.
    lat : float, degrees
        Latitude, WGS 84.
    azimuth_deg : float, degrees
        Current centre of view.
    turn_dps : float, degrees/s
        Speed at which it turns.
    settle_s : float, s
        Time from arriving until the picture is steady, latency of its link included.
    regard_deg : float, degrees
        Centre of the azimuths to which it can turn.
    regard_width_deg : float, degrees
        Width of these azimuths; 360: a full circle, in which it turns either way.
    min_range_m : float, m
        Shortest range.
    max_range_m : float, m
        Longest range.
    elevation_min_deg : float, degrees
        Lowest elevation angle to which it can tilt, positive up.
    elevation_max_deg : float, degrees
        Highest elevation angle.
    """

    id: str
    lon: float
    lat: float
    azimuth_deg: float
    turn_dps: float
    settle_s: float = 1.0
    regard_deg: float = 0.0
    regard_width_deg: float = FULL_DEG
    min_range_m: float = 0.0
    max_range_m: float = math.inf
    elevation_min_deg: float = -90.0
    elevation_max_deg: float = 90.0


@dataclass(frozen=True, slots=True)
class MovingTarget:
    """A target that keeps its speed and course.

    Parameters
    ----------
    lon : float, degrees
        Longitude, WGS 84.
    lat : float, degrees
        Latitude, WGS 84.
    speed_mps : float, m/s
        Speed over the ground.
    course_deg : float, degrees
        Course, clockwise from true north.
    """

    lon: float
    lat: float
    speed_mps: float = 0.0
    course_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class LookOption:
    """A camera that can look at a target.

    Parameters
    ----------
    camera : str
        Id of the camera.
    azimuth_deg : float, degrees
        Azimuth of the lead point, in [0, 360).
    slew_s : float, s
        Time until its picture is steady.
    range_m : float, m
        Distance of the lead point.
    lon : float, degrees
        Longitude of the lead point, WGS 84.
    lat : float, degrees
        Latitude of the lead point, WGS 84.
    in_view : bool, optional
        Whether the target is in line of sight, at the lead point where the terrain is known; None: not known.
    elevation_deg : float, degrees, optional
        Elevation angle of the lead point, positive up; None where the terrain is not known.
    """

    camera: str
    azimuth_deg: float
    slew_s: float
    range_m: float
    lon: float
    lat: float
    in_view: bool | None
    elevation_deg: float | None = None


SightOf = Callable[[SteerableCamera, float, float, float], Sight]
"""The view of a camera to longitude and latitude [degrees] at a distance [m]."""


def rank_looks(
    cameras: Iterable[SteerableCamera],
    target: MovingTarget,
    *,
    seen_by: Collection[str] | None = None,
    sight: SightOf | None = None,
) -> list[LookOption]:
    """Rank the cameras that can look at a target.

    Parameters
    ----------
    cameras : iterable of SteerableCamera
        The cameras.
    target : MovingTarget
        The target; it keeps its speed and course.
    seen_by : collection of str, optional
        Ids of the sensors in whose line of sight the target is now; None: not known. A camera that is not among them is
        left out, unless ``sight`` knows better.
    sight : callable, optional
        View of a camera to a point: elevation angle, and whether a target there is in line of sight.

    Returns
    -------
    list of LookOption
        The soonest first, of equal times the nearest, then by id. A camera is left out if the lead point is beyond its
        range, field of regard or tilt, hidden from it, or if it cannot turn fast enough to catch up with the target.

    Examples
    --------
    >>> from sensors.cueing import MovingTarget, SteerableCamera, rank_looks
    >>> camera = SteerableCamera("cam-1", 12.0, 50.0, azimuth_deg=0.0, turn_dps=10.0)
    >>> [(one.camera, round(one.slew_s, 1)) for one in rank_looks([camera], MovingTarget(12.0, 49.99))]
    [('cam-1', 19.0)]
    """
    found = []
    for camera in cameras:
        option = _look(camera, target)
        if option is None:
            continue
        view = Sight() if sight is None else sight(camera, option.lon, option.lat, option.range_m)
        in_view = view.in_view if view.in_view is not None or seen_by is None else camera.id in seen_by
        if in_view is not False and _tilts_to(camera, view.elevation_deg):
            found.append(replace(option, in_view=in_view, elevation_deg=view.elevation_deg))
    return sorted(found, key=lambda one: (one.slew_s, one.range_m, one.camera))


def turn_deg(camera: SteerableCamera, azimuth_deg: float) -> float | None:
    """Return by how much a camera must turn to an azimuth [degrees, positive clockwise]; None outside its regard.

    With a limited field of regard it turns within that, even where the other way round is shorter.
    """
    turn, inside = _turn_towards(camera, azimuth_deg)
    return turn if inside else None


def _turn_towards(camera: SteerableCamera, azimuth_deg: float) -> tuple[float, bool]:
    """The turn to an azimuth, and whether that is within its regard; if not, the turn to the nearest edge of it."""
    if camera.regard_width_deg >= FULL_DEG:
        return _signed(azimuth_deg - camera.azimuth_deg), True
    half = camera.regard_width_deg / 2.0
    wanted, now = _signed(azimuth_deg - camera.regard_deg), _signed(camera.azimuth_deg - camera.regard_deg)
    inside = abs(wanted) <= half + 1e-9
    return (wanted if inside else math.copysign(half, wanted)) - min(max(now, -half), half), inside


def _tilts_to(camera: SteerableCamera, elevation_deg: float | None) -> bool:
    return elevation_deg is None or camera.elevation_min_deg <= elevation_deg <= camera.elevation_max_deg


def _look(camera: SteerableCamera, target: MovingTarget) -> LookOption | None:
    arrives_s = 0.0
    for _ in range(MOST_STEPS):
        lon, lat, azimuth, distance = _lead(camera, target, arrives_s)
        turn, inside = _turn_towards(camera, azimuth)
        next_s = camera.settle_s + abs(turn) / camera.turn_dps
        if abs(next_s - arrives_s) <= CLOSE_S:
            if not (inside and camera.min_range_m <= distance <= camera.max_range_m):
                return None
            return LookOption(camera.id, azimuth, next_s, distance, lon, lat, None)
        arrives_s = next_s
    return None


def _lead(camera: SteerableCamera, target: MovingTarget, after_s: float) -> tuple[float, float, float, float]:
    """Position of the target after a time, and azimuth [0, 360) and distance [m] from the camera."""
    lon, lat, _ = _EARTH.fwd(target.lon, target.lat, target.course_deg, target.speed_mps * after_s)
    azimuth, _, distance = _EARTH.inv(camera.lon, camera.lat, lon, lat)
    return float(lon), float(lat), float(azimuth) % FULL_DEG, float(distance)


def _signed(angle_deg: float) -> float:
    """An angle in [−180, 180)."""
    return (angle_deg + 180.0) % FULL_DEG - 180.0
