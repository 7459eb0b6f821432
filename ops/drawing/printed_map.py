"""Coverage maps for printing: shaded relief, colours safe for colour blindness, scale bar, north arrow, legend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import fill
from typing import Any, Final, Literal

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, NoNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import ScalarFormatter

from geo.arrays import Floats
from geo.border.zone import belt_outline
from geo.message import Message
from geo.terrain import bounds, cell_size
from ops.drawing.colours import colour, rgba
from ops.drawing.coverage_classes import Map
from ops.drawing.figures import cut_name
from ops.drawing.hillshade import shade
from ops.drawing.png import save_figure
from ops.drawing.scales import RELIEF
from ops.drawing.scene import datum_words, scene_of
from ops.drawing.symbols import legend_of, symbol_name
from ops.drawing.typeface.figure_font import drawing_style
from ops.runtime.output import say
from ops.sector.open_sector import OpenSector

STYLE: Final[Any] = {"font.size": 9.0, "text.parse_math": False}
LARGEST_PIXELS: Final = 1600  # along one side of the drawn raster; larger terrains are subsampled
DPI: Final = 150
CLASS_ALPHA: Final = 0.72
GREY_FIRST: Final[Literal["data"]] = "data"
"""Stage at which rasters are resampled: as one number per cell, before it becomes a colour of four. Colours first would
take more time and memory."""
DARKEST_GREY: Final = 0.35
"""Grey of a cell without any light: pale, so that classes and names stay readable on top."""
SIGNS: Final[Mapping[str, tuple[str, Message, float]]] = {
    "radar": ("s", symbol_name("radar"), 9.0),
    "camera": ("o", symbol_name("camera"), 5.0),
    "ground_sensor": ("D", symbol_name("ground_sensor"), 4.0),
    "radio": ("^", symbol_name("radio"), 6.0),
    "human": ("P", symbol_name("human"), 5.0),
    "relay": ("v", symbol_name("relay"), 7.0),
}
"""Marker, name and size of the symbol of each kind of sensor, and of a relay."""
BASE: Final = ("s", 6.0)
"""Marker and size of a base: white with a black edge."""
FOOTER_LETTERS: Final = 160
DEAD_HATCH, UNKNOWN_HATCH = "\\\\\\\\", "xxxx"
"""Textures of dead and of unknown ground, as on the tiles of the live map."""
CORNER: Final = 0.35
"""Sides of a corner that a legend may take, as a fraction of the map."""
LABELLED_UP_TO: Final = 12  # sensors; more labels would cover the map


class LocalNumbers(ScalarFormatter):
    """Numbers of an axis with the decimal sign of the language."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        decimal_sign = say("map-number", value=0.5)[1:-1]
        return super().__call__(x, pos).replace(".", decimal_sign)


