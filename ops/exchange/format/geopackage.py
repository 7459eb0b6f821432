"""The product as GeoPackage: written by GDAL, the same bytes for the same records; read as untrusted SQLite."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from geo.arrays import Floats
from geo.errors import FrameError
from geo.names import HIDDEN
from ops.exchange.agreements import Agreement
from ops.exchange.fields import ALWAYS, COVERAGE, FIELDS
from ops.exchange.format.manifest import YEARS, Manifest
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.grid import AgreedGrid, is_inside

if TYPE_CHECKING:
    import geopandas as gpd

MOST_RECORDS: Final = 200_000
"""Records of a package."""
WITHIN_DEGREES: Final = 2e-6
"""Tolerance of positions on the grid, 0.2 m: two versions of PROJ."""
_OWN_TABLES: Final = ("gpkg_", "rtree_", "sqlite_")
_MOST_GEOMETRY_BYTES: Final = 400
"""Of a geometry: a point or a cell. Collections within collections, a thousand deep, would end the process."""
_MOST_VALUE_BYTES: Final = 20_000
"""Of a value or row: many rows may point to the same large value. The statements of the schema are shorter."""
_ID: Final = 64
_NAME: Final = 120
_GEOMETRY: Final = "geom"
_CODE: Final = re.compile(r"(?:[a-z][a-z0-9_]*)?")
_CELL: Final = re.compile(r"cell_(-?\d{1,9})_(-?\d{1,9})")


def written(layers: Mapping[str, gpd.GeoDataFrame], made_at: datetime) -> bytes:
    """Return the GeoPackage with the layers; the time in it is that of the package."""
    import pyogrio  # a second to import, which only the sender needs

    stamp = made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        with TemporaryDirectory(prefix="watchline-exchange-") as folder:
            path = Path(folder) / "product.gpkg"
            for number, (name, layer) in enumerate(sorted(layers.items())):
                pyogrio.write_dataframe(
                    layer, path, layer=name, driver="GPKG", append=number > 0,
                    geometry_type="Polygon" if name == COVERAGE else "Point",
                    layer_options={"SPATIAL_INDEX": "NO"},
                )  # fmt: skip
            return path.read_bytes()
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


ProductRow = dict[str, Any]


def rows_of(product: bytes, manifest: Manifest, agreement: Agreement) -> dict[str, list[ProductRow]]:
    """Read the records of a verified package, and check each against the agreement.

    Returns the rows by layer, each with ``id``, ``source``, the fields, ``lon`` and ``lat``. PackageRefused names layer
    and row of the first that is not as agreed.
    """
    with TemporaryDirectory(prefix="watchline-exchange-") as folder:
        path = Path(folder) / "product.gpkg"
        path.write_bytes(product)
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
                _harden(database)
                _check_schema(database, set(manifest.layers))
                size = len(product)
                return {name: _layer(database, name, manifest, agreement, size) for name in sorted(manifest.layers)}
        except (sqlite3.Error, UnicodeError, OverflowError) as error:
            what = f"is not a GeoPackage ({error})"
            raise PackageRefused(
                "malformed", what, where="product.gpkg", expected="the layers of the manifest"
            ) from None


def _harden(database: sqlite3.Connection) -> None:
    """Let the schema of a partner's file run nothing."""
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE_BYTES)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    database.execute("PRAGMA query_only = ON")
    database.text_factory = str


def _check_schema(database: sqlite3.Connection, layers: set[str]) -> None:
    query = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view')"
    found = database.execute(query).fetchmany(1_000)
    tables = {name for kind, name, _ in found if kind == "table" and not name.startswith(_OWN_TABLES)}
    strange = {
        name for kind, name, sql in found if kind == "view" or (name in tables and not sql.startswith("CREATE TABLE"))
    }
    if tables != layers or strange:
        what = f"holds {', '.join(sorted(repr(one[:40]) for one in (tables ^ layers) | strange))}"
        raise PackageRefused("not_agreed", what, where="product.gpkg", expected=", ".join(sorted(layers)) or "no layer")


def _layer(
    database: sqlite3.Connection, layer: str, manifest: Manifest, agreement: Agreement, size: int
) -> list[ProductRow]:
    entry = manifest.layers[layer]
    wanted = [*ALWAYS, *entry.fields]
    columns = [row[1] for row in database.execute(f'PRAGMA table_info("{layer}")')]
    if sorted(columns) != sorted(["fid", _GEOMETRY, *wanted]):
        what = f"holds the columns {', '.join(columns)[:200]}"
        raise PackageRefused("not_agreed", what, where=layer, expected=", ".join(wanted))
    if not 0 <= entry.records <= MOST_RECORDS:
        raise PackageRefused("too_large", f"{entry.records} records", where=layer, expected=f"at most {MOST_RECORDS:,}")
    names = ", ".join(f'"{name}"' for name in [_GEOMETRY, *wanted])
    found = database.execute(f'SELECT {names} FROM "{layer}" ORDER BY rowid')  # noqa: S608
    rows, shapes = _records(found, layer, manifest, size)
    try:
        grid = AgreedGrid.of(agreement)
    except FrameError as error:
        raise PackageRefused("not_agreed", error.what, where=error.where, expected=error.expected) from None
    lon, lat = _cells(shapes, rows, grid) if layer == COVERAGE else _centres(shapes, layer, grid)
    inside = is_inside(lon, lat, agreement.area)
    if not inside.all():
        raise _bad(layer, int(np.flatnonzero(~inside)[0]) + 1, "geometry", "", "a place in the agreed area")
    for row, east, north in zip(rows, lon, lat, strict=True):
        row["lon"], row["lat"] = float(east), float(north)
    return rows


