"""The figures of a plan's report: the map, the segments before and after, and the Pareto front."""

from __future__ import annotations

from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from geo.border.zone import belt_outline
from geo.terrain import bounds
from ops.analysis.plan.findings import PlanFindings
from ops.drawing.colours import colour
from ops.drawing.figures import PRINTED_STYLE, CaptionedFigure
from ops.drawing.printed_map import (
    SIGNS,
    LocalNumbers,
    free_corner,
    has_voids,
    mark_place,
    north_arrow,
    place_handles,
    relief,
    scale_bar,
)
from ops.drawing.scales import PROBABILITY
from ops.drawing.typeface.figure_font import drawing_style
from ops.runtime.output import say
from ops.sector.sector_file import read_bases

BOUGHT = colour("bought")
BEFORE, AFTER = colour("series-grey"), colour("series-blue")
UNKNOWN: Final = colour("unknown")
LARGEST_PIXELS: Final = 900
MARGIN: Final = 0.03
"""Space around everything that the map shows, as a fraction of its width."""
LEAST_SHAPE: Final = 0.42
"""Least height of the map, as a fraction of its width: room for the legend inside the frame."""


def pictures_of(findings: PlanFindings) -> list[CaptionedFigure]:
    """Return the figures in the order of the report; the front only where it has more than one plan."""
    with drawing_style(PRINTED_STYLE):
        drawn = [plan_map(findings), along_the_border(findings)]
        return [*drawn, pareto_front(findings)] if has_front(findings) else drawn


def has_front(findings: PlanFindings) -> bool:
    """Whether there is a choice to draw: two plans of the front at least."""
    return len(findings.front) > 1