def draw(path: Path, chosen: Map, rasters: xr.Dataset, ground: OpenSector) -> None:
    """Write one map as PNG; the same input gives the same bytes."""
    with drawing_style(STYLE):
        figure = Figure(figsize=(10.0, 8.2), layout="constrained")
        axes = figure.add_subplot()
        thin = max(1, -(-max(rasters[chosen.variable].shape) // LARGEST_PIXELS))
        west, south, east, north = bounds(ground.terrain)
        extent = (west, east, south, north)
        relief(axes, ground.terrain, thin, extent)
        unknown = _classes(axes, chosen, rasters, thin, extent)
        _border(axes, ground)
        _sensors(axes, ground)
        axes.set(xlim=(west, east), ylim=(south, north), aspect="equal", xticks=[], yticks=[])
        scale_bar(axes, extent)
        north_arrow(axes)
        axes.set_title(_title(chosen, rasters, ground), loc="left", fontsize=10.0)
        _legend(axes, chosen, ground, unknown=unknown)
        figure.supxlabel(_footer(chosen, rasters, ground), x=0.01, ha="left", fontsize=7.5, color=colour("figure-soft"))
        save_figure(figure, path, DPI)


def relief(axes: Axes, terrain: xr.Dataset, thin: int, extent: tuple[float, float, float, float]) -> None:
    """Draw pale shaded relief over ``extent`` (west, east, south, north), using every ``thin``-th cell."""
    draw_relief(axes, pale_relief(terrain, thin), extent)


def pale_relief(terrain: xr.Dataset, thin: int) -> Any:
    """Return the grey (row, column) of pale shaded relief of every ``thin``-th cell, masked where it is unknown."""
    elevation = terrain["elevation"][::thin, ::thin].to_numpy().astype(np.float32)
    light = shade(elevation, cell_size(terrain) * thin)
    return np.ma.masked_invalid(DARKEST_GREY + (1.0 - DARKEST_GREY) * light)


def draw_relief(axes: Axes, pale: Any, extent: tuple[float, float, float, float]) -> None:
    """Draw the result of ``pale_relief`` over ``extent`` (west, east, south, north)."""
    axes.imshow(
        pale,
        cmap=mpl.colormaps[RELIEF].with_extremes(bad=colour("map-mat")),
        vmin=0.0,
        vmax=1.0,
        extent=extent,
        interpolation="bilinear",
        interpolation_stage=GREY_FIRST,
        zorder=1,
    )


def _classes(
    axes: Axes, chosen: Map, rasters: xr.Dataset, thin: int, extent: tuple[float, float, float, float]
) -> bool:
    """Colour the cells by class and hatch unknown ones; return whether there are unknown cells."""
    values = rasters[chosen.variable][::thin, ::thin].to_numpy().astype(np.float64)
    blank = np.isnan(rasters["expected_probability"][::thin, ::thin].to_numpy())
    if chosen.variable == "dead_ground":
        blank = values == 255.0
    colours: list[tuple[float, ...]] = [(0.0, 0.0, 0.0, 0.0)]
    drawn = np.zeros(values.shape, np.uint8)  # index into the colours
    for step in chosen.steps:
        inside = (values >= step.low) & (values < step.high) & ~blank
        if step.dead:
            hatch_dead(axes, inside, extent)
        elif step.colour is not None:
            drawn[inside] = len(colours)
            colours.append((*step.colour, CLASS_ALPHA))
    axes.imshow(
        drawn,
        cmap=ListedColormap(colours),
        norm=NoNorm(),
        extent=extent,
        interpolation="nearest",
        interpolation_stage=GREY_FIRST,
        zorder=2,
    )
    hatch_unknown(axes, blank, extent)
    return bool(blank.any())


def hatch_unknown(axes: Axes, blank: npt.NDArray[np.bool_], extent: tuple[float, float, float, float]) -> None:
    """Draw the cells that are true (row, column) over ``extent`` (west, east, south, north) as unknown ground."""
    _hatch(axes, blank, extent, UNKNOWN_HATCH, colour("unknown-hatch"))


def hatch_dead(axes: Axes, dead: npt.NDArray[np.bool_], extent: tuple[float, float, float, float]) -> None:
    """Draw the cells that are true (row, column) over ``extent`` (west, east, south, north) as dead ground.

    The veil is on exactly these cells; the outline of the lines is smoothed.
    """
    veil = np.zeros((*dead.shape, 4), np.uint8)
    veil[dead] = rgba("dead-hatch-gap")
    axes.imshow(veil, extent=extent, interpolation="nearest", zorder=2)
    _hatch(axes, dead, extent, DEAD_HATCH, colour("dead-hatch"))


def _hatch(axes: Axes, cells: Any, extent: tuple[float, float, float, float], hatch: str, line: str) -> None:
    if not cells.any():
        return
    west, east, south, north = extent
    rows, columns = cells.shape
    cell_e, cell_n = (east - west) / columns, (north - south) / rows
    east_m = west + cell_e * (np.arange(columns) + 0.5)
    north_m = north - cell_n * (np.arange(rows) + 0.5)
    with mpl.rc_context({"hatch.linewidth": 0.8, "hatch.color": line}):
        axes.contourf(east_m, north_m, cells.astype(float), levels=[0.5, 1.5], colors="none", hatches=[hatch], zorder=3)


def unknown_handle(label: str) -> Patch:
    """Return the legend entry of unknown ground."""
    line = colour("unknown-hatch")
    return Patch(facecolor="white", edgecolor=line, hatch=UNKNOWN_HATCH, linewidth=0.5, label=label)


def dead_handle(label: str) -> Patch:
    """Return the legend entry of dead ground."""
    fill, line = colour("dead-hatch-gap"), colour("dead-hatch")
    return Patch(facecolor=fill, edgecolor=line, hatch=DEAD_HATCH, linewidth=0.5, label=label)


def _border(axes: Axes, ground: OpenSector) -> None:
    lines = getattr(ground.crossed.line, "geoms", [ground.crossed.line])
    for part in lines:
        vertices = np.asarray(part.coords)
        axes.plot(vertices[:, 0], vertices[:, 1], color="white", linewidth=3.6, zorder=4)
        axes.plot(vertices[:, 0], vertices[:, 1], color="black", linewidth=1.8, zorder=5)
    belt = belt_outline(ground.crossed, ground.sector.belt_m)
    for piece in getattr(belt, "geoms", [belt]):
        vertices = np.asarray(piece.exterior.coords)
        axes.plot(vertices[:, 0], vertices[:, 1], color="black", linewidth=0.7, linestyle=(0, (5, 4)), zorder=4)


def _sensors(axes: Axes, ground: OpenSector) -> None:
    """Draw sensor symbols, larger ones below; sensors at the same position share one label."""
    named: dict[tuple[float, float], list[str]] = {}
    for sensor in sorted(ground.layout, key=lambda s: -SIGNS[s.kind][2]):
        mark_place(axes, sensor.kind, sensor.easting, sensor.northing)
        named.setdefault((round(sensor.easting), round(sensor.northing)), []).append(plain_text(sensor.id, 18))
    for position, ids in named.items() if len(ground.layout) <= LABELLED_UP_TO else ():
        axes.annotate(
            "\n".join(ids),
            position,
            xytext=(6, 4),
            textcoords="offset points",
            fontsize=7.0,
            linespacing=0.95,
            path_effects=[withStroke(linewidth=2.0, foreground="white")],
            zorder=6,
        )


def mark_place(axes: Axes, kind: str, easting: float, northing: float, *, small: float = 1.0) -> None:
    """Draw the symbol of a sensor, relay or base, ``small`` times as large as usual."""
    axes.plot(easting, northing, **_look(kind, small), zorder=7)


def place_handles(kinds: Iterable[str]) -> list[Line2D]:
    """Return the legend entries of kinds of sensors and of ``base``, in the order of legends."""
    return [Line2D([], [], **_look(kind, 1.0), label=name) for kind, name in legend_of(set(kinds))]


def _look(kind: str, small: float) -> dict[str, Any]:
    if kind == "base":
        look: dict[str, Any] = {"marker": BASE[0], "color": "white", "mec": "black", "markersize": BASE[1] * small}
    else:
        look = {"marker": SIGNS[kind][0], "color": "black", "mec": "white", "markersize": SIGNS[kind][2] * small}
    return {**look, "mew": small, "linestyle": "none"}


def scale_bar(axes: Axes, extent: tuple[float, float, float, float]) -> None:
    """Draw a scale bar at the lower left."""
    west, east, south, north = extent
    length_m = _round_down((east - west) / 4.0)
    high = max(0.008 * (north - south), 0.004 * (east - west))
    left, foot = west + 0.03 * (east - west), south + 4.4 * high
    box = Rectangle(
        (left - 0.012 * (east - west), foot - 2.2 * high),
        length_m + 0.044 * (east - west),
        7.4 * high,
        facecolor="white",
        alpha=0.85,
        zorder=8,
    )
    axes.add_patch(box)
    for i in range(4):
        shade = "black" if i % 2 == 0 else "white"
        axes.add_patch(
            Rectangle(
                (left + i * length_m / 4.0, foot), length_m / 4.0, high, facecolor=shade, edgecolor="black", zorder=9
            )
        )
    for fraction in (0.0, 0.5, 1.0):
        per_unit, unit = (1000.0, " km") if length_m >= 1000.0 else (1.0, " m")
        text = say("map-number", value=fraction * length_m / per_unit) + (unit if fraction == 1.0 else "")
        axes.text(left + fraction * length_m, foot + 1.8 * high, text, ha="center", va="bottom", fontsize=7.5, zorder=9)


def free_corner(points: Floats, box: tuple[float, float, float, float]) -> Literal["lower right", "upper left"]:
    """Return the corner where a legend hides fewer of ``points`` (point, 2); the other two have scale and north.

    ``box`` is west, east, south and north of the map [m].
    """
    across = (points[:, 0] - box[0]) / (box[1] - box[0])
    up = (points[:, 1] - box[2]) / (box[3] - box[2])
    in_upper_left = np.count_nonzero((across < CORNER) & (up > 1.0 - CORNER))
    in_lower_right = np.count_nonzero((across > 1.0 - CORNER) & (up < CORNER))
    return "lower right" if in_lower_right <= in_upper_left else "upper left"


def has_voids(terrain: xr.Dataset, box: tuple[float, float, float, float]) -> bool:
    """Whether heights are unknown somewhere within ``box``: west, east, south and north [m]."""
    west, east, south, north = box
    shown = terrain["elevation"].sel(easting=slice(west, east), northing=slice(north, south))
    return bool(shown.isnull().any())


def north_arrow(axes: Axes) -> None:
    """Draw an arrow to grid north at the upper right."""
    axes.annotate(
        "N",
        xy=(0.965, 0.975),
        xytext=(0.0, -24.0),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=10,
        fontweight="bold",
        arrowprops={"arrowstyle": "-|>", "color": "black", "linewidth": 1.6},
        bbox={"boxstyle": "round,pad=0.25", "facecolor": "white", "alpha": 0.85, "edgecolor": "none"},
        zorder=9,
    )


def _legend(axes: Axes, chosen: Map, ground: OpenSector, *, unknown: bool) -> None:
    entries: list[Any] = []
    for step in chosen.steps:
        if step.dead:
            entries.append(dead_handle(say(step.label)))
            continue
        face = colour("relief-alone") if step.colour is None else (*step.colour, 0.85)
        entries.append(Patch(facecolor=face, edgecolor=colour("figure-outline"), linewidth=0.5, label=say(step.label)))
    label = say("map-class-unknown" if unknown else "map-class-unknown-none")
    entries.append(unknown_handle(label))
    entries.append(Line2D([], [], color="black", linewidth=1.8, label=say("map-border")))
    belt = say("map-belt", belt=ground.sector.belt_m)
    entries.append(Line2D([], [], color="black", linewidth=0.7, linestyle=(0, (5, 4)), label=belt))
    entries += place_handles(sensor.kind for sensor in ground.layout)
    axes.legend(handles=entries, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, frameon=False)


def _title(chosen: Map, rasters: xr.Dataset, ground: OpenSector) -> str:
    heading = say("coverage-map-heading", title=chosen.title, **scene_of(rasters.attrs))
    sector, layout = plain_text(ground.sector.title or ground.sector.name), plain_text(ground.layout.name)
    second = say("coverage-map-subheading", sector=sector, layout=layout, sensors=len(ground.layout))
    return f"{heading}\n{second}"


def ground_of(terrain: xr.Dataset, version: str) -> dict[str, Any]:
    """Vertical datum, cells and canopy of a terrain, and the version, as parameters of a message."""
    return {
        "datum": plain_text(datum_words(terrain.attrs.get("datum"))),
        "cell": cell_size(terrain),
        "canopy": "canopy_height" in terrain,
        "version": version,
    }


def _footer(chosen: Map, rasters: xr.Dataset, ground: OpenSector) -> str:
    version = str(rasters.attrs["watchline_version"])
    lines = [say(chosen.reading), say("coverage-map-footer", **ground_of(ground.terrain, version))]
    return "\n".join(fill(line, FOOTER_LETTERS) for line in lines)


def plain_text(text: str, longest: int = 60) -> str:
    """Return a text for a picture: one line, printable, at most ``longest`` characters, cut in the middle."""
    return cut_name("".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text), longest)


def _round_down(length_m: float) -> float:
    power = 10.0 ** np.floor(np.log10(length_m))
    return float(next(step for step in (5.0, 2.0, 1.0) if step * power <= length_m) * power)
