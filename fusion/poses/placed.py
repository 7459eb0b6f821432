"""The tracker's models with mobile sensors at their poses, and what the errors of a pose do to a scan."""

from __future__ import annotations

from dataclasses import replace
from math import isnan
from typing import Final, NamedTuple

import numpy as np

from fusion.models.sensor_views import SensorModel, SensorView, elevation_at
from fusion.models.tracker_model import TrackerModel
from fusion.poses.known import BELOW_GROUND, JUMPED, OFF_THE_TERRAIN, USED, PoseAt, Poses, stand_of, with_pose
from fusion.poses.looks import GroundLook, Looks
from geo.message import Message
from sensors.mobile.viewpoint import Viewpoint
from sensors.scan_columns import ScanColumns

LOST_SD_M: Final = 300.0
"""The scan of a sensor whose position is known no better than this is not used."""

REASONS: Final = {JUMPED: "jump", OFF_THE_TERRAIN: "terrain", BELOW_GROUND: "ground"}


def known_after(model: TrackerModel, poses: Poses, pose: ScanColumns) -> Poses:
    """The poses after one more."""
    sensor = model.sensor(pose.sensor)
    return with_pose(poses, pose, sensor.index, model.layout.placement(pose.sensor), model.layout.frame, model.earth)


def at_pose(
    model: TrackerModel, poses: Poses, looks: Looks, name: str, now_ns: int
) -> tuple[TrackerModel, PoseAt | None]:
    """The models with one sensor at its pose of ``now_ns``, and the pose; ``model`` itself and None for a fixed sensor
    and for one without a pose so far, which stands at its default post."""
    if not len(poses.sensor) or name not in model.sensors:
        return model, None
    sensor = model.sensors[name]
    stand = stand_of(poses, sensor.index, model.layout[name], now_ns)
    if stand is None:
        return model, None
    moved, look = _moved(model, looks, sensor, stand)
    missed_of = {**model.missed, name: look.missed} if sensor.polled else model.missed
    return replace(model, sensors={**model.sensors, name: moved}, missed=missed_of), stand


def all_at_poses(model: TrackerModel, poses: Poses, looks: Looks, now_ns: int) -> TrackerModel:
    """The models with every sensor that has a pose at that of ``now_ns``, also for the alignment of sensors."""
    if not len(poses.sensor):
        return model
    sensors, places = dict(model.sensors), model.survey.places.copy()
    for name, stand in stands(model, poses, now_ns).items():
        column = int(model.survey.column[sensors[name].index])
        sensors[name], _ = _moved(model, looks, sensors[name], stand)
        if column >= 0:
            places[column] = stand.east, stand.north
    return replace(model, sensors=sensors, survey=replace(model.survey, places=places))


def stands(model: TrackerModel, poses: Poses, now_ns: int) -> dict[str, PoseAt]:
    """By id, where the sensors that have a pose stand at ``now_ns``."""
    names = list(model.sensors)
    found = {names[i]: stand_of(poses, i, model.layout[names[i]], now_ns) for i in np.unique(poses.sensor).tolist()}
    return {name: stand for name, stand in found.items() if stand is not None}


class CarriedSensor(NamedTuple):
    """A mobile sensor that has stated a pose: its ``model`` at its rounded pose, the same view while that is the same.

    A sensor whose position is not known sees nothing; ``before`` is then its model at its last pose, else None.
    ``viewpoint`` is that of ``model``, or of ``before``.
    """

    model: SensorModel
    before: SensorModel | None
    viewpoint: Viewpoint

    @property
    def known(self) -> Viewpoint | None:
        """The viewpoint; None while the position is not known."""
        return self.viewpoint if self.before is None else None


def seen_from(model: TrackerModel, poses: Poses, looks: Looks, now_ns: int) -> dict[str, CarriedSensor]:
    """The sensors that have a pose, where they stand at ``now_ns``."""
    found = dict[str, CarriedSensor]()
    for name, stand in stands(model, poses, now_ns).items():
        sensor, lost = model.sensors[name], is_lost(stand)
        if lost:
            stand = stand_of(poses, sensor.index, model.layout[name], stand.stated_ns) or stand
        _, look = _moved(model, looks, sensor, stand)
        there = replace(sensor, view=look.view, clear=_clear(sensor, look.view, look))
        nothing = replace(sensor, view=looks.nothing(name, sensor.view), clear=None) if lost else there
        found[name] = CarriedSensor(nothing, there if lost else None, look.viewpoint)
    return found


