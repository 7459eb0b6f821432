"""A page's map for print: the whole border over relief, with scale and north; the page's legend explains it."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.transforms import ScaledTranslation
from PIL import Image

from geo.border import Zone
from geo.terrain import bounds, cell_size
from ops.drawing.colours import colour
from ops.drawing.map_images import cross_hatched, hatched, in_frame, tinted_relief
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
from ops.drawing.printed_map import BASE, SIGNS, STYLE, plain_text, scale_bar
from ops.drawing.typeface.figure_font import drawing_style

WIDTH_IN: Final = 7.2
"""Width of the text of an A4 page."""
DPI: Final = 200
MAP_COLUMNS: Final = round(WIDTH_IN * DPI)
LARGEST_PIXELS: Final = 1600
MARGIN: Final = 0.06
"""Free edge around what is shown, as a fraction of the longer side: no symbol is cut off."""
FLATTEST, STEEPEST = 0.3, 1.25
"""Least and greatest ratio of height to width."""
NAMED_UP_TO: Final = 12
"""Largest number of places that are named."""
PIN_PT: Final = 10.0
"""Height of the symbol of an alert, whose tip is at its place."""
STRIPE_PIXELS: Final = 16
"""From one stripe of dead ground to the next: 2 mm on paper."""
PrintExtent = tuple[float, float, float, float]


def print_map(drawing: MapInput) -> str:
    """The map as a PNG data URI; the same input gives the same bytes.

    It shows the whole border, every sensor, base, alert, track and line, and the overlays that the page shows at first;
    true paths and fields of view, which would hide the rest on paper, are left out.
    """
    west, south, east, north = _extent(drawing)
    with drawing_style(STYLE):
        figure = Figure(figsize=(WIDTH_IN, WIDTH_IN * (north - south) / (east - west)))
        FigureCanvasAgg(figure)  # it measures the names
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), facecolor=colour("map-mat"))
        _ground(axes, drawing, (west, south, east, north))
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


def shape_of(drawing: MapInput) -> float:
    """Height of the map for print divided by its width."""
    west, south, east, north = _extent(drawing)
    return (north - south) / (east - west)


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


def _ground(axes: Axes, drawing: MapInput, extent: PrintExtent) -> None:
    terrain, frame = drawing.terrain, drawing.border.frame
    west, south, east, north = bounds(terrain)
    thin = max(1, -(-max(terrain["elevation"].shape) // LARGEST_PIXELS))
    elevation = terrain["elevation"][::thin, ::thin].to_numpy().astype(np.float32)
    shown = tinted_relief(elevation, cell_size(terrain) * thin)
    axes.imshow(shown, extent=(west, east, south, north), interpolation="bilinear", zorder=1)
    frame_of = (extent[0], extent[2], extent[1], extent[3])
    if drawing.unknown_ground:
        unknown = cross_hatched(_in_pixels(terrain["elevation"].isnull(), extent), STRIPE_PIXELS * 3 // 4)
        axes.imshow(unknown, extent=frame_of, interpolation="nearest", zorder=1.5)
    for over in drawing.overlays:
        if over.show:
            picture = _pixels(over.picture)
            shape = _map_shape(extent, max(MAP_COLUMNS, picture.shape[1]))
            axes.imshow(in_frame(picture, over.bounds, frame.wkt, extent, shape), extent=frame_of, zorder=2)
    if drawing.hidden_cells is not None:
        shown = hatched(_in_pixels(drawing.hidden_cells, extent), STRIPE_PIXELS)
        axes.imshow(shown, extent=frame_of, interpolation="nearest", zorder=2)


def _map_shape(extent: PrintExtent, columns: int) -> tuple[int, int]:
    """Rows and columns of square pixels over the map."""
    west, south, east, north = extent
    return max(1, round(columns * (north - south) / (east - west))), columns


def _in_pixels(cells: xr.DataArray, extent: PrintExtent) -> npt.NDArray[np.bool_]:
    """Whether a cell that is true is at each pixel of the map (row, column): stripes are drawn per pixel, not per
    cell."""
    west, south, east, north = extent
    rows, columns = _map_shape(extent, MAP_COLUMNS)
    east_m = west + (np.arange(columns) + 0.5) / columns * (east - west)
    north_m = north - (np.arange(rows) + 0.5) / rows * (north - south)
    left, bottom, right, top = bounds(cells.to_dataset(name="cells"))
    inside = ((north_m > bottom) & (north_m < top))[:, None] & ((east_m > left) & (east_m < right))[None, :]
    nearest = cells.sel(
        northing=xr.DataArray(north_m, dims="northing"), easting=xr.DataArray(east_m, dims="easting"), method="nearest"
    )
    return np.asarray((nearest.to_numpy() > 0) & inside)


def _pixels(data_uri: str) -> Any:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data_uri.partition(",")[2]))).convert("RGBA"))


def _border(axes: Axes, drawing: MapInput) -> None:
    border = drawing.border
    if isinstance(border, Zone):
        for part in shapely.get_parts(border.outer.line):
            axes.plot(*np.asarray(part.coords)[:, :2].T, color=OUTER_EDGE["color"], linewidth=1.2, zorder=5)
    lines = [np.asarray(border.segment_geometry(one).coords)[:, :2] for one in range(border.segments)]
    hidden = np.full(len(lines), np.nan) if drawing.hidden is None else drawing.hidden
    shades = [hidden_colour(float(fraction)) for fraction in hidden]
    for colours, linewidth in ([BLACK], 4.2), (shades, 2.4):
        axes.add_collection(
            LineCollection(lines, colors=colours, linewidths=linewidth, capstyle="butt", joinstyle="round", zorder=5)
        )


def _marks(axes: Axes, drawing: MapInput) -> None:
    for _, at in _placed(drawing, drawing.bases):
        _mark(axes, at, BASE, "white", edge=BLACK)
    for mark, at in _placed(drawing, drawing.sensors):
        marker, _, size = SIGNS.get(mark.kind, ("o", None, 5.0))
        _mark(axes, at, (marker, size), BLACK, edge="white")
    for _, at in _placed(drawing, drawing.alerts):
        _pin(axes, at)
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
    axes.plot(*at, marker=marker, color=fill, mec=edge, mew=0.9, markersize=size, linestyle="none", zorder=8)


def _pin(axes: Axes, at: tuple[float, float]) -> None:
    """Draw the symbol of an alert as the page has it: a pin with an exclamation mark."""
    around = np.radians(np.linspace(-45.0, 225.0, 28))
    tip, middle = np.zeros((1, 2)), np.sqrt(2.0)
    rim = np.column_stack([np.cos(around), middle + np.sin(around)])
    pin: Any = Path(np.vstack([tip, rim, tip]), closed=True)
    _mark(axes, at, (pin, 2.0 * PIN_PT), colour("mark-alert"), edge="white")  # half of a marker is above its middle
    up = PIN_PT * middle / (1.0 + middle)
    axes.annotate(
        "!", at, xytext=(0.0, up), textcoords="offset points", ha="center", va="center_baseline", fontsize=7.0,
        fontweight="bold", color="white", zorder=8.5,
    )  # fmt: skip


def _closed(trail: Trail, polygon: bool) -> Any:
    points = trail.points[:, :2]
    return (np.vstack([points, points[:1]]) if polygon else points).T


def _dashes(dashes: str) -> Any:
    """Matplotlib's line style for the dashes of an SVG line."""
    lengths = [float(part) / 2.0 for part in dashes.split()]
    return (0, tuple(lengths)) if lengths else "solid"
