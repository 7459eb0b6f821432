"""Response times in colours: classes of minutes from the bases as pixels and as a legend, for map tiles.

The faster, the darker by day and the lighter by night; lightness alone orders the classes, and ground that no responder
reaches stays clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from geo.arrays import Float32s, UInt8s
from geo.message import Message
from ops.drawing.colours import Palette, Rgb, rgb
from ops.drawing.tile_styles import legend_entry

MINUTES: Final = (5, 10, 20, 30, 60)
"""Isochrones: upper limits of the classes."""
BEYOND: Final = len(MINUTES)
OFF_THE_MAP: Final = 255
_ALPHA: Final = 150


@dataclass(frozen=True, slots=True)
class ResponseTime:
    """Classes of response time from the bases."""

    margin_px: int = 0
    smooth: bool = False

    def classes(self, seconds: Float32s) -> UInt8s:
        """Return the class of each cell, BEYOND for the longest and where no responder arrives; the limit belongs to
        the faster class."""
        limits = np.array(MINUTES, np.float64) * 60.0
        known = np.where(np.isnan(seconds), np.inf, seconds)
        return np.searchsorted(limits, known, side="left").astype(np.uint8)

    def paint(self, values: Float32s, _cell_m: float, palette: Palette) -> UInt8s:
        pixels = np.zeros((4, *values.shape), np.uint8)
        for number, colour in enumerate(_colours(palette)):
            pixels[:, values == number] = np.array([*colour, _ALPHA], np.uint8)[:, None]
        return pixels

    def legend(self, palette: Palette) -> list[dict[str, Any]]:
        messages = [Message("map-class-response", {"minutes": minutes}) for minutes in MINUTES]
        return [
            legend_entry(colour, message) | {"message": {"id": message.id, "parameters": dict(message.parameters)}}
            for colour, message in zip(_colours(palette), messages, strict=True)
        ]


def _colours(palette: Palette) -> list[Rgb]:
    return [rgb(f"response-{number}", palette) for number in range(1, len(MINUTES) + 1)]
