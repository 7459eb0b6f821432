"""The figures of reports: inline SVG, whose text stays text and whose colours follow the page, and printed PNG."""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from html import escape
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.figure import Figure

from geo.arrays import Floats, Ints
from ops.drawing.colours import colour
from ops.drawing.png import write_png
from ops.drawing.typeface.figure_font import drawing_style
from ops.runtime.output import catalogue, say

BLUE, VERMILION, GREEN = colour("series-blue"), colour("series-vermilion"), colour("series-green")
PURPLE, ORANGE, GREY = colour("series-purple"), colour("series-orange"), colour("series-grey")

RULE_COLOURS = (VERMILION, BLUE, PURPLE, GREEN, ORANGE, GREY)

INK = colour("figure-placeholder")  # a colour that no figure has otherwise; the SVG gets currentColor in its place
POINTS_SHOWN = 400  # instants in a figure over time
WIDTH_IN, HEIGHT_IN = 3.35, 2.4  # 322 × 230 CSS pixels, a phone's column: text is never smaller than 12 px
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "watchline",
    "font.size": 9.2,
    "axes.labelsize": 9.2,
    "xtick.labelsize": 9.2,
    "ytick.labelsize": 9.2,
    "legend.fontsize": 9.2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
PRINTED_STYLE: Any = {
    "font.size": 9.0,
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
PRINTED_DPI = 130


@dataclass(frozen=True, slots=True)
class CaptionedFigure:
    """One figure with its title, a text alternative, and how to read it."""

    title: str
    figure: Figure
    alt: str
    caption: str

    @property
    def data(self) -> str:
        """The figure as a PNG data URI; the same figure gives the same bytes."""
        with drawing_style(PRINTED_STYLE):
            out = io.BytesIO()
            write_png(self.figure, out, PRINTED_DPI)
        return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


@dataclass(frozen=True, slots=True)
class SvgFigure:
    """One figure: its title, the SVG, a text alternative, and how to read it."""

    title: str
    svg: str
    words: str
    caption: str


@contextmanager
def _canvas(height_in: float = HEIGHT_IN) -> Iterator[Figure]:
    with drawing_style(STYLE):
        yield Figure(figsize=(WIDTH_IN, height_in), layout="constrained")


def _svg(figure: Figure, words: str) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:xlink)?="[^"]*"', "", text).replace("xlink:href", "href")  # HTML needs no SVG namespace
    # Ids repeat from figure to figure; within one page they must be unique.
    mark = f"f{_hash(words):x}-"
    text = re.sub(r'id="([^"]+)"', rf'id="{mark}\1"', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{mark}", text)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px var(--sans)", text)
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(words)}"', 1)


