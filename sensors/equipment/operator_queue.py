"""Operators as a queue: the probability that an alert is assessed. An unassessed alert is not a detection.

Alerts arrive at random (Poisson), each takes an operator an exponential time, and one that waits too long is lost,
because the mover is gone. That is Erlang A, M/M/c + M (Palm 1957); without losses it is Erlang C, without waiting
Erlang B.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaln

from geo.arrays import Floats
from sensors.errors import WorkloadError

__all__ = [
    "ACCEPTABLE_PER_DAY",
    "MOST_PER_DAY",
    "alerts_per_operator_day",
    "erlang_b",
    "erlang_c",
    "fraction_assessed",
    "mean_wait_s",
]

ACCEPTABLE_PER_DAY: Final = 150.0
"""Acceptable number of alerts per day and operator: EEMUA 191, ISA-18.2."""
MOST_PER_DAY: Final = 300.0
"""Maximum manageable number of alerts per day and operator: EEMUA 191, ISA-18.2."""
SURE: Final = 1e-200
DEPTH: Final = 200
"""Minimum value of the incomplete gamma function that is used directly, and number of terms of the continued fraction
used otherwise."""


def erlang_b(load: npt.ArrayLike, operators: int) -> Floats:
    """Compute the probability that all operators are busy if alerts never wait (Erlang B).

    Parameters
    ----------
    load : float or array_like
        Arrival rate times service time [1].
    operators : int
        Number of operators.

    Returns
    -------
    ndarray, shape of load
        Probability [1].

    Raises
    ------
    WorkloadError
        For a negative load and operators that are not a whole number from 0.

    Notes
    -----
    ``B(0) = 1, B(n) = a B(n−1)/(n + a B(n−1))``. Erlang (1917).
    """
    a = _load(load)
    _operators(operators)
    blocked = np.ones_like(a)
    for n in range(1, operators + 1):
        blocked = a * blocked / (n + a * blocked)
    return blocked


def erlang_c(load: npt.ArrayLike, operators: int) -> Floats:
    """Compute the probability that an alert must wait if none is lost (Erlang C).

    Parameters
    ----------
    load : float or array_like
        Arrival rate times service time [1].
    operators : int
        Number of operators.

    Returns
    -------
    ndarray, shape of load
        Probability [1]; 1 where ``load`` is at least ``operators``.

    Raises
    ------
    WorkloadError
        As ``erlang_b``.

    Notes
    -----
    Erlang (1917).
    """
    a = _load(load)
    blocked = erlang_b(a, operators)
    busy = np.minimum(a / operators, 1.0)
    return np.where(busy >= 1.0, 1.0, blocked / (1.0 - busy * (1.0 - blocked)))


def mean_wait_s(per_s: npt.ArrayLike, service_s: npt.ArrayLike, operators: int) -> Floats:
    """Compute the mean wait of an alert until it is assessed if none is lost: ``C/(c/s − λ)``.

    Parameters
    ----------
    per_s : float or array_like, 1/s
        Alerts per second, λ.
    service_s : float or array_like, s
        Mean time that an alert takes, s.
    operators : int
        Number of operators, c.

    Returns
    -------
    ndarray, broadcast shape, s
        The mean wait; infinite where the queue grows without limit.

    Raises
    ------
    WorkloadError
        For negative rates and times not above 0.

    Examples
    --------
    >>> from sensors.equipment.operator_queue import mean_wait_s
    >>> round(float(mean_wait_s(1 / 600, 300.0, 1)))
    300
    """
    rate, service = np.broadcast_arrays(
        _positive(per_s, "alerts per second", zero=True), _positive(service_s, "service")
    )
    spare = operators / service - rate
    with np.errstate(divide="ignore"):
        return np.where(spare > 0.0, erlang_c(rate * service, operators) / np.where(spare > 0.0, spare, 1.0), np.inf)


def fraction_assessed(
    per_s: npt.ArrayLike, service_s: npt.ArrayLike, patience_s: npt.ArrayLike, operators: int
) -> Floats:
    """Compute the fraction of alerts that an operator assesses in time.

    Parameters
    ----------
    per_s : float or array_like, 1/s
        Alerts per second.
    service_s : float or array_like, s
        Mean time that an alert takes.
    patience_s : float or array_like, s
        Mean time after which an alert is lost if its assessment has not begun.
    operators : int
        Number of operators.

    Returns
    -------
    ndarray, broadcast shape
        Share [1]; 0 without operators, 1 without alerts (for the first to arrive).

    Raises
    ------
    WorkloadError
        For negative rates, times not above 0, and operators that are not a whole number from 0.

    Notes
    -----
    Erlang A: with A = ₁F₁(1; cμ/θ + 1; λ/θ) the probability of waiting is A B/(1 + (A − 1) B), and of loss while
    waiting 1/(ρ A) + 1 − 1/ρ. Palm (1957); Mandelbaum and Zeltyn (2007), Service engineering in action.
    """
    _operators(operators)
    rate, service, patience = np.broadcast_arrays(
        _positive(per_s, "alerts per second", zero=True),
        _positive(service_s, "service_s"),
        _positive(patience_s, "patience_s"),
    )
    if operators == 0:
        return np.zeros(rate.shape)
    some = np.maximum(rate, 1e-12)
    blocked = erlang_b(some * service, operators)
    x, y = operators * patience / service, some * patience
    small, lost_if_waiting = _palm(x, y)
    wait = blocked / (small * (1.0 - blocked) + blocked)
    return np.where(rate == 0.0, 1.0, np.clip(1.0 - wait * lost_if_waiting, 0.0, 1.0))


def alerts_per_operator_day(per_s: npt.ArrayLike, operators: int) -> Floats:
    """Compute the alerts per operator and day, to compare with ACCEPTABLE_PER_DAY and MOST_PER_DAY.

    Parameters
    ----------
    per_s : float or array_like, 1/s
        Alerts per second.
    operators : int
        Number of operators.

    Returns
    -------
    ndarray, same shape, 1/day
        Alerts; infinite without operators.

    Raises
    ------
    WorkloadError
        For negative rates and operators that are not a whole number from 0.
    """
    _operators(operators)
    rate = _positive(per_s, "alerts per second", zero=True)
    return np.full(rate.shape, np.inf) if operators == 0 else rate * 86_400.0 / operators


def _palm(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """1/A for A = ₁F₁(1; x + 1; y) = x e^y y^−x γ(x, y), and ``1/(ρ A) + 1 − 1/ρ`` with ρ = y/x.

    If γ underflows, or the difference would cancel, its continued fraction is used (DLMF 8.9.1): with T = y/(x + 2 − (x
    + 1) y/(x + 3 + 2y/(x + 4 − …))) they are 1 − y/(x + 1 + T) and (1 + T)/(x + 1 + T).
    """
    lower = gammainc(x, y)
    plain = (lower > SURE) & (y > 1.0)
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        log_a = np.log(x) + y - x * np.log(y) + gammaln(x) + np.log(np.where(plain, lower, 1.0))
        small = np.exp(-log_a)
    tail = np.zeros(np.shape(x))
    for n in range(DEPTH, 0, -1):
        tail = -(x + n) * y / (x + 2 * n + 1 + (n + 1) * y / (x + 2 * n + 2 + tail))
    tail = y / (x + 2.0 + tail)
    small = np.where(plain, small, 1.0 - y / (x + 1.0 + tail))
    lost = np.where(plain, 1.0 + (small - 1.0) * x / y, (1.0 + tail) / (x + 1.0 + tail))
    return small, np.clip(lost, 0.0, 1.0)


def _load(value: npt.ArrayLike) -> Floats:
    return _positive(value, "load", zero=True)


def _positive(value: npt.ArrayLike, name: str, *, zero: bool = False) -> Floats:
    number = np.asarray(value, dtype=np.float64)
    if not np.all(np.isfinite(number) & ((number >= 0.0) if zero else (number > 0.0))):
        raise WorkloadError(
            f"{name} is {number}", where="operators", expected=f"a finite number {'from' if zero else 'above'} 0"
        )
    return number


def _operators(count: int) -> None:
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or not 0 <= count <= 10_000:
        raise WorkloadError(f"{count!r} operators", where="operators", expected="a whole number from 0 to 10000")
