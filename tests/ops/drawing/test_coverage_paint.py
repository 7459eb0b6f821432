"""Classes of detection probability in colours: each differs from the ground and from its neighbours, day and night."""

from __future__ import annotations

import numpy as np
import pytest

from ops.drawing.colours import Palette
from ops.drawing.coverage_classes import change_steps, probability_steps
from ops.drawing.coverage_paint import Covered
from tests.ops.drawing.sight import MACHADO, lab, lightness

GROUND = {"day": (0xEC, 0xEA, 0xE2), "night": (0x16, 0x19, 0x1C)}
"""Plain ground in the two palettes of the page."""


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


@pytest.mark.parametrize("sight", MACHADO)
@pytest.mark.parametrize("palette", ["day", "night"])
def test_losses_and_gains_are_told_apart_by_colour_blind_readers(palette: Palette, sight: str) -> None:
    """As drawn over plain ground, any two classes differ by ΔE 10 at least (2.3 is just noticeable)."""
    style = Covered(change_steps(), least=-1.0)
    painted = style.paint(np.array([[0, 1, 2, 4, 5, 6]], np.float32), 80.0, palette).astype(float)
    alpha = painted[3] / 255.0
    over = painted[:3] * alpha + np.array(GROUND[palette], float)[:, None, None] * (1.0 - alpha)
    colours = [lab(over[:, 0, n], MACHADO[sight]) for n in range(over.shape[2])]
    apart = {
        (a, b): float(np.linalg.norm(colours[a] - colours[b])) for a in range(6) for b in range(a + 1, len(colours))
    }
    assert min(apart.values()) > 10.0, apart
    assert style.paint(np.array([[3]], np.float32), 80.0, palette)[3].max() == 0, "small changes are not drawn"


def test_what_meets_a_requirement_has_its_class_in_single_precision_too() -> None:
    steps = probability_steps(0.9)
    classes = Covered(steps).classes(np.array([0.0, 1e-30, 0.25, 0.89, 0.9, 1.0], np.float32))
    assert classes.tolist() == [0, 1, 2, len(steps) - 2, len(steps) - 1, len(steps) - 1]


def test_changes_fall_into_the_classes_of_their_legend() -> None:
    style = Covered(change_steps(), least=-1.0)
    changes = np.array([-1.0, -0.4, -0.1, -0.01, 0.0, 0.04, 0.1, 0.3, 1.0, np.nan], np.float32)
    assert style.classes(changes).tolist() == [0, 1, 2, 3, 3, 3, 4, 5, 6, 254]
    spans = [(float(row["low"]), float(row["high"])) for row in style.legend("day") if "low" in row]
    assert spans == [(-1.0, -0.5), (-0.5, -0.25), (-0.25, -0.05), (0.05, 0.25), (0.25, 0.5), (0.5, 1.0)]
