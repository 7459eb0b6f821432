"""A map of a sector for notebooks: relief, the border coloured by a value of each segment, sensors and bases."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from geo.terrain import bounds
from ops.drawing.colours import colour
from ops.drawing.printed_map import LARGEST_PIXELS, SIGNS, STYLE, north_arrow, relief, scale_bar
from ops.drawing.scales import PROBABILITY
from ops.sector.open_sector import OpenSector
from ops.sector.sector_file import read_bases

MARGIN = 1.3
"""Margin around the border, in widths of the belt."""
WIDTH_IN = 9.0


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
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, float(np.clip(height_in, 2.4, 8.0))), layout="constrained")
        axes = figure.add_subplot()
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
            sign, _, size = SIGNS[sensor.kind]
            axes.plot(sensor.easting, sensor.northing, sign, color="black", mec="white", markersize=size, zorder=7)
        bases = [ground.frame.to_local(*place) for place in read_bases(ground.sector.bases).values()]
        for easting, northing in bases:
            axes.plot(easting, northing, "*", color=colour("series-blue"), mec="white", markersize=13, zorder=8)
        axes.set(xlim=box[:2], ylim=box[2:], aspect="equal", xticks=[], yticks=[])
        scale_bar(axes, box)
        north_arrow(axes)
        axes.set_title(title, loc="left", fontsize=10.0)
        return figure


def _window(ground: OpenSector, terrain: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return west, east, south and north of the border with a margin, within the terrain."""
    left, low, right, high = ground.crossed.bounds
    margin = MARGIN * ground.sector.belt_m
    west, east, south, north = terrain
    return max(west, left - margin), min(east, right + margin), max(south, low - margin), min(north, high + margin)


def _scale() -> Any:
    scale = mpl.colormaps[PROBABILITY].copy()
    scale.set_bad(colour("series-grey"))
    return scale


def _norm() -> Any:
    return mpl.colors.Normalize(0.0, 1.0)
