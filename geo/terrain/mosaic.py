"""Mosaics: the rasters that a path refers to, and the joining of tiles of one grid."""

from __future__ import annotations

import glob
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from geo.errors import TerrainError
from geo.terrain.safe_open import is_remote
from geo.terrain.source import RasterSource
from geo.terrain.vrt import joined

TILE_NAME = re.compile(r".*\.(tiff?|hgt|asc|img|dem|dt[0-2]|jp2|bil|flt|bt|nc|grd|sdat|vrt|zip)", re.IGNORECASE)
"""File names of tiles in a folder; a virtual raster counts only if it is alone, as it is often the tiles' index."""
NO_MEMBER = re.compile(r"\.(zip|vrt)$|(^|/)\.\.(/|$)", re.IGNORECASE)  # not read from an archive
ALIGNMENT_CELLS = 0.01  # tiles of one grid may deviate by this fraction of a cell, from rounding in their headers

Paths = str | Path | Sequence[str | Path]


def tile_names(path: Paths) -> list[str]:
    """The rasters that a path refers to, in order: itself, those of a folder, zip or glob by name, or each of a list.

    Raises TerrainError if a folder or glob contains none, and for an empty list.
    """
    if isinstance(path, str | Path):
        return _expanded(str(path))
    if not isinstance(path, Iterable):
        raise TerrainError(f"{path!r}", where="terrain", expected="the path of a raster, or a list of them")
    names = [name for item in path for name in _expanded(str(item))]
    if not names:
        raise TerrainError("no tile is given", where="terrain", expected="at least one raster")
    return names


def _expanded(name: str) -> list[str]:
    if is_remote(name) or name.startswith(("/vsi", "<")):
        return [name]
    path = Path(name)
    if path.is_dir():
        rasters = sorted(str(item) for item in path.iterdir() if TILE_NAME.fullmatch(item.name) and item.is_file())
        tiles = [item for item in rasters if not item.lower().endswith(".vrt")] or rasters
        holds_raster = any(path.glob("*.adf"))  # a folder that is itself one raster
        if tiles or not holds_raster:
            return _at_least_one(tiles, name, "files such as .tif, .hgt, .asc, .img, .dt2, .jp2")
        return [name]
    if path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
        return _members(path) or [name]
    if glob.has_magic(name) and not path.exists():
        return _at_least_one(sorted(glob.glob(name, recursive=True)), name, "a pattern that some file fits")
    return [name]


def _members(path: Path) -> list[str]:
    """The rasters in a zip archive, by GDAL's name for them."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except (OSError, zipfile.BadZipFile, NotImplementedError):
        return []
    rasters = [member for member in sorted(members) if TILE_NAME.fullmatch(member) and not NO_MEMBER.search(member)]
    return [f"/vsizip/{path.absolute()}/{member}" for member in rasters]


def _at_least_one(names: list[str], where: str, expected: str) -> list[str]:
    if not names:
        raise TerrainError("no raster is there", where=where, expected=expected)
    return names


def join_tiles(tiles: Sequence[RasterSource]) -> list[RasterSource]:
    """Join tiles by grid without copying: one source for each grid, in the order of the grids' first tiles.

    Tiles are of one grid if system and cell size are equal, no tile is rotated, and their cells coincide. Where tiles
    of a grid overlap the later valid cell counts; where grids do, the later grid. Within a grid seams are exact. Raises
    TerrainError if the height datums differ.
    """
    first = tiles[0]
    groups: list[list[RasterSource]] = []
    for tile in tiles:
        if tile.datum != first.datum:
            raise TerrainError(
                f"heights above {tile.datum!r}, not {first.datum!r} as those of {first.label}",
                where=tile.label,
                expected="tiles of one height datum",
            )
        for group in groups:
            if _same_grid(group[0], tile):
                group.append(tile)
                break
        else:
            groups.append([tile])
    return [_joined(group) if len(group) > 1 else group[0] for group in groups]


def _same_grid(first: RasterSource, tile: RasterSource) -> bool:
    a, b = first.transform, tile.transform
    if first.wkt != tile.wkt or (a.b, a.d, b.b, b.d) != (0.0, 0.0, 0.0, 0.0):
        return False
    column, row = (b.c - a.c) / a.a, (b.f - a.f) / a.e
    drift = max(abs(b.a / a.a - 1.0) * tile.columns, abs(b.e / a.e - 1.0) * tile.rows)
    return max(drift, abs(column - round(column)), abs(row - round(row))) <= ALIGNMENT_CELLS


def _joined(tiles: Sequence[RasterSource]) -> RasterSource:
    steps = tiles[0].transform
    places = [
        (round((tile.transform.f - steps.f) / steps.e), round((tile.transform.c - steps.c) / steps.a)) for tile in tiles
    ]
    top, left = min(row for row, _ in places), min(column for _, column in places)
    rows = max(row + tile.rows for (row, _), tile in zip(places, tiles, strict=True)) - top
    columns = max(column + tile.columns for (_, column), tile in zip(places, tiles, strict=True)) - left
    shifted = [(row - top, column - left) for row, column in places]
    return joined(tiles, shifted, steps @ steps.translation(left, top), rows, columns)
