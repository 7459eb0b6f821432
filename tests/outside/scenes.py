"""Targets on known ways, radars and their plots, made with numpy alone, as datasets of design §4a."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from fusion.tracker import track
from geo.frame import LocalFrame
from sensors.layout import Layout

FRAME = LocalFrame.around(10.0, 47.0)
START = np.datetime64("2026-03-14T21:00:00", "ns")
Ways = dict[str, Callable[[np.ndarray], np.ndarray]]
"""Target to its place (n, 2) [m] at seconds (n,)."""


def at(seconds: Any) -> Any:
    """The time so many seconds after the start."""
    return START + (np.asarray(seconds, np.float64) * 1e9).astype("timedelta64[ns]")


def layout_of(*sensors: dict[str, Any]) -> Layout:
    """Sensors at places [m] of the frame, which are told in degrees as in a file."""
    features = []
    for sensor in sensors:
        lon, lat = FRAME.to_lonlat(*sensor["at"])
        keys = {"max_range_m": 20_000.0, "range_sd_m": 5.0, "azimuth_sd_deg": 0.2, "period_s": 2.0}
        if sensor["kind"] != "radar":
            keys = {"max_range_m": 3_000.0}
        keys |= {name: value for name, value in sensor.items() if name != "at"}
        features.append(
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": keys}
        )
    return Layout.from_geojson({"type": "FeatureCollection", "features": features}, FRAME, name="foreign")


RADAR = {"id": "R", "kind": "radar", "at": (0.0, 0.0), "detection_probability": 0.9, "false_alarms_per_scan": 2.0}


@dataclass
class Recorder:
    """Collects scans and their plots, and gives them as the detections dataset of design §4a."""

    scans: list[tuple[str, float, float, int]] = field(default_factory=list)
    plots: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def scan(self, sensor: str, second: float, plots: Iterable[dict[str, Any]], *, late_s: float = 0.0) -> None:
        number = self.counts[sensor] = self.counts.get(sensor, 0) + 1
        self.plots += [plot | {"scan": len(self.scans)} for plot in plots]
        self.scans.append((sensor, second, second + late_s, number))

    def dataset(self, order: Sequence[int] | None = None) -> xr.Dataset:
        """``order`` permutes the detections."""
        plots = self.plots if order is None else [self.plots[i] for i in order]
        sensor, second, received, number = (list(column) for column in zip(*self.scans, strict=True))

        def column(name: str) -> np.ndarray:
            return np.array([plot.get(name, math.nan) for plot in plots], np.float64)

        units = {"azimuth": "rad", "azimuth_sd": "rad", "elevation_angle": "rad", "elevation_angle_sd": "rad"}
        units |= {"range": "m", "range_sd": "m", "easting": "m", "northing": "m"}
        units |= {"radial_velocity": "m/s", "radial_velocity_sd": "m/s"}
        variables: dict[str, Any] = {name: ("detection", column(name), {"units": unit}) for name, unit in units.items()}
        cov = np.full((len(plots), 2, 2), math.nan)
        for i, plot in enumerate(plots):
            if "sd" in plot:
                cov[i] = np.eye(2) * plot["sd"] ** 2
        variables["cov"] = (("detection", "axis", "axis_"), cov, {"units": "m2"})
        if any("class" in plot for plot in plots):
            classes = ["animal", "vehicle", "person", "other", "group"]  # in no order of ours
            likelihood = [[plot.get("class", {}).get(name, math.nan) for name in classes] for plot in plots]
            variables["class_probability"] = (("detection", "class"), np.array(likelihood), {"units": "1"})
            variables["class"] = ("class", classes)
        return xr.Dataset(
            variables
            | {
                "scan_sensor": ("scan", np.array(sensor)),
                "scan_time": ("scan", at(second)),
                "scan_received_at": ("scan", at(received)),
                "scan_boot": ("scan", np.ones(len(sensor), np.int64)),
                "scan_sequence": ("scan", np.array(number, np.int64)),
                "scan_index": ("detection", np.array([plot["scan"] for plot in plots], np.int64)),
            }
        )


def polar(place: np.ndarray, radar: tuple[float, float], random: np.random.Generator, sd: tuple[float, float]) -> Any:
    """Range and azimuth of a place with errors of ``sd`` [m, rad]."""
    east, north = place - np.asarray(radar)
    return {
        "range": math.hypot(east, north) + random.normal(0, sd[0]),
        "range_sd": sd[0],
        "azimuth": (math.atan2(east, north) + random.normal(0, sd[1])) % (2 * math.pi),
        "azimuth_sd": sd[1],
    }


def place_of(plot: dict[str, Any], radar: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    return np.asarray(radar) + plot["range"] * np.array([math.sin(plot["azimuth"]), math.cos(plot["azimuth"])])


SD = (5.0, math.radians(0.2))


def radar_night(
    ways: Ways, seconds: float, *, seed: int, period: float = 2.0, pd: float = 0.9, clutter: float = 0.0,
    reach: float = 3_000.0, radar: tuple[float, float] = (0.0, 0.0), name: str = "R", into: Recorder | None = None,
    sd: tuple[float, float] = SD,
) -> tuple[Recorder, xr.Dataset, float]:  # fmt: skip
    """One radar over all targets: the record, the truth, and the root mean square error of the plots [m]."""
    random = np.random.default_rng(seed)
    record, errors = into or Recorder(), []
    times = np.arange(0.0, seconds, period)
    for second in times:
        plots = []
        for way in ways.values():
            place = way(np.array([second]))[0]
            if random.random() < pd and math.hypot(*(place - np.asarray(radar))) < 20_000.0:
                plots.append(polar(place, radar, random, sd))
                errors.append(np.hypot(*(place_of(plots[-1], radar) - place)))
        for _ in range(random.poisson(clutter)):
            distance, angle = reach * math.sqrt(random.random()), random.uniform(0, 2 * math.pi)
            plots.append({"range": distance, "range_sd": sd[0], "azimuth": angle, "azimuth_sd": sd[1]})
        record.scan(name, float(second), plots)
    truth = truth_of(ways, times) if ways else xr.Dataset()
    return record, truth, float(np.sqrt(np.mean(np.square(errors)))) if errors else math.nan


def truth_of(ways: Ways, times: np.ndarray) -> xr.Dataset:
    n = len(times) * len(ways)
    places = np.concatenate([way(times) for way in ways.values()])
    metres = {"units": "m"}
    return xr.Dataset(
        {
            "target": ("estimate", np.repeat(list(ways), len(times))),
            "time": ("estimate", np.tile(at(times), len(ways))),
            "easting": ("estimate", places[:, 0], metres),
            "northing": ("estimate", places[:, 1], metres),
            "easting_rate": ("estimate", np.zeros(n), {"units": "m/s"}),
            "northing_rate": ("estimate", np.zeros(n), {"units": "m/s"}),
            "cov": (("estimate", "state", "state_"), np.zeros((n, 4, 4))),
            "existence": ("estimate", np.ones(n), {"units": "1"}),
            "status": ("estimate", np.repeat("confirmed", n)),
            "segment": ("estimate", np.full(n, -1, np.int32)),
            "offset_m": ("estimate", np.full(n, math.nan), metres),
        }
    )


def straight(start: tuple[float, float], velocity: tuple[float, float]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda seconds: np.asarray(start) + np.multiply.outer(seconds, velocity)


def settled(tracks: xr.Dataset, after_s: float) -> xr.Dataset:
    """The rows of confirmed or coasting tracks after some seconds."""
    good = np.isin(tracks.status.values, ["confirmed", "coasting"]) & (tracks.time.values >= at(after_s))
    return tracks.isel(estimate=np.flatnonzero(good))


def errors_of(tracks: xr.Dataset, way: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    seconds = (tracks.time.values - START) / np.timedelta64(1, "s")
    return np.column_stack([tracks.easting.values, tracks.northing.values]) - way(seconds)


def rms(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.sum(errors**2, axis=1))))


# Ground that is not what the elevation model says, or is


def ground(height: Callable[[np.ndarray, np.ndarray], np.ndarray], cell: float = 10.0) -> xr.Dataset:
    """Heights [m] of (easting, northing) on cells of 10 m."""
    northing, easting = np.arange(405.0, -2_700.0, -cell), np.arange(-2_300.0, 2_300.0, cell)
    heights = height(*np.meshgrid(easting, northing)).astype(np.float32)
    metres = {"units": "m"}
    return xr.Dataset(
        {"elevation": (("northing", "easting"), heights, metres)},
        {"northing": ("northing", northing, metres), "easting": ("easting", easting, metres)},
        {"crs": FRAME.crs.to_wkt(), "datum": "made up", "cell_m": cell},
    )


def dam(easting: np.ndarray, northing: np.ndarray) -> np.ndarray:
    """A crest 30 m wide along northing 0 at 1,000 m, with a valley at 880 m in the south and water in the north."""
    return np.where(np.abs(northing) < 15.0, 1_000.0, np.where(northing > 0.0, 940.0, 880.0))


def strip(easting: np.ndarray, northing: np.ndarray) -> np.ndarray:
    """Level ground at 1,000 m, with a strip 100 m wide that is 90 m too high."""
    return np.where(np.abs(easting) < 50.0, 1_090.0, 1_000.0)


def washboard(easting: np.ndarray, northing: np.ndarray) -> np.ndarray:
    """The same with one strip of 100 m in two 70 m too high, over 1,600 m."""
    return np.where((np.floor(easting / 100.0) % 2 == 0) & (np.abs(easting) < 800.0), 1_070.0, 1_000.0)


def file_under_two_radars(
    terrain: xr.Dataset, speed: float, seconds: float, seed: int, foot: float
) -> tuple[xr.Dataset, xr.Dataset]:
    """(truth, tracks) of five people 40 m apart at 1,000 m, who pass below two radars that see them, with feet at
    ``foot`` [m]."""
    ways = {f"w{k}": straight((-700.0 - 40.0 * k, 0.0), (speed, 0.0)) for k in range(5)}
    radars, random, record = (
        {"R": (-2_000.0, -2_500.0), "S": (2_000.0, -2_500.0)},
        np.random.default_rng(seed),
        Recorder(),
    )
    sd, rise = (8.0, math.radians(0.3)), 1_000.0 - foot - 25.0
    for number, second in enumerate(np.arange(0.0, seconds, 1.5)):
        name = "RS"[number % 2]
        seen = [way(np.array([second]))[0] for way in ways.values() if random.random() < 0.9]
        plots = [polar(place, radars[name], random, (0.0, sd[1])) for place in seen]
        for plot in plots:
            plot |= {"range": math.hypot(plot["range"], rise) + random.normal(0.0, sd[0]), "range_sd": sd[0]}
        record.scan(name, float(second), plots)
    same = {"mast_height_m": 25.0, "range_sd_m": sd[0], "azimuth_sd_deg": 0.3, "period_s": 3.0}
    same |= {"max_range_m": 7_000.0, "false_alarms_per_scan": 0.3}
    tracks = track(
        record.dataset(), layout_of(*[RADAR | same | {"id": n, "at": p} for n, p in radars.items()]), terrain=terrain
    )
    return truth_of(ways, np.arange(0.0, seconds, 3.0)), tracks


def drive_over_the_strip(seed: int) -> float:
    """The least speed [m/s] that a track shows within 150 m of the strip, whose vehicle drives over it at 12 m/s: the
    model says that nobody can drive up there."""
    random, record = np.random.default_rng(seed), Recorder()
    way, radar = straight((-800.0, 0.0), (12.0, 0.0)), (-2_000.0, -2_500.0)
    for second in np.arange(0.0, 110.0, 1.5):
        place = way(np.array([second]))[0]
        seen = [polar(place, radar, random, SD)] if random.random() < 0.9 else []
        likely = {"animal": 0.05, "vehicle": 0.8, "person": 0.05, "other": 0.05, "group": 0.05}
        record.scan("R", float(second), [plot | {"class": likely} for plot in seen])
    sensor = RADAR | {"at": radar, "mast_height_m": 25.0, "period_s": 1.5, "false_alarms_per_scan": 0.3}
    tracks = track(record.dataset(), layout_of(sensor), terrain=ground(strip))
    on_strip = tracks.isel(estimate=np.flatnonzero(np.abs(tracks.easting.values) < 150.0))
    assert len(set(on_strip.track.values)) == 1
    return float(np.hypot(on_strip.easting_rate.values, on_strip.northing_rate.values).min())
