"""Report pages: a Jinja template beside its report, the shared stylesheet, and the hashes of its scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from ops.drawing.colours import with_colours
from ops.drawing.typeface.page_font import embedded_rules, linked_rules
from ops.runtime.output import catalogue
from ops.words import MessageCatalogue

FOLDER = Path(__file__).parent
STYLESHEET = FOLDER / "report.css"
FONT_MARK = "/* font */"
MARKED_SHEETS = """
@page { @top-center { content: "%s"; font: 700 9pt var(--sans); } }
@page :first { @top-center { content: none; } }
"""
"""Rules for print that repeat the marking on every sheet after the first, which has it above its title."""


@dataclass(frozen=True, slots=True)
class ServedPage:
    """Menu and form that a page of the server has above its report; a file has neither.

    ``links``: texts with addresses. ``address_in``: the address of this page by language. ``action`` and ``fields``:
    address and fields of the form that chooses what the report is on.
    """

    links: Sequence[tuple[str, str]]
    address_in: Mapping[str, str]
    action: str
    fields: Sequence[ChoiceField] = ()


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """A field of the form: a day, or one of ``options`` (value, text) if there are any."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]] = ()


def render_page(
    template: Path,
    *,
    scripts: Iterable[str] = (),
    words: MessageCatalogue | None = None,
    marking: str = "",
    **values: Any,
) -> str:
    """Render a page from a template file; values are escaped, and an undefined name is an error.

    The template extends ``base.html.j2`` and may import ``parts.html.j2``, both in this folder.
    Only the ``scripts`` may run on the page; the template receives their hashes as ``script_hashes``. It also receives
    ``say``, ``language`` and ``direction`` ("ltr" or "rtl"), those of ``words``, or else of this process. ``served``:
    see ``ServedPage``. ``marking`` is at the head and foot of the page, and on every printed sheet.
    """
    words = words or catalogue()
    loader = jinja2.FileSystemLoader([template.parent, FOLDER])
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, loader=loader)
    environment.globals |= {"say": words.say}
    page = environment.get_template(template.name)
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    served = values.get("served") is not None
    made = page.render(
        css=style(linked=True, marking=marking) if served else FONT_MARK + style(marking=marking),
        marking=marking,
        script_hashes=hashes,
        language=words.language,
        direction="rtl" if words.right_to_left else "ltr",
        **{"map": None, "served": None} | values,
    )
    return made if served else made.replace(FONT_MARK, embedded_rules(made), 1)


@lru_cache(maxsize=4)
def style(*, linked: bool = False, marking: str = "") -> str:
    """The style sheet of the pages; ``linked``: with the font that the server has; ``marking``: that of each sheet."""
    text = "".join(f"\\{ord(letter):06x}" for letter in marking)
    sheets = MARKED_SHEETS % text if marking else ""
    return (linked_rules() if linked else "") + with_colours(STYLESHEET.read_text(encoding="utf-8")) + sheets


def style_source(marking: str = "") -> str:
    """The source expression of a content security policy that allows the style sheet and no other."""
    return f"'sha256-{_sha256(style(linked=True, marking=marking))}'"


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
