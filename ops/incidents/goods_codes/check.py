"""Whether a code of goods exists on a day, how far that was checked, its titles, and the nearest code that exists."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, Literal

from geo.errors import BadInput
from ops.incidents.goods_codes.code_list import (
    CODE_FIELDS,
    ENTRY,
    SUBHEADING,
    CodeField,
    CodeList,
    ListedCode,
    read_code_file,
    shipped_headings,
    shipped_structure,
)
from ops.incidents.tracing import NOT_CONTROLLED, WrongTracing, control_number, hs_subheading

CheckDepth = Literal["list", "subheading", "heading", "chapter", "category", "none"]
"""Against what a code was checked: a full list, the shipped subheadings, headings or chapters of the Harmonized System,
or the category, product group and hundreds of a list of controlled goods."""
CodeFault = Literal["", "form", "unknown", "not_valid"]
_LEVELS: Final[dict[int, CheckDepth]] = {2: "chapter", 4: "heading", SUBHEADING: "subheading"}


@dataclass(frozen=True, slots=True)
class CodeFinding:
    """The finding on one code. ``fault`` empty: it exists, as far as ``depth`` says.

    ``titles`` run from general to special. ``nearest``: the nearest code that exists on the day; empty for none.
    """

    field: CodeField
    code: str
    depth: CheckDepth
    fault: CodeFault = ""
    nearest: str = ""
    titles: tuple[ListedCode, ...] = ()

    def title(self, language: str) -> str:
        """The most special title; of a number of controlled goods that is on no list, those of all its parts."""
        if self.depth == "category":
            return " · ".join(one.title(language) for one in self.titles)
        return self.titles[-1].title(language) if self.titles else ""

    @property
    def in_languages(self) -> dict[str, str]:
        """The title in each language that has one."""
        return {language: self.title(language) for one in self.titles for language in sorted(one.titles)}


@dataclass(frozen=True, slots=True)
class GoodsCodes:
    """The shipped structure, and the full lists of an operator."""

    full: Mapping[CodeField, CodeList] = field(default_factory=dict)

    def has_full_list(self, of: CodeField) -> bool:
        """Whether codes of a field are checked against a full list."""
        return of in self.full and self.full[of].has_level(SUBHEADING if of == "hs_code" else ENTRY)

    def find(self, of: CodeField, text: str, day: date) -> CodeFinding:
        """Return what is known of a code that a person stated, on a day."""
        try:
            code = hs_subheading(text) if of == "hs_code" else control_number(text, of)
        except WrongTracing:
            return CodeFinding(of, text.strip(), "none", "form")
        if not code or code == NOT_CONTROLLED:
            return CodeFinding(of, code, "none")
        return self._subheading(code, day) if of == "hs_code" else self._control(of, code, day)

    def _subheading(self, code: str, day: date) -> CodeFinding:
        titles = tuple(row for length in _LEVELS if (row := self._row("hs_code", code[:length], day)) is not None)
        if self.has_full_list("hs_code"):
            known = {row.code[:SUBHEADING] for row in self.full["hs_code"].valid_on(day) if len(row.code) >= SUBHEADING}
            if code in known:
                return CodeFinding("hs_code", code, "list", titles=titles)
            ever = any(one[:SUBHEADING] == code for one in self.full["hs_code"].rows)
            fault: CodeFault = "not_valid" if ever else "unknown"
            return CodeFinding("hs_code", code, "list", fault, _nearest(code, known), titles)
        headings, depth = shipped_headings(), 0
        for length in _LEVELS:
            row, parent = headings.on(code[:length], day), headings.on(code[: length - 2], day)
            if row is None:
                if code[:length] in headings.rows or length == 2 or (parent is not None and parent.complete):
                    fault = "not_valid" if code[:length] in headings.rows else "unknown"
                    return CodeFinding(
                        "hs_code", code, _LEVELS[length], fault, _near_heading(code, length, day), titles
                    )
                break
            depth = length
        return CodeFinding("hs_code", code, _LEVELS[depth], titles=titles)

    def _control(self, of: CodeField, code: str, day: date) -> CodeFinding:
        structure, entry = shipped_structure(of), code[:ENTRY]
        parts = (structure.categories.get(code[0]), structure.groups.get(code[1]), structure.hundreds.get(code[2]))
        titles = tuple(row for row in parts if row is not None)
        if not self.has_full_list(of):
            if parts[2] is None:
                near = _nearest(code[2], structure.hundreds)
                return CodeFinding(of, code, "category", "unknown", f"{code[:2]}{near}{code[3:ENTRY]}", titles)
            return CodeFinding(of, code, "category", titles=titles)
        steps = code.split(".")
        paths = [".".join(steps[: length + 1]) for length in range(len(steps))]
        titles += tuple(row for path in paths if (row := self.full[of].on(path, day)) is not None)
        valid = {row.code for row in self.full[of].valid_on(day)}
        named = [path for path in paths if path in self.full[of].rows]
        has_ended = bool(named) and not any(_is_within(one, named[-1]) for one in valid)
        if not has_ended and _is_listed(code, paths, valid):
            return CodeFinding(of, code, "list", titles=titles)
        fault: CodeFault = "not_valid" if _is_listed(code, paths, self.full[of].rows) else "unknown"
        within = [one for one in valid if one[:ENTRY] == entry]
        return CodeFinding(of, code, "list", fault, _nearest(code, within or valid), titles)

    def _row(self, of: CodeField, code: str, day: date) -> ListedCode | None:
        """The row of a code for its title: the operator's, else the shipped one."""
        own = self.full[of].on(code, day) if of in self.full else None
        return own or shipped_headings().on(code, day)


