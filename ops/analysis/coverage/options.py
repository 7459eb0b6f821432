"""Options of ``watchline coverage``: names, help texts, defaults and checks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from geo.errors import BadInput
from ops.analysis.option_types import SectorArgument, TargetOption


@dataclass(frozen=True, slots=True)
class CoverageOptions:
    """The options of the command; ``check`` raises BadInput for invalid ones, before anything is read."""

    sector: SectorArgument
    out: Annotated[Path, typer.Option("--out", help="Folder of the rasters, tables and maps.")]
    layout: Annotated[
        str | None, typer.Option("--layout", help="Layout by its name in the sector, or a file. Default: the first.")
    ] = None
    target: TargetOption = "person"
    conditions: Annotated[
        str,
        typer.Option(
            "--conditions",
            help="Light and weather, by commas: day, night, haze, fog, rain, humid, wind, or a number such as "
            "visibility_m=800.",
        ),
    ] = "day"
    dwell_s: Annotated[float, typer.Option("--dwell", metavar="SECONDS", help="How long a target is there.")] = 600.0
    required: Annotated[
        float, typer.Option("--required", help="Probability of detection that counts as covered, above 0 to 1.")
    ] = 0.9

    def check(self) -> None:
        """Raise BadInput for the first invalid option."""
        from sensors.detection_model.assumptions import Situation
        from sensors.detection_model.weather import conditions_of

        Situation(self.target, conditions_of(self.conditions)[1])
        if not 0.0 < self.dwell_s < float("inf"):
            raise BadInput(f"{self.dwell_s:g}", where="--dwell", expected="seconds above 0")
        if not 0.0 < self.required <= 1.0:
            raise BadInput(f"{self.required:g}", where="--required", expected="a probability above 0, at most 1")
