"""Plausibility of a report for its sensor: range, field of view, speed and rate, according to the layout.

A stolen valid key can sign anything. A report outside the sensor's range or field of view, faster than any target, or
more frequent than the sensor's looks is flagged. It is journaled, counted and shown, never dropped, because the layout
may be wrong. A false target that moves like a person within range is not detected here.

Of a mobile sensor the newest pose counts, with what it can have moved since; it may also have turned since. A pose
farther from the one before than the sensor can have moved is flagged. Fusion decides by itself whether to use it
(fusion.poses).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ingest.wire import Status, WirePlot, WirePose, WireScan
from sensors.scan import Plot, Scan
from sensors.sensor import Sensor

REASONS: Final = ("kind", "range", "view", "speed", "rate", "pose")
"""Another kind of sensor; too near or far; outside the field of view; too fast; too frequent or too many at once; a
sensor that cannot have moved so far."""
_EARTH_RADIUS_M: Final = 6_371_008.8


@dataclass(frozen=True, slots=True)
class PlausibilitySettings:
    """``sds``: number of standard deviations by which a measurement may exceed a bound. ``max_speed_mps``: of any
    target.

    ``slope`` and ``height_m``: how much higher or lower than the sensor a target may be, as a fraction of the range and
    at most; ranges bound the view horizontally but are reported as slant ranges. ``azimuth_sd_deg`` and ``range_sd_m``
    apply if neither the report nor the layout gives one. Rates: ``looks`` times the declared rate continuously,
    ``burst`` at once. The declared rate of an event-only sensor that observes many targets is one report every
    ``spacing_s``, as SAPIENT middleware allows (reports 0.08 s apart or of exactly one time, which are one look); that
    of a trip sensor or a person is ``events_per_s``. ``plots``: how many more plots of a look than false alarms explain
    are plausible. ``position_sd_m``: error of a pose that states none.
    """

    sds: float = 5.0
    max_speed_mps: float = 70.0
    slope: float = 0.5
    height_m: float = 500.0
    azimuth_sd_deg: float = 1.0
    range_sd_m: float = 25.0
    margin_deg: float = 0.5
    looks: float = 1.25
    burst: float = 10.0
    spacing_s: float = 0.08
    events_per_s: float = 2.0
    events_burst: float = 60.0
    plots: int = 100
    position_sd_m: float = 10.0


@dataclass(slots=True)
class _Pace:
    """A token bucket over the sensor's own times, so that a backlog received at once is not taken for a high rate."""

    tokens: float
    newest_s: float = -math.inf
    at_once: int = 0
    """Number of plots at the newest time so far."""


@dataclass(frozen=True, slots=True)
class _Post:
    """Where a mobile sensor stood and looked at a time."""

    pose: WirePose
    at_s: float


