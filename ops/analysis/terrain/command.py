"""``watchline terrain``: describes rasters and the terrain made from them, and merges rasters into one terrain file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pyproj.crs import CRS
from rich.console import Console
from rich.table import Table

from geo.errors import BadInput
from geo.frame import LocalFrame, horizontal_part
from geo.terrain import TerrainPlan, plan_terrain
from geo.terrain.grid import Degrees
from geo.terrain.header import read_header
from geo.terrain.mosaic import tile_names
from geo.terrain.open import DASK_ABOVE_CELLS, REFUSE_ABOVE_CELLS
from geo.terrain.source import RasterSource
from ops.analysis.option_types import named
from ops.analysis.terrain.import_cog import survey, windows, write_cog
from ops.analysis.terrain.options import TerrainOptions
from ops.drawing.scene import datum_words
from ops.runtime.output import progress_bar, say
from ops.runtime.tables import show_table
from ops.sector.sector_file import load_sector


def terrain_plan(options: TerrainOptions) -> TerrainPlan:
    """Plan the terrain's sources and cells, from the headers."""
    bounds_deg = None if options.bounds is None else parse_bounds(options.bounds)
    return plan_terrain(list(options.files), frame=_frame(options), nodata=options.nodata, bounds_deg=bounds_deg)


def _frame(options: TerrainOptions) -> LocalFrame | None:
    name = options.frame
    if options.sector is not None:
        if name != "auto":
            raise BadInput("given beside --sector", where="--frame", expected="one of the two")
        found = load_sector(options.sector).frame
        return None if found == "auto" else LocalFrame.from_epsg(found)
    if name == "auto":
        return None
    code = name.upper().removeprefix("EPSG:")
    if not code.isdigit():
        raise BadInput(f"{name!r}", where="--frame", expected="auto, or an EPSG code such as 25831")
    with named("--frame"):
        return LocalFrame.from_epsg(int(code))


def parse_bounds(text: str) -> Degrees:
    """Parse west, south, east, north in degrees, separated by commas."""
    try:
        west, south, east, north = map(float, text.split(","))
    except ValueError:
        raise BadInput(f"{text!r}", where="--bounds", expected="west,south,east,north in degrees") from None
    return west, south, east, north


def info(options: TerrainOptions, screen: Console, *, headers_only: bool) -> dict[str, Any]:
    """Describe each raster and the terrain they form together; every cell is read unless ``headers_only``.

    The result has ``rasters``, one entry each, and ``terrain``. Raises BadInput where they form no terrain.
    """
    plan = terrain_plan(options)
    rasters = [_described(read_header(name, nodata=options.nodata)) for name in tile_names(list(options.files))]
    terrain = _planned(plan)
    if not headers_only:
        terrain |= _surveyed(plan, screen)
        if terrain["lowest_m"] is None:
            raise BadInput("every cell is void", where=plan.label, expected="at least one height")
    for raster in rasters:
        show_table(screen, _table(raster), typed_again=True)
    show_table(screen, _table({"terrain": plan.label} | terrain), typed_again=True)
    return {"rasters": rasters, "terrain": terrain}


def import_terrain(options: TerrainOptions, out: Path, screen: Console, *, force: bool) -> dict[str, Any]:
    """Write the rasters as one terrain to ``out``; return its figures with the SHA-256. Raises the errors of
    ``write_cog``.
    """
    plan = terrain_plan(options)
    with progress_bar(screen) as progress:
        total = len(windows(plan))
        task = progress.add_task(
            say("terrain-progress-heights"), total=total + 1
        )  # the last step is the tiles and overviews

        def step(done: int, _: int) -> None:
            stage = "heights" if done < total else "overviews"
            progress.update(task, completed=done, description=say(f"terrain-progress-{stage}"))

        figures, checksum = write_cog(plan, out, step, force=force)
    written = {"file": str(out), "bytes": out.stat().st_size, "sha256": checksum} | _planned(plan) | figures.as_dict()
    show_table(screen, _table(written), typed_again=True)
    return written


def _surveyed(plan: TerrainPlan, screen: Console) -> dict[str, Any]:
    with progress_bar(screen) as progress:
        task = progress.add_task(say("terrain-progress-heights"), total=len(windows(plan)))
        figures = survey(plan, lambda done, _: progress.update(task, completed=done))
    return figures.as_dict()


def _described(source: RasterSource) -> dict[str, Any]:
    """Return a raster's header as text and numbers."""
    t = source.transform
    crs = horizontal_part(CRS.from_wkt(source.wkt))
    corners = [t @ corner for corner in ((0, 0), (source.columns, 0), (0, source.rows), (source.columns, source.rows))]
    x, y = [corner[0] for corner in corners], [corner[1] for corner in corners]
    unit = "°" if crs.is_geographic else crs.axis_info[0].unit_name
    return {
        "file": source.label,
        "crs": _named(crs),
        "rows": source.rows,
        "columns": source.columns,
        "cell": [float(f"{np.hypot(t.a, t.d):.9g}"), float(f"{np.hypot(t.b, t.e):.9g}")],
        "cell_unit": unit,
        "bounds": [float(f"{value:.10g}") for value in (min(x), min(y), max(x), max(y))],
        "rotated": (t.b, t.d) != (0.0, 0.0),
        "type": source.dtype,
        "nodata": None if source.nodata is None else f"{source.nodata:.10g}",
        "scale_m": source.scale,
        "offset_m": source.offset,
        "datum": source.datum,
    }


def _planned(plan: TerrainPlan) -> dict[str, Any]:
    """Return the planned terrain of the rasters, from the headers."""
    grid = plan.grid
    cells = grid.rows * grid.columns
    west, south, east, north = _bounds_deg(plan)
    large = "too_large" if cells > REFUSE_ABOVE_CELLS else "chunks"
    return {
        "frame": _named(CRS.from_wkt(grid.wkt)),
        "rows": grid.rows,
        "columns": grid.columns,
        "cell_m": grid.cell_m,
        "bounds_deg": [round(value, 6) for value in (west, south, east, north)],
        "resampling": "none" if grid.native else "bilinear",
        "datum": plan.sources[0].datum,
        "megabytes": round(cells * 4 / 1e6, 1),
        "access": large if cells > DASK_ABOVE_CELLS else "memory",
    }


def _bounds_deg(plan: TerrainPlan) -> tuple[float, float, float, float]:
    easting, northing = plan.grid.eastings[[0, -1]], plan.grid.northings[[0, -1]]
    lon, lat = LocalFrame.from_crs(plan.grid.wkt).to_lonlat(*np.meshgrid(easting, northing))
    return float(np.nanmin(lon)), float(np.nanmin(lat)), float(np.nanmax(lon)), float(np.nanmax(lat))


def _named(crs: CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code} {crs.name}" if code else str(crs.name)


def _table(figures: dict[str, Any]) -> Table:
    table = Table("", "", show_header=False)
    for name, value in figures.items():
        table.add_row(say("terrain-field", name=name), _shown(name, value))
    return table


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if name == "datum":
        return datum_words(value)
    if isinstance(value, bool):
        return say("terrain-yes-no", value=value)
    if name in ("access", "resampling"):
        return say(f"terrain-{name}", **{name: value})
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
