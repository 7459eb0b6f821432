"""The settings of goods that are found at incidents."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GoodsSettings:
    """The list of codes against which goods are checked.

    Parameters
    ----------
    codes : str
        CSV file with the columns code, title, valid_from, valid_to, and list for controlled goods (``hs_code``,
        ``eccn`` or ``eu_list``). A relative path begins at the folder of the settings file. Empty: only chapters, the
        headings that matter at a border, and categories are checked.
    """

    codes: str = ""
