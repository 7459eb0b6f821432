"""Field of view of each sensor as numbers for the kernels: range, azimuths, single-look Pd, false alarms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import atan2, isnan, radians, sqrt, tau
from typing import Final, NamedTuple

import numba
import numpy as np
import xarray as xr
from scipy.ndimage import maximum_filter

from geo import terrain as ground
from geo.arrays import Float32s, Floats, Ints
from geo.schema import by_label
from geo.terrain.derived import standing_points
from geo.visibility.slant_range import slant_range
from sensors import ground_sensor
from sensors.camera import CLUTTER_ELEVATION_DEG
from sensors.camera import KIND as CAMERA
from sensors.clear_view import left_in_weather, look_in_view
from sensors.detection_model.weather import CLEAR_DAY, Conditions
from sensors.ground_sensor import GroundSensor
from sensors.layout import AnySensor, Layout, Placement, elevations_rad, grid_azimuths_rad
from sensors.radar import CLUTTER_SPEED_MPS
from sensors.radar import KIND as RADAR
from sensors.radio import KIND as RADIO

TABLE_STEPS = 256
EDGE_M = 15.0
"""Ground this near to visible ground counts as visible [m] (assumption). An elevation model with smaller cells draws
crests and gaps more sharply than heights, sensors and tracks are known, and misses would move the tracks of people who
are seen into slivers of dead ground beside them, where nothing would end these tracks."""
HIDDEN: Final = 0.05
"""Ground is hidden by the map where the probability of detection is below this fraction of that in the open."""
LEAST_LEFT: Final = 0.001
"""Least fraction of the Pd of a clear day that bad light and weather leave (assumption): what is stated for a sector
may be out of date, or wrong where a sensor stands, so its plots are never impossible. Sixty looks of a blind
camera then lower the odds of a track by about a twentieth."""
EXPOSURE_CELL_M: Final = 100.0
CONTACT_LOOKS = 6.0
CONTACT_S = (60.0, 300.0)
"""Bounds of the time for which a direction without further bearings is remembered [s] (assumption)."""


class ExposedGround(NamedTuple):
    """Ground that the map hides from a sensor, and in which it detects targets all the same
    (fusion.models.false_dead_ground): ``cell`` (k,) ascending numbers of cells of EXPOSURE_CELL_M, ``share`` (k,) the
    fraction of the probability of detection in the open that targets have there."""

    cell: Ints
    share: Floats


NO_EXPOSURE: Final = ExposedGround(np.zeros(0, np.int64), np.zeros(0))


class SensorView(NamedTuple):
    """A sensor's position and field of view.

    ``azimuth_from`` [rad, grid] and ``azimuth_width`` bound the field; ``height`` is that of the antenna or lens,
    ``foot`` that of the ground below it [m]. ``table`` holds the single-look Pd at equal steps of range from 0 to
    ``max_range``; ``grid`` (row, column), empty without terrain, the same on the ground, NaN where visibility is
    unknown; the centre of its first cell is (grid_east, grid_north), rows run south. ``exposure``: where the grid was
    contradicted.
    """

    east: float
    north: float
    height: float
    foot: float
    min_range: float
    max_range: float
    azimuth_from: float
    azimuth_width: float
    table: Floats
    grid: Float32s
    grid_east: float
    grid_north: float
    grid_cell: float
    exposure: ExposedGround = NO_EXPOSURE


class ElevationGrid(NamedTuple):
    """The elevation model for the kernels; an empty array is a plane at each sensor's foot."""

    elevation: Float32s
    east: float
    north: float
    cell: float


@dataclass(frozen=True, slots=True)
class SensorModel:
    """One sensor in the form that the tracker needs: its view and the density of its false plots.

    ``clutter_per_m2``, ``clutter_per_rad`` and ``clutter_per_sr`` are densities of false plots per scan; with radial
    velocity they are spread over ``clutter_speed_span`` [m/s]. ``polled`` sensors send empty scans, so that a missing
    plot is a miss. ``trigger_sd`` [m] is the standard deviation of a trigger's position; ``births``: whether its plots
    may start tracks; ``learns_clutter``: whether the density of its false plots is learnt, and ``clutter_by_angle``:
    whether they are uniform in angle, as those of a camera. ``rate_per_m``: a ground sensor's triggers per metre walked
    at the steps of the view's table; ``interval_s``: the interval of its heartbeats. ``bearing_only``: whether it
    measures azimuths alone; ``contact_s``: time for which a direction without further bearings is remembered
    (fusion.models.bearing_contacts). ``conditions``: the light and weather of the view;
    ``clear``: the view on a clear day, if it is another.
    """

    index: int
    id: str
    view: SensorView
    polled: bool
    trigger_only: bool
    false_alarms: float
    clutter_per_m2: float
    clutter_per_rad: float
    clutter_per_sr: float
    clutter_speed_span: float
    trigger_sd: float
    births: bool = True
    learns_clutter: bool = False
    clutter_by_angle: bool = False
    rate_per_m: Floats = field(default_factory=lambda: np.zeros(0))
    interval_s: float = 0.0
    bearing_only: bool = False
    contact_s: float = CONTACT_S[1]
    conditions: Conditions = CLEAR_DAY
    clear: SensorView | None = None

    @property
    def in_sight(self) -> SensorView:
        """The view on a clear day, by which dead ground is separated from ground in line of sight, in any weather."""
        return self.view if self.clear is None else self.clear


