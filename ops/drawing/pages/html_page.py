"""Report pages: a Jinja template beside its report, the shared stylesheet, and the hashes of its scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2

from ops.drawing.colours import with_colours
from ops.runtime.output import catalogue

FOLDER = Path(__file__).parent
STYLESHEET = FOLDER / "report.css"


def render_page(template: Path, *, scripts: Iterable[str] = (), **values: Any) -> str:
    """Render a page from a template file; values are escaped, and an undefined name is an error.

    The template extends ``base.html.j2`` and may import ``parts.html.j2``, both in this folder.
    Only the ``scripts`` may run on the page; the template receives their hashes as ``script_hashes``. It also receives
    ``say``, ``language`` and ``direction`` ("ltr" or "rtl"), those of this process.
    """
    words = catalogue()
    loader = jinja2.FileSystemLoader([template.parent, FOLDER])
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, loader=loader)
    environment.globals |= {"say": words.say}
    page = environment.get_template(template.name)
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    return page.render(
        css=with_colours(STYLESHEET.read_text(encoding="utf-8")),
        script_hashes=hashes,
        language=words.language,
        direction="rtl" if words.right_to_left else "ltr",
        **{"map": None} | values,
    )


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
