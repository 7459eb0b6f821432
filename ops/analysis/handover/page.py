"""The report as an HTML page without scripts, for the screen and for printing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ops.analysis.handover.document import ReportDocument
from ops.drawing.pages.html_page import ServedPage, render_page
from ops.words import MessageCatalogue

_TEMPLATE: Final = Path(__file__).with_name("page.html.j2")


def report_page(
    document: ReportDocument,
    *,
    links: Sequence[tuple[str, str]] = (),
    address_in: Mapping[str, str] | None = None,
    choice: Mapping[str, str] | None = None,
    form: Mapping[str, Any] | None = None,
) -> str:
    """Lay out a report. Without the optional parts it is a file that opens anywhere.

    ``links``: texts with addresses, above the report. ``address_in``: the address of the page by language. ``choice``:
    values of the form that selects a period. ``form``: values of the form that signs a note.
    """
    page = {
        "title": f"{document.title} – {document.sector}",
        "answer": document.answer,
        "language": document.language,
        "colophon": "",
    }
    return render_page(
        _TEMPLATE,
        words=MessageCatalogue.of(document.language),
        marking=document.marking,
        page=page,
        document=document,
        served=ServedPage(links, address_in or {}, "") if links else None,
        choice=choice,
        form=form,
    )
