"""Sector files: reads TOML into one frozen object. Unknown keys are errors; secrets are not part of the file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from glob import has_magic
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from geo.errors import BadInput
from geo.names import HIDDEN, ONE_LINE, did_you_mean
from geo.text_files import EXPECTED_SYSTEM, NotReadable, other_system, read_json
from geo.vector_files import file_and_layer
from ingest.errors import TopicError
from ingest.topics import identifier
from ops.sector.samples import sample_names, samples_folder
from ops.sector.toml_record import PLAIN, ConfigError, raise_all, read_toml, unknown_key
from ops.sector.zone_table import ZoneEdges

SAMPLE_TERRAIN = "sample:jacksboro"
DEFAULT_SECTOR = "cumberland"


Metres = Annotated[float, Meta(gt=0.0, lt=1e7)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """A sector file as read. Paths are absolute; every field but ``path`` is a key of the file.

    Parameters
    ----------
    name : str
        Name in topics and folders: 1 to 64 letters, digits, dots, underscores and hyphens.
    title : str
        Name for people.
    terrain : str
        Elevations: a raster, a folder or pattern of tiles, an address, or ``sample:jacksboro``.
    nodata : float
        Value that marks voids in the terrain, besides those that its files declare.
    canopy_height : str
        Raster of the height of trees above ground, in metres or the unit that it states.
    land_cover : str
        Raster of land cover: class codes of ESA WorldCover.
    border : path
        Map file of the border line; with a zone, of its two edges or its area.
    border_where : str
        Filter that selects features of the border file by their attributes, as in SQL: ``adm0_left = 'Spain'``.
    frame : "auto" or int
        EPSG code of the projected coordinate system in metres; auto: one that fits the terrain and the border.
    segment_length_m : float, m
        Length of a border segment.
    belt_m : float, m
        Distance from the border, on either side, within which coverage is analysed.
    home_side : "left" or "right"
        Own side, seen along the border line from its start to its end; a zone defines it itself.
    layouts : table
        Layout files by name, GeoJSON or GeoPackage; the first is the default.
    bases : path
        GeoJSON points of patrol bases.
    areas : path
        GeoJSON polygons of named areas, each with ``id``, ``name`` and ``kind``: danger, restricted, watch or
        crossing_point. They are shown on maps and in TAK, and alerts name those in which a target is.
    time_zone : str
        Time zone for people, such as ``Europe/Nicosia``.
    language : "en" or "fr"
        Language of what a running sector publishes for people; without it that of the environment.
    signatures : "required" or "optional"
        Whether unsigned messages are refused; without it only with an embedded broker.
    roads, rivers, fords : path
        Map file of roads and paths, of rivers, of fords; ``FILE|layername=LAYER`` names one of several layers.
    settlements : path
        Map file of inhabited places, points or areas.
    base_map : path
        Base map below the sector's own map files: a PMTiles archive of vector tiles or pictures.
    map_credit : str
        Credit line of the map files, shown on the map, such as ``© OpenStreetMap contributors``.
    sections : path
        Map file of lines along the border with the columns ``name`` and ``impact_level``.
    indicators : path
        Indicators of the scorecard: a table, or the history that ``watchline indicators import`` writes.
    outcomes : path
        Table of outcomes of crossings by place and period, for the scorecard.
    action_plan : path
        National Action Plan (TOML), whose status the scorecard states.
    store : str
        Data folder of ``watchline run``, or its store.db: the incidents that the scorecard counts. It may be created
        later.
    challenge : str
        Output folder of ``watchline challenge``, for coverage and interruption in the scorecard. It may be created
        later.
    training : path
        Training records that ``watchline drill`` keeps, of which the scorecard counts the drills.
    screening : bool
        Whether ``watchline screening`` may apply rules to made-up movements.
    risk_decision : path
        A decision on risk, which ``watchline risk --decided-by`` writes.
    risk_feeds : list
        What the decision on risk changes: ``alerts`` (their priority), ``patrols`` (their schedule), ``planner`` (its
        objective); none without the key.
    zone : table
        A border with two edges: ``inner`` and ``outer``, filters of two lines of the border file; or ``home``, a
        position [lon, lat] on the own side of one polygon, and ``ends``, two positions where its outline is cut.
    path : path
        The sector file itself.
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
    areas: Path | None = None
    time_zone: str = "UTC"
    language: Literal["en", "fr"] | None = None
    signatures: Literal["required", "optional"] | None = None
    roads: Path | None = None
    rivers: Path | None = None
    fords: Path | None = None
    settlements: Path | None = None
    base_map: Path | None = None
    map_credit: str = ""
    sections: Path | None = None
    indicators: Path | None = None
    outcomes: Path | None = None
    action_plan: Path | None = None
    store: str | None = None
    challenge: str | None = None
    training: Path | None = None
    screening: bool = False
    risk_decision: Path | None = None
    risk_feeds: tuple[Literal["alerts", "patrols", "planner"], ...] = ()
    zone: ZoneEdges | None = None
    path: Path


