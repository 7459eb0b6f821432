"""Codes of goods with their titles and validity: what is shipped, and the file of an operator.

Shipped are the chapters of the Harmonized System with the headings that matter at a border, and the structure of the
lists of controlled goods. The selection and its short titles are ours, after the Harmonized System 2022 of the WCO,
Annex I of Regulation (EU) 2021/821, and the Commerce Control List (15 CFR part 774). The legal texts are authoritative.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, get_args

from geo.errors import BadInput
from geo.names import HIDDEN
from ops.incidents.tracing import NOT_CONTROLLED, WrongTracing, control_number

CodeField = Literal["hs_code", "eccn", "eu_list"]
CODE_FIELDS: Final[tuple[CodeField, ...]] = get_args(CodeField)
SUBHEADING: Final = 6
"""Digits of a subheading of the Harmonized System; national codes have more."""
ENTRY: Final = 5
"""Characters of an entry of a list of controlled goods, such as 6A003."""
MOST_BYTES: Final = 32_000_000
LONGEST_TITLE: Final = 500
_NATIONAL: Final = 10
"""Digits of the longest national code."""
_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_TITLE: Final = re.compile(r"title(?:_[a-z]{2})?", re.ASCII)
_FOLDER: Final = Path(__file__).parent
SOURCE_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True)
class ListedCode:
    """One row of a list. ``titles`` by language; the validity includes both days, None: without a limit.

    ``complete``: every code of the next level is listed too, so that others do not exist.
    """

    code: str
    titles: Mapping[str, str]
    valid_from: date | None = None
    valid_to: date | None = None
    complete: bool = False

    def is_valid_on(self, day: date) -> bool:
        """Whether the code is in force on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def title(self, language: str) -> str:
        """The title in a language, else in English."""
        return self.titles.get(language) or self.titles.get(SOURCE_LANGUAGE, "")