def _hash(text: str) -> int:
    """Return a hash of a text that is the same in every run."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=4).digest(), "big")


def gospa_over_time(gospa: xr.Dataset) -> SvgFigure:
    """Plot GOSPA over time, decomposed: localisation, missed and false, stacked as fractions of GOSPA to its power.

    ``gospa`` has dim ``time`` and variables gospa, localisation, missed, false, each [m].
    """
    total = gospa["gospa"].to_numpy().astype(float)
    ends = {"low": float(np.nanmin(total)), "high": float(np.nanmax(total))}
    words = say("shift-figure-gospa-alt", mean=float(np.nanmean(total)), **ends)
    gospa, together = _thinned(gospa)
    order = float(gospa.attrs.get("order", 2.0))
    minutes = _minutes(gospa["time"].to_numpy())
    total = gospa["gospa"].to_numpy().astype(float)
    with _canvas() as figure:
        axes = figure.add_subplot()
        parts = np.stack(
            [gospa[name].to_numpy().astype(float) ** order for name in ("localisation", "missed", "false")]
        )
        whole = parts.sum(axis=0)
        fraction = np.divide(parts, whole, out=np.zeros_like(parts), where=whole > 0) * total
        labels = tuple(say(f"shift-gospa-{name}") for name in ("localisation", "missed", "false"))
        axes.stackplot(minutes, fraction, labels=labels, colors=(BLUE, ORANGE, PURPLE), linewidth=0)
        axes.plot(minutes, total, color=INK, linewidth=0.8)
        axes.set_xlabel(say("shift-axis-minutes"))
        axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: _number(value)))
        axes.set_ylabel(say("shift-axis-gospa"))
        axes.set_xlim(minutes[0], max(minutes[-1], minutes[0] + 1e-6))
        axes.set_ylim(0, float(np.nanmax(total)) * 1.3 + 1e-9)
        axes.legend(loc="upper center", ncols=3, handlelength=1, columnspacing=1, bbox_to_anchor=(0.5, 1.04))
        caption = say("shift-figure-gospa-caption")
        if together > 1:
            caption += " " + say("shift-figure-gospa-thinned", count=together)
        return SvgFigure(say("shift-figure-gospa"), _svg(figure, words), words, caption)


def latency_histogram(latencies_ms: Floats) -> SvgFigure:
    """Plot a histogram of latencies [ms] on a logarithmic axis, with the median and the 99th percentile."""
    values = np.maximum(latencies_ms[np.isfinite(latencies_ms)], 0.1)
    middle, high = np.percentile(values, (50, 99))
    words = say("shift-figure-latency-alt", samples=int(values.size), median=float(middle), high=float(high))
    with _canvas() as figure:
        axes = figure.add_subplot()
        low, top = values.min() / 1.2, values.max() * 1.2
        axes.hist(values, bins=np.geomspace(low, top, 41).tolist(), color=BLUE)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: _number(value)))
        axes.xaxis.set_minor_formatter(mpl.ticker.NullFormatter())
        for value, label, dashes in ((middle, "median", "-"), (high, "p99", "--")):
            axes.axvline(
                value,
                color=VERMILION,
                linewidth=1.4,
                linestyle=dashes,
                label=say(f"shift-latency-{label}", value=float(value)),
            )
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handlelength=1.5, columnspacing=1, borderaxespad=0
        )
        axes.set_xlabel(say("shift-axis-latency"))
        axes.set_ylabel(say("shift-axis-count"))
        return SvgFigure(say("shift-figure-latency"), _svg(figure, words), words, say("shift-figure-latency-caption"))


def detections_per_sensor(counts: Mapping[str, int]) -> SvgFigure:
    """Plot bars of messages journaled per sensor, most first; sensors beyond 16 are summed in the last bar."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown, rest = ranked[:16], ranked[16:]
    if rest:
        shown.append((say("shift-more-sensors", count=len(rest)), sum(count for _, count in rest)))
    named = [say("shift-sensor-count", sensor=_plain(name), count=count) for name, count in shown]
    words = say("shift-figure-sensors-alt", sensors=named)
    with _canvas(max(HEIGHT_IN, 0.22 * len(shown) + 0.6)) as figure:
        axes = figure.add_subplot()
        rows = np.arange(len(shown))
        bars = axes.barh(rows, [count for _, count in shown], color=BLUE, height=0.68)
        axes.bar_label(bars, [_number(count) for _, count in shown], padding=4, color=INK)
        axes.set_yticks(rows, [_plain(name) for name, _ in shown])
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set_xlim(0, max(1, *(count for _, count in shown)) * 1.2)
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4, integer=True))
        axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: _number(value)))
        axes.set_xlabel(say("shift-axis-journaled"))
        caption = say("shift-figure-sensors-caption")
        return SvgFigure(say("shift-figure-sensors"), _svg(figure, words), words, caption)


