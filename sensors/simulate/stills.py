"""Thermal stills of simulated cameras: the skyline of the terrain, a target of its class and range, weather and noise.

They show the loop from alert to assessed picture in a demonstration and are not a model of an imager. The same seed
gives the same pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import xarray as xr

from geo.arrays import Floats, UInt8s
from geo.terrain import sample
from geo.terrain.derived import standing_points
from geo.visibility import EARTH_RADIUS_M, VISIBLE, line_of_sight
from sensors.camera import extinction_per_m
from sensors.coverage.sight import CURVATURE_K, TARGET_HEIGHTS_M
from sensors.detection_model.assumptions import Assumptions
from sensors.detection_model.weather import Conditions
from sensors.layout import Layout
from sensors.scan import Scan
from sensors.sensor import Sensor
from sensors.simulate.carriers import Drive, drive_of

WIDTH, HEIGHT = 320, 240
FIELD_DEG: Final = 3.0
"""Horizontal field of view of a still: a camera zooms in on what it has detected (assumption)."""
PIXELS_PER_DEG: Final = WIDTH / FIELD_DEG
RAYS: Final = 80
NEAREST_M, FARTHEST_M, STEPS = 25.0, 15_000.0, 72
SKY, GROUND_NEAR, GROUND_FAR, HOT = 0.08, 0.34, 0.22, 0.95
"""Brightness of cold sky, ground nearby and far away, and a warm body (white hot)."""
NOISE_SD: Final = 0.02
LEAST_BOX: Final = 0.06
CLEAR_PER_M: Final = 1e-4
"""Extinction of clear air [1/m] (assumption)."""
LEAST_LEFT: Final = 0.02
"""Fraction of its contrast below which a target is not found on a still, about that of the noise (assumption)."""
SAME_DEG: Final = 1.5
"""A plot farther than this from every mover shows no target: a false alarm."""
FORMS: Final[Mapping[str, tuple[tuple[float, float, float, float], ...]]] = {
    "person": ((0.0, 0.7, 0.28, 0.7), (0.0, 1.6, 0.13, 0.15)),
    "group": tuple(part for x in (-1.1, -0.3, 0.5, 1.3) for part in ((x, 0.7, 0.28, 0.7), (x, 1.6, 0.13, 0.15))),
    "vehicle": ((0.0, 0.8, 2.1, 0.55), (-0.3, 1.4, 1.1, 0.45), (1.4, 0.5, 0.45, 0.45), (-1.4, 0.5, 0.45, 0.45)),
    "animal": ((0.0, 0.75, 0.65, 0.28), (0.7, 1.0, 0.18, 0.16), (-0.4, 0.3, 0.08, 0.3), (0.4, 0.3, 0.08, 0.3)),
    "other": ((0.0, 0.5, 0.5, 0.5),),
}
"""Ellipses of each class: centre right of and above its foot, and half axes [m] (assumption)."""


def still_extinction_per_m(conditions: Conditions) -> float:
    """Extinction of the air [1/m] for stills."""
    return CLEAR_PER_M + extinction_per_m(conditions, Assumptions(), thermal=True)


@dataclass(frozen=True, slots=True)
class Still:
    """One picture: the scan's key, the index of its plot, grey values (row, column), and the box of the target as
    fractions (left, top, width, height)."""

    scan: tuple[str, int, int]
    plot: int
    grey: UInt8s
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a still shows: class (None: nothing), range [m], elevation angle of its foot, and how far it is right of the
    middle [degrees]."""

    target: str | None
    range_m: float
    foot_deg: float
    right_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class TakenStill:
    """A still that a camera takes in one direction: grey values (row, column), and the target in its middle, if any:
    class, azimuth from true north and elevation of its foot [degrees], and its box as fractions (left, top, width,
    height)."""

    grey: UInt8s
    target: str | None
    azimuth_deg: float
    elevation_deg: float
    box: tuple[float, float, float, float]


