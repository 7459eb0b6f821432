"""A SAPIENT DetectionReport as a plot: the measurement with its own errors, and the position that follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from ingest.errors import MalformedMessage
from ingest.standards.sapient.location import MOST_SD_M, Faults, Polar, deviation_faults, place_of, polar_of
from ingest.standards.sapient.node import Node
from ingest.standards.true_north import along, ground_distance
from ingest.wire import WirePlot
from sensors.scan import CLASSES

CLASS_OF: Final[dict[str, str]] = {
    "person": "person",
    "human": "person",
    "pedestrian": "person",
    "dismount": "person",
    "people": "group",
    "group": "group",
    "crowd": "group",
    "vehicle": "vehicle",
    "land vehicle": "vehicle",
    "ground vehicle": "vehicle",
    "car": "vehicle",
    "truck": "vehicle",
    "van": "vehicle",
    "bus": "vehicle",
    "motorcycle": "vehicle",
    "tracked vehicle": "vehicle",
    "wheeled vehicle": "vehicle",
    "animal": "animal",
    "wildlife": "animal",
    "livestock": "animal",
}
"""Class name of a node, in lower case → class; every other name is ``other``, and "unknown" carries no class."""
UNTELLING: Final = frozenset({"", "unknown", "unclassified", "unspecified"})
UNSTATED_CONFIDENCE: Final = 0.5
"""Probability of a class that a node names without a confidence (assumption)."""


def plot_of(report: Any, node: Node, at: datetime, faults: Faults, path: str = "detection_report") -> WirePlot | None:
    """The plot of a well-formed DetectionReport; None if it has faults.

    A range-bearing keeps its own errors, which the layout completes if missing; if the node's position is known, the
    plot also has the resulting longitude and latitude. Height and predicted positions are not used.
    """
    before = len(faults)
    confidence = _confidence(report, "detection_confidence", path, faults)
    classes = _classes(report.classification, f"{path}.classification", faults)
    plot = _located(report, node, at, faults, path)
    if plot is None or len(faults) > before:
        return None
    speed, speed_sd = (None, None) if plot.azimuth_deg is None else _radial_velocity(report, node, plot)
    return WirePlot(
        range_m=plot.range_m,
        range_sd_m=plot.range_sd_m,
        azimuth_deg=plot.azimuth_deg,
        azimuth_sd_deg=plot.azimuth_sd_deg,
        elevation_deg=plot.elevation_deg,
        elevation_sd_deg=plot.elevation_sd_deg,
        radial_velocity_mps=speed,
        radial_velocity_sd_mps=speed_sd,
        lon=plot.lon,
        lat=plot.lat,
        position_sd_m=plot.position_sd_m,
        classes=classes,  # type: ignore[arg-type]
        confidence=confidence,
        source_id=report.object_id,
    )


def is_lost(report: Any) -> bool:
    """Whether the report declares the object lost, so that it is not a detection."""
    return "lost" in report.state.lower()


def _located(report: Any, node: Node, at: datetime, faults: Faults, path: str) -> WirePlot | None:
    if report.WhichOneof("location_oneof") == "location":
        where = f"{path}.location"
        place = place_of(report.location, node.utm_zone, where, faults, near=node.stand.place, most_sd_m=MOST_SD_M)
        return None if place is None else WirePlot(lon=place.lon, lat=place.lat, position_sd_m=place.sd_m)
    polar = polar_of(report.range_bearing, node.stand, at, f"{path}.range_bearing", faults)
    too_large = [] if polar is None else deviation_faults(polar, f"{path}.range_bearing")
    faults += too_large
    if polar is None or too_large:
        return None
    lon, lat, sd_m = _ground(polar, node)
    return WirePlot(
        range_m=polar.range_m,
        range_sd_m=polar.range_sd_m,
        azimuth_deg=polar.azimuth_deg,
        azimuth_sd_deg=polar.azimuth_sd_deg,
        elevation_deg=polar.elevation_deg,
        elevation_sd_deg=polar.elevation_sd_deg,
        lon=lon,
        lat=lat,
        position_sd_m=sd_m,
    )


def _ground(polar: Polar, node: Node) -> tuple[float | None, float | None, float | None]:
    """(lon, lat, standard deviation of one axis) of a range and azimuth, or Nones: the larger of along and across, at
    most that of a plot."""
    place = node.stand.place
    if place is None or polar.range_m is None or polar.azimuth_deg is None:
        return None, None, None
    level = ground_distance(polar.range_m, polar.elevation_deg or 0.0, place.height_m or 0.0)
    lon, lat = along(place.lon, place.lat, polar.azimuth_deg, level)
    if polar.range_sd_m is None or polar.azimuth_sd_deg is None:
        return lon, lat, None
    across = polar.range_m * math.cos(math.radians(polar.elevation_deg or 0.0)) * math.radians(polar.azimuth_sd_deg)
    return lon, lat, min(math.hypot(max(polar.range_sd_m, across), place.sd_m or 0.0), MOST_SD_M)


def _radial_velocity(report: Any, node: Node, plot: WirePlot) -> tuple[float | None, float | None]:
    """Velocity away from the node and its standard deviation [m/s], only if the registration names the unit and the
    report an error: a speed of unknown unit or error is not a measurement."""
    if not report.HasField("enu_velocity") or node.speed_unit is None or plot.azimuth_deg is None:
        return None, None
    velocity, unit = report.enu_velocity, node.speed_unit
    if not (velocity.east_rate_error > 0.0 and velocity.north_rate_error > 0.0):
        return None, None
    s, c = math.sin(math.radians(plot.azimuth_deg)), math.cos(math.radians(plot.azimuth_deg))
    radial = (velocity.east_rate * s + velocity.north_rate * c) * unit
    deviation = math.hypot(velocity.east_rate_error * s, velocity.north_rate_error * c) * unit
    return (radial, deviation) if abs(radial) <= 1_000.0 and 0.0 < deviation <= 1_000.0 else (None, None)


def _classes(classifications: Iterable[Any], path: str, faults: Faults) -> Mapping[str, float]:
    """Class probabilities that sum to 1: the remainder is spread evenly over the classes that the node did not name."""
    probabilities: dict[str, float] = {}
    for i, classification in enumerate(classifications):
        confidence = _confidence(classification, "confidence", f"{path}[{i}]", faults)
        name = classification.type.strip().lower()
        if name not in UNTELLING:
            class_name = CLASS_OF.get(name, "other")
            probabilities[class_name] = probabilities.get(class_name, 0.0) + (
                UNSTATED_CONFIDENCE if confidence is None else confidence
            )
    total = sum(probabilities.values())
    unnamed = [name for name in CLASSES if name not in probabilities]
    if total <= 0.0:
        return {}
    if total >= 1.0 or not unnamed:
        return {name: probability / total for name, probability in probabilities.items()}
    return probabilities | dict.fromkeys(unnamed, (1.0 - total) / len(unnamed))


def _confidence(message: Any, name: str, path: str, faults: Faults) -> float | None:
    if not message.HasField(name):
        return None
    value = float(getattr(message, name))
    if not 0.0 <= value <= 1.0:
        faults.append(MalformedMessage("out_of_range", f"{path}.{name}", f"{value:g}", "0 to 1"))
        return None
    return value
