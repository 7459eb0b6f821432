"""Settings of the documentation site, which ``deploy/build_site.py`` builds."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

project = "Watchline"
author = "The Watchline authors"
copyright = "2026, The Watchline authors"
root_doc = "docs/index"
exclude_patterns = ["docs/site"]

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc"]
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # notebooks and generated pages may begin below the first level
highlight_language = "text"

nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "out" / "notebook-cache")
nb_execution_timeout = -1  # none: how long a notebook takes depends on the machine
nb_execution_raise_on_error = True
_notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
_executed = set(os.environ.get("WATCHLINE_SITE_NOTEBOOKS", " ".join(_notebooks)).split())  # others: without outputs
nb_execution_excludepatterns = [f"*{name}*" for name in sorted(_notebooks - _executed)]
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's parameter tables state the types
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "furo"
html_title = "Watchline"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": []}
