"""Known properties of a new sector, and the refusal of everything that later commands could not use."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from geo.errors import BadInput
from geo.message import Message
from geo.names import HIDDEN, ONE_LINE
from geo.tile_archive import TileArchive
from ops.sector.schemas import NAMES
from ops.sector.sector_file import base_errors, read_bases
from ops.sector.ways import check_map_file

if TYPE_CHECKING:
    import xarray as xr

    from geo.border import Border
    from geo.frame import LocalFrame

EXAMPLES: Final = ("towers", "basic")
"""The example layouts."""
CLEAR_OF_THE_LINE_M: Final = 10.0
"""A position nearer to the border than this does not show a side: surveys of borders and maps differ by as much."""


@dataclass(frozen=True, slots=True)
class NewSector:
    """Known properties of a new sector.

    Parameters
    ----------
    folder : Path
        Folder to write into.
    terrain : str
        Elevations: anything that the key ``terrain`` of a sector file takes.
    border : Path
        Map file of the border line.
    border_where : str
        Filter that selects features of the border file; empty: all.
    own_side : str
        ``left`` or ``right`` of the line, or ``LON,LAT`` of a position on the own side; empty: not stated.
    name : str
        Name of the sector; empty: that of the folder.
    bases, roads, rivers, settlements, layout, base_map : Path, optional
        Files that exist.
    credit : str, optional
        Credit line of the map files; None: that of OpenStreetMap if one of them states that it comes from there.
    """

    folder: Path
    terrain: str
    border: Path
    border_where: str = ""
    own_side: str = ""
    name: str = ""
    bases: Path | None = None
    roads: Path | None = None
    rivers: Path | None = None
    settlements: Path | None = None
    layout: Path | None = None
    base_map: Path | None = None
    credit: str | None = None

    @property
    def map_files(self) -> list[Path]:
        """The files that the map draws."""
        return [file for file in (self.roads, self.rivers, self.settlements, self.base_map) if file is not None]


def refuse_early(new: NewSector) -> None:
    """Raise BadInput for what is wrong before terrain and border are opened, which takes a while."""
    name_of(new)
    _refuse_existing(new)
    _refuse_bases(new.bases)
    if new.own_side not in ("", "left", "right"):
        _position(new.own_side)
    if new.credit is not None and HIDDEN.search(new.credit):
        raise BadInput(f"{new.credit!a}", where="--credit", expected=ONE_LINE)
    if new.base_map is not None:
        try:
            TileArchive.open(new.base_map)
        except BadInput as error:
            raise BadInput(error.what, where=f"--base-map {new.base_map}", expected=error.expected) from None


def name_of(new: NewSector) -> str:
    """Return the name of a new sector; TopicError for one that cannot be part of a topic."""
    from ingest.topics import identifier

    if new.name:
        return identifier(new.name, "--name")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", new.folder.resolve().name).strip("-._")[:64]
    return name or "sector"


def _refuse_existing(new: NewSector) -> None:
    parent = next(one for one in (new.folder, *new.folder.absolute().parents) if one.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        what = "is a file" if not parent.is_dir() else "cannot be written"
        raise BadInput(what, where=str(parent), expected="a folder to write in")
    names = ["sector.toml", "bases.geojson", *(f"layout_{one}.geojson" for one in EXAMPLES)]
    names += [f"schema/{one}.schema.json" for one in NAMES]
    there = [name for name in names if (new.folder / name).exists()]
    if there:
        raise BadInput(
            f"{', '.join(there)} already exist{'s' if len(there) == 1 else ''}",
            where=str(new.folder),
            expected="a folder without a sector; nothing is overwritten",
        )


def _refuse_bases(path: Path | None) -> None:
    """Raise BadInput for a file of bases that has an error, or no base."""
    if path is None:
        return
    errors = [f"{place}: {found.what}" if place else found.what for place, found in base_errors(path)]
    if not errors and not read_bases(path):
        errors = ["has no base"]
    if errors:
        raise BadInput(_first(errors), where=f"--bases {path}", expected="GeoJSON points with a name")


def refuse_files(new: NewSector, frame: LocalFrame, terrain: xr.Dataset) -> list[Message]:
    """Raise BadInput for a map file or layout that later commands would refuse; name what is empty."""
    from sensors.layout import Layout
    from sensors.layout_errors import layout_file_errors

    empty = []
    for kind, file in (("roads", new.roads), ("rivers", new.rivers), ("settlements", new.settlements)):
        if file is None:
            continue
        try:
            count = check_map_file(kind, file, frame, terrain)
        except BadInput as error:
            raise BadInput(error.what, where=f"--{kind} {file}", expected=error.expected) from None
        if not count:
            empty.append(Message("sector-notice-map-empty", {"kind": kind}))
    if new.layout is not None:
        found = layout_file_errors(new.layout, frame)
        if found:
            named = [
                f"{error.where}: {error.what}" if error.where.startswith("sensor") else error.what for error in found
            ]
            raise BadInput(_first(named), where=f"--layout {new.layout}", expected=found[0].expected)
        if not len(Layout.from_file(new.layout, frame)):
            empty.append(Message("sector-notice-no-sensors"))
    return empty


def side_of_position(own_side: str, left: Border, terrain: xr.Dataset) -> Literal["left", "right"]:
    """Return the side of a border on which a position on the terrain is; BadInput where it is on the border itself."""
    easting, northing = left.frame.to_local(*_position(own_side))
    if not _is_on(terrain, easting, northing):
        raise BadInput(
            f"{own_side} is outside the terrain",
            where="--own-side",
            expected="LON,LAT near the border, longitude first",
        )
    offset = float(left.locate(easting, northing)[2])
    if not abs(offset) >= CLEAR_OF_THE_LINE_M:
        raise BadInput(
            f"{own_side} is on the border itself",
            where="--own-side",
            expected=f"a position at least {CLEAR_OF_THE_LINE_M:g} m beside it",
        )
    return "left" if offset > 0.0 else "right"


def side_of_bases(bases: Path, left: Border, terrain: xr.Dataset) -> Literal["left", "right"]:
    """Return the side of a border on which most bases on the terrain are; BadInput where they do not show it."""
    positions = [left.frame.to_local(lon, lat) for lon, lat in read_bases(bases).values()]
    offsets = [float(left.locate(*one)[2]) for one in positions if _is_on(terrain, *one)]
    if not offsets:
        raise BadInput(
            "no base is on the terrain", where=f"--bases {bases}", expected="positions near the border, longitude first"
        )
    on_left = sum(offset >= CLEAR_OF_THE_LINE_M for offset in offsets)
    on_right = sum(offset <= -CLEAR_OF_THE_LINE_M for offset in offsets)
    if on_left == on_right:
        what = f"{on_left} of {len(offsets)} bases on the left of the border and {on_right} on the right"
        raise BadInput(what, where=f"--bases {bases}", expected="--own-side, which states the own side")
    return "left" if on_left > on_right else "right"


def _is_on(terrain: xr.Dataset, easting: float, northing: float) -> bool:
    from geo.terrain import bounds

    west, south, east, north = bounds(terrain)
    return bool(west <= easting <= east and south <= northing <= north)


def checked_side(own_side: str) -> str:
    """Return the own side as it was stated; BadInput for one that is not left, right or a position."""
    if own_side not in ("left", "right"):
        _position(own_side)
    return own_side


def _position(text: str) -> tuple[float, float]:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise BadInput(f"{text!r}", where="--own-side", expected="left, right, or LON,LAT in degrees") from None
    if not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
        raise BadInput(f"{text!r}", where="--own-side", expected="longitude before latitude, in degrees")
    return lon, lat


def _first(errors: list[str]) -> str:
    """Return the first of several errors, and how many others there are."""
    others = len(errors) - 1
    return errors[0] + (f" ({others} more error{'s' if others > 1 else ''})" if others else "")
