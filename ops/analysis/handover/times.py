"""Times of a report: in UTC and below it in local time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from ops.words import MessageCatalogue
from ops.words.formats import NO_BREAK


class ReportTimes:
    """Writes times of a period that starts at ``start``; a day is stated where it is not that of the start in UTC."""

    def __init__(self, start: datetime, zone: ZoneInfo, words: MessageCatalogue) -> None:
        self._day = start.astimezone(UTC).date()
        self._zone, self._words = zone, words

    def both(self, moment: datetime) -> str:
        """UTC on one line and, where it differs, local time on the next: ``21:03 UTC`` and ``23:03 CEST``."""
        local = moment.astimezone(self._zone)
        utc = f"{self._time(moment.astimezone(UTC))}{NO_BREAK}UTC"
        return (
            utc
            if local.utcoffset() == UTC.utcoffset(None)
            else f"{utc}\n{self._time(local)}{NO_BREAK}{_zone_name(local)}"
        )

    def one_line(self, moment: datetime) -> str:
        """The same on one line."""
        return self.both(moment).replace("\n", " / ")

    def _time(self, moment: datetime) -> str:
        day = ""
        if moment.date() != self._day:
            day = format_skeleton("MMMd", moment.date(), locale=self._words.formats.locale) + " "
        return f"{day}{moment:%H:%M}"


def _zone_name(local: datetime) -> str:
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{local.isoformat()[-6:]}"
