"""An index of a long history by place, from which the records of one place are read without all others.

It is derived from the history, which stays the truth, and may be deleted at any time: an SQLite file in the cache
folder that keeps, for each place and import, the records as they were written, compressed. It is used only while size,
time and last line of the history are those that were indexed. Otherwise all lines are compared with their hashes, and
the new ones are added after their chain is checked; where a line has changed, the index is built again.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from ops.analysis.indicators.history import HistoryEnd, HistoryRecord, IndicatorImport, ValueKey, indicators_of
from ops.analysis.indicators.index_file import current_index
from ops.analysis.indicators.newest import RecordOfImport, decoded, newest_of, records_back, stating_newest
from ops.analysis.indicators.records import Indicator

FOLDER: Final = "indicators"
WHOLE_BYTES: Final = 4_000_000
"""Up to this size, about 20,000 records, a history is read whole."""


@contextmanager
def indexed(path: Path, folder: Path) -> Iterator[HistoryIndex | None]:
    """Open the index of a history, built or extended as needed; None where the cache cannot hold it.

    ``folder``: the cache folder. IndicatorError, as of ``read_history``, for a history that cannot be used.
    """
    folder = folder / FOLDER
    name = blake2b(os.fsencode(path.resolve()), digest_size=16).hexdigest() + ".db"
    with current_index(path, folder / name) as database:
        try:
            yield None if database is None else HistoryIndex(database)
        except (sqlite3.DatabaseError, zlib.error, msgspec.MsgspecError):
            (folder / name).unlink(missing_ok=True)  # damaged; it is built again when it is next asked for
            raise


class MixedHistory(Exception):
    """A history has held illustrative records and others, one kind after the other was withdrawn."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The records of a place in an import, with the first day of their periods, and their first and last day."""

    number: int
    begins: date
    oldest: date
    newest: date


@dataclass(slots=True)
class _Values:
    """The newest records of some indicators of a place, with their imports, among the parts that were read."""

    place: str
    wanted: Collection[tuple[str, str]]
    numbers: set[int] = field(default_factory=set)
    newest: dict[tuple[str, str, date, str], tuple[HistoryRecord, int]] = field(default_factory=dict)

    def add(self, number: int, records: Iterable[HistoryRecord]) -> None:
        """Add the records of an import; of two with one key the later counts."""
        self.numbers.add(number)
        for one in records:
            if (one.family, one.name) in self.wanted:
                key = one.family, one.name, one.day, one.source
                if key not in self.newest or self.newest[key][1] <= number:
                    self.newest[key] = one, number

    def first_days(
        self, indicators: Collection[tuple[str, str]], replaced: Collection[ValueKey]
    ) -> dict[tuple[str, str], date]:
        """The first day of each of these indicators that has a value which is not replaced."""
        days: dict[tuple[str, str], date] = {}
        for (family, name, day, source), (one, _) in self.newest.items():
            what = family, name
            if what in indicators and not one.withdrawn and (family, name, self.place, day, source) not in replaced:
                days[what] = min(day, days.get(what, day))
        return days


