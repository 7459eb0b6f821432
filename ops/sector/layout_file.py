"""A layout file without its sector's terrain: positions and errors of the sensors, with little to load."""

from __future__ import annotations

import json
from pathlib import Path

from geo.frame import LocalFrame
from ops.sector.sector_file import layout_path, load_sector
from sensors.layout import Layout


def layout_of(layout: Path) -> Layout:
    """A layout file by itself, in a frame around its first sensor; LayoutError as Layout.from_file."""
    return Layout.from_file(layout, LocalFrame.around(*centre_of(layout)))


def sector_layout(sector: str | None, layout: str | None) -> Layout | None:
    """The layout that the command's options name; None without a sector."""
    return None if sector is None else layout_of(layout_path(load_sector(sector), layout))


def centre_of(layout: Path) -> tuple[float, float]:
    """Longitude and latitude of a layout's first sensor; (0, 0) where Layout.from_file will say what is wrong."""
    try:
        coordinates = json.loads(layout.read_text(encoding="utf-8"))["features"][0]["geometry"]["coordinates"]
        lon, lat = float(coordinates[0]), float(coordinates[1])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return 0.0, 0.0
    return (lon, lat) if abs(lon) <= 180.0 and abs(lat) <= 90.0 else (0.0, 0.0)
