"""Sector and settings files: TOML in, one frozen object out. Unknown keys are errors; secrets stay outside."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from ops.sector.samples import samples_folder
from ops.sector.toml_record import ConfigError, _read_toml
from ops.sector.zone_table import ZoneEdges

if TYPE_CHECKING:
    pass

SAMPLE_TERRAIN = "sample:jacksboro"
DEFAULT_SECTOR = "cumberland"


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


def cache_folder() -> Path:
    """Where Watchline keeps what it can make again: ``WATCHLINE_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("WATCHLINE_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("watchline")


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