@dataclass(frozen=True, slots=True)
class HistoryIndex:
    """The index of a history as of one moment."""

    _database: sqlite3.Connection

    def places(self, known_on: date, until: date = date.max) -> list[str]:
        """The places with a value up to a day, as known on ``known_on``, in order."""
        last = self._last(known_on)
        found = self._database.execute(
            "SELECT place, MIN(oldest), SUM(withdrawn) FROM parts INDEXED BY part_of WHERE number <= ? GROUP BY place",
            (last,),
        )
        return sorted(
            place
            for place, oldest, withdrawn in found.fetchall()
            if oldest <= until.isoformat()
            and (not withdrawn or any(one.day <= until for one, _ in records_back(self._database, place, last)))
        )

    def kinds(self, known_on: date, until: date = date.max) -> set[bool]:
        """Whether records up to a day are illustrative, as known on ``known_on``: one answer, both or none."""
        last = self._last(known_on)
        total, illustrative = self._database.execute(
            "SELECT SUM(records), SUM(illustrative) FROM parts INDEXED BY part_of WHERE number <= ?", (last,)
        ).fetchone()
        if not illustrative or illustrative == total:
            return {bool(illustrative)} if self.places(known_on, until) else set()
        found = set()
        for place in self.places(known_on, until):
            for one, _ in records_back(self._database, place, last):
                if one.day <= until:
                    found.add(one.illustrative)
                    if len(found) > 1:
                        return found
        return found

    def lines(self) -> int:
        """Number of indicators of places, on whatever day."""
        return int(self._database.execute("SELECT COUNT(*) FROM series").fetchone()[0])

    def places_of(self, name: str) -> list[str]:
        """The places that have ever had an indicator with a name, in order."""
        found = self._database.execute("SELECT DISTINCT place FROM series WHERE name = ? ORDER BY place", (name,))
        return [place for (place,) in found]

    def records(self, place: str, known_on: date, names: Iterable[str] | None = None) -> list[Indicator]:
        """Return what ``as_known`` does, of one place and, unless None, of indicators with these names."""
        chosen = None if names is None else frozenset(names)
        return self._indicators(list(records_back(self._database, place, self._last(known_on), chosen)))

    def newest(self, place: str, known_on: date, until: date) -> list[Indicator]:
        """Of ``records`` up to a day those that state newest value, target and direction of each indicator."""
        last = self._last(known_on)
        kept = newest_of(self._database, place) if last == self._last(date.max) else None
        if kept is None or any(one.day > until for one, _ in kept):
            back = records_back(self._database, place, last)
            kept = stating_newest(pair for pair in back if pair[0].day <= until)
        return self._indicators(kept)

    def end(self) -> HistoryEnd:
        """Return the end of the history, as ``end_of`` reads it."""
        number, known_on, digest = self._database.execute(
            "SELECT number, known_on, digest FROM imports ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return HistoryEnd(number - 1, date.fromisoformat(known_on), digest)

    def kind_without(self, replaced: Collection[ValueKey]) -> bool | None:
        """Whether the newest records without these values are illustrative; None if there are none.

        MixedHistory for a history that has held both kinds.
        """
        total, illustrative = self._database.execute(
            "SELECT SUM(records), SUM(illustrative) FROM parts INDEXED BY part_of"
        ).fetchone()
        if illustrative and illustrative != total:
            raise MixedHistory
        places = {place for _, _, place, _, _ in replaced}
        last = self._last(date.max)
        found = self._database.execute("SELECT place, SUM(withdrawn) FROM parts INDEXED BY part_of GROUP BY place")
        for place, withdrawn in found.fetchall():
            if (place not in places and not withdrawn) or any(
                (one.family, one.name, place, one.day, one.source) not in replaced
                for one, _ in records_back(self._database, place, last)
            ):
                return bool(illustrative)
        return None

    def values_beside(self, place: str, records: Sequence[Indicator]) -> dict[ValueKey, Indicator]:
        """Return those values of ``newest_of`` with which records of a place may conflict.

        Of their indicators these are all values whose days or periods meet those of the records, and the first value
        that the records do not replace.
        """
        parts = [
            _Part(number, *map(date.fromisoformat, span))
            for number, *span in self._database.execute(
                "SELECT number, begins, oldest, newest FROM parts INDEXED BY part_of WHERE place = ?", (place,)
            )
        ]
        wanted = {(one.family, one.name) for one in records}
        found = _Values(place, wanted)
        low, high = min(one.start or one.day for one in records), max(one.day for one in records)
        self._add_parts(found, [part for part in parts if part.begins <= high and low <= part.newest])
        high = max([high, *(one.day for one, _ in found.newest.values() if (one.start or one.day) <= high)])
        self._add_parts(found, [part for part in parts if part.oldest <= high and low <= part.newest])
        known = {
            (family, name)
            for name, family in self._database.execute("SELECT name, family FROM series WHERE place = ?", (place,))
        }
        replaced = {one.key for one in records}
        unknown_first = wanted & known
        for part in sorted((one for one in parts if one.number not in found.numbers), key=lambda one: one.oldest):
            days = found.first_days(unknown_first, replaced)
            unknown_first = {what for what in unknown_first if days.get(what, date.max) >= part.oldest}
            if not unknown_first:
                break
            self._add_parts(found, [part])
        pairs = list(found.newest.values())
        return {one.key: one for one in self._indicators(pairs)}

    def _add_parts(self, found: _Values, parts: Sequence[_Part]) -> None:
        for part in parts:
            if part.number not in found.numbers:
                (body,) = self._database.execute(
                    "SELECT body FROM parts WHERE place = ? AND number = ?", (found.place, part.number)
                ).fetchone()
                found.add(part.number, decoded(body))

    def imports_of(self, names: Collection[str]) -> list[IndicatorImport]:
        """Return what ``read_history`` does, with the records of indicators with these names only."""
        places = {place for name in names for place in self.places_of(name)}
        records: defaultdict[int, list[HistoryRecord]] = defaultdict(list)
        for place in sorted(places):
            for number, body in self._database.execute("SELECT number, body FROM parts WHERE place = ?", (place,)):
                records[number] += [one for one in decoded(body) if one.name in names]
        imports = self._database.execute("SELECT number, known_on, file_hash FROM imports ORDER BY number").fetchall()
        return [
            IndicatorImport(day, "", file_hash, tuple(indicators_of(records[number], day, file_hash)))
            for number, known_on, file_hash in imports
            if number in records
            for day in [date.fromisoformat(known_on)]
        ]

    def _indicators(self, found: list[RecordOfImport]) -> list[Indicator]:
        imports = {
            number: (date.fromisoformat(known_on), file_hash)
            for number, known_on, file_hash in self._database.execute("SELECT number, known_on, file_hash FROM imports")
        }
        found.sort(key=lambda pair: (pair[0].day, pair[0].family, pair[0].name, pair[0].source))
        return [next(indicators_of((one,), *imports[number])) for one, number in found]

    def _last(self, known_on: date) -> int:
        """Number of the last import up to a day."""
        found = self._database.execute("SELECT MAX(number) FROM imports WHERE known_on <= ?", (known_on.isoformat(),))
        return int(found.fetchone()[0] or 0)
