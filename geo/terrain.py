"""The ground as a dataset: elevation on square cells of one frame, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from pyproj import Transformer
from pyproj.crs import CRS
from rasterio.windows import Window

from geo.errors import FrameError, TerrainError
from geo.frame import LocalFrame, horizontal_part
from geo.raster import Grid, Source, join_tiles, plan_grid, read_header, read_window
from geo.schema import Schema, Variable

FloatArray = npt.NDArray[np.float64]
Chunks = int | str | tuple[int, int] | Mapping[str, int]

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

DASK_ABOVE_CELLS = 25_000_000  # 100 MB of float32
REFUSE_ABOVE_CELLS = 1_000_000_000  # beyond this the caller names the chunks
DASK_CHUNK_CELLS = 2048
LOWEST_GROUND_M, HIGHEST_GROUND_M = -11_000.0, 9_000.0  # the deepest trench and the highest summit, rounded outwards
UNKNOWN_LAND_COVER = 0
ON_CENTRE_CELLS = 1e-7  # points this near a row or column of centres count as on it, so that rounding loses no edge


def open_terrain(
    path: str | Path | Sequence[str | Path],
    *,
    frame: LocalFrame | None = None,
    chunks: Chunks | None = None,
    land_cover: str | Path | None = None,
) -> xr.Dataset:
    """Elevation from any raster that rasterio opens, on square north-up cells of ``frame``.

    ``path`` may be several tiles of one grid, which are joined. ``frame=None`` takes the raster's own system where it
    is projected and metric, else a LocalFrame around its centre. A raster that already has square north-up cells in
    the frame keeps its values to the bit; any other is resampled bilinearly, see ``geo.raster``. The dataset has
    ``elevation`` (northing, easting) float32 [m], NaN where void or beyond the source (its outline is curved in the
    frame, so a few cells along the edges are NaN), coords of cell centres, and attrs ``crs`` (WKT), ``datum``
    ("unknown" where the file does not say) and ``cell_m``. ``land_cover`` is a raster of class codes 0–255, laid on
    the same cells by nearest neighbour as uint8, 0 where unknown.

    With ``chunks`` (as dask's, or a mapping by dim) or more than DASK_ABOVE_CELLS cells the variables are lazy, and
    faults in the cells are found when they are computed. Raises TerrainError for a raster that is unreadable, without
    CRS, of several bands, not in metres, wholly void, or with heights that no ground has (an undeclared void value),
    and above REFUSE_ABOVE_CELLS without ``chunks``; FrameError where the frame does not fit.
    """
    source = _source(path)
    grid = plan_grid(source, frame if frame is not None else _own_frame(source))
    if grid.rows < 2 or grid.columns < 2:
        raise TerrainError(f"only {grid.rows} × {grid.columns} cells", where=source.label, expected="at least 2 × 2")
    cells = grid.rows * grid.columns
    if chunks is None and cells > REFUSE_ABOVE_CELLS:
        raise TerrainError(f"{cells} cells are too many", where=source.label, expected="chunks to be named")
    if chunks is None and cells > DASK_ABOVE_CELLS:
        chunks = DASK_CHUNK_CELLS
    elevation = _laid_on(source, grid, chunks, _heights)
    if isinstance(elevation, np.ndarray) and np.isnan(elevation).all():
        raise TerrainError("every cell is void", where=source.label, expected="at least one height")
    dataset = _dataset(grid, elevation, source.datum)
    if land_cover is not None:
        codes = _laid_on(read_header(land_cover), grid, chunks, _codes)
        dataset["land_cover"] = (("northing", "easting"), codes, {"units": "", "unknown": UNKNOWN_LAND_COVER})
    return dataset


def _source(path: str | Path | Sequence[str | Path]) -> Source:
    if isinstance(path, str | Path):
        return read_header(path)
    tiles = [read_header(tile) for tile in path]
    if not tiles:
        raise TerrainError("no tile is given", where="terrain", expected="at least one raster")
    return join_tiles(tiles) if len(tiles) > 1 else tiles[0]


def _own_frame(source: Source) -> LocalFrame:
    """The source's own system where that is a frame, else one around its centre."""
    try:
        return LocalFrame.from_crs(source.wkt, where=source.label)
    except FrameError:
        to_wgs84 = Transformer.from_crs(horizontal_part(CRS.from_wkt(source.wkt)), 4326, always_xy=True)
        lon, lat = to_wgs84.transform(*source.centre)
        return LocalFrame.around((lon + 180.0) % 360.0 - 180.0, lat)


def _laid_on(source: Source, grid: Grid, chunks: Chunks | None, read: Any) -> Any:
    """The source's values on the grid by ``read(source, grid, window)``: an array, or a lazy one cut by ``chunks``."""
    shape = (grid.rows, grid.columns)
    if chunks is None:
        return read(source, grid, Window(0, 0, grid.columns, grid.rows))

    import dask.array as da  # here, because processes that hold small terrain in memory do without it

    if isinstance(chunks, Mapping):
        chunks = (chunks.get("northing", grid.rows), chunks.get("easting", grid.columns))
    cut = da.core.normalize_chunks(  # type: ignore[no-untyped-call]
        chunks, shape, dtype=np.float32
    )

    def block(block_info: Any = None) -> Any:
        (top, bottom), (left, right) = block_info[None]["array-location"]
        return read(source, grid, Window(left, top, right - left, bottom - top))

    dtype = np.uint8 if read is _codes else np.float32
    return da.map_blocks(  # type: ignore[no-untyped-call]
        block, chunks=cut, dtype=dtype, meta=np.empty((0, 0), dtype=dtype)
    )


def _heights(source: Source, grid: Grid, window: Window) -> npt.NDArray[np.float32]:
    values = read_window(source, grid, window)
    impossible = (values < LOWEST_GROUND_M) | (values > HIGHEST_GROUND_M)
    if impossible.any():
        raise TerrainError(
            f"a height of {values[impossible][0]:g} m (a void value that the file does not declare?)",
            where=source.label,
            expected=f"{LOWEST_GROUND_M:g} to {HIGHEST_GROUND_M:g} m",
        )
    return values


def _codes(source: Source, grid: Grid, window: Window) -> npt.NDArray[np.uint8]:
    values = read_window(source, grid, window, categories=True)
    values[np.isnan(values)] = UNKNOWN_LAND_COVER
    if ((values < 0) | (values > 255) | (values != np.rint(values))).any():
        raise TerrainError("a land cover code is not a whole number 0–255", where=source.label, expected="class codes")
    return values.astype(np.uint8)


def _dataset(grid: Grid, elevation: Any, datum: str) -> xr.Dataset:
    return xr.Dataset(
        {"elevation": (("northing", "easting"), elevation, {"units": "m"})},
        coords={
            "northing": ("northing", grid.northings, {"units": "m"}),
            "easting": ("easting", grid.eastings, {"units": "m"}),
        },
        attrs={"crs": grid.wkt, "datum": datum, "cell_m": grid.cell_m},
    )


def frame_of(terrain: xr.Dataset) -> LocalFrame:
    """The frame that a terrain is in; raises FrameError where its ``crs`` attribute is missing or not a frame."""
    if "crs" not in terrain.attrs:
        raise FrameError("the terrain has no 'crs' attribute", where="terrain", expected="a WKT")
    return LocalFrame.from_crs(terrain.attrs["crs"], where="terrain")


def cell_size(terrain: xr.Dataset) -> float:
    """Side of the square cells [m], from the coordinates: a thinned terrain has larger cells, whatever its attrs say.

    Raises TerrainError where there are not at least two columns from west to east.
    """
    easting = terrain["easting"].to_numpy()
    if len(easting) < 2 or not easting[-1] > easting[0]:
        raise TerrainError(f"{len(easting)} columns", where="terrain", expected="at least 2, from west to east")
    return float(easting[-1] - easting[0]) / (len(easting) - 1)


def bounds(terrain: xr.Dataset) -> tuple[float, float, float, float]:
    """Outer edges of the cells [m]: west, south, east, north."""
    half = cell_size(terrain) / 2.0
    easting, northing = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    return (
        float(easting[0]) - half,
        float(northing[-1]) - half,
        float(easting[-1]) + half,
        float(northing[0]) + half,
    )


def sample(terrain: xr.Dataset, easting: Any, northing: Any, variable: str = "elevation") -> Any:
    """Bilinear value of ``variable`` at points [m]: float for floats, float64 array for arrays, DataArray in kind.

    NaN outside the outermost cell centres, at NaN coordinates, and where a void has weight; exact at cell centres.
    A lazy terrain is computed only in the window that holds the points.
    """
    if isinstance(easting, xr.DataArray) or isinstance(northing, xr.DataArray):
        return xr.apply_ufunc(
            lambda e, n: sample(terrain, e, n, variable),
            easting,
            northing,
            dask="parallelized",
            output_dtypes=[np.float64],
        )
    e, n = np.broadcast_arrays(np.asarray(easting, dtype=np.float64), np.asarray(northing, dtype=np.float64))
    cell = cell_size(terrain)
    column = _on_centre((e - terrain["easting"].to_numpy()[0]) / cell)
    row = _on_centre((terrain["northing"].to_numpy()[0] - n) / cell)
    rows, columns = terrain[variable].shape
    inside = (column >= 0) & (column <= columns - 1) & (row >= 0) & (row <= rows - 1)
    values = np.full(e.shape, np.nan)
    if inside.any():
        values[inside] = _bilinear(terrain[variable], row[inside], column[inside])
    return float(values) if values.ndim == 0 else values


def _on_centre(position: FloatArray) -> FloatArray:
    nearest = np.rint(position)
    return np.where(np.abs(position - nearest) < ON_CENTRE_CELLS, nearest, position)


def _bilinear(grid: xr.DataArray, row: FloatArray, column: FloatArray) -> FloatArray:
    """Values between the centres of ``grid`` at fractional rows and columns, all inside it."""
    top = np.minimum(np.floor(row).astype(np.intp), grid.shape[0] - 2)
    left = np.minimum(np.floor(column).astype(np.intp), grid.shape[1] - 2)
    down, right = row - top, column - left
    first_row, first_column = top.min(), left.min()
    window = grid[first_row : top.max() + 2, first_column : left.max() + 2].to_numpy()
    top, left = top - first_row, left - first_column
    values = np.zeros(row.shape)
    for row_step, row_weight in ((0, 1.0 - down), (1, down)):
        for column_step, column_weight in ((0, 1.0 - right), (1, right)):
            weight = row_weight * column_weight
            corner = window[top + row_step, left + column_step].astype(np.float64)
            values += np.where(weight > 0.0, weight * corner, 0.0)  # a void without weight does not count
    return values


def slope(terrain: xr.Dataset) -> xr.DataArray:
    """Steepest gradient of each cell (northing, easting) [rise over run, 1], by central differences.

    One-sided at the outermost cells; NaN at voids and their direct neighbours. Lazy where the terrain is.
    """
    eastward, northward = gradient(terrain)
    steepness = xr.apply_ufunc(np.hypot, eastward, northward, dask="allowed")
    return xr.DataArray(steepness).rename("slope").assign_attrs(units="1")


def aspect(terrain: xr.Dataset) -> xr.DataArray:
    """Direction of steepest descent (northing, easting) [rad], clockwise from grid north in [0, 2π); NaN where flat."""
    eastward, northward = gradient(terrain)
    downhill = xr.apply_ufunc(np.arctan2, -eastward, -northward, dask="allowed") % (2.0 * np.pi)
    sloping = (eastward != 0.0) | (northward != 0.0)
    return xr.DataArray(downhill.where(sloping)).rename("aspect").assign_attrs(units="rad")


def gradient(terrain: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Eastward and northward gradients of the elevation (northing, easting) [rise over run]."""
    elevation = terrain["elevation"]
    return elevation.differentiate("easting"), elevation.differentiate("northing")
