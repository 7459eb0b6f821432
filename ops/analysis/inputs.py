"""Inputs shared by several analysis commands: bases, equipment catalogue, assumptions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import read_bases

if TYPE_CHECKING:
    from sensors.equipment.catalogue import Catalogue


def bases_in(ground: OpenSector) -> list[tuple[float, float]]:
    """Return the sector's bases in its frame [m]; empty where it has none."""
    return [ground.frame.to_local(lon, lat) for lon, lat in read_bases(ground.sector.bases).values()]


def catalogue_of(path: Path | None) -> Catalogue:
    """Return the shipped catalogue, overridden item by item by the user's file, if any."""
    from sensors.equipment.catalogue import Catalogue, shipped

    return shipped() if path is None else Catalogue.from_file(path, over=shipped())


def assumption_records() -> list[dict[str, Any]]:
    """Return the named assumptions of the detection model, for ``summary.json``."""
    from sensors.detection_model.assumptions import Assumptions

    return [
        {"name": a.name, "value": a.value, "unit": a.unit, "confidence": a.confidence, "source": a.source}
        for a in Assumptions()
    ]
