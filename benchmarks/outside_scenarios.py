"""Scenarios that share no code and no tuning with ``sensors.simulate``: plain numpy, from the documents alone.

Movers turn at up to 12°/s, stop, reverse and start again; radars report slant range and azimuth of the targets that
they detect, and false plots. What the layout states of σ, Pd and false alarms may differ from what the reports are made
with. Terrain enters only as elevations that the tracker is given: the movers ignore it. A module; not run by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from geo.arrays import Bools, Floats
from geo.frame import LocalFrame
from sensors.layout import Layout, place

FRAME = LocalFrame.around(24.0, 61.0)
START = np.datetime64("2026-03-01T18:00:00", "ns")
SECOND = np.timedelta64(1_000_000_000, "ns")


@dataclass(frozen=True, slots=True)
class World:
    """Targets in a square of ``side_m`` watched by radars for ``duration_s``.

    ``per_km2`` targets on average, of which ``vehicles`` drive. ``false_alarms`` is what the layout states per scan,
    ``false_factor`` the ratio of actual to stated, ``quarter_factor`` that between north and east. ``detection`` is the
    Pd, ``stated_detection`` the layout's; the stated σ is ``sd_factor`` times the actual one, ``range_sd_m`` and
    ``azimuth_sd_deg``. ``manoeuvres`` per mover and minute; ``turn_deg_s`` the rate of turns. ``blind_share`` of the
    azimuths is hidden by a turning screen that is stated nowhere. Where movers stay ``along_road``, ``ditch_m`` is the
    depth of ditches across it in the given elevations, which lack its bridges, and ``ground_sensors`` that send empty
    scans stand beside it. ``mast_m`` is the height of the radars.
    """

    per_km2: float = 4.0
    side_m: float = 5000.0
    radars: int = 1
    range_m: float = 5000.0
    period_s: float = 3.0
    duration_s: float = 150.0
    vehicles: float = 0.3
    false_alarms: float = 5.0
    false_factor: float = 1.0
    quarter_factor: float = 1.0
    detection: float = 0.9
    stated_detection: float = 0.9
    range_sd_m: float = 4.0
    azimuth_sd_deg: float = 0.4
    sd_factor: float = 1.0
    manoeuvres: float = 1.0
    turn_deg_s: float = 12.0
    blind_share: float = 0.0
    ditch_m: float = 0.0
    ground_sensors: int = 0
    along_road: bool = False
    mast_m: float = 0.0


WORLDS = {
    "sparse": World(per_km2=0.05, duration_s=300.0),
    "crowded": World(per_km2=20.0, side_m=2500.0, duration_s=60.0),
    "manoeuvring": World(per_km2=0.8, manoeuvres=4.0),
    "screened": World(per_km2=0.8, blind_share=0.15),
    "bridges": World(per_km2=0.5, vehicles=1.0, along_road=True, ditch_m=40.0, mast_m=60.0),
    "roadside": World(per_km2=0.5, along_road=True, ground_sensors=8),
    "overstated": World(per_km2=0.8, sd_factor=1.5, stated_detection=0.95, detection=0.65, false_factor=0.5),
    "understated": World(per_km2=0.8, sd_factor=0.67, stated_detection=0.6, detection=0.9, false_factor=1.5),
}
"""Worlds of the tracking benchmark. σ, Pd and false alarms of the last two are stated wrongly by up to half."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One seed of a world: layout, ground, reports and truth."""

    layout: Layout
    terrain: xr.Dataset | None
    detections: xr.Dataset
    truth: xr.Dataset


def scene(world: World, seed: int) -> Scene:
    """Make one seed of a world."""
    rng = np.random.default_rng([seed, 20261127])
    path = movements(world, rng)
    layout = layout_of(world)
    return Scene(layout, ground_of(world), reports(world, layout, path, rng), truth_of(path))


