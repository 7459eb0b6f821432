"""Options of ``watchline coverage``: names, help texts, defaults and checks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from geo.errors import BadInput
from ops.analysis.option_types import (
    LayoutOption,
    PdfOption,
    SchedulerOption,
    SectorOrNationArgument,
    TargetOption,
    TlsCaOption,
    TlsCertificateOption,
    TlsKeyOption,
    WorkersOption,
    named,
)


@dataclass(frozen=True, slots=True)
class CoverageOptions:
    """The options of the command; ``check`` raises BadInput for invalid ones, before anything is read."""

    sector: SectorOrNationArgument
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Output folder: rasters, tables, maps.")]
    layout: LayoutOption = None
    target: TargetOption = "person"
    conditions: Annotated[
        str,
        typer.Option(
            "--conditions",
            help="Light and weather, separated by commas: day, night, haze, fog, rain, humid, wind, or a value such "
            "as visibility_m=800.",
        ),
    ] = "day"
    dwell_s: Annotated[float, typer.Option("--exposure", metavar="SECONDS", help="Exposure time of the target.")] = (
        600.0
    )
    required: Annotated[float, typer.Option("--required", help="Required cumulative Pd, above 0 and at most 1.")] = 0.9

    pdf: PdfOption = False
    scheduler: SchedulerOption = "threads"
    workers: WorkersOption = None
    tls_ca: TlsCaOption = None
    tls_certificate: TlsCertificateOption = None
    tls_key: TlsKeyOption = None

    def check(self) -> None:
        """Raise BadInput for the first invalid option."""
        from sensors.detection_model.assumptions import Situation
        from sensors.detection_model.weather import conditions_of

        with named("--conditions"):
            conditions = conditions_of(self.conditions)[1]
        with named("--target"):
            Situation(self.target, conditions)
        if not 0.0 < self.dwell_s < float("inf"):
            raise BadInput(f"{self.dwell_s:g}", where="--exposure", expected="seconds above 0")
        if not 0.0 < self.required <= 1.0:
            raise BadInput(f"{self.required:g}", where="--required", expected="a probability above 0, at most 1")
