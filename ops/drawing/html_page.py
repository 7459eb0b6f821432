"""Report pages: a Jinja template beside its report, the shared stylesheet, and the hashes of its scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2

from ops.runtime.output import catalogue

STYLESHEET = Path(__file__).parent / "report.css"


def render_page(template: Path, *, scripts: Iterable[str] = (), **values: Any) -> str:
    """Render a page from a template file; values are escaped, and an undefined name is an error.

    Only the ``scripts`` may run on the page; the template receives their hashes as ``script_hashes``. It also receives
    ``say``, ``language`` and ``direction`` ("ltr" or "rtl"), those of this process.
    """
    words = catalogue()
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page = environment.from_string(template.read_text(encoding="utf-8"))
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    return page.render(
        css=STYLESHEET.read_text(encoding="utf-8"),
        script_hashes=hashes,
        say=words.say,
        language=words.language,
        direction="rtl" if words.right_to_left else "ltr",
        **values,
    )


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
