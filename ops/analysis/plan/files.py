"""Files of a plan: the layout to use or to edit, the candidate sites, the Pareto front, the roster."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.runtime.output import atomic_write

if TYPE_CHECKING:
    import xarray as xr

    from geo.frame import LocalFrame
    from sensors.layout import AnySensor, Layout
    from sensors.relay import Relay


def layout_document(layout: Layout) -> dict[str, Any]:
    """Return the layout as a layout file: GeoJSON points with the keys that differ from their defaults."""
    features = [_feature(part) for part in (*layout.relays, *layout.sensors)]
    return {"type": "FeatureCollection", "name": layout.name, "features": features}


def _feature(sensor: AnySensor | Relay) -> dict[str, Any]:
    from sensors.layout_document import PLACED

    properties: dict[str, Any] = {"id": sensor.id, "kind": sensor.kind}
    for f in fields(sensor):
        value = getattr(sensor, f.name)
        default = None if f.default is MISSING else f.default
        if f.name not in PLACED and f.name not in properties and value is not None and value != default:
            properties[f.name] = [list(row) for row in value] if isinstance(value, tuple) else value
    point = {"type": "Point", "coordinates": [round(sensor.lon, 7), round(sensor.lat, 7)]}
    return {"type": "Feature", "geometry": point, "properties": properties}


def sites_document(sites: xr.Dataset, frame: LocalFrame) -> dict[str, Any]:
    """Return candidate sites as GeoJSON points with their known properties."""
    features = []
    for n, name in enumerate(sites["site"].to_numpy()):
        site = sites.isel(site=n)
        lon, lat = frame.to_lonlat(float(site["easting"]), float(site["northing"]))
        known = {key: float(site[key]) for key in ("elevation", "offset_m", "slope", "road_m", "power_m")}
        properties = {"id": str(name), **{key: round(value, 3) for key, value in known.items() if value == value}}
        point = {"type": "Point", "coordinates": [round(float(lon), 7), round(float(lat), 7)]}
        features.append({"type": "Feature", "geometry": point, "properties": properties})
    return {"type": "FeatureCollection", "name": "candidate sites", "features": features}


def write_json(path: Path, document: Any) -> None:
    """Write a JSON file atomically."""
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")
