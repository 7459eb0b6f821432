"""Simulate a scenario to files: ``python -m ops.room.simulate_night``, a separate process so that its memory is freed.

Writes ``night.jsonl`` (each message with its sending time, one per line), ``sensors.json`` (the senders),
``positions.jsonl`` (the positions of patrols), ``poses.jsonl`` (those of mobile sensors), ``states.jsonl`` (when
aircraft fly), ``truth.npz``, and the pictures of cameras in ``stills``. Times count from SCENARIO_START; the simulator
shifts them to the time at which it starts.
"""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import ops.runtime.processes.without_pyarrow  # noqa: F401 - before anything that loads pandas
from geo.errors import WatchlineError
from ingest.unit_messages import Position
from ops.room.night_file import (
    PATROLS,
    SCENARIO_START,
    TURNING_CAMERAS,
    SimulatedSender,
    StatedState,
    write_night,
    write_poses,
    write_positions,
    write_states,
    write_stills,
)
from ops.runtime.processes.child_process import say
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.services.cue.survey import survey
from ops.store.track_history import save_history
from sensors.coverage import look_probability
from sensors.detection_model.weather import CLEAR_DAY, Conditions
from sensors.detections import to_scans
from sensors.layout import Layout
from sensors.mobile import Pose
from sensors.scan import Scan
from sensors.simulate import simulate
from sensors.simulate.carriers import stated_poses, states_of
from sensors.simulate.movers import Scenario
from sensors.simulate.patrols import POSITION_SD_M, simulate_patrols
from sensors.simulate.scenarios import NightSettings, border_night
from sensors.simulate.stills import still_extinction_per_m, stills
from sensors.timestamps import nanoseconds

if TYPE_CHECKING:
    import xarray as xr


def simulate_night(
    ground: OpenSector,
    *,
    seed: int,
    duration_s: float,
    traffic: NightSettings | None = None,
    conditions: Conditions = CLEAR_DAY,
) -> tuple[list[Scan], xr.Dataset]:
    """Simulate scans in order of sending, duplicates included, and the truth; ``traffic`` sets the movers, and light
    and weather what is detected and what flies."""
    layout = sending_layout(ground.layout)
    coverage = look_probability(layout, ground.terrain)
    scenario = border_night(
        ground.terrain, ground.border, seed=seed, duration_s=duration_s, start=SCENARIO_START, coverage=coverage,
        settings=traffic,
    )  # fmt: skip
    scenario = replace(scenario, conditions=conditions)
    detections, truth = simulate(layout, scenario, ground.terrain, seed=seed, coverage=coverage)
    scans = sorted(to_scans(detections, layout), key=lambda scan: (scan.received_at, scan.key))
    return scans, truth


def sending_layout(layout: Layout) -> Layout:
    """The layout without the cameras that turn, which are nodes of their own (``ops.room.turning_camera``)."""
    sensors = tuple(one for one in layout.sensors if one.id not in TURNING_CAMERAS)
    return layout if len(sensors) == len(layout) else Layout(layout.name, layout.frame, sensors, layout.relays)


def simulated_positions(ground: OpenSector, *, seed: int, duration_s: float) -> list[Position]:
    """Simulate the positions that the patrols report; none in a sector without bases on the terrain."""
    frame, bases = ground.frame, ground.bases_on_terrain()
    found = []
    for patrol in simulate_patrols(
        ground.terrain, ground.border, bases, units=PATROLS, seed=seed, duration_s=duration_s
    ):
        lon, lat = frame.to_lonlat(patrol.place[:, 0], patrol.place[:, 1])
        for number, time_s in enumerate(patrol.time_s.tolist()):
            found.append(
                Position(
                    unit=patrol.plan.unit,
                    boot=1,
                    seq=number + 1,
                    observed_at=SCENARIO_START + timedelta(seconds=round(time_s, 3)),
                    lon=round(float(lon[number]), 7),
                    lat=round(float(lat[number]), 7),
                    position_sd_m=POSITION_SD_M,
                    duty="patrol" if patrol.on_patrol[number] else "standby",
                    moves="foot" if patrol.plan.walks else "vehicle",
                    base=patrol.plan.base,
                )
            )
    return found


def simulated_poses(
    ground: OpenSector, *, seed: int, duration_s: float, conditions: Conditions = CLEAR_DAY
) -> list[Pose]:
    """Simulate the poses that mobile sensors state along their routes; none in a layout without."""
    scenario = Scenario((), SCENARIO_START, duration_s, conditions=conditions)
    return stated_poses(ground.layout, scenario, seed=seed)


def simulated_states(ground: OpenSector, *, duration_s: float, conditions: Conditions = CLEAR_DAY) -> list[StatedState]:
    """Simulate what sensors that fly report of themselves; none of a sensor that works all the time."""
    scenario = Scenario((), SCENARIO_START, duration_s, conditions=conditions)
    found, start_ns = [], nanoseconds(SCENARIO_START)
    for sensor in ground.layout:
        states = states_of(sensor, ground.layout, scenario)
        if len(states) > 1 or states[0].state != "ok":
            found += [StatedState(start_ns + round(one.at_s * 1e9), sensor.id, one.state, one.note) for one in states]
    return found


def write_simulated_night(
    ground: OpenSector,
    folder: Path,
    *,
    seed: int,
    duration_s: float,
    traffic: NightSettings | None = None,
    pictures: bool = False,
    conditions: Conditions = CLEAR_DAY,
) -> int:
    """Simulate and write the files; ``traffic`` sets the movers. Return the number of messages.

    ``pictures``: also render stills of cameras. ``conditions`` are light and weather.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scans, truth = simulate_night(ground, seed=seed, duration_s=duration_s, traffic=traffic, conditions=conditions)
    write_night(folder / "night.jsonl", scans)
    senders = [
        SimulatedSender(sensor.id, sensor.kind, sensor.status_interval_s) for sensor in sending_layout(ground.layout)
    ]
    (folder / "sensors.json").write_text(json.dumps([[one.sensor, one.kind, one.status_s] for one in senders]))
    write_positions(folder / "positions.jsonl", simulated_positions(ground, seed=seed, duration_s=duration_s))
    poses = simulated_poses(ground, seed=seed, duration_s=duration_s, conditions=conditions)
    write_poses(folder / "poses.jsonl", poses)
    write_states(folder / "states.jsonl", simulated_states(ground, duration_s=duration_s, conditions=conditions))
    save_history(truth, folder / "truth.npz")
    if pictures:
        survey(ground, TURNING_CAMERAS, folder)
        write_stills(folder, stills(
            scans, truth, ground.layout, ground.terrain, seed=seed, extinction_per_m=still_extinction_per_m(conditions),
        ))  # fmt: skip
    return len(scans)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    parser = argparse.ArgumentParser(
        prog="python -m ops.room.simulate_night", description="Simulate a scenario to files."
    )
    parser.add_argument("--sector", required=True)
    parser.add_argument("--layout", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--duration", type=float, required=True, help="scenario seconds")
    parser.add_argument("--weather", default="day", help="state of light and weather, such as 'night,wind_mps=14'")
    arguments = parser.parse_args()
    try:
        ground = open_sector(load_sector(arguments.sector), arguments.layout)
        messages = write_simulated_night(
            ground, arguments.folder, seed=arguments.seed, duration_s=arguments.duration, pictures=True,
            conditions=Conditions.named(arguments.weather),
        )  # fmt: skip
    except WatchlineError as error:
        logging.error("%s", error)
        return 1
    say(messages=messages)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
