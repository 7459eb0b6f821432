"""Names that people write: the nearest valid one for a mistyped or former one, and text without hidden characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

HIDDEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Control characters, line separators and what changes the direction of writing: they hide or reorder a sentence."""
REPLACEMENT: Final = "\ufffd"
ONE_LINE: Final = "text on one line, without control characters or changes of the direction of writing"
"""What an error for such a text expects."""


def nearest(name: str, known: Iterable[str], former: Mapping[str, str] | None = None) -> str | None:
    """Return the name of ``known`` that was probably meant; None where none is close.

    ``former`` maps former names, and usual names elsewhere, to those of ``known``; they may be mistyped too.
    """
    names = dict.fromkeys(known)
    meant = {name: name for name in names} | {old: new for old, new in (former or {}).items() if new in names}
    if name in meant:
        return meant[name]
    close = get_close_matches(name, meant, n=1)
    return meant[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str], former: Mapping[str, str] | None = None) -> str:
    """Return `` (did you mean 'x'?)`` for the nearest name; empty where none is close."""
    found = nearest(name, known, former)
    return "" if found is None else f" (did you mean {found!r}?)"


def expected_name(name: str, known: Iterable[str], former: Mapping[str, str] | None = None) -> str:
    """Return what was expected instead of ``name``: the nearest name, or all of them where none is close."""
    names = list(known)
    found = nearest(name, names, former)
    return f"one of {', '.join(names)}" if found is None else f"a known name, probably {found!r}"


def readable(text: str) -> str:
    """Return a text of a person or a library as part of one line: each hidden character is shown as U+FFFD.

    Examples
    --------
    >>> readable("post" + chr(10) + "2") == "post" + chr(0xFFFD) + "2"
    True
    """
    return HIDDEN.sub(REPLACEMENT, text)
