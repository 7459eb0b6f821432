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
from ops.analysis.compare.pictures import pictures_of
from ops.analysis.compare.tables import (
    assumption_table,
    break_even_table,
    coverage_assumption_table,
    outcome_table,
    pair_table,
    strips_table,
    threshold_tables,
)
from ops.analysis.compare.wording import details, headline, input_name, limits
from ops.analysis.messages import item_name
from ops.drawing.figures import PRINTED_STYLE, CaptionedFigure
from ops.drawing.html_page import render_page
from ops.runtime.output import atomic_write, say

TEMPLATE = Path(__file__).with_name("report.html.j2")

A4_IN: Final = (8.27, 11.69)
LINES: Final = 70
"""Lines of text per page of the PDF."""
COLUMNS: Final = 98
"""Characters per line of the PDF."""


def write_report(out: Path, comparison: Comparison) -> None:
    """Write the page and the PDF into the folder ``out``, in the language of this process."""
    pictures = pictures_of(comparison)
    page = _page(comparison)
    drawn = [{"title": p.title, "data": p.data, "alt": p.alt, "caption": p.caption} for p in pictures]
    with atomic_write(out / REPORT) as partial:
        partial.write_text(render_page(TEMPLATE, page=page, pictures=drawn), encoding="utf-8")
    _write_pdf(out / PDF, page, pictures)


def _page(comparison: Comparison) -> dict[str, Any]:
    verdict, story = comparison.verdict, comparison.verdict.attrs
    names = comparison.study.names
    strips = [strips_table(comparison)] if comparison.study.ground.response is not None else []
    return {
        "title": say("compare-title", first=names[0], other=names[1], count=len(names) - 1),
        "sector": comparison.sector.title or comparison.sector.name,
        "headline": say(headline(verdict)),
        "details": [say(one) for one in details(verdict)],
        "about": say(
            "compare-about",
            target=say("compare-target", target=story["target"]),
            direction=say("compare-direction", direction=story["direction"]),
            years=float(story["years"]),
            discount=float(story["discount_rate"]),
            fixed=story["budget"] is not None,
            currency=story["currency"],
            budget=0.0 if story["budget"] is None else float(story["budget"]),
            samples=int(story["samples"]),
            seed=str(story["seed"]),
            operators=int(story["operators"]),
            item="none" if story["residual_item"] == "nothing" else item_name(story["residual_item"]),
        ),
        "objective": say("compare-compared-by", meaning=say("compare-objective-meaning", objective=story["objective"])),
        "decided": [_decided(verdict, other) for other in names[1:]],
        "tables": [
            outcome_table(comparison),
            pair_table(comparison),
            *strips,
            break_even_table(comparison),
        ],
        "thresholds": threshold_tables(comparison),
        "assumptions": [assumption_table(comparison), coverage_assumption_table(comparison)],
        "limits": list(map(say, limits(comparison))),
        "colophon": say(
            "compare-colophon",
            cell=float(story["cell_m"]),
            belt=float(story["belt_m"]),
            paths=int(story["candidate_paths"]),
            catalogue=story["catalogue"],
        ),
    }


def _decided(verdict: xr.Dataset, other: str) -> str:
    """State the grade of a verdict and the decisive inputs, each with its grade."""
    one = verdict.sel(other=other)
    inputs = [entry.rpartition(" (") for entry in str(one["decided_by"].item()).split("; ") if entry]
    named = [say("compare-input-graded", input=input_name(name), grade=grade.rstrip(")")) for name, _, grade in inputs]
    grade = str(one["confidence"].item())
    return say("compare-decided", other=other, grade=grade, count=len(named), inputs=named)


def _write_pdf(path: Path, page: dict[str, Any], pictures: list[CaptionedFigure]) -> None:
    """Write text and tables first, then one figure per page; the file contains no dates."""
    title = f"{say('compare-eyebrow')}: {page['title']}"
    marks: dict[str, Any] = {"CreationDate": None, "ModDate": None, "Title": title}
    with mpl.rc_context(PRINTED_STYLE), atomic_write(path) as partial, PdfPages(partial, metadata=marks) as pdf:
        for text in _pages(_lines(page)):
            figure = Figure(figsize=A4_IN)
            figure.text(0.08, 0.95, "\n".join(text), va="top", family="monospace", fontsize=7.5, linespacing=1.35)
            pdf.savefig(figure)
        for picture in pictures:
            picture.figure.suptitle(picture.title, x=0.02, ha="left", fontsize=11.0)
            picture.figure.supxlabel("\n".join(textwrap.wrap(picture.caption, 130)), x=0.02, ha="left", fontsize=7.5)
            pdf.savefig(picture.figure, bbox_inches="tight", facecolor="white")


def _lines(page: dict[str, Any]) -> list[str]:
    lines = [f"{say('compare-eyebrow')}: {page['title']} ({page['sector']})", ""]
    for paragraph in (page["headline"], *page["details"], page["about"], page["objective"], *page["decided"]):
        lines += [*textwrap.wrap(paragraph, COLUMNS), ""]
    for table in (*page["tables"], *page["thresholds"]):
        lines += [table["title"], *_rows(table["columns"], table["rows"])]
        lines += [line for entry in table.get("log", []) for line in textwrap.wrap(entry, COLUMNS)] + [""]
    lines += [say("compare-heading-limits")]
    lines += [line for limit in page["limits"] for line in textwrap.wrap(f"- {limit}", COLUMNS)] + [""]
    for table in page["assumptions"]:
        lines += [table["title"]]
        for row in table["rows"]:
            lines += textwrap.wrap(f"{row[0]}: {', '.join(row[1:])}", COLUMNS, subsequent_indent="    ")
        lines += [""]
    return lines


def _rows(columns: list[str], rows: list[list[str]]) -> list[str]:
    """Format rows as indented text: one line per cell where the cells do not fit side by side."""
    lines = []
    for row in rows:
        cells = [f"{name}: {cell}" if name else cell for name, cell in zip(columns[1:], row[1:], strict=True)]
        text = f"{row[0]} | " + " | ".join(cells)
        lines += textwrap.wrap(text, COLUMNS, initial_indent="  ", subsequent_indent="      ")
    return lines


def _pages(lines: list[str]) -> list[list[str]]:
    return [lines[start : start + LINES] for start in range(0, len(lines), LINES)]
