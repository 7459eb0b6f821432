"""Height rasters as they come: headers checked, tiles joined, windows read onto a square metric grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
from affine import Affine
from pyproj.crs import CRS
from pyproj.exceptions import CRSError, ProjError
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from geo.errors import TerrainError
from geo.frame import LocalFrame, horizontal_part

DATUM_TAGS = ("datum", "DATUM", "vertical_datum", "VERTICAL_DATUM")
METRE_NAMES = frozenset({"", "m", "metre", "metres", "meter", "meters"})
FOOTPRINT_POINTS_PER_EDGE = 257  # the footprint's edges are curves in the frame
COORDINATE_TOLERANCE_CELLS = 1e-9  # exact in effect, so that windows agree to the bit (rasterio 1.4 fails on exactly 0)
ALIGNMENT_CELLS = 0.01  # tiles of one grid may be off by this share of a cell: rounding in their headers


@dataclass(frozen=True, slots=True)
class Source:
    """A single-band raster whose header has been read and found usable; ``name`` opens it again in any thread."""

    name: str
    label: str
    wkt: str
    transform: Affine
    rows: int
    columns: int
    dtype: str
    nodata: float | None
    scale: float
    offset: float
    datum: str

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the raster in its own coordinates."""
        x, y = self.transform @ (self.columns / 2.0, self.rows / 2.0)
        return float(x), float(y)


@dataclass(frozen=True, slots=True)
class Grid:
    """Square cells in a frame, rows north to south; ``west`` and ``north`` are the outer edges [m].

    ``native`` says that the source already has exactly these cells, so that reading needs no resampling.
    """

    wkt: str
    west: float
    north: float
    cell_m: float
    rows: int
    columns: int
    native: bool = False

    @property
    def eastings(self) -> npt.NDArray[np.float64]:
        """Cell centres, (columns,) [m], ascending."""
        return self.west + (np.arange(self.columns, dtype=np.float64) + 0.5) * self.cell_m

    @property
    def northings(self) -> npt.NDArray[np.float64]:
        """Cell centres, (rows,) [m], descending."""
        return self.north - (np.arange(self.rows, dtype=np.float64) + 0.5) * self.cell_m


def read_header(path: str | Path) -> Source:
    """The header of one raster; TerrainError where it cannot serve: unreadable, no CRS, many bands, not in metres."""
    where = str(path)
    try:
        with rasterio.open(path) as raster:
            if raster.count != 1:
                raise TerrainError(f"the raster has {raster.count} bands", where=where, expected="one band")
            if raster.crs is None:
                raise TerrainError(
                    "the raster has no coordinate system", where=where, expected="a georeferenced raster"
                )
            if np.dtype(raster.dtypes[0]).kind not in "iuf":
                raise TerrainError(f"the cells are {raster.dtypes[0]}", where=where, expected="integers or floats")
            unit = (raster.units[0] or "").strip().lower()
            if unit not in METRE_NAMES:
                raise TerrainError(f"the heights are in {unit!r}", where=where, expected="metres")
            wkt = raster.crs.to_wkt()
            tags = raster.tags() | raster.tags(1)
            return Source(
                name=where,
                label=where,
                wkt=wkt,
                transform=raster.transform,
                rows=raster.height,
                columns=raster.width,
                dtype=raster.dtypes[0],
                nodata=raster.nodata,
                scale=raster.scales[0],
                offset=raster.offsets[0],
                datum=_datum(wkt, tags, where),
            )
    except RasterioError as error:
        raise TerrainError("the raster cannot be read", where=where, expected="a raster that GDAL opens") from error


def _datum(wkt: str, tags: dict[str, str], where: str) -> str:
    try:
        crs = CRS.from_wkt(wkt)
    except CRSError as error:
        raise TerrainError("the coordinate system cannot be read", where=where, expected="a known system") from error
    tagged = [tags[tag] for tag in DATUM_TAGS if tag in tags]
    vertical = [part.name for part in crs.sub_crs_list if part.is_vertical]
    return (tagged + vertical + ["unknown"])[0]


