"""The poses that a bank knows, and where a sensor stood at a later time, with the error of that.

Only poses up to the time of the scan count: a pose that comes later changes nothing before it, so that a scan has one
answer, live, late and in a replay. Between reports the position is extrapolated. Of what carries the sensor each
component of the velocity is a stationary Gauss-Markov process with half its top speed as standard deviation (that of a
velocity spread evenly over the disc of possible ones) and CORRELATION_S: the integrated Ornstein-Uhlenbeck process
(Uhlenbeck and Ornstein 1930). With two poses the velocity is their difference, which is that of the time between them
and not of its end: the error of that counts too. Without, it is 0 on average. Of the two answers the one with the
smaller variance is used.
"""

from __future__ import annotations

from math import exp, hypot, isnan
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from fusion.models.sensor_views import ElevationGrid, elevation_at
from geo.arrays import Floats, Ints
from geo.frame import LocalFrame
from sensors.layout import Placement
from sensors.mobile import POSE
from sensors.mobile.north import north_and_scale
from sensors.scan_columns import ScanColumns
from sensors.sensor import Sensor

CORRELATION_S: Final = 10.0
"""Time for which what carries a sensor keeps its velocity (assumption)."""
STILL_SDS: Final = 2.5
"""Two positions that differ by less than this number of standard deviations of one axis are those of a standing sensor:
the differences of 19 in 20 standing ones."""
FRESH_S: Final = 2.0 * CORRELATION_S
"""The difference of two poses farther apart in time is no velocity, unless the sensor stands."""
JUMP_SDS: Final = 5.0
"""A pose farther from the last one than top speed and this number of standard deviations allow is implausible."""
MOST_SD_M: Final = 100.0
"""A larger error excuses no farther jump: otherwise a pose that states an error of 1000 km would allow any."""
BURIED_M: Final = 5.0
"""A height is below ground if it is by more than this, and by more than JUMP_SDS standard deviations."""

USED, JUMPED, OFF_THE_TERRAIN, BELOW_GROUND = 0, 1, 2, 3
"""What became of a pose."""
EAST, NORTH, HEIGHT, HEADING, TILT, PLACE_SD, HEIGHT_SD, HEADING_SD, TILT_SD, TURN, SCALE = range(11)
"""Columns of ``Poses.value``: metres and radians of the frame; height, heading and tilt NaN where not stated, their
deviations then 0. TURN is added to azimuths, SCALE multiplies ranges, which were converted for the default post."""


class Poses(NamedTuple):
    """Poses by sensor, then time: of each sensor at most the newest two that are used and the newest that was refused.

    ``sensor`` (k,) its index in the layout, ``time_ns`` (k,), ``fate`` (k,) USED or why not, ``value`` (k, 11).
    """

    sensor: Ints
    time_ns: Ints
    fate: npt.NDArray[np.int8]
    value: Floats


class PoseAt(NamedTuple):
    """Where a sensor stood at one time: metres and radians of the frame.

    ``height``, ``heading`` and ``tilt`` are NaN where not stated; ``place_sd`` is that of each axis of the position;
    ``moving`` whether the last two poses show that it moved; ``age_s`` the time since the last pose, that of
    ``stated_ns``.
    """

    east: float
    north: float
    height: float
    heading: float
    tilt: float
    place_sd: float
    height_sd: float
    heading_sd: float
    tilt_sd: float
    turn: float
    scale: float
    moving: bool
    age_s: float
    stated_ns: int


def no_poses() -> Poses:
    """Before the first pose."""
    none = np.zeros(0, np.int64)
    return Poses(none, none, np.zeros(0, np.int8), np.zeros((0, SCALE + 1)))


def with_pose(
    poses: Poses, pose: ScanColumns, index: int, place: Placement, frame: LocalFrame, earth: ElevationGrid
) -> Poses:
    """The poses after one more, which is not older than any other of its sensor: used, or refused as implausible."""
    assert pose.kind == POSE
    value, sensor = _value(pose, place, frame), place.sensor
    first, last = np.searchsorted(poses.sensor, (index, index + 1)).tolist()
    fates = poses.fate[first:last].tolist()
    used = [row for row, fate in enumerate(fates, first) if fate == USED]
    refused = [row for row, fate in enumerate(fates, first) if fate != USED]
    fate = _fate(poses, used, value, pose.observed_ns, sensor, earth)
    if fate == USED:
        if used and poses.time_ns[used[-1]] == pose.observed_ns:
            used = used[:-1]  # stated again
        elif len(used) == 2 and not refused:  # the usual case: in place of the older one
            time_ns, values = poses.time_ns.copy(), poses.value.copy()
            time_ns[first], values[first] = time_ns[first + 1], values[first + 1]
            time_ns[first + 1], values[first + 1] = pose.observed_ns, value
            return Poses(poses.sensor, time_ns, poses.fate, values)
        used = used[-1:]
    else:
        refused = []
    kept = sorted([*used, *refused])
    order = np.concatenate([np.arange(first), np.array(kept, np.int64), np.arange(last, len(poses.sensor))])
    at = first + len(kept)
    return Poses(
        np.insert(poses.sensor[order], at, index),
        np.insert(poses.time_ns[order], at, pose.observed_ns),
        np.insert(poses.fate[order], at, fate).astype(np.int8),
        np.insert(poses.value[order], at, value, axis=0),
    )


