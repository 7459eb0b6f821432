"""``watchline terrain …`` on the command line: a few lines each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import JsonOption, answer, screen

terrain_app = typer.Typer(help="Say what rasters are, and make one terrain file of them.", no_args_is_help=True)

FilesArgument = Annotated[
    list[str], typer.Argument(help="Rasters that GDAL reads: files, folders of tiles, patterns, addresses.")
]
FrameOption = Annotated[str, typer.Option("--frame", help="EPSG code of a metric system, or auto.")]
FrameOfOption = Annotated[str | None, typer.Option("--sector", help="Take the frame of this sector.")]
BoundsOption = Annotated[
    str | None, typer.Option("--bounds", metavar="W,S,E,N", help="Keep only what is within, in degrees.")
]
VoidOption = Annotated[float | None, typer.Option("--nodata", help="A value that marks voids and is not declared.")]


@terrain_app.command("info")
def terrain_info(
    files: FilesArgument,
    frame: FrameOption = "auto",
    sector: FrameOfOption = None,
    bounds: BoundsOption = None,
    nodata: VoidOption = None,
    headers_only: Annotated[bool, typer.Option("--headers-only", help="Do not read the cells.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what rasters are and what terrain they would make: system, cells, bounds, heights, voids, datum."""
    from ops.analysis.terrain.command import TerrainOptions, info

    options = TerrainOptions(tuple(files), frame, sector, bounds, nodata)
    answer(info(options, screen, headers_only=headers_only), as_json=as_json)


@terrain_app.command("import")
def terrain_import(
    files: FilesArgument,
    out: Annotated[Path, typer.Option("--out", help="The GeoTIFF to write (cloud-optimised).")],
    frame: FrameOption = "auto",
    sector: FrameOfOption = None,
    bounds: BoundsOption = None,
    nodata: VoidOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make one terrain file of rasters: their cells on a frame, heights in metres, voids marked, with a checksum."""
    from ops.analysis.terrain.command import TerrainOptions, import_terrain

    options = TerrainOptions(tuple(files), frame, sector, bounds, nodata)
    answer(import_terrain(options, out, screen, force=force), as_json=as_json)
