"""Options shared by several analysis commands, with one name and one help text each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SectorArgument = Annotated[str, typer.Argument(help="Sector TOML file, or a sample's name.")]
TargetOption = Annotated[str, typer.Option("--target", help="person, group or vehicle.")]
YearsOption = Annotated[float, typer.Option("--years", help="Years over which costs are counted.")]
DiscountOption = Annotated[float, typer.Option("--discount", help="Discount rate a year, 0 to 1.")]
CatalogueOption = Annotated[
    Path | None, typer.Option("--catalogue", help="Your equipment catalogue (TOML); overrides ours by name.")
]
