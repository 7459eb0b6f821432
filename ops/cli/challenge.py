"""``watchline challenge`` on the command line: a few lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import JsonOption, answer, screen


def challenge(
    sector: Annotated[str, typer.Argument(help="Sector TOML file, or a sample's name.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the tables, rasters, maps and the report.")],
    layout: Annotated[str | None, typer.Option("--layout", help="Layout by name or file. Default: the first.")] = None,
    target: Annotated[str, typer.Option("--target", help="person, group or vehicle.")] = "person",
    conditions: Annotated[
        str, typer.Option("--conditions", help="Light and weather, as for `coverage`: day, or night,fog.")
    ] = "day",
    direction: Annotated[str, typer.Option("--direction", help="inward (towards home) or outward.")] = "inward",
    dwell: Annotated[float, typer.Option("--dwell", metavar="SECONDS", help="Dwell of the coverage rasters.")] = 600.0,
    required: Annotated[
        float, typer.Option("--required", help="Detection of a crossing below which a segment is a gap.")
    ] = 0.9,
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", help="Draws of errors of the elevation, 0 for none.")
    ] = 10,
    runs: Annotated[
        int, typer.Option("--runs", metavar="N", help="Simulated crossings of each way, for tracks; 0 for none.")
    ] = 20,
    weights: Annotated[
        str,
        typer.Option(
            "--weights",
            metavar="SCORE=W,…",
            help="Composite beside the scores, of crossing_ease, surveillance_difficulty, response_difficulty.",
        ),
    ] = "",
    roads: Annotated[Path | None, typer.Option("--roads", help="Lines with a class or a speed.", exists=True)] = None,
    rivers: Annotated[Path | None, typer.Option("--rivers", help="Lines or areas.", exists=True)] = None,
    fords: Annotated[Path | None, typer.Option("--fords", help="Where rivers can be waded.", exists=True)] = None,
    stretch: Annotated[
        float, typer.Option("--stretch", metavar="KM", help="Longer borders go piece by piece, and can be resumed.")
    ] = 50.0,
    as_json: JsonOption = False,
) -> None:
    """Say how hard a border's ground is for any layout, and how this one does on it: gaps, crossings, interruption."""
    from ops.analysis.challenge.command import ChallengeOptions, assess

    options = ChallengeOptions(
        sector=sector,
        layout=layout,
        out=out,
        target=target,
        conditions=conditions,
        direction=direction,
        dwell_s=dwell,
        required=required,
        draws=draws,
        runs=runs,
        weights=weights,
        roads=roads,
        rivers=rivers,
        fords=fords,
        stretch_km=stretch,
    )
    answer(assess(options, screen), as_json=as_json)
