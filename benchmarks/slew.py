"""Time from an incident to the decision which camera turns: the whole question of the desk, for many cameras.

It includes reading the live picture, the lead point of every camera, and line of sight and elevation there from the
surveyed ground of each. One JSON line to stdout: ``python benchmarks/slew.py [--cameras N] [--tracks N] [--asks N]``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import machine
import msgspec
import numpy as np

LON, LAT, CELLS, CELL_M = 12.0, 50.0, 800, 25.0


def ground(folder: Path, cameras: int) -> dict[str, Any]:
    """A layout of cameras in a square of 20 km, each with its survey; return the layout."""
    from geo.frame import LocalFrame
    from ops.services.cue.ground import FOLDER, CameraGround

    frame, chance = LocalFrame.around(LON, LAT), np.random.default_rng(1)
    half = CELLS * CELL_M / 2.0
    (folder / FOLDER).mkdir()
    heights = chance.normal(300.0, 40.0, (CELLS, CELLS)).astype(np.float32)
    states = chance.integers(0, 2, (CELLS, CELLS), dtype=np.uint8)
    features = []
    for number, (east, north) in enumerate(chance.uniform(-half, half, (cameras, 2)).tolist()):
        name = f"cam-{number}"
        lon, lat = map(float, frame.to_lonlat(east, north))
        about = CameraGround(name, lon, lat, 330.0, 7.3e6, frame.wkt, -half, half, CELL_M)
        (folder / FOLDER / f"{name}.json").write_bytes(msgspec.json.encode(about))
        for part, values in (("heights", heights), ("states", states)):
            path = folder / FOLDER / f"all.{part}.npy"
            if not path.exists():
                np.save(path, values)
            (folder / FOLDER / f"{name}.{part}.npy").symlink_to(path)
        features.append(
            {
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": {"id": name, "azimuth_deg": float(chance.uniform(0, 360)), "max_range_m": 20_000.0},
            }
        )
    return {"features": features}


class Picture:
    """The store's reader: live tracks, and one incident about one of them."""

    def __init__(self, tracks: int) -> None:
        chance = np.random.default_rng(2)
        self.tracks = msgspec.json.encode(
            [
                {"track": f"T{n}", "lon": LON + east, "lat": LAT + north, "speed_mps": 8.0, "course_deg": 45.0}
                for n, (east, north) in enumerate(chance.uniform(-0.1, 0.1, (tracks, 2)).tolist())
            ]
        )

    def row(self, number: int) -> Any:
        from ops.store.incidents import IncidentRow

        body = {"id": "I1", "tracks": [{"track": f"T{number}"}], "lon": LON, "lat": LAT}
        return IncidentRow(msgspec.json.encode(body), None)

    def live(self, part: str) -> Any:
        from ops.store.reader import Live

        return Live(1, 0, self.tracks if part == "tracks" else b"[]")

    def incidents(self, **_: Any) -> Any:
        return 0, []


class Anything:
    """A driver that reaches every camera."""

    def reaches(self, _: str) -> bool:
        return True


def main() -> None:
    """Measure and print."""
    from ops.sector.setting_tables.cue import CueSettings
    from ops.services.cue.desk import CueDesk
    from ops.services.cue.ground import CameraGrounds

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--tracks", type=int, default=500)
    parser.add_argument("--asks", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        layout = ground(Path(name), options.cameras)
        settings = CueSettings(cameras=tuple(one["properties"]["id"] for one in layout["features"]))
        picture, nothing = Picture(options.tracks), Anything()
        reader: Any = picture
        desk = CueDesk(
            settings, layout, reader, nothing, nothing,  # type: ignore[arg-type]
            now_ns=lambda: 0, sight=CameraGrounds(Path(name)).sight,
        )  # fmt: skip
        spent, found = [], 0
        for number in range(options.asks):
            began = time.perf_counter()
            found += len(desk.options(picture.row(number % options.tracks)))
            spent.append(1e3 * (time.perf_counter() - began))
    figures = {
        "cameras": options.cameras,
        "tracks": options.tracks,
        "first_ms": round(spent[0], 1),
        "median_ms": round(float(np.median(spent[1:])), 1),
        "largest_ms": round(max(spent[1:]), 1),
        "offered_mean": round(found / options.asks, 1),
    }
    machine.report("slew", figures)


if __name__ == "__main__":
    main()