class GoodsCodeFile:
    """The codes of an installation, from the file of its settings, which is read again whenever it changes.

    A file that cannot be used never stops anyone from recording goods: what was read before stays in use, at first the
    shipped structure, and ``problem`` says why.
    """

    def __init__(self, path: Path | None) -> None:
        self.path, self._codes, self._seen = path, GoodsCodes(), (-1, -1)
        self.problem: str | None = None

    @classmethod
    def named(cls, path: str) -> GoodsCodeFile:
        """The codes of the file of the settings; an empty name is none."""
        return cls(Path(path) if path else None)

    def checked(self) -> str | None:
        """Why the file cannot be used as it is now; None where it can."""
        self.codes()
        return self.problem

    def codes(self) -> GoodsCodes:
        """The codes as the file has them now."""
        if self.path is None:
            return self._codes
        try:
            state = os.stat(self.path)
            seen = (state.st_mtime_ns, state.st_size)
        except OSError:
            seen = (0, -1)
        if seen != self._seen:
            try:
                self._codes, self.problem = GoodsCodes(read_code_file(self.path)), None
            except BadInput as error:
                self.problem = str(error)
            self._seen = seen
        return self._codes


def _is_listed(code: str, paths: list[str], listed: Iterable[str]) -> bool:
    """Whether a list has the code, one below it, or one above it under which it names no further ones."""
    found = set(listed)
    if any(_is_within(one, code) for one in found):
        return True
    above = [path for path in paths[:-1] if path in found]
    return bool(above) and not any(one.startswith(f"{above[-1]}.") for one in found)


def _is_within(one: str, code: str) -> bool:
    """Whether a number is another one or below it."""
    return one == code or one.startswith(f"{code}.")


def _near_heading(code: str, length: int, day: date) -> str:
    """The nearest shipped code of a level, and of those below it the nearest subheading where there are any."""
    valid = [one.code for one in shipped_headings().valid_on(day)]
    near = _nearest(code, (one for one in valid if len(one) == length))
    below = (one for one in valid if len(one) == SUBHEADING and one[:length] == near)
    return _nearest(code, below) or near


def _nearest(code: str, others: Iterable[str]) -> str:
    """The code that agrees with another in the most leading characters, and is nearest in the first that differs."""

    def apart(other: str) -> tuple[int, int, str]:
        pairs = enumerate(zip_longest(code, other))
        same = next((at for at, (one, another) in pairs if one != another), len(code))
        first, second = (ord(one[same]) if same < len(one) else 0 for one in (code, other))
        return -same, abs(first - second), other

    return min(others, key=apart, default="")


def findings_of(incident: Mapping[str, Any], codes: GoodsCodes) -> list[CodeFinding]:
    """Return what is known of the codes of the record of an incident, as published, on the day of its opening."""
    stated, day = incident.get("tracing") or {}, date.fromisoformat(str(incident["opened_at"])[:10])
    return [codes.find(name, text, day) for name in CODE_FIELDS if (text := stated.get(name))]
