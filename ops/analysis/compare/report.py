"""The report of a comparison: one self-contained page, and the same page as PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr

from ops.analysis.compare.comparison import REPORT, Comparison
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
from ops.drawing.pages.html_page import render_page
from ops.drawing.pages.pdf import pdf_beside
from ops.runtime.output import atomic_write, say

TEMPLATE = Path(__file__).with_name("report.html.j2")


def write_report(out: Path, comparison: Comparison, *, pdf: bool) -> None:
    """Write the page, and the PDF if wanted, into the folder ``out``, in the language of this process."""
    pictures = pictures_of(comparison)
    page = _page(comparison)
    drawn = [{"title": p.title, "data": p.data, "alt": p.alt, "caption": p.caption} for p in pictures]
    with atomic_write(out / REPORT) as partial:
        partial.write_text(render_page(TEMPLATE, page=page, pictures=drawn), encoding="utf-8")
    pdf_beside(out / REPORT, wanted=pdf)


def _page(comparison: Comparison) -> dict[str, Any]:
    verdict, story = comparison.verdict, comparison.verdict.attrs
    names = comparison.study.names
    strips = [strips_table(comparison)] if comparison.study.ground.response is not None else []
    return {
        "title": say("compare-title", first=names[0], other=names[1], count=len(names) - 1),
        "sector": comparison.sector.title or comparison.sector.name,
        "answer": [say(headline(verdict))],
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
