"""A challenge as pictures for printing: small multiples of maps, and figures along the border; deterministic output.

The scales are those of ``ops.drawing.scales``. Unknown values are hatched and never use a colour of the scale.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from geo.antimeridian import on_globe
from geo.challenge.scores import SCORES
from geo.message import Message
from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.report.words import path_detection, path_name, score_name
from ops.drawing.colours import colour
from ops.drawing.png import save_figure
from ops.drawing.printed_map import (
    DPI,
    FOOTER_LETTERS,
    STYLE,
    UNKNOWN_HATCH,
    LocalNumbers,
    dead_handle,
    draw_relief,
    hatch_dead,
    mark_place,
    north_arrow,
    pale_relief,
    place_handles,
    plain_text,
    scale_bar,
)
from ops.drawing.scales import DURATION, MARGIN, MEASURE, PROBABILITY
from ops.drawing.scene import conditions_words, datum_words
from ops.drawing.typeface.figure_font import drawing_style
from ops.runtime.output import say
from ops.sector.open_sector import OpenSector

WIDTH_IN: Final = 10.0
TITLE_PT: Final = 9.5
LARGEST_PIXELS: Final = 1200
MapExtent = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Panel:
    """One map of small multiples: the raster, its title and unit, palette, and fixed limits, if any.

    ``title`` and ``unit`` are the ends of identifiers of messages; ``states`` are those of the labels of 0 and 1 of a
    raster with no other values.
    """

    variable: str
    title: str
    unit: str
    palette: str
    scale: float = 1.0
    limits: tuple[float, float] | None = None
    centred: bool = False
    states: tuple[str, str] | None = None


SIGHT: Final = ("sight", "dead")

GROUND_PANELS: Final = (
    Panel("ruggedness", "ruggedness", "metres", MEASURE),
    Panel("positive_openness", "openness", "degrees", MEASURE, 180.0 / math.pi),
    Panel("dead_ground_1.7m", "dead-any", "", "", states=SIGHT),
    Panel("crossing_time", "crossing", "minutes", DURATION, 1.0 / 60.0),
    Panel("response_time", "response", "minutes", DURATION, 1.0 / 60.0),
)
LAYOUT_PANELS: Final = (
    Panel("expected_probability", "pd", "probability", PROBABILITY, limits=(0.0, 1.0)),
    Panel("layout_dead_ground", "dead-layout", "", "", states=SIGHT),
    Panel("through_probability", "through", "probability", PROBABILITY, limits=(0.0, 1.0)),
    Panel("time_margin", "margin", "minutes", MARGIN, 1.0 / 60.0, centred=True),
)
WAY_STYLES: Final[Mapping[str, tuple[str, Any, float]]] = {
    "minimum detection": (colour("series-blue"), "solid", 4.5),
    "minimum time": ("black", (0, (5, 2)), 2.0),
    "most vulnerable": (colour("series-purple"), (0, (1, 1)), 2.0),
}


def draw_maps(path: Path, findings: Findings, pictures: Mapping[str, xr.DataArray], panels: Sequence[Panel]) -> bool:
    """Draw small multiples of the rasters that exist; without any, write no file and return False."""
    shown = [panel for panel in panels if panel.variable in pictures]
    if not shown:
        return False
    view = _View.of(findings.question.ground)

    def one(axes: Axes, number: int) -> None:
        panel = shown[number]
        _raster(axes, panel, pictures[panel.variable], view)

    _multiples(path, len(shown), one, view, _footer(findings))
    return True


def draw_scores(path: Path, findings: Findings) -> None:
    """Draw the three scores by segment over relief, and the composite if there is one."""
    view = _View.of(findings.question.ground)
    values = {say(score_name(name)): findings.segments[name].to_numpy() for name in SCORES}
    if findings.composite is not None:
        values[say("challenge-panel-composite")] = findings.composite.value

    def one(axes: Axes, number: int) -> None:
        title = list(values)[number]
        _coloured(axes, values[title], view, MEASURE, say("challenge-unit-percentile"))
        axes.set_title(title, loc="left")

    _multiples(path, len(values), one, view, f"{say('challenge-scores-note')}\n{_footer(findings)}")


def draw_crossings(path: Path, findings: Findings) -> None:
    """Draw the three paths over relief with the sensors and the points of half the detection, the widest line
    lowest.
    """
    view = _View.of(findings.question.ground)

    def one(axes: Axes, _: int) -> None:
        _coloured(axes, findings.known_detection, view, PROBABILITY, say("challenge-unit-lowest-pd"))
        for sensor in findings.question.ground.layout:
            mark_place(axes, sensor.kind, sensor.easting, sensor.northing)
        for kind, crossing in findings.crossings.items():
            shade, dash, width = WAY_STYLES[kind]
            e, n = view.ground.frame.to_local(on_globe(crossing["lon"]), np.array(crossing["lat"]))
            detected = path_detection(crossing["p_detect"], unknown_m=crossing["unknown_m"])
            label = say("challenge-path-label", path=path_name(kind), minutes=crossing["seconds"] / 60.0, pd=detected)
            axes.plot(e, n, color="white", linewidth=width + 2.0, zorder=9)
            axes.plot(e, n, color=shade, linestyle=dash, linewidth=width, zorder=9, label=label)
            for position in crossing["half_detection"]:
                axes.plot(
                    *view.ground.frame.to_local(*position["lonlat"]), "o", color=shade, mec="white", ms=4, zorder=11
                )
        axes.plot([], [], "o", color=colour("figure-soft"), mec="white", ms=4, label=say("challenge-legend-half"))
        entries = axes.get_legend_handles_labels()[0]
        entries += place_handles(sensor.kind for sensor in findings.question.ground.layout)
        below: Any = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.02)}
        axes.legend(handles=entries, **below, ncols=3, frameon=False, fontsize=8.5)

    _multiples(path, 1, one, view, _footer(findings))


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """The common content of every panel: the window around the belt, its relief, and the cells in the belt."""

    ground: OpenSector
    extent: MapExtent
    relief: Any

    @classmethod
    def of(cls, ground: OpenSector) -> _View:
        west, south, east, north = ground.crossed.bounds
        reach = 1.15 * ground.sector.belt_m
        box = {"easting": slice(west - reach, east + reach), "northing": slice(north + reach, south - reach)}
        terrain = ground.terrain[["elevation"]].sel(box).load()
        e, n = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
        half = abs(float(e[1] - e[0])) / 2.0
        thin = max(1, -(-max(terrain["elevation"].shape) // LARGEST_PIXELS))
        return cls(ground, (e[0] - half, e[-1] + half, n[-1] - half, n[0] + half), pale_relief(terrain, thin))

    @property
    def aspect(self) -> float:
        """Width divided by height."""
        west, east, south, north = self.extent
        return (east - west) / (north - south)


def _multiples(path: Path, count: int, draw_panel: Callable[[Axes, int], None], view: _View, footer: str) -> None:
    """Draw ``count`` maps in a suitable grid, each by ``draw_panel(axes, number)``; the file is complete or absent."""
    columns = 1 if count == 1 or view.aspect > 2.2 else min(count, 2 if view.aspect > 0.9 else 3)
    rows = -(-count // columns)
    width = WIDTH_IN / columns - 0.9
    letters = int((WIDTH_IN / columns - 0.3) * 72.0 / (0.55 * TITLE_PT))  # a letter is about half as wide as high
    with drawing_style(STYLE):
        height = rows * (min(max(width / view.aspect, 1.1), 7.0) + 0.4) + 0.6
        figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
        for number in range(count):
            axes = figure.add_subplot(rows, columns, number + 1)
            draw_relief(axes, view.relief, view.extent)
            draw_panel(axes, number)
            axes.set_title(fill(axes.get_title("left"), letters), loc="left", fontsize=TITLE_PT)
            west, east, south, north = view.extent
            axes.set(xlim=(west, east), ylim=(south, north), aspect="equal", xticks=[], yticks=[])
            if number == 0:
                north_arrow(axes)
                scale_bar(axes, view.extent)
        figure.supxlabel(footer, x=0.01, ha="left", fontsize=7.5, color=colour("figure-soft"))
        save_figure(figure, path, DPI)


def _raster(axes: Axes, panel: Panel, layer: xr.DataArray, view: _View) -> None:
    values = layer.to_numpy().astype(np.float64) * panel.scale
    east, north = layer["easting"].to_numpy(), layer["northing"].to_numpy()
    cell = abs(float(east[1] - east[0]))
    extent = (east[0] - cell / 2, east[-1] + cell / 2, north[-1] - cell / 2, north[0] + cell / 2)
    known = np.isfinite(values)
    if panel.states is not None:
        clear = ListedColormap([colour("line-of-sight")])
        axes.imshow(np.ma.masked_where(~known, values), cmap=clear, extent=extent, interpolation="nearest", alpha=0.85,
                    zorder=2)  # fmt: skip
        hatch_dead(axes, values == 1.0, extent)
        names = [say(f"challenge-state-{state}") for state in panel.states]
        entries = [Patch(facecolor=colour("line-of-sight"), label=names[0]), dead_handle(names[1])]
        axes.legend(handles=entries, loc="lower right", fontsize=7.5, framealpha=0.9).set_zorder(10)
    elif known.any():
        shown = values[known]
        low, high = panel.limits or (float(np.quantile(shown, 0.01)), float(np.quantile(shown, 0.99)))
        high = high if high > low else low + 1.0
        widest = max(abs(low), abs(high))
        scale: dict[str, Any] = (
            {"norm": TwoSlopeNorm(0.0, -widest, widest)} if panel.centred else {"vmin": low, "vmax": high}
        )
        picture = axes.imshow(
            np.ma.masked_where(~known, values), cmap=panel.palette, extent=extent, interpolation="nearest",
            alpha=0.85, zorder=2, **scale,
        )  # fmt: skip
        _bar(axes, picture, say(f"challenge-unit-{panel.unit}"))
    segment, inward, outward = view.ground.crossed.between_edges(*np.meshgrid(east, north))
    inside = (segment >= 0) & (inward <= view.ground.sector.belt_m) & (outward >= -view.ground.sector.belt_m)
    title = say(f"challenge-panel-{panel.title}")
    for meaning, where, hatch in (
        ("unknown", inside & np.isnan(values), UNKNOWN_HATCH),
        ("no-path", inside & np.isposinf(values), "...."),
        ("no-response", inside & np.isneginf(values), "...."),
    ):
        if where.sum() > 0.001 * inside.sum():
            _hatched(axes, east, north, where, hatch)
            title = say(f"challenge-hatch-{meaning}", title=title)
    _border(axes, view)
    axes.set_title(title, loc="left")


def _hatched(axes: Axes, east: Any, north: Any, where: Any, hatch: str) -> None:
    with mpl.rc_context({"hatch.linewidth": 0.5, "hatch.color": colour("unknown-hatch")}):
        axes.contourf(east, north, where.astype(float), levels=[0.5, 1.5], colors="none", hatches=[hatch], zorder=3)


def _border(axes: Axes, view: _View) -> None:
    for part in getattr(view.ground.crossed.line, "geoms", [view.ground.crossed.line]):
        vertices = np.asarray(part.coords)
        axes.plot(vertices[:, 0], vertices[:, 1], color="white", linewidth=2.6, zorder=4)
        axes.plot(vertices[:, 0], vertices[:, 1], color="black", linewidth=1.2, zorder=5)


def _coloured(axes: Axes, values: Any, view: _View, scale: str, label: str) -> None:
    """Draw the border with a colour per segment, grey where the value is unknown."""
    border = view.ground.crossed
    if view.ground.zone is not None:
        for part in getattr(view.ground.zone.outer.line, "geoms", [view.ground.zone.outer.line]):
            axes.plot(*np.asarray(part.coords)[:, :2].T, color="black", linewidth=1.2, zorder=5)
    lines = [np.asarray(border.segment_geometry(segment).coords)[:, :2] for segment in range(border.segments)]
    axes.add_collection(LineCollection(lines, colors="black", linewidths=6.5, zorder=5))
    known = np.isfinite(values)
    blank = [line for line, there in zip(lines, known, strict=True) if not there]
    axes.add_collection(LineCollection(blank, colors=colour("unknown"), linewidths=4.5, zorder=6))
    known_lines = [line for line, there in zip(lines, known, strict=True) if there]
    coloured = LineCollection(known_lines, array=np.asarray(values)[known], cmap=scale, linewidths=4.5, zorder=6)
    coloured.set_clim(0.0, 1.0)
    axes.add_collection(coloured)
    _bar(axes, coloured, label)


def _bar(axes: Axes, picture: Any, label: str) -> Any:
    """Add a colour bar as high as the map, whatever its shape."""
    bar = axes.figure.colorbar(picture, cax=axes.inset_axes((1.01, 0.0, 0.018, 1.0)))
    bar.set_label(label, fontsize=8.0)
    bar.formatter = LocalNumbers()
    bar.ax.tick_params(labelsize=7.5)
    return bar


def _footer(findings: Findings) -> str:
    question, attrs = findings.question, findings.segments.attrs
    ground = question.ground
    text = say(
        "challenge-footer",
        sector=plain_text(ground.sector.title or ground.sector.name),
        layout=plain_text(ground.layout.name),
        target=Message("target-class", {"class": question.target}),
        conditions=conditions_words(question.conditions),
        direction=Message("challenge-direction", {"direction": question.direction}),
        belt=question.belt_m,
        cell=float(attrs["cell_m"]),
        datum=plain_text(datum_words(attrs.get("datum"))),
        ground=question.ways.message,
    )
    return fill(text, FOOTER_LETTERS)
