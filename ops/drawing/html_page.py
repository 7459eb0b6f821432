"""Pages of reports: a Jinja template beside its report, the shared stylesheet, and the hashes of its scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2

STYLESHEET = Path(__file__).parent / "report.css"


def render_page(template: Path, *, scripts: Iterable[str] = (), **values: Any) -> str:
    """The page of a template file: what it is given is escaped, and a name that it lacks is an error.

    ``scripts`` are the only ones that the page may run; the template takes their hashes as ``script_hashes``.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page = environment.from_string(template.read_text(encoding="utf-8"))
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    return page.render(css=STYLESHEET.read_text(encoding="utf-8"), script_hashes=hashes, **values)


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
