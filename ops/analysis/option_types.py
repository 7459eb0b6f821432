"""Options and arguments that several commands share, with one name and one help text each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from geo.errors import BadInput


def _sample_names(incomplete: str) -> list[str]:
    """Complete the name of a sample sector in the shell."""
    from ops.sector.samples import sample_names

    return [name for name in sample_names() if name.startswith(incomplete)]


@contextmanager
def named(parameter: str) -> Iterator[None]:
    """Let an error of a value name the option or argument that the value was given for."""
    try:
        yield
    except BadInput as error:
        raise BadInput(error.what, where=parameter, expected=error.expected) from None


def above_zero(value: float | None) -> float | None:
    """Refuse a number that is not above 0."""
    if value is not None and not value > 0.0:
        raise typer.BadParameter(f"'{value:g}'; expected a number above 0")
    return value


def check_seen_speed(mps: float | None) -> None:
    """Raise BadInput for a speed at which nothing moves on the ground."""
    if mps is not None and not 0.0 < mps < math.inf:
        raise BadInput(f"{mps:g}", where="--seen-speed", expected="metres per second above 0")


def existing_map(file: Path | None) -> Path | None:
    """Refuse a map file that does not exist; ``FILE|layername=LAYER`` names one of several layers."""
    from geo.vector_files import ARCHIVE, file_and_layer

    if file is not None and not file_and_layer(file)[0].exists() and not ARCHIVE.match(str(file)):
        raise typer.BadParameter(f"{str(file)!r} does not exist; expected a map file")
    return file


def existing_rasters(names: list[str]) -> list[str]:
    """Refuse the name of a raster or folder that does not exist; patterns and addresses are left to the reader."""
    from glob import has_magic

    for name in names:
        if not has_magic(name) and "://" not in name and not name.startswith("/vsi") and not Path(name).exists():
            raise typer.BadParameter(f"{name!r} does not exist; expected a raster, or a folder or pattern of rasters")
    return names


SECTOR_HELP = "Sector file (TOML), its folder, or a sample's name."
SectorArgument = Annotated[str, typer.Argument(metavar="SECTOR", help=SECTOR_HELP, autocompletion=_sample_names)]
SectorOrNationArgument = Annotated[
    str,
    typer.Argument(
        metavar="SECTOR",
        help="Sector file (TOML), its folder, or a sample's name; or a nation file.",
        autocompletion=_sample_names,
    ),
]
SectorNameArgument = Annotated[
    str,
    typer.Argument(
        metavar="SECTOR", help="As in other commands, or the sector's name in topics.", autocompletion=_sample_names
    ),
]
"""For a parameter ``sector_name``: a name without a sector file is not refused."""
LayoutOption = Annotated[
    str | None, typer.Option("--layout", help="Layout: its name in the sector, or a file. Default: the first.")
]
TargetOption = Annotated[
    Literal["person", "group", "vehicle"], typer.Option("--target", help="person, group or vehicle.")
]
DirectionOption = Annotated[
    Literal["inward", "outward"],
    typer.Option("--direction", help="inward (towards the own side) or outward."),
]
SeenSpeedOption = Annotated[
    float | None,
    typer.Option(
        "--seen-speed",
        metavar="M/S",
        callback=above_zero,
        help="Speed at which crossers were seen, as in recorded tracks: for the interruption, a crossing takes no "
        "longer than its path at that speed. Default: the ground alone decides.",
    ),
]
YearsOption = Annotated[float, typer.Option("--years", callback=above_zero, help="Years over which costs are counted.")]
DiscountOption = Annotated[float, typer.Option("--discount", min=0.0, max=1.0, help="Discount rate per year, 0 to 1.")]
SchedulerOption = Annotated[
    str,
    typer.Option("--scheduler", help="threads (this process), processes, or a dask scheduler such as tls://host:8786."),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Number of threads or processes. Default: all cores.")
]
TlsCaOption = Annotated[
    Path | None,
    typer.Option(
        "--tls-ca", metavar="FILE", help="CA certificate of a tls:// scheduler, PEM.", exists=True, dir_okay=False
    ),
]
TlsCertificateOption = Annotated[
    Path | None,
    typer.Option("--tls-certificate", metavar="FILE", help="Client certificate, PEM.", exists=True, dir_okay=False),
]
TlsKeyOption = Annotated[
    Path | None,
    typer.Option("--tls-key", metavar="FILE", help="Key of the client certificate.", exists=True, dir_okay=False),
]
PdfOption = Annotated[bool, typer.Option("--pdf", help="Also write the report as PDF (A4), beside the page.")]
CatalogueOption = Annotated[
    Path | None,
    typer.Option(
        "--catalogue",
        metavar="FILE",
        help="Your equipment catalogue (TOML); overrides the shipped items.",
        exists=True,
        dir_okay=False,
    ),
]
