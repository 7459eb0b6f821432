"""``watchline sensor survey``: writes a sensor's measured position and north alignment into the layout file.

The layout is the single source: everything that opens it (the tracker, coverage, the gateway) uses the new position,
subtracts the azimuth offset, and assumes azimuths no more accurate than the survey.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from geo.vector_files import file_and_layer
from ops.analysis.indicators.records import day_of
from ops.runtime.output import atomic_write, say, show
from ops.sector.layouts.file import layout_of
from ops.sector.samples import samples_folder
from ops.sector.sector_file import layout_path, load_sector
from sensors.errors import LayoutError
from sensors.layout import Layout
from sensors.layout_document import MAP_FILES
from sensors.sensor import Sensor

READING_SD_DEG: Final = 0.05
"""Standard deviation of one azimuth reading [degrees] (assumption: read to a tenth of a degree or better)."""
NEAREST_M: Final = 50.0
"""Minimum distance of a landmark [m]; nearer, the sensor's position error dominates that of its north."""
ONE_SIGMA: Final = 0.8413447460685429
"""Fraction of a normal distribution below one standard deviation."""
KEYS: Final = ("site_sd_m", "north_offset_deg", "north_sd_deg", "surveyed_on", "survey_method")
OPTIONS: Final = {
    "mast_height_m": "--mast",
    "site_sd_m": "--site-sd",
    "north_offset_deg": "--north-offset",
    "north_sd_deg": "--north-sd",
    "survey_method": "--method",
}
"""The option of each key of a layout that a survey sets from what was typed."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurements of a survey; None was not measured.

    ``sightings``: ``LON,LAT,READING`` of landmarks; the reading is the sensor's azimuth to the landmark [degrees].
    """

    lon: float | None = None
    lat: float | None = None
    mast_height_m: float | None = None
    site_sd_m: float | None = None
    north_offset_deg: float | None = None
    north_sd_deg: float | None = None
    sightings: tuple[str, ...] = ()
    surveyed_on: str | None = None
    method: str | None = None

    @property
    def nothing(self) -> bool:
        """Whether nothing was measured: the record is then shown instead."""
        return self == Measured()


@dataclass(frozen=True, slots=True)
class North:
    """A sensor's azimuth offset [degrees], subtracted from readings; its uncertainty (1 σ); landmark residuals."""

    offset_deg: float
    sd_deg: float | None
    residuals_deg: tuple[float, ...]


def survey(
    sector_name: str, layout: str | None, sensor: str, measured: Measured, *, out: Path | None
) -> dict[str, Any]:
    """Write the measurements into the layout file, or to ``out``; without measurements, return the record.

    Raises LayoutError for a sensor missing from the layout; BadInput for an invalid value, an incomplete position,
    an unusable landmark, or a file that cannot be written.
    """
    path = layout_path(load_sector(sector_name), layout)
    before = sensor_of(layout_of(path), sensor)
    if measured.nothing:
        return {"sensor": sensor, "layout": str(path), "survey": recorded(before)}
    _check(measured)
    if out is None and path.resolve().is_relative_to(samples_folder().resolve()):
        raise BadInput(
            "a sample's layout is not changed", where=path.name, expected="--out FILE for the surveyed layout"
        )
    if file_and_layer(path)[0].suffix.lower() in MAP_FILES:
        raise BadInput("only a GeoJSON layout can be written", where=path.name, expected="values entered in the GIS")
    document = json.loads(path.read_text(encoding="utf-8"))
    feature = next(entry for entry in document["features"] if entry["properties"].get("id") == sensor)
    lon, lat = (before.lon, before.lat) if measured.lon is None else (measured.lon, measured.lat)
    north = _north(measured, float(lon), float(lat or 0.0))
    if measured.lon is not None:
        feature["geometry"]["coordinates"] = [measured.lon, measured.lat]
    if measured.lon is not None or measured.north_offset_deg is not None or north is not None:
        for key in ("surveyed_on", "survey_method"):  # those of the survey before are not those of this one
            feature["properties"].pop(key, None)
    feature["properties"].update(_measured_keys(measured, north))
    target = out or path
    _write(target, document, sensor)
    after = layout_of(target)[sensor]
    return {
        "sensor": sensor,
        "layout": str(target),
        "moved_m": round(_distance_m(before, after), 3),
        "survey": recorded(after),
        "residuals_deg": [] if north is None else [round(each, 4) for each in north.residuals_deg],
    }


