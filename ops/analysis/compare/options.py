"""Options of ``watchline compare``: names, help texts and defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.option_types import CatalogueOption, DiscountOption, TargetOption, YearsOption


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """The options of the command, as given."""

    layouts: Annotated[tuple[str, ...], typer.Argument(help="Two or more layouts: names in the sector, or files.")]
    sector: Annotated[str, typer.Option("--sector", help="Sector TOML file, or a sample's name.")] = "cumberland"
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget",
            help="Life-cycle money for each layout, in the catalogue's currency. Default: what the dearest costs.",
        ),
    ] = None
    years: YearsOption = 10.0
    discount: DiscountOption = 0.03
    objective: Annotated[
        str,
        typer.Option("--objective", help="mean_detection, least_detection, mean_interruption or least_interruption."),
    ] = "mean_detection"
    target: TargetOption = "person"
    direction: Annotated[str, typer.Option("--direction", help="inward (towards home) or outward.")] = "inward"
    weather: Annotated[
        tuple[str, ...],
        typer.Option(
            "--weather",
            metavar="CONDITIONS=SHARE",
            help="Share of a year's crossings in that weather, such as night,fog=0.1; again for each, summing to 1.",
        ),
    ] = ()
    required: Annotated[
        float, typer.Option("--required", help="Probability from which ground is covered and a segment guarded.")
    ] = 0.5
    operators: Annotated[int, typer.Option("--operators", help="People in the control room at any time.")] = 2
    top_up: Annotated[str, typer.Option("--top-up", help="Moving item that the rest of the budget buys, or none.")] = (
        "foot_patrol"
    )
    catalogue: CatalogueOption = None
    thresholds: Annotated[
        Path | None,
        typer.Option("--thresholds", help="Requirements with their change log (TOML); its history is kept beside it."),
    ] = None
    draws: Annotated[int, typer.Option("--draws", metavar="N", help="Draws of everything uncertain.")] = 1000
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same draws.")] = 1
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the report (HTML and PDF) and the figures.")
    ] = None