def movements(world: World, rng: np.random.Generator) -> Floats:
    """Return positions (second, target, 2) [m]: straight legs, turns at a steady rate, stops and reversals."""
    count = int(rng.poisson(world.per_km2 * (world.side_m * 1e-3) ** 2))
    seconds, half = int(world.duration_s) + 1, 0.5 * world.side_m
    drives = rng.random(count) < world.vehicles
    cruise = np.where(drives, rng.uniform(5.0, 15.0, count), rng.uniform(0.8, 1.8, count))
    at, heading = rng.uniform(-half, half, (count, 2)), rng.uniform(0.0, 2.0 * np.pi, count)
    if world.along_road:
        at[:, 1], heading = rng.uniform(-1.0, 1.0, count), np.where(rng.random(count) < 0.5, 0.5, 1.5) * np.pi
    to_turn, standing = np.zeros(count), np.zeros(count)
    out = np.empty((seconds, count, 2))
    for second in range(seconds):
        out[second] = at
        begins = (rng.random(count) < world.manoeuvres / 60.0) & (to_turn == 0.0) & (standing <= 0.0)
        what = rng.random(count)
        reverses, stops = begins & (what < 0.2), begins & (what >= 0.2) & (what < 0.45)
        bends = begins & (what >= 0.45) & (not world.along_road)
        heading = heading + np.pi * reverses
        standing = np.where(stops, rng.uniform(5.0, 40.0, count), standing - 1.0)
        to_turn = np.where(bends, rng.uniform(-np.pi, np.pi, count), to_turn)
        turn = np.clip(to_turn, -np.radians(world.turn_deg_s), np.radians(world.turn_deg_s))
        heading, to_turn = heading + turn, to_turn - turn
        step = np.stack([np.sin(heading), np.cos(heading)], axis=1) * (cruise * (standing <= 0.0))[:, None]
        outside = np.abs(at + step).max(axis=1) > half
        heading = np.where(outside, heading + np.pi, heading)
        at = np.where(outside[:, None], at, at + step)
    return out


def layout_of(world: World) -> Layout:
    """Return radars on a line through the centre, with what is stated of them, and ground sensors along the road."""
    spots = np.linspace(-0.25, 0.25, world.radars) * world.side_m if world.radars > 1 else np.zeros(1)
    sensors: list[Any] = [
        place(
            FRAME, float(east), -300.0 if world.along_road else 0.0, id=f"radar-{i}", kind="radar",
            max_range_m=world.range_m, period_s=world.period_s, range_sd_m=world.range_sd_m * world.sd_factor,
            azimuth_sd_deg=world.azimuth_sd_deg * world.sd_factor, detection_probability=world.stated_detection,
            mast_height_m=world.mast_m, false_alarms_per_scan=world.false_alarms,
        )
        for i, east in enumerate(spots)
    ]  # fmt: skip
    sensors += [
        place(
            FRAME, float(east), 0.0, id=f"ground-{i}", kind="ground_sensor", max_range_m=25.0, period_s=2.0,
            detection_probability=0.8, false_alarms_per_scan=0.01,
        )
        for i, east in enumerate(np.linspace(-0.4, 0.4, world.ground_sensors) * world.side_m)
    ]  # fmt: skip
    return Layout("outside", FRAME, tuple(sensors))


def ground_of(world: World) -> xr.Dataset | None:
    """Return flat ground with a ditch along the road of ``ditch_m``, which the bridge over it is missing from."""
    if not world.ditch_m:
        return None
    cell, half = 25.0, world.side_m
    axis = np.arange(-half, half + 1.0, cell)
    depth = np.where(np.abs(axis) < 0.15 * world.side_m, world.ditch_m, 0.0)
    wave = depth * (0.5 + 0.5 * np.sign(np.sin(2.0 * np.pi * axis / 200.0)))
    elevation = np.broadcast_to(-wave, (len(axis), len(axis))).astype(np.float32)
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation.copy(), {"units": "m"})},
        coords={"northing": axis[::-1], "easting": axis},
        attrs={"crs": FRAME.crs.to_wkt(), "datum": "none"},
    )