def stills(
    scans: Iterable[Scan],
    truth: xr.Dataset,
    layout: Layout,
    terrain: xr.Dataset,
    *,
    seed: int,
    every_s: float = 20.0,
    most: int = 150,
    extinction_per_m: float = CLEAR_PER_M,
) -> Iterator[Still]:
    """Yield stills of the plots of cameras with a bounded field of view, one per camera and ``every_s`` at most.

    Parameters
    ----------
    scans : iterable of Scan
        Scans in the order of their times.
    truth : xarray.Dataset, dims (estimate,)
        Ground truth of ``sensors.simulate.truth``.
    layout : Layout
        The sensors.
    terrain : xarray.Dataset
        Terrain of ``geo.terrain.open_terrain``.
    seed : int
        Seed of the noise.
    every_s : float, s
        Time between two stills of one camera.
    most : int
        Largest number of stills.
    extinction_per_m : float, 1/m
        Extinction of the air; warm targets fade into the ground by it.
    """
    movers, newest, made = movers_by_second(truth), dict[str, datetime](), 0
    seen: set[tuple[str, int, int]] = set()
    times = truth["time"].values.astype("datetime64[s]").astype(np.int64)
    begin, end = (float(times.min()), float(times.max())) if len(times) else (0.0, 0.0)
    drives = {one.id: drive_of(one, layout, end - begin) for one in layout}
    for scan in scans:
        if scan.kind != "camera" or not scan.plots or scan.key in seen:
            continue
        last = newest.get(scan.sensor)
        if last is not None and (scan.observed_at - last).total_seconds() < every_s:
            continue
        azimuth = scan.plots[0].azimuth_deg
        if azimuth is None:
            continue
        newest[scan.sensor] = scan.observed_at
        seen.add(scan.key)
        sensor = _where_it_looked(layout, drives.get(scan.sensor), scan, begin)
        eye = _eye(sensor, terrain)
        # grid north stands for true north, which is close enough for a picture whose direction nobody measures
        shown = _shown_at(sensor, eye, azimuth, movers.get(round(scan.observed_at.timestamp()), ()), terrain)
        chance = np.random.default_rng([seed, made])
        yield Still(scan.key, 0, *_rendered(eye, azimuth, shown, terrain, extinction_per_m, chance))
        made += 1
        if made >= most:
            return


def take_still(
    sensor: Sensor,
    azimuth_deg: float,
    movers: Iterable[tuple[float, float, str]],
    terrain: xr.Dataset,
    chance: np.random.Generator,
    *,
    convergence_deg: float = 0.0,
    extinction_per_m: float = CLEAR_PER_M,
) -> TakenStill:
    """Take one still of whatever stands there.

    Parameters
    ----------
    sensor : Sensor
        The camera, where it stands.
    azimuth_deg : float, degrees
        Direction of the middle of the still, clockwise from true north.
    movers : iterable of (float, float, str)
        Easting and northing [m], and class, of everything that moves in the sector at that time.
    terrain : xarray.Dataset
        Terrain of ``geo.terrain.open_terrain``.
    chance : numpy.random.Generator
        Noise.
    convergence_deg : float, degrees
        Angle from true north clockwise to grid north at the camera (``LocalFrame.convergence_rad``).
    extinction_per_m : float, 1/m
        Extinction of the air.

    Returns
    -------
    TakenStill
        With the mover that is nearest to the middle, if one is in line of sight there, and not lost in the air.
    """
    eye = _eye(sensor, terrain)
    there = [
        mover
        for mover in movers
        if _left(sensor, mover, extinction_per_m) >= LEAST_LEFT
        and line_of_sight(
            terrain, (sensor.easting, sensor.northing), mover[:2], observer_height_m=sensor.mast_height_m,
            target_height_m=TARGET_HEIGHTS_M[mover[2]], curvature_k=CURVATURE_K[sensor.kind],
        ) == VISIBLE
    ]  # fmt: skip
    of_grid = azimuth_deg - convergence_deg
    shown = _shown_at(sensor, eye, of_grid, there, terrain)
    grey, box = _rendered(eye, of_grid, shown, terrain, extinction_per_m, chance)
    return TakenStill(grey, shown.target, (azimuth_deg + shown.right_deg) % 360.0, shown.foot_deg, box)


