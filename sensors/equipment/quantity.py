"""A number of the catalogue with its spread, source and confidence, and samples from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats
from geo.names import HIDDEN, ONE_LINE
from sensors.errors import CatalogueError

CONFIDENCES: Final = ("H", "M", "L")
"""Official or reproduced; press, vendor or derived; an assumption that must be shown to the reader."""
EXPECTED: Final = "a number, or {low, high} (uniform), or {low, mode, high} (triangular), with source and confidence"
KEYS: Final = frozenset({"low", "mode", "high", "value", "source", "confidence"})


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number between ``low`` and ``high``: fixed if they are equal, triangular about ``mode``, else uniform.

    ``source`` and ``confidence`` are those of this number. ``central`` is the value used where no spread is requested.
    """

    low: float
    high: float
    mode: float | None
    source: str
    confidence: str

    @property
    def central(self) -> float:
        """The mode, or the middle of a uniform range."""
        return (self.low + self.high) / 2.0 if self.mode is None else self.mode

    @property
    def fixed(self) -> bool:
        return self.low == self.high

    @property
    def mean(self) -> float:
        """Expected value of a sample."""
        return (self.low + self.high + self.central) / 3.0 if self.mode is not None else self.central

    def quantile(self, share: npt.ArrayLike) -> Floats:
        """Value below which the fraction ``share`` of the samples is; same shape. Uniform fractions give samples."""
        u = np.asarray(share, dtype=np.float64)
        if self.fixed:
            return np.full(u.shape, self.low)
        width = self.high - self.low
        if self.mode is None:
            return np.asarray(self.low + u * width)
        rising = (self.mode - self.low) / width
        left = self.low + np.sqrt(u * width * (self.mode - self.low))
        right = self.high - np.sqrt((1.0 - u) * width * (self.high - self.mode))
        return np.clip(np.where(u < rising, left, right), self.low, self.high)

    def times(self, factor: float) -> Quantity:
        """The same number in another unit, or scaled; raises CatalogueError for a factor below 0."""
        if not (math.isfinite(factor) and factor >= 0.0):
            raise CatalogueError(f"{factor:g}", where="factor of a quantity", expected="a number of at least 0")
        mode = None if self.mode is None else self.mode * factor
        return Quantity(self.low * factor, self.high * factor, mode, self.source, self.confidence)


def quantity_of(given: Any, *, where: str, limits: tuple[float, float], source: str, confidence: str) -> Quantity:
    """Read one number of a catalogue: a bare one, or a table of a range with its own source and confidence.

    ``source`` and ``confidence`` are the item's, for numbers that state none. Raises CatalogueError for a value that is
    not a number, not finite, out of ``limits`` (both inclusive), or in the wrong order.
    """
    if not isinstance(given, Mapping):
        value = _number(given, where, limits)
        return Quantity(value, value, value, source, confidence)
    if unknown := sorted(set(given) - KEYS):
        raise CatalogueError(f"unknown key {unknown[0]!r}", where=where, expected=EXPECTED)
    source = text_of(given.get("source", source), where=f"{where}, source")
    confidence = confidence_of(given.get("confidence", confidence), where=where)
    if "value" in given:
        if {"low", "mode", "high"} & set(given):
            raise CatalogueError("has a value and a range", where=where, expected="one of them")
        value = _number(given["value"], where, limits)
        return Quantity(value, value, value, source, confidence)
    if not {"low", "high"} <= set(given):
        raise CatalogueError("is not a range", where=where, expected=EXPECTED)
    low, high = _number(given["low"], where, limits), _number(given["high"], where, limits)
    mode = _number(given["mode"], where, limits) if "mode" in given else None
    if low > high or (mode is not None and not low <= mode <= high):
        middle = "" if mode is None else f", mode {mode:g}"
        raise CatalogueError(f"low {low:g}{middle}, high {high:g}", where=where, expected="low ≤ mode ≤ high")
    return Quantity(low, high, low if low == high else mode, source, confidence)


def text_of(given: Any, *, where: str) -> str:
    """Non-empty text; raises CatalogueError otherwise."""
    if not isinstance(given, str) or not given.strip():
        raise CatalogueError("is missing" if given in (None, "") else f"{given!r}", where=where, expected="text")
    if HIDDEN.search(given.strip()):
        raise CatalogueError(ascii(given)[:60], where=where, expected=ONE_LINE)
    return given.strip()


def confidence_of(given: Any, *, where: str) -> str:
    """One of H, M and L; raises CatalogueError."""
    if given not in CONFIDENCES:
        raise CatalogueError(
            f"confidence is {given!r}",
            where=where,
            expected="H (official or reproduced), M (press, vendor or derived) or L (assumption)",
        )
    return str(given)


def worst(confidences: Any) -> str:
    """The weakest of several grades; H for none."""
    return max(confidences, key=CONFIDENCES.index, default="H")


def _number(given: Any, where: str, limits: tuple[float, float]) -> float:
    low, high = limits
    expected = f"a number from {low:g} to {high:g}"
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise CatalogueError(f"{given!r}", where=where, expected=expected)
    if not low <= given <= high:  # false for NaN, and exact for integers beyond all floats
        text = f"{given:g}" if isinstance(given, float) or abs(given) < 1e300 else "a number beyond all"
        raise CatalogueError(text, where=where, expected=expected)
    return float(given)
