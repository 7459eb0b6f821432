"""A synthetic sector for benchmarks: flat ground, a straight border, a row of radars, and people crossing continuously.

A module for the benchmarks; when run, it only prints how many plots such a sector reports.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import rasterio
from machine import report
from rasterio.transform import from_origin

from ops.sector.open_sector import OpenSector, open_sector
from ops.sector.sector_file import load_sector
from sensors.detections import to_scans
from sensors.scan import Scan
from sensors.simulate import simulate
from sensors.simulate.movers import Mover, Scenario

EPSG = 32632
WEST_M, NORTH_M, CELL_M = 500_000.0, 5_004_000.0, 40.0
WIDE_M, HIGH_M = 24_000.0, 8_000.0
LINE_NORTHING_M = NORTH_M - HIGH_M / 2
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Field:
    """``radars`` in a row 2 km apart, each scanning to 2 km every ``period_s``; ``walkers`` along the row."""

    radars: int = 10
    period_s: float = 1.0
    walkers: int = 280
    duration_s: float = 40.0
    seed: int = 1


def write_sector(field: Field, folder: Path) -> Path:
    """Write terrain, border, layout and sector file into ``folder``; return the sector file."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, columns = round(HIGH_M / CELL_M), round(WIDE_M / CELL_M)
    with rasterio.open(
        folder / "ground.tif", "w", driver="GTiff", width=columns, height=rows, count=1, dtype="float32",
        crs=f"EPSG:{EPSG}", transform=from_origin(WEST_M, NORTH_M, CELL_M, CELL_M),
    ) as raster:  # fmt: skip
        raster.write(np.full((rows, columns), 100.0, np.float32), 1)
    line = [[WEST_M + 100.0, LINE_NORTHING_M], [WEST_M + WIDE_M - 100.0, LINE_NORTHING_M]]
    _write_geojson(folder / "border.geojson", [("LineString", line, {"name": "line"})])
    _write_geojson(
        folder / "layout.geojson",
        [
            (
                "Point",
                [WEST_M + 3_000.0 + 2_000.0 * i, LINE_NORTHING_M - 300.0],
                {
                    "id": f"radar-{i:02d}", "kind": "radar", "max_range_m": 2_000.0, "mast_height_m": 15.0,
                    "period_s": field.period_s, "range_sd_m": 4.0, "azimuth_sd_deg": 0.3, "status_interval_s": 5.0,
                    "detection_probability": 0.9, "false_alarms_per_scan": 2.0, "radial_velocity_sd_mps": 0.3,
                },
            )
            for i in range(field.radars)
        ],
    )  # fmt: skip
    sector = folder / "sector.toml"
    sector.write_text(
        'name = "bench"\nterrain = "ground.tif"\nborder = "border.geojson"\n'
        f'frame = {EPSG}\n[layouts]\nrow = "layout.geojson"\n'
    )
    return sector


def _write_geojson(path: Path, shapes: list[tuple[str, list, dict]]) -> None:
    """Write shapes with coordinates in metres of the frame as GeoJSON in lon/lat."""
    from geo.frame import LocalFrame

    frame = LocalFrame.from_epsg(EPSG)

    def degrees(coordinates: list) -> list:
        if isinstance(coordinates[0], list):
            return [degrees(one) for one in coordinates]
        lon, lat = frame.to_lonlat(*coordinates)
        return [float(lon), float(lat)]

    features = [
        {"type": "Feature", "properties": about, "geometry": {"type": kind, "coordinates": degrees(points)}}
        for kind, points, about in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def walkers(field: Field) -> tuple[Mover, ...]:
    """Return persons who walk to and fro over the line, so that someone is always crossing or turning back."""
    chance = np.random.default_rng(field.seed)
    movers = []
    for i in range(field.walkers):
        speed, reach, drift = chance.uniform(1.0, 1.9), chance.uniform(45.0, 90.0), chance.uniform(-0.4, 0.4)
        leg_s = 2 * reach / speed
        times = leg_s * (np.arange(int(field.duration_s / leg_s) + 3) - chance.uniform(0.0, 1.0))
        side = np.where(np.arange(len(times)) % 2 == int(chance.integers(2)), reach, -reach)
        easting = chance.uniform(WEST_M + 1_500.0, WEST_M + 3_000.0 + 2_000.0 * field.radars) + drift * times
        movers.append(Mover(f"W{i:03d}", "person", times, easting, LINE_NORTHING_M + side, "crossing"))
    return tuple(movers)


def scans_of(field: Field, sector: Path) -> list[Scan]:
    """Return the radars' reports of the walkers, in order of sending."""
    ground: OpenSector = open_sector(load_sector(sector))
    scenario = Scenario(walkers(field), START, field.duration_s, border=ground.border)
    detections, _ = simulate(ground.layout, scenario, None, seed=field.seed)
    return sorted(to_scans(detections, ground.layout), key=lambda scan: (scan.received_at, scan.key))


if __name__ == "__main__":
    import tempfile

    chosen = Field(duration_s=10.0)
    with tempfile.TemporaryDirectory() as where:
        made = scans_of(chosen, write_sector(chosen, Path(where)))
    plots = [len(scan.plots) for scan in made]
    report("field", {"scans": len(plots), "plots_a_scan": round(float(np.mean(plots)), 1)})
