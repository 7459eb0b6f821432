"""A report as PDF: the page's words on A4, nothing cut off, nothing fetched, the same bytes for the same page."""

from __future__ import annotations

import base64
import builtins
import re
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from matplotlib.image import imsave

from geo.errors import WatchlineError
from ops.drawing.colours import with_colours
from ops.drawing.pages.html_page import STYLESHEET, render_page
from ops.drawing.pages.pdf import pdf_beside, write_pdf

A4_PT = (595.28, 841.89)
MARGIN_PT = 14 / 25.4 * 72
TEMPLATE = """{% extends "base.html.j2" %}
{% import "parts.html.j2" as parts %}
{% block eyebrow %}Trial{% endblock %}
{% block main %}
<section class="sheet"><h2>Figures</h2>
{{ parts.table("Figures", page.columns, page.rows, size="widest") }}
<details><summary>Assumptions</summary><p>folded away on the screen</p></details>
<p class="screen-only">only on the screen</p>
</section>
{% endblock %}
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    template = tmp_path / "trial.html.j2"
    template.write_text(TEMPLATE, encoding="utf-8")
    columns = [f"column {number}" for number in range(9)]
    rows = [[f"row {row}", *(f"{row}.{column} of a value in words" for column in range(8))] for row in range(80)]
    what = {
        "title": "A trial",
        "about": "",
        "answer": ["It holds."],
        "colophon": "end",
        "columns": columns,
        "rows": rows,
    }
    made = tmp_path / "report.html"
    made.write_text(render_page(template, page=what), encoding="utf-8")
    return made


def test_all_words_are_on_a4_pages_within_the_margins(page: Path) -> None:
    assert pdf_beside(page, wanted=True) == ["report.pdf"]
    with pypdfium2.PdfDocument(page.with_suffix(".pdf")) as document:
        texts = []
        for number in range(len(document)):
            sheet = document[number]
            assert sheet.get_size() == pytest.approx(A4_PT, abs=0.5)
            words = sheet.get_textpage()
            texts.append(words.get_text_range())
            for rectangle in range(words.count_rects()):
                left, _, right, _ = words.get_rect(rectangle)
                assert left >= MARGIN_PT - 1.0
                assert right <= A4_PT[0] - MARGIN_PT + 1.0, "nothing is cut off at the right"
    whole = " ".join(" ".join(texts).split())
    assert "It holds." in whole
    assert "folded away on the screen" in whole
    assert "only on the screen" not in whole
    assert all(f"row {row} " in whole for row in range(80))
    assert len(texts) > 1
    assert all("column 8" in text for text in texts[:-1]), "each page repeats the heads of the columns"
    assert all(re.search(rf"{number} / {len(texts)}", text) for number, text in enumerate(texts, 1))


def test_hatching_is_printed_and_rules_for_browsers_are_no_warnings(
    page: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sheet = with_colours(STYLESHEET.read_text(encoding="utf-8"))
    for kind in ("hatch", "hatch unknown"):
        page.write_text(
            f'<style>{sheet}</style><div class="{kind}" style="width: 90mm; height: 90mm"></div>', encoding="utf-8"
        )
        write_pdf(page, page.with_suffix(".pdf"))
        with pypdfium2.PdfDocument(page.with_suffix(".pdf")) as document:
            grey = np.asarray(document[0].render(scale=2).to_pil().convert("L"), dtype=int)
        row = grey[300, 150:450]
        assert (np.abs(np.diff(row)) > 40).sum() > 20, "stripes"
    assert [record.getMessage() for record in caplog.records if record.name.startswith("weasyprint")] == []


def test_the_same_page_gives_the_same_bytes(page: Path, tmp_path: Path) -> None:
    for name in ("first.pdf", "second.pdf"):
        write_pdf(page, tmp_path / name)
    assert (tmp_path / "first.pdf").read_bytes() == (tmp_path / "second.pdf").read_bytes()


def test_a_pdf_of_an_earlier_run_does_not_stay(page: Path) -> None:
    pdf_beside(page, wanted=True)
    assert pdf_beside(page, wanted=False) == []
    assert not page.with_suffix(".pdf").exists()


def test_rules_for_screens_are_not_reported(page: Path, caplog: pytest.LogCaptureFixture) -> None:
    """WeasyPrint does not know colour schemes, which the page has for its readers on a screen."""
    assert "prefers-color-scheme" in page.read_text(encoding="utf-8")
    pdf_beside(page, wanted=True)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("weasyprint")] == []


@pytest.mark.parametrize("scheme", ["http", "ftp", "file", "data"])
def test_a_picture_is_shown_only_if_the_page_itself_holds_it(page: Path, scheme: str) -> None:
    outside = page.with_name("outside.png")
    imsave(outside, np.zeros((4, 4)))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = {
            "file": outside.as_uri(),
            "data": "data:image/png;base64," + base64.b64encode(outside.read_bytes()).decode(),
        }.get(scheme, f"{scheme}://127.0.0.1:{server.getsockname()[1]}/outside.png")
        page.write_text(f'<p>words</p><img src="{address}" alt="instead">', encoding="utf-8")
        write_pdf(page, page.with_suffix(".pdf"))
        with pytest.raises(BlockingIOError):
            server.accept()
    with pypdfium2.PdfDocument(page.with_suffix(".pdf")) as document:
        sheet = document[0]
        pictures = [part for part in sheet.get_objects() if part.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
        assert (len(pictures), "instead" in sheet.get_textpage().get_text_range()) == (
            (1, False) if scheme == "data" else (0, True)
        )


def test_without_pango_one_sentence_says_what_to_install(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(WatchlineError, match=r"report\.pdf: no PDF was written.*libpango-1\.0-0"):
        pdf_beside(page, wanted=True)
    assert page.exists()
