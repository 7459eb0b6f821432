"""Options of ``watchline plan``: names, help texts and defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from ops.analysis.option_types import (
    CatalogueOption,
    DirectionOption,
    DiscountOption,
    PdfOption,
    SchedulerOption,
    SectorOrNationArgument,
    SeenSpeedOption,
    TargetOption,
    TlsCaOption,
    TlsCertificateOption,
    TlsKeyOption,
    WorkersOption,
    YearsOption,
    above_zero,
    existing_map,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """The options of the command, as given."""

    sector: SectorOrNationArgument
    budget: Annotated[float, typer.Option("--budget", min=0.0, help="Life-cycle budget, in the catalogue's currency.")]
    objective: Annotated[
        Literal["mean_probability", "worst_segment", "least_detection", "timely_detection"],
        typer.Option("--objective", help="mean_probability, worst_segment, least_detection or timely_detection."),
    ] = "mean_probability"
    items: Annotated[
        tuple[str, ...],
        typer.Option(
            "--item",
            help="Catalogue item that may be bought; may be repeated. Default: portable_radar, ast_tower, "
            "observation_post, trail_camera, seismic_line, radio_relay. Patrols and drones may be named, too.",
        ),
    ] = ()
    candidates: Annotated[
        Path | None,
        typer.Option(
            "--candidates",
            metavar="FILE",
            help="Layout of sensors with a cost each, to choose from instead of items at candidate sites.",
            exists=True,
            dir_okay=False,
        ),
    ] = None
    start: Annotated[str | None, typer.Option("--start", metavar="LAYOUT", help="Existing layout to extend.")] = None
    crew: Annotated[
        float, typer.Option("--crew", min=0.0, help="Maximum number of people on duty for the purchase.")
    ] = math.inf
    at_least: Annotated[
        float | None,
        typer.Option(
            "--at-least",
            min=0.0,
            max=1.0,
            help="Required value of the objective, without weights by risk; if unreachable, name the binding limit.",
        ),
    ] = None
    pareto: Annotated[
        bool, typer.Option("--pareto", help="Also compute the Pareto front of cost and worst segment.")
    ] = False
    patrols: Annotated[int, typer.Option("--patrols", min=0, help="Patrols with a randomised schedule (roster).")] = 0
    shift_h: Annotated[
        float, typer.Option("--shift", metavar="HOURS", callback=above_zero, help="Length of a patrol shift.")
    ] = 8.0
    stay_min: Annotated[
        float,
        typer.Option(
            "--stay", metavar="MINUTES", callback=above_zero, help="Time that a patrol stays in each segment."
        ),
    ] = 60.0
    carries: Annotated[
        tuple[str, ...],
        typer.Option(
            "--carries",
            metavar="ITEM",
            help="Catalogue item with which patrols watch; may be repeated. Default: binoculars, handheld_thermal.",
        ),
    ] = ()
    launch_sites: Annotated[
        Path | None,
        typer.Option(
            "--launch-sites",
            metavar="FILE",
            help="Launch sites of drones: GeoJSON points. Default: the bases.",
            exists=True,
            dir_okay=False,
        ),
    ] = None
    flight_min: Annotated[
        float, typer.Option("--flight", metavar="MINUTES", callback=above_zero, help="Endurance of a drone.")
    ] = 41.0
    wind_mps: Annotated[
        float, typer.Option("--wind", metavar="M/S", min=0.0, help="Wind speed in which drones fly.")
    ] = 0.0
    wind_from_deg: Annotated[
        float,
        typer.Option("--wind-from", metavar="DEGREES", min=0.0, max=360.0, help="Direction from which the wind blows."),
    ] = 270.0
    shifts: Annotated[int, typer.Option("--shifts", min=1, help="Number of shifts in the roster.")] = 30
    years: YearsOption = 10.0
    discount: DiscountOption = 0.03
    catalogue: CatalogueOption = None
    target: TargetOption = "person"
    conditions: Annotated[
        str, typer.Option("--conditions", help="Light and weather, as for `coverage`, such as night,fog.")
    ] = "day"
    direction: DirectionOption = "inward"
    seen_mps: SeenSpeedOption = None
    own_side: Annotated[
        bool,
        typer.Option(
            "--own-side/--both-sides",
            help="Candidate sites on the own side of the border only, or on both sides.",
        ),
    ] = True
    spacing_m: Annotated[
        float, typer.Option("--spacing", metavar="M", callback=above_zero, help="Spacing of candidate sites.")
    ] = 1500.0
    steepest: Annotated[
        float, typer.Option("--steepest", callback=above_zero, help="Maximum slope of a site, rise over run.")
    ] = 0.36
    roads: Annotated[
        Path | None,
        typer.Option(
            "--roads",
            metavar="FILE",
            help="Roads instead of those of the sector: a map file of lines.",
            callback=existing_map,
        ),
    ] = None
    road_m: Annotated[
        float, typer.Option("--max-road", metavar="M", callback=above_zero, help="Maximum distance from a road.")
    ] = math.inf
    power: Annotated[
        Path | None,
        typer.Option("--power", metavar="FILE", help="Power lines or supplies: a map file.", callback=existing_map),
    ] = None
    power_m: Annotated[
        float, typer.Option("--max-power", metavar="M", callback=above_zero, help="Maximum distance from power.")
    ] = math.inf
    links: Annotated[
        str,
        typer.Option("--links", help="Destinations of radio reports: bases, none, or a file of GeoJSON points."),
    ] = "bases"
    seconds: Annotated[float, typer.Option("--seconds", callback=above_zero, help="Maximum time of the search.")] = 20.0
    gap: Annotated[
        float,
        typer.Option(
            "--optimality-gap", min=0.0, help="Stop when the plan is within this fraction of the upper bound."
        ),
    ] = 0.005
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder of the report, layout, candidates, roster and figures."),
    ] = None
    pdf: PdfOption = False
    scheduler: SchedulerOption = "threads"
    workers: WorkersOption = None
    tls_ca: TlsCaOption = None
    tls_certificate: TlsCertificateOption = None
    tls_key: TlsKeyOption = None
