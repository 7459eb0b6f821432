"""Opening of rasters as one terrain Dataset: elevation, land cover and canopy on square cells of a frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from pyproj import Transformer
from pyproj.crs import CRS
from rasterio.windows import Window

from geo.antimeridian import on_globe
from geo.arrays import Float32s, Floats
from geo.errors import BadInput, FrameError, TerrainError
from geo.frame import LocalFrame, horizontal_part
from geo.schema import Schema, Variable
from geo.terrain.grid import (
    Degrees,
    PlannedGrid,
    applied,
    check_degrees,
    plan_grid,
    transformer,
    unrolled,
    wgs84,
)
from geo.terrain.header import LONGEST_SIDE_CELLS, both_sides, near_longitude, read_header
from geo.terrain.land_cover import legend_attrs, read_canopy, read_codes
from geo.terrain.mosaic import Paths, join_tiles, tile_names
from geo.terrain.resample import read_all, read_heights
from geo.terrain.source import RasterSource

Chunks = int | str | tuple[int, int] | Mapping[str, int]
RasterValues = npt.NDArray[Any]

TERRAIN = Schema(
    "terrain",
    {
        "northing": Variable(("northing",), units="m"),
        "easting": Variable(("easting",), units="m"),
        "elevation": Variable(("northing", "easting"), units="m"),
        "canopy_height": Variable(("northing", "easting"), units="m", required=False),
        "land_cover": Variable(("northing", "easting"), kinds="u", required=False),
    },
)
"""Schema of a terrain Dataset: elevation [m] on (northing, easting), with canopy height and land cover where known."""

DASK_ABOVE_CELLS = 25_000_000  # 100 MB of float32
REFUSE_ABOVE_CELLS = 1_000_000_000  # beyond this the caller names the chunks
MOST_CHUNKS = 200_000  # beyond this dask's own bookkeeping takes gigabytes
DASK_CHUNK_CELLS = 2048
JUDGED_SIDE = 9  # points along each side at which a frame is judged
STRIP_CELLS = 4_000_000  # cells read at once into a terrain in memory


@dataclass(frozen=True, slots=True)
class TerrainPlan:
    """Sources and cells of a terrain, known from the headers of its rasters alone.

    Parameters
    ----------
    sources : tuple of RasterSource
        The rasters; later ones lie over earlier ones.
    grid : PlannedGrid
        The cells.
    """

    sources: tuple[RasterSource, ...]
    grid: PlannedGrid

    @property
    def label(self) -> str:
        """Names of the sources, for messages and reports."""
        return self.sources[0].label + (f" and {len(self.sources) - 1} more" if len(self.sources) > 1 else "")

    def heights(self, row: int, column: int, rows: int, columns: int) -> Float32s:
        """Read the elevation of a window of the terrain.

        Parameters
        ----------
        row, column : int
            First row and column of the window.
        rows, columns : int
            Its size.

        Returns
        -------
        ndarray of float32, shape (rows, columns), m
            Elevation; NaN where void.

        Raises
        ------
        TerrainError
            If a value is not plausible as a height.
        """
        return read_all(self.sources, self.grid, Window(column, row, columns, rows), read_heights)


def plan_terrain(
    path: Paths,
    *,
    frame: LocalFrame | None = None,
    nodata: float | None = None,
    bounds_deg: Degrees | None = None,
) -> TerrainPlan:
    """Determine the cells that ``open_terrain`` would create from rasters, by their headers alone.

    Parameters
    ----------
    path : str, Path, or sequence of these
        As for ``open_terrain``.
    frame : LocalFrame, optional
        As for ``open_terrain``.
    nodata : float, optional
        As for ``open_terrain``.
    bounds_deg : tuple of float, degrees, optional
        As for ``open_terrain``.

    Returns
    -------
    TerrainPlan
        The sources and the cells.

    Raises
    ------
    BadInput
        If ``bounds_deg`` or ``frame`` is not valid.
    TerrainError
        If a raster cannot be used, or there are too few or too many cells.
    """
    if bounds_deg is not None:
        check_degrees(bounds_deg)
    if frame is not None and not isinstance(frame, LocalFrame):
        raise BadInput(f"{frame!r}", where="frame", expected="a LocalFrame, or None")
    sources = _sources([read_header(name, nodata=nodata) for name in tile_names(path)])
    if frame is None:
        frame = _own_frame(sources, bounds_deg)
    grid = plan_grid(sources, frame, bounds_deg)
    where = sources[0].label
    if max(grid.rows, grid.columns) > LONGEST_SIDE_CELLS:
        raise TerrainError(
            f"{grid.rows} × {grid.columns} cells", where=where, expected=f"sides of at most {LONGEST_SIDE_CELLS}"
        )
    if grid.rows < 2 or grid.columns < 2:
        raise TerrainError(f"only {grid.rows} × {grid.columns} cells", where=where, expected="at least 2 × 2")
    _refuse_distorted(frame, grid, where)
    return TerrainPlan(tuple(sources), grid)


def open_terrain(
    path: Paths,
    *,
    frame: LocalFrame | None = None,
    chunks: Chunks | None = None,
    land_cover: Paths | None = None,
    land_cover_legend: Mapping[int, str] | None = None,
    canopy_height: Paths | None = None,
    nodata: float | None = None,
    bounds_deg: Degrees | None = None,
) -> xr.Dataset:
    """Open rasters of elevation as one terrain on square north-up cells of a frame.

    Parameters
    ----------
    path : str, Path, or sequence of these
        A raster in one of ``geo.terrain.safe_open.FORMATS`` (a file, an address such as https://…/dem.tif, or a GDAL
        name such as /vsizip/…), a folder or zip of rasters, a glob, or a list of these. Where tiles overlap the later
        valid cell counts, in the order of names within a folder or glob. Tiles of one grid have exact seams; others
        meet where each is resampled.
    frame : LocalFrame, optional
        Frame of the terrain. By default the system of the first raster if it is projected, metric, and true to scale
        and angle there (``LocalFrame.distortion``), else a frame around its centre or that of ``bounds_deg``.
    chunks : int, str, tuple or Mapping of str to int, optional
        Dask chunks, or cells by dimension. With chunks, or above DASK_ABOVE_CELLS cells, the variables are lazy, and
        faults in the cells are found when they are computed.
    land_cover : str, Path, or sequence of these, optional
        Rasters of class codes 0–255, laid on the cells by nearest neighbour.
    land_cover_legend : Mapping of int to str, optional
        Names of the classes by code; by default those of ESA WorldCover.
    canopy_height : str, Path, or sequence of these, optional
        Rasters of canopy height, in the units that those of ``path`` may have.
    nodata : float, optional
        A value that marks voids in addition to those that the files declare.
    bounds_deg : tuple of float, degrees, optional
        West, south, east and north of the part to keep; west is the larger where it crosses the 180th meridian.

    Returns
    -------
    Dataset
        ``elevation`` (northing, easting) float32 [m], NaN where void or beyond the sources (whose outline is curved in
        the frame, so a few cells along the edges are NaN); if given, ``land_cover`` uint8, 0 where unknown, with the
        legend in ``flag_values`` and ``flag_meanings``, and ``canopy_height`` float32 [m], NaN where unknown.
        Coordinates are cell centres [m]; attributes are ``crs`` (WKT), ``datum`` ("unknown" where the files do not
        state it), ``cell_m``, ``source`` and ``resampling``.

    Raises
    ------
    TerrainError
        If a raster is unreadable, hostile, misplaced, without CRS, of several bands, in unknown units, or wholly void;
        if values are not plausible as heights though not declared void; if tiles have different datums; and above
        REFUSE_ABOVE_CELLS cells without ``chunks``.
    FrameError
        If the frame does not fit, or is nowhere on the terrain true to scale and angle.
    BadInput
        If ``chunks``, ``bounds_deg`` or ``frame`` is not valid.

    Notes
    -----
    A single raster with square north-up cells in the frame keeps its values to the bit; others (geographic, rotated or
    oblong cells) are resampled bilinearly, see ``geo.terrain.resample``. Heights in feet and depths become metres above
    the datum. Memory: 4 bytes per cell and about 200 MB; lazy, about 100 MB and 12 bytes per cell of each chunk in
    work.
    """
    plan = plan_terrain(path, frame=frame, nodata=nodata, bounds_deg=bounds_deg)
    cells = plan.grid.rows * plan.grid.columns
    if chunks is None and cells > REFUSE_ABOVE_CELLS:
        raise TerrainError(f"{cells} cells are too many", where=plan.label, expected="chunks to be named")
    if chunks is None and cells > DASK_ABOVE_CELLS:
        chunks = DASK_CHUNK_CELLS
    elevation = _laid_on(plan, chunks, plan.heights, np.float32)
    if isinstance(elevation, np.ndarray) and np.isnan(elevation).all():
        raise TerrainError("every cell is void", where=plan.label, expected="at least one height")
    dataset = _dataset(plan, elevation)
    dims = ("northing", "easting")
    if land_cover is not None:
        codes = _layer(plan, chunks, land_cover, read_codes, np.uint8, heights=False)
        dataset["land_cover"] = (dims, codes, legend_attrs(land_cover_legend))
    if canopy_height is not None:
        trees = _layer(plan, chunks, canopy_height, read_canopy, np.float32, heights=True)
        dataset["canopy_height"] = (dims, trees, {"units": "m"})
    return dataset


def _sources(tiles: Sequence[RasterSource]) -> list[RasterSource]:
    """Tiles joined by grid, those on the other side of the 180th meridian beside the first; a source that crosses it
    serves both sides."""
    beside = [near_longitude(tile, tiles[0]) for tile in tiles]
    return [side for source in join_tiles(beside) for side in both_sides(source)]


def _own_frame(sources: Sequence[RasterSource], bounds_deg: Degrees | None) -> LocalFrame:
    """The first source's own system if it is a valid frame and true to scale and angle over the part used, else one
    around its centre or that of the bounds.
    """
    lon, lat = _kept_degrees(sources, bounds_deg)
    if bounds_deg is not None:
        west, south, east, north = unrolled(bounds_deg)
        middle = (west + east) / 2.0, (south + north) / 2.0
    else:
        to_wgs84 = Transformer.from_crs(horizontal_part(CRS.from_wkt(sources[0].wkt)), 4326, always_xy=True)
        middle = to_wgs84.transform(*sources[0].centre)
    local = LocalFrame.around(float(on_globe(middle[0])), middle[1])
    try:
        own = LocalFrame.from_crs(sources[0].wkt, where=sources[0].label)
    except FrameError:
        return local
    found, other = (frame.distortion(*frame.to_local(lon, lat)) for frame in (own, local))
    if found.negligible or (found.usable and found.scale_error <= other.scale_error):
        return own
    # of a raster too large for any frame, own cells are kept where they are true somewhere
    return own if not other.usable and _usable_somewhere(own, *own.to_local(lon, lat)) else local


def _kept_degrees(sources: Sequence[RasterSource], bounds_deg: Degrees | None) -> tuple[Floats, Floats]:
    """Longitudes and latitudes spread over the bounds, or over all sources; those that are not on Earth are left
    out."""
    share = np.linspace(0.0, 1.0, JUDGED_SIDE)
    across, down = (axis.ravel() for axis in np.meshgrid(share, share))
    if bounds_deg is not None:
        west, south, east, north = unrolled(bounds_deg)
        return on_globe(west + across * (east - west)), south + down * (north - south)
    lons, lats = [], []
    for source in sources:
        places = applied(source.transform, across * source.columns, down * source.rows)
        lon, lat = transformer(source.wkt, wgs84()).transform(*places)
        lons.append(np.asarray(lon))
        lats.append(np.asarray(lat))
    lon, lat = np.concatenate(lons), np.concatenate(lats)
    on_earth = np.isfinite(lon) & (np.abs(lat) <= 90.0)
    return on_globe(lon[on_earth]), lat[on_earth]


def _refuse_distorted(frame: LocalFrame, grid: PlannedGrid, where: str) -> None:
    """Raise FrameError if the frame is not true to scale and angle anywhere on the grid."""
    east, north = (np.linspace(axis[0], axis[-1], JUDGED_SIDE) for axis in (grid.eastings, grid.northings))
    across, down = np.meshgrid(east, north)
    if not frame.distortion(across, down).usable and not _usable_somewhere(frame, across, down):
        frame.refuse_distorted(east.mean(), north.mean(), where=where)


def _usable_somewhere(frame: LocalFrame, easting: Floats, northing: Floats) -> bool:
    return any(frame.distortion(e, n).usable for e, n in zip(easting.flat, northing.flat, strict=True))


def _layer(plan: TerrainPlan, chunks: Chunks | None, path: Paths, read: Any, dtype: Any, *, heights: bool) -> Any:
    """A raster of land cover or, with ``heights``, of canopy, on the cells of the plan."""
    sources = _sources([read_header(name, heights=heights) for name in tile_names(path)])

    def window(row: int, column: int, rows: int, columns: int) -> RasterValues:
        values: RasterValues = read(sources, plan.grid, Window(column, row, columns, rows))
        return values

    return _laid_on(plan, chunks, window, dtype)


def _laid_on(
    plan: TerrainPlan, chunks: Chunks | None, read: Callable[[int, int, int, int], RasterValues], dtype: Any
) -> Any:
    """Values by ``read(row, column, rows, columns)``: an array filled by strips, or a lazy one cut by ``chunks``."""
    if chunks is None:
        values = np.empty((plan.grid.rows, plan.grid.columns), dtype)
        step = max(STRIP_CELLS // plan.grid.columns, 1)
        for row in range(0, plan.grid.rows, step):
            rows = min(step, plan.grid.rows - row)
            values[row : row + rows] = read(row, 0, rows, plan.grid.columns)
        return values

    import dask.array as da  # imported here, because processes with small terrain in memory do not need it

    if isinstance(chunks, Mapping):
        if not set(chunks) <= {"northing", "easting"}:
            raise BadInput(f"{dict(chunks)}", where="chunks", expected="cells by northing and easting")
        chunks = (chunks.get("northing", plan.grid.rows), chunks.get("easting", plan.grid.columns))
    try:
        cut = da.core.normalize_chunks(  # type: ignore[no-untyped-call]
            chunks, (plan.grid.rows, plan.grid.columns), dtype=dtype
        )
    except (ValueError, TypeError, ArithmeticError) as error:
        raise BadInput(f"{chunks!r}", where="chunks", expected="chunks as dask has them, or a mapping") from error
    if len(cut[0]) * len(cut[1]) > MOST_CHUNKS:
        raise TerrainError(
            f"{len(cut[0])} × {len(cut[1])} chunks", where=plan.label, expected=f"at most {MOST_CHUNKS} larger ones"
        )

    def block(block_info: Any = None) -> Any:
        (top, bottom), (left, right) = block_info[None]["array-location"]
        return read(top, left, bottom - top, right - left)

    return da.map_blocks(  # type: ignore[no-untyped-call]
        block, chunks=cut, dtype=dtype, meta=np.empty((0, 0), dtype=dtype)
    )


def _dataset(plan: TerrainPlan, elevation: Any) -> xr.Dataset:
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation, {"units": "m"})},
        coords={
            "northing": ("northing", plan.grid.northings, {"units": "m"}),
            "easting": ("easting", plan.grid.eastings, {"units": "m"}),
        },
        attrs={
            "crs": plan.grid.wkt,
            "datum": plan.sources[0].datum,
            "cell_m": plan.grid.cell_m,
            "source": plan.label,
            "resampling": "none" if plan.grid.native else "bilinear",
        },
    )
