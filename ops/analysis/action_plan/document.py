"""The status of a plan as a DOCX document that people edit and circulate: the same texts as the page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from ops.analysis.action_plan.page import plan_values
from ops.analysis.action_plan.status import PlanStatus
from ops.analysis.score.line import Scorecard
from ops.runtime.output import catalogue, say
from ops.runtime.safe_text import xml_text


def plan_document(status: PlanStatus, card: Scorecard, *, notices: Sequence[str] = (), marking: str = "") -> bytes:
    """Return the document in the language of this process.

    Parameters
    ----------
    status : PlanStatus
        The plan and the status of its measures.
    card : Scorecard
        The scorecard with the targets of the plan.
    notices : sequence of str
        Sentences above the measures, after that on illustrative records.
    marking : str
        Marking at head and foot of every page; empty: none.

    Returns
    -------
    bytes
        The DOCX file, dated with the day of the status.
    """
    from docx import Document

    values = plan_values(status, card, notices=notices)
    document = Document()
    _describe(document, values["title"], status)
    document.add_heading(xml_text(values["title"]), 0)
    for sentence in (*values["answer"], values["about"]):
        document.add_paragraph(xml_text(sentence))
    for sentence in values["notices"]:
        document.add_paragraph(xml_text(sentence), style="Intense Quote")
    if values["late"]:
        _section(document, say("action-plan-heading-late"), values["late"])
    for objective in values["objectives"]:
        document.add_heading(xml_text(objective["title"]), 1)
        _table(document, values["columns"], [_cells(row) for row in objective["rows"]])
    document.add_heading(say("action-plan-heading-reviews"), 1)
    _table(document, values["review_columns"], values["reviews"])
    document.add_heading(say("action-plan-heading-thresholds"), 1)
    thresholds = values["thresholds"]
    document.add_paragraph(say("action-plan-thresholds-none") if thresholds is None else thresholds["sentence"])
    if thresholds is not None and thresholds["changes"]:
        _table(document, values["threshold_columns"], thresholds["changes"])
    document.add_heading(say("action-plan-heading-swot"), 1)
    for quadrant in values["quadrants"]:
        entries = [entry["text"] for entry in quadrant["entries"]] or [say("action-plan-quadrant-empty")]
        _section(document, quadrant["title"], entries, level=2)
    document.add_paragraph(values["unjudged"])
    _section(document, say("score-heading-limits"), values["limits"])
    document.sections[0].footer.paragraphs[0].text = values["colophon"]
    if marking:
        document.sections[0].header.paragraphs[0].text = xml_text(marking)
        document.sections[0].footer.add_paragraph(xml_text(marking))
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _describe(document: Any, title: str, status: PlanStatus) -> None:
    """Properties of the file: a template's author and its time are not ours."""
    about = document.core_properties
    about.title, about.author, about.comments = xml_text(title)[:255], "Watchline", ""
    about.language = catalogue().language
    about.created = about.modified = datetime.combine(status.day, time(), UTC)


def _section(document: Any, heading: str, sentences: Sequence[str], *, level: int = 1) -> None:
    document.add_heading(xml_text(heading), level)
    for sentence in sentences:
        document.add_paragraph(xml_text(sentence), style="List Bullet")


def _table(document: Any, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = document.add_table(rows=1, cols=len(columns), style="Light Grid Accent 1")
    for cells, texts in ((table.rows[0].cells, columns), *((table.add_row().cells, row) for row in rows)):
        for cell, text in zip(cells, texts, strict=True):
            cell.text = xml_text(text)


def _cells(row: dict[str, Any]) -> list[str]:
    value = "\n".join(text for text in (row["value"], row["indicator"], row["basis"]) if text)
    status = "\n".join(text for text in (row["status"], row["note"]) if text)
    return [f"{row['id']} {row['title']}", row["owner"], value, row["target"], row["due"], status]