def sensor_models(
    layout: Layout,
    terrain: xr.Dataset | None,
    coverage: xr.Dataset | None,
    least_false_alarms: float,
    conditions: Conditions = CLEAR_DAY,
) -> dict[str, SensorModel]:
    """The model of each sensor of the layout, by id, in a state of light and weather. With terrain but no ``coverage``,
    visibility is computed here; ``coverage`` is that of a clear day."""
    grids = None
    if terrain is not None and coverage is not None:
        grids = by_label(coverage["probability"], "sensor", layout.ids, where="coverage")
    elif terrain is not None and len(layout):
        from sensors.coverage import look_probability  # slow to import, and needed only with terrain

        grids = look_probability(layout, terrain)["probability"]
    models = {
        sensor.id: _sensor_model(number, sensor, layout, terrain, grids, least_false_alarms)
        for number, sensor in enumerate(layout)
    }
    if conditions == CLEAR_DAY:
        return models
    earth = ground_of(terrain)
    return {name: _in_weather(model, layout.placement(name), earth, conditions) for name, model in models.items()}


def ground_of(terrain: xr.Dataset | None) -> ElevationGrid:
    """The terrain's elevations for the kernels."""
    if terrain is None:
        return ElevationGrid(np.zeros((0, 0), np.float32), 0.0, 0.0, 1.0)
    elevation = np.ascontiguousarray(terrain["elevation"].to_numpy(), dtype=np.float32)
    east, north = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    return ElevationGrid(elevation, float(east[0]), float(north[0]), float(east[1] - east[0]))


def _sensor_model(
    number: int,
    sensor: AnySensor,
    layout: Layout,
    terrain: xr.Dataset | None,
    grids: xr.DataArray | None,
    least_false_alarms: float,
) -> SensorModel:
    view = _view(number, sensor, layout, terrain, grids)
    false_alarms = max(sensor.false_alarms_per_scan, least_false_alarms)
    area = 0.5 * view.azimuth_width * (view.max_range**2 - view.min_range**2)
    elevations = elevations_rad(sensor) or (radians(CLUTTER_ELEVATION_DEG[0]), radians(CLUTTER_ELEVATION_DEG[1]))
    trigger_only = sensor.kind == "ground_sensor"
    return SensorModel(
        index=number,
        id=sensor.id,
        view=view,
        polled=sensor.period_s is not None,
        trigger_only=trigger_only,
        false_alarms=false_alarms,
        clutter_per_m2=false_alarms / area,
        clutter_per_rad=false_alarms / view.azimuth_width,
        clutter_per_sr=false_alarms / view.azimuth_width / max(elevations[1] - elevations[0], 1e-6),
        clutter_speed_span=2.0 * CLUTTER_SPEED_MPS,
        trigger_sd=max(0.5 * view.max_range, 1.0),
        learns_clutter=sensor.period_s is not None and (sensor.kind == RADAR or _measures_rays(sensor)),
        clutter_by_angle=sensor.kind == CAMERA,
        rate_per_m=_rates(sensor),
        interval_s=float(sensor.status_interval_s),
        bearing_only=sensor.kind == RADIO or (sensor.kind == CAMERA and not _measures_rays(sensor)),
        contact_s=_contact_s(sensor, view),
    )


def _measures_rays(sensor: AnySensor) -> bool:
    """Whether it is a camera that measures azimuth and elevation."""
    return sensor.kind == CAMERA and sensor.elevation_sd_deg is not None


def _in_weather(model: SensorModel, place: Placement, earth: ElevationGrid, conditions: Conditions) -> SensorModel:
    """The model of a clear day in other light and weather."""
    sensor, clear = place.sensor, model.view
    look_left, rate_left = left_in_weather(sensor, _steps_m(sensor), conditions)
    grid = grid_in_weather(clear, place, earth, clear.height, conditions)
    view = clear._replace(table=clear.table * np.maximum(look_left, LEAST_LEFT), grid=grid)
    rates = model.rate_per_m * np.maximum(rate_left, LEAST_LEFT) if len(model.rate_per_m) else model.rate_per_m
    contact_s = _contact_s(sensor, view)
    return replace(model, view=view, clear=clear, conditions=conditions, rate_per_m=rates, contact_s=contact_s)


