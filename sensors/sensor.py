"""Properties that all sensors share: position, field of view, period, and measurement errors."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sensors.errors import LayoutError
from sensors.scan import CLASSES

Confusion = tuple[tuple[float, ...], ...]
LonLats = tuple[tuple[float, float], ...]
"""Positions as longitude and latitude, WGS 84 degrees."""

DEFAULT_DETECTION_PROBABILITY = 0.9
"""Single-look Pd if a layout gives none (assumption)."""
DEFAULT_STATUS_INTERVAL_S = 10.0
"""Seconds between heartbeats if a layout gives none (assumption)."""
RADIO, HAND, RADIO_OR_HAND = "radio", "hand", "radio_or_hand"
OWN_CONNECTION = frozenset({"cellular", "satellite", "cable"})
"""Ways of reporting that need no line of sight to a base or relay."""
REPORTS_BY = (RADIO, *sorted(OWN_CONNECTION), HAND, RADIO_OR_HAND)
DEFAULT_REPORT_DELAY_S = 900.0
"""Seconds until a report by hand arrives if a layout gives none (assumption: a runner, or a telephone nearby)."""
ON_FOOT_MPS, BY_VEHICLE_MPS = 3.0, 30.0
"""Largest speeds of an observer and of what carries any other mobile sensor if a layout gives none (assumptions)."""
LONGEST_ID = 64
LONGEST_METHOD = 100
MOST_POSITIONS = 1_000
"""Largest number of positions of a route or an area."""
USUAL_FRACTION = 0.5
"""Fraction of its largest speed at which a mobile sensor goes along its route if a layout gives none (assumption)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One sensor at one position; the kinds (radar, camera, ground sensor) add their own fields and detection curves.

    ``lon``/``lat`` are WGS 84 degrees, ``easting``/``northing`` the same point in the layout's frame [m].
    ``max_range_m`` and ``min_range_m`` bound the field of view on the map: metres over the ground. All other ranges are
    slant ranges from the antenna to the target's contact with the ground: reported ranges, ``reference_range_m``, and
    those of the detection curves. Of a ground sensor all are over the ground. ``azimuth_deg`` is the centre of the
    field of view, clockwise from **true** north. ``period_s`` None means event-only: the sensor sends no empty scans,
    only heartbeats. A standard deviation of None means: not measured by this sensor, unless its reports state
    otherwise. ``confusion[i][j]`` is the probability of reporting class j when class i is present (order of
    ``sensors.scan.CLASSES``). ``catalogue`` names its item of the equipment catalogue. Raises LayoutError for an
    invalid value.

    ``reports_by`` states how its reports reach the control room: by ``"radio"`` over a chain of links to a base, by a
    connection of its own (``"cellular"``, ``"satellite"``, ``"cable"``), by ``"hand"``, ``report_delay_s`` later, or
    by ``"radio_or_hand"``: by radio where there is such a chain, by hand elsewhere.

    A ``mobile`` sensor is carried: its position is a default post, where it stands until its status messages state a
    pose (sensors.mobile). ``max_speed_mps`` is the largest speed of what carries it. It is planned to go along its
    ``route``, at ``route_speed_mps``, standing ``route_stop_s`` at each position, and back, or within its ``area``.
    A plan states nothing about where it is. With ``endurance_s`` it flies: from the first position of either, where it
    lands again before its batteries are empty, stays ``turnaround_s``, and leaves again; ``mast_height_m`` is the
    height of flight above the ground. A radar or camera on an aircraft or an aerostat is not in the air in a wind above
    ``max_wind_mps``, and detects nothing then.

    Survey results: ``site_sd_m`` is the standard deviation of its position (one axis), ``north_offset_deg`` its azimuth
    bias, which is subtracted from its azimuths, ``north_sd_deg`` the standard deviation of that bias; None: not
    surveyed.
    """

    id: str
    kind: str
    lon: float
    lat: float
    easting: float
    northing: float
    max_range_m: float
    min_range_m: float = 0.0
    mast_height_m: float = 2.0
    azimuth_deg: float = 0.0
    field_of_view_deg: float = 360.0
    elevation_min_deg: float | None = None
    elevation_max_deg: float | None = None
    period_s: float | None = None
    latency_s: float = 0.0
    status_interval_s: float = DEFAULT_STATUS_INTERVAL_S
    availability: float = 1.0
    detection_probability: float = DEFAULT_DETECTION_PROBABILITY
    false_alarms_per_scan: float = 0.0
    range_sd_m: float | None = None
    azimuth_sd_deg: float | None = None
    elevation_sd_deg: float | None = None
    radial_velocity_sd_mps: float | None = None
    confusion: Confusion | None = None
    cost: float | None = None
    site_sd_m: float | None = None
    north_offset_deg: float = 0.0
    north_sd_deg: float | None = None
    surveyed_on: str | None = None
    survey_method: str | None = None
    catalogue: str | None = None
    reports_by: str = RADIO
    report_delay_s: float | None = None
    mobile: bool = False
    max_speed_mps: float | None = None
    route: LonLats | None = None
    route_speed_mps: float | None = None
    route_stop_s: float | None = None
    area: LonLats | None = None
    endurance_s: float | None = None
    turnaround_s: float | None = None
    max_wind_mps: float | None = None

    def __post_init__(self) -> None:
        check(self)

    @property
    def delay_s(self) -> float:
        """Seconds from a detection until its report arrives: 0, but by hand the ``report_delay_s``."""
        if self.reports_by != HAND:
            return 0.0
        return DEFAULT_REPORT_DELAY_S if self.report_delay_s is None else self.report_delay_s

    @property
    def carrier_speed_mps(self) -> float:
        """Largest speed [m/s] of what carries a mobile sensor; 0 for a fixed one."""
        if not self.mobile:
            return 0.0
        if self.max_speed_mps is not None:
            return self.max_speed_mps
        return ON_FOOT_MPS if self.kind == "human" else BY_VEHICLE_MPS

    def is_grounded(self, wind_mps: float) -> bool:
        """Whether the wind is too strong for what carries it."""
        return self.max_wind_mps is not None and wind_mps > self.max_wind_mps

    @property
    def planned_speed_mps(self) -> float:
        """Speed [m/s] at which a mobile sensor is planned to go along its route."""
        return USUAL_FRACTION * self.carrier_speed_mps if self.route_speed_mps is None else self.route_speed_mps


# low, high, and whether the lower end itself is allowed
LIMITS: dict[str, tuple[float, float, bool]] = {
    "lon": (-180.0, 180.0, True),
    "lat": (-90.0, 90.0, True),
    "max_range_m": (0.0, 1e6, False),
    "min_range_m": (0.0, 1e6, True),
    "mast_height_m": (0.0, 1e5, True),
    "azimuth_deg": (-360.0, 360.0, True),
    "field_of_view_deg": (0.0, 360.0, False),
    "elevation_min_deg": (-90.0, 90.0, True),
    "elevation_max_deg": (-90.0, 90.0, True),
    "period_s": (0.0, 86_400.0, False),
    "latency_s": (0.0, 86_400.0, True),
    "status_interval_s": (0.0, 86_400.0, False),
    "availability": (0.0, 1.0, True),
    "detection_probability": (0.0, 1.0, True),
    "false_alarms_per_scan": (0.0, 1e5, True),
    "range_sd_m": (0.0, 1e5, False),
    "azimuth_sd_deg": (0.0, 180.0, False),
    "elevation_sd_deg": (0.0, 90.0, False),
    "radial_velocity_sd_mps": (0.0, 1e3, False),
    "false_alarm_probability": (0.0, 0.5, False),
    "reference_range_m": (0.0, 1e6, False),
    "pitch_m": (0.0, 1e-2, False),
    "focal_length_m": (0.0, 1e2, False),
    "search_s": (0.0, 86_400.0, False),
    "sure_radius_m": (0.0, 1e6, True),
    "elfes_lambda": (0.0, 1e3, True),
    "elfes_beta": (0.0, 1e3, False),
    "duty": (0.0, 1.0, False),
    "magnification": (0.0, 1e3, False),
    "cost": (0.0, 1e12, True),
    "site_sd_m": (0.0, 1e4, False),
    "north_offset_deg": (-180.0, 180.0, True),
    "north_sd_deg": (0.0, 90.0, False),
    "report_delay_s": (0.0, 604_800.0, True),
    "max_speed_mps": (0.0, 340.0, False),
    "route_speed_mps": (0.0, 340.0, False),
    "route_stop_s": (0.0, 86_400.0, True),
    "endurance_s": (0.0, 604_800.0, False),
    "turnaround_s": (0.0, 86_400.0, True),
    "max_wind_mps": (0.0, 60.0, False),
}

ALSO_CALLED = {
    "range_m": "max_range_m",
    "range": "max_range_m",
    "radius_m": "max_range_m",
    "height_m": "mast_height_m",
    "antenna_height_m": "mast_height_m",
    "tower_height_m": "mast_height_m",
    "bearing_deg": "azimuth_deg",
    "heading_deg": "azimuth_deg",
    "fov_deg": "field_of_view_deg",
    "interval_s": "period_s",
    "scan_period_s": "period_s",
    "pd": "detection_probability",
    "pfa": "false_alarm_probability",
    "type": "kind",
    "sensor_type": "kind",
    "name": "id",
    "sensor_id": "id",
    "item": "catalogue",
}
"""Names that people expect, and the keys of a layout that are meant."""


def check(sensor: Sensor) -> None:
    """Raise LayoutError for the first value of ``sensor`` that is out of its limits, naming sensor and key."""
    check_id(sensor.id)
    check_numbers(sensor)
    if sensor.min_range_m >= sensor.max_range_m:
        raise LayoutError(
            f"min_range_m {sensor.min_range_m:g} is not below max_range_m {sensor.max_range_m:g}",
            where=f"sensor {sensor.id!r}",
            expected="a nearer minimum",
        )
    low, high = sensor.elevation_min_deg, sensor.elevation_max_deg
    if (low is None) != (high is None) or (low is not None and high is not None and low >= high):
        raise LayoutError(
            f"elevation_min_deg {low} and elevation_max_deg {high} bound no view",
            where=f"sensor {sensor.id!r}",
            expected="both or neither, the minimum below the maximum",
        )
    if sensor.confusion is not None:
        _check_confusion(sensor.id, sensor.confusion)
    _check_survey(sensor)
    _check_report(sensor)
    _check_mobile(sensor)


def check_numbers(record: Any) -> None:
    """Raise LayoutError for the first number of a sensor or relay that is out of its LIMITS."""
    for field in fields(record):
        value = getattr(record, field.name)
        if value is not None and field.name in LIMITS:
            _check_number(record.id, field.name, value)


def check_id(name: object) -> None:
    """Raise LayoutError for an invalid sensor id."""
    expected = f"1 to {LONGEST_ID} printable characters without + # or /"
    if not isinstance(name, str):
        raise LayoutError(f"id {name!r} is not text", where="sensor", expected=expected)
    if not name or len(name) > LONGEST_ID or name != name.strip() or not name.isprintable() or set(name) & set("+#/"):
        raise LayoutError(f"id {name!r} cannot name a sensor", where="sensor", expected=expected)


def _check_survey(sensor: Sensor) -> None:
    """Check the text fields of the survey: its date and method."""
    where = f"sensor {sensor.id!r}"
    if sensor.surveyed_on is not None:
        try:
            date.fromisoformat(sensor.surveyed_on)
        except (TypeError, ValueError):
            raise LayoutError(
                f"surveyed_on is {ascii(sensor.surveyed_on)[:60]}", where=where, expected="a day such as 2026-03-14"
            ) from None
    method = sensor.survey_method
    if method is not None and not (isinstance(method, str) and 0 < len(method) <= LONGEST_METHOD):
        raise LayoutError(
            f"survey_method is {ascii(method)[:60]}", where=where, expected=f"1 to {LONGEST_METHOD} characters"
        )
    if method is not None and not method.isprintable():
        raise LayoutError(f"survey_method is {ascii(method)[:60]}", where=where, expected="printable characters")


def _check_report(sensor: Sensor) -> None:
    """Check how reports arrive; only a report by hand has a delay."""
    where = f"sensor {sensor.id!r}"
    if sensor.reports_by not in REPORTS_BY:
        raise LayoutError(
            f"reports_by is {ascii(sensor.reports_by)[:60]}", where=where, expected=f"one of {', '.join(REPORTS_BY)}"
        )
    if sensor.report_delay_s is not None and sensor.reports_by not in (HAND, RADIO_OR_HAND):
        raise LayoutError(
            f"report_delay_s beside reports_by {sensor.reports_by!r}",
            where=where,
            expected=f"no delay, or reports_by {HAND!r} or {RADIO_OR_HAND!r}",
        )


def _check_mobile(sensor: Sensor) -> None:
    """Check what moves: a buried sensor does not, and a fixed one has no speed."""
    where = f"sensor {sensor.id!r}"
    if not isinstance(sensor.mobile, bool):
        raise LayoutError(f"mobile is {ascii(sensor.mobile)[:60]}", where=where, expected="true or false")
    if sensor.mobile and sensor.kind == "ground_sensor":
        raise LayoutError("a ground_sensor is mobile", where=where, expected="another kind, or mobile false")
    if sensor.max_speed_mps is not None and not sensor.mobile:
        raise LayoutError("max_speed_mps beside mobile false", where=where, expected="mobile true, or no max_speed_mps")
    _check_plan(sensor, where)


def _check_plan(sensor: Sensor, where: str) -> None:
    """Check where a mobile sensor is planned to go."""
    for key, least in (("route", 2), ("area", 3)):
        positions = getattr(sensor, key)
        if positions is None:
            continue
        if not sensor.mobile:
            raise LayoutError(f"{key} beside mobile false", where=where, expected=f"mobile true, or no {key}")
        if not least <= len(positions) <= MOST_POSITIONS or len(set(positions)) < least:
            raise LayoutError(
                f"{key} has {len(set(positions))} different positions",
                where=where,
                expected=f"{least} to {MOST_POSITIONS} of longitude and latitude",
            )
        for lon, lat in positions:
            if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
                raise LayoutError(
                    f"{key} has longitude {lon:g}, latitude {lat:g}, not on Earth",
                    where=where,
                    expected="degrees, longitude first",
                )
    if sensor.route is not None and sensor.area is not None:
        raise LayoutError("has a route and an area", where=where, expected="one of them")
    for key in ("route_speed_mps", "route_stop_s"):
        if getattr(sensor, key) is not None and sensor.route is None:
            raise LayoutError(f"{key} without a route", where=where, expected=f"a route, or no {key}")
    if sensor.endurance_s is not None and sensor.route is None and sensor.area is None:
        raise LayoutError("endurance_s without a route or an area", where=where, expected="one of them")
    if sensor.turnaround_s is not None and sensor.endurance_s is None:
        raise LayoutError("turnaround_s without endurance_s", where=where, expected="endurance_s, or no turnaround_s")
    if sensor.max_wind_mps is not None and sensor.kind not in ("radar", "camera"):
        raise LayoutError(
            f"max_wind_mps of a {sensor.kind}", where=where, expected="a radar or camera, or no max_wind_mps"
        )
    if sensor.route_speed_mps is not None and sensor.route_speed_mps > sensor.carrier_speed_mps:
        raise LayoutError(
            f"route_speed_mps {sensor.route_speed_mps:g} is above the largest speed, {sensor.carrier_speed_mps:g} m/s",
            where=where,
            expected="at most max_speed_mps",
        )


def _check_number(sensor_id: str, key: str, value: object) -> None:
    low, high, low_allowed = LIMITS[key]
    expected = f"a number {'from' if low_allowed else 'above'} {low:g} to {high:g}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise LayoutError(f"{key} is {value!r}", where=f"sensor {sensor_id!r}", expected=expected)
    if not (low <= value <= high) or (value == low and not low_allowed):
        text = f"{value:g}" if isinstance(value, float) or abs(value) < 1e300 else "a number beyond all"
        raise LayoutError(f"{key} is {text}", where=f"sensor {sensor_id!r}", expected=expected)


def _check_confusion(sensor_id: str, confusion: Confusion) -> None:
    size = len(CLASSES)
    fits = len(confusion) == size and all(len(row) == size for row in confusion)
    if not fits or not all(
        abs(sum(row) - 1.0) <= 1e-6 and min(row) >= 0.0 and math.isfinite(sum(row)) for row in confusion
    ):
        raise LayoutError(
            "confusion is not a matrix of probabilities",
            where=f"sensor {sensor_id!r}",
            expected=f"{size} rows (the true class) of {size} reported shares that sum to 1, in the order {CLASSES}",
        )
