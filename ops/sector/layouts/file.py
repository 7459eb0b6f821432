"""A layout file without its sector's terrain: positions and errors of the sensors, cheap to load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geo.frame import LocalFrame
from ops.sector.sector_file import layout_path, load_sector
from sensors.errors import LayoutError
from sensors.layout import RECORDS, Layout
from sensors.layout_document import read_document


def layout_of(layout: Path) -> Layout:
    """Open a layout file alone, in a frame around its first sensor. Raises LayoutError, as Layout.from_file does."""
    return Layout.from_file(layout, LocalFrame.around(*centre_of(layout)))


def sector_layout(sector: str | None, layout: str | None) -> Layout | None:
    """Return the layout named by the command's options; None without a sector."""
    return None if sector is None else layout_of(layout_path(load_sector(sector), layout))


def centre_of(layout: Path) -> tuple[float, float]:
    """Return longitude and latitude of a layout's first sensor; (0, 0) where Layout.from_file will report the error."""
    try:
        document: Any = read_document(layout, RECORDS)
        coordinates = document["features"][0]["geometry"]["coordinates"]
        lon, lat = float(coordinates[0]), float(coordinates[1])
    except (LayoutError, ValueError, KeyError, IndexError, TypeError):
        return 0.0, 0.0
    return (lon, lat) if abs(lon) <= 180.0 and abs(lat) <= 90.0 else (0.0, 0.0)
