"""A map of a sector for notebooks: relief, the border coloured by a value of each segment, sensors and bases."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from geo.arrays import Floats
from geo.terrain import bounds
from ops.drawing.colours import colour
from ops.drawing.printed_map import (
    LARGEST_PIXELS,
    STYLE,
    free_corner,
    mark_place,
    north_arrow,
    place_handles,
    relief,
    scale_bar,
)
from ops.drawing.scales import PROBABILITY
from ops.drawing.typeface.figure_font import drawing_style
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import read_bases

MARGIN = 1.3
"""Margin around the border, in widths of the belt."""
MARK_EDGE = 0.03
"""Least distance of a symbol from the edge, as a fraction of the longer side."""
WIDTH_IN = 9.0
MapBox = tuple[float, float, float, float]


def sector_map(
    ground: OpenSector, by_segment: xr.DataArray | None = None, *, title: str = "", label: str = ""
) -> Figure:
    """Draw a sector.

    Parameters
    ----------
    ground : OpenSector
        The open sector.
    by_segment : xarray.DataArray, dims (segment), optional
        A value of each segment, 0 to 1, which colours the border; NaN is grey.
    title : str
        Title of the map.
    label : str
        Name of the value, beside the colour scale.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; ``savefig`` writes it, a notebook shows it.
    """
    west, south, east, north = bounds(ground.terrain)
    box = _window(ground, (west, east, south, north))
    height_in = WIDTH_IN * 0.85 * (box[3] - box[2]) / (box[1] - box[0]) + 0.6
    with drawing_style(STYLE):
        figure = Figure(figsize=(WIDTH_IN, float(np.clip(height_in, 2.4, 8.0))), layout="constrained")
        axes = figure.add_subplot(facecolor=colour("map-mat"))
        thin = max(1, -(-max(ground.terrain["elevation"].shape) // LARGEST_PIXELS))
        relief(axes, ground.terrain, thin, (west, east, south, north))
        segments = range(ground.crossed.segments)
        lines = [np.asarray(ground.crossed.segment_geometry(segment).coords)[:, :2] for segment in segments]
        axes.add_collection(LineCollection(lines, colors="black", linewidths=5.0, zorder=4))
        colours: Any = {"colors": "white"}
        if by_segment is not None:
            colours = {"array": np.ma.masked_invalid(by_segment.to_numpy()), "cmap": _scale(), "norm": _norm()}
        drawn = axes.add_collection(LineCollection(lines, linewidths=3.2, zorder=5, **colours))
        if by_segment is not None:
            figure.colorbar(drawn, ax=axes, shrink=0.7, label=label)
        for sensor in ground.layout:
            mark_place(axes, sensor.kind, sensor.easting, sensor.northing)
        bases = bases_of(ground)
        for easting, northing in bases:
            mark_place(axes, "base", easting, northing)
        axes.set(xlim=box[:2], ylim=box[2:], aspect="equal", xticks=[], yticks=[])
        scale_bar(axes, box)
        north_arrow(axes)
        axes.set_title(title, loc="left", fontsize=10.0)
        kinds = [*(sensor.kind for sensor in ground.layout), *("base" for _ in bases)]
        _legend(axes, box, lines, place_handles(kinds))
        return figure


def bases_of(ground: OpenSector) -> list[tuple[float, float]]:
    """Easting and northing [m] of the sector's bases."""
    return [ground.frame.to_local(*place) for place in read_bases(ground.sector.bases).values()]


def _legend(axes: Axes, box: MapBox, lines: list[Floats], handles: list[Line2D]) -> None:
    """Draw the legend inside the frame: in the upper left or the lower right corner, whichever the border leaves."""
    if not handles:
        return
    legend = axes.legend(
        handles=handles,
        loc=free_corner(np.vstack(lines), box),
        ncols=2,
        framealpha=0.85,
        fontsize=8.0,
        edgecolor="none",
    )
    legend.set_zorder(10)


def _window(ground: OpenSector, terrain: MapBox) -> MapBox:
    """Return west, east, south and north of the border with a margin, and of all sensors and bases.

    The margin of the border ends at the edge of the terrain; no symbol is cut off.
    """
    left, low, right, high = ground.crossed.bounds
    margin = MARGIN * ground.sector.belt_m
    west, east, south, north = terrain
    box = (max(west, left - margin), min(east, right + margin), max(south, low - margin), min(north, high + margin))
    marks = [*((sensor.easting, sensor.northing) for sensor in ground.layout), *bases_of(ground)]
    if not marks:
        return box
    eastings, northings = np.array([*marks, (box[0], box[2]), (box[1], box[3])]).T
    edge = MARK_EDGE * float(max(np.ptp(eastings), np.ptp(northings)))
    eastings, northings = np.array(marks).T
    return (
        min(box[0], float(eastings.min()) - edge),
        max(box[1], float(eastings.max()) + edge),
        min(box[2], float(northings.min()) - edge),
        max(box[3], float(northings.max()) + edge),
    )


def _scale() -> Any:
    scale = mpl.colormaps[PROBABILITY].copy()
    scale.set_bad(colour("series-grey"))
    return scale


def _norm() -> Any:
    return mpl.colors.Normalize(0.0, 1.0)
