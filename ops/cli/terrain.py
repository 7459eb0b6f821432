"""``watchline terrain …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.terrain.options import TerrainOptions
from ops.cli.options import JsonOption, answer, command_of, screen

terrain_app = typer.Typer(help="Say what rasters are, and make one terrain file of them.", no_args_is_help=True)


@terrain_app.command("info")
@command_of(TerrainOptions)
def terrain_info(
    options: TerrainOptions,
    *,
    headers_only: Annotated[bool, typer.Option("--headers-only", help="Do not read the cells.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what rasters are and what terrain they would make: system, cells, bounds, heights, voids, datum."""
    from ops.analysis.terrain.command import info

    answer(info(options, screen, headers_only=headers_only), as_json=as_json)


@terrain_app.command("import")
@command_of(TerrainOptions)
def terrain_import(
    options: TerrainOptions,
    *,
    out: Annotated[Path, typer.Option("--out", help="The GeoTIFF to write (cloud-optimised).")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make one terrain file of rasters: their cells on a frame, heights in metres, voids marked, with a checksum."""
    from ops.analysis.terrain.command import import_terrain

    answer(import_terrain(options, out, screen, force=force), as_json=as_json)
