"""Render one still of a simulated camera: ``python -m ops.room.turning_camera.render``.

Waits on stdin for the azimuth [degrees] and the scenario time [UTC ns], prints what the still shows as one JSON line,
and leaves the picture in the folder of stills, from where the media process fetches it.
"""

from __future__ import annotations

import argparse
import io
import logging
import math
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
import xarray as xr
from PIL import Image

import ops.runtime.processes.without_pyarrow  # noqa: F401 - before anything that loads pandas
from geo.errors import BadInput, WatchlineError
from geo.frame import LocalFrame
from ops.governance.demonstration import START_FILE, TRUTH
from ops.room.night_file import SCENARIO_START, STILLS
from ops.room.turning_camera.still import ShownStill
from ops.runtime.output import atomic_write
from ops.sector.layouts.file import layout_of
from ops.services.cue.ground import surveyed_ground
from ops.store.track_history import load_history
from sensors.detection_model.weather import Conditions
from sensors.layout import AnySensor
from sensors.scan import CLASSES
from sensors.scan_columns import CLASS_INDEX
from sensors.simulate.observations import class_labels
from sensors.simulate.stills import movers_by_second, still_extinction_per_m, take_still
from sensors.timestamps import SECOND_NS, nanoseconds


def ground_of(folder: Path, layout: Path, camera: str) -> tuple[AnySensor, xr.Dataset]:
    """The camera and the terrain within its range, from its survey: opening the sector takes twice the memory."""
    known = surveyed_ground(folder, camera)
    if known is None:
        raise BadInput("no survey", where=camera, expected="that of ops.services.cue.survey")
    survey, heights, _ = known
    frame, sensor = LocalFrame.from_crs(survey.crs), layout_of(layout)[camera]
    easting, northing = frame.to_local(sensor.lon, sensor.lat)
    rows, columns = heights.shape
    coords = {
        "northing": survey.north_m - survey.cell_m * np.arange(rows),
        "easting": survey.west_m + survey.cell_m * np.arange(columns),
    }
    elevation = (("northing", "easting"), np.asarray(heights), {"units": "m"})
    terrain = xr.Dataset({"elevation": elevation}, coords=coords, attrs={"crs": survey.crs})
    return replace(sensor, easting=float(easting), northing=float(northing)), terrain


def render(
    sensor: AnySensor, terrain: xr.Dataset, folder: Path, azimuth_deg: float, at_ns: int, weather: str = "day"
) -> ShownStill:
    """Take a still at a scenario time [UTC ns] and write it; the same call gives the same picture."""
    started_ns = int((folder / START_FILE).read_text(encoding="ascii"))
    second = round((at_ns - started_ns + nanoseconds(SCENARIO_START)) / SECOND_NS)
    movers = movers_by_second(load_history(folder / TRUTH)).get(second, [])
    chance = np.random.default_rng([second, *sensor.id.encode()])
    frame = LocalFrame.from_crs(terrain.attrs["crs"])
    found = take_still(
        sensor, azimuth_deg, movers, terrain, chance,
        extinction_per_m=still_extinction_per_m(Conditions.named(weather)),
        convergence_deg=math.degrees(frame.convergence_rad(sensor.easting, sensor.northing)),
    )  # fmt: skip
    classes: dict[str, float] = {}
    if found.target is not None:
        labels = class_labels(sensor, np.array([CLASS_INDEX[found.target]]), chance)[0]
        classes = {name: round(float(p), 4) for name, p in zip(CLASSES, labels, strict=True) if p > 0.0}
    made = io.BytesIO()
    Image.fromarray(found.grey).save(made, "JPEG", quality=80)
    name = f"{sha256(made.getvalue()).hexdigest()}.jpg"
    (folder / STILLS).mkdir(exist_ok=True)
    with atomic_write(folder / STILLS / name) as partial:
        partial.write_bytes(made.getvalue())
    return ShownStill(name, found.azimuth_deg, found.elevation_deg, sensor.azimuth_sd_deg or 0.1, classes)


def main() -> int:
    """Entry point of the process."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    parser = argparse.ArgumentParser(
        prog="python -m ops.room.turning_camera.render", description="Render one still of a simulated camera."
    )
    parser.add_argument("--layout", type=Path, required=True, help="layout file")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--camera", required=True)
    parser.add_argument("--weather", default="day", help="state of light and weather, such as 'night,fog'")
    arguments = parser.parse_args()
    try:
        sensor, terrain = ground_of(arguments.folder, arguments.layout, arguments.camera)
        order = sys.stdin.readline().split()
        if len(order) != 2:
            return 0  # the camera was turned elsewhere
        shown = render(sensor, terrain, arguments.folder, float(order[0]), int(order[1]), arguments.weather)
    except WatchlineError as error:
        logging.error("%s", error)
        return 1
    print(msgspec.json.encode(shown).decode())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
