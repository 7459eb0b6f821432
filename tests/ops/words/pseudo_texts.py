"""Texts of a page in the pseudo-language en-XA that do not come from the message catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any

ACCENTS = "áçéíñóšúýÁÇÉÍÑÓŠÚÝ"
"""Every message of the pseudo-language has at least one."""
UNITS = {
    "m",
    "km",
    "km²",
    "km/h",
    "m/s",
    "mm/h",
    "dB/km",
    "µm",
    "K",
    "min",
    "s",
    "h",
    "d",
    "ms",
    "MB",
    "kn",
    "NM",
    "mi",
    "ft",
    "mph",
    "kB",
    "N",
    "S",
    "E",
    "W",
    "Pd",
}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def is_plain(text: str, names: Iterable[str] = ()) -> bool:
    """Whether a text has words but no accent, without these names and without units."""
    rest = text
    for name in sorted(names, key=len, reverse=True):
        rest = rest.replace(name, "")
    words = re.findall(r"[^\W\d_]+(?:/[^\W\d_]+)*", rest)
    return not any(accent in text for accent in ACCENTS) and not UNITS.issuperset(words)


def plain_texts(page: str, names: Iterable[str] = ()) -> list[str]:
    """The plain texts of an HTML page, its titles, labels and the texts of its map included; names and code
    (``translate="no"``, ``lang``) excluded."""
    reader = _Texts()
    reader.feed(page)
    assert reader.texts, "the page has no text"
    return [text for text in reader.texts if is_plain(text, names)]


def plain_lines(printed: str, names: Iterable[str] = ()) -> list[str]:
    """The plain lines of what a command printed."""
    assert printed.strip(), "nothing was printed"
    return [line for line in printed.splitlines() if is_plain(line, names)]


class _Texts(HTMLParser):
    """Every text that is read on a page or from it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._left_out: list[bool] = [False]
        self._of_map = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._of_map = found.get("id") == "map-texts"
        code = tag in ("script", "style", "noscript", "code", "pre")
        named = found.get("translate") == "no" or ("lang" in found and tag != "html")
        left_out = self._left_out[-1] or code or named
        if not left_out:
            self.texts += [
                found[name] or "" for name in ("title", "aria-label", "alt", "placeholder") if found.get(name)
            ]
        if tag not in VOID:
            self._left_out.append(left_out)

    def handle_endtag(self, tag: str) -> None:
        self._of_map = False
        if tag not in VOID and len(self._left_out) > 1:
            self._left_out.pop()

    def handle_data(self, data: str) -> None:
        if self._of_map:
            self.texts += [text for text in _strings(json.loads(data)) if text]
        elif data.strip() and not self._left_out[-1]:
            self.texts.append(data.strip())


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)
