"""How long a receiver asks to be left alone: Retry-After (RFC 9110, 10.2.3), in seconds or as a date."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

STATUSES: Final = (429, 503)
"""Answers that ask for a pause (RFC 6585, 4; RFC 9110, 15.6.4)."""
TOO_LARGE: Final = 413
"""With Retry-After the condition is temporary (RFC 9110, 15.5.14)."""
LONGEST_WAIT_S: Final = 600.0
"""A receiver that asks for more is tried again after this time: alerts must not wait for a wrong date."""
_DIGITS: Final = 10
"""Digits of seconds that are read; more are beyond every limit."""


def wait_of(text: str, date: str, now: datetime) -> float:
    """Seconds that the value of Retry-After asks for, at most LONGEST_WAIT_S; 0 for one that cannot be read.

    ``date``: the header Date of the same answer, from which a date counts, so that the clocks need not agree; ``now``
    in its place where it is absent.
    """
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return LONGEST_WAIT_S if len(text) > _DIGITS else min(float(text), LONGEST_WAIT_S)
    until = _moment(text)
    if until is None:
        return 0.0
    return min(max((until - (_moment(date) or now)).total_seconds(), 0.0), LONGEST_WAIT_S)


def _moment(text: str) -> datetime | None:
    """An HTTP date in any of its three forms (RFC 9110, 5.6.7); None for another text."""
    try:
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
