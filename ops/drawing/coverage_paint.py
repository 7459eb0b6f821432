"""Coverage in colours: classes of probability as pixels and as a legend, for map tiles and the planner's pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from geo.arrays import Float32s, UInt8s
from geo.message import Message
from ops.drawing.colours import Palette, rgb
from ops.drawing.coverage_classes import ColourClass
from ops.drawing.tile_styles import diagonals, legend_entry

UNKNOWN, OFF_THE_MAP = 254, 255
_ALPHA, _LINE_ALPHA = 160, 150
_LIFT = 0.25
"""Share of white in the darkest class at night, none in the lightest: dark violet cannot be seen on a dark relief."""


@dataclass(frozen=True, slots=True)
class Covered:
    """Classes of probability in the colours of the printed maps; classes without a colour are transparent, unknown
    ground is hatched. ``least`` is the lowest value that can be, for the legend."""

    steps: tuple[ColourClass, ...]
    margin_px: int = 0
    smooth: bool = False
    least: float = 0.0

    def classes(self, probability: Float32s) -> UInt8s:
        """Return the class number of each cell; UNKNOWN where the probability is unknown."""
        lows = np.array(
            [float(np.float32(step.low)) or step.low for step in self.steps[1:]]
        )  # the least above 0 is none
        classes = np.searchsorted(lows, probability.astype(np.float64), side="right").astype(np.uint8)
        classes[np.isnan(probability)] = UNKNOWN
        return classes

    def paint(self, values: Float32s, _cell_m: float, palette: Palette) -> UInt8s:
        pixels = np.zeros((4, *values.shape), np.uint8)
        for number, colour in enumerate(self._colours(palette)):
            if colour is not None:
                pixels[:, values == number] = np.array([*colour, _ALPHA], np.uint8)[:, None]
        falling, rising = diagonals(values.shape)
        line = (values == UNKNOWN) & (falling | rising)
        pixels[:, line] = np.array([*rgb("hatch", palette), _LINE_ALPHA], np.uint8)[:, None]
        return pixels

    def _colours(self, palette: Palette) -> list[tuple[int, int, int] | None]:
        """The colour of each class; at night lifted towards white, the darkest most, in the same order of lightness."""
        painted = [step.colour for step in self.steps if step.colour is not None]
        rank = np.argsort(np.argsort([_luminance(colour) for colour in painted], kind="stable"))
        lifts = np.linspace(_LIFT if palette == "night" else 0.0, 0.0, len(painted))[rank]
        colours = iter([_bytes(colour, lift) for colour, lift in zip(painted, lifts, strict=True)])
        return [None if step.colour is None else next(colours) for step in self.steps]

    def legend(self, palette: Palette) -> list[dict[str, Any]]:
        painted = [
            legend_entry(colour, step.label)
            | {"low": f"{max(round(step.low, 6), self.least):g}", "high": f"{min(step.high, 1.0):g}"}
            for step, colour in zip(self.steps, self._colours(palette), strict=True)
            if colour is not None
        ]
        lines = legend_entry(rgb("hatch", palette), Message("map-class-unknown"))
        return [*painted, lines | {"pattern": "hatch"}]


def _luminance(colour: tuple[float, float, float]) -> float:
    """Luma of a colour, enough to rank colours by lightness (Rec. 709 weights)."""
    red, green, blue = colour
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _bytes(colour: tuple[float, float, float], lift: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 * (part + (1.0 - part) * lift)) for part in colour)
    return red, green, blue
