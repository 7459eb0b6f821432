"""Coverage in colours: classes of probability as pixels and as a legend, for map tiles and the planner's pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.arrays import UInt8s
from ops.drawing.coverage_classes import ColourClass
from ops.drawing.tile_styles import Palette

UNKNOWN, OFF_THE_MAP = 254, 255
_HATCH_PX: Final = 8  # divides the tile's 256, so that lines continue in the next tile
_ALPHA, _LINE_ALPHA = 160, 150
_LINES: Final[Mapping[Palette, tuple[int, int, int]]] = {"day": (58, 62, 70), "night": (102, 106, 112)}


@dataclass(frozen=True, slots=True)
class Covered:
    """Classes of probability in the colours of the printed maps; 0 is transparent, unknown ground is hatched."""

    steps: tuple[ColourClass, ...]
    margin_px: int = 0
    smooth: bool = False

    def classes(self, probability: npt.NDArray[np.float32]) -> UInt8s:
        """Return the class number of each cell; UNKNOWN where the probability is unknown."""
        lows = np.array([step.low for step in self.steps[1:]])
        classes = np.searchsorted(lows, probability.astype(np.float64), side="right").astype(np.uint8)
        classes[np.isnan(probability)] = UNKNOWN
        return classes

    def paint(self, values: npt.NDArray[np.float32], _cell_m: float, palette: Palette) -> UInt8s:
        rows, columns = np.ogrid[: values.shape[0], : values.shape[1]]
        pixels = np.zeros((4, *values.shape), np.uint8)
        for number, step in enumerate(self.steps):
            if step.colour is not None:
                pixels[:, values == number] = np.array([*_bytes(step.colour), _ALPHA], np.uint8)[:, None]
        line = (values == UNKNOWN) & (((rows + columns) % _HATCH_PX == 0) | ((rows - columns) % _HATCH_PX == 0))
        pixels[:, line] = np.array([*_LINES[palette], _LINE_ALPHA], np.uint8)[:, None]
        return pixels

    def legend(self, palette: Palette) -> list[dict[str, str]]:
        painted = [
            {"colour": _hex(_bytes(step.colour)), "label": step.label} for step in self.steps if step.colour is not None
        ]
        lines = {"colour": _hex(_LINES[palette]), "label": "cannot be told: the terrain is not known"}
        return [*painted, lines | {"pattern": "hatch"}]


def _bytes(colour: tuple[float, float, float]) -> tuple[int, int, int]:
    red, green, blue = (round(255 * part) for part in colour)
    return red, green, blue


def _hex(colour: tuple[Any, ...]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
