"""Options of ``watchline terrain`` and ``watchline sites``: names, help texts and defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.option_types import SectorArgument


@dataclass(frozen=True, slots=True)
class TerrainOptions:
    """The rasters to read, and the cells of the resulting terrain."""

    files: Annotated[
        tuple[str, ...], typer.Argument(help="Rasters that GDAL reads: files, folders of tiles, patterns, addresses.")
    ]
    frame: Annotated[str, typer.Option("--frame", help="EPSG code of a metric system, or auto.")] = "auto"
    sector: Annotated[str | None, typer.Option("--sector", help="Take the frame of this sector.")] = None
    bounds: Annotated[
        str | None, typer.Option("--bounds", metavar="W,S,E,N", help="Keep only what is within, in degrees.")
    ] = None
    nodata: Annotated[float | None, typer.Option("--nodata", help="A value that marks voids and is not declared.")] = (
        None
    )


@dataclass(frozen=True, slots=True)
class SitesOptions:
    """The options of the command: candidates, visibility, the number to choose, and workers."""

    sector: SectorArgument
    candidates: Annotated[Path, typer.Argument(help="GeoJSON points; id and mast_height_m if they have them.")]
    out: Annotated[Path, typer.Option("--out", help="Folder of the rasters and of the chosen sites.")]
    mast_m: Annotated[float, typer.Option("--mast", metavar="M", help="Mast where a candidate says none.")] = 10.0
    range_m: Annotated[float, typer.Option("--range", metavar="M", help="How far a site looks.")] = 10_000.0
    target_m: Annotated[float, typer.Option("--target-height", metavar="M", help="Height looked for.")] = 1.7
    curvature_k: Annotated[float, typer.Option("--curvature-k", help="4/3 radio, 1.15 light, inf flat.")] = 4.0 / 3.0
    canopy: Annotated[float, typer.Option("--canopy", help="Share of the trees' height that blocks.")] = 0.0
    choose: Annotated[int, typer.Option("--choose", help="Also choose so many that see most of the belt.")] = 0
    viewsheds: Annotated[
        Path | None,
        typer.Option(
            "--viewsheds",
            metavar="DIR",
            help="Also write each site's viewshed to a Zarr folder; continues an unfinished one.",
        ),
    ] = None
    scheduler: Annotated[
        str, typer.Option("--scheduler", help="threads, processes, or a dask scheduler such as tls://host:8786.")
    ] = "threads"
    tls_ca: Annotated[
        Path | None, typer.Option("--tls-ca", metavar="FILE", help="Authority of a tls:// scheduler, in PEM.")
    ] = None
    tls_certificate: Annotated[
        Path | None, typer.Option("--tls-certificate", metavar="FILE", help="Certificate to show it, in PEM.")
    ] = None
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="The certificate's key.")] = None
    workers: Annotated[int | None, typer.Option("--workers", help="Threads or processes. Default: all cores.")] = None
