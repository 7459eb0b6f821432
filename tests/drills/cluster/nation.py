"""The simulated nation of the drill: sectors side by side along one border, and the scenario of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rasterio
from pyproj import Transformer

from ops.room.room import prepare_identity
from ops.room.simulate_night import write_simulated_night
from ops.sector.open_sector import open_sector
from tests.ops.conftest import CELL_M, EPSG, NORTH, WEST, Files, hills, write_sector

APART_M = 8_000.0
"""From the origin of one sector to the next: the width of the terrain of one, so that borders do not overlap."""
NAMES = ("west", "middle", "east", "coast", "ridge", "plain")


@dataclass(frozen=True)
class DrillNation:
    """The nation file, its sectors in order, the folder of keys, and where the scenario of each sector is."""

    file: Path
    sectors: dict[str, Files]
    identity: Path
    nights: dict[str, Path]


def write_nation(folder: Path, sectors: int, *, seed: int, duration_s: float) -> DrillNation:
    """Write the files of a nation and simulate its scenarios."""
    named = {name: _sector(folder / name, name, number) for number, name in enumerate(NAMES[:sectors])}
    file, identity = folder / "nation.toml", folder / "identity"
    file.write_text(f'name = "drill"\nsectors = {json.dumps(list(named))}\n')
    nights = {}
    for number, (name, files) in enumerate(named.items()):
        prepare_identity(identity, files.layout, None)
        nights[name] = folder / "nights" / name
        write_simulated_night(open_sector(files.sector), nights[name], seed=seed + number, duration_s=duration_s)
    return DrillNation(file, named, identity, nights)


def _sector(folder: Path, name: str, number: int) -> Files:
    """The small sector of the tests, moved east."""
    files, east_m = write_sector(folder), number * APART_M
    files.edit(files.sector, 'name = "hills"', f'name = "{name}"')
    files.sector.write_text(f'signatures = "required"\n{files.sector.read_text()}')
    files.write_dem(hills(), transform=rasterio.Affine(CELL_M, 0.0, WEST + east_m, 0.0, -CELL_M, NORTH))
    for path in (files.border, files.layout):
        drawn = json.loads(path.read_text())
        for feature in drawn["features"]:
            feature["geometry"]["coordinates"] = _moved(feature["geometry"]["coordinates"], east_m)
            if path == files.layout:
                feature["properties"]["id"] += f"-{name}"
        path.write_text(json.dumps(drawn))
    return files


def _moved(coordinates: Sequence[Any], east_m: float) -> list[Any]:
    """The same positions so many metres of the zone further east."""
    if isinstance(coordinates[0], Sequence):
        return [_moved(one, east_m) for one in coordinates]
    to_zone = Transformer.from_crs(4326, EPSG, always_xy=True)
    easting, northing = to_zone.transform(*coordinates)
    lon, lat = to_zone.transform(easting + east_m, northing, direction="INVERSE")
    return [round(lon, 7), round(lat, 7)]
