"""The contents of a page's map, and the colours and dashes of its lines, for the screen and for print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import xarray as xr

from geo.arrays import Floats
from geo.border import Border, Zone
from ops.drawing.colours import colour, scale
from ops.drawing.figures import BLUE, GREEN, GREY, PURPLE

BLACK = "black"
# Colour and dash pattern per class, so that colour is never the only cue.
CLASS_STYLE: Mapping[str, tuple[str, str]] = {
    "person": (BLUE, ""),
    "group": (PURPLE, "1 6"),
    "vehicle": (BLACK, "10 6"),
    "animal": (GREEN, "3 6"),
    "other": (GREY, "12 4 2 4"),
    "unknown": (GREY, "7 4"),
}
OUTER_EDGE: Mapping[str, Any] = {"color": colour("figure-outline"), "weight": 2}
# Fraction of a segment that does not meet the requirement: upper bound, colour. White: none; dark: all.
HIDDEN_STYLE = tuple(zip((0.25, 0.5, 0.75, 1.01), scale("unmet"), strict=True))
NOT_KNOWN_COLOUR = colour("unknown")


def hidden_colour(fraction: float) -> str:
    """Return the colour of a segment by a fraction, 0–1; grey where unknown."""
    return next((shade for upper, shade in HIDDEN_STYLE if fraction < upper), NOT_KNOWN_COLOUR)


@dataclass(frozen=True, slots=True)
class Marker:
    """A point on the map; its kind selects the symbol (one of ``ops.drawing.symbols.KINDS``)."""

    kind: str
    lon: float
    lat: float
    title: str
    rows: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Trail:
    """A line on the map, in the frame [m], (point, 2); its class selects colour and dashes."""

    points: Floats
    of_class: str
    title: str
    rows: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Overlay:
    """A picture over the relief that can be switched on and off.

    It has a data URI, bounds [[south, west], [north, east]] in degrees, and a flag whether it is initially shown.
    """

    name: str
    alt: str
    picture: str
    bounds: list[list[float]]
    show: bool = True


@dataclass(frozen=True, slots=True)
class LineLayer:
    """A named layer of lines, or of closed outlines with ``polygon``, in one Leaflet style: lines above the border,
    outlines under it."""

    name: str
    trails: Sequence[Trail]
    style: Mapping[str, Any]
    polygon: bool = False


@dataclass(frozen=True, slots=True)
class MapInput:
    """The contents of the map. ``segment_rows`` and ``hidden`` are per segment; ``fields`` are closed outlines."""

    terrain: xr.Dataset
    border: Border | Zone
    segment_rows: Sequence[Sequence[tuple[str, str]]]
    hidden: Floats | None = None
    hidden_cells: xr.DataArray | None = None
    sensors: Sequence[Marker] = ()
    bases: Sequence[Marker] = ()
    alerts: Sequence[Marker] = ()
    tracks: Sequence[Trail] = ()
    truth: Sequence[Trail] = ()
    fields: Sequence[Trail] = field(default_factory=tuple)
    overlays: Sequence[Overlay] = ()
    line_layers: Sequence[LineLayer] = ()
    tracks_name: str = ""

    @property
    def unknown_ground(self) -> bool:
        """Whether the terrain has cells without a height, which the map and its legend show."""
        return bool(self.terrain["elevation"].isnull().any())
