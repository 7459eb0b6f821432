"""The figure of ``watchline patrols``: the border over time with the patrols' looks, and Pd by departure."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from geo.arrays import Floats
from ops.analysis.patrols.findings import PatrolFindings
from ops.drawing.colours import colour
from ops.drawing.figures import PRINTED_DPI, PRINTED_STYLE
from ops.drawing.png import save_figure
from ops.drawing.scales import PROBABILITY
from ops.drawing.typeface.figure_font import drawing_style
from ops.runtime.output import say

STRIPS: Final = 160
"""Parts of the border in the upper panel."""
EXPOSURE_S: Final = 600.0
"""Time in view for which the colour states the probability [s]."""
WIDE_IN: Final = 6.6
"""Width of the legends of the wide panels [in]: a wider one would narrow its panel."""
NARROW: Final = 22
"""Characters of a line in the legend of the narrow panel."""


def write_figure(path: Path, findings: PatrolFindings) -> None:
    """Draw the border and Pd over one axis of time, and Pd by segment beside them."""
    with drawing_style(PRINTED_STYLE):
        save_figure(patrols_figure(findings), path, PRINTED_DPI)


def patrols_figure(findings: PatrolFindings) -> Figure:
    """The border over time, Pd by segment, and Pd by departure."""
    figure = Figure(figsize=(10.0, 7.6), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(3, 2), width_ratios=(4, 1))
    above = figure.add_subplot(grid[0, 0])
    _over_time(figure, above, findings)
    _by_segment(figure.add_subplot(grid[0, 1], sharey=above), findings)
    _by_departure(figure.add_subplot(grid[1, 0], sharex=above), findings)
    figure.suptitle(say("patrols-figure-title", sector=findings.ground.sector.title), fontsize=11.0)
    return figure


def _legend_above(axes: mpl.axes.Axes) -> None:
    """Draw the legend above a wide panel, in as many columns as its texts leave room for."""
    canvas: Any = FigureCanvasAgg(axes.get_figure(root=True))
    for columns in range(len(axes.get_legend_handles_labels()[0]), 0, -1):
        legend = axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=columns)
        if legend.get_window_extent(canvas.get_renderer()).width <= WIDE_IN * canvas.figure.dpi:
            return


def _over_time(figure: Figure, axes: mpl.axes.Axes, findings: PatrolFindings) -> None:
    border, path = findings.ground.border, findings.known_path
    length = float(border.segment_spans_m[-1, 1])
    times = _times(findings)
    seen = _probability_on_the_line(findings, times)
    shown = axes.imshow(
        seen,
        origin="lower",
        aspect="auto",
        extent=(0.0, times[-1] / 3600.0, 0.0, length / 1000.0),
        cmap=PROBABILITY,
        vmin=0.0,
        vmax=1.0,
        interpolation="nearest",
    )
    for number, sensor in enumerate(findings.sensors):
        places = sensor.timetable.places_at(sensor.phase_s + times)
        chainage = [border.locate(*place)[1] / 1000.0 for place in places]
        label = say("patrols-figure-patrol") if number == 0 else None
        axes.plot(times / 3600.0, chainage, color="white", linewidth=2.6)
        axes.plot(times / 3600.0, chainage, color=colour("series-blue"), linewidth=1.4, label=label)
    at = [border.locate(*place)[1] / 1000.0 for place in findings.places(path)]
    hours = path.steps * findings.options.step_s / 3600.0
    axes.plot(hours, at, color="white", linewidth=4.0)
    axes.plot(hours, at, color=colour("series-vermilion"), linewidth=2.4, label=say("patrols-figure-crossing"))
    axes.plot(hours[:1], at[:1], "o", color=colour("series-vermilion"), mec="white", markersize=8)
    axes.set(ylabel=say("patrols-figure-border"), xlim=(0.0, times[-1] / 3600.0))
    _legend_above(axes)
    figure.colorbar(
        shown, ax=axes, location="left", pad=0.01, aspect=30, label=say("patrols-figure-look", exposure=EXPOSURE_S)
    )


def _times(findings: PatrolFindings) -> Floats:
    """Times (time,) [s] of a period, or until the crossing that is drawn ends: the patrols repeat their timetable."""
    period = findings.timetable.period_s
    last = max(period, float(findings.known_path.steps[-1]) * findings.options.step_s)
    return np.linspace(0.0, last, min(math.ceil(last / period), 4) * 240 + 1)


def _probability_on_the_line(findings: PatrolFindings, times: Floats) -> Floats:
    """Probability (strip, time) that someone on the border is detected in EXPOSURE_S, of the patrols and the layout."""
    from sensors.search_theory.moving_sensor import RatesInTime

    belt, border = findings.watched.belt, findings.ground.border
    length = float(border.segment_spans_m[-1, 1])
    east, north = border.point_at((np.arange(STRIPS) + 0.5) / STRIPS * length)
    column = np.clip(np.rint((east - belt.easting[0]) / belt.cell_m), 0, len(belt.easting) - 1).astype(np.int64)
    row = np.clip(np.rint((belt.northing[0] - north) / belt.cell_m), 0, len(belt.northing) - 1).astype(np.int64)
    cells = row * len(belt.easting) + column
    steps = len(times) - 1
    rates = RatesInTime(findings.sensors, belt.inside.size, steps, float(times[1]))
    fixed = findings.watched.per_s.ravel()[cells]
    hazard = np.stack([rates(step)[cells] + fixed for step in range(steps)], axis=1) * EXPOSURE_S
    return np.asarray(-np.expm1(-hazard))


def _by_segment(axes: mpl.axes.Axes, findings: PatrolFindings) -> None:
    km = findings.ground.crossed.segment_spans_m / 1000.0
    edges = np.append(km[:, 0], km[-1, 1])
    found = findings.by_segment
    for values, shade, name, width in (
        (found.fixed, "black", "patrols-figure-without", 1.0),
        (found.unknown_phase, colour("series-blue"), "patrols-figure-with", 1.6),
    ):
        label = textwrap.fill(say(name), NARROW)
        axes.stairs(values, edges, orientation="horizontal", color=shade, linewidth=width, baseline=None, label=label)
    axes.set(xlabel=say("patrols-figure-segment"), xlim=(-0.02, 1.02))
    axes.tick_params(labelleft=False)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2)).set_in_layout(False)


def _by_departure(axes: mpl.axes.Axes, findings: PatrolFindings) -> None:
    best, hours = findings.best, findings.best.departures_s / 3600.0
    low, high = best.unknown
    axes.plot(hours, best.met.probability, color=colour("series-sky"), linewidth=1.0, label=say("patrols-figure-one"))
    axes.fill_between(
        [0.0, hours[-1]], low, high, color=colour("series-blue"), alpha=0.3, label=say("patrols-figure-unknown")
    )
    axes.plot(hours, best.by_departure, color=colour("series-vermilion"), label=say("patrols-figure-known"))
    axes.axhline(
        findings.random_search[1], color=colour("series-grey"), linestyle="--", label=say("patrols-figure-random")
    )
    axes.axhline(findings.without_patrols, color="black", linestyle=":", label=say("patrols-figure-without"))
    at = int(np.argmin(best.by_departure))
    axes.plot(hours[at], best.by_departure[at], "o", color=colour("series-vermilion"), mec="white", markersize=8)
    axes.set(xlabel=say("patrols-figure-time"), ylabel=say("patrols-figure-pd"), ylim=(0.0, 1.02))
    _legend_above(axes)
