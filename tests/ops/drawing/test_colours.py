"""The one file of colours: every palette can be read by everyone, and no other file states a colour."""

from __future__ import annotations

import os
import re
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import CSS4_COLORS

from ops.drawing.colours import colour, palettes, rgb, rgba, scale, with_colours
from ops.drawing.typeface.figure_font import SERIES, drawing_style, figure_style
from tests.ops.drawing.sight import MACHADO, lab, lightness

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "ops" / "drawing" / "colours.css"
SCREENS = ("day", "night", "field-night")
PRIORITIES = ("distress", "high", "medium", "low")
SURFACES = ("ground", "panel", "raised")


def contrast(ink: str, ground: str, palette: str) -> float:
    """Contrast ratio of WCAG 2.2, from 1 to 21."""
    darker, lighter = sorted(relative_luminance(rgb(name, palette)) for name in (ink, ground))
    return (lighter + 0.05) / (darker + 0.05)


def relative_luminance(parts: tuple[int, int, int]) -> float:
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in (part / 255.0 for part in parts)]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_contrast_of_black_and_of_a_grey_on_white() -> None:
    """21 by definition; 4.54 for #767676, the lightest grey that text on white may have (WCAG 2.2, 1.4.3)."""
    assert relative_luminance((255, 255, 255)) + 0.05 == pytest.approx(21 * (relative_luminance((0, 0, 0)) + 0.05))
    assert 1.05 / (relative_luminance((0x76, 0x76, 0x76)) + 0.05) == pytest.approx(4.54, abs=0.005)


TEXTS = [
    *((ink, ground, palette) for palette in SCREENS for ground in SURFACES
      for ink in ("ink", "soft", "focus", "good", "lost", *PRIORITIES)),
    *(("on-priority", ground, palette) for palette in SCREENS for ground in PRIORITIES),
    *(("map-ink", "map-halo", palette) for palette in SCREENS),
    *(("map-place", "map-halo", palette) for palette in SCREENS),
    *(("on-track-alert", "track-alert", palette) for palette in ("day", "night")),
    *((ink, ground, palette) for palette in ("day", "night", "print") for ground in ("page", "card")
      for ink in ("ink", "soft", "accent", "good", "lost")),
    *(("warm-ink", "warm", palette) for palette in ("day", "night", "print")),
    *(("ink", "warm", palette) for palette in ("day", "night", "print")),
    *((ink, "popup", "day") for ink in ("popup-ink", "popup-soft")),
    ("figure-soft", "card", "day"),
]  # fmt: skip


@pytest.mark.parametrize("palette", [*SCREENS, "print"])
def test_texts_have_the_contrast_of_wcag_aa(palette: str) -> None:
    pairs = {(ink, ground): contrast(ink, ground, palette) for ink, ground, one in TEXTS if one == palette}
    assert len(pairs) > 5
    assert {pair: round(found, 2) for pair, found in pairs.items() if found < 4.5} == {}


@pytest.mark.parametrize(
    ("ink", "ground", "palette"),
    [
        *(("edge", ground, palette) for palette in ("day", "night") for ground in ("ground", "raised", "page", "card")),
        *((name, "map-halo", palette) for palette in SCREENS for name in ("map-border", "select", "lost", *PRIORITIES)),
        ("series-blue", "map-mat", "day"),
        ("mark", "popup", "day"),
    ],
)
def test_edges_of_controls_and_marks_have_the_contrast_of_wcag_aa(ink: str, ground: str, palette: str) -> None:
    """3 to 1 for what must be seen to use a control or to read a figure (1.4.11)."""
    assert contrast(ink, ground, palette) >= 3.0


def least_apart(names: tuple[str, ...], palette: str, sight: str) -> float:
    """Least ΔE (CIE 1976) between two of these colours."""
    seen = [lab(np.array(rgb(name, palette)), MACHADO[sight]) for name in names]
    return min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))


@pytest.mark.parametrize("sight", MACHADO)
@pytest.mark.parametrize(
    ("names", "palette"),
    [
        (("series-blue", "series-vermilion", "series-green", "series-purple", "series-sky", "series-orange"), "day"),
        (("high", "low", "good", "ink"), "day"),
        (("high", "low", "good", "ink"), "night"),
        (("track-alert", "track-calm", "sensor"), "day"),
        (("track-alert", "track-calm", "sensor"), "night"),
        (("track-alert", "track-calm", "unit"), "day"),
        (("track-alert", "track-calm", "unit"), "night"),
        *(
            (("map-border", "map-halo", state), palette)
            for state in ("lost", "high", "medium", "low")
            for palette in SCREENS[:2]
        ),
        (("gain", "loss"), "day"),
        (("gain", "loss"), "night"),
        (("loss-1", "loss-2", "loss-3", "gain-1", "gain-2", "gain-3"), "day"),
        (("dead-ground", "line-of-sight", "in-sight", "unknown"), "day"),
    ],
)
def test_colours_are_told_apart_by_readers_with_colour_blindness(
    names: tuple[str, ...], palette: str, sight: str
) -> None:
    """Four times what is just noticeable (ΔE 2.3)."""
    assert least_apart(names, palette, sight) > 4 * 2.3


