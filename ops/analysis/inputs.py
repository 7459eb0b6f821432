"""Inputs shared by several analysis commands: equipment catalogue, assumptions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sensors.equipment.catalogue import Catalogue


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
