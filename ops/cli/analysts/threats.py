"""``watchline threats …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.option_types import PdfOption, SectorArgument
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, answer, screen

threats_app = typer.Typer(
    cls=CommandGroup, help="Show threats and the layers that cover them.", no_args_is_help=True
)  # fmt: skip


@threats_app.command("list", cls=Command)
def list_catalogue(
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="NAME", help="Only threats of this kind, such as arms.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the catalogue of threats.

    Shows definition, usual routes and indicators of each threat.

    Examples
    --------
    watchline threats list
    watchline threats list --kind arms --json
    """
    from ops.analysis.threats.command import list_threats

    answer(list_threats(kind, screen), as_json=as_json)


@threats_app.command("show", cls=Command)
def show_one(
    threat: Annotated[str, typer.Argument(metavar="THREAT", help="Threat of `threats list`.")],
    as_json: JsonOption = False,
) -> None:
    """Show what sensors and layers can see of a threat.

    Examples
    --------
    watchline threats show firearms
    """
    from ops.analysis.threats.command import show_threat

    answer(show_threat(threat, screen), as_json=as_json)


@threats_app.command("layers", cls=Command)
def layers(
    sector: SectorArgument,
    means: Annotated[
        Path | None,
        typer.Option(
            "--means", metavar="FILE", help="Table of the means in place.", exists=True, dir_okay=False
        ),
    ] = None,
    challenge: Annotated[
        list[Path] | None,
        typer.Option(
            "--challenge", metavar="DIR", help="Output folder of `challenge`. Repeat for other target classes.",
            exists=True, file_okay=False,
        ),
    ] = None,
    patrols: Annotated[
        Path | None,
        typer.Option(
            "--patrols", metavar="DIR", help="Output folder of `plan --patrols`.", exists=True, file_okay=False
        ),
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="YYYY-MM-DD", help="Day of the assessment. Default: today (UTC).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for layers.html and summary.json.")
    ] = None,
    pdf: PdfOption = False,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Show which layers cover which threats.

    States for each border segment what each layer covers: information before
    the border, crossing points, green border, inland. A gap, which is a threat
    that no layer of a segment covers, is stated first.

    Examples
    --------
    watchline threats layers cumberland
    watchline threats layers cumberland --means means.csv --out out/layers
    """
    from ops.analysis.threats.layers_command import LayerOptions, show_layers

    options = LayerOptions(sector, means, tuple(challenge or ()), patrols, on, out, pdf)
    answer(show_layers(options, screen), as_json=as_json)
