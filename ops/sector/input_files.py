"""The files that a sector file names: what an analysis depends on."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Final

from ops.sector.sector_file import Sector

OF_SCORECARD: Final = ("store", "challenge", "indicators", "outcomes", "action_plan", "training")
"""Keys of a sector file that change no analysis of its ground and layout."""


def input_files(sector: Sector) -> list[str | Path]:
    """Return all files that a sector file names for analyses of its ground and layout, itself included."""
    named = [getattr(sector, field.name) for field in fields(sector) if field.name not in OF_SCORECARD]
    rasters = [one for one in (sector.terrain, sector.canopy_height, sector.land_cover) if one]
    return [*(one for one in named if isinstance(one, Path)), *sector.layouts.values(), *rasters]