def sensor_of(layout: Layout, name: str) -> Sensor:
    """Return a sensor of the layout by its id. Raises BadInput that names the argument SENSOR and the known ids."""
    known = [sensor.id for sensor in layout.sensors]
    if name not in known:
        raise BadInput(
            f"layout {layout.name!r} has no sensor {name!r}", where="SENSOR", expected=f"one of {', '.join(known)}"
        )
    return layout[name]


def recorded(sensor: Sensor) -> dict[str, Any] | None:
    """Return a sensor's recorded survey, by the layout's keys; None when it was never surveyed."""
    survey_keys = {key: getattr(sensor, key) for key in KEYS}
    return None if all(value is None or value == 0.0 for value in survey_keys.values()) else survey_keys


def in_words(sensor: Sensor) -> str:
    """Format the survey for a table: ``±2 m, ±0.2°, 2026-03-14``; ``not surveyed`` without one."""
    known = recorded(sensor)
    if known is None:
        return say("console-survey-never")
    words = ["" if sensor.site_sd_m is None else f"±{sensor.site_sd_m:g} m"]
    words.append("" if sensor.north_sd_deg is None else f"{sensor.north_offset_deg:+g}° ±{sensor.north_sd_deg:g}°")
    return ", ".join(part for part in (*words, sensor.surveyed_on or "") if part)


def show_survey(result: dict[str, Any], screen: Console) -> None:
    """Show the record."""
    record = result["survey"]
    if record is None:
        show(screen, "console-survey-none", sensor=result["sensor"])
        return
    for key, value in record.items():
        screen.print(f"{key:>16}  {'–' if value is None else value}", markup=False, highlight=False)
    if "moved_m" in result:
        show(screen, "console-survey-written", layout=result["layout"], metres=f"{result['moved_m']:g}")


def north_of(sightings: Sequence[str], lon: float, lat: float, *, site_sd_m: float) -> North:
    """Compute north alignment from landmarks at known positions, seen from (``lon``, ``lat``).

    Each residual is reading − geodesic azimuth; the offset is their mean. Its standard deviation combines that of the
    mean, ``t s/√n`` (with Student's factor for small n), that of the reading, and the angle by which an error of the
    sensor's position would shift the nearest landmark. A single landmark gives no scatter. BadInput for an invalid
    sighting.
    """
    from pyproj import Geod
    from scipy.stats import t as student

    geod, residuals, nearest_m = Geod(ellps="WGS84"), [], math.inf
    for text in sightings:
        mark_lon, mark_lat, reading = _sighting(text)
        azimuth, _, away_m = geod.inv(lon, lat, mark_lon, mark_lat)
        if away_m < NEAREST_M:
            raise BadInput(f"{away_m:.0f} m away", where=f"--sighting {text}", expected=f"at least {NEAREST_M:g} m")
        nearest_m = min(nearest_m, away_m)
        residuals.append(_signed_degrees(reading - azimuth))
    first, n = residuals[0], len(residuals)
    apart = [_signed_degrees(residual - first) for residual in residuals]
    mean = sum(apart) / n
    if n == 1:
        return North(_signed_degrees(first + mean), None, (first,))
    spread = math.sqrt(sum((each - mean) ** 2 for each in apart) / (n - 1))
    mean_sd_deg = float(student.ppf(ONE_SIGMA, n - 1)) * spread / math.sqrt(n)
    sd = math.hypot(mean_sd_deg, READING_SD_DEG / math.sqrt(n), math.degrees(math.atan2(site_sd_m, nearest_m)))
    return North(_signed_degrees(first + mean), sd, tuple(residuals))


