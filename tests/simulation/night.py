"""What the simulated worlds watch: two neighbouring sectors, and some seconds of traffic across their edge."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ops.cluster.identity.sighting import SensorReach
from ops.cluster.nation_file import reaches_of
from ops.room.night_file import SCENARIO_START
from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from sensors.coverage import look_probability
from sensors.detections import to_scans
from sensors.layout import Layout
from sensors.scan import Scan
from sensors.simulate import simulate
from sensors.simulate.movers import Mover
from sensors.simulate.scenarios import NightSettings, border_night
from tests.ops.conftest import NIGHT_SEED, SENSORS, collection, feature, lonlat, write_sector
from tests.ops.known_detection import known_detection

NIGHT_S: Final = 45.0
TRAFFIC_SEED: Final = 1
"""With it a track continues with another target, and two identities turn out to be one, in most worlds."""
EDGE_M: Final = 4000.0
"""Where the sectors meet, east of the map's western edge."""
AWAY_M: Final = 2000.0
"""Distance of each sector's radar from the edge; their ranges overlap by 1 km."""
RANGE_M: Final = 2500.0
MAST_M: Final = 60.0
"""Both radars look over the hills at the edge."""
TRAFFIC: Final = NightSettings(local_movers=5, turn_backs=1)


@dataclass(frozen=True)
class Night:
    """Each sector, and the scans that its sensors send, in order of sending."""

    grounds: Mapping[str, OpenSector]
    scans: Mapping[str, tuple[Scan, ...]]

    @property
    def reaches(self) -> dict[str, SensorReach]:
        """How far the sensors of each sector reach."""
        return {name: SensorReach(tuple(each)) for name, each in reaches_of(self.grounds).items()}


@contextmanager
def small_night() -> Iterator[Night]:
    """Open two sectors on the terrain of the tests, and simulate their traffic, for any number of worlds."""
    with tempfile.TemporaryDirectory() as folder, known_detection():
        grounds = _open_sectors(Path(folder))
        yield Night(grounds, _simulated(grounds))


def _open_sectors(folder: Path) -> dict[str, OpenSector]:
    _, camera, ground = SENSORS
    sector, layouts = load_sector(write_sector(folder).sector), {}
    for name, side, other in (("west", -1, camera), ("east", 1, ground)):
        layouts[name] = folder / f"{name}.geojson"
        layouts[name].write_text(collection(_radar(f"radar-{name}", EDGE_M + side * AWAY_M), other))
    return {name: open_sector(sector, str(layout)) for name, layout in layouts.items()}


def _radar(identity: str, east_m: float) -> dict[str, Any]:
    properties = SENSORS[0]["properties"] | {"id": identity, "max_range_m": RANGE_M, "mast_height_m": MAST_M}
    return feature("Point", lonlat(east_m, 3100.0), **properties)


def _simulated(grounds: Mapping[str, OpenSector]) -> dict[str, tuple[Scan, ...]]:
    ground = next(iter(grounds.values()))
    sensors = tuple(sensor for one in grounds.values() for sensor in one.layout)
    layout = Layout("both", ground.frame, sensors)
    coverage = look_probability(layout, ground.terrain)
    scenario = border_night(
        ground.terrain, ground.border, seed=NIGHT_SEED, duration_s=NIGHT_S, start=SCENARIO_START, coverage=coverage,
        settings=TRAFFIC,
    )  # fmt: skip
    scenario = replace(scenario, movers=(*scenario.movers, *_across_the_edge(ground)))
    detections, _ = simulate(layout, scenario, ground.terrain, seed=TRAFFIC_SEED, coverage=coverage)
    scans = sorted(to_scans(detections, layout), key=lambda scan: (scan.received_at, scan.key))
    return {
        name: tuple(scan for scan in scans if scan.sensor in {sensor.id for sensor in one.layout})
        for name, one in grounds.items()
    }


def _across_the_edge(ground: OpenSector) -> Iterator[Mover]:
    """Targets at the edge, in and out of the reach of the west while the east has all of them.

    ``away`` leaves that reach where ``towards`` enters it, and ``ends`` ends where ``comes`` enters it: the west's
    track of the first may continue with the second.
    """
    walks = (
        ("away", 475.0, 0.0, 1.8, 0.0, 60.0, "person"),
        ("towards", 536.0, 6.0, -1.8, 0.0, 60.0, "person"),
        ("ends", 470.0, 300.0, 0.0, 0.0, 13.0, "person"),
        ("comes", 503.0, 300.0, -1.4, 0.0, 60.0, "person"),
        ("walker", -20.0, 250.0, 1.4, 8.0, 60.0, "person"),
        ("eastbound", -200.0, 600.0, 12.0, 4.0, 60.0, "vehicle"),
        ("westbound", 240.0, -900.0, -12.0, 0.0, 60.0, "vehicle"),
    )
    for name, east_m, north_m, speed, begin_s, end_s, target in walks:
        lon, lat = lonlat(EDGE_M + east_m, 3100.0 - north_m)
        easting, northing = ground.frame.to_local(lon, lat)
        times = np.array([begin_s, end_s])
        yield Mover(name, target, times, easting + speed * times, northing + 0.0 * times)
