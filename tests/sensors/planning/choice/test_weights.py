"""Plans weighted by what a miss costs in each segment: enumeration, equal weights, and figures that stay plain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from geo.errors import BadInput
from sensors.planning.choice.benefits import OptionBenefits, option_benefits
from sensors.planning.choice.options import options_of
from sensors.planning.choice.plan import Demand, figures_of, plan_of_benefits
from tests.sensors.planning.choice.test_plan import BORDER, CANDIDATES, CASE, EXACT, NOTHING, allowed, ground


@pytest.fixture(scope="module")
def scene() -> OptionBenefits:
    return option_benefits(options_of(CANDIDATES), ground(), BORDER, case=CASE)


@pytest.mark.parametrize("objective", ["mean_probability", "worst_segment"])
def test_the_weighted_plan_equals_enumeration(scene: OptionBenefits, objective: str) -> None:
    losses = np.array([0.1, 0.4, 1.0, 0.7])
    assert len(losses) == BORDER.segments
    weighted = scene.weighted(losses)
    plan = plan_of_benefits(weighted, Demand(budget=4.0, objective=objective, effort=EXACT))
    group = scene.cover.group

    def value(chosen: tuple[int, ...]) -> float:
        kept = 1.0 - losses[group] * scene.cover.missed(chosen)
        means = np.bincount(group, kept) / np.bincount(group)
        return float(kept.mean() if objective == "mean_probability" else means.min())

    assert plan.value == pytest.approx(max(value(chosen) for chosen in allowed(scene, 4.0)), abs=1e-6)
    assert plan.without == pytest.approx(value(()), abs=1e-12)


def test_equal_risk_buys_the_same_and_figures_are_those_without_weights(scene: OptionBenefits) -> None:
    demand = Demand(budget=6.0, effort=EXACT)
    plain, same = (plan_of_benefits(one, demand) for one in (scene, scene.weighted(np.ones(BORDER.segments))))
    assert [one.id for one in same.bought] == [one.id for one in plain.bought]
    assert same.value == pytest.approx(plain.value, abs=1e-12)
    assert figures_of(scene, same.chosen) == figures_of(scene, plain.chosen)


def test_where_there_is_nothing_to_lose_elsewhere_the_money_goes_to_the_segment_at_risk(
    scene: OptionBenefits,
) -> None:
    for segment in range(BORDER.segments):
        losses = np.zeros(BORDER.segments)
        losses[segment] = 1.0
        plan = plan_of_benefits(scene.weighted(losses), Demand(budget=3.0, effort=EXACT))
        gained = scene.segment_means(plan.chosen)[segment] - scene.segment_means(NOTHING)[segment]
        best = max(scene.segment_means(chosen)[segment] for chosen in allowed(scene, 3.0))
        assert gained == pytest.approx(best - scene.segment_means(NOTHING)[segment], abs=1e-6)


@pytest.mark.parametrize("losses", [[0.5], [0.5, 0.5, 0.5, 1.1], [0.5, 0.5, 0.5, -0.1], [0.5, 0.5, 0.5, np.nan]])
def test_losses_that_are_no_fractions_of_every_segment_are_refused(scene: OptionBenefits, losses: Any) -> None:
    with pytest.raises(BadInput, match=r"plan \(risk\)"):
        scene.weighted(losses)
