"""Survey the ground around cameras that turn: ``python -m ops.services.cue.survey``, run once when a room opens.

A process of its own, so that the memory of terrain and viewsheds is freed. It writes, for each camera, heights and the
exact viewshed all round from its post, for ``ops.services.cue.ground``: to a cell beyond its range, and within its
shortest one, so that a point near these limits is not taken as hidden because the centre of its cell is beyond them.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from geo.errors import WatchlineError
from geo.terrain import sample
from geo.terrain.derived import cell_size, standing_points
from geo.visibility import EARTH_RADIUS_M
from ops.runtime.output import atomic_write
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from ops.services.cue.ground import FOLDER, CameraGround
from sensors.coverage.sight import CURVATURE_K, SightTask, sight
from sensors.layout import Layout
from sensors.sensor import LIMITS

LONGEST_M: Final = LIMITS["max_range_m"][1]
log = logging.getLogger(__name__)


def survey(ground: OpenSector, cameras: Sequence[str], folder: Path) -> list[str]:
    """Write the surveys of the cameras that the layout has and the terrain holds; return their names."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    done = []
    for name in cameras:
        if name not in ground.layout:
            continue
        try:
            _write(ground, name, folder / FOLDER)
        except WatchlineError as error:
            log.warning("Camera %s turns without knowing its ground: %s", name, error)
            continue
        done.append(name)
    return done


def _write(ground: OpenSector, name: str, folder: Path) -> None:
    sensor = ground.layout[name]
    cell_m = cell_size(ground.terrain)
    around = replace(
        sensor, field_of_view_deg=360.0, elevation_min_deg=-90.0, elevation_max_deg=90.0, min_range_m=0.0,
        max_range_m=min(sensor.max_range_m + cell_m, LONGEST_M),
    )  # fmt: skip
    place = Layout(ground.layout.name, ground.layout.frame, (around,)).placement(name)
    seen = sight(place, ground.terrain, SightTask("person"))
    stand = standing_points(ground.terrain, sensor.easting, sensor.northing)
    part = ground.terrain["elevation"][seen.rows, seen.columns]
    for what, values in (
        ("heights", np.ascontiguousarray(part.to_numpy(), np.float32)),
        ("states", np.ascontiguousarray(seen.states)),
    ):
        with atomic_write(folder / f"{name}.{what}.npy") as partial, partial.open("wb") as file:
            np.save(file, values)
    about = CameraGround(
        camera=name,
        lon=sensor.lon,
        lat=sensor.lat,
        eye_m=float(sample(ground.terrain, *stand)) + sensor.mast_height_m,
        effective_radius_m=CURVATURE_K[sensor.kind] * EARTH_RADIUS_M,
        crs=ground.layout.frame.wkt,
        west_m=float(part["easting"][0]),
        north_m=float(part["northing"][0]),
        cell_m=cell_m,
    )
    with atomic_write(folder / f"{name}.json") as partial:  # last: the arrays are there once it is
        partial.write_bytes(msgspec.json.encode(about))


def main() -> int:
    """Entry point of the process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    parser = argparse.ArgumentParser(prog="python -m ops.services.cue.survey", description=__doc__.splitlines()[0])
    parser.add_argument("--sector", required=True, help="sector file")
    parser.add_argument("--layout", required=True, help="layout file")
    parser.add_argument("--folder", type=Path, required=True, help="data folder")
    parser.add_argument("cameras", nargs="+", help="ids of cameras in the layout")
    arguments = parser.parse_args()
    try:
        ground = open_sector(load_sector(arguments.sector), arguments.layout)
        survey(ground, arguments.cameras, arguments.folder)
    except WatchlineError as error:
        logging.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
