"""Drawing data of the planner's page: the parts of a layout, the equipment, coverage and viewsheds as pictures, and the
legend of the colours."""

from __future__ import annotations

import io
import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geo.arrays import UInt8s
from geo.border.belt import BorderLine
from geo.frame import LocalFrame
from geo.visibility import VISIBLE
from ops.drawing.colours import Palette, rgba
from sensors.layout import AnySensor, Layout
from sensors.planning.choice.options import Money
from sensors.relay import Relay

if TYPE_CHECKING:
    from ops.drawing.coverage_paint import Covered

SEEN_RGBA: Final = rgba("viewshed")
"""Ground in line of sight of the sensor in hand: a hue that the classes of coverage do not have."""


def json_number(value: Any) -> float | None:
    """A number rounded to 6 digits; None if it is not finite, which JSON cannot state."""
    number = float(value)
    return None if not math.isfinite(number) else round(number, 6)


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
            **_course(part),
        }
        for part in (*layout.sensors, *layout.relays)
    ]


def _course(part: AnySensor | Relay) -> dict[str, Any]:
    """Where a mobile sensor is planned to go, as the line of its route or the edge of its area; nothing without."""
    route, area = getattr(part, "route", None), getattr(part, "area", None)
    line = route or (area and (*area, area[0]))
    return {"course": [list(one) for one in line]} if line else {}


def catalogue_records(money: Money) -> list[dict[str, Any]]:
    """Items that can be placed, with their costs at central prices, in the order of the catalogue."""
    return [
        {
            "item": item.name,
            "title": item.title,
            "kind": item.kind,
            "max_range_m": item.detection["max_range_m"],
            "field_of_view_deg": item.detection.get("field_of_view_deg", 360.0),
            "first_cost": item.capex.central,
            "opex_per_year": item.opex_per_year.central,
            "life_cycle_cost": round(money.of(item), 2),
            "crew": item.crew.central,
        }
        for item in money.catalogue
        if item.is_placed
    ]


def segment_records(border: BorderLine, frame: LocalFrame) -> list[dict[str, Any]]:
    """Segments of the border in order: chainage of both ends [km] and lines of longitude and latitude."""
    import shapely

    records = []
    for number, (start, end) in enumerate(border.segment_spans_m):
        parts = shapely.get_parts(border.segment_geometry(number))
        lines = [np.column_stack(frame.to_lonlat(*np.array(part.coords).T[:2])).round(7).tolist() for part in parts]
        records.append({"start_km": round(float(start) / 1e3, 3), "end_km": round(float(end) / 1e3, 3), "lines": lines})
    return records


def corners_of(box: tuple[float, float, float, float], frame: LocalFrame) -> list[list[float]]:
    """Longitude and latitude of the corners of ``box`` (west, south, east, north in the frame), clockwise from the
    north-west."""
    west, south, east, north = box
    lon, lat = frame.to_lonlat(np.array([west, east, east, west]), np.array([north, north, south, south]))
    corners: list[list[float]] = np.column_stack((lon, lat)).round(7).tolist()
    return corners


def viewshed_png(states: UInt8s) -> bytes:
    """The cells in line of sight in one colour, as PNG; all others are transparent."""
    from PIL import Image

    pixels = np.zeros((*states.shape, 4), np.uint8)
    pixels[states == VISIBLE] = SEEN_RGBA
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def coverage_png(values: np.ndarray, palette: Palette = "day") -> bytes:
    """Probability classes in the colours of the printed maps, as PNG; unknown cells hatched, class 0 transparent."""
    return _classes_png(_coverage_style(), values, palette)


def change_png(values: np.ndarray, palette: Palette = "day") -> bytes:
    """Classes of a change of probability, as PNG; unknown cells hatched, small changes transparent."""
    return _classes_png(_change_style(), values, palette)


def legend(palette: Palette) -> list[dict[str, str]]:
    """Legend of ``coverage_png``."""
    return _coverage_style().legend(palette)


def change_legend(palette: Palette) -> list[dict[str, str]]:
    """Legend of ``change_png``, from losses to gains."""
    return _change_style().legend(palette)


def _coverage_style() -> Covered:
    from ops.drawing.coverage_classes import probability_steps
    from ops.drawing.coverage_paint import Covered

    return Covered(probability_steps(None))


def _change_style() -> Covered:
    from ops.drawing.coverage_classes import change_steps
    from ops.drawing.coverage_paint import Covered

    return Covered(change_steps(), least=-1.0)


def _classes_png(style: Covered, values: np.ndarray, palette: Palette) -> bytes:
    from PIL import Image

    pixels = style.paint(style.classes(values).astype(np.float32), 1.0, palette)
    buffer = io.BytesIO()
    Image.fromarray(np.moveaxis(pixels, 0, -1)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