REQUIRED: Final = ("name", "terrain", "border", "layouts")
ALSO_CALLED: Final = {
    "dem": "terrain",
    "elevation": "terrain",
    "own_side": "home_side",
    "side": "home_side",
    "where": "border_where",
    "epsg": "frame",
    "crs": "frame",
    "layout": "layouts",
    "timezone": "time_zone",
    "places": "settlements",
    "credit": "map_credit",
    "basemap": "base_map",
    "pmtiles": "base_map",
    "geofences": "areas",
    "geofence": "areas",
    "attribution": "map_credit",
}
"""Names that people expect, and the keys that are meant."""
RASTERS: Final = ("terrain", "canopy_height", "land_cover")
MADE_LATER: Final = ("store", "challenge")
"""Keys for what other commands write; only the command that reads it requires it to exist."""
LAYERED: Final = frozenset({"border", "roads", "rivers", "fords", "settlements", "sections", "layouts"})
"""The keys whose map file may have several layers, of which one is named."""
ALLOWED: Final[Mapping[str, tuple[type | tuple[type, ...], str]]] = {
    "frame": (str, "'auto' or an EPSG code as a number"),
    "segment_length_m": ((int, float), "metres above zero"),
    "belt_m": ((int, float), "metres above zero"),
    "home_side": (str, "'left' or 'right'"),
    "signatures": (str, "'required' or 'optional'"),
    "language": (str, "'en' or 'fr'"),
    "risk_feeds": (list, "a list of 'alerts', 'patrols' and 'planner'"),
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
    """Load the sector of a TOML file, of the folder that holds it, or a sample by name (``cumberland``).

    Raises ConfigError naming a key that is unknown, missing or of a wrong type, or whose file does not exist; with
    several errors it stands for all of them (``ConfigError.more``).
    """
    path = sector_path(name_or_path)
    values, errors = read_sector(path)
    raise_all(errors)
    return Sector(**values, path=path.resolve())


def sector_path(name_or_path: str | Path) -> Path:
    """Return the file of a sector: the named one, ``sector.toml`` in a named folder, or a sample's. ConfigError."""
    path = Path(name_or_path)
    if path.suffix != ".toml" and not path.exists():
        sample = samples_folder() / str(name_or_path) / "sector.toml"
        if not sample.exists():
            names, name = sample_names(), str(name_or_path)
            raise ConfigError(
                f"no sector {name!r}{did_you_mean(name, names)}",
                where="SECTOR",
                expected=f"a sector file (TOML), its folder, or a sample: {', '.join(names)}",
            )
        return sample
    return path / "sector.toml" if path.is_dir() else path


def read_sector(path: Path) -> tuple[dict[str, Any], list[ConfigError]]:
    """Read a sector file without stopping at its first error.

    Returns
    -------
    values : dict
        Arguments of Sector for the keys that can be used.
    errors : list of ConfigError
        Every error; the file is usable only without one.

    Raises
    ------
    ConfigError
        For a file that cannot be read at all.
    """
    table = read_toml(path)
    keys = _keys()
    where = str(path)
    errors = [unknown_key(key, keys, where=where, also=ALSO_CALLED) for key in table if key not in keys]
    errors += [
        ConfigError(f"the key {key!r} is missing", where=where, expected="name, terrain, border and layouts", key=key)
        for key in REQUIRED
        if key not in table
    ]
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in keys:
            value, found = _checked(key, value, keys[key], path)
            errors += found
            if value is not None:
                values[key] = value
    zone = values.get("zone")
    for key in ("home_side", *(("border_where",) if zone is not None and zone.home is None else ())):
        if zone is not None and key in table:
            expected = "one of them: a zone states its own side and how its edges are found"
            errors.append(ConfigError(f"{key} beside [zone]", where=where, expected=expected, key=key))
    if "risk_feeds" in table and "risk_decision" not in table:
        expected = "risk_decision, the file that `watchline risk --decided-by` writes"
        errors.append(ConfigError("risk_feeds without risk_decision", where=where, expected=expected, key="risk_feeds"))
    return values, errors


def _checked(key: str, value: Any, kind: Any, path: Path) -> tuple[Any, list[ConfigError]]:
    """Return the value of one key for ``Sector``, or None, and its errors."""
    if key == "layouts" and isinstance(value, dict):
        return _checked_layouts(value, path)
    try:
        converted = _value(key, value, kind, path)
        _refuse_unusable(key, converted, path)
    except BadInput as error:
        return None, [ConfigError(error.what, where=error.where, expected=error.expected, key=key)]
    return converted, []


def _checked_layouts(table: Mapping[str, Any], path: Path) -> tuple[dict[str, Path] | None, list[ConfigError]]:
    if not table:
        return None, [
            ConfigError("layouts is empty", where=str(path), expected="at least one layout file", key="layouts")
        ]
    found, errors = {}, []
    for name, file in table.items():
        if HIDDEN.search(name) or not name.strip():
            errors.append(
                ConfigError(f"a layout is called {name!a}", where=str(path), expected=ONE_LINE, key="layouts")
            )
            continue
        try:
            found[name] = _value("layouts", {name: file}, Mapping[str, Path], path)[name]
        except ConfigError as error:
            errors.append(ConfigError(error.what, where=error.where, expected=error.expected, key=f"layouts.{name}"))
    return found or None, errors


def _refuse_unusable(key: str, value: Any, path: Path) -> None:
    """Raise ConfigError for a name that cannot be part of a topic, a text that hides text, an unknown time zone."""
    if key in ("title", "map_credit") and HIDDEN.search(value):
        raise ConfigError(f"{key} = {value!a}", where=str(path), expected=ONE_LINE)
    if key == "name":
        try:
            identifier(value, "name")
        except TopicError as error:
            raise ConfigError(f"name = {value!r}", where=str(path), expected=error.expected) from None
    if key == "time_zone":
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ConfigError(
                f"time_zone = {value!r}", where=str(path), expected="a name such as 'Europe/Nicosia'"
            ) from None


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
        named = str(error).removeprefix("Expected ").partition(" - at ")[0].partition(", got")[0]
        kinds = [PLAIN.get(kind, kind) for kind in named.replace("`", "").split(" | ") if kind != "null"]
        expected = " or ".join(kinds)
        raise ConfigError(f"{key} = {value!r} has the wrong type", where=str(where), expected=expected) from None
    if key in MADE_LATER:
        return _made_later(converted, key, where)
    return _rasters(converted, key, where) if key in RASTERS else converted


def _made_later(name: str, key: str, where: Path) -> str:
    """Resolve a path relative to the sector file, whether or not it exists."""
    if not name.strip() or HIDDEN.search(name):
        raise ConfigError(f"{key} = {name!a}", where=str(where), expected="a path relative to the sector file")
    return str(where.resolve().parent / name)


def _rasters(name: str, key: str, where: Path) -> str:
    """Resolve a raster: the sample, a GDAL address or name, a pattern, or a path relative to the sector file."""
    if name == SAMPLE_TERRAIN or "://" in name or name.startswith("/vsi"):
        return name
    file = where.resolve().parent / name
    return str(file) if has_magic(name) else str(_existing(file, key, where))


def _existing(file: Path, key: str, where: Path) -> Path:
    """Return the path; raises ConfigError without such a file. A layer may be named, as ``FILE|layername=LAYER``."""
    there = file_and_layer(file)[0] if key in LAYERED else file
    if not there.exists():
        raise ConfigError(
            f"{key}: there is no file {there.name!r}", where=str(where), expected="a path relative to the sector file"
        )
    return file


def topic_name(sector: str) -> str:
    """Return a sector's name in topics: that of the sector file or sample, or, without such a file, the text itself.

    Raises TopicError for a text that no topic can hold, and ConfigError for a file that is not a sector file.
    """
    path = Path(sector)
    if path.suffix == ".toml" or path.exists() or sector in sample_names():
        return load_sector(sector).name
    return identifier(sector, "SECTOR")


def layout_path(sector: Sector, layout: str | None) -> Path:
    """Return the file of a layout: by its name in the sector, by path, or the sector's first layout."""
    if layout is None:
        return next(iter(sector.layouts.values()))
    if layout in sector.layouts:
        return sector.layouts[layout]
    if file_and_layer(layout)[0].is_file():
        return Path(layout)
    raise ConfigError(
        f"{sector.path} has no layout {layout!r}{did_you_mean(layout, sector.layouts)}",
        where="LAYOUT",
        expected=f"one of {', '.join(sector.layouts)}, or a file",
    )


def read_bases(path: Path | None) -> dict[str, tuple[float, float]]:
    """Read (lon, lat) of each patrol base by name from a GeoJSON file; empty without one. Raises ConfigError."""
    if path is None:
        return {}
    bases: dict[str, tuple[float, float]] = {}
    for place, found in _bases_in(path):
        if isinstance(found, ConfigError):
            what = f"{place}: {found.what}" if place else found.what
            raise ConfigError(what, where=str(path), expected=found.expected)
        bases[found[0]] = found[1:]
    return bases


def base_errors(path: Path) -> list[tuple[str, ConfigError]]:
    """Return every error of a file of bases, each with the feature concerned."""
    return [(place, found) for place, found in _bases_in(path) if isinstance(found, ConfigError)]


def _bases_in(path: Path) -> Iterator[tuple[str, tuple[str, float, float] | ConfigError]]:
    """Yield the place of each base in the file, with its name, longitude and latitude, or with an error."""
    expected = "a GeoJSON FeatureCollection of points"
    try:
        document = read_json(path)
    except OSError as error:
        yield "", ConfigError(f"cannot be read ({error.strerror})", where=str(path), expected=expected)
        return
    except NotReadable as error:
        yield "", ConfigError(str(error), where=str(path), expected=expected)
        return
    features = document.get("features") if isinstance(document, dict) else None
    if isinstance(document, dict) and document.get("type") != "FeatureCollection":
        yield "", ConfigError("is not a FeatureCollection", where=str(path), expected=expected)
        return
    if (wrong := other_system(document)) is not None:
        yield "", ConfigError(wrong, where=str(path), expected=EXPECTED_SYSTEM)
        return
    if not isinstance(features, list):
        yield "", ConfigError("has no list of features", where=str(path), expected=expected)
        return
    names: dict[str, int] = {}
    for number, feature in enumerate(features, start=1):
        place = f"feature {number}"
        try:
            properties = dict(feature.get("properties") or {})
            shape = str(feature["geometry"]["type"])
            lon, lat = (float(part) for part in feature["geometry"]["coordinates"][:2]) if shape == "Point" else (0, 0)
        except (KeyError, TypeError, ValueError, AttributeError):
            yield place, ConfigError("has no point", where=str(path), expected="a GeoJSON point with a name")
            continue
        if shape != "Point":
            yield place, ConfigError(f"is a {shape[:40]!r}", where=str(path), expected="a GeoJSON point with a name")
            continue
        if not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
            found = f"longitude {lon:g}, latitude {lat:g} is not on Earth"
            yield place, ConfigError(found, where=str(path), expected="degrees, longitude first")
            continue
        name = next((properties[key] for key in ("name", "id") if properties.get(key) is not None), None)
        if not isinstance(name, (str, int)) or not str(name).strip():
            yield (
                place,
                ConfigError(
                    f"has the name {name!r}" if name is not None else "has no name",
                    where=str(path),
                    expected="the key name, as text",
                ),
            )
        elif HIDDEN.search(str(name)):
            yield place, ConfigError(f"is called {name!a}", where=str(path), expected=ONE_LINE)
        elif str(name) in names:
            what = f"is called {name!r}, as feature {names[str(name)]} is"
            yield place, ConfigError(what, where=str(path), expected="a name for each base that no other base has")
        else:
            names[str(name)] = number
            yield place, (str(name), lon, lat)
