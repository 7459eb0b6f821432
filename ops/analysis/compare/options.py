"""Options of ``watchline compare``: names, help texts and defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from ops.analysis.option_types import (
    CatalogueOption,
    DirectionOption,
    DiscountOption,
    SchedulerOption,
    SectorOrNationArgument,
    TargetOption,
    TlsCaOption,
    TlsCertificateOption,
    TlsKeyOption,
    WorkersOption,
    YearsOption,
    above_zero,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """The options of the command, as given."""

    sector: SectorOrNationArgument
    layouts: Annotated[
        tuple[str, ...],
        typer.Argument(metavar="LAYOUT", help="Two or more layouts: names in the sector, or files."),
    ]
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget",
            callback=above_zero,
            help="Life-cycle budget of each layout. Default: the cost of the most expensive layout.",
        ),
    ] = None
    years: YearsOption = 10.0
    discount: DiscountOption = 0.03
    objective: Annotated[
        Literal["mean_detection", "least_detection", "mean_interruption", "least_interruption"],
        typer.Option("--objective", help="mean_detection, least_detection, mean_interruption or least_interruption."),
    ] = "mean_detection"
    target: TargetOption = "person"
    direction: DirectionOption = "inward"
    weather: Annotated[
        tuple[str, ...],
        typer.Option(
            "--weather",
            metavar="CONDITIONS=FRACTION",
            help="Fraction of a year's crossings in that weather, e.g. night,fog=0.1. May be repeated; the sum is 1.",
        ),
    ] = ()
    required: Annotated[
        float,
        typer.Option(
            "--required",
            max=1.0,
            callback=above_zero,
            help="Required detection probability of a cell and of a segment.",
        ),
    ] = 0.5
    operators: Annotated[
        int, typer.Option("--operators", min=0, max=1000, help="Operators in the operations centre at any time.")
    ] = 2
    residual_item: Annotated[
        str, typer.Option("--residual-item", help="Mobile item that the residual budget buys, or none.")
    ] = "foot_patrol"
    schedules: Annotated[
        tuple[str, ...],
        typer.Option(
            "--schedules",
            metavar="LAYOUT=FILE",
            help="Patrols and drones of a layout: schedules of `plan`. May be repeated.",
        ),
    ] = ()
    catalogue: CatalogueOption = None
    thresholds: Annotated[
        Path | None,
        typer.Option(
            "--thresholds",
            metavar="FILE",
            help="Requirements with their change log (TOML); earlier versions are kept beside it.",
            exists=True,
            dir_okay=False,
        ),
    ] = None
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=2, max=100_000, help="Number of Monte Carlo samples.")
    ] = 1000
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the Monte Carlo samples.")] = 1
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the report (HTML) and the figures.")
    ] = None
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Also write the report as PDF (A4).")] = False
    scheduler: SchedulerOption = "threads"
    workers: WorkersOption = None
    tls_ca: TlsCaOption = None
    tls_certificate: TlsCertificateOption = None
    tls_key: TlsKeyOption = None
