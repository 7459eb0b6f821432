"""A figure as PNG has the pixels that matplotlib's own ``savefig`` gives it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from ops.drawing.png import write_png

DPI = 60


def figure(layout: str | None) -> Figure:
    drawn = Figure(figsize=(4.0, 3.0), layout=layout)
    axes = drawn.add_subplot()
    picture = axes.imshow(np.arange(12.0).reshape(3, 4), cmap="viridis", alpha=0.7)
    drawn.colorbar(picture, label="metres")
    axes.set_title("A title that the layout makes room for\nin two lines")
    return drawn


@pytest.mark.parametrize("layout", ["constrained", None])
def test_the_pixels_are_those_of_savefig(layout: str | None) -> None:
    ours, theirs, again = io.BytesIO(), io.BytesIO(), io.BytesIO()
    drawn = figure(layout)
    write_png(drawn, ours, DPI)
    write_png(drawn, again, DPI)
    figure(layout).savefig(theirs, format="png", dpi=DPI, facecolor="white")
    mine, other = Image.open(ours), Image.open(theirs)
    assert (mine.mode, mine.info["dpi"]) == ("RGB", other.info["dpi"])
    assert np.asarray(mine).std() > 0.0
    np.testing.assert_array_equal(np.asarray(mine), np.asarray(other.convert("RGB")))
    assert again.getvalue() == ours.getvalue()
