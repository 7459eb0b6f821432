"""Figures of a comparison: maps, samples, tornado, along the border, cost and detection, adverse scenarios."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from typing import Final

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from geo.border.zone import belt_outline
from ops.analysis.compare.comparison import Comparison
from ops.analysis.compare.wording import input_name
from ops.analysis.messages import plain
from ops.drawing.colours import colour
from ops.drawing.figures import PRINTED_STYLE, CaptionedFigure
from ops.drawing.printed_map import mark_place, north_arrow, place_handles, plain_text, relief, scale_bar
from ops.drawing.scales import PROBABILITY
from ops.drawing.typeface.figure_font import drawing_style
from ops.runtime.output import catalogue, say
from sensors.layout import AnySensor
from sensors.planning.comparison.draws import central
from sensors.relay import Relay

SERIES: Final = ("blue", "vermilion", "green", "purple", "sky", "orange")
COLOURS: Final = (*(colour(f"series-{name}") for name in SERIES), colour("figure-outline"), "black")
"""The first layout has the first colour."""
MARKS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
LISTED: Final = 14
NAMED: Final = 5
"""Inputs that a tornado chart draws, and that its text alternative names."""
BUDGETS: Final = np.geomspace(0.25, 2.0, 22)
LARGEST_PIXELS: Final = 900
PART_EDGE: Final = 0.03
"""Least distance of a symbol from the edge, as a fraction of the longer side."""
MANY: Final = 40  # number of sensors above which their symbols are small


def pictures_of(comparison: Comparison) -> list[CaptionedFigure]:
    """Return all figures, in the order of the report."""
    drawings: list[Callable[[Comparison], CaptionedFigure]] = [
        maps,
        along,
        samples,
        cost_curve,
        *_tornados(comparison),
        scenarios,
    ]
    with drawing_style(PRINTED_STYLE):
        return [drawing(comparison) for drawing in drawings]


def maps(comparison: Comparison) -> CaptionedFigure:
    """Draw the layouts side by side; the line shows the detection of the crosser's best path in each segment."""
    names, extent = comparison.study.names, _extent(comparison)
    west, east, south, north = extent
    wide = (east - west) > 1.6 * (north - south)
    columns = 1 if wide else min(2, len(names))
    rows = -(-len(names) // columns)
    height = 8.6 / columns * (north - south) / (east - west) + 0.35
    figure = Figure(figsize=(10.0, min(rows * height + 0.3, 24.0)), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    scale = Normalize(0.0, 1.0)
    for axis, name in zip(axes, names, strict=False):
        _map(axis, comparison, name, scale, extent)
    for axis in axes[len(names) :]:
        axis.set_axis_off()
    bar = figure.colorbar(ScalarMappable(scale, PROBABILITY), ax=list(axes), shrink=0.8, pad=0.01, aspect=30)
    bar.set_label(say("compare-axis-assessed"))
    _percent(bar.ax.yaxis)
    handles = place_handles(part.kind for part in _parts(comparison))
    figure.legend(handles=handles, loc="outside lower center", ncols=max(len(handles), 1), frameon=False, fontsize=8.5)
    means = comparison.verdict["mean_detection_central"].to_numpy()
    named = [
        say("compare-figure-maps-mean", layout=name, mean=float(mean)) for name, mean in zip(names, means, strict=True)
    ]
    return CaptionedFigure(
        say("compare-figure-maps"),
        figure,
        say("compare-figure-maps-alt", means=named),
        say("compare-figure-maps-caption"),
    )


def _extent(comparison: Comparison) -> tuple[float, float, float, float]:
    """Return west, east, south and north [m] of the belt with a margin, limited to the terrain, and of all parts of
    the layouts: none is cut off."""
    terrain, belt = comparison.study.ground.terrain, comparison.study.ground.belt
    west, south, east, north = shapely.bounds(belt_outline(belt.border, belt.belt_m * 1.15))
    easting, northing = terrain["easting"].to_numpy(), terrain["northing"].to_numpy()
    step = belt.cell_m / 2.0
    west, east = max(west, easting.min() - step), min(east, easting.max() + step)
    south, north = max(south, northing.min() - step), min(north, northing.max() + step)
    edge = PART_EDGE * max(east - west, north - south)
    for part in _parts(comparison):
        west, east = min(west, part.easting - edge), max(east, part.easting + edge)
        south, north = min(south, part.northing - edge), max(north, part.northing + edge)
    return float(west), float(east), float(south), float(north)


def _parts(comparison: Comparison) -> list[AnySensor | Relay]:
    """The sensors and relays of all layouts."""
    return [part for layout in comparison.study.layouts for part in (*layout, *layout.relays)]


def _map(
    axis: Axes, comparison: Comparison, name: str, scale: Normalize, extent: tuple[float, float, float, float]
) -> None:
    ground, belt = comparison.study.ground, comparison.study.ground.belt
    thin = max(1, -(-max(ground.terrain["elevation"].shape) // LARGEST_PIXELS))
    step = belt.cell_m / 2.0
    easting, northing = ground.terrain["easting"].to_numpy(), ground.terrain["northing"].to_numpy()
    whole = (easting.min() - step, easting.max() + step, northing.min() - step, northing.max() + step)
    relief(axis, ground.terrain, thin, whole)
    around = belt_outline(belt.border, belt.belt_m)
    for piece in getattr(around, "geoms", [around]):
        axis.plot(*np.asarray(piece.exterior.coords).T, color="black", linewidth=0.6, linestyle=(0, (5, 4)), zorder=3)
    detection = comparison.verdict["segment_detection"].sel(layout=name).to_numpy()
    for segment, value in enumerate(detection):
        shape = belt.border.segment_geometry(segment)
        parts = [np.asarray(part.coords) for part in getattr(shape, "geoms", [shape])]
        shade = colour("unknown") if np.isnan(value) else mpl.colormaps[PROBABILITY](scale(value))
        axis.add_collection(LineCollection(parts, colors="white", linewidths=6.0, zorder=4))
        axis.add_collection(LineCollection(parts, colors=[shade], linewidths=4.0, zorder=5))
    rows, columns = comparison.study.ways.cells[_least_path(comparison, name)]
    axis.plot(belt.easting[columns], belt.northing[rows], color="white", linewidth=3.0, zorder=6)
    axis.plot(belt.easting[columns], belt.northing[rows], color=colour("least-path"), linewidth=1.6, zorder=6)
    layout = comparison.study.layouts[comparison.study.names.index(name)]
    for sensor in layout:
        mark_place(axis, sensor.kind, sensor.easting, sensor.northing, small=0.5 if len(layout) > MANY else 1.0)
    west, east, south, north = extent
    axis.set(xlim=(west, east), ylim=(south, north), aspect="equal", xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set_visible(False)
    for relay in layout.relays:
        mark_place(axis, "relay", relay.easting, relay.northing, small=0.8)
    counts = {"sensors": len(layout), "relays": len(layout.relays)}
    axis.set_title(say("compare-figure-map-title", layout=plain_text(name), **counts), loc="left", fontsize=9.5)
    scale_bar(axis, extent)
    north_arrow(axis)


def _least_path(comparison: Comparison, name: str) -> int:
    """Return the index of the minimum-detection path under a layout, in the most frequent weather, all inputs
    central.
    """
    from sensors.planning.comparison.outcome import availability_of, survival, works
    from sensors.planning.comparison.purchase import budgets, buy

    study = comparison.study
    design, one = study.designs[study.names.index(name)], central(study.inputs)
    bought = buy(design, one, budgets(study.designs, one))
    number = int(np.argmax(list(study.settings.weather.values())))
    ((_, some),) = works(design, bought, availability_of(design, one))
    missed = survival(design, study.ways, one, some, number)
    return int(np.argmax(missed[0, :, -1]))


def _labels(comparison: Comparison) -> list[str]:
    """Names of the layouts for a legend, cut unless they are then the same."""
    names = comparison.study.names
    cut = [plain_text(name, 30) for name in names]
    return cut if len(set(cut)) == len(names) else [textwrap.fill(plain_text(name, 200), 30) for name in names]


def along(comparison: Comparison) -> CaptionedFigure:
    """Draw detection along the border with the interval of the Monte Carlo samples."""
    verdict = comparison.verdict
    figure = Figure(figsize=(10.0, 2.9), layout="constrained")
    axis = figure.add_subplot()
    middle = (verdict["start_m"] + verdict["end_m"]).to_numpy() / 2000.0
    labels = _labels(comparison)
    for number, name in enumerate(comparison.study.names):
        one = verdict.sel(layout=name)
        shade = COLOURS[number % len(COLOURS)]
        axis.fill_between(
            middle, one["segment_detection_low"], one["segment_detection_high"], step="mid", color=shade, alpha=0.2
        )
        axis.step(middle, one["segment_detection"], where="mid", color=shade, label=labels[number], linewidth=1.6)
    required = verdict.attrs["required_probability"]
    axis.axhline(required, color="black", linewidth=0.7, linestyle=":")
    axis.set(xlabel=say("compare-axis-chainage"), ylabel=say("compare-axis-assessed"), ylim=(0.0, 1.02))
    _percent(axis.yaxis)
    axis.legend(ncols=4, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    return CaptionedFigure(
        say("compare-figure-along"),
        figure,
        say("compare-figure-along-alt"),
        say("compare-figure-along-caption", required=float(required)),
    )


def samples(comparison: Comparison) -> CaptionedFigure:
    """Draw the distribution of the objective over the samples, and of the difference to the first layout."""
    verdict, labels = comparison.verdict, _labels(comparison)
    objective = verdict.attrs["objective"]
    figure = Figure(figsize=(10.0, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    values = verdict[objective].to_numpy()
    fraction = (np.arange(values.shape[1]) + 0.5) / values.shape[1]
    for number, label in enumerate(labels):
        left.plot(np.sort(values[number]), fraction, color=COLOURS[number % len(COLOURS)], label=label)
        if number:
            gap = values[0] - values[number]
            right.plot(
                np.sort(gap),
                fraction,
                color=COLOURS[number % len(COLOURS)],
                label=textwrap.fill(say("compare-less", first=labels[0], other=label), 64),
            )
    right.axvline(0.0, color="black", linewidth=0.8)
    name = say("compare-objective", objective=objective)
    for axis, text in ((left, name), (right, say("compare-axis-difference", objective=name))):
        axis.set(xlabel="\n".join(textwrap.wrap(text, 60)), ylabel=say("compare-axis-fraction"), ylim=(0.0, 1.0))
        axis.legend(loc="best")
        _percent(axis.yaxis)
        _decimal(axis.xaxis)
    return CaptionedFigure(
        say("compare-figure-samples"), figure, say("compare-figure-samples-alt"), say("compare-figure-samples-caption")
    )


def pareto_front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the non-dominated (cost, value) points, by increasing cost; NaN values are excluded."""
    front: list[tuple[float, float]] = []
    for cost, value in sorted((point for point in points if not math.isnan(point[1])), key=lambda p: (p[0], -p[1])):
        if not front or value > front[-1][1]:
            front.append((cost, value))
    return front or [(math.nan, math.nan)]


def cost_curve(comparison: Comparison) -> CaptionedFigure:
    """Draw the effect of a larger or smaller budget, all inputs central."""
    study, verdict, labels = comparison.study, comparison.verdict, _labels(comparison)
    objective = verdict.attrs["objective"]
    figure = Figure(figsize=(10.0, 3.2), layout="constrained")
    axis = figure.add_subplot()
    one = central(study.inputs, len(BUDGETS))
    whole = float(verdict["life_cycle_cost_at_central_inputs"].max())
    points = []
    for number, (label, found_here) in enumerate(zip(labels, study.outcomes(one, whole * BUDGETS), strict=True)):
        shade, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
        cost, reached = found_here.bought.life_cycle_cost / 1e6, found_here.measure(objective)
        axis.plot(cost, reached, marker=mark, markersize=4, color=shade, label=label)
        points += list(zip(cost.tolist(), reached.tolist(), strict=True))
    front = np.array(pareto_front(points))
    axis.step(
        front[:, 0],
        front[:, 1],
        where="post",
        color=colour("figure-outline"),
        linewidth=3.5,
        alpha=0.35,
        label=say("compare-pareto-front"),
    )
    axis.axvline(whole / 1e6, color="black", linewidth=0.8, linestyle=":")
    axis.set(
        xlabel=say("compare-axis-cost", currency=verdict.attrs["currency"]),
        ylabel="\n".join(textwrap.wrap(say("compare-objective", objective=objective), 30)),
        ylim=(-0.02, 1.02),
    )
    axis.legend(loc="best")
    _percent(axis.yaxis)
    _decimal(axis.xaxis)
    return CaptionedFigure(
        say("compare-figure-cost"), figure, say("compare-figure-cost-alt"), say("compare-figure-cost-caption")
    )


def _tornados(comparison: Comparison) -> list[Callable[[Comparison], CaptionedFigure]]:
    return [lambda _, name=name: tornado(comparison, name) for name in comparison.study.names[1:]]  # type: ignore[misc]


def tornado(comparison: Comparison, other: str) -> CaptionedFigure:
    """Draw the inputs that change the difference between the first layout and another, as a tornado."""
    verdict, first = comparison.verdict, comparison.study.names[0]
    one = verdict.sel(other=other)
    low, high = one["swing_low"].to_numpy(), one["swing_high"].to_numpy()
    names, grades = verdict["input"].to_numpy(), verdict["input_confidence"].to_numpy()
    width = np.where(np.isnan(low), -1.0, np.abs(high - low))
    order = [int(i) for i in np.argsort(-width, kind="stable")[:LISTED] if width[i] > 0.0]
    figure = Figure(figsize=(10.0, max(1.8, 0.34 * len(order) + 1.0)), layout="constrained")
    axis = figure.add_subplot()
    objective = verdict.attrs["objective"]
    middle = float(
        verdict[f"{objective}_at_central_inputs"].sel(layout=first)
        - verdict[f"{objective}_at_central_inputs"].sel(layout=other)
    )
    for row, i in enumerate(reversed(order)):
        axis.barh(
            row,
            low[i] - middle,
            left=middle,
            color=colour("series-sky"),
            height=0.7,
            label=None if row else say("compare-low-end"),
        )
        axis.barh(
            row,
            high[i] - middle,
            left=middle,
            color=colour("series-orange"),
            height=0.7,
            label=None if row else say("compare-high-end"),
        )
    inputs = [input_name(str(names[i])) for i in order]
    labels = [
        say("compare-input-graded", input=name, grade=str(grades[i])) for name, i in zip(inputs, order, strict=True)
    ]
    axis.set_yticks(range(len(order)), labels[::-1])
    axis.axvline(middle, color="black", linewidth=0.8)
    layouts = dict(zip(comparison.study.names, _labels(comparison), strict=True))
    axis.set_xlabel(
        say(
            "compare-axis-tornado",
            first=layouts[first],
            other=layouts[other],
            objective=say("compare-objective", objective=objective),
        )
    )
    _decimal(axis.xaxis)
    if order:
        axis.legend(ncols=2, loc="lower left", bbox_to_anchor=(0.0, 1.0))
    effects = [
        say("compare-figure-tornado-effect", input=name, low=float(low[i]), high=float(high[i]))
        for name, i in zip(inputs[:NAMED], order[:NAMED], strict=True)
    ]
    return CaptionedFigure(
        say("compare-figure-tornado", first=first, other=other),
        figure,
        say("compare-figure-tornado-alt", count=len(effects), effects="; ".join(effects)),
        say("compare-figure-tornado-caption"),
    )


def scenarios(comparison: Comparison) -> CaptionedFigure:
    """Draw detection as planned and in adverse scenarios."""
    found, names, labels = comparison.adverse, comparison.study.names, _labels(comparison)
    titles = [say("compare-scenario", scenario=str(one)) for one in found["scenario"].to_numpy()]
    figure = Figure(figsize=(10.0, 0.42 * len(titles) + 1.0), layout="constrained")
    axis = figure.add_subplot()
    height = 0.8 / len(names)
    for number, name in enumerate(names):
        values = found["mean_detection"].sel(layout=name).to_numpy()
        positions = np.arange(len(titles)) + (number - (len(names) - 1) / 2.0) * height
        axis.barh(
            positions,
            np.nan_to_num(values),
            height=height,
            color=COLOURS[number % len(COLOURS)],
            label=labels[number],
        )
        for y, value in zip(positions, values, strict=True):
            text = say("compare-not-applicable") if np.isnan(value) else catalogue().formats.percent(float(value))
            axis.text(np.nan_to_num(value) + 0.01, y, text, va="center", fontsize=7.5)
    axis.set_yticks(range(len(titles)), titles)
    axis.invert_yaxis()
    axis.set(xlabel=say("compare-measure", measure="mean_detection", currency=""), xlim=(0.0, 1.08))
    _percent(axis.xaxis)
    axis.legend(loc="lower right")
    return CaptionedFigure(
        say("compare-figure-scenarios"),
        figure,
        say("compare-figure-scenarios-alt"),
        say("compare-figure-scenarios-caption"),
    )


def _percent(axis: Axis) -> None:
    """Write an axis of fractions in percent, as the language does."""
    axis.set_major_formatter(lambda value, _: catalogue().formats.percent(round(value, 6)))


def _decimal(axis: Axis) -> None:
    """Write the numbers of an axis as the language does."""
    axis.set_major_formatter(lambda value, _: plain(value))
