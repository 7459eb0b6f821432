"""``watchline score`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.option_types import PdfOption, SectorArgument
from ops.cli.options import JsonOption, answer, screen


def score(
    sector: SectorArgument,
    indicators: Annotated[
        Path | None,
        typer.Argument(
            help="CSV or JSON of indicators: place, family, name, value, unit, date, source, target, better.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    outcomes: Annotated[
        Path | None,
        typer.Option(
            "--outcomes",
            metavar="FILE",
            help="CSV or JSON of outcomes by place and period.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    challenge: Annotated[
        Path | None,
        typer.Option(
            "--challenge",
            metavar="DIR",
            help="Output folder of `challenge`, for the tactical family.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    place: Annotated[str | None, typer.Option("--place", help="One section or country. Default: all.")] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="YYYY-MM-DD", help="Day of evaluation. Default: today.")
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="The outcomes are simulated: undetected crossings are known.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for scorecard.html and summary.json.")
    ] = None,
    pdf: PdfOption = False,
    as_json: JsonOption = False,
) -> None:
    """Evaluate indicators as a scorecard.

    Shows all four families of success measures with trend and distance to
    target, and which indicators are missing.

    Examples
    --------
    watchline score cumberland indicators.csv --out out/score
    watchline score cumberland --challenge out/challenge
    """
    from ops.analysis.score.command import ScoreOptions
    from ops.analysis.score.command import score as show_score

    options = ScoreOptions(sector, indicators, outcomes, challenge, place, on, out, simulated, pdf)
    answer(show_score(options, screen), as_json=as_json)