def join_tiles(tiles: Sequence[Source]) -> Source:
    """Several tiles of one grid as one source, nothing copied; where tiles overlap, the later valid cell counts.

    Raises TerrainError where the tiles differ in system, datum, cell size, alignment, type or scaling.
    """
    first = tiles[0]
    for tile in tiles[1:]:
        _refuse_unless_alike(first, tile)
    steps = first.transform
    corners = [((tile.transform.c - steps.c) / steps.a, (tile.transform.f - steps.f) / steps.e) for tile in tiles]
    offsets = [(round(column), round(row)) for column, row in corners]
    left, top = min(column for column, _ in offsets), min(row for _, row in offsets)
    columns = max(column + tile.columns for (column, _), tile in zip(offsets, tiles, strict=True)) - left
    rows = max(row + tile.rows for (_, row), tile in zip(offsets, tiles, strict=True)) - top
    transform = steps @ Affine.translation(left, top)
    placed = [(tile, column - left, row - top) for tile, (column, row) in zip(tiles, offsets, strict=True)]
    return Source(
        name=_virtual_raster(first, transform, rows, columns, placed),
        label=f"{first.label} and {len(tiles) - 1} more",
        wkt=first.wkt,
        transform=transform,
        rows=rows,
        columns=columns,
        dtype="float32",
        nodata=math.nan,
        scale=first.scale,
        offset=first.offset,
        datum=first.datum,
    )


def _refuse_unless_alike(first: Source, tile: Source) -> None:
    a, b = first.transform, tile.transform
    column, row = (b.c - a.c) / a.a, (b.f - a.f) / a.e
    drift = max(abs(b.a / a.a - 1.0) * tile.columns, abs(b.e / a.e - 1.0) * tile.rows)
    differences = {
        "coordinate system": first.wkt != tile.wkt,
        "height datum": first.datum != tile.datum,
        "cell size": drift > ALIGNMENT_CELLS,
        "rotation": (a.b, a.d) != (0.0, 0.0) or (b.b, b.d) != (0.0, 0.0),
        "alignment": max(abs(column - round(column)), abs(row - round(row))) > ALIGNMENT_CELLS,
        "scaling": (first.scale, first.offset) != (tile.scale, tile.offset),
    }
    for difference, found in differences.items():
        if found:
            raise TerrainError(
                f"the tile's {difference} does not fit {first.label}",
                where=tile.label,
                expected="unrotated tiles of one grid",
            )


def _virtual_raster(
    first: Source, transform: Affine, rows: int, columns: int, placed: Sequence[tuple[Source, int, int]]
) -> str:
    """A GDAL virtual raster as text, which rasterio opens like a file."""
    parts = [
        f"<ComplexSource><SourceFilename>{escape(str(Path(tile.name).absolute()))}</SourceFilename>"
        f"<SourceBand>1</SourceBand>"
        f'<SrcRect xOff="0" yOff="0" xSize="{tile.columns}" ySize="{tile.rows}"/>'
        f'<DstRect xOff="{column}" yOff="{row}" xSize="{tile.columns}" ySize="{tile.rows}"/>'
        + (f"<NODATA>{tile.nodata!r}</NODATA>" if tile.nodata is not None else "")
        + "</ComplexSource>"
        for tile, column, row in placed
    ]
    geo = ", ".join(repr(float(value)) for value in transform.to_gdal())
    return (
        f'<VRTDataset rasterXSize="{columns}" rasterYSize="{rows}"><SRS>{escape(first.wkt)}</SRS>'
        f"<GeoTransform>{geo}</GeoTransform>"
        f'<VRTRasterBand dataType="Float32" band="1"><NoDataValue>nan</NoDataValue>{"".join(parts)}'
        f"</VRTRasterBand></VRTDataset>"
    )


def plan_grid(source: Source, frame: LocalFrame) -> Grid:
    """The square cells of ``frame`` that cover the source: its own cells where they are square, north up and in frame.

    Otherwise the cell is the geometric mean of the source's two spacings at its centre (four digits), edges lie on
    whole cells from the frame's origin, and the window is the smallest that holds the centre of every cell whose
    centre lies among the source's. Raises TerrainError where the frame cannot show the source.
    """
    t = source.transform
    square = t.b == t.d == 0.0 and t.a > 0.0 > t.e and math.isclose(t.a, -t.e, rel_tol=1e-9)
    if square and rasterio.crs.CRS.from_wkt(source.wkt) == rasterio.crs.CRS.from_wkt(frame.wkt):
        return Grid(frame.wkt, t.c, t.f, t.a, source.rows, source.columns, native=True)
    horizontal = horizontal_part(CRS.from_wkt(source.wkt))
    transformer = pyproj.Transformer.from_crs(horizontal, frame.crs, always_xy=True)
    easting, northing = _footprint(source, transformer)
    cell = float(f"{_spacing(source, transformer):.4g}")
    first, last = math.ceil(easting.min() / cell - 0.5), math.floor(easting.max() / cell - 0.5)
    bottom, top = math.ceil(northing.min() / cell - 0.5), math.floor(northing.max() / cell - 0.5)
    return Grid(frame.wkt, first * cell, (top + 1) * cell, cell, top - bottom + 1, last - first + 1)


