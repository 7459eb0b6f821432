"""Drawing data of the planner's page: the parts of a layout, its coverage as a picture, and the legend of the
colours."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Any

import numpy as np

from sensors.layout import Layout


def part_records(layout: Layout, bought: Collection[str] = ()) -> list[dict[str, Any]]:
    """Sensors, then relays, as drawn by the page; ``fresh`` marks those that a plan buys."""
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


def coverage_png(values: np.ndarray) -> bytes:
    """Probability classes in the colours of the printed maps, as PNG; unknown cells hatched, class 0 transparent."""
    from PIL import Image

    from ops.drawing.coverage_classes import probability_steps
    from ops.drawing.coverage_paint import Covered

    style = Covered(probability_steps(None))
    pixels = style.paint(style.classes(values).astype(np.float32), 1.0, "day")
    buffer = io.BytesIO()
    Image.fromarray(np.moveaxis(pixels, 0, -1)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def legend() -> list[dict[str, str]]:
    from ops.drawing.coverage_classes import probability_steps
    from ops.drawing.coverage_paint import Covered

    return Covered(probability_steps(None)).legend("day")