def _records(
    found: Iterable[tuple[Any, ...]], layer: str, manifest: Manifest, size: int
) -> tuple[list[ProductRow], list[Any]]:
    """Return rows and geometries; each is checked before the next is read, in the order of the file.

    A hand-made file of some kilobytes may refer to the same page thousands of times: its values would be longer than
    the file, of ``size`` bytes.
    """
    entry, sources = manifest.layers[layer], manifest.sources or (manifest.origin,)
    kinds = {"id": "id", "source": "source"} | {name: FIELDS[layer][name] for name in entry.fields}
    rows: list[ProductRow] = []
    shapes: list[Any] = []
    read = 0
    for number, (blob, *values) in enumerate(found, start=1):
        read += sum(len(one) for one in (blob, *values) if isinstance(one, str | bytes))
        if number > entry.records or read > size:
            break
        row = {}
        for (name, kind), value in zip(kinds.items(), values, strict=True):
            row[name] = _checked(value, kind, layer, number, name)
        if row["source"] not in sources:
            raise _bad(layer, number, "source", row["source"], " or ".join(sources))
        rows.append(row)
        shapes.append(_shape(blob))
    if len(rows) != entry.records or read > size:
        what = "another number of records than the manifest states"
        raise PackageRefused("forged", what, where=layer, expected=f"{entry.records}")
    return rows, shapes


def _checked(value: Any, kind: str, layer: str, number: int, name: str) -> Any:
    """Return a value of a field, if it is of its kind; missing is None."""
    if value is None and kind not in ("id", "source"):
        return None
    if kind in ("id", "source", "name", "code"):
        most = _ID if kind in ("id", "source", "code") else _NAME
        plain = isinstance(value, str) and len(value) <= most and not HIDDEN.search(value)
        if plain and (value or kind != "id") and (kind != "code" or _CODE.fullmatch(value)):
            return value
        raise _bad(layer, number, name, value, f"a text of up to {most} characters")
    if kind == "time":
        try:
            at = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise _bad(layer, number, name, value, "a time") from None
        if not YEARS[0] <= at.year <= YEARS[1]:
            raise _bad(layer, number, name, value, f"a year from {YEARS[0]} to {YEARS[1]}")
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole or (kind == "number" and isinstance(value, float) and math.isfinite(value)):
        if layer == COVERAGE and not 0.0 <= value <= 1.0:
            raise _bad(layer, number, name, value, "a probability from 0 to 1")
        return value
    raise _bad(layer, number, name, value, "a number")


def _centres(shapes: list[Any], layer: str, grid: AgreedGrid) -> tuple[Floats, Floats]:
    """Return longitude and latitude of points; refused where one is not the centre of a cell."""
    for number, shape in enumerate(shapes, start=1):
        if shape is None or shape.geom_type != "Point" or shape.is_empty:
            raise _bad(layer, number, "geometry", "", "a point")
    lon, lat = shapely.get_x(shapes), shapely.get_y(shapes)
    near = (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)
    centre = grid.coarsened(np.where(near, lon, 0.0), np.where(near, lat, 0.0))
    on_grid = near & (np.abs(lon - centre[0]) <= WITHIN_DEGREES) & (np.abs(lat - centre[1]) <= WITHIN_DEGREES)
    if not on_grid.all():
        raise _bad(layer, int(np.flatnonzero(~on_grid)[0]) + 1, "geometry", "", "the centre of a cell of the grid")
    return centre


def _cells(shapes: list[Any], rows: list[ProductRow], grid: AgreedGrid) -> tuple[Floats, Floats]:
    """Return longitude and latitude of the centres of cells; refused where one is not the cell that its id names."""
    names = [_CELL.fullmatch(row["id"]) for row in rows]
    for number, (shape, name) in enumerate(zip(shapes, names, strict=True), start=1):
        if name is None or shape is None or shape.geom_type != "Polygon" or shapely.get_num_coordinates(shape) != 5:
            raise _bad(COVERAGE, number, "geometry", "", "a cell of the grid, with its id")
    if len({row["id"] for row in rows}) < len(rows):
        raise _bad(COVERAGE, 1, "id", "", "each cell once")
    cells = np.array([[int(name[1]), int(name[2])] for name in names if name is not None], float).reshape(-1, 2)
    corners = grid.corners(cells[:, 0], cells[:, 1])
    stated = shapely.get_coordinates(shapes).reshape(-1, 5, 2)
    on_grid = (np.abs(stated - corners) <= WITHIN_DEGREES).all(axis=(1, 2))
    if not on_grid.all():
        raise _bad(COVERAGE, int(np.flatnonzero(~on_grid)[0]) + 1, "geometry", "", "the cell that its id names")
    return grid.centres(cells[:, 0], cells[:, 1])


def _shape(blob: Any) -> Any:
    """Return the geometry of GeoPackage's binary form (OGC 12-128r18, 2.1.3); None for anything else."""
    if not isinstance(blob, bytes) or not 8 <= len(blob) <= _MOST_GEOMETRY_BYTES or blob[:2] != b"GP":
        return None
    envelope = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}.get(blob[3] >> 1 & 7)
    if envelope is None:
        return None
    try:
        return shapely.from_wkb(blob[8 + envelope :])
    except shapely.errors.ShapelyError:
        return None


def _bad(layer: str, number: int, name: str, value: Any, expected: str) -> PackageRefused:
    what = f"{str(value)[:60]!r}" if value != "" else "is not as agreed"
    return PackageRefused("bad_row", what, where=f"{layer} row {number} {name}", expected=expected)
