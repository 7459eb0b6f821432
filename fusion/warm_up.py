"""A small case that runs every kernel of the tracker once, so that they are compiled before the first real scan."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from fusion.filter.negative_information import heartbeat_of
from fusion.filter.track_bank import TrackBank, empty_bank
from fusion.filter.triangulation import crossings
from fusion.filter_step import advance
from fusion.models.contradictions import Mixture
from fusion.models.false_dead_ground import LookedAt, learn_dead_ground
from fusion.models.sensor_views import ElevationGrid
from fusion.models.settings import TrackerSettings
from fusion.models.terrain_speed import Passage
from fusion.models.tracker_model import TrackerModel, tracker_model
from geo.frame import LocalFrame
from sensors.layout import Layout, place
from sensors.scan_columns import ScanColumns

CROWD: Final = 24
"""New targets of one scan, more than the association estimates the odds of in common."""


def compile_kernels() -> None:
    """Radar scans, one of them with a crowd of new targets, a camera's bearings with labels, a trigger and heartbeats
    over flat, passable ground, a long silence, crossing bearings of two direction finders, and detections in dead
    ground."""

    frame = LocalFrame.around(0.0, 0.0)
    shared = {"max_range_m": 900.0, "period_s": 3.0}
    layout = Layout(
        "warm-up",
        frame,
        (
            place(frame, 0.0, 0.0, id="R", kind="radar", false_alarms_per_scan=1.0, **shared),
            place(frame, 50.0, 0.0, id="C", kind="camera", **shared),
            place(frame, 0.0, -300.0, id="D", kind="radio", **shared),
            place(frame, 300.0, 0.0, id="E", kind="radio", **shared),
            place(frame, 0.0, 200.0, id="G", kind="ground_sensor", max_range_m=30.0),
        ),
    )
    model = tracker_model(layout, TrackerSettings(), None)
    law = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 0.5]])
    model = replace(
        model,
        earth=ElevationGrid(np.zeros((8, 8), np.float32), -1000.0, 1000.0, 300.0),
        passage=Passage(np.ones((2, 8, 8), np.float32), law, model.passage.top),
    )
    bank = empty_bank(model)
    for sensor, kind, when_s in (
        ("R", "radar", 0),
        ("R", "radar", 3),
        ("C", "camera", 4),
        ("G", "ground_sensor", 5),
        ("R", "radar", 900),
    ):
        for _ in range(2):
            bank, _ = advance(model, bank, _scan(sensor, kind, when_s * 10**9))
        at_ns = (when_s + 1) * 10**9
        bank, _ = advance(model, bank, heartbeat_of(model.sensor("G"), 0, at_ns, at_ns, at_ns))
    for when_s in (910, 913):
        bank, _ = advance(model, bank, _scan("R", "radar", when_s * 10**9, plots=CROWD))
    _detected_in_dead_ground(model, bank)
    for second in range(1000, 1020):
        for sensor in ("D", "E"):
            bank, _ = advance(model, bank, _scan(sensor, "radio", second * 10**9))
    crossings(model, bank.contacts, 1020 * 10**9)


def _detected_in_dead_ground(model: TrackerModel, bank: TrackBank) -> None:
    radar, tracks, motion = model.sensor("R"), bank.tracks, model.motion
    dead = np.zeros((8, 8), np.float32)
    hidden = replace(radar, view=radar.view._replace(grid=dead, grid_east=-1000.0, grid_north=1000.0, grid_cell=300.0))
    always, never = np.ones(len(bank)), np.zeros(len(bank))
    looked_at = LookedAt(tracks.centre, tracks.spread, tracks.existence, always, never)
    after = Mixture(tracks.mean, tracks.cov, tracks.mode, motion.kind, motion.free)
    learn_dead_ground(bank.exposed, hidden, looked_at, after, never, bank.intensity_ns)


def _scan(sensor: str, kind: str, when_ns: int, *, plots: int = 3) -> ScanColumns:
    nan = np.full(plots, np.nan)
    trigger, camera, finder = kind == "ground_sensor", kind == "camera", kind == "radio"
    azimuth = nan if trigger else np.resize([0.1, 0.11, 2.0], plots) + np.arange(plots) // 3 * 0.2
    if finder:
        azimuth = np.array([0.3, 1.5, 4.0] if sensor == "D" else [2.0, 3.0, 5.8])
    return ScanColumns(
        sensor=sensor,
        kind=kind,
        boot=0,
        sequence=when_ns,
        observed_ns=when_ns,
        received_ns=when_ns,
        azimuth=azimuth,
        azimuth_sd=np.full(plots, 0.01),
        elevation_angle=np.array([-0.02, np.nan, np.nan]) if camera else nan,
        elevation_angle_sd=np.full(plots, 0.001),
        range_=nan if trigger or camera or finder else np.resize([200.0, 210.0, 500.0], plots),
        range_sd=np.full(plots, 5.0),
        radial_velocity=nan if trigger or camera or finder else np.resize([1.0, np.nan, 0.0], plots),
        radial_velocity_sd=np.full(plots, 0.5),
        easting=nan,
        northing=nan,
        cov=np.full((plots, 2, 2), np.nan),
        class_probability=np.full((plots, 5), 0.2 if camera else np.nan),
        confidence=nan,
    )
