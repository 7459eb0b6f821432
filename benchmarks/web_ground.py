"""First useful map over terrain of 3601² cells: the frame of the map, live, with border, relief and tracks in view.

A module of ``web.py``. The sector is generated: fractal ground of one arc second, a border of 20 km, four radars. The
first visit begins once the server has its layers, with no tile drawn yet; at the second, tiles come from the cache.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from visibility import fractal
from web_page import browser_page, serving_tracks

LON, LAT = -84.2458, 36.5896
SIZE, KM = 3601, 20.0
USEFUL = """() => {
  const map = document.querySelector("#map").map;
  const { tracks, state } = document.querySelector("#map").dataset;
  if (state !== "ready" || document.documentElement.dataset.stream !== "live" || !(Number(tracks) > 0)) return false;
  const drawn = ({ type, layout }) => type === "raster" && layout?.visibility !== "none";
  const relief = map.getStyle().layers.some((one) => drawn(one) && map.getSource(one.source) !== undefined);
  const border = map.queryRenderedFeatures({ layers: ["border"] }).length > 0;
  return relief && border && map.areTilesLoaded() ? performance.now() / 1000 : false;
}"""
"""The seconds since the visit began, once relief, border and tracks are drawn."""


def first_maps(tracks: int) -> dict[str, dict[str, Any]]:
    """Return the times of two visits, each by a browser that has seen nothing."""
    with tempfile.TemporaryDirectory(prefix="watchline-bench-") as name:
        folder = Path(name)
        with serving_tracks(folder, tracks, str(generated_sector(folder / "sector"))) as address:
            return {what: first_map(address) for what in ("first visit", "second visit")}


def first_map(address: str) -> dict[str, Any]:
    with browser_page() as page:
        page.goto(address)
        page.wait_for_selector("#map[data-state]", timeout=60_000)
        useful = page.wait_for_function(USEFUL, timeout=60_000, polling="raf").json_value()
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000")
        return {"first_paint_s": round(paint, 2), "first_useful_map_s": round(useful, 2)}


def generated_sector(folder: Path) -> Path:
    """Write terrain, border, layout and sector file; return the sector file."""
    folder.mkdir()
    cell = 1.0 / (SIZE - 1)
    corner = rasterio.Affine(cell, 0, LON - SIZE * cell / 2, 0, -cell, LAT + SIZE * cell / 2)
    heights = fractal(SIZE, 0.8, 300.0, 3) + 600.0
    profile = {"driver": "GTiff", "width": SIZE, "height": SIZE, "count": 1, "dtype": "float32", "crs": "EPSG:4326",
               "nodata": -9999.0, "tiled": True, "compress": "deflate", "transform": corner}  # fmt: skip
    with rasterio.open(folder / "terrain.tif", "w", **profile) as raster:
        raster.write(heights.astype(np.float32), 1)
    reach = KM / 2 / 111.0 / np.cos(np.radians(LAT))
    line = [[LON + step * reach, LAT + 0.004 * np.sin(9 * step)] for step in np.linspace(-1.0, 1.0, 41)]
    radar = {"kind": "radar", "mast_height_m": 20, "max_range_m": 6000, "period_s": 2.5, "latency_s": 0.3,
             "status_interval_s": 5, "detection_probability": 0.9, "range_sd_m": 5, "azimuth_sd_deg": 0.25,
             "radial_velocity_sd_mps": 0.3, "false_alarms_per_scan": 1.0}  # fmt: skip
    places = [[LON + step * reach, LAT - 0.01] for step in (-0.75, -0.25, 0.25, 0.75)]
    write_features(folder / "border.geojson", [("LineString", line, {"name": "drawn"})])
    radars = [("Point", place, radar | {"id": f"radar-{n}"}) for n, place in enumerate(places)]
    write_features(folder / "layout.geojson", radars)
    file = folder / "sector.toml"
    file.write_text(
        'name = "generated"\ntitle = "Generated"\nterrain = "terrain.tif"\nborder = "border.geojson"\n'
        'segment_length_m = 500\nhome_side = "right"\n[layouts]\nfour = "layout.geojson"\n'
    )
    return file


def write_features(path: Path, features: list[tuple[str, Any, dict[str, Any]]]) -> None:
    collection = [
        {"type": "Feature", "geometry": {"type": shape, "coordinates": coordinates}, "properties": properties}
        for shape, coordinates, properties in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": collection}))