def along_the_border(
    alerts: Mapping[str, Ints],
    hidden: Floats | None,
    spans_km: Floats,
) -> SvgFigure:
    """Plot alerts per segment by rule (each an array over segments), above the fraction of dead ground in each belt.

    The first rules have a colour each; if there are more rules than colours, the rest are one, in the last colour.
    ``spans_km`` (segment, 2) is the chainage of each segment's start and end.
    """
    count, at, width = len(spans_km), spans_km.mean(axis=1), np.diff(spans_km, axis=1)[:, 0] * 0.9
    total = int(sum(values.sum() for values in alerts.values()))
    words = say("shift-figure-border-alt", alerts=total, segments=count, length=float(spans_km[-1, 1]))
    if hidden is not None and np.isfinite(hidden).any():
        worst = int(np.nanargmax(hidden))
        words += " " + say("shift-figure-border-worst", segment=str(worst), fraction=float(hidden[worst]))
    with _canvas(3.2) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True)
        base = np.zeros(count)
        shown = list(alerts.items())
        if len(shown) > len(RULE_COLOURS):
            shown, rest = shown[: len(RULE_COLOURS) - 1], shown[len(RULE_COLOURS) - 1 :]
            shown.append((say("shift-other-rules"), np.sum([values for _, values in rest], axis=0)))
        for (rule, values), shade in zip(shown, RULE_COLOURS, strict=False):
            upper.bar(at, values, bottom=base, width=width, color=shade, label=fill(_plain(rule, 60), 16))
            base += values
        upper.set_ylabel(say("shift-axis-alerts"))
        upper.yaxis.set_major_locator(mpl.ticker.MaxNLocator(3, integer=True))
        upper.set_ylim(0, max(1.0, float(base.max(initial=0))) * 1.1)
        if alerts:
            upper.legend(
                loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, handlelength=1, columnspacing=1, borderaxespad=0.2
            )
        if hidden is None:
            lower.text(0.5, 0.5, say("shift-not-computed"), transform=lower.transAxes, ha="center", va="center")
        else:
            lower.bar(at, hidden * 100, width=width, color=ORANGE)
        lower.set_ylim(0, 100)
        lower.set_yticks([0, 50, 100])
        lower.yaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: _percent(value)))
        lower.set_ylabel(say("shift-axis-dead-ground"))
        lower.set_xlabel(say("shift-axis-chainage"))
        lower.set_xlim(0, spans_km[-1, 1])
        caption = say("shift-figure-border-caption")
        return SvgFigure(say("shift-figure-border"), _svg(figure, words), words, caption)


def _thinned(gospa: xr.Dataset) -> tuple[xr.Dataset, int]:
    """Return at most POINTS_SHOWN instants: power means of equal blocks, so that the decomposition still adds up."""
    together = -(-gospa.sizes["time"] // POINTS_SHOWN)
    if together == 1:
        return gospa, 1
    order = float(gospa.attrs.get("order", 2.0))
    names = ["gospa", "localisation", "missed", "false"]
    parts = (gospa[names] ** order).coarsen(time=together, boundary="trim", coord_func="min").mean() ** (1 / order)
    return parts.assign_attrs(gospa.attrs), together


def _plain(text: str, longest: int = 18) -> str:
    """Return a name as matplotlib can draw it: no mathtext, no control characters, at most ``longest`` characters."""
    clean = "".join(
        mark if mark.isprintable() or mark in "\u00a0\u202f" else "\N{REPLACEMENT CHARACTER}" for mark in text
    )
    return cut_name(clean, longest).replace("$", r"\$")


def cut_name(name: str, longest: int) -> str:
    """Return a name of at most ``longest`` characters, cut in the middle: many names differ at their end alone."""
    tail = (longest - 1) // 2
    return name if len(name) <= longest else f"{name[: longest - 1 - tail]}…{name[-tail:]}"


def _number(value: float) -> str:
    """Return a number as the language writes it, with a decimal place if it is not whole."""
    return catalogue().formats.number(value, 0 if math.isclose(value, round(value), abs_tol=1e-9) else 1)


def _percent(value: float) -> str:
    return catalogue().formats.percent(value / 100.0)


def _minutes(times: npt.NDArray[np.datetime64]) -> Floats:
    return np.asarray((times - times[0]) / np.timedelta64(60, "s"), dtype=np.float64)