@pytest.mark.parametrize("sight", MACHADO)
@pytest.mark.parametrize(
    ("name", "palette"),
    [("probability", "day"), ("response", "day"), ("response", "night"), ("unmet", "day"), ("relief", "day"),
     ("relief", "night"), ("loss", "day"), ("gain", "day")],
)  # fmt: skip
def test_lightness_alone_orders_each_scale(name: str, palette: str, sight: str) -> None:
    steps = np.diff([lab(np.array(rgb(f"{name}-{n}", palette)), MACHADO[sight])[0] for n in numbers(name)])
    assert len(set(np.sign(steps))) == 1
    assert np.abs(steps).min() > 2.3


def test_the_scale_of_probability_is_perceptually_uniform() -> None:
    """Equal steps of lightness, to a third of their mean."""
    steps = np.diff([lightness(np.array(rgb(f"probability-{n}"))) for n in numbers("probability")])
    assert len(steps) == 9
    assert np.abs(steps - steps.mean()).max() < steps.mean() / 3.0


def numbers(name: str) -> range:
    return range(1, len(scale(name)) + 1)


def test_every_statement_of_the_file_is_read() -> None:
    stated = re.findall(r"^\s*--[^:]+:", SOURCE.read_text(), re.MULTILINE)
    assert len(stated) > 150
    assert sum(len(names) for names in palettes().values()) == len(stated)
    assert list(palettes()) == ["day", "night", "field-night", "print"]


def test_a_palette_restates_colours_of_the_day() -> None:
    assert all(set(names) <= set(palettes()["day"]) for names in palettes().values())
    assert colour("series-blue", "night") == colour("series-blue", "day")
    with pytest.raises(KeyError):
        colour("no-such-colour")


def test_opacity_is_read_and_is_full_where_none_is_stated() -> None:
    assert rgba("viewshed") == (214, 51, 132, 130)
    assert rgba("card") == (255, 255, 255, 255)
    assert {name: rgb(name) for name in ("dead-hatch", "dead-hatch-gap")} == dict.fromkeys(
        ("dead-hatch", "dead-hatch-gap"), rgb("dead-ground")
    )


def test_a_scale_is_in_the_order_of_its_numbers() -> None:
    assert scale("probability")[0] == colour("probability-1")
    assert scale("probability")[-1] == colour("probability-10")
    assert scale("probability") == tuple(colour(f"probability-{n}") for n in range(1, 11))


def test_a_sheet_states_the_colours_that_it_uses_and_no_other() -> None:
    sheet = with_colours("a { color: var(--ink); margin: var(--own); background: var(--series-blue) }")
    assert re.findall(r"--([a-z-]+):", sheet) == ["ink", "series-blue", "ink", "ink"]
    day, night, printed = (sheet.index(f"--ink: {colour('ink', palette)};") for palette in ("day", "night", "print"))
    assert day < sheet.index("prefers-color-scheme: dark") < night < sheet.index("@media print") < printed
    assert printed < sheet.index("var(--ink)")


def test_the_page_of_auditors_has_its_colours_from_the_sheet_beside_it() -> None:
    folder = ROOT / "ops/services/api/login/pages"
    stated = set(re.findall(r"--([a-z-]+):", with_colours((folder / "login.css").read_text())))
    used = set(re.findall(r"var\(--([a-z-]+)\)", (folder / "audit.css").read_text()))
    assert used
    assert used <= stated


LITERAL = re.compile(
    r"""(?<![&\w/])\#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})(?![\w-])"""
    r"""|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch)a?\(\s*[\d.]""",
    re.IGNORECASE | re.VERBOSE,
)
TRIPLE = re.compile(r"(?<!range)(?!\(0, 0, 0, 0\))\(\s*\d{1,3},\s*\d{1,3},\s*\d{1,3}(?:,\s*\d{1,3})?\s*\)")
BARE = re.compile(r"= (\d{1,3}, \d{1,3}, \d{1,3})$", re.MULTILINE)
"""Three numbers that are assigned without brackets, as to the channels of pixels."""
FRACTIONS = re.compile(r"\((?:\s*[01]?\.\d+\s*,){2,3}\s*[01]?\.\d+\s*,?\s*\)")
"""Three or four numbers from 0 to 1 with a point, as matplotlib takes a colour."""
NAMES = "|".join(sorted(set(CSS4_COLORS) - {"black", "white"}, key=len, reverse=True))
NAMED_IN_CSS = re.compile(
    rf"(?:color|background|fill|stroke|border|outline|shadow)[\w-]*:[^;{{}}]*(?<![\w-])(?:{NAMES})\b(?!-)"
)
NAMED_IN_CODE = re.compile(
    rf"""(?:colou?rs?|mec|mfc|ec|fc|facecolor|edgecolor|foreground)["']?\s*[=:]\s*["'](?:{NAMES})["']"""
)
ICONS = {
    "ops/web/src/icon.svg": {colour("icon"), colour("icon-line")},
    "ops/web/public/field/icon.svg": {colour("raised", "field-night"), colour("ink", "field-night")},
}
"""Pictures that a browser shows without a page, and the colours that they may have."""


