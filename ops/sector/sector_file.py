"""Sector files: reads TOML into one frozen object. Unknown keys are errors; secrets are not part of the file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from glob import has_magic
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from ingest.errors import TopicError
from ingest.topics import identifier
from ops.sector.samples import samples_folder
from ops.sector.toml_record import ConfigError, read_toml
from ops.sector.zone_table import ZoneEdges

SAMPLE_TERRAIN = "sample:jacksboro"
DEFAULT_SECTOR = "cumberland"


Metres = Annotated[float, Meta(gt=0.0, lt=1e7)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """A sector file as read: its terrain, border and layouts. Paths are absolute; every field but ``path`` is a key.

    ``border_where`` selects features of the border file by their attributes, as SQL's WHERE does. With a ``zone`` the
    border has two edges, and the zone defines the own side. ``signatures`` sets whether unsigned messages are refused;
    None: only with an embedded broker.
    """

    name: str
    title: str = ""
    terrain: str
    nodata: float | None = None
    canopy_height: str | None = None
    land_cover: str | None = None
    border: Path
    border_where: str | None = None
    frame: Literal["auto"] | int = "auto"
    segment_length_m: Metres = 500.0
    belt_m: Metres = 2000.0
    home_side: Literal["left", "right"] = "left"
    layouts: Mapping[str, Path]
    bases: Path | None = None
    time_zone: str = "UTC"
    signatures: Literal["required", "optional"] | None = None
    roads: Path | None = None
    rivers: Path | None = None
    fords: Path | None = None
    settlements: Path | None = None
    sections: Path | None = None
    zone: ZoneEdges | None = None
    path: Path


REQUIRED: Final = ("name", "terrain", "border", "layouts")
RASTERS: Final = ("terrain", "canopy_height", "land_cover")
LAYERED: Final = frozenset({"roads", "rivers", "fords", "settlements"})
"""The keys whose map file may have several layers, of which one is named."""
ALLOWED: Final[Mapping[str, tuple[type | tuple[type, ...], str]]] = {
    "frame": (str, "'auto' or an EPSG code as a number"),
    "segment_length_m": ((int, float), "metres above zero"),
    "belt_m": ((int, float), "metres above zero"),
    "home_side": (str, "'left' or 'right'"),
    "signatures": (str, "'required' or 'optional'"),
}
"""The permitted values of keys for which the right type is not sufficient."""


def cache_folder() -> Path:
    """Return the folder for files that can be recreated: ``WATCHLINE_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("WATCHLINE_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("watchline")


def load_sector(name_or_path: str | Path) -> Sector:
    """Load the sector of a TOML file, or a sample by name (``cumberland``).

    Raises ConfigError naming a key that is unknown, missing or of a wrong type, or whose file does not exist.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml" and not path.exists():
        sample = samples_folder() / str(name_or_path) / "sector.toml"
        if not sample.exists():
            names = ", ".join(sorted(sample_file.parent.name for sample_file in samples_folder().glob("*/sector.toml")))
            raise ConfigError(
                f"no sector {str(name_or_path)!r}", where="--sector", expected=f"a sector TOML or a sample: {names}"
            )
        path = sample
    if path.is_dir():
        path = path / "sector.toml"
    table = read_toml(path)
    keys = _keys()
    for key in table:
        if key not in keys:
            raise ConfigError(f"unknown key {key!r}", where=str(path), expected=f"one of {', '.join(keys)}")
    for key in REQUIRED:
        if key not in table:
            raise ConfigError(f"no key {key!r}", where=str(path), expected="name, terrain, border and layouts")
    values = {key: _value(key, value, keys[key], path) for key, value in table.items()}
    try:
        identifier(values["name"], "name")
    except TopicError as error:
        raise ConfigError(f"name = {values['name']!r}", where=str(path), expected=error.expected) from None
    zone = values.get("zone")
    for key in ("home_side", *(("border_where",) if zone is not None and zone.home is None else ())):
        if zone is not None and key in table:
            raise ConfigError(
                f"{key} beside [zone]",
                where=str(path),
                expected="a zone alone, which says where home and its edges are",
            )
    try:
        ZoneInfo(values.get("time_zone", "UTC"))
    except (KeyError, ValueError, OSError):
        raise ConfigError(
            f"time_zone = {values['time_zone']!r}", where=str(path), expected="a name like 'Europe/Nicosia'"
        ) from None
    if not values["layouts"]:
        raise ConfigError("layouts is empty", where=str(path), expected="at least one layout file")
    return Sector(**values, path=path.resolve())


@cache
def _keys() -> dict[str, Any]:
    """Return the keys of a sector file and their types."""
    return {key: kind for key, kind in get_type_hints(Sector, include_extras=True).items() if key != "path"}


def _value(key: str, value: Any, kind: Any, where: Path) -> Any:
    """Convert the value of one key for ``Sector``: checked type, absolute file paths. Raises ConfigError."""
    folder = where.resolve().parent

    def existing(_: type, name: Any) -> Path:
        if not isinstance(name, str):
            raise TypeError(f"Expected `str`, got `{type(name).__name__}`")
        return _existing(folder / name, key, where)

    if key == "zone" and isinstance(value, dict):
        return ZoneEdges.of(value, where=str(where))
    try:
        converted = msgspec.convert(value, kind, dec_hook=existing)
    except msgspec.ValidationError as error:
        right_type, expected = ALLOWED.get(key, ((), ""))
        if isinstance(value, right_type) and not isinstance(value, bool):
            raise ConfigError(f"{key} = {value!r}", where=str(where), expected=expected) from None
        expected = str(error).removeprefix("Expected ").replace(" | null", "").partition(" - at ")[0]
        raise ConfigError(f"{key} = {value!r} has the wrong type", where=str(where), expected=expected) from None
    return _rasters(converted, key, where) if key in RASTERS else converted


def _rasters(name: str, key: str, where: Path) -> str:
    """Resolve a raster: the sample, a GDAL address or name, a pattern, or a path relative to the sector file."""
    if name == SAMPLE_TERRAIN or "://" in name or name.startswith("/vsi"):
        return name
    file = where.resolve().parent / name
    return str(file) if has_magic(name) else str(_existing(file, key, where))


def _existing(file: Path, key: str, where: Path) -> Path:
    """Return the path; raises ConfigError without such a file. A layer may be named, as ``FILE|layername=LAYER``."""
    there = Path(str(file).partition("|layername=")[0]) if key in LAYERED else file
    if not there.exists():
        raise ConfigError(
            f"{key}: there is no file {there.name!r}", where=str(where), expected="a path beside the file"
        )
    return file


def layout_path(sector: Sector, layout: str | None) -> Path:
    """Return the file of a layout: by its name in the sector, by path, or the sector's first layout."""
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
    """Read (lon, lat) of each patrol base by name from a GeoJSON file; empty without one. Raises ConfigError."""
    if path is None:
        return {}
    try:
        bases = {}
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
            properties, (lon, lat) = feature["properties"], feature["geometry"]["coordinates"][:2]
            bases[str(properties.get("name", properties.get("id", "base")))] = (float(lon), float(lat))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ConfigError("cannot be read", where=str(path), expected="GeoJSON points with properties") from None
    return bases
