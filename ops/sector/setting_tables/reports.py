"""The settings of what leaves the operations centre: shifts of the handover report, and the marking of reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from itertools import pairwise
from typing import Final

from geo.errors import BadInput

MOST_MARKING: Final = 100


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """Handover reports and exports.

    Parameters
    ----------
    shift_starts : list of str
        Local times of day at which shifts begin, earliest first, such as ``"06:00"``.
    marking : str
        Marking on handover and after-action reports, scorecard, action plan and exported files, such as
        ``"RESTRICTED"``; empty: none.
    """

    shift_starts: tuple[str, ...] = ("06:00", "14:00", "22:00")
    marking: str = ""

    def __post_init__(self) -> None:
        starts = self.times
        if not starts or any(later <= earlier for earlier, later in pairwise(starts)):
            given = ", ".join(self.shift_starts) or "no time"
            raise BadInput(given, where="shift_starts", expected="times of day in rising order")
        if len(self.marking) > MOST_MARKING or not self.marking.isprintable():
            expected = f"at most {MOST_MARKING} printable characters"
            raise BadInput("cannot be printed", where="marking", expected=expected)

    @property
    def times(self) -> tuple[time, ...]:
        """The shift starts as times of day; BadInput for a text that is none."""
        return tuple(map(_time_of_day, self.shift_starts))


def _time_of_day(text: str) -> time:
    try:
        moment = time.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or moment.second or moment.microsecond:
        raise BadInput(f"{text[:20]!r} is not a time of day", where="shift_starts", expected='such as "06:00"')
    return moment