WRITTEN = {".py", ".ts", ".mjs", ".css", ".html", ".j2", ".svg", ".webmanifest", ".ipynb"}
MADE = {"node_modules", "dist", "test", "__pycache__", ".ipynb_checkpoints"}
FOLDERS = ("geo", "sensors", "ingest", "fusion", "ops", "notebooks", "docs/site")


def written_by_people() -> list[Path]:
    files = []
    for start in FOLDERS:
        for folder, inner, names in os.walk(ROOT / start):
            inner[:] = [name for name in inner if name not in MADE]
            files += [Path(folder, name) for name in names if Path(name).suffix in WRITTEN]
    return [file for file in files if file != SOURCE]


def colours_in(file: Path) -> list[str]:
    """What states a colour in a file: a literal, numbers in the code that draws, or a name."""
    text = file.read_text(encoding="utf-8")
    found = [match.group() for match in LITERAL.finditer(text)]
    if file.suffix == ".py" and "ops" in file.relative_to(ROOT).parts[:1]:
        found += [
            match.group()
            for match in (*TRIPLE.finditer(text), *BARE.finditer(text))
            if 15 < max(int(part) for part in re.findall(r"\d+", match.group())) < 256
        ]
        found += [match.group() for match in FRACTIONS.finditer(text) if _may_be_a_colour(match.group())]
    named = NAMED_IN_CSS if file.suffix == ".css" else NAMED_IN_CODE
    return found + [match.group() for match in named.finditer(text)]


def _may_be_a_colour(numbers: str) -> bool:
    """Neither a scale in order, nor a box or nothing at all, which are 0 and 1 only."""
    parts = [float(part) for part in re.findall(r"[\d.]+", numbers)]
    return max(parts) <= 1.0 and parts != sorted(parts) and not set(parts) <= {0.0, 1.0}


def test_no_other_file_states_a_colour() -> None:
    files = written_by_people()
    assert len(files) > 500
    found = {file.relative_to(ROOT).as_posix(): colours_in(file) for file in files}
    assert {name: stated for name, stated in found.items() if stated and name not in ICONS} == {}
    assert {name: set(found[name]) for name in ICONS} == ICONS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.css", "a { color: #fff }"),
        ("a.css", "a { background: rgb(0 0 0 / 45%) }"),
        ("a.css", "a { border: 1px solid gray; }"),
        ("a.ts", 'const c = "#1A2b3c80";'),
        ("ops/a.py", "VEIL = (58, 62, 70)"),
        ("ops/a.py", "pixels[..., :3] = 122, 79, 0"),
        ("ops/a.py", 'axes.plot(color="tomato")'),
        ("ops/a.py", "shaded[cells > 0] = (0.48, 0.31, 0.0, 0.35)"),
        ("a.html", '<meta content="#000000">'),
    ],
)
def test_the_search_finds_a_colour(name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "ops").mkdir()
    (tmp_path / name).write_text(text)
    assert colours_in(tmp_path / name)


def test_the_page_reads_only_colours_that_the_file_states() -> None:
    """TypeScript names them as the style sheet does; the fallback of a browser would be silent."""
    used = {
        (file.name, name)
        for file in written_by_people()
        if file.suffix in {".ts", ".css"} and "web" in file.parts
        for name in re.findall(r'(?:var\(|")--([a-z0-9-]+)[)",]', file.read_text())
    }
    own = {name for file in written_by_people() for name in re.findall(r"--([a-z0-9-]+)[\"']?[:,] ", file.read_text())}
    assert len(used) > 50
    assert {(file, name) for file, name in used if name not in palettes()["day"] and name not in own} == set()


def test_figures_and_notebooks_take_their_series_from_the_file() -> None:
    series = figure_style()["axes.prop_cycle"].by_key()["color"]
    assert series == [colour(f"series-{name}") for name in SERIES]
    with drawing_style({"font.size": 8.0}):
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == series
        assert mpl.rcParams["font.size"] == 8.0
    drawn = [path for path in (ROOT / "notebooks").glob("*.py") if "matplotlib" in path.read_text(encoding="utf-8")]
    assert len(drawn) >= 5
    for notebook in drawn:
        assert "\nplt.rcParams.update(figure_style())\n" in notebook.read_text(encoding="utf-8"), notebook.name


@pytest.mark.parametrize("sight", MACHADO)
def test_the_first_series_are_told_apart_by_readers_with_colour_blindness(sight: str) -> None:
    """Four series: no figure has more without dashes or labels. Twice what is just noticeable (ΔE 2.3)."""
    assert least_apart(tuple(f"series-{name}" for name in SERIES[:4]), "day", sight) > 2 * 2.3
