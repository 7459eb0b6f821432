"""The newest records of each indicator of a place, kept in the index of a long history and extended by each import."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator

import msgspec

from ops.analysis.indicators.history import HistoryRecord

RecordOfImport = tuple[HistoryRecord, int]
"""A record, and the number of its import."""
Series = dict[tuple[str, str], list[RecordOfImport]]
"""Records by family and name of the indicator, the newest day first."""


def decoded(body: bytes) -> list[HistoryRecord]:
    """The records of a place in an import."""
    return msgspec.msgpack.decode(zlib.decompress(body), type=list[HistoryRecord])


def records_back(
    database: sqlite3.Connection, place: str, last: int, names: frozenset[str] | None = None
) -> Iterator[RecordOfImport]:
    """The newest record of each value with its import, without those withdrawn, from import ``last`` back."""
    seen = set()
    parts = database.execute(
        "SELECT number, body FROM parts WHERE place = ? AND number <= ? ORDER BY number DESC", (place, last)
    )
    for number, body in parts:
        for one in reversed(decoded(body)):
            if names is None or one.name in names:
                key = one.family, one.name, one.day, one.source
                if key not in seen:
                    seen.add(key)
                    if not one.withdrawn:
                        yield one, number


def stating_newest(records: Iterable[RecordOfImport]) -> list[RecordOfImport]:
    """Those that state the newest value, target or direction of their indicator, the newest day first."""
    order = sorted(records, key=lambda pair: (pair[0].day, pair[0].source), reverse=True)
    kept: list[RecordOfImport] = []
    newest: dict[tuple[str, str], object] = {}
    target: set[tuple[str, str]] = set()
    better: set[tuple[str, str]] = set()
    for pair in order:
        one = pair[0]
        what = one.family, one.name
        states = newest.setdefault(what, one.day) == one.day
        if one.target is not None and what not in target:
            target.add(what)
            states = True
        if one.better is not None and what not in better:
            better.add(what)
            states = True
        if states:
            kept.append(pair)
    return kept


def newest_of(database: sqlite3.Connection, place: str) -> list[RecordOfImport] | None:
    """The newest records of a place after the last import; None where none are kept."""
    found = database.execute("SELECT body FROM newest WHERE place = ?", (place,)).fetchone()
    if found is None:
        return None
    return msgspec.msgpack.decode(zlib.decompress(found[0]), type=list[RecordOfImport])


class NewestRecords:
    """The newest records of the places that imports name, while these imports are added to an index."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._places: dict[str, Series] = {}
        self._replaced: set[str] = set()

    def add(self, place: str, number: int, records: Iterable[HistoryRecord]) -> None:
        """Add the records of an import, which are later than all before."""
        series = self._places.get(place)
        if series is None:
            series = self._places[place] = self._stored(place)
        if place in self._replaced:
            return
        for one in records:
            what = one.family, one.name
            kept = series.get(what)
            if kept is None or one.day > kept[0][0].day:
                if one.withdrawn:  # what it withdraws is not among the newest
                    continue
                whole = kept is None or (one.target is not None and one.better is not None)
                series[what] = [(one, number)] if whole else stating_newest([(one, number), *(kept or ())])
            elif any((old.day, old.source) == (one.day, one.source) for old, _ in kept):
                self._replaced.add(place)  # what the replaced record hid may be the newest now
                return
            elif not one.withdrawn:
                series[what] = stating_newest([*kept, (one, number)])

    def store(self) -> None:
        """Write the newest records of the places into the index."""
        last = self._database.execute("SELECT MAX(number) FROM imports").fetchone()[0]
        for place, series in self._places.items():
            if place in self._replaced:
                found = stating_newest(records_back(self._database, place, last))
            else:
                found = [pair for kept in series.values() for pair in kept]
            body = zlib.compress(msgspec.msgpack.encode(found), 1)
            self._database.execute("INSERT OR REPLACE INTO newest VALUES (?, ?)", (place, body))

    def _stored(self, place: str) -> Series:
        series: Series = {}
        for pair in stating_newest(newest_of(self._database, place) or ()):
            series.setdefault((pair[0].family, pair[0].name), []).append(pair)
        return series
