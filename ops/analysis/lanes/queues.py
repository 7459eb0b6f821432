"""Waiting times of queues in the steady state: M/M/c, M/G/c, and two classes of which the first has priority.

Arrivals are Poisson. Times are in the unit of the service times.

Sources
-------
Erlang C: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic telephone
exchanges" (1917). One server, any service time: F. Pollaczek (1930) and A. Y. Khinchine (1932). Priority: A. Cobham,
"Priority assignment in waiting line problems", Operations Research 2 (1954). Several servers, any service time:
A. O. Allen, "Probability, Statistics, and Queueing Theory" (1978), the Allen–Cunneen approximation. Several servers and
priority: scaling as in A. B. Bondi and J. P. Buzen, "The response times of priority classes under preemptive resume in
M/G/m queues", SIGMETRICS (1984), here for priority without interruption.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from geo.errors import BadInput

FULL: Final = 1.0 - 1e-9
"""Load of a lane from which it has no steady state: sums of rates and times are not exact."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service time: its mean and its mean square, above 0."""

    mean: float
    mean_square: float

    @classmethod
    def exponential(cls, mean: float) -> Service:
        """The exponential service time of a mean."""
        return cls(mean, 2.0 * mean * mean)

    @classmethod
    def mixture(cls, *parts: tuple[float, Service]) -> Service:
        """The service time that is each part with its weight; weights are at least 0 and need not sum to 1."""
        total = sum(weight for weight, _ in parts)
        mean = sum(weight * one.mean for weight, one in parts) / total
        return cls(mean, sum(weight * one.mean_square for weight, one in parts) / total)

    @property
    def scatter(self) -> float:
        """Squared coefficient of variation: 1 for an exponential time."""
        return self.mean_square / self.mean**2 - 1.0


def waiting_probability(load: float, servers: int) -> float:
    """Return the probability that an arrival waits, by Erlang's formula C.

    Parameters
    ----------
    load : float
        Arrival rate times mean service time [1], at least 0.
    servers : int
        Number of servers, at least 1.

    Returns
    -------
    float
        Probability [1]; 1 if the load is not below the number of servers, so that no steady state exists.

    Raises
    ------
    BadInput
        For a negative or infinite load, and without servers.
    """
    if servers < 1 or not 0.0 <= load < math.inf:
        raise BadInput(f"a load of {load:g} on {servers} lanes", where="queue", expected="a load and at least 1 lane")
    if load >= servers:
        return 1.0
    blocked = 1.0  # Erlang's formula B by its recursion, which neither overflows nor cancels
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return servers * blocked / (servers - load * (1.0 - blocked))


def mean_wait(rate: float, service: Service, servers: int) -> float:
    """Return the mean wait in the queue of one class, in order of arrival.

    Exact for exponential service times (M/M/c) and for one server (M/G/1); otherwise the Allen–Cunneen approximation.

    Parameters
    ----------
    rate : float
        Arrivals per unit of time, at least 0.
    service : Service
        Service time.
    servers : int
        Number of servers.

    Returns
    -------
    float
        Mean wait, without the service; infinite where no steady state exists.
    """
    load = rate * service.mean
    if load >= servers * FULL:
        return math.inf
    exponential = waiting_probability(load, servers) * service.mean / (servers - load)
    return exponential * (1.0 + service.scatter) / 2.0


def priority_waits(first: tuple[float, Service], second: tuple[float, Service], servers: int) -> tuple[float, float]:
    """Return the mean waits of two classes of which the first has priority; a service is never interrupted.

    Exact for one server (Cobham), and for several servers with one exponential service time for both classes. Otherwise
    the waits of one server of the speed of all, scaled by the ratio of the waits in order of arrival.

    Parameters
    ----------
    first, second : tuple of float and Service
        Arrivals per unit of time, and service time, of each class.
    servers : int
        Number of servers.

    Returns
    -------
    tuple of float
        Mean waits of the first and of the second class. Infinite where no steady state exists: that may be so for the
        second class alone.
    """  # fmt: skip
    rates = first[0], second[0]
    if not any(rates):
        return 0.0, 0.0
    loads = [rate * service.mean / servers for rate, service in (first, second)]
    both, load = Service.mixture(first, second), sum(loads)
    if load < FULL:
        # the wait in order of arrival, times 1 − load: written so that it stays exact where both are nearly full
        waiting = waiting_probability(sum(rates) * both.mean, servers)
        residual = waiting * both.mean / servers * (1.0 + both.scatter) / 2.0
        return residual / (1.0 - loads[0]), residual / ((1.0 - loads[0]) * (1.0 - load))
    if loads[0] >= FULL:
        return math.inf, math.inf
    # the second class fills all servers: an arrival of the first always waits for one of them
    return _wait_beside_a_crowd(first, second, servers), math.inf


def _wait_beside_a_crowd(first: tuple[float, Service], second: tuple[float, Service], servers: int) -> float:
    """The mean wait of the class with priority where the other class never leaves a server idle.

    The rest of a service is that of the mixture of served classes, which share the servers fully.
    """
    load = first[0] * first[1].mean / servers
    served = (servers - first[0] * first[1].mean) / second[1].mean
    both = Service.mixture(first, (served, second[1]))
    fast = (first[0] + served) * both.mean_square / servers**2 / 2.0
    return fast / (1.0 - load)
