"""What the planner's page draws of a layout: its parts, its coverage as a picture, the colours' legend."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Any

import numpy as np

from sensors.layout import Layout


def parts_told(layout: Layout, bought: Collection[str] = ()) -> list[dict[str, Any]]:
    """Sensors, then relays, as the page draws them; ``fresh``: a plan buys it."""
    return [
        {
            "id": part.id,
            "kind": part.kind,
            "lon": part.lon,
            "lat": part.lat,
            "azimuth_deg": getattr(part, "azimuth_deg", 0.0),
            "field_of_view_deg": getattr(part, "field_of_view_deg", 360.0),
            "max_range_m": part.max_range_m,
            "item": part.catalogue,
            "fresh": part.id in bought,
        }
        for part in (*layout.sensors, *layout.relays)
    ]


def picture(values: np.ndarray) -> bytes:
    """Classes of probability in the colours of the printed maps, as PNG; unknown hatched, none clear."""
    from PIL import Image

    from ops.drawing.coverage_classes import probability_steps
    from ops.drawing.coverage_paint import UNKNOWN, Covered

    steps = probability_steps(None)
    low = np.array([step.low for step in steps])
    classes = np.clip(np.searchsorted(low, np.nan_to_num(values), side="right") - 1, 0, len(steps) - 1)
    classes = np.where(np.isnan(values), UNKNOWN, classes)
    pixels = Covered(steps).paint(classes.astype(np.float32), 1.0, "day")
    buffer = io.BytesIO()
    Image.fromarray(np.moveaxis(pixels, 0, -1)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def legend() -> list[dict[str, str]]:
    from ops.drawing.coverage_classes import probability_steps
    from ops.drawing.coverage_paint import Covered

    return Covered(probability_steps(None)).legend("day")
