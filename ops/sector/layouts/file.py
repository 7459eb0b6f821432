"""A layout file without its sector's terrain: positions and errors of the sensors, cheap to load."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np

from geo.arrays import Floats
from geo.errors import FrameError
from geo.frame import LocalFrame
from ops.sector.sector_file import layout_path, load_sector
from sensors.errors import LayoutError
from sensors.layout import RECORDS, Layout
from sensors.layout_document import read_document


def layout_of(layout: Path) -> Layout:
    """Open a layout file alone, in the frame of ``frame_of``. Raises LayoutError, as Layout.from_file does."""
    return Layout.from_file(layout, frame_of(layout))


def sector_layout(sector: str | None, layout: str | None) -> Layout | None:
    """Return the layout named by the command's options; None without a sector."""
    return None if sector is None else layout_of(layout_path(load_sector(sector), layout))


LONGEST_GAP_M: Final = 500_000.0
"""A sensor farther from all others is a mistake in a file, such as an exchanged longitude and latitude, and not part of
a long border."""


def frame_of(layout: Path) -> LocalFrame:
    """Return a frame for a layout without its sector: around its first sensor, or along all sensors of a long border.

    Where the file cannot be used, any frame: Layout.from_file reports the error.
    """
    points = _points_of(layout)
    around = LocalFrame.around(*(points[0] if points else (0.0, 0.0)))
    lon, lat = np.array(points or [(0.0, 0.0)]).T
    try:
        error = around.distortion(*around.to_local(lon, lat))
        if error.negligible or len(points) < 2:
            return around
        along = LocalFrame.along(lon, lat)
        places = np.stack(along.to_local(lon, lat))
        is_better = bool(np.isfinite(places).all()) and along.distortion(*places).scale_error < error.scale_error
    except FrameError:
        return around
    return along if is_better and _longest_gap_m(places) <= LONGEST_GAP_M else around


def _longest_gap_m(places: Floats) -> float:
    """Longest distance between neighbours along the line that fits these places best; ``places`` (axis, place) [m]."""
    _, axes = np.linalg.eigh(np.cov(places))
    return float(np.diff(np.sort(axes[:, -1] @ places)).max())


def _points_of(layout: Path) -> list[tuple[float, float]]:
    """Longitude and latitude of the sensors of a layout, without those that are not points on Earth."""
    try:
        document: Any = read_document(layout, RECORDS)
        features = list(document["features"])
    except (LayoutError, ValueError, KeyError, TypeError):
        return []
    points = []
    for feature in features:
        with suppress(ValueError, KeyError, IndexError, TypeError, OverflowError):
            lon, lat = map(float, feature["geometry"]["coordinates"][:2])
            if abs(lon) <= 180.0 and abs(lat) <= 90.0:
                points.append((lon, lat))
    return points
