"""Classes of detection probability in colours: each differs from the ground and from its neighbours, day and night."""

from __future__ import annotations

import numpy as np
import pytest

from ops.drawing.coverage_classes import probability_steps
from ops.drawing.coverage_paint import Covered
from ops.drawing.palette import Palette

GROUND = {"day": (0xEC, 0xEA, 0xE2), "night": (0x16, 0x19, 0x1C)}
"""Plain ground in the two palettes of the page."""


def lightness(rgb: np.ndarray) -> float:
    """CIE 1976 L* of an sRGB colour in bytes."""
    part = rgb / 255.0
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return float(116.0 * luminance ** (1 / 3) - 16.0) if luminance > 0.008856 else 903.3 * luminance


def seen(palette: Palette) -> list[float]:
    """L* of each class as it is drawn over plain ground."""
    style = Covered(probability_steps(0.5))
    classes = np.arange(1, len(style.steps))[None, :]
    painted = style.paint(classes.astype(np.float32), 80.0, palette).astype(float)
    alpha = painted[3] / 255.0
    over = painted[:3] * alpha + np.array(GROUND[palette], float)[:, None, None] * (1.0 - alpha)
    return [lightness(over[:, 0, i]) for i in range(classes.size)]


@pytest.mark.parametrize("palette", ["day", "night"])
def test_lighter_is_more_probable_and_neighbours_differ(palette: Palette) -> None:
    steps = np.diff(seen(palette))
    assert len(steps) == 4
    assert (steps > 4.0).all()


@pytest.mark.parametrize("palette", ["day", "night"])
def test_the_lowest_class_differs_from_the_ground(palette: Palette) -> None:
    """L* differs by 15 at least; before colours were lifted at night, it was 9."""
    assert abs(seen(palette)[0] - lightness(np.array(GROUND[palette], float))) > 15.0


@pytest.mark.parametrize("palette", ["day", "night"])
def test_the_legend_has_the_colours_of_the_map(palette: Palette) -> None:
    style = Covered(probability_steps(0.5))
    painted = style.paint(np.arange(1, len(style.steps), dtype=np.float32)[None, :], 80.0, palette)
    shown = ["#{:02x}{:02x}{:02x}".format(*painted[:3, 0, i]) for i in range(painted.shape[2])]
    assert [entry["colour"] for entry in style.legend(palette) if entry.get("pattern") != "hatch"] == shown