def stand_of(poses: Poses, index: int, sensor: Sensor, now_ns: int) -> PoseAt | None:
    """Where a sensor stood at ``now_ns``, or at its last pose if that is later; None before its first."""
    first, last = np.searchsorted(poses.sensor, (index, index + 1)).tolist()
    rows = [row for row in range(first, last) if poses.fate[row] == USED]
    if not rows:
        return None
    newest = poses.value[rows[-1]].tolist()
    age_s = max((now_ns - int(poses.time_ns[rows[-1]])) * 1e-9, 0.0)
    before, gap_s = (newest, 0.0)
    if len(rows) > 1:
        before = poses.value[rows[0]].tolist()
        gap_s = int(poses.time_ns[rows[-1]] - poses.time_ns[rows[0]]) * 1e-9
    ahead, variance, moving = _carried(newest, before, gap_s, age_s, sensor)
    climb = newest[HEIGHT] - before[HEIGHT]
    climbed = 0.0 if isnan(climb) else ahead
    return PoseAt(
        east=newest[EAST] + ahead * (newest[EAST] - before[EAST]),
        north=newest[NORTH] + ahead * (newest[NORTH] - before[NORTH]),
        height=newest[HEIGHT] + climbed * climb if climbed else newest[HEIGHT],
        heading=newest[HEADING],
        tilt=newest[TILT],
        place_sd=variance**0.5,
        height_sd=hypot((1.0 + climbed) * newest[HEIGHT_SD], climbed * before[HEIGHT_SD]),
        heading_sd=newest[HEADING_SD],
        tilt_sd=newest[TILT_SD],
        turn=newest[TURN],
        scale=newest[SCALE],
        moving=moving,
        age_s=age_s,
        stated_ns=int(poses.time_ns[rows[-1]]),
    )


def hold_s(sensor: Sensor) -> float:
    """Time after a pose for which a standing sensor is taken to stand: until it counts as offline."""
    return 2.0 * sensor.status_interval_s + 1.0


def drift(age_s: float, speed_sd: float) -> tuple[float, float, float]:
    """(metres per m/s, variance with the velocity known [m²], variance without [m²]) after ``age_s`` seconds."""
    u = age_s / CORRELATION_S
    left = exp(-u)
    square = (speed_sd * CORRELATION_S) ** 2
    known = square * (2.0 * u - 3.0 + 4.0 * left - left * left)
    if u < 1e-3:  # the closed form loses all digits here; its series does not
        known = square * u**3 * (2.0 / 3.0 - 0.5 * u)
    unknown = square * 2.0 * (u - 1.0 + left)
    return CORRELATION_S * (1.0 - left), max(known, 0.0), max(unknown, 0.0)


def _carried(
    newest: list[float], before: list[float], gap_s: float, age_s: float, sensor: Sensor
) -> tuple[float, float, bool]:
    """(fraction of the last displacement to add, variance of one axis [m²], whether the sensor moves) after the newest
    pose, ``gap_s`` after the one ``before`` it (0: there is none)."""
    speed_sd = 0.5 * sensor.carrier_speed_mps
    reach, carried, unknown = drift(age_s, speed_sd)
    newest_var, before_var = newest[PLACE_SD] ** 2, before[PLACE_SD] ** 2
    without = newest_var + unknown
    if gap_s <= 0.0:
        return 0.0, without, True
    apart = hypot(newest[EAST] - before[EAST], newest[NORTH] - before[NORTH])
    moving = apart > STILL_SDS * (newest_var + before_var) ** 0.5
    if moving and gap_s > FRESH_S:
        return 0.0, without, True
    ahead = reach / gap_s
    if moving:
        gap_reach, _, between = drift(gap_s, speed_sd)
        carried = max(carried, unknown - 2.0 * ahead * speed_sd**2 * reach * gap_reach + ahead**2 * between)
    else:
        _, carried, _ = drift(max(age_s - hold_s(sensor), 0.0), speed_sd)
    with_velocity = (1.0 + ahead) ** 2 * newest_var + ahead**2 * before_var + carried
    return (ahead, with_velocity, moving) if with_velocity <= without else (0.0, without, moving)


def _value(pose: ScanColumns, place: Placement, frame: LocalFrame) -> Floats:
    """(11,) the columns of ``Poses.value``."""
    east, north = float(pose.easting[0]), float(pose.northing[0])
    convergence, there = north_and_scale(frame, east, north)
    turn, scale = place.convergence_rad - convergence, there / place.scale
    stated_sds = (pose.range_sd[0], pose.azimuth_sd[0], pose.elevation_angle_sd[0])
    sds = [0.0 if isnan(sd) else float(sd) for sd in stated_sds]
    stated = [pose.range_[0], pose.azimuth[0], pose.elevation_angle[0]]
    return np.array([east, north, *stated, float(pose.cov[0, 0, 0]) ** 0.5, *sds, turn, scale], np.float64)


def _fate(poses: Poses, used: list[int], value: Floats, now_ns: int, sensor: Sensor, earth: ElevationGrid) -> int:
    """USED, or why a pose is implausible."""
    ground = elevation_at(earth, value[EAST], value[NORTH], np.nan)
    if earth.elevation.size and isnan(ground):
        return OFF_THE_TERRAIN
    below = ground - value[HEIGHT]
    if below > BURIED_M and below > JUMP_SDS * value[HEIGHT_SD]:
        return BELOW_GROUND
    if not used:
        return USED
    last = poses.value[used[-1]]
    passed_s = (now_ns - int(poses.time_ns[used[-1]])) * 1e-9
    apart = hypot(value[EAST] - last[EAST], value[NORTH] - last[NORTH])
    stated = hypot(min(value[PLACE_SD], MOST_SD_M), min(last[PLACE_SD], MOST_SD_M))
    allowed = sensor.carrier_speed_mps * passed_s + JUMP_SDS * stated
    return JUMPED if apart > allowed else USED
