"""``watchline terrain …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.terrain.options import TerrainOptions
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, answer, command_of, screen

terrain_app = typer.Typer(cls=CommandGroup, help="Inspect rasters and import them as terrain.")


@terrain_app.command("info", cls=Command)
@command_of(TerrainOptions)
def terrain_info(
    options: TerrainOptions,
    *,
    headers_only: Annotated[bool, typer.Option("--headers-only", help="Do not read the cells.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what rasters contain.

    Coordinate system, cell size, bounds, heights, voids and datum of the
    rasters, and of the terrain that they would make.

    Examples
    --------
    watchline terrain info tiles --headers-only
    """
    from ops.analysis.terrain.command import info

    answer(info(options, screen, headers_only=headers_only), as_json=as_json)


@terrain_app.command("import", cls=Command)
@command_of(TerrainOptions)
def terrain_import(
    options: TerrainOptions,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Cloud-optimised GeoTIFF to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Merge rasters into one terrain file.

    Reprojects the cells to one frame, with heights in metres, marked voids and
    a checksum.

    Examples
    --------
    watchline terrain import tiles --out terrain.tif
    """
    from ops.analysis.terrain.command import import_terrain

    answer(import_terrain(options, out, screen, force=force), as_json=as_json)