@dataclass(slots=True)
class Plausibility:
    """``plausible(scan)``: the reasons against a scan, comma-separated, "" for none or for a sensor without a layout;
    ``status``: those against a pose.

    Call it once for each new scan, in order of arrival: it counts the reports of each sensor.
    """

    sensors: dict[str, Sensor]
    settings: PlausibilitySettings = field(default_factory=PlausibilitySettings)
    _paces: dict[str, _Pace] = field(default_factory=dict)
    _posts: dict[str, _Post] = field(default_factory=dict)

    @classmethod
    def of(cls, sensors: Iterable[Sensor], settings: PlausibilitySettings | None = None) -> Plausibility:
        """The plausibility check for a layout's sensors."""
        return cls({sensor.id: sensor for sensor in sensors}, settings or PlausibilitySettings())

    def __call__(self, scan: Scan | WireScan) -> str:
        sensor = self.sensors.get(scan.sensor)
        if sensor is None:
            return ""
        against = set()
        if scan.kind != sensor.kind:
            against.add("kind")
        if self._too_often(sensor, scan):
            against.add("rate")
        for plot in scan.plots:
            self._judge(sensor, plot, scan.observed_at.timestamp(), against)
        return ",".join(reason for reason in REASONS if reason in against)

    def status(self, status: Status) -> str:
        """The reasons against the pose of a status, which counts from now on; "" for none, or without a pose."""
        pose, sensor = status.pose, self.sensors.get(status.sensor)
        if pose is None or sensor is None or not sensor.mobile or status.state == "lost":
            return ""
        at_s, before = (pose.observed_at or status.observed_at).timestamp(), self._posts.get(status.sensor)
        if before is not None and at_s < before.at_s:
            return ""  # late, or sent again: fusion judges it in its place
        self._posts[status.sensor] = _Post(pose, at_s)
        if before is None:
            return ""
        moved_m, _ = distance_and_azimuth(before.pose.lon, before.pose.lat, pose.lon, pose.lat)
        slack_m = self.settings.sds * math.hypot(self._sd_m(before.pose), self._sd_m(pose))
        return "pose" if moved_m > sensor.carrier_speed_mps * (at_s - before.at_s) + slack_m else ""

    def _sd_m(self, pose: WirePose) -> float:
        return self.settings.position_sd_m if pose.position_sd_m is None else pose.position_sd_m

    def _judge(self, sensor: Sensor, plot: Plot | WirePlot, at_s: float, against: set[str]) -> None:
        settings, post = self.settings, self._posts.get(sensor.id)
        lon, lat, moved_m = sensor.lon, sensor.lat, 0.0
        if post is not None:
            lon, lat = post.pose.lon, post.pose.lat
            moved_m = sensor.carrier_speed_mps * abs(at_s - post.at_s) + settings.sds * self._sd_m(post.pose)
        distance_m, azimuth_deg, sd_m = plot.range_m, plot.azimuth_deg, plot.range_sd_m or sensor.range_sd_m
        slack_m = 0.0
        if plot.lon is not None and plot.lat is not None:
            distance_m, azimuth_deg = distance_and_azimuth(lon, lat, plot.lon, plot.lat)
            sd_m, slack_m = plot.position_sd_m, moved_m
        if distance_m is not None:
            self._judge_range(sensor, distance_m, settings.sds * (sd_m or settings.range_sd_m) + slack_m, against)
        if azimuth_deg is not None and sensor.field_of_view_deg < 360.0 and post is None:
            sd_deg = plot.azimuth_sd_deg or sensor.azimuth_sd_deg or settings.azimuth_sd_deg
            if plot.lon is not None and distance_m:
                sd_deg = math.degrees(math.atan2(sd_m or settings.range_sd_m, distance_m))
            north_deg = 0.0 if plot.lon is not None else sensor.north_offset_deg
            off_deg = abs((azimuth_deg - north_deg - sensor.azimuth_deg + 180.0) % 360.0 - 180.0)
            if off_deg > sensor.field_of_view_deg / 2.0 + settings.sds * sd_deg + settings.margin_deg:
                against.add("view")
        if plot.elevation_deg is not None and sensor.elevation_min_deg is not None and post is None:
            slack_deg = settings.margin_deg + settings.sds * (
                plot.elevation_sd_deg or sensor.elevation_sd_deg or settings.azimuth_sd_deg
            )
            low, high = sensor.elevation_min_deg, sensor.elevation_max_deg
            if plot.elevation_deg < low - slack_deg or (high is not None and plot.elevation_deg > high + slack_deg):
                against.add("view")
        if plot.radial_velocity_mps is not None:
            sd_mps = plot.radial_velocity_sd_mps or sensor.radial_velocity_sd_mps or 0.0
            if abs(plot.radial_velocity_mps) > settings.max_speed_mps + settings.sds * sd_mps:
                against.add("speed")

    def _judge_range(self, sensor: Sensor, distance_m: float, slack_m: float, against: set[str]) -> None:
        height_m = min(self.settings.slope * sensor.max_range_m, self.settings.height_m)
        if not sensor.min_range_m - slack_m <= distance_m <= math.hypot(sensor.max_range_m, height_m) + slack_m:
            against.add("range")

    def _too_often(self, sensor: Sensor, scan: Scan | WireScan) -> bool:
        rate, burst = self._rate(sensor)
        crowd = self.settings.plots + 2.0 * sensor.false_alarms_per_scan
        pace = self._paces.get(sensor.id)
        if pace is None:
            pace = self._paces[sensor.id] = _Pace(burst)
        now_s = scan.observed_at.timestamp()
        if now_s > pace.newest_s:
            passed_s = now_s - pace.newest_s if pace.newest_s > -math.inf else 0.0
            pace.tokens = min(pace.tokens + passed_s * rate, burst)
            pace.newest_s, pace.at_once = now_s, 0
        elif now_s == pace.newest_s and sensor.period_s is None and pace.at_once:
            pace.at_once += len(scan.plots) or 1  # another report of a look that has already been counted
            return pace.at_once > crowd
        often = pace.tokens < 1.0
        if not often:
            pace.tokens -= 1.0
        pace.at_once += len(scan.plots) or 1
        return often or len(scan.plots) > crowd

    def _rate(self, sensor: Sensor) -> tuple[float, float]:
        """(looks per second continuously, looks at once)."""
        settings = self.settings
        if sensor.period_s is not None:
            return settings.looks / sensor.period_s, settings.burst
        if sensor.kind in ("ground_sensor", "human"):
            return settings.events_per_s, settings.events_burst
        return settings.looks / settings.spacing_s, settings.events_burst


def distance_and_azimuth(lon: float, lat: float, to_lon: float, to_lat: float) -> tuple[float, float]:
    """Distance [m] and initial bearing [degrees clockwise from true north] on a sphere of 6 371 008.8 m.

    Accurate to 0.6% of the distance (the Earth's flattening), which suffices for a plausibility check.
    """
    phi, to_phi = math.radians(lat), math.radians(to_lat)
    by = math.radians(to_lon - lon)
    chord = math.sin((to_phi - phi) / 2.0) ** 2 + math.cos(phi) * math.cos(to_phi) * math.sin(by / 2.0) ** 2
    east = math.sin(by) * math.cos(to_phi)
    north = math.cos(phi) * math.sin(to_phi) - math.sin(phi) * math.cos(to_phi) * math.cos(by)
    return 2.0 * _EARTH_RADIUS_M * math.asin(math.sqrt(min(chord, 1.0))), math.degrees(math.atan2(east, north)) % 360.0