@dataclass(frozen=True, slots=True)
class CodeList:
    """The rows of one list by code."""

    rows: Mapping[str, tuple[ListedCode, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[ListedCode]) -> CodeList:
        """The list of these rows."""
        found: dict[str, tuple[ListedCode, ...]] = {}
        for row in rows:
            found[row.code] = (*found.get(row.code, ()), row)
        return cls(found)

    def on(self, code: str, day: date) -> ListedCode | None:
        """The row of a code that is in force on a day."""
        return next((row for row in self.rows.get(code, ()) if row.is_valid_on(day)), None)

    def valid_on(self, day: date) -> Iterator[ListedCode]:
        """Every row that is in force on a day."""
        return (row for rows in self.rows.values() for row in rows if row.is_valid_on(day))

    def has_level(self, length: int) -> bool:
        """Whether the list has codes of at least this length, so that it is more than a structure."""
        return any(len(code) >= length for code in self.rows)


@dataclass(frozen=True, slots=True)
class ControlStructure:
    """The parts of a number of controlled goods: titles of its category, product group and hundreds."""

    categories: Mapping[str, ListedCode]
    groups: Mapping[str, ListedCode]
    hundreds: Mapping[str, ListedCode]


@lru_cache(maxsize=1)
def shipped_headings() -> CodeList:
    """The shipped selection of the Harmonized System."""
    return CodeList.of(
        ListedCode(
            row["code"], _titles(row), _day(row["valid_from"]), _day(row["valid_to"]), complete=row["complete"] == "1"
        )
        for row in _shipped("hs.csv")
    )


@lru_cache(maxsize=2)
def shipped_structure(of: CodeField) -> ControlStructure:
    """The shipped structure of a list of controlled goods."""
    parts: dict[str, dict[str, ListedCode]] = {"category": {}, "group": {}, "hundred": {}}
    for row in _shipped("controls.csv"):
        if row["list"] in ("both", of):
            parts[row["part"]][row["code"]] = ListedCode(row["code"], _titles(row))
    return ControlStructure(parts["category"], parts["group"], parts["hundred"])


def read_code_file(path: Path) -> dict[CodeField, CodeList]:
    """Return the lists of an operator's file.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 with the columns ``code``, ``title``, ``valid_from`` and ``valid_to`` (days such as 2022-01-01, or
        empty), and optionally ``list`` (``hs_code``, ``eccn`` or ``eu_list``; required for controlled goods) and titles
        in other languages, such as ``title_fr``.

    Raises
    ------
    BadInput
        Naming the row and what is wrong with it, for the first such row. Nothing of the file is used then.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=path.name, expected="a CSV file") from None
    if len(content) > MOST_BYTES:
        raise BadInput("is too large", where=path.name, expected=f"at most {MOST_BYTES:,} bytes")
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        names = list(reader.fieldnames or ())
        _check_columns(names, path.name)
        found: dict[CodeField, dict[str, list[ListedCode]]] = {}
        for number, row in enumerate(reader, start=2):
            where = f"{path.name} row {number}"
            if None in row or None in row.values():
                raise BadInput("another number of cells", where=where, expected=f"{len(names)}")
            of, listed = _row(row, where)
            same = found.setdefault(of, {}).setdefault(listed.code, [])
            if any(_overlap(listed, other) for other in same):
                expected = "days on which no other row of the code is valid"
                raise BadInput(f"{listed.code} is listed twice", where=where, expected=expected)
            same.append(listed)
    except (UnicodeError, csv.Error) as error:
        raise BadInput(f"cannot be read ({error})", where=path.name, expected="CSV in UTF-8") from None
    if not found:
        raise BadInput("has no rows", where=path.name, expected="a row for each code")
    return {of: CodeList({code: tuple(rows) for code, rows in each.items()}) for of, each in found.items()}


def _check_columns(names: list[str], where: str) -> None:
    known = {"code", "title", "valid_from", "valid_to", "list"}
    unknown = [one for one in names if one not in known and not _TITLE.fullmatch(one)]
    if unknown or len(set(names)) != len(names) or not {"code", "title", "valid_from", "valid_to"} <= set(names):
        expected = "the columns code, title, valid_from, valid_to, and optionally list and title_fr"
        raise BadInput(f"columns {', '.join(map(str, names))[:200]}", where=where, expected=expected)


def _row(row: Mapping[str, str], where: str) -> tuple[CodeField, ListedCode]:
    stated, text = row.get("list", "").strip(), row["code"].strip()
    plain = re.sub(r"[. ]", "", text)
    is_digits = _DIGITS.fullmatch(plain) is not None
    if stated not in ("", *CODE_FIELDS) or (not stated and not is_digits):
        raise BadInput(f"list {stated[:40]!r} of {text[:40]!r}", where=where, expected=", ".join(CODE_FIELDS))
    of: CodeField = next((one for one in CODE_FIELDS if one == stated), "hs_code")
    try:
        code = _goods_code(plain, is_digits=is_digits) if of == "hs_code" else control_number(text, of)
    except WrongTracing:
        code = ""
    if not code or code == NOT_CONTROLLED:
        expected = "2, 4, 6, 8 or 10 digits" if of == "hs_code" else "a number such as 6A003 or 6A003.b.4"
        raise BadInput(f"code {text[:40]!r}", where=where, expected=expected)
    titles = {name.removeprefix("title").strip("_") or SOURCE_LANGUAGE: " ".join(value.split())
              for name, value in row.items() if _TITLE.fullmatch(name) and value.strip()}  # fmt: skip
    if SOURCE_LANGUAGE not in titles or any(len(one) > LONGEST_TITLE or HIDDEN.search(one) for one in titles.values()):
        raise BadInput("title", where=where, expected=f"1 to {LONGEST_TITLE} visible characters")
    try:
        start, end = _day(row["valid_from"]), _day(row["valid_to"])
    except ValueError:
        raise BadInput("valid_from or valid_to", where=where, expected="a day such as 2022-01-01, or nothing") from None
    if start is not None and end is not None and end < start:
        raise BadInput("valid_to is before valid_from", where=where, expected="a day from valid_from on")
    return of, ListedCode(code, titles, start, end)


def _goods_code(digits: str, *, is_digits: bool) -> str:
    return digits if is_digits and len(digits) % 2 == 0 and len(digits) <= _NATIONAL else ""


def _overlap(one: ListedCode, other: ListedCode) -> bool:
    start, end = date.min, date.max
    return max(one.valid_from or start, other.valid_from or start) <= min(one.valid_to or end, other.valid_to or end)


def _titles(row: Mapping[str, str]) -> dict[str, str]:
    return {SOURCE_LANGUAGE: row["title"], "fr": row["title_fr"]}


def _day(text: str) -> date | None:
    return date.fromisoformat(text.strip()) if text.strip() else None


def _shipped(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
