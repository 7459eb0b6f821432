"""The report of a comparison: one self-contained page, and the same content as PDF."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import xarray as xr
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from ops.analysis.compare.comparison import PDF, REPORT, Comparison
from ops.analysis.compare.pictures import STYLE, CaptionedFigure, pictures_of
from ops.analysis.compare.tables import (
    assumption_table,
    break_even_table,
    coverage_assumption_table,
    duel_table,
    outcome_table,
    threshold_tables,
)
from ops.drawing.html_page import render_page
from ops.runtime.output import atomic_write
from sensors.planning.comparison.settings import in_words

TEMPLATE = Path(__file__).with_name("report.html.j2")

A4_IN: Final = (8.27, 11.69)
LINES: Final = 70
"""Lines of text per page of the PDF."""


def write_report(out: Path, comparison: Comparison) -> None:
    """Write the page and the PDF into the folder ``out``."""
    pictures = pictures_of(comparison)
    page = _page(comparison)
    shown = [{"title": p.title, "data": p.data, "alt": p.alt, "caption": p.caption} for p in pictures]
    with atomic_write(out / REPORT) as partial:
        partial.write_text(render_page(TEMPLATE, page=page, pictures=shown), encoding="utf-8")
    _write_pdf(out / PDF, comparison, page, pictures)


def _page(comparison: Comparison) -> dict[str, Any]:
    verdict, story = comparison.verdict, comparison.verdict.attrs
    fixed = not isinstance(story["budget"], str)
    budget = f"{story['currency']} {story['budget']:,.0f}" if fixed else str(story["budget"])
    return {
        "title": " against ".join(comparison.study.names),
        "sector": comparison.sector.title or comparison.sector.name,
        "headline": comparison.headline,
        "about": f"Target: {story['target']}, {story['direction']}. {story['years']:g} years, discounted at "
        f"{story['discount_rate']:.1%} a year; budget: {budget}. {story['draws']:,} draws, seed {story['seed']}. "
        f"{story['operators']} operators. What is left of the budget buys: {story['top_up'].replace('_', ' ')}.",
        "objective": f"{story['objective'].replace('_', ' ')}: {story['meaning']}",
        "decided": [
            (other, verdict["confidence"].sel(other=other).item(), _decided_by(verdict, other))
            for other in comparison.study.names[1:]
        ],
        "tables": [outcome_table(comparison), duel_table(comparison), break_even_table(comparison)],
        "thresholds": threshold_tables(comparison),
        "assumptions": [assumption_table(comparison), coverage_assumption_table(comparison)],
        "limits": [
            str(story["limits"]).capitalize() + ".",
            f"Movement and response: {comparison.ways.words}.",
            f"Not in the terrain or the sector: {story['missing'].replace('_', ' ') or 'nothing'}.",
            f"Response: {story['response']}"
            + (f": {story['response_assumptions']}." if story["response_assumptions"] else "."),
            f"Segments left out, as nobody can cross them or their ground is unknown: {story['segments_left_out']}.",
            *([] if comparison.history is None else [*comparison.history.warnings, comparison.history.sentence]),
            "Equal annual cost: what is left of a unit's life counts as worth what was not used of it.",
            "Sensitivities, adverse days, the curve of money and break-even points are of all inputs central; such "
            "an outcome may lie outside the interval of the draws, as many inputs are skewed.",
            "Sensors deep (k) counts the footprints that a crosser must enter, however little a sensor detects in "
            "them: the least detected crossing says what is detected.",
            "A dash among the break-even points means that there is none in the range that was tried.",
        ],
        "catalogue": story["catalogue"],
        "colophon": f"Cells of {story['cell_m']:.0f} m, belt of {story['belt_m']:g} m, {story['candidate_ways']} "
        f"candidate ways. Catalogue: {story['catalogue']}.",
    }


def _write_pdf(path: Path, comparison: Comparison, page: dict[str, Any], pictures: list[CaptionedFigure]) -> None:
    """Write text and tables first, then one figure per page; the file contains no dates."""
    marks: dict[str, Any] = {"CreationDate": None, "ModDate": None, "Title": f"Watchline comparison: {page['title']}"}
    with mpl.rc_context(STYLE), atomic_write(path) as partial, PdfPages(partial, metadata=marks) as pdf:
        for text in _pages(_lines(page)):
            figure = Figure(figsize=A4_IN)
            figure.text(0.08, 0.95, "\n".join(text), va="top", family="monospace", fontsize=7.5, linespacing=1.35)
            pdf.savefig(figure)
        for picture in pictures:
            picture.figure.suptitle(picture.title, x=0.02, ha="left", fontsize=11.0)
            picture.figure.supxlabel("\n".join(textwrap.wrap(picture.caption, 130)), x=0.02, ha="left", fontsize=7.5)
            pdf.savefig(picture.figure, bbox_inches="tight", facecolor="white")
    del comparison


def _lines(page: dict[str, Any]) -> list[str]:
    lines = [f"Watchline comparison: {page['title']} ({page['sector']})", ""]
    for paragraph in (page["headline"], page["about"], f"Compared by {page['objective']}."):
        lines += [*textwrap.wrap(paragraph, 98), ""]
    for other, grade, inputs in page["decided"]:
        lines += [*textwrap.wrap(f"Against {other} decided by (grade {grade}): {inputs or 'nothing'}", 98), ""]
    for table in (*page["tables"], *page["thresholds"]):
        lines += [table["title"], *_rows(table["columns"], table["rows"])]
        lines += [line for entry in table.get("log", []) for line in textwrap.wrap(entry, 98)] + [""]
    lines += ["Limits", *(line for limit in page["limits"] for line in textwrap.wrap(f"- {limit}", 98)), ""]
    for table in page["assumptions"]:
        lines += [table["title"]]
        for row in table["rows"]:
            lines += textwrap.wrap(f"{row[0]}: {', '.join(row[1:])}", 98, subsequent_indent="    ")
        lines += [""]
    return lines


def _rows(columns: list[str], rows: list[list[str]]) -> list[str]:
    """Format rows as indented text: one line per cell where the cells do not fit side by side."""
    lines = []
    for row in rows:
        cells = [f"{name}: {cell}" if name else cell for name, cell in zip(columns[1:], row[1:], strict=True)]
        lines += textwrap.wrap(f"{row[0]} | " + " | ".join(cells), 98, initial_indent="  ", subsequent_indent="      ")
    return lines


def _pages(lines: list[str]) -> list[list[str]]:
    return [lines[start : start + LINES] for start in range(0, len(lines), LINES)]


def _decided_by(verdict: xr.Dataset, other: str) -> str:
    """Describe the deciding inputs, each with its grade."""
    inputs = str(verdict["decided_by"].sel(other=other).item())
    named = [entry.rpartition(" (") for entry in inputs.split("; ") if entry]
    return "; ".join(f"{in_words(name)} ({grade}" for name, _, grade in named)