def _contact_s(sensor: AnySensor, view: SensorView) -> float:
    """CONTACT_LOOKS detections of a target where the sensor sees best, within bounds."""
    if sensor.period_s is None:
        return CONTACT_S[1]
    return float(np.clip(CONTACT_LOOKS * sensor.period_s / max(view.table.max(), 1e-3), *CONTACT_S))


def _rates(sensor: AnySensor) -> Floats:
    """Triggers per metre at TABLE_STEPS + 1 steps of range; empty for a sensor that is not a ground sensor."""
    if not isinstance(sensor, GroundSensor):
        return np.zeros(0)
    return np.asarray(sensor.trigger_rate_per_m(np.linspace(0.0, sensor.max_range_m, TABLE_STEPS + 1)), np.float64)


def _view(
    number: int, sensor: AnySensor, layout: Layout, terrain: xr.Dataset | None, grids: xr.DataArray | None
) -> SensorView:
    start, end = grid_azimuths_rad(sensor, layout.frame) or (0.0, tau)
    foot, grid, east, north, cell = 0.0, np.zeros((0, 0), np.float32), 0.0, 0.0, 1.0
    if terrain is not None and grids is not None:
        ground_height = float(ground.sample(terrain, *standing_points(terrain, sensor.easting, sensor.northing)))
        foot = 0.0 if isnan(ground_height) else ground_height
        grid = np.ascontiguousarray(grids.isel(sensor=number).to_numpy(), dtype=np.float32)
        east, north = float(grids["easting"][0]), float(grids["northing"][0])
        cell = float(grids["easting"][1] - grids["easting"][0])
        grid = with_edges(grid, cell)
    scale = layout.placement(sensor.id).scale
    return SensorView(
        east=float(sensor.easting),
        north=float(sensor.northing),
        height=foot + float(sensor.mast_height_m),
        foot=foot,
        min_range=float(sensor.min_range_m) * scale,
        max_range=float(sensor.max_range_m) * scale,
        azimuth_from=float(start),
        azimuth_width=float((end - start) % tau or tau),
        table=np.asarray(look_in_view(sensor, _steps_m(sensor), "person"), np.float64),
        grid=grid,
        grid_east=east,
        grid_north=north,
        grid_cell=cell,
    )


def _steps_m(sensor: AnySensor) -> Floats:
    """Ranges of the view's table [m]. It is by distance on the map, the probability by slant range."""
    steps = np.clip(np.linspace(0.0, sensor.max_range_m, TABLE_STEPS + 1), sensor.min_range_m, None)
    return steps if sensor.kind == ground_sensor.KIND else np.hypot(steps, sensor.mast_height_m)


def grid_in_weather(
    view: SensorView, place: Placement, earth: ElevationGrid, eye_m: float, conditions: Conditions
) -> Float32s:
    """The grid of a view of a clear day in other conditions, by the slant range of each cell from a sensor whose
    antenna or lens is at the height ``eye_m``. Without a terrain it stays empty."""
    grid = view.grid.copy()
    if not grid.size:
        return grid
    seen = np.flatnonzero(grid > 0.0)
    row, column = np.divmod(seen, grid.shape[1])
    east, north = view.grid_east + view.grid_cell * column, view.grid_north - view.grid_cell * row
    ranges = np.hypot(east - view.east, north - view.north) / place.scale
    if place.sensor.kind != ground_sensor.KIND:
        ranges = slant_range(ranges, eye_m, _heights_at(earth, east, north, view.foot))
    left, _ = left_in_weather(place.sensor, ranges, conditions)
    grid.flat[seen] *= np.maximum(left, LEAST_LEFT).astype(np.float32)
    return grid


def _heights_at(earth: ElevationGrid, east: Floats, north: Floats, default: float) -> Floats:
    """Ground height of the cell nearest to each point; ``default`` off the map and on voids."""
    row = np.rint((earth.north - north) / earth.cell).astype(np.int64)
    column = np.rint((east - earth.east) / earth.cell).astype(np.int64)
    rows, columns = earth.elevation.shape
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    found = np.full(len(east), default)
    found[inside] = earth.elevation[row[inside], column[inside]]
    return np.where(np.isnan(found), default, found)


