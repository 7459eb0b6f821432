"""The summary of a nation as a page, and the texts of its tables; it fetches nothing and runs no script."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Final

from ops.cluster.batch.summary import NationSummary, SectorResult, WorstSegment
from ops.cluster.batch.work import SECTORS
from ops.drawing.pages.html_page import render_page
from ops.runtime.output import atomic_write, catalogue, say

TEMPLATE: Final = Path(__file__).with_name("page.html.j2")
COUNTED: Final = ("sensors", "segments", "gap_segments", "unknown_segments", "cost", "sites", "chosen")
PROBABILITIES: Final = ("least_detection", "least_interruption")


def write_page(path: Path, summary: NationSummary) -> None:
    """Write the page of a nation in the language of this process, atomically."""
    name = summary.command.kind.rpartition(" ")[2]
    page = {
        "title": say("batch-title", command=name, subject=summary.title or summary.name),
        "answer": sentences_of(summary),
        "failed": [(say("batch-failed", sector=name), why) for name, why in summary.failed.items()],
        "columns": [heading(name) for name in columns_of(summary)],
        "words": [name in ("sector", "answer") for name in columns_of(summary)],
        "sectors": [(f"{SECTORS}/{one.name}/{summary.command.page}", cells_of(one)) for one in summary.sectors],
        "worst_title": say("batch-worst", measure=summary.command.measure) if summary.worst else "",
        "worst_columns": [heading(name) for name in worst_columns(summary)],
        "worst": [
            (f"{SECTORS}/{one.sector}/{summary.command.page}", worst_cells(one)) for one in summary.worst
        ],
        "limits": [say("batch-limit", limit=name) for name in limits_of(summary)],
        "colophon": say("score-colophon", version=version("watchline")),
    }  # fmt: skip
    with atomic_write(path) as partial:
        partial.write_text(render_page(TEMPLATE, page=page), encoding="utf-8")


def sentences_of(summary: NationSummary) -> list[str]:
    """How many sectors were computed, and what their counts of gaps add up to."""
    whole = len(summary.sectors) + len(summary.failed)
    totals = summary.totals
    texts = [say("batch-computed", computed=len(summary.sectors), whole=whole)]
    if (gaps := totals.get("gap_segments")) is not None:
        counts = {name: totals.get(name) for name in ("segments", "unknown_segments", "sensors")}
        texts.append(say("batch-gaps", gaps=gaps, **counts))
    return texts


def notes_of(summary: NationSummary) -> list[str]:
    """Sectors that were kept from an earlier run, and those that were computed again because files were damaged."""
    kept, again = summary.in_state("kept"), summary.in_state("again")
    return [
        *([say("batch-kept", count=len(kept))] if kept else []),
        *([say("batch-again", sectors=catalogue().formats.names(again))] if again else []),
    ]


def limits_of(summary: NationSummary) -> list[str]:
    """Names of the limits that a reader of the page must know."""
    return [
        "sums",
        *(["sensors"] if "sensors" in summary.totals else []),
        *(["ends", "worst"] if summary.worst else []),
        *(["plan"] if "cost" in summary.totals else []),
        *(["sites"] if not summary.command.page else []),
    ]


def columns_of(summary: NationSummary) -> list[str]:
    """The sector and its figures."""
    return ["sector", *summary.sectors[0].figures]


def worst_columns(summary: NationSummary) -> list[str]:
    """The columns of the worst segments, the measure last."""
    return ["sector", "segment", "start", "position", summary.command.measure]


def heading(name: str) -> str:
    """The heading of a column."""
    return say("batch-column", name=name)


def cells_of(one: SectorResult) -> list[str]:
    """A sector's title and figures as texts."""
    return [one.title, *(_cell(name, value) for name, value in one.figures.items())]


def worst_cells(one: WorstSegment) -> list[str]:
    """The cells of a segment, in the order of ``worst_columns``."""
    formats = catalogue().formats
    position = f"{one.lat:.4f}, {one.lon:.4f}"
    return [one.sector, str(one.segment), formats.chainage(one.start_m), position, formats.percent(one.value, 1)]


def _cell(name: str, value: float | str | None) -> str:
    formats = catalogue().formats
    if isinstance(value, str):
        return value
    if name in PROBABILITIES:
        return formats.probability(value)
    return formats.number(value) if name in COUNTED else formats.percent(value, 1)
