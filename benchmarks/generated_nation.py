"""A made-up nation: 60 sectors of 50 km along one border of 3,000 km, hills by a formula, and 2,000 sensors.

``write_nation`` writes a nation file and, per sector, terrain, border, bases, two layouts and the sector file. The same
arguments give the same bytes. Neighbouring sectors share the end of their lines and, where both have it, the ground.

Ground. In a plane with x to the east and y to the north [m] (``x = R cos 45° Δlon``, ``y = R Δlat``) the elevation is

    z(x, y) = 700 + Σ_k A_k sin(2π u_k / λ_k + a_k) sin(2π v_k / λ_k + b_k),  λ_k = 48 km / 1.8^k,
    A_k = 260 (λ_k / λ_0)^0.85,

with (u_k, v_k) = (x, y) turned by 37° k, and phases a_k, b_k = 2.4 k, 4.1 k + 1: nine wave lengths from 48 km to
440 m.

Border. y(x) = 24 km sin(2π x / 410 km) + 5 km sin(2π x / 57 km + 1) + 0.9 km sin(2π x / 9.1 km + 2), cut every 50 km of
its length. Its own side is the south.

Sensors. Along each line, at equal distances, on the highest of 15 points within 1.2 km on the own side: per sector 4
radars of 11 km, 6 portable radars of 4 km, 8 cameras of 4 km, 5 observation posts and 10 or 11 ground sensors. The
layout ``lean`` has every second one of each kind.

A module for the benchmarks; when run, it writes a nation: ``python benchmarks/generated_nation.py DIR [--sectors N]``.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.transform import from_origin

EARTH_M = 6_371_000.0
WEST_DEG, SOUTH_DEG = 0.0, 45.0
SECTOR_M = 50_000.0
STEP_M = 250.0
"""Distance between two points of a border line along x, before it is cut."""
WAVES = 9
MIX = (("radar", 4), ("portable", 6), ("camera", 8), ("post", 5), ("seismic", 10))
"""Kinds of sensors of a sector in order along the line, and how many."""

PERSON_FIRST = [[0.6, 0.15, 0.05, 0.15, 0.05], [0.25, 0.45, 0.1, 0.15, 0.05], [0.05, 0.1, 0.75, 0.05, 0.05]]
CONFUSION = [*PERSON_FIRST, [0.3, 0.1, 0.05, 0.5, 0.05], [0.2, 0.15, 0.2, 0.2, 0.25]]
RADAR: dict[str, Any] = {
    "kind": "radar", "min_range_m": 60, "elevation_min_deg": -30, "elevation_max_deg": 10, "latency_s": 0.3,
    "status_interval_s": 5, "detection_probability": 0.9, "false_alarm_probability": 1e-06,
    "radial_velocity_sd_mps": 0.3,
}  # fmt: skip
CAMERA: dict[str, Any] = {
    "kind": "camera", "elevation_min_deg": -30, "elevation_max_deg": 10, "pitch_m": 1.2e-05, "night": True,
}  # fmt: skip
KINDS: dict[str, dict[str, Any]] = {
    "radar": RADAR | {
        "catalogue": "ift_radar", "mast_height_m": 25, "max_range_m": 11_000, "field_of_view_deg": 360, "period_s": 2.5,
        "availability": 0.95, "reference_range_m": 8_000, "false_alarms_per_scan": 0.1, "range_sd_m": 5,
        "azimuth_sd_deg": 0.25,
    },
    "portable": RADAR | {
        "catalogue": "portable_radar", "mast_height_m": 4, "max_range_m": 4_000, "azimuth_deg": 0,
        "field_of_view_deg": 180, "period_s": 2, "availability": 0.9, "reference_range_m": 3_000,
        "false_alarms_per_scan": 0.05, "range_sd_m": 8, "azimuth_sd_deg": 0.6,
    },
    "camera": CAMERA | {
        "catalogue": "ift_camera", "mast_height_m": 12, "max_range_m": 4_000, "min_range_m": 40, "azimuth_deg": 0,
        "field_of_view_deg": 120, "period_s": 6, "latency_s": 0.6, "status_interval_s": 5, "availability": 0.95,
        "focal_length_m": 0.1, "false_alarms_per_scan": 0.01, "azimuth_sd_deg": 0.05, "elevation_sd_deg": 0.05,
        "detection_probability": 0.95,
    },
    "post": CAMERA | {
        "catalogue": "handheld_thermal", "mast_height_m": 3, "max_range_m": 2_000, "min_range_m": 20, "azimuth_deg": 0,
        "field_of_view_deg": 120, "period_s": 10, "latency_s": 2, "status_interval_s": 30, "availability": 0.85,
        "focal_length_m": 0.035, "false_alarms_per_scan": 0.01, "azimuth_sd_deg": 0.3, "elevation_sd_deg": 0.3,
        "detection_probability": 0.85,
    },
    "seismic": {
        "kind": "ground_sensor", "catalogue": "seismic", "mast_height_m": 0, "max_range_m": 40, "status_interval_s": 30,
        "latency_s": 1, "availability": 0.9, "detection_probability": 0.9, "false_alarms_per_scan": 0.003,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GeneratedNation:
    """``sectors`` of 50 km over cells of ``cell_m``; ``sensors`` in all; analyses within ``belt_m`` of the line."""

    sectors: int = 60
    sensors: int = 2_000
    cell_m: float = 60.0
    belt_m: float = 5_000.0
    beyond_m: float = 12_000.0
    """Ground beyond the line on all sides."""


def elevation_m(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Elevation [m] at points of the plane [m]; formula in the module's text."""
    height = np.full(np.broadcast(x, y).shape, 700.0)
    for k in range(WAVES):
        long_m, turn = 48_000.0 / 1.8**k, np.radians(37.0 * k)
        u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        waves = np.sin(2 * np.pi * u / long_m + 2.4 * k) * np.sin(2 * np.pi * v / long_m + 4.1 * k + 1.0)
        height += 260.0 * (long_m / 48_000.0) ** 0.85 * waves
    return height


