"""Outcomes of crossings in a model: apprehended, got away, undetected, or not decided when the recording ends."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from sensors.errors import InterdictionError

APPREHENDED, GOT_AWAY, UNDETECTED, OPEN = "apprehended", "got away", "undetected", "open"
OUTCOMES: Final = (APPREHENDED, GOT_AWAY, UNDETECTED, OPEN)


def modelled_outcomes(
    confirmed_s: npt.ArrayLike, head_start_s: npt.ArrayLike, to_go_s: npt.ArrayLike, recorded_s: npt.ArrayLike
) -> npt.NDArray[np.str_]:
    """Determine the outcome of each crossing, where the recording is long enough.

    Parameters
    ----------
    confirmed_s : array_like, shape (mover,), s
        Time from the crosser's beginning to the first confirmed track; NaN without any.
    head_start_s : array_like, shape (mover,), s
        The response's time margin where that track was confirmed (``head_start``); NaN where unknown.
    to_go_s : array_like, shape (mover,), s
        The crosser's least time from there to the edge where the crossing ends (``time_to_go``); of a crosser without a
        confirmed track from the last recorded place. NaN or 0 beyond the belt, where the crossing is over.
    recorded_s : array_like, shape (mover,), s
        Time from the crosser's beginning to the end of the recording.

    Returns
    -------
    ndarray of str, shape (mover,)
        "apprehended" where the response was first, "got away" where it was not or its margin is unknown, "undetected"
        without a confirmed track; and "open", which counts as none of these, where the recording ended before either
        the response or the crosser was at the edge.

    Raises
    ------
    InterdictionError
        For arrays of different lengths.

    Examples
    --------
    >>> from sensors.interdiction import modelled_outcomes
    >>> modelled_outcomes([60.0, 899.0], [120.0, 120.0], [300.0, 300.0], [900.0, 900.0]).tolist()
    ['apprehended', 'open']
    """
    confirmed, margin, to_go, recorded = (
        np.atleast_1d(np.asarray(values, np.float64)) for values in (confirmed_s, head_start_s, to_go_s, recorded_s)
    )
    if not confirmed.shape == margin.shape == to_go.shape == recorded.shape or confirmed.ndim != 1:
        raise InterdictionError("lengths differ", where="modelled outcomes", expected="one value of each per crosser")
    known = np.isfinite(confirmed)
    first = np.where(known & (margin > 0.0), to_go - np.nan_to_num(margin), to_go)  # who comes to the edge first
    ahead = np.nan_to_num(first, nan=0.0)
    left = np.where(known, recorded - np.where(known, confirmed, 0.0), 0.0)
    outcome = np.where(known, np.where(margin > 0.0, APPREHENDED, GOT_AWAY), UNDETECTED)
    return np.where(ahead > left, OPEN, outcome)
