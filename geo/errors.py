"""Errors shared by all packages. Each message is one sentence: what is wrong, where, and what was expected."""

from __future__ import annotations

from typing import Any

__all__ = ["BadInput", "BorderError", "FrameError", "SchemaError", "TerrainError", "WatchlineError"]


class WatchlineError(Exception):
    """Base class of all Watchline errors; the command line prints the message as one sentence."""


class BadInput(WatchlineError):
    """Error for an input that cannot be used.

    Parameters
    ----------
    what : str
        What is wrong with the input.
    where : str
        The file, field or argument.
    expected : str
        What would be accepted.

    Examples
    --------
    >>> print(BadInput("-3 m", where="mast_height_m", expected="a height above zero"))
    mast_height_m: -3 m; expected a height above zero.
    """

    def __init__(self, what: str, *, where: str, expected: str) -> None:
        super().__init__(f"{where}: {what}; expected {expected}.")
        self.what = what
        self.where = where
        self.expected = expected

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the error as the arguments it was made from."""
        return _again, (type(self), self.what, self.where, self.expected)


def _again(kind: type[BadInput], problem: str, where: str, expected: str) -> BadInput:
    return kind(problem, where=where, expected=expected)


class FrameError(BadInput):
    """Error for a coordinate system that is unknown, not projected or not in metres."""


class TerrainError(BadInput):
    """Error for a raster that cannot serve as terrain, or a point outside it."""


class BorderError(BadInput):
    """Error for a border that cannot be read, is empty, or lies outside the terrain."""


class SchemaError(BadInput):
    """Error for a dataset whose dimensions, variables, types or units differ from its schema."""
