"""Operators as a queue: Erlang's tables, the chain solved state by state, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.equipment.operator_queue import alerts_per_operator_day, erlang_b, erlang_c, fraction_assessed, mean_wait_s
from sensors.errors import WorkloadError


def test_erlang_tables() -> None:
    """Published tables: B(10, 10) = 0.2146, B(1, 2) = 0.2; C(8, 10) = 0.409; M/M/1 waits with probability ρ."""
    assert erlang_b(10, 10) == pytest.approx(0.2146, abs=5e-5)
    assert erlang_b(1, 2) == pytest.approx(0.2)
    assert erlang_c(8, 10) == pytest.approx(0.409, abs=5e-4)
    assert erlang_c(0.7, 1) == pytest.approx(0.7)
    assert erlang_c([10, 12], 10) == pytest.approx([1.0, 1.0])


def test_mean_wait_of_one_operator_is_that_of_the_textbook() -> None:
    """M/M/1: W_q = ρ/(μ − λ); λ = 1/600, μ = 1/300 → 0.5/(1/600) = 300 s."""
    assert mean_wait_s(1 / 600, 300, 1) == pytest.approx(300.0)
    assert np.isinf(mean_wait_s(1.0, 300, 1))


def by_chain(rate: float, service: float, patience: float, operators: int) -> float:
    """The same share from the stationary states of the birth-death chain, without any closed form."""
    mu, theta = 1.0 / service, 1.0 / patience
    states = int(operators + 60 + 5 * rate / theta + 12 * np.sqrt(rate / theta) + 5 * operators * mu / theta)
    n = np.arange(1, states)
    steps = np.log(rate) - np.log(np.minimum(n, operators) * mu + np.maximum(n - operators, 0) * theta)
    weight = np.exp(np.concatenate([[0.0], np.cumsum(steps)]) - max(0.0, np.cumsum(steps).max()))
    waiting = np.maximum(np.arange(states) - operators, 0) @ weight / weight.sum()
    return float(1.0 - theta * waiting / rate)


@settings(deadline=None, max_examples=40)
@given(st.floats(1e-6, 0.5), st.floats(1, 900), st.floats(5, 5e4), st.integers(1, 12))
def test_the_share_is_that_of_the_chain(rate: float, service: float, patience: float, operators: int) -> None:
    found = float(fraction_assessed(rate, service, patience, operators))
    assert found == pytest.approx(by_chain(rate, service, patience, operators), abs=1e-6)


@pytest.mark.parametrize("rate", [1e-3, 4e-3, 6.6e-3])
def test_the_share_holds_where_everybody_is_very_patient(rate: float) -> None:
    assert fraction_assessed(rate, 300, 1e6, 2) == pytest.approx(by_chain(rate, 300, 1e6, 2), abs=1e-4)


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 2), st.floats(1, 2000), st.floats(1, 1e5), st.integers(0, 20))
def test_more_alerts_never_raise_the_share_and_more_operators_never_lower_it(
    rate: float, service: float, patience: float, operators: int
) -> None:
    here = float(fraction_assessed(rate, service, patience, operators))
    assert 0.0 <= here <= 1.0
    assert fraction_assessed(rate * 1.3 + 1e-4, service, patience, operators) <= here + 1e-7
    assert fraction_assessed(rate, service, patience, operators + 1) >= here - 1e-7
    assert fraction_assessed(rate, service * 1.3, patience, operators) <= here + 1e-7
    assert fraction_assessed(rate, service, patience * 1.3, operators) >= here - 1e-7


def test_the_ends() -> None:
    assert fraction_assessed(0.1, 300, 600, 0) == 0.0
    assert fraction_assessed(0.0, 300, 600, 2) == 1.0
    assert fraction_assessed(10.0, 300, 600, 2) == pytest.approx(2 / 300 / 10.0, rel=1e-3)  # they work all the time
    assert alerts_per_operator_day(300 / 86_400, 2) == pytest.approx(150)
    assert np.isinf(alerts_per_operator_day(1.0, 0))


@pytest.mark.parametrize(
    "bad",
    [(-1, 300, 600, 2), (1, 0, 600, 2), (1, 300, -5, 2), (1, 300, 600, -1), (1, 300, 600, 1.5), (np.nan, 1, 1, 1)],
)
def test_queues_that_cannot_be(bad: tuple[float, float, float, int]) -> None:
    with pytest.raises(WorkloadError):
        fraction_assessed(*bad)
