"""The font of the front end as files of one weight, which matplotlib, fpdf2 and WeasyPrint draw with."""

from __future__ import annotations

import errno
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont

from ops.drawing.typeface import figure_font, font_files
from ops.drawing.typeface.font_files import FALLBACK, FAMILY, families

CHARACTERS = {"latin": "AB", "cyrillic": "\N{CYRILLIC CAPITAL LETTER DE}"}


def packed(characters: str) -> bytes:
    """A font of all weights: a bar as wide as half the weight."""
    builder = FontBuilder(1000, isTTF=True)
    names = {ord(character): f"u{ord(character):04X}" for character in characters}
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    builder.setupGlyf({name: bar(200) for name in builder.font.getGlyphOrder()})
    builder.setupHorizontalMetrics(dict.fromkeys(builder.font.getGlyphOrder(), (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Trial Variable", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.setupFvar([("wght", 100, 400, 700, "Weight")], [])
    wider = [None, None, (150, 0), (150, 0), None, None, None, None]
    from fontTools.ttLib.tables.TupleVariation import TupleVariation

    moved = [(0, 0) if change is None else change for change in wider]
    builder.setupGvar({name: [TupleVariation({"wght": (0.0, 1.0, 1.0)}, list(moved))] for name in names.values()})
    font = builder.font
    font.flavor = "woff2"
    file = BytesIO()
    font.save(file)
    return file.getvalue()


def bar(width: int) -> object:
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((0, 700))
    pen.lineTo((width, 700))
    pen.lineTo((width, 0))
    pen.closePath()
    return pen.glyph()


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A front end with a font of two sets of characters, and a cache folder of its own."""
    monkeypatch.setenv("WATCHLINE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    rules = ""
    for name, characters in CHARACTERS.items():
        (folder / "assets" / f"f-{name}-1a.woff2").write_bytes(packed(characters))
        rules += f'@font-face{{font-family:F;src:url(/assets/f-{name}-1a.woff2)format("woff2")}}'
    (folder / "assets" / "font-2b.css").write_text(rules)
    font_files._found.cache_clear()
    yield folder
    font_files._found.cache_clear()


def test_a_file_for_each_set_of_characters_and_weight_and_last_the_fallback(built: Path) -> None:
    files = font_files.font_files(built)
    assert [(file.family, file.bold) for file in files] == [
        (family, bold) for family in (FAMILY, f"{FAMILY} 2", FALLBACK) for bold in (False, True)
    ]
    assert families(files) == [FAMILY, f"{FAMILY} 2", FALLBACK]
    for file in files[:4]:
        font = TTFont(file.path)
        assert font.flavor is None
        assert "fvar" not in font
        assert [font["name"].getDebugName(number) for number in (1, 2)] == [
            file.family,
            "Bold" if file.bold else "Regular",
        ]
    assert {chr(code) for code in TTFont(files[2].path).getBestCmap()} == set(CHARACTERS["cyrillic"])


def test_bold_is_the_weight_of_headings(built: Path) -> None:
    """The bar is 200 wide at 400, the default, and 350 at 700; two thirds of the way, at 600, 300."""
    plain, bold = (TTFont(file.path)["glyf"]["u0041"] for file in font_files.font_files(built)[:2])
    assert [glyph.xMax for glyph in (plain, bold)] == [200, 300]


def test_files_are_made_once_and_are_the_same_each_time(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = {file.path: file.path.read_bytes() for file in font_files.font_files(built)}
    font_files._found.cache_clear()
    with monkeypatch.context() as without:
        without.setattr(font_files, "_one_weight", None)  # may not be called
        assert [file.path for file in font_files.font_files(built)] == list(first)
    missing, damaged = list(first)[:2]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    missing.unlink()  # also while the program runs
    assert {file.path: file.path.read_bytes() for file in font_files.font_files(built)} == first


def test_a_cache_that_others_may_write_is_not_used(built: Path, tmp_path: Path) -> None:
    (tmp_path / "cache" / "fonts").mkdir(parents=True)
    (tmp_path / "cache" / "fonts").chmod(0o777)
    made = [file.path for file in font_files.font_files(built)[:4]]
    assert all(path.is_file() for path in made)
    assert not any(path.is_relative_to(tmp_path) for path in made)
    assert list((tmp_path / "cache" / "fonts").iterdir()) == []


def test_a_full_disk_of_the_cache_is_no_obstacle(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = font_files._written

    def full(path: Path, content: bytes) -> Path:
        if path.is_relative_to(tmp_path):
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(path, content)

    monkeypatch.setattr(font_files, "_written", full)
    assert all(file.path.is_file() for file in font_files.font_files(built))


def test_threads_that_ask_at_once_get_the_same_files(built: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: font_files.font_files(built), range(4)))
    assert len(set(answers)) == 1
    assert all(file.path.is_file() for file in answers[0])


def test_without_the_front_end_there_is_the_font_of_matplotlib(tmp_path: Path) -> None:
    assert families(font_files.font_files(tmp_path)) == [FALLBACK]


def test_figures_are_drawn_with_the_font_and_a_missing_character_from_the_next(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial font draws A as a bar, which no other font does, and lacks the sign ≥."""
    monkeypatch.setattr(figure_font, "font_files", lambda: font_files.font_files(built))
    monkeypatch.setattr(font_files, "FAMILY", "Trial Sans")
    known = list(mpl.font_manager.fontManager.ttflist)
    figure_font.figure_families.cache_clear()
    try:
        with figure_font.drawing_style({"font.size": 12.0}), warnings.catch_warnings():
            warnings.simplefilter("error")
            assert mpl.rcParams["font.family"] == ["Trial Sans", "Trial Sans 2", FALLBACK]
            bar_alone, with_sign = drawn("A"), drawn("A\N{GREATER-THAN OR EQUAL TO}\N{CYRILLIC CAPITAL LETTER DE}")
            assert Path(findfont(FontProperties(weight="bold"))).read_bytes() == built_bold(built)
        rows, columns = np.nonzero(bar_alone)
        assert bar_alone[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].all()
        assert with_sign.sum() > bar_alone.sum()
    finally:
        mpl.font_manager.fontManager.ttflist[:] = known
        findfont.cache_clear() if hasattr(findfont, "cache_clear") else None
        figure_font.figure_families.cache_clear()


def built_bold(built: Path) -> bytes:
    return font_files.font_files(built)[1].path.read_bytes()


def drawn(text: str) -> np.ndarray:
    """Pixels that a text covers."""
    figure = Figure(figsize=(2, 1))
    figure.text(0.1, 0.4, text)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., 0] < 250
