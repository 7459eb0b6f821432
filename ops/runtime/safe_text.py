"""Texts of people and devices in files that other programs read: without formulas, and valid in XML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from geo.names import REPLACEMENT

if TYPE_CHECKING:
    import pandas as pd

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings that a spreadsheet takes for a formula (OWASP, CSV Injection)."""
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def safe_cell(value: Any) -> Any:
    """Return a text that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe."""
    if isinstance(value, str) and value.lstrip(" \u00a0").startswith(FORMULA_STARTS):
        return "'" + value
    return value


def safe_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts are safe cells."""
    return table.assign(**table.select_dtypes(["object", "string"]).map(safe_cell))


def xml_text(text: str) -> str:
    """Return a text with U+FFFD in place of each character that XML 1.0 cannot hold.

    Examples
    --------
    >>> xml_text("post" + chr(0) + "2") == "post" + chr(0xFFFD) + "2"
    True
    """
    return _NOT_XML.sub(REPLACEMENT, text)
