"""The report as PDF (A4), by fpdf2, with an embedded font, so that accents and typographic spaces print right.

The same report gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from ops.analysis.handover.document import ReportDocument, ReportSection
from ops.drawing.colours import rgb
from ops.drawing.typeface.font_files import families, font_files
from ops.words import MessageCatalogue

FONT: Final = "print"
"""The first font in the document; those of further characters have a number behind it."""
_MARGIN_MM: Final = 15.0
_BODY_PT: Final = 8.5
_LINE_MM: Final = 4.2
_MOST_LINES: Final = 40
"""Lines of a row beyond which it is continued in another; a page has 60."""
_NARROWER_MM: Final = 2.5
"""By how much lines of a part are narrower than their column: more than its padding, so that none breaks again."""
_GREY: Final = rgb("soft", "print")
_RULE: Final = rgb("rule", "print")


def report_pdf(document: ReportDocument, *, made_at: datetime) -> bytes:
    """Lay out a report on A4 pages: marking at head and foot, tables whose headings repeat, page numbers."""
    pdf = _Pages(document)
    pdf.set_creation_date(made_at)
    pdf.add_page()
    _head(pdf, document)
    for section in document.sections:
        _section(pdf, section)
    return bytes(pdf.output())


class _Pages(FPDF):
    """Pages with the marking and the page number."""

    def __init__(self, document: ReportDocument) -> None:
        super().__init__(format="A4")
        self._document = document
        self._words = MessageCatalogue.of(document.language)
        _add_fonts(self)
        self.set_margin(_MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=_MARGIN_MM + 5)
        self.set_title(f"{document.title} – {document.sector}")
        self.set_lang(document.language)
        self.set_creator("Watchline")
        self.alias_nb_pages("{pages}")

    def header(self) -> None:
        """Write the marking."""
        if self._document.marking:
            self.set_y(8)
            self._small(self._document.marking, style="B", align="C")
            self.set_y(_MARGIN_MM)

    def footer(self) -> None:
        """Write marking, report and page number."""
        self.set_y(-_MARGIN_MM)
        if self._document.marking:
            self._small(self._document.marking, style="B", align="C")
        self.set_y(-_MARGIN_MM + 5)
        page = self._words.say("handover-page-of", page=str(self.page_no()), pages="{pages}")
        self._small(f"{self._document.title} – {self._document.sector} – {page}", align="L")

    def _small(self, text: str, *, align: str, style: str = "") -> None:
        self.set_font(FONT, style, 7)
        self.set_text_color(*_GREY)
        self.cell(self.epw, 4, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_text_color(0)


def _head(pdf: _Pages, document: ReportDocument) -> None:
    pdf.set_font(FONT, "B", 20)
    _write(pdf, f"{document.title} – {document.sector}", 9)
    pdf.ln(1)
    for number, sentence in enumerate(document.answer):
        pdf.set_font(FONT, "" if number else "B", 11)
        _write(pdf, sentence, _LINE_MM + 1.2)
    pdf.ln(1)
    pdf.set_font(FONT, "", _BODY_PT + 0.5)
    _write(pdf, document.period, _LINE_MM + 0.5)
    pdf.set_text_color(*_GREY)
    _write(pdf, document.made, _LINE_MM + 0.5)
    pdf.set_text_color(0)
    pdf.set_font(FONT, "B", _BODY_PT + 0.5)
    for notice in document.notices:
        _write(pdf, notice, _LINE_MM + 0.5)


def _section(pdf: _Pages, section: ReportSection) -> None:
    pdf.ln(4)
    if pdf.will_page_break(22):
        pdf.add_page()
    pdf.set_font(FONT, "B", 13)
    _write(pdf, f"{section.heading} ({section.count})" if section.rows else section.heading, 6)
    pdf.set_font(FONT, "", _BODY_PT)
    for sentence in section.sentences:
        _write(pdf, sentence, _LINE_MM)
    if section.rows:
        _table(pdf, section)
    elif section.empty:
        pdf.set_text_color(*_GREY)
        _write(pdf, section.empty, _LINE_MM)
        pdf.set_text_color(0)


def _table(pdf: _Pages, section: ReportSection) -> None:
    pdf.ln(1)
    pdf.set_draw_color(*_RULE)
    pdf.set_line_width(0.2)
    with pdf.table(
        col_widths=tuple(column.width for column in section.columns),
        width=pdf.epw,
        line_height=_LINE_MM,
        padding=(0.8, 1.5, 0.8, 0),
        text_align="LEFT",
        v_align="TOP",
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD", color=_GREY),
        repeat_headings=1,
    ) as table:
        heading = table.row()
        for column in section.columns:
            heading.cell(column.heading)
        for row in section.rows:
            for part in _parts(pdf, section, row):
                line = table.row()
                for cell in part:
                    line.cell(cell)


def _parts(pdf: _Pages, section: ReportSection, row: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A row in parts that each fit on a page: fpdf2 refuses a row that is higher than a page."""
    whole = sum(column.width for column in section.columns)
    lines: list[Any] = [
        [cell]
        if len(cell) <= _MOST_LINES  # a line has a letter or an end
        else pdf.multi_cell(pdf.epw * column.width / whole - _NARROWER_MM, _LINE_MM, cell, dry_run=True, output="LINES")
        for column, cell in zip(section.columns, row, strict=True)
    ]
    longest = max(map(len, lines))
    if longest <= _MOST_LINES:
        yield row
    else:
        for first in range(0, longest, _MOST_LINES):
            yield tuple("\n".join(part[first : first + _MOST_LINES]) for part in lines)


def _write(pdf: _Pages, text: str, height: float) -> None:
    pdf.multi_cell(pdf.epw, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _add_fonts(pdf: FPDF) -> None:
    """Add the fonts; a character that one lacks is drawn from the next."""
    files = font_files()
    names = {family: FONT if place == 0 else f"{FONT} {place}" for place, family in enumerate(families(files))}
    for file in files:
        pdf.add_font(names[file.family], "B" if file.bold else "", file.path)
    pdf.set_fallback_fonts([name for name in names.values() if name != FONT])