def _view_at(model: TrackerModel, sensor: SensorModel, stand: PoseAt) -> SensorView:
    """The view of a sensor at its pose, with the grid of its post."""
    place = model.layout.placement(sensor.id)
    foot = elevation_at(model.earth, stand.east, stand.north, sensor.view.foot)
    on_the_ground = isnan(stand.height) or not model.earth.elevation.size
    height = foot + place.sensor.mast_height_m if on_the_ground else max(stand.height, foot)
    view = sensor.view._replace(east=stand.east, north=stand.north, height=height, foot=foot)
    if place.azimuths_rad is not None and not isnan(stand.heading):
        view = view._replace(azimuth_from=(stand.heading - 0.5 * view.azimuth_width) % (2.0 * np.pi))
    return view


def _moved(model: TrackerModel, looks: Looks, sensor: SensorModel, stand: PoseAt) -> tuple[SensorModel, GroundLook]:
    """(the sensor at its pose, what it sees from there)"""
    place, view = model.layout.placement(sensor.id), _view_at(model, sensor, stand)
    frame = model.layout.frame
    look = looks.at(
        place, stand, view, model.earth, model.births, frame, polled=sensor.polled, conditions=sensor.conditions
    )
    there = look.view
    view = view._replace(
        grid=there.grid, grid_east=there.grid_east, grid_north=there.grid_north, grid_cell=there.grid_cell
    )
    # false plots are learnt by place, and these places are left behind
    return replace(sensor, view=view, clear=_clear(sensor, view, look), learns_clutter=False), look


def _clear(sensor: SensorModel, there: SensorView, look: GroundLook) -> SensorView | None:
    """``there`` on a clear day, if it is another view."""
    return None if sensor.clear is None else there._replace(table=sensor.clear.table, grid=look.clear_grid)


def corrected(scan: ScanColumns, stand: PoseAt, sensor: SensorModel) -> ScanColumns:
    """``scan`` as measured from where its sensor stood: north and scale of the frame there, the errors of heading and
    tilt added to those of azimuth and elevation, and that of the height as an error of elevation.

    A height that is wrong by δ moves the point where a ray of elevation −e meets level ground, h below, as an elevation
    that is wrong by δ cos e sin e / h does.
    """
    if not len(scan):
        return scan
    above = max(sensor.view.height - sensor.view.foot, 0.5)
    leaning = np.abs(np.sin(scan.elevation_angle) * np.cos(scan.elevation_angle)) * stand.height_sd / above
    return replace(
        scan,
        azimuth=np.mod(scan.azimuth + stand.turn, 2.0 * np.pi),
        azimuth_sd=np.hypot(scan.azimuth_sd, stand.heading_sd),
        elevation_angle_sd=np.hypot(scan.elevation_angle_sd, np.hypot(stand.tilt_sd, leaning)),
        range_=scan.range_ * stand.scale,
        range_sd=scan.range_sd * stand.scale,
    )


def for_registration(scan: ScanColumns, stand: PoseAt) -> ScanColumns:
    """``scan`` with the error of the position in its ranges and azimuths, for what compares sensors."""
    if not len(scan):
        return scan
    turned = np.arctan2(stand.place_sd, np.where(scan.range_ > 0.0, scan.range_, np.inf))
    return replace(
        scan,
        azimuth_sd=np.hypot(scan.azimuth_sd, turned),
        range_sd=np.hypot(scan.range_sd, stand.place_sd),
    )


def is_lost(stand: PoseAt) -> bool:
    """Whether the position is known too badly for a scan to be used."""
    return stand.place_sd > LOST_SD_M


def pose_faults(model: TrackerModel, poses: Poses, now_ns: int) -> dict[str, dict[str, Message]]:
    """By sensor and name: ``implausible_position`` while the newest pose is refused, ``unknown_position`` while the
    position is known too badly for scans to be used."""
    found: dict[str, dict[str, Message]] = {}
    names = list(model.sensors)
    for index in np.unique(poses.sensor).tolist():
        name, faults = names[index], dict[str, Message]()
        rows = np.flatnonzero(poses.sensor == index)
        newest = rows[np.argmax(poses.time_ns[rows])]
        if poses.fate[newest] != USED:
            reason = REASONS[int(poses.fate[newest])]
            faults["implausible_position"] = Message("sensor-implausible-position", {"reason": reason})
        stand = stand_of(poses, index, model.layout[name], now_ns)
        if stand is not None and is_lost(stand):
            faults["unknown_position"] = Message("sensor-unknown-position", {"age_s": round(stand.age_s)})
        if faults:
            found[name] = faults
    return found
