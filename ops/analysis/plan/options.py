"""Options of ``watchline plan``: names, help texts and defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.option_types import CatalogueOption, DiscountOption, TargetOption, YearsOption


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """The options of the command, as given; ``place`` and ``sector`` are alternatives, see ``sector_name``."""

    budget: Annotated[
        float, typer.Option("--budget", help="Life-cycle money for what is bought, in the catalogue's currency.")
    ]
    place: Annotated[
        str | None, typer.Argument(metavar="SECTOR", help="Sector TOML file, or a sample's name.", show_default=False)
    ] = None
    sector: Annotated[str | None, typer.Option("--sector", help="The same. Default: cumberland.")] = None
    objective: Annotated[
        str, typer.Option("--objective", help="mean_probability, worst_segment, least_detected or interruption.")
    ] = "mean_probability"
    items: Annotated[
        tuple[str, ...], typer.Option("--item", help="Catalogue item that may be bought; again for each.")
    ] = ()
    candidates: Annotated[
        Path | None,
        typer.Option("--candidates", help="Layout file of sensors with a cost each, instead of items at found sites."),
    ] = None
    start: Annotated[
        str | None, typer.Option("--start", metavar="LAYOUT", help="What stands there already: what to buy next?")
    ] = None
    crew: Annotated[float, typer.Option("--crew", help="People on duty that what is bought may take.")] = math.inf
    at_least: Annotated[
        float | None, typer.Option("--at-least", help="Value the objective must reach; else say what prevents it.")
    ] = None
    pareto: Annotated[bool, typer.Option("--pareto", help="Also the front of cost against the worst segment.")] = False
    patrols: Annotated[int, typer.Option("--patrols", min=0, help="Patrols to draw a roster for, by lot.")] = 0
    shift_h: Annotated[float, typer.Option("--shift", metavar="HOURS", help="Length of a patrol's shift.")] = 8.0
    stay_min: Annotated[float, typer.Option("--stay", metavar="MINUTES", help="Stay of a patrol in a segment.")] = 60.0
    shifts: Annotated[int, typer.Option("--shifts", help="Shifts of the roster.")] = 30
    years: YearsOption = 10.0
    discount: DiscountOption = 0.03
    catalogue: CatalogueOption = None
    target: TargetOption = "person"
    conditions: Annotated[str, typer.Option("--conditions", help="Light and weather, as for coverage.")] = "day"
    direction: Annotated[str, typer.Option("--direction", help="inward (towards home) or outward.")] = "inward"
    spacing_m: Annotated[float, typer.Option("--spacing", metavar="M", help="Between candidate sites.")] = 1500.0
    steepest: Annotated[float, typer.Option("--steepest", help="Steepest ground of a site, rise over run.")] = 0.36
    roads: Annotated[
        Path | None, typer.Option("--roads", help="Roads in place of the sector's: a map file of lines.")
    ] = None
    road_m: Annotated[float, typer.Option("--max-road", metavar="M", help="Farthest from a road.")] = math.inf
    power: Annotated[Path | None, typer.Option("--power", help="Power lines or supplies: a map file.")] = None
    power_m: Annotated[float, typer.Option("--max-power", metavar="M", help="Farthest from power.")] = math.inf
    links: Annotated[
        str,
        typer.Option(
            "--links", help="Where sensors must reach by radio, over relays: bases, none, or a file of GeoJSON points."
        ),
    ] = "bases"
    seconds: Annotated[float, typer.Option("--seconds", help="How long to look for something better.")] = 20.0
    gap: Annotated[float, typer.Option("--gap", help="Stop within this share of the best.")] = 0.005
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the layout, candidates, roster and figures.")
    ] = None

    @property
    def sector_name(self) -> str:
        """Return the named sector, or the sample; raises typer.BadParameter where two are named."""
        from ops.sector.sector_file import DEFAULT_SECTOR

        if self.place is not None and self.sector is not None and self.place != self.sector:
            raise typer.BadParameter(f"{self.place!r} and --sector {self.sector!r} are two sectors")
        return self.place or self.sector or DEFAULT_SECTOR
