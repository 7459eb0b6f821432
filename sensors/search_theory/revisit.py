"""Temporal gaps: how long a position stays without a look, by the measures of satellite coverage."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sensors.errors import TimetableError


@dataclass(frozen=True, slots=True)
class Revisit:
    """Temporal gaps of one position over an interval, all in seconds.

    ``covered`` [1] is the fraction of the interval in view. ``mean_gap_s`` and ``longest_gap_s`` are of the gaps, 0
    without one. ``time_average_gap_s`` is ``Σ gap²/T``: the mean length of the gap at a random time, 0 while in view;
    half of it, ``mean_response_s``, is the mean time until the next look. ``open_start`` and ``open_end``: a gap
    touches that end of the interval, so that its length, and all means, are lower bounds.
    """

    covered: float
    gaps: int
    mean_gap_s: float
    longest_gap_s: float
    time_average_gap_s: float
    open_start: bool
    open_end: bool

    @property
    def mean_response_s(self) -> float:
        """Mean time until the next look [s], at a random time: ``Σ gap²/(2 T)``."""
        return self.time_average_gap_s / 2.0


def revisit(start_s: npt.ArrayLike, end_s: npt.ArrayLike, interval_s: float, *, periodic: bool = False) -> Revisit:
    """Compute the temporal gaps between looks.

    Parameters
    ----------
    start_s, end_s : array_like, shape (look,), s
        Times in view, in any order; they may overlap. Parts outside the interval do not count.
    interval_s : float, s
        Length of the interval, which begins at 0.
    periodic : bool
        Whether the interval repeats: a gap at its end then continues at its start, and neither end is open.

    Returns
    -------
    Revisit
        The measures.

    Raises
    ------
    TimetableError
        For an interval not above 0, and looks that end before they start.

    Examples
    --------
    >>> from sensors.search_theory.revisit import revisit
    >>> revisit([5.0, 50.0], [40.0, 90.0], 100.0).time_average_gap_s
    2.25
    """
    if not (math.isfinite(interval_s) and interval_s > 0.0):
        raise TimetableError(f"an interval of {interval_s:g} s", where="revisit", expected="above 0 s")
    low, high = np.atleast_1d(np.asarray(start_s, np.float64)), np.atleast_1d(np.asarray(end_s, np.float64))
    if low.shape != high.shape or low.ndim != 1 or not (high >= low).all():
        raise TimetableError("a look ends before it starts", where="revisit", expected="starts and their ends")
    low, high = np.clip(low, 0.0, interval_s), np.clip(high, 0.0, interval_s)
    order = np.argsort(low, kind="stable")
    low, high = low[order][high[order] > low[order]], high[order][high[order] > low[order]]
    reached = np.maximum.accumulate(np.append(0.0, high))
    gaps = np.append(low, interval_s) - reached
    open_start, open_end = bool(gaps[0] > 0.0), bool(gaps[-1] > 0.0)
    if periodic and len(low):
        gaps[0] += gaps[-1]
        gaps, open_start, open_end = gaps[:-1], False, False
    gaps = gaps[gaps > 0.0]
    return Revisit(
        covered=float(1.0 - gaps.sum() / interval_s),
        gaps=len(gaps),
        mean_gap_s=float(gaps.mean()) if len(gaps) else 0.0,
        longest_gap_s=float(gaps.max(initial=0.0)),
        time_average_gap_s=float((gaps**2).sum() / interval_s),
        open_start=open_start,
        open_end=open_end,
    )
