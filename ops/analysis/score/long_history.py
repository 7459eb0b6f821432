"""The part of a long history that a scorecard needs: one place and the indicators of the plan, or the newest values.

The scorecard of a place is to the bit the one from the whole history. Of all places at once with many lines, only the
newest values are read, which state every value, target and measure of the plan, but no trend.
"""

from __future__ import annotations

import logging
import sqlite3
import zlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from ops.analysis.action_plan.plan import ActionPlan
from ops.analysis.indicators.history import is_history
from ops.analysis.indicators.history_index import WHOLE_BYTES, HistoryIndex, indexed
from ops.analysis.indicators.records import Indicator
from ops.sector.sector_file import cache_folder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HistoryBounds:
    """Up to which size a history is read whole [bytes], and up to how many lines for all places at once."""

    whole_bytes: int = WHOLE_BYTES
    lines: int = 500


BOUNDS: Final = HistoryBounds()


@dataclass(frozen=True, slots=True)
class PartOfHistory:
    """The records of one place, or the newest of all, up to the day of the scorecard, and what is known of the rest.

    ``places``: all places with a value up to that day. ``kinds``: whether records of the history are illustrative, on
    whatever day; ``illustrative``: one up to the day is. ``for_plan``: the records by which the plan is judged.
    """

    records: tuple[Indicator, ...]
    places: tuple[str, ...]
    kinds: frozenset[bool]
    illustrative: bool
    for_plan: tuple[Indicator, ...] = ()
    newest_only: bool = False


def part_of_history(
    path: Path, plan: ActionPlan | None, *, place: str | None, day: date, known_on: date, bounds: HistoryBounds
) -> PartOfHistory | None:
    """Read a part of a history from its index; None for a file that is to be read whole, as it is within the bounds.

    The last parts are kept in memory until the history changes. Raises IndicatorError for a history that cannot be
    used.
    """
    try:
        stated = path.stat()
    except OSError:
        return None
    if not is_history(path) or stated.st_size <= bounds.whole_bytes:
        return None
    measured = () if plan is None else tuple(
        sorted({(one.indicator, one.place) for _, one in plan.as_of(day).measures() if one.indicator})
    )  # fmt: skip
    try:
        return _read_once(path, (stated.st_mtime_ns, stated.st_size), place, measured, day, known_on, bounds.lines)
    except (_NoIndex, sqlite3.Error, zlib.error, msgspec.MsgspecError) as error:
        log.warning("%s is read whole: %s", path, error)
        return None


class _NoIndex(Exception):
    """The cache holds no index; why is in the log."""


@lru_cache(maxsize=2)
def _read_once(
    path: Path,
    _: tuple[int, int],
    place: str | None,
    measured: tuple[tuple[str, str], ...],
    day: date,
    known_on: date,
    most_lines: int,
) -> PartOfHistory | None:
    with indexed(path, cache_folder()) as index:
        if index is None:
            raise _NoIndex("it has no index")
        if place is None and index.lines() <= most_lines:
            return None
        places = index.places(known_on, day)
        kinds = frozenset(index.kinds(known_on)), True in index.kinds(known_on, day)
        if place is None:
            newest = tuple(one for each in places for one in index.newest(each, known_on, day))
            for_plan = _for_plan(index, measured, day, known_on)
            return PartOfHistory(newest, tuple(places), *kinds, for_plan, newest_only=True)
        records = tuple(one for one in index.records(place, known_on) if one.day <= day)
        return PartOfHistory(records, tuple(places), *kinds, _for_plan(index, measured, day, known_on))


def _for_plan(
    index: HistoryIndex, measured: tuple[tuple[str, str], ...], day: date, known_on: date
) -> tuple[Indicator, ...]:
    """The records of the plan's indicators.

    A measure without a place cannot be judged where several places have its indicator, so two of them suffice.
    """
    chosen = {(place, name) for name, place in measured if place}
    for name in {name for name, place in measured if not place}:
        found = 0
        for place in index.places_of(name):
            if found < 2 and any(one.day <= day for one in index.records(place, known_on, [name])):
                chosen.add((place, name))
                found += 1
    names: dict[str, set[str]] = {}
    for place, name in chosen:
        names.setdefault(place, set()).add(name)
    found_all = (one for place, chosen_names in names.items() for one in index.records(place, known_on, chosen_names))
    return tuple(one for one in found_all if one.day <= day)
