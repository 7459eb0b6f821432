"""A report page as PDF on A4, laid out by WeasyPrint from the page's own rules for print."""

from __future__ import annotations

import base64
import logging
from functools import lru_cache
from pathlib import Path
from typing import Final

from geo.errors import WatchlineError
from ops.drawing.typeface.font_files import families, font_files
from ops.drawing.typeface.page_font import without_font
from ops.runtime.output import atomic_write

FONT_RULE: Final = '@font-face {{ font-family: "Print {0}"; font-weight: {1}; src: url("{2}"); }}'
"""Rule of a font that is in the page, so that the PDF is the same on every machine. Scripts that none of them has are
drawn with the fonts of the system; a name of the page itself would be looked for there first."""


class PdfUnavailable(WatchlineError):
    """This machine cannot make a PDF; the sentence names what is missing."""


def pdf_beside(page: Path, *, wanted: bool) -> list[str]:
    """Write the PDF of a page beside it if it is ``wanted``, else remove that of an earlier run; return its name."""
    path = page.with_suffix(".pdf")
    if not wanted:
        path.unlink(missing_ok=True)
        return []
    write_pdf(page, path)
    return [path.name]


def write_pdf(page: Path, path: Path) -> None:
    """Write a page (HTML file) as PDF; the same page gives the same bytes.

    Nothing is fetched.

    Raises WatchlineError where Pango, the system's library of text layout, is missing.
    """
    try:
        body = pdf_of(page.read_text(encoding="utf-8"))
    except PdfUnavailable as error:
        raise WatchlineError(f"{path}: {error} The page itself was written and can be printed by a browser.") from error
    with atomic_write(path) as partial:
        partial.write_bytes(body)


def pdf_of(page: str) -> bytes:
    """Return a page (HTML) as PDF; the same page gives the same bytes. Nothing is fetched.

    Raises PdfUnavailable where Pango, the system's library of text layout, is missing.
    """
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import URLFetcher
    except OSError as error:
        raise PdfUnavailable(
            "no PDF was written, because Pango is not installed; expected the system packages libpango-1.0-0,"
            " libpangoft2-1.0-0 and libharfbuzz-subset0."
        ) from error

    logging.getLogger("weasyprint").setLevel(logging.ERROR)  # it warns of each rule that is for browsers only
    fonts, inline = FontConfiguration(), URLFetcher(allowed_protocols=("data",))
    rules = CSS(string=_font_rules(), font_config=fonts, url_fetcher=inline)
    document = HTML(string=without_font(page), url_fetcher=inline, media_type="print")
    body: bytes = document.write_pdf(stylesheets=[rules], font_config=fonts)
    return body


@lru_cache(maxsize=1)
def _font_rules() -> str:
    """Return the rules that name the fonts, with the fonts themselves: the page may then read nothing else."""
    files = font_files()
    rules = [
        FONT_RULE.format(
            file.family,
            "bold" if file.bold else "normal",
            "data:font/ttf;base64," + base64.b64encode(file.path.read_bytes()).decode(),
        )
        for file in files
    ]
    names = ", ".join(f'"Print {family}"' for family in families(files))
    return "\n".join([*rules, f":root {{ --sans: {names}, sans-serif; }}"])
