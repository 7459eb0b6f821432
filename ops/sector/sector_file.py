"""Sector and settings files: TOML in, one frozen object out. Unknown keys are errors; secrets stay outside."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from geo.errors import BadInput
from ops.sector.samples import jacksboro_cog, samples_folder
from ops.sector.zone_table import ZoneEdges

if TYPE_CHECKING:
    import xarray as xr

    from fusion.models.settings import TrackerSettings
    from geo.border import Border, Zone
    from geo.frame import LocalFrame
    from sensors.layout import Layout

SAMPLE_TERRAIN = "sample:jacksboro"
DEFAULT_SECTOR = "cumberland"

Record = TypeVar("Record")


class ConfigError(BadInput):
    """A sector or settings file that cannot be used."""


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector file as read: where its ground, border and layouts are. Paths are absolute.

    ``border_where`` chooses features of the border file by their attributes, as SQL's WHERE does. With a ``zone`` the
    border has two edges, and home is where that says. ``signatures`` says whether unsigned messages are refused; None:
    with an embedded broker they are.
    """

    name: str
    path: Path
    terrain: str
    border: Path
    layouts: Mapping[str, Path]
    frame: str | int = "auto"
    segment_length_m: float = 500.0
    belt_m: float = 2000.0
    home_side: str = "left"
    border_where: str | None = None
    bases: Path | None = None
    time_zone: str = "UTC"
    title: str = ""
    nodata: float | None = None
    canopy_height: str | None = None
    land_cover: str | None = None
    signatures: Literal["required", "optional"] | None = None
    roads: Path | None = None
    rivers: Path | None = None
    fords: Path | None = None
    settlements: Path | None = None
    sections: Path | None = None
    zone: ZoneEdges | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """A sector opened: everything below ``ops`` needs of it.

    ``border`` is what tracks and alerts are told of: a line, of a ``zone`` its inner edge. Who crosses, and what is
    measured beside it, has the whole zone: ``crossed``.
    """

    sector: Sector
    terrain: xr.Dataset
    frame: LocalFrame
    border: Border
    layout: Layout
    zone: Zone | None = None

    @property
    def crossed(self) -> Border | Zone:
        """The zone where the sector has one, or else the line."""
        return self.border if self.zone is None else self.zone


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A planned stop of one sensor, aware times: then it is not silent, however quiet it is."""

    sensor: str
    start: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.until.tzinfo is None:
            raise ValueError("maintenance without an offset from UTC")
        if not self.start < self.until:
            raise ValueError(f"maintenance of {self.sensor} ends before it starts")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything of an installation that is not the sector: tables ``tracker`` and ``alerts`` override the defaults.

    weather: what light and weather it is now, as in ``sensors.detection_model.weather``, such as "night,fog"; empty:
    not said. maintenance: planned stops of sensors (``[[maintenance]]`` with sensor, start, until). checkpoint_s: how
    often fusion saves itself, journal seconds. start_grace_s: how long after the journal's first row a sensor that was
    never heard is given before it counts as silent.
    """

    units: tuple[str, ...] = ("ops-centre", "patrol-1")
    checkpoint_s: float = 10.0
    start_grace_s: float = 30.0
    tracker: Mapping[str, Any] = field(default_factory=dict)
    alerts: Mapping[str, Any] = field(default_factory=dict)
    weather: str = ""
    maintenance: tuple[Maintenance, ...] = ()


