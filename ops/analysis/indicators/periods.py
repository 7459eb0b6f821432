"""The periods of values: a count grows with its period, so that counts of unlike periods are not compared."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from ops.analysis.indicators.catalogue import definitions
from ops.analysis.indicators.records import Indicator

MOST_LONGER: Final = 1.125
"""Ratio of two lengths up to which they count as one: months have 28 to 31 days, years 365 or 366."""
NOT_COUNTED: Final = frozenset({"1", "%", "‰", "points", "s", "min", "h"})
"""Units of fractions, indices and durations."""
_NOT_COUNTED: Final = re.compile(
    r"(?<![^\W_])(averages?|durations?|fractions?|ind(ex|exes|ices)|mean|medians?|percentages?|probabilit(y|ies)|"
    r"proportions?|rates?|scores?|shares?|times?)(?![^\W_])",
    re.IGNORECASE,
)
"""What the name of a quantity says that does not grow with its period; ``_`` parts words. (Means may be of
transport.)"""
_QUOTIENT: Final = re.compile(r"/|(?<![^\W_])per(?![^\W_])", re.IGNORECASE)


def is_count(one: Indicator) -> bool:
    """Whether a value is a number of cases in its period: by the catalogue, else by its unit and name."""
    if one.catalogued:
        return definitions()[one.name].counts
    return one.unit not in NOT_COUNTED and not _QUOTIENT.search(one.unit) and not _NOT_COUNTED.search(one.name)


def alike(one: tuple[date | None, date], other: tuple[date | None, date]) -> bool:
    """Whether two periods, as first and last day, are of about the same length; None: the first day is not stated."""
    days = [None if start is None else (end - start).days + 1 for start, end in (one, other)]
    if days[0] is None or days[1] is None:
        return days[0] is days[1]
    return max(days[0], days[1]) <= MOST_LONGER * min(days[0], days[1])