def _left(sensor: Sensor, mover: tuple[float, float, str], extinction_per_m: float) -> float:
    """Fraction of the contrast of a mover that the air leaves."""
    return math.exp(-extinction_per_m * math.hypot(mover[0] - sensor.easting, mover[1] - sensor.northing))


def _where_it_looked(layout: Layout, drive: Drive | None, scan: Scan, begin_s: float) -> Sensor:
    """The sensor of a scan, a mobile one at its place at that time; ``begin_s`` is the scenario's start [UTC s]."""
    sensor = layout[scan.sensor]
    if drive is None:
        return sensor
    easting, northing = drive.at(scan.observed_at.timestamp() - begin_s).tolist()
    return replace(sensor, easting=easting, northing=northing)


_Mover = tuple[float, float, str]
_Eye = tuple[float, float, float, float]
"""Easting, northing and height of a lens [m], and the factor of refraction."""


def movers_by_second(truth: xr.Dataset) -> dict[int, list[_Mover]]:
    """Position and class of each mover, by second since 1970."""
    found: dict[int, list[_Mover]] = {}
    seconds = truth["time"].values.astype("datetime64[s]").astype(np.int64)
    columns = (truth[name].values.tolist() for name in ("easting", "northing", "class"))
    for second, easting, northing, target in zip(seconds.tolist(), *columns, strict=True):
        found.setdefault(second, []).append((easting, northing, str(target)))
    return found


def _eye(sensor: Sensor, terrain: xr.Dataset) -> _Eye:
    stand = standing_points(terrain, sensor.easting, sensor.northing)
    height = float(sample(terrain, *stand)) + sensor.mast_height_m
    return sensor.easting, sensor.northing, height, CURVATURE_K[sensor.kind]


def _shown_at(sensor: Sensor, eye: _Eye, azimuth_deg: float, movers: Iterable[_Mover], terrain: xr.Dataset) -> _Shown:
    """The mover nearest in bearing to a direction from grid north."""
    best, found = SAME_DEG, _Shown(None, 0.0, 0.0)
    for easting, northing, target in movers:
        east, north = easting - eye[0], northing - eye[1]
        distance = math.hypot(east, north)
        right = (math.degrees(math.atan2(east, north)) - azimuth_deg + 180.0) % 360.0 - 180.0
        if abs(right) < best and NEAREST_M <= distance <= sensor.max_range_m:
            foot = float(_angles(eye, np.array([easting]), np.array([northing]), np.array([distance]), terrain)[0])
            if not math.isnan(foot):
                best, found = abs(right), _Shown(target, distance, foot, right)
    return found


def _angles(eye: _Eye, easting: Floats, northing: Floats, distance: Floats, terrain: xr.Dataset) -> Floats:
    """Elevation angles of points of the ground [degrees]; NaN where its height is not known."""
    ground = np.asarray(sample(terrain, easting, northing), float)
    drop = distance**2 / (2.0 * eye[3] * EARTH_RADIUS_M)
    angles: Floats = np.degrees(np.arctan2(ground - eye[2] - drop, distance))
    return angles


def _rendered(
    eye: _Eye, azimuth_deg: float, shown: _Shown, terrain: xr.Dataset, extinction_per_m: float,
    chance: np.random.Generator,
) -> tuple[UInt8s, tuple[float, float, float, float]]:  # fmt: skip
    """Grey values of one still, and the box of its target."""
    skyline = _profiles(eye, azimuth_deg, terrain)
    middle_deg = shown.foot_deg + 0.25 if shown.target is not None else float(np.median(skyline[-1].max(axis=1))) - 0.3
    grey = _ground(*skyline, middle_deg, extinction_per_m, chance)
    box = (0.5 - LEAST_BOX, 0.5 - LEAST_BOX, 2 * LEAST_BOX, 2 * LEAST_BOX)
    if shown.target is not None:
        box = _draw(grey, shown, middle_deg, extinction_per_m)
    grey += chance.normal(0.0, NOISE_SD, grey.shape) + chance.normal(0.0, NOISE_SD / 2, WIDTH)[None, :]
    return (np.clip(grey, 0.0, 1.0) * 255.0).astype(np.uint8), box


