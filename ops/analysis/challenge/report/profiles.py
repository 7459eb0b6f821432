"""A challenge along the border: scores with intervals, detection with bounds, interruption, and barrier depth."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from geo.challenge.scores import SCORES
from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.report.pictures import WIDTH_IN
from ops.analysis.challenge.report.words import score_name
from ops.analysis.challenge.work import SLOWER, STATES
from ops.drawing.colours import colour
from ops.drawing.png import save_figure
from ops.drawing.printed_map import DPI, STYLE, LocalNumbers
from ops.drawing.typeface.figure_font import drawing_style
from ops.runtime.output import say
from sensors.crossing.segments import CROSSED, UNKNOWN

COLOURS: Final = tuple(colour(f"series-{name}") for name in ("blue", "vermilion", "green", "purple"))
HATCH: Final[dict[str, Any]] = {"hatch": "////", "facecolor": "none", "edgecolor": colour("unknown"), "linewidth": 0.0}


def draw_profiles(path: Path, findings: Findings) -> None:
    """Draw four figures over the chainage in kilometres, one below the other."""
    with drawing_style({**STYLE, "axes.spines.top": False, "axes.spines.right": False, "hatch.linewidth": 0.5}):
        figure = Figure(figsize=(WIDTH_IN, 8.6), layout="constrained")
        rows = figure.subplots(4, 1, sharex=True)
        edges = np.append(findings.segments["start_m"].to_numpy(), float(findings.segments["end_m"][-1])) / 1000.0
        _scores(rows[0], findings, edges)
        _detection(rows[1], findings, edges)
        _interruption(rows[2], findings, edges)
        _depth(rows[3], findings, edges)
        rows[3].set(xlabel=say("challenge-profile-axis"), xlim=(edges[0], edges[-1]))
        for axes in rows:
            axes.yaxis.set_major_formatter(LocalNumbers())
            axes.grid(axis="y", color=colour("figure-grid"), linewidth=0.5)
            axes.set_axisbelow(True)
        save_figure(figure, path, DPI)


def _step(axes: Axes, edges: Any, values: Any, **style: Any) -> None:
    axes.step(edges, np.append(values, values[-1:]), where="post", **style)


def _band(axes: Axes, edges: Any, low: Any, high: Any, **style: Any) -> None:
    axes.fill_between(edges, np.append(low, low[-1:]), np.append(high, high[-1:]), step="post", linewidth=0.0, **style)


def _scores(axes: Axes, findings: Findings, edges: Any) -> None:
    segments = findings.segments
    for name, shade in zip(SCORES, COLOURS, strict=False):
        if f"{name}_low" in segments:
            _band(
                axes,
                edges,
                segments[f"{name}_low"].to_numpy(),
                segments[f"{name}_high"].to_numpy(),
                color=shade,
                alpha=0.2,
            )
        _step(axes, edges, segments[name].to_numpy(), color=shade, linewidth=1.3, label=say(score_name(name)))
    drawn = [name for name in SCORES if f"{name}_low" in segments]
    moved = sum(
        int(((segments[name] < segments[f"{name}_low"]) | (segments[name] > segments[f"{name}_high"])).sum())
        for name in drawn
    )
    axes.set(ylim=(0, 1), ylabel=say("challenge-profile-percentile"))
    title = say("challenge-profile-scores", bands=bool(drawn), moved=moved)
    axes.set_title(title, loc="left", fontsize=9.5)
    _legend(axes)


def _detection(axes: Axes, findings: Findings, edges: Any) -> None:
    segments = findings.segments
    low, high = (segments[f"detection_probability{end}"].to_numpy() for end in ("_low", ""))
    _band(axes, edges, low, high, color=COLOURS[0], alpha=0.3, label=say("challenge-profile-phase"))
    _step(axes, edges, high, color=COLOURS[0], linewidth=1.4, label=say("challenge-profile-least"))
    _step(
        axes,
        edges,
        segments["expected_probability"].to_numpy(),
        color="black",
        linewidth=1.0,
        linestyle=":",
        label=say("challenge-profile-outages"),
    )
    label = say("challenge-profile-required", required=findings.required)
    axes.axhline(findings.required, color=COLOURS[1], linewidth=1.2, linestyle="--", label=label)
    state = np.array(STATES)[segments["state"].to_numpy().astype(int)]
    _shade(axes, edges, findings.unknown, say("challenge-profile-unknown"))
    uncrossable = (state != UNKNOWN) & (state != CROSSED)
    _shade(axes, edges, uncrossable, say("challenge-profile-no-crossing"), hatch="....")
    axes.set(ylim=(-0.02, 1.02), ylabel=say("challenge-profile-probability"))
    axes.set_title(say("challenge-profile-detection"), loc="left", fontsize=9.5)
    _legend(axes)


def _interruption(axes: Axes, findings: Findings, edges: Any) -> None:
    least = findings.segments["least_interruption"]
    known = np.isfinite(least.to_numpy()[:, 0])
    for factor, shade, dash in zip(SLOWER, COLOURS, ("-", "--", ":"), strict=False):
        label = say("challenge-profile-response" if factor == 1.0 else "challenge-profile-slower", factor=factor)
        _step(axes, edges, least.sel(slower=factor).to_numpy(), color=shade, linestyle=dash, linewidth=1.3, label=label)
    _shade(axes, edges, ~known, say("challenge-profile-unknown-no-crossing"))
    axes.set(ylim=(-0.02, 1.02), ylabel=say("challenge-profile-probability"))
    axes.set_title(say("challenge-profile-interruption"), loc="left", fontsize=9.5)
    _legend(axes)


def _depth(axes: Axes, findings: Findings, edges: Any) -> None:
    depth = findings.segments["footprint_depth"].to_numpy().astype(float)
    known = depth >= 0.0
    shown = np.where(known, depth, np.nan)
    axes.stairs(
        np.where(known, depth, 0.0),
        edges,
        fill=True,
        color=COLOURS[2],
        alpha=0.6,
        label=say("challenge-profile-footprints"),
    )
    if "footprint_depth_at_most" in findings.segments:
        at_most = findings.segments["footprint_depth_at_most"].to_numpy().astype(float)
        shown = np.where(known, at_most, np.nan)
        label = say("challenge-profile-footprints-at-most")
        axes.stairs(np.where(known, at_most, 0.0), edges, color=COLOURS[2], linestyle=":", label=label)
    _shade(axes, edges, ~known, say("challenge-profile-no-terrain"))
    top = float(np.nanmax(shown)) if known.any() else 1.0
    axes.set(ylim=(0, max(1.0, top) * 1.15), ylabel=say("challenge-profile-sensors"))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(
        say("challenge-profile-depth"),
        loc="left",
        fontsize=9.5,
    )
    _legend(axes)


def _shade(axes: Axes, edges: Any, where: Any, label: str, hatch: str = "////") -> None:
    for number, segment in enumerate(np.flatnonzero(where)):
        axes.axvspan(
            edges[segment], edges[segment + 1], label=label if number == 0 else None, **(HATCH | {"hatch": hatch})
        )


def _legend(axes: Axes) -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0.0, frameon=False, fontsize=8.0)
