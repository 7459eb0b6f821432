"""Risk in patrol schedules: equal risk changes nothing, more at stake never raises the value, figures stay plain."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.mobility.roads_and_rivers import Ways
from ops.analysis.plan.patrols import solved, with_losses
from ops.analysis.plan.search import best_plan
from ops.analysis.plan.wording import _known_ground, details
from ops.runtime.output import say_in_english
from sensors.errors import PlanError
from sensors.layout import Layout
from sensors.patrols import Game, Shift, Sweeps, solve_game
from sensors.planning.choice.options import options_of
from sensors.planning.choice.plan import Demand
from tests.sensors.planning.choice.test_plan import BORDER, CASE, EXACT, FRAME, ground, post

ONE_EACH = Sweeps(np.full(2, 9e9), np.zeros(3), np.zeros(3), Shift(1, shift_s=3_600.0, stay_s=3_600.0))
"""One patrol, which can visit one of three segments in a shift."""
LOSSES = st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3).map(np.array)


def test_a_segment_with_twice_to_lose_is_watched_more_by_hand() -> None:
    """Two segments, uncovered 0, covered 1, losses 1 and ½, one patrol: it equalises 1 − c and ½ c, so it is at
    the first with 2/3, and the loss is 1/3."""
    rounds = Sweeps(np.array([9e9]), np.zeros(2), np.zeros(2), Shift(1, shift_s=3_600.0, stay_s=3_600.0))
    game = Game(np.zeros(2), np.ones(2))
    plan = replace(solved(with_losses(game, np.array([1.0, 0.5])), np.arange(2), rounds), plain=game)
    assert plan.solution.coverage == pytest.approx([2 / 3, 1 / 3], abs=1e-6)
    assert plan.figures["value"] == pytest.approx(2 / 3, abs=1e-6)
    assert plan.unweighted == (0.0, pytest.approx(1 / 3, abs=1e-6))


@given(st.lists(st.floats(0.0, 0.5), min_size=3, max_size=3).map(np.array))
def test_equal_risk_is_the_game_without_risk(uncovered: Any) -> None:
    game = Game(uncovered, uncovered + 0.4)
    same = with_losses(game, np.ones(3))
    assert same.uncovered == pytest.approx(game.uncovered, abs=1e-12)
    assert solve_game(same, ONE_EACH).value == pytest.approx(solve_game(game, ONE_EACH).value, abs=1e-9)


@given(LOSSES, LOSSES)
def test_more_at_stake_never_raises_the_value(first: Any, second: Any) -> None:
    """The defender's value is 1 − the crosser's gain, which rises with every loss."""
    game = Game(np.array([0.1, 0.3, 0.2]), np.array([0.7, 0.6, 0.9]))
    more = np.maximum(first, second)
    values = [solve_game(with_losses(game, one), ONE_EACH).value for one in (first, more)]
    assert values[1] <= values[0] + 1e-9


def test_a_required_value_is_one_of_detection_whatever_the_risk() -> None:
    """One camera that sees nearly nothing, where three of four segments have little to lose: weighted, 0.71."""
    camera = post("cam", 500.0, 1000.0, max_range_m=60.0, detection_probability=0.2)
    losses = np.array([0.05, 0.05, 0.05, 1.0])

    def planned(at_least: float | None) -> Any:
        return best_plan(
            options_of(Layout("c", FRAME, (camera,))),  # type: ignore[arg-type]
            SimpleNamespace(terrain=ground(), crossed=BORDER),  # type: ignore[arg-type]
            Demand(budget=5.0, at_least=at_least, effort=EXACT),
            case=CASE,
            present=None,
            ways=Ways(),
            bases=None,
            losses=losses,
            progress=lambda *_: None,
        )[1]

    plan = planned(None)
    reached = plan.figures["mean_probability"]
    assert plan.value > 0.7 > 0.01 > reached > 0.0
    assert planned(0.9 * reached).value == plan.value
    with pytest.raises(PlanError, match="the plan weighted by risk reaches a mean_probability of 0"):
        planned(0.69)
    assert "Mean detection probability weighted by risk:" in " ".join(map(say_in_english, details(plan, weighted=True)))


@pytest.mark.parametrize("figure", [0.4, math.nan])
def test_what_is_left_out_of_timely_detection_has_two_causes(figure: float) -> None:
    """Its figure leaves out segments of unknown response too, which the search counts as too late."""
    said = {}
    for objective in ("timely_detection", "least_detection"):
        plan: Any = SimpleNamespace(objective=objective, figures={objective: figure}, value=0.0)
        (message,) = _known_ground(plan)
        said[objective] = say_in_english(message)
    for text in said.values():
        assert "line of sight is unknown as undetected" in text
    assert "too late where the response time is unknown" in said["timely_detection"]
    assert "response" not in said["least_detection"]
