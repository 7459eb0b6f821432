"""``watchline screening`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.option_types import SectorArgument
from ops.cli.options import DataOption, JsonOption, answer, screen


def screening(
    sector: SectorArgument,
    movements: Annotated[
        Path,
        typer.Argument(metavar="MOVEMENTS", help="Table of made-up movements.", exists=True, dir_okay=False),
    ],
    rules: Annotated[
        Path, typer.Option("--rules", metavar="FILE", help="Rules (TOML).", exists=True, dir_okay=False)
    ],
    data: DataOption,
    purpose: Annotated[
        str, typer.Option("--purpose", metavar="TEXT", help="Purpose, for the audit log.")
    ],
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for summary.json.")] = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Test screening rules on made-up movements.

    States for each hit which rule and why, for each rule its hit rate and what
    checks found, and the counts by group. Off unless the sector file states
    screening = true; each use is recorded in the audit log.

    Examples
    --------
    watchline screening cumberland movements.csv --rules rules.toml \\
        --data data --purpose "exercise of the screening rules"
    """
    from ops.analysis.screening.command import ScreeningOptions, apply_rules

    answer(apply_rules(ScreeningOptions(sector, movements, rules, data, purpose, out), screen), as_json=as_json)