def cache_folder() -> Path:
    """Where Watchline keeps what it can make again: ``WATCHLINE_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("WATCHLINE_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("watchline")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError("there is no such file", where=str(path), expected="a TOML file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot be read ({error})", where=str(path), expected="a readable TOML file") from None


def record_from(kind: type[Record], values: Mapping[str, Any], *, where: str) -> Record:
    """A frozen dataclass from a table: unknown keys and wrong types are errors that name the key."""
    assert is_dataclass(kind)
    import msgspec

    known = [item.name for item in fields(kind)]
    for key in values:
        if key not in known:
            raise ConfigError(f"unknown key {key!r}", where=where, expected=f"one of {', '.join(known)}")
    try:
        return msgspec.convert(dict(values), kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"wrong value ({error})", where=where, expected="the types of the documentation") from None


_MAPS = ("roads", "rivers", "fords", "settlements", "sections")
"""Map files that a sector may name; what is not named is said to be missing."""
_SECTOR_KEYS: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "title": str,
    "terrain": str,
    "nodata": (int, float),
    "canopy_height": str,
    "land_cover": str,
    "border": str,
    "border_where": str,
    "frame": (str, int),
    "segment_length_m": (int, float),
    "belt_m": (int, float),
    "home_side": str,
    "layouts": dict,
    "bases": str,
    "time_zone": str,
    "signatures": str,
    "roads": str,
    "rivers": str,
    "fords": str,
    "settlements": str,
    "sections": str,
    "zone": dict,
}


def load_sector(name_or_path: str | Path) -> Sector:
    """The sector of a TOML file, or of a sample by name (``cumberland``).

    Raises ConfigError naming the key: unknown, missing, of a wrong type, or a file that is not there.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml" and not path.exists():
        sample = samples_folder() / str(name_or_path) / "sector.toml"
        if not sample.exists():
            names = ", ".join(sorted(found.parent.name for found in samples_folder().glob("*/sector.toml")))
            raise ConfigError(
                f"no sector {str(name_or_path)!r}", where="--sector", expected=f"a sector TOML or a sample: {names}"
            )
        path = sample
    if path.is_dir():
        path = path / "sector.toml"
    table = _read_toml(path)
    for key, value in table.items():
        if key not in _SECTOR_KEYS:
            raise ConfigError(f"unknown key {key!r}", where=str(path), expected=f"one of {', '.join(_SECTOR_KEYS)}")
        if not isinstance(value, _SECTOR_KEYS[key]) or isinstance(value, bool):
            raise ConfigError(f"{key} = {value!r} has the wrong type", where=str(path), expected=f"{_SECTOR_KEYS[key]}")
    for key in ("name", "terrain", "border", "layouts"):
        if key not in table:
            raise ConfigError(f"no key {key!r}", where=str(path), expected="name, terrain, border and layouts")
    for key in ("segment_length_m", "belt_m"):
        if key in table and not 0 < float(table[key]) < 1e7:
            raise ConfigError(f"{key} = {table[key]}", where=str(path), expected="metres above zero")
    if table.get("home_side", "left") not in ("left", "right"):
        raise ConfigError(f"home_side = {table['home_side']!r}", where=str(path), expected="'left' or 'right'")
    if table.get("signatures", "required") not in ("required", "optional"):
        raise ConfigError(f"signatures = {table['signatures']!r}", where=str(path), expected="'required' or 'optional'")
    if isinstance(table.get("frame", "auto"), str) and table.get("frame", "auto") != "auto":
        raise ConfigError(f"frame = {table['frame']!r}", where=str(path), expected="'auto' or an EPSG code as a number")
    zone = ZoneEdges.of(table["zone"], where=str(path)) if "zone" in table else None
    for key in ("home_side", *(("border_where",) if zone is not None and zone.home is None else ())):
        if zone is not None and key in table:
            raise ConfigError(
                f"{key} beside [zone]",
                where=str(path),
                expected="a zone alone, which says where home and its edges are",
            )
    try:
        ZoneInfo(table.get("time_zone", "UTC"))
    except (KeyError, ValueError, OSError):
        raise ConfigError(
            f"time_zone = {table['time_zone']!r}", where=str(path), expected="a name like 'Europe/Nicosia'"
        ) from None
    folder = path.resolve().parent
    layouts = {name: _existing(folder / str(file), "layouts", path) for name, file in table["layouts"].items()}
    if not layouts:
        raise ConfigError("layouts is empty", where=str(path), expected="at least one layout file")
    return Sector(
        name=table["name"],
        title=table.get("title", ""),
        path=path.resolve(),
        terrain=_rasters(table["terrain"], "terrain", path),
        nodata=float(table["nodata"]) if "nodata" in table else None,
        canopy_height=_rasters(table["canopy_height"], "canopy_height", path) if "canopy_height" in table else None,
        land_cover=_rasters(table["land_cover"], "land_cover", path) if "land_cover" in table else None,
        border=_existing(folder / table["border"], "border", path),
        layouts=layouts,
        border_where=table.get("border_where"),
        frame=table.get("frame", "auto"),
        segment_length_m=float(table.get("segment_length_m", 500.0)),
        belt_m=float(table.get("belt_m", 2000.0)),
        home_side=table.get("home_side", "left"),
        bases=_existing(folder / table["bases"], "bases", path) if "bases" in table else None,
        time_zone=table.get("time_zone", "UTC"),
        signatures=table.get("signatures"),
        zone=zone,
        **{key: _existing(folder / table[key], key, path) for key in _MAPS if key in table},
    )


