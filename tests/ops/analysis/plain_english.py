"""English sentences of the message catalogue, to be sought in outputs in another language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import ops.words
from ops.drawing.pages.web_map import _leaflet_js

FOLDER = Path(ops.words.__file__).parent


def english_in(text: str, areas: Iterable[str]) -> list[str]:
    """The plain messages (without parameters, of more than one word) of these areas that are in a text, in which French
    says something else; Leaflet's source, which has English titles, does not count."""
    text = text.replace(_leaflet_js(), "")
    return [
        sentence
        for area in areas
        for name, sentence in _plain("en", area).items()
        if " " in sentence and sentence != _plain("fr", area).get(name) and sentence in text
    ]


def _plain(language: str, area: str) -> dict[str, str]:
    content = (FOLDER / language / f"{area}.ftl").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z][\w-]*) = ([^{}\n]+)$", content, flags=re.MULTILINE))