def plan_map(findings: PlanFindings) -> CaptionedFigure:
    """Draw purchase, existing parts and bases over the relief; the border has the colour of its mean Pd."""
    ground, belt_m = findings.ground, findings.benefits.watched.belt.belt_m
    box = _box(findings)
    shape = (box[3] - box[2]) / (box[1] - box[0])
    figure = Figure(figsize=(10.0, float(np.clip(9.0 * shape + 0.3, 3.0, 11.0))), layout="constrained")
    axes = figure.add_subplot()
    west, south, east, north = bounds(ground.terrain)
    thin = max(1, -(-max(ground.terrain["elevation"].shape) // LARGEST_PIXELS))
    relief(axes, ground.terrain, thin, (west, east, south, north))
    around = belt_outline(ground.crossed, belt_m)
    for piece in getattr(around, "geoms", [around]):
        axes.plot(*np.asarray(piece.exterior.coords).T, color="black", linewidth=0.6, linestyle=(0, (5, 4)), zorder=3)
    scale = Normalize(0.0, 1.0)
    for segment, value in enumerate(findings.after):
        line = ground.crossed.segment_geometry(segment)
        parts = [np.asarray(part.coords)[:, :2] for part in getattr(line, "geoms", [line])]
        shade = UNKNOWN if np.isnan(value) else mpl.colormaps[PROBABILITY](scale(value))
        axes.add_collection(LineCollection(parts, colors="white", linewidths=6.0, zorder=4))
        axes.add_collection(LineCollection(parts, colors=[shade], linewidths=4.0, zorder=5))
    for part in findings.existing:
        sign, _, size = SIGNS[part.kind]
        axes.plot(part.easting, part.northing, sign, color="black", mec="white", mew=1.0, markersize=size, zorder=7)
    for number, option in findings.numbered:
        part, (sign, _, size) = option.sensor, SIGNS[option.sensor.kind]
        axes.plot(part.easting, part.northing, sign, color=BOUGHT, mec="white", mew=1.0, markersize=size + 1, zorder=8)
        axes.annotate(
            str(number),
            (part.easting, part.northing),
            xytext=(5, 4),
            textcoords="offset points",
            fontsize=8.0,
            fontweight="bold",
            color=BOUGHT,
            path_effects=[withStroke(linewidth=2.2, foreground="white")],
            zorder=9,
        )
    for easting, northing in _bases(findings):
        mark_place(axes, "base", easting, northing)
    axes.set(xlim=box[:2], ylim=box[2:], aspect="equal", xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(True)
    scale_bar(axes, box)
    north_arrow(axes)
    _legend(axes, findings, box)
    bar = figure.colorbar(ScalarMappable(scale, PROBABILITY), ax=axes, shrink=0.85, pad=0.01, aspect=30)
    bar.set_label(say("plan-axis-mean"))
    bar.ax.yaxis.set_major_formatter(LocalNumbers())
    title = say("plan-figure-map")
    alt = say("plan-figure-map-alt", bought=len(findings.plan.bought), existing=len(findings.existing))
    return CaptionedFigure(title, figure, alt, say("plan-figure-map-caption", belt=belt_m))


def _bases(findings: PlanFindings) -> list[tuple[float, float]]:
    ground = findings.ground
    return [ground.frame.to_local(*place) for place in read_bases(ground.sector.bases).values()]


def _box(findings: PlanFindings) -> tuple[float, float, float, float]:
    """Return west, east, south and north [m] around border, belt, sensors and bases: nothing lies at the edge."""
    belt_m = findings.benefits.watched.belt.belt_m
    left, low, right, high = findings.ground.crossed.bounds
    west, south, east, north = bounds(findings.ground.terrain)
    belt = [
        (max(west, left - belt_m), max(south, low - belt_m)),
        (min(east, right + belt_m), min(north, high + belt_m)),
    ]
    parts = [(one.easting, one.northing) for one in (*findings.existing, *(o.sensor for o in findings.plan.bought))]
    shown = np.array([*parts, *_bases(findings), (left, low), (right, high)], np.float64)
    pad = MARGIN * max(right - left, high - low)
    west, south = np.minimum(belt[0], shown.min(axis=0) - pad)
    east, north = np.maximum(belt[1], shown.max(axis=0) + pad)
    more = max(0.0, LEAST_SHAPE * (east - west) - (north - south)) / 2.0
    return float(west), float(east), float(south - more), float(north + more)


def _legend(axes: Any, findings: PlanFindings, box: tuple[float, float, float, float]) -> None:
    entries: list[Any] = []
    groups = (
        ("bought", BOUGHT, "white", [option.sensor.kind for option in findings.plan.bought]),
        ("existing", "black", "white", [part.kind for part in findings.existing]),
    )
    for group, face, edge, kinds in groups:
        for kind in dict.fromkeys(kinds):
            sign, name, size = SIGNS[kind]
            label = say(f"plan-legend-{group}", kind=name)
            entries.append(
                Line2D([], [], color=face, marker=sign, mec=edge, linestyle="none", markersize=size, label=label)
            )
    entries += place_handles({"base"} if _bases(findings) else ())
    if np.isnan(findings.after).any():
        entries.append(Line2D([], [], color=UNKNOWN, linewidth=4.0, label=say("map-unknown")))
    if has_voids(findings.ground.terrain, box):
        entries.append(
            Patch(facecolor=colour("map-mat"), edgecolor=colour("figure-outline"), label=say("map-class-unknown"))
        )
    if entries:
        crossed = findings.ground.crossed
        lines = [crossed.segment_geometry(segment) for segment in range(crossed.segments)]
        parts = [(one.easting, one.northing) for one in (*findings.existing, *(o.sensor for o in findings.plan.bought))]
        points = np.vstack(
            [*(np.asarray(part.coords)[:, :2] for line in lines for part in getattr(line, "geoms", [line])), *parts]
        )
        legend = axes.legend(
            handles=entries,
            loc=free_corner(points, box),
            ncols=-(-len(entries) // 4),
            frameon=True,
            framealpha=0.9,
            fontsize=8.0,
        )
        legend.get_frame().set_edgecolor("none")
        legend.set_zorder(10)


def along_the_border(findings: PlanFindings) -> CaptionedFigure:
    """Draw the mean Pd of each segment along the border, before and after."""
    figure = Figure(figsize=(10.0, 2.9), layout="constrained")
    axes = figure.add_subplot()
    spans = findings.ground.crossed.segment_spans_m / 1000.0
    edges = np.append(spans[:, 0], spans[-1, 1])
    for name, values, shade in (("before", findings.before, BEFORE), ("after", findings.after, AFTER)):
        axes.stairs(values, edges, baseline=None, color=shade, linewidth=1.8, label=say(f"plan-legend-{name}"))
    axes.set(ylim=(-0.02, 1.02), xlim=(edges[0], edges[-1]))
    axes.set_xlabel(say("plan-axis-chainage"))
    axes.set_ylabel(say("plan-axis-mean"))
    axes.yaxis.set_major_formatter(LocalNumbers())
    axes.grid(axis="y", color=colour("figure-grid"), linewidth=0.6)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.0)
    alt = say("plan-figure-along-alt", count=len(findings.after))
    return CaptionedFigure(say("plan-figure-along"), figure, alt, say("plan-figure-along-caption"))


def pareto_front(findings: PlanFindings) -> CaptionedFigure:
    """Draw the best detection of the worst segment for each cost."""
    figure = Figure(figsize=(10.0, 3.2), layout="constrained")
    axes = figure.add_subplot()
    costs, values = [one.cost for one in findings.front], [one.value for one in findings.front]
    axes.plot(costs, values, drawstyle="steps-post", color=AFTER, linewidth=1.6, marker="o", markersize=5)
    axes.set(ylim=(-0.02, max(0.1, 1.08 * max(values))))
    axes.set_xlabel(say("plan-axis-cost", currency=findings.catalogue.currency))
    axes.set_ylabel(say("plan-axis-worst"))
    axes.xaxis.set_major_formatter(lambda value, _: say("plan-value-money", value=float(value)))
    axes.yaxis.set_major_formatter(LocalNumbers())
    axes.grid(color=colour("figure-grid"), linewidth=0.6)
    alt = say("plan-figure-front-alt", count=len(findings.front))
    return CaptionedFigure(say("plan-figure-front"), figure, alt, say("plan-figure-front-caption"))
