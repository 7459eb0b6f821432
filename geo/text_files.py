"""Text files that people write: UTF-8, with or without a byte order mark, and the JSON in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class NotReadable(ValueError):
    """A file that is not the text or JSON that was expected; the message completes a sentence: ``is empty``."""


def read_text(path: Path) -> str:
    """Return the text of a file. NotReadable for another encoding than UTF-8; OSError for a file that cannot be read.

    A byte order mark at its start, as some editors write it, is not part of the text.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotReadable("is not UTF-8 text") from None


def read_json(path: Path) -> Any:
    """Return the JSON document of a file. NotReadable with line and column; OSError as ``read_text``."""
    text = read_text(path)
    if not text.strip():
        raise NotReadable("is empty")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NotReadable(f"is not JSON (line {error.lineno}, column {error.colno})") from None
    except (ValueError, RecursionError):
        raise NotReadable("is not JSON that can be read: too large a number or too deeply nested") from None