def _north(measured: Measured, lon: float, lat: float) -> North | None:
    if not measured.sightings:
        return None
    if measured.north_offset_deg is not None:
        raise BadInput("given with --sighting", where="--north-offset", expected="only one of them")
    north = north_of(measured.sightings, lon, lat, site_sd_m=measured.site_sd_m or 0.0)
    if north.sd_deg is None and measured.north_sd_deg is None:
        raise BadInput("one landmark", where="--sighting", expected="two or more, or also --north-sd")
    return north


def _measured_keys(measured: Measured, north: North | None) -> dict[str, Any]:
    """Return the measured values by the layout's keys."""
    entries = {
        "mast_height_m": measured.mast_height_m,
        "site_sd_m": measured.site_sd_m,
        "north_offset_deg": measured.north_offset_deg if north is None else round(north.offset_deg, 4),
        "north_sd_deg": measured.north_sd_deg,
        "surveyed_on": measured.surveyed_on,
        "survey_method": measured.method,
    }
    if north is not None and measured.north_sd_deg is None and north.sd_deg is not None:
        entries["north_sd_deg"] = round(north.sd_deg, 4)
    return {key: value for key, value in entries.items() if value is not None}


def _check(measured: Measured) -> None:
    """Raise BadInput for a value of the command line that cannot be used, and for half of a pair."""
    for sighting in measured.sightings:
        _sighting(sighting)
    if measured.surveyed_on is not None:
        day_of(measured.surveyed_on, "--on")
    if (measured.lon is None) != (measured.lat is None):
        raise BadInput("only one of the two", where="--lon --lat", expected="both or neither")
    if not (abs(measured.lon or 0.0) <= 180.0 and abs(measured.lat or 0.0) <= 90.0):
        raise BadInput(f"{measured.lon}, {measured.lat}", where="--lon --lat", expected="degrees on Earth")
    if measured.lon is not None and measured.site_sd_m is None:
        raise BadInput("missing with --lon and --lat", where="--site-sd", expected="the position uncertainty in metres")
    if measured.north_offset_deg is not None and measured.north_sd_deg is None:
        raise BadInput("missing with --north-offset", where="--north-sd", expected="its uncertainty in degrees")


def _sighting(text: str) -> tuple[float, float, float]:
    try:
        lon, lat, reading = (float(part) for part in text.split(","))
        if not (abs(lon) <= 180.0 and abs(lat) <= 90.0 and -360.0 <= reading <= 360.0):
            raise ValueError
    except ValueError:
        raise BadInput(f"{ascii(text)[:60]}", where="--sighting", expected="LON,LAT,READING in degrees") from None
    return lon, lat, reading


def _signed_degrees(angle_deg: float) -> float:
    """Return the same angle between −180° and 180°."""
    return (angle_deg + 180.0) % 360.0 - 180.0


def _distance_m(a: Sensor, b: Sensor) -> float:
    from pyproj import Geod

    return float(Geod(ellps="WGS84").inv(a.lon, a.lat, b.lon, b.lat)[2])


def _write(target: Path, document: dict[str, Any], sensor: str) -> None:
    """Write the layout completely or not at all, and never an invalid one."""
    try:
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(target, concurrent=True) as partial:
            partial.write_text(text, encoding="utf-8")
            layout_of(partial)[sensor]  # LayoutError here leaves the target as it was
    except LayoutError as error:  # the layout was valid before, so it is a value of the survey
        option = OPTIONS.get(error.what.partition(" ")[0], str(target))
        raise BadInput(error.what, where=option, expected=error.expected) from None
    except ValueError:
        raise BadInput("a value is not finite", where=sensor, expected="finite numbers") from None
    except OSError as error:
        raise BadInput(
            f"cannot be written ({error.strerror})", where=str(target), expected="a folder to write in"
        ) from None
