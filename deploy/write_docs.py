"""Write the generated documentation: pages of the API, packages, commands and settings, a diagram, and docs/schema.

The pages come from the source text: the names in ``__all__``, the first sentence of each docstring, and the imports.
The commands come from the command line, the settings from the docstrings of their records, and the JSON Schemas from
the message types of ``ingest.wire`` and the records that read files, so the project's Python runs this.
``tests/test_documented.py`` fails while a generated file is outdated.
"""

from __future__ import annotations

from pathlib import Path

from doc_pages.commands import commands_page
from doc_pages.eurosur import eurosur_page, eurosur_schema
from doc_pages.json_schemas import schemas
from doc_pages.metrics import metrics_page
from doc_pages.packages import packages_diagram, packages_page
from doc_pages.public_api import api_page
from doc_pages.settings import settings_page
from doc_pages.source_text import ROOT


def generated() -> dict[Path, str]:
    """Return the text that each generated file should have."""
    return {
        ROOT / "docs" / "api.md": api_page(),
        ROOT / "docs" / "packages.md": packages_page(),
        ROOT / "docs" / "settings.md": settings_page(),
        ROOT / "docs" / "commands.md": commands_page(),
        ROOT / "docs" / "metrics.md": metrics_page(),
        ROOT / "docs" / "eurosur.md": eurosur_page(),
        **eurosur_schema(),
        ROOT / "docs" / "diagrams" / "packages.mmd": packages_diagram(),
        **schemas(),
    }


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
