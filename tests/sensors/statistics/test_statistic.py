"""Published numbers: their intervals by hand, laws of proportions, and records that cannot hide what is missing."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from geo.message import Message
from sensors.errors import StatisticError
from sensors.statistics.outcome_rates import Outcomes, assists, outcome_rates, repeated_trials
from sensors.statistics.statistic import Statistic, block_bootstrap, to_json, to_table, wilson


def test_wilson_by_hand() -> None:
    """81 of 100 and 0 of 10, from the formula with z = 1.95996."""
    assert wilson(81, 100) == pytest.approx((0.7222, 0.8749), abs=5e-5)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=5e-5)
    low, high = wilson([0, 5, 10], [10, 10, 0 + 10])
    assert low[0] == 0.0
    assert high[2] == 1.0
    assert all(math.isnan(edge) for edge in wilson(0, 0)), "of nothing nobody knows"


@given(st.integers(1, 400), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_scipys(n: int, data: st.DataObject, level: float) -> None:
    k = data.draw(st.integers(0, n))
    theirs = binomtest(k, n).proportion_ci(level, method="wilson")
    assert wilson(k, n, level=level) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize(("k", "n"), [(3, 2), (-1, 5)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    with pytest.raises(StatisticError, match="successes"):
        wilson(k, n)


def test_rates_of_a_period() -> None:
    """A 60, T 21, G 19, U 25: 81/100 with Wilson, 81/125 and 60/125 without, 100/125."""
    rates = outcome_rates(
        Outcomes(apprehended=60, turned_back=21, got_away=19, undetected=25, alerts=3000, nuisance=2760)
    )
    assert rates["interdiction_effectiveness_rate"].value == 0.81
    assert (
        rates["interdiction_effectiveness_rate"].low,
        rates["interdiction_effectiveness_rate"].high,
    ) == pytest.approx((0.7222, 0.8749), abs=5e-5)
    assert rates["unlawful_border_crossing_effectiveness_rate"].value == pytest.approx(0.648)
    assert math.isnan(rates["unlawful_border_crossing_effectiveness_rate"].low)
    wider = outcome_rates(Outcomes(apprehended=60, turned_back=21, got_away=19), level=0.99)[
        "interdiction_effectiveness_rate"
    ]
    assert wider.low < rates["interdiction_effectiveness_rate"].low
    assert rates["unlawful_border_crossing_effectiveness_rate"].interval.id == "score-method-modelled"
    assert rates["interdiction_rate"].value == pytest.approx(0.48)
    assert rates["detection_fraction"].value == pytest.approx(0.8)
    assert rates["alert_yield"].value == pytest.approx(0.02)
    assert rates["nuisance_alarm_fraction"].value == pytest.approx(0.92)


def test_what_nobody_knows_is_no_rate_and_never_zero() -> None:
    rates = outcome_rates(Outcomes(apprehended=3))
    assert math.isnan(rates["unlawful_border_crossing_effectiveness_rate"].value)
    assert rates["unlawful_border_crossing_effectiveness_rate"].limits.id == "score-note-undetected-unknown"
    assert math.isnan(outcome_rates(Outcomes())["interdiction_effectiveness_rate"].value)
    more = outcome_rates(Outcomes(apprehended=5, alerts=4))["alert_yield"]
    assert more.value == 1.25, "never clipped"
    assert math.isnan(more.high)
    with pytest.raises(StatisticError, match="got_away"):
        Outcomes(got_away=-1)
    with pytest.raises(StatisticError, match="part of the whole"):
        outcome_rates(Outcomes(alerts=3, nuisance=4))


@given(*[st.integers(0, 60)] * 4)
def test_the_undetected_never_raise_effectiveness(a: int, t: int, g: int, u: int) -> None:
    rates = outcome_rates(Outcomes(apprehended=a, turned_back=t, got_away=g, undetected=u))
    if a + t + g:
        assert (
            rates["unlawful_border_crossing_effectiveness_rate"].value <= rates["interdiction_effectiveness_rate"].value
        )
        assert rates["interdiction_rate"].value <= rates["unlawful_border_crossing_effectiveness_rate"].value


def test_repeated_trials_by_hand() -> None:
    """300 of 1000, a tenth to four tenths deterred: .333 to .5, with sampling .303 to .549."""
    found = repeated_trials(300, 1000, deterred=(0.1, 0.4))
    assert (found.low, found.high) == pytest.approx((1 / 3, 0.5), abs=1e-9)
    assert (found.wide_low, found.wide_high) == pytest.approx((0.303, 0.549), abs=5e-4)
    assert found.consistent
    beyond = repeated_trials(800, 1000, deterred=(0.0, 0.5))
    assert beyond.high == pytest.approx(1.6), "never clipped"
    assert not beyond.consistent
    with pytest.raises(StatisticError, match="deterred"):
        repeated_trials(1, 2, deterred=(0.4, 0.1))


def test_assists_come_from_what_is_in_the_tracks() -> None:
    lineage = {"t1": ["radar", "radar", "camera"], "t2": ["radar"], "t3": []}
    found = assists(lineage, {"t1": "apprehended", "t2": "got-away"})
    assert found == {"camera": {"apprehended": 1}, "radar": {"apprehended": 1, "got-away": 1}}
    with pytest.raises(StatisticError, match="t2"):
        assists(lineage, {"t2": "vanished"})


def test_the_bootstrap_keeps_blocks_together() -> None:
    """Copies of a case in one block say nothing new: the interval stays that of the blocks."""
    chance = np.random.default_rng(5)
    weeks = chance.normal(10.0, 2.0, 40)
    single = block_bootstrap(weeks, range(40), np.mean, seed=1, draws=4_000)
    copied = block_bootstrap(np.repeat(weeks, 9), np.repeat(np.arange(40), 9), np.mean, seed=1, draws=4_000)
    assert copied == pytest.approx(single)
    sd = weeks.std(ddof=1) / math.sqrt(40)
    assert (single[1] - single[0]) / 2.0 == pytest.approx(1.96 * sd, rel=0.1)
    assert all(math.isnan(edge) for edge in block_bootstrap([1.0, 2.0], ["w", "w"], np.mean, seed=1))


def test_blocks_that_do_not_differ_give_no_interval_of_width_zero() -> None:
    assert all(math.isnan(edge) for edge in block_bootstrap([0.8, 0.8, 0.8], ["a", "b", "c"], np.mean, seed=1))


CASE = {
    "name": "dead ground", "value": 0.25, "unit": "1", "interval": "none: a census", "source": "this test",
    "data_version": "none", "code_version": "0",
}  # fmt: skip


def spell(message: Message) -> str:
    """A language of one form."""
    return f"<{message.id}>"


def test_records_say_everything_or_are_refused() -> None:
    whole = Statistic(**CASE, numerator=1, denominator=4, n=4)
    unknown = Statistic(**(CASE | {"value": math.nan, "limits": ("all void",)}))
    told = json.loads(to_json([whole, unknown], spell))
    assert told[0]["numerator"] == 1
    assert told[1]["value"] is None
    assert told[1]["limits"] == "all void"
    assert to_table([whole, unknown], spell)["n"][0] == 4.0
    spoken = Statistic(**(CASE | {"name": Message("lowest", {"of": 3}), "limits": (Message("a"), "b")}))
    said = spoken.said(spell)
    assert (said.name, said.limits, spoken.as_dict(spell)["limits"]) == ("<lowest>", ("<a>", "b"), "<a> b")
    with pytest.raises(StatisticError, match="without a reason"):
        Statistic(**(CASE | {"value": math.nan}))
    with pytest.raises(StatisticError, match="half a fraction"):
        Statistic(**CASE, numerator=1)
    with pytest.raises(StatisticError, match="low ≤ high"):
        Statistic(**CASE, low=0.3, high=0.2)
    with pytest.raises(StatisticError, match="no source"):
        Statistic(**(CASE | {"source": ""}))


def test_a_record_carries_its_messages_beside_the_sentences() -> None:
    """In JSON and in a table alike, with messages within messages; a text without a message stands for itself."""
    within = Message("path", {"kind": "fastest", "known_m": math.nan})
    texts = {"name": Message("lowest", {"of": within}), "limits": (Message("a", {"s": (1, 2)}), "b"), "of": "r1"}
    spoken = Statistic(**(CASE | texts))
    (told,) = json.loads(to_json([spoken], spell))
    lowest = {"id": "lowest", "parameters": {"of": {"id": "path", "parameters": {"kind": "fastest", "known_m": None}}}}
    limits = [{"id": "a", "parameters": {"s": [1, 2]}}, "b"]
    assert told["messages"] == {"name": lowest, "assumptions": [], "limits": limits}
    assert (told["name"], told["limits"], told["of"]) == ("<lowest>", "<a> b", "r1")
    assert json.loads(to_table([spoken], spell)["messages"][0]) == told["messages"]
    assert Message.from_dict(limits[0]) == Message("a", {"s": (1, 2)})
    assert Message.from_dict(lowest).parameters["of"] == Message("path", {"kind": "fastest", "known_m": None})
