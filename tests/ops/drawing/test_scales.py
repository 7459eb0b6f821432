"""Continuous scales: uniform, ordered by lightness for every reader, and named in one file only."""

from __future__ import annotations

import re
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest

from ops.drawing import scales
from tests.ops.drawing.sight import MACHADO, lab
from tests.ops.drawing.test_colours import ROOT, written_by_people

ONE_WAY = (scales.PROBABILITY, scales.MEASURE, scales.DURATION, scales.RELIEF)
PARTS = 20
WORDS = {"binary", "flag", "gray", "grey", "seismic", "terrain"}
"""Scales whose names have another meaning as well: they count where a scale is asked for."""
ANY = "|".join(sorted(set(mpl.colormaps) - WORDS, key=len, reverse=True))
NAMED = re.compile(rf"""["'](?:{ANY})\\?["']|(?:cmap=|colormaps\[)\\?["']\w+""")
OWN = {"ops/drawing/scales.py"}


def seen(name: str, sight: str, start: float = 0.0, end: float = 1.0) -> np.ndarray:
    """L*a*b* of equal parts of a scale."""
    shades = mpl.colormaps[name](np.linspace(start, end, PARTS + 1))[:, :3] * 255.0
    return np.array([lab(shade, MACHADO[sight]) for shade in shades])


@pytest.mark.parametrize("sight", MACHADO)
@pytest.mark.parametrize("name", ONE_WAY)
def test_lightness_alone_orders_a_scale(name: str, sight: str) -> None:
    steps = np.diff(seen(name, sight)[:, 0])
    assert len(set(np.sign(steps))) == 1
    assert np.abs(steps).min() > 1.0


@pytest.mark.parametrize("name", ONE_WAY)
def test_a_scale_is_perceptually_uniform(name: str) -> None:
    """Equal steps of lightness, to half of their mean; jet has steps of both signs."""
    steps = np.abs(np.diff(seen(name, "normal sight")[:, 0]))
    assert np.abs(steps - steps.mean()).max() < steps.mean() / 2.0
    assert len(set(np.sign(np.diff(seen("jet", "normal sight")[:, 0])))) == 2


@pytest.mark.parametrize("sight", MACHADO)
def test_a_margin_is_lightest_at_zero_and_its_sides_are_told_apart(sight: str) -> None:
    below, above = seen(scales.MARGIN, sight, 0.5, 0.0), seen(scales.MARGIN, sight, 0.5, 1.0)
    for side in (below, above):
        assert (np.diff(side[:, 0]) < 0.5).all(), "darker the farther from zero"
    apart = np.linalg.norm(below - above, axis=1)[PARTS // 4 :]
    assert apart.min() > 4 * 2.3, "four times what is just noticeable, from a quarter of the scale on"


def test_no_other_file_names_a_scale() -> None:
    files = [file for file in written_by_people() if file.suffix in {".py", ".ipynb"}]
    assert len(files) > 300
    found = {file.relative_to(ROOT).as_posix(): NAMED.findall(file.read_text()) for file in files}
    assert {name for name, named in found.items() if named} == OWN


@pytest.mark.parametrize("text", ['cmap="gray"', 'SCALE = "cividis"', 'mpl.colormaps["flag"]', r"\"cmap=\"viridis\"\""])
def test_the_search_finds_a_name(text: str) -> None:
    assert NAMED.search(text)


def test_each_meaning_has_its_own_scale() -> None:
    assert len({*ONE_WAY, scales.MARGIN}) == 5
    assert all(one != other for one, other in pairwise(ONE_WAY))
