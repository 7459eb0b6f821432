"""Files contain the font of the front end as far as they need it, and read nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ops.drawing.typeface.page_font import embedded_rules, linked_rules, without_font

FONTS = {"latin": b"wOF2 latin", "cyrillic": b"wOF2 cyrillic"}
RULES = (
    "@font-face{font-family:F;src:url(/assets/f-latin-1a.woff2)format(\"woff2\");unicode-range:U+??,U+2000-206F}"
    "@font-face{font-family:F;src:url(/assets/f-cyrillic-2b.woff2)format(\"woff2\");unicode-range:U+301,U+400-45F}"
)  # fmt: skip


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "font-3c.css").write_text(RULES)
    for (name, body), digest in zip(FONTS.items(), ("1a", "2b"), strict=True):
        (tmp_path / "assets" / f"f-{name}-{digest}.woff2").write_bytes(body)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "fonts"),
    [
        ("Border", 1), ("\N{EN DASH}", 1), ("Граница", 1), ("Border Граница", 2), ("ž", 0),
        ("\N{CYRILLIC SMALL LETTER DZHE}", 1), ("\N{CYRILLIC CAPITAL LETTER OMEGA}", 0), ("", 0),
    ],
)  # fmt: skip
def test_a_file_contains_the_scripts_that_it_is_written_in(built: Path, text: str, fonts: int):
    """U+45F is the last of its range, U+460 the first beyond."""
    rules = embedded_rules(text, built)
    assert len(re.findall(r"url\(data:font/woff2;base64,[A-Za-z0-9+/=]+\)format", rules)) == fonts
    assert "/assets/" not in rules
    assert without_font(f"<style>{rules}p{{color:red}}</style>{text}") == f"<style>p{{color:red}}</style>{text}"


def test_without_the_front_end_pages_have_the_fonts_of_the_machine(tmp_path: Path):
    assert (embedded_rules("Border", tmp_path), linked_rules(tmp_path)) == ("", "")
