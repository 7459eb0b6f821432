"""Options of ``watchline patrols``: names, help texts, defaults and checks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from geo.errors import BadInput
from ops.analysis.option_types import (
    DirectionOption,
    LayoutOption,
    SectorArgument,
    TargetOption,
    above_zero,
    existing_map,
    named,
)

MOST_PATROLS = 20


@dataclass(frozen=True, slots=True)
class PatrolOptions:
    """The options of the command; ``check`` raises BadInput for invalid ones, before anything is read."""

    sector: SectorArgument
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Output folder: figure, crossings, summary.")]
    layout: LayoutOption = None
    target: TargetOption = "person"
    conditions: Annotated[
        str, typer.Option("--conditions", help="Light and weather, as for `coverage`, such as night,fog.")
    ] = "day"
    direction: DirectionOption = "inward"
    patrols: Annotated[
        int, typer.Option("--patrols", metavar="N", help="Patrols, evenly spaced in time along the border.")
    ] = 2
    speed_mps: Annotated[
        float, typer.Option("--speed", metavar="M/S", callback=above_zero, help="Speed of the patrols.")
    ] = 1.0
    carries: Annotated[
        Literal["eyes", "binoculars", "thermal"],
        typer.Option("--carries", help="What they watch with: eyes, binoculars or thermal."),
    ] = "binoculars"
    height_m: Annotated[
        float,
        typer.Option(
            "--height", metavar="METRES", callback=above_zero, help="Height of their eyes or camera above ground."
        ),
    ] = 1.7
    route: Annotated[
        Path | None,
        typer.Option(
            "--route",
            metavar="FILE",
            help="Map file of the line on which they move, there and back. Default: the border.",
            callback=existing_map,
        ),
    ] = None
    rest_s: Annotated[
        float, typer.Option("--rest", metavar="SECONDS", min=0.0, help="Time off duty after each round.")
    ] = 0.0
    step_s: Annotated[
        float, typer.Option("--time-step", metavar="SECONDS", callback=above_zero, help="Time step of the search.")
    ] = 30.0
    longest_h: Annotated[
        float,
        typer.Option("--longest", metavar="HOURS", callback=above_zero, help="Longest crossing, waiting included."),
    ] = 4.0

    def check(self) -> None:
        """Raise BadInput for the first invalid option."""
        from sensors.detection_model.assumptions import Situation
        from sensors.detection_model.weather import conditions_of

        with named("--conditions"):
            conditions = conditions_of(self.conditions)[1]
        with named("--target"):
            Situation(self.target, conditions)
        if self.direction not in ("inward", "outward"):
            raise BadInput(f"{self.direction!r}", where="--direction", expected="inward or outward")
        if not 1 <= self.patrols <= MOST_PATROLS:
            raise BadInput(f"{self.patrols}", where="--patrols", expected=f"1 to {MOST_PATROLS}")
        for name, value, least, most, unit in (
            ("--speed", self.speed_mps, 0.1, 100.0, "metres per second"),
            ("--height", self.height_m, 0.5, 500.0, "metres"),
            ("--rest", self.rest_s, 0.0, 86_400.0, "seconds"),
            ("--time-step", self.step_s, 1.0, 600.0, "seconds"),
            ("--longest", self.longest_h, 0.25, 48.0, "hours"),
        ):
            if not (math.isfinite(value) and least <= value <= most):
                raise BadInput(f"{value:g}", where=name, expected=f"{least:g} to {most:g} {unit}")
