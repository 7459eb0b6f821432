"""The font of the front end on other pages: pages of the server link it, pages that are files contain it."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

BUILT: Final = Path(__file__).resolve().parents[2] / "web" / "dist"
"""The folder of the built front end."""
_RULE: Final = re.compile(r"@font-face\s*\{[^}]*\}")
_ADDRESS: Final = re.compile(r"url\(/(assets/[\w.-]+\.woff2)\)")
_RANGE: Final = re.compile(r"U\+([0-9A-F?]+)(?:-([0-9A-F]+))?", re.IGNORECASE)


def linked_rules(folder: Path = BUILT) -> str:
    """The rules by which a page of the server gets the font; empty if the front end is not built."""
    built = sorted(folder.glob("assets/font-*.css"))
    return built[0].read_text(encoding="utf-8") + "\n" if built else ""


def embedded_rules(text: str, folder: Path = BUILT) -> str:
    """The same rules with the font itself, as far as characters of ``text`` are in it: 61 kB for Latin."""
    characters = {ord(character) for character in set(text)}
    return "".join(_embedded(rule, folder) for rule in _RULE.findall(linked_rules(folder)) if _covers(rule, characters))


def linked_files(folder: Path = BUILT) -> tuple[Path, ...]:
    """The files of the font, the commonest characters first; none if the front end is not built."""
    return tuple(folder / name for name in _ADDRESS.findall(linked_rules(folder)))


def without_font(page: str) -> str:
    """Return a page without the rules that ``embedded_rules`` gave it."""
    return _RULE.sub("", page)


def _covers(rule: str, characters: set[int]) -> bool:
    return any(
        low <= character <= high
        for first, last in _RANGE.findall(rule)
        for low, high in [(int(first.replace("?", "0"), 16), int(last or first.replace("?", "F"), 16))]
        for character in characters
    )


@lru_cache(maxsize=8)
def _embedded(rule: str, folder: Path) -> str:
    def contained(found: re.Match[str]) -> str:
        return f"url(data:font/woff2;base64,{base64.b64encode((folder / found[1]).read_bytes()).decode()})"

    return _ADDRESS.sub(contained, rule)
