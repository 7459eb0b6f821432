"""The declared state of a SAPIENT node: its registration and its newest status report."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sapient_msg.bsi_flex_335_v2_0 import registration_pb2, status_report_pb2, velocity_pb2

from ingest.errors import MalformedMessage
from ingest.standards.sapient.location import (
    MOST_SD_DEG,
    MOST_SD_M,
    Faults,
    GeoPosition,
    Polar,
    Stand,
    place_of,
    polar_of,
)
from ingest.standards.true_north import ZONE_RULE, NorthError, UtmZone
from ingest.wire import Kind, ReportedState, WirePose

ICD_VERSION: Final = "BSI Flex 335 v2.0"
_Registration: Final = registration_pb2.Registration
_Status: Final = status_report_pb2.StatusReport

KINDS: Final[dict[int, Kind]] = {
    _Registration.NODE_TYPE_RADAR: "radar",
    _Registration.NODE_TYPE_LIDAR: "radar",
    _Registration.NODE_TYPE_CAMERA: "camera",
    _Registration.NODE_TYPE_SEISMIC: "ground_sensor",
    _Registration.NODE_TYPE_ACOUSTIC: "ground_sensor",
    _Registration.NODE_TYPE_PROXIMITY_SENSOR: "ground_sensor",
    _Registration.NODE_TYPE_PASSIVE_RF: "radio",
    _Registration.NODE_TYPE_HUMAN: "human",
}
"""Kind of sensor for a node's type; the layout's kind takes precedence."""

_SECONDS: Final = {
    _Registration.TIME_UNITS_NANOSECONDS: 1e-9,
    _Registration.TIME_UNITS_MICROSECONDS: 1e-6,
    _Registration.TIME_UNITS_MILLISECONDS: 1e-3,
    _Registration.TIME_UNITS_SECONDS: 1.0,
    _Registration.TIME_UNITS_MINUTES: 60.0,
    _Registration.TIME_UNITS_HOURS: 3_600.0,
    _Registration.TIME_UNITS_DAYS: 86_400.0,
}
_SPEEDS: Final = {velocity_pb2.SPEED_UNITS_MS: 1.0, velocity_pb2.SPEED_UNITS_KPH: 1.0 / 3.6}
_STATES: Final[dict[int, ReportedState]] = {
    _Status.SYSTEM_OK: "ok",
    _Status.SYSTEM_WARNING: "degraded",
    _Status.SYSTEM_ERROR: "degraded",
    _Status.SYSTEM_GOODBYE: "stopped",
}
_BATTERIES: Final = (_Status.POWERSOURCE_INTERNAL_BATTERY, _Status.POWERSOURCE_EXTERNAL_BATTERY)
_HEADING: Final = re.compile(r"\s*(?:heading\s*[=:]?\s*)?(-?\d{1,3}(?:\.\d{1,9})?)\s*(?:deg|°)?\s*", re.IGNORECASE)
LOWEST_M: Final = -1000.0
"""Limit of a height in a pose on the wire."""
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Node:
    """One node according to its newest messages. ``kind`` is None if its type does not determine one. ``speed_unit``:
    m/s per unit.

    ``utm_zone`` is that of its detections, ``own_zone`` of its position. ``stand`` is initially that of its sensor in
    the layout (position and azimuth) and is replaced by the node's reports. ``power``: remaining fraction of its
    battery. ``not_detecting``: so its status entries state; ``obscured``: or because of a system error (assumption).
    """

    node_id: str
    name: str = ""
    kind: Kind | None = None
    status_interval_s: float | None = None
    utm_zone: str | None = None
    own_zone: str | None = None
    speed_unit: float | None = None
    stand: Stand = field(default_factory=Stand)
    place_told: bool = False
    state: ReportedState = "ok"
    note: str = ""
    power: float | None = None
    not_detecting: bool = False
    obscured: bool = False

    def registered(self, registration: Any) -> Node:
        """This node after a Registration without faults."""
        types = [definition.node_type for definition in registration.node_definition]
        return replace(
            self,
            name=shown(registration.short_name or registration.name),
            kind=next((KINDS[node_type] for node_type in types if node_type in KINDS), None),
            status_interval_s=seconds(registration.status_definition.status_interval),
            utm_zone=next(iter([*_detection_zones(registration), *_own_zones(registration)]), None),
            own_zone=next(iter([*_own_zones(registration), *_detection_zones(registration)]), None),
            speed_unit=next(iter(_speed_units(registration)), None),
        )

    def reported(self, report: Any, place: GeoPosition | None, at: datetime) -> Node:
        """This node after a StatusReport of ``at`` without faults; ``place`` is its location, None if not reported.

        The platform's heading is that of a PLATFORM status, else the middle of a field of view from north, else
        unchanged. A report of unchanged information changes nothing that it leaves out.
        """
        heading, notes, blind = None, [], False
        for status in report.status:
            if status.status_type == _Status.STATUS_TYPE_PLATFORM and (
                match := _HEADING.fullmatch(status.status_value)
            ):
                heading = float(match[1]) % 360.0
            elif status.status_level in (_Status.STATUS_LEVEL_WARNING_STATUS, _Status.STATUS_LEVEL_ERROR_STATUS):
                kind = _Status.StatusType.Name(status.status_type).removeprefix("STATUS_TYPE_").lower()
                notes.append(f"{kind}: {status.status_value}" if status.status_value else kind)
                blind |= status.status_type == _Status.STATUS_TYPE_NOT_DETECTING
        if report.power.status == _Status.POWERSTATUS_FAULT:
            notes.append("power fault")
        if heading is None:
            view = _view(report, Stand(place or self.stand.place), at)
            heading = self.stand.heading_deg if view is None or view.azimuth_deg is None else view.azimuth_deg
        unchanged = report.info == _Status.INFO_UNCHANGED
        kept = leaves_out_entries(report)
        not_detecting = self.not_detecting if kept else blind
        charged = report.power.source in _BATTERIES and report.power.HasField("level")
        power = report.power.level / 100.0 if charged else None
        return replace(
            self,
            stand=Stand(place or self.stand.place, heading),
            place_told=self.place_told or place is not None,
            state=_STATES.get(report.system, "degraded"),
            note=self.note if kept else shown("; ".join(notes))[:200],
            power=self.power if unchanged and not report.HasField("power") else power,
            not_detecting=not_detecting,
            obscured=not_detecting or report.system == _Status.SYSTEM_ERROR,
        )


def leaves_out_entries(report: Any) -> bool:
    """Whether a StatusReport has no status entries because they are as before."""
    return report.info == _Status.INFO_UNCHANGED and not report.status


def completed(message: Any, before: Any) -> Any:
    """A message with a StatusReport; where that leaves out what has not changed, with it from the one ``before``."""
    if before is None or not leaves_out_entries(message.status_report):
        return message
    whole = type(message)()
    whole.CopyFrom(before)
    whole.MergeFrom(message)
    return whole


def registration_faults(registration: Any, path: str = "registration") -> Faults:
    """The invalid values of a well-formed Registration."""
    faults: Faults = []
    version = registration.icd_version.replace("_", " ")
    if version != ICD_VERSION:
        faults.append(
            MalformedMessage("unknown_value", f"{path}.icd_version", ascii(registration.icd_version)[:60], ICD_VERSION)
        )
    interval = seconds(registration.status_definition.status_interval)
    if interval is None or not 0.0 < interval <= 86_400.0:
        where = f"{path}.status_definition.status_interval"
        faults.append(MalformedMessage("out_of_range", where, f"{interval} s", "above 0 s, at most a day"))
    for zone in [*_detection_zones(registration), *_own_zones(registration)]:
        try:
            UtmZone.parse(zone, where=f"{path}.zone")
        except NorthError as error:
            faults.append(MalformedMessage("out_of_range", f"{path}.zone", error.what, ZONE_RULE))
    return faults


def location_of(report: Any, node: Node | None, faults: Faults, path: str = "status_report") -> GeoPosition | None:
    """The position in a StatusReport; None, with or without faults, if it has none."""
    if report.HasField("power") and report.power.HasField("level") and not 0 <= report.power.level <= 100:
        faults.append(
            MalformedMessage("out_of_range", f"{path}.power.level", str(report.power.level), "percent from 0 to 100")
        )
    if not report.HasField("node_location"):
        return None
    zone, near = (None, None) if node is None else (node.own_zone, node.stand.place)
    return place_of(report.node_location, zone, f"{path}.node_location", faults, near=near)


def seconds(duration: Any) -> float | None:
    """A SAPIENT Duration [s]; None where its unit or value is invalid."""
    unit = _SECONDS.get(duration.units)
    return duration.value * unit if unit is not None and math.isfinite(duration.value) else None


def shown(text: str) -> str:
    """A sender's text made safe for a line on a screen: no control characters, at most 200 characters."""
    return _UNPRINTABLE.sub(" ", text).strip()[:200]


