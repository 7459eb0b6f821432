"""The errors that every floor may raise. Each message is one sentence: what broke, where, what was expected."""

from __future__ import annotations

from typing import Any


class WatchlineError(Exception):
    """Base of every error that Watchline raises on purpose; the command line prints it as one sentence."""


class BadInput(WatchlineError):
    """An input that cannot be used. ``where`` names the file, field or argument; ``expected`` says what would do."""

    def __init__(self, what: str, *, where: str, expected: str) -> None:
        super().__init__(f"{where}: {what}; expected {expected}.")
        self.what = what
        self.where = where
        self.expected = expected

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross to other processes as what they were made of."""
        return _again, (type(self), self.what, self.where, self.expected)


def _again(kind: type[BadInput], what: str, where: str, expected: str) -> BadInput:
    return kind(what, where=where, expected=expected)


class FrameError(BadInput):
    """A coordinate system that is unknown, not projected or not metric."""


class TerrainError(BadInput):
    """A raster that cannot serve as terrain, or a point off it."""


class BorderError(BadInput):
    """A border that cannot be read, is empty, or lies outside the terrain."""


class SchemaError(BadInput):
    """A dataset whose dims, variables, types or units are not those of its schema."""