def line_m(x: np.ndarray) -> np.ndarray:
    """Northing [m] of the border at eastings of the plane [m]."""
    long = 24_000.0 * np.sin(2 * np.pi * x / 410_000.0) + 5_000.0 * np.sin(2 * np.pi * x / 57_000.0 + 1.0)
    return np.asarray(long + 900.0 * np.sin(2 * np.pi * x / 9_100.0 + 2.0))


def lonlat(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Degrees of points of the plane."""
    scale = np.degrees(1.0 / EARTH_M)
    return WEST_DEG + scale * x / np.cos(np.radians(SOUTH_DEG)), SOUTH_DEG + scale * y


def plane(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of the plane [m] at degrees; the inverse of ``lonlat``."""
    scale = np.radians(1.0) * EARTH_M
    return scale * (lon - WEST_DEG) * np.cos(np.radians(SOUTH_DEG)), scale * (lat - SOUTH_DEG)


def borders(sectors: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The points of each sector's line in the plane [m]; each begins where the one before ends."""
    x = np.arange(0.0, SECTOR_M * sectors * 1.05 + STEP_M, STEP_M)
    y = line_m(x)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    lines = []
    for i in range(sectors):
        inside = (along > SECTOR_M * i) & (along < SECTOR_M * (i + 1))
        chainage = np.concatenate([[SECTOR_M * i], along[inside], [SECTOR_M * (i + 1)]])
        lines.append((np.interp(chainage, along, x), np.interp(chainage, along, y)))
    return lines


def write_nation(nation: GeneratedNation, folder: Path) -> Path:
    """Write everything into ``folder``; return the nation file."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = borders(nation.sectors)
    names = [f"sector-{i:02d}" for i in range(nation.sectors)]
    each, more = divmod(nation.sensors, nation.sectors)
    for i, (name, line) in enumerate(zip(names, lines, strict=True)):
        _write_sector(nation, folder / name, name, line, each + (i < more))
    file = folder / "nation.toml"
    listed = "\n".join(f'  "{name}",' for name in names)
    file.write_text(f'name = "generated"\ntitle = "Generated nation"\nsectors = [\n{listed}\n]\n')
    return file


def _write_sector(
    nation: GeneratedNation, folder: Path, name: str, line: tuple[np.ndarray, np.ndarray], sensors: int
) -> None:
    folder.mkdir(exist_ok=True)
    _write_terrain(nation, folder / "terrain.tif", line)
    lon, lat = lonlat(*line)
    _write_features(folder / "border.geojson", [("LineString", _pairs(lon, lat), {"name": name})])
    bases = [(_site(line, at, low_m=3_000.0, high_m=5_000.0), {"id": f"base-{at:.1f}"}) for at in (0.2, 0.5, 0.8)]
    _write_features(folder / "bases.geojson", [("Point", where, about) for where, about in bases])
    full = list(_sensors(line, sensors))
    _write_features(folder / "full.geojson", [("Point", where, about) for where, about in full])
    _write_features(folder / "lean.geojson", [("Point", where, about) for where, about in full[::2]])
    (folder / "sector.toml").write_text(
        f'name = "{name}"\ntitle = "{name.replace("-", " ").capitalize()}"\nterrain = "terrain.tif"\n'
        f'border = "border.geojson"\nhome_side = "right"\nbelt_m = {nation.belt_m}\nbases = "bases.geojson"\n'
        f'challenge = "../challenge/sectors/{name}"\n[layouts]\nfull = "full.geojson"\nlean = "lean.geojson"\n'
    )


def _write_terrain(nation: GeneratedNation, path: Path, line: tuple[np.ndarray, np.ndarray]) -> None:
    lon, lat = lonlat(*line)
    zone = int((float(lon.mean()) + 180.0) // 6.0) + 1
    to_degrees = Transformer.from_crs(32600 + zone, 4326, always_xy=True)
    east, north = Transformer.from_crs(4326, 32600 + zone, always_xy=True).transform(lon, lat)
    cell_m, beyond_m = nation.cell_m, nation.beyond_m
    west, top = np.floor((east.min() - beyond_m) / cell_m) * cell_m, np.ceil((north.max() + beyond_m) / cell_m) * cell_m
    columns = int(np.ceil((east.max() + beyond_m - west) / cell_m))
    rows = int(np.ceil((top - north.min() + beyond_m) / cell_m))
    centre_east = west + cell_m * (np.arange(columns) + 0.5)
    centre_north = top - cell_m * (np.arange(rows) + 0.5)
    ground = elevation_m(*plane(*to_degrees.transform(*np.meshgrid(centre_east, centre_north))))
    with rasterio.open(
        path, "w", driver="GTiff", width=columns, height=rows, count=1, dtype="float32", crs=f"EPSG:{32600 + zone}",
        transform=from_origin(west, top, cell_m, cell_m), compress="deflate", tiled=True,
    ) as raster:  # fmt: skip
        raster.write(np.round(ground, 1).astype(np.float32), 1)


def _sensors(line: tuple[np.ndarray, np.ndarray], count: int) -> Any:
    """Each sensor's position and properties, kind after kind along the line; the last kind fills up."""
    counts = dict(MIX)
    counts["seismic"] = count - sum(number for kind, number in MIX if kind != "seismic")
    for kind, number in counts.items():
        for i in range(number):
            at = (i + 0.5) / number
            low_m, high_m = (20.0, 60.0) if kind == "seismic" else (100.0, 1_200.0)
            about = {"id": f"{kind}-{i:02d}", **KINDS[kind], "confusion": CONFUSION}
            yield _site(line, at, low_m=low_m, high_m=high_m), about


def _site(line: tuple[np.ndarray, np.ndarray], at: float, *, low_m: float, high_m: float) -> list[float]:
    """Degrees of the highest of 15 points south of the line, around the fraction ``at`` of its length."""
    x, y = line
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    chainage = at * along[-1] + np.array([-800.0, -400.0, 0.0, 400.0, 800.0])
    east = np.repeat(np.interp(chainage, along, x), 3)
    north = line_m(east) - np.tile(np.linspace(low_m, high_m, 3), 5)
    best = int(np.argmax(elevation_m(east, north)))
    lon, lat = lonlat(east[best], north[best])
    return [round(float(lon), 6), round(float(lat), 6)]


def _pairs(lon: np.ndarray, lat: np.ndarray) -> list[list[float]]:
    return [[round(float(a), 7), round(float(b), 7)] for a, b in zip(lon, lat, strict=True)]


def _write_features(path: Path, shapes: list[tuple[str, Any, dict[str, Any]]]) -> None:
    features = [
        {"type": "Feature", "properties": about, "geometry": {"type": kind, "coordinates": points}}
        for kind, points, about in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sectors", type=int, default=60)
    parser.add_argument("--sensors", type=int, default=2_000)
    parser.add_argument("--cell", type=float, default=60.0, metavar="M")
    parser.add_argument("--belt", type=float, default=5_000.0, metavar="M")
    chosen = parser.parse_args()
    write_nation(GeneratedNation(chosen.sectors, chosen.sensors, chosen.cell, chosen.belt), chosen.folder)
