"""``watchline compare`` on the command line: a few lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import JsonOption, answer, screen


def compare(
    layouts: Annotated[list[str], typer.Argument(help="Two or more layouts: names in the sector, or files.")],
    sector: Annotated[str, typer.Option("--sector", help="Sector TOML file, or a sample's name.")] = "cumberland",
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget",
            help="Life-cycle money for each layout, in the catalogue's currency. Default: what the dearest costs.",
        ),
    ] = None,
    years: Annotated[float, typer.Option("--years", help="Years over which costs are counted.")] = 10.0,
    discount: Annotated[float, typer.Option("--discount", help="Discount rate a year, 0 to 1.")] = 0.03,
    objective: Annotated[
        str,
        typer.Option("--objective", help="mean_detection, least_detection, mean_interruption or least_interruption."),
    ] = "mean_detection",
    target: Annotated[str, typer.Option("--target", help="person, group or vehicle.")] = "person",
    weather: Annotated[
        list[str] | None,
        typer.Option(
            "--weather",
            metavar="CONDITIONS=SHARE",
            help="Share of a year's crossings in that weather, such as night,fog=0.1; again for each, summing to 1.",
        ),
    ] = None,
    required: Annotated[
        float, typer.Option("--required", help="Probability from which ground is covered and a segment guarded.")
    ] = 0.5,
    operators: Annotated[int, typer.Option("--operators", help="People in the control room at any time.")] = 2,
    top_up: Annotated[
        str, typer.Option("--top-up", help="Moving item that the rest of the budget buys, or none.")
    ] = "foot_patrol",
    catalogue: Annotated[
        Path | None, typer.Option("--catalogue", help="Your equipment catalogue (TOML); overrides ours by name.")
    ] = None,
    thresholds: Annotated[
        Path | None, typer.Option("--thresholds", help="Frozen requirements with their change log (TOML).")
    ] = None,
    draws: Annotated[int, typer.Option("--draws", metavar="N", help="Draws of everything uncertain.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same draws.")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the report (HTML and PDF) and the figures.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare layouts at equal life-cycle cost: which is better, how sure that is, and what decides it."""
    from ops.analysis.compare.command import CompareOptions, compare_layouts

    options = CompareOptions(
        layouts=tuple(layouts),
        sector=sector,
        budget=budget,
        years=years,
        discount=discount,
        objective=objective,
        target=target,
        weather=tuple(weather or ()),
        required=required,
        operators=operators,
        top_up=top_up,
        catalogue=catalogue,
        thresholds=thresholds,
        draws=draws,
        seed=seed,
        out=out,
    )
    answer(compare_layouts(options, screen), as_json=as_json)
