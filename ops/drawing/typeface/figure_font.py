"""Figures of matplotlib in the font of the front end and the colours of ``colours.css``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import matplotlib as mpl
from matplotlib.rcsetup import cycler

from ops.drawing.colours import colour
from ops.drawing.typeface.font_files import families, font_files

SERIES: Final = ("blue", "vermilion", "green", "purple", "sky", "orange")
"""Series of figures, in the order in which they are taken."""


@contextmanager
def drawing_style(style: Any) -> Iterator[None]:
    """Draw figures as ``figure_style`` has them, and in ``style`` (settings of matplotlib), until the context ends."""
    settings: Any = {**figure_style(), **style}
    with mpl.rc_context(settings):
        yield


def figure_style() -> dict[str, Any]:
    """Return settings of matplotlib for a notebook: ``plt.rcParams.update(figure_style())``.

    Returns
    -------
    dict of str to object
        The font of the front end, and the series of ``colours.css`` as colours of lines that name none.
    """
    return {
        "font.family": list(figure_families()),
        "axes.prop_cycle": cycler(color=[colour(f"series-{name}") for name in SERIES]),
    }


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
