"""The figure of ``watchline patrols``: the border over time with the patrols' looks, and Pd by departure."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from geo.arrays import Floats
from ops.analysis.patrols.findings import PatrolFindings
from ops.drawing.colours import colour
from ops.drawing.figures import PRINTED_DPI, PRINTED_STYLE
from ops.drawing.png import write_png
from ops.drawing.scales import PROBABILITY
from ops.runtime.output import say

STRIPS: Final = 160
"""Parts of the border, and of the time, in the upper panel."""
EXPOSURE_S: Final = 600.0
"""Time in view for which the colour states the probability [s]."""


def write_figure(path: Path, findings: PatrolFindings) -> None:
    """Draw both panels over one axis of time, of one period of the timetable."""
    with mpl.rc_context(PRINTED_STYLE):
        figure = Figure(figsize=(10.0, 7.6), layout="constrained")
        grid = figure.add_gridspec(2, 2, height_ratios=(3, 2), width_ratios=(4, 1))
        above = figure.add_subplot(grid[0, 0])
        _over_time(figure, above, findings)
        _by_segment(figure.add_subplot(grid[0, 1], sharey=above), findings)
        _by_departure(figure.add_subplot(grid[1, 0], sharex=above), findings)
        figure.suptitle(say("patrols-figure-title", sector=findings.ground.sector.title), fontsize=11.0)
        with path.open("wb") as out:
            write_png(figure, out, PRINTED_DPI)


def _over_time(figure: Figure, axes: mpl.axes.Axes, findings: PatrolFindings) -> None:
    border, period = findings.ground.border, findings.timetable.period_s
    length = float(border.segment_spans_m[-1, 1])
    times = np.linspace(0.0, period, 241)
    seen = _probability_on_the_line(findings, times)
    shown = axes.imshow(
        seen,
        origin="lower",
        aspect="auto",
        extent=(0.0, period / 3600.0, 0.0, length / 1000.0),
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
    path = findings.known_path
    at = [border.locate(*place)[1] / 1000.0 for place in findings.places(path)]
    hours = path.steps * findings.options.step_s / 3600.0
    axes.plot(hours, at, color="white", linewidth=4.0)
    axes.plot(hours, at, color=colour("series-vermilion"), linewidth=2.4, label=say("patrols-figure-crossing"))
    axes.plot(hours[:1], at[:1], "o", color=colour("series-vermilion"), mec="white", markersize=8)
    axes.set(ylabel=say("patrols-figure-border"), xlim=(0.0, max(period / 3600.0, float(hours[-1]))))
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
    figure.colorbar(
        shown, ax=axes, location="left", pad=0.01, aspect=30, label=say("patrols-figure-look", exposure=EXPOSURE_S)
    )


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
    rates = RatesInTime(findings.sensors, belt.inside.size, steps, findings.timetable.period_s / steps)
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
        axes.stairs(
            values, edges, orientation="horizontal", color=shade, linewidth=width, baseline=None, label=say(name)
        )
    axes.set(xlabel=say("patrols-figure-segment"), xlim=(-0.02, 1.02))
    axes.tick_params(labelleft=False)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2))


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
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3)
