"""Options of ``watchline challenge``: names, help texts, defaults and checks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from geo.errors import BadInput
from ops.analysis.option_types import (
    DirectionOption,
    LayoutOption,
    PdfOption,
    SchedulerOption,
    SectorOrNationArgument,
    SeenSpeedOption,
    TargetOption,
    TlsCaOption,
    TlsCertificateOption,
    TlsKeyOption,
    WorkersOption,
    check_seen_speed,
    existing_map,
    named,
)


@dataclass(frozen=True, slots=True)
class ChallengeOptions:
    """The options of the command; ``check`` raises BadInput for invalid ones, before anything is read."""

    sector: SectorOrNationArgument
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="Output folder: report, tables, rasters, maps, response isochrones."),
    ]
    layout: LayoutOption = None
    target: TargetOption = "person"
    conditions: Annotated[
        str, typer.Option("--conditions", help="Light and weather, as for `coverage`, such as night,fog.")
    ] = "day"
    direction: DirectionOption = "inward"
    seen_mps: SeenSpeedOption = None
    dwell_s: Annotated[
        float, typer.Option("--exposure", metavar="SECONDS", help="Exposure time of the coverage rasters.")
    ] = 600.0
    required: Annotated[
        float, typer.Option("--required", help="Required crossing Pd; a segment below it is a coverage gap.")
    ] = 0.9
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", help="Monte Carlo samples of elevation errors, 0 for none.")
    ] = 10
    runs: Annotated[
        int,
        typer.Option(
            "--runs", metavar="N", help="Simulated crossings of each path for P(confirmed track); 0 for none."
        ),
    ] = 20
    weights: Annotated[
        str,
        typer.Option(
            "--weights",
            metavar="SCORE=W,…",
            help="Composite of crossing_ease, surveillance_difficulty, response_difficulty.",
        ),
    ] = ""
    roads: Annotated[
        Path | None,
        typer.Option(
            "--roads",
            metavar="FILE",
            help="Roads instead of those of the sector: lines with a class or speed.",
            callback=existing_map,
        ),
    ] = None
    rivers: Annotated[
        Path | None,
        typer.Option(
            "--rivers",
            metavar="FILE",
            help="Rivers instead of those of the sector: lines or areas.",
            callback=existing_map,
        ),
    ] = None
    fords: Annotated[
        Path | None,
        typer.Option("--fords", metavar="FILE", help="Fords instead of those of the sector.", callback=existing_map),
    ] = None
    stretch_km: Annotated[
        float,
        typer.Option(
            "--sub-section", metavar="KM", help="Longest sub-section; a longer border is divided and can be resumed."
        ),
    ] = 50.0
    breach: Annotated[
        bool,
        typer.Option("--breach", help="Also compute maximal breach and support paths, as breach.geojson."),
    ] = False

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
        if self.direction not in ("inward", "outward"):
            raise BadInput(f"{self.direction!r}", where="--direction", expected="inward or outward")
        check_seen_speed(self.seen_mps)
        if not 0.0 < self.dwell_s < math.inf:
            raise BadInput(f"{self.dwell_s:g}", where="--exposure", expected="seconds above 0")
        if not 0.0 < self.required <= 1.0:
            raise BadInput(f"{self.required:g}", where="--required", expected="a probability above 0, at most 1")
        if self.samples != 0 and not 2 <= self.samples <= 1000:
            raise BadInput(f"{self.samples}", where="--samples", expected="0 for none, or 2 to 1000")
        if not 0 <= self.runs <= 10_000:
            raise BadInput(f"{self.runs}", where="--runs", expected="0 for none, up to 10000")
        if not 1.0 <= self.stretch_km < math.inf:
            raise BadInput(f"{self.stretch_km:g}", where="--sub-section", expected="kilometres from 1")
        weights_of(self.weights)


def weights_of(text: str) -> dict[str, float]:
    """Parse weights of the composite from ``score=number,…``; none for an empty text. Raises BadInput."""
    from geo.challenge.scores import SCORES

    weights: dict[str, float] = {}
    for item in filter(None, text.split(",")):
        name, _, value = item.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if name.strip() not in SCORES or not 0.0 <= number < math.inf or name.strip() in weights:
            raise BadInput(f"{item!r}", where="--weights", expected=f"score=number, of {', '.join(SCORES)}, each once")
        weights[name.strip()] = number
    if weights and not sum(weights.values()) > 0.0:
        raise BadInput(f"{text!r}", where="--weights", expected="a weight above 0")
    return weights
