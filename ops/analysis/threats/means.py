"""The table of means that a planner fills: which means of border security stand where, from when until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from geo.names import HIDDEN, ONE_LINE, expected_name
from ops.analysis.indicators.records import day_of, yes_or_no
from ops.analysis.indicators.tables import IndicatorError, read_rows
from ops.analysis.threats.catalogue import PATROLS, SENSOR_DETECTION, layer_of_means

COLUMNS: Final = ("place", "means", "start", "end", "source", "illustrative")
REQUIRED: Final = ("place", "means", "start", "source")
COMPUTED: Final = (SENSOR_DETECTION, PATROLS)
"""Means that follow from files of the sector and are therefore not stated in a table."""
EVERYWHERE: Final = "everywhere"
"""The place of means that stand along the whole border, such as an exchange of intelligence."""
LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class StandingMeans:
    """One row: means at a place from ``start`` until the day before ``end``, or without an end."""

    place: str
    means: str
    start: date
    end: date | None
    source: str
    illustrative: bool

    def stands_on(self, day: date) -> bool:
        """Whether it stands on a day."""
        return self.start <= day and (self.end is None or day < self.end)


def read_means(path: Path, places: Iterable[str]) -> list[StandingMeans]:
    """Read a table of means.

    Parameters
    ----------
    path : Path
        CSV, JSON, XLSX or GeoPackage table with COLUMNS.
    places : iterable of str
        Places of the sector: EVERYWHERE, ``section NAME``, ``segment NUMBER``, ``crossing point ID``.

    Returns
    -------
    list of StandingMeans
        The rows, in order.

    Raises
    ------
    IndicatorError
        For the first row that cannot be used: an unknown place, means or column, means that are computed, no source,
        an end that is not after the start, the same means at one place in two periods that overlap, and a table of
        which only some rows are illustrative.
    """
    known = list(places)
    rows = [_means(row, f"{path}, row {number}", known) for number, row in enumerate(read_rows(path, known=COLUMNS), 1)]
    _refuse_overlaps(rows, str(path))
    if len({one.illustrative for one in rows}) > 1:
        expected = "illustrative rows only, or none of them"
        raise IndicatorError("made-up and real rows are mixed", where=str(path), expected=expected)
    return rows


def _means(row: Mapping[str, Any], where: str, places: Sequence[str]) -> StandingMeans:
    unknown = [name for name in row if name not in COLUMNS]
    if unknown:
        raise IndicatorError(f"unknown column {unknown[0]!r}", where=where, expected=expected_name(unknown[0], COLUMNS))
    text = {name: _text(row.get(name), where) for name in ("place", "means", "source", "start", "end")}
    for name in REQUIRED:
        if not text[name]:
            raise IndicatorError(f"no {name}", where=where, expected=", ".join(REQUIRED))
    if text["place"] not in places:
        raise IndicatorError(f"place {text['place']!r}", where=where, expected=expected_name(text["place"], places))
    if text["means"] in COMPUTED:
        expected = "means that no file of the sector states; --challenge and --plan state these"
        raise IndicatorError(f"means {text['means']!r}", where=where, expected=expected)
    if text["means"] not in layer_of_means():
        stated = [name for name in layer_of_means() if name not in COMPUTED]
        raise IndicatorError(f"means {text['means']!r}", where=where, expected=expected_name(text["means"], stated))
    start = day_of(text["start"], where)
    end = day_of(text["end"], where) if text["end"] else None
    if end is not None and end <= start:
        raise IndicatorError(f"from {start} until {end}", where=where, expected="an end after the start")
    illustrative = yes_or_no(row.get("illustrative"), "illustrative", where)
    return StandingMeans(text["place"], text["means"], start, end, text["source"], illustrative)


def _refuse_overlaps(rows: Sequence[StandingMeans], where: str) -> None:
    last: dict[tuple[str, str], StandingMeans] = {}
    for one in sorted(rows, key=lambda one: one.start):
        before = last.get((one.place, one.means))
        if before is not None and (before.end is None or one.start < before.end):
            what = f"{one.means} at {one.place} is stated twice for {one.start}"
            raise IndicatorError(what, where=where, expected="periods that do not overlap")
        last[one.place, one.means] = one


def _text(value: Any, where: str) -> str:
    text = "" if value is None else str(value).strip()
    if HIDDEN.search(text):
        raise IndicatorError(f"{text[:60]!a}", where=where, expected=ONE_LINE)
    if len(text) > LONGEST:
        raise IndicatorError("a text is too long", where=where, expected=f"at most {LONGEST} characters in a cell")
    return text
