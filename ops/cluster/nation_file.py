"""Nation files: the sectors that one cluster runs. TOML; unknown keys are errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geo.errors import BadInput
from geo.names import HIDDEN, ONE_LINE
from ingest.topics import identifier
from ops.sector.sector_file import Sector, load_sector
from ops.sector.toml_record import ConfigError, read_toml, record_from

if TYPE_CHECKING:
    from ops.sector.open_sector import OpenSector

FILE: Final = "nation.toml"
"""Name of the nation file in a folder."""
_OWN: Final = re.compile(
    r"audit|dask|keys|logs|machines|tls|machine(\.lock)?|cluster\.lock|broker\.url|waiting\.json|publication\.key"
    r"|(accounts|audit|keys|leases|nation)\.postgres|(accounts|leases|nation)\.db(-\w+)?"
)
"""Files and folders that a cluster has in its data folder beside the folders of the sectors."""
SHARED_M: Final = 1000.0
"""Length of border that two neighbouring sectors may both watch: ends of lines drawn by different hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NationFile:
    """A nation file as read.

    Parameters
    ----------
    name : str
        Name in messages: 1 to 64 letters, digits, dots, underscores and hyphens.
    title : str
        Name for people.
    sectors : list of str
        Sector files, or folders that hold one, relative to the nation file.
    """

    name: str
    title: str = ""
    sectors: list[str]


@dataclass(frozen=True, slots=True)
class Nation:
    """A nation file whose sector files have been read."""

    name: str
    title: str
    sectors: tuple[Sector, ...]
    path: Path


def load_nation(path: Path) -> Nation:
    """Read a nation file and its sector files.

    Raises ConfigError for a file that cannot be used, for two sectors whose names are equal or differ in case only, and
    for one whose folder would be a file or folder of the cluster.
    """
    path, read = read_nation(path)
    where = f"{path}: sectors"
    sectors = tuple(load_sector(path.parent / text) for text in read.sectors)
    for sector in sectors:
        if is_of_cluster(sector.name):
            what = f"{sector.path} has the name {sector.name!r}, which a cluster needs for a file or folder of its own"
            raise ConfigError(what, where=where, expected="another name for the sector", key="sectors")
    for one, other in combinations(sectors, 2):
        if one.name == other.name:
            what = f"{one.path} and {other.path} have the same name {one.name!r}"
            raise ConfigError(what, where=where, expected="a name of its own for each sector", key="sectors")
        if one.name.casefold() == other.name.casefold():  # one folder, on a file system that ignores case
            what = (
                f"{one.path} and {other.path} have the names {one.name!r} and {other.name!r}, which differ in case only"
            )
            raise ConfigError(what, where=where, expected="names that differ in more", key="sectors")
    return Nation(read.name, read.title, sectors, path.resolve())


def is_of_cluster(name: str) -> bool:
    """Whether a file or folder of this name in a data folder is the cluster's own; some file systems ignore case."""
    return _OWN.fullmatch(name.casefold()) is not None


def read_nation(path: Path) -> tuple[Path, NationFile]:
    """Read a nation file, or that of a folder, without its sector files; return its path and content.

    Raises ConfigError for a file that cannot be used.
    """
    path = path / FILE if path.is_dir() else path
    read = record_from(NationFile, read_toml(path), where=str(path))
    try:
        identifier(read.name, f"{path}: name")
    except BadInput as error:
        raise ConfigError(error.what, where=error.where, expected=error.expected, key="name") from None
    for key, texts in (("title", [read.title]), ("sectors", read.sectors)):
        hidden = next((text for text in texts if HIDDEN.search(text)), None)
        if hidden is not None:
            raise ConfigError(f"{key} has {hidden!a}", where=str(path), expected=ONE_LINE, key=key)
    if not read.sectors:
        raise ConfigError("is empty", where=f"{path}: sectors", expected="at least one sector file", key="sectors")
    return path, read


def is_nation(path: Path) -> bool:
    """Whether a path is a nation file rather than a sector file: by its key ``sectors``, or by its name in a folder."""
    if path.is_dir():
        return (path / FILE).is_file() and not (path / "sector.toml").exists()
    try:
        return path.is_file() and "sectors" in read_toml(path)
    except ConfigError:
        return False


def open_sectors(nation: Nation) -> dict[str, OpenSector]:
    """Open every sector of a nation with its first layout; return them by name."""
    from ops.sector.open_sector import open_sector

    return {sector.name: open_sector(sector) for sector in nation.sectors}


def reaches_of(grounds: Mapping[str, OpenSector]) -> dict[str, list[tuple[float, float, float]]]:
    """Return longitude, latitude and range [m] of each sensor, by sector."""
    return {
        name: [(sensor.lon, sensor.lat, sensor.max_range_m) for sensor in ground.layout.sensors]
        for name, ground in grounds.items()
    }


def refuse_overlaps(nation: Nation, grounds: Mapping[str, OpenSector]) -> None:
    """Raise ConfigError for two sectors whose borders run together for more than ``SHARED_M``."""
    import geopandas as gpd

    lines = {name: _line_of(ground) for name, ground in grounds.items()}
    for one, other in combinations(nation.sectors, 2):
        both = gpd.GeoSeries([lines[one.name], lines[other.name]], crs=4326)
        own, near = both.to_crs(both.estimate_utm_crs())
        shared_m = own.intersection(near.buffer(min(one.belt_m, other.belt_m) / 10)).length
        if shared_m > SHARED_M:
            what = f"{one.name} and {other.name} watch the same {shared_m / 1000:.1f} km of border"
            expected = f"sectors that share at most {SHARED_M / 1000:.0f} km"
            raise ConfigError(what, where=f"{nation.path}: sectors", expected=expected, key="sectors")


def _line_of(ground: OpenSector) -> Any:
    """Return the line that a sector watches, as far as its terrain reaches, in longitude and latitude."""
    import numpy as np
    import shapely

    def to_lonlat(points: np.ndarray) -> np.ndarray:
        return np.column_stack(ground.frame.to_lonlat(points[:, 0], points[:, 1]))

    return shapely.transform(ground.crossed.line, to_lonlat)
