"""``watchline lanes`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import JsonOption, answer, screen


def lanes(
    crossing_point: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Crossing point (TOML): lanes, arrivals, checks.", exists=True, dir_okay=False
        ),
    ],
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for summary.json.")] = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Compare arrangements of trusted lanes.

    States what lanes for enrolled travellers or traders would change at a
    crossing point: waiting times by queue models, checks saved, and what the
    checks find.

    Examples
    --------
    watchline lanes crossing.toml
    watchline lanes crossing.toml --out out/lanes --json
    """
    from ops.analysis.lanes.command import show_lanes

    answer(show_lanes(crossing_point, screen, out=out), as_json=as_json)
