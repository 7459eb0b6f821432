"""The report as an HTML page without scripts, for the screen and for printing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import jinja2

from ops.analysis.handover.document import ReportDocument
from ops.drawing.colours import with_colours
from ops.drawing.pages.html_page import FONT_MARK, STYLESHEET
from ops.drawing.typeface.page_font import embedded_rules, linked_rules
from ops.words import LANGUAGES, MessageCatalogue

_TEMPLATE: Final = Path(__file__).with_name("page.html.j2")
_STYLE: Final = Path(__file__).with_name("page.css")


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
    words = MessageCatalogue.of(document.language)
    languages = [{"tag": tag, "address": (address_in or {})[tag]} for tag in LANGUAGES if tag in (address_in or {})]
    made = _template().render(
        document=document,
        css=style(linked=True) if links else FONT_MARK + style(),
        say=words.say,
        links=links,
        languages=languages,
        choice=choice,
        form=form,
    )
    return made if links else made.replace(FONT_MARK, embedded_rules(made), 1)


@lru_cache(maxsize=2)
def style(*, linked: bool = False) -> str:
    """The style sheet of reports with that of this page; ``linked``: with the font that the server has."""
    return (linked_rules() if linked else "") + with_colours(
        "".join(sheet.read_text(encoding="utf-8") for sheet in (STYLESHEET, _STYLE))
    )


def style_source() -> str:
    """The source expression of a content security policy that allows the style sheet and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style(linked=True).encode()).digest()).decode()}'"


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
