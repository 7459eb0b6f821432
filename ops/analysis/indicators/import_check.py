"""Check an import against a history: the changes that it would make, and the rows that contradict it.

Of a long history only the values beside the rows are read, from its index; the answers are those of the whole history.
"""

from __future__ import annotations

import logging
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import msgspec

from ops.analysis.indicators.history import (
    HistoryEnd,
    IndicatorChange,
    changes_of,
    conflicts_with,
    end_of,
    newest_of,
    read_history,
)
from ops.analysis.indicators.history_index import WHOLE_BYTES, HistoryIndex, MixedHistory, indexed
from ops.analysis.indicators.records import Indicator, RefusedRow
from ops.sector.sector_file import cache_folder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CheckedImport:
    """Changes that an import would make, or the refusals that prevent it.

    ``imports``: number of those that the history had. ``end``: how the end of the history is found again.
    """

    refusals: tuple[RefusedRow, ...]
    changes: tuple[IndicatorChange, ...]
    imports: int
    end: Callable[[Path], HistoryEnd]


def check_import(
    path: Path, records: Sequence[Indicator], *, whole_bytes: int = WHOLE_BYTES, folder: Path | None = None
) -> CheckedImport:
    """Check records against a history; ``folder`` of its index, by default the cache folder.

    Raises IndicatorError for a history that cannot be used.
    """
    if path.exists() and path.stat().st_size > whole_bytes:
        place = cache_folder() if folder is None else folder
        try:
            with indexed(path, place) as index:
                if index is not None:
                    return _by_place(index, records, place)
        except MixedHistory:
            pass
        except (sqlite3.Error, zlib.error, msgspec.MsgspecError) as error:
            log.warning("%s is read whole: %s", path, error)
    imports = read_history(path)
    newest = newest_of(imports)
    refusals = conflicts_with(newest, records)
    changes = () if refusals else changes_of(newest, records)
    return CheckedImport(tuple(refusals), tuple(changes), len(imports), end_of)


def _by_place(index: HistoryIndex, records: Sequence[Indicator], folder: Path) -> CheckedImport:
    """The check with the values beside the records of one place in memory at a time."""
    kind = index.kind_without({one.key for one in records})
    stated = [one.illustrative for one in records if not one.withdrawn]
    kind = stated[0] if kind is None and stated else kind
    refusals: list[RefusedRow] = []
    changes: dict[int, IndicatorChange] = {}
    for place, group in groupby(
        sorted(range(len(records)), key=lambda at: records[at].place), lambda at: records[at].place
    ):
        numbers = list(group)
        own = [records[at] for at in numbers]
        newest = index.values_beside(place, own)
        refusals += conflicts_with(newest, own, illustrative=kind)
        changes |= dict(zip(numbers, changes_of(newest, own), strict=True))
    refusals.sort(key=lambda one: one.row)

    def end(path: Path) -> HistoryEnd:
        with indexed(path, folder) as now:
            return end_of(path) if now is None else now.end()

    in_order = () if refusals else tuple(changes[at] for at in range(len(records)))
    return CheckedImport(tuple(refusals), in_order, index.end().imports, end)