def _profiles(eye: _Eye, azimuth_deg: float, terrain: xr.Dataset) -> tuple[Floats, Floats]:
    """Distances (step,) [m], and the highest elevation angle up to each (ray, step) [degrees]."""
    distance = np.geomspace(NEAREST_M, FARTHEST_M, STEPS)
    azimuth = np.radians(azimuth_deg + np.linspace(-0.5, 0.5, RAYS) * FIELD_DEG)
    easting = eye[0] + np.sin(azimuth)[:, None] * distance
    northing = eye[1] + np.cos(azimuth)[:, None] * distance
    flat = _angles(eye, easting.ravel(), northing.ravel(), np.tile(distance, RAYS), terrain)
    angles = np.nan_to_num(flat.reshape(RAYS, STEPS), nan=-90.0)
    return distance, np.maximum.accumulate(angles, axis=1)


def _ground(
    distance: Floats, skyline: Floats, middle_deg: float, extinction_per_m: float, chance: np.random.Generator
) -> Floats:
    """Brightness (row, column) of ground and sky: far ground is darker and smoother."""
    row_deg = middle_deg + (HEIGHT / 2 - np.arange(HEIGHT)) / PIXELS_PER_DEG
    rows = np.array([np.searchsorted(ray, row_deg) for ray in skyline])  # (ray, row): the first ground at this height
    is_sky = rows >= STEPS
    depth = distance[np.minimum(rows, STEPS - 1)]
    nearness = np.exp(-extinction_per_m * depth)
    tone = np.where(is_sky, SKY, GROUND_FAR + (GROUND_NEAR - GROUND_FAR) * nearness)
    columns = np.repeat(np.arange(RAYS), WIDTH // RAYS)
    grey: Floats = tone.T[:, columns].copy()
    texture = chance.normal(0.0, 0.05, (HEIGHT // 4, WIDTH // 4)).repeat(4, axis=0).repeat(4, axis=1)
    grey += np.where(is_sky.T[:, columns], 0.0, texture * nearness.T[:, columns])
    return grey


def _draw(grey: Floats, shown: _Shown, middle_deg: float, extinction_per_m: float) -> tuple[float, float, float, float]:
    """Draw the target into the picture; return its box."""
    scale = math.degrees(1.0 / shown.range_m) * PIXELS_PER_DEG  # pixels per metre
    foot_row = HEIGHT / 2 - (shown.foot_deg - middle_deg) * PIXELS_PER_DEG
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    heat = GROUND_FAR + (HOT - GROUND_FAR) * math.exp(-extinction_per_m * shown.range_m)
    edges = []
    for right, up, half_width, half_height in FORMS.get(shown.target or "", ()):
        x, y = WIDTH / 2 + shown.right_deg * PIXELS_PER_DEG + right * scale, foot_row - up * scale
        wide, high = max(half_width * scale, 0.8), max(half_height * scale, 0.8)
        inside = ((columns - x) / wide) ** 2 + ((rows - y) / high) ** 2
        cover = np.clip(1.5 - inside, 0.0, 1.0)  # soft edges, as of an imager
        grey += cover * (heat - grey)
        edges.append((x - wide, y - high, x + wide, y + high))
    left, top = min(edge[0] for edge in edges) / WIDTH, min(edge[1] for edge in edges) / HEIGHT
    right, bottom = max(edge[2] for edge in edges) / WIDTH, max(edge[3] for edge in edges) / HEIGHT
    grow_x, grow_y = max(LEAST_BOX - (right - left), 0.0) / 2, max(LEAST_BOX - (bottom - top), 0.0) / 2
    left, right = max(left - grow_x, 0.0), min(right + grow_x, 1.0)
    top, bottom = max(top - grow_y, 0.0), min(bottom + grow_y, 1.0)
    return left, top, max(right - left, 1e-3), max(bottom - top, 1e-3)
