"""A page's map for print: the whole border over relief, with scale and north; the page's legend explains it."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import ScaledTranslation
from PIL import Image

from geo.border import Zone
from geo.terrain import bounds
from ops.drawing.colours import colour
from ops.drawing.figures import ORANGE
from ops.drawing.pages.map_input import (
    BLACK,
    CLASS_STYLE,
    OUTER_EDGE,
    MapInput,
    Marker,
    Trail,
    hidden_colour,
)
from ops.drawing.pages.map_names import name_places
from ops.drawing.png import write_png
from ops.drawing.printed_map import BASE, SIGNS, STYLE, plain_text, relief, scale_bar

WIDTH_IN: Final = 7.2
"""Width of the text of an A4 page."""
DPI: Final = 200
LARGEST_PIXELS: Final = 1600
MARGIN: Final = 0.06
"""Free edge around what is shown, as a fraction of the longer side: no symbol is cut off."""
FLATTEST, STEEPEST = 0.3, 1.25
"""Least and greatest ratio of height to width."""
NAMED_UP_TO: Final = 12
"""Largest number of places that are named."""
ALERT: Final = ("v", 8.0)
DEAD_GROUND_ALPHA: Final = 0.35
PrintExtent = tuple[float, float, float, float]


def print_map(drawing: MapInput) -> str:
    """The map as a PNG data URI; the same input gives the same bytes.

    It shows the whole border, every sensor, base, alert, track and line, and the overlays that the page shows at first;
    true paths and fields of view, which would hide the rest on paper, are left out.
    """
    west, south, east, north = _extent(drawing)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, WIDTH_IN * (north - south) / (east - west)))
        FigureCanvasAgg(figure)  # it measures the names
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), facecolor=colour("map-mat"))
        _ground(axes, drawing)
        for layer in drawing.line_layers:
            for trail in layer.trails:
                axes.plot(
                    *_closed(trail, layer.polygon), color=layer.style.get("color", BLACK), linewidth=1.0, zorder=4
                )
        _border(axes, drawing)
        for trail in drawing.tracks:
            axes.plot(*trail.points.T[:2], color="white", linewidth=3.4, zorder=6)
        caps: dict[str, Any] = {"dash_capstyle": "round", "solid_capstyle": "round"}
        for trail in drawing.tracks:  # above all halos, so that a dashed line shows the one below it
            shade, dashes = CLASS_STYLE.get(trail.of_class, CLASS_STYLE["unknown"])
            axes.plot(*trail.points.T[:2], color=shade, linestyle=_dashes(dashes), linewidth=1.8, zorder=6, **caps)
        axes.set(xlim=(west, east), ylim=(south, north), aspect="auto", xticks=[], yticks=[])
        _marks(axes, drawing)
        scale_bar(axes, (west, east, south, north))
        _north_arrow(axes, figure)
        out = io.BytesIO()
        write_png(figure, out, DPI)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def _extent(drawing: MapInput) -> PrintExtent:
    """West, south, east and north [m] of the border and of all symbols, with a margin, not too flat or too steep."""
    frame = drawing.border.frame
    west, south, east, north = drawing.border.bounds
    marks = [*drawing.sensors, *drawing.bases, *drawing.alerts]
    if marks:
        e, n = frame.to_local(np.array([mark.lon for mark in marks]), np.array([mark.lat for mark in marks]))
        west, east = min(west, e.min()), max(east, e.max())
        south, north = min(south, n.min()), max(north, n.max())
    edge = MARGIN * max(east - west, north - south, 1.0)
    west, south, east, north = west - edge, south - edge, east + edge, north + edge
    width, height = east - west, north - south
    more_height = max(0.0, FLATTEST * width - height) / 2.0
    more_width = max(0.0, height / STEEPEST - width) / 2.0
    return _within(drawing, west - more_width, south - more_height, east + more_width, north + more_height)


def _within(drawing: MapInput, west: float, south: float, east: float, north: float) -> PrintExtent:
    """Move an extent that reaches beyond the terrain back over it, as far as it fits."""
    left, bottom, right, top = bounds(drawing.terrain)
    to_east = max(0.0, left - west) - max(0.0, east - right) if east - west <= right - left else 0.0
    to_north = max(0.0, bottom - south) - max(0.0, north - top) if north - south <= top - bottom else 0.0
    return west + to_east, south + to_north, east + to_east, north + to_north


def _north_arrow(axes: Axes, figure: Figure) -> None:
    """Draw an arrow to grid north at the upper right; its size does not depend on the shape of the map."""
    halo = [withStroke(linewidth=3.0, foreground="white")]
    at = [
        axes.transAxes + ScaledTranslation(-14.0 / 72.0, points / 72.0, figure.dpi_scale_trans)
        for points in (-14.0, -28.0)
    ]
    axes.plot(1.0, 1.0, marker="^", markersize=9.0, color=BLACK, transform=at[0], zorder=9, path_effects=halo)
    axes.text(
        1.0, 1.0, "N", fontsize=8.0, fontweight="bold", ha="center", va="center", transform=at[1], zorder=9,
        path_effects=halo,
    )  # fmt: skip


def _ground(axes: Axes, drawing: MapInput) -> None:
    terrain, frame = drawing.terrain, drawing.border.frame
    west, south, east, north = bounds(terrain)
    thin = max(1, -(-max(terrain["elevation"].shape) // LARGEST_PIXELS))
    relief(axes, terrain, thin, (west, east, south, north))
    for over in drawing.overlays:
        if over.show:
            (low, left), (high, right) = over.bounds
            lon = (np.array([left, right]) + 180.0) % 360.0 - 180.0  # the page's longitudes run on beyond the meridian
            (west, east), (south, north) = frame.to_local(lon, np.array([low, high]))
            axes.imshow(_pixels(over.picture), extent=(west, east, south, north), zorder=2)
    if drawing.hidden_cells is None:
        return
    cells = drawing.hidden_cells
    west, south, east, north = bounds(cells.to_dataset(name="hidden"))
    shaded = np.zeros((*cells.shape, 4))
    shaded[cells.to_numpy() > 0] = to_rgba(colour("dead-ground"), DEAD_GROUND_ALPHA)
    axes.imshow(shaded, extent=(west, east, south, north), interpolation="nearest", zorder=2)


def _pixels(data_uri: str) -> Any:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data_uri.partition(",")[2]))).convert("RGBA"))


def _border(axes: Axes, drawing: MapInput) -> None:
    border = drawing.border
    if isinstance(border, Zone):
        for part in shapely.get_parts(border.outer.line):
            axes.plot(*np.asarray(part.coords)[:, :2].T, color=OUTER_EDGE["color"], linewidth=1.2, zorder=5)
    lines = [np.asarray(border.segment_geometry(one).coords)[:, :2].T for one in range(border.segments)]
    for line in lines:
        axes.plot(*line, color=BLACK, linewidth=4.2, solid_capstyle="butt", zorder=5)
    for segment, line in enumerate(lines):
        fraction = float("nan") if drawing.hidden is None else float(drawing.hidden[segment])
        axes.plot(*line, color=hidden_colour(fraction), linewidth=2.4, solid_capstyle="butt", zorder=5)


def _marks(axes: Axes, drawing: MapInput) -> None:
    for _, at in _placed(drawing, drawing.bases):
        _mark(axes, at, BASE, "white", edge=BLACK)
    for mark, at in _placed(drawing, drawing.sensors):
        marker, _, size = SIGNS.get(mark.kind, ("o", None, 5.0))
        _mark(axes, at, (marker, size), BLACK, edge="white")
    for _, at in _placed(drawing, drawing.alerts):
        _mark(axes, at, ALERT, ORANGE, edge=BLACK)
    named: dict[tuple[float, float], list[str]] = {}
    for mark, at in _placed(drawing, [*drawing.sensors, *drawing.bases]):
        named.setdefault(at, []).append(plain_text(mark.title, 30))
    if 0 < len(named) <= NAMED_UP_TO:
        name_places(axes, {at: ", ".join(names) for at, names in named.items()})


def _placed(drawing: MapInput, marks: Sequence[Marker]) -> Iterator[tuple[Marker, tuple[float, float]]]:
    for mark in marks:
        e, n = drawing.border.frame.to_local(mark.lon, mark.lat)
        yield mark, (float(e), float(n))


def _mark(axes: Axes, at: tuple[float, float], symbol: tuple[Any, float], fill: str, *, edge: str) -> None:
    marker, size = symbol
    axes.plot(*at, marker, color=fill, mec=edge, mew=0.9, markersize=size, zorder=8)


def _closed(trail: Trail, polygon: bool) -> Any:
    points = trail.points[:, :2]
    return (np.vstack([points, points[:1]]) if polygon else points).T


def _dashes(dashes: str) -> Any:
    """Matplotlib's line style for the dashes of an SVG line."""
    lengths = [float(part) / 2.0 for part in dashes.split()]
    return (0, tuple(lengths)) if lengths else "solid"