def _footprint(source: Source, transformer: pyproj.Transformer) -> tuple[npt.NDArray[np.float64], ...]:
    """Outermost cell centres of the source, in the frame."""
    columns = np.linspace(0.5, source.columns - 0.5, FOOTPRINT_POINTS_PER_EDGE)
    rows = np.linspace(0.5, source.rows - 0.5, FOOTPRINT_POINTS_PER_EDGE)
    left, right = np.full_like(rows, columns[0]), np.full_like(rows, columns[-1])
    top, bottom = np.full_like(columns, rows[0]), np.full_like(columns, rows[-1])
    around = np.concatenate([columns, columns, left, right]), np.concatenate([top, bottom, rows, rows])
    easting, northing = _shown(source, transformer, *around)
    return easting, northing


def _spacing(source: Source, transformer: pyproj.Transformer) -> float:
    """Geometric mean [m] of the distances between neighbouring rows and columns at the source's centre."""
    column, row = source.columns / 2.0, source.rows / 2.0
    columns = np.array([column - 0.5, column + 0.5, column, column])
    rows = np.array([row, row, row - 0.5, row + 0.5])
    easting, northing = _shown(source, transformer, columns, rows)
    across = math.hypot(easting[1] - easting[0], northing[1] - northing[0])
    along = math.hypot(easting[3] - easting[2], northing[3] - northing[2])
    return math.sqrt(across * along)


def _shown(
    source: Source, transformer: pyproj.Transformer, columns: npt.NDArray[np.float64], rows: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    t = source.transform
    try:
        easting, northing = transformer.transform(
            t.a * columns + t.b * rows + t.c, t.d * columns + t.e * rows + t.f, errcheck=True
        )
    except ProjError as error:
        raise TerrainError(
            "the frame cannot show this raster", where=source.label, expected="a frame near it"
        ) from error
    return np.asarray(easting), np.asarray(northing)


def read_window(source: Source, grid: Grid, window: Window, *, categories: bool = False) -> npt.NDArray[np.float32]:
    """Values of ``grid`` in ``window``, (rows, columns) float32, NaN where the source is void or ends.

    Native cells come as they are. Others are bilinear between the four source centres around the cell's centre; a
    cell is void where the nearest source centre is void, and a void never enters a value: the weights of the valid
    neighbours are scaled to sum 1. ``categories`` takes the nearest source cell instead of a mean.
    The result does not depend on how the grid is cut into windows. Raises TerrainError where reading fails.
    """
    nodata = math.nan if source.nodata is None and np.dtype(source.dtype).kind == "f" else source.nodata
    try:
        with rasterio.open(source.name) as raster:
            if grid.native:
                values = raster.read(1, window=window).astype(np.float32)
                values[raster.read_masks(1, window=window) == 0] = np.nan
            else:
                with WarpedVRT(
                    raster,
                    crs=grid.wkt,
                    transform=Affine(grid.cell_m, 0.0, grid.west, 0.0, -grid.cell_m, grid.north),
                    width=grid.columns,
                    height=grid.rows,
                    resampling=Resampling.nearest if categories else Resampling.bilinear,
                    src_nodata=nodata,
                    nodata=math.nan,
                    dtype="float32",
                    tolerance=COORDINATE_TOLERANCE_CELLS,
                    XSCALE="1",  # interpolate, never smooth
                    YSCALE="1",
                ) as warped:
                    values = warped.read(1, window=window)
    except RasterioError as error:
        raise TerrainError("the raster's cells cannot be read", where=source.label, expected="intact data") from error
    if (source.scale, source.offset) != (1.0, 0.0):
        values = (values * source.scale + source.offset).astype(np.float32)
    return np.asarray(values, dtype=np.float32)
