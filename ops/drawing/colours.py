"""The colours of ``colours.css``, the only file that states any, for everything that is drawn in Python.

Without the libraries that paint: the API serves style sheets and names palettes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

Palette = Literal["day", "night"]
"""The palettes of map layers."""
Rgb = tuple[int, int, int]
Rgba = tuple[int, int, int, int]

SOURCE: Final = Path(__file__).with_name("colours.css")
_RULE: Final = re.compile(r':root(?:\[data-palette="([a-z-]+)"\])? \{(.*?)\n\}', re.DOTALL)
_COLOUR: Final = re.compile(r"--([a-z0-9-]+): (#[0-9a-f]{6}(?:[0-9a-f]{2})?);")
_USED: Final = re.compile(r"var\(--([a-z0-9-]+)\)")


@lru_cache(maxsize=1)
def palettes() -> Mapping[str, Mapping[str, str]]:
    """Colours by palette (day, night, field-night, print) and name, #rrggbb or #rrggbbaa, as the file states them."""
    source = SOURCE.read_text(encoding="utf-8")
    return {palette or "day": dict(_COLOUR.findall(body)) for palette, body in _RULE.findall(source)}


def colour(name: str, palette: str = "day") -> str:
    """Return a colour as #rrggbb or #rrggbbaa.

    Parameters
    ----------
    name : str
        Its name in ``colours.css``, without the two dashes.
    palette : str
        ``day``, ``night``, ``field-night`` or ``print``. A colour that it does not state is that of the day.

    Raises
    ------
    KeyError
        If the file has no such colour.
    """
    return palettes()[palette].get(name) or palettes()["day"][name]


def rgb(name: str, palette: str = "day") -> Rgb:
    """Return red, green and blue of a colour, 0 to 255."""
    return rgba(name, palette)[:3]


def rgba(name: str, palette: str = "day") -> Rgba:
    """Return red, green, blue and opacity of a colour, 0 to 255."""
    red, green, blue, opacity = bytes.fromhex(colour(name, palette)[1:].ljust(8, "f"))
    return red, green, blue, opacity


def scale(name: str, palette: str = "day") -> tuple[str, ...]:
    """Return the numbered colours ``name-1``, ``name-2`` and so on, in this order."""
    numbered = [number for known in palettes()["day"] if (number := known.removeprefix(f"{name}-")).isdecimal()]
    return tuple(colour(f"{name}-{number}", palette) for number in sorted(numbered, key=int))


def with_colours(sheet: str) -> str:
    """Return a style sheet preceded by the colours that it uses.

    The browser chooses the palette of the day or of the night by the system's setting, and that of print on paper.
    """
    used = sorted(set(_USED.findall(sheet)) & palettes()["day"].keys())
    return (
        _stated("day", used)
        + f"@media (prefers-color-scheme: dark) {{ {_stated('night', used)}}}\n"
        + f"@media print {{ {_stated('print', used)}}}\n"
        + sheet
    )


def _stated(palette: str, names: list[str]) -> str:
    known = palettes()[palette]
    return ":root { " + "".join(f"--{name}: {known[name]}; " for name in names if name in known) + "}\n"
