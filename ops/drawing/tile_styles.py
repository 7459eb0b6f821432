"""Styles of map tiles: shaded relief, elevation tints and dead ground.

A style converts the values of one tile to pixels. The background is deliberately subdued: colour is reserved for what
needs an operator's attention. Lightness alone distinguishes low from high, and hatching distinguishes unknown from dead
ground, so that no reader needs to distinguish red from green. ``palette`` is ``day`` (light background) or ``night``
(dark background).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from geo.arrays import Bools, Float32s, UInt8s
from geo.message import Message
from ops.drawing.colours import Palette, Rgb, rgb, rgba
from ops.drawing.hillshade import EXAGGERATION, LIGHT_ON_THE_LEVEL, LIGHTS, shade
from ops.runtime.output import say_in_english

UNSEEN, SEEN, UNKNOWN, OFF_THE_MAP = 0, 1, 2, 255
"""Values of a visibility raster."""

HATCH_PX: Final = 8  # divides the tile's 256, so that lines continue in the next tile
_PALETTES: Final[tuple[Palette, ...]] = ("day", "night")
_RELIEF_ALPHA: Final[dict[Palette, tuple[float, float]]] = {"day": (150.0, 70.0), "night": (110.0, 105.0)}
"""Most opacity of shadow and of light: on dark ground a shadow has no room, and light shows the relief."""
_RAMP: Final = ("relief-1", "relief-2", "relief-3")
"""Colours of low, middle and high ground."""


FEATHER_PX: Final = 20
"""Width over which the terrain fades into the background at its edge and beside voids that are as large."""
VOID_FEATHER_PX: Final = 3
"""The same beside smaller voids: of one cell, a wide fade would make a hole hundreds of times as large."""


EDGE_PX: Final = 32
"""Width over which the edge of dead ground is interpolated, at most, and half the largest cell that is: 64 px."""


class Style(Protocol):
    """The style of a layer, as ``ops.services.map.tiles`` uses it.

    ``margin_px``: pixels needed around the tile, cropped afterwards. ``smooth``: values such as heights are
    interpolated; states are not.
    """

    @property
    def margin_px(self) -> int: ...
    @property
    def smooth(self) -> bool: ...

    def paint(self, values: Float32s, cell_m: float, palette: Palette, /) -> UInt8s:
        """Return RGBA (4, row, column) of ``values`` (row, column), NaN off the map; ``cell_m`` is the pixel size."""

    def legend(self, palette: Palette, /) -> list[dict[str, Any]]:
        """Return colours (#rrggbb) and their meaning."""


def look_of_relief() -> str:
    """Return what decides the pixels of relief and heights besides the terrain: tiles that are kept are of one look."""
    colours = [rgb(name, palette) for palette in _PALETTES for name in _RAMP]
    return repr((LIGHTS, EXAGGERATION, _RELIEF_ALPHA, FEATHER_PX, VOID_FEATHER_PX, colours))


@dataclass(frozen=True, slots=True)
class Hillshade:
    """Shadow as black and light as white, transparent on level ground, so that it can overlay any colour."""

    margin_px: int = FEATHER_PX
    smooth: bool = True

    def paint(self, values: Float32s, cell_m: float, palette: Palette) -> UInt8s:
        shadow, light = _RELIEF_ALPHA[palette]
        relative = shade(values, cell_m) / np.float32(LIGHT_ON_THE_LEVEL) - 1
        known = np.isfinite(relative)
        relative = np.where(known, relative, 0)
        brightest = 1 / LIGHT_ON_THE_LEVEL - 1
        alpha = np.where(relative < 0, -relative * shadow, relative / brightest * light)
        pixels = np.zeros((4, *values.shape), np.uint8)
        pixels[:3] = np.where(relative > 0, 255, 0)
        pixels[3] = np.clip(alpha, 0, 255) * feathered(known)
        return pixels

    def legend(self, _palette: Palette) -> list[dict[str, Any]]:
        return []


@dataclass(frozen=True, slots=True)
class Elevation:
    """Heights from ``low_m`` to ``high_m`` in one muted ramp: the higher, the lighter."""

    low_m: float
    high_m: float
    margin_px: int = FEATHER_PX
    smooth: bool = True

    def paint(self, values: Float32s, _cell_m: float, palette: Palette) -> UInt8s:
        known = np.isfinite(values)
        share = self._share(np.where(known, values, self.low_m))
        pixels = np.empty((4, *values.shape), np.uint8)
        for band, shades in enumerate(zip(*(rgb(name, palette) for name in _RAMP), strict=True)):
            pixels[band] = np.interp(share, (0.0, 0.5, 1.0), shades)
        pixels[3] = 255 * feathered(known)
        return pixels

    def legend(self, palette: Palette) -> list[dict[str, Any]]:
        heights = np.linspace(self.low_m, self.high_m, 3)
        return [
            legend_entry(rgb(name, palette), Message("map-height", {"height": round(float(height))}))
            | {"height_m": f"{height:.0f}"}
            for name, height in zip(_RAMP, heights, strict=True)
        ]

    def _share(self, heights: Any) -> Any:
        return np.clip((heights - self.low_m) / max(self.high_m - self.low_m, 1.0), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Unseen:
    """Dead ground is tinted, unknown ground is cross-hatched, ground in line of sight stays clear.

    A thin line bounds the ground that was assessed, because ground beyond it is clear as well. Where a cell of the
    raster is larger than a pixel, the edge of dead ground is interpolated between the centres of neighbouring cells:
    every cell keeps its state at its centre, and nothing is drawn finer than the raster knows it.

    Parameters
    ----------
    raster_cell_m : float
        Side of a cell of the raster [m]; 0: the edge is drawn as it is.
    """

    raster_cell_m: float = 0.0
    margin_px: int = EDGE_PX
    smooth: bool = False

    def paint(self, values: Float32s, cell_m: float, palette: Palette) -> UInt8s:
        falling, rising = diagonals(values.shape)
        unseen = self._share(values == UNSEEN, cell_m)
        unknown = self._share(values == UNKNOWN, cell_m) > 0.5
        inside = (unseen > 0.5) & ~unknown
        line = (inside & falling) | (unknown & (falling | rising)) | outline(np.isfinite(values))
        pixels = np.zeros((4, *values.shape), np.uint8)
        lines, veil = rgba("hatch", palette), rgba("veil", palette)
        for band in range(3):
            pixels[band] = np.where(line, lines[band], veil[band])
        opacity = unseen * unseen * (3.0 - 2.0 * unseen) * np.float32(veil[3])
        pixels[3] = np.where(line, lines[3], np.where(unknown, 0, opacity))
        return pixels

    def _share(self, mask: Bools, pixel_m: float) -> Float32s:
        """``mask`` as 0 to 1, linear between the centres of cells: its mean over a square of a cell's size."""
        width = min(round(self.raster_cell_m / pixel_m), 2 * EDGE_PX)
        share = mask.astype(np.float32)
        if width <= 1 or mask.all() or not mask.any():
            return share
        from scipy.ndimage import uniform_filter

        mean: Float32s = uniform_filter(share, width, mode="nearest")
        return np.clip(mean, 0.0, 1.0)

    def legend(self, palette: Palette) -> list[dict[str, Any]]:
        return [
            legend_entry(rgb("veil", palette), Message("map-class-no-line-of-sight-person")) | {"pattern": "veil"},
            legend_entry(rgb("hatch", palette), Message("map-class-unknown")) | {"pattern": "hatch"},
        ]


def feathered(known: Bools) -> Float32s:
    """Opacity of each pixel, 0 to 1: 0 off the terrain, rising smoothly to 1 at FEATHER_PX from its edge.

    Voids into which no square of FEATHER_PX fits have an edge of VOID_FEATHER_PX. The array is continued beyond its rim
    by the pixels there.
    """
    if known.all():
        return np.ones(known.shape, np.float32)
    from scipy.ndimage import distance_transform_edt, maximum_filter, minimum_filter

    beyond = np.pad(~known, FEATHER_PX, mode="edge").astype(np.uint8)
    large = maximum_filter(minimum_filter(beyond, FEATHER_PX), FEATHER_PX, origin=-1)
    large = large[FEATHER_PX:-FEATHER_PX, FEATHER_PX:-FEATHER_PX].astype(bool)
    inside = np.clip(distance_transform_edt(known) / VOID_FEATHER_PX, 0.0, 1.0)
    if large.any():
        inside = np.minimum(inside, np.clip(distance_transform_edt(~large) / FEATHER_PX, 0.0, 1.0))
    opacity: Float32s = (inside * inside * (3.0 - 2.0 * inside)).astype(np.float32)
    return opacity


def diagonals(shape: tuple[int, ...]) -> tuple[Bools, Bools]:
    """Masks of the falling and the rising lines of a hatched tile."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - columns) % HATCH_PX == 0, (rows + columns) % HATCH_PX == 0


def outline(inside: Bools) -> Bools:
    """Cells of a mask with a cell outside it above, below, left or right."""
    around = inside.copy()
    around[1:] &= inside[:-1]
    around[:-1] &= inside[1:]
    around[:, 1:] &= inside[:, :-1]
    around[:, :-1] &= inside[:, 1:]
    return inside & ~around


def legend_entry(colour: Rgb, label: Message) -> dict[str, Any]:
    """Return a colour as the legend of the map page takes it, with an English label."""
    return {"colour": "#{:02x}{:02x}{:02x}".format(*colour), "label": say_in_english(label)}
