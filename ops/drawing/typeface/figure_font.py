"""Figures of matplotlib in the font of the front end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import matplotlib as mpl

from ops.drawing.typeface.font_files import families, font_files


@contextmanager
def drawing_style(style: Any) -> Iterator[None]:
    """Draw figures in the font of the front end and in ``style`` (settings of matplotlib) until the context ends."""
    with mpl.rc_context({"font.family": list(figure_families()), **style}):
        yield


@lru_cache(maxsize=1)
def figure_families() -> tuple[str, ...]:
    """Make the fonts known to matplotlib and return their families, the most important first.

    A character that one lacks is drawn from the next.
    """
    from matplotlib.font_manager import fontManager

    files = font_files()
    names = families(files)
    for file in files:
        if file.family != names[-1]:  # matplotlib knows its own font
            fontManager.addfont(file.path)
    return tuple(names)
