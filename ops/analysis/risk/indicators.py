"""The indicators by which risk is judged, as they were known on a day."""

from __future__ import annotations

import logging
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from ops.analysis.indicators.history import IndicatorImport, as_known, is_history, read_history
from ops.analysis.indicators.history_index import WHOLE_BYTES, indexed
from ops.analysis.indicators.records import Indicator, read_indicators
from ops.analysis.risk.factors import IMPACT, RECORDED
from ops.sector.sector_file import cache_folder

log = logging.getLogger(__name__)

NAMES: Final = frozenset({IMPACT, *RECORDED})


@dataclass(frozen=True, slots=True)
class RiskIndicators:
    """The records that matter, known on a day for values up to it; and whether any record is illustrative, by day."""

    known_on: Callable[[date], list[Indicator]]
    kinds: Callable[[date], set[bool]]


def risk_indicators(path: Path | None, until: date, *, whole_bytes: int = WHOLE_BYTES) -> RiskIndicators:
    """Return the indicators of a table or a history; a table states no day on which it was known.

    Of a long history only the records that matter are read, from its index. Raises IndicatorError for a file that
    cannot be used.
    """
    if path is None:
        return RiskIndicators(lambda _: [], lambda _: set())
    if not is_history(path):
        table = read_indicators(path, until=until)
        return _of(lambda day: [one for one in table if one.day <= day])
    if path.exists() and path.stat().st_size > whole_bytes:
        try:
            with indexed(path, cache_folder()) as index:
                if index is not None:
                    return RiskIndicators(_known(index.imports_of(NAMES)), _kinds_of_long(path))
        except (sqlite3.Error, zlib.error, msgspec.MsgspecError) as error:
            log.warning("%s is read whole: %s", path, error)
    return _of(_known(read_history(path)))


def _of(known_on: Callable[[date], list[Indicator]]) -> RiskIndicators:
    return RiskIndicators(known_on, lambda day: {one.illustrative for one in known_on(day)})


def _known(imports: Sequence[IndicatorImport]) -> Callable[[date], list[Indicator]]:
    return lambda day: [one for one in as_known(imports, day) if one.day <= day]


def _kinds_of_long(path: Path) -> Callable[[date], set[bool]]:
    def kinds(day: date) -> set[bool]:
        with indexed(path, cache_folder()) as index:
            return _of(_known(read_history(path))).kinds(day) if index is None else index.kinds(day, day)

    return kinds
