"""A layout by itself, for those who need its sensors' places and errors but no terrain: little to load, quick."""

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
    """The layout that the options name; None without a sector."""
    return None if sector is None else layout_of(layout_path(load_sector(sector), layout))


def centre_of(layout: Path) -> tuple[float, float]:
    """Longitude and latitude of a layout's first sensor; (0, 0) where Layout.from_file will say what is wrong."""
    try:
        lon, lat = json.loads(layout.read_text(encoding="utf-8"))["features"][0]["geometry"]["coordinates"][:2]
        return float(lon), float(lat)
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return 0.0, 0.0
