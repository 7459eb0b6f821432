"""The form of texts in PostgreSQL, which cannot hold U+0000."""

from __future__ import annotations

from typing import Final

_ESCAPE: Final = "\x1a"


def stored_text(text: str) -> str:
    """Return a text in the form in which PostgreSQL can hold it, which excludes U+0000."""
    if "\0" not in text and _ESCAPE not in text:
        return text
    return text.replace(_ESCAPE, f"{_ESCAPE}1").replace("\0", f"{_ESCAPE}0")


def original_text(text: str) -> str:
    """Return the text that ``stored_text`` was given."""
    return text if _ESCAPE not in text else text.replace(f"{_ESCAPE}0", "\0").replace(f"{_ESCAPE}1", _ESCAPE)
