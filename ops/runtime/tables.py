"""Tables on a terminal: words and numbers are not broken, whatever the width."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table

from ops.runtime.output import column

BETWEEN: Final = 2
"""Spaces between two columns."""
NARROWEST: Final = 16
"""Characters of the narrowest column of text; a row that has no room for them is shown as a list."""
UNPRINTED: Final = "\u00a0\u202f\u2068\u2069"
"""Signs of sentences that Python does not count as printable: spaces of numbers and punctuation, and the isolates
around parameters in right-to-left languages."""
LONGEST_WORD: Final = 40
"""Characters of the longest word that is never broken; a longer one, such as a path, may be."""
_MINUS: Final = re.compile(r"(?<![^\s(–])-(?=\d)")


def table_of(*names: str, title: str | None = None, right: Sequence[str] = ()) -> Table:
    """A table with these columns, named as in ``column``; those in ``right`` hold numbers."""
    table = Table(title=title)
    for name in names:
        table.add_column(column(name), justify="right" if name in right else "left")
    return table


def show_table(screen: Console, table: Table, *, typed_again: bool = False, wrap_first: bool = False) -> None:
    """Print the title, headings and rows of a table as plain text, without control characters.

    On a terminal text is wrapped between words; the first column (without ``wrap_first``) and those aligned to the
    right never are. If that does not fit, every row becomes a list of ``heading: value``. In a pipe or file every row
    is one line, unless the variable COLUMNS states a width.
    Negative numbers have a minus sign, except if they may be ``typed_again`` into a command.
    """

    def shown(cell: object) -> str:
        text = "".join(one if one.isprintable() or one in "\n" + UNPRINTED else "�" for one in str(cell))
        return text if typed_again else _MINUS.sub("−", text)

    headings = [str(each.header) for each in table.columns]
    rows = list(zip(*([shown(cell) for cell in each.cells] for each in table.columns), strict=True))
    styles = [row.style or "" for row in table.rows]
    if table.title:
        screen.print(str(table.title), style="bold", markup=False, highlight=False, soft_wrap=True)
    limited = screen.is_terminal or "COLUMNS" in os.environ
    widths = _widths(table.columns, headings, rows, screen.width if limited else None, wrap_first=wrap_first)
    if widths is None:
        _show_as_lists(screen, headings, rows)
        return
    right = [each.justify == "right" for each in table.columns]
    lines = [(headings, "dim")] if any(headings) and table.show_header else []
    for cells, style in [*lines, *zip(rows, styles, strict=True)]:
        for line in _lines(cells, widths, right, wrapped=limited):
            screen.print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def _widths(
    columns: Sequence[Column],
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    screen: int | None,
    *,
    wrap_first: bool,
) -> list[int] | None:
    """The width of each column; None if they do not fit. ``screen`` None: as wide as the cells."""
    least, natural = [], []
    for at, each in enumerate(columns):
        cells = [line for row in rows for line in (row[at].splitlines() if screen else [_on_one_line(row[at])])]
        whole = max(map(cell_len, [headings[at], *cells]))
        lengths = [cell_len(word) for text in [headings[at], *cells] for word in text.split(" ")]
        longest = max((length for length in lengths if length <= LONGEST_WORD), default=0)
        whole_cells = (at == 0 and not wrap_first) or each.justify == "right"
        kept = max(map(cell_len, cells), default=0) if whole_cells else min(whole, NARROWEST)
        natural.append(whole)
        least.append(max(longest, kept))
    if screen is None:
        return natural
    spare = screen - BETWEEN * (len(columns) - 1) - sum(least)
    if spare < 0:
        return None
    widths = least
    for _ in range(min(spare, sum(natural) - sum(least))):
        fullest = max(range(len(widths)), key=lambda at: natural[at] / max(widths[at], 1))
        widths[fullest] += 1
    return widths


def _lines(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], *, wrapped: bool) -> list[str]:
    blocks = [
        _wrapped(cell, width) if wrapped else [_on_one_line(cell)] for cell, width in zip(cells, widths, strict=True)
    ]
    lines = []
    for at in range(max(map(len, blocks))):
        line = ""
        for block, width, to_right in zip(blocks, widths, right, strict=True):
            text = block[at] if at < len(block) else ""
            space = " " * (width - cell_len(text))
            line += (space + text if to_right else text + space) + " " * BETWEEN
        lines.append(line.rstrip())
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    """The lines of a text; words joined by a no-break space or a hyphen are kept together."""
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, max(width, 1), break_on_hyphens=False)]
    return lines or [""]


def _on_one_line(text: str) -> str:
    return "; ".join(line for line in text.splitlines() if line)


def _show_as_lists(screen: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for number, row in enumerate(rows):
        if number:
            screen.print()
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                named = f"{heading}: {_on_one_line(cell)}" if heading else _on_one_line(cell)
                for line in textwrap.wrap(
                    named, screen.width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
                ):
                    screen.print(line, markup=False, highlight=False, soft_wrap=True)
