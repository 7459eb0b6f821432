"""Probability of interruption along a path (EASI)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from geo.arrays import Floats
from sensors.errors import InterdictionError


def probability_of_interruption(
    detection: npt.ArrayLike,
    delay_s: npt.ArrayLike,
    delay_sd_s: npt.ArrayLike,
    *,
    response_s: npt.ArrayLike,
    response_sd_s: npt.ArrayLike,
    communication: npt.ArrayLike = 1.0,
    position: npt.ArrayLike = 0.5,
) -> float | Floats:
    """Compute the probability that the response meets an intruder before the last task ends.

    Parameters
    ----------
    detection : float or array_like, shape (..., task)
        Probability of detection [1] in each task of a path, in order; for a border the strips of the belt that it
        crosses.
    delay_s : float or array_like, shape (..., task), s
        Mean time that each task takes.
    delay_sd_s : float or array_like, shape (..., task), s
        Its standard deviation.
    response_s : float or array_like, shape (...), s
        Mean time from alarm to arrival; infinite where no response can arrive.
    response_sd_s : float or array_like, shape (...), s
        Its standard deviation.
    communication : float or array_like, shape (..., task)
        Probability [1] that the alarm is passed on.
    position : float or array_like, shape (..., task)
        Share [1] of the task still ahead when it is detected: 1 at its beginning, 0 at its end.

    Returns
    -------
    float or ndarray, shape (...)
        Probability of interruption P_I [1]; a float for one path and one response, NaN for NaN, 0 without tasks.

    Raises
    ------
    InterdictionError
        For shares outside 0 to 1 and for times that are negative or infinite.

    Notes
    -----
    TR_i = w_i D_i + Σ_{k>i} D_k, V_i = (w_i s_i)² + Σ_{k>i} s_k², P(R|A_i) = Φ((TR_i − RFT) / √(V_i + s_RFT²)), without
    variance a step with ½ at equality; P_I = Σ_i P_C PD_i Π_{j<i} (1 − PD_j) P(R|A_i). Assumes independent, normal
    times: correlated ones widen the spread. EASI, the Estimate of Adversary Sequence Interruption, of Sandia National
    Laboratories (Bennett 1977, SAND77-1367C; Garcia 2008, The Design and Evaluation of Physical Protection Systems).

    Examples
    --------
    >>> from sensors.interdiction import probability_of_interruption
    >>> round(probability_of_interruption([0.5, 0.9], [300, 600], [90, 180], response_s=450, response_sd_s=135), 3)
    0.532
    """
    detect, passed_on, ahead = (
        _shares(value, name)
        for value, name in ((detection, "detection"), (communication, "communication"), (position, "position"))
    )
    delay, delay_sd = np.atleast_1d(_times(delay_s, "delay_s")), np.atleast_1d(_times(delay_sd_s, "delay_sd_s"))
    arrival, arrival_sd = _times(response_s, "response_s", endless=True), _times(response_sd_s, "response_sd_s")
    try:
        detect, delay, delay_sd, passed_on, ahead = np.broadcast_arrays(detect, delay, delay_sd, passed_on, ahead)
        np.broadcast_shapes(detect.shape[:-1], arrival.shape, arrival_sd.shape)
    except ValueError as error:
        raise InterdictionError(
            "the shapes do not fit each other",
            where="probability_of_interruption",
            expected="(..., task) for tasks and (...) for the response",
        ) from error
    in_time = arrival_in_time(delay, delay_sd, arrival, arrival_sd, position=ahead)
    probability = interrupted(detect, in_time, communication=passed_on)
    return float(probability) if probability.ndim == 0 else np.asarray(probability)


def arrival_in_time(
    delay_s: Floats, delay_sd_s: Floats, response_s: Floats, response_sd_s: Floats, *, position: Floats | float = 0.5
) -> Floats:
    """Compute the probability P(R|A_i) that a response to an alarm in each task arrives before the last task ends.

    It does not depend on the detection; the arguments are those of ``probability_of_interruption``, unchecked.
    """
    remaining = position * delay_s + _after(delay_s)
    variance = (position * delay_sd_s) ** 2 + _after(delay_sd_s**2)
    return _positive(remaining - response_s[..., None], variance + response_sd_s[..., None] ** 2)


def interrupted(detection: Floats, in_time: Floats, *, communication: Floats | float = 1.0) -> Floats:
    """Compute the probability of interruption from that of detection and of arrival in time in each task."""
    first = np.ones_like(detection[..., :1])
    unseen_before = np.cumprod(np.concatenate([first, 1.0 - detection[..., :-1]], axis=-1), axis=-1)
    probability: Floats = (communication * detection * unseen_before * in_time).sum(axis=-1)
    return probability


def _after(values: Floats) -> Floats:
    """Sum over the later tasks, for each task."""
    later = np.cumsum(values[..., :0:-1], axis=-1)[..., ::-1]
    return np.concatenate([later, np.zeros_like(values[..., :1])], axis=-1)


def _positive(mean: Floats, variance: Floats) -> Floats:
    """Probability that a normal variable is above zero; without variance a step, ½ at zero."""
    spread = np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        normal = ndtr(mean / spread)
    return np.where(spread == 0.0, np.heaviside(mean, 0.5), normal)


def _shares(value: npt.ArrayLike, name: str) -> Floats:
    shares = np.atleast_1d(_numbers(value, name))
    if np.any((shares < 0.0) | (shares > 1.0)):
        raise InterdictionError(
            "a value is outside 0 to 1", where=f"probability_of_interruption ({name})", expected="0 to 1"
        )
    return shares


def _times(value: npt.ArrayLike, name: str, *, endless: bool = False) -> Floats:
    seconds = _numbers(value, name)
    if np.any(seconds < 0.0) or (not endless and np.any(np.isinf(seconds))):
        raise InterdictionError(
            "a time is negative or infinite", where=f"probability_of_interruption ({name})", expected="seconds from 0"
        )
    return seconds


def _numbers(value: npt.ArrayLike, name: str) -> Floats:
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InterdictionError(
            "not all are numbers",
            where=f"probability_of_interruption ({name})",
            expected="a number or an array of them",
        ) from None