def _rasters(name: str, key: str, where: Path) -> str:
    """The sample, an address or name of GDAL's own, a pattern, or a file or folder beside the sector file."""
    if name == SAMPLE_TERRAIN or "://" in name or name.startswith("/vsi"):
        return name
    file = where.resolve().parent / name
    return str(file) if has_magic(name) else str(_existing(file, key, where))


def _existing(file: Path, key: str, where: Path) -> Path:
    if not file.exists():
        raise ConfigError(f"{key}: there is no file {file.name!r}", where=str(where), expected="a path beside the file")
    return file


def layout_path(sector: Sector, layout: str | None) -> Path:
    """The file of a layout by its name in the sector, by a path, or the sector's first."""
    if layout is None:
        return next(iter(sector.layouts.values()))
    if layout in sector.layouts:
        return sector.layouts[layout]
    if Path(layout).is_file():
        return Path(layout)
    raise ConfigError(
        f"no layout {layout!r}", where=str(sector.path), expected=f"one of {', '.join(sector.layouts)} or a file"
    )


def read_bases(path: Path | None) -> dict[str, tuple[float, float]]:
    """(lon, lat) of each patrol base of a GeoJSON file of points, by name; none without a file. Raises ConfigError."""
    if path is None:
        return {}
    try:
        bases = {}
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
            properties, (lon, lat) = feature["properties"], feature["geometry"]["coordinates"][:2]
            bases[str(properties.get("name", properties.get("id", "base")))] = (float(lon), float(lat))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError("cannot be read", where=str(path), expected="GeoJSON points with properties") from None
    return bases


def open_ground(sector: Sector, layout: str | None = None) -> Ground:
    """Open a sector's terrain, border and one layout, and check that they lie on one another.

    Raises BadInput (a subclass naming the file) when one cannot be read or lies off the terrain.
    """
    from geo.border import Border
    from geo.frame import LocalFrame
    from geo.terrain import frame_of, open_terrain
    from sensors.layout import Layout

    source = jacksboro_cog(cache_folder()) if sector.terrain == SAMPLE_TERRAIN else sector.terrain
    wanted = None if sector.frame == "auto" else LocalFrame.from_epsg(int(sector.frame))
    terrain = open_terrain(
        source,
        frame=wanted,
        nodata=sector.nodata,
        canopy_height=sector.canopy_height,
        land_cover=sector.land_cover,
    )
    frame = frame_of(terrain)
    zone = (
        None
        if sector.zone is None
        else sector.zone.open(
            sector.border,
            frame,
            segment_length_m=sector.segment_length_m,
            border_where=sector.border_where,
            clip=terrain,
        )
    )
    border = (
        zone.inner
        if zone is not None
        else Border.from_file(
            sector.border,
            frame,
            segment_length_m=sector.segment_length_m,
            where=sector.border_where,
            clip=terrain,
            home_side=sector.home_side,
        )
    )
    equipment = Layout.from_file(layout_path(sector, layout), frame)
    return Ground(sector, terrain, frame, border, equipment, zone)


def tracker_settings(settings: Settings) -> TrackerSettings:
    """The tracker of a room: triggers alone may start tracks there, and the table ``tracker`` overrides everything."""
    from fusion.models.settings import TrackerSettings

    return record_from(TrackerSettings, {"trigger_births": True, **settings.tracker}, where="settings [tracker]")


def load_settings(path: Path | None) -> Settings:
    """Settings of a TOML file, or the defaults when there is none."""
    if path is None:
        return Settings()
    table = _read_toml(path)
    for entry in table.get("maintenance", ()):
        if isinstance(entry, dict) and (strangers := sorted(entry.keys() - {"sensor", "start", "until"})):
            raise ConfigError(
                f"unknown key {strangers[0]!r}", where=f"{path} [[maintenance]]", expected="sensor, start, until"
            )
    settings = record_from(Settings, table, where=str(path))
    if settings.weather:
        from sensors.detection_model.weather import conditions_of

        conditions_of(settings.weather)
    return settings
