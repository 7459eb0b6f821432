"""Classes of detection probability in colours: each differs from the ground and from its neighbours, day and night."""

from __future__ import annotations

import numpy as np
import pytest

from ops.drawing.coverage_classes import change_steps, probability_steps
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


MACHADO = {
    "normal sight": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""Linear sRGB as it is seen, at full severity (Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113)."""


def lab(rgb: np.ndarray, seen_as: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* (D65) of an sRGB colour in bytes, as simulated by a matrix on linear sRGB."""
    part = rgb / 255.0
    linear = np.clip(seen_as @ np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4), 0.0, 1.0)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = to_xyz @ linear / (0.9505, 1.0, 1.089)
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16.0 / 116.0 for v in (x, y, z)]
    return np.array([116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])])


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


def test_changes_fall_into_the_classes_of_their_legend() -> None:
    style = Covered(change_steps(), least=-1.0)
    changes = np.array([-1.0, -0.4, -0.1, -0.01, 0.0, 0.04, 0.1, 0.3, 1.0, np.nan], np.float32)
    assert style.classes(changes).tolist() == [0, 1, 2, 3, 3, 3, 4, 5, 6, 254]
    spans = [(float(row["low"]), float(row["high"])) for row in style.legend("day") if "low" in row]
    assert spans == [(-1.0, -0.5), (-0.5, -0.25), (-0.25, -0.05), (0.05, 0.25), (0.25, 0.5), (0.5, 1.0)]