def with_edges(grid: Float32s, cell_m: float) -> Float32s:
    """The grid with the best probability within EDGE_M of each cell, measured along rows and columns.

    Cells wider than EDGE_M stay as they are, and so do those in which visibility is unknown.
    """
    reach = int(EDGE_M // cell_m)
    if reach == 0:
        return grid
    unknown = np.isnan(grid)
    best = maximum_filter(np.where(unknown, np.float32(0.0), grid), size=2 * reach + 1, mode="nearest")
    return np.where(unknown, grid, best)


@numba.njit(cache=True)
def holds(view: SensorView, easting: float, northing: float) -> bool:
    """Whether the point is within range and field of view, visible or hidden."""
    d_e, d_n = easting - view.east, northing - view.north
    distance = sqrt(d_e * d_e + d_n * d_n)
    if distance > view.max_range or distance < view.min_range:
        return False
    if view.azimuth_width >= tau:
        return True
    turn = atan2(d_e, d_n) - view.azimuth_from
    return bool(turn - tau * np.floor(turn / tau) <= view.azimuth_width)


@numba.njit(cache=True)
def probability(view: SensorView, easting: float, northing: float) -> float:
    """Probability that one look detects a target at this point; 0 out of view and where visibility is unknown."""
    if not holds(view, easting, northing):
        return 0.0
    if view.grid.size == 0:
        return in_the_open(view, easting, northing)
    column = int(np.floor((easting - view.grid_east) / view.grid_cell + 0.5))
    row = int(np.floor((view.grid_north - northing) / view.grid_cell + 0.5))
    if row < 0 or column < 0 or row >= view.grid.shape[0] or column >= view.grid.shape[1]:
        return 0.0
    value = float(view.grid[row, column])
    if value >= HIDDEN:
        return value
    if isnan(value):
        value = 0.0
    return value if len(view.exposure.cell) == 0 else _exposed(view, easting, northing, value)


@numba.njit(cache=True)
def in_the_open(view: SensorView, easting: float, northing: float) -> float:
    """Probability that one look detects a target at this point of the field of view, if no ground hides it."""
    d_e, d_n = easting - view.east, northing - view.north
    step = sqrt(d_e * d_e + d_n * d_n) / view.max_range * (len(view.table) - 1)
    low = min(int(step), len(view.table) - 2)
    return float(view.table[low] + (view.table[low + 1] - view.table[low]) * (step - low))


@numba.njit(cache=True)
def _exposed(view: SensorView, easting: float, northing: float, mapped: float) -> float:
    """The probability where the grid says ``mapped``, in ground that plots may have contradicted."""
    clear = in_the_open(view, easting, northing)
    if mapped >= HIDDEN * clear:
        return mapped
    exposure, cell = view.exposure, exposure_cell(view, easting, northing, 0, 0)
    place = np.searchsorted(exposure.cell, cell)
    if place == len(exposure.cell) or exposure.cell[place] != cell:
        return mapped
    return max(mapped, float(exposure.share[place]) * clear)


@numba.njit(cache=True)
def exposure_cell(view: SensorView, easting: float, northing: float, down: int, right: int) -> int:
    """Number of the cell ``down`` rows and ``right`` columns from that of a point; −1 off the map."""
    rows = int(view.grid.shape[0] * view.grid_cell / EXPOSURE_CELL_M) + 1
    columns = int(view.grid.shape[1] * view.grid_cell / EXPOSURE_CELL_M) + 1
    row = int(np.floor((view.grid_north - northing) / EXPOSURE_CELL_M + 0.5)) + down
    column = int(np.floor((easting - view.grid_east) / EXPOSURE_CELL_M + 0.5)) + right
    return row * columns + column if 0 <= row < rows and 0 <= column < columns else -1


@numba.njit(cache=True)
def spread_probability(
    view: SensorView, easting: float, northing: float, p_ee: float, p_en: float, p_nn: float
) -> float:
    """Probability per look over a Gaussian's five sigma points (centre 1/3, four at √3 deviations 1/6 each)."""
    l_ee = sqrt(max(p_ee, 1e-12))
    l_ne = p_en / l_ee
    l_nn = sqrt(max(p_nn - l_ne * l_ne, 0.0))
    root = sqrt(3.0)
    total = 2.0 * probability(view, easting, northing)
    total += probability(view, easting + root * l_ee, northing + root * l_ne)
    total += probability(view, easting - root * l_ee, northing - root * l_ne)
    total += probability(view, easting, northing + root * l_nn)
    total += probability(view, easting, northing - root * l_nn)
    return total / 6.0


@numba.njit(cache=True)
def elevation_at(earth: ElevationGrid, easting: float, northing: float, default: float) -> float:
    """Bilinear ground height; ``default`` without terrain, off the map and across voids."""
    rows, columns = earth.elevation.shape
    if rows < 2 or columns < 2:
        return default
    x = (easting - earth.east) / earth.cell
    y = (earth.north - northing) / earth.cell
    if not (0.0 <= x <= columns - 1 and 0.0 <= y <= rows - 1):
        return default
    j, i = min(int(x), columns - 2), min(int(y), rows - 2)
    u, v = x - j, y - i
    z = earth.elevation
    height = (1 - v) * ((1 - u) * z[i, j] + u * z[i, j + 1]) + v * ((1 - u) * z[i + 1, j] + u * z[i + 1, j + 1])
    return default if isnan(height) else float(height)