def reports(world: World, layout: Layout, path: Floats, rng: np.random.Generator) -> xr.Dataset:
    """Return the detections dataset, scan after scan, made by hand in the schema of ``sensors.detections``."""
    scans: list[tuple[float, str, str, Floats, Floats]] = []
    for index, sensor in enumerate(layout):
        period = float(sensor.period_s or 1.0)
        for when in np.arange(period * (index + 0.5) / len(layout), world.duration_s, period):
            low = int(when)
            here = path[low] + (path[min(low + 1, len(path) - 1)] - path[low]) * (when - low)
            away = here - [sensor.easting, sensor.northing]
            if sensor.kind == "ground_sensor":
                near = np.hypot(*away.T) < sensor.max_range_m
                count = int((rng.random(int(near.sum())) < 0.8).any() or rng.random() < sensor.false_alarms_per_scan)
                scans.append((float(when), sensor.id, sensor.kind, np.full(count, np.nan), np.full(count, np.nan)))
                continue
            scans.append((float(when), sensor.id, sensor.kind, *_looked(world, away, float(when), rng)))
    scans.sort(key=lambda one: (one[0], one[1]))
    return _dataset(world, scans)


def _looked(world: World, away: Floats, when: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return azimuth [rad] and range [m] of a radar's plots: targets that it detects, with errors, and false plots."""
    azimuth, slant = np.arctan2(away[:, 0], away[:, 1]), np.hypot(*away.T)
    seen = (rng.random(len(slant)) < world.detection) & (slant < world.range_m) & ~_blind(world, azimuth, when)
    azimuth = azimuth[seen] + rng.normal(0.0, np.radians(world.azimuth_sd_deg), int(seen.sum()))
    slant = np.abs(slant[seen] + rng.normal(0.0, world.range_sd_m, int(seen.sum())))
    everywhere = rng.poisson(world.false_alarms * world.false_factor)
    quarter = rng.poisson(0.25 * world.false_alarms * world.false_factor * (world.quarter_factor - 1.0))
    bearing = np.concatenate([rng.uniform(0.0, 2.0 * np.pi, everywhere), rng.uniform(0.0, 0.5 * np.pi, quarter)])
    reach = world.range_m * np.sqrt(rng.random(len(bearing)))
    mixed = rng.permutation(len(slant) + len(reach))
    return np.concatenate([azimuth, bearing])[mixed] % (2.0 * np.pi), np.concatenate([slant, reach])[mixed]


def _blind(world: World, azimuth: Floats, when: float) -> Bools:
    """Return which azimuths a screen hides that turns once in two minutes."""
    turned = (azimuth / (2.0 * np.pi) - when / 120.0) % 1.0
    return np.asarray(turned < world.blind_share)


def _dataset(world: World, scans: list[tuple[float, str, str, Floats, Floats]]) -> xr.Dataset:
    times = START + np.array([round(one[0] * 1e9) for one in scans]).astype("timedelta64[ns]")
    azimuth = np.concatenate([one[3] for one in scans])
    slant = np.concatenate([one[4] for one in scans])
    trigger = np.isnan(azimuth)
    sd = np.where(trigger, np.nan, 1.0)
    columns = {
        "azimuth": (azimuth, "rad"),
        "azimuth_sd": (sd * np.radians(world.azimuth_sd_deg * world.sd_factor), "rad"),
        "range": (slant, "m"),
        "range_sd": (sd * world.range_sd_m * world.sd_factor, "m"),
    }
    return xr.Dataset(
        {
            "scan_sensor": ("scan", np.array([one[1] for one in scans])),
            "scan_kind": ("scan", np.array([one[2] for one in scans])),
            "scan_time": ("scan", times),
            "scan_boot": ("scan", np.ones(len(scans), np.int64)),
            "scan_sequence": ("scan", np.arange(1, len(scans) + 1)),
            "scan_index": ("detection", np.repeat(np.arange(len(scans)), [len(one[3]) for one in scans])),
            **{name: ("detection", values, {"units": unit}) for name, (values, unit) in columns.items()},
        }
    )


def truth_of(path: Floats) -> xr.Dataset:
    """Return the truth, one row per second and target."""
    seconds, count = path.shape[:2]
    place_ = path.reshape(-1, 2)
    return xr.Dataset(
        {
            "target": ("estimate", np.tile(np.array([f"m{i:04d}" for i in range(count)], dtype=np.str_), seconds)),
            "time": ("estimate", np.repeat(START + np.arange(seconds) * SECOND, count)),
            "easting": ("estimate", place_[:, 0], {"units": "m"}),
            "northing": ("estimate", place_[:, 1], {"units": "m"}),
        }
    )
