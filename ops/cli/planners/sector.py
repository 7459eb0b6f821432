"""``watchline sector …`` on the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from ops.analysis.option_types import CatalogueOption, LayoutOption, SectorArgument, existing_rasters
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, SettingsOption, answer, screen

sector_app = typer.Typer(cls=CommandGroup, help="Create, check and preview a sector.")

BASE_MAP_HELP = "PMTiles archive of vector tiles or pictures."
CREDIT_HELP = "Credit line of the map. Default: OpenStreetMap's where due."
BASES_HELP = "Patrol bases: GeoJSON points. Default: an example base."


@sector_app.command("init", cls=Command)
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new sector.")],
    terrain: Annotated[
        str | None,
        typer.Option(
            "--terrain",
            metavar="DEM",
            help="Elevations: raster, folder or pattern of tiles.",
            callback=lambda name: name and existing_rasters([name])[0],
        ),
    ] = None,
    border: Annotated[
        Path | None, typer.Option("--border", metavar="FILE", help="Border line: shapefile, GeoJSON or GeoPackage.")
    ] = None,
    where: Annotated[
        str, typer.Option("--where", metavar="SQL", help="Lines of the border file: \"name = 'North'\". Default: all.")
    ] = "",
    own_side: Annotated[
        str,
        typer.Option("--own-side", metavar="SIDE", help="left or right of the line, or LON,LAT on the own side."),
    ] = "",
    name: Annotated[str, typer.Option("--name", help="Name in topics and folders. Default: that of DIR.")] = "",
    bases: Annotated[Path | None, typer.Option("--bases", metavar="FILE", help=BASES_HELP)] = None,
    roads: Annotated[Path | None, typer.Option("--roads", metavar="FILE", help="Map file of roads and paths.")] = None,
    rivers: Annotated[Path | None, typer.Option("--rivers", metavar="FILE", help="Map file of rivers.")] = None,
    settlements: Annotated[
        Path | None, typer.Option("--settlements", metavar="FILE", help="Map file of inhabited places.")
    ] = None,
    layout: Annotated[
        Path | None, typer.Option("--layout", metavar="FILE", help="Your layout. Default: two example layouts.")
    ] = None,
    base_map: Annotated[Path | None, typer.Option("--base-map", metavar="FILE", help=BASE_MAP_HELP)] = None,
    credit: Annotated[str | None, typer.Option("--credit", help=CREDIT_HELP)] = None,
    as_json: JsonOption = False,
) -> None:
    """Create a sector from a DEM and a border.

    Writes a commented sector file, two example layouts on sites with a view
    of the border, an example base, and JSON Schemas for editors. Existing
    files are never overwritten. On a terminal, missing values are asked for.
    A layer of a map file is named as FILE|layername=LAYER.

    Examples
    --------
    watchline sector init north --terrain dem.tif --border border.shp
    watchline sector init north --terrain dem.tif --border border.shp \\
        --where "name = 'North'" --own-side 1.52,42.51
    """
    from geo.errors import BadInput
    from ops.analysis.sector.command import init as create
    from ops.sector.creation.new_sector import NewSector, checked_side

    if sys.stdin.isatty() and (terrain is None or border is None):
        terrain = terrain or _ask("terrain", lambda text: existing_rasters([text])[0])
        border = border or Path(_ask("border", lambda text: str(_existing(Path(text), "--border"))))
        where = where or _ask("where", str, default="")
        own_side = own_side or _ask("side", checked_side, default="left")
    for value, option in ((terrain, "--terrain"), (border, "--border")):
        if value is None or not str(value).strip():
            raise BadInput("is missing", where=option, expected="a file")
    for file, option in (
        (border, "--border"),
        (bases, "--bases"),
        (roads, "--roads"),
        (rivers, "--rivers"),
        (settlements, "--settlements"),
        (layout, "--layout"),
        (base_map, "--base-map"),
    ):
        if file is not None:
            _existing(file, option)
    assert terrain is not None
    assert border is not None
    new = NewSector(
        folder, terrain, border, where, own_side, name, bases, roads, rivers, settlements, layout, base_map, credit
    )
    answer(create(new, screen), as_json=as_json)


def _ask(name: str, check: Callable[[str], str], *, default: str | None = None) -> str:
    """Ask for a value on the terminal, and again after each answer that ``check`` refuses."""
    from geo.errors import BadInput
    from ops.runtime.output import say

    def checked(text: str) -> str:
        try:
            return check(text.strip())
        except BadInput as error:
            raise typer.BadParameter(f"{error.what}; expected {error.expected}.") from None

    shown = bool(default)
    answer: str = typer.prompt(
        say(f"sector-init-ask-{name}"), default=default, show_default=shown, value_proc=checked, err=True
    )
    return answer


def _existing(file: Path, option: str) -> Path:
    """Return the name of a map file, with or without a layer; BadInput where there is no such file."""
    from geo.errors import BadInput

    if not Path(str(file).partition("|layername=")[0]).exists():
        raise BadInput(f"there is no file {str(file)!r}", where=option, expected="an existing file")
    return file


@sector_app.command("check", cls=Command)
def check(
    sector: SectorArgument,
    settings: SettingsOption = None,
    catalogue: CatalogueOption = None,
    as_json: JsonOption = False,
) -> None:
    """List all errors of a sector and its files.

    Checks the sector file, terrain, border, layouts, bases and maps, and with
    --settings and --catalogue those files. The exit code is 1 if there is an
    error. Notices point out what is allowed but may be unexpected.

    Examples
    --------
    watchline sector check north
    watchline sector check north --settings settings.toml --json
    """
    from ops.analysis.sector.command import check as examine

    found = examine(sector, settings, catalogue, screen)
    answer(found, as_json=as_json)
    if not found["ok"]:
        raise typer.Exit(1)


@sector_app.command("preview", cls=Command)
def preview(
    sector: SectorArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Page to write (.html); a .png beside it.")],
    layout: LayoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a sector on one page and as a picture.

    Terrain, border with its direction and own side, segments, sensors, bases,
    links, and dead ground. The page works offline.

    Examples
    --------
    watchline sector preview north --out north.html
    """
    from ops.analysis.sector.preview import draw_preview

    answer(draw_preview(sector, layout, out, screen), as_json=as_json)


@sector_app.command("schema", cls=Command)
def schema(
    name: Annotated[
        Literal["sector", "layout", "settings", "catalogue"],
        typer.Argument(metavar="NAME", help="sector, layout, settings or catalogue."),
    ],
) -> None:
    """Print the JSON Schema of a file.

    Editors use it to complete and check sector, layout, settings and
    catalogue files.

    Examples
    --------
    watchline sector schema settings > settings.schema.json
    """
    import json

    from ops.sector.schemas import file_schema

    sys.stdout.write(json.dumps(file_schema(name), indent=2, ensure_ascii=False) + "\n")
