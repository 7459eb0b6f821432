"""Sensors that people carry: the position of one is that of own forces, and those who may not have these get its post.

A sensor that states its pose is carried, on foot or in a vehicle. Its post is its position in the layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

PLANS: Final = ("route", "area")
"""Properties of a carried sensor in the layout that state where it is to be."""
READ: Final = "positions of carried sensors"
"""How the audit log names what was read of them."""


def states_carried(sensors: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of the sensors of a picture states where it is carried."""
    return any(sensor.get("pose") for sensor in sensors)


def at_posts(sensors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Sensors of the picture, each at its post and without its pose; no position where the post is not known."""
    return [_at_post(sensor) for sensor in sensors]


def without_carried(bearings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Bearing contacts without those of carried sensors, which begin where the sensor stands."""
    return [dict(bearing) for bearing in bearings if not bearing.get("carried")]


def without_plans(layout: Mapping[str, Any]) -> dict[str, Any]:
    """A layout as GeoJSON without the routes and areas of carried sensors."""
    return {**layout, "features": [_without_plans(feature) for feature in layout["features"]]}


def _without_plans(feature: Mapping[str, Any]) -> dict[str, Any]:
    about = feature.get("properties") or {}
    left = {name: value for name, value in about.items() if name not in PLANS}
    return dict(feature) if len(left) == len(about) else {**feature, "properties": left}


def _at_post(sensor: Mapping[str, Any]) -> dict[str, Any]:
    pose = sensor.get("pose")
    if pose is None:
        return dict(sensor)
    left = {name: value for name, value in sensor.items() if name != "pose"}
    return left | {"lon": pose.get("post_lon"), "lat": pose.get("post_lat")}
