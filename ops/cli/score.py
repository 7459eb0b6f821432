"""``watchline score`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import JsonOption, answer, screen


def score(
    indicators: Annotated[
        Path | None,
        typer.Argument(
            help="CSV or JSON of indicators: place, family, name, value, unit, date, source, target, better."
        ),
    ] = None,
    outcomes: Annotated[
        Path | None, typer.Option("--outcomes", help="CSV or JSON of outcome counts by place and period.")
    ] = None,
    challenge: Annotated[
        Path | None, typer.Option("--challenge", metavar="DIR", help="What `challenge` wrote, for the tactical family.")
    ] = None,
    place: Annotated[str | None, typer.Option("--place", help="One section or country. Default: all.")] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="YYYY-MM-DD", help="As known then. Default: today.")] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="The undetected of the outcomes are of a simulation, known exactly.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for scorecard.html and summary.json.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show all four families of success with trend and distance to target, and what is missing."""
    from ops.analysis.score.command import ScoreOptions
    from ops.analysis.score.command import score as show_score

    options = ScoreOptions(indicators, outcomes, challenge, place, on, out, simulated)
    answer(show_score(options, screen), as_json=as_json)