def pose_of(report: Any, node: Node, place: GeoPosition | None, at: datetime) -> WirePose | None:
    """The pose in a StatusReport of ``node``, which is the node after it; None without a position in it.

    Heading and tilt are those of the middle of a field of view that is a cone, with its errors, and none if its
    direction is not known; without a cone the heading is that of the platform. A height above the ellipsoid is left
    out: the terrain's is above mean sea level.
    """
    if place is None or not math.isfinite(place.sd_m or 0.0) or (place.sd_m or 0.0) > MOST_SD_M:
        return None
    view = _view(report, node.stand, at) or Polar(node.stand.heading_deg)
    above_sea = place.datum == "geoid" and place.height_m is not None and place.height_m >= LOWEST_M
    return WirePose(
        lon=place.lon,
        lat=place.lat,
        position_sd_m=place.sd_m,
        height_m=place.height_m if above_sea else None,
        heading_deg=view.azimuth_deg,
        heading_sd_deg=_finite(view.azimuth_sd_deg),
        tilt_deg=view.elevation_deg,
        tilt_sd_deg=_finite(view.elevation_sd_deg),
    )


def _finite(sd_deg: float | None) -> float | None:
    """A standard deviation, None where it cannot be one of an angle."""
    return sd_deg if sd_deg is not None and 0.0 < sd_deg <= MOST_SD_DEG else None


def _view(report: Any, stand: Stand, at: datetime) -> Polar | None:
    """The middle, from true north, of a field of view that is a cone narrower than 360°; None without one.

    Empty for a cone whose direction is not known.
    """
    if report.field_of_view.WhichOneof("fov_oneof") != "range_bearing":
        return None
    cone = report.field_of_view.range_bearing
    if not cone.HasField("azimuth") or not 0.0 < cone.horizontal_extent < 360.0:
        return None
    return polar_of(cone, stand, at, "field_of_view", []) or Polar()


def _detection_zones(registration: Any) -> Iterator[str]:
    for mode in registration.mode_definition:
        for definition in mode.detection_definition:
            if definition.location_type.HasField("zone"):
                yield definition.location_type.zone


def _own_zones(registration: Any) -> Iterator[str]:
    status = registration.status_definition
    for definition in (status.location_definition, status.coverage_definition, status.field_of_view_definition):
        if definition.HasField("zone"):
            yield definition.zone


def _speed_units(registration: Any) -> Iterator[float]:
    for mode in registration.mode_definition:
        for definition in mode.detection_definition:
            unit = _SPEEDS.get(definition.velocity_type.enu_velocity_units.east_north_rate_units)
            if unit is not None:
                yield unit
