"""Searches entries of the log, for the command line and the auditor's page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from geo.errors import BadInput
from ops.audit.entry import OPERATIONS, EntryLine, read_line
from ops.audit.stores.place import reading
from ops.audit.stores.protocol import LogDay

_DAY: Final = timedelta(days=1)
MOST_SEARCHED: Final = 200_000
"""Entries that one page of results looks at."""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Selects entries from ``since_ns`` until before ``until_ns``, of a person, an operation, and a subject that
    contains a text; None means no limit. A person is found by the whole name, with or without the id in brackets."""

    since_ns: int | None = None
    until_ns: int | None = None
    person: str | None = None
    operation: str | None = None
    subject: str | None = None

    def __post_init__(self) -> None:
        if self.operation is not None and self.operation not in OPERATIONS:
            raise BadInput(
                f"{ascii(self.operation)[:40]} is not an operation",
                where="operation",
                expected=f"one of {', '.join(OPERATIONS)}",
            )

    def takes(self, entry: EntryLine) -> bool:
        """Return whether the entry matches."""
        return (
            (self.since_ns is None or entry.at_ns >= self.since_ns)
            and (self.until_ns is None or entry.at_ns < self.until_ns)
            and (self.person is None or self.person in (entry.person, entry.person.rpartition(" [")[0]))
            and self.operation in (None, entry.operation)
            and (self.subject is None or self.subject.casefold() in entry.subject.casefold())
        )


@dataclass(frozen=True, slots=True)
class FoundEntries:
    """Entries, the newest first; ``before``: the number from which to search on, None at the beginning of the log."""

    entries: list[EntryLine]
    before: int | None


def each_entry(folder: Path, wanted: EntryFilter, *, newest_first: bool = False) -> Iterator[EntryLine]:
    """Yield the matching entries of the log in ``folder``; lines that are not entries are passed over."""
    return (entry for entry in _all(folder, newest_first=newest_first) if wanted.takes(entry))


def entries_of_days(folder: Path, wanted: EntryFilter, first: date, last: date) -> Iterator[EntryLine]:
    """Yield the matching entries of some days (UTC), and of a day before and after, oldest first."""
    names = (first - _DAY).isoformat(), (last + _DAY).isoformat()
    with reading(folder) as log:
        days = [day for day in log.days() if names[0] <= day.day <= names[1]]
        yield from (entry for entry in _entries(days) if wanted.takes(entry))


def page_of(folder: Path, wanted: EntryFilter, limit: int, before: int | None = None) -> FoundEntries:
    """Return up to ``limit`` matching entries with numbers below ``before``, the newest first."""
    found: list[EntryLine] = []
    searched = 0
    for entry in _all(folder, newest_first=True):
        if before is not None and entry.n >= before:
            continue
        if len(found) == limit or searched == MOST_SEARCHED:
            return FoundEntries(found, entry.n + 1)
        searched += 1
        if wanted.takes(entry):
            found.append(entry)
    return FoundEntries(found, None)


def json_line(line: EntryLine) -> str:
    """Return an entry as a line of an export."""
    return json.dumps({"n": line.n, **line.entry.as_dict()}, ensure_ascii=False) + "\n"


def _all(folder: Path, *, newest_first: bool) -> Iterator[EntryLine]:
    with reading(folder) as log:
        days = log.days()
        yield from _entries(days[::-1] if newest_first else days, newest_first=newest_first)


def _entries(days: Sequence[LogDay], *, newest_first: bool = False) -> Iterator[EntryLine]:
    for day in days:
        for line in day.backwards() if newest_first else day.lines():
            if line.startswith(b'{"n":'):
                found = read_line(line.rstrip(b"\n"))
                if isinstance(found, EntryLine):
                    yield found
