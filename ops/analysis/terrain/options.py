"""Options of ``watchline terrain`` and ``watchline sites``: names, help texts and defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.option_types import (
    SchedulerOption,
    SectorOrNationArgument,
    TlsCaOption,
    TlsCertificateOption,
    TlsKeyOption,
    WorkersOption,
    above_zero,
    existing_rasters,
)


@dataclass(frozen=True, slots=True)
class TerrainOptions:
    """The rasters to read, and the cells of the resulting terrain."""

    files: Annotated[
        tuple[str, ...],
        typer.Argument(help="Rasters that GDAL reads: files, folders, patterns, URLs.", callback=existing_rasters),
    ]
    frame: Annotated[str, typer.Option("--frame", help="EPSG code of a metric system, or auto.")] = "auto"
    sector: Annotated[str | None, typer.Option("--sector", help="Use the frame of this sector.")] = None
    bounds: Annotated[
        str | None, typer.Option("--bounds", metavar="W,S,E,N", help="Keep only this extent, in degrees.")
    ] = None
    nodata: Annotated[float | None, typer.Option("--nodata", help="Undeclared no-data value of the rasters.")] = None


@dataclass(frozen=True, slots=True)
class SitesOptions:
    """The options of the command: candidates, visibility, the number to choose, and workers."""

    sector: SectorOrNationArgument
    candidates: Annotated[
        Path, typer.Argument(help="GeoJSON points; optional id and mast_height_m.", exists=True, dir_okay=False)
    ]
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Output folder: rasters, selected sites.")]
    mast_m: Annotated[
        float,
        typer.Option("--mast", metavar="M", min=0.0, help="Antenna height AGL for candidates that do not state one."),
    ] = 10.0
    range_m: Annotated[float, typer.Option("--range", metavar="M", callback=above_zero, help="Maximum range.")] = (
        10_000.0
    )
    target_m: Annotated[
        float, typer.Option("--target-height", metavar="M", min=0.0, help="Target height above ground.")
    ] = 1.7
    curvature_k: Annotated[
        float,
        typer.Option(
            "--curvature-k",
            metavar="K|inf",
            help="Effective Earth radius factor: 4/3 radio, 1.15 light, inf flat.",
            callback=above_zero,
        ),
    ] = 4.0 / 3.0
    canopy: Annotated[
        float,
        typer.Option("--canopy", min=0.0, max=1.0, help="Fraction of the canopy height that blocks the line of sight."),
    ] = 0.0
    choose: Annotated[
        int, typer.Option("--choose", metavar="N", min=0, help="Select the N sites with the largest combined coverage.")
    ] = 0
    viewsheds: Annotated[
        Path | None,
        typer.Option(
            "--viewsheds",
            metavar="DIR",
            help="Also write each site's viewshed to a Zarr folder; continues an unfinished one.",
        ),
    ] = None
    scheduler: SchedulerOption = "threads"
    workers: WorkersOption = None
    tls_ca: TlsCaOption = None
    tls_certificate: TlsCertificateOption = None
    tls_key: TlsKeyOption = None
