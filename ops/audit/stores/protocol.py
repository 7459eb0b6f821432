"""The interface of the rules of the audit log to the place where its lines are.

A log is a sequence of lines, entries and signed heads, divided into days. A *size* is a position in that sequence; each
place counts it in its own unit (bytes of a file, numbers of rows), so sizes are only compared and given back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ops.audit.entry import AuditError


class LogMoved(AuditError):
    """Another process has added lines since these were numbered: nothing was written, and it can be tried again."""


class LogDay(Protocol):
    """The lines of one day. Equal days are equal, and can be keys."""

    @property
    def name(self) -> str:
        """Name in findings: number and day, as ``000001-2026-03-14.log``."""
        ...

    @property
    def day(self) -> str:
        """The day (UTC), as ``2026-03-14``."""
        ...

    def lines(self, size: int | None = None) -> Iterator[bytes]:
        """Yield the lines up to a size, with their line breaks; in a file the last may lack it."""
        ...

    def backwards(self) -> Iterator[bytes]:
        """Yield the complete lines without their line breaks, the last first; the log may grow meanwhile."""
        ...

    def signed_size(self, size: int) -> int:
        """Return the size after the last head within a size; 0 without one."""
        ...


class LogReading(Protocol):
    """A log that is read, or whose due entries are erased."""

    def days(self) -> Sequence[LogDay]:
        """Return the days, oldest first."""
        ...

    def sizes(self) -> list[tuple[LogDay, int]]:
        """Return the days with their sizes at one moment, oldest first."""
        ...

    def has_writer(self) -> bool:
        """Return whether a process writes the log, so that entries without a head get one soon."""
        ...

    def erase(self, day: LogDay) -> None:
        """Remove the entries of a day, which is not the newest, as far as a head of that day covers them."""
        ...


class LogWriting(Protocol):
    """The lines as one of several writers sees them."""

    def lock(self) -> AbstractContextManager[None]:
        """Keep other writers away, as far as the place can; ``write`` refuses what came in between (``LogMoved``)."""
        ...

    def unread(self) -> tuple[bool, Iterator[tuple[str, bytes]]]:
        """Return name of the day and line, without its break, of what others have added; call it with the log locked.

        The first value is true when all lines come again from the first, because some were erased. A line that is
        yielded counts as read when the next one is asked for.
        """
        ...

    def is_on(self, day: str) -> bool:
        """Return whether there is a newest day, and it is this one."""
        ...

    def turn_to(self, day: str) -> None:
        """Write to this day from now on, which begins unless it is the newest."""
        ...

    def write(self, lines: Sequence[bytes]) -> None:
        """Append lines and wait until they are on disk; on an error the log is as before, as far as is known."""
        ...

    def close(self) -> None:
        """Close it; what this process wrote has its heads."""
        ...
